#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# lint.sh WHAT TREE [KERNEL-SOURCE [OUT]] - in the toolchain root: one check of the sources.
# A check that finds nothing to look at fails.
set -euo pipefail

what=$1
source=${3:-}
cd "$2"

# files PATTERN...: our sources, not what builds have left between them.
files()
{
	local names=() p

	for p in "$@"; do
		names+=(-o -name "$p")
	done
	find . \( -name .git -o -name .build \) -prune -o -type f \( "${names[@]:1}" \) \
		! -name '*.mod.c' ! -name '*_generated.rs' -printf '%P\n' | sort
}

case $what in
host-tests)
	# Whole ranges are tried: optimised, but with the checks of a kernel.
	rustc --test --edition 2021 -D warnings -C opt-level=2 -C debug-assertions=on \
		-C overflow-checks=on -o /tmp/host-tests tools/host-tests/main.rs
	/tmp/host-tests | tee /tmp/host-tests.out
	grep -qE '^test result: ok\. [1-9]' /tmp/host-tests.out
	;;
rustfmt)
	mapfile -t f < <(files '*.rs')
	[ ${#f[@]} -gt 0 ]
	rustfmt --check --edition 2021 --config-path "$source/.rustfmt.toml" "${f[@]}"
	;;
checkpatch)
	checkpatch=(perl "$source/scripts/checkpatch.pl" --no-tree --strict --quiet --no-summary)
	mapfile -t f < <(files '*.c' '*.h')
	rc=0
	for file in "${f[@]}"; do
		case $file in
		# The names of libFuzzer's engine, and the section that it looks for; arrays that are
		# asked for their size.
		selftests/fuzz*)
			ignore=(--ignore "PREFER_KERNEL_TYPES,CAMELCASE,PREFER_DEFINED_ATTRIBUTE_MACRO,MACRO_ARG_REUSE") ;;
		tools/coverage/recorder/*) ignore=() ;;
		# The kernel's u8 is no type in a program.
		selftests/* | tools/* | include/* | packaging/* | Documentation/*) ignore=(--ignore PREFER_KERNEL_TYPES) ;;
		# Arguments of macros that look like structures and statements.
		rust/c/tracepoints.h) ignore=(--ignore "OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,TRAILING_SEMICOLON") ;;
		*) ignore=() ;;
		esac
		"${checkpatch[@]}" "${ignore[@]}" -f "$file" || rc=1
	done
	[ ${#f[@]} -gt 0 ] && exit $rc
	;;
shellcheck)
	# The parts of the lab are seen through what sources them.
	mapfile -t f < <(grep -lE "^#!/bin/(ba)?sh" -r selftests tools packaging .ci --include='*.sh' \
		--include=lab --include=run --include=ifconfig --include=route --include='*.post*')
	[ ${#f[@]} -gt 0 ]
	shellcheck --external-sources --source-path=SCRIPTDIR --source-path="$PWD" "${f[@]}"
	;;
rst)
	mapfile -t f < <(files '*.rst')
	[ ${#f[@]} -gt 0 ]
	for doc in "${f[@]}"; do
		rst2html5 --halt=warning --report=info "$doc" "${4:-/tmp}/$(basename "$doc" .rst).html"
	done
	;;
man)
	mapfile -t f < <(files '*.4')
	[ ${#f[@]} -gt 0 ]
	mandoc -Tlint -W warning "${f[@]}"
	bash /lab/tools/lab/lint-man.sh
	if [ -n "${4:-}" ]; then
		for doc in "${f[@]}"; do
			mandoc -Thtml "$doc" > "$4/$(basename "$doc").html"
		done
	fi
	;;
test-references)
	# The tests that the documents name exist.
	python3 tools/lab/check-test-references.py
	;;
architecture)
	# The layers hold, and the picture is that of this tree. With OUT: draw it anew.
	python3 tools/docs/layers.py --dot /tmp/architecture.dot rust
	if [ -z "${4:-}" ]; then
		diff Documentation/architecture.dot /tmp/architecture.dot || {
			echo "run 'make docs-architecture'"
			exit 1
		}
	else
		cp /tmp/architecture.dot "$4/"
		dot -Tsvg /tmp/architecture.dot |
			sed '1a <!-- SPDX-License-Identifier: GPL-2.0 -->' > "$4/architecture.svg"
	fi
	;;
sessions)
	# What was captured is what the lab runs, and a page shows it.
	mapfile -t f < <(find tools/docs/sessions -type f ! -name '*.*' -printf '%P\n' | sort)
	[ ${#f[@]} -gt 0 ]
	rc=0
	for name in "${f[@]}"; do
		diff "tools/docs/sessions/$name" <(sed -n 's/^# //p' "Documentation/sessions/$name.txt") || rc=1
	done
	diff <(printf 'sessions/%s.txt\n' "${f[@]}") \
		<(sed -n 's/^\.\. include:: \(sessions\/.*\)/\1/p' Documentation/*.rst | sort) || rc=1
	diff <(printf '%s.txt\n' "${f[@]}") <(find Documentation/sessions -type f -printf '%P\n' | sort) || rc=1
	[ $rc -eq 0 ] || echo "run 'make docs-sessions', and see that a page of Documentation includes each"
	exit $rc
	;;
*)
	echo "lint.sh: $what?" >&2
	exit 1
	;;
esac
