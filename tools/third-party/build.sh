#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build.sh PROGRAM SOURCE INCLUDE OUT: in the chroot, build a third-party program from its code for
# the BSDs. SOURCE has its unmodified release, INCLUDE our headers; OUT gets what its test needs.
set -euo pipefail

program=$1
source=$2
include=$3
out=$4

# Make configure choose the code for FreeBSD, with the compiler of this machine.
FREEBSD=(--host=x86_64-unknown-freebsd14 --build=x86_64-linux-gnu CC=gcc "CPPFLAGS=-I$include")

# Where tools/bsd-commands is in the virtual machine.
COMMANDS=/lab/bsd-commands

# unpack FOLDER: the release archive, and change to it. File times are kept, or automake would run
# again.
unpack()
{
	local archive

	archive=$(find "$source" -name '*.orig.tar.*' ! -name '*.asc')
	mkdir "$1"
	tar --extract --file "$archive" --directory "$1" --strip-components=1
	cd "$1"
}

# compiled_for_bsd FILE TEXT: the file has a text that only the BSD code has, and not /dev/net/tun.
compiled_for_bsd()
{
	if ! grep -qF "$2" "$1" || grep -qF /dev/net/tun "$1"; then
		echo "$1 is not built from the code for the BSDs"
		exit 1
	fi
}

# Once from its code for FreeBSD, and once from that for OpenBSD.
build_tinc()
{
	local node

	tinc_for freebsd "${FREEBSD[@]}"
	cp src/tincd "$out/"
	tinc_for openbsd --host=x86_64-unknown-openbsd7.7 --build=x86_64-linux-gnu CC=gcc \
		"CPPFLAGS=-I$include/openbsd"
	cp src/tincd "$out/tincd-openbsd"
	# Generating keys takes long on an emulated processor.
	for node in left right; do
		openssl genrsa -traditional -out "$out/$node.private" 2048
		openssl rsa -in "$out/$node.private" -RSAPublicKey_out -out "$out/$node.public"
	done
}

# tinc_for NAME OPTION...: configure must find this system.
tinc_for()
{
	unpack "/tmp/tinc-$1"
	# Its checksum code violates strict aliasing: the kernel then drops tinc's ICMPv6 messages
	# about packets that are too big.
	./configure "${@:2}" CFLAGS='-O2 -fno-strict-aliasing' --disable-lzo
	grep -qx "#define HAVE_${1^^} 1" config.h
	make -j"$(nproc)" -C src
	compiled_for_bsd src/tincd /dev/tun0
}

# Once for each of its targets, which have code of their own. route.c for a BSD does not compile, as
# Linux has no routing sockets. It and its callees come from a Linux build of the same source.
build_openvpn()
{
	local options=(--disable-dco --disable-plugins --disable-lz4 --disable-lzo)

	unpack /tmp/openvpn-linux
	./configure "${options[@]}"
	make -j"$(nproc)" -C src/openvpn route.o networking_sitnl.o

	# On the BSDs other headers include sys/uio.h.
	local uio="-D_GNU_SOURCE -include sys/uio.h"

	openvpn_for freebsd x86_64-unknown-freebsd14 "-I$include" FREEBSD 'FreeBSD ifconfig failed'
	openvpn_for netbsd x86_64-unknown-netbsd10 "-I$include $uio" NETBSD 'NetBSD ifconfig failed'
	openvpn_for dragonfly x86_64-unknown-dragonfly6 "-I$include $uio" DRAGONFLY \
		'FreeBSD ifconfig failed'
	openvpn_for openbsd x86_64-unknown-openbsd7.7 "-I$include/openbsd $uio" OPENBSD \
		'OpenBSD ifconfig failed'
	src/openvpn/openvpn --genkey secret "$out/key"
}

# openvpn_for NAME HOST CPPFLAGS TARGET TEXT: configure must find this target. TEXT is in its code only.
openvpn_for()
{
	unpack "/tmp/openvpn-$1"
	ac_cv_header_linux_errqueue_h=no ac_cv_header_linux_if_tun_h=no \
		./configure --host="$2" --build=x86_64-linux-gnu CC=gcc "CPPFLAGS=$3" \
		"${options[@]}" IFCONFIG="$COMMANDS/ifconfig" ROUTE="$COMMANDS/route"
	grep -qx "#define TARGET_$4 1" config.h
	make -j"$(nproc)" -C src/compat
	make -k -j"$(nproc)" -C src/openvpn || :
	cp /tmp/openvpn-linux/src/openvpn/{route,networking_sitnl}.o src/openvpn/
	gcc -x c -c -o src/openvpn/networking_freebsd.o /dev/null
	make -C src/openvpn openvpn
	compiled_for_bsd src/openvpn/tun.o "$5"
	cp src/openvpn/openvpn "$out/openvpn-$1"
}

# Once for each of two systems whose packets differ. Its makefile asks for GNU's declarations on
# Linux only; tzsetwall() is that of the BSDs.
build_iodine()
{
	local system program

	for system in FreeBSD OpenBSD; do
		unpack "/tmp/iodine-$system"
		CFLAGS='-O2 -D_GNU_SOURCE -Dtzsetwall=tzset' make -j"$(nproc)" -C src \
			"TARGETOS=$system" all
		for program in iodine iodined; do
			compiled_for_bsd "bin/$program" /dev/tun%d
			cp "bin/$program" "$out/$program-${system,,}"
		done
	done
}

# Its code asks the compiler for the system, and so do headers of gcc, which then include
# sys/_types.h.
build_n2n()
{
	unpack /tmp/n2n
	mkdir -p /tmp/n2n-include/sys
	touch /tmp/n2n-include/sys/_types.h
	make CFLAGS="-O2 -w -U__linux__ -D__FreeBSD__ -I/tmp/n2n-include -I$include" edge supernode
	compiled_for_bsd edge /dev/tap%d
	cp edge supernode "$out/"
}

build_scapy()
{
	pip install --no-index --no-deps --no-cache-dir --root-user-action=ignore \
		--target "$out" "$source"/*.whl
}

"build_$program"
