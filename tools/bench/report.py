# SPDX-License-Identifier: GPL-2.0
"""report.py INSTRUCTIONS TIME OUT RELEASE: print a table of the rows in the two files, which bench
has printed on two virtual machines, and write bench.json and bench.svg into OUT."""

import json
import os
import subprocess
import sys


def rows(path, unit):
    """The rows in a file, each with the statistic that suits it."""
    with open(path, encoding="ascii") as lines:
        for line in lines:
            row = json.loads(line)
            # Instructions per packet only vary by timer ticks: take the minimum. Times vary, and so do
            # instructions per unit, as each unit costs something else: take the median.
            by = "min" if unit == "instructions" and row["of"] == "packet" else "median"
            row["unit"] = {"packet": unit, "unit": f"{unit} per unit"}.get(row["of"], row["of"])
            row["ratio"] = row["bsdtun"][by] / row["tun"][by] if row["tun"][by] else None
            low, high = row["bsdtun"]["low"], row["bsdtun"]["high"]
            row["spread"] = (high - low) / (row["bsdtun"]["median"] or 1)
            row["by"] = by
            yield row


def table(found):
    """Print one line per row."""
    width = max(len(row["work"]) for row in found)
    print(f"{'work':{width}} {'bytes':>6} {'tun':>11} {'bsdtun':>11} {'ratio':>6} {'spread':>7}")
    unit = None
    for row in found:
        if row["unit"] != unit:
            unit = row["unit"]
            print(f"-- {unit} --")
        by = row["by"]
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.3f}"
        print(f"{row['work']:{width}} {row['bytes'] or '':>6} {row['tun'][by]:11.0f} "
              f"{row['bsdtun'][by]:11.0f} {ratio:>6} {row['spread']:7.1%}")


PLOT = """
set terminal svg noenhanced size 1000,%(height)d font "sans,11" background "white"
set output "bench.svg"
set title "bsdtun / tun, Linux %(release)s (below 1: bsdtun needs less)"
set style fill solid 0.8
set boxwidth 0.35
set yrange [-0.7:%(last)f]
set xrange [0:1.1<*]
set grid x
set key outside below
set arrow from 1, graph 0 to 1, graph 1 nohead lw 2
set ytics (%(names)s)
set lmargin 44
plot \\
 "plot.data" using ($2/2):($1+0.18):($2/2):(0.17) with boxxyerror lc rgb "#4477aa" title "instructions", \\
 "plot.data" using ($3/2):($1-0.18):($3/2):(0.17) with boxxyerror lc rgb "#ddaa33" title "time, memory"
"""


def plot(found, out, release):
    """Draw the ratios."""
    ratios = {}
    for row in found:
        name = f"{row['work']}, {row['bytes']}" if row["bytes"] else row["work"]
        counted = row["unit"].startswith("instructions")
        ratios.setdefault(name, {})[counted] = row["ratio"] or 0
    names = list(reversed(ratios))
    with open(os.path.join(out, "plot.data"), "w", encoding="ascii") as data:
        for i, name in enumerate(names):
            data.write(f"{i} {ratios[name].get(True, 0)} {ratios[name].get(False, 0)}\n")
    script = PLOT % {
        "height": 80 + 22 * len(names),
        "last": len(names) - 0.3,
        "release": release,
        "names": ", ".join(f'"{name}" {i}' for i, name in enumerate(names)),
    }
    subprocess.run(["gnuplot"], input=script.encode(), cwd=out, check=True)
    os.remove(os.path.join(out, "plot.data"))


def main():
    instructions, time, out, release = sys.argv[1:]
    found = list(rows(instructions, "instructions")) + list(rows(time, "ns"))
    if not found:
        sys.exit("report.py: no row was measured: does BENCH match any?")
    with open(os.path.join(out, "bench.json"), "w", encoding="ascii") as result:
        json.dump({"kernel": release, "rows": found}, result, indent=1)
    plot(found, out, release)
    table(found)


main()
