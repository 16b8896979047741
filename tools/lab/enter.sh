#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run a command in a root.  To be started in mount and process namespaces of its own
# (see in_root in inroot.sh): nothing here is ever unmounted.
#
#	--root DIR	the root
#	--scratch DIR	what is written goes to DIR, and the root stays as it is; the root may
#			be several folders then, with colons between them, the uppermost first
#	--forget	what goes to the scratch is in memory, and goes when COMMAND ends
#	--guest DIR	a folder of the root that a machine boots on: other mounts are seen in it too
#	--net		the host's resolver, certificates and settings of pip
#	--bind FROM TO	another mount
set -euo pipefail

root=
scratch=
forget=
guest=
net=
binds=()
while [ "$1" != -- ]; do
	case $1 in
	--root)
		root=$2
		shift 2
		;;
	--scratch)
		scratch=$2
		shift 2
		;;
	--forget)
		forget=1
		shift
		;;
	--guest)
		guest=$2
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
# bind FROM TO
bind()
{
	if [ -d "$1" ]; then
		mkdir -p "$2"
	else
		mkdir -p "$(dirname "$2")"
		touch "$2"
	fi
	mount --bind "$1" "$2"
}

for ((i = 0; i < ${#binds[@]}; i += 2)); do
	bind "${binds[i]}" "$root${binds[i + 1]}"
	[ -z "$guest" ] || bind "${binds[i]}" "$root$guest${binds[i + 1]}"
done
if [ -n "$net" ]; then
	mount --bind "$(readlink -f /etc/resolv.conf)" "$root/etc/resolv.conf"
	for f in /etc/ssl/certs/ca-certificates.crt /etc/pip.conf; do
		[ -e "$f" ] || continue
		[ -e "$root$f" ] || { mkdir -p "$(dirname "$root$f")" && touch "$root$f"; }
		mount --bind "$f" "$root$f"
	done
fi
exec chroot "$root" /usr/bin/env -i \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 LC_ALL=C.UTF-8 "$@"
