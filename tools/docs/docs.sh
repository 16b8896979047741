# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make docs': the crate's documentation by rustdoc, the texts and the manual pages as HTML.
# A warning is an error.  'make docs-architecture': the picture of the modules.

lab_docs()
{
	local out=$TREE/.build/docs

	lab_ready docs "${KERNEL:-$KERNEL_DEFAULT}"
	step "rustdoc"
	logged check_rustdoc
	step "Documentation/*.rst"
	mkdir -p "$out"
	rm -rf "$out/rustdoc"
	cp -r "$MODULE_DIR/doc" "$out/rustdoc"
	logged in_root -- bash /lab/tools/lab/lint.sh rst "$TREE" "" "$out"
	step "manual pages"
	logged in_root -- bash /lab/tools/lab/lint.sh man "$TREE" "" "$out"
	run_end
	say "done: $out/rustdoc/bsdtun/index.html and $out/*.html"
}

lab_docs_architecture()
{
	lab_ready docs-architecture
	logged in_root -- bash /lab/tools/lab/lint.sh architecture "$TREE" "" "$TREE/Documentation"
	run_end
	say "done: Documentation/architecture.dot and .svg"
}
