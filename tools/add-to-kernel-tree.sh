#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# add-to-kernel-tree.sh KERNEL-SOURCE [--symlink]: make this tree drivers/net/bsdtun of a kernel's
# source, as a copy or a symbolic link, and add it to drivers/net/Makefile and drivers/net/Kconfig.
# Run again, it renews the copy.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
source='' symlink=''
for arg; do
	case $arg in
	--symlink) symlink=1 ;;
	-*) source= && break ;;
	*) source=$arg ;;
	esac
done
[ -n "$source" ] || { echo "usage: $0 KERNEL-SOURCE [--symlink]" >&2; exit 1; }

net=$source/drivers/net
target=$net/bsdtun
if [ ! -f "$net/Makefile" ] || [ ! -f "$net/Kconfig" ] || [ ! -f "$source/rust/Makefile" ]; then
	echo "$source is not the source of a kernel with Rust support" >&2
	exit 1
fi
if [ ! -L "$target" ] && [ -e "$target" ] && [ ! -f "$target/rust/bsdtun.rs" ]; then
	echo "$target exists and is not this driver: remove it first" >&2
	exit 1
fi

rm -rf "$target"
if [ -n "$symlink" ]; then
	ln -s "$here" "$target"
else
	mkdir "$target"
	"$here/tools/copy-tree.sh" "$target"
fi

# insert FILE LINE BEFORE: LINE before the first line that begins with BEFORE, unless it is there.
insert()
{
	grep -qxF "$2" "$1" && return
	awk -v line="$2" -v before="$3" '
		!done && index($0, before) == 1 { print line; done = 1 }
		{ print }
		END { exit !done }' "$1" > "$1.bsdtun" ||
		{ rm -f "$1.bsdtun"; echo "$1 has no line '$3...' to insert '$2' before" >&2; exit 1; }
	cat "$1.bsdtun" > "$1"
	rm -f "$1.bsdtun"
}

# In Kconfig this is after "if NETDEVICES" and outside of "if NET_CORE". make expands the dollar
# sign.
# shellcheck disable=SC2016
insert "$net/Makefile" 'obj-$(CONFIG_BSDTUN) += bsdtun/' 'obj-$(CONFIG_DUMMY)'
insert "$net/Kconfig" 'source "drivers/net/bsdtun/Kconfig"' 'source "drivers/net/arcnet/Kconfig"'
