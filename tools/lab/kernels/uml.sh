# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# User Mode Linux with the checks of the debug kernel: a process, not emulated, so it boots in two
# seconds and runs the tests in a fraction of the time.
K_ARCH=um
# A test mostly waits, for grace periods: two machines share them.
K_CPUS=(2 1)
# It runs no 32-bit programs.
K_LACKS='*_32'
custom_kernel_get checks uml
# UML's headers cause a warning, which is an error in the module. UML's module loader knows no
# global offset table. Direct calls, as Rust's are, because coverage/report.py knows only those.
K_MAKE+=(KCFLAGS="-Wno-null-pointer-arithmetic -mcmodel=small -fpie -fdirect-access-external-data"
	KRUSTFLAGS=-Zdirect-access-external-data=yes)
