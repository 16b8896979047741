# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Building and installing bsdtun.ko, for the lab's kernels and for others.

# module_dir PURPOSE: set MODULE_DIR to a cached build folder for this clone and the current kernel,
# so that the clone stays clean and builds do not disturb each other. PURPOSE separates builds with
# different arguments. The lock is held until module_unlock().
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

module_unlock()
{
	exec {MODULE_LOCK}>&-
}

# module_build PURPOSE [MAKE-ARGUMENT...]: with W=e, so that a warning is an error.
module_build()
{
	module_dir "$1"
	in_chroot --bind "$MODULE_DIR" /lab/module -- make -C "$K_AT/build" \
		"${K_MAKE[@]}" M="$TREE" MO=/lab/module W=e --no-print-directory -j"$(nproc)" "${@:2}"
}

# module_into DIR: build the module for the current kernel and copy it into the folder of a virtual
# machine.
module_into()
{
	kernel_need_module
	step "building bsdtun.ko for Linux $K_RELEASE"
	logged module_build plain modules
	mkdir -p "$1"
	cp "$MODULE_DIR/bsdtun.ko" "$1/"
	module_unlock
}

# compile_into DIR NAME SOURCE [FLAG...]: a C program for a virtual machine.
compile_into()
{
	logged in_chroot --bind "$1" /lab/out -- "${K_CROSS}gcc" -Wall -Wextra -Werror -O2 \
		-I"$TREE/include" -o "/lab/out/$2" "$TREE/$3" "${@:4}"
}

# Print one line if 'make' and 'make install' have no kernel to build for.
module_preflight()
{
	local problem lab

	problem=$(kdir_problem "${KDIR:-/lib/modules/$(uname -r)/build}")
	if [ -n "$problem" ] && [ -z "${KDIR:-}" ]; then
		lab=$(host_preflight)
		[ -n "$lab" ] || return 0
		problem="$problem. Set KDIR to another kernel's output folder; or use the lab, but $lab"
	fi
	[ -z "$problem" ] || echo "$problem"
}

# Choose the kernel for 'make' and 'make install': KDIR; else the running kernel's output folder, if
# it is usable; else the running kernel, if it is a listed Debian kernel, which the lab prepares;
# else the lab's. KDIR is empty for a kernel of the lab.
module_target()
{
	local running problem release flavor

	problem=$(module_preflight)
	[ -z "$problem" ] || die "$problem"
	[ -z "${KDIR:-}" ] || return 0
	release=$(uname -r)
	running=/lib/modules/$release/build
	if [ -z "$(kdir_problem "$running")" ]; then
		KDIR=$running
		return
	fi
	lab_ready "$1"
	flavor=${release##*+deb13-}
	if debian_kernel_versions | awk '{ print $2 }' | grep -qxF "${release%-"$flavor"}"; then
		kernel_clear "$release"
		debian_kernel_get "$flavor" "$release"
	else
		kernel_use "$KERNEL_DEFAULT"
	fi
}

# Build in this tree for KDIR. The kernel's makefiles take these variables from the command line
# only.
kdir_make()
{
	make -C "$KDIR" M="$TREE" -j"$(nproc)" ${V:+V="$V"} ${LLVM:+LLVM="$LLVM"} \
		${RUSTC:+RUSTC="$RUSTC"} ${BINDGEN:+BINDGEN="$BINDGEN"} "$@"
}

module_module()
{
	module_target module
	if [ -n "${KDIR:-}" ]; then
		kdir_make modules
		return
	fi
	step "building bsdtun.ko for Linux $K_RELEASE"
	module_build plain modules > >(tee -a "$LOG") 2>&1
	cp "$MODULE_DIR/bsdtun.ko" "$TREE/bsdtun.ko"
	run_end
	say "bsdtun.ko is for Linux $K_RELEASE; the running kernel is $(uname -r)"
}

# module_depmod ROOT RELEASE: except if the files are staged for another machine, which runs its
# own.
module_depmod()
{
	[ -n "${DESTDIR:-}" ] || ! command -v depmod > /dev/null || depmod -b "$1/" "$2"
}

module_install()
{
	local into=${DESTDIR:-}${INSTALL_MOD_PATH:-} release

	module_target install
	if [ -n "${KDIR:-}" ]; then
		release=$(cat "$KDIR/include/config/kernel.release")
		kdir_make modules
		kdir_make INSTALL_MOD_PATH="$into" ${DESTDIR:+DEPMOD=true} modules_install
	else
		release=$K_RELEASE
		step "building bsdtun.ko for Linux $release"
		logged module_build plain modules
		install -D -m 644 "$MODULE_DIR/bsdtun.ko" "$into/lib/modules/$release/updates/bsdtun.ko"
		module_depmod "$into" "$release"
		run_end
	fi
	"$TREE/packaging/install.sh" "${DESTDIR:-}"
	if [ -z "${DESTDIR:-}" ]; then
		! command -v systemd-sysusers > /dev/null || systemd-sysusers bsdtun.conf || :
		[ ! -S /run/udev/control ] || udevadm control --reload || :
	fi
	printf 'installed bsdtun.ko for Linux %s into %s; the running kernel is %s\n' \
		"$release" "$into/lib/modules/$release/updates" "$(uname -r)"
}

# From all kernels, because nothing records for which it was installed.
module_uninstall()
{
	local into=${DESTDIR:-}${INSTALL_MOD_PATH:-} ko

	for ko in "$into"/lib/modules/*/updates/bsdtun.ko*; do
		[ -e "$ko" ] || continue
		rm -f "$ko"
		module_depmod "$into" "$(basename "$(dirname "$(dirname "$ko")")")"
	done
	"$TREE/packaging/install.sh" --remove "${DESTDIR:-}"
}
