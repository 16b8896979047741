# SPDX-License-Identifier: GPL-2.0
# Count the cases in the results of KUnit suites, one after the other as
# /sys/kernel/debug/kunit/*/results has them.  Lines out: "pass|skip|fail NAME".
# -v expected="SUITE ..." names the suites that were to run.

function emit(what, name)
{
	print what " kunit:" name
	total++
}

/^    # Subtest: / {
	suite = $3
	cases = failed = plan = 0
	next
}

/^    1\.\.[0-9]+/ {
	plan = substr($1, 4) + 0
	next
}

# Those further in are the parameters of a case.
/^    (not )?ok [0-9]+ / {
	name = $0
	sub(/^ *(not )?ok [0-9]+ *(- )?/, "", name)
	sub(/ *# *SKIP.*$/, "", name)
	what = /# *SKIP/ ? "skip" : /^ *ok/ ? "pass" : "fail"
	emit(what, suite ": " name)
	cases++
	if (what == "fail")
		failed++
	next
}

/^(not )?ok [0-9]+ / {
	if (cases < plan || !cases)
		emit("fail", suite ": " plan - cases " of " plan " cases without a result")
	else if (/^not/ && !failed)
		emit("fail", suite " (failed outside its cases)")
	finished[suite] = 1
}

END {
	n = split(expected, names, " ")
	for (i = 1; i <= n; i++)
		if (!(names[i] in finished))
			emit("fail", names[i] " (did not run)")
	if (!total)
		emit("fail", " no case ran")
}
