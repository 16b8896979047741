#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rustdoc.sh OBJECTS DOC - in the toolchain root: document the crate into
# DOC.  Kbuild has no such target for external modules; what rustc was told when it
# compiled the crate stands in the .cmd file, and rustdoc takes it but for the output.
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
# The saved command is a line for the shell that make started in this folder.
# For those who read the code: what links to private items is meant to.
eval "env $command --document-private-items -Arustdoc::private_intra_doc_links -o \"\$doc\""
test -s "$doc/bsdtun/index.html"
