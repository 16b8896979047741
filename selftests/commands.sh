#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The BSD commands ifconfig and route, called as in the manual pages and as programs call them. The
# project's host tests show what each of some hundred command lines does; these, that it has effect.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require ip python3
if ! python3 -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("pyroute2"))'; then
	ktap_print_header
	ktap_skip_all "needs pyroute2"
	exit "$KSFT_SKIP"
fi

# Names and addresses do not collide with those of the machine.
in_netns "$@"

# Where kselftests are installed, or in the project's tree.
for commands in "$DIR/bsd-commands" "$DIR/../tools/bsd-commands"; do
	[ -x "$commands/ifconfig" ] && break
done
PATH="$commands:$PATH"
reloaded=
TMP="$(mktemp -d)"
trap 'umount "$TMP"/* 2>/dev/null; rm -rf --one-file-system "$TMP"' EXIT

clean() {
	local unit

	exec 3>&-
	for unit in $(interfaces bsdtun bsdtap bsdvmnet bridge); do
		ip link del "$unit"
	done
	if [ -n "$reloaded" ]; then
		rmmod bsdtun
		insmod "$BSDTUN_KO"
		reloaded=
	fi
}

# session: the session on stdin goes as it is there, see lib/transcript.py. One process runs all of
# them. It must not keep a node open.
session() {
	local lines line status=0

	[ -n "${transcript_PID:-}" ] || coproc transcript {
		exec 3>&- python3 "$DIR/lib/transcript.py" "$commands/commands.py" 2>&1
	}
	mapfile -t lines
	printf '%s\n' "${lines[@]}" . >&"${transcript[1]}"
	while IFS= read -r line <&"${transcript[0]}"; do
		[ "$line" = . ] && return "$status"
		ktap_print_msg "$line"
		status=1
	done
	return 1
}

create_and_destroy() {
	ifconfig bsdtap105 create mtu 1400 || return 1
	expect test -c /dev/bsdtap105 || return 1
	link_shows bsdtap105 " mtu 1400 " || return 1
	session <<-END || return 1
		# ifconfig bsdtap105 create
		ifconfig: bsdtap105: File exists
		[1]
		# ifconfig bsdtap105 destroy
		# test -e /dev/bsdtap105
		[1]
		# ifconfig bsdtap105 destroy
		ifconfig: interface bsdtap105 does not exist
		[1]
		# ifconfig tap105 create
		ifconfig: tap105: units are called bsdtapN here, see the module's parameter bsd_names
		[1]
		# ifconfig tap create name guest-a
		guest-a
		# ifconfig -l
		lo guest-a
		# ifconfig vmnet create name guest-b up
		guest-b
		# ifconfig -lu
		guest-b
		# ifconfig guest-a destroy
		# ifconfig guest-b destroy
	END
	# Without a number the command prints the name.
	name="$(ifconfig tap create)" || return 1
	expect test -c "/dev/$name" || return 1
	expect test "$name" = "$(interfaces bsdtap)"
}

# Wherever the file is, it does what is asked.
from_anywhere() {
	ip link add bsdtap105 type bsdtap || return 1
	ln -s "$commands/ifconfig" "$TMP/ifconfig"
	touch "$TMP/route"
	mount --bind "$commands/route" "$TMP/route" || return 1
	"$TMP/ifconfig" bsdtap105 mtu 1401 up || return 1
	link_shows bsdtap105 " mtu 1401 " || return 1
	bash "$TMP/ifconfig" bsdtap105 mtu 1402 || return 1
	link_shows bsdtap105 " mtu 1402 " || return 1
	"$TMP/route" -q add 10.20.0.0/16 -interface bsdtap105 || return 1
	output_has "10.20.0.0/16 dev bsdtap105" ip route show
}

