#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# in-system.sh STEP [RELEASE]: one step of 'make check-package', in the system on which the Debian
# packages are installed. It has nothing of this tree but /lab/packages.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
release=${2:-}
cache=/var/cache/bsdtun

die()
{
	echo "$*" >&2
	exit 1
}

# fails_with TEXT COMMAND...: COMMAND fails, and prints TEXT.
fails_with()
{
	local text=$1 output

	shift
	if output=$("$@" 2>&1); then
		die "should have failed: $*"
	fi
	[[ $output == *"$text"* ]] || die "'$text' is not in: $output"
	tail -n 1 <<< "$output"
}

# The DKMS package's script on a system that lacks one thing after the other.
step_missing()
{
	local src=/tmp/src prepare

	dpkg-deb -x /lab/packages/bsdtun-dkms_*.deb $src
	prepare=$(echo $src/usr/src/bsdtun-*/packaging/dkms/prepare-kernel.sh)

	fails_with "apt install dwarves" replaced "" /usr/bin/pahole "$prepare" "$release"
	fails_with "apt install bindgen" replaced "" /usr/bin/bindgen "$prepare" "$release"
	fails_with "not a Debian kernel" "$prepare" 7.3.4
	fails_with "the package linux-headers-7.3.99+deb13-amd64 is not installed" \
		"$prepare" 7.3.99+deb13-amd64
	# The replacement expands these.
	# shellcheck disable=SC2016
	fails_with "they must be the same" replaced '#!/bin/sh
		[ "$1" = --version ] && echo "rustc 1.0.0" || exec /usr/bin/rustc.hidden "$@"' \
		/usr/bin/rustc "$prepare" "$release"
	mount -t tmpfs -o size=64m tmpfs $cache
	fails_with "MB are needed in $cache" "$prepare" "$release"
	umount $cache
	[ -z "$("$prepare" "$release")" ] || die "the kernel is prepared, and was prepared again"
}

# replaced SCRIPT FILE COMMAND...: with another program for FILE, or with none if SCRIPT is empty.
replaced()
{
	local file=$2 rc=0

	mv "$file" "$file.hidden"
	if [ -n "$1" ]; then
		printf '%s\n' "$1" > "$file"
		chmod 755 "$file"
	fi
	"${@:3}" || rc=$?
	mv "$file.hidden" "$file"
	return $rc
}

step_install()
{
	local ko

	# apt has no lists now: the first installation must have brought every dependency.
	apt-get install -y --no-install-recommends /lab/packages/*.deb
	dkms status bsdtun | grep "$release.*: installed"
	ko=$(modinfo -k "$release" -n bsdtun)
	[[ $ko == /*lib/modules/"$release"/updates/dkms/bsdtun.ko* ]] || die "the module is $ko"
	[ "$(modinfo -k "$release" -F vermagic bsdtun | cut -d' ' -f1)" = "$release" ]
	for page in bsdtun bsdtap bsdvmnet; do
		zcat "/usr/share/man/man4/$page.4.gz" | grep -q '^\.Sh IOCTLS'
	done
}

step_compile()
{
	local flags

	flags=$(pkg-config --cflags bsdtun)
	[ "$(pkg-config --modversion bsdtun)" = "$(dpkg-query -W -f '${Version}' libbsdtun-dev)" ]
	# Several words.
	# shellcheck disable=SC2086
	gcc -Wall -Wextra -Werror -O2 -o /root/echo $flags /usr/share/doc/bsdtun/examples/echo.c
	# OpenBSD's struct is the one of 12 bytes.
	flags=$(pkg-config --cflags bsdtun-openbsd)
	# shellcheck disable=SC2086
	gcc -Wall -Wextra -Werror -fsyntax-only $flags -x c - <<-'END'
		#include <net/if_tun.h>
		int one[sizeof(struct tuninfo) == 12 ? 1 : -1];
	END
}

# With the library that apt has installed, by the file alone, and by a link.
step_commands()
{
	local bin=/usr/lib/bsdtun/bin

	[[ " $($bin/ifconfig -l) " == *" lo "* ]]
	$bin/route -n show -inet | grep '^Internet:'
	cp $bin/ifconfig /tmp/ifconfig
	ln -s $bin/route /tmp/route
	[[ " $(/tmp/ifconfig -l) " == *" lo "* ]]
	fails_with "route: bogus: unknown command" bash /tmp/route bogus
}

step_udev()
{
	udevadm verify /usr/lib/udev/rules.d/60-bsdtun.rules
	getent group bsdtun
}

step_purge()
{
	local left

	dpkg -L bsdtun-dkms libbsdtun-dev bsdtun-tools | sort -u > /tmp/files
	apt-get purge -y bsdtun-dkms libbsdtun-dev bsdtun-tools
	left=$(while IFS= read -r f; do
		[ ! -f "$f" ] || echo "$f"
	done < /tmp/files)
	[ -z "$left" ] || die "not removed: $left"
	left=$(find /lib/modules/ /var/cache /var/lib/dkms /usr/src -name '*bsdtun*')
	[ -z "$left" ] || die "not removed: $left"
}

"step_$1"
