# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make soak': the storm test for SOAK minutes. SOAK_SEED is the seed of the first storm; those of
# the others follow from it.

lab_soak()
{
	local dir rc=0 found minutes=${SOAK:-20} seed=${SOAK_SEED:-$(date +%s)}

	[[ $minutes =~ ^[1-9][0-9]{0,3}$ ]] ||
		die "SOAK must be a number of minutes, not '$minutes'"
	[[ $seed =~ ^[0-9]{1,10}$ ]] || die "SOAK_SEED must be a number, not '$seed'"
	lab_ready soak "${KERNEL:-uml}"
	dir=$RUN/vm
	module_into "$dir"
	step "building the kselftests"
	logged bundle_build
	install_modules "$dir"
	vm_accel
	step "$minutes minutes of storms on Linux $K_RELEASE, SOAK_SEED=$seed"
	VM_SHOW=1
	vm_boot "$dir" "KSFT_MACHINE_SLOW=$(kernel_is_slow) \
		bash /lab/tools/soak/in-vm.sh $((minutes * 60)) $seed" || rc=$?
	found=$(oopses "$dir/console" "$dir/dmesg" "$dir/leaks")
	[ -z "$found" ] || { printf 'The kernel log has:\n%s\n' "$found"; rc=1; }
	[ -s "$dir/dmesg" ] || rc=1
	rm -rf --one-file-system "$RUN"/modules-* "$RUN/bundle"
	run_end
	[ "$rc" -eq 0 ] || die "soak failed, logs: $RUN"
	say "no failure, no leak; logs: $RUN"
}
