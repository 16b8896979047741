# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# Kernels that the lab configures and builds: the stock kernel's source, kernels/base.config and
# other fragments, by clang, which KASAN and CFI need.

# custom_kernel_get FRAGMENT...: for the current kernel.
custom_kernel_get()
{
	local kernel=$K_NAME name

	K_NAME=stock K_AT=/kernel/stock
	debian_kernel_get cloud-amd64
	CUSTOM_SOURCE=$K_ENTRY/source
	K_NAME=$kernel K_AT=/kernel/$kernel K_ENTRY='' K_SOURCE=$CUSTOM_SOURCE
	K_MAKE=(LLVM=1 ${K_ARCH:+ARCH="$K_ARCH"})
	# Not the kernel's own unit tests: some fail with PREEMPT_RT.
	K_APPEND="$K_APPEND kunit.filter_glob=bsdtun_*"
	K_RELEASE=${DEB_VERSION%%-*}-bsdtun-$K_NAME
	CUSTOM_FRAGMENTS=(base.config "${@/%/.config}")
	CUSTOM_PATCH=
	if [ -e "$LAB/kernels/$K_NAME.patch" ]; then
		CUSTOM_PATCH=$K_NAME.patch
		K_SOURCE=
	fi

	# The compilers instead of the chroot's name: nothing else in it matters, and this takes
	# longest.
	name=kernel-$K_RELEASE-$(printf '%s\n' \
		"$DEB_VERSION $DEB_SOURCE $K_NAME $(custom_kernel_compilers)" |
		(cd "$LAB/kernels" && hash_of_code - ../in-chroot/{kmake,build-kernel}.sh \
			"${CUSTOM_FRAGMENTS[@]}" ${CUSTOM_PATCH:+"$CUSTOM_PATCH"}))
	entry_get "$name" "building Linux $K_RELEASE (once; about fifteen minutes on two CPUs)" \
		custom_kernel_make
	K_ENTRY=$ENTRY
}

custom_kernel_compilers()
{
	dpkg-query --admindir="$ROOT/var/lib/dpkg" -W -f '${Package}=${Version}\n' \
		bindgen 'clang-[0-9][0-9]' 'gcc-[0-9][0-9]' 'lld-[0-9][0-9]' 'llvm-[0-9][0-9]' \
		rustc rust-src
}

custom_kernel_make()
{
	mkdir -p "$1/build" "$1/modules" "$CACHE/ccache"
	if [ -n "$CUSTOM_PATCH" ]; then
		# patch replaces files: the hard links of the others stay shared with the stock
		# kernel.
		cp -al "$CUSTOM_SOURCE" "$1/source"
		K_ENTRY=$1 logged in_chroot -- patch -d "$K_AT/source" -p1 \
			-i "/lab/tools/lab/kernels/$CUSTOM_PATCH"
	else
		mkdir "$1/source"
	fi
	K_ENTRY=$1 logged in_chroot --bind "$CACHE/ccache" /lab/ccache -- \
		env ${K_ARCH:+ARCH="$K_ARCH"} bash /lab/tools/lab/in-chroot/build-kernel.sh \
		"$K_RELEASE" "$K_AT" "${CUSTOM_FRAGMENTS[@]}"
}

# driver_in_tree_build: the current kernel with the driver in its source, in a build folder like
# that of module_build(). The image is MODULE_DIR/build/arch/x86/boot/bzImage.
driver_in_tree_build()
{
	module_dir intree
	if [ ! -d "$MODULE_DIR/build" ]; then
		rm -rf "$MODULE_DIR/build.new"
		cp -a "$K_ENTRY/build" "$MODULE_DIR/build.new"
		mv "$MODULE_DIR/build.new" "$MODULE_DIR/build"
	fi
	mkdir -p "$MODULE_DIR/net" "$CACHE/ccache"
	# At the kernel's own places, because make rebuilds everything if paths change.
	in_chroot --bind "$MODULE_DIR/build" "$K_AT/build" \
		--bind "$MODULE_DIR/net" "$K_AT/source/drivers/net" \
		--bind "$K_SOURCE" /kernel/stock/source --bind "$CACHE/ccache" /lab/ccache -- \
		bash /lab/tools/lab/in-chroot/build-driver-in-tree.sh \
		"$TREE" /kernel/stock/source "$K_AT"
}
