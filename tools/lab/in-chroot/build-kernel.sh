#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build-kernel.sh RELEASE DIR FRAGMENT...: in the chroot, configure and build the kernel in
# DIR/source into DIR/build, and put modules and image into DIR/modules. ARCH=um for User Mode
# Linux.
set -euo pipefail

# shellcheck source=tools/lab/in-chroot/kmake.sh
. /lab/tools/lab/in-chroot/kmake.sh

release=$1
dir=$2
shift 2
build=$dir/build

{
	(cd /lab/tools/lab/kernels && cat "$@")
	printf 'CONFIG_LOCALVERSION="-%s"\n' "${release#*-}"
} > "$build/all.config"
kmake "$dir" KCONFIG_ALLCONFIG="$build/all.config" allnoconfig

# Kconfig silently drops an option whose dependencies are off.
missing=0
while IFS= read -r line; do
	case $line in
	CONFIG_*=*) ;;
	'# CONFIG_'*' is not set')
		symbol=${line#\# }
		grep -q "^${symbol%% *}=" "$build/.config" || continue
		;;
	*) continue ;;
	esac
	if ! grep -qxF "$line" "$build/.config"; then
		echo "$line: not in the final .config; does it lack a dependency?" >&2
		missing=1
	fi
done < "$build/all.config"
[ $missing -eq 0 ]

kmake "$dir" all
have=$(cat "$build/include/config/kernel.release")
if [ "$have" != "$release" ]; then
	echo "the release of the kernel is $have, not $release" >&2
	exit 1
fi
test -s "$build/rust/libkernel.rmeta"

kmake "$dir" INSTALL_MOD_PATH=/tmp/modules DEPMOD=true modules_install
rm -f "/tmp/modules/lib/modules/$release/build"
cp -a "/tmp/modules/lib/modules/$release/." "$dir/modules/"
cp "$build/$(kmake "$dir" image_name)" "$dir/modules/vmlinuz"
cp "$build/System.map" "$dir/modules/System.map"
# in_chroot() has bound DIR/modules to /usr/lib/modules/RELEASE.
depmod -F "$dir/modules/System.map" "$release"
