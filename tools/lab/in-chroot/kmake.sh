# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced in the chroot: make for a kernel that the lab builds.

# Fixed names and times make images reproducible, and let ccache find objects after a change of the
# configuration.
export CCACHE_DIR=/lab/ccache CCACHE_MAXSIZE=2G
export KBUILD_BUILD_TIMESTAMP=2026-01-01 KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab

# User Mode Linux is built in the large code model, for which clang uses data sections of their own.
# UML's linker script does not know them, and lockdep then refuses locks whose keys are in them.
# Modules need these sections, because they are loaded too far away from other data.
#
# The stub's signal handler ends in rt_sigreturn(2), which finds the frame by the stack pointer: it
# must have no frame pointer, which the kernel otherwise has for its traces.
ARGUMENTS=()
if [ "${ARCH:-}" = um ]; then
	export KCFLAGS="-mlarge-data-threshold=2147483647 -Wno-unused-command-line-argument"
	ARGUMENTS=(CFLAGS_MODULE=-mlarge-data-threshold=0 CFLAGS_stub.o="-fno-pic -fno-stack-protector -fomit-frame-pointer")
fi

# kmake DIR ARGUMENT...: with the source DIR/source and the output folder DIR/build.
kmake()
{
	make -s -C "$1/source" O="$1/build" LLVM=1 CC="ccache clang" -j"$(nproc)" "${ARGUMENTS[@]}" "${@:2}"
}
