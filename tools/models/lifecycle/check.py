#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""check.py FOLDER: check lifecycle.pml with spin, working in FOLDER.

Every scenario must be free of errors, every planted defect must be found where and as the table
below says, and every line of the model must be reached in some scenario: a model of which a part
is never executed proves nothing about that part.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lifecycle.pml")

# What selects the processes; see the end of the model.
SCENARIOS = ["numbered", "create", "cloner", "container", "shared", "address", "move", "traffic",
	     "vmnet"]

# Defect, the scenario that finds it, and how: a part of spin's message.
DEFECTS = [
	("SLEEPERS_NOT_WOKEN", "traffic", "invalid end state"),
	("NO_GRACE_PERIOD", "traffic", "assertion violated (unit[v].users==0)"),
	("NODE_REMOVED_UNDER_RTNL", "numbered", "invalid end state"),
	("NUMBER_FREED_FIRST", "create", "assertion violated (node_registered[n]==retired[n])"),
	("NODES_NEVER_RETIRED", "move", "assertion violated  !(under_pernet)"),
	("CLONED_ENTRY_REPLACED", "shared", "assertion violated ((t==0)||(t==(u+1)))"),
	("CLONED_WHEN_GONE", "cloner", "assertion violated (( !(number_used[i])&& !(cloned[i]))"),
	("ARMED_WHEN_CLOSED", "address", "assertion violated  !(unit[u].up_work)"),
	("CLOSING_CAN_BE_OPENED", "numbered", "assertion violated (unit[u].opener=="),
	("FILE_DOES_NOT_PIN", "numbered", "assertion violated ((unit[i].freed&&"),
	("NO_WAIT_FOR_DESTRUCTORS", "create", "assertion violated (((module_refs==0)&&"),
]


def run(command, folder):
	"""The output of a command, which must succeed."""
	done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE,
			      stderr=subprocess.STDOUT)
	if done.returncode:
		raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")
	return done.stdout


def spin(folder, name, *macros):
	"""Build a verifier in a folder of its own, run it, and return the folder and its output."""
	folder = os.path.join(folder, name)
	os.mkdir(folder)
	run(["spin", "-a", *(f"-D{macro}" for macro in macros), MODEL], folder)
	# Optimizing takes longer than it saves.
	run(["gcc", "-O0", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048", "-o", "pan", "pan.c"],
	    folder)
	return folder, run(["./pan", "-m200000"], folder)


def figures(output):
	states = int(re.search(r"^ *(\d+) states, stored", output, re.M).group(1))
	depth = int(re.search(r"depth reached (\d+)", output).group(1))
	errors = int(re.search(r"errors: (\d+)", output).group(1))
	return states, depth, errors


def first_error(output):
	return (re.search(r"^pan:\d+: (.*)", output, re.M) or ["", "no error"])[1]


def lines_by_process(output, pattern):
	"""For each process type, the set of (state, line) in one of pan's listings."""
	found, process = {}, None
	for text in output.splitlines():
		header = re.match(r"(?:unreached in )?(?:proctype (\w+)|(init))$", text)
		if header:
			process = header[1] or header[2]
			found[process] = set()
		elif process:
			match = re.search(pattern, text)
			if match:
				found[process].add((int(match["state"]), int(match["line"])))
	return found


def scenario(folder, name):
	"""Returns a line of the report, an error or None, and the lines that were reached or not."""
	work, output = spin(folder, name, f"SCENARIO_{name}")
	states, depth, errors = figures(output)
	error = None
	if errors or "max search depth too small" in output:
		trail = subprocess.run(["spin", "-t", "-p", f"-DSCENARIO_{name}", "-k",
					os.path.join(work, "lifecycle.pml.trail"), MODEL],
				       cwd=work, text=True, stdout=subprocess.PIPE).stdout
		error = f"{name}: {first_error(output)}\n{trail}"
	every = lines_by_process(run(["./pan", "-d"], work),
				 r"^\s*state +(?P<state>\d+) .* \S*lifecycle\.pml:(?P<line>\d+) ")
	unreached = lines_by_process(output, r"lifecycle\.pml:(?P<line>\d+), state (?P<state>\d+),")
	lines, reached = set(), set()
	for process, places in every.items():
		lines |= {line for _, line in places}
		# Another process type lists all its states as unreached.
		reached |= {line for _, line in places - unreached.get(process, set())}
	return f"| {name} | {states:,} states | depth {depth} |", error, lines, reached


def defect(folder, name, where, expected):
	_, output = spin(folder, f"{where}-{name}", f"SCENARIO_{where}", f"DEFECT_{name}")
	found = first_error(output)
	error = None
	if expected not in found:
		error = f"planted defect {name}, scenario {where}: {found}, expected: {expected}"
	return f"| {name} | found in {where} | {found} |", error


def main():
	folder = sys.argv[1]
	failed = False
	lines, reached = set(), set()
	with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
		scenarios = [pool.submit(scenario, folder, name) for name in SCENARIOS]
		defects = [pool.submit(defect, folder, *row) for row in DEFECTS]
		for job in scenarios + defects:
			line, error, *places = job.result()
			print(line, flush=True)
			if error:
				print(error)
				failed = True
			if places:
				lines |= places[0]
				reached |= places[1]
	with open(MODEL) as model:
		text = model.read().splitlines()
	print(f"| model | {len(reached)} of {len(lines)} lines reached |")
	for line in sorted(lines - reached):
		if "// never" not in text[line - 1]:
			print(f"lifecycle.pml:{line}: reached in no scenario: {text[line - 1].strip()}")
			failed = True
	return failed


if __name__ == "__main__":
	sys.exit(main())
