#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# steps.sh STEP [RELEASE] - in the machine that the Debian packages are installed in, which knows
# nothing of this tree but /lab/packages: one step of 'make check-package'.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
release=${2:-}
cache=/var/cache/bsdtun

die()
{
	echo "$*" >&2
	exit 1
}

# told TEXT COMMAND...: COMMAND fails, and says TEXT while it does.
told()
{
	local text=$1 said

	shift
	if said=$("$@" 2>&1); then
		die "should have failed: $*"
	fi
	[[ $said == *"$text"* ]] || die "'$text' is not in: $said"
	echo "told: $(tail -n 1 <<< "$said")"
}

# The package's own script, on a machine that lacks one thing after the other.
step_missing()
{
	local src=/tmp/src prepare

	dpkg-deb -x /lab/packages/bsdtun-dkms_*.deb $src
	prepare=$(echo $src/usr/src/bsdtun-*/packaging/dkms/prepare-kernel.sh)

	told "apt install dwarves" hidden /usr/bin/pahole "$prepare" "$release"
	told "apt install bindgen" hidden /usr/bin/bindgen "$prepare" "$release"
	told "not a kernel of Debian's" "$prepare" 7.3.4
	told "the package linux-headers-7.3.99+deb13-amd64 is not installed" \
		"$prepare" 7.3.99+deb13-amd64
	told "they must be the same" replaced /usr/bin/rustc "$prepare" "$release"
	mount -t tmpfs -o size=64m tmpfs $cache
	told "MB are needed in $cache" "$prepare" "$release"
	umount $cache
	# And with everything there it has nothing to do.
	[ -z "$("$prepare" "$release")" ] || die "the kernel is prepared, and was prepared again"
}

# hidden FILE COMMAND...
hidden()
{
	local file=$1 rc=0

	shift
	mv "$file" "$file.hidden"
	"$@" || rc=$?
	mv "$file.hidden" "$file"
	return $rc
}

# replaced FILE COMMAND...: by a program that says it is another version.
replaced()
{
	local file=$1 rc=0

	shift
	mv "$file" "$file.hidden"
	# The shell that runs it expands this.
	# shellcheck disable=SC2016
	printf '#!/bin/sh\n[ "$1" = --version ] && echo "rustc 1.0.0" || exec %s.hidden "$@"\n' "$file" > "$file"
	chmod 755 "$file"
	"$@" || rc=$?
	mv "$file.hidden" "$file"
	return $rc
}

step_install()
{
	local ko

	# It has no lists: what the packages ask for must be there since the first time.
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
	# These are several words.
	# shellcheck disable=SC2086
	gcc -Wall -Wextra -Werror -O2 -o /root/echo $flags /usr/share/doc/bsdtun/examples/echo.c
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
	[ -z "$left" ] || die "left: $left"
	left=$(find /lib/modules/ /var/cache /var/lib/dkms /usr/src -name '*bsdtun*')
	[ -z "$left" ] || die "left: $left"
}

"step_$1"
