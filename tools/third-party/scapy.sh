#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scapy's TunTapInterface, with its code for the BSDs: it only knows /dev/tunN and /dev/tapN and
# changes no setting, so a tun has no header. One process, because it starts slowly, has all units
# open.

# shellcheck source-path=SCRIPTDIR source=topology.sh
. "$(dirname "$(readlink -f "$0")")/topology.sh"

need_program scapy/scapy
topology_create

# Slow: each packet is parsed and rebuilt in Python.
BYTES=20000

all_open() {
	reload bsd_names=1 || return 1
	ip -n "$LEFT" link add tun9 type bsdtun || return 1
	ip -n "$LEFT" link add tap9 type bsdtap || return 1
	units bsdtun tun11 tun12 || return 1
	units bsdtap tap11 tap12 || return 1
	start "$LEFT" tunnel.log env PYTHONPATH="$PROGRAMS/scapy" \
		python3 "$DIR/tunnel.py" tun9 tap9 tun11:tun12 tap11:tap12
	comes tunnel.log "opened tun9 tap9 tun11 tun12 tap11 tap12" || return 1
	output_has "Opened by PID $STARTED" ip netns exec "$RIGHT" ifconfig tap12
}

# Also for a single case.
opened() {
	[ ${#daemons[@]} -gt 0 ] || all_open
}

# left COMMAND...: in the namespace LEFT.
left() {
	ip netns exec "$LEFT" "$@"
}

right() {
	ip netns exec "$RIGHT" "$@"
}

answers() {
	local address

	for address; do
		# One by one: of several pings, the last has less time to be answered.
		for _ in 1 2 3; do
			output_has " 1 received, 0% packet loss" left ping -q -c 1 -W 10 "$address" || return 1
		done
	done
}

tun_answers() {
	opened || return 1
	left ifconfig tun9 10.12.0.1 10.12.0.2 || return 1
	answers 10.12.0.2
}

tap_answers() {
	opened || return 1
	left ifconfig tap9 10.13.0.1/24 || return 1
	left ifconfig tap9 inet6 fd00:13::1 || return 1
	answers 10.13.0.2 fd00:13::2
}

between_two_tuns() {
	opened || return 1
	left ifconfig tun11 10.14.0.1 10.14.0.2 || return 1
	right ifconfig tun12 10.14.0.2 10.14.0.1 || return 1
	crosses 10.14.0.2 || return 1
	went_through tun11 tun12
}

between_two_taps() {
	opened || return 1
	left ifconfig tap11 10.15.0.1/24 || return 1
	left ifconfig tap11 inet6 fd00:15::1 || return 1
	right ifconfig tap12 10.15.0.2/24 || return 1
	right ifconfig tap12 inet6 fd00:15::2 || return 1
	crosses 10.15.0.2 fd00:15::2 || return 1
	went_through tap11 tap12
}

# The units stay open until the end.
run_tests true all_open tun_answers tap_answers between_two_tuns between_two_taps
