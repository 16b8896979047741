#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# demo.sh: in the virtual machine, exchange packets with a program behind a bsdtun unit.
set -uo pipefail

# shellcheck source=tools/lab/in-vm/lib.sh
. /lab/tools/lab/in-vm/lib.sh

count=3

heading()
{
	printf '\n== %s\n' "$*"
}

# Show a command and its output.
run()
{
	printf '# %s\n' "$*"
	"$@" || finish 1 "$1 failed with $?"
}

# require NUMBER TEXT FILE: so many lines of the file have the text.
require()
{
	[ "$(grep -c "$2" "$3")" -eq "$1" ] ||
		finish 1 "expected $1 lines with '$2', got $(grep -c "$2" "$3")"
}

heading "the kernel, as Debian ships it"
run uname -srv

heading "loading the module"
run insmod "$BSDTUN_KO" tun_units=0
run ls -l /dev/bsdtun

heading "a program opens /dev/bsdtun and gets a unit; it answers pings to 192.0.2.2"
printf '# echo.py 192.0.2.1 192.0.2.2 &\n'
/lab/examples/echo.py 192.0.2.1 192.0.2.2 > /tmp/echo.out 2>&1 &
echo_pid=$!
wait_for grep -q answers /tmp/echo.out ||
	finish 1 "the program did not open a unit: $(cat /tmp/echo.out)"
run cat /tmp/echo.out
run ls -l /dev/bsdtun0
run ip -d link show bsdtun0
run ip -br address show bsdtun0
tcpdump -n -l --immediate-mode -i bsdtun0 icmp > /tmp/tcpdump.out 2> /tmp/tcpdump.err &
tcpdump_pid=$!
wait_for grep -q 'listening on' /tmp/tcpdump.err

heading "ping: the kernel sends requests, the program sends replies"
run ping -c $count -i 0.3 -W 5 192.0.2.2 | tee /tmp/ping.out
require 1 " $count received" /tmp/ping.out

heading "tcpdump on bsdtun0 sees the same packets"
wait_for eval "[ \$(grep -c 'ICMP echo reply' /tmp/tcpdump.out) -eq $count ]"
kill $tcpdump_pid
wait $tcpdump_pid 2> /dev/null
cat /tmp/tcpdump.out
require $count 'ICMP echo request' /tmp/tcpdump.out
require $count 'ICMP echo reply' /tmp/tcpdump.out

heading "the interface counts them"
run ip -s link show bsdtun0
for direction in rx tx; do
	n=$(cat /sys/class/net/bsdtun0/statistics/${direction}_packets)
	[ "$n" -ge $count ] || finish 1 "${direction}_packets is $n, expected at least $count"
done

heading "the program ends, and its unit with it; then the module is removed"
kill $echo_pid
wait $echo_pid 2> /dev/null
[ ! -e /dev/bsdtun0 ] || finish 1 "/dev/bsdtun0 still exists"
run rmmod bsdtun
[ ! -e /dev/bsdtun ] || finish 1 "/dev/bsdtun still exists"
echo
finish 0
