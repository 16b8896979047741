# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make check': the whole test suite, or with TEST= a part of it.

# The kernels that it runs on when none is named, and those of 'make check-all'.
CHECK_KERNELS=(stock uml)
CHECK_ALL_KERNELS=(stock uml debug cfi builtin arm64)

# Lines of the kernel's log that are shown of its first complaint.
CHECK_CONTEXT=45

# kselftest's own limit for a program in seconds, when the file settings names none.
SETTINGS_TIMEOUT=45

# The tests that want a machine with two processors: those of what happens at the same time, and
# of the others so many that the machines take about as long.
CHECK_PAIRED='bsdtun:(cloner|lifetime|namespace|queue|storm|accounting|tap|tun|uring|ethernet\.sh)'

# What a test is told beside, and how many seconds more it has.
CHECK_ENV=
CHECK_MORE=0

# How the module is built.
CHECK_MODULE=(module_build plain modules)

# The longest that a machine may take for the whole suite.
VM_LIMIT=1200

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
	local target=$1 kernels=("${@:2}")

	[ -z "${KERNEL:-}" ] || kernels=("$KERNEL")
	lab_ready "$target" "${kernels[0]}"
	check_begin
	if [ -z "${TEST:-}" ]; then
		check_sources
	fi
	check_run "${kernels[@]}"
	check_report "${kernels[@]}"
}

check_begin()
{
	RESULTS=$RUN/results
	: > "$RESULTS"
}

# check_run KERNEL...: the kselftests.
check_run()
{
	local kernels=("$@")

	if check_stage "kselftests built" check_kit; then
		check_select
		vm_accel
		check_kernels "${kernels[@]}"
	fi
}

