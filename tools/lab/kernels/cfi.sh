# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# A kernel that differs most from the stock one: LLVM, control flow integrity, PREEMPT_RT.
custom_kernel_get qemu cfi
