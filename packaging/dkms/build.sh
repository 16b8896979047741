#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build.sh RELEASE KDIR: for DKMS, build bsdtun.ko for a kernel, against KDIR or, if that has no
# metadata of the kernel's Rust crates, against a folder that prepare-kernel.sh makes.
set -euo pipefail

release=$1
kdir=$2
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# DKMS exports variables with these names, which make would use.
unset MAKEFLAGS ARCH KERNELRELEASE O

# shellcheck source=tools/lab/kdir.sh
. tools/lab/kdir.sh

if [ ! -r "$kdir/rust/libkernel.rmeta" ]; then
	packaging/dkms/prepare-kernel.sh "$release"
	kdir=/var/cache/bsdtun/$release/build
fi
problem=$(kdir_problem "$kdir")
if [ -n "$problem" ]; then
	echo "bsdtun: $problem" >&2
	exit 1
fi
make -C "$kdir" M="$PWD" -j"$(nproc)" modules
