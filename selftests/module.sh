#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module: loading, parameters, automatic loading by alias, unloading. BSDTUN_KO names its file.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require ip insmod rmmod modinfo modprobe depmod

require_module

KINDS=(bsdtun bsdtap bsdvmnet)
# The nodes after the module is loaded without parameters.
AT_LOAD="/dev/bsdtun0 /dev/bsdtap0"

TMP="$(mktemp -d)" || exit "$KSFT_FAIL"
MODPROBE="$(cat /proc/sys/kernel/modprobe)"

# Each test begins with the module loaded without parameters.
clean() {
	exec 3>&-
	echo "$MODPROBE" > /proc/sys/kernel/modprobe
	# Unload it if its units have changed.
	if [ -e /sys/module/bsdtun ] && [ "$(nodes "${KINDS[@]}")" != "$AT_LOAD" ]; then
		rmmod bsdtun
	fi
	[ -e /sys/module/bsdtun ] || insmod "$BSDTUN_KO"
}

leave() {
	clean
	rm -rf "$TMP"
}
trap leave EXIT

nothing_left() {
	local kind list

	expect test ! -e /sys/module/bsdtun || return 1
	list="$(< /proc/misc)$(< /proc/net/dev)"
	for kind in "${KINDS[@]}"; do
		expect not compgen -G "/dev/$kind*" || return 1
		expect test "${list/"$kind"/}" = "$list" || return 1
		expect not compgen -G "/sys/class/misc/$kind*" || return 1
	done
}

modinfo_shows_aliases_and_parameters() {
	local output kind

	output="$(modinfo "$BSDTUN_KO" | tr -s ' ')"
	for kind in "${KINDS[@]}"; do
		contains modinfo "$output" $'\nalias: rtnl-link-'"$kind"$'\n' \
			$'\nparm: '"${kind#bsd}_units:" || return 1
	done
	contains modinfo "$output" $'\nlicense: GPL\n' $'\nparm: bsd_names:' \
		$'\ndescription: BSD tun(4)'
}

load_creates_unit_0() {
	local node

	rmmod bsdtun || return 1
	nothing_left || return 1
	insmod "$BSDTUN_KO" || return 1
	expect test "$(nodes "${KINDS[@]}")" = "$AT_LOAD" || return 1
	expect test "$(interfaces "${KINDS[@]}")" = "bsdtun0 bsdtap0" || return 1
	for node in $AT_LOAD "${KINDS[@]/#//dev/}"; do
		expect test -c "$node" || return 1
		expect test "$(stat -c %a:%u:%g "$node")" = 600:0:0 || return 1
	done
}

parameters_set_the_number_of_units() {
	rmmod bsdtun || return 1
	insmod "$BSDTUN_KO" tun_units=3 tap_units=2 vmnet_units=2 || return 1
	expect test "$(nodes bsdtun)" = "/dev/bsdtun0 /dev/bsdtun1 /dev/bsdtun2" || return 1
	expect test "$(nodes bsdtap)" = "/dev/bsdtap0 /dev/bsdtap1" || return 1
	expect test "$(nodes bsdvmnet)" = "/dev/bsdvmnet0 /dev/bsdvmnet1" || return 1
	expect test "$(interfaces "${KINDS[@]}")" = \
		"bsdtun0 bsdtun1 bsdtun2 bsdtap0 bsdtap1 bsdvmnet0 bsdvmnet1" || return 1
	rmmod bsdtun || return 1
	nothing_left
}

no_units_at_load() {
	local kind

	rmmod bsdtun || return 1
	insmod "$BSDTUN_KO" tun_units=0 tap_units=0 || return 1
	expect test -z "$(nodes "${KINDS[@]}")$(interfaces "${KINDS[@]}")" || return 1
	for kind in "${KINDS[@]}"; do
		ip link add type "$kind" || return 1
		expect test "$(nodes "$kind")" = "/dev/${kind}0" || return 1
	done
}

too_many_units_are_refused() {
	local kind number

	rmmod bsdtun || return 1
	for kind in "${KINDS[@]#bsd}"; do
		for number in 32769 65536 70000 4294967297 99999999999999; do
			fails_with "nvalid" insmod "$BSDTUN_KO" "${kind}_units=$number" || return 1
			nothing_left || return 1
			logged "${kind}_units: $number is too many, the limit is 32768" || return 1
		done
		fails_with "nvalid" insmod "$BSDTUN_KO" "${kind}_units=-1" || return 1
		nothing_left || return 1
		logged "${kind}_units: -1 is too few, the limit is 32768" || return 1
	done
}

# logged TEXT: the last records of the kernel log contain the driver's message.
logged() {
	dmesg | tail -n 5 | expect grep -qF "bsdtun: $1"
}

