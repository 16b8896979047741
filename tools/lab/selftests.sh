# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kselftests: built, divided among virtual machines, run with the kernel's run_kselftest.sh, and
# their results read.

# Tests for which one CPU is enough, which takes two thirds of the time to emulate. The others race
# with themselves.
TESTS_ON_ONE_CPU='(faults|framing|fresh|headers.*|hostile|interface|ioctl.*|mac|minor|nonlinear'
TESTS_ON_ONE_CPU+='|offload_(forward|write)|permissions|rtnl|sigio|stack|tunnel|unit|vmnet_close|write'
TESTS_ON_ONE_CPU+='|.*_32'
TESTS_ON_ONE_CPU+='|(capture|commands|examples|fuzz|link|module|names|trace)\.sh)'

# More environment variables for the tests.
TEST_ENVIRONMENT=

# Lines of the kernel log to show from the first message on that it must not have.
OOPS_CONTEXT=45

# Set BUNDLE to the folder with the built tests. They are the same for all kernels of an
# architecture.
bundle_dir()
{
	BUNDLE=$RUN/bundle${K_CROSS:+-${K_CROSS%-}}
}

# bundle_build [FOLDER COLLECTION]
bundle_build()
{
	local rc=0

	bundle_dir
	mkdir -p "$BUNDLE"
	module_dir plain
	in_chroot --bind "$MODULE_DIR" /lab/module --bind "$BUNDLE" /lab/run/bundle -- \
		env ${K_CROSS:+CROSS_COMPILE="$K_CROSS"} \
		bash /lab/tools/lab/in-chroot/bundle-selftests.sh \
		"$TREE" "$K_AT/source" /lab/module/selftests /lab/run/bundle \
		"${1:-selftests}" "${2:-bsdtun}" || rc=$?
	module_unlock
	return "$rc"
}

