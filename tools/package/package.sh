# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make package' and 'make check-package': the Debian packages, and the machine of a stranger who
# installs them.

# What packages are built with, beside what packaging/debian/control asks for.
BUILDER_PACKAGES=(build-essential lintian)

# What that machine has: a kernel with its headers (added below) from where Debian has it, and what a
# developer of programs has installed. It is not the root's: nothing is there that a package of ours
# forgot to ask for.
MACHINE_PACKAGES=(gcc iproute2 libc6-dev linux-base/trixie-backports pkgconf systemd udev)

# debian_root_make DIR PACKAGE...: a Debian 13 with these packages and what they need, whose apt
# knows where there are more.
debian_root_make()
{
	local dir=$1

	shift
	host_sources > "$RUN/trixie.list"
	host_apt_options > "$RUN/apt.conf"
	logged mmdebstrap --mode=root --variant=apt --aptopt="$RUN/apt.conf" \
		--include="$(printf '%s\n' "$@" | paste -sd,)" trixie "$dir" "$RUN/trixie.list"
	mkdir -p "$dir/lab"
	rm -f "$dir/etc/resolv.conf"
	: > "$dir/etc/resolv.conf"
}

# control_field NAME: the packages that a field of packaging/debian/control names, one a line.
control_field()
{
	awk -v field="$1:" '$1 == field { on = 1; next } /^[^ ]/ { on = 0 } on' \
		"$TREE/packaging/debian/control"
}

builder_packages()
{
	printf '%s\n' "${BUILDER_PACKAGES[@]}"
	control_field Build-Depends | sed 's/^ *//; s/[ ,].*//'
}

builder_get()
{
	local name

	name=builder-$(builder_packages | hash_of -)
	entry_exists "$name" || step "making a Debian 13 that builds packages (once; about two minutes)"
	entry_get "$name" "the builder of packages" builder_make
	BUILDER=$(entry_path "$name")
}

builder_make()
{
	local packages

	mapfile -t packages < <(builder_packages)
	debian_root_make "$1" "${packages[@]}"
}

# package_build DIR: the packages, made of a copy of this clone as it is, in DIR.
package_build()
{
	local dir=$1

	mkdir -p "$dir/bsdtun"
	# What builds left between the sources is not part of them.
	tar -C "$TREE" -c --exclude-vcs --exclude=./.build --exclude='*.o' --exclude='*.ko' \
		--exclude='*.mod' --exclude='*.mod.c' --exclude='.*.cmd' --exclude='.*.d' \
		--exclude='*_generated.rs' --exclude=modules.order --exclude=Module.symvers . |
		tar -C "$dir/bsdtun" -x --no-same-owner
	cp -r "$dir/bsdtun/packaging/debian" "$dir/bsdtun/debian"
	enter --root "$BUILDER" --scratch "$dir/scratch" --bind "$dir" /lab/packages -- \
		sh -c 'cd /lab/packages/bsdtun && dpkg-buildpackage -us -uc' || return 1
	rm -rf --one-file-system "$dir/bsdtun" "$dir/scratch"
}

# There is no mailing list yet, and no bug of Debian's that asks for the package.
package_lint()
{
	enter --root "$BUILDER" --scratch "$RUN/lintian" --bind "$RUN/packages" /lab/packages -- \
		sh -c 'lintian --allow-root --fail-on error,warning --info \
			--suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs \
			/lab/packages/*.changes'
}

machine_packages()
{
	printf '%s\n' "${MACHINE_PACKAGES[@]}" \
		"linux-image-$K_RELEASE=$DEB_VERSION" "linux-headers-$K_RELEASE=$DEB_VERSION"
}

machine_make()
{
	local packages

	mapfile -t packages < <(machine_packages)
	debian_root_make "$1" "${packages[@]}"
}