# The commands that OpenVPN on FreeBSD runs for a tun.
ifconfig_tun_as_openvpn() {
	ip link add bsdtun105 index 4242 type bsdtun || return 1
	exec 3<>/dev/bsdtun105 || return 1
	# Link-local addresses are random on a tun.
	echo 1 > /proc/sys/net/ipv6/conf/bsdtun105/addr_gen_mode
	session <<-END || return 1
		# ifconfig bsdtun105 10.8.0.1 10.8.0.2 mtu 1450 netmask 255.255.255.255 up
		# ifconfig bsdtun105 inet6 2001:db8::1/64 mtu 1440 up
		# ifconfig bsdtun105 inet6 fe80::1%bsdtun105 prefixlen 10 alias
		# ifconfig bsdtun105 inet6 2001:db8:1::1 2001:db8:1::2 prefixlen 128
		# ifconfig bsdtun105 | sed 's/ tentative//'
		bsdtun105: flags=80d1<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST> metric 0 mtu 1440
			inet 10.8.0.1 --> 10.8.0.2 netmask 0xffffffff
			inet6 2001:db8:1::1 --> 2001:db8:1::2 prefixlen 128
			inet6 2001:db8::1 prefixlen 64
			inet6 fe80::1%bsdtun105 prefixlen 10 scopeid 0x1092
			Opened by PID $$
		# ifconfig bsdtun105 10.8.0.5 10.8.0.6 netmask 0xffffffff -link0
		# ip -o -4 address show dev bsdtun105 | grep -o 'inet .*/32'
		inet 10.8.0.5 peer 10.8.0.6/32
		# ifconfig bsdtun105 10.8.0.5 -alias
		# ifconfig bsdtun105 inet6 2001:db8::1 -alias
		# ifconfig bsdtun105 inet6 2001:db8:1::1 2001:db8:1::2 -alias
		# ifconfig bsdtun105 inet6 fe80::1%bsdtun105 -alias
		# ifconfig bsdtun105 10.8.0.5 -alias
		ifconfig: 10.8.0.5: Cannot assign requested address
		[1]
		# ifconfig bsdtun105
		bsdtun105: flags=80d1<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST> metric 0 mtu 1440
			Opened by PID $$
		# ifconfig bsdtun105 10.8.0.5 10.8.0.6
		# ifconfig bsdtun105 down delete
		# ifconfig bsdtun105 inet
		bsdtun105: flags=8090<POINTOPOINT,NOARP,MULTICAST> metric 0 mtu 1440
	END
}

# What a restarted daemon does: on a BSD, an address sets its interface up, even if it has it.
same_address_sets_up() {
	ip link add bsdtun105 type bsdtun || return 1
	ip link add bsdtap105 type bsdtap || return 1
	echo 1 > /proc/sys/net/ipv6/conf/bsdtap105/addr_gen_mode
	session <<-END || return 1
		# ifconfig bsdtun105 10.8.0.1 10.8.0.2
		# ifconfig bsdtun105 inet6 2001:db8::1
		# ifconfig bsdtap105 10.9.0.1/24
		# ifconfig bsdtun105 down
		# ifconfig bsdtap105 down
		# ifconfig -lu
		
		# ifconfig bsdtun105 10.8.0.1 10.8.0.2
		# ifconfig bsdtap105 10.9.0.1/24 alias
		# ifconfig -lu
		bsdtun105 bsdtap105
		# ifconfig bsdtun105 down
		# ifconfig bsdtun105 inet6 2001:db8::1/64
		# ifconfig bsdtun105 | sed 's/ tentative//'
		bsdtun105: flags=8091<UP,POINTOPOINT,NOARP,MULTICAST> metric 0 mtu 1500
			inet 10.8.0.1 --> 10.8.0.2 netmask 0xffffffff
			inet6 2001:db8::1 prefixlen 64
		# ifconfig bsdtun105 10.8.0.1 10.8.0.3
		# ifconfig bsdtun105 inet6 2001:db8::1/48
		# ifconfig bsdtap105 10.9.0.2/24 alias
		# ifconfig bsdtap105 10.9.0.3/24
		# ip -br -4 address show | tr -s ' '
		bsdtun105 DOWN 10.8.0.1 peer 10.8.0.3/32
		bsdtap105 DOWN 10.9.0.2/24 10.9.0.3/24
		# ip -6 -br address show bsdtun105 | grep -o ' 2001[^ ]*'
		 2001:db8::1/48
	END
}

# The commands in tap(4), of OpenVPN, and in the manual of tinc.
ifconfig_tap_as_programs() {
	ip link add bsdtap105 type bsdtap || return 1
	echo 1 > /proc/sys/net/ipv6/conf/bsdtap105/disable_ipv6
	session <<-END
		# ifconfig bsdtap105 ether 02:00:5e:00:53:01 description "to the lab"
		# ifconfig bsdtap105 10.9.0.1 netmask 255.255.0.0 broadcast 10.9.255.255
		# ifconfig bsdtap105 10.9.1.1/24 mtu 1400 alias
		# ifconfig bsdtap105 inet 10.4 10.0.0.7 netmask 255.255.255.248 alias
		# ifconfig bsdtap105 link0 -arp promisc
		# ifconfig bsdtap105
		bsdtap105: flags=9983<UP,BROADCAST,NOARP,PROMISC,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400
			description: to the lab
			ether 02:00:5e:00:53:01
			inet 10.9.0.1 netmask 0xffff0000 broadcast 10.9.255.255
			inet 10.9.1.1 netmask 0xffffff00 broadcast 10.9.1.255
			inet 10.0.0.4 netmask 0xfffffff8 broadcast 10.0.0.7
			status: no carrier
		# ifconfig bsdtap105 lladdr 02:00:5e:00:53:02 -link0 arp -promisc -description down
		# ifconfig bsdtap105 inet 10.9.1.1 delete
		# ifconfig bsdtap105 inet
		bsdtap105: flags=8802<BROADCAST,SIMPLEX,MULTICAST> metric 0 mtu 1400
			inet 10.9.0.1 netmask 0xffff0000 broadcast 10.9.255.255
			inet 10.0.0.4 netmask 0xfffffff8 broadcast 10.0.0.7
		# ifconfig bsdtap105 lladdr random
		# ifconfig lo link0
		ifconfig: link0: lo is no tap
		[1]
		# ifconfig bsdtap105 inet6 -ifdisabled
		# ifconfig bsdtap105 inet6 2001:db8::1/64 vltime 9500 pltime 0
		# ifconfig bsdtap105 inet6 | sed -n 's/ tentative//; s/.*2001/2001/p'
		2001:db8::1 prefixlen 64 deprecated
		# ip -6 address show dev bsdtap105 | grep -o -e 'valid_lft 9' -e 'preferred_lft .*'
		valid_lft 9
		preferred_lft 0sec
	END
}