bsd_names_is_a_boolean() {
	local value

	rmmod bsdtun || return 1
	for value in 7 -1 maybe ""; do
		fails_with "nvalid" insmod "$BSDTUN_KO" bsd_names="$value" || return 1
		nothing_left || return 1
	done
	for value in 0 no off; do
		insmod "$BSDTUN_KO" bsd_names="$value" || return 1
		expect test "$(nodes bsdtun tun)" = /dev/bsdtun0 || return 1
		rmmod bsdtun || return 1
	done
	for value in 1 yes on; do
		insmod "$BSDTUN_KO" bsd_names="$value" || return 1
		expect test "$(nodes bsdtun tun)" = /dev/tun0 || return 1
		rmmod bsdtun || return 1
	done
}

version_is_shown() {
	local version

	version="$(modinfo -F version "$BSDTUN_KO")" || return 1
	expect test -n "$version" || return 1
	expect file_is /sys/module/bsdtun/version "$version"
}

name_in_use_is_skipped() {
	rmmod bsdtun || return 1
	ip link add bsdtun1 type bridge || return 1
	insmod "$BSDTUN_KO" tun_units=3 || return 1
	expect test "$(nodes bsdtun)" = "/dev/bsdtun0 /dev/bsdtun2 /dev/bsdtun3" || return 1
	ip link del bsdtun1 || return 1
	ip link add bsdtun1 type bsdtun || return 1
	expect test -c /dev/bsdtun1
}

rmmod_while_open_is_refused() {
	exec 3<>/dev/bsdtun0 || return 1
	fails_with "in use" rmmod bsdtun || return 1
	expect test -c /dev/bsdtun0 || return 1
	exec 3>&-
	rmmod bsdtun || return 1
	nothing_left
}

rmmod_with_a_revoked_descriptor_is_refused() {
	ip link add bsdtun7 type bsdtun || return 1
	exec 3<>/dev/bsdtun7 || return 1
	ip link del bsdtun7 || return 1
	fails_with "in use" rmmod bsdtun || return 1
	exec 3>&-
	rmmod bsdtun || return 1
	nothing_left
}

rmmod_deletes_every_unit() {
	for _ in 1 2 3 4 5 6 7 8 9; do
		ip link add type bsdtun || return 1
	done
	ip link set bsdtun3 up || return 1
	ip link set bsdtun4 name other || return 1
	exec 3<>/dev/bsdtun5 || return 1
	ip link set bsdtun5 up || return 1
	exec 3>&-
	rmmod bsdtun || return 1
	nothing_left || return 1
	expect not ip link show dev other 2>/dev/null
}

rmmod_and_insmod_repeatedly() {
	for _ in {1..5}; do
		rmmod bsdtun || return 1
		nothing_left || return 1
		insmod "$BSDTUN_KO" || return 1
		ip link add type bsdtun || return 1
		expect test "$(nodes bsdtun)" = "/dev/bsdtun0 /dev/bsdtun1" || return 1
	done
}

# The kernel runs modprobe for the alias; this one knows only the module under test.
ip_link_add_loads_the_module() {
	local release modules

	release="$(uname -r)"
	modules="$TMP/lib/modules/$release"
	mkdir -p "$modules/updates" || return 1
	cp "$BSDTUN_KO" "$modules/updates/bsdtun.ko" || return 1
	: > "$modules/modules.order"
	: > "$modules/modules.builtin"
	: > "$modules/modules.builtin.modinfo"
	depmod -b "$TMP" "$release" || return 1
	printf '#!/bin/sh\nexec %s -d %s "$@"\n' "$(command -v modprobe)" "$TMP" \
		> "$TMP/modprobe" || return 1
	chmod 755 "$TMP/modprobe" || return 1

	rmmod bsdtun || return 1
	echo "$TMP/modprobe" > /proc/sys/kernel/modprobe || return 1
	ip link add bsdtun5 type bsdtun || return 1
	expect test "$(nodes bsdtun)" = "/dev/bsdtun0 /dev/bsdtun5" || return 1
	expect test "$(interfaces bsdtun)" = "bsdtun0 bsdtun5" || return 1
	rmmod bsdtun || return 1
	ip link add bsdvmnet5 type bsdvmnet || return 1
	expect test "$(nodes bsdvmnet)" = /dev/bsdvmnet5
}

run_tests clean \
	modinfo_shows_aliases_and_parameters \
	load_creates_unit_0 \
	parameters_set_the_number_of_units \
	no_units_at_load \
	too_many_units_are_refused \
	bsd_names_is_a_boolean \
	version_is_shown \
	name_in_use_is_skipped \
	rmmod_while_open_is_refused \
	rmmod_with_a_revoked_descriptor_is_refused \
	rmmod_deletes_every_unit \
	rmmod_and_insmod_repeatedly \
	ip_link_add_loads_the_module
