# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by the tests of third-party programs: two network namespaces, LEFT and RIGHT, connected by
# a veth pair. Each end of a tunnel is a program with a unit whose interface is in one of the
# namespaces.

# shellcheck source-path=SCRIPTDIR source=../../selftests/lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/helpers.sh"

PROGRAMS="${PROGRAMS:-/lab/programs}"
PATH="${BSD_COMMANDS:-/lab/bsd-commands}:$PATH"
LEFT="bsdtun-left-$$"
RIGHT="bsdtun-right-$$"
LEFT_ADDRESS=192.0.2.1
RIGHT_ADDRESS=192.0.2.2

# The size of a transfer, in each direction.
BYTES=1000000

daemons=()
reloaded=

# need_program NAME: skip the test if it is missing.
need_program() {
	require ip ping python3
	[ -e "$PROGRAMS/$1" ] && return
	ktap_print_header
	ktap_skip_all "$PROGRAMS/$1 does not exist"
	exit "$KSFT_SKIP"
}

topology_create() {
	local side

	TMP="$(mktemp -d)" || exit "$KSFT_FAIL"
	trap topology_remove EXIT
	for side in "$LEFT" "$RIGHT"; do
		ip netns add "$side" || exit "$KSFT_FAIL"
		# No duplicate address detection: addresses are usable at once.
		ip netns exec "$side" sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
			echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad' || exit "$KSFT_FAIL"
		ip -n "$side" link set lo up
	done
	ip link add wire netns "$LEFT" type veth peer name wire netns "$RIGHT" || exit "$KSFT_FAIL"
	ip -n "$LEFT" addr add $LEFT_ADDRESS/24 dev wire
	ip -n "$RIGHT" addr add $RIGHT_ADDRESS/24 dev wire
	ip -n "$LEFT" link set wire up
	ip -n "$RIGHT" link set wire up
}

topology_remove() {
	clean
	ip netns del "$LEFT"
	ip netns del "$RIGHT"
	rm -rf "$TMP"
	[ -z "$reloaded" ] || reload
}

# clean [STATUS]: after each test. If it failed, print the counters first.
clean() {
	local side unit

	[ "${1:-0}" -eq 0 ] || counters
	[ ${#daemons[@]} -eq 0 ] || { kill "${daemons[@]}"; wait "${daemons[@]}"; } 2>/dev/null
	daemons=()
	for side in "$LEFT" "$RIGHT"; do
		for unit in $(ip -n "$side" -br link show type bsdtun | cut -d' ' -f1) \
			$(ip -n "$side" -br link show type bsdtap | cut -d' ' -f1); do
			ip -n "$side" link del "$unit"
		done
	done
	rm -rf "${TMP:?}"/*
}

# counters: what the interfaces and stacks have counted, for a test that has failed.
counters() {
	local side unit

	for side in "$LEFT" "$RIGHT"; do
		ip -n "$side" -s link show
		for unit in $(ip -n "$side" -br link show type bsdtun | cut -d' ' -f1) \
			$(ip -n "$side" -br link show type bsdtap | cut -d' ' -f1); do
			ip netns exec "$side" ethtool -S "$unit"
		done
		ip netns exec "$side" nstat -asz | awk '$2 != 0'
	done 2>&1 | sed 's/^/# /'
}

# units KIND LEFT RIGHT: create a unit in each namespace, with these names.
units() {
	ip -n "$LEFT" link add "$2" type "$1" && ip -n "$RIGHT" link add "$3" type "$1"
}

# openbsd_units LEFT RIGHT: give these units the dialect of OpenBSD.
openbsd_units() {
	ip netns exec "$LEFT" sh -c "echo openbsd > /sys/class/net/$1/bsdtun/dialect" &&
		ip netns exec "$RIGHT" sh -c "echo openbsd > /sys/class/net/$2/bsdtun/dialect"
}

# reload ARGUMENT...: unload the module and load it with these parameters.
reload() {
	reloaded=1
	rmmod bsdtun && insmod "$BSDTUN_KO" "$@"
}

# start NAMESPACE LOG COMMAND...: in the background; sets STARTED.
start() {
	local namespace="$1" log="$TMP/$2"

	shift 2
	ip netns exec "$namespace" "$@" >"$log" 2>&1 &
	STARTED=$!
	daemons+=($STARTED)
}

# said LOG TEXT [TIMES]: whether the log has the text, at least so often.
said() {
	[ "$(grep -cF -- "$2" "$TMP/$1")" -ge "${3:-1}" ]
}

# comes LOG TEXT [TIMES]: wait until the log has the text. Some programs start slowly.
comes() {
	local end=$((SECONDS + 90))

	until said "$@"; do
		[ $SECONDS -lt $end ] || break
		sleep 0.1
	done
	said "$@" && return
	ktap_print_msg "$1 lacks '$2':"
	tail -n 20 "$TMP/$1" | sed 's/^/# /'
	return 1
}

# crosses ADDRESS...: ping these addresses of RIGHT from LEFT, and transfer bytes in both
# directions.
crosses() {
	local address

	for address; do
		# A tunnel over UDP may lose a packet.
		wait_for ip netns exec "$LEFT" ping -q -c 1 -W 2 "$address" >/dev/null && continue
		ktap_print_msg "no answer from $address"
		return 1
	done
	expect python3 "$DIR/transfer.py" "$LEFT" "$RIGHT" "$BYTES" "$@"
}

# went_through LEFT-UNIT RIGHT-UNIT [BYTES]: packets took the units, and not another route.
went_through() {
	local side unit

	for side in "$LEFT $1" "$RIGHT $2"; do
		unit="${side#* }"
		for way in rx tx; do
			expect test "$(ip netns exec "${side% *}" cat "/sys/class/net/$unit/statistics/${way}_bytes")" \
				-gt "${3:-$BYTES}" || return 1
		done
	done
}
