#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The BSD commands ifconfig and route, called as in the manual pages and as programs call them.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require ip

# Names and addresses do not collide with those of the machine.
in_netns "$@"

# Where kselftests are installed, or in the project's tree.
for commands in "$DIR/bsd-commands" "$DIR/../tools/bsd-commands"; do
	[ -x "$commands/ifconfig" ] && break
done
PATH="$commands:$PATH"
reloaded=

clean() {
	local unit

	exec 3>&-
	for unit in $(interfaces bsdtun bsdtap bsdvmnet); do
		ip link del "$unit"
	done
	if [ -n "$reloaded" ]; then
		rmmod bsdtun
		insmod "$BSDTUN_KO"
		reloaded=
	fi
}

# prints TEXT COMMAND...: the output of the command is TEXT.
prints() {
	local text="$1" output

	shift
	output="$("$@" 2>&1)"
	[ "$output" = "$text" ] && return
	ktap_print_msg "$*: printed '$output', not '$text'"
	return 1
}

create_and_destroy() {
	local name

	ifconfig bsdtap105 create mtu 1400 || return 1
	expect test -c /dev/bsdtap105 || return 1
	link_shows bsdtap105 " mtu 1400 " || return 1
	fails_with "ifconfig: File exists" ifconfig bsdtap105 create || return 1
	ifconfig bsdtap105 destroy || return 1
	expect not test -e /dev/bsdtap105 || return 1
	fails_with "Cannot find device" ifconfig bsdtap105 destroy || return 1
	# A name of the other naming scheme would not be that of the node.
	fails_with "units are called bsdtapN here" ifconfig tap105 create || return 1
	# Without a number the command prints the name.
	name="$(ifconfig tap create)" || return 1
	expect test -c "/dev/$name" || return 1
	prints "$name" interfaces bsdtap || return 1
	prints "lo $name" ifconfig -l
}

# The commands that OpenVPN on FreeBSD runs for a tun.
ifconfig_tun_as_openvpn() {
	ip link add bsdtun105 index 4242 type bsdtun || return 1
	exec 3<>/dev/bsdtun105 || return 1
	# Link-local addresses are random on a tun.
	echo 1 > /proc/sys/net/ipv6/conf/bsdtun105/addr_gen_mode
	ifconfig bsdtun105 10.8.0.1 10.8.0.2 mtu 1450 netmask 255.255.255.255 up || return 1
	ifconfig bsdtun105 inet6 2001:db8::1/64 mtu 1440 up || return 1
	ifconfig bsdtun105 inet6 fe80::1%bsdtun105 prefixlen 10 alias || return 1
	prints "bsdtun105: flags=80d1<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST> metric 0 mtu 1440
	inet 10.8.0.1 --> 10.8.0.2 netmask 0xffffffff
	inet6 2001:db8::1 prefixlen 64
	inet6 fe80::1%bsdtun105 prefixlen 10 scopeid 0x1092
	Opened by PID $$" ifconfig bsdtun105 || return 1
	# A second address replaces the first.
	ifconfig bsdtun105 10.8.0.5 10.8.0.6 netmask 0xffffffff || return 1
	output_has "inet 10.8.0.5 peer 10.8.0.6/32" ip -o -4 addr show dev bsdtun105 || return 1
	ifconfig bsdtun105 10.8.0.5 -alias || return 1
	ifconfig bsdtun105 inet6 2001:db8::1/64 -alias || return 1
	exec 3>&-
	prints "bsdtun105: flags=8090<POINTOPOINT,NOARP,MULTICAST> metric 0 mtu 1440" \
		ifconfig bsdtun105
}

# The commands in tap(4), of OpenVPN, and in the manual of tinc.
ifconfig_tap_as_programs() {
	ip link add bsdtap105 type bsdtap || return 1
	echo 1 > /proc/sys/net/ipv6/conf/bsdtap105/disable_ipv6
	ifconfig bsdtap105 ether 02:00:5e:00:53:01 || return 1
	ifconfig bsdtap105 10.9.0.1 netmask 255.255.0.0 broadcast 10.9.255.255 || return 1
	ifconfig bsdtap105 10.9.1.1/24 mtu 1400 alias || return 1
	ifconfig bsdtap105 link0 || return 1
	prints "bsdtap105: flags=9803<UP,BROADCAST,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400
	ether 02:00:5e:00:53:01
	inet 10.9.0.1 netmask 0xffff0000 broadcast 10.9.255.255
	inet 10.9.1.1 netmask 0xffffff00 broadcast 10.9.1.255
	status: no carrier" ifconfig bsdtap105 || return 1
	ifconfig bsdtap105 lladdr 02:00:5e:00:53:02 -link0 down || return 1
	ifconfig bsdtap105 inet 10.9.1.1 delete || return 1
	output_has "flags=8802<BROADCAST,SIMPLEX,MULTICAST>" ifconfig -a || return 1
	fails_with "link0 is of tap only" ifconfig lo link0
}

# The routes except those that the kernel added.
routes() {
	ip -"$1" route show | grep -v 'proto kernel' |
		sed 's/ metric [0-9]*//; s/ pref .*//; s/ *$//'
}

