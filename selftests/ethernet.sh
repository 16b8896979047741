#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tap as an Ethernet interface of the stack: as port of a bridge, below VLANs and macvlans, and with
# the commands ip, bridge and ethtool.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require ip bridge ethtool ping

# Names and addresses do not collide with those of the machine.
in_netns "$@"

# shellcheck source-path=SCRIPTDIR source=lib/cable.sh
. "$DIR/lib/cable.sh"

CLIENT="$BSDTUN_NETNS-client"
TMP="$(mktemp -d)" || exit "$KSFT_FAIL"
UP_ON_OPEN=/proc/sys/net/link/tap/up_on_open
background=
# Set while the topology is kept for the next test.
keep_topology=

client() {
	netns_exec "$CLIENT" "$@"
}

# After each test.
clean() {
	[ -n "$keep_topology" ] || delete_all
}

delete_all() {
	local unit

	keep_topology=

	# shellcheck disable=SC2086 # more than one
	[ -z "$wire_pid$background" ] || kill $wire_pid $background 2>/dev/null
	wait 2>/dev/null
	wire_pid=
	background=
	exec 3>&-
	set_sysctl "$UP_ON_OPEN" 0
	for unit in $(interfaces bridge bsdtap bsdvmnet); do
		ip link del "$unit"
	done
	[ ! -e /sys/class/net/veth0 ] || ip link del veth0
	far_remove
	[ ! -e "/run/netns/$CLIENT" ] || ip netns del "$CLIENT"
}

leave() {
	delete_all
	rm -rf "$TMP"
}
trap leave EXIT

shows_not() {
	local link

	link="$(ip -d -s link show dev "$1")"
	case "$link" in
	*"$2"*)
		ktap_print_msg "$1: '$2' in: $link"
		return 1 ;;
	esac
}

# pings COMMAND... ADDRESS: each of three pings is answered.
pings() {
	local output

	# With a deadline, which ping has for all three: without one it waits for the last reply no
	# longer than twice the round trip time.
	output="$("$@" -q -n -c 3 -i 0.1 -w 20 2>&1)"
	contains "$*" "$output" " 3 received"
}

# streams COMMAND... HOST: sends 600007 bytes through TCP to the far namespace.
streams() {
	local host="${*: -1}" sink i connected=

	head -c 600007 /dev/urandom > "$TMP/sent"
	far "$DIR/sink" 5000 > "$TMP/received" &
	sink=$!
	background="$background $sink"
	# The connection is refused until sink listens.
	for ((i = 1; i <= 100; i++)); do
		# shellcheck disable=SC2016 # expanded by the other bash
		"${@:1:$#-1}" bash -c 'exec 4>"/dev/tcp/$0/5000" && exec cat "$1" >&4' \
			"$host" "$TMP/sent" 2>/dev/null && connected=1 && break
		short_sleep
	done
	if [ -z "$connected" ]; then
		ktap_print_msg "$*: no connection in $i attempts"
		return 1
	fi
	wait "$sink"
	expect cmp "$TMP/sent" "$TMP/received"
}

# A bridge with a tap and a client as ports. It is kept for the next test.
bridged() {
	[ -z "$keep_topology" ] || return 0
	cable || return 1
	ip netns add "$CLIENT" || return 1
	ip link add br0 type bridge || return 1
	ip link add veth0 type veth peer name veth1 netns "$CLIENT" || return 1
	ip link set veth0 master br0 up || return 1
	ip link set bsdtap110 master br0 || return 1
	ip link set br0 up || return 1
	client ip link set veth1 up || return 1
	client ip addr add 10.50.0.1/24 dev veth1 || return 1
	client ip addr add fd50::1/64 dev veth1 nodad || return 1
	far ip addr add 10.50.0.2/24 dev bsdtap111 || return 1
	far ip addr add fd50::2/64 dev bsdtap111 nodad || return 1
	keep_topology=1
}

both_ways() {
	pings client ping 10.50.0.2 || return 1
	pings client ping fd50::2 || return 1
	pings far ping 10.50.0.1 || return 1
	pings far ping fd50::1
}

bridge_carries_ipv4_and_ipv6() {
	local mac

	bridged || return 1
	# A bridge port is promiscuous.
	link_shows bsdtap110 " bridge_slave " " promiscuity 1 " || return 1
	both_ways || return 1
	# Also fragmented.
	pings client ping -s 20000 10.50.0.2 || return 1
	pings client ping -s 20000 fd50::2 || return 1
	mac="$(far ip link show dev bsdtap111)"
	mac="${mac#*link/ether }"
	mac="${mac%% *}"
	output_has "$mac " bridge fdb show dev bsdtap110 || return 1
	output_has "lladdr $mac " client ip neigh show 10.50.0.2
}

# Packets from veth have no checksum yet and are not segmented.
bridge_carries_tcp() {
	bridged || return 1
	streams client 10.50.0.2 || return 1
	streams client fd50::2
}

