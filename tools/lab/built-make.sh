# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# In the toolchain root, for what builds a kernel of the lab's.

# Objects are found again when a line of a fragment was changed.  Fixed names and times
# make that, and the image, the same every time.
export CCACHE_DIR=/lab/ccache CCACHE_MAXSIZE=2G
export KBUILD_BUILD_TIMESTAMP=2026-01-01 KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab

# User Mode Linux is built in the large code model, for which clang keeps data in sections of
# their own. Its linker script does not know them, and lockdep takes no lock whose key is there for
# the kernel's. Modules need them, as they are loaded too far away for other data.
#
# The handler through which its processes come to it ends in rt_sigreturn(2) and finds its frame by
# the stack pointer: it must have no frame pointer, which the kernel has for its traces.
ARGUMENTS=()
if [ "${ARCH:-}" = um ]; then
	export KCFLAGS="-mlarge-data-threshold=2147483647 -Wno-unused-command-line-argument"
	ARGUMENTS=(CFLAGS_MODULE=-mlarge-data-threshold=0 CFLAGS_stub.o="-fno-pic -fno-stack-protector -fomit-frame-pointer")
fi

# kmake DIR ARGUMENT...: for the kernel whose source is DIR/source, into DIR/build.
kmake()
{
	make -s -C "$1/source" O="$1/build" LLVM=1 CC="ccache clang" -j"$(nproc)" "${ARGUMENTS[@]}" "${@:2}"
}
