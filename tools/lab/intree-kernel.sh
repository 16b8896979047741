#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# intree-kernel.sh TREE SOURCE DIR - in the toolchain root: the kernel that was built from
# SOURCE, which also is DIR/source, into DIR/build, with the driver that lies in TREE put
# into its tree: the module, then the image with the driver in it.
set -euo pipefail

# shellcheck source=tools/lab/built-make.sh
. /lab/tools/lab/built-make.sh

tree=$1
source=$2
dir=$3

# The source is shared and stays as it is: DIR/source/drivers/net is a folder of our own
# with links to what is in the source's.
net=$dir/source/drivers/net
find "$net" -mindepth 1 -delete
find "$source/drivers/net" -mindepth 1 -maxdepth 1 -exec ln -s -t "$net" {} +
cp -p --remove-destination "$source/drivers/net/Kconfig" "$source/drivers/net/Makefile" "$net/"
bash "$tree/tools/add-to-kernel-tree.sh" "$dir/source"

configure()
{
	"$dir/source/scripts/config" --file "$dir/build/.config" "--$1" BSDTUN
	kmake "$dir" olddefconfig
	grep -qx "CONFIG_BSDTUN=$2" "$dir/build/.config"
}

configure module m
kmake "$dir" drivers/net/bsdtun/bsdtun.ko
configure enable y
kmake "$dir" bzImage
