# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make check': the whole test suite, or with TEST= a part of it.

# The kernels that it runs on when none is named. The debug kernel, which takes a quarter
# of an hour to build and several times as long to run, is to be named.
CHECK_KERNELS=(stock)

# Lines of the kernel's log that are shown of its first complaint.
CHECK_CONTEXT=45

# kselftest's own limit for a program in seconds, when the file settings names none.
SETTINGS_TIMEOUT=45

# The longest that a machine may take for the whole suite.
VM_LIMIT=1200

lab_check()
{
	local kernels=("${CHECK_KERNELS[@]}") kernel

	[ -z "${KERNEL:-}" ] || kernels=("$KERNEL")
	lab_ready check "${kernels[0]}"
	RESULTS=$RUN/results
	: > "$RESULTS"
	: > "$RUN/kernels"

	if [ -z "${TEST:-}" ]; then
		check_sources
	fi
	for kernel in "${kernels[@]}"; do
		[ "$kernel" = "${K_NAME:-}" ] || kernel_use "$kernel"
		check_kernel
	done
	check_report
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
	check_stage "host tests" in_root -- bash /lab/scripts/lint.sh host-tests "$TREE" || :
	check_stage "rustfmt" in_root -- bash /lab/scripts/lint.sh rustfmt "$TREE" "$K_AT/source" || :
	check_stage "checkpatch" in_root -- bash /lab/scripts/lint.sh checkpatch "$TREE" "$K_AT/source" || :
	check_stage "shellcheck" in_root -- bash /lab/scripts/lint.sh shellcheck "$TREE" || :
	check_stage "documentation" in_root -- bash /lab/scripts/lint.sh rst "$TREE" || :
	check_stage "clippy" check_clippy || :
	check_stage "rustdoc" check_rustdoc || :
}

check_clippy()
{
	local rc=0

	module_build clippy CLIPPY=1 modules || rc=$?
	module_unlock
	return $rc
}

# rustdoc is told what rustc was for the module itself.
check_rustdoc()
{
	local rc=0

	module_build plain modules &&
		in_root --bind "$MODULE_DIR" /lab/module -- \
			bash /lab/scripts/rustdoc.sh /lab/module /lab/module/doc || rc=$?
	module_unlock
	return $rc
}

# Module, tests and machine for the kernel in use.
check_kernel()
{
	local k="Linux $K_RELEASE" start=$SECONDS

	printf '%s\n' "$K_NAME ($k): did not run the tests" > "$RUN/kernels.$K_NAME"
	check_tests "$k"
	printf '%s, %d s\n' "$(cat "$RUN/kernels.$K_NAME")" $((SECONDS - start)) | tee -a "$RUN/kernels" |
		while IFS= read -r k; do say "$k"; done
}

