# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The toolchain root: a Debian 13 tree with the compilers that Debian built its kernel
# with and the tools of the virtual machine.  Everything runs in it, and the machines
# boot on it.

root_name()
{
	printf 'root-%s' "$(hash_of "$LAB/packages" "$LAB/python.req" "$LAB/root.sh")"
}

root_get()
{
	local name

	name=$(root_name)
	entry_exists "$name" || step "making the toolchain root (once; about two minutes)"
	entry_get "$name" "the toolchain root" root_make
	ROOT=$(entry_path "$name")
}

root_make()
{
	local dir=$1 packages

	packages=$(grep -vE '^(#|$)' "$LAB/packages" | paste -sd,)
	host_sources > "$RUN/trixie.list"
	host_apt_options > "$RUN/apt.conf"
	logged mmdebstrap --mode=root --variant=apt --aptopt="$RUN/apt.conf" \
		--include="$packages" trixie "$dir" "$RUN/trixie.list"
	root_stubs "$dir"
	say "installing virtme-ng"
	ROOT=$dir logged in_root --net -- env "${PIP_ENV[@]}" pip install --break-system-packages --no-deps \
		--root-user-action=ignore --no-cache-dir --require-hashes -r "$LAB/python.req"
}

# virtme-ng's init starts systemd-udevd and expects it to name the virtio ports; without
# the names the exit status of what ran in the machine is lost.  This does just that.
root_stubs()
{
	local dir=$1

	mkdir -p "$dir/usr/lib/systemd" "$dir/lab" "$dir/kernel"
	cat > "$dir/usr/lib/systemd/systemd-udevd" <<-'STUB'
		#!/bin/sh
		mkdir -p /dev/virtio-ports
		for p in /sys/class/virtio-ports/*/name; do
			[ -r "$p" ] || continue
			d=${p%/name}
			read -r n < "$p"
			ln -sf "../${d##*/}" "/dev/virtio-ports/$n"
		done
		exit 0
	STUB
	printf '#!/bin/sh\nexit 0\n' > "$dir/usr/bin/udevadm"
	printf '#!/bin/sh\nexit 0\n' > "$dir/usr/bin/systemd-tmpfiles"
	chmod 755 "$dir/usr/lib/systemd/systemd-udevd" "$dir/usr/bin/udevadm" "$dir/usr/bin/systemd-tmpfiles"
	rm -f "$dir/etc/resolv.conf"
	: > "$dir/etc/resolv.conf"
}

# The host's own pip settings name its proxy and certificate; a folder of wheels of the
# host's is not seen from the root.
PIP_ENV=()
while IFS= read -r v; do
	case $v in
	PIP_FIND_LINKS=*) ;;
	PIP_* | http_proxy=* | https_proxy=* | HTTP_PROXY=* | HTTPS_PROXY=* | no_proxy=* | NO_PROXY=*)
		PIP_ENV+=("$v")
		;;
	esac
done < <(env)
