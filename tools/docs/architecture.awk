# SPDX-License-Identifier: GPL-2.0
# The picture of the driver's modules, as graphviz takes it, from what they use:
#
#	awk -f architecture.awk rust/bsdtun.rs rust/*.rs rust/*/*.rs
#
# It fails where a layer uses one that it must not know. bsdtun.rs is read first: what it declares under #[deny(unsafe_code)] is the driver, but
# for bsd; what it hides are the bindings; the rest are the safe layers over C.

# Without comments, so that a link in one counts for nothing.
{
	sub(/\/\/.*/, "")
}

NR == FNR {
	if (/^#\[doc\(hidden\)\]/)
		attribute = "c"
	else if (/^#\[deny\(unsafe_code\)\]/)
		attribute = "driver"
	else if (/^mod [a-z_]+;/) {
		name = $2
		sub(/;/, "", name)
		layer[name] = name == "bsd" ? "bsd" : attribute ? attribute : "safe"
		order[++modules] = name
		attribute = ""
	} else
		attribute = ""
	next
}

FNR == 1 {
	depth = 0
	path = FILENAME
	sub(/.*rust\//, "", path)
	sub(/\.rs$/, "", path)
	from = path
	if (sub(/\/.*/, "", from)) {
		part = substr(path, length(from) + 2)
		if (part != "mod")
			parts[from] = parts[from] part "\\n"
	}
}

from == "bsdtun" {
	# The root uses all; what it declares is no use.
	next
}

# use crate::a::b, also in the middle of a line.
{
	rest = $0
	while (match(rest, /crate::[a-z_]+/)) {
		uses(substr(rest, RSTART + 7, RLENGTH - 7))
		rest = substr(rest, RSTART + RLENGTH)
	}
}

# use crate::{ a::{ ... }, b }: what stands at the first level.
/use crate::\{/ {
	depth = 1
	sub(/.*use crate::\{/, "")
}

depth > 0 {
	rest = $0
	while (depth > 0 && match(rest, /[{}]|[a-z_]+/)) {
		token = substr(rest, RSTART, RLENGTH)
		before = substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART + RLENGTH)
		if (token == "{")
			depth++
		else if (token == "}")
			depth--
		else if (depth == 1 && before !~ /::$/)
			uses(token)
	}
}

function uses(to)
{
	if (to in layer && to != from)
		edge[from, to] = 1
}

function cluster(id, label, which,	i, name)
{
	printf "\tsubgraph cluster_%s {\n\t\tlabel = \"%s\";\n", id, label
	for (i = 1; i <= modules; i++) {
		name = order[i]
		if (layer[name] == which)
			printf "\t\t%s [label = \"%s%s\"];\n", name, name, name in parts ? "/\\n" parts[name] : ""
	}
	print "\t}"
}

END {
	print "// SPDX-License-Identifier: GPL-2.0"
	print "// Made by tools/docs/architecture.awk from what the modules use."
	print "digraph bsdtun {"
	print "\tgraph [fontname = \"sans-serif\", rankdir = TB, style = rounded];"
	print "\tnode [fontname = \"sans-serif\", shape = box];"
	cluster("driver", "the driver: no unsafe", "driver")
	cluster("bsd", "BSD's contract: knows no kernel", "bsd")
	cluster("safe", "safe layers over C: know no BSD", "safe")
	cluster("c", "made by bindgen, from C", "c")
	for (i = 1; i <= modules; i++)
		for (j = 1; j <= modules; j++) {
			if (!((order[i], order[j]) in edge))
				continue
			printf "\t%s -> %s;\n", order[i], order[j]
			if (!allowed(order[i], order[j])) {
				printf "%s may not use %s\n", order[i], order[j] > "/dev/stderr"
				bad = 1
			}
		}
	print "}"
	exit bad
}

# The layers, from top to bottom. uapi compares what C's headers say with bsd.
function allowed(from, to)
{
	if (layer[from] == "driver")
		return layer[to] != "c" || from == "uapi"
	if (layer[from] == "safe")
		return layer[to] == "safe" || layer[to] == "c"
	return layer[from] == layer[to]
}
