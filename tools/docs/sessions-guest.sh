#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest-sessions.sh [NAME] - in the machine: the commands of each file in sessions/, or of one,
# with what they print, into /lab/out/sessions. Meanwhile packets cross a tun and a tap.
set -uo pipefail

# shellcheck source=tools/lab/guest-lib.sh
. /lab/tools/lab/guest-lib.sh

end()
{
	[ "$1" -eq 0 ] || printf '!! %s\n' "$2"
	dmesg > "$OUT/dmesg"
	exit "$1"
}

mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
insmod "$BSDTUN_KO" || end 1 "the module does not load"
echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
for unit in bsdtun0 bsdtap0; do
	echo 1 > "/proc/sys/net/ipv6/conf/$unit/disable_ipv6"
done

# A program that answers ping behind the tun.
"$OUT/demo_echo" /dev/bsdtun0 > /tmp/echo.out 2>&1 &
wait_for grep -q opened /tmp/echo.out || end 1 "not ready"
ip address add 192.0.2.1 peer 192.0.2.2 dev bsdtun0
ip link set bsdtun0 up

# A wire from the tap to another, in a network namespace of its own.
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
wait_for ping -c 1 -W 1 192.0.2.2 || end 1 "not ready"
wait_for ping -c 1 -W 1 203.0.113.2 || end 1 "not ready"
ping -q -i 0.25 192.0.2.2 > /dev/null &
ping -q -i 0.25 203.0.113.2 > /dev/null &

mkdir -p "$OUT/sessions"
for file in /lab/tools/docs/sessions/${1:-*}; do
	name=${file##*/}
	case $name in
	*.*) continue ;;
	esac
	printf '== %s\n' "$name"
	(
		set +o pipefail
		cd /lab/tools/docs/sessions || exit 1
		while IFS= read -r command <&9; do
			printf '# %s\n' "$command"
			eval "$command" || end 1 "$name: '$command' gave $?"
		done 9< "$file"
	) > "$OUT/sessions/$name.txt" 2>&1 9>&-
	rc=$?
	cat "$OUT/sessions/$name.txt"
	[ $rc -eq 0 ] || end $rc "$name failed"
done
end 0
