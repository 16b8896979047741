# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Kernels that the lab builds: the source of the stock kernel with a configuration of our
# own, the fragment built.config and others over it, by clang as KASAN and CFI want it.

# built_kernel_get FRAGMENT...: for the kernel in use (see kernel.sh).
built_kernel_get()
{
	local kernel=$K_NAME name

	# The source is the stock kernel's; it is not unpacked a second time.
	# shellcheck source=tools/lab/kernel-stock.sh
	. "$LAB/kernel-stock.sh"
	K_NAME=stock
	K_AT=/kernel/stock
	kernel_stock_get
	K_SOURCE=$K_ENTRY/source
	BUILT_SOURCE=$K_SOURCE
	K_NAME=$kernel
	K_AT=/kernel/$kernel
	K_ENTRY=
	K_MAKE=(LLVM=1 ${K_ARCH:+ARCH="$K_ARCH"})
	# Not the kernel's own unit tests: some of them do not know PREEMPT_RT.
	K_APPEND="$K_APPEND kunit.filter_glob=bsdtun_*"
	BUILT_FRAGMENTS=(built.config "$@")
	# With a patch it has a source of its own.
	BUILT_PATCH=()
	if [ -e "$LAB/kernel-$K_NAME.patch" ]; then
		BUILT_PATCH=("kernel-$K_NAME.patch")
		K_SOURCE=
	fi
	K_RELEASE=${DEB_VERSION%%-*}-bsdtun-$K_NAME

	# Not the root's name: of all that is in it only the compilers make a difference, and
	# this is what takes longest.
	name=kernel-$K_RELEASE-$(printf '%s' "$DEB_VERSION $DEB_SOURCE $K_NAME $(built_compilers)" |
		(cd "$LAB" && cat - built-make.sh built-kernel.sh "${BUILT_FRAGMENTS[@]}" "${BUILT_PATCH[@]}") |
		sed "s,/lab/tools/lab,/lab/scripts,; s,tools/lab,selftests/lab," | hash_of -)
	entry_exists "$name" ||
		step "building Linux $K_RELEASE (once; about fifteen minutes on two processors)"
	entry_get "$name" "Linux $K_RELEASE" built_kernel_make
	K_ENTRY=$(entry_path "$name")
}

built_compilers()
{
	dpkg-query --admindir="$ROOT/var/lib/dpkg" -W -f '${Package}=${Version}\n' \
		bindgen 'clang-[0-9][0-9]' 'gcc-[0-9][0-9]' 'lld-[0-9][0-9]' 'llvm-[0-9][0-9]' \
		rustc rust-src
}

built_kernel_make()
{
	local dir=$1

	mkdir -p "$dir/build" "$dir/modules" "$CACHE/ccache"
	if [ ${#BUILT_PATCH[@]} -gt 0 ]; then
		# patch puts another file in the place of one: the links that stay are the stock kernel's.
		cp -al "$BUILT_SOURCE" "$dir/source"
		K_ENTRY=$dir logged in_root -- patch -d "$K_AT/source" -p1 -i "/lab/tools/lab/${BUILT_PATCH[0]}"
	else
		mkdir "$dir/source"
	fi
	K_ENTRY=$dir logged in_root --bind "$CACHE/ccache" /lab/ccache -- \
		env ${K_ARCH:+ARCH="$K_ARCH"} bash /lab/tools/lab/built-kernel.sh "$K_RELEASE" "$K_AT" "${BUILT_FRAGMENTS[@]}"
}
