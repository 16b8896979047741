# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The cache: chroots, kernels, third-party programs and build folders.
#
# An entry is a folder that is complete or absent: one run creates it under a temporary name and
# renames it. A run holds the lock of each entry that it uses, shared, until it ends, so that
# cache_prune() in another run does not remove the entry.

CACHE=${BSDTUN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bsdtun}
[[ $CACHE == /* ]] || CACHE=$PWD/$CACHE

# Entries that no run has used for so many days are removed.
CACHE_DAYS=30

hash_of()
{
	cat -- "$@" | sha256sum | cut -c1-12
}

# The same without comments and empty lines, which change no result. "# CONFIG_X is not set" is
# no comment.
hash_of_code()
{
	cat -- "$@" | sed '/^[[:space:]]*#/{/ is not set$/!d;}; /^[[:space:]]*$/d' | hash_of -
}

entry_exists()
{
	[ -d "$CACHE/entries/$1" ]
}

# entry_get NAME STEP MAKER: set ENTRY to the folder of an entry. If there is none, announce STEP
# and call MAKER with a folder to fill.
entry_get()
{
	local name=$1 dir=$CACHE/entries/$1 tmp fd

	mkdir -p "$CACHE/entries" "$CACHE/locks"
	exec {fd}> "$CACHE/locks/$name"
	flock -s "$fd"
	while [ ! -d "$dir" ]; do
		if ! flock -n -x "$fd"; then
			say "waiting for another run, which is creating $name"
			flock -x "$fd"
		fi
		if [ ! -d "$dir" ]; then
			step "$2"
			# No other run has the lock, so these are left from an interrupted run.
			find "$CACHE/entries" -mindepth 1 -maxdepth 1 -name ".tmp.$name.*" \
				-exec rm -rf --one-file-system {} +
			tmp=$(mktemp -d "$CACHE/entries/.tmp.$name.XXXXXX")
			chmod 755 "$tmp"
			"$3" "$tmp"
			sync -f "$tmp"
			mv -T "$tmp" "$dir"
		fi
		# Not atomic with the release of the exclusive lock: hence the loop.
		flock -s "$fd"
	done
	touch "$dir"
	# Users are in other files.
	# shellcheck disable=SC2034
	ENTRY=$dir
}

# Remove what no run has used for CACHE_DAYS, except what is in use now.
cache_prune()
{
	local dir name fd

	mkdir -p "$CACHE/entries" "$CACHE/modules" "$CACHE/locks"
	find "$CACHE/entries" "$CACHE/modules" -mindepth 1 -maxdepth 1 -type d -mtime "+$CACHE_DAYS" |
		while read -r dir; do
		name=${dir##*/}
		# The time of a folder that is being filled may be that of an archive's content.
		if [[ $name == .tmp.* ]]; then
			name=${name#.tmp.}
			name=${name%.*}
		fi
		exec {fd}> "$CACHE/locks/$name"
		flock -n -x "$fd" && rm -rf --one-file-system "$dir"
		exec {fd}>&-
	done
}

# Remove the whole cache, unless a run is using it.
cache_remove()
{
	local lock fd

	[ -d "$CACHE" ] || return 0
	[ -d "$CACHE/entries" ] || [ -d "$CACHE/logs" ] ||
		die "$CACHE does not look like the lab's cache: not removed"
	for lock in "$CACHE"/locks/*; do
		[ -e "$lock" ] || continue
		exec {fd}> "$lock"
		flock -n -x "$fd" ||
			die "cannot remove $CACHE: another run is using $(basename "$lock")"
	done
	rm -rf --one-file-system "$CACHE"/{entries,modules,logs,kvm,ccache,locks}
	rmdir --ignore-fail-on-non-empty "$CACHE"
}
