#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# iodine, built from its code for FreeBSD, which has bare packets, and for OpenBSD, which has the
# family before each packet. It carries IPv4 only, and calls /sbin/ifconfig and /sbin/route.

# shellcheck source-path=SCRIPTDIR source=topology.sh
. "$(dirname "$(readlink -f "$0")")/topology.sh"

need_program iodine/iodine-freebsd
topology_create

# end NAMESPACE LOG COMMAND...: one end of a tunnel, which finds the BSD commands in /sbin. The
# mount namespace is that of 'ip netns exec'.
end() {
	# shellcheck disable=SC2016 # the inner shell's
	start "$1" "$2" sh -c 'mount --bind "$0" /sbin && exec "$@"' \
		"${BSD_COMMANDS:-/lab/bsd-commands}" "${@:3}"
}

# carried_by SYSTEM: the code for this system carries packets between both units.
carried_by() {
	end "$RIGHT" right.log "$PROGRAMS/iodine/iodined-$1" -f -P secret -l $RIGHT_ADDRESS \
		-d bsdtun12 10.9.0.1/24 tunnel.example
	comes right.log "Listening to dns" || return 1
	end "$LEFT" left.log "$PROGRAMS/iodine/iodine-$1" -f -P secret -d bsdtun11 \
		$RIGHT_ADDRESS tunnel.example
	comes left.log "Connection setup complete, transmitting data" || return 1
	expect said left.log "Opened /dev/bsdtun11" || return 1
	crosses 10.9.0.1 || return 1
	went_through bsdtun11 bsdtun12
}

code_for_freebsd() {
	units bsdtun bsdtun11 bsdtun12 || return 1
	carried_by freebsd
}

code_for_openbsd() {
	units bsdtun bsdtun11 bsdtun12 || return 1
	openbsd_units bsdtun11 bsdtun12 || return 1
	carried_by openbsd
}

run_tests clean code_for_freebsd code_for_openbsd
