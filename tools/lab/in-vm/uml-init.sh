#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# uml-init.sh: init of User Mode Linux. Lays a writable overlay over the root, runs /lab/out/command
# with its output to tty1, and powers off.
set -euo pipefail

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 LC_ALL=C.UTF-8

mount -t tmpfs tmpfs /run
mkdir -p /run/upper /run/work /run/root
mount -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work root /run/root
cd /run/root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t devtmpfs dev dev
mkdir -p dev/pts
mount -t devpts -o mode=620,ptmxmode=666 devpts dev/pts
ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t hostfs -o hostfs=/lab/out out lab/out
mkdir run/host
# Not chroot, in which processes cannot create user namespaces.
pivot_root . run/host
cd /
umount -l run/host

stty -F /dev/tty1 raw -echo
rc=0
setsid bash /lab/out/command > /dev/tty1 2>&1 < /dev/null || rc=$?
echo $rc > /lab/out/status
echo o > /proc/sysrq-trigger
sleep infinity
