# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# Debian's kernel as it ships, for arm64 clouds, on an emulated machine.
K_SLOW=1
K_CROSS=aarch64-linux-gnu-
K_MAKE=(ARCH=arm64 CROSS_COMPILE="$K_CROSS")
K_VNG=(--arch arm64 --root /guest)
arm64_layer_get
debian_kernel_get cloud-arm64
