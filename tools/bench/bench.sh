# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make bench': bsdtun and Linux's tun on the same virtual machine, by time and by instructions.
# BENCH: patterns; only rows whose names match one are measured.
# BENCH_BY: only 'instructions' or only 'time'.
# BENCH_CPUS: CPUs of the machines. By default 2 for times and 1 for instructions.
# BENCH_MITIGATIONS: 'on' for those that the kernel chooses on the processor BENCH_FLAWED.

# An Intel Skylake: Meltdown, MDS, Spectre and others, without newer microcode.
BENCH_FLAWED=max,vendor=GenuineIntel,family=6,model=94,stepping=3

# Rounds of each row, by time and by instructions, which vary less.
BENCH_ROUNDS=21
BENCH_INSTRUCTION_ROUNDS=31

lab_bench()
{
	local dir sources out=$TREE/.build/bench patterns=${BENCH:-} by=${BENCH_BY:-}
	local cpu=max mitigations=${BENCH_MITIGATIONS:-off}

	case $by in
	'' | instructions | time) ;;
	*) die "BENCH_BY is 'instructions' or 'time', not '$by'" ;;
	esac
	case $mitigations in
	off) ;;
	on) cpu=$BENCH_FLAWED mitigations=auto ;;
	*) die "BENCH_MITIGATIONS is 'on' or 'off', not '$mitigations'" ;;
	esac
	lab_ready bench "${KERNEL:-$KERNEL_DEFAULT}"
	kernel_need_vm
	kernel_need_amd64
	dir=$RUN/vm
	module_into "$dir"
	step "building the benchmark"
	mapfile -t sources < <(find "$TREE/tools/bench" -name '*.c' ! -name bench.c | sort)
	sources+=("$TREE/selftests/lib/ethtool.c")
	# Static, because the initramfs has no libraries.
	compile_into "$dir" bench tools/bench/bench.c "${sources[@]}" -static -pthread -luring
	mkdir -p "$out"
	: > "$dir/instructions"
	: > "$dir/time"
	[ "$by" = time ] || bench_instructions "$dir" "$patterns"
	[ "$by" = instructions ] || bench_time "$dir" "$patterns"
	step "the report"
	in_chroot --bind "$dir" /lab/vm --bind "$out" /lab/out -- \
		python3 /lab/tools/bench/report.py /lab/vm/instructions /lab/vm/time /lab/out "$K_RELEASE" | tee -a "$LOG"
	run_end
	say "as JSON and as a plot: $out"
}

bench_time()
{
	vm_accel
	VM_CPUS=${BENCH_CPUS:-2}
	K_APPEND+=" mitigations=$mitigations"
	[ "$cpu" = max ] || K_VNG+=("--qemu-opts=-cpu $cpu")
	step "measuring time on Linux $K_RELEASE, $VM_CPUS CPUs (some minutes)"
	vm_run "$1" \
		"bash /lab/tools/bench/in-vm.sh -c $VM_CPUS -r $BENCH_ROUNDS $2" >> "$LOG"
	sed -n '/^{/p' "$1/out" > "$1/time"
}

# bench_instructions DIR PATTERNS: with -icount the clock of an emulated machine advances by 1 ns
# for each instruction. Whatever differs from run to run is removed or fixed: more CPUs, disks, the
# date, random numbers, addresses, self-tests in the background. Without erms and fsrm the kernel
# copies in a loop, not by one instruction that would count for every byte. Mitigations are off by
# default, because they cost something else on a real processor. If there are several CPUs, they run
# in turn, and the clock counts the instructions of all.
bench_instructions()
{
	local dir=$1 cpus=${BENCH_CPUS:-1}

	step "counting instructions on Linux $K_RELEASE, $cpus CPUs (some minutes)"
	logged in_chroot --bind "$dir" /lab/out -- \
		bash /lab/tools/bench/make-initramfs.sh "$K_RELEASE" "-c $cpus -r $BENCH_INSTRUCTION_ROUNDS $2"
	# BENCH_QEMU: more arguments.
	# shellcheck disable=SC2086
	logged in_chroot --bind "$dir" /lab/out -- timeout --kill-after=5 1800 \
		qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off -smp "$cpus" -m "$K_MEMORY" \
		-cpu "$cpu,-erms,-fsrm,-rdrand,-rdseed" -rtc base=2026-01-01,clock=vm -seed 1 \
		-nodefaults -nographic -no-reboot ${BENCH_QEMU:-} \
		-serial file:/lab/out/icount-console -serial file:/lab/out/icount-out \
		-kernel "/usr/lib/modules/$K_RELEASE/vmlinuz" -initrd /lab/out/initramfs \
		-append "console=ttyS0 quiet panic=-1 oops=panic cryptomgr.notests nokaslr norandmaps mitigations=$mitigations"
	tr -d '\r' < "$dir/icount-out" > "$dir/icount-lines"
	if ! grep -qx 'status 0' "$dir/icount-lines"; then
		cat "$dir/icount-console" "$dir/icount-lines" >> "$LOG"
		exit 1
	fi
	sed -n '/^{/p' "$dir/icount-lines" > "$dir/instructions"
}
