# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Debian's kernel as it ships, for amd64 clouds.
debian_kernel_get cloud-amd64
