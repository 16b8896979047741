# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by ifconfig and route.

NAME=${0##*/}

die()
{
	printf '%s: %s\n' "$NAME" "$*" >&2
	exit 1
}

# length_of MASK: set MASK_LENGTH to the prefix length of a netmask, dotted or hexadecimal.
length_of()
{
	local mask=$1 octets octet value=0 length

	case $mask in
	0x*)
		[[ $mask =~ ^0x[0-9a-fA-F]{1,8}$ ]] || die "$mask: bad netmask"
		value=$((mask))
		;;
	*)
		[[ $mask =~ ^([0-9]{1,3}\.){3}[0-9]{1,3}$ ]] || die "$mask: bad netmask"
		IFS=. read -r -a octets <<< "$mask"
		for octet in "${octets[@]}"; do
			[ "$((10#$octet))" -le 255 ] || die "$mask: bad netmask"
			value=$((value << 8 | 10#$octet))
		done
		;;
	esac
	for ((length = 0; length <= 32; length++)); do
		if [ $value -eq $((0xffffffff << (32 - length) & 0xffffffff)) ]; then
			MASK_LENGTH=$length
			return
		fi
	done
	die "$mask: bad netmask"
}

# number NUMBER MAXIMUM: die if it is not a number, or is too large.
number()
{
	[[ $1 =~ ^[0-9]{1,6}$ ]] && [ "$((10#$1))" -le "$2" ] || die "$1: bad value"
}

# have_ip ARGUMENT...: run ip(8); if it fails, die with its reason.
have_ip()
{
	local said

	said=$(ip "$@" 2>&1) && return
	# A warning may precede the reason, the line of a batch may follow it.
	said=$(grep -v '^Warning: ' <<< "$said")
	said=${said%%$'\n'*}
	said=${said#RTNETLINK answers: }
	said=${said#Error: }
	die "${said%.}"
}
