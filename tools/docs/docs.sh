# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make docs' (HTML of the crate, the documents and the manual pages; warnings are errors) and 'make
# docs-architecture'.

# lint_into CHECK OUT
lint_into()
{
	logged in_chroot -- bash /lab/tools/lab/in-chroot/lint.sh "$1" "$TREE" "" "$2"
}

# rustdoc_build: document the crate in MODULE_DIR/doc. Kbuild cannot do this for external modules.
rustdoc_build()
{
	local rc=0

	module_build plain modules && in_chroot --bind "$MODULE_DIR" /lab/module -- \
		bash /lab/tools/docs/rustdoc-in-chroot.sh /lab/module /lab/module/doc || rc=$?
	module_unlock
	return "$rc"
}

lab_docs()
{
	local out=$TREE/.build/docs

	lab_ready docs "${KERNEL:-$KERNEL_DEFAULT}"
	step "rustdoc"
	logged rustdoc_build
	step "Documentation/*.rst"
	mkdir -p "$out"
	rm -rf "$out/rustdoc"
	cp -r "$MODULE_DIR/doc" "$out/rustdoc"
	lint_into documentation "$out"
	step "manual pages"
	lint_into manual-pages "$out"
	run_end
	say "done: $out/rustdoc/bsdtun/index.html and $out/*.html"
}

lab_docs_architecture()
{
	lab_ready docs-architecture
	lint_into architecture "$TREE/Documentation"
	run_end
	say "done: Documentation/architecture.dot and .svg"
}
