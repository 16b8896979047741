#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kit.sh TREE KERNEL-SOURCE OBJECTS KIT [FOLDER COLLECTION] - in the toolchain root: build the
# kselftests of a folder and lay them out beside the stock runner of that kernel.
set -euo pipefail

tree=$1
st=$2/tools/testing/selftests
objects=$3
kit=$4
folder=${5:-selftests}
collection=${6:-bsdtun}

mkdir -p "$objects" "$kit/kselftest"
cp "$st/run_kselftest.sh" "$kit/"
cp "$st"/kselftest/* "$kit/kselftest/"
args=(-s -C "$tree/$folder" KSFT_DIR="$st" OUTPUT="$objects")
make "${args[@]}" -j"$(nproc)" all
make "${args[@]}" install INSTALL_PATH="$kit/$collection"
make "${args[@]}" emit_tests COLLECTION="$collection" > "$kit/kselftest-list.txt"
