# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Virtual machines, by virtme-ng: the current kernel boots on the chroot. User Mode Linux runs in
# the same way.

# More mounts for the virtual machine.
VM_BINDS=()
VM_CPUS=2
# Set to show the output as it comes.
VM_SHOW=

# Seconds without output after which a virtual machine counts as hung. There is no limit on its
# total time, which depends on what else the host does. The harness ends a case earlier than this,
# also on a busy host. in-vm/selftests.sh ends a silent test, and vm_watch() the virtual machine
# some time later, if the guest no longer can.
VM_SILENCE=900
VM_GRACE=180

# Seconds that a virtual machine may take to boot, and the line that the guest prints then.
VM_BOOT=300
VM_UP='lab: the guest is up'

# Set VM_ACCEL. Whether KVM works is only known after trying it, because the host may be a virtual
# machine that cannot nest; the result is cached.
vm_accel()
{
	local key

	VM_ACCEL=(--disable-kvm)
	[ -w /dev/kvm ] && [ -z "$K_CROSS" ] || return 0
	key=$CACHE/kvm/$({ grep -m1 '^model name' /proc/cpuinfo; uname -r; cat /etc/machine-id 2> /dev/null
		chroot_name; } | hash_of -)
	mkdir -p "$CACHE/kvm"
	if [ ! -r "$key" ]; then
		step "testing whether KVM works here (once)"
		VM_ACCEL=()
		if VM_BOOT=20 vm_boot "$RUN/kvm" 'echo the guest ran' 2>> "$LOG" &&
			grep -q 'the guest ran' "$RUN/kvm/out"
		then
			echo yes > "$key.$$"
		else
			echo no > "$key.$$"
		fi
		mv "$key.$$" "$key"
		say "KVM works: $(cat "$key")"
	fi
	VM_ACCEL=(--disable-kvm)
	[ "$(cat "$key")" = no ] || VM_ACCEL=()
}

# Set VNG to the arguments of vng that every virtual machine has.
vng_arguments()
{
	VNG=(vng "${VM_ACCEL[@]}" "${K_VNG[@]}" --user root --cpus "$VM_CPUS" --memory "$K_MEMORY"
		--run "/usr/lib/modules/$K_RELEASE/vmlinuz" --rwdir=/lab/out=/lab/out)
}

# vm_boot DIR COMMAND: boot, run COMMAND as root, power off. DIR, which is /lab/out in the guest,
# gets out (the output) and console (the kernel's). Returns the status of COMMAND; 137 if there was
# no output for too long.
vm_boot()
{
	local rc=0

	vm_boot_once "$@" || rc=$?
	# An emulated machine sometimes hangs in the firmware or while booting. Try once more: the
	# driver was not loaded (unless it is built in), and the kernel reported no error.
	if [ -e "$1/stuck" ] && [ ${#VM_ACCEL[@]} -gt 0 ] && [ -z "$K_ARCH" ] &&
		[ -z "$(oopses "$1/console")" ] &&
		{ [ -z "$K_BUILTIN" ] || ! grep -qE '^\[ *[0-9]+\.[0-9]{6}\]' "$1/console"; }
	then
		say "the virtual machine did not boot: trying again"
		rc=0
		vm_boot_once "$@" || rc=$?
	fi
	return "$rc"
}

vm_boot_once()
{
	local dir=$1 run VNG
	local append="cryptomgr.notests loglevel=5 panic=-1 oops=panic $K_APPEND"

	vng_arguments
	run=("${VNG[@]}" --verbose --append "$append" -- "bash /lab/out/command")
	[ "$K_ARCH" != um ] || run=(bash /lab/tools/lab/in-chroot/run-uml.sh "$K_RELEASE" "$VM_CPUS"
		"$K_MEMORY" "$append")
	mkdir -p "$dir"
	# In a file: with the list of all tests it is longer than a kernel command line may be.
	printf 'echo %s\n%s\n' "'$VM_UP'" "$2" > "$dir/command"
	: > "$dir/console"
	rm -f "$dir/stuck"
	# The output goes through a pipe: virtme-ng opens it several times, and would overwrite the
	# middle of a file.
	{
		in_chroot --bind "$dir" /lab/out "${VM_BINDS[@]}" -- "${run[@]}" \
			< /dev/null 2> "$dir/console" &
		echo $! > "$dir/pid"
		wait $!
	} 2>> "$LOG" | vm_watch "$dir" |
		if [ -n "$VM_SHOW" ]; then tee "$dir/out"; else cat > "$dir/out"; fi
	return "${PIPESTATUS[0]}"
}

# Pass the output on. If there is none for too long, kill the virtual machine: all of it ends with
# the one process, see chroot_exec().
vm_watch()
{
	local line rc silence=$VM_BOOT up=

	while true; do
		rc=0
		IFS= read -r -t "$silence" line || rc=$?
		if [ -z "$up" ]; then
			if [ "${line%$'\r'}" = "$VM_UP" ]; then
				up=1
				silence=$((VM_SILENCE + VM_GRACE))
				continue
			fi
			[ "$rc" -eq 0 ] || touch "$1/stuck"
		fi
		if [ "$rc" -gt 128 ]; then
			echo "Bail out! no output from the virtual machine for $silence seconds"
			kill -KILL "$(cat "$1/pid")"
			return
		fi
		[ -z "$line" ] && [ "$rc" -ne 0 ] && return
		printf '%s\n' "$line"
		[ "$rc" -eq 0 ] || return 0
	done
}

# vm_run DIR COMMAND: the same for a target that fails as a whole: show the output, and
# check the kernel log. On failure the console and the output are appended to the log.
vm_run()
{
	local found

	VM_SHOW=1
	if ! vm_boot "$@"; then
		{
			printf -- '--- console of the virtual machine:\n'
			tr -d '\r' < "$1/console" | tail -n 200
			printf -- '--- its output:\n'
			cat "$1/out"
		} >> "$LOG"
		return 1
	fi
	STEP="the kernel log"
	found=$(oopses "$1/console" "$1/dmesg")
	[ -z "$found" ] || { printf '%s\n' "$found" | tee -a "$LOG"; return 1; }
}

# oopses FILE...: the lines that a kernel log must not have.
oopses()
{
	cat -- "$@" 2> /dev/null | tr -d '\r' | grep -E -f "$LAB/oops_patterns" |
		grep -vE -f "$LAB/ignored_warnings" || :
}
