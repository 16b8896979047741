# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The driver in a kernel's own tree.

# intree_build: the kernel in use with the driver of this clone in it, in a folder of the
# cache that belongs to both, see module_build.  Its image is MODULE_DIR/build/arch/x86/boot/bzImage.
intree_build()
{
	module_dir intree
	if [ ! -d "$MODULE_DIR/build" ]; then
		rm -rf "$MODULE_DIR/build.new"
		cp -a "$K_ENTRY/build" "$MODULE_DIR/build.new"
		mv "$MODULE_DIR/build.new" "$MODULE_DIR/build"
	fi
	mkdir -p "$MODULE_DIR/net" "$CACHE/ccache"
	# All at the kernel's own places: else make would build all of it again.
	in_root --bind "$MODULE_DIR/build" "$K_AT/build" --bind "$MODULE_DIR/net" "$K_AT/source/drivers/net" \
		--bind "$K_SOURCE" /kernel/stock/source --bind "$CACHE/ccache" /lab/ccache -- \
		bash /lab/tools/lab/intree-kernel.sh "$TREE" /kernel/stock/source "$K_AT"
}
