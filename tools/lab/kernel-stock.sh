# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The kernel that Debian ships: its image and modules as they are, and an output folder
# prepared from its source with its configuration and its compiler, so that the Rust
# crates have the hashes that the image's symbols carry.

STOCK_FLAVOUR=cloud-amd64

kernel_stock_get()
{
	debian_kernel_get "$STOCK_FLAVOUR"
}

# debian_kernel_get FLAVOUR [RELEASE]: the newest listed kernel of this flavour that is
# in the cache or on the mirror; or just the one called RELEASE.
debian_kernel_get()
{
	local version abi source name found=

	while read -r version abi source; do
		[ -z "${2:-}" ] || [ "$2" = "$abi-$1" ] || continue
		K_RELEASE=$abi-$1
		DEB_VERSION=$version
		DEB_SOURCE=$source
		DEB_ABI=$abi
		# The root is in the key: its compiler makes the metadata.
		name=kernel-$K_RELEASE-$(printf '%s' "$version $source $K_NAME $(root_name)${K_LAYER:+ ${K_LAYER##*/}}" |
			cat - "$LAB/prepare-debian.sh" | hash_of -)
		if entry_exists "$name" || debian_kernel_offered; then
			found=1
			break
		fi
		say "the mirror has no $K_RELEASE $version"
	done < <(grep -vE '^(#|$)' "$LAB/kernels")
	[ -n "$found" ] || die "none of the kernels listed in tools/lab/kernels is to be had from this machine's mirror"

	entry_exists "$name" || step "preparing Linux $K_RELEASE for modules (once; about three minutes)"
	entry_get "$name" "Linux $K_RELEASE" debian_kernel_make
	K_ENTRY=$(entry_path "$name")
}

debian_packages()
{
	local arch=${K_RELEASE##*-}

	printf '%s=%s\n' \
		"linux-binary-$K_RELEASE:$arch" "$DEB_VERSION" \
		"linux-modules-$K_RELEASE:$arch" "$DEB_VERSION" \
		"linux-base-$K_RELEASE:$arch" "$DEB_VERSION" \
		"linux-headers-$K_RELEASE:$arch" "$DEB_VERSION" \
		"$DEB_SOURCE" "$DEB_VERSION"
}

# The lists of packages go to the run's folder: the root stays as it was made.
in_root_apt()
{
	in_root --net -- sh -c '
		cd /lab/run && mkdir -p apt/lists/partial apt/cache debs && cd debs && exec "$@"' sh \
		"$1" -o Dir::State::Lists=/lab/run/apt/lists -o Dir::Cache=/lab/run/apt/cache \
		-o APT::Sandbox::User=root "${@:2}"
}

debian_kernel_offered()
{
	local packages

	if [ ! -d "$RUN/apt/lists" ]; then
		step "asking the mirror for Debian's kernels"
		logged in_root_apt apt-get update || say "the mirror does not answer"
	fi
	mapfile -t packages < <(debian_packages)
	# apt-cache show is content with any one of its arguments.
	logged in_root_apt apt-get download --print-uris "${packages[@]}"
}

debian_kernel_make()
{
	local dir=$1 packages

	mapfile -t packages < <(debian_packages)
	say "fetching image, modules, configuration, symbols and source of $DEB_VERSION"
	logged in_root_apt apt-get download "${packages[@]}"
	mkdir "$dir/modules" "$dir/source" "$dir/build"
	say "unpacking them"
	K_ENTRY=$dir logged in_root -- \
		bash /lab/tools/lab/prepare-debian.sh unpack "$K_RELEASE" "$K_AT"
	rm -rf --one-file-system "$RUN/debs" "$RUN/apt"
	say "building the kernel's Rust crates with Debian's configuration and compiler"
	K_ENTRY=$dir logged in_root -- \
		env "${K_MAKE[@]}" bash /lab/tools/lab/prepare-debian.sh prepare "$K_RELEASE" "$K_AT"
}
