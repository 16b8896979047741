#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""check-headers.py TREE: compile the headers for programs in each dialect of C and C++.

Each header alone, each pair, and all together, also with headers of the system before or after
them, and small programs that use them: with gcc and clang, glibc and musl, and no warning. The
oldest dialects of both languages, which allow least, compile more orders of the same headers.

Prints a table of the numbers of sources that compiled, and fails if one did not.
"""

import itertools
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

# FreeBSD's headers with the search path include/, and OpenBSD's with include/openbsd.
FREEBSD = ["net/if_tun.h", "net/if_tap.h", "net/if_types.h", "linux/if_bsdtun.h",
           "openbsd/net/if_tun_hdr.h", "net/tun/if_tun.h", "net/tap/if_tap.h"]
OPENBSD = ["net/if_tun.h", "net/if_tun_hdr.h", "net/if_types.h", "linux/if_bsdtun.h"]
# What programs include next to them, in an order that works without ours.
SYSTEM = ["stdlib.h", "sys/ioctl.h", "sys/socket.h", "netinet/in.h", "linux/if.h",
          "linux/if_tun.h", "linux/if_ether.h"]
# The same with <net/if.h>; musl's cannot be included together with <linux/if.h>.
SYSTEM_NET_IF = [h if h != "linux/if.h" else "net/if.h" for h in SYSTEM
                 if h != "linux/if_tun.h"]

C = [f"{family}{year}" for year in ("89", "99", "11", "17", "23") for family in ("c", "gnu")]
CXX = [f"{family}++{year}" for year in ("98", "11", "14", "17", "20", "23")
       for family in ("c", "gnu")]
OLDEST = (C[0], CXX[0])
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]

# Programs use their BSD code if these macros are not defined.
FORBIDDEN_MACROS = re.compile(r"^#define (IFF_TUN|IFF_TAP|TUNSETIFF|SIOCIFCREATE|SIOCIFDESTROY)\b",
                              re.M)
FORBIDDEN_HEADERS = re.compile(r"\S*/linux/(?:if|if_tun)\.h(?=\s)")

# Every ioctl, by its size: `int` commands, structures, and those without an argument. The casts
# are for musl, whose ioctl() takes an int.
USE_FREEBSD = """
#include <net/if.h>
#include <net/if_tap.h>
#include <net/if_types.h>
#include <linux/if_bsdtun.h>
#include <openbsd/net/if_tun_hdr.h>
#ifndef __cplusplus
/* For TAPSVNETHDR. A member is called class. */
#include <linux/virtio_net.h>
#endif

int use(int fd);

int use(int fd)
{
	static const unsigned long ints[] = {
		TUNGDEBUG, TUNSDEBUG, TUNSLMODE, TUNSIFMODE, TUNSIFHEAD, TUNGIFHEAD,
		TUNSTRANSIENT, TUNGTRANSIENT, TAPGDEBUG, TAPSDEBUG, TAPSTRANSIENT, TAPGTRANSIENT,
		TAPSVNETHDR, TAPGVNETHDR, BSDTUNGVNETHDR
	};
	static const unsigned long none[] = {
		TUNSIFPID, TUNDCAP, VMIO_SIOCSIFFLAGS, VMIO_SIOCSKEEP, VMIO_SIOCSIFBR,
		VMIO_SIOCSLADRF, VMIO_SIOCSETMACADDR, VMIO_SIOCPORT, VMIO_SIOCBRIDGE,
		VMIO_SIOCNETIF
	};
	struct tapinfo tap;
	struct tuninfo tun;
	struct tun_capabilities cap;
	struct tun_hdr hdr;
	struct ifreq ifr;
	char name[IFNAMSIZ];
	unsigned int i;
	int n = IFLA_BSDTUN_MAX, len = TUNMRU + TAPMRU + TUNMTU;

	if (ioctl(fd, (int)TAPGIFINFO, &tap) || ioctl(fd, (int)TUNGIFINFO, &tun))
		return -1;
	tap.mtu = 1400;
	tap.type = IFT_ETHER;
	tun = tap;
	if (ioctl(fd, (int)TAPSIFINFO, &tun) || ioctl(fd, (int)TUNSIFINFO, &tap))
		return -1;
	if (ioctl(fd, (int)TUNGIFNAME, &ifr) || ioctl(fd, (int)TAPGIFNAME, &ifr))
		return -1;
	for (i = 0; i < sizeof(ints) / sizeof(ints[0]); i++)
		n += ioctl(fd, (int)ints[i], &len);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		n += ioctl(fd, (int)none[i], 0);
	cap.tun_if_capabilities = IFCAP_CSUM_IPv4 | IFCAP_CSUM_TCPv4 | IFCAP_CSUM_UDPv4 |
		IFCAP_VLAN_MTU | IFCAP_VLAN_HWTAGGING | IFCAP_VLAN_HWOFFLOAD | IFCAP_CSUM_TCPv6 |
		IFCAP_CSUM_UDPv6 | IFCAP_TSOv4 | IFCAP_TSOv6 | IFCAP_LRO;
	n += ioctl(fd, (int)TUNSCAP, &cap) + ioctl(fd, (int)TUNGCAP, &cap);
	hdr.th_flags = TUN_H_PRIO_MASK | TUN_H_VTAG | TUN_H_TCP_MSS | TUN_H_IPV4_CSUM |
		TUN_H_TCP_CSUM | TUN_H_UDP_CSUM | TUN_H_ICMP_CSUM;
	return fdevname(fd) && fdevname_r(fd, name, sizeof(name)) ? n + hdr.th_flags : -1;
}
"""

# A libbsd that declares the functions, before and after.
USE_LIBBSD = """
#ifdef __cplusplus
#define BEGIN extern "C" {
#define END }
#else
#define BEGIN
#define END
#endif
BEGIN
char *fdevname(int fd);
char *fdevname_r(int fd, char *buf, int len);
END
#include <net/if_tun.h>
BEGIN
char *fdevname(int fd);
char *fdevname_r(int fd, char *buf, int len);
END
char *name_of(int fd);
char *name_of(int fd)
{
	char *(*f)(int fd) = fdevname;

	return f(fd);
}
"""

USE_OPENBSD = """
#include <net/if.h>
#include <net/if_tun.h>
#include <net/if_types.h>

