# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Virtual machines, by virtme-ng: the kernel in use boots on the toolchain root.

# KVM is used where it runs guests, which only trying tells: a device that is there may
# belong to a machine that is itself virtual and cannot nest.  Tried once a machine.
vm_accel()
{
	local key verdict

	VM_ACCEL=(--disable-kvm)
	[ -w /dev/kvm ] && [ -z "$K_CROSS" ] || return 0
	key=$({ grep -m1 '^model name' /proc/cpuinfo; uname -r; cat /etc/machine-id 2> /dev/null; root_name; } |
		hash_of -)
	mkdir -p "$CACHE/kvm"
	if [ ! -r "$CACHE/kvm/$key" ]; then
		step "trying whether KVM runs a guest here (once)"
		verdict=no
		VM_ACCEL=()
		if vm_boot "$RUN/kvm" 20 'echo the guest ran' 2>> "$LOG" && grep -q 'the guest ran' "$RUN/kvm/out"; then
			verdict=yes
		fi
		printf '%s\n' "$verdict" > "$CACHE/kvm/$key.$$"
		mv "$CACHE/kvm/$key.$$" "$CACHE/kvm/$key"
		say "KVM: $verdict"
	fi
	if [ "$(cat "$CACHE/kvm/$key")" = yes ]; then
		VM_ACCEL=()
	else
		VM_ACCEL=(--disable-kvm)
	fi
}

# More mounts for a machine.
VM_BINDS=()

# How many processors it has.
VM_CPUS=2

# Whether a machine's output is shown as it comes.
VM_SHOW=

# Seconds without a line of output after which a machine is taken for hung.  The longest
# that a test may be silent is 30 (the harness ends a case then); the machine looks at
# this itself, and when it cannot any more, vm_watch() does a minute later.
VM_SILENCE=150

# Seconds that the stock kernel may take from the firmware to the command, and the line
# that says it is there.
VM_BOOT=90
VM_UP='lab: the machine is up'

# vm_boot DIR SECONDS COMMAND: boot, run COMMAND as root in the machine, end it.  DIR gets
# out (COMMAND's output) and console (the kernel's); in the machine DIR is /lab/out, and
# the run's folder /lab/run.  COMMAND's exit status; 124 when the time was up, 137 when
# it was silent for too long.
vm_boot()
{
	local rc=0

	vm_boot_once "$@" || rc=$?
	# Once in many boots an emulated machine stops in its firmware or on the way up. The
	# driver was not there yet, unless it is built in, and no kernel complained: nothing is
	# hidden by another try.
	if [ -e "$1/stuck" ] && [ ${#VM_ACCEL[@]} -gt 0 ] && [ -z "$K_ARCH" ] && [ -z "$(vm_oopses "$1/console")" ] &&
		{ [ -z "$K_BUILTIN" ] || ! grep -qE '^\[ *[0-9]+\.[0-9]{6}\]' "$1/console"; }
	then
		say "the machine did not come up: booting it once more"
		rc=0
		vm_boot_once "$@" || rc=$?
	fi
	return "$rc"
}

vm_boot_once()
{
	local dir=$1 seconds=$2 command="echo '$VM_UP'; $3" run
	local append="cryptomgr.notests loglevel=5 panic=-1 oops=panic $K_APPEND"

	run=(vng "${VM_ACCEL[@]}" "${K_VNG[@]}" --verbose --user root --cpus "$VM_CPUS" --memory "$K_MEMORY"
		--run "/usr/lib/modules/$K_RELEASE/vmlinuz" --rwdir=/lab/out=/lab/out --append "$append" -- "$command")
	[ "$K_ARCH" != um ] ||
		run=(bash /lab/tools/lab/uml.sh "$K_RELEASE" "$VM_CPUS" "$K_MEMORY" "$append" "$command")
	mkdir -p "$dir"
	: > "$dir/console"
	rm -f "$dir/stuck"
	# The output goes through a pipe because virtme-ng opens it several times, and would
	# overwrite in the middle of a file; the rest of the traps is told in testing.rst.
	{
		in_root --bind "$dir" /lab/out "${VM_BINDS[@]}" -- timeout --kill-after=5 "$seconds" \
			"${run[@]}" < /dev/null 2> "$dir/console" &
		echo $! > "$dir/pid"
		wait $!
	} 2>> "$LOG" | vm_watch "$dir" | if [ -n "$VM_SHOW" ]; then tee "$dir/out"; else cat > "$dir/out"; fi
	return "${PIPESTATUS[0]}"
}

# Pass the output on; when it stays away too long, end the machine: all of it hangs on
# the one process (see in_root).
vm_watch()
{
	local line rc silence=$((VM_BOOT * K_SLOW)) up=

	while true; do
		rc=0
		IFS= read -r -t $silence line || rc=$?
		if [ -z "$up" ]; then
			if [ "${line%$'\r'}" = "$VM_UP" ]; then
				up=1
				silence=$((VM_SILENCE * K_SLOW + 60))
				continue
			fi
			[ $rc -eq 0 ] || touch "$1/stuck"
		fi
		if [ $rc -gt 128 ]; then
			echo "Bail out! the machine said nothing for $silence seconds"
			kill -KILL "$(cat "$1/pid")"
			return
		fi
		[ -z "$line" ] && [ $rc -ne 0 ] && return
		printf '%s\n' "$line"
		[ $rc -eq 0 ] || return 0
	done
}

# Kernel messages in the given files that no run may cause.
vm_oopses()
{
	cat -- "$@" 2> /dev/null | tr -d '\r' | grep -E -f "$LAB/oops_patterns" | grep -vE -f "$LAB/ignored_warnings" || :
}
