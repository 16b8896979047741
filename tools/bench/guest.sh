#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the machine: Linux's tun and bsdtun, the same work in turns.
set -euo pipefail

# shellcheck source=tools/lab/guest-lib.sh
. /lab/tools/lab/guest-lib.sh

modprobe tun
mkdir -p /dev/net
[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
insmod "$BSDTUN_KO"
sysctl -qw net.ipv6.conf.default.disable_ipv6=1
sysctl -qw net.ipv6.conf.all.disable_ipv6=1
rc=0
"$OUT/bench" "$@" || rc=$?
dmesg > "$OUT/dmesg"
exit $rc
