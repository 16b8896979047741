#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The programs of Documentation/examples do what they say they do.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

need ip ping python3

# Addresses and routes meet nobody's.
in_namespace "$@"

# It answers pings of any size, and its unit goes with it: example COMMAND...
example() {
	local said="$OUT/said" name pid size

	"$@" 192.0.2.1 192.0.2.2 >"$said" &
	pid=$!
	wait_for grep -q "192.0.2.2 answers" "$said" || return 1
	name="$(cut -d: -f1 "$said")"
	expect test -e "/sys/class/net/$name/bsdtun/framing" || return 1
	# One at a time: after the last of several ping waits no longer than two answers took.
	for size in 56 0 1472; do
		says " 1 received, 0% packet loss" ping -n -c 1 -s "$size" -W 10 192.0.2.2 || return 1
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

# It is built where the crate libc is.
in_rust() {
	[ -x "$DIR/echo_rust" ] || return "$KSFT_SKIP"
	example "$DIR/echo_rust"
}

# Wrong arguments are told, and nothing is made of them.
usage_is_told() {
	local before command

	before="$(interfaces bsdtun)"
	for command in "$DIR/echo_c" "python3 $DIR/echo.py"; do
		# A command and its argument.
		# shellcheck disable=SC2086
		refused "OUR-ADDRESS ITS-ADDRESS" $command 192.0.2.1 || return 1
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
	usage_is_told
