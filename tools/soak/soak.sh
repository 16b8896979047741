# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make soak': storms for as long as one likes, and what they came to.

# SOAK: minutes.  SOAK_SEED: that of the first storm; the others follow from it.
lab_soak()
{
	local dir rc=0 oopses minutes=${SOAK:-20} seed=${SOAK_SEED:-$(date +%s)}

	[[ $minutes =~ ^[1-9][0-9]{0,3}$ ]] || die "SOAK is a number of minutes, not '$minutes'"
	[[ $seed =~ ^[0-9]{1,10}$ ]] || die "SOAK_SEED is a number, not '$seed'"
	lab_ready soak "${KERNEL:-uml}"
	[ -z "$K_BUILTIN" ] || refuse "the kernel '$K_NAME' has the driver built in: it cannot come and go"
	dir=$RUN/vm
	step "building the tests and bsdtun.ko for Linux $K_RELEASE"
	logged check_kit
	logged module_build plain modules
	mkdir -p "$dir"
	cp "$MODULE_DIR/bsdtun.ko" "$dir/"
	module_unlock
	check_modules "$dir"
	vm_accel
	step "$minutes minutes of storms on Linux $K_RELEASE, SOAK_SEED=$seed"
	VM_SHOW=1
	vm_boot "$dir" $((minutes * 60 + 600 * K_SLOW)) \
		"KSFT_MACHINE_SLOW=$(kernel_is_slow) bash /lab/tools/soak/guest.sh $((minutes * 60)) $seed" || rc=$?
	oopses=$(vm_oopses "$dir/console" "$dir/dmesg" "$dir/leaks")
	if [ -n "$oopses" ]; then
		printf 'The kernel log has:\n%s\n' "$oopses"
		rc=1
	fi
	[ -s "$dir/dmesg" ] || rc=1
	rm -rf --one-file-system "$RUN"/modules-* "$RUN/kit"
	run_end
	if [ $rc -ne 0 ]; then
		die "it broke; logs: $RUN"
	fi
	say "nothing broke, nothing leaked; logs: $RUN"
}
