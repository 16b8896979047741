#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Programs of system calls that libFuzzer's engine makes up, see fuzz_calls.c: those of
# the corpus, and as far as KCOV tells what they reach, new ones. A hundred, always the same
# but for what the kernel does differently; or BSDTUN_FUZZ_SECONDS long from BSDTUN_FUZZ_SEED
# on, and what is found is put into BSDTUN_FUZZ_FOUND/calls, where what was found before is used.

# shellcheck source-path=SCRIPTDIR source=lib/helpers.sh
. "$(dirname "$(readlink -f "$0")")/lib/helpers.sh"

need unshare

if [ ! -x "$DIR/fuzz_calls" ]; then
	ktap_print_header
	ktap_skip_all "built without libFuzzer's engine"
	exit "$KSFT_SKIP"
fi

seed="${BSDTUN_FUZZ_SEED:-1}"
programs=("$DIR"/corpus/calls/*)
export BSDTUN_SPLATS="$DIR/oops_patterns" BSDTUN_NOISE="$DIR/ignored_warnings"
work="$(mktemp -d)" || exit "$KSFT_FAIL"
trap 'rm -rf "$work"' EXIT
found="${BSDTUN_FUZZ_FOUND:-$work}"
mkdir -p "$found/calls"

# In a process namespace: a program may give a signal to any process that it knows. The engine's
# own limits are off, for they take a thread or a signal; the runner has one.
fuzz() {
	unshare --pid --fork --kill-child "$DIR/fuzz_calls" -timeout=0 -rss_limit_mb=0 \
		-max_len=576 -artifact_prefix="$work/" "$@" >"$work/said" 2>&1 && return
	# The program is there, and its bytes.
	sed 's/^/# /' "$work/said"
	return 1
}

summary() {
	grep '^# [0-9]* programs,' "$work/said"
}

corpus() {
	expect test -s "${programs[0]}" || return 1
	fuzz "${programs[@]}" || return 1
	summary
}

# It begins with the corpus.
new_programs() {
	ktap_print_msg "seed $seed"
	fuzz -seed="$seed" -runs=$((${#programs[@]} + 100)) "$found/calls" "$DIR/corpus/calls" ||
		return 1
	summary
}

# In turns, after each of which something is said.
for_long() {
	local left="$BSDTUN_FUZZ_SECONDS" slice

	while [ "$left" -gt 0 ]; do
		slice=$((left < 600 ? left : 600))
		ktap_print_msg "seed $seed, $slice seconds"
		fuzz -seed="$seed" -max_total_time="$slice" "$found/calls" "$DIR/corpus/calls" ||
			return 1
		summary
		left=$((left - slice))
		seed=$((seed + 1))
	done
}

# As few as will do, for the corpus.
smallest_corpus() {
	mkdir "$found/calls-smallest" || return 1
	fuzz -set_cover_merge=1 -use_counters=0 "$found/calls-smallest" "$DIR/corpus/calls" \
		"$found/calls" || return 1
	grep "^MERGE-OUTER: .*new files" "$work/said" | sed 's/^/# /'
}

if [ ! -e /sys/kernel/debug/kcov ]; then
	run_tests : corpus
elif [ -z "${BSDTUN_FUZZ_SECONDS:-}" ]; then
	run_tests : new_programs
else
	run_tests : for_long smallest_corpus
fi
