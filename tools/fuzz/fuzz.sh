# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make fuzz', and the short fuzzing in 'make check'.

# Inputs for the pure modules in 'make check'; with a fixed seed they are always the same.
FUZZ_HOST_RUNS=500000

# What 'make fuzz' has found so far, which it starts from, next to the corpora. NAME.tar.xz is as
# much of both as reaches the same code.
FUZZ_FOUND=$TREE/.build/fuzz
FUZZ_CORPUS=$TREE/tools/fuzz/corpus

# fuzz_unpack NAME: the corpus as a folder RUN/corpus/NAME, /lab/run/corpus/NAME in the chroot.
fuzz_unpack()
{
	mkdir -p "$RUN/corpus/$1"
	in_chroot -- tar -xJf "$FUZZ_CORPUS/$1.tar.xz" -C "/lab/run/corpus/$1"
}

# fuzz_pack NAME: the folder FUZZ_FOUND/NAME-smallest as an archive that depends on nothing but the
# inputs.
fuzz_pack()
{
	# shellcheck disable=SC2016 # for the other shell
	in_chroot -- bash -c 'cd "$1-smallest" && tar -cf - --sort=name --mtime=@0 --owner=0 \
		--group=0 --numeric-owner --mode=644 -- * | xz -9e > "$1.tar.xz"' - "$FUZZ_FOUND/$1"
	rm -rf "$FUZZ_FOUND/$1-smallest"
}

# fuzz_host ARGUMENT...: see host-in-chroot.sh. A failing input is saved in the run's folder.
fuzz_host()
{
	in_chroot -- bash /lab/tools/fuzz/host-in-chroot.sh "$TREE" -artifact_prefix=/lab/run/ "$@"
}

fuzz_host_check()
{
	fuzz_unpack host
	fuzz_host -seed=1 -runs="$FUZZ_HOST_RUNS" /tmp/new /lab/run/corpus/host
}

fuzz_host_long()
{
	mkdir -p "$FUZZ_FOUND/host"
	rm -rf "$FUZZ_FOUND/host-smallest"
	mkdir "$FUZZ_FOUND/host-smallest"
	fuzz_unpack host
	fuzz_host -seed="$FUZZ_SEED" -max_total_time="$FUZZ_SECONDS" -use_value_profile=1 \
		"$FUZZ_FOUND/host" /lab/run/corpus/host || return
	fuzz_host -set_cover_merge=1 -use_counters=0 "$FUZZ_FOUND/host-smallest" \
		/lab/run/corpus/host "$FUZZ_FOUND/host" || return
	fuzz_pack host
}

# fuzz_stage NAME COMMAND: a stage that reports how much it has tried, and fails if that is nothing.
fuzz_stage()
{
	local log=$RUN/${1// /-}.log summary

	check_stage "$1" "$2" || return 0
	summary=$(awk '/^INFO: Loaded .* PC tables/ { places = substr($6, 2) }
		/^#[0-9]+\tDONE/ { reached = $4 }
		/^stat::number_of_executed_units:/ && !n { n = $2 }
		END { if (n) printf "%d inputs, %d of %d places reached\n", n, reached, places }' "$log")
	say "${summary:-no input was tried}"
	[ -n "$summary" ] || result fail "$1: no input was tried (log: $log)"
}

lab_fuzz()
{
	local kernel=${KERNEL:-uml} found

	FUZZ_SECONDS=${FUZZ_SECONDS:-600}
	FUZZ_SEED=${FUZZ_SEED:-$RANDOM}
	[[ $FUZZ_SECONDS$FUZZ_SEED =~ ^[0-9]+$ ]] ||
		die "FUZZ_SECONDS and FUZZ_SEED must be numbers"
	lab_ready fuzz "$kernel"
	kernel_need_kcov
	check_begin

	say "seed $FUZZ_SEED, $FUZZ_SECONDS seconds for each fuzzer"
	fuzz_stage "host fuzzing" fuzz_host_long

	TEST=fuzz
	# Grace periods, for which most programs wait, are shorter on one.
	K_CPUS=(1)
	TEST_ENVIRONMENT="BSDTUN_FUZZ_SECONDS=$FUZZ_SECONDS BSDTUN_FUZZ_SEED=$FUZZ_SEED \
		BSDTUN_FUZZ_FOUND=/lab/out/found"
	found=$RUN/vm-$K_NAME/found
	mkdir -p "$FUZZ_FOUND/calls" "$found"
	cp -a "$FUZZ_FOUND/calls" "$found/"
	check_selftests "$kernel"
	rm -rf "$FUZZ_FOUND/calls-smallest"
	cp -a "$found/." "$FUZZ_FOUND/"
	[ ! -d "$FUZZ_FOUND/calls-smallest" ] || fuzz_pack calls
	check_report "$kernel"
}
