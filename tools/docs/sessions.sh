# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make docs-sessions': capture the terminal sessions that the documents show, in
# Documentation/sessions.

lab_docs_sessions()
{
	local dir out=$TREE/Documentation/sessions names

	names=$(find "$TREE/tools/docs/sessions" -type f ! -name '*.*' -printf '%f\n' | sort)
	[ -z "${TEST:-}" ] || grep -qxF -- "$TEST" <<< "$names" ||
		die "unknown session '$TEST'; TEST is one of: $(paste -sd' ' <<< "$names")"
	lab_ready docs-sessions "${KERNEL:-$KERNEL_DEFAULT}"
	dir=$RUN/vm
	module_into "$dir"
	compile_into "$dir" echo Documentation/examples/echo.c
	compile_into "$dir" forward Documentation/examples/forward.c
	compile_into "$dir" wire "$(cd "$TREE" && find selftests -name wire.c)"
	compile_into "$dir" sink "$(cd "$TREE" && find selftests -name sink.c)"
	vm_accel
	step "capturing sessions on Linux $K_RELEASE"
	vm_run "$dir" "bash /lab/tools/docs/sessions-in-vm.sh ${TEST:-}"
	[ -n "${TEST:-}" ] || rm -rf "$out"
	mkdir -p "$out"
	cp "$dir"/sessions/*.txt "$out/"
	# Spaces that a terminal does not show.
	sed -i 's/[ \t]*$//' "$out"/*.txt
	run_end
	say "done: $out"
}