check_tests()
{
	local k=$1

	check_stage "configuration of $k" check_config || :
	mkdir -p "$RUN/vm-$K_NAME"
	check_stage "module for $k" module_build plain modules || return 0
	cp "$MODULE_DIR/bsdtun.ko" "$RUN/vm-$K_NAME/"
	# The tests are programs: they are the same for all kernels.
	if [ ! -s "$RUN/kit/kselftest-list.txt" ] && ! check_stage "kselftests built" in_root --bind "$MODULE_DIR" /lab/module -- \
		bash /lab/scripts/kit.sh "$TREE" "$K_AT/source" /lab/module/selftests /lab/run/kit
	then
		module_unlock
		return 0
	fi
	module_unlock
	check_vm "$k"
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

check_vm()
{
	local k=$1 dir=$RUN/vm-$K_NAME list tests=() case="" timeout limit rc=0 n splats hung args="" f unit

	mapfile -t list < "$RUN/kit/kselftest-list.txt"
	if [ -n "${TEST:-}" ]; then
		f=${TEST%%:*}
		f=${f#selftests/}
		f=${f%.c}
		[ "$f" = "$TEST" ] || case=${TEST#*:}
		[ "$case" != "$TEST" ] || case=""
		mapfile -t tests < <(printf '%s\n' "${list[@]}" | grep -xE "bsdtun:$f(\.sh)?")
		[ ${#tests[@]} -eq 1 ] ||
			die "no test '$f'; there is: $(printf '%s\n' "${list[@]}" | sed 's/^bsdtun://' | paste -sd' ')"
		if [ -n "$case" ]; then
			args=$(check_case "${tests[0]#bsdtun:}" "$case")
		fi
	else
		tests=("${list[@]}")
	fi
	[ ${#tests[@]} -gt 0 ] || { result fail "kselftests on $k: there is none"; return 0; }

	timeout=$(sed -n 's/^timeout=//p' "$RUN/kit/bsdtun/settings" 2> /dev/null)
	timeout=$((${timeout:-$SETTINGS_TIMEOUT} * K_SLOW))
	limit=$((120 + ${#tests[@]} * (timeout + 10)))
	[ $limit -le $((VM_LIMIT * K_SLOW)) ] || limit=$((VM_LIMIT * K_SLOW))
	check_modules "$dir"
	vm_accel

	step "kselftests on $k${TEST:+: $TEST}"
	VM_SHOW=1
	vm_boot "$dir" "$limit" "KSELFTEST_ARGS='$args' bash /lab/scripts/guest-check.sh $((VM_SILENCE * K_SLOW)) \
		$(printf -- '-t %s ' "${tests[@]}") -o $timeout" || rc=$?

	awk -v expected="${tests[*]}" -f "$LAB/ktap.awk" "$dir/out" > "$dir/ktap"
	unit="no unit tests in this kernel"
	if grep -qx 'CONFIG_KUNIT=y' "$K_ENTRY/build/.config"; then
		touch "$dir/kunit"
		awk -v expected="$(check_suites | paste -sd' ')" -f "$LAB/kunit.awk" "$dir/kunit" > "$dir/unit"
		unit="unit tests: $(check_count "$dir/unit")"
	else
		: > "$dir/unit"
	fi
	sed -n "s/^\(pass\|skip\|fail\) /\1 $K_NAME: /p" "$dir/unit" "$dir/ktap" >> "$RESULTS"
	printf '%s (%s): kselftests: %s; %s' "$K_NAME" "$k" "$(check_count "$dir/ktap")" "$unit" > "$RUN/kernels.$K_NAME"
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
		printf -- '---\n'
	fi

	splats=$(vm_splats "$dir/console" "$dir/dmesg" "$dir/leaks" | sed 's/^\[[ 0-9.]*\] *//' | sort -u)
	if [ -n "$splats" ]; then
		result fail "kernel log of $k (log: $dir/dmesg, $dir/console)"
		printf -- '--- the kernel log of %s has:\n%s\n' "$k" "$splats"
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
check_context()
{
	local dir=$1 log=$1/dmesg number

	[ -n "$(vm_splats "$log")" ] || log=$dir/console
	[ -n "$(vm_splats "$log")" ] || log=$dir/leaks
	number=$(grep -nE -f "$LAB/splats" "$log" | grep -vE -f "$LAB/noise" | head -n 1 | cut -d: -f1)
	head -n "$number" "$log" | grep 'lab: # #  RUN\|lab: # selftests' | tail -n 1
	tail -n "+$number" "$log" | head -n "$CHECK_CONTEXT" | tr -d '\r'
}

# check_count FILE: how many cases passed and so on, in words.
check_count()
{
	awk '{ n[$1]++ } END {
		printf "%d passed, %d failed", n["pass"], n["fail"]
		if (n["skip"])
			printf ", %d skipped", n["skip"]
	}' "$1"
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
# that the kernel can load it by its alias.
check_modules()
{
	local dir=$1

	rm -rf --one-file-system "$RUN/modules"
	cp -al "$K_ENTRY/modules" "$RUN/modules"
	rm -f "$RUN"/modules/modules.*.bin "$RUN"/modules/modules.{dep,alias,symbols,softdep,devname,weakdep}
	mkdir -p "$RUN/modules/updates"
	cp "$dir/bsdtun.ko" "$RUN/modules/updates/"
	VM_BINDS=(--bind "$RUN/modules" "/usr/lib/modules/$K_RELEASE")
	logged in_root "${VM_BINDS[@]}" -- depmod "$K_RELEASE"
}

check_report()
{
	local passed failed skipped

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
	sed 's/^/On /' "$RUN/kernels"
	say "logs: $RUN"
	rm -rf --one-file-system "$RUN/modules" "$RUN/kit"
	run_end
	if [ "$skipped" -gt 0 ]; then
		printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	else
		printf '%d passed, %d failed\n' "$passed" "$failed"
	fi
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
