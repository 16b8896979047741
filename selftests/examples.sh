#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The example programs in Documentation/examples.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require cmp ethtool ip ping python3

# Addresses and routes do not collide with those of the machine.
in_netns "$@"

# The other end of the forwarder.
FAR="$BSDTUN_NETNS-far"

# example COMMAND...: the program answers pings of any size, and its unit is deleted when it ends.
example() {
	local output="$OUT/output" name pid size

	# What the previous program printed must not pass for the output of this one.
	: >"$output"
	"$@" 192.0.2.1 192.0.2.2 >"$output" &
	pid=$!
	wait_for grep -q "192.0.2.2 answers" "$output" || return 1
	name="$(cut -d: -f1 "$output")"
	expect test -e "/sys/class/net/$name/bsdtun/framing" || return 1
	# One by one: ping waits for the last of several no longer than twice the round trip time.
	for size in 56 0 1472; do
		output_has " 1 received, 0% packet loss" ping -n -c 1 -s "$size" -W 10 192.0.2.2 ||
			return 1
	done
	kill "$pid"
	wait "$pid" 2>/dev/null
	expect not test -e "/sys/class/net/$name"
}

in_c() {
	example "$DIR/echo_c"
}

in_python() {
	example python3 "$DIR/echo.py"
}

# Not built without the crate libc.
in_rust() {
	[ -x "$DIR/echo_rust" ] || return "$KSFT_SKIP"
	example "$DIR/echo_rust"
}

# batch COMMAND...: the program returns datagrams. Those that arrive while it is stopped are few batches.
batch() {
	local output="$OUT/output" pid

	ip link add bsdtun105 type bsdtun || return 1
	"$@" /dev/bsdtun105 >"$output" &
	pid=$!
	wait_for grep -q "returning datagrams" "$output" || return 1
	# The address sets the interface up.
	ip address add 192.0.2.1 peer 192.0.2.2 dev bsdtun105 || return 1
	kill -STOP "$pid"
	expect python3 -c '
import os, signal, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
# All answers may come before this program runs again. SO_RCVBUFFORCE:
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 21)
s.connect(("192.0.2.2", 7))
sent = [bytes([n]) * (n * 7) for n in range(100)]
for data in sent:
    s.send(data)
os.kill(int(sys.argv[1]), signal.SIGCONT)
assert [s.recv(2000) for _ in sent] == sent' "$pid" || return 1
	kill "$pid"
	wait "$pid" || return 1
	expect grep -q "^100 datagrams in [1-4] batches$" "$output" || return 1
	fails_with "NODE" "$@" || return 1
	fails_with "No such file" "$@" /dev/none || return 1
	ip link delete bsdtun105
}

batch_in_c() {
	batch "$DIR/batch_c"
}

batch_in_rust() {
	[ -x "$DIR/batch_rust" ] || return "$KSFT_SKIP"
	batch "$DIR/batch_rust"
}

# transfer FROM TO ADDRESS: TCP from one network namespace to an address of another one.
transfer() {
	local pid

	head -c 1500000 /dev/urandom >"$OUT/sent"
	ip netns exec "$2" "$DIR/sink" 4242 >"$OUT/received" &
	pid=$!
	# The connection is refused until sink listens.
	# shellcheck disable=SC2016 # for the other shell
	wait_for ip netns exec "$1" "$BASH" -c \
		'exec 4>"/dev/tcp/$0/4242" && exec cat "$1" >&4' "$3" "$OUT/sent" 2>/dev/null ||
		return 1
	wait "$pid"
	expect cmp "$OUT/sent" "$OUT/received"
}

# superpackets NODE HEADER: the program has read packets of more than the MTU, with this header.
superpackets() {
	local line

	line="$(grep "^$1: .* bytes, " "$OUT/output" | tail -n 1)"
	contains "$1" "$line" ", $2" || return 1
	line="${line#"$1: "}"
	ktap_print_msg "longest packet from $1: ${line%%,*}"
	expect test "${line%% *}" -gt 1514
}

# forwards COMMAND...: the program carries TCP between two tuns, whose MTU is 1500, in superpackets.
forwards() {
	local pid packets

	ip netns add "$FAR" || return 1
	ip link add bsdtun112 type bsdtun || return 1
	ip link add bsdtun113 type bsdtun || return 1
	"$@" /dev/bsdtun112 /dev/bsdtun113 >"$OUT/output" 2>"$OUT/errors" &
	pid=$!
	wait_for grep -q "^/dev/bsdtun112 and /dev/bsdtun113 are connected" "$OUT/output" || return 1
	ip link set bsdtun113 netns "$FAR" || return 1
	ip address add 192.0.2.1 peer 192.0.2.2 dev bsdtun112 || return 1
	ip address add 2001:db8::1/64 dev bsdtun112 nodad || return 1
	ip -n "$FAR" address add 192.0.2.2 peer 192.0.2.1 dev bsdtun113 || return 1
	ip -n "$FAR" address add 2001:db8::2/64 dev bsdtun113 nodad || return 1

	transfer "$BSDTUN_NETNS" "$FAR" 192.0.2.2 || return 1
	superpackets /dev/bsdtun112 "flags 1, gso_type 1, hdr_len 52, gso_size 1448, csum_start 20" ||
		return 1
	transfer "$FAR" "$BSDTUN_NETNS" 2001:db8::1 || return 1
	superpackets /dev/bsdtun113 "flags 1, gso_type 4, hdr_len 72, gso_size 1428, csum_start 40" ||
		return 1
	# The interfaces count segments.
	packets="$(< /sys/class/net/bsdtun112/statistics/tx_packets)"
	expect test "$packets" -ge $((1500000 / 1448)) || return 1

	# The end of an interface is an error, which the program describes.
	ip link del bsdtun112 || return 1
	wait "$pid"
	expect test $? = 1 || return 1
	output_has "/dev/bsdtun112: " cat "$OUT/errors" || return 1
	output_has "Host is down" cat "$OUT/errors"
}