bridge_members() {
	ip link add name bridge105 type bridge 2>/dev/null || return "$KSFT_SKIP"
	ip link add bsdtap105 type bsdtap || return 1
	ip link add bsdtap106 type bsdtap || return 1
	session <<-END
		# ifconfig bridge105 ether 02:00:5e:00:53:01 addm bsdtap105 addm bsdtap106
		# ifconfig bridge105
		bridge105: flags=8802<BROADCAST,SIMPLEX,MULTICAST> metric 0 mtu 1500
			ether 02:00:5e:00:53:01
			member: bsdtap105 flags=3<LEARNING,DISCOVER>
			member: bsdtap106 flags=3<LEARNING,DISCOVER>
			status: no carrier
		# ifconfig bridge105 addm bsdtap105
		ifconfig: bsdtap105: Device or resource busy
		[1]
		# ifconfig bridge105 deletem bsdtap105
		# ifconfig bridge105 | grep member
			member: bsdtap106 flags=3<LEARNING,DISCOVER>
		# ifconfig bridge create
		bridge0
		# ifconfig bridge0 destroy
	END
}

# The commands of OpenVPN and in the manual of tinc, with the syntax of different BSDs.
route_as_programs() {
	ip link add bsdtun105 index 4242 type bsdtun || return 1
	exec 3<>/dev/bsdtun105 || return 1
	echo 1 > /proc/sys/net/ipv6/conf/bsdtun105/addr_gen_mode
	session <<-END
		# ifconfig bsdtun105 10.8.0.1 10.8.0.2 mtu 1500 netmask 255.255.255.255 up
		# route add -net 10.20.0.0 10.8.0.2 255.255.0.0
		add net 10.20.0.0: gateway 10.8.0.2
		# route -nq add 10.21.0.0/16 10.8.0.1
		# route -q add -net 10.22.0.0 -netmask 0xffff0000 -interface bsdtun105
		# route -q add -net 10.23 10.8.0.2
		# route add -host 10.24.0.1 10.8.0.2 -mtu 1300
		add host 10.24.0.1: gateway 10.8.0.2
		# route add 10.25.0.0/16 127.0.0.1 -reject
		add net 10.25.0.0/16: gateway 127.0.0.1
		# route add 10.26.0.0/16 127.0.0.1 -blackhole
		add net 10.26.0.0/16: gateway 127.0.0.1
		# ip route show | sed '/proto kernel/d; s/ *$//'
		10.20.0.0/16 via 10.8.0.2 dev bsdtun105 proto static
		10.21.0.0/16 dev bsdtun105 proto static scope link
		10.22.0.0/16 dev bsdtun105 proto static scope link
		10.23.0.0/16 via 10.8.0.2 dev bsdtun105 proto static
		10.24.0.1 via 10.8.0.2 dev bsdtun105 proto static mtu 1300
		unreachable 10.25.0.0/16 proto static
		blackhole 10.26.0.0/16 proto static
		# route add -net 10.20.0.0 10.8.0.2 255.255.0.0
		route: add net 10.20.0.0: gateway 10.8.0.2: route already in table
		[1]
		# route add 10.27.0.0/16 192.0.2.1
		route: add net 10.27.0.0/16: gateway 192.0.2.1: Network is unreachable
		[1]
		# route -q change 10.20.0.0/16 -interface bsdtun105
		# ip route show 10.20.0.0/16 | sed 's/ *$//'
		10.20.0.0/16 dev bsdtun105 proto static scope link
		# route -n get 10.24.0.1
		   route to: 10.24.0.1
		destination: 10.24.0.1
		    gateway: 10.8.0.2
		        fib: 0
		  interface: bsdtun105
		      flags: <UP,GATEWAY,HOST,DONE,STATIC>
		 recvpipe  sendpipe  ssthresh  rtt,msec    mtu        weight    expire
		       0         0         0         0      1300         1         0
		# route -n get 10.25.7.7 | grep flags
		      flags: <UP,REJECT,DONE,STATIC>
		# route -q delete -net 10.20.0.0 -netmask 255.255.0.0
		# route -q del 10.21.0.0/16 10.8.0.1
		# route delete 10.25.0.0/16 127.0.0.1
		delete net 10.25.0.0/16: gateway 127.0.0.1
		# route delete 10.21.0.0/16
		route: delete net 10.21.0.0/16: not in table
		[1]
		# route show -inet
		Routing tables

		Internet:
		Destination        Gateway            Flags       Netif Expire
		10.8.0.2           link#4242          UH        bsdtun105
		10.22.0.0/16       link#4242          US        bsdtun105
		10.23.0.0/16       10.8.0.2           UGS       bsdtun105
		10.24.0.1          10.8.0.2           UGHS      bsdtun105
		10.26.0.0/16       -                  UBS            lo
		# route flush -inet
		10.23.0.0            10.8.0.2             done
		10.24.0.1            10.8.0.2             done
		10.26.0.0            -                    done
		# ip route show | sed '/proto kernel/d; s/ *$//'
		10.22.0.0/16 dev bsdtun105 proto static scope link
	END
}

