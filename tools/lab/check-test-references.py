#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""check-test-references.py [TREE]: check that the documents name tests that exist.

A reference is FILE:CASE or FILE:FIXTURE.CASE. FILE is a C test without its .c, a shell test with
its .sh, or a Rust file with unit tests with its .rs; the last two may be preceded by folders. In
reStructuredText and Markdown a reference is a literal; in manual pages and the Makefile any word
with the name of a test file before the colon is one. TEST=FILE[:CASE] is checked everywhere.

Also checked: in Documentation/bsd-manual-pages.rst each row has a state and a test, a row that
differs names a section of semantics.rst, and the table with the number of rows of each state is
right; in Documentation/semantics.rst each of the statements A1 to A26 and B1 to B16 has a
row with a test, no row names a test of another statement, and each difference has a test; in
Documentation/testing.rst the table of test suites has every test in selftests/ and no other.

Prints FILE:LINE and the reason for each error, and exits with 1 if there is any.
"""

import collections
import pathlib
import re
import sys

STATEMENTS = [f"A{n}" for n in range(1, 27)] + [f"B{n}" for n in range(1, 17)]
SEMANTICS = "Documentation/semantics.rst"
DIFFERENCES = "What differs"
PAGES = "Documentation/bsd-manual-pages.rst"
SYSTEMS = "FNOD"
STATES = ["holds", "dialect", "differs", "absent"]
TESTING = "Documentation/testing.rst"
SUITES = "Test suites"
# What stands before a colon in a literal and is not a test file: groups of tracepoints.
NOT_A_FILE = {"bsdtun", "net", "skb"}
PLACEHOLDERS = {"FILE", "CASE", "NAME", "FIXTURE.CASE"}

NAME = r"[A-Za-z_]\w*"
REFERENCE = rf"((?:[\w-]+/)*[\w-]+(?:\.(?:sh|rs))?):({NAME}(?:\.{NAME})?)"
RST_LITERAL = re.compile(rf"``{REFERENCE}``")
MD_LITERAL = re.compile(rf"(?<!`)`{REFERENCE}`(?!`)")
WORD = re.compile(rf"(?<![\w/.:]){REFERENCE}(?![\w:])")
SELECTED = re.compile(rf"\bTEST=([\w-]+(?:\.sh)?)(?::({NAME}(?:\.{NAME})?))?(?![\w.]*\.\.)")


class Tests:
    """The cases of all tests, by file."""

    def __init__(self, tree):
        # File name, with suffix unless it is C: set of cases, each with and without its fixture.
        self.cases = collections.defaultdict(set)
        # Rust files by name: several may have the same.
        self.rust = collections.defaultdict(list)
        for path in sorted((tree / "selftests").glob("*.c")):
            self.c_test(path)
        makefile = (tree / "selftests/Makefile").read_text(encoding="utf-8")
        for names in re.findall(r"^PROGS_32\s*[:+]?=(.*)$", makefile, re.M):
            for name in names.split():
                self.cases[name + "_32"] = self.cases[name]
        for folder in ("selftests", "tools/third-party"):
            for path in sorted((tree / folder).glob("*.sh")):
                self.shell_test(path)
        for folder in ("rust", "tools"):
            for path in sorted((tree / folder).rglob("*.rs")):
                self.rust_tests(path, path.relative_to(tree))
        if len(self.cases) < 10:
            sys.exit(f"{tree}/selftests: only {len(self.cases)} test files found")

    def c_test(self, path):
        """TEST_F(fixture, case), TEST(case), and their forms with a signal or a timeout."""
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        cases = set()
        for fixture, case in re.findall(rf"^TEST_F(?:_\w+)?\(\s*({NAME}),\s*({NAME})", text, re.M):
            cases |= {case, f"{fixture}.{case}"}
        cases |= set(re.findall(rf"^TEST(?:_SIGNAL|_TIMEOUT)?\(\s*({NAME})", text, re.M))
        if cases:
            self.cases[path.stem] = cases

    def shell_test(self, path):
        """The functions that run_tests is called with, by name or in $tests."""
        text = path.read_text(encoding="utf-8")
        functions = set(re.findall(rf"^({NAME})\(\)", text, re.M))
        lists = re.findall(r"^\s*run_tests\s(?:.*\\\n)*.*", text, re.M)
        lists += re.findall(r"^\s*(?:local )?tests\+?=.*", text, re.M)
        cases = functions & set(re.findall(NAME, "\n".join(lists))) - {"run_tests", "clean"}
        if cases and re.search(r"^\s*run_tests\s", text, re.M):
            self.cases[path.name] = cases

    def rust_tests(self, path, relative):
        text = path.read_text(encoding="utf-8")
        cases = set(re.findall(rf"#\[test\]\s*(?:#\[.*\]\s*)*fn ({NAME})", text))
        if cases:
            self.rust[path.name].append((str(relative), cases))

    def error(self, file, case):
        """Why a reference is wrong; None if it is right."""
        if file.endswith(".rs"):
            found = [cases for path, cases in self.rust[file.rsplit("/", 1)[-1]]
                     if f"/{path}".endswith(f"/{file}")]
        else:
            found = [self.cases[name] for name in [file.rsplit("/", 1)[-1]] if name in self.cases]
        if not found:
            return f"there is no test {file}{self.elsewhere(case)}"
        if case and not any(case in cases for cases in found):
            return f"{file} has no case {case}{self.elsewhere(case)}"
        return None

    def elsewhere(self, case):
        if not case:
            return ""
        files = [file for file, cases in self.cases.items()
                 if case.rsplit(".", 1)[-1] in cases and not file.endswith("_32")]
        return f"; {' and '.join(files)} has one of this name" if files else ""


def references(path, tests):
    """Yields (line number, file, case) of each reference in a document."""
    literal = {".rst": RST_LITERAL, ".md": MD_LITERAL}.get(path.suffix)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for file, case in (literal or WORD).findall(line):
            if file in NOT_A_FILE or PLACEHOLDERS & {file, case}:
                continue
            if not literal and file not in tests.cases:
                continue
            yield number, file, case
        for file, case in SELECTED.findall(line):
            if not PLACEHOLDERS & {file, case}:
                known = file if file in tests.cases else file + ".sh"
                yield number, known if known in tests.cases else file, case


def statement_errors(path, found):
    """What is wrong with the statement tables and the differences."""
    by_line = collections.defaultdict(list)
    for number, _, case in found:
        by_line[number].append(case)
    lines = path.read_text(encoding="utf-8").splitlines()
    # Sections and rows: [line, tests].
    rows, differences = {}, {}
    row = chapter = section = None
    for number, line in enumerate(lines, 1):
        below = lines[number] if number < len(lines) else ""
        if below and len(below) >= len(line) > 3 and re.fullmatch(r"=+|-+|~+", below):
            if below[0] == "=":
                chapter = line
            row = section = None
            if chapter == DIFFERENCES and below[0] == "~":
                section = differences.setdefault(line, [number, []])
        new = re.match(r"   \* - ([AB]\d+)$", line)
        if new:
            if new[1] in rows:
                yield number, f"a second row for {new[1]}"
            row = rows[new[1]] = [number, []]
            statement = new[1]
        for case in by_line[number]:
            if section:
                section[1].append(case)
            if not row:
                continue
            row[1].append(case)
            named = re.match(r"(?:.*\.)?((?:[AB]\d+_)*)", case)[1].split("_")[:-1]
            if named and statement not in named:
                yield number, f"{case} is a test of {' and '.join(named)}, not of {statement}"
    for name in STATEMENTS:
        if name not in rows:
            yield 1, f"statement {name} has no row"
        elif not rows[name][1]:
            yield rows[name][0], f"statement {name} has no test"
    for name in rows.keys() - set(STATEMENTS):
        yield rows[name][0], f"there is no statement {name}"
    if not differences:
        yield 1, f"no differences found in the chapter '{DIFFERENCES}'"
    for name, (number, cases) in differences.items():
        if not cases:
            yield number, f"the difference '{name}' has no test"


def page_errors(path, found, tree):
    """What is wrong with the statements of the BSDs' manual pages."""
    tested = {number for number, _, _ in found}
    semantics = (tree / SEMANTICS).read_text(encoding="utf-8")
    sections = {name.replace("`", "")
                for name in re.findall(r"^(\S.*)\n(?:-{4,}|~{4,})$", semantics, re.M)}
    lines = path.read_text(encoding="utf-8").splitlines()
    starts = [n for n, line in enumerate(lines) if re.match(rf"   \* - [{SYSTEMS}]", line)]
    count = collections.Counter()
    for start in starts:
        end = next((n for n in range(start + 1, len(lines)) if not lines[n].startswith("     ")),
                   len(lines))
        cells = [" ".join(cell.split())
                 for cell in re.split(r"^ {5}- ?", "\n".join(lines[start:end]), flags=re.M)]
        cells[0] = cells[0].removeprefix("* - ")
        if len(cells) != 5 or cells[2] not in STATES:
            yield start + 1, f"a row has five columns, the third one of {', '.join(STATES)}"
            continue
        for key in [*cells[0].split(), "rows"]:
            count[cells[2], key] += 1
            count["all", key] += 1
        if not tested & set(range(start + 1, end + 1)):
            yield start + 1, "the statement has no test"
        named = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", cells[3])
        for name in set(named) - sections:
            yield start + 1, f"semantics.rst has no section '{name}'"
        if cells[2] == "differs" and not named:
            yield start + 1, "the difference names no section of semantics.rst"
    for state in [*STATES, "all"]:
        want = [state] + [str(count[state, key]) for key in [*SYSTEMS, "rows"]]
        if want not in [line.split() for line in lines]:
            yield 1, f"the table of states must have: {' '.join(want)}"