int use(int fd);

int use(int fd)
{
	struct tun_capabilities cap;
	struct tuninfo info;
	struct tun_hdr hdr;
	int n = IFF_POINTOPOINT | IFF_MULTICAST;

	if (ioctl(fd, (int)TUNGIFINFO, &info))
		return -1;
	info.mtu = TUNMTU;
	info.flags |= IFF_UP;
	info.type = IFT_PPP;
	info.baudrate = 0;
	cap.tun_if_capabilities = IFCAP_CSUM_TCPv4 | IFCAP_TSOv6;
	hdr.th_flags = 0;
	return ioctl(fd, (int)TUNSIFINFO, &info) + ioctl(fd, (int)TUNSIFMODE, &n) +
	       ioctl(fd, (int)TUNSDEBUG, &n) + ioctl(fd, (int)TUNGDEBUG, &n) +
	       ioctl(fd, (int)TUNSCAP, &cap) + ioctl(fd, (int)TUNGCAP, &cap) +
	       ioctl(fd, (int)TUNDCAP, 0) + hdr.th_flags + TUNMRU;
}
"""


def orders(headers, c_library):
    """The lists of headers that each dialect includes."""
    yield from ([h] for h in headers)
    yield from (list(pair) for pair in itertools.combinations(headers, 2))
    yield headers
    for theirs in systems(c_library):
        yield headers + theirs
        yield theirs + headers


def more_orders(headers, c_library):
    """The lists that only the oldest dialects include."""
    yield from (list(pair) for pair in itertools.combinations(headers[::-1], 2))
    yield headers[::-1]
    for theirs in systems(c_library):
        yield headers[::-1] + theirs
        yield theirs + headers[::-1]
        for ours in headers[:2]:
            for i in range(1, len(theirs)):
                yield theirs[:i] + [ours] + theirs[i:]


def systems(c_library):
    """The headers of the system that one source can include."""
    return [SYSTEM, SYSTEM_NET_IF] + ([["net/if.h"] + SYSTEM] if c_library == "glibc" else [])


class Sources:
    """What one C library compiles with one search path, as files."""

    def __init__(self, folder, include, headers, c_library, programs):
        self.include = include
        self.folder = tempfile.mkdtemp(dir=folder)
        self.names = {}
        self.plain = [self.write_includes(o) for o in orders(headers, c_library)]
        self.more = [self.write_includes(o) for o in more_orders(headers, c_library)]
        self.programs = [self.write(n, t) for n, t in programs.items()]
        self.headers = headers

    def write_includes(self, headers):
        # ISO C forbids a source without a declaration.
        return self.write(" ".join(headers),
                          "".join(f"#include <{h}>\n" for h in headers) + "extern int dummy;\n")

    def write(self, name, text):
        path = os.path.join(self.folder, f"{len(self.names)}.c")
        self.names[path] = name
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def compile_all(command, files):
    """Compile the files; return the output for those that do not compile."""
    if command[0].startswith("clang"):
        # One process for all files: most of the time is that of its start.
        job = run(command + ["-###", files[0]]).stderr.splitlines()[-1]
        result = run(shlex.split(job)[:-1] + files)
    else:
        result = run(command + files)
    if result.returncode == 0 and not result.stderr:
        return {}
    # Which ones? Each alone.
    failed = {}
    for path in files:
        result = run(command + [path])
        if result.returncode or result.stderr:
            failed[path] = result.stderr or f"exit status {result.returncode}"
    return failed or {"": "only fails together with others: " + " ".join(command)}


class Matrix:
    def __init__(self, tree, folder):
        self.tree = tree
        include = os.path.join(tree, "include")
        triplet = f"{platform.machine()}-linux"
        self.kernel_headers = os.path.join(folder, "kernel")
        os.mkdir(self.kernel_headers)
        for name, target in [("linux", "/usr/include/linux"),
                             ("asm-generic", "/usr/include/asm-generic"),
                             ("asm", f"/usr/include/{triplet}-gnu/asm")]:
            os.symlink(target, os.path.join(self.kernel_headers, name))
        builtin = {
            "gcc": run(["gcc", "-print-file-name=include"]).stdout.strip(),
            "clang": run(["clang", "-print-file-name=include"]).stdout.strip(),
        }
        self.libraries = {}
        for compiler in builtin:
            self.libraries[compiler, "glibc"] = []
            # Only musl's headers and the kernel's: no glibc header may fill a gap.
            self.libraries[compiler, "musl"] = [
                "-nostdinc", "-isystem", f"/usr/include/{triplet}-musl",
                "-isystem", builtin[compiler], "-isystem", self.kernel_headers]
        freebsd = {"a program": USE_FREEBSD, "a program with libbsd": USE_LIBBSD}
        openbsd = {"a program for OpenBSD": USE_OPENBSD}
        self.sources = {
            library: [Sources(folder, ["-I", include], FREEBSD, library, freebsd),
                      Sources(folder, ["-I", f"{include}/openbsd", "-I", include], OPENBSD,
                              library, openbsd)]
            for library in ("glibc", "musl")}

    def command(self, compiler, language, standard, library):
        command = [compiler if language == "c" else {"gcc": "g++", "clang": "clang++"}[compiler]]
        return command + ["-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only",
                          *self.libraries[compiler, library]]

    def check(self, compiler, language, standard, library):
        """Return the number of sources, and the output of those that do not compile."""
        command = self.command(compiler, language, standard, library)
        count, failed = 0, []
        for sources in self.sources[library]:
            # Strict dialects have no struct ifreq without the macro.
            more = sources.more if standard in OLDEST else []
            for files, macros in [(sources.plain + more, []),
                                  (sources.programs, ["-D_DEFAULT_SOURCE"])]:
                count += len(files)
                for path, output in compile_all(command + sources.include + macros, files).items():
                    failed.append((sources.names.get(path, ""), output))
        return count, failed

    def check_macros(self, library):
        """Names that the headers must not define, and files that they must not include."""
        command = ["gcc", *self.libraries["gcc", library]]
        for sources in self.sources[library]:
            path = sources.write_includes(sources.headers)
            macros = run(command + sources.include + ["-E", "-dM", path]).stdout
            files = run(command + sources.include + ["-M", path]).stdout
            if "TUNSIFMODE" not in macros or "if_tun.h" not in files:
                yield f"{library}: the preprocessor failed"
            for found in FORBIDDEN_MACROS.findall(macros):
                yield f"{library}: the headers define {found}"
            for found in FORBIDDEN_HEADERS.findall(files):
                yield f"{library}: the headers include {found}"


def main():
    tree = sys.argv[1]
    compilers, libraries = ("gcc", "clang"), ("glibc", "musl")
    columns = list(itertools.product(compilers, libraries))
    rows = [("c", s) for s in C] + [("c++", s) for s in CXX]
    results, failures = {}, []
    with tempfile.TemporaryDirectory() as folder, \
            ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        matrix = Matrix(tree, folder)
        for library in libraries:
            failures += matrix.check_macros(library)
        jobs = {(row, column): pool.submit(matrix.check, column[0], *row, column[1])
                for row in rows for column in columns}
        for (row, column), job in jobs.items():
            count, failed = job.result()
            results[row, column] = f"{count} pass" if not failed else \
                f"{len(failed)} of {count} FAIL"
            failures += [f"{' '.join(column)} -std={row[1]}: {name}:\n{output}"
                         for name, output in failed]

    for failure in failures:
        print(failure)
    print("| {:<8}".format("-std="), *(f"| {' '.join(c):<15}" for c in columns), "|", sep="")
    print("|" + "-" * 9 + ("|" + "-" * 16) * len(columns) + "|")
    for row in rows:
        print("| {:<8}".format(row[1]), *(f"| {results[row, c]:<15}" for c in columns), "|", sep="")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
