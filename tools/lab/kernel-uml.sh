# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The debug kernel as a process: User Mode Linux with the same checks. Nothing is emulated: it is
# there in a second or two, and runs the tests in a fraction of the time.

kernel_uml_get()
{
	K_ARCH=um
	K_SLOW=2
	# It runs no 32-bit programs.
	K_LACKS=(ioctl_32 tun_32)
	built_kernel_get checks.config kernel-uml.config
	# Its headers have a warning of their own, and the module is built with none. Its loader of
	# modules knows no offset table. Calls are direct, as Rust's are: coverage_report.py knows
	# only those.
	K_MAKE+=(KCFLAGS="-Wno-null-pointer-arithmetic -mcmodel=small -fpie -fdirect-access-external-data"
		KRUSTFLAGS=-Zdirect-access-external-data=yes)
}
