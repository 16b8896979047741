#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bundle-selftests.sh TREE KERNEL-SOURCE OBJECTS BUNDLE FOLDER COLLECTION: in the chroot, build the
# kselftests in FOLDER and install them into BUNDLE, next to that kernel's run_kselftest.sh.
set -euo pipefail

tree=$1
selftests=$2/tools/testing/selftests
objects=$3
bundle=$4
folder=$5
collection=$6

mkdir -p "$objects" "$bundle/kselftest"
cp "$selftests/run_kselftest.sh" "$bundle/"
cp "$selftests"/kselftest/* "$bundle/kselftest/"
args=(-s -C "$tree/$folder" KSFT_DIR="$selftests" OUTPUT="$objects")
make "${args[@]}" -j"$(nproc)" all
make "${args[@]}" install INSTALL_PATH="$bundle/$collection"
make "${args[@]}" emit_tests COLLECTION="$collection" > "$bundle/kselftest-list.txt"
