#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The names of nodes and interfaces: with bsd_names=1 those of the BSDs, also together with Linux's
# tun driver; creation of tap and vmnet by ip link (statement B1). BSDTUN_KO names the module's
# file.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require ip ethtool insmod rmmod modprobe
require_module

# Set after the module was loaded with other parameters.
reloaded=

reload() {
	reloaded=1
	[ ! -e /sys/module/bsdtun ] || rmmod bsdtun || return 1
	insmod "$BSDTUN_KO" "$@"
}

# Each test begins with the module loaded without parameters, and without Linux's tun.
clean() {
	local unit

	exec 3>&- 4>&- 5>&-
	for unit in $(interfaces tun); do
		ip link del "$unit"
	done
	[ ! -e /sys/module/tun ] || rmmod tun
	for unit in $(interfaces bsdtun bsdtap bsdvmnet); do
		[ "$unit" = bsdtun0 ] || [ "$unit" = bsdtap0 ] || ip link del "$unit"
	done
	if [ -n "$reloaded" ]; then
		reload
		reloaded=
	fi
}
trap clean EXIT

nodes_and_interfaces() {
	reload bsd_names=1 || return 1
	expect test "$(nodes tun tap vmnet)" = "/dev/tun0 /dev/tap0" || return 1
	expect test "$(interfaces bsdtun)" = tun0 || return 1
	expect test "$(interfaces bsdtap)" = tap0 || return 1
	for node in /dev/tun /dev/tap /dev/vmnet /dev/tun0 /dev/tap0; do
		expect test -c "$node" || return 1
		expect test "$(stat -c %a:%u:%g "$node")" = 600:0:0 || return 1
	done
	# Each has one name only.
	expect not compgen -G '/dev/bsd*' || return 1
	expect test "$(node_of tun0)" = /dev/tun0 || return 1
	expect test "$(node_of tap0)" = /dev/tap0 || return 1

	reload bsd_names=1 tun_units=0 tap_units=2 vmnet_units=1 || return 1
	expect test "$(nodes tun tap vmnet)" = "/dev/tap0 /dev/tap1 /dev/vmnet0" || return 1
	expect test "$(interfaces bsdtun bsdtap bsdvmnet)" = "tap0 tap1 vmnet0" || return 1

	reload bsd_names=0 || return 1
	expect test -z "$(nodes tun tap vmnet)" || return 1
	expect not test -e /dev/tun || return 1
	expect test "$(nodes bsdtun bsdtap)" = "/dev/bsdtun0 /dev/bsdtap0"
}

invalid_parameter_is_refused() {
	reload || return 1
	rmmod bsdtun || return 1
	fails_with "nvalid" insmod "$BSDTUN_KO" bsd_names=perhaps || return 1
	expect not test -e /sys/module/bsdtun
}

units_by_ip_link() {
	reload bsd_names=1 || return 1
	ip link add tap7 type bsdtap || return 1
	expect test -c /dev/tap7 || return 1
	expect test "$(node_of tap7)" = /dev/tap7 || return 1
	ip link add type bsdtap || return 1
	expect test "$(node_of tap1)" = /dev/tap1 || return 1
	ip link add "tap%d" type bsdtap || return 1
	expect test "$(node_of tap2)" = /dev/tap2 || return 1
	ip link add vpn type bsdtap || return 1
	expect test "$(node_of vpn)" = /dev/tap3 || return 1
	ip link add vmnet3 type bsdvmnet || return 1
	expect test "$(node_of vmnet3)" = /dev/vmnet3 || return 1
	ip link add tun7 type bsdtun || return 1
	expect test "$(node_of tun7)" = /dev/tun7 || return 1
	ip link del tap7 || return 1
	expect not test -e /dev/tap7
}

