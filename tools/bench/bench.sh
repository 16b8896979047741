# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make bench': bsdtun beside Linux's tun, in one machine, by time and by instructions.

# Rounds of each row, by time and by instructions: the latter repeat themselves.
BENCH_ROUNDS=21
BENCH_ICOUNT_ROUNDS=31

# BENCH: words; only rows that have one of them in their name are measured.
lab_bench()
{
	local dir out=$TREE/.build/bench words=${BENCH:-}

	lab_ready bench "${KERNEL:-$KERNEL_DEFAULT}"
	kernel_need_machine
	[ -z "$K_CROSS" ] || refuse "the benchmark runs on amd64: not on the kernel '$K_NAME'"
	dir=$RUN/vm
	bench_build "$dir"
	mkdir -p "$out"
	bench_icount "$dir" "$words"
	bench_time "$dir" "$words"
	step "the table"
	in_root --bind "$dir" /lab/vm --bind "$out" /lab/out -- \
		python3 /lab/tools/bench/report.py /lab/vm/instructions /lab/vm/time /lab/out \
		"$K_RELEASE" | tee -a "$LOG"
	run_end
	say "the same as JSON and as a plot: $out"
}

# Module and program, the latter static: one machine has no libraries.
bench_build()
{
	local dir=$1

	[ -z "$K_BUILTIN" ] || refuse "the kernel '$K_NAME' is for the tests: it has the driver built in"
	step "building bsdtun.ko for Linux $K_RELEASE"
	logged module_build plain modules
	mkdir -p "$dir"
	cp "$MODULE_DIR/bsdtun.ko" "$dir/"
	module_unlock
	step "building the benchmark"
	logged in_root --bind "$dir" /lab/out -- \
		gcc -Wall -Wextra -Werror -O2 -static -pthread -o /lab/out/bench \
		/lab/tools/bench/bench.c -luring
}

# By time, on two CPUs.
bench_time()
{
	local dir=$1

	vm_accel
	step "measuring time on Linux $K_RELEASE; some minutes"
	if ! vm_boot "$dir" $((2400 * K_SLOW)) \
		"bash /lab/tools/bench/guest.sh -r $BENCH_ROUNDS $2"
	then
		tr -d '\r' < "$dir/console" | tail -n 50 >> "$LOG"
		cat "$dir/out" >> "$LOG"
		exit 1
	fi
	sed -n '/^{/p' "$dir/out" > "$dir/time"
}

# By instructions.  The clock of a machine that is emulated with -icount goes on by a
# nanosecond an instruction.  What could differ from run to run is taken away or fixed:
# other CPUs, the disk, the date, random numbers, addresses, self-tests in the background.
# Without erms and fsrm the kernel copies in a loop and not by one instruction that would
# count for every byte.  Mitigations are calls that emulation would count at another price
# than a processor does.
bench_icount()
{
	local dir=$1

	step "counting instructions on Linux $K_RELEASE; some minutes"
	in_root --bind "$dir" /lab/out -- bash /lab/tools/bench/icount-initramfs.sh "$K_RELEASE" \
		"-c 1 -r $BENCH_ICOUNT_ROUNDS $2" >> "$LOG" 2>&1
	logged in_root --bind "$dir" /lab/out -- timeout --kill-after=5 900 \
		qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off -smp 1 -m "$K_MEMORY" \
		-cpu max,-erms,-fsrm,-rdrand,-rdseed -rtc base=2026-01-01,clock=vm -seed 1 \
		-nodefaults -nographic -no-reboot ${BENCH_QEMU:-} \
		-serial file:/lab/out/icount-console -serial file:/lab/out/icount-out \
		-kernel "/usr/lib/modules/$K_RELEASE/vmlinuz" -initrd /lab/out/initramfs \
		-append "console=ttyS0 quiet panic=-1 oops=panic cryptomgr.notests nokaslr norandmaps mitigations=off"
	tr -d '\r' < "$dir/icount-out" > "$dir/icount-lines"
	if ! grep -qx 'status 0' "$dir/icount-lines"; then
		cat "$dir/icount-console" "$dir/icount-lines" >> "$LOG"
		exit 1
	fi
	sed -n '/^{/p' "$dir/icount-lines" > "$dir/instructions"
}
