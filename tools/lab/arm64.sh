# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# For arm64: cross compilers and an emulator, in a layer over the chroot, and in the layer's /guest
# the root of the virtual machines. The chroot stays as it is, and the cache entries named after it.

# Compilers for 64 and 32 bits, libraries to link with, and the emulator.
ARM64_TOOLS=(g++-aarch64-linux-gnu gcc-arm-linux-gnueabihf libc6-dev-armhf-cross
	libclang-rt-19-dev:arm64 libstd-rust-dev:arm64 qemu-system-arm)

# What the tests use in the guest. Maintainer scripts of arm64 packages cannot run here.
ARM64_GUEST=base-files,base-passwd,bash,busybox-static,coreutils,dash,diffutils,ethtool,findutils,grep,\
gzip,hostname,iproute2,iputils-ping,kmod,less,libc-bin,libstdc++6,login,mawk,mount,perl-base,procps,\
psmisc,python3,python3-pyroute2,sed,strace,tcpdump,tshark,util-linux

# Sets K_LAYER.
arm64_layer_get()
{
	entry_get "layer-arm64-$({ chroot_name; declare -p ARM64_TOOLS ARM64_GUEST
		declare -f arm64_layer_make; } | hash_of -)" \
		"fetching compilers, an emulator and a system for arm64 (once; about two minutes)" \
		arm64_layer_make
	K_LAYER=$ENTRY
}

arm64_layer_make()
{
	local guest=$1/upper/guest

	# The shell in the chroot expands these.
	# shellcheck disable=SC2016
	logged chroot_exec --root "$ROOT" --scratch "$1" --net -- sh -ec '
		export DEBIAN_FRONTEND=noninteractive
		dpkg --add-architecture arm64
		apt-get update
		apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "$@"
		apt-get clean
		rm -rf /var/lib/apt/lists/*' sh "${ARM64_TOOLS[@]}"
	rm -rf --one-file-system "$1/work" "$1/root"
	mkdir "$1/scratch"
	debian_root "$guest" --architectures=arm64 --variant=extract --include="$ARM64_GUEST"
	chroot_stubs "$guest"
	# What the maintainer scripts would do, as far as the tests need it.
	cp "$guest/usr/share/base-passwd/passwd.master" "$guest/etc/passwd"
	cp "$guest/usr/share/base-passwd/group.master" "$guest/etc/group"
	# tcpdump becomes this user to read a file.
	echo 'tcpdump:x:100:100::/nonexistent:/usr/sbin/nologin' >> "$guest/etc/passwd"
	echo 'tcpdump:x:100:' >> "$guest/etc/group"
	touch "$guest/etc/fstab" "$guest/etc/hosts" "$guest/etc/shadow"
	mkdir -p "$guest/etc/lvm" "$guest/opt" "$guest/srv"
	ln -s mawk "$guest/usr/bin/awk"
	ln -s ../bin/busybox "$guest/usr/sbin/poweroff"
}
