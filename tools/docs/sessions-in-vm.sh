#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# sessions-in-vm.sh [NAME]: in the virtual machine, run the commands of each file in sessions/, or
# of one, while packets cross a tun and a tap. Commands and output go to /lab/out/sessions.
set -uo pipefail

# shellcheck source=tools/lab/in-vm/lib.sh
. /lab/tools/lab/in-vm/lib.sh

mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
insmod "$BSDTUN_KO" tun_units=0 || finish 1 "the module does not load"
echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
echo 1 > /proc/sys/net/ipv6/conf/bsdtap0/disable_ipv6

# bsdtun0, with a program that answers pings.
"$OUT/echo" 192.0.2.1 192.0.2.2 > /tmp/echo.out 2>&1 &
wait_for grep -q answers /tmp/echo.out || finish 1 "not ready: $(cat /tmp/echo.out)"

# bsdtun5, whose packets a forwarder carries to bsdtun6 of a router, in another network namespace. A
# veth without offloads leads from there to a server.
PATH=$OUT:$PATH
ip netns add router
ip netns exec router sysctl -q net.ipv6.conf.default.disable_ipv6=1
ip netns add server
ip link add bsdtun5 type bsdtun
ip link add bsdtun6 type bsdtun
strace -x -s 38 -P /dev/bsdtun5 -e trace=read -o /tmp/forward.strace \
	forward /dev/bsdtun5 /dev/bsdtun6 > /tmp/forward.out 2>&1 &
wait_for grep -q connected /tmp/forward.out || finish 1 "not ready: $(cat /tmp/forward.out)"
# However slow the emulated network seems to be.
sysctl -q net.ipv4.tcp_min_tso_segs=4
ip link set bsdtun6 netns router
ip -n router link add near type veth peer name far netns server
ip netns exec router ethtool -K near tx off > /dev/null
ip netns exec router sysctl -q net.ipv4.ip_forward=1
ip -n router link set near up
ip -n server link set far up
ip address add 192.0.2.33 peer 192.0.2.66 dev bsdtun5
ip -n router address add 192.0.2.34 peer 192.0.2.33 dev bsdtun6
ip -n router address add 192.0.2.65/28 dev near
ip -n server address add 192.0.2.66/28 dev far
ip -n server route add default via 192.0.2.65
ip netns exec server sink 9 > /dev/null &
wait_for ip netns exec server ping -c 1 -W 1 192.0.2.33 || finish 1 "no reply from 192.0.2.33"

# A wire between two taps, one of them in another network namespace.
ip netns add there
ip link add bsdtap1 type bsdtap
ip link set bsdtap0 address 02:00:00:00:00:01
ip link set bsdtap1 address 02:00:00:00:00:02
"$OUT/wire" /dev/bsdtap0 /dev/bsdtap1 &
ip link set bsdtap1 netns there
ip address add 203.0.113.1/24 dev bsdtap0
ip -n there address add 203.0.113.2/24 dev bsdtap1
ip link set bsdtap0 up
ip -n there link set bsdtap1 up
for address in 192.0.2.2 203.0.113.2; do
	wait_for ping -c 1 -W 1 $address || finish 1 "no reply from $address"
	ping -q -i 0.25 $address > /dev/null &
done

mkdir -p "$OUT/sessions"
for file in /lab/tools/docs/sessions/${1:-*}; do
	name=${file##*/}
	[[ $name != *.* ]] || continue
	printf '== %s\n' "$name"
	(
		set +o pipefail
		cd /lab/tools/docs/sessions || exit 1
		while IFS= read -r command <&9; do
			printf '# %s\n' "$command"
			eval "$command" || finish 1 "$name: '$command' returned $?"
		done 9< "$file"
	) > "$OUT/sessions/$name.txt" 2>&1 9>&-
	rc=$?
	cat "$OUT/sessions/$name.txt"
	[ $rc -eq 0 ] || finish $rc "$name failed"
done
finish 0
