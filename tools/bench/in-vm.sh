#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# in-vm.sh ARGUMENT...: in the virtual machine, load both drivers and run bench with these
# arguments.
set -euo pipefail

# shellcheck source=tools/lab/in-vm/lib.sh
. /lab/tools/lab/in-vm/lib.sh

mountpoint -q /sys/kernel/tracing || mount -t tracefs tracing /sys/kernel/tracing
modprobe tun
mkdir -p /dev/net
[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
insmod "$BSDTUN_KO"
sysctl -qw net.ipv6.conf.default.disable_ipv6=1
sysctl -qw net.ipv6.conf.all.disable_ipv6=1
rc=0
"$OUT/bench" "$@" || rc=$?
finish $rc
