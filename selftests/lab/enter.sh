#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run a command in a root.  To be started in mount and process namespaces of its own
# (see in_root in root.sh): nothing here is ever unmounted.
set -euo pipefail

root=
net=
binds=()
while [ "$1" != -- ]; do
	case $1 in
	--root)
		root=$2
		shift 2
		;;
	--net)
		net=1
		shift
		;;
	--bind)
		binds+=("$2" "$3")
		shift 3
		;;
	*)
		echo "enter.sh: $1?" >&2
		exit 1
		;;
	esac
done
shift

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
for ((i = 0; i < ${#binds[@]}; i += 2)); do
	if [ -d "${binds[i]}" ]; then
		mkdir -p "$root${binds[i + 1]}"
	else
		mkdir -p "$(dirname "$root${binds[i + 1]}")"
		touch "$root${binds[i + 1]}"
	fi
	mount --bind "${binds[i]}" "$root${binds[i + 1]}"
done
if [ -n "$net" ]; then
	mount --bind "$(readlink -f /etc/resolv.conf)" "$root/etc/resolv.conf"
	for f in /etc/ssl/certs/ca-certificates.crt /etc/pip.conf; do
		[ -e "$f" ] || continue
		[ -e "$root$f" ] || touch "$root$f"
		mount --bind "$f" "$root$f"
	done
fi
exec chroot "$root" /usr/bin/env -i \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 LC_ALL=C.UTF-8 "$@"
