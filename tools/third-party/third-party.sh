# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make check-programs': programs that others wrote for the BSDs carry packets over units.
# What they are, how they are built and what they must do is in tools/third-party.

PROGRAMS=$TREE/tools/third-party

# Processors of the machines that share the tests.
PROGRAMS_CPUS=(2 2)

lab_check_programs()
{
	local k

	lab_ready check-programs "${KERNEL:-$KERNEL_DEFAULT}"
	[ -z "$K_CROSS" ] || refuse "the programs are built for amd64: not for the kernel '$K_NAME'"
	[ -z "$K_BUILTIN" ] || refuse "the programs' tests load the module: not on the kernel '$K_NAME'"
	k="Linux $K_RELEASE"
	RESULTS=$RUN/results
	: > "$RESULTS"
	CHECK_ARGS=
	CHECK_TESTS=()
	programs_get
	mkdir -p "$RUN/vm-$K_NAME"
	if [ ${#CHECK_TESTS[@]} -gt 0 ] &&
		check_stage "tests of the programs" check_kit tools/third-party programs &&
		check_stage "module for $k" module_build plain modules
	then
		cp "$MODULE_DIR/bsdtun.ko" "$RUN/vm-$K_NAME/"
		module_unlock
		vm_accel
		VM_BINDS+=(--bind "$TREE/tools/bsd-commands" /lab/bsd-commands)
		K_CPUS=("${PROGRAMS_CPUS[@]}")
		check_vm "$k"
		printf '\n' >> "$RUN/kernel.$K_NAME"
	fi
	check_report "$K_NAME"
}

# Every program that is wanted, built; its test is then one of CHECK_TESTS. They are made
# side by side, each with a folder and a log of its own.
programs_get()
{
	local name names=() jobs=() i

	while read -r name; do
		case " ${PROGRAMS_SKIP:-} " in
		*" $name "*)
			result skip "$name: PROGRAMS_SKIP names it"
			continue
			;;
		esac
		[ "${TEST:-$name}" = "$name" ] || [ "${TEST%%:*}" = "$name" ] || continue
		names+=("$name")
		mkdir -p "$RUN/$name"
		program_use "$name"
		entry_exists "$PROGRAM_ENTRY" || step "fetching and building $name (once)"
		program_get >> "$RUN/$name/log" 2>&1 &
		jobs+=($!)
	done < <(program_names)
	[ -z "${TEST:-}" ] || [ ${#names[@]} -gt 0 ] ||
		refuse "no program '${TEST%%:*}'; there is: $(program_names | paste -sd' ')"
	for ((i = 0; i < ${#names[@]}; i++)); do
		name=${names[i]}
		if ! wait "${jobs[i]}"; then
			say "FAILED: $name, log: $RUN/$name/log"
			tail -n 15 "$RUN/$name/log"
			result fail "$name is not to be had, or does not build (log: $RUN/$name/log)"
			continue
		fi
		program_use "$name"
		# It is there: this holds it.
		entry_get "$PROGRAM_ENTRY" "$name" die
		say "ok: $name, $(cat "$(entry_path "$PROGRAM_ENTRY")/version")"
		result pass "$name"
		VM_BINDS+=(--bind "$(entry_path "$PROGRAM_ENTRY")" "/lab/programs/$name")
		CHECK_TESTS+=("programs:$name.sh")
	done
	case ${TEST:-} in
	*:*) CHECK_ARGS=$(check_case "${TEST%%:*}.sh" "${TEST#*:}") ;;
	esac
}

program_names()
{
	sed -n 's/^\([a-z0-9]*\)\t.*/\1/p' "$PROGRAMS/versions"
}

# program_use NAME: sets what is known of it. Its source is found again whatever changes
# here; it is built anew for other headers.
program_use()
{
	PROGRAM=$1
	PROGRAM_LINE=$(grep "^$PROGRAM	" "$PROGRAMS/versions")
	PROGRAM_SOURCE=source-$PROGRAM-$(hash_of - <<< "$PROGRAM_LINE")
	PROGRAM_ENTRY=program-$PROGRAM-$({
		printf '%s\n' "$PROGRAM_SOURCE" "$(root_name)"
		cat "$PROGRAMS/build.sh"
		find "$TREE/include" -type f | LC_ALL=C sort | xargs cat
	} | hash_of -)
}

# In a shell of its own, where what fails ends it.
program_get()
{
	RUN=$RUN/$PROGRAM
	LOG=$RUN/log
	if ! entry_exists "$PROGRAM_ENTRY"; then
		entry_get "$PROGRAM_SOURCE" "the source of $PROGRAM" program_fetch
		entry_get "$PROGRAM_ENTRY" "$PROGRAM" program_build
	fi
}

program_build()
{
	in_root --bind "$(entry_path "$PROGRAM_SOURCE")" /lab/source --bind "$1" /lab/program -- \
		bash "$PROGRAMS/build.sh" "$PROGRAM" /lab/source "$TREE/include" /lab/program
	cp "$(entry_path "$PROGRAM_SOURCE")/version" "$1/"
}

# program_fetch DIR: the first of the versions that the registry has.
program_fetch()
{
	local line

	read -r -a line <<< "$PROGRAM_LINE"
	"program_from_${line[1]}" "$1" "${line[@]:2}"
	[ -s "$1/version" ] || die "$PROGRAM: the registry has none of these versions: ${line[*]:2}"
}

# A release is authentic by the signature of Debian's list of sources.
program_from_debian()
{
	local dir=$1 sources=(-o Dir::Etc::sourcelist=/lab/run/sources.list -o Dir::Etc::sourceparts=/dev/null)
	local version wanted

	shift
	host_sources | sed 's/^deb /deb-src /' > "$RUN/sources.list"
	in_root_apt apt-get "${sources[@]}" update
	in_root_apt apt-cache "${sources[@]}" showsrc --only-source "$PROGRAM" > "$RUN/showsrc"
	sed -n 's/^Version: //p' "$RUN/showsrc" | sort -urV > "$RUN/offered"
	for wanted; do
		# Last, what a mirror lists and does not have yet or any more.
		while read -r version; do
			# shellcheck disable=SC2254 # a pattern
			case ${version%-*} in
			$wanted) ;;
			*) continue ;;
			esac
			in_root_apt apt-get "${sources[@]}" source --download-only "$PROGRAM=$version" < /dev/null ||
				continue
			mv "$RUN/debs/$PROGRAM"_*.orig.tar.* "$dir/"
			printf '%s\n' "$version" > "$dir/version"
			rm -rf --one-file-system "$RUN/debs" "$RUN/apt"
			return
		done < "$RUN/offered"
	done
}

program_from_pypi()
{
	local dir=$1 wanted

	shift
	for wanted; do
		printf '%s==%s --hash=%s\n' "$PROGRAM" "${wanted%%=*}" "${wanted#*=}" > "$RUN/wanted.req"
		in_root --net --bind "$dir" /lab/source -- env "${PIP_ENV[@]}" pip download --no-deps \
			--no-cache-dir --require-hashes --only-binary :all: -d /lab/source -r /lab/run/wanted.req ||
			continue
		printf '%s\n' "${wanted%%=*}" > "$dir/version"
		return
	done
}