peer_is_routed() {
	[ -n "$(ip -6 route show 2001:db8::2)" ]
}

route_for_ipv6() {
	ip link add bsdtun105 type bsdtun || return 1
	exec 3<>/dev/bsdtun105 || return 1
	echo 1 > /proc/sys/net/ipv6/conf/bsdtun105/addr_gen_mode
	session <<-END || return 1
		# ifconfig bsdtun105 10.8.0.1 10.8.0.2
		# ifconfig bsdtun105 inet6 2001:db8::1 2001:db8::2 prefixlen 128
	END
	# A work item adds the route a moment after the address.
	wait_for peer_is_routed || return 1
	session <<-END
		# route -q add -inet6 2001:db8:1::/48 -iface bsdtun105
		# route -6 add 2001:db8:2:: fe80::2%bsdtun105 -prefixlen 48
		add net 2001:db8:2::: gateway fe80::2%bsdtun105
		# route -q add -inet6 2001:db8:3::1/128 -interface bsdtun105 2001:db8::2
		# route -q add -4 10.20.0.0/16 -inet6 fe80::2%bsdtun105
		# ip -6 route show proto static | sed 's/ metric .*//'
		2001:db8:1::/48 dev bsdtun105
		2001:db8:2::/48 via fe80::2 dev bsdtun105
		2001:db8:3::1 via 2001:db8::2 dev bsdtun105
		# ip route show proto static | sed 's/ *$//'
		10.20.0.0/16 via inet6 fe80::2 dev bsdtun105
		# route get -inet6 2001:db8:2::7 | grep -e gateway -e interface
		    gateway: fe80::2
		  interface: bsdtun105
		# route -q delete -inet6 2001:db8:1::/48 -iface bsdtun105
		# route -q delete 2001:db8:3::1
		# route -q delete 10.20.0.0/16
		# route -q flush -inet6
		# ip -6 route show proto static
	END
}

# With bsd_names=1 units have the names of the BSDs.
with_bsd_names() {
	reloaded=1
	rmmod bsdtun || return 1
	insmod "$BSDTUN_KO" bsd_names=1 || return 1
	ifconfig tap105 create || return 1
	expect test -c /dev/tap105 || return 1
	exec 3<>/dev/tap105 || return 1
	session <<-END || return 1
		# ifconfig bsdtap105 create
		ifconfig: bsdtap105: units are called tapN here, see the module's parameter bsd_names
		[1]
		# ifconfig tap105 inet 10.9.0.1 netmask 255.255.255.0
		# ifconfig tap105 | grep Opened
			Opened by PID $$
	END
	exec 3>&-
	session <<-END || return 1
		# ifconfig tap105 destroy
		# ifconfig tun create
		tun1
	END
	expect test -c /dev/tun1
}

tests="create_and_destroy from_anywhere ifconfig_tun_as_openvpn same_address_sets_up"
tests="$tests ifconfig_tap_as_programs bridge_members route_as_programs route_for_ipv6"
# The names of a built-in driver cannot be changed.
if [ -r "${BSDTUN_KO:-}" ] && [ -e /sys/module/bsdtun/refcnt ]; then
	tests="$tests with_bsd_names"
fi
# shellcheck disable=SC2086 # more than one
run_tests clean $tests