names_and_numbers_in_use() {
	reload bsd_names=1 || return 1
	ip link add tap7 type bsdtap || return 1
	fails_with "exists" ip link add tap7 type bsdtap || return 1
	ip link set tap7 name other || return 1
	# The number is still in use.
	fails_with "exists" ip link add tap7 type bsdtap || return 1
	expect test "$(nodes tap)" = "/dev/tap0 /dev/tap7" || return 1
	# The name is in use, by a tun, but the number is not.
	ip link add tap1 type bsdtun || return 1
	expect test "$(node_of tap1)" = /dev/tun1 || return 1
	fails_with "exists" ip link add tap1 type bsdtap || return 1
	ip link add type bsdtap || return 1
	expect test "$(node_of tap2)" = /dev/tap2 || return 1
	fails_with "Error: " ip link add tap32768 type bsdtap
}

cloners() {
	reload bsd_names=1 || return 1
	exec 3<>/dev/tun || return 1
	exec 4<>/dev/tap || return 1
	exec 5<>/dev/vmnet || return 1
	expect test "$(node_of tun1)" = /dev/tun1 || return 1
	expect test "$(node_of tap1)" = /dev/tap1 || return 1
	expect test "$(node_of vmnet0)" = /dev/vmnet0 || return 1
	exec 3>&- 4>&-
	fails_with "in use" rmmod bsdtun || return 1
	exec 5>&-
	expect test "$(nodes tun tap vmnet)" = \
		"/dev/tun0 /dev/tun1 /dev/tap0 /dev/tap1 /dev/vmnet0" || return 1
	rmmod bsdtun || return 1
	expect not compgen -G '/dev/tun*' || return 1
	expect not compgen -G '/dev/tap*' || return 1
	expect not compgen -G '/dev/vmnet*'
}

# ---- with Linux's tun driver ------------------------------------------------

# Both drivers work.
check_both_drivers() {
	expect test -c /dev/net/tun || return 1
	expect test -e /sys/class/misc/tun || return 1
	expect test "$(interfaces bsdtun)" = tun0 || return 1
	expect test "$(node_of tun0)" = /dev/tun0 || return 1
	ip tuntap add tun1 mode tun || return 1
	ip tuntap add tap1 mode tap || return 1
	exec 3<>/dev/tun || return 1
	expect test "$(node_of tun2)" = /dev/tun2 || return 1
	exec 4<>/dev/tap || return 1
	expect test "$(node_of tap2)" = /dev/tap2 || return 1
	ip link add type bsdtun || return 1
	expect test "$(node_of tun3)" = /dev/tun3 || return 1
	fails_with "" ip tuntap add tun0 mode tun || return 1
	expect test "$(interfaces bsdtun)" = "tun0 tun2 tun3" || return 1
	expect test "$(interfaces tun)" = "tun1 tap1" || return 1
	exec 3>&- 4>&-
}

linux_tun_loaded_before() {
	rmmod bsdtun || return 1
	modprobe tun || return 1
	reload bsd_names=1 || return 1
	check_both_drivers || return 1
	rmmod bsdtun || return 1
	expect test "$(interfaces tun)" = "tun1 tap1" || return 1
	expect test -c /dev/net/tun
}

linux_tun_loaded_after() {
	reload bsd_names=1 || return 1
	modprobe tun || return 1
	check_both_drivers || return 1
	ip link del tun1 || return 1
	ip link del tap1 || return 1
	rmmod tun || return 1
	expect test "$(interfaces bsdtun)" = "tun0 tun2 tun3" || return 1
	exec 3<>/dev/tun0
}

name_used_by_linux_tun() {
	rmmod bsdtun || return 1
	reloaded=1
	modprobe tun || return 1
	ip tuntap add tun0 mode tun || return 1
	insmod "$BSDTUN_KO" bsd_names=1 || return 1
	expect test "$(interfaces tun)" = tun0 || return 1
	# The usual number of units, with names that are free.
	expect test "$(interfaces bsdtun)" = tun1 || return 1
	expect test "$(nodes tun)" = /dev/tun1 || return 1
	exec 3<>/dev/tun || return 1
	expect test "$(node_of tun2)" = /dev/tun2 || return 1
	# The name is free again; the number was never in use.
	ip link del tun0 || return 1
	ip link add tun0 type bsdtun || return 1
	expect test "$(node_of tun0)" = /dev/tun0
}

