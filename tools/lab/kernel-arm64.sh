# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The kernel that Debian ships for arm64, as kernel-stock.sh has that of amd64; its machine is
# emulated.

kernel_arm64_get()
{
	# shellcheck source=tools/lab/kernel-stock.sh
	. "$LAB/kernel-stock.sh"
	K_SLOW=3
	K_CROSS=aarch64-linux-gnu-
	K_MAKE=(ARCH=arm64 CROSS_COMPILE="$K_CROSS")
	K_VNG=(--arch arm64 --root /guest)
	arm64_layer_get
	debian_kernel_get cloud-arm64
}
