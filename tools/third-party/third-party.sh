# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make check-programs': third-party programs, built from their code for a BSD, carry packets over
# units.

PROGRAMS=$TREE/tools/third-party

lab_check_programs()
{
	local k

	lab_ready check-programs "${KERNEL:-$KERNEL_DEFAULT}"
	kernel_need_amd64
	kernel_need_module
	k="Linux $K_RELEASE"
	check_begin
	TEST_ARGUMENTS=
	TESTS=()
	programs_get
	mkdir -p "$RUN/vm-$K_NAME"
	if [ ${#TESTS[@]} -gt 0 ] &&
		check_stage "tests of the programs" bundle_build tools/third-party programs &&
		check_stage "module for $k" module_build plain modules
	then
		cp "$MODULE_DIR/bsdtun.ko" "$RUN/vm-$K_NAME/"
		module_unlock
		vm_accel
		VM_BINDS+=(--bind "$TREE/tools/bsd-commands" /lab/bsd-commands)
		# Two virtual machines share the tests.
		K_CPUS=(2 2)
		tests_run "$k"
		printf '\n' >> "$RUN/kernel.$K_NAME"
	fi
	check_report "$K_NAME"
}

# Build the selected programs in parallel, and add their tests to TESTS.
programs_get()
{
	local all name names=() jobs=() i

	all=$(sed -n 's/^\([a-z0-9]*\)\t.*/\1/p' "$PROGRAMS/versions")
	for name in $all; do
		if [[ " ${PROGRAMS_SKIP:-} " == *" $name "* ]]; then
			result skip "$name: in PROGRAMS_SKIP"
			continue
		fi
		[ "${TEST:-$name}" = "$name" ] || [ "${TEST%%:*}" = "$name" ] || continue
		names+=("$name")
		mkdir -p "$RUN/$name"
		program_get "$name" >> "$RUN/$name/log" 2>&1 &
		jobs+=($!)
	done
	[ -z "${TEST:-}" ] || [ ${#names[@]} -gt 0 ] ||
		refuse "unknown program '${TEST%%:*}'; TEST is one of: $(paste -sd' ' <<< "$all"), or PROGRAM:CASE"
	step "fetching and building ${names[*]}, if not cached (some minutes)"
	for ((i = 0; i < ${#names[@]}; i++)); do
		name=${names[i]}
		if ! wait "${jobs[i]}"; then
			say "FAILED: $name, log: $RUN/$name/log"
			tail -n 15 "$RUN/$name/log"
			result fail "$name cannot be fetched or does not build (log: $RUN/$name/log)"
			continue
		fi
		program_use "$name"
		# It exists; this keeps it locked.
		entry_get "$PROGRAM_ENTRY" "" die
		say "ok: $name, $(cat "$ENTRY/version")"
		result pass "$name"
		VM_BINDS+=(--bind "$ENTRY" "/lab/programs/$name")
		TESTS+=("programs:$name.sh")
	done
	[[ ${TEST:-} != *:* ]] || TEST_ARGUMENTS=$(test_arguments "${TEST%%:*}.sh" "${TEST#*:}")
}

# program_use NAME: set PROGRAM, its line in versions, and the names of its cache entries. A change
# of our headers or of build.sh builds it again, from the same source.
program_use()
{
	PROGRAM=$1
	PROGRAM_LINE=$(grep "^$PROGRAM	" "$PROGRAMS/versions")
	PROGRAM_SOURCE=source-$PROGRAM-$(hash_of - <<< "$PROGRAM_LINE")
	PROGRAM_ENTRY=program-$PROGRAM-$({
		printf '%s\n' "$PROGRAM_SOURCE" "$(chroot_name)"
		find "$TREE/include" -type f | LC_ALL=C sort | xargs cat "$PROGRAMS/build.sh"
	} | hash_of -)
}

# In a background job, which a failure ends.
program_get()
{
	RUN=$RUN/$1
	LOG=$RUN/log
	program_use "$1"
	if ! entry_exists "$PROGRAM_ENTRY"; then
		entry_get "$PROGRAM_SOURCE" "fetching the source of $PROGRAM" program_fetch
		PROGRAM_FROM=$ENTRY
		entry_get "$PROGRAM_ENTRY" "building $PROGRAM" program_build
	fi
}

program_build()
{
	in_chroot --bind "$PROGRAM_FROM" /lab/source --bind "$1" /lab/program -- \
		bash "$PROGRAMS/build.sh" "$PROGRAM" /lab/source "$TREE/include" /lab/program
	cp "$PROGRAM_FROM/version" "$1/"
}

program_fetch()
{
	local line

	read -r -a line <<< "$PROGRAM_LINE"
	"program_from_${line[1]}" "$1" "${line[2]}" "${line[@]:3}"
}

# program_from_debian DIR VERSION: apt verifies the archive by the signature of Debian's list of
# sources.
program_from_debian()
{
	local sources=(-o Dir::Etc::sourcelist=/lab/run/sources.list -o Dir::Etc::sourceparts=/dev/null) version

	host_sources | sed 's/^deb /deb-src /' > "$RUN/sources.list"
	in_chroot_apt apt-get "${sources[@]}" update
	version=$(in_chroot_apt apt-cache "${sources[@]}" showsrc --only-source "$PROGRAM" |
		sed -n "s/^Version: \($2-.*\)/\1/p" | sort -V | tail -n 1)
	[ -n "$version" ] || die "the mirror has no $PROGRAM $2: change the version in tools/third-party/versions"
	in_chroot_apt apt-get "${sources[@]}" source --download-only --tar-only "$PROGRAM=$version"
	mv "$RUN/debs/$PROGRAM"_*.orig.tar.* "$1/"
	printf '%s\n' "$version" > "$1/version"
	rm -rf --one-file-system "$RUN/debs" "$RUN/apt"
}

# program_from_pypi DIR VERSION HASH
program_from_pypi()
{
	printf '%s==%s --hash=%s\n' "$PROGRAM" "$2" "$3" > "$RUN/wanted.txt"
	in_chroot --net --bind "$1" /lab/source -- env "${PIP_ENV[@]}" \
		pip download --no-deps --no-cache-dir --require-hashes --only-binary :all: -d /lab/source -r /lab/run/wanted.txt
	printf '%s\n' "$2" > "$1/version"
}
