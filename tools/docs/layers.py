#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""layers.py [--dot FILE] RUST: check the dependencies between the driver's Rust files.

RUST is the folder with bsdtun.rs. Fails, with one line for each violation, if a file uses one of
a layer that it must not know, or if files import each other in a cycle. Unit tests are ignored.
With --dot, writes the graph for graphviz.
"""

import argparse
import collections
import pathlib
import re
import sys

# What each layer may use besides itself. A layer is the first component of a file's path.
MAY_USE = {
    "driver": {"trace", "linux", "bsd", "uapi"},
    "trace": {"linux", "c", "bsd"},
    "linux": {"c"},
    "c": set(),
    "bsd": set(),
    "uapi": {"c", "bsd"},
}
LABELS = {
    "driver": "driver: no unsafe code",
    "trace": "trace: the tracepoints",
    "linux": "linux: safe abstractions, without BSD",
    "c": "c: bindings and helpers",
    "bsd": "bsd: the contract, without a kernel",
    "uapi": "uapi: compares the headers with bsd",
}
# Made by the macro module! in bsdtun.rs.
GENERATED = {"LocalModule", "THIS_MODULE"}
TEST = re.compile(r"#\[(?:cfg\(test\)|(?:\w+::)*kunit_tests\b[^\]]*)\]")


def block_end(text, start):
    """Where the item that begins at start ends, with its braces or its semicolon."""
    end = re.compile(r"[;{]").search(text, start).end()
    depth = text[end - 1] == "{"
    while depth:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    return end


def source_of(path):
    """The code of a file, without comments, strings and unit tests."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"', " ", text, flags=re.S)
    while m := TEST.search(text):
        text = text[:m.start()] + text[block_end(text, m.end()):]
    # The parent of an inline module is the file itself.
    for m in re.finditer(r"\bmod\s+\w+\s*\{", text):
        end = block_end(text, m.start())
        text = text[:m.start()] + text[m.start():end].replace("super::", " self::") + text[end:]
    return text


def leaves(tree, prefix=()):
    """The (path, name) pairs of a use declaration, whose braces may nest."""
    tree = tree.strip()
    if "{" not in tree:
        path, _, name = (part.strip() for part in tree.partition(" as "))
        parts = [*prefix, *path.split("::")]
        if parts[-1] == "self":
            parts.pop()
        yield parts, name or parts[-1]
        return
    head, _, body = tree.partition("{")
    prefix = (*prefix, *(p for p in head.split("::") if p.strip()))
    depth = start = 0
    body = body[:body.rindex("}")] + ","
    for i, c in enumerate(body):
        depth += {"{": 1, "}": -1}.get(c, 0)
        if c == "," and not depth:
            if body[start:i].strip():
                yield from leaves(body[start:i], prefix)
            start = i + 1


