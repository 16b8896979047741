# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Fuzzing: a little of it in 'make check', and 'make fuzz'.

# Inputs of the pure modules that 'make check' tries. With a fixed seed they are always the
# same.
FUZZ_HOST_RUNS=500000

# What 'make fuzz' has found, and starts from the next time; SMALLEST is enough of it to reach
# the same.
FUZZ_FOUND=$TREE/.build/fuzz

# fuzz_host ARGUMENT...: see fuzz-host.sh.  An input that fails is put into the run's folder.
fuzz_host()
{
	in_root -- bash /lab/tools/fuzz/host.sh "$TREE" -artifact_prefix=/lab/run/ "$@"
}

fuzz_host_check()
{
	fuzz_host -seed=1 -runs=$FUZZ_HOST_RUNS /tmp/new "$TREE/tools/fuzz/corpus/host"
}

fuzz_host_long()
{
	mkdir -p "$FUZZ_FOUND/host"
	rm -rf "$FUZZ_FOUND/host-smallest"
	mkdir "$FUZZ_FOUND/host-smallest"
	fuzz_host -seed="$FUZZ_SEED" -max_total_time="$FUZZ_SECONDS" -use_value_profile=1 \
		"$FUZZ_FOUND/host" "$TREE/tools/fuzz/corpus/host" || return
	fuzz_host -set_cover_merge=1 -use_counters=0 "$FUZZ_FOUND/host-smallest" \
		"$TREE/tools/fuzz/corpus/host" "$FUZZ_FOUND/host"
}

# fuzz_stage NAME COMMAND: a stage that says how much it has tried; nothing at all is a failure.
fuzz_stage()
{
	local log=$RUN/${1// /-}.log

	check_stage "$1" "$2" || return 0
	# shellcheck disable=SC2016
	awk '/^INFO: Loaded .* PC tables/ { places = substr($6, 2) }
		/^#[0-9]+\tDONE/ { reached = $4 }
		/^stat::number_of_executed_units:/ && !n { n = $2 }
		END {
			if (!n)
				exit 1
			printf "%d inputs, %d of %d places reached\n", n, reached, places
		}' "$log" > "$log.sum" || {
		result fail "$1: nothing was tried (log: $log)"
		return 0
	}
	say "$(cat "$log.sum")"
}

lab_fuzz()
{
	local kernel=${KERNEL:-uml} found

	FUZZ_SECONDS=${FUZZ_SECONDS:-600}
	FUZZ_SEED=${FUZZ_SEED:-$RANDOM}
	case $FUZZ_SECONDS$FUZZ_SEED in
	*[!0-9]*) die "FUZZ_SECONDS and FUZZ_SEED are numbers" ;;
	esac
	lab_ready fuzz "$kernel"
	kernel_need_kcov
	check_begin

	say "seed $FUZZ_SEED, $FUZZ_SECONDS seconds each"
	fuzz_stage "host fuzzing" fuzz_host_long

	TEST=fuzz
	CHECK_MORE=$FUZZ_SECONDS
	CHECK_ENV="BSDTUN_FUZZ_SECONDS=$FUZZ_SECONDS BSDTUN_FUZZ_SEED=$FUZZ_SEED BSDTUN_FUZZ_FOUND=/lab/out/found"
	found=$RUN/vm-$K_NAME/found
	mkdir -p "$FUZZ_FOUND/calls" "$found"
	cp -a "$FUZZ_FOUND/calls" "$found/"
	check_run "$kernel"
	rm -rf "$FUZZ_FOUND/calls-smallest"
	cp -a "$found/." "$FUZZ_FOUND/"
	check_report "$kernel"
}
