# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every part of the lab uses: messages, a log of its own for each run, the cache.

TREE=$(cd "$LAB/../.." && pwd -P)
CACHE=${BSDTUN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bsdtun}
case $CACHE in
/*) ;;
*) CACHE=$PWD/$CACHE ;;
esac

# Days after which an entry of the cache that no run has used is dropped.
CACHE_DAYS=30

# The name of what is being done, for the line that says where it failed.
STEP="starting"
LOG=

elapsed()
{
	printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60))
}

# One line of progress; the step's name serves the line that reports a failure.
step()
{
	STEP=$*
	say "$*"
}

say()
{
	printf '[%5s] %s\n' "$(elapsed)" "$*"
}

die()
{
	printf 'bsdtun: %s\n' "$*" >&2
	exit 1
}

# What was asked for is not there: the one line says it, and there is no log to look at.
refuse()
{
	RUN_DONE=1
	die "$@"
}

# A folder for the logs of this run; the last twenty runs are kept, and those that go on.
run_begin()
{
	local old
	mkdir -p "$CACHE/logs"
	# By age, not by name: several targets keep their logs here.
	find "$CACHE/logs" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn |
		tail -n +20 | while read -r _ old; do
		flock -n -x "$old" rm -rf --one-file-system "$old" || :
	done
	RUN=$(mktemp -d "$CACHE/logs/$1-$(date +%Y%m%d-%H%M%S)-XXXX")
	exec {RUN_LOCK}< "$RUN"
	flock -s "$RUN_LOCK"
	LOG=$RUN/log
	: > "$LOG"
	TARGET=$1
	RUN_DONE=
	trap 'run_failed $?' EXIT
}

run_end()
{
	RUN_DONE=1
}

# Every way out but run_end() is a failure: say what was going on and where to look.
run_failed()
{
	local rc=$1
	[ -n "${RUN_DONE:-}" ] && exit "$rc"
	[ "$rc" -eq 0 ] && rc=1
	if [ -s "$LOG" ]; then
		printf '\n--- the end of the log:\n'
		tail -n 15 "$LOG"
		printf -- '---\n'
	fi
	printf '%s: FAILED at "%s", log: %s\n' "$TARGET" "$STEP" "$LOG"
	exit "$rc"
}

# Run a command with its output in this run's log.
logged()
{
	printf '\n+ %s\n' "$*" >> "$LOG"
	"$@" >> "$LOG" 2>&1
}

hash_of()
{
	cat -- "$@" | sha256sum | cut -c1-12
}

# The cache.  An entry is a folder that is complete or not there: it is made under
# another name, by one run at a time, and renamed.  Who uses an entry holds its lock
# shared until the end, so that no clean-up takes it away from under a run.

entry_path()
{
	printf '%s/entries/%s' "$CACHE" "$1"
}

entry_exists()
{
	[ -d "$(entry_path "$1")" ]
}

# entry_get NAME WHAT MAKER: use the entry NAME; when there is none, have MAKER fill a
# folder given as its argument.
entry_get()
{
	local name=$1 what=$2 maker=$3 dir tmp fd

	dir=$(entry_path "$name")
	mkdir -p "$CACHE/entries" "$CACHE/locks"
	exec {fd}> "$CACHE/locks/$name"
	flock -s "$fd"
	while [ ! -d "$dir" ]; do
		if ! flock -n -x "$fd"; then
			say "another run makes $what: waiting for it"
			flock -x "$fd"
		fi
		if [ ! -d "$dir" ]; then
			# With the lock held, what lies there is of an interrupted run.
			find "$CACHE/entries" -mindepth 1 -maxdepth 1 -name ".tmp.$name.*" \
				-exec rm -rf --one-file-system {} +
			tmp=$(mktemp -d "$CACHE/entries/.tmp.$name.XXXXXX")
			chmod 755 "$tmp"
			"$maker" "$tmp"
			sync -f "$tmp"
			mv -T "$tmp" "$dir"
		fi
		# Not atomic: hence the loop.
		flock -s "$fd"
	done
	touch "$dir"
}

# Drop what has not been used for long, and is not in use.
cache_prune()
{
	local dir name fd

	mkdir -p "$CACHE/entries" "$CACHE/modules" "$CACHE/locks"
	find "$CACHE/entries" "$CACHE/modules" -mindepth 1 -maxdepth 1 -type d -mtime +$CACHE_DAYS |
		while read -r dir; do
		name=${dir##*/}
		# One that is being made is as old as what was unpacked over it.
		case $name in
		.tmp.*)
			name=${name#.tmp.}
			name=${name%.*}
			;;
		esac
		exec {fd}> "$CACHE/locks/$name"
		flock -n -x "$fd" && rm -rf --one-file-system "$dir"
		exec {fd}>&-
	done
}

# Remove the whole cache, unless a run uses it.
cache_remove()
{
	local lock fd

	[ -d "$CACHE" ] || return 0
	# Nothing is removed that the lab did not make.
	[ -d "$CACHE/entries" ] || [ -d "$CACHE/logs" ] ||
		die "$CACHE does not look like the lab's cache: not removed"
	for lock in "$CACHE"/locks/*; do
		[ -e "$lock" ] || continue
		exec {fd}> "$lock"
		flock -n -x "$fd" || die "$CACHE is in use by another run ($(basename "$lock")): not removed"
	done
	rm -rf --one-file-system "$CACHE/entries" "$CACHE/modules" "$CACHE/logs" "$CACHE/kvm" \
		"$CACHE/ccache" "$CACHE/locks"
	rmdir --ignore-fail-on-non-empty "$CACHE"
}
