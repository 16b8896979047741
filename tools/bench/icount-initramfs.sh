#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bench-initramfs.sh RELEASE ARGUMENTS - in the toolchain root: a root file system that is
# in memory, with the two drivers, the benchmark and its ARGUMENTS, in /lab/out/initramfs.
set -euo pipefail

tun=$(find "/usr/lib/modules/$1/kernel/drivers/net" -maxdepth 1 -name 'tun.ko*')
dir=$(mktemp -d)
mkdir -p "$dir"/{bin,dev,proc,sys}
cp /bin/busybox "$dir/bin/"
cp /lab/tools/bench/icount-init "$dir/init"
cp /lab/out/bench /lab/out/bsdtun.ko "$dir/"
case $tun in
*.xz) xz -dc "$tun" ;;
*.zst) zstd -dcq "$tun" ;;
*.ko) cat "$tun" ;;
esac > "$dir/tun.ko"
printf '%s\n' "$2" > "$dir/arguments"
chmod 755 "$dir/init"
cd "$dir"
# The archive has dates in it, and the kernel reads them.
find . -exec touch -d @0 {} +
find . -mindepth 1 | sort | cpio --quiet -o -H newc --reproducible > /lab/out/initramfs
