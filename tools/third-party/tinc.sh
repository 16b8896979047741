#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tinc, built from its code for FreeBSD, in the four modes in which it uses a device, and from its
# code for OpenBSD.

# shellcheck source-path=SCRIPTDIR source=topology.sh
. "$(dirname "$(readlink -f "$0")")/topology.sh"

need_program tinc/tincd
topology_create

# Whose code runs.
TINCD="$PROGRAMS/tinc/tincd"

# peer SIDE DEVICE OTHER LINE...: create its folder, with these lines in its configuration.
peer() {
	local dir="$TMP/$1" side

	mkdir -p "$dir/hosts"
	{
		echo "Name = $1"
		echo "Device = /dev/$2"
		[ -z "$3" ] || echo "ConnectTo = $3"
		echo "Mode = $MODE"
		printf '%s\n' "${@:4}"
	} >"$dir/tinc.conf"
	for side in left right; do
		{
			echo "Address = $([ $side = left ] && echo $LEFT_ADDRESS || echo $RIGHT_ADDRESS)"
			if [ "$MODE" = router ]; then
				echo "Subnet = $([ $side = left ] && echo 10.10.1.0/24 || echo 10.10.2.0/24)"
				echo "Subnet = fd00:10:$([ $side = left ] && echo 1 || echo 2)::/48"
			fi
			cat "$PROGRAMS/tinc/$side.public"
		} >"$dir/hosts/$side"
	done
	cp "$PROGRAMS/tinc/$1.private" "$dir/rsa_key.priv"
	chmod 600 "$dir/rsa_key.priv"
}

# peers MODE KIND LINE...: both, each with a unit of this kind.
peers() {
	MODE="$1"
	LEFT_UNIT="${2}11"
	RIGHT_UNIT="${2}12"
	units "$2" "$LEFT_UNIT" "$RIGHT_UNIT" || return 1
	peer left "$LEFT_UNIT" right "${@:3}"
	peer right "$RIGHT_UNIT" "" "${@:3}"
}

# up SIDE: install the script on stdin as tinc-up, which configures the interface.
up() {
	{
		echo '#!/bin/sh -e'
		cat
	} >"$TMP/$1/tinc-up"
	chmod +x "$TMP/$1/tinc-up"
}

# Start both daemons.
tunnel() {
	start "$RIGHT" right.log "$TINCD" -c "$TMP/right" --pidfile="$TMP/right.pid" -D -d2
	comes right.log Ready || return 1
	start "$LEFT" left.log "$TINCD" -c "$TMP/left" --pidfile="$TMP/left.pid" -D -d2
	comes left.log "($RIGHT_ADDRESS port 655) activated"
}

# carried ADDRESS...: packets to these addresses arrive, through the units.
carried() {
	crosses "$@" && went_through "$LEFT_UNIT" "$RIGHT_UNIT"
}

# framed FRAMING: the framing that the daemon has set on its unit.
framed() {
	output_has "$1" ip netns exec "$LEFT" cat "/sys/class/net/$LEFT_UNIT/bsdtun/framing"
}

# The scripts that tinc's manual gives for FreeBSD.
bsd_scripts() {
	local n

	for n in 1 2; do
		up "$([ $n = 1 ] && echo left || echo right)" <<-SCRIPT
			ifconfig \$INTERFACE 10.10.$n.1 netmask 255.255.255.0
			route add 10.10.$((3 - n)).0/24 10.10.$n.1
			ifconfig \$INTERFACE inet6 fd00:10:$n::1 prefixlen 32
		SCRIPT
	done
}

router_on_tun_with_families() {
	peers router bsdtun || return 1
	bsd_scripts
	tunnel && framed ifhead && carried 10.10.2.1 fd00:10:2::1
}

router_on_tun_bare() {
	peers router bsdtun "DeviceType = tunnohead" || return 1
	# shellcheck disable=SC2016 # tinc's variable
	echo 'ip link set $INTERFACE up; ip addr add 10.10.1.1/16 dev $INTERFACE' | up left
	# shellcheck disable=SC2016 # tinc's variable
	echo 'ip link set $INTERFACE up; ip addr add 10.10.2.1/16 dev $INTERFACE' | up right
	tunnel && framed bare && carried 10.10.2.1
}

switch_on_tap() {
	peers switch bsdtap || return 1
	# shellcheck disable=SC2016 # tinc's variable
	echo 'ifconfig $INTERFACE 10.11.0.1/24; ifconfig $INTERFACE inet6 fd00:11::1' | up left
	# shellcheck disable=SC2016 # tinc's variable
	echo 'ifconfig $INTERFACE 10.11.0.2/24; ifconfig $INTERFACE inet6 fd00:11::2' | up right
	tunnel && carried 10.11.0.2 fd00:11::2
}

# tinc answers ARP and neighbor discovery itself.
router_on_tap() {
	peers router bsdtap "DeviceType = tap" || return 1
	bsd_scripts
	sed -i 's/255.255.255.0/255.255.0.0/; /^route/d' "$TMP/left/tinc-up" "$TMP/right/tinc-up"
	tunnel && carried 10.10.2.1 fd00:10:2::1
}

# Without TUNSIFHEAD, which OpenBSD does not have.
router_on_tun_code_for_openbsd() {
	peers router bsdtun || return 1
	openbsd_units "$LEFT_UNIT" "$RIGHT_UNIT" || return 1
	bsd_scripts
	TINCD="$PROGRAMS/tinc/tincd-openbsd" tunnel && carried 10.10.2.1 fd00:10:2::1
}

tests="router_on_tun_with_families router_on_tun_bare switch_on_tap router_on_tap
	router_on_tun_code_for_openbsd"
# shellcheck disable=SC2086 # more than one
run_tests clean $tests