bridge_carries_jumbo_frames() {
	bridged || return 1
	ip link set bsdtap110 mtu 9000 || return 1
	ip link set veth0 mtu 9000 || return 1
	client ip link set veth1 mtu 9000 || return 1
	far ip link set bsdtap111 mtu 9000 || return 1
	pings client ping -M 'do' -s 8972 10.50.0.2 || return 1
	pings far ping -M 'do' -s 8952 fd50::1
}

# As when a virtual machine is restarted: the bridge keeps the port.
bridge_port_survives_the_last_close() {
	local addresses

	bridged || return 1
	# The last test with this topology.
	keep_topology=
	pings client ping 10.50.0.2 || return 1
	unplug
	link_shows bsdtap110 " master br0 " " state disabled " || return 1
	shows_not bsdtap110 ",UP" || return 1
	expect not client ping -q -c 1 -W 1 10.50.0.2 >/dev/null || return 1
	# The last close has deleted the addresses at the far end.
	addresses="$(far ip addr show dev bsdtap111)"
	expect test "${addresses/inet/}" = "$addresses" || return 1
	set_sysctl "$UP_ON_OPEN" 1 || return 1
	plug || return 1
	far ip addr add 10.50.0.2/24 dev bsdtap111 || return 1
	far ip addr add fd50::2/64 dev bsdtap111 nodad || return 1
	both_ways
}

macvlan_on_tap() {
	cable || return 1
	ip link add link bsdtap110 name above type macvlan mode bridge || return 1
	ip link set above up || return 1
	ip addr add 10.51.0.1/24 dev above || return 1
	ip addr add fd51::1/64 dev above nodad || return 1
	far ip addr add 10.51.0.2/24 dev bsdtap111 || return 1
	far ip addr add fd51::2/64 dev bsdtap111 nodad || return 1
	expect not cmp -s /sys/class/net/above/address /sys/class/net/bsdtap110/address || return 1
	pings ping 10.51.0.2 || return 1
	pings ping fd51::2 || return 1
	pings far ping 10.51.0.1 || return 1
	pings far ping fd51::1 || return 1
	streams env fd51::2 || return 1
	# A unicast filter makes promiscuous mode unnecessary.
	link_shows bsdtap110 " promiscuity 0 "
}

vlan_on_tap() {
	cable || return 1
	ip link add link bsdtap110 name above type vlan id 7 || return 1
	far ip link add link bsdtap111 name above type vlan id 7 || return 1
	ip link set above up || return 1
	far ip link set above up || return 1
	ip addr add 10.52.0.1/24 dev above || return 1
	ip addr add fd52::1/64 dev above nodad || return 1
	far ip addr add 10.52.0.2/24 dev above || return 1
	far ip addr add fd52::2/64 dev above nodad || return 1
	pings ping 10.52.0.2 || return 1
	pings ping fd52::2 || return 1
	pings far ping 10.52.0.1 || return 1
	pings far ping -M 'do' -s 1452 fd52::1 || return 1
	streams env 10.52.0.2 || return 1
	# A VLAN with another ID is separate.
	far ip link del above || return 1
	far ip link add link bsdtap111 name above type vlan id 8 || return 1
	far ip link set above up || return 1
	far ip addr add 10.52.0.2/24 dev above || return 1
	expect not ping -q -c 2 -i 0.2 -W 1 10.52.0.2 >/dev/null
}

monitor_says() {
	local output

	output="$(< "$TMP/monitor")"
	case "$output" in
	*"$1"*)
		return 0 ;;
	esac
	return 1
}

address_change_is_notified() {
	local mtu

	ip link add bsdtap110 type bsdtap || return 1
	expect attr_is bsdtap110 addr_assign_type 1 || return 1
	ip monitor link > "$TMP/monitor" &
	background=$!
	# ip monitor does not report that it is ready: change the MTU until it prints something.
	for ((mtu = 1000; mtu < 1100; mtu++)); do
		ip link set bsdtap110 mtu "$mtu" || return 1
		short_sleep
		[ -s "$TMP/monitor" ] && break
	done
	expect test "$mtu" -lt 1100 || return 1
	ip link set bsdtap110 address 02:11:22:33:44:55 || return 1
	expect attr_is bsdtap110 address 02:11:22:33:44:55 || return 1
	expect attr_is bsdtap110 addr_assign_type 3 || return 1
	expect wait_for monitor_says 'link/ether 02:11:22:33:44:55 ' || return 1
	ip link set bsdtap110 up || return 1
	ip link set bsdtap110 address 02:11:22:33:44:66 || return 1
	expect attr_is bsdtap110 address 02:11:22:33:44:66 || return 1
	expect wait_for monitor_says 'link/ether 02:11:22:33:44:66 ' || return 1
	fails_with "" ip link set bsdtap110 address 03:11:22:33:44:55 || return 1
	expect attr_is bsdtap110 address 02:11:22:33:44:66
}

