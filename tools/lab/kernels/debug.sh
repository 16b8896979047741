# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The stock kernel's source with all checks for memory, locks, contexts, references, arithmetic and
# leaks.
K_MEMORY=2G
K_SLOW=1
# An emulated machine keeps one processor busy most of the time: two of them share the tests.
K_CPUS=(2 1)
# A hang ends the machine early. no5lvl: while the kernel detects CPU features it forgets for a
# moment that page tables have five levels; KASAN then reports an interrupt's accesses, and since
# only the first report counts, lockdep is off after it.
K_APPEND="softlockup_panic=1 hung_task_panic=1 log_buf_len=4M no5lvl"
custom_kernel_get qemu checks debug
