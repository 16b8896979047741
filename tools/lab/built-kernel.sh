#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# built-kernel.sh RELEASE DIR FRAGMENT... - in the toolchain root: configure and build the
# kernel whose source is DIR/source into DIR/build, and lay out its modules and its image
# in DIR/modules.  ARCH=um makes it User Mode Linux.
set -euo pipefail

# shellcheck source=tools/lab/built-make.sh
. /lab/tools/lab/built-make.sh

release=$1
dir=$2
shift 2
build=$dir/build

{
	(cd /lab/tools/lab && cat "$@")
	printf 'CONFIG_LOCALVERSION="-%s"\n' "${release#*-}"
} > "$build/all.config"
kmake "$dir" KCONFIG_ALLCONFIG="$build/all.config" allnoconfig

# What depends on something that is off is dropped without a word.
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
		echo "$line: not in the configuration that came out" >&2
		missing=1
	fi
done < "$build/all.config"
[ $missing -eq 0 ]

kmake "$dir" all
have=$(cat "$build/include/config/kernel.release")
if [ "$have" != "$release" ]; then
	echo "the kernel calls itself $have, not $release" >&2
	exit 1
fi
test -s "$build/rust/libkernel.rmeta"

kmake "$dir" INSTALL_MOD_PATH=/tmp/modules DEPMOD=true modules_install
rm -f "/tmp/modules/lib/modules/$release/build"
cp -a "/tmp/modules/lib/modules/$release/." "$dir/modules/"
cp "$build/$(kmake "$dir" image_name)" "$dir/modules/vmlinuz"
cp "$build/System.map" "$dir/modules/System.map"
# /usr/lib/modules/RELEASE is the modules folder just filled, see in_root.
depmod -F "$dir/modules/System.map" "$release"
