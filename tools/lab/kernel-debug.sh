# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The kernel that judges: the stock kernel's source, built with everything on that finds
# wrong memory accesses, lock orders, contexts, references, arithmetic and leaks.

kernel_debug_get()
{
	K_MEMORY=2G
	K_SLOW=6
	# A machine is busy with one processor at a time, most of the time.
	K_CPUS=(2 1)
	# What hangs ends the machine, and soon.  no5lvl: while the kernel looks up what its
	# processor can do it forgets for a moment that page tables have five levels, and
	# KASAN takes an interrupt's accesses just then for wild ones; it reports once only,
	# and lockdep is off after that.
	K_APPEND="softlockup_panic=1 hung_task_panic=1 log_buf_len=4M no5lvl"
	built_kernel_get built-machine.config checks.config kernel-debug.config
}
