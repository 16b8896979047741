#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tcpdump and tshark on a unit: its link layer type, and each packet in both directions once.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require ip ping tcpdump

# Addresses do not collide with those of the machine.
in_netns "$@"

# shellcheck source-path=SCRIPTDIR source=lib/cable.sh
. "$DIR/lib/cable.sh"

TMP="$(mktemp -d)" || exit "$KSFT_FAIL"
trap 'rm -rf "$TMP"' EXIT

clean() {
	local job unit

	for job in $(jobs -p); do
		kill "$job"
		wait "$job"
	done 2>/dev/null
	for unit in $(interfaces bsdtun bsdtap); do
		ip link del "$unit"
	done
	far_remove
	rm -f "$TMP"/*
}

# A tun whose program, 192.0.2.2, answers pings from 192.0.2.1. Sets UNIT.
answered_tun() {
	"$DIR/echo_c" 192.0.2.1 192.0.2.2 >"$TMP/output" &
	wait_for grep -q "192.0.2.2 answers" "$TMP/output" || return 1
	UNIT="$(cut -d: -f1 "$TMP/output")"
}

# Two taps connected by a cable: 192.0.2.1 and 192.0.2.2. Sets UNIT.
wired_tap() {
	UNIT=bsdtap110
	cable || return 1
	ip link set bsdtap110 address 02:00:00:00:00:01 || return 1
	far ip link set bsdtap111 address 02:00:00:00:00:02 || return 1
	ip address add 192.0.2.1/24 dev bsdtap110 || return 1
	far ip address add 192.0.2.2/24 dev bsdtap111 || return 1
	# From now on the neighbor is known.
	wait_for ping -n -q -c 1 -W 1 192.0.2.2 >/dev/null
}

# Captures the two packets of a ping in $TMP/packets.
capture_ping() {
	local pid

	# $TMP belongs to root.
	tcpdump -Z root -U -n -c 2 -i "$UNIT" -w "$TMP/packets" icmp 2>"$TMP/tcpdump" &
	pid=$!
	wait_for grep -q 'listening on' "$TMP/tcpdump" || return 1
	output_has " 1 received, 0% packet loss" ping -n -c 1 -p b5 -s 40 -W 10 192.0.2.2 ||
		return 1
	wait_for not kill -0 "$pid" 2>/dev/null || return 1
	output_has "0 packets dropped by kernel" cat "$TMP/tcpdump"
}

# shown COMMAND...: the output of the command for $TMP/packets is equal to standard input.
shown() {
	local want

	want="$(cat)"
	expect test "$("$@" -r "$TMP/packets" 2>/dev/null)" = "$want" && return
	"$@" -r "$TMP/packets" 2>&1 | sed 's/^/# /'
	return 1
}

tun_is_raw_ip() {
	answered_tun || return 1
	output_has "RAW (Raw IP)" tcpdump -L -i "$UNIT" || return 1
	capture_ping || return 1
	output_has "link-type RAW (Raw IP)" cat "$TMP/tcpdump" || return 1
	# The frames start with the IP header.
	shown tcpdump -n -t -q <<-EOF
		IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id $(ping_id), seq 1, length 48
		IP 192.0.2.2 > 192.0.2.1: ICMP echo reply, id $(ping_id), seq 1, length 48
	EOF
}

# The ICMP identifier of the ping.
ping_id() {
	tcpdump -n -t -c 1 -r "$TMP/packets" 2>/dev/null | sed 's/.*, id \([0-9]*\),.*/\1/'
}

tap_is_ethernet() {
	wired_tap || return 1
	output_has "EN10MB (Ethernet)" tcpdump -L -i "$UNIT" || return 1
	capture_ping || return 1
	output_has "link-type EN10MB (Ethernet)" cat "$TMP/tcpdump" || return 1
	shown tcpdump -n -t -e -q <<-EOF
		02:00:00:00:00:01 > 02:00:00:00:00:02, IPv4, length 82: 192.0.2.1 > 192.0.2.2: ICMP echo request, id $(ping_id), seq 1, length 48
		02:00:00:00:00:02 > 02:00:00:00:00:01, IPv4, length 82: 192.0.2.2 > 192.0.2.1: ICMP echo reply, id $(ping_id), seq 1, length 48
	EOF
}

# dissected: the protocols that tshark finds, and the status of the checksums.
dissected() {
	tshark -o ip.check_checksum:TRUE -T fields -E separator=' ' -e frame.protocols \
		-e frame.len -e ip.src -e ip.checksum.status -e icmp.type -e icmp.checksum.status "$@"
}

tun_in_tshark() {
	command -v tshark >/dev/null || return "$KSFT_SKIP"
	answered_tun || return 1
	capture_ping || return 1
	shown dissected <<-EOF
		raw:ip:icmp:data 68 192.0.2.1 1 8 1
		raw:ip:icmp:data 68 192.0.2.2 1 0 1
	EOF
}

tap_in_tshark() {
	command -v tshark >/dev/null || return "$KSFT_SKIP"
	wired_tap || return 1
	capture_ping || return 1
	shown dissected <<-EOF
		eth:ethertype:ip:icmp:data 82 192.0.2.1 1 8 1
		eth:ethertype:ip:icmp:data 82 192.0.2.2 1 0 1
	EOF
}

run_tests clean \
	tun_is_raw_ip \
	tap_is_ethernet \
	tun_in_tshark \
	tap_in_tshark
