# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the shell tests share. They test command lines; all else is in C.
#
# On an emulated machine, under a debug kernel, to start a program takes a third of a
# second: what bash can do itself it does itself, and what is shown is asked for once.

DIR="$(dirname "$(readlink -f "$0")")"
# The one case that is to run, if the test was given an argument.
ONLY="${1:-}"

# Beside the collection in an installed kit, above net/ in a kernel tree.
for ktap in "$DIR/.." "$DIR/../.." "${KSFT_DIR:-}"; do
	[ -r "$ktap/kselftest/ktap_helpers.sh" ] && break
done
# shellcheck source=/dev/null
. "$ktap/kselftest/ktap_helpers.sh"

# Leaves when the machine is not one that these tests can run on.
need() {
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

# Leaves when the module cannot be loaded anew.
need_module() {
	local why=""

	[ -r "${BSDTUN_KO:-}" ] || why="BSDTUN_KO does not say where bsdtun.ko is"
	[ -e /sys/module/bsdtun/refcnt ] || why="built in, or not loaded"
	[ -z "$why" ] && return
	ktap_print_header
	ktap_skip_all "$why"
	exit "$KSFT_SKIP"
}

# in_namespace ARGUMENT...: starts the test again, with its arguments, in a network namespace that has
# mounts of its own, a /sys among them; BSDTUN_NAMESPACE is its name.
in_namespace() {
	[ -z "${BSDTUN_NAMESPACE:-}" ] || return 0
	export BSDTUN_NAMESPACE="bsdtun-test-$$"
	ip netns add "$BSDTUN_NAMESPACE" || exit "$KSFT_FAIL"
	trap 'ip netns del "$BSDTUN_NAMESPACE"' EXIT
	ip netns exec "$BSDTUN_NAMESPACE" "$BASH" "$0" "$@"
	exit
}

# The nodes of units, not of cloners, whose names begin so.
nodes() {
	local prefix node list=()

	for prefix; do
		for node in "/dev/$prefix"[0-9]*; do
			[ -e "$node" ] && list+=("$node")
		done
	done
	echo "${list[*]}"
}

# The interfaces of these kinds.
interfaces() {
	local kind line list=()

	for kind; do
		while read -r line _; do
			list+=("${line%@*}")
		done < <(exec ip -br link show type "$kind" 2>/dev/null)
	done
	echo "${list[*]}"
}

# The node of the unit behind an interface.
node_of() {
	local said

	said="$(ethtool -i "$1")" || return 1
	said="${said#*bus-info: }"
	echo "/dev/${said%%$'\n'*}"
}

# A file of one line has this text: file_is FILE TEXT
file_is() {
	local line=

	[ -r "$1" ] && read -r line < "$1"
	[ "$line" = "$2" ]
}

# What an interface has in /sys: attribute_is INTERFACE FILE TEXT
attribute_is() {
	file_is "/sys/class/net/$1/$2" "$3"
}

# A pipe in which nothing ever is, to sleep on without starting a program.
exec {silence}<> <(:)

nap() {
	read -r -t 0.05 -u "$silence" || :
}

# Succeeds as soon as the command does, and fails after 80 seconds: starting a program under a debug
# kernel takes seconds when other virtual machines compete for the processors.
wait_for() {
	local end=$((SECONDS + 80))

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		nap
	done
}

# Says what did not hold, for the reader of the log.
expect() {
	"$@" && return 0
	ktap_print_msg "failed: $*"
	return 1
}

# Each text must be in what a command said: holds COMMAND SAID TEXT...
holds() {
	local command="$1" said="$2" text

	shift 2
	for text; do
		case "$said" in
		*"$text"*)
			;;
		*)
			ktap_print_msg "$command: said '$said', not '$text'"
			return 1 ;;
		esac
	done
}

# The command must fail, and say the text while it does.
refused() {
	local text="$1" said

	shift
	if said="$("$@" 2>&1)"; then
		ktap_print_msg "should have failed: $*"
		return 1
	fi
	holds "$*" "$said" "$text"
}

# The command must print the text.
says() {
	local text="$1" said

	shift
	said="$("$@" 2>&1)"
	holds "$*" "$said" "$text"
}

# The interface is shown with each of the texts: shows INTERFACE TEXT...
shows() {
	local said

	said="$(ip -d -s link show dev "$1" 2>&1)"
	holds "$1" "$said" "${@:2}"
}

not() {
	! "$@"
}

# Runs the named functions as tests, with $1 after each of them. One that returns $KSFT_SKIP has
# been skipped. If the test was given the name of a case, only that one runs.
run_tests() {
	local after="$1" test

	shift
	ktap_print_header
	if [ -n "$ONLY" ]; then
		case " $* " in
		*" $ONLY "*) ;;
		*)
			ktap_print_msg "no case '$ONLY'; there is: $*"
			exit "$KSFT_FAIL" ;;
		esac
		set -- "$ONLY"
	fi
	ktap_set_plan $#
	for test; do
		"$test"
		case $? in
		0) ktap_test_pass "$test" ;;
		"$KSFT_SKIP") ktap_test_skip "$test" ;;
		*) ktap_test_fail "$test" ;;
		esac
		"$after"
	done
	ktap_finished
}