# The machine as it is before, and what the first installation changes in it: other packages come
# and the kernel is prepared, which takes minutes. The packages are removed again, and what apt and
# they leave behind is kept for the next run, until they ask for something else or prepare the kernel
# otherwise.
machine_get()
{
	local name first

	name=machine-$(machine_packages | hash_of -)
	entry_exists "$name" || step "making a Debian 13 with Linux $K_RELEASE (once; about three minutes)"
	entry_get "$name" "the machine that packages are installed in" machine_make
	MACHINE=$(entry_path "$name")

	first=installed-$({ echo "$name"; control_field Depends; } | cat - "$LAB/prepare-debian.sh" \
		"$TREE/packaging/dkms/prepare-kernel.sh" | hash_of -)
	entry_exists "$first" || step "installing the packages there for the first time (about five minutes)"
	entry_get "$first" "the first installation" machine_first
	MACHINE=$(entry_path "$first")/upper:$MACHINE
}

machine_first()
{
	logged enter --root "$MACHINE" --scratch "$1" --net --bind "$RUN/packages" /lab/packages -- sh -ec '
		export DEBIAN_FRONTEND=noninteractive
		apt-get update
		apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io /lab/packages/*.deb
		apt-get remove -y bsdtun-dkms bsdtun-tools libbsdtun-dev
		apt-get clean
		rm -rf /var/lib/apt/lists/*'
	rm -rf --one-file-system "$1/work" "$1/root"
}

# in_machine COMMAND...: what it changes is seen by the next one of this run.
in_machine()
{
	enter --root "$MACHINE" --scratch "$RUN/machine" --bind "$RUN/packages" /lab/packages \
		--bind "$TREE/tools/package/steps.sh" /lab/steps.sh -- bash /lab/steps.sh "$@"
}

lab_package()
{
	lab_ready package
	builder_get
	step "building the Debian packages"
	logged package_build "$RUN/packages"
	# Those of an older version would be installed beside them.
	rm -rf "$TREE/.build/packages"
	mkdir -p "$TREE/.build/packages"
	cp "$RUN"/packages/* "$TREE/.build/packages/"
	run_end
	say "done: $TREE/.build/packages"
}

lab_check_package()
{
	lab_ready check-package "$KERNEL_DEFAULT"
	RESULTS=$RUN/results
	: > "$RESULTS"
	builder_get
	mkdir "$RUN/packages"
	if check_stage "packages built" package_build "$RUN/packages"; then
		check_stage "lintian" package_lint || :
		check_package_machine
	fi
	rm -rf --one-file-system "$RUN/machine" "$RUN/lintian"
	check_report
}

check_package_machine()
{
	local dir=$RUN/vm

	machine_get
	check_stage "what is missing is told" in_machine missing "$K_RELEASE" || :
	check_stage "packages installed, the module built by DKMS" in_machine install "$K_RELEASE" || return 0
	check_stage "a program compiled by pkg-config" in_machine compile || :
	check_stage "rules of udev" in_machine udev || :
	mkdir -p "$dir"
	if check_stage "what the machine has" package_into_vm "$dir"; then
		vm_accel
		check_stage "modprobe, pings, udev and networkd on Linux $K_RELEASE" \
			package_vm "$dir" || :
	fi
	check_stage "packages purged, nothing left" in_machine purge "$K_RELEASE" || :
}

# /lib/modules and the programs of the machine, for one that boots.
package_into_vm()
{
	enter --root "$MACHINE" --scratch "$RUN/machine" --bind "$1" /lab/out -- sh -ec "
		cp -a /lib/modules/$K_RELEASE /lab/out/modules
		cp -a /root/echo /lab/out/echo
		cp -a /usr/lib/x86_64-linux-gnu/ip /lab/out/ip"
}

package_vm()
{
	local dir=$1 layers=/lab/run/machine/upper:/lab/installed:/lab/machine oopses

	VM_BINDS=(--bind "$dir/modules" "/usr/lib/modules/$K_RELEASE" \
		--bind "${MACHINE%%:*}" /lab/installed --bind "${MACHINE#*:}" /lab/machine)
	if ! vm_boot "$dir" $((600 * K_SLOW)) "MACHINE_LAYERS=$layers bash /lab/tools/package/guest.sh"; then
		cat "$dir/out"
		tr -d '\r' < "$dir/console" | tail -n 40
		return 1
	fi
	cat "$dir/out"
	oopses=$(vm_oopses "$dir/console" "$dir/dmesg")
	[ -z "$oopses" ] || { printf '%s\n' "$oopses"; return 1; }
}
