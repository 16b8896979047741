# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make package' and 'make check-package': build the Debian packages; install and use them on a
# Debian 13 that has nothing else of this project.

# What builds the packages, besides the Build-Depends in packaging/debian/control.
BUILDER_PACKAGES=(build-essential lintian)

# The system on which they are installed: a kernel with headers (added below), and what a programmer
# has. Not the chroot: it would hide a missing dependency.
SYSTEM_PACKAGES=(gcc iproute2 libc6-dev linux-base/trixie-backports pkgconf systemd udev)

# control_field NAME: the packages in a field of packaging/debian/control, one a line.
control_field()
{
	awk -v field="$1:" '$1 == field { on = 1; next } /^[^ ]/ { on = 0 } on' \
		"$TREE/packaging/debian/control"
}

join()
{
	printf '%s\n' "$@" | paste -sd,
}

builder_get()
{
	mapfile -t BUILDER_ALL < <(printf '%s\n' "${BUILDER_PACKAGES[@]}"
		control_field Build-Depends | sed 's/^ *//; s/[ ,].*//')
	entry_get "builder-$(printf '%s\n' "${BUILDER_ALL[@]}" | hash_of -)" \
		"creating a Debian 13 that builds packages (once; about two minutes)" builder_make
	BUILDER=$ENTRY
}

builder_make()
{
	debian_root "$1" --variant=apt --include="$(join "${BUILDER_ALL[@]}")"
}

# package_build: from a copy of this tree without what other builds have left in it, into
# RUN/packages.
package_build()
{
	local dir=$RUN/packages

	mkdir -p "$dir/bsdtun"
	"$TREE/tools/copy-tree.sh" "$dir/bsdtun"
	cp -r "$dir/bsdtun/packaging/debian" "$dir/bsdtun/debian"
	sed -i "s/@VERSION@/$(cat "$TREE/VERSION")/" "$dir/bsdtun/debian/changelog"
	chroot_exec --root "$BUILDER" --scratch "$dir/scratch" --bind "$dir" /lab/packages -- \
		sh -c 'cd /lab/packages/bsdtun && dpkg-buildpackage -us -uc' || return 1
	rm -rf --one-file-system "$dir/bsdtun" "$dir/scratch"
}

# There is no mailing list and no Debian bug that requests the package.
package_lint()
{
	chroot_exec --root "$BUILDER" --scratch "$RUN/lintian" --bind "$RUN/packages" \
		/lab/packages -- sh -c 'lintian --allow-root --fail-on error,warning --info \
			--suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs \
			/lab/packages/*.changes'
}

# Set SYSTEM to the system and what the first installation changed in it: it installs dependencies
# and prepares the kernel, which takes minutes. The packages themselves are removed again.
system_get()
{
	local name system

	mapfile -t SYSTEM_ALL < <(printf '%s\n' "${SYSTEM_PACKAGES[@]}" \
		"linux-image-$K_RELEASE=$DEB_VERSION" "linux-headers-$K_RELEASE=$DEB_VERSION")
	name=machine-$(printf '%s\n' "${SYSTEM_ALL[@]}" | hash_of -)
	entry_get "$name" "creating a Debian 13 with Linux $K_RELEASE (once; about three minutes)" \
		system_make
	system=$ENTRY
	SYSTEM=$system
	entry_get "installed-$({ echo "$name"; control_field Depends; } | hash_of_code - \
		"$LAB/in-chroot/prepare-debian-kernel.sh" "$TREE/packaging/dkms/prepare-kernel.sh")" \
		"installing the packages for the first time (about five minutes)" \
		system_first_installation
	SYSTEM=$ENTRY/upper:$system
}

system_make()
{
	debian_root "$1" --variant=apt --include="$(join "${SYSTEM_ALL[@]}")"
}

system_first_installation()
{
	logged chroot_exec --root "$SYSTEM" --scratch "$1" --net --bind "$RUN/packages" /lab/packages -- sh -ec '
		export DEBIAN_FRONTEND=noninteractive
		apt-get update
		apt-get install -y --no-install-recommends \
			-o Dpkg::Options::=--force-unsafe-io /lab/packages/*.deb
		apt-get remove -y bsdtun-dkms bsdtun-tools libbsdtun-dev
		apt-get clean
		rm -rf /var/lib/apt/lists/*'
	rm -rf --one-file-system "$1/work" "$1/root"
}

# in_system [OPTION...] -- COMMAND...: changes stay until the end of this run.
in_system()
{
	chroot_exec --root "$SYSTEM" --scratch "$RUN/system" --bind "$RUN/packages" /lab/packages \
		--bind "$TREE/tools/package/in-system.sh" /lab/in-system.sh "$@"
}

lab_package()
{
	lab_ready package
	builder_get
	step "building the Debian packages"
	logged package_build
	# Removes packages of another version.
	rm -rf "$TREE/.build/packages"
	mkdir -p "$TREE/.build"
	cp -r "$RUN/packages" "$TREE/.build/packages"
	run_end
	say "done: $TREE/.build/packages"
}

lab_check_package()
{
	lab_ready check-package "$KERNEL_DEFAULT"
	check_begin
	builder_get
	if check_stage "packages built" package_build; then
		check_stage "lintian" package_lint || :
		package_check_system
	fi
	rm -rf --one-file-system "$RUN/system" "$RUN/lintian"
	check_report
}

package_check_system()
{
	local step=(-- bash /lab/in-system.sh)

	system_get
	check_stage "missing dependencies reported" in_system "${step[@]}" missing "$K_RELEASE" || :
	check_stage "packages installed, the module built by DKMS" \
		in_system "${step[@]}" install "$K_RELEASE" || return 0
	check_stage "a program compiled by pkg-config" in_system "${step[@]}" compile || :
	check_stage "ifconfig and route with BSD syntax" in_system "${step[@]}" commands || :
	check_stage "udev rules" in_system "${step[@]}" udev || :
	vm_accel
	check_stage "modprobe, pings, udev and networkd on Linux $K_RELEASE" package_check_vm || :
	check_stage "packages purged, nothing left" in_system "${step[@]}" purge || :
}

# Boot with the system's /lib/modules; in-vm.sh uses its programs, udev and networkd.
package_check_vm()
{
	local dir=$RUN/vm

	mkdir -p "$dir"
	in_system --bind "$dir" /lab/out -- sh -ec "
		cp -a /lib/modules/$K_RELEASE /lab/out/modules
		cp -a /root/echo /usr/lib/x86_64-linux-gnu/ip /lab/out/" || return 1
	VM_BINDS=(--bind "$dir/modules" "/usr/lib/modules/$K_RELEASE" \
		--bind "${SYSTEM%%:*}" /lab/installed --bind "${SYSTEM#*:}" /lab/system)
	# The log of this stage gets it on failure.
	local LOG=$dir/log
	vm_run "$dir" "bash /lab/tools/package/in-vm.sh" || { cat "$LOG"; return 1; }
}