forward_in_c() {
	forwards "$DIR/forward_c"
}

forward_in_rust() {
	[ -x "$DIR/forward_rust" ] || return "$KSFT_SKIP"
	forwards "$DIR/forward_rust"
}

# counted PACKETS: what the program of the next case has printed about pings of 56 bytes.
counted() {
	[ "$(tail -n 1 "$OUT/output")" = "$NODE: $1 packets, $(($1 * 84)) bytes" ]
}

queue_is_empty() {
	[[ $(ethtool -S "$1") == *"queue_len: 0"* ]]
}

# Not built without liburing. While the program is stopped, more packets come than it has buffers.
multishot_in_c() {
	local name=example pid status

	[ -x "$DIR/multishot_c" ] || return "$KSFT_SKIP"
	fails_with "usage: $DIR/multishot_c NODE" "$DIR/multishot_c" || return 1
	ip link add "$name" type bsdtun || return 1
	# No packets of its own.
	echo 1 >"/proc/sys/net/ipv6/conf/$name/disable_ipv6"
	NODE="$(node_of "$name")"
	"$DIR/multishot_c" "$NODE" >"$OUT/output" &
	pid=$!
	wait_for grep -q "counting" "$OUT/output" || return 1
	ip addr add 192.0.2.1 peer 192.0.2.2 dev "$name"
	wait_for ip route get 192.0.2.2 oif "$name" >/dev/null || return 1
	ping -n -q -c 3 -i 0.1 -W 1 192.0.2.2 >/dev/null
	kill -STOP "$pid"
	output_has "100 packets transmitted" ping -n -q -c 100 -l 100 -W 1 192.0.2.2
	status=$?
	kill -CONT "$pid"
	[ $status = 0 ] || return 1
	wait_for queue_is_empty "$name" || return 1
	expect ip link del "$name" || return 1
	expect wait "$pid" || return 1
	expect counted 103
}

# With wrong arguments the programs print their usage and create no unit.
wrong_arguments_print_the_usage() {
	local before command

	before="$(interfaces bsdtun)"
	for command in "$DIR/echo_c" "python3 $DIR/echo.py"; do
		# A command and its argument.
		# shellcheck disable=SC2086
		fails_with "OUR-ADDRESS ITS-ADDRESS" $command 192.0.2.1 || return 1
	done
	expect test "$(interfaces bsdtun)" = "$before"
}

forwarder_names_what_is_wrong_with_its_arguments() {
	local program

	ip link add bsdtun112 type bsdtun || return 1
	ip link add bsdtap112 type bsdtap || return 1
	for program in "$DIR/forward_c" "$DIR/forward_rust"; do
		[ -x "$program" ] || continue
		fails_with "usage: " "$program" || return 1
		fails_with " NODE NODE" "$program" /dev/bsdtun112 || return 1
		fails_with " NODE NODE" "$program" /dev/bsdtun112 /dev/bsdtun112 more || return 1
		fails_with "/dev/bsdtun114: No such file or directory" \
			"$program" /dev/bsdtun112 /dev/bsdtun114 || return 1
		fails_with "/dev/bsdtun112: Device or resource busy" \
			"$program" /dev/bsdtun112 /dev/bsdtun112 || return 1
		fails_with "/dev/null: not a tun," "$program" /dev/null /dev/bsdtun112 || return 1
		fails_with "/dev/bsdtap112: not a tun," \
			"$program" /dev/bsdtun112 /dev/bsdtap112 || return 1
	done
}

clean() {
	local job

	for job in $(jobs -p); do
		kill "$job"
		wait "$job"
	done 2>/dev/null
	for job in bsdtun105 bsdtun112 bsdtap112 example; do
		ip link del "$job"
	done 2>/dev/null
	# The unit goes first, with its node: the end of a namespace only retires that.
	ip -n "$FAR" link del bsdtun113 2>/dev/null
	ip netns del "$FAR" 2>/dev/null
}

OUT="$(mktemp -d)"
trap 'rm -rf "$OUT"' EXIT
run_tests clean \
	in_c \
	in_python \
	in_rust \
	batch_in_c \
	batch_in_rust \
	multishot_in_c \
	wrong_arguments_print_the_usage \
	forward_in_c \
	forward_in_rust \
	forwarder_names_what_is_wrong_with_its_arguments
