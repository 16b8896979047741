# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The kernel that has the driver in its own tree: the cfi kernel with the sources of this
# clone at drivers/net/bsdtun.

kernel_builtin_get()
{
	# shellcheck source=tools/lab/kernel-cfi.sh
	. "$LAB/kernel-cfi.sh"
	K_NAME=cfi
	K_AT=/kernel/cfi
	kernel_cfi_get
	K_NAME=builtin
	K_BUILTIN=1
}
