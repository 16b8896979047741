# SPDX-License-Identifier: GPL-2.0
"""transcript.py COMMANDS-FILE: runs sessions of the BSD commands, which are on stdin.

The lines after '# ' are the commands, the others what they print, errors included; '[1]' is an exit
status that is not 0. Tabs at the beginning of lines are ignored, as in the shell's here-documents.
A line '.' ends a session. ifconfig and route run in this process, since starting Python takes
seconds on an emulated machine; a shell runs the other commands. Prints what differs, and a line '.'
after each session.
"""

import contextlib
import difflib
import importlib.machinery
import importlib.util
import io
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader('commands', sys.argv[1])
commands = importlib.util.module_from_spec(importlib.util.spec_from_loader('commands', loader))
loader.exec_module(commands)
netlink = commands.Netlink()


def run(line):
    first, _, rest = line.partition(' | ')
    words = shlex.split(first)
    if words[0] not in commands.COMMANDS:
        return shell(line)
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        status = commands.run(words[0], words[1:], lambda: netlink)
    return shell(rest, output.getvalue()) if rest else (status, output.getvalue())


def shell(line, text=''):
    ran = subprocess.run(line, shell=True, check=False, text=True, input=text,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return ran.returncode, ran.stdout


def session(wanted):
    got = []
    for command in wanted:
        if command.startswith('# '):
            got.append(command)
            status, text = run(command[2:])
            got += [line.lstrip('\t').rstrip() for line in text.splitlines()]
            if status:
                got.append(f'[{status}]')
    return difflib.unified_diff(wanted, got, 'wanted', 'got', lineterm='')


session_lines = []
for input_line in sys.stdin:
    session_line = input_line.lstrip('\t').rstrip()
    if session_line != '.':
        session_lines.append(session_line)
        continue
    print(*session(session_lines), '.', sep='\n', flush=True)
    session_lines = []
