#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# n2n, built from its code for FreeBSD: an Ethernet between units that it finds by their names. It
# sets them up with ifconfig, and reads the Ethernet address from what ifconfig prints.

# shellcheck source-path=SCRIPTDIR source=topology.sh
. "$(dirname "$(readlink -f "$0")")/topology.sh"

need_program n2n/edge
topology_create

# edge SIDE NAMESPACE UNIT INNER OPTION...: one end of a tunnel.
edge() {
	start "$2" "$1.log" "$PROGRAMS/n2n/edge" -c tunnel -k secret -l $RIGHT_ADDRESS:7654 \
		-a "10.12.0.$4" -s 255.255.255.0 "${@:5}"
	comes "$1.log" Ready || return 1
	expect said "$1.log" "open /dev/$3" || return 1
	ip netns exec "$2" ifconfig "$3" inet6 "fd00:12::$4"
}

# It tries /dev/tap0 to /dev/tap254.
units_found_by_their_names() {
	reload bsd_names=1 tun_units=0 tap_units=0 || return 1
	units bsdtap tap0 tap1 || return 1
	start "$RIGHT" supernode.log "$PROGRAMS/n2n/supernode" -l 7654
	comes supernode.log "ready" || return 1
	edge left "$LEFT" tap0 1 -m 02:00:00:00:12:01 || return 1
	edge right "$RIGHT" tap1 2 || return 1
	expect said left.log "Interface tap0 mac 02:00:00:00:12:01" || return 1
	output_has "mtu 1400" ip netns exec "$LEFT" ip link show tap0 || return 1
	crosses 10.12.0.2 fd00:12::2 || return 1
	went_through tap0 tap1
}

run_tests clean units_found_by_their_names
