# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Building bsdtun.ko, for the lab's kernels and for others.

# module_dir FOR: a folder of the cache to build in for the kernel in use, so that the
# clone stays clean and two kernels do not disturb each other.  It belongs to this clone
# and this kernel and is used again; FOR tells apart builds with different arguments.
# Sets MODULE_DIR, and MODULE_LOCK, to be held while it is used.
module_dir()
{
	local name

	name=$(basename "$K_ENTRY")-$(printf '%s' "$TREE" | hash_of -)-$1
	MODULE_DIR=$CACHE/modules/$name
	mkdir -p "$MODULE_DIR" "$CACHE/locks"
	exec {MODULE_LOCK}> "$CACHE/locks/$name"
	flock -x "$MODULE_LOCK"
	touch "$MODULE_DIR"
}

# module_build FOR [MAKE ARGUMENT...]: build in the folder that module_dir gives.  A
# warning is an error (W=e).
module_build()
{
	module_dir "$1"
	shift
	in_root --bind "$MODULE_DIR" /lab/module -- make -C "$K_AT/build" \
		"${K_MAKE[@]}" M="$TREE" MO=/lab/module W=e --no-print-directory -j"$(nproc)" "$@"
}

module_unlock()
{
	exec {MODULE_LOCK}>&-
}

# module_into DIR PROGRAM: the module for the kernel in use, and a program of the lab's, in
# a folder for a machine.
module_into()
{
	local dir=$1 program=$2

	[ -z "$K_BUILTIN" ] || refuse "the kernel '$K_NAME' is for the tests: it has the driver built in"
	step "building bsdtun.ko for Linux $K_RELEASE"
	logged module_build plain modules
	mkdir -p "$dir"
	cp "$MODULE_DIR/bsdtun.ko" "$dir/"
	module_unlock
	step "building $program"
	logged in_root --bind "$dir" /lab/out -- \
		"${K_CROSS}gcc" -Wall -Wextra -Werror -O2 -o "/lab/out/$program" "/lab/tools/lab/$program.c"
}

