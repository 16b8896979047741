#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# prepare-debian-kernel.sh unpack|prepare RELEASE DIR: unpack Debian's kernel packages from
# /lab/run/debs into DIR; prepare DIR/build for modules. DKMS uses the second step.
set -euo pipefail

release=$2
dir=$3
export KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab

unpack()
{
	local x=/lab/run/debs/x deb

	mkdir -p "$x"
	for deb in /lab/run/debs/*.deb; do
		dpkg-deb -x "$deb" "$x"
	done
	tar -xJf "$x"/usr/src/linux-source-*.tar.xz --strip-components=1 -C "$dir/source"
	cp -a "$x/usr/lib/modules/$release/." "$dir/modules/"
	cp "$x/usr/src/linux-headers-$release/Module.symvers" "$dir/build/Module.symvers"
	# in_chroot() has bound DIR/modules to /usr/lib/modules/RELEASE.
	depmod "$release"
}

prepare()
{
	local built_with have

	cd "$dir/source"
	cp "$dir/modules/config" "$dir/build/.config"
	built_with=$(sed -n 's/^CONFIG_RUSTC_VERSION_TEXT="\(.*\)"$/\1/p' "$dir/build/.config")
	have=$(rustc --version)
	if [ "$built_with" != "$have" ]; then
		echo "Debian built $release with '$built_with', here is '$have': the crates would not match" >&2
		exit 1
	fi
	# The keys of Debian's build are not in the packages.
	scripts/config --file "$dir/build/.config" \
		--set-str SYSTEM_TRUSTED_KEYS "" --set-str MODULE_SIG_KEY "" --disable MODULE_SIG_ALL
	# The suffix makes it Debian's release name.
	printf '%s\n' "${release#"$(make -s kernelversion)"}" > "$dir/build/localversion"
	make O="$dir/build" olddefconfig
	make O="$dir/build" -j"$(nproc)" prepare modules_prepare
	have=$(cat "$dir/build/include/config/kernel.release")
	if [ "$have" != "$release" ]; then
		echo "the release of the prepared kernel is $have, not $release" >&2
		exit 1
	fi
	test -s "$dir/build/rust/libkernel.rmeta"
}

"$1"
