#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# uml.sh RELEASE PROCESSORS MEMORY [ARGUMENT...] - in the toolchain root: run the kernel, which is
# a program, on this root, with /lab/out/command as what it is to do; see guest-uml.sh. What the
# command says goes to stdout, what the kernel says to stderr; the command's exit status.
set -uo pipefail

release=$1
processors=$2
memory=$3
shift 3

rm -f /lab/out/status
# Its memory is a file, executable at that.
TMPDIR=/tmp "/usr/lib/modules/$release/vmlinuz" mem="$memory" ncpus="$processors" seccomp=on \
	rootfstype=hostfs ro init=/lab/scripts/guest-uml.sh noreboot \
	stderr=1 console=tty0 con=null con0=null,fd:2 con1=null,fd:3 ssl=null "$@" 3>&1 1>&2
[ -s /lab/out/status ] || exit 255
exit "$(cat /lab/out/status)"
