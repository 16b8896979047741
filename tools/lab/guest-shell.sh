# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The interactive shell of 'make shell' starts with this as its .bashrc.

if [ -z "${BSDTUN_SHELL:-}" ]; then
	export BSDTUN_SHELL=1
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	ip link set lo up
	insmod /lab/out/bsdtun.ko
	echo
	echo "Linux $(uname -r) with bsdtun loaded:"
	ip -d link show bsdtun0
	echo
	echo "/lab/out is this machine's only folder that outlives it; bsdtun.ko and demo_echo are there."
fi
PS1='\[\e[1m\]vm\[\e[0m\]:\w\$ '
cd /lab/out || return
