#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# lint.sh CHECK TREE [KERNEL-SOURCE [OUT]]: in the chroot, one check of the sources. Some checks
# write what they made into the folder OUT. A check that finds no files fails.
set -euo pipefail

check=$1
source=${3:-}
out=${4:-}
cd "$2"

# files PATTERN...: set FILES to the sources with these names, except generated ones.
files()
{
	local names=() p

	for p in "$@"; do
		names+=(-o -name "$p")
	done
	mapfile -t FILES < <(find . \( -name .git -o -name .build \) -prune -o -type f \( "${names[@]:1}" \) \
		! -name '*.mod.c' ! -name '*_generated.rs' -printf '%P\n' | LC_ALL=C sort)
	[ ${#FILES[@]} -gt 0 ]
}

# Unit tests of the pure modules. Whole ranges are tried: optimized, but with the kernel's checks.
lint_host-tests()
{
	rustc --test --edition 2021 -D warnings -C opt-level=2 -C debug-assertions=on \
		-C overflow-checks=on -o /tmp/host-tests tools/host-tests/main.rs
	/tmp/host-tests | tee /tmp/host-tests.out
	grep -qE '^test result: ok\. [1-9]' /tmp/host-tests.out
}

# Which requests the command lines of ifconfig and route make.
lint_bsd-commands()
{
	python3 tools/host-tests/bsd_commands.py
}

lint_rustfmt()
{
	files '*.rs'
	rustfmt --check --edition 2021 --config-path "$source/.rustfmt.toml" "${FILES[@]}"
}

lint_checkpatch()
{
	local file ignore rc=0

	files '*.c' '*.h'
	for file in "${FILES[@]}"; do
		case $file in
		# libFuzzer's names and section; arrays that a macro asks for their size.
		selftests/fuzz*) ignore=PREFER_KERNEL_TYPES,CAMELCASE,PREFER_DEFINED_ATTRIBUTE_MACRO,MACRO_ARG_REUSE ;;
		tools/coverage/recorder/*) ignore= ;;
		# Macros that expand to fixtures.
		selftests/lib/fixture.h)
			ignore=PREFER_KERNEL_TYPES,MULTISTATEMENT_MACRO_USE_DO_WHILE,COMPLEX_MACRO,MACRO_ARG_REUSE ;;
		# C89 has no inline; programs have no u8, and no macros for attributes.
		include/*) ignore=PREFER_KERNEL_TYPES,INLINE,PREFER_DEFINED_ATTRIBUTE_MACRO ;;
		selftests/* | tools/* | packaging/* | Documentation/*) ignore=PREFER_KERNEL_TYPES ;;
		# Macro arguments that look like structures and statements.
		*/tracepoints.h) ignore=OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,TRAILING_SEMICOLON ;;
		*) ignore= ;;
		esac
		perl "$source/scripts/checkpatch.pl" --no-tree --strict --quiet --no-summary \
			${ignore:+--ignore "$ignore"} -f "$file" || rc=1
	done
	return $rc
}

# The parts of the lab use each other's variables: they are checked as one script.
lint_shellcheck()
{
	local parts

	mapfile -t FILES < <(grep -lE '^#!/bin/(ba)?sh' -r selftests tools packaging .ci)
	[ ${#FILES[@]} -gt 0 ]
	read -r -d '' -a parts < <(sed -n '/^PARTS=(/,/)/p' tools/lab/lab | tr -d '()') || :
	{
		printf '#!/bin/bash\nLAB=%s\nTREE=%s\n' "$PWD/tools/lab" "$PWD"
		printf '. "%s.sh"\n' "${parts[@]/#/$PWD/tools/}" | sed 's/PARTS=//'
		sed -n '/^main()/,$p' tools/lab/lab
	} > /tmp/lab.sh
	shellcheck --external-sources --source-path=SCRIPTDIR --source-path="$PWD" "${FILES[@]}"
	# Without "never invoked": functions are arguments of others here.
	shellcheck --external-sources --check-sourced --exclude=SC2329,SC2317 /tmp/lab.sh
}

lint_documentation()
{
	local doc

	files '*.rst'
	for doc in "${FILES[@]}"; do
		rst2html5 --halt=warning --report=info "$doc" "${out:-/tmp}/$(basename "$doc" .rst).html"
	done
}

lint_manual-pages()
{
	local page

	files '*.4'
	mandoc -Tlint -W warning "${FILES[@]}"
	bash tools/lab/in-chroot/lint-manpages.sh
	for page in "${FILES[@]}"; do
		[ -z "$out" ] || mandoc -Thtml "$page" > "$out/$(basename "$page").html"
	done
}

# The layers hold, and the picture is up to date.
lint_architecture()
{
	python3 tools/docs/layers.py --dot /tmp/architecture.dot rust
	if [ -z "$out" ]; then
		diff Documentation/architecture.dot /tmp/architecture.dot ||
			{ echo "architecture.dot is out of date: run 'make docs-architecture'"; return 1; }
	else
		cp /tmp/architecture.dot "$out/"
		dot -Tsvg /tmp/architecture.dot |
			sed '1a <!-- SPDX-License-Identifier: GPL-2.0 -->' > "$out/architecture.svg"
	fi
}

# Each session in tools/docs/sessions has been captured with the same commands, and a page includes
# it.
lint_sessions()
{
	local name rc=0

	mapfile -t FILES < <(find tools/docs/sessions -type f ! -name '*.*' -printf '%f\n' | sort)
	[ ${#FILES[@]} -gt 0 ]
	for name in "${FILES[@]}"; do
		diff "tools/docs/sessions/$name" <(sed -n 's/^# //p' "Documentation/sessions/$name.txt") || rc=1
	done
	diff <(printf 'sessions/%s.txt\n' "${FILES[@]}") \
		<(sed -n 's/^\.\. include:: \(sessions\/.*\)/\1/p' Documentation/*.rst | sort) ||
			rc=1
	diff <(printf '%s.txt\n' "${FILES[@]}") \
		<(find Documentation/sessions -type f -printf '%f\n' | sort) || rc=1
	[ $rc -eq 0 ] || echo "run 'make docs-sessions', and include each session in a document"
	return $rc
}

# The headers for programs compile in each dialect.
lint_headers()
{
	python3 tools/lab/in-chroot/check-headers.py .
}

# Documents name tests that exist.
lint_test-references()
{
	python3 tools/lab/check-test-references.py .
}

# Long files have several subjects.
lint_file-lengths()
{
	local long

	files '*.rs' '*.c'
	long=$(wc -l "${FILES[@]}" | awk '
		$2 ~ /^rust\/.*\.rs$/ { most = 600 }
		$2 ~ /^selftests\/.*\.c$/ { most = 900 }
		most && $1 > most { print $2 ": " $1 " lines, more than " most ": split it by subject" }
		{ most = 0 }')
	[ -z "$long" ] || { printf '%s\n' "$long"; return 1; }
}

"lint_$check"