# Say in one line why modules written in Rust cannot be built against a folder, if so.
kdir_trouble()
{
	local kdir=$1 release major minor built_with have

	[ -d "$kdir" ] || { echo "there is no $kdir"; return; }
	[ -r "$kdir/include/config/kernel.release" ] ||
		{ echo "$kdir is not a kernel's prepared output folder (no include/config/kernel.release)"; return; }
	release=$(cat "$kdir/include/config/kernel.release")
	major=${release%%.*}
	minor=${release#*.}
	minor=${minor%%[!0-9]*}
	if [ "$major" -lt 7 ] || { [ "$major" -eq 7 ] && [ "${minor:-0}" -lt 3 ]; }; then
		echo "$kdir is Linux $release: bsdtun needs Linux 7.3 or later"
		return
	fi
	grep -qx 'CONFIG_RUST=y' "$kdir/include/config/auto.conf" 2> /dev/null ||
		{ echo "Linux $release in $kdir was configured without CONFIG_RUST"; return; }
	[ -r "$kdir/rust/libkernel.rmeta" ] ||
		{ echo "$kdir carries no Rust metadata (no rust/libkernel.rmeta): distributions' header packages do not"; return; }
	# auto.conf has no quotes in 7.3, and had some before.
	built_with=$(sed -n 's/^CONFIG_RUSTC_VERSION_TEXT="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$kdir/include/config/auto.conf")
	have=$("${RUSTC:-rustc}" --version 2> /dev/null) ||
		{ echo "no rustc here: Linux $release in $kdir needs $built_with"; return; }
	[ "$built_with" = "$have" ] ||
		{ echo "Linux $release in $kdir was built with $built_with, but here is $have: they must be the same"; return; }
	command -v "${BINDGEN:-bindgen}" > /dev/null 2>&1 || { echo "no bindgen here"; return; }
}

# Say in one line why 'make' or 'make install' has nothing to build for.
module_trouble()
{
	local running trouble lab

	if [ -n "${KDIR:-}" ]; then
		kdir_trouble "$KDIR"
		return
	fi
	running=/lib/modules/$(uname -r)/build
	trouble=$(kdir_trouble "$running")
	[ -n "$trouble" ] || return 0
	lab=$(host_trouble)
	[ -z "$lab" ] || echo "$trouble. Give KDIR=; or else $lab"
}

# The kernel that 'make' and 'make install' build for: KDIR; else the running one's folder
# if it serves; else the running one when it is a listed Debian kernel, prepared by the
# lab; else the lab's.  Sets KDIR, or leaves it empty for the kernel in use.
module_target()
{
	local running trouble release flavour

	trouble=$(module_trouble)
	[ -z "$trouble" ] || die "$trouble"
	[ -z "${KDIR:-}" ] || return 0
	running=/lib/modules/$(uname -r)/build
	if [ -z "$(kdir_trouble "$running")" ]; then
		KDIR=$running
		return
	fi
	lab_ready "$1"
	release=$(uname -r)
	flavour=${release##*+deb13-}
	if grep -vE '^(#|$)' "$LAB/kernels" | awk '{ print $2 }' | grep -qxF "${release%-"$flavour"}"; then
		K_NAME=$release
		K_AT=/kernel/$release
		K_MAKE=()
		# shellcheck source=/dev/null
		. "$LAB/kernel-stock.sh"
		debian_kernel_get "$flavour" "$release"
	else
		kernel_use "$KERNEL_DEFAULT"
	fi
	KDIR=
}

# Build in this tree for KDIR; the kernel's makefiles take these from nowhere else.
kdir_make()
{
	make -C "$KDIR" M="$TREE" -j"$(nproc)" ${V:+V="$V"} ${LLVM:+LLVM="$LLVM"} \
		${RUSTC:+RUSTC="$RUSTC"} ${BINDGEN:+BINDGEN="$BINDGEN"} "$@"
}

module_module()
{
	module_target module
	if [ -n "$KDIR" ]; then
		kdir_make modules
		return
	fi
	step "building bsdtun.ko for Linux $K_RELEASE"
	module_build plain modules > >(tee -a "$LOG") 2>&1
	cp "$MODULE_DIR/bsdtun.ko" "$TREE/bsdtun.ko"
	run_end
	say "bsdtun.ko is for Linux $K_RELEASE; the running kernel is $(uname -r)"
}

module_install()
{
	local into=${DESTDIR:-}${INSTALL_MOD_PATH:-} release

	module_target install
	if [ -n "$KDIR" ]; then
		release=$(cat "$KDIR/include/config/kernel.release")
		kdir_make modules
		# What is staged is for another machine, whose depmod will see it.
		kdir_make INSTALL_MOD_PATH="$into" ${DESTDIR:+DEPMOD=true} modules_install
	else
		release=$K_RELEASE
		step "building bsdtun.ko for Linux $release"
		logged module_build plain modules
		install -D -m 644 "$MODULE_DIR/bsdtun.ko" "$into/lib/modules/$release/updates/bsdtun.ko"
		if command -v depmod > /dev/null && [ -z "${DESTDIR:-}" ]; then
			depmod -b "$into/" "$release"
		fi
		run_end
	fi
	"$TREE/packaging/install.sh" "${DESTDIR:-}"
	if [ -z "${DESTDIR:-}" ]; then
		install_announce
	fi
	printf 'bsdtun.ko for Linux %s is in %s; the running kernel is %s\n' \
		"$release" "$into/lib/modules/$release/updates" "$(uname -r)"
}

# The programs that read what was installed; on a machine that has them and runs them.
install_announce()
{
	if command -v systemd-sysusers > /dev/null; then
		systemd-sysusers bsdtun.conf || :
	fi
	if [ -S /run/udev/control ]; then
		udevadm control --reload || :
	fi
}

# For all kernels: nothing tells any more for which it was installed.
module_uninstall()
{
	local into=${DESTDIR:-}${INSTALL_MOD_PATH:-} ko release

	for ko in "$into"/lib/modules/*/updates/bsdtun.ko*; do
		[ -e "$ko" ] || continue
		rm -f "$ko"
		release=$(basename "$(dirname "$(dirname "$ko")")")
		if command -v depmod > /dev/null && [ -z "${DESTDIR:-}" ]; then
			depmod -b "$into/" "$release"
		fi
	done
	"$TREE/packaging/install.sh" --remove "${DESTDIR:-}"
}
