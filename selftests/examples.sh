#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The example programs in Documentation/examples.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require ip ping python3

# Addresses and routes do not collide with those of the machine.
in_netns "$@"

# example COMMAND...: the program answers pings of any size, and its unit is deleted when it ends.
example() {
	local output="$OUT/output" name pid size

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
	fails_with "No such file" "$@" /dev/bsdtun/none || return 1
	ip link delete bsdtun105
}

batch_in_c() {
	batch "$DIR/batch_c"
}

batch_in_rust() {
	[ -x "$DIR/batch_rust" ] || return "$KSFT_SKIP"
	batch "$DIR/batch_rust"
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

clean() {
	local job

	for job in $(jobs -p); do
		kill "$job"
		wait "$job"
	done 2>/dev/null
}

OUT="$(mktemp -d)"
trap 'rm -rf "$OUT"' EXIT
run_tests clean \
	in_c \
	in_python \
	in_rust \
	batch_in_c \
	batch_in_rust \
	wrong_arguments_print_the_usage
