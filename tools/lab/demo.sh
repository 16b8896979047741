# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make demo' and 'make shell'.

lab_demo()
{
	local dir oopses

	lab_ready demo "${KERNEL:-$KERNEL_DEFAULT}"
	dir=$RUN/vm
	module_into "$dir" demo_echo
	vm_accel
	step "booting Linux $K_RELEASE in a virtual machine"
	VM_SHOW=1
	if ! vm_boot "$dir" $((120 * K_SLOW)) 'bash /lab/tools/lab/guest-demo.sh'; then
		# The guest heads each part with a line of its own.
		STEP=$(sed -n 's/^== //p' "$dir/out" | tail -n 1)
		STEP=${STEP:-booting the virtual machine}
		{
			printf '\n--- the machine'"'"'s console:\n'
			tr -d '\r' < "$dir/console" | tail -n 200
			printf -- '--- its output:\n'
			cat "$dir/out"
		} >> "$LOG"
		exit 1
	fi
	STEP="the kernel's log"
	oopses=$(vm_oopses "$dir/console" "$dir/dmesg")
	if [ -n "$oopses" ]; then
		printf '%s\n' "$oopses" | tee -a "$LOG"
		exit 1
	fi
	say "done"
	run_end
	printf 'demo: OK\n'
}

# A machine to play in, with the module loaded.
lab_shell()
{
	local dir

	[ -t 0 ] && [ -t 1 ] || die "'make shell' needs a terminal"
	lab_ready shell "${KERNEL:-$KERNEL_DEFAULT}"
	kernel_need_machine
	dir=$RUN/vm
	module_into "$dir" demo_echo
	vm_accel
	step "booting Linux $K_RELEASE; 'exit' or control-D ends it"
	in_root --bind "$dir" /lab/out --bind "$LAB/guest-shell.sh" /root/.bashrc -- \
		vng "${VM_ACCEL[@]}" "${K_VNG[@]}" --user root --cpus 2 --memory "$K_MEMORY" \
		--run "/usr/lib/modules/$K_RELEASE/vmlinuz" --rwdir=/lab/out=/lab/out \
		--append "cryptomgr.notests panic=-1 $K_APPEND" || :
	run_end
}