# The commands of OpenVPN and in the manual of tinc, with the syntax of different BSDs.
route_as_programs() {
	ip link add bsdtun105 type bsdtun || return 1
	exec 3<>/dev/bsdtun105 || return 1
	ifconfig bsdtun105 10.8.0.1 10.8.0.2 mtu 1500 netmask 255.255.255.255 up || return 1
	prints "add net 10.20.0.0: gateway 10.8.0.2" \
		route add -net 10.20.0.0 10.8.0.2 255.255.0.0 || return 1
	# With the local address as the gateway.
	prints "" route -nq add 10.21.0.0/16 10.8.0.1 || return 1
	prints "" route -q add -net 10.22.0.0 -netmask 0xffff0000 -interface bsdtun105 || return 1
	prints "" route -q add -net 10.23.0.0 10.8.0.2 -netmask 255.255.0.0 || return 1
	prints "add host 10.24.0.1: gateway 10.8.0.2" route add -host 10.24.0.1 10.8.0.2 || return 1
	prints "10.20.0.0/16 via 10.8.0.2 dev bsdtun105
10.21.0.0/16 dev bsdtun105 scope link
10.22.0.0/16 dev bsdtun105 scope link
10.23.0.0/16 via 10.8.0.2 dev bsdtun105
10.24.0.1 via 10.8.0.2 dev bsdtun105" routes 4 || return 1
	fails_with "route: File exists" route add -net 10.20.0.0 10.8.0.2 255.255.0.0 || return 1
	route -q delete -net 10.20.0.0 10.8.0.2 255.255.0.0 || return 1
	route -q delete 10.21.0.0/16 || return 1
	fails_with "route: No such process" route delete 10.21.0.0/16 || return 1
	prints "" route -q add -inet6 2001:db8:1::/48 -iface bsdtun105 || return 1
	prints "" route -q add -inet6 2001:db8:2:: fe80::2%bsdtun105 -prefixlen 48 || return 1
	prints "2001:db8:1::/48 dev bsdtun105
2001:db8:2::/48 via fe80::2 dev bsdtun105" routes 6 || return 1
	prints "" route -q delete -inet6 2001:db8:1::/48 -iface bsdtun105
}

# A command with invalid arguments changes nothing.
invalid_arguments_are_refused() {
	local arguments

	ip link add bsdtap105 type bsdtap || return 1
	for arguments in "-x" "bsdtap105 inet" "bsdtap105 up mtu" "bsdtap105 up media auto" \
		"bsdtap105 up 1 2 3" "bsdtap105 destroy now" "bsdtap105 fe80::1%lo up"; do
		# shellcheck disable=SC2086 # they are arguments
		fails_with "usage: ifconfig" ifconfig $arguments || return 1
	done
	fails_with "255.0.255.0: bad netmask" ifconfig bsdtap105 up 10.0.0.1 netmask 255.0.255.0 ||
		return 1
	fails_with "0x1ffffffff: bad netmask" ifconfig bsdtap105 up 10.0.0.1 netmask 0x1ffffffff ||
		return 1
	fails_with "33: bad value" ifconfig bsdtap105 up 10.0.0.1/33 || return 1
	fails_with "10.0.0.1: bad address" ifconfig bsdtap105 inet6 10.0.0.1 up || return 1
	fails_with "no kind" ifconfig gif0 create || return 1
	fails_with "usage: ifconfig" ifconfig bsdtap106 create media auto || return 1
	expect not test -e /dev/bsdtap106 || return 1
	link_shows bsdtap105 "<BROADCAST,MULTICAST>" || return 1
	for arguments in "-n" "monitor" "add 10.0.0.0/8" "add 10.0.0.0/8 1 2 3" \
		"add -blackhole 10.0.0.0/8 10.0.0.1"; do
		# shellcheck disable=SC2086 # they are arguments
		fails_with "usage: route" route $arguments || return 1
	done
	fails_with "a net needs its mask" route add -net 10.0.0.0 10.0.0.1 || return 1
	fails_with "no interface has it" route add 10.0.0.0/8 -interface 192.0.2.7
}

# With bsd_names=1 units have the names of the BSDs.
with_bsd_names() {
	reloaded=1
	rmmod bsdtun || return 1
	insmod "$BSDTUN_KO" bsd_names=1 || return 1
	ifconfig tap105 create || return 1
	expect test -c /dev/tap105 || return 1
	fails_with "units are called tapN here" ifconfig bsdtap105 create || return 1
	ifconfig tap105 inet 10.9.0.1 netmask 255.255.255.0 || return 1
	exec 3<>/dev/tap105 || return 1
	output_has "	Opened by PID $$" ifconfig tap105 || return 1
	exec 3>&-
	ifconfig tap105 destroy || return 1
	prints tun1 ifconfig tun create || return 1
	expect test -c /dev/tun1
}

tests="create_and_destroy ifconfig_tun_as_openvpn ifconfig_tap_as_programs route_as_programs"
tests="$tests invalid_arguments_are_refused"
# The names of a built-in driver cannot be changed.
if [ -r "${BSDTUN_KO:-}" ] && [ -e /sys/module/bsdtun/refcnt ]; then
	tests="$tests with_bsd_names"
fi
# shellcheck disable=SC2086 # more than one
run_tests clean $tests
