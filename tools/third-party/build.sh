#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build.sh PROGRAM SOURCE INCLUDE OUT - in the toolchain root: build a program written for
# the BSDs from what SOURCE holds, as its authors released it, with the headers in INCLUDE.
# OUT gets what its test needs.
set -euo pipefail

program=$1
source=$2
include=$3
out=$4

# A configure script that is told that the host is FreeBSD takes the code for that; the
# compiler is the machine's own.
FREEBSD=(--host=x86_64-unknown-freebsd14 --build=x86_64-linux-gnu CC=gcc "CPPFLAGS=-I$include")

# Where ifconfig and route in BSD's syntax are in the machine.
COMMANDS=/lab/bsd-commands

# unpack FOLDER: the release archive; the times are kept, or automake would run again.
# It is then the working folder.
unpack()
{
	local archive

	archive=$(find "$source" -name '*.orig.tar.*' ! -name '*.asc')
	mkdir "$1"
	tar --extract --file "$archive" --directory "$1" --strip-components=1
	cd "$1"
}

# compiled_for_bsd FILE WORD: the file has what only the code for BSD says, and does not
# know Linux's node.
compiled_for_bsd()
{
	if ! grep -qF "$2" "$1" || grep -qF /dev/net/tun "$1"; then
		echo "$1 is not compiled from the code for BSD"
		exit 1
	fi
}

build_tinc()
{
	local node

	unpack /tmp/tinc
	# Its checksums read as 16 bits what was written as 32: GCC may do the one before the
	# other, and the kernel then throws away what tinc says of a packet too big for IPv6.
	./configure "${FREEBSD[@]}" CFLAGS='-O2 -fno-strict-aliasing' --disable-lzo
	make -j"$(nproc)" -C src
	compiled_for_bsd src/tincd /dev/tun0
	cp src/tincd "$out/"
	# Primes are a long search on an emulated processor.
	for node in left right; do
		openssl genrsa -traditional -out "$out/$node.private" 2048
		openssl rsa -in "$out/$node.private" -RSAPublicKey_out -out "$out/$node.public"
	done
}

# FreeBSD's route.c asks its kernel through routing sockets, which Linux has not: it does
# not compile.  It and what it calls come from a build for Linux of the same source.
build_openvpn()
{
	local options=(--disable-dco --disable-plugins --disable-lz4 --disable-lzo)

	unpack /tmp/openvpn-linux
	./configure "${options[@]}"
	make -j"$(nproc)" -C src/openvpn route.o networking_sitnl.o

	unpack /tmp/openvpn
	ac_cv_header_linux_errqueue_h=no ac_cv_header_linux_if_tun_h=no \
		./configure "${FREEBSD[@]}" "${options[@]}" \
		IFCONFIG="$COMMANDS/ifconfig" ROUTE="$COMMANDS/route"
	make -j"$(nproc)" -C src/compat
	make -k -j"$(nproc)" -C src/openvpn || :
	cp /tmp/openvpn-linux/src/openvpn/{route,networking_sitnl}.o src/openvpn/
	gcc -x c -c -o src/openvpn/networking_freebsd.o /dev/null
	make -C src/openvpn openvpn
	compiled_for_bsd src/openvpn/tun.o 'FreeBSD ifconfig failed'
	cp src/openvpn/openvpn "$out/"
	src/openvpn/openvpn --genkey secret "$out/key"
}

build_scapy()
{
	pip install --no-index --no-deps --no-cache-dir --root-user-action=ignore \
		--target "$out" "$source"/*.whl
}

"build_$program"
