#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Units created by ip link, and what ip and ethtool show.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require ip ping ethtool tc

# Names and addresses do not collide with those of the machine.
in_netns "$@"

units() {
	interfaces bsdtun
}

clean() {
	local unit

	exec 3>&-
	for unit in $(units); do
		ip link del "$unit"
	done
	ip link del cable 2>/dev/null
}

# unit_of INTERFACE: the number of the unit.
unit_of() {
	local node

	node="$(node_of "$1")" || return 1
	echo "${node#/dev/bsdtun}"
}

# totals INTERFACE DIRECTION: packets, bytes and dropped packets, for rx or tx.
totals() {
	local output

	output="$(ip -j -s link show dev "$1")"
	output="${output#*"\"$2\":{"}"
	[[ "$output" =~ ^\"bytes\":([0-9]+),\"packets\":([0-9]+),[^}]*\"dropped\":([0-9]+) ]] &&
		echo "${BASH_REMATCH[2]} ${BASH_REMATCH[1]} ${BASH_REMATCH[3]}"
}

add_and_del() {
	local i

	for i in {1..6}; do
		ip link add bsdtun105 type bsdtun || return 1
		expect test -c /dev/bsdtun105 || return 1
		expect test "$(stat -c %a:%u:%g /dev/bsdtun105)" = 600:0:0 || return 1
		exec 3<>/dev/bsdtun105 || return 1
		exec 3>&-
		ip link del bsdtun105 || return 1
		expect not test -e /dev/bsdtun105 || return 1
		expect not test -e /sys/class/net/bsdtun105 || return 1
	done
}

del_while_open() {
	local i

	for i in {1..6}; do
		ip link add bsdtun105 type bsdtun || return 1
		exec 3<>/dev/bsdtun105 || return 1
		ip link set bsdtun105 up || return 1
		ip link del bsdtun105 || return 1
		expect not test -e /dev/bsdtun105 || return 1
		exec 3>&-
	done
}

add_shows_the_kind() {
	ip link add bsdtun105 type bsdtun || return 1
	link_shows bsdtun105 "<POINTOPOINT,MULTICAST,NOARP>" " mtu 1500 " " state DOWN " " qlen 500" \
		"link/none" "minmtu 72 maxmtu 65535" "    bsdtun "
}

add_without_a_name() {
	local before first second

	before="$(units)"
	expect test -z "$before" || return 1
	ip link add type bsdtun || return 1
	first="$(units)"
	expect test -n "$first" || return 1
	expect test "bsdtun$(unit_of "$first")" = "$first" || return 1
	expect test -c "/dev/$first" || return 1
	ip link add type bsdtun || return 1
	second="$(units)"
	second="${second#"$first "}"
	expect test "${second#bsdtun}" -gt "${first#bsdtun}" || return 1
	# The lowest free number is that of the deleted unit.
	ip link del "$first" || return 1
	ip link add type bsdtun || return 1
	expect test -c "/dev/$first" || return 1
	ip link show dev "$first" >/dev/null
}

add_with_another_name() {
	local unit

	ip link add vpn0 type bsdtun || return 1
	unit="$(unit_of vpn0)"
	expect test -n "$unit" || return 1
	expect test -c "/dev/bsdtun$unit" || return 1
	ip link del vpn0 || return 1
	expect not test -e "/dev/bsdtun$unit"
}

add_twice_is_refused() {
	ip link add bsdtun105 type bsdtun || return 1
	fails_with "exists" ip link add bsdtun105 type bsdtun || return 1
	ip link set bsdtun105 name elsewhere || return 1
	fails_with "exists" ip link add bsdtun105 type bsdtun || return 1
	expect test -c /dev/bsdtun105 || return 1
	expect test "$(units)" = elsewhere || return 1
	# Refused by the core after the driver has reserved a number.
	fails_with "exists" ip link add elsewhere type bsdtun || return 1
	expect test "$(units)" = elsewhere || return 1
	ip link del elsewhere || return 1
	ip link add bsdtun105 type bsdtun
}

# A refused request releases its number.
refused_names_leak_no_number() {
	local first i

	ip link add probe type bsdtun || return 1
	first="$(unit_of probe)"
	for i in {1..6}; do
		fails_with "" ip link add probe type bsdtun || return 1
		fails_with "" ip link add small mtu 71 type bsdtun || return 1
	done
	ip link add next type bsdtun || return 1
	expect test "$(unit_of next)" = $((first + 1))
}

numbers_end_at_32767() {
	ip link add bsdtun32767 type bsdtun || return 1
	expect test -c /dev/bsdtun32767 || return 1
	fails_with "Error: " ip link add bsdtun32768 type bsdtun || return 1
	fails_with "Error: " ip link add bsdtun4294967301 type bsdtun || return 1
	expect not test -e /dev/bsdtun32768 || return 1
	expect test "$(units)" = bsdtun32767
}

batch_of_many_units() {
	local i

	for i in {200..249}; do
		echo "link add bsdtun$i type bsdtun"
		echo "link set bsdtun$i up group 7"
	done | ip -batch - || return 1
	for i in {200..249}; do
		expect test -c "/dev/bsdtun$i" || return 1
	done
	ip link del group 7 || return 1
	for i in {200..249}; do
		expect not test -e "/dev/bsdtun$i" || return 1
	done
	expect test -z "$(units)"
}

attributes_at_creation() {
	ip link add bsdtun105 index 4242 mtu 1400 txqueuelen 10 type bsdtun || return 1
	link_shows bsdtun105 "4242: bsdtun105:" " mtu 1400 " " qlen 10"
}

ethernet_address_is_checked() {
	local kind

	for kind in bsdtap bsdvmnet; do
		fails_with "neither a group address" \
			ip link add "${kind}105" address 03:11:22:33:44:55 type "$kind" || return 1
		fails_with "nor zero" \
			ip link add "${kind}105" address 00:00:00:00:00:00 type "$kind" || return 1
		fails_with "has six bytes" \
			ip link add "${kind}105" address 02:11:22:33:44:55:66 type "$kind" || return 1
		expect not test -e "/dev/${kind}105" || return 1
		ip link add "${kind}105" address 02:11:22:33:44:55 type "$kind" || return 1
		expect attr_is "${kind}105" address 02:11:22:33:44:55 || return 1
		ip link del "${kind}105" || return 1
	done
}

# With the plugin of ip(8), see tools/iproute2.
ip_plugin_sets_and_shows_attributes() {
	local -x IP_LIB_DIR="$DIR"

	ip link add cable type bsdtap unit 117 keep on || return 1
	expect test -c /dev/bsdtap117 || return 1
	output_has "bsdtap unit 117 keep on transient off" ip -d link show cable || return 1
	ip link set cable type bsdtap keep off transient on || return 1
	output_has "bsdtap unit 117 keep off transient on" ip -d link show cable || return 1
	output_has '"unit":117,"keep":false,"transient":true' ip -d -j link show cable ||
		return 1
	fails_with "exists" ip link add other type bsdtap unit 117 || return 1
	fails_with "number" ip link add other type bsdtap unit x || return 1
	fails_with "range from 0 to 32767" ip link add other type bsdtap unit 32768 || return 1
	fails_with "Error: " ip link add bsdtap118 type bsdtap unit 119 || return 1
	fails_with "cannot be changed" ip link set cable type bsdtap unit 118 || return 1
	fails_with "on" ip link add other type bsdtap keep yes || return 1
	fails_with "unknown option" ip link add other type bsdtun keep on || return 1
	fails_with "not complete" ip link add other type bsdtap unit || return 1
	output_has "unit NUMBER" ip link add type bsdtap help || return 1
	# Deleted at its last close.
	exec 3<>/dev/bsdtap117 || return 1
	expect test "$(cat /sys/class/net/cable/bsdtap/owner)" = $$ || return 1
	exec 3>&-
	expect not ip link show cable 2>/dev/null || return 1
	ip link add other type bsdvmnet unit 117 || return 1
	output_has "bsdvmnet unit 117 transient off" ip -d link show other || return 1
	ip link del other || return 1
	ip link add other type bsdtun unit 117 transient on || return 1
	output_has "bsdtun unit 117 transient on" ip -d link show other
}

# The words are those of the files in sysfs.
ip_plugin_sets_and_shows_dialect_and_framing() {
	local -x IP_LIB_DIR="$DIR"
	local sysfs=/sys/class/net/vpn/bsdtun

	ip link add vpn type bsdtun dialect openbsd || return 1
	output_has "dialect openbsd framing ifhead" ip -d link show vpn || return 1
	fails_with "openbsd" ip link set vpn type bsdtun framing bare || return 1
	ip link set vpn type bsdtun framing lmode dialect freebsd || return 1
	output_has "dialect freebsd framing lmode" ip -d link show vpn || return 1
	output_has '"dialect":"freebsd","framing":"lmode"' ip -d -j link show vpn || return 1
	expect test "$(cat "$sysfs/dialect") $(cat "$sysfs/framing")" = "freebsd lmode" ||
		return 1
	fails_with "freebsd" ip link set vpn type bsdtun dialect solaris framing bare || return 1
	fails_with "ifhead" ip link add other type bsdtun framing none || return 1
	fails_with "unknown option" ip link add other type bsdtap dialect linux || return 1
	fails_with "not complete" ip link set vpn type bsdtun framing || return 1
	output_has "dialect { linux" ip link add type bsdtun help || return 1
	output_has "dialect freebsd framing lmode" ip -d link show vpn
}

mtu_range() {
	ip link add bsdtun105 type bsdtun || return 1
	fails_with "" ip link set bsdtun105 mtu 71 || return 1
	ip link set bsdtun105 mtu 72 || return 1
	link_shows bsdtun105 " mtu 72 " || return 1
	ip link set bsdtun105 mtu 65535 || return 1
	link_shows bsdtun105 " mtu 65535 " || return 1
	fails_with "" ip link set bsdtun105 mtu 65536 || return 1
	link_shows bsdtun105 " mtu 65535 " || return 1
	fails_with "" ip link add bsdtun106 mtu 71 type bsdtun || return 1
	expect not test -e /dev/bsdtun106
}

rename_keeps_the_node() {
	ip link add bsdtun105 type bsdtun || return 1
	exec 3<>/dev/bsdtun105 || return 1
	ip link set bsdtun105 up || return 1
	ip link set bsdtun105 name other || return 1
	expect test -c /dev/bsdtun105 || return 1
	expect test "$(unit_of other)" = 105 || return 1
	# Another interface may have the name.
	ip link add bsdtun106 type bsdtun || return 1
	ip link set bsdtun106 name bsdtun105 || return 1
	expect test "$(unit_of bsdtun105)" = 106 || return 1
	ip link del bsdtun105 || return 1
	expect test -c /dev/bsdtun105 || return 1
	expect not test -e /dev/bsdtun106 || return 1
	exec 3>&-
	ip link del other || return 1
	expect not test -e /dev/bsdtun105
}

carrier_follows_the_node() {
	ip link add bsdtun105 type bsdtun || return 1
	ip link set bsdtun105 up || return 1
	expect attr_is bsdtun105 carrier 0 || return 1
	link_shows bsdtun105 NO-CARRIER || return 1
	exec 3<>/dev/bsdtun105 || return 1
	expect attr_is bsdtun105 carrier 1 || return 1
	link_shows bsdtun105 LOWER_UP " qdisc noqueue " || return 1
	output_has "Link detected: yes" ethtool bsdtun105 || return 1
	expect wait_for attr_is bsdtun105 operstate up || return 1
	exec 3>&-
	link_shows bsdtun105 " state DOWN " || return 1
	expect attr_is bsdtun105 operstate down || return 1
	output_has "Link detected: no" ethtool bsdtun105
}

ethtool_shows_driver_and_node() {
	ip link add bsdtun105 type bsdtun || return 1
	output_has $'driver: bsdtun\n' ethtool -i bsdtun105 || return 1
	expect test "$(unit_of bsdtun105)" = 105
}

# counted INTERFACE NAME: the counter in ethtool -S.
counted() {
	ethtool -S "$1" | sed -n "s/^ *$2: //p"
}

# sum_is_dropped INTERFACE DIRECTION: the drop counters of ethtool add up to the statistics, for rx
# or tx.
sum_is_dropped() {
	local dropped sum

	dropped="$(totals "$1" "$2")"
	dropped="${dropped##* }"
	sum="$(ethtool -S "$1" | awk -v prefix="$2_drop_" '
		index($1, prefix) == 1 { n += $2 }
		END { print n }')"
	expect test "$sum" = "$dropped"
}

transmit_3_packets() {
	local i

	for i in 1 2 3; do
		ping -n -c 1 -W 0.1 192.0.2.2 >/dev/null 2>&1
	done
}


ethtool_counts_drops() {
	ip link add bsdtun105 txqueuelen 2 type bsdtun || return 1
	sysctl -qw net.ipv6.conf.bsdtun105.disable_ipv6=1 || return 1
	exec 3<>/dev/bsdtun105 || return 1
	expect test "$(ethtool -S bsdtun105 | sed -n 's/^ *\([a-z_]*\): 0$/\1/p' | xargs)" = \
		"queue_len queue_stops tx_drop_protocol tx_drop_no_memory tx_drop_not_ready\
 tx_drop_queue_full tx_drop_unread tx_drop_fault tx_drop_segmentation tx_drop_checksum\
 rx_drop_not_ready rx_drop_too_short rx_drop_protocol rx_drop_no_memory rx_drop_fault\
 rx_drop_other_host rx_drop_bad_header" || return 1
	printf 'while down' >&3 || return 1
	expect test "$(counted bsdtun105 rx_drop_not_ready)" = 1 || return 1
	sum_is_dropped bsdtun105 rx || return 1
	ip address add 192.0.2.1 peer 192.0.2.2 dev bsdtun105 || return 1
	ip link set bsdtun105 up || return 1
	transmit_3_packets
	expect test "$(counted bsdtun105 queue_len)" = 2 || return 1
	expect test "$(counted bsdtun105 queue_limit)" = 2 || return 1
	expect test "$(counted bsdtun105 tx_drop_queue_full)" = 1 || return 1
	sum_is_dropped bsdtun105 tx || return 1
	ip link set bsdtun105 down || return 1
	expect test "$(counted bsdtun105 queue_len)" = 0 || return 1
	expect test "$(counted bsdtun105 tx_drop_unread)" = 2 || return 1
	sum_is_dropped bsdtun105 tx || return 1
	# With a qdisc nothing is dropped: the queue is stopped once.
	ip link set bsdtun105 up || return 1
	tc qdisc replace dev bsdtun105 root pfifo || return 1
	transmit_3_packets
	expect test "$(counted bsdtun105 queue_len)" = 2 || return 1
	expect test "$(counted bsdtun105 queue_stops)" = 1 || return 1
	expect test "$(counted bsdtun105 tx_drop_queue_full)" = 1 || return 1
	ip link set bsdtun105 txqueuelen 7 || return 1
	expect test "$(counted bsdtun105 queue_limit)" = 7
}

ethtool_counts_what_statistics_do_not() {
	local dropped

	ip link add bsdtap105 type bsdtap || return 1
	ip link set bsdtap105 name cable || return 1
	exec 3<>/dev/bsdtap105 || return 1
	ip link set cable up || return 1
	printf '\002\0\0\0\0\002\002\0\0\0\0\001\206\335not ours' >&3 || return 1
	printf 'a runt' >&3 || return 1
	expect test "$(counted cable rx_drop_other_host)" = 1 || return 1
	expect test "$(counted cable rx_drop_too_short)" = 1 || return 1
	dropped="$(totals cable rx)"
	expect test "${dropped##* }" = 0 || return 1
	exec 3>&-
	ip link del cable || return 1
	# IPv6, which a tun in its default mode does not carry.
	ip link add bsdtun105 type bsdtun || return 1
	exec 3<>/dev/bsdtun105 || return 1
	ip link set bsdtun105 up || return 1
	ping -6 -n -c 1 -W 0.1 -I bsdtun105 ff02::1 >/dev/null 2>&1
	expect test "$(counted bsdtun105 tx_drop_protocol)" -gt 0 || return 1
	expect test "$(counted bsdtun105 queue_len)" = 0
}

statistics() {
	ip link add bsdtun105 type bsdtun || return 1
	exec 3<>/dev/bsdtun105 || return 1
	printf 'while down' >&3 || return 1
	expect test "$(totals bsdtun105 rx)" = "0 0 1" || return 1
	ip link set bsdtun105 up || return 1
	printf 'any nineteen bytes.' >&3 || return 1
	expect test "$(totals bsdtun105 rx)" = "1 19 1" || return 1
	expect attr_is bsdtun105 statistics/rx_bytes 19
}

run_tests clean \
	add_and_del \
	del_while_open \
	add_shows_the_kind \
	add_without_a_name \
	add_with_another_name \
	add_twice_is_refused \
	refused_names_leak_no_number \
	numbers_end_at_32767 \
	batch_of_many_units \
	attributes_at_creation \
	ethernet_address_is_checked \
	ip_plugin_sets_and_shows_attributes \
	ip_plugin_sets_and_shows_dialect_and_framing \
	mtu_range \
	rename_keeps_the_node \
	carrier_follows_the_node \
	ethtool_shows_driver_and_node \
	ethtool_counts_drops \
	ethtool_counts_what_statistics_do_not \
	statistics
