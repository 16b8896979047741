# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What runs in a virtual machine starts with this.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
OUT=/lab/out
# There is none where the driver is built in.
[ ! -e $OUT/bsdtun.ko ] || export BSDTUN_KO=$OUT/bsdtun.ko

# The machine's own /dev/stdout is another virtio port: what is appended to it would pass
# by our pipe.
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr

mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
mountpoint -q /dev/shm || { mkdir -p /dev/shm && mount -t tmpfs none /dev/shm; }
ip link set lo up

# wait_for COMMAND...: until it comes true, for twenty seconds.
wait_for()
{
	local -

	set +x
	for _ in {1..200}; do
		"$@" > /dev/null 2>&1 && return
		sleep 0.1
	done
	echo "waited in vain for: $*"
	return 1
}

# Which lock comes before which lockdep learns from what happens.  A wireless card makes
# misc's come before the RTNL, see built.config: blocked and unblocked once.
show_wireless()
{
	[ -e /proc/lockdep ] || return 0
	if ! modprobe virt_wifi || ! printf '\0\0\0\0\0\3\1\0' > /dev/rfkill ||
		! printf '\0\0\0\0\0\3\0\0' > /dev/rfkill; then
		echo "Bail out! no wireless card to show"
		exit 1
	fi
}

# KUnit would run the driver's suites each time that the module is loaded.
kunit_quiet()
{
	[ ! -e /sys/module/kunit ] || echo none > /sys/module/kunit/parameters/filter_glob
}

# What leaked, into the file leaks, and the log with what kmemleak said.
leaks_find()
{
	local leaks=/sys/kernel/debug/kmemleak

	[ -e $leaks ] || return 0
	# An object is reported when two scans some seconds apart found no pointer to it.
	echo scan > $leaks
	sleep 6
	echo scan > $leaks
	cat $leaks > "$OUT/leaks"
	dmesg > "$OUT/dmesg"
}
