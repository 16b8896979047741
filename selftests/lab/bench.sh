# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make bench': bsdtun beside Linux's tun, in one machine.

lab_bench()
{
	local dir

	lab_ready bench "${KERNEL:-$KERNEL_DEFAULT}"
	dir=$RUN/vm
	module_into "$dir" bench
	vm_accel
	step "measuring on Linux $K_RELEASE; about a minute"
	VM_SHOW=1
	if ! vm_boot "$dir" $((300 * K_SLOW)) 'bash /lab/scripts/guest-bench.sh'; then
		tr -d '\r' < "$dir/console" | tail -n 50 >> "$LOG"
		exit 1
	fi
	run_end
	say "the table is also in $dir/out"
}
