# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kernels of the lab. kernels/NAME.sh describes one: it is sourced, and calls
# debian_kernel_get() or custom_kernel_get(), so that a cache entry has
#
#	source/		the kernel's source
#	build/		the output folder that modules are built against
#	modules/	/lib/modules/RELEASE of the virtual machine, with vmlinuz
#
# and these are set:
#
#	K_ENTRY		the entry
#	K_AT		its place in the chroot: /kernel/NAME
#	K_SOURCE	the source, if it is not in the entry
#	K_RELEASE	uname -r
#	K_MEMORY	memory of a virtual machine
#	K_SLOW		set if tests do less on it, see KSFT_MACHINE_SLOW
#	K_APPEND	more for the kernel's command line
#	K_MAKE		more arguments for make, such as LLVM=1
#	K_CPUS		the CPUs of each virtual machine; they divide the tests among them
#	K_BUILTIN	set if the driver is built in
#	K_ARCH		um for User Mode Linux
#	K_LACKS		a pattern for the tests that cannot run on it
#	K_CROSS		prefix of the cross compilers, for another architecture
#	K_LAYER		then, an overlay over the chroot: upper/, with the guest's root in /guest
#	K_VNG		more arguments for vng then

KERNEL_DEFAULT=stock

kernel_names()
{
	find "$LAB/kernels" -name '*.sh' -printf '%f\n' | sed 's/\.sh$//' | sort | paste -sd' '
}

# kernel_clear NAME: defaults for everything that a kernel may set.
kernel_clear()
{
	K_NAME=$1 K_AT=/kernel/$1 K_MEMORY=1G K_SLOW=''
	K_APPEND='' K_SOURCE='' K_ENTRY='' K_BUILTIN='' K_ARCH='' K_CROSS='' K_LAYER='' K_LACKS=''
	K_MAKE=() K_VNG=() K_CPUS=(2)
}

# kernel_use NAME: make it the current kernel.
kernel_use()
{
	kernel_clear "$1"
	# shellcheck source=/dev/null
	. "$LAB/kernels/$1.sh"
}

# The value of KSFT_MACHINE_SLOW, for which tests do less.
kernel_is_slow()
{
	[ -n "$K_SLOW" ] && echo yes || echo no
}

kernel_has()
{
	grep -qx "$1" "$K_ENTRY/build/.config"
}

# Refuse a kernel that the target cannot use.
kernel_need_vm()
{
	[ -z "$K_ARCH" ] || refuse "$TARGET needs a virtual machine, which '$K_NAME' is not"
}

kernel_need_kcov()
{
	kernel_has CONFIG_KCOV=y || refuse "$TARGET needs CONFIG_KCOV, which '$K_NAME' lacks"
}

kernel_need_module()
{
	[ -z "$K_BUILTIN" ] || refuse "$TARGET loads the module, which '$K_NAME' has built in"
}

kernel_need_amd64()
{
	[ -z "$K_CROSS" ] || refuse "$TARGET needs a kernel for amd64, which '$K_NAME' is not"
}

# lab_ready TARGET [KERNEL]: start a run; create the chroot and the kernel if they are not cached.
# A wrong name is reported first, as they take minutes.
lab_ready()
{
	host_require
	[ -z "${2:-}" ] || [ -r "$LAB/kernels/$2.sh" ] ||
		die "unknown kernel '$2'; KERNEL is one of: $(kernel_names)"
	run_begin "$1"
	host_packages
	cache_prune
	chroot_get
	[ -z "${2:-}" ] || kernel_use "$2"
}
