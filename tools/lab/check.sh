# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make check' and 'make check-all': checks of the sources, then the kselftests on each kernel.

# The kernels without KERNEL=.
CHECK_KERNELS=(stock uml)
CHECK_ALL_KERNELS=(stock uml debug cfi builtin arm64)

# Checks of the sources, see in-chroot/lint.sh.
LINTS=(host-tests bsd-commands rustfmt checkpatch shellcheck documentation manual-pages
	test-references architecture sessions file-lengths headers)

# What builds the module that is tested.
CHECK_MODULE=(module_build plain modules)

lab_check()
{
	check_on check "${CHECK_KERNELS[@]}"
}

lab_check_all()
{
	check_on check-all "${CHECK_ALL_KERNELS[@]}"
}

# check_on TARGET KERNEL...
check_on()
{
	local kernels=("${@:2}")

	test_preflight
	[ -z "${KERNEL:-}" ] || kernels=("$KERNEL")
	lab_ready "$1" "${kernels[0]}"
	check_begin
	[ -n "${TEST:-}" ] || check_sources
	check_selftests "${kernels[@]}"
	check_report "${kernels[@]}"
}

# A result is a line "pass|fail|skip NAME" in the file RESULTS.
check_begin()
{
	RESULTS=$RUN/results
	: > "$RESULTS"
}

result()
{
	printf '%s %s\n' "$1" "$2" >> "$RESULTS"
}

# check_stage NAME COMMAND...: one result, with a log file.
check_stage()
{
	local name=$1 log start=$SECONDS

	STEP=$name
	log=$RUN/${name//[ \/]/-}.log
	if "${@:2}" > "$log" 2>&1; then
		say "ok: $name ($((SECONDS - start)) s)"
		result pass "$name"
		return 0
	fi
	say "FAILED: $name, log: $log"
	tail -n 40 "$log"
	result fail "$name (log: $log)"
	return 1
}

check_sources()
{
	local lint

	for lint in "${LINTS[@]}"; do
		check_stage "${lint//-/ }" in_chroot -- \
			bash /lab/tools/lab/in-chroot/lint.sh "$lint" "$TREE" "$K_AT/source" || :
	done
	# The table of dialects.
	grep '^|' "$RUN/headers.log" || :
	fuzz_stage "host fuzzing" fuzz_host_check
	check_stage "rustdoc" rustdoc_build || :
}

# check_selftests KERNEL...: results of each kernel go to files of its own, see check_report().
check_selftests()
{
	if check_stage "kselftests built" bundle_build; then
		tests_select
		vm_accel
		check_kernels "$@"
	fi
}

# Run the next kernel while the output of one is shown, because one virtual machine does not keep
# two CPUs busy.
check_kernels()
{
	local kernels=("$@") i

	CHECK_JOBS=()
	trap 'kill -- "${CHECK_JOBS[@]/#/-}" 2> /dev/null || :; run_failed 1' EXIT
	check_start "${kernels[0]}"
	for ((i = 0; i < ${#kernels[@]}; i++)); do
		[ $((i + 1)) -eq ${#kernels[@]} ] || check_start "${kernels[i + 1]}"
		tail -n +1 -f -s 0.2 --pid="${CHECK_JOBS[i]}" "$RUN/shown.${kernels[i]}"
		wait "${CHECK_JOBS[i]}" || result fail "${kernels[i]}: no tests ran"
	done
	trap 'run_failed $?' EXIT
}

# In a process group of its own, so that all of it can be killed.
check_start()
{
	: > "$RUN/shown.$1"
	set -m
	check_kernel "$1" >> "$RUN/shown.$1" 2>&1 &
	set +m
	CHECK_JOBS+=($!)
}

check_kernel()
{
	local k start

	trap 'run_failed $?' EXIT
	RESULTS=$RUN/results.$1
	: > "$RESULTS"
	printf '%s: no tests ran\n' "$1" > "$RUN/kernel.$1"
	[ "$1" = "$K_NAME" ] || kernel_use "$1"
	start=$SECONDS
	k="Linux $K_RELEASE"
	printf '%s (%s): no tests ran' "$1" "$k" > "$RUN/kernel.$1"
	check_on_kernel "$k"
	printf ', %d s\n' $((SECONDS - start)) >> "$RUN/kernel.$1"
	say "$(cat "$RUN/kernel.$1")"
	run_end
}

# check_on_kernel KERNEL-TEXT: configuration, clippy, module and kselftests.
check_on_kernel()
{
	local k=$1 dir=$RUN/vm-$K_NAME

	check_stage "configuration of $k" kernel_config_check || :
	bundle_dir
	if [ ! -d "$BUNDLE" ]; then
		check_stage "kselftests built for $k" bundle_build || return 0
		tests_select
		vm_accel
	fi
	tests_runnable || return 0
	# On each kernel: its configuration decides what is compiled, such as unit tests.
	if [ -z "${TEST:-}" ] && [ -z "$K_BUILTIN" ] && [ "$TARGET" != coverage ]; then
		check_stage "clippy for $k" clippy_check || :
	fi
	mkdir -p "$dir"
	if [ -n "$K_BUILTIN" ]; then
		check_stage "driver in the tree of $k, as a module and built in" \
			driver_in_tree_build || return 0
		cp "$MODULE_DIR/build/arch/x86/boot/bzImage" "$dir/vmlinuz"
	else
		check_stage "module for $k" "${CHECK_MODULE[@]}" || return 0
		cp "$MODULE_DIR/bsdtun.ko" "$dir/"
	fi
	module_unlock
	tests_run "$k"
}

clippy_check()
{
	local rc=0

	module_build clippy CLIPPY=1 modules || rc=$?
	module_unlock
	return "$rc"
}

# check_report [KERNEL...]: print all results; fail if one failed, or if there is none.
check_report()
{
	local passed failed skipped kernel

	for kernel; do
		[ ! -e "$RUN/results.$kernel" ] || cat "$RUN/results.$kernel" >> "$RESULTS"
	done
	passed=$(grep -c '^pass ' "$RESULTS" || :)
	failed=$(grep -c '^fail ' "$RESULTS" || :)
	skipped=$(grep -c '^skip ' "$RESULTS" || :)
	printf '\n'
	[ "$skipped" -eq 0 ] || sed -n '1i Skipped:
		s/^skip /  /p' "$RESULTS"
	[ "$failed" -eq 0 ] || sed -n '1i Failed:
		s/^fail /  /p' "$RESULTS"
	for kernel; do
		[ ! -e "$RUN/kernel.$kernel" ] || printf 'On %s\n' "$(cat "$RUN/kernel.$kernel")"
	done
	say "logs: $RUN"
	rm -rf --one-file-system "$RUN"/modules-* "$RUN"/bundle*
	run_end
	printf '%d passed, %d failed%s\n' "$passed" "$failed" \
		"$([ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped")"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
