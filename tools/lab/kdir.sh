# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the lab and by packaging/dkms/build.sh.

# kdir_problem DIR: print one line if Rust modules cannot be built against this output folder.
kdir_problem()
{
	local kdir=$1 release major minor built_with have

	[ -d "$kdir" ] || { echo "$kdir does not exist"; return; }
	[ -r "$kdir/include/config/kernel.release" ] ||
		{ echo "$kdir is not a prepared kernel output folder (no kernel.release)"; return; }
	release=$(cat "$kdir/include/config/kernel.release")
	major=${release%%.*}
	minor=${release#*.}
	minor=${minor%%[!0-9]*}
	if [ "$major" -lt 7 ] || { [ "$major" -eq 7 ] && [ "${minor:-0}" -lt 3 ]; }; then
		echo "$kdir is Linux $release: bsdtun needs Linux 7.3 or later"
		return
	fi
	grep -qx 'CONFIG_RUST=y' "$kdir/include/config/auto.conf" 2> /dev/null ||
		{ echo "Linux $release in $kdir is configured without CONFIG_RUST"; return; }
	[ -r "$kdir/rust/libkernel.rmeta" ] ||
		{ echo "$kdir has no Rust metadata (rust/libkernel.rmeta), which header packages lack"; return; }
	# Linux before 7.3 has quotes in auto.conf.
	built_with=$(sed -n 's/^CONFIG_RUSTC_VERSION_TEXT="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$kdir/include/config/auto.conf")
	have=$("${RUSTC:-rustc}" --version 2> /dev/null) ||
		{ echo "rustc is not installed: Linux $release in $kdir needs $built_with"; return; }
	[ "$built_with" = "$have" ] ||
		{ echo "Linux $release in $kdir needs $built_with, not $have: install it"; return; }
	command -v "${BINDGEN:-bindgen}" > /dev/null 2>&1 || echo "bindgen is not installed"
}