# The program that TEST names, with or without a folder and an extension.
test_program()
{
	local program=${TEST%%:*}

	program=${program##*/}
	printf '%s' "${program%.[cs]*}"
}

# test_require NAME...: refuse a TEST that is none of these.
test_require()
{
	printf '%s\n' "$@" | grep -qxE "$(test_program)(\.sh)?" ||
		refuse "unknown test '${TEST%%:*}'; TEST is one of: $*; or TEST:CASE"
}

# Before anything is built: a TEST without a source file.
test_preflight()
{
	local files

	[ -n "${TEST:-}" ] || return 0
	mapfile -t files < <(cd "$TREE/selftests" &&
		{ grep -l TEST_HARNESS_MAIN ./*.c; ls ./*.sh; } | sed 's|./||; s/\.c$//')
	TEST=${TEST/_32/} test_require "${files[@]}"
}

# Set TESTS to the programs that TEST selects, all if it is empty, and TEST_ARGUMENTS to what makes
# the one run a single case.
tests_select()
{
	TEST_ARGUMENTS=
	mapfile -t TESTS < "$BUNDLE/kselftest-list.txt"
	[ ${#TESTS[@]} -gt 0 ] || die "selftests/Makefile lists no tests"
	[ -n "${TEST:-}" ] || return 0
	test_require "${TESTS[@]#bsdtun:}"
	mapfile -t TESTS < <(printf '%s\n' "${TESTS[@]}" | grep -xE "bsdtun:$(test_program)(\.sh)?")
	[[ $TEST != *:* ]] || TEST_ARGUMENTS=$(test_arguments "${TESTS[0]#bsdtun:}" "${TEST#*:}")
}

# test_arguments PROGRAM CASE: the variable from which run_kselftest.sh takes a program's arguments,
# with its value.
test_arguments()
{
	local variable fixture=

	variable=KSELFTEST_$(printf '%s' "$1" | tr -c '[:alnum:]_' _ | tr '[:lower:]' '[:upper:]')_ARGS
	[[ $2 != *.* ]] || fixture="-f ${2%%.*} "
	case $1 in
	*.sh) printf '%s=%s' "$variable" "$2" ;;
	*) printf '%s=%s-t %s' "$variable" "$fixture" "${2##*.}" ;;
	esac
}

# Remove from TESTS what the current kernel cannot run. False if nothing is left, which is a failure
# if this kernel was named.
tests_runnable()
{
	local tests=("${TESTS[@]}") test

	TESTS=()
	for test in "${tests[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		if [[ ${test#bsdtun:} == $K_LACKS ]]; then
			result skip "$K_NAME: $test (this kernel cannot run it)"
		else
			TESTS+=("$test")
		fi
	done
	[ ${#TESTS[@]} -eq 0 ] || return 0
	[ -z "${KERNEL:-}" ] || result fail "$K_NAME: this kernel can run none of the tests"
	return 1
}

# Check that the current kernel has the options in selftests/config.
kernel_config_check()
{
	local line rc=0

	while IFS= read -r line; do
		kernel_has "${line%=*}=[ym]" && continue
		echo "$line: selftests/config requires it, the kernel lacks it"
		rc=1
	done < <(grep -E '^CONFIG_.*=[ym]$' "$TREE/selftests/config")
	return "$rc"
}

# tests_run KERNEL-TEXT: run TESTS on the current kernel. If it has several virtual machines, the
# output of the first is shown live, that of the others afterwards.
tests_run()
{
	local k=$1 dir=$RUN/vm-$K_NAME machines=() i jobs=()

	install_modules "$dir"
	tests_divide
	for ((i = 1; i < ${#machines[@]}; i++)); do
		mkdir "$dir/$i"
		[ -n "$K_BUILTIN" ] || cp "$dir/bsdtun.ko" "$dir/$i/"
		tests_run_in_vm "$k" "$dir/$i" "${machines[i]}" > "$dir/$i/shown" 2>&1 &
		jobs+=($!)
	done
	tests_run_in_vm "$k" "$dir" "${machines[0]}"
	for ((i = 1; i < ${#machines[@]}; i++)); do
		wait "${jobs[i - 1]}" || result fail "$k: virtual machine $i: no tests ran"
		cat "$dir/$i/shown"
	done
	printf '%s (%s): kselftests: %s; %s' "$K_NAME" "$k" \
		"$(results_count "$dir"/ktap "$dir"/*/ktap)" "$(kunit_results "$dir")" \
		> "$RUN/kernel.$K_NAME"
}

# /lib/modules with bsdtun.ko installed, so that the guest can load it by its alias; or with the
# image that has the driver built in.
install_modules()
{
	local dir=$1 modules=$RUN/modules-$K_NAME

	cp -al "$K_ENTRY/modules" "$modules"
	rm -f "$modules"/modules.*.bin \
		"$modules"/modules.{dep,alias,symbols,softdep,devname,weakdep}
	if [ -n "$K_BUILTIN" ]; then
		cp --remove-destination "$dir/vmlinuz" "$modules/vmlinuz"
	else
		mkdir -p "$modules/updates"
		cp "$dir/bsdtun.ko" "$modules/updates/"
	fi
	VM_BINDS+=(--bind "$modules" "/usr/lib/modules/$K_RELEASE" --bind "$BUNDLE" /lab/run/bundle)
	# Tests load the module many times: with ten megabytes of debug information that is slow.
	[ -n "$K_BUILTIN" ] || logged in_chroot "${VM_BINDS[@]}" -- "${K_CROSS}strip" --strip-debug \
		"/usr/lib/modules/$K_RELEASE/updates/bsdtun.ko"
	logged in_chroot "${VM_BINDS[@]}" -- depmod "$K_RELEASE"
}

# Set the caller's machines[] to "CPUS TEST..." of each virtual machine.
tests_divide()
{
	local test i fewest most turn=0 fits shares=()

	fewest=$(printf '%s\n' "${K_CPUS[@]}" | sort -n | head -n 1)
	most=$(printf '%s\n' "${K_CPUS[@]}" | sort -n | tail -n 1)
	for test in "${TESTS[@]}"; do
		fits=()
		for i in "${!K_CPUS[@]}"; do
			if [[ ${test#*:} =~ ^$TESTS_ON_ONE_CPU$ ]]; then
				[ "${K_CPUS[i]}" -ne "$fewest" ] || fits+=("$i")
			else
				[ "${K_CPUS[i]}" -ne "$most" ] || fits+=("$i")
			fi
		done
		i=${fits[turn++ % ${#fits[@]}]}
		shares[i]="${shares[i]:-${K_CPUS[i]}} $test"
	done
	machines=("${shares[@]}")
}

# tests_run_in_vm KERNEL-TEXT DIR "CPUS TEST..."
tests_run_in_vm()
{
	local k=$1 dir=$2 tests rc=0 hung=

	read -r -a tests <<< "$3"
	VM_CPUS=${tests[0]}
	tests=("${tests[@]:1}")

	step "kselftests on $k: ${TEST:-${tests[*]#*:}}"
	VM_SHOW=1
	vm_boot "$dir" "KSFT_MACHINE_SLOW=$(kernel_is_slow) $TEST_ENVIRONMENT \
		KSELFTEST_ARGS='$TEST_ARGUMENTS' \
		bash /lab/tools/lab/in-vm/selftests.sh $VM_SILENCE \
		$(printf -- '-t %s ' "${tests[@]}") -o 0" || rc=$?

	read_results kselftest "${tests[@]}" < "$dir/out" > "$dir/ktap"
	sed -n "s/^\(pass\|skip\|fail\) /\1 $K_NAME: /p" "$dir/ktap" >> "$RESULTS"
	if [ "$rc" -ne 0 ] && ! grep -q '^fail ' "$dir/ktap"; then
		result fail "kselftests on $k: run_kselftest.sh exited with $rc, but no case failed"
	fi
	case $rc in
	124 | 137) hung="hung and was killed" ;;
	*) [ -s "$dir/dmesg" ] || hung="ended early with status $rc" ;;
	esac
	if [ -n "$hung" ]; then
		say "the virtual machine $hung; it was running: $(sed -n 's/^running //p' "$dir/ktap" |
			grep . || echo 'no test')"
		printf -- '--- end of its console (%s):\n' "$dir/console"
		tr -d '\r' < "$dir/console" | tail -n 40
		[ ! -s "$dir/program" ] ||
			sed '1i --- the program that the fuzzer was running:' "$dir/program"
		printf -- '---\n'
	fi
	kernel_log_check "$k" "$dir"
}

# kernel_log_check KERNEL-TEXT DIR: a result, and on failure the first message with its context.
kernel_log_check()
{
	local k=$1 dir=$2 log=$2/dmesg found number

	found=$(oopses "$dir/console" "$dir/dmesg" "$dir/leaks" | sed 's/^\[[ 0-9.]*\] *//' | sort -u)
	if [ -z "$found" ] && [ -s "$dir/console" ]; then
		result pass "kernel log of $k"
		return
	elif [ -z "$found" ]; then
		result fail "kernel log of $k: it is empty"
		return
	fi
	result fail "kernel log of $k (log: $dir/dmesg, $dir/console)"
	printf -- '--- the kernel log of %s has:\n%s\n--- the first of them, with its test:\n' \
		"$k" "$found"
	# Of leaks the log has only the number.
	[ ! -s "$dir/leaks" ] || awk '/^unreferenced object/ && n++ { exit } { print }' "$dir/leaks"
	[ -n "$(oopses "$log")" ] || log=$dir/console
	# No command here ends before it has read all: the one that writes to it would fail.
	number=$(grep -nE -f "$LAB/oops_patterns" "$log" | grep -vE -f "$LAB/ignored_warnings" |
		sed -n '1s/:.*//p' || :)
	if [ -n "$number" ]; then
		head -n "$number" "$log" | sed -n '/lab: # #  RUN\|lab: # selftests/p' | tail -n 1
		sed -n "$number,$((number + OOPS_CONTEXT - 1))p" "$log" | tr -d '\r'
	fi
	printf -- '---\n'
}

# kunit_results DIR: add the results of the unit tests, which ran in each virtual machine; those of
# the first count. Prints a summary.
kunit_results()
{
	local suites

	if ! kernel_has CONFIG_KUNIT=y; then
		echo "no unit tests in this kernel"
		return
	fi
	mapfile -t suites < <(grep -rhoE --include='*.rs' 'kunit_tests\([a-z_0-9]+\)' "$TREE/rust" |
		sed 's/.*(\(.*\))/\1/' | sort -u)
	touch "$1/kunit"
	read_results kunit "${suites[@]}" < "$1/kunit" > "$1/unit"
	sed -n "s/^\(pass\|skip\|fail\) /\1 $K_NAME: /p" "$1/unit" >> "$RESULTS"
	echo "unit tests: $(results_count "$1/unit")"
}

# read_results kselftest|kunit EXPECTED...: from KTAP on stdin, see results.py.
read_results()
{
	in_chroot -- python3 /lab/tools/lab/results.py "$K_AT/source" "$@"
}

# results_count FILE...: the results in words.
results_count()
{
	cat -- "$@" 2> /dev/null | awk '{ n[$1]++ } END {
		printf "%d passed, %d failed", n["pass"], n["fail"]
		if (n["skip"])
			printf ", %d skipped", n["skip"]
	}'
}
