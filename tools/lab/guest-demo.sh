#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the machine: real packets across /dev/bsdtun0.
set -uo pipefail

# shellcheck source=tools/lab/guest-lib.sh
. /lab/tools/lab/guest-lib.sh

here=192.0.2.1
there=192.0.2.2
count=3

head_line()
{
	printf '\n== %s\n' "$*"
}

# Show a command, then what it prints.
run()
{
	printf '# %s\n' "$*"
	"$@" || end 1 "$1 failed with $?"
}

end()
{
	[ "$1" -eq 0 ] || printf '!! %s\n' "$2"
	dmesg > "$OUT/dmesg"
	exit "$1"
}

head_line "the kernel, as Debian ships it"
run uname -srv

head_line "loading the module"
run insmod "$BSDTUN_KO"
run ls -l /dev/bsdtun0

head_line "its interface"
run ip -d link show bsdtun0

head_line "a program opens /dev/bsdtun0 and is a neighbour that answers ping"
"$OUT/demo_echo" /dev/bsdtun0 > /tmp/echo.out 2>&1 &
echo_pid=$!
for _ in {1..100}; do
	grep -q opened /tmp/echo.out && break
	kill -0 $echo_pid 2> /dev/null || break
	sleep 0.1
done
cat /tmp/echo.out
grep -q opened /tmp/echo.out || end 1 "the program did not open the node"
run ip address add $here peer $there dev bsdtun0
run ip link set bsdtun0 up
run ip -br link show bsdtun0

tcpdump -n -l --immediate-mode -i bsdtun0 icmp > /tmp/tcpdump.out 2> /tmp/tcpdump.err &
tcpdump_pid=$!
for _ in {1..100}; do
	grep -q 'listening on' /tmp/tcpdump.err && break
	sleep 0.1
done

head_line "ping, the kernel's packets out and the program's replies back"
printf '# ping -c %s %s\n' "$count" "$there"
ping -c "$count" -i 0.3 -W 5 "$there" > /tmp/ping.out 2>&1
rc=$?
cat /tmp/ping.out
[ $rc -eq 0 ] || end 1 "ping failed with $rc"
grep -q " $count received" /tmp/ping.out || end 1 "ping missed replies"

head_line "the program saw"
[ "$(grep -c 'answered' /tmp/echo.out)" -eq "$count" ] || end 1 "the program answered $(grep -c answered /tmp/echo.out) requests"
sed 1d /tmp/echo.out

head_line "tcpdump saw the same packets on bsdtun0"
for _ in {1..50}; do
	[ "$(grep -c 'ICMP echo reply' /tmp/tcpdump.out)" -ge "$count" ] && break
	sleep 0.1
done
kill $tcpdump_pid
wait $tcpdump_pid 2> /dev/null
cat /tmp/tcpdump.out
[ "$(grep -c 'ICMP echo request' /tmp/tcpdump.out)" -eq "$count" ] || end 1 "tcpdump saw other requests"
[ "$(grep -c 'ICMP echo reply' /tmp/tcpdump.out)" -eq "$count" ] || end 1 "tcpdump saw other replies"

head_line "the interface counted them"
run ip -s link show bsdtun0
for dir in rx tx; do
	n=$(cat /sys/class/net/bsdtun0/statistics/${dir}_packets)
	[ "$n" -ge "$count" ] || end 1 "${dir}_packets is $n"
done

head_line "closing the node, and taking the module out"
kill $echo_pid
wait $echo_pid 2> /dev/null
run rmmod bsdtun
[ ! -e /dev/bsdtun0 ] || end 1 "/dev/bsdtun0 is still there"
echo "the node and the interface are gone"
echo
end 0
