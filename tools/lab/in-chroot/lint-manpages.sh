#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# lint-manpages.sh: in the tree, check that each ioctl, module parameter, sysctl and sysfs attribute
# has a paragraph in the manual pages, and that the pages describe no others.
set -euo pipefail

man=packaging/man
rc=0

# items MACRO PAGE...: the names that the pages have paragraphs about.
items()
{
	(cd $man && sed -n "s/^\.It $1 //p" "${@:2}") | sed 's/ Fa .*//; s/ , /\n/g' | sort -u
}

# same WHAT WANT HAVE: the lists are equal.
same()
{
	[ -n "$2" ] || { echo "$1: found none in the sources, has their format changed?"; rc=1; }
	[ "$2" != "$3" ] || return 0
	{ diff <(echo "$2") <(echo "$3") || :; } | sed -n "s/^< \(.*\)/$1: \1 has no paragraph/p
		s/^> \(.*\)/$1: \1 is not in the sources/p"
	rc=1
}

# defined HEADER...: the ioctls that they define.
defined()
{
	(cd include && sed -n 's/^#define[[:space:]]\+\([A-Z_]\+\)[[:space:]]\+_IO[RW]*(.*/\1/p' "$@")
}

# The driver's ioctls that no header of ours defines. The backquotes are those of the sources.
# shellcheck disable=SC2016
known=$(sed -n '/^pub(crate) enum Request/,/^}/s|^    /// ||p' rust/bsd/ioctl.rs |
	sed 's/[:.].*//' | grep -o '`[A-Z_]*`' | tr -d '`')
generic=$(grep -vE '^(BSDTUN|TUN|TAP|VMIO_|SIOC)' <<< "$known")
ethernet=$(grep -E '^SIOC' <<< "$known")
# Of <net/if_tap.h>, a tun has one.
tun=$(defined net/if_tun.h linux/if_bsdtun.h openbsd/net/if_tun_hdr.h; echo TAPSVNETHDR)
same "bsdtun.4, ioctls" "$(sort -u <<< "$tun"$'\n'"$generic")" "$(items Dv bsdtun.4)"
same "bsdtap.4, ioctls" "$({ defined net/if_tap.h; echo "$generic"; echo "$ethernet"; } | sort -u)" \
	"$(items Dv bsdtap.4)"

for page in bsdtun.4 bsdtap.4; do
	same "$page, parameters" "$(sed -n 's/^        \([a-z_]*\): [a-z]*[0-9]* {$/\1/p' rust/bsdtun.rs | sort -u)" \
		"$(items Cm $page)"
done

same "sysctls" "$(find rust -name settings.rs -exec cat {} + | awk -F '"' '
	/let (tun|tap|bsdtun) = \[/ { split($0, word, " "); folder = "net.link." word[2] "." }
	/let debug = \[/ { folder = "debug." }
	/ name: c"/ { print folder $2 }' | sort -u)" "$(items Va bsdtun.4 bsdtap.4)"

# The pages have paragraphs about other files too.
want=$(grep -rhA 1 --include='*.rs' 'SysfsAttr::[a-z_]*(' rust/driver | sed -n 's/.*c"\([a-z]*\)",.*/\1/p' | sort -u)
same "attributes" "$want" "$(items Pa bsdtun.4 bsdtap.4 | grep -xF "$want" || :)"
exit $rc
