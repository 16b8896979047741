# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# In the toolchain root, for what builds a kernel of the lab's.

# Objects are found again when a line of a fragment was changed.  Fixed names and times
# make that, and the image, the same every time.
export CCACHE_DIR=/lab/ccache CCACHE_MAXSIZE=2G
export KBUILD_BUILD_TIMESTAMP=2026-01-01 KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab

# kmake DIR ARGUMENT...: for the kernel whose source is DIR/source, into DIR/build.
kmake()
{
	make -s -C "$1/source" O="$1/build" LLVM=1 CC="ccache clang" -j"$(nproc)" "${@:2}"
}
