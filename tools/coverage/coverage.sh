# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make coverage': which lines of the driver the kselftests reach.

# With line tables. Without pruning, because code after a pruned block would be counted to another
# one.
COVERAGE_ARGUMENTS=(
	CFLAGS_MODULE="-gline-tables-only -mllvm -sanitizer-coverage-prune-blocks=0"
	RUSTFLAGS_MODULE="-Cdebuginfo=line-tables-only -Cllvm-args=-sanitizer-coverage-prune-blocks=0"
)

lab_coverage()
{
	local kernel=${KERNEL:-uml} out=$TREE/.build/coverage dirs=() dir

	lab_ready coverage "$kernel"
	kernel_need_kcov
	check_begin
	CHECK_MODULE=(coverage_build)
	check_selftests "$kernel"
	if [ -e "$RUN/results.$kernel" ]; then
		for dir in "$RUN/vm-$kernel" "$RUN/vm-$kernel"/*/; do
			[ ! -s "$dir/coverage/text" ] || dirs+=("/lab/run/${dir#"$RUN/"}/coverage")
		done
		mkdir -p "$out"
		check_stage "report" in_chroot --bind "$out" /lab/out -- \
			python3 /lab/tools/coverage/report.py "/lab/run/vm-$kernel/bsdtun.ko" \
			"$TREE" /lab/out/never-reached "${dirs[@]}" || :
	fi
	check_report "$kernel" || :
	cat "$RUN/report.log"
	say "the lines that were not reached: $out/never-reached"
	! grep -q '^fail ' "$RESULTS"
}

# Build the recorder, and bsdtun with its KCOV calls redirected to the recorder.
coverage_build()
{
	module_dir coverage
	mkdir -p "$MODULE_DIR/recorder"
	in_chroot --bind "$MODULE_DIR" /lab/module -- make -C "$K_AT/build" "${K_MAKE[@]}" \
		M="$TREE/tools/coverage/recorder" MO=/lab/module/recorder W=e --no-print-directory modules
	cp "$MODULE_DIR/recorder/bsdtun_coverage.ko" "$RUN/"
	module_unlock
	# objcopy has changed the last one.
	rm -f "$MODULE_DIR/bsdtun.ko"
	module_build coverage "${COVERAGE_ARGUMENTS[@]}" modules
	in_chroot --bind "$MODULE_DIR" /lab/module -- objcopy \
		--redefine-sym __sanitizer_cov_trace_pc=bsdtun_coverage_reached /lab/module/bsdtun.ko
}
