#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make-initramfs.sh RELEASE ARGUMENTS: in the chroot, create /lab/out/initramfs with both drivers,
# a queueing discipline, bench and its arguments.
set -euo pipefail

dir=$(mktemp -d)

# module RELEASE NAME: from the kernel, decompressed.
module()
{
	local file

	file=$(find "/usr/lib/modules/$1/kernel" -name "$2.ko*")
	case $file in
	*.xz) xz -dc "$file" ;;
	*.zst) zstd -dcq "$file" ;;
	*.ko) cat "$file" ;;
	esac > "$dir/$2.ko"
}

mkdir -p "$dir"/{bin,dev,proc,sys}
cp /bin/busybox "$dir/bin/"
install -m 755 /lab/tools/bench/initramfs-init "$dir/init"
cp /lab/out/bench /lab/out/bsdtun.ko "$dir/"
module "$1" tun
module "$1" sch_fq
printf '%s\n' "$2" > "$dir/arguments"
cd "$dir"
# The kernel reads the dates in the archive: fix them.
find . -exec touch -d @0 {} +
find . -mindepth 1 | sort | cpio --quiet -o -H newc --reproducible > /lab/out/initramfs
