#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# OpenVPN, built from its code for each of four BSDs. It calls ifconfig by the path that was
# configured.

# shellcheck source-path=SCRIPTDIR source=topology.sh
. "$(dirname "$(readlink -f "$0")")/topology.sh"

need_program openvpn/openvpn-freebsd
topology_create

# Whose code runs.
SYSTEM=freebsd

DONE="Initialization Sequence Completed"

# end SIDE NAMESPACE LOCAL REMOTE INNER OTHER OPTION...: one end of a tunnel
end() {
	local log="$1.log" namespace="$2" local="$3" remote="$4" inner="$5" other="$6"

	shift 6
	start "$namespace" "$log" "$PROGRAMS/openvpn/openvpn-$SYSTEM" --local "$local" --remote "$remote" \
		--ifconfig "10.8.0.$inner" "10.8.0.$other" \
		--ifconfig-ipv6 "fd00:8::$inner/64" "fd00:8::$other" \
		--secret "$PROGRAMS/openvpn/key" --cipher AES-256-CBC --script-security 2 "$@"
	comes "$log" "/dev/"
}

left() {
	end left "$LEFT" $LEFT_ADDRESS $RIGHT_ADDRESS 1 2 "$@"
}

right() {
	end right "$RIGHT" $RIGHT_ADDRESS $LEFT_ADDRESS 2 1 "$@"
}

# set_up_by_ifconfig WORDS: the last words of its command line.
set_up_by_ifconfig() {
	units bsdtun bsdtun11 bsdtun12 || return 1
	[ "$SYSTEM" != openbsd ] || openbsd_units bsdtun11 bsdtun12 || return 1
	left --dev bsdtun11 --dev-type tun || return 1
	right --dev bsdtun12 --dev-type tun || return 1
	comes left.log "$DONE" || return 1
	comes right.log "$DONE" || return 1
	expect said left.log "/lab/bsd-commands/ifconfig bsdtun11 10.8.0.1 10.8.0.2 mtu 1500 netmask 255.255.255.255 $1" || return 1
	crosses 10.8.0.2 fd00:8::2 || return 1
	went_through bsdtun11 bsdtun12
}

named_units_set_up_by_ifconfig() {
	set_up_by_ifconfig up
}

code_for_netbsd() {
	SYSTEM=netbsd set_up_by_ifconfig up
}

code_for_dragonfly() {
	SYSTEM=dragonfly set_up_by_ifconfig up
}

# Without TUNSIFHEAD, which OpenBSD does not have.
code_for_openbsd() {
	SYSTEM=openbsd set_up_by_ifconfig "up -link0"
}

# On SIGUSR1 it closes the unit and opens it again at once.
named_units_reopened() {
	units bsdtun bsdtun11 bsdtun12 || return 1
	cat >"$TMP/up" <<-'SCRIPT'
		#!/bin/sh -e
		ip link set $1 up
		ip addr replace $4 peer $5 dev $1
		ip addr replace $ifconfig_ipv6_local/64 dev $1
	SCRIPT
	chmod +x "$TMP/up"
	left --dev bsdtun11 --dev-type tun --ifconfig-noexec --up "$TMP/up" || return 1
	right --dev bsdtun12 --dev-type tun --ifconfig-noexec --up "$TMP/up" || return 1
	comes left.log "$DONE" || return 1
	comes right.log "$DONE" || return 1
	output_has "Opened by PID $STARTED" ip netns exec "$RIGHT" ifconfig bsdtun12 || return 1
	crosses 10.8.0.2 fd00:8::2 || return 1
	kill -USR1 "$STARTED" || return 1
	comes right.log "$DONE" 2 || return 1
	expect said right.log "TUN/TAP device /dev/bsdtun12 opened" 2 || return 1
	crosses 10.8.0.2 fd00:8::2 || return 1
	went_through bsdtun11 bsdtun12
}

# Without a number it tries /dev/tun0 to /dev/tun255; when it ends it destroys the interface.
units_found_by_their_names() {
	reload bsd_names=1 tun_units=0 tap_units=0 || return 1
	units bsdtun tun0 tun1 || return 1
	left --dev tun || return 1
	comes left.log "TUN/TAP device /dev/tun0 opened" || return 1
	right --dev tun || return 1
	comes left.log "$DONE" || return 1
	comes right.log "$DONE" || return 1
	expect said right.log "TUN/TAP device /dev/tun1 opened" || return 1
	crosses 10.8.0.2 fd00:8::2 || return 1
	went_through tun0 tun1 || return 1
	kill "${daemons[@]}"
	wait "${daemons[@]}"
	daemons=()
	expect said left.log "/lab/bsd-commands/ifconfig tun0 destroy" || return 1
	expect not test -e /dev/tun0 || return 1
	expect not test -e /dev/tun1
}

tests="named_units_set_up_by_ifconfig code_for_netbsd code_for_dragonfly code_for_openbsd
	named_units_reopened units_found_by_their_names"
# shellcheck disable=SC2086 # more than one
run_tests clean $tests