class Crate:
    """The modules, as tuples of names, and which of them use which."""

    def __init__(self, root):
        self.sources, self.exports = {}, collections.defaultdict(dict)
        for path in sorted(root.rglob("*.rs")):
            if path.name.endswith("_generated.rs"):
                continue
            name = path.relative_to(root).with_suffix("").parts
            if name == ("bsdtun",):
                name = ()
            elif name[-1] == "mod":
                name = name[:-1]
            self.sources[name] = source_of(path)
        if () not in self.sources:
            sys.exit(f"layers.py: {root} has no bsdtun.rs")
        self.edges = {module: set() for module in self.sources}
        uses = []
        for module, text in self.sources.items():
            for public, tree in re.findall(r"\b(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", text):
                for path, name in leaves(re.sub(r"\s+", " ", tree)):
                    path = self.absolute(module, path)
                    if public and path:
                        self.exports[module][name] = path
                    elif path:
                        uses.append((module, path, name))
        aliases = collections.defaultdict(dict)
        for module, path, name in uses:
            target, rest = self.resolve(path)
            if rest or target not in self.sources:
                self.use(module, target)
            else:
                aliases[module][name] = path
        for module, text in self.sources.items():
            text = re.sub(r"\buse\s+[^;]+;", "", text)
            for path in re.findall(r"(?<![\w:])\$?((?:\w+::)+\w+)", text):
                path = path.split("::")
                if path[0] in aliases[module]:
                    path = aliases[module][path[0]] + path[1:]
                else:
                    path = self.absolute(module, path)
                if path:
                    self.use(module, self.resolve(path)[0])

    def absolute(self, module, path):
        """A path from the root of the crate; None if it leads to another crate."""
        here = list(module)
        if path[0] == "crate":
            return path[1:]
        if (*module, path[0]) in self.sources:
            return here + path
        if path[0] not in ("self", "super"):
            return None
        for i, part in enumerate(path):
            if part == "super":
                here.pop()
            elif part != "self":
                return here + path[i:]
        return here

    def resolve(self, path):
        """The module that a path leads to, through re-exports, and what is left of the path."""
        module, rest = (), list(path)
        while rest:
            if not module and rest[0] in GENERATED:
                return None, rest
            if (*module, rest[0]) in self.sources:
                module = (*module, rest.pop(0))
            elif rest[0] in self.exports[module]:
                target = self.exports[module][rest[0]]
                if target == list(module) + rest[:1]:
                    break
                module, rest = (), target + rest[1:]
            else:
                break
        return module, rest

    def use(self, module, target):
        if target not in (None, module):
            self.edges[module].add(target)

    def violations(self):
        for module, targets in self.edges.items():
            for target in targets if module else ():
                layer, used = module[0], target[0] if target else "bsdtun.rs"
                if layer != used and used not in MAY_USE.get(layer, ()):
                    yield f"{file_of(module)} uses {file_of(target)}: {layer} must not use {used}"

    def cycles(self):
        """One shortest cycle for each group of modules that reach each other."""
        seen = set()
        for start in sorted(self.edges):
            if start in seen:
                continue
            before, queue = {start: None}, collections.deque([start])
            while queue:
                module = queue.popleft()
                if start in self.edges[module]:
                    cycle = [start]
                    while module is not None:
                        cycle.insert(0, module)
                        module = before[module]
                    seen.update(cycle)
                    yield "import cycle: " + " -> ".join(file_of(m) for m in cycle)
                    break
                for target in sorted(self.edges[module]):
                    if target not in before:
                        before[target] = module
                        queue.append(target)

    def files(self, layer):
        return [module for module in self.sources if module[:1] == (layer,)]

    def dot(self):
        """Files of a layer with the arrows between them, and arrows between layers."""
        yield "// SPDX-License-Identifier: GPL-2.0"
        yield "// Generated by 'make docs-architecture' (tools/docs/layers.py)."
        yield "digraph bsdtun {"
        yield '\tgraph [compound = true, fontname = "sans-serif", style = rounded];'
        yield '\tnode [fontname = "sans-serif", shape = box];'
        names = {}
        for layer, label in LABELS.items():
            yield f'\tsubgraph cluster_{layer} {{\n\t\tlabel = "{label}";'
            for module in sorted(self.files(layer)):
                if len(module) > 1 or len(self.files(layer)) == 1:
                    names[layer] = file_of(module)
                    name = "/".join(module[1:]) or layer
                    yield f'\t\t"{file_of(module)}" [label = "{name}"];'
            yield "\t}"
        between = set()
        for module in sorted(self.edges):
            for target in sorted(self.edges[module]):
                if module and target and module[0] != target[0]:
                    between.add((module[0], target[0]))
                elif len(module) > 1 and len(target) > 1:
                    yield f'\t"{file_of(module)}" -> "{file_of(target)}";'
        for layer, target in sorted(between):
            yield (f'\t"{names[layer]}" -> "{names[target]}" [ltail = cluster_{layer}, '
                   f'lhead = cluster_{target}, penwidth = 3, color = gray40];')
        yield "}"


def file_of(module):
    return f"rust/{'/'.join(module) or 'bsdtun'}.rs"


def main():
    parser = argparse.ArgumentParser(description="Check the layers of the driver's Rust files.")
    parser.add_argument("--dot", type=pathlib.Path, help="write the graph for graphviz here")
    parser.add_argument("rust", type=pathlib.Path, help="the folder with bsdtun.rs")
    args = parser.parse_args()
    crate = Crate(args.rust)
    if args.dot:
        args.dot.write_text("\n".join(crate.dot()) + "\n", encoding="utf-8")
    problems = sorted(set(crate.violations())) + sorted(crate.cycles())
    print(*problems, sep="\n", end="\n" if problems else "")
    sys.exit(bool(problems))


main()
