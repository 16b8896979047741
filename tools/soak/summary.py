#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""summary.py: add up the numbers that the storm and accounting tests print, from stdin."""

import collections
import re
import sys


def main():
    succeeded = collections.Counter()
    errors = collections.defaultdict(collections.Counter)
    packets = collections.defaultdict(collections.Counter)
    for line in sys.stdin:
        if m := re.match(r"# storm: ([^:]*): (\d+)(.*)", line):
            succeeded[m[1]] += int(m[2])
            for error, n in re.findall(r", (\w+) (\d+)", m[3]):
                errors[m[1]][error] += int(n)
        elif m := re.match(r"# accounting: ([^:]*): (\d+) \w+, (\d+) \w+, (\d+)", line):
            packets[m[1]].update(accepted=int(m[2]), delivered=int(m[3]), dropped=int(m[4]))
    print(f"\n{'operation':24} {'succeeded':>10}  failed, as it may")
    for operation, n in succeeded.items():
        failed = ", ".join(f"{error} {count}" for error, count in errors[operation].items())
        print(f"{operation:24} {n:10}  {failed}")
    print(f"\n{'packets that were counted':55} {'accepted':>10} {'delivered':>10} {'dropped':>10}")
    for kind, n in packets.items():
        print(f"{kind:55} {n['accepted']:10} {n['delivered']:10} {n['dropped']:10}")


main()
