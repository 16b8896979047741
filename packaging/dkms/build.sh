#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build.sh RELEASE FOLDER - for DKMS: build bsdtun.ko for that kernel, against that folder, or, where
# that has no metadata of the kernel's Rust crates, against one that is prepared here.
set -euo pipefail

release=$1
kdir=$2
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# DKMS has variables of such names; make would take them from there.
unset MAKEFLAGS ARCH KERNELRELEASE O

# shellcheck source=tools/lab/module.sh
. tools/lab/module.sh

if [ ! -r "$kdir/rust/libkernel.rmeta" ]; then
	packaging/dkms/prepare-kernel.sh "$release"
	kdir=/var/cache/bsdtun/$release/build
fi
trouble=$(kdir_trouble "$kdir")
if [ -n "$trouble" ]; then
	echo "bsdtun: $trouble" >&2
	exit 1
fi
make -C "$kdir" M="$PWD" -j"$(nproc)" modules
