#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rustdoc-in-chroot.sh OBJECTS DOC: document the crate into DOC, with the arguments that rustc had
# when it compiled the crate. They are in a .cmd file.
set -euo pipefail

objects=$1
doc=$2

cd "$objects"
rm -rf "$doc"
command=$(sed -n 's/^savedcmd_rust\/bsdtun\.o := //p' rust/.bsdtun.o.cmd | sed -E '
	s/ rustc / rustdoc /
	s/ --emit=[^ ]+//g
	s/ --out-dir [^ ]+//
	s/ --crate-type [^ ]+//
	s/ --remap-path-(scope|prefix)=[^ ]+//g
	s/;.*$//')
[ -n "$command" ]
export RUSTC_BOOTSTRAP=1 BSDTUN_OBJ=$objects
# Private items too, because the readers are the driver's developers.
eval "env $command --document-private-items -Arustdoc::private_intra_doc_links -o \"\$doc\""
test -s "$doc/bsdtun/index.html"
