# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that the shell tests share. They test command lines; all other tests are in C.
#
# Starting a program takes a third of a second on an emulated machine with a debug kernel. So the
# tests use builtins of bash where they can, and run a command once for several checks.

DIR="$(dirname "$(readlink -f "$0")")"
# The name of the only case to run, if the test has an argument.
ONLY="${1:-}"

# Next to the collection where kselftests are installed, above net/ in a kernel tree.
for ktap in "$DIR/.." "$DIR/../.." "${KSFT_DIR:-}"; do
	[ -r "$ktap/kselftest/ktap_helpers.sh" ] && break
done
# shellcheck source=/dev/null
. "$ktap/kselftest/ktap_helpers.sh"

# require TOOL...: skips the test without root or one of the tools.
require() {
	if [ "$(id -u)" != 0 ]; then
		ktap_print_header
		ktap_skip_all "needs root"
		exit "$KSFT_SKIP"
	fi
	for tool; do
		command -v "$tool" >/dev/null && continue
		ktap_print_header
		ktap_skip_all "needs $tool"
		exit "$KSFT_SKIP"
	done
}

# Skips the test if the module cannot be unloaded and loaded.
require_module() {
	local why=""

	[ -r "${BSDTUN_KO:-}" ] || why="BSDTUN_KO does not name bsdtun.ko"
	[ -e /sys/module/bsdtun/refcnt ] || why="the driver is built in, or not loaded"
	[ -z "$why" ] && return
	ktap_print_header
	ktap_skip_all "$why"
	exit "$KSFT_SKIP"
}

# in_netns ARGUMENT...: restarts the test, with its arguments, in a network namespace of its own
# with a matching /sys. BSDTUN_NETNS is the name of the namespace.
in_netns() {
	[ -z "${BSDTUN_NETNS:-}" ] || return 0
	export BSDTUN_NETNS="bsdtun-test-$$"
	ip netns add "$BSDTUN_NETNS" || exit "$KSFT_FAIL"
	trap 'ip netns del "$BSDTUN_NETNS"' EXIT
	ip netns exec "$BSDTUN_NETNS" "$BASH" "$0" "$@"
	exit
}

# nodes PREFIX...: the numbered nodes with these prefixes.
nodes() {
	local prefix node list=()

	for prefix; do
		for node in "/dev/$prefix"[0-9]*; do
			[ -e "$node" ] && list+=("$node")
		done
	done
	echo "${list[*]}"
}

# interfaces KIND...: the interfaces of these kinds.
interfaces() {
	local kind line list=()

	for kind; do
		while read -r line _; do
			list+=("${line%@*}")
		done < <(exec ip -br link show type "$kind" 2>/dev/null)
	done
	echo "${list[*]}"
}

# node_of INTERFACE: the node of the unit.
node_of() {
	local output

	output="$(ethtool -i "$1")" || return 1
	output="${output#*bus-info: }"
	echo "/dev/${output%%$'\n'*}"
}

# file_is FILE TEXT: the first line of the file is TEXT.
file_is() {
	local line=

	[ -r "$1" ] && read -r line < "$1"
	[ "$line" = "$2" ]
}

# attr_is INTERFACE FILE TEXT: the same for a file of the interface in sysfs.
attr_is() {
	file_is "/sys/class/net/$1/$2" "$3"
}

# set_sysctl FILE VALUE: writes a sysctl of the driver, which only the initial network namespace has.
set_sysctl() {
	# shellcheck disable=SC2016 # for the other shell
	nsenter --net=/proc/1/ns/net "$BASH" -c 'echo "$2" > "$1"' - "$1" "$2"
}

# An empty pipe, to sleep without starting a program.
exec {silence}<> <(:)

short_sleep() {
	read -r -t 0.05 -u "$silence" || :
}

# wait_for COMMAND...: waits until the command succeeds, up to four minutes. Starting a program under
# a debug kernel takes seconds when other programs of the host compete for the processors.
wait_for() {
	local end=$((SECONDS + 240))

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		short_sleep
	done
}

# expect COMMAND...: prints the command if it fails.
expect() {
	"$@" && return 0
	ktap_print_msg "failed: $*"
	return 1
}

# contains NAME OUTPUT TEXT...: OUTPUT, of the command NAME, contains each TEXT.
contains() {
	local command="$1" output="$2" text

	shift 2
	for text; do
		case "$output" in
		*"$text"*)
			;;
		*)
			ktap_print_msg "$command: printed '$output', not '$text'"
			return 1 ;;
		esac
	done
}

# fails_with TEXT COMMAND...: the command fails, and its output contains TEXT.
fails_with() {
	local text="$1" output

	shift
	if output="$("$@" 2>&1)"; then
		ktap_print_msg "should have failed: $*"
		return 1
	fi
	contains "$*" "$output" "$text"
}

# output_has TEXT COMMAND...: the output of the command contains TEXT.
output_has() {
	local text="$1" output

	shift
	output="$("$@" 2>&1)"
	contains "$*" "$output" "$text"
}

# link_shows INTERFACE TEXT...: the output of "ip -d -s link show" contains each TEXT.
link_shows() {
	local output

	output="$(ip -d -s link show dev "$1" 2>&1)"
	contains "$1" "$output" "${@:2}"
}

not() {
	! "$@"
}

# run_tests CLEAN FUNCTION...: runs each function as a test case, and CLEAN after it, with the status
# of the function. One that returns $KSFT_SKIP is reported as skipped. If the test has an argument,
# only that case runs.
run_tests() {
	local after="$1" test status

	shift
	ktap_print_header
	if [ -n "$ONLY" ]; then
		case " $* " in
		*" $ONLY "*) ;;
		*)
			ktap_print_msg "no case '$ONLY'; the cases are: $*"
			exit "$KSFT_FAIL" ;;
		esac
		set -- "$ONLY"
	fi
	ktap_set_plan $#
	for test; do
		"$test"
		status=$?
		case $status in
		0) ktap_test_pass "$test" ;;
		"$KSFT_SKIP") ktap_test_skip "$test" ;;
		*) ktap_test_fail "$test" ;;
		esac
		"$after" $status
	done
	ktap_finished
}
