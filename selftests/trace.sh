#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The driver's tracepoints, through tracefs.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

# Of a packet that is not to be segmented.
PLAIN="gso_size=0 gso_segs=0"

require ip ping dd

if ! grep -qw tracefs /proc/filesystems; then
	ktap_print_header
	ktap_skip_all "the kernel has no tracepoints"
	exit "$KSFT_SKIP"
fi

# Names do not collide with those of the machine, and only the tests send packets.
in_netns "$@"

mount -t tracefs none /sys/kernel/tracing || exit "$KSFT_FAIL"
# A separate trace buffer.
tracing="/sys/kernel/tracing/instances/bsdtun-test-$$"
mkdir "$tracing" || exit "$KSFT_FAIL"
trap 'rmdir "$tracing"' EXIT
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6

clean() {
	exec 3>&-
	echo 0 >"$tracing/events/enable"
	echo >"$tracing/trace"
	ip link del vpn0 2>/dev/null
	ip link del bsdtap105 2>/dev/null
}

watch() {
	local event

	for event; do
		echo 1 >"$tracing/events/$event/enable" || return 1
	done
}

# A tun that is open as descriptor 3; its interface has another name than its node.
start_tun() {
	ip link add bsdtun105 txqueuelen 2 type bsdtun || return 1
	exec 3<>/dev/bsdtun105 || return 1
	ip link set bsdtun105 name vpn0 || return 1
	ip address add 192.0.2.1 peer 192.0.2.2 dev vpn0 || return 1
	ip link set vpn0 up
}

# Transmits a packet of 84 bytes.
send() {
	ping -n -c 1 -W 0.1 192.0.2.2 >/dev/null 2>&1
	return 0
}

# receive SIZE: reads one packet with a buffer of this size, and prints the length.
receive() {
	dd bs="$1" count=1 <&3 2>/dev/null | wc -c
}

# events NAME: the recorded events of this name.
events() {
	sed -n "s/.*: $1: //p" "$tracing/trace"
}

# value NAME NUMBER FIELD: a field of the event of this name and number.
value() {
	events "$1" | sed -n "${2}s/.*\\b$3=\\([^ ]*\\).*/\\1/p"
}

# number NAME COUNT: there are COUNT events of this name.
number() {
	expect test "$(events "$1" | wc -l)" = "$2"
}

# shown NAME NUMBER TEXT: the event, without the address of the skb, is TEXT.
shown() {
	local event

	event="$(events "$1" | sed -n "${2}s/skbaddr=[^ ]* //p")"
	expect test "$event" = "$3"
}

transmitted_packets_are_queued_and_read() {
	start_tun || return 1
	watch bsdtun/bsdtun_queue bsdtun/bsdtun_read net/net_dev_start_xmit || return 1
	send
	send
	expect test "$(receive 2000)" = 84 || return 1
	expect test "$(receive 40)" = 40 || return 1
	number bsdtun_queue 2 || return 1
	shown bsdtun_queue 1 "unit=bsdtun105 dev=vpn0 len=84 protocol=0x0800 $PLAIN queued=1" || return 1
	shown bsdtun_queue 2 "unit=bsdtun105 dev=vpn0 len=84 protocol=0x0800 $PLAIN queued=2" || return 1
	number bsdtun_read 2 || return 1
	shown bsdtun_read 1 "unit=bsdtun105 dev=vpn0 len=84 protocol=0x0800 $PLAIN copied=84" || return 1
	shown bsdtun_read 2 "unit=bsdtun105 dev=vpn0 len=84 protocol=0x0800 $PLAIN copied=40" || return 1
	# The address is the same in the events of the stack.
	expect test "$(value bsdtun_queue 1 skbaddr)" = "$(value bsdtun_read 1 skbaddr)" || return 1
	expect test "$(value bsdtun_queue 2 skbaddr)" = "$(value bsdtun_read 2 skbaddr)" || return 1
	expect test "$(value net_dev_start_xmit 1 skbaddr)" = "$(value bsdtun_queue 1 skbaddr)"
}

# The length of the queue includes packets that a reader has claimed and not read yet.
queued_includes_claimed_packets() {
	start_tun || return 1
	ip link set vpn0 txqueuelen 8 || return 1
	watch bsdtun/bsdtun_queue || return 1
	send
	send
	send
	expect test "$(receive 2000)" = 84 || return 1
	send
	number bsdtun_queue 4 || return 1
	expect test "$(value bsdtun_queue 3 queued)" = 3 || return 1
	expect test "$(value bsdtun_queue 4 queued)" = 3
}