def suite_errors(path, tree):
    """What is wrong with the table of test suites: its first column has the names."""
    makefile = (tree / "selftests/Makefile").read_text(encoding="utf-8")
    lists = re.findall(r"^TEST(?:_GEN)?_PROGS\s*[:+]?=\s*((?:.*\\\n)*.*)$", makefile, re.M)
    # Without backslashes and variables: 32-bit builds are not in the table.
    want = set(re.findall(r"(?<!\S)[\w-]+(?:\.sh)?(?!\S)", " ".join(lists)))
    if not want:
        yield 1, "no tests found in selftests/Makefile"
    lines = path.read_text(encoding="utf-8").splitlines()
    start = lines.index(SUITES) if SUITES in lines else len(lines)
    border = next((n for n in range(start + 2, len(lines)) if re.match(r"=+ =+$", lines[n])), None)
    if border is None:
        yield start, f"there is no table in the chapter '{SUITES}'"
        return
    width = lines[border].index(" ")
    have = set()
    for number in range(border + 1, len(lines)):
        if not lines[number]:
            break
        for name in re.findall(r"``([^`]+)``", lines[number][:width]):
            have.add(name)
            if name not in want and not any((tree / "selftests" / (name + end)).exists()
                                            for end in ("", ".c")):
                yield number + 1, f"there is no {name} in selftests/"
    for name in sorted(want - have):
        yield border + 1, f"the table of test suites does not have {name}"


def main():
    tree = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    tests = Tests(tree)
    count = 0
    errors = []
    documents = sorted((tree / "Documentation").glob("*.rst"))
    documents += [tree / name for name in ("README.md", "CONTRIBUTING.md", "Makefile")]
    documents += sorted((tree / "packaging/man").glob("*.[1-8]"))
    for path in documents:
        found = list(references(path, tests))
        count += len(found)
        name = path.relative_to(tree)
        for number, file, case in found:
            reason = tests.error(file, case)
            if reason:
                errors.append((str(name), number, reason))
        if str(name) == SEMANTICS:
            errors += [(SEMANTICS, *error) for error in statement_errors(path, found)]
        if str(name) == PAGES:
            errors += [(PAGES, *error) for error in page_errors(path, found, tree)]
    errors += [(TESTING, *error) for error in suite_errors(tree / TESTING, tree)]
    for name, number, reason in sorted(errors):
        print(f"{name}:{number}: {reason}")
    print(f"{count} references in {len(documents)} documents, {len(errors)} errors")
    return 1 if errors or not count else 0


if __name__ == "__main__":
    sys.exit(main())
