#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# prepare-kernel.sh RELEASE: make /var/cache/bsdtun/RELEASE/build, against which modules written in
# Rust can be built, for a Debian kernel. Debian's header packages lack the metadata of the kernel's
# crates: it is built from the kernel's source, with Debian's configuration and compiler, and kept.
set -euo pipefail

release=$1
cache=/var/cache/bsdtun
dir=$cache/$release
modules=/lib/modules/$release
here=$(dirname "${BASH_SOURCE[0]}")
prepare=$here/../../tools/lab/in-chroot/prepare-debian-kernel.sh

# Megabytes that source, objects and metadata take during the build.
ROOM=2500

say()
{
	printf 'bsdtun: %s\n' "$*"
}

die()
{
	printf 'bsdtun: cannot build for Linux %s: %s\n' "$release" "$*" >&2
	exit 1
}

# version_of PACKAGE: empty if it is not installed.
version_of()
{
	# dpkg-query expands this, not the shell
	# shellcheck disable=SC2016
	dpkg-query -W -f '${db:Status-Abbrev}${source:Version}\n' "$1" 2> /dev/null |
		sed -n 's/^ii //p' || :
}

# The source must be that of exactly this kernel.
[[ $release =~ ^([0-9]+\.[0-9]+)\.[0-9]+\+deb[0-9]+- ]] || die "it is not a Debian kernel"
source_package=linux-source-${BASH_REMATCH[1]}
version=$(version_of "linux-headers-$release")
[ -n "$version" ] || die "the package linux-headers-$release is not installed"
have=$(version_of "$source_package")
[ -n "$have" ] ||
	die "the package $source_package is not installed: apt install $source_package=$version"
[ "$have" = "$version" ] ||
	die "its version is $version, that of $source_package is $have: apt install $source_package=$version"
tarball=/usr/src/$source_package.tar.xz
[ -r "$tarball" ] || die "$tarball is missing: apt install --reinstall $source_package"
[ -r "$modules/config" ] ||
	die "$modules/config is missing: apt install --reinstall linux-base-$release"

# need PACKAGE COMMAND|PATH
need()
{
	case $2 in
	/*) [ -e "$2" ] || die "$2 is missing: apt install $1" ;;
	*) command -v "$2" > /dev/null || die "$2 is missing: apt install $1" ;;
	esac
}
need bc bc
need bindgen bindgen
need bison bison
need dwarves pahole
need flex flex
need gcc gcc
need libelf-dev /usr/include/libelf.h
need libssl-dev /usr/include/openssl/ssl.h
need make make
need perl perl
need python3 python3
need rustc rustc
need rust-src "$(rustc --print sysroot)/lib/rustlib/src/rust/library/core/src/lib.rs"
need xz-utils xz
built_with=$(sed -n 's/^CONFIG_RUSTC_VERSION_TEXT="\(.*\)"$/\1/p' "$modules/config")
have=$(rustc --version)
[ "$built_with" = "$have" ] ||
	die "it was built with $built_with, the installed one is $have: they must be the same"

mkdir -p "$cache"
exec {lock}> "$cache/lock"
flock "$lock"

# Remove what was prepared for kernels that are no longer installed.
for old in "$cache"/*/; do
	[ ! -d "$old" ] || [ -d "/lib/modules/$(basename "$old")" ] ||
		rm -rf --one-file-system "$old"
done

made_of="$version, $have, $(cat "$prepare" "${BASH_SOURCE[0]}" | sha256sum)"
[ "$(cat "$dir/made-of" 2> /dev/null)" != "$made_of" ] || exit 0

rm -rf --one-file-system "$dir"
free=$(df --output=avail -BM "$cache" | tail -n 1 | tr -dc 0-9)
[ "$free" -ge $ROOM ] || die "$ROOM MB are needed in $cache during the build, $free are free"

mkdir -p "$dir/source" "$dir/build" "$dir/modules"
trap 'rm -rf --one-file-system "$dir"' EXIT
say "preparing Linux $release for modules written in Rust (once; some minutes)"
say "unpacking $tarball"
# Without the code, half of it, that modules do not need. tar's star matches slashes too.
tar -xJf "$tarball" --strip-components=1 --no-same-owner -C "$dir/source" \
	--exclude="$source_package"/{drivers,fs,net,sound}/'*.[cS]' \
	--exclude="$source_package"/arch/'*.dts*' --exclude="$source_package"/Documentation/'*.[rys]*'
cp "$modules/config" "$dir/modules/config"
cp "$modules/build/Module.symvers" "$dir/build/Module.symvers"

say "building the kernel's Rust crates with Debian's configuration and compiler"
if ! bash "$prepare" prepare "$release" "$dir" > "$cache/log" 2>&1; then
	tail -n 20 "$cache/log" >&2
	die "the preparation failed, see $cache/log"
fi
# No module build reads these.
rm -rf "$dir/source"/{Documentation,crypto,drivers,fs,mm,net,samples,security,sound,tools/testing}
printf '%s\n' "$made_of" > "$dir/made-of"
trap - EXIT
say "done: $(du -sm "$dir" | cut -f1) MB in $dir"
