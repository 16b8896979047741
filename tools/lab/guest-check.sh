#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest-check.sh SILENCE [ARGUMENT...] - in the machine: run the kselftest kit with the
# stock runner and these arguments.  KTAP on stdout; it ends when nothing was said for
# SILENCE seconds.  KSELFTEST_ARGS=VARIABLE=VALUE sets what the runner takes from there;
# KSFT_MACHINE_SLOW=yes makes the tests do less.
set -uo pipefail

# shellcheck source=tools/lab/guest-lib.sh
. /lab/tools/lab/guest-lib.sh

silence=$1
shift
[ -z "${KSELFTEST_ARGS:-}" ] || export "${KSELFTEST_ARGS?}"
# What a fuzzer runs is told outside, lest it go with the machine.
export BSDTUN_RECORD=$OUT/program

# The tests may write beside themselves, and the kit is shared.
cp -r /lab/run/kit /tmp/kit

show_wireless

# First what the driver tells where it was, see coverage.sh.
recorder=/lab/run/bsdtun_coverage.ko
if [ -e $recorder ] && ! insmod $recorder; then
	echo "Bail out! the recorder of what is reached does not load"
	exit 1
fi

if [ -n "${BSDTUN_KO:-}" ] && ! insmod "$BSDTUN_KO" || [ ! -e /sys/class/misc/bsdtun0 ]; then
	dmesg | tail -n 20 | sed 's/^/# /'
	echo "Bail out! the driver does not load"
	dmesg > "$OUT/dmesg"
	exit 1
fi

# KUnit ran the driver's suites meanwhile; what they said goes when the module goes.  Once is
# enough: the tests load it many times.
kunit=/sys/kernel/debug/kunit
if [ -d $kunit ]; then
	cat $kunit/bsdtun_*/results > "$OUT/kunit"
	kunit_quiet
fi

# Which test ran when is told to the kernel's log as well, for whoever reads a splat.
watch()
{
	local line rc

	while true; do
		IFS= read -r -t "$silence" line
		rc=$?
		if [ $rc -gt 128 ]; then
			echo "Bail out! nothing said for $silence seconds"
			# What sleeps, and where, into the log.
			echo w > /proc/sysrq-trigger
			return 124
		fi
		[ $rc -eq 0 ] || return 0
		printf '%s\n' "$line"
		case $line in
		*' RUN '* | '# selftests: '*) printf 'lab: %s\n' "$line" > /dev/kmsg ;;
		esac
	done
}

# Not a pipe: a shell waits for all of a pipe, and what hangs may never end.
watch < <(
	/tmp/kit/run_kselftest.sh "$@" 2>&1
	echo $? > /tmp/runner-status
)
rc=$?
dmesg > "$OUT/dmesg"
if [ -e $recorder ]; then
	mkdir -p "$OUT/coverage"
	cp /sys/kernel/debug/bsdtun_coverage/* "$OUT/coverage/"
fi
[ $rc -eq 0 ] || exit $rc

leaks_find
read -r rc < /tmp/runner-status
exit "${rc:-1}"
