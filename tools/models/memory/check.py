#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""check.py TREE MEMORY-MODEL: run the litmus tests with herd7 and the kernel's memory model.

A test names the accesses of the driver that it models, in lines
	Models: FILE FUNCTION(): EXPRESSION
(the expression may be on the next line), which must exist, and its result: Never or Sometimes. If
it is Never, the test is run again with the lines marked "// order" weakened, which must make it
Sometimes: otherwise the test proves nothing.

Each atomic access of the driver must be modeled by a test, or be listed in the file "independent".
"""
import collections
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

Access = collections.namedtuple("Access", "file function expression")

ATOMIC = re.compile(r"\.(?:load|store|xchg|cmpxchg|add|sub|fetch_\w+)\(")
ORDER = re.compile(r"\b(?:Relaxed|Acquire|Release|Full)\)$")

# What a line marked "// order" becomes in the weaker variant.
WEAKER = [
	(r"smp_store_release\((\w+), (.*?)\);", r"WRITE_ONCE(*\1, \2);"),
	(r"smp_load_acquire\((\w+)\)", r"READ_ONCE(*\1)"),
	(r"(\w+) = xchg_relaxed\((\w+), (\w+)\);", r"\1 = READ_ONCE(*\2); WRITE_ONCE(*\2, \3);"),
	(r"\b(cmp)?xchg\(", r"\1xchg_relaxed("),
	(r"_release\(", "_relaxed("),
	(r"(?:spin_(?:un)?lock|synchronize_rcu|smp_mb|if) ?\(.*", ""),
]


def squeeze(text):
	return re.sub(r"\s+", "", text)


def functions(text):
	"""Pairs of a function's name and its text up to the next function, without comments."""
	text = re.sub(r"^\s*//.*$", "", text, flags=re.M)
	starts = list(re.finditer(r"\bfn (\w+)|^[\w* ]+?(\w+)\([^;]*$\n(?:^\t.*$\n)*^\{", text, re.M))
	for i, start in enumerate(starts):
		end = starts[i + 1].start() if i + 1 < len(starts) else len(text)
		yield start[1] or start[2], text[start.start():end]


def atomic_accesses(tree):
	"""Each atomic access in the driver, its expression without the receiver."""
	found = []
	for path in sorted(glob.glob(os.path.join(tree, "rust/**/*.rs"), recursive=True)):
		file = os.path.relpath(path, tree)
		with open(path) as source:
			text = source.read()
		for name, body in functions(text):
			for match in ATOMIC.finditer(body):
				depth, end = 1, match.end()
				while depth:
					depth += {"(": 1, ")": -1}.get(body[end], 0)
					end += 1
				expression = body[match.start():end]
				if ORDER.search(expression):
					found.append(Access(file, name, squeeze(expression)))
	return found


def parse_access(text):
	match = re.fullmatch(r"(\S+) (\w+)\(\): (.*)", text.strip())
	if not match:
		raise SystemExit(f"not an access: {text}")
	return Access(match[1], match[2], squeeze(match[3]))


def exists(tree, access):
	path = os.path.join(tree, access.file)
	if not os.path.exists(path):
		return False
	with open(path) as source:
		return any(name == access.function and access.expression in squeeze(body)
			   for name, body in functions(source.read()))


def weaken(name, text):
	lines = []
	for line in text.splitlines():
		code, marker, _ = line.partition("// order")
		if marker:
			for pattern, weaker in WEAKER:
				changed = re.sub(pattern, weaker, code)
				if changed != code:
					break
			else:
				raise SystemExit(f"{name}: cannot weaken: {line}")
			line = changed
		lines.append(line)
	return "\n".join(lines) + "\n"


def herd(model, name, text):
	"""Never, Sometimes or Always, and the number of executions that were allowed."""
	with tempfile.NamedTemporaryFile("w", suffix=".litmus") as test:
		test.write(text)
		test.flush()
		done = subprocess.run(["herd7", "-conf", "linux-kernel.cfg", test.name], cwd=model, text=True,
				      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
	match = re.search(r"^Observation \S+ (\w+) (\d+) (\d+)$", done.stdout, re.M)
	if not match or done.returncode or "Flag" in done.stdout:
		return f"error:\n{done.stdout}", 0
	return match[1], int(match[2]) + int(match[3])


def litmus(model, path):
	"""Returns a line of the report, errors, and the accesses that are modeled."""
	with open(path) as source:
		text = source.read()
	name = os.path.basename(path).removesuffix(".litmus")
	expected = re.search(r"^ \* Result: (Never|Sometimes)$", text, re.M)[1]
	accesses = [parse_access(" ".join(m)) for m in
		    re.findall(r"^ \* Models: (.*?\(\):)\s(?: \*\s)?(.*)$", text, re.M)]
	errors = []
	if not re.match(rf"C {re.escape(name)}\n", text):
		errors.append(f"{name}: the file has another name than the test")
	if not accesses:
		errors.append(f"{name}: models nothing")
	result, executions = herd(model, name, text)
	if result != expected:
		errors.append(f"{name}: {result}, expected: {expected}")
	weaker = "-"
	if expected == "Never":
		weaker, _ = herd(model, name, weaken(name, text))
		if weaker != "Sometimes":
			errors.append(f"{name}: without what is marked: {weaker}, expected: Sometimes")
	return f"| {name} | {result} | {executions} executions | weaker: {weaker} |", errors, accesses


def main():
	tree, model = sys.argv[1:]
	errors, covered = [], []
	tests = sorted(glob.glob(os.path.join(HERE, "*.litmus")))
	with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
		for line, failed, accesses in pool.map(lambda path: litmus(model, path), tests):
			print(line)
			errors += failed
			covered += accesses
	with open(os.path.join(HERE, "independent")) as listed:
		covered += [parse_access(line) for line in listed if line.strip() and line[0] != "#"]
	for access in dict.fromkeys(covered):
		if not exists(tree, access):
			errors.append(f"{access.file}: {access.function}() has no {access.expression}")
	accesses = atomic_accesses(tree)
	for access in accesses:
		if not any(c.file == access.file and c.function == access.function and
			   c.expression.endswith(access.expression) for c in covered):
			errors.append(f"{access.file}: {access.function}(): {access.expression} is neither "
				      "modeled nor listed in independent")
	print(f"| {len(tests)} tests | {len(accesses)} atomic accesses, each modeled or listed |")
	print(*errors, sep="\n")
	return bool(errors) or not tests or not accesses


if __name__ == "__main__":
	sys.exit(main())
