# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The host: whether the lab can run on it, its packages and its Debian mirrors.

os_release()
{
	# shellcheck source=/dev/null
	[ ! -r /etc/os-release ] || (. /etc/os-release && eval "printf %s \"\${$1:-}\"")
}

# Print one line if the lab cannot run on this host.
host_preflight()
{
	local id arch

	id=$(os_release ID)
	if [ "$id" != debian ]; then
		echo "the lab needs Debian 12 or 13 as its host, this is '${id:-unknown}'"
		return
	fi
	arch=$(dpkg --print-architecture)
	if [ "$arch" != amd64 ]; then
		echo "the lab needs an amd64 host, this one is $arch"
	elif [ "$(id -u)" -ne 0 ]; then
		echo "the lab needs root for mount namespaces, chroots and packages: run make as root"
	fi
}

host_require()
{
	local problem

	problem=$(host_preflight)
	[ -z "$problem" ] || die "$problem"
}

host_packages()
{
	local missing=() p

	for p in mmdebstrap debian-archive-keyring ca-certificates util-linux; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2> /dev/null | grep -qx installed ||
			missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	step "installing on this host: ${missing[*]}"
	logged apt-get update
	logged env DEBIAN_FRONTEND=noninteractive apt-get install -y \
		--no-install-recommends "${missing[@]}"
}

# mirror_find REGEX: the address from which the host's apt fetches the first suite that matches.
mirror_find()
{
	local uri file

	# apt-get expands these, not the shell. The origin is empty before the first update.
	# shellcheck disable=SC2016
	uri=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI) $(ORIGIN)' \
		'Created-By: Packages' | awk -v re="$1" \
		'$1 ~ re && $2 == "main" && ($4 == "Debian" || $4 == "") && !n++ { print $3 }')
	uri=${uri%/}
	# Cloud images name the mirror in a file.
	if [[ $uri == mirror+file:* ]]; then
		file=${uri#mirror+file:}
		uri=$(awk '!/^#/ && NF { print $1; exit }' "/${file##*//}")
	fi
	[ -n "$uri" ] && printf '%s\n' "$uri"
}

# The mirror from which the host's apt fetches Debian.
host_mirror()
{
	local codename

	codename=$(os_release VERSION_CODENAME)
	mirror_find "^(${codename:-stable}|stable|oldstable|bookworm|trixie)\$" ||
		die "the apt sources of this host name no Debian mirror"
}

host_keyring()
{
	local key=/usr/share/keyrings/debian-archive-keyring.gpg

	[ -r "$key" ] || key=/usr/share/keyrings/debian-archive-keyring.pgp
	printf '%s\n' "$key"
}

# The apt sources of Debian 13, on the mirrors that the host uses.
host_sources()
{
	local main security backports key

	key=$(host_keyring)
	main=$(host_mirror)
	security=$(mirror_find '(-security|/updates)$') || security=
	backports=$(mirror_find '^trixie-backports$') || backports=$main

	printf "deb [signed-by=$key] %s main\n" "$main trixie" "$main trixie-updates" \
		${security:+"$security trixie-security"} "$backports trixie-backports"
}

# debian_root DIR ARGUMENT...: create a Debian 13 with mmdebstrap.
debian_root()
{
	host_sources > "$RUN/trixie.list"
	debian_make trixie "$@"
}

# debian_make SUITE DIR ARGUMENT...: create a Debian from the sources in $RUN/SUITE.list. The
# settings of the host's apt (proxy, certificates) apply.
debian_make()
{
	apt-config dump | grep -E '^Acquire::(https?|ftp|Check-|Retries|ForceIPv[46])' |
		grep -vE ' "";$|::Pipeline-Depth' > "$RUN/apt.conf" || :
	logged mmdebstrap --mode=root --aptopt="$RUN/apt.conf" "${@:3}" "$1" "$2" "$RUN/$1.list"
	mkdir -p "$2/lab" "$2/kernel"
	# A mount point, for chroot_exec --net.
	rm -f "$2/etc/resolv.conf"
	: > "$2/etc/resolv.conf"
}
