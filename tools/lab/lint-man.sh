#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# lint-man.sh - in the tree: what the sources offer to users has its paragraph in a manual page,
# and no page has one about a command that is not there.
set -euo pipefail

man=packaging/man
rc=0

# items PAGE MACRO: the names that the page has paragraphs about.
items()
{
	sed -n "s/^\.It $2 //p" "$man/$1" | sed 's/ Fa .*//; s/ , /\n/g' | sort -u
}

# same WHAT: the two lists of names in $want and $have are one.
same()
{
	[ -n "$want" ] || { echo "$1: none in the sources?"; rc=1; }
	[ "$want" != "$have" ] || return 0
	{ diff <(echo "$want") <(echo "$have") || :; } | sed -n "s/^< \(.*\)/$1: \1 is in no paragraph/p
		s/^> \(.*\)/$1: the sources know no \1/p"
	rc=1
}

# The commands that the headers define, and those that the driver knows beside them.
defined()
{
	sed -n 's/^#define[[:space:]]\+\([A-Z_]\+\)[[:space:]]\+_IO[RW]*(.*/\1/p' "$1"
}
# The backquotes are those of the sources.
# shellcheck disable=SC2016
known=$(sed -n '/^pub(crate) enum Request/,/^}/s|^    /// ||p' rust/bsd/ioctl.rs |
	sed 's/[:.].*//' | grep -o '`[A-Z_]*`' | tr -d '`')
generic=$(grep -vE '^(TUN|TAP|VMIO_|SIOC)' <<< "$known")
ethernet=$(grep -E '^SIOC' <<< "$known")

have=$(items bsdtun.4 Dv)
want=$({ defined include/net/if_tun.h; echo "$generic"; } | sort -u)
same "bsdtun.4, ioctls"
have=$(items bsdtap.4 Dv)
want=$({ defined include/net/if_tap.h; echo "$generic"; echo "$ethernet"; } | sort -u)
same "bsdtap.4, ioctls"

# Parameters of the module, and sysctls.
for page in bsdtun.4 bsdtap.4; do
	have=$(items $page Cm)
	want=$(sed -n 's/^        \([a-z_]*\): u[0-9]* {$/\1/p' rust/bsdtun.rs | sort -u)
	same "$page, parameters"
done
have=$({ items bsdtun.4 Va; items bsdtap.4 Va; } | sort -u)
want=$(awk -F '"' '
	/let (tun|tap) = \[/ { split($0, word, " "); folder = "net.link." word[2] "." }
	/let debug = \[/ { folder = "debug." }
	/ name: c"/ { print folder $2 }' rust/driver/settings.rs | sort -u)
same "sysctls"

# The files in sysfs; the pages have paragraphs about other files too.
want=$(grep -A 1 'SysfsAttr::[a-z_]*(' rust/driver/sysfs.rs | sed -n 's/.*c"\([a-z]*\)",.*/\1/p' | sort -u)
have=$({ items bsdtun.4 Pa; items bsdtap.4 Pa; } | sort -u | grep -xF "$want" || :)
same "attributes"
exit $rc