# ---- creation and deletion --------------------------------------------------

B1_create_and_delete() {
	local kind

	for kind in bsdtap bsdvmnet; do
		ip link add "${kind}105" type $kind || return 1
		expect test -c "/dev/${kind}105" || return 1
		expect test "$(stat -c %a:%u:%g "/dev/${kind}105")" = 600:0:0 || return 1
		expect test "$(node_of "${kind}105")" = "/dev/${kind}105" || return 1
		# Closes do not delete it.
		for _ in 1 2 3; do
			exec 3<>"/dev/${kind}105" || return 1
			exec 3>&-
			expect test -c "/dev/${kind}105" || return 1
			expect test -e "/sys/class/net/${kind}105" || return 1
		done
		ip link del "${kind}105" || return 1
		expect not test -e "/dev/${kind}105" || return 1
		expect not test -e "/sys/class/net/${kind}105" || return 1
	done
}

B1_delete_while_open() {
	local kind

	for kind in bsdtap bsdvmnet; do
		ip link add "${kind}105" type $kind || return 1
		exec 3<>"/dev/${kind}105" || return 1
		ip link set "${kind}105" up || return 1
		ip link del "${kind}105" || return 1
		expect not test -e "/dev/${kind}105" || return 1
		exec 3>&-
	done
}

B1_create_without_a_number() {
	local kind first

	for kind in bsdtap bsdvmnet; do
		first="$(nodes $kind | wc -w)"
		ip link add type $kind || return 1
		expect test "$(node_of "$kind$first")" = "/dev/$kind$first" || return 1
		ip link add "$kind%d" type $kind || return 1
		expect test -c "/dev/$kind$((first + 1))" || return 1
		ip link add "my$kind" type $kind || return 1
		expect test "$(node_of "my$kind")" = "/dev/$kind$((first + 2))" || return 1
		# The lowest free number.
		ip link del "$kind$first" || return 1
		ip link add type $kind || return 1
		expect test "$(node_of "$kind$first")" = "/dev/$kind$first" || return 1
	done
}

B1_create_twice_is_refused() {
	local kind

	for kind in bsdtap bsdvmnet; do
		ip link add "${kind}105" type $kind || return 1
		fails_with "exists" ip link add "${kind}105" type $kind || return 1
		ip link set "${kind}105" name "my$kind" || return 1
		fails_with "exists" ip link add "${kind}105" type $kind || return 1
		fails_with "exists" ip link add "my$kind" type $kind || return 1
		fails_with "Error: " ip link add "${kind}32768" type $kind || return 1
		expect test -c "/dev/${kind}105" || return 1
	done
}

# Each kind has its own numbers.
B1_kinds_have_separate_numbers() {
	local kind

	for kind in bsdtun bsdtap bsdvmnet; do
		ip link add "${kind}105" type $kind || return 1
	done
	for kind in bsdtun bsdtap bsdvmnet; do
		expect test "$(node_of "${kind}105")" = "/dev/${kind}105" || return 1
	done
	# A name of another kind has no number.
	ip link add bsdtap106 type bsdvmnet || return 1
	expect test "$(node_of bsdtap106)" = /dev/bsdvmnet0 || return 1
	expect not test -e /dev/bsdtap106
}

run_tests clean \
	nodes_and_interfaces \
	invalid_parameter_is_refused \
	units_by_ip_link \
	names_and_numbers_in_use \
	cloners \
	linux_tun_loaded_before \
	linux_tun_loaded_after \
	name_used_by_linux_tun \
	B1_create_and_delete \
	B1_delete_while_open \
	B1_create_without_a_number \
	B1_create_twice_is_refused \
	B1_kinds_have_separate_numbers
