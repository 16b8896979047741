#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# uml.sh RELEASE PROCESSORS MEMORY ARGUMENTS COMMAND - in the toolchain root: run the kernel, which
# is a program, on this root, with more arguments, and in it COMMAND, see guest-uml.sh. What that
# says goes to stdout, what the kernel says to stderr; COMMAND's exit status.
set -uo pipefail

release=$1
processors=$2
memory=$3
read -r -a arguments <<< "$4"

printf '%s\n' "$5" > /lab/out/command
rm -f /lab/out/status
# Its memory is a file, executable at that.
TMPDIR=/tmp "/usr/lib/modules/$release/vmlinuz" mem="$memory" ncpus="$processors" seccomp=on \
	rootfstype=hostfs ro init=/lab/tools/lab/guest-uml.sh noreboot \
	stderr=1 console=tty0 con=null con0=null,fd:2 con1=null,fd:3 ssl=null "${arguments[@]}" 3>&1 1>&2
[ -s /lab/out/status ] || exit 255
exit "$(cat /lab/out/status)"
