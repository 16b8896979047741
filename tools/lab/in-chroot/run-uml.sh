#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run-uml.sh RELEASE CPUS MEMORY ARGUMENTS: in the chroot, run a User Mode Linux kernel on this root
# with more kernel arguments, and /lab/out/command in it (see in-vm/uml-init.sh). The command's output
# goes to stdout, the kernel's to stderr. Exits with the command's status.
set -uo pipefail

read -r -a arguments <<< "$4"
rm -f /lab/out/status
# The guest's memory is an executable mapping of a file.
TMPDIR=/tmp "/usr/lib/modules/$1/vmlinuz" mem="$3" ncpus="$2" seccomp=on \
	rootfstype=hostfs ro init=/lab/tools/lab/in-vm/uml-init.sh noreboot \
	stderr=1 console=tty0 con=null con0=null,fd:2 con1=null,fd:3 ssl=null "${arguments[@]}" 3>&1 1>&2
[ -s /lab/out/status ] || exit 255
exit "$(cat /lab/out/status)"
