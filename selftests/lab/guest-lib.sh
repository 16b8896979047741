# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What runs in a virtual machine starts with this.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
OUT=/lab/out
export BSDTUN_KO=$OUT/bsdtun.ko

# The machine's own /dev/stdout is another virtio port: what is appended to it would pass
# by our pipe.
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr

mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
mountpoint -q /dev/shm || { mkdir -p /dev/shm && mount -t tmpfs none /dev/shm; }
ip link set lo up
