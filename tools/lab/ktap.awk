# SPDX-License-Identifier: GPL-2.0
# Count the cases in the output of run_kselftest.sh: the nested results of programs that
# print them, a program without as one.  What was announced and did not come, a program
# that ended early or a machine that died, counts as failed.  So does a program that was told
# a case that it does not have, and ran none.
#
# Lines out: "pass|skip|fail NAME", and "running NAME" for what had no end.
# -v expected="COLLECTION:TEST ..." names the programs that were to run.

function emit(what, name)
{
	print what " " name
	total++
}

# In KTAP "ok 1 - name" and "ok 1 name" are the same, and a directive follows a '#'.
function name_of(line)
{
	sub(/^(not )?ok [0-9]+ *(- )?/, "", line)
	sub(/ *# *(SKIP|XFAIL|TODO|TIMEOUT|exit=).*$/, "", line)
	sub(/ +$/, "", line)
	return line
}

function result_of(line)
{
	if (line ~ /# *SKIP/)
		return "skip"
	if (line ~ /^ok/)
		return "pass"
	return "fail"
}

{ sub(/\r$/, "") }

/^# selftests: / {
	program = $0
	sub(/^# selftests: /, "", program)
	sub(/: /, ":", program)
	cases = failed = plan = planned = 0
	why = ""
	running = ""
	next
}

program != "" && /^# 1\.\.0 *# *SKIP/ {
	why = $0
	sub(/^.*SKIP */, "", why)
	next
}

program != "" && /^# 1\.\.[0-9]+/ {
	plan = substr($2, 4) + 0
	planned = 1
	next
}

program != "" && /^# #  RUN / {
	running = $4
	next
}

program != "" && /^# (not )?ok [0-9]/ {
	line = substr($0, 3)
	what = result_of(line)
	emit(what, program ": " name_of(line))
	cases++
	if (what == "fail")
		failed++
	running = ""
	next
}

/^(not )?ok [0-9]+ selftests: / {
	what = result_of($0)
	if (program == "") {
		emit("fail", "a result without a program: " $0)
		next
	}
	reason = $0
	if (!sub(/^.*# /, "", reason))
		reason = ""
	if (why != "")
		reason = reason " " why
	if (what == "pass" && plan > cases)
		emit("fail", program ": " plan - cases " of " plan " cases without a result")
	else if (what == "pass" && planned && !plan)
		emit("fail", program ": no case ran")
	else if (!cases)
		emit(what, program (reason != "" ? " (" reason ")" : ""))
	else if (what == "fail" && running != "")
		emit("fail", program ": " running " (no result; " reason ")")
	else if (what == "fail" && (!failed || plan > cases))
		emit("fail", program ": ended after " cases " of " plan " cases (" reason ")")
	finished[program] = 1
	program = ""
	next
}

/^Bail out!/ { bail = $0 }

END {
	n = split(expected, names, " ")
	if (program != "") {
		where = program (running != "" ? ": " running : "")
		emit("fail", where " (was running at the end)")
		finished[program] = 1
		print "running " where
	}
	for (i = 1; i <= n; i++)
		if (!(names[i] in finished))
			emit("fail", names[i] " (did not run)")
	if (bail != "")
		print "bail " bail
	if (!total)
		emit("fail", "no test ran")
}
