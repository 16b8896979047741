# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by every script that runs in a virtual machine.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
OUT=/lab/out
# Absent if the driver is built in.
[ ! -e $OUT/bsdtun.ko ] || export BSDTUN_KO=$OUT/bsdtun.ko

# virtme-ng's /dev/stdout is another virtio port: what is appended to it would bypass our pipe.
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr

mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
mountpoint -q /dev/shm || { mkdir -p /dev/shm && mount -t tmpfs none /dev/shm; }
ip link set lo up

# finish STATUS [MESSAGE]: save the kernel log, show the message of a failure, exit.
finish()
{
	[ "$1" -eq 0 ] || [ -z "${2:-}" ] || printf '!! %s\n' "$2"
	dmesg > "$OUT/dmesg"
	exit "$1"
}

# wait_for COMMAND...: until it succeeds, for two minutes or more: the host may be busy.
wait_for()
{
	local -

	set +x
	for _ in {1..1200}; do
		"$@" > /dev/null 2>&1 && return
		sleep 0.1
	done
	echo "timed out waiting for: $*"
	return 1
}

# Load the driver for tests. Lockdep learns lock orders from events: a wireless card makes the order
# misc_mtx, RTNL known (see kernels/base.config), so block and unblock one first.
load_for_tests()
{
	if [ -e /proc/lockdep ]; then
		if ! modprobe virt_wifi || ! printf '\0\0\0\0\0\3\1\0' > /dev/rfkill ||
			! printf '\0\0\0\0\0\3\0\0' > /dev/rfkill; then
			echo "Bail out! cannot block and unblock a wireless card (virt_wifi, rfkill)"
			exit 1
		fi
	fi
	if [ -n "${BSDTUN_KO:-}" ] && ! insmod "$BSDTUN_KO" ||
		[ ! -e /sys/class/misc/bsdtun0 ]; then
		dmesg | tail -n 20 | sed 's/^/# /'
		echo "Bail out! the driver does not load"
		finish 1
	fi
}

# Do not run the driver's KUnit suites again each time that a test loads the module.
kunit_disable()
{
	[ ! -e /sys/module/kunit ] || echo none > /sys/module/kunit/parameters/filter_glob
}

# Write what kmemleak finds to the file leaks.
find_leaks()
{
	local leaks=/sys/kernel/debug/kmemleak

	[ -e $leaks ] || return 0
	# An object is reported if two scans some seconds apart find no pointer to it.
	echo scan > $leaks
	sleep 6
	echo scan > $leaks
	cat $leaks > "$OUT/leaks"
	dmesg > "$OUT/dmesg"
}
