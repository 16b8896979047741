# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Two taps with a cable between them: bsdtap110 here, bsdtap111 in the namespace FAR. For tests that
# have a namespace of their own.

FAR="$BSDTUN_NAMESPACE-far"
wire=

# inside NAMESPACE COMMAND...: ip can go there by itself, which is quicker.
inside() {
	local namespace="$1"

	shift
	if [ "$1" = ip ]; then
		ip -n "$namespace" "${@:2}"
	else
		ip netns exec "$namespace" "$@"
	fi
}

far() {
	inside "$FAR" "$@"
}

far_shows() {
	local said

	said="$(far ip link show dev "$1" 2>&1)"
	case "$said" in
	*"$2"*)
		return 0 ;;
	esac
	return 1
}

plug() {
	"$DIR/wire" "/dev/bsdtap110" "/dev/bsdtap111" &
	wire=$!
	wait_for attribute_is bsdtap110 bsdtap/owner "$wire" &&
		wait_for far_shows bsdtap111 LOWER_UP
}

unplug() {
	kill -KILL "$wire"
	wait "$wire" 2>/dev/null
	wire=
}

# bsdtap110 here and bsdtap111 in a namespace far away, with a cable between them.
cable() {
	ip netns add "$FAR" || return 1
	far ip link set lo up || return 1
	ip link add bsdtap110 type bsdtap || return 1
	ip link add bsdtap111 type bsdtap || return 1
	ip link set bsdtap111 netns "$FAR" || return 1
	far ip link set bsdtap111 up || return 1
	ip link set bsdtap110 up || return 1
	# Its carrier shows only while it is up, so it is plugged in after that.
	plug
}
