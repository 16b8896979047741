# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What arm64 takes beside the toolchain root: compilers and an emulator, in a layer over it,
# and the tree that the machines boot on, in that layer's /guest.  The root stays as it is, and
# with it all that is named after it.

# Compilers that make programs of arm64 and its 32 bits, libraries that they are linked with, and
# the emulator.
ARM64_TOOLS=(
	g++-aarch64-linux-gnu
	gcc-arm-linux-gnueabihf
	libc6-dev-armhf-cross
	libclang-rt-19-dev:arm64
	libstd-rust-dev:arm64
	qemu-system-arm
)

# Of arm64, with what they need.  No script of theirs can run here.
ARM64_GUEST=(
	base-files
	base-passwd
	bash
	busybox-static
	coreutils
	dash
	diffutils
	ethtool
	findutils
	grep
	gzip
	hostname
	iproute2
	iputils-ping
	kmod
	less
	libc-bin
	libstdc++6
	login
	mawk
	mount
	perl-base
	procps
	psmisc
	python3
	sed
	strace
	tcpdump
	tshark
	util-linux
)

# Sets K_LAYER.
arm64_layer_get()
{
	local name

	name=layer-arm64-$(root_name | cat - "$LAB/arm64.sh" | hash_of -)
	entry_exists "$name" || step "fetching compilers, an emulator and a system of arm64 (once; about two minutes)"
	entry_get "$name" "what arm64 takes" arm64_layer_make
	K_LAYER=$(entry_path "$name")
}

arm64_layer_make()
{
	local dir=$1

	# The shell in the root expands these.
	# shellcheck disable=SC2016
	logged enter --root "$ROOT" --scratch "$dir" --net -- sh -ec '
		export DEBIAN_FRONTEND=noninteractive
		dpkg --add-architecture arm64
		apt-get update
		apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "$@"
		apt-get clean
		rm -rf /var/lib/apt/lists/*' sh "${ARM64_TOOLS[@]}"
	rm -rf --one-file-system "$dir/work" "$dir/root"
	mkdir "$dir/scratch"
	arm64_guest_make "$dir/upper/guest"
}

arm64_guest_make()
{
	local dir=$1

	host_sources > "$RUN/trixie.list"
	host_apt_options > "$RUN/apt.conf"
	logged mmdebstrap --mode=root --architectures=arm64 --variant=extract --aptopt="$RUN/apt.conf" \
		--include="$(printf '%s\n' "${ARM64_GUEST[@]}" | paste -sd,)" trixie "$dir" "$RUN/trixie.list"
	root_stubs "$dir"
	# What the packages' scripts would have made of it, as far as a machine needs it.
	cp "$dir/usr/share/base-passwd/passwd.master" "$dir/etc/passwd"
	cp "$dir/usr/share/base-passwd/group.master" "$dir/etc/group"
	# tcpdump becomes this user to read a file.
	echo 'tcpdump:x:100:100::/nonexistent:/usr/sbin/nologin' >> "$dir/etc/passwd"
	echo 'tcpdump:x:100:' >> "$dir/etc/group"
	touch "$dir/etc/fstab" "$dir/etc/hosts" "$dir/etc/shadow"
	mkdir -p "$dir/etc/lvm" "$dir/opt" "$dir/srv"
	ln -s mawk "$dir/usr/bin/awk"
	ln -s ../bin/busybox "$dir/usr/sbin/poweroff"
}
