# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make docs-sessions': what Documentation/user-guide.rst shows, captured in a machine.

lab_docs_sessions()
{
	local dir out=$TREE/Documentation/sessions names

	names=$(find "$TREE/tools/docs/sessions" -type f ! -name '*.*' -printf '%f\n' | sort)
	[ -z "${TEST:-}" ] || grep -qxF -- "$TEST" <<< "$names" ||
		die "no session '$TEST'; there is: $(paste -sd' ' <<< "$names")"
	lab_ready docs-sessions "${KERNEL:-$KERNEL_DEFAULT}"
	dir=$RUN/vm
	module_into "$dir" demo_echo
	logged in_root --bind "$dir" /lab/out -- \
		gcc -Wall -Wextra -Werror -O2 -o /lab/out/wire "$TREE/selftests/wire.c"
	vm_accel
	step "the sessions of Documentation/user-guide.rst on Linux $K_RELEASE"
	VM_SHOW=1
	if ! vm_boot "$dir" $((900 * K_SLOW)) "bash /lab/tools/docs/sessions-guest.sh ${TEST:-}"; then
		tr -d '\r' < "$dir/console" | tail -n 50 >> "$LOG"
		exit 1
	fi
	[ -n "${TEST:-}" ] || rm -rf "$out"
	mkdir -p "$out"
	cp "$dir"/sessions/*.txt "$out/"
	# What a terminal would not show.
	sed -i 's/[ \t]*$//' "$out"/*.txt
	run_end
	say "they are in $out"
}
