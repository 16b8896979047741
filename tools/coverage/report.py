#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""report.py KO TREE OUT BITMAPS...: which lines of the driver were reached.

KO is bsdtun.ko as 'make coverage' builds it: with a call at the beginning of each block, and
with line tables. BITMAPS are folders with the recorder's files: a bit is set at an address to
which such a call has returned. A block extends from a call to the next one; a line is reached
if one of the blocks with its code is, inlined code included. Prints a table of the files, and
writes the lines that were not reached to OUT.
"""

import bisect
import collections
import json
import os
import re
import subprocess
import sys

CALLBACK = "bsdtun_coverage_reached"
# The sections of a relocatable file all begin at zero: the symbolizer needs them apart.
APART = 0x10000000


def run(*args, **kwargs):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE, text=True, **kwargs).stdout


class Section:
    def __init__(self, index, name, size, align):
        self.index, self.name, self.size, self.align = index, name, size, align
        self.address = APART * index
        self.calls = []
        self.starts = []
        self.dead = []
        self.init = name.startswith(".init")


def sections_of(ko):
    """The sections with code, and their offsets in the module's text and init text."""
    found = {}
    fill = {False: 0, True: 0}
    for line in run("readelf", "-SW", ko).splitlines():
        m = re.match(r"\s*\[\s*(\d+)\]\s+(\S+)\s+PROGBITS\s+\S+\s+\S+\s+(\S+)\s+\S+\s+(\S+)"
                     r"\s+\d+\s+\d+\s+(\d+)$", line)
        if not m or "A" not in m[4] or "X" not in m[4]:
            continue
        s = Section(int(m[1]), m[2], int(m[3], 16), int(m[5]))
        s.offset = -(-fill[s.init] // s.align) * s.align
        fill[s.init] = s.offset + s.size
        found[s.name] = s
    return found


def read_calls(ko, sections):
    """Find the calls' return addresses, the starts of functions, and dead functions.

    The compiler keeps an unused copy of a function that it has inlined everywhere, if another
    crate might call it.
    """
    section = None
    used = set()
    what = ""
    for line in run("readelf", "-rW", ko).splitlines():
        m = re.match(r"Relocation section '\.rela(\S+)'", line)
        if m:
            what = m[1]
            section = sections.get(what)
            continue
        f = line.split()
        if len(f) < 5 or what.startswith((".debug", ".orc")):
            continue
        used.add(f[4])
        if section and f[4] == CALLBACK:
            section.calls.append(int(f[0], 16) + 4)
    by_index = {s.index: s for s in sections.values()}
    for line in run("readelf", "-sW", ko).splitlines():
        f = line.split()
        if len(f) >= 8 and f[3] == "FUNC" and f[6].isdigit() and int(f[6]) in by_index:
            start, size = int(f[1], 16), int(f[2], 0)
            by_index[int(f[6])].starts.append(start)
            if f[4] == "GLOBAL" and f[7] not in used:
                by_index[int(f[6])].dead.append((start, start + size))
    for s in sections.values():
        s.calls = sorted(set(s.calls))
        s.starts = sorted(set(s.starts))


def read_rows(moved, sections):
    """All addresses at which the line changes."""
    rows = set()
    for line in run("llvm-dwarfdump", "--debug-line", moved).splitlines():
        m = re.match(r"0x([0-9a-f]{16})\s+\d+\s", line)
        if m:
            rows.add(int(m[1], 16))
    return {s.name: sorted(r - s.address for r in rows if 0 <= r - s.address < s.size)
            for s in sections.values()}


def block_of(section, at):
    """The call that begins the block with an address; a function's first call begins it."""
    i = bisect.bisect_right(section.calls, at) - 1
    j = bisect.bisect_right(section.starts, at) - 1
    start = section.starts[j] if j >= 0 else 0
    if i >= 0 and section.calls[i] > start:
        return section.calls[i]
    end = section.starts[j + 1] if j + 1 < len(section.starts) else section.size
    if i + 1 < len(section.calls) and section.calls[i + 1] < end:
        return section.calls[i + 1]
    return None


def own_lines(tree):
    """The sources, with the line where their unit tests begin."""
    files = {}
    for folder, _, names in os.walk(os.path.join(tree, "rust")):
        for name in names:
            if not name.endswith((".rs", ".c")) or "generated" in name:
                continue
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as f:
                text = f.read().splitlines()
            end = len(text) + 1
            for number, line in enumerate(text, 1):
                if re.match(r"#\[cfg\(test\)\]|#\[kunit_tests|#\[kernel::macros::kunit_tests|"
                            r"#\[macros::kunit_tests", line):
                    end = number
                    break
            files[path] = (end, text)
    return files


def main():
    ko, tree, out, bitmaps = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    sections = sections_of(ko)
    read_calls(ko, sections)
    moved = "/tmp/moved.ko"
    # The symbolizer cannot use Rust's .debug_aranges; without it, it searches the units.
    run("objcopy", "-R", ".debug_aranges", "-R", ".rela.debug_aranges",
        *[f"--change-section-address={s.name}={s.address:#x}" for s in sections.values()],
        ko, moved)
    rows = read_rows(moved, sections)

    bits = {}
    for init, name in ((False, "text"), (True, "init")):
        merged = None
        for folder in bitmaps:
            with open(os.path.join(folder, name), "rb") as f:
                data = int.from_bytes(f.read(), "little")
            merged = data if merged is None else merged | data
        if merged is None:
            sys.exit("report.py: the recorder has left no bitmaps")
        bits[init] = bin(merged)[:1:-1]

    def reached(section, call):
        at = section.offset + call
        return bits[section.init][at:at + 1] == "1"

    ask = []
    for s in sections.values():
        for at in sorted(set(rows[s.name]) | set(s.calls)):
            ask.append((s, at))
    answers = run("llvm-symbolizer", "-e", moved, "-i", "--output-style=JSON",
                  input="".join(f"{s.address + at:#x}\n" for s, at in ask)).splitlines()

    files = own_lines(tree)
    lines = collections.defaultdict(dict)
    for (s, at), answer in zip(ask, answers, strict=True):
        call = block_of(s, at)
        if call is None or any(start <= at < end for start, end in s.dead):
            continue
        for frame in json.loads(answer)["Symbol"]:
            path, line = os.path.normpath(frame["FileName"]), frame["Line"]
            if path in files and 0 < line < files[path][0]:
                lines[path][line] = lines[path].get(line, False) or reached(s, call)

    if not lines or not any(any(l.values()) for l in lines.values()):
        sys.exit("report.py: no line was reached: are the bitmaps those of this bsdtun.ko?")
    total = hit = 0
    with open(out, "w", encoding="utf-8") as f:
        print(f"{'':32} lines  reached")
        for path in sorted(lines):
            n, r = len(lines[path]), sum(lines[path].values())
            total, hit = total + n, hit + r
            name = os.path.relpath(path, tree)
            print(f"{name:32} {n:5} {r:8} {100 * r / n:5.1f} %")
            for line in sorted(line for line, got in lines[path].items() if not got):
                f.write(f"{name}:{line}: {files[path][1][line - 1].strip()}\n")
        print(f"{'':32} {total:5} {hit:8} {100 * hit / total:5.1f} %")
    print(f"{sum(len(s.dead) for s in sections.values())} unused functions left out")
    calls = sum(len(s.calls) for s in sections.values())
    got = sum(reached(s, c) for s in sections.values() for c in s.calls)
    print(f"{got} of {calls} blocks, unit tests included")


if __name__ == "__main__":
    main()
