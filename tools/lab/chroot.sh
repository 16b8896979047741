# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The chroot: a Debian 13 with the compilers that Debian built its kernel with and the tools of the
# virtual machines. Everything runs in it, and the virtual machines use it as their root.

chroot_name()
{
	printf 'root-%s' "$(declare -f chroot_make chroot_stubs |
		hash_of_code - "$LAB/chroot-packages" "$LAB/chroot-python.txt")"
}

chroot_get()
{
	entry_get "$(chroot_name)" "creating the chroot (once; about two minutes)" chroot_make
	ROOT=$ENTRY
}

chroot_make()
{
	debian_root "$1" --variant=apt \
		--include="$(grep -vE '^(#|$)' "$LAB/chroot-packages" | paste -sd,)"
	chroot_stubs "$1"
	say "installing virtme-ng"
	ROOT=$1 logged in_chroot --net -- env "${PIP_ENV[@]}" pip install \
		--break-system-packages --no-deps --root-user-action=ignore --no-cache-dir \
		--require-hashes -r "$LAB/chroot-python.txt"
}

# virtme-ng's init expects systemd-udevd to name the virtio ports; without their names the exit
# status of the command in the virtual machine is lost. These stubs do just that.
chroot_stubs()
{
	mkdir -p "$1/usr/lib/systemd"
	cat > "$1/usr/lib/systemd/systemd-udevd" <<-'STUB'
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
	printf '#!/bin/sh\nexit 0\n' | tee "$1/usr/bin/udevadm" > "$1/usr/bin/systemd-tmpfiles"
	chmod 755 "$1/usr/lib/systemd/systemd-udevd" "$1"/usr/bin/{udevadm,systemd-tmpfiles}
}

# Settings of the host's pip for the one in the chroot, except for a folder, which it cannot see.
mapfile -t PIP_ENV < <(env | grep -E '^(PIP_|https?_proxy=|no_proxy=|HTTPS?_PROXY=|NO_PROXY=)' |
	grep -v '^PIP_FIND_LINKS=')

# in_chroot [OPTION...] -- COMMAND...: run COMMAND in the chroot, with the tree at its own place,
# tools/ at /lab/tools, the run's folder at /lab/run and the current kernel at $K_AT. The options
# are those of chroot-exec.sh; a --bind to one of these places replaces it.
in_chroot()
{
	local args=(--root "$ROOT")

	[ -z "${K_LAYER:-}" ] ||
		args=(--root "$K_LAYER/upper:$ROOT" --scratch "$K_LAYER/scratch" --forget --guest /guest)
	args+=(--bind "$TREE" "$TREE" --bind "$TREE/tools" /lab/tools)
	[ -z "${RUN:-}" ] || args+=(--bind "$RUN" /lab/run)
	if [ -n "${K_ENTRY:-}" ]; then
		args+=(--bind "$K_ENTRY" "$K_AT")
		[ -z "${K_SOURCE:-}" ] || args+=(--bind "$K_SOURCE" "$K_AT/source")
		[ ! -d "$K_ENTRY/modules" ] ||
			args+=(--bind "$K_ENTRY/modules" "/usr/lib/modules/$K_RELEASE")
	fi
	chroot_exec "${args[@]}" "$@"
}

# chroot_exec OPTION... -- COMMAND...: the same in any root. Mount and process namespaces are
# private: mounts and processes, virtual machines included, end with COMMAND, and if this script is
# killed.
chroot_exec()
{
	setpriv --pdeathsig KILL \
		unshare --mount --pid --fork --kill-child --propagation private \
			bash "$LAB/chroot-exec.sh" "$@"
}