address_at_creation() {
	ip link add bsdtap110 address 02:aa:bb:cc:dd:ee type bsdtap || return 1
	expect attr_is bsdtap110 address 02:aa:bb:cc:dd:ee || return 1
	expect attr_is bsdtap110 addr_assign_type 3 || return 1
	fails_with "" ip link add bsdtap111 address 03:aa:bb:cc:dd:ee type bsdtap || return 1
	expect not test -e /dev/bsdtap111
}

# Traffic continues with the new address, in both directions.
address_change_during_traffic() {
	cable || return 1
	ip addr add 10.53.0.1/24 dev bsdtap110 || return 1
	far ip addr add 10.53.0.2/24 dev bsdtap111 || return 1
	pings ping 10.53.0.2 || return 1
	ip link set bsdtap110 address 02:11:22:33:44:55 || return 1
	far ip neigh flush dev bsdtap111 || return 1
	pings ping 10.53.0.2 || return 1
	pings far ping 10.53.0.1 || return 1
	output_has "lladdr 02:11:22:33:44:55 " far ip neigh show 10.53.0.1
}

multicast_addresses() {
	local groups

	ip link add bsdtap110 type bsdtap || return 1
	ip link set bsdtap110 up || return 1
	ip maddr add 01:00:5e:01:02:03 dev bsdtap110 || return 1
	groups="$(ip maddr show dev bsdtap110)"
	# 224.0.0.1, all systems, is joined by every interface that is up.
	contains groups "$groups" 'link  01:00:5e:01:02:03' 'inet  224.0.0.1' \
		'link  01:00:5e:00:00:01' || return 1
	ip maddr del 01:00:5e:01:02:03 dev bsdtap110 || return 1
	groups="$(ip maddr show dev bsdtap110)"
	contains groups "$groups" 'link  01:00:5e:00:00:01' || return 1
	expect test "${groups/01:00:5e:01:02:03/}" = "$groups" || return 1
	link_shows bsdtap110 " allmulti 0 " || return 1
	ip link set bsdtap110 allmulticast on || return 1
	link_shows bsdtap110 ",ALLMULTI," || return 1
	ip link set bsdtap110 allmulticast off || return 1
	shows_not bsdtap110 ",ALLMULTI,"
}

promiscuous() {
	ip link add bsdtap110 type bsdtap || return 1
	ip link set bsdtap110 up promisc on || return 1
	link_shows bsdtap110 ",PROMISC," " promiscuity 1 " || return 1
	ip link set bsdtap110 promisc off || return 1
	shows_not bsdtap110 ",PROMISC," || return 1
	link_shows bsdtap110 " promiscuity 0 "
}

ip_shows_the_kind() {
	local kind mac

	for kind in bsdtap bsdvmnet; do
		ip link add "${kind}110" type "$kind" || return 1
		read -r mac < "/sys/class/net/${kind}110/address" || return 1
		link_shows "${kind}110" "<BROADCAST,MULTICAST>" " mtu 1500 " " state DOWN " " qlen 500" \
			"link/ether $mac brd ff:ff:ff:ff:ff:ff" "minmtu 72 maxmtu 65535" \
			"    $kind " || return 1
		expect test -c "/dev/${kind}110" || return 1
		exec 3<>"/dev/${kind}110" || return 1
		ip link set "${kind}110" up || return 1
		link_shows "${kind}110" ",UP,LOWER_UP>" " qdisc noqueue " || return 1
		exec 3>&-
		ip link del "${kind}110" || return 1
		expect not test -e "/dev/${kind}110" || return 1
	done
}

ethtool_shows_driver_and_node() {
	local kind output

	for kind in bsdtap bsdvmnet; do
		ip link add other type "$kind" || return 1
		output="$(ethtool -i other)"
		contains ethtool "$output" $'driver: bsdtun\n' $'\n'"bus-info: $kind" || return 1
		expect test -c "$(node_of other)" || return 1
		ip link del other || return 1
	done
}

ethtool_shows_the_carrier() {
	ip link add bsdtap110 type bsdtap || return 1
	ip link set bsdtap110 up || return 1
	output_has "Link detected: no" ethtool bsdtap110 || return 1
	exec 3<>/dev/bsdtap110 || return 1
	output_has "Link detected: yes" ethtool bsdtap110 || return 1
	expect wait_for attr_is bsdtap110 operstate up || return 1
	exec 3>&-
	output_has "Link detected: no" ethtool bsdtap110
}

run_tests clean \
	bridge_carries_ipv4_and_ipv6 \
	bridge_carries_tcp \
	bridge_carries_jumbo_frames \
	bridge_port_survives_the_last_close \
	macvlan_on_tap \
	vlan_on_tap \
	address_change_is_notified \
	address_at_creation \
	address_change_during_traffic \
	multicast_addresses \
	promiscuous \
	ip_shows_the_kind \
	ethtool_shows_driver_and_node \
	ethtool_shows_the_carrier
