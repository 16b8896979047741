# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Messages, and the log folder of a run.

# The current step, for the line that reports a failure.
STEP="starting"
LOG=

say()
{
	printf '[%2d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

step()
{
	STEP=$*
	say "$*"
}

die()
{
	printf 'bsdtun: %s\n' "$*" >&2
	exit 1
}

# For wrong arguments: the message says everything, so the log is not mentioned.
refuse()
{
	RUN_DONE=1
	die "$@"
}

# run_begin TARGET: create RUN, the log folder of this run. The last 20 are kept.
run_begin()
{
	local old

	mkdir -p "$CACHE/logs"
	find "$CACHE/logs" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn |
		tail -n +20 | while read -r _ old; do
		# Locked while its run is active.
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

# Every exit without run_end() is a failure: report the step and the log.
run_failed()
{
	local rc=$1

	[ -z "${RUN_DONE:-}" ] || exit "$rc"
	if [ -s "$LOG" ]; then
		printf '\n--- end of the log:\n'
		tail -n 15 "$LOG"
		printf -- '---\n'
	fi
	printf '%s: FAILED at "%s", log: %s\n' "$TARGET" "$STEP" "$LOG"
	exit $((rc ? rc : 1))
}

# logged COMMAND...: run it with its output in the log.
logged()
{
	printf '\n+ %s\n' "$*" >> "$LOG"
	"$@" >> "$LOG" 2>&1
}
