#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# install.sh [--remove] [DESTDIR]: install or remove everything except the module, for 'make
# install' and for packages. PREFIX is /usr by default; CC, CPPFLAGS, CFLAGS and LDFLAGS are for the
# plugins of ip(8).
set -euo pipefail

remove=
if [ "${1:-}" = --remove ]; then
	remove=1
	shift
fi
dest=${1:-}
prefix=${PREFIX:-/usr}
cd "$(dirname "${BASH_SOURCE[0]}")/.."

include=$prefix/include/bsdtun
doc=$prefix/share/doc/bsdtun
man=$prefix/share/man/man4
commands=$prefix/lib/bsdtun/bin
read -r -a cc <<< "${CC:-cc} -O2 -Wall ${CPPFLAGS:-} ${CFLAGS:-} ${LDFLAGS:-}"
# Debian's ip(8) looks for plugins in the folder of the architecture's libraries.
multiarch=$("${cc[0]}" -print-multiarch 2> /dev/null || :)
plugins=$prefix/lib/${multiarch:+$multiarch/}ip

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# put MODE FROM TO
put()
{
	if [ -n "$remove" ]; then
		rm -f "$dest$3"
	else
		install -D -m "$1" "$2" "$dest$3"
	fi
}

# each FOLDER PATTERN INTO: the files in FOLDER that match, with their subfolders.
each()
{
	local f mode

	while IFS= read -r f; do
		mode=644
		[ ! -x "$1/$f" ] || mode=755
		put $mode "$1/$f" "$3/$f"
	done < <(find "$1" -type f -name "$2" -printf '%P\n' | sort)
}

each include '*.h' "$include"
for pc in bsdtun.pc bsdtun-openbsd.pc; do
	sed "s|@INCLUDEDIR@|$include|; s|@VERSION@|$(cat VERSION)|" \
		"packaging/pkgconfig/$pc.in" > "$tmp/$pc"
	put 644 "$tmp/$pc" "$prefix/share/pkgconfig/$pc"
done
put 644 packaging/udev/60-bsdtun.rules "$prefix/lib/udev/rules.d/60-bsdtun.rules"
put 755 packaging/udev/bsdtun-alias "$prefix/lib/udev/bsdtun-alias"
put 644 packaging/udev/bsdtun.sysusers "$prefix/lib/sysusers.d/bsdtun.conf"
put 644 packaging/modprobe/bsdtun.conf "$doc/modprobe.d/bsdtun.conf"
each Documentation/examples '*' "$doc/examples"

each packaging/man '*.4' "$man"
rm -f "$dest$man/bsdvmnet.4"
[ -n "$remove" ] || ln -s bsdtap.4 "$dest$man/bsdvmnet.4"

# Not in PATH: third-party programs get them by a PATH of their own. Each is the whole file, so that
# it can be copied or mounted alone.
for command in ifconfig route; do
	put 755 tools/bsd-commands/commands.py "$commands/$command"
done

for kind in bsdtun bsdtap bsdvmnet; do
	[ -n "$remove" ] || "${cc[@]}" -shared -fPIC -Iinclude -o "$tmp/link_$kind.so" \
		tools/iproute2/link_bsdtun.c
	put 644 "$tmp/link_$kind.so" "$plugins/link_$kind.so"
done

# Folders that only this project uses.
if [ -n "$remove" ]; then
	for dir in "$include" "$doc" "$prefix/lib/bsdtun"; do
		[ ! -d "$dest$dir" ] || find "$dest$dir" -depth -type d -empty -delete
	done
fi
