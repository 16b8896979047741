# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make demo' and 'make shell'.

lab_demo()
{
	lab_ready demo "${KERNEL:-$KERNEL_DEFAULT}"
	module_into "$RUN/vm"
	vm_accel
	step "booting Linux $K_RELEASE in a virtual machine"
	VM_BINDS=(--bind "$TREE/Documentation/examples" /lab/examples)
	vm_run "$RUN/vm" 'bash /lab/tools/lab/in-vm/demo.sh'
	run_end
	printf 'demo: OK\n'
}

lab_shell()
{
	local VNG

	[[ -t 0 && -t 1 ]] || die "'make shell' needs a terminal"
	lab_ready shell "${KERNEL:-$KERNEL_DEFAULT}"
	kernel_need_vm
	module_into "$RUN/vm"
	vm_accel
	step "booting Linux $K_RELEASE; 'exit' or Ctrl-D ends it"
	vng_arguments
	in_chroot --bind "$RUN/vm" /lab/out --bind "$TREE/Documentation/examples" /lab/examples \
		--bind "$LAB/in-vm/shell.bashrc" /root/.bashrc -- \
		"${VNG[@]}" --append "cryptomgr.notests panic=-1 $K_APPEND" || :
	run_end
}