# One kernel after the other is shown, while the next one is at work already: a machine
# leaves much of two processors idle.
check_kernels()
{
	local kernels=("$@") i

	CHECK_JOBS=()
	trap 'check_abandon $?' EXIT
	check_start "${kernels[0]}"
	for ((i = 0; i < ${#kernels[@]}; i++)); do
		[ $((i + 1)) -eq ${#kernels[@]} ] || check_start "${kernels[i + 1]}"
		tail -n +1 -f -s 0.2 --pid="${CHECK_JOBS[i]}" "$RUN/said.${kernels[i]}"
		wait "${CHECK_JOBS[i]}" || result fail "${kernels[i]}: nothing ran"
	done
	trap 'run_failed $?' EXIT
}

check_abandon()
{
	kill -- "${CHECK_JOBS[@]/#/-}" 2> /dev/null || :
	run_failed "$1"
}

# check_start KERNEL: in a process group of its own, so that all of it can be ended.
check_start()
{
	: > "$RUN/said.$1"
	set -m
	check_kernel "$1" >> "$RUN/said.$1" 2>&1 &
	set +m
	CHECK_JOBS+=($!)
}

result()
{
	printf '%s %s\n' "$1" "$2" >> "$RESULTS"
}

# check_stage NAME COMMAND...: one step that passes or fails as a whole.
check_stage()
{
	local name=$1 log start=$SECONDS

	shift
	STEP=$name
	log=$RUN/${name//[ \/]/-}.log
	if "$@" > "$log" 2>&1; then
		say "ok: $name ($((SECONDS - start)) s)"
		result pass "$name"
		return 0
	fi
	say "FAILED: $name, log: $log"
	tail -n "${CHECK_TAIL:-40}" "$log"
	result fail "$name (log: $log)"
	return 1
}

# The sources as they are, without a machine.
check_sources()
{
	check_stage "host tests" in_root -- bash /lab/tools/lab/lint.sh host-tests "$TREE" || :
	fuzz_stage "host fuzzing" fuzz_host_check
	check_stage "rustfmt" in_root -- bash /lab/tools/lab/lint.sh rustfmt "$TREE" "$K_AT/source" || :
	check_stage "checkpatch" in_root -- bash /lab/tools/lab/lint.sh checkpatch "$TREE" "$K_AT/source" || :
	check_stage "shellcheck" in_root -- bash /lab/tools/lab/lint.sh shellcheck "$TREE" || :
	check_stage "documentation" in_root -- bash /lab/tools/lab/lint.sh rst "$TREE" || :
	check_stage "manual pages" in_root -- bash /lab/tools/lab/lint.sh man "$TREE" || :
	check_stage "test references" in_root -- bash /lab/tools/lab/lint.sh test-references "$TREE" || :
	check_stage "architecture" in_root -- bash /lab/tools/lab/lint.sh architecture "$TREE" || :
	check_stage "sessions of the documentation" in_root -- bash /lab/tools/lab/lint.sh sessions "$TREE" || :
	check_stage "rustdoc" check_rustdoc || :
}

# rustdoc is told what rustc was for the module itself.
check_rustdoc()
{
	local rc=0

	module_build plain modules &&
		in_root --bind "$MODULE_DIR" /lab/module -- \
			bash /lab/tools/docs/rustdoc.sh /lab/module /lab/module/doc || rc=$?
	module_unlock
	return $rc
}

# check_kit [FOLDER COLLECTION]: the tests are programs: they are the same for all kernels of an
# architecture.
check_kit()
{
	local rc=0

	check_kit_dir
	mkdir -p "$KIT"
	module_dir plain
	in_root --bind "$MODULE_DIR" /lab/module --bind "$KIT" /lab/run/kit -- \
		env ${K_CROSS:+CROSS_COMPILE="$K_CROSS"} bash /lab/tools/lab/kit.sh "$TREE" "$K_AT/source" /lab/module/selftests /lab/run/kit "$@" || rc=$?
	module_unlock
	return $rc
}

# Where they are for the kernel in use.
check_kit_dir()
{
	KIT=$RUN/kit${K_CROSS:+-${K_CROSS%-}}
}

# What TEST names: CHECK_TESTS, the programs, and CHECK_ARGS, what makes the one run a single
# case.  Without TEST all.
check_select()
{
	local list f case=""

	CHECK_ARGS=
	mapfile -t list < "$KIT/kselftest-list.txt"
	[ ${#list[@]} -gt 0 ] || die "there are no kselftests"
	CHECK_TESTS=("${list[@]}")
	[ -n "${TEST:-}" ] || return 0
	f=${TEST%%:*}
	f=${f#selftests/}
	f=${f%.c}
	[ "${TEST#*:}" = "$TEST" ] || case=${TEST#*:}
	mapfile -t CHECK_TESTS < <(printf '%s\n' "${list[@]}" | grep -xE "bsdtun:$f(\.sh)?")
	[ ${#CHECK_TESTS[@]} -eq 1 ] ||
		refuse "no test '$f'; there is: $(printf '%s\n' "${list[@]}" | sed 's/^bsdtun://' | paste -sd' ')"
	[ -z "$case" ] || CHECK_ARGS=$(check_case "${CHECK_TESTS[0]#bsdtun:}" "$case")
}

# check_kernel KERNEL: module, tests and machine.
check_kernel()
{
	local k start

	trap 'run_failed $?' EXIT
	RESULTS=$RUN/results.$1
	: > "$RESULTS"
	printf '%s: nothing ran\n' "$1" > "$RUN/kernel.$1"
	[ "$1" = "$K_NAME" ] || kernel_use "$1"
	start=$SECONDS
	k="Linux $K_RELEASE"
	printf '%s (%s): did not run the tests' "$1" "$k" > "$RUN/kernel.$1"
	check_tests "$k"
	printf ', %d s\n' $((SECONDS - start)) >> "$RUN/kernel.$1"
	say "$(cat "$RUN/kernel.$1")"
	run_end
}

check_tests()
{
	local k=$1

	check_stage "configuration of $k" check_config || :
	check_kit_dir
	if [ ! -d "$KIT" ]; then
		check_stage "kselftests built for $k" check_kit || return 0
		check_select
		vm_accel
	fi
	check_runnable || return 0
	# What is compiled depends on the kernel: unit tests, for one.
	if [ -z "${TEST:-}" ] && [ -z "$K_BUILTIN" ] && [ "$TARGET" != coverage ]; then
		check_stage "clippy for $k" check_clippy || :
	fi
	mkdir -p "$RUN/vm-$K_NAME"
	if [ -n "$K_BUILTIN" ]; then
		check_stage "driver in the tree of $k, as a module and built in" intree_build || return 0
		cp "$MODULE_DIR/build/arch/x86/boot/bzImage" "$RUN/vm-$K_NAME/vmlinuz"
	else
		check_stage "module for $k" "${CHECK_MODULE[@]}" || return 0
		cp "$MODULE_DIR/bsdtun.ko" "$RUN/vm-$K_NAME/"
	fi
	module_unlock
	check_vm "$k"
}

# What of CHECK_TESTS the kernel in use cannot run is skipped. False if that is all, which fails
# if it was this kernel that was asked for.
check_runnable()
{
	local tests=("${CHECK_TESTS[@]}") test

	CHECK_TESTS=()
	for test in "${tests[@]}"; do
		if [[ " ${K_LACKS[*]} " == *" ${test#bsdtun:} "* ]]; then
			result skip "$K_NAME: $test (it cannot run there)"
		else
			CHECK_TESTS+=("$test")
		fi
	done
	[ ${#CHECK_TESTS[@]} -eq 0 ] || return 0
	[ -z "${KERNEL:-}" ] || result fail "$K_NAME: nothing to run"
	return 1
}

check_clippy()
{
	local rc=0

	module_build clippy CLIPPY=1 modules || rc=$?
	module_unlock
	return $rc
}

# What the tests ask of a kernel, as every folder of kselftests says it.
check_config()
{
	local line missing=0

	while IFS= read -r line; do
		grep -qxE "${line%=*}=[ym]" "$K_ENTRY/build/.config" && continue
		echo "$line: selftests/config asks for it, the kernel does not have it"
		missing=1
	done < <(grep -E '^CONFIG_.*=[ym]$' "$TREE/selftests/config")
	return $missing
}

# The machine or machines of a kernel. Where there are several each takes its share of the
# tests; the first one's words are shown as they come, the others' afterwards.
check_vm()
{
	local k=$1 dir=$RUN/vm-$K_NAME machines=() i jobs=()

	check_modules "$dir"
	check_share
	for ((i = 1; i < ${#machines[@]}; i++)); do
		mkdir "$dir/$i"
		[ -n "$K_BUILTIN" ] || cp "$dir/bsdtun.ko" "$dir/$i/"
		check_machine "$k" "$dir/$i" "${machines[i]}" > "$dir/$i/said" 2>&1 &
		jobs+=($!)
	done
	check_machine "$k" "$dir" "${machines[0]}"
	for ((i = 1; i < ${#machines[@]}; i++)); do
		wait "${jobs[i - 1]}" || result fail "$k: machine $i: nothing ran"
		cat "$dir/$i/said"
	done
	printf '%s (%s): kselftests: %s; %s' "$K_NAME" "$k" \
		"$(check_count "$dir"/ktap "$dir"/*/ktap)" "$(check_units "$dir")" > "$RUN/kernel.$K_NAME"
}

# Fills machines[] with what check_machine() takes: how many processors, and which tests. Those
# that race with themselves need more than one processor; to emulate a machine with one takes
# two thirds of the time, and for the others that is enough.
check_share()
{
	local test i fewest turn=0 fits shares=()

	fewest=$(printf '%s\n' "${K_CPUS[@]}" | sort -n | head -n 1)
	for test in "${CHECK_TESTS[@]}"; do
		fits=()
		for i in "${!K_CPUS[@]}"; do
			if [[ $test =~ ^$CHECK_PAIRED$ ]]; then
				[ "${K_CPUS[i]}" -eq 1 ] || fits+=("$i")
			else
				[ "${K_CPUS[i]}" -ne "$fewest" ] || fits+=("$i")
			fi
		done
		i=${fits[turn++ % ${#fits[@]}]}
		shares[i]="${shares[i]:-${K_CPUS[i]}} $test"
	done
	machines=("${shares[@]}")
}

# The unit tests of a kernel, in words; they run in each of its machines, and the first one's
# count.
check_units()
{
	local dir=$1

	if ! grep -qx 'CONFIG_KUNIT=y' "$K_ENTRY/build/.config"; then
		echo "no unit tests in this kernel"
		return
	fi
	touch "$dir/kunit"
	awk -v expected="$(check_suites | paste -sd' ')" -f "$LAB/kunit.awk" "$dir/kunit" > "$dir/unit"
	sed -n "s/^\(pass\|skip\|fail\) /\1 $K_NAME: /p" "$dir/unit" >> "$RESULTS"
	echo "unit tests: $(check_count "$dir/unit")"
}

# check_machine KERNEL DIR "PROCESSORS TEST...": one machine, and what it was seen to do.
check_machine()
{
	local k=$1 dir=$2 tests timeout limit rc=0 n oopses hung

	read -r -a tests <<< "$3"
	VM_CPUS=${tests[0]}
	tests=("${tests[@]:1}")
	timeout=$(sed -n 's/^timeout=//p' "$KIT/${tests[0]%%:*}/settings" 2> /dev/null)
	timeout=$((${timeout:-$SETTINGS_TIMEOUT} * K_SLOW + CHECK_MORE))
	limit=$((120 + ${#tests[@]} * (timeout + 10)))
	[ $limit -le $((VM_LIMIT * K_SLOW)) ] || limit=$((VM_LIMIT * K_SLOW + CHECK_MORE))

	step "kselftests on $k: ${TEST:-${tests[*]#*:}}"
	VM_SHOW=1
	vm_boot "$dir" "$limit" "KSFT_MACHINE_SLOW=$(kernel_is_slow) $CHECK_ENV KSELFTEST_ARGS='$CHECK_ARGS' bash /lab/tools/lab/guest-check.sh $((VM_SILENCE * K_SLOW)) \
		$(printf -- '-t %s ' "${tests[@]}") -o $timeout" || rc=$?

	awk -v expected="${tests[*]}" -f "$LAB/ktap.awk" "$dir/out" > "$dir/ktap"
	sed -n "s/^\(pass\|skip\|fail\) /\1 $K_NAME: /p" "$dir/ktap" >> "$RESULTS"
	n=$(grep -c '^fail ' "$dir/ktap" || :)
	if [ "$rc" -ne 0 ] && [ "$n" -eq 0 ]; then
		result fail "kselftests on $k: the runner exited with $rc though no case failed"
	fi
	hung=
	case $rc in
	124 | 137) hung="was hung or too slow, and was ended" ;;
	*) [ -s "$dir/dmesg" ] || hung="ended early (status $rc)" ;;
	esac
	if [ -n "$hung" ]; then
		say "the machine $hung, running: $(sed -n 's/^running //p' "$dir/ktap" | grep . || echo 'no test')"
		printf -- '--- the end of its console (%s):\n' "$dir/console"
		tr -d '\r' < "$dir/console" | tail -n 40
		if [ -s "$dir/program" ]; then
			printf -- '--- the program that a fuzzer had it run:\n'
			grep . "$dir/program"
		fi
		printf -- '---\n'
	fi

	oopses=$(vm_oopses "$dir/console" "$dir/dmesg" "$dir/leaks" | sed 's/^\[[ 0-9.]*\] *//' | sort -u)
	if [ -n "$oopses" ]; then
		result fail "kernel log of $k (log: $dir/dmesg, $dir/console)"
		printf -- '--- the kernel log of %s has:\n%s\n' "$k" "$oopses"
		printf -- '--- the first of them, and what follows:\n'
		check_context "$dir" || :
		printf -- '---\n'
	elif [ -s "$dir/console" ]; then
		result pass "kernel log of $k"
	else
		result fail "kernel log of $k: there is none"
	fi
}

# Where the log says the first of what it may not say: the test that ran, and the report.
# Of leaks the log has no more than the number.
check_context()
{
	local dir=$1 log=$1/dmesg number

	[ ! -s "$dir/leaks" ] || awk '/^unreferenced object/ && n++ { exit } { print }' "$dir/leaks"
	[ -n "$(vm_oopses "$log")" ] || log=$dir/console
	[ -n "$(vm_oopses "$log")" ] || return 0
	number=$(grep -nE -f "$LAB/oops_patterns" "$log" | grep -vE -f "$LAB/ignored_warnings" | head -n 1 | cut -d: -f1)
	head -n "$number" "$log" | grep 'lab: # #  RUN\|lab: # selftests' | tail -n 1
	tail -n "+$number" "$log" | head -n "$CHECK_CONTEXT" | tr -d '\r'
}

# check_count FILE...: how many cases passed and so on, in words.
check_count()
{
	cat -- "$@" 2> /dev/null | awk '{ n[$1]++ } END {
		printf "%d passed, %d failed", n["pass"], n["fail"]
		if (n["skip"])
			printf ", %d skipped", n["skip"]
	}'
}

# The KUnit suites that the driver's sources declare.
check_suites()
{
	grep -rhoE --include='*.rs' 'kunit_tests\([a-z_0-9]+\)' "$TREE/rust" | sed 's/.*(\(.*\))/\1/' | sort -u
}

# What makes a program run one case only, in the way the stock runner has for it.
check_case()
{
	local program=$1 case=$2 fixture="" variable

	variable=KSELFTEST_$(printf '%s' "$program" | tr -c '[:alnum:]_' _ | tr '[:lower:]' '[:upper:]')_ARGS
	case $program in
	*.sh) printf '%s=%s' "$variable" "$case" ;;
	*)
		case $case in
		*.*)
			fixture=${case%%.*}
			case=${case##*.}
			;;
		esac
		printf '%s=%s-t %s' "$variable" "${fixture:+-f $fixture }" "$case"
		;;
	esac
}

# /lib/modules of the machine with bsdtun.ko installed, as on a machine that has it, so
# that the kernel can load it by its alias; or with the image that has the driver built in.
check_modules()
{
	local dir=$1 modules=$RUN/modules-$K_NAME

	cp -al "$K_ENTRY/modules" "$modules"
	rm -f "$modules"/modules.*.bin "$modules"/modules.{dep,alias,symbols,softdep,devname,weakdep}
	if [ -n "$K_BUILTIN" ]; then
		cp --remove-destination "$dir/vmlinuz" "$modules/vmlinuz"
	else
		mkdir -p "$modules/updates"
		cp "$dir/bsdtun.ko" "$modules/updates/"
	fi
	VM_BINDS+=(--bind "$modules" "/usr/lib/modules/$K_RELEASE" --bind "$KIT" /lab/run/kit)
	logged in_root "${VM_BINDS[@]}" -- depmod "$K_RELEASE"
}

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
	if [ "$skipped" -gt 0 ]; then
		printf 'Skipped:\n'
		sed -n 's/^skip /  /p' "$RESULTS"
	fi
	if [ "$failed" -gt 0 ]; then
		printf 'Failed:\n'
		sed -n 's/^fail /  /p' "$RESULTS"
	fi
	for kernel; do
		[ ! -e "$RUN/kernel.$kernel" ] || printf 'On %s\n' "$(cat "$RUN/kernel.$kernel")"
	done
	say "logs: $RUN"
	rm -rf --one-file-system "$RUN"/modules-* "$RUN"/kit*
	run_end
	if [ "$skipped" -gt 0 ]; then
		printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	else
		printf '%d passed, %d failed\n' "$passed" "$failed"
	fi
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
