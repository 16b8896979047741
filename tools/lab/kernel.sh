# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kernels that the lab knows.  Each is described by kernel-NAME.sh, which defines
# kernel_NAME_get: it sees to it that an entry of the cache holds
#
#	source/		the kernel's source
#	build/		the output folder that modules are built against
#	modules/	what is /lib/modules/RELEASE in the machine, vmlinuz with it
#
# and sets
#
#	K_ENTRY		the entry's path
#	K_AT		where that is in the root: /kernel/NAME
#	K_SOURCE	where source/ is, if not in the entry
#	K_RELEASE	what uname -r says under it
#	K_MEMORY	memory of a machine that runs it
#	K_SLOW		how many times slower than the stock kernel it is; limits grow by it
#	K_APPEND	more for its command line
#	K_MAKE		more arguments for make, e.g. LLVM=1
#	K_CPUS		how many processors has each of the machines that share the tests
#	K_BUILTIN	set if the driver is to be built into it
#	K_ARCH		um if it is User Mode Linux, a program
#	K_LACKS		tests that it cannot run
#	K_CROSS		the prefix of the compilers of its architecture, if that is not this machine's
#	K_LAYER		then what is laid over the root: upper/, with the tree that it boots on at /guest
#	K_VNG		then what vng has to know

KERNEL_DEFAULT=stock

kernel_names()
{
	find "$LAB" -name 'kernel-*.sh' -printf '%f\n' | sed 's/^kernel-//; s/\.sh$//' | sort
}

kernel_known()
{
	[ -r "$LAB/kernel-$1.sh" ] ||
		die "no kernel '$1' in the lab; there is: $(kernel_names | paste -sd' ')"
}

kernel_use()
{
	K_NAME=$1
	K_MEMORY=1G
	K_SLOW=1
	K_APPEND=
	K_SOURCE=
	K_ENTRY=
	K_AT=/kernel/$K_NAME
	K_MAKE=()
	K_BUILTIN=
	K_ARCH=
	K_LACKS=()
	K_CROSS=
	K_LAYER=
	K_VNG=()
	K_CPUS=(2)
	# shellcheck source=/dev/null
	. "$LAB/kernel-$K_NAME.sh"
	"kernel_${K_NAME}_get"
}

# The value of KSFT_MACHINE_SLOW, for which tests do less.
kernel_is_slow()
{
	[ "$K_SLOW" -gt 2 ] && echo yes || echo no
}

# For what is about a machine.
kernel_need_machine()
{
	[ -z "$K_ARCH" ] || refuse "that takes a machine, and the kernel '$K_NAME' is a program"
}

# For what wants to know what was reached.
kernel_need_kcov()
{
	grep -qx CONFIG_KCOV=y "$K_ENTRY/build/.config" ||
		refuse "the kernel '$K_NAME' has no KCOV: it does not tell what was reached"
}

# lab_ready TARGET [KERNEL]: what every target starts with; root and kernel are made if
# need be, which takes minutes: a mistyped kernel is told before.
lab_ready()
{
	host_require
	[ -z "${2:-}" ] || kernel_known "$2"
	run_begin "$1"
	host_packages
	cache_prune
	root_get
	[ -z "${2:-}" ] || kernel_use "$2"
}
