# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Running things in the toolchain root.

# in_root [--net] [--bind FROM TO]... -- COMMAND...
#
# COMMAND runs in the root, with the clone at its own place.  Mount and process
# namespaces are private: whatever COMMAND leaves behind, mounts and virtual machines
# included, ends with it, and so it does when this script is killed.
in_root()
{
	local args=(--root "$ROOT") binds=()

	if [ -n "${K_LAYER:-}" ]; then
		args=(--root "$K_LAYER/upper:$ROOT" --scratch "$K_LAYER/scratch" --forget --guest /guest)
	fi
	args+=(--bind "$TREE" "$TREE" --bind "$TREE/tools" /lab/tools)

	while [ "$1" != -- ]; do
		case $1 in
		--net)
			args+=(--net)
			shift
			;;
		--bind)
			binds+=(--bind "$2" "$3")
			shift 3
			;;
		*) die "in_root: $1?" ;;
		esac
	done
	shift
	[ -z "${RUN:-}" ] || args+=(--bind "$RUN" /lab/run)
	if [ -n "${K_ENTRY:-}" ]; then
		args+=(--bind "$K_ENTRY" "$K_AT")
		[ -z "${K_SOURCE:-}" ] || args+=(--bind "$K_SOURCE" "$K_AT/source")
		[ ! -d "$K_ENTRY/modules" ] || args+=(--bind "$K_ENTRY/modules" "/usr/lib/modules/$K_RELEASE")
	fi
	# Last: a folder of the caller's takes the place of one of the above.
	args+=("${binds[@]}")
	enter "${args[@]}" -- "$@"
}

# enter ARGUMENT... -- COMMAND...: in any root, see enter.sh for the arguments.
enter()
{
	setpriv --pdeathsig KILL \
		unshare --mount --pid --fork --kill-child --propagation private \
			bash "$LAB/enter.sh" "$@"
}
