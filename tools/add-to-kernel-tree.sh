#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# add-to-kernel-tree.sh KERNEL-SOURCE [--symlink] - put this folder into a kernel's source as
# drivers/net/bsdtun, a copy or a link, with the line that drivers/net/Makefile and
# drivers/net/Kconfig need.  Again, it renews the copy and leaves the lines alone.
set -euo pipefail

usage="usage: add-to-kernel-tree.sh KERNEL-SOURCE [--symlink]"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
source=
symlink=
for arg; do
	case $arg in
	--symlink) symlink=1 ;;
	-*) echo "$usage" >&2; exit 1 ;;
	*) source=$arg ;;
	esac
done
[ -n "$source" ] || { echo "$usage" >&2; exit 1; }

# What is copied is all that lies around this script.
[ -f "$here/rust/bsdtun.rs" ] || { echo "$here is not the driver's folder" >&2; exit 1; }

net=$source/drivers/net
target=$net/bsdtun
if [ ! -f "$net/Makefile" ] || [ ! -f "$net/Kconfig" ] || [ ! -f "$source/rust/Makefile" ]; then
	echo "$source is not the source of a kernel that has Rust" >&2
	exit 1
fi
if [ ! -L "$target" ] && [ -e "$target" ] && [ ! -f "$target/rust/bsdtun.rs" ]; then
	echo "$target is there, and is not ours" >&2
	exit 1
fi

rm -rf "$target"
if [ -n "$symlink" ]; then
	ln -s "$here" "$target"
else
	mkdir "$target"
	# Without what building in place has left: objects of another kernel.
	tar -C "$here" -c --exclude-vcs --exclude=./.ci --exclude=./.build --exclude='*.o' \
		--exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' --exclude='.*.cmd' \
		--exclude='.*.d' --exclude='*_generated.rs' --exclude=modules.order \
		--exclude=Module.symvers . | tar -C "$target" -x --no-same-owner
fi

# line FILE LINE BEFORE: LINE is put before the first line that begins with BEFORE.
line()
{
	grep -qxF "$2" "$1" && return
	awk -v line="$2" -v before="$3" '
		!done && index($0, before) == 1 { print line; done = 1 }
		{ print }
		END { exit !done }' "$1" > "$1.bsdtun" ||
		{ rm -f "$1.bsdtun"; echo "$1 has no line '$3...' to put ours before" >&2; exit 1; }
	cat "$1.bsdtun" > "$1"
	rm -f "$1.bsdtun"
}

# In Kconfig behind "if NETDEVICES", and outside of "if NET_CORE".
# make is to read this, not the shell
# shellcheck disable=SC2016
line "$net/Makefile" 'obj-$(CONFIG_BSDTUN) += bsdtun/' 'obj-$(CONFIG_DUMMY)'
line "$net/Kconfig" 'source "drivers/net/bsdtun/Kconfig"' 'source "drivers/net/arcnet/Kconfig"'
