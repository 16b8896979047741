#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# selftests.sh SILENCE ARGUMENT...: in the virtual machine, run the bundle with run_kselftest.sh and
# these arguments. Prints KTAP; ends a test after SILENCE seconds without output.
# KSELFTEST_ARGS=VARIABLE=VALUE sets the variable with a test's arguments, see run_kselftest.sh.
set -uo pipefail

# shellcheck source=tools/lab/in-vm/lib.sh
. /lab/tools/lab/in-vm/lib.sh

# The same without debug information.
[ -z "${BSDTUN_KO:-}" ] || BSDTUN_KO=/usr/lib/modules/$(uname -r)/updates/bsdtun.ko

silence=$1
shift
[ -z "${KSELFTEST_ARGS:-}" ] || export "${KSELFTEST_ARGS?}"
# The program that a fuzzer is running, kept outside in case that the machine crashes.
export BSDTUN_RECORD=$OUT/program

# Tests may write to their folder, and the bundle is shared.
cp -r /lab/run/bundle /tmp/bundle

# Before the driver, which calls it in 'make coverage'.
recorder=/lab/run/bsdtun_coverage.ko
if [ -e $recorder ] && ! insmod $recorder; then
	echo "Bail out! the coverage recorder does not load"
	exit 1
fi
load_for_tests

# KUnit has run the driver's suites; their results vanish with the module.
kunit=/sys/kernel/debug/kunit
if [ -d $kunit ]; then
	cat $kunit/bsdtun_*/results > "$OUT/kunit"
	kunit_disable
fi

# Make the runner end the test as after its own limit: the signal is that of an expired timeout(1).
end_test()
{
	echo "# no output for $silence seconds: ending the test"
	# Log the blocked tasks.
	echo w > /proc/sysrq-trigger
	pkill -ALRM -x timeout
}

# Pass output on, and name each test in the kernel log, so that a message can be attributed to one.
watch()
{
	local line rc limit=$silence

	while true; do
		rc=0
		IFS= read -r -t "$limit" line || rc=$?
		if [ $rc -gt 128 ] && [ "$limit" -eq "$silence" ]; then
			end_test
			limit=60
			continue
		elif [ $rc -gt 128 ]; then
			echo "Bail out! the test does not end"
			return 124
		fi
		[ $rc -eq 0 ] || return 0
		limit=$silence
		printf '%s\n' "$line"
		case $line in
		*' RUN '* | '# selftests: '*) printf 'lab: %s\n' "$line" > /dev/kmsg ;;
		esac
	done
}

# Not a pipe: the shell waits for all processes of a pipe, and a hung one may never end.
rc=0
watch < <(
	/tmp/bundle/run_kselftest.sh "$@" 2>&1
	echo $? > /tmp/runner-status
) || rc=$?
dmesg > "$OUT/dmesg"
if [ -e $recorder ]; then
	mkdir -p "$OUT/coverage"
	cp /sys/kernel/debug/bsdtun_coverage/* "$OUT/coverage/"
fi
[ $rc -eq 0 ] || exit $rc

find_leaks
read -r rc < /tmp/runner-status
exit "${rc:-1}"
