#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Programs of system calls for the fuzzer, see fuzz_main.c: those of the corpus, and with KCOV a
# hundred new ones, the same in each run as far as the kernel behaves the same. With
# BSDTUN_FUZZ_SECONDS, generates programs for this long, beginning with the seed BSDTUN_FUZZ_SEED.
# Programs with new coverage are written to BSDTUN_FUZZ_FOUND/calls; those of earlier runs there
# are used too.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

require unshare

if [ ! -x "$DIR/fuzz_calls" ]; then
	ktap_print_header
	ktap_skip_all "built without the engine of libFuzzer"
	exit "$KSFT_SKIP"
fi

seed="${BSDTUN_FUZZ_SEED:-1}"
programs=("$DIR"/corpus/*)
export BSDTUN_OOPS_PATTERNS="$DIR/oops_patterns" BSDTUN_IGNORED_WARNINGS="$DIR/ignored_warnings"
work="$(mktemp -d)" || exit "$KSFT_FAIL"
trap 'rm -rf "$work"' EXIT
found="${BSDTUN_FUZZ_FOUND:-$work}"
mkdir -p "$found/calls"

# In a PID namespace, because a program may send a signal to any process that it can name. The
# engine's own limits are off: they need a thread or a signal, and the test runner has a limit.
fuzz() {
	unshare --pid --fork --kill-child "$DIR/fuzz_calls" -timeout=0 -rss_limit_mb=0 \
		-max_len=576 -artifact_prefix="$work/" "$@" >"$work/output" 2>&1 && return
	# The output contains the program and its bytes.
	sed 's/^/# /' "$work/output"
	return 1
}

summary() {
	grep '^# [0-9]* programs,' "$work/output"
}

corpus() {
	expect test -s "${programs[0]}" || return 1
	fuzz "${programs[@]}" || return 1
	summary
}

# The engine runs the corpus first.
new_programs() {
	ktap_print_msg "seed $seed"
	fuzz -seed="$seed" -runs=$((${#programs[@]} + 100)) "$found/calls" "$DIR/corpus" ||
		return 1
	summary
}

# In periods of five minutes, each of which prints a summary.
fuzz_for_seconds() {
	local left="$BSDTUN_FUZZ_SECONDS" slice

	while [ "$left" -gt 0 ]; do
		slice=$((left < 300 ? left : 300))
		ktap_print_msg "seed $seed, $slice seconds"
		fuzz -seed="$seed" -max_total_time="$slice" "$found/calls" "$DIR/corpus" ||
			return 1
		summary
		left=$((left - slice))
		seed=$((seed + 1))
	done
}

# Reduces the corpus to the fewest programs with the same coverage.
minimize_corpus() {
	mkdir "$found/calls-smallest" || return 1
	fuzz -set_cover_merge=1 -use_counters=0 "$found/calls-smallest" "$DIR/corpus" \
		"$found/calls" || return 1
	grep "^MERGE-OUTER: .*new files" "$work/output" | sed 's/^/# /'
}

if [ ! -e /sys/kernel/debug/kcov ]; then
	run_tests : corpus
elif [ -z "${BSDTUN_FUZZ_SECONDS:-}" ]; then
	run_tests : new_programs
else
	run_tests : fuzz_for_seconds minimize_corpus
fi
