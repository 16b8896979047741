#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""results.py KERNEL-SOURCE kselftest|kunit EXPECTED...: read KTAP from stdin, by the parser of that
kernel's kunit.py.

Prints "pass|skip|fail NAME" for each case. A case or program that was announced and has no
result, or that is EXPECTED and missing, fails. Prints "running NAME" if the output ends while a
test runs.

kselftest: the output of run_kselftest.sh, EXPECTED are COLLECTION:PROGRAM. The parser knows nested
KTAP only as KUnit prints it: indented, and with a header.
kunit: the files /sys/kernel/debug/kunit/SUITE/results in sequence, EXPECTED are suites.
"""

import re
import sys


class Kselftest:
    """Makes KUnit's format of run_kselftest.sh's, and notes what the parser does not keep."""

    def __init__(self, lines):
        self.program = self.case = ""
        self.reasons, self.cases = {}, {}
        self.lines = list(self.convert(lines))

    def convert(self, lines):
        for line in lines:
            if m := re.match(r"# selftests: (\S+): (\S+)$", line):
                self.program, self.case = f"{m[1]}:{m[2]}", ""
                yield f"# Subtest: selftests: {m[1]}: {m[2]}"
            elif self.program and line.startswith("# "):
                if m := re.match(r"# #  RUN +(\S+)", line):
                    self.case = m[1]
                elif re.match(r"# (not )?ok ", line):
                    self.case = ""
                elif m := re.match(r"# 1\.\.0 *# *SKIP *(.*)", line):
                    self.reasons[self.program] = m[1]
                elif re.match(r"# K?TAP version", line):
                    continue
                yield "    " + line[2:]
            elif re.match(r"(not )?ok \d+ selftests: ", line):
                if m := re.search(r" # (?!SKIP)(.*)", line):
                    self.reasons[self.program] = m[1]
                self.cases[self.program] = self.case
                self.program = ""
                yield line
            else:
                yield line


class Results:
    def __init__(self, parser):
        self.parser, self.finished, self.failed = parser, set(), False

    def emit(self, status, name):
        names = self.parser.TestStatus
        print({names.SUCCESS: "pass", names.SKIPPED: "skip"}.get(status, "fail"), name)

    def group(self, group, name, reason="", running=""):
        """A program or a suite, with its cases."""
        status = self.parser.TestStatus
        cases = [case for case in group.subtests if case.name]
        for case in cases:
            self.emit(case.status, f"{name}: {case.name}")
        missing = len(group.subtests) - len(cases)
        reason = f" ({reason})" if reason else ""
        self.finished.add(name)
        if running:
            self.emit(None, f"{name}: {running}: no result{reason}")
        elif missing:
            total = len(group.subtests)
            self.emit(None, f"{name}: {missing} of {total} cases have no result{reason}")
        elif not cases:
            self.emit(group.status, f"{name}{reason}" if group.status == status.SKIPPED
                      else f"{name}: no case ran{reason}")
        elif not group.ok_status() and all(case.ok_status() for case in cases):
            self.emit(group.status, f"{name}: failed after its cases{reason}")


def main():
    source, kind, *expected = sys.argv[1:]
    sys.path.insert(0, f"{source}/tools/testing/kunit")
    import kunit_parser  # pylint: disable=import-outside-toplevel,import-error
    from kunit_printer import null_printer  # pylint: disable=import-outside-toplevel,import-error

    results = Results(kunit_parser)
    lines = [line.rstrip("\r\n") for line in sys.stdin]
    if kind == "kunit":
        text = "\n".join(lines)
        for part in re.split(r"^(?=KTAP version)", text, flags=re.M):
            for suite in kunit_parser.parse_run_tests(part.splitlines(), null_printer).subtests:
                results.group(suite, suite.name)
    else:
        output = Kselftest(lines)
        for program in kunit_parser.parse_run_tests(output.lines, null_printer).subtests:
            if not program.name:
                continue
            name = ":".join(program.name.split(": ")[1:])
            if name == output.program:
                running = output.case or "running at the end"
                print("running", f"{name}: {output.case}".rstrip(": "))
            else:
                running = output.cases.get(name, "")
            results.group(program, name, output.reasons.get(name, ""), running)
    for name in expected:
        if name not in results.finished:
            results.emit(None, f"{name}: did not run")


main()
