#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# chroot-exec.sh OPTION... -- COMMAND...: run COMMAND in a root. Started by chroot_exec() in private
# mount and process namespaces, so nothing has to be unmounted.
#
#	--root DIR	the root
#	--scratch DIR	an overlay: changes go to DIR, and the root may be several folders,
#			with colons between them, the uppermost first
#	--forget	the overlay's changes are in memory and are lost when COMMAND ends
#	--guest DIR	a folder of the root, the root of virtual machines: it gets the binds too
#	--net		the host's resolver, certificates and pip settings
#	--bind FROM TO	another mount
set -euo pipefail

root='' scratch='' forget='' guest='' net=''
binds=()
while [ "$1" != -- ]; do
	case $1 in
	--forget | --net)
		declare "${1#--}=1"
		shift
		;;
	--root | --scratch | --guest)
		declare "${1#--}=$2"
		shift 2
		;;
	--bind)
		binds+=("$2" "$3")
		shift 3
		;;
	*)
		echo "chroot-exec.sh: unknown option $1" >&2
		exit 1
		;;
	esac
done
shift

# bind FROM TO
bind()
{
	if [ -d "$1" ]; then
		mkdir -p "$2"
	elif [ ! -e "$2" ]; then
		mkdir -p "$(dirname "$2")"
		touch "$2"
	fi
	mount --bind "$1" "$2"
}

if [ -n "$scratch" ]; then
	[ -z "$forget" ] || mount -t tmpfs -o mode=755 tmpfs "$scratch"
	mkdir -p "$scratch/upper" "$scratch/work" "$scratch/root"
	mount -t overlay -o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work" \
		overlay "$scratch/root"
	root=$scratch/root
fi
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
for ((i = 0; i < ${#binds[@]}; i += 2)); do
	bind "${binds[i]}" "$root${binds[i + 1]}"
	[ -z "$guest" ] || bind "${binds[i]}" "$root$guest${binds[i + 1]}"
done
if [ -n "$net" ]; then
	mount --bind "$(readlink -f /etc/resolv.conf)" "$root/etc/resolv.conf"
	for f in /etc/ssl/certs/ca-certificates.crt /etc/pip.conf; do
		[ ! -e "$f" ] || bind "$f" "$root$f"
	done
fi
exec chroot "$root" /usr/bin/env -i \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 LC_ALL=C.UTF-8 "$@"
