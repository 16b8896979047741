# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Two taps connected by a "cable", the program wire: bsdtap110 in the namespace of the test,
# bsdtap111 in the namespace $FAR. For tests that called in_netns.

FAR="$BSDTUN_NETNS-far"
wire_pid=

# netns_exec NAMESPACE COMMAND...: uses ip -n where it can, which is faster.
netns_exec() {
	local namespace="$1"

	shift
	if [ "$1" = ip ]; then
		ip -n "$namespace" "${@:2}"
	else
		ip netns exec "$namespace" "$@"
	fi
}

far() {
	netns_exec "$FAR" "$@"
}

# Removes $FAR. Its tap goes first, with the node: the end of a namespace only retires that.
far_remove() {
	[ -e "/run/netns/$FAR" ] || return 0
	far ip link del bsdtap111 2>/dev/null
	ip netns del "$FAR"
}

far_link_shows() {
	local output

	output="$(far ip link show dev "$1" 2>&1)"
	case "$output" in
	*"$2"*)
		return 0 ;;
	esac
	return 1
}

plug() {
	"$DIR/wire" "/dev/bsdtap110" "/dev/bsdtap111" &
	wire_pid=$!
	wait_for attr_is bsdtap110 bsdtap/owner "$wire_pid" &&
		wait_for far_link_shows bsdtap111 LOWER_UP
}

unplug() {
	kill -KILL "$wire_pid"
	wait "$wire_pid" 2>/dev/null
	wire_pid=
}

# Creates both taps and the cable.
cable() {
	ip netns add "$FAR" || return 1
	far ip link set lo up || return 1
	ip link add bsdtap110 type bsdtap || return 1
	ip link add bsdtap111 type bsdtap || return 1
	ip link set bsdtap111 netns "$FAR" || return 1
	far ip link set bsdtap111 up || return 1
	ip link set bsdtap110 up || return 1
	# plug waits for the carrier, which only an interface that is up shows.
	plug
}
