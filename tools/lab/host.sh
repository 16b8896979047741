# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The machine that the lab runs on: what it must be, what it needs, where its mirrors are.

os_release()
{
	# shellcheck source=/dev/null
	[ ! -r /etc/os-release ] || (. /etc/os-release && eval "printf %s \"\${$1:-}\"")
}

# Say in one line why the lab cannot work on this machine, if so.
host_trouble()
{
	local id arch

	id=$(os_release ID)
	if [ "$id" != debian ]; then
		echo "the lab runs on Debian 12 or 13; this system is '${id:-unknown}'"
		return
	fi
	arch=$(dpkg --print-architecture)
	if [ "$arch" != amd64 ]; then
		echo "the lab runs on amd64; this machine is $arch"
	elif [ "$(id -u)" -ne 0 ]; then
		echo "the lab needs root (mount namespaces, a chroot, packages): run make as root, by sudo or su"
	fi
}

host_require()
{
	local trouble

	trouble=$(host_trouble)
	[ -z "$trouble" ] || die "$trouble"
	HOST_CODENAME=$(os_release VERSION_CODENAME)
}

host_packages()
{
	local missing=() p

	for p in mmdebstrap debian-archive-keyring ca-certificates util-linux; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2> /dev/null | grep -qx installed || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	step "installing on this machine: ${missing[*]}"
	logged apt-get update
	logged env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# A mirror list of a cloud image names the mirror in a file.
mirror_resolve()
{
	local file

	case $1 in
	mirror+file:*)
		file=${1#mirror+file:}
		awk '!/^#/ && NF { print $1; exit }' "/${file##*//}"
		;;
	*) printf '%s\n' "$1" ;;
	esac
}

# mirror_find REGEX: the address from which this machine's apt takes the first suite
# whose name fits.
mirror_find()
{
	local uri

	# apt-get expands these, not the shell; the origin is empty before the first update
	# shellcheck disable=SC2016
	uri=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI) $(ORIGIN)' \
		'Created-By: Packages' | awk -v re="$1" \
		'$1 ~ re && $2 == "main" && ($4 == "Debian" || $4 == "") && !n++ { print $3 }')
	[ -n "$uri" ] && mirror_resolve "${uri%/}"
}

# The sources of Debian 13, taken from the mirrors that this machine uses.
host_sources()
{
	local main security backports key

	key=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -r "$key" ] || key=/usr/share/keyrings/debian-archive-keyring.pgp
	main=$(mirror_find "^(${HOST_CODENAME:-stable}|stable|oldstable|bookworm|trixie)\$") ||
		die "this machine's apt sources name no mirror of Debian"
	security=$(mirror_find '(-security|/updates)$') || security=
	backports=$(mirror_find '^trixie-backports$') || backports=$main

	printf 'deb [signed-by=%s] %s trixie main\n' "$key" "$main"
	printf 'deb [signed-by=%s] %s trixie-updates main\n' "$key" "$main"
	[ -z "$security" ] || printf 'deb [signed-by=%s] %s trixie-security main\n' "$key" "$security"
	printf 'deb [signed-by=%s] %s trixie-backports main\n' "$key" "$backports"
}

# How this machine's apt gets at its mirrors (a proxy, a certificate), for the one in the root.
host_apt_options()
{
	apt-config dump |
		grep -E '^Acquire::(https?|ftp|Check-|Retries|ForceIPv[46])' |
		grep -vE ' "";$|::Pipeline-Depth' || :
}
