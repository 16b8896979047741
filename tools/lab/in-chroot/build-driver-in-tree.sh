#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build-driver-in-tree.sh TREE SOURCE DIR: in the chroot, add the driver in TREE to the kernel that
# was built from SOURCE (which is DIR/source too) into DIR/build; build the module, then the image
# with the driver built in.
set -euo pipefail

# shellcheck source=tools/lab/in-chroot/kmake.sh
. /lab/tools/lab/in-chroot/kmake.sh

tree=$1
source=$2
dir=$3

# Other kernels use SOURCE too: DIR/source/drivers/net is a private folder with links into it.
net=$dir/source/drivers/net
find "$net" -mindepth 1 -delete
find "$source/drivers/net" -mindepth 1 -maxdepth 1 -exec ln -s -t "$net" {} +
cp -p --remove-destination "$source/drivers/net/Kconfig" "$source/drivers/net/Makefile" "$net/"
bash "$tree/tools/add-to-kernel-tree.sh" "$dir/source"

# configure OPTION VALUE
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
