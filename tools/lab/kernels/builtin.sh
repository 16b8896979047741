# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The cfi kernel with this tree at drivers/net/bsdtun of its source, see driver_in_tree_build().
kernel_use cfi
K_NAME=builtin
K_BUILTIN=1
