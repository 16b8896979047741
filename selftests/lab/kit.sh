#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kit.sh TREE KERNEL-SOURCE OBJECTS KIT - in the toolchain root: build the kselftests and
# lay them out beside the stock runner of that kernel.
set -euo pipefail

tree=$1
st=$2/tools/testing/selftests
objects=$3
kit=$4

mkdir -p "$objects" "$kit/kselftest"
cp "$st/run_kselftest.sh" "$kit/"
cp "$st"/kselftest/* "$kit/kselftest/"
args=(-s -C "$tree/selftests" KSFT_DIR="$st" OUTPUT="$objects")
make "${args[@]}" -j"$(nproc)" all
make "${args[@]}" install INSTALL_PATH="$kit/bsdtun"
make "${args[@]}" emit_tests COLLECTION=bsdtun > "$kit/kselftest-list.txt"
