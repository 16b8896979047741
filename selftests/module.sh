#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module itself: loading, parameters, autoload by its alias, unloading.
# BSDTUN_KO says where it is.

# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$(readlink -f "$0")")/helpers.sh"

need ip insmod rmmod modinfo modprobe depmod

if [ ! -r "${BSDTUN_KO:-}" ]; then
	ktap_print_header
	ktap_skip_all "BSDTUN_KO does not say where bsdtun.ko is"
	exit "$KSFT_SKIP"
fi
if ! [ -e /sys/module/bsdtun/refcnt ]; then
	ktap_print_header
	ktap_skip_all "the module is not loaded, or built in"
	exit "$KSFT_SKIP"
fi

TMP="$(mktemp -d)" || exit "$KSFT_FAIL"
MODPROBE="$(cat /proc/sys/kernel/modprobe)"

# Each test begins with the module loaded, as it was found.
clean() {
	exec 3>&-
	echo "$MODPROBE" > /proc/sys/kernel/modprobe
	# What is not as it was at the load goes.
	if [ -e /sys/module/bsdtun ] && [ "$(nodes)" != /dev/bsdtun0 ]; then
		rmmod bsdtun
	fi
	[ -e /sys/module/bsdtun ] || insmod "$BSDTUN_KO"
}

leave() {
	clean
	rm -rf "$TMP"
}
trap leave EXIT

nodes() {
	local node list=()

	for node in /dev/bsdtun[0-9]*; do
		[ -e "$node" ] && list+=("$node")
	done
	echo "${list[*]}"
}

interfaces() {
	ip -br link show type bsdtun 2>/dev/null | cut -d' ' -f1 | xargs
}

nothing_left() {
	expect test -z "$(nodes)" || return 1
	expect test ! -e /sys/module/bsdtun || return 1
	expect not grep -q bsdtun /proc/misc || return 1
	expect not grep -q bsdtun /proc/net/dev || return 1
	expect not compgen -G '/sys/class/misc/bsdtun*'
}

modinfo_tells() {
	modinfo -F alias "$BSDTUN_KO" | expect grep -qx rtnl-link-bsdtun || return 1
	modinfo -F license "$BSDTUN_KO" | expect grep -q GPL || return 1
	expect test -n "$(modinfo -F description "$BSDTUN_KO")" || return 1
	modinfo -F parm "$BSDTUN_KO" | expect grep -q '^tun_units:'
}

load_makes_unit_0() {
	rmmod bsdtun || return 1
	nothing_left || return 1
	insmod "$BSDTUN_KO" || return 1
	expect test "$(nodes)" = /dev/bsdtun0 || return 1
	expect test "$(interfaces)" = bsdtun0 || return 1
	expect test "$(stat -c %a:%u:%g /dev/bsdtun0)" = 600:0:0
}

tun_units_says_how_many() {
	rmmod bsdtun || return 1
	insmod "$BSDTUN_KO" tun_units=3 || return 1
	expect test "$(nodes)" = "/dev/bsdtun0 /dev/bsdtun1 /dev/bsdtun2" || return 1
	expect test "$(interfaces)" = "bsdtun0 bsdtun1 bsdtun2" || return 1
	rmmod bsdtun || return 1
	nothing_left || return 1
	insmod "$BSDTUN_KO" tun_units=0 || return 1
	expect test -z "$(nodes)$(interfaces)" || return 1
	ip link add type bsdtun || return 1
	expect test "$(nodes)" = /dev/bsdtun0
}

too_many_tun_units_are_refused() {
	rmmod bsdtun || return 1
	refused "nvalid" insmod "$BSDTUN_KO" tun_units=32769 || return 1
	nothing_left || return 1
	refused "" insmod "$BSDTUN_KO" tun_units=-1 || return 1
	nothing_left
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
	for _ in $(seq 10); do
		rmmod bsdtun || return 1
		nothing_left || return 1
		insmod "$BSDTUN_KO" || return 1
		ip link add type bsdtun || return 1
		expect test "$(nodes)" = "/dev/bsdtun0 /dev/bsdtun1" || return 1
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
	expect test "$(nodes)" = "/dev/bsdtun0 /dev/bsdtun5" || return 1
	expect test "$(interfaces)" = "bsdtun0 bsdtun5"
}

run_tests clean \
	modinfo_tells \
	load_makes_unit_0 \
	tun_units_says_how_many \
	too_many_tun_units_are_refused \
	rmmod_while_open_is_refused \
	rmmod_with_a_revoked_descriptor_is_refused \
	rmmod_destroys_every_unit \
	cycles \
	ip_link_add_loads_the_module
