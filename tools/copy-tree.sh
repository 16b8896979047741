#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# copy-tree.sh TARGET: copy this tree without version control and without what builds have left in
# it.
set -euo pipefail

tar -C "$(dirname "${BASH_SOURCE[0]}")/.." -c --exclude-vcs --exclude=./.ci --exclude=./.build \
	--exclude='*.o' --exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' --exclude='.*.cmd' \
	--exclude='.*.d' --exclude='*_generated.rs' --exclude=modules.order --exclude=Module.symvers . |
	tar -C "$1" -x --no-same-owner