written_packets_are_received() {
	start_tun || return 1
	watch bsdtun/bsdtun_write net/netif_receive_skb || return 1
	printf 'any nineteen bytes.' >&3 || return 1
	number bsdtun_write 1 || return 1
	shown bsdtun_write 1 "unit=bsdtun105 dev=vpn0 len=19 protocol=0x0800 $PLAIN" || return 1
	expect test "$(value netif_receive_skb 1 skbaddr)" = "$(value bsdtun_write 1 skbaddr)"
}

frame_has_the_protocol_of_its_header() {
	ip link add bsdtap105 type bsdtap || return 1
	exec 3<>/dev/bsdtap105 || return 1
	ip link set bsdtap105 up || return 1
	watch bsdtun/bsdtun_write bsdtun/bsdtun_drop || return 1
	printf '\377\377\377\377\377\377\002\0\0\0\0\001\210\265nobody knows' >&3 || return 1
	printf '\002\0\0\0\0\002\002\0\0\0\0\001\206\335not ours' >&3 || return 1
	printf 'a runt' >&3 || return 1
	number bsdtun_write 2 || return 1
	shown bsdtun_write 1 "unit=bsdtap105 dev=bsdtap105 len=26 protocol=0x88b5 $PLAIN" || return 1
	shown bsdtun_write 2 "unit=bsdtap105 dev=bsdtap105 len=22 protocol=0x86dd $PLAIN" || return 1
	number bsdtun_drop 2 || return 1
	shown bsdtun_drop 1 \
		"unit=bsdtap105 dev=bsdtap105 len=22 protocol=0x86dd way=rx reason=OTHERHOST" ||
			return 1
	expect test "$(value bsdtun_drop 1 skbaddr)" = "$(value bsdtun_write 2 skbaddr)" || return 1
	shown bsdtun_drop 2 \
		"unit=bsdtap105 dev=bsdtap105 len=6 protocol=0x0000 way=rx reason=PKT_TOO_SMALL"
}

drops_have_reasons() {
	start_tun || return 1
	watch bsdtun/bsdtun_queue bsdtun/bsdtun_drop skb/kfree_skb || return 1
	send
	send
	send
	number bsdtun_drop 1 || return 1
	shown bsdtun_drop 1 \
		"unit=bsdtun105 dev=vpn0 len=84 protocol=0x0800 way=tx reason=FULL_RING" || return 1
	# Also in the event of kfree_skb.
	expect grep -q "skbaddr=$(value bsdtun_drop 1 skbaddr) .* reason: FULL_RING" \
		<(events kfree_skb) || return 1
	ip link set vpn0 down || return 1
	number bsdtun_drop 3 || return 1
	shown bsdtun_drop 2 \
		"unit=bsdtun105 dev=vpn0 len=84 protocol=0x0800 way=tx reason=QUEUE_PURGE" ||
			return 1
	expect test "$(value bsdtun_drop 2 skbaddr)" = "$(value bsdtun_queue 1 skbaddr)" || return 1
	expect test "$(value bsdtun_drop 3 skbaddr)" = "$(value bsdtun_queue 2 skbaddr)" || return 1
	printf 'while down' >&3 || return 1
	number bsdtun_drop 4 || return 1
	shown bsdtun_drop 4 \
		"unit=bsdtun105 dev=vpn0 len=10 protocol=0x0000 way=rx reason=DEV_READY"
}

disabled_events_are_not_recorded() {
	start_tun || return 1
	watch bsdtun/bsdtun_queue || return 1
	send
	number bsdtun_queue 1 || return 1
	expect test "$(receive 2000)" = 84 || return 1
	echo 0 >"$tracing/events/bsdtun/enable" || return 1
	send
	send
	send
	printf 'any nineteen bytes.' >&3 || return 1
	expect test "$(receive 2000)" = 84 || return 1
	expect test "$(grep -c bsdtun_ "$tracing/trace")" = 1
}

filters_use_the_fields() {
	start_tun || return 1
	echo 'unit == "bsdtun105" && queued == 2 && len > 80' \
		>"$tracing/events/bsdtun/bsdtun_queue/filter" || return 1
	watch bsdtun/bsdtun_queue || return 1
	send
	send
	echo 0 >"$tracing/events/bsdtun/bsdtun_queue/filter"
	number bsdtun_queue 1 || return 1
	expect test "$(value bsdtun_queue 1 queued)" = 2
}

run_tests clean \
	transmitted_packets_are_queued_and_read \
	queued_includes_claimed_packets \
	written_packets_are_received \
	frame_has_the_protocol_of_its_header \
	drops_have_reasons \
	disabled_events_are_not_recorded \
	filters_use_the_fields
