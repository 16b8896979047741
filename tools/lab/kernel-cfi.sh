# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The kernel that does things differently: LLVM, control flow integrity and real-time
# preemption.

kernel_cfi_get()
{
	K_SLOW=2
	built_kernel_get built-machine.config kernel-cfi.config
}
