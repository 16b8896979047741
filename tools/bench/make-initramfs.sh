#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make-initramfs.sh RELEASE ARGUMENTS: in the chroot, create /lab/out/initramfs with both drivers,
# bench and its arguments.
set -euo pipefail

tun=$(find "/usr/lib/modules/$1/kernel/drivers/net" -maxdepth 1 -name 'tun.ko*')
dir=$(mktemp -d)
mkdir -p "$dir"/{bin,dev,proc,sys}
cp /bin/busybox "$dir/bin/"
install -m 755 /lab/tools/bench/initramfs-init "$dir/init"
cp /lab/out/bench /lab/out/bsdtun.ko "$dir/"
case $tun in
*.xz) xz -dc "$tun" ;;
*.zst) zstd -dcq "$tun" ;;
*.ko) cat "$tun" ;;
esac > "$dir/tun.ko"
printf '%s\n' "$2" > "$dir/arguments"
cd "$dir"
# The kernel reads the dates in the archive: fix them.
find . -exec touch -d @0 {} +
find . -mindepth 1 | sort | cpio --quiet -o -H newc --reproducible > /lab/out/initramfs
