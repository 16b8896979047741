#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module itself: loading, parameters, autoload by its alias, unloading.
# BSDTUN_KO says where it is.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

need ip insmod rmmod modinfo modprobe depmod

need_module

KINDS=(bsdtun bsdtap bsdvmnet)
# What is there after a load that was told nothing else.
AT_LOAD="/dev/bsdtun0 /dev/bsdtap0"

TMP="$(mktemp -d)" || exit "$KSFT_FAIL"
MODPROBE="$(cat /proc/sys/kernel/modprobe)"

# Each test begins with the module loaded, as it was found.
clean() {
	exec 3>&-
	echo "$MODPROBE" > /proc/sys/kernel/modprobe
	# What is not as it was at the load goes.
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

modinfo_tells() {
	local said kind

	said="$(modinfo "$BSDTUN_KO" | tr -s ' ')"
	for kind in "${KINDS[@]}"; do
		holds modinfo "$said" $'\nalias: rtnl-link-'"$kind"$'\n' \
			$'\nparm: '"${kind#bsd}_units:" || return 1
	done
	holds modinfo "$said" $'\nlicense: GPL\n' $'\nparm: bsd_names:' $'\ndescription: BSD tun(4)'
}

load_makes_unit_0() {
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

units_say_how_many() {
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

units_may_be_none() {
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
	local kind

	rmmod bsdtun || return 1
	for kind in "${KINDS[@]#bsd}"; do
		refused "nvalid" insmod "$BSDTUN_KO" "${kind}_units=32769" || return 1
		nothing_left || return 1
		dmesg | tail -n 5 | expect grep -q "bsdtun: ${kind}_units: .*too many" || return 1
		refused "" insmod "$BSDTUN_KO" "${kind}_units=-1" || return 1
		nothing_left || return 1
	done
}

a_name_that_is_taken_is_passed_over() {
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
	refused "in use" rmmod bsdtun || return 1
	expect test -c /dev/bsdtun0 || return 1
	exec 3>&-
	rmmod bsdtun || return 1
	nothing_left
}

rmmod_with_a_revoked_descriptor_is_refused() {
	ip link add bsdtun7 type bsdtun || return 1
	exec 3<>/dev/bsdtun7 || return 1
	ip link del bsdtun7 || return 1
	refused "in use" rmmod bsdtun || return 1
	exec 3>&-
	rmmod bsdtun || return 1
	nothing_left
}

rmmod_destroys_every_unit() {
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

cycles() {
	for _ in {1..5}; do
		rmmod bsdtun || return 1
		nothing_left || return 1
		insmod "$BSDTUN_KO" || return 1
		ip link add type bsdtun || return 1
		expect test "$(nodes bsdtun)" = "/dev/bsdtun0 /dev/bsdtun1" || return 1
	done
}

# The kernel asks for the alias; a modprobe that knows only our module answers.
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
	modinfo_tells \
	load_makes_unit_0 \
	units_say_how_many \
	units_may_be_none \
	too_many_units_are_refused \
	a_name_that_is_taken_is_passed_over \
	rmmod_while_open_is_refused \
	rmmod_with_a_revoked_descriptor_is_refused \
	rmmod_destroys_every_unit \
	cycles \
	ip_link_add_loads_the_module
