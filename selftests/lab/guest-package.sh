#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest-package.sh - in the machine: what the Debian packages installed, as somebody uses it who has
# installed them. The program's pings come back, or it fails.
set -euo pipefail

# shellcheck source=selftests/lab/guest-lib.sh
. /lab/scripts/guest-lib.sh

trap 'dmesg > $OUT/dmesg' EXIT
set -x
modprobe bsdtun
lsmod | grep '^bsdtun '
test -c /dev/bsdtun0

export IP_LIB_DIR=$OUT/ip
ip link add cable type bsdtap unit 7 keep on
ip -d link show cable | grep 'bsdtap unit 7 keep on transient off owner 0'
test -c /dev/bsdtap7
ip link del cable

"$OUT/echo" 192.0.2.1 192.0.2.2 > /tmp/said &
until grep -q answers /tmp/said; do
	kill -0 $!
	sleep 0.1
done
cat /tmp/said
ping -n -c 3 -W 10 192.0.2.2 | grep ' 3 received, 0% packet loss'
kill $!
wait $! || :
modprobe -r bsdtun
test ! -e /dev/bsdtun0

# udev is the installed system's: the one that this machine runs on has none. A folder that ends
# with the machine takes what is written.
m=/tmp/machine
mkdir $m /tmp/scratch
mount -t tmpfs none /tmp/scratch
mkdir /tmp/scratch/upper /tmp/scratch/work
mount -t overlay -o "lowerdir=$MACHINE_LAYERS,upperdir=/tmp/scratch/upper,workdir=/tmp/scratch/work" \
	machine $m
for dir in dev proc sys; do
	mount --rbind /$dir $m/$dir
done
mount -t tmpfs none $m/run
export SYSTEMD_IGNORE_CHROOT=1
chroot $m /usr/lib/systemd/systemd-udevd --daemon

# nodes_are PREFIX: group and mode of the nodes that are called so, and the links to them.
nodes_are()
{
	local node

	chroot $m udevadm settle
	for node in tun tun0 tap tap0 vmnet vmnet0; do
		test "$(chroot $m stat -c %a:%U:%G "/dev/$1$node")" = 660:root:bsdtun
		test "$(readlink "/dev/bsd/$node")" = "../$1$node"
	done
}
modprobe bsdtun vmnet_units=1
nodes_are bsd
modprobe -r bsdtun
chroot $m udevadm settle
test ! -e /dev/bsd/tun0
modprobe bsdtun vmnet_units=1 bsd_names=1
nodes_are ""
chroot $m udevadm control --exit
