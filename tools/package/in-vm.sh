#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# in-vm.sh: in the virtual machine, use what the Debian packages have installed: modprobe, the
# plugin of ip(8), a program, udev and systemd-networkd.
set -euo pipefail

# shellcheck source=tools/lab/in-vm/lib.sh
. /lab/tools/lab/in-vm/lib.sh

trap 'dmesg > $OUT/dmesg' EXIT
set -x
modprobe bsdtun
lsmod | grep '^bsdtun '
test -c /dev/bsdtun0

export IP_LIB_DIR=$OUT/ip
ip link add cable type bsdtap unit 7 keep on
ip -d link show cable | grep 'bsdtap unit 7 keep on transient off'
test -c /dev/bsdtap7
ip link del cable

"$OUT/echo" 192.0.2.1 192.0.2.2 > /tmp/echo.out &
wait_for grep -q answers /tmp/echo.out
ping -n -c 3 -W 10 192.0.2.2 | grep ' 3 received, 0% packet loss'
kill $!
wait $! || :
modprobe -r bsdtun
test ! -e /dev/bsdtun0

# This virtual machine's root has no udev and no networkd: those of the installed system run in a
# chroot, on an overlay that is lost at the end.
m=/tmp/system
mkdir $m /tmp/scratch
mount -t tmpfs none /tmp/scratch
mkdir /tmp/scratch/upper /tmp/scratch/work
layers=/lab/run/system/upper:/lab/installed:/lab/system
mount -t overlay system $m \
	-o "lowerdir=$layers,upperdir=/tmp/scratch/upper,workdir=/tmp/scratch/work"
for dir in dev proc sys; do
	mount --rbind /$dir $m/$dir
done
mount -t tmpfs none $m/run
export SYSTEMD_IGNORE_CHROOT=1
chroot $m /usr/lib/systemd/systemd-udevd --daemon

# nodes_are PREFIX: mode and group of the nodes with this prefix, and the links to them.
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

# alias_is NAME NODE: NAME in /dev is a link to the node.
alias_is()
{
	test "$(readlink "/dev/$1")" = "$2"
}

# no_alias NAME...: none is in /dev.
no_alias()
{
	local name

	chroot $m udevadm settle
	for name; do
		test ! -L "/dev/$name" || return 1
	done
}

# The alias of a renamed interface.
ip link set bsdtap0 name guest0
wait_for alias_is guest0 bsdtap0
test "$(chroot $m stat -L -c %a:%U:%G /dev/guest0)" = 660:root:bsdtun
exec 3<> /dev/guest0
test "$(cat /sys/class/net/guest0/bsdtap/owner)" = $$
exec 3>&-
ip link set guest0 name guest-1.x
wait_for alias_is guest-1.x bsdtap0
wait_for no_alias guest0
ip link set guest-1.x name bsdtap0
wait_for no_alias guest-1.x
alias_is bsd/tap0 ../bsdtap0
# A name from the beginning.
ip link add guest0 type bsdtap
wait_for alias_is guest0 bsdtap1
# In another network namespace, and back.
ip netns add other
ip link set guest0 netns other
wait_for no_alias guest0
ip -n other link set guest0 name guest1
wait_for no_alias guest1
ip -n other link set guest1 netns 1
wait_for alias_is guest1 bsdtap1
# Names that are taken, or that nodes of other devices or units may get.
touch /dev/guest2
ln -s null /dev/guest3
for name in null guest2 guest3 bsdtap9 bsdtun sdb loop9 a+b kvm; do
	was=$(stat -c %F:%t:%T:%N "/dev/$name" 2> /dev/null || echo none)
	ip link set guest1 name "$name"
	wait_for no_alias guest1
	test "$was" = "$(stat -c %F:%t:%T:%N "/dev/$name" 2> /dev/null || echo none)"
	ip link set "$name" name guest1
	wait_for alias_is guest1 bsdtap1
done
rm /dev/guest2 /dev/guest3
# The names that BSD programs know are free with bsd_names=0.
ip link set guest1 name tap7
wait_for alias_is tap7 bsdtap1
ip link del tap7
wait_for no_alias tap7
ip netns del other
modprobe -r bsdtun
chroot $m udevadm settle
test ! -e /dev/bsd/tun0
modprobe bsdtun vmnet_units=1 bsd_names=1
nodes_are ""
modprobe -r bsdtun

# As after a first boot.
tr -d - < /proc/sys/kernel/random/uuid > $m/etc/machine-id
networkd=
networkd_start()
{
	mkdir -p $m/run/systemd/netif/links $m/run/systemd/netif/leases $m/run/systemd/netif/lldp
	chroot $m chown -R systemd-network:systemd-network /run/systemd/netif
	SYSTEMD_LOG_TARGET=console chroot $m /usr/lib/systemd/systemd-networkd > /tmp/networkd 2>&1 &
	networkd=$!
}

networkd_stop()
{
	kill $networkd
	wait $networkd || :
	rm -rf $m/etc/systemd/network/* $m/run/systemd/netif
}

# soon COMMAND...: it succeeds before long, or networkd's log is shown.
soon()
{
	wait_for "$@" || { cat /tmp/networkd; return 1; }
}

# not COMMAND...
not()
{
	if "$@"; then
		return 1
	fi
}

# state_is INTERFACE STATE: the state that networkd has for it.
state_is()
{
	grep -qx "ADMIN_STATE=$2" "$m/run/systemd/netif/links/$(cat "/sys/class/net/$1/ifindex")"
}

# has_address INTERFACE
has_address()
{
	ip -4 -br address show dev "$1" | grep -q 192.0.2.1/24
}

# is_up INTERFACE
is_up()
{
	ip -br link show dev "$1" | grep -q '[<,]UP[,>]'
}

examples=$m/usr/share/doc/bsdtun/examples
units="bsdtun0 bsdtap0 bsdvmnet0 bsdtap7"
modprobe bsdtun vmnet_units=1
ip link add bsdtap7 type bsdtap

# Without a .network file that matches, networkd leaves the interfaces alone.
networkd_start
for name in $units; do
	soon state_is "$name" unmanaged
done
networkd_stop

# So it does if the example unmanaged.network precedes a file that matches all.
cp "$examples/unmanaged.network" $m/etc/systemd/network/10-bsdtun.network
printf '[Match]\nName=bsd* probe\n[Network]\nAddress=192.0.2.1/24\n' \
	> $m/etc/systemd/network/90-all.network
ip link add probe type dummy
networkd_start
soon has_address probe
for name in $units; do
	soon state_is "$name" unmanaged
	not is_up "$name"
done
networkd_stop
ip link del probe

# With the example managed.network the interface is up, and has its address whenever a program has
# the node open.
cp "$examples/managed.network" $m/etc/systemd/network/20-bsdtap7.network
networkd_start
soon is_up bsdtap7
for round in first second; do
	exec 3<> /dev/bsdtap7
	soon has_address bsdtap7
	echo "$round: $(ip -br address show dev bsdtap7)"
	exec 3>&-
	not has_address bsdtap7
	soon is_up bsdtap7
done
soon state_is bsdtap0 unmanaged
networkd_stop
chroot $m udevadm control --exit
