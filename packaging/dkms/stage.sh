#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# stage.sh FOLDER - what DKMS builds the module from, at their places in this tree. dkms.conf, in
# which the version is to be filled in, is not among it.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
{
	printf '%s\n' Kbuild packaging/dkms/{build,prepare-kernel}.sh tools/lab/{module,prepare-debian}.sh
	find include rust -name '*.h'
	find rust \( -name '*.rs' -o -name '*.c' \) ! -name '*.mod.c' ! -name '*_generated.rs'
	printf '%s\n' rust/Kbuild rust/c/bindgen_parameters
} | sort -u | while IFS= read -r f; do
	mode=644
	[ ! -x "$f" ] || mode=755
	install -D -m $mode "$f" "$1/$f"
done
