#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# stage-source.sh FOLDER: copy what DKMS builds the module from into FOLDER, with the same paths.
# Without dkms.conf, into which the version has to be filled.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
{
	printf '%s\n' Kbuild VERSION packaging/dkms/{build,prepare-kernel}.sh tools/lab/kdir.sh \
		tools/lab/in-chroot/prepare-debian-kernel.sh rust/Kbuild rust/c/bindgen_parameters
	find include rust -name '*.h'
	find rust \( -name '*.rs' -o -name '*.c' \) ! -name '*.mod.c' ! -name '*_generated.rs'
} | sort -u | while IFS= read -r f; do
	mode=644
	[ ! -x "$f" ] || mode=755
	install -D -m $mode "$f" "$1/$f"
done
