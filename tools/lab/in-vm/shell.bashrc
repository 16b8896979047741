# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# .bashrc of the interactive shell of 'make shell'.

if [ -z "${BSDTUN_SHELL:-}" ]; then
	export BSDTUN_SHELL=1
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	ip link set lo up
	insmod /lab/out/bsdtun.ko
	printf '\nLinux %s with bsdtun loaded:\n' "$(uname -r)"
	ip -d link show bsdtun0
	printf '\nbsdtun.ko is in /lab/out, the only folder that outlives this machine.\n'
	printf '/lab/examples/echo.py is a program that answers pings.\n'
fi
PS1='\[\e[1m\]vm\[\e[0m\]:\w\$ '
cd /lab/out || return
