# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# Debian's kernels: image and modules as they ship, and an output folder prepared from their source
# with Debian's configuration and compiler, so that the Rust crates have the hashes that the image's
# symbols carry.

# debian_kernel_versions: the lines of kernels/debian-versions.
debian_kernel_versions()
{
	grep -vE '^(#|$)' "$LAB/kernels/debian-versions"
}

# debian_kernel_get FLAVOR [RELEASE]: the newest listed kernel of this flavor that is in the cache
# or on the mirror; or the one named RELEASE.
debian_kernel_get()
{
	local version abi source name found=

	while read -r version abi source; do
		[ -z "${2:-}" ] || [ "$2" = "$abi-$1" ] || continue
		K_RELEASE=$abi-$1
		DEB_VERSION=$version
		DEB_SOURCE=$source
		# The chroot is in the name: its compiler makes the metadata.
		name=kernel-$K_RELEASE-$(printf '%s\n' \
			"$version $source $K_NAME $(chroot_name)${K_LAYER:+ ${K_LAYER##*/}}" |
			hash_of_code - "$LAB/in-chroot/prepare-debian-kernel.sh")
		if entry_exists "$name" || debian_kernel_offered; then
			found=1
			break
		fi
		say "the mirror has no $K_RELEASE $version"
	done < <(debian_kernel_versions)
	[ -n "$found" ] ||
		die "the mirror has no kernel of tools/lab/kernels/debian-versions: add a version that it has"
	entry_get "$name" "preparing Linux $K_RELEASE for modules (once; about three minutes)" \
		debian_kernel_make
	K_ENTRY=$ENTRY
}

debian_packages()
{
	local arch=${K_RELEASE##*-} package

	for package in linux-{binary,modules,base,headers}; do
		printf '%s\n' "$package-$K_RELEASE:$arch=$DEB_VERSION"
	done
	printf '%s\n' "$DEB_SOURCE=$DEB_VERSION"
}

# in_chroot_apt COMMAND...: apt in the chroot with its lists and packages in the run's folder.
in_chroot_apt()
{
	# The shell in the chroot expands these.
	# shellcheck disable=SC2016
	in_chroot --net -- sh -c '
		cd /lab/run && mkdir -p apt/lists/partial apt/cache debs && cd debs && exec "$@"' sh \
		"$1" -o Dir::State::Lists=/lab/run/apt/lists -o Dir::Cache=/lab/run/apt/cache \
		-o APT::Sandbox::User=root "${@:2}"
}

debian_kernel_offered()
{
	local packages

	if [ ! -d "$RUN/apt/lists" ]; then
		step "asking the mirror for Debian's kernels"
		logged in_chroot_apt apt-get update || say "the mirror does not answer"
	fi
	mapfile -t packages < <(debian_packages)
	# apt-cache show succeeds if it knows any of its arguments.
	logged in_chroot_apt apt-get download --print-uris "${packages[@]}"
}

debian_kernel_make()
{
	local packages prepare=(env "${K_MAKE[@]}" bash /lab/tools/lab/in-chroot/prepare-debian-kernel.sh)

	mapfile -t packages < <(debian_packages)
	say "fetching image, modules, configuration, symbols and source of $DEB_VERSION"
	logged in_chroot_apt apt-get download "${packages[@]}"
	mkdir "$1/modules" "$1/source" "$1/build"
	say "unpacking them"
	K_ENTRY=$1 logged in_chroot -- "${prepare[@]}" unpack "$K_RELEASE" "$K_AT"
	rm -rf --one-file-system "$RUN/debs" "$RUN/apt"
	say "building the kernel's Rust crates with Debian's configuration and compiler"
	K_ENTRY=$1 logged in_chroot -- "${prepare[@]}" prepare "$K_RELEASE" "$K_AT"
}
