#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fuzz-host.sh TREE ARGUMENT... - in the toolchain root: build the fuzzer of the pure
# modules (tools/fuzz/host.rs), and run it with these arguments of libFuzzer's. The first
# folder among them is where it puts new inputs.
set -euo pipefail

tree=$1
shift

# What sancov puts in, the engine of clang's of the same LLVM reads.
rustc --edition 2021 -D warnings -C opt-level=2 -C debug-assertions=on -C overflow-checks=on \
	-C panic=abort -C codegen-units=1 -C passes=sancov-module \
	-C llvm-args=-sanitizer-coverage-level=4 \
	-C llvm-args=-sanitizer-coverage-inline-8bit-counters \
	-C llvm-args=-sanitizer-coverage-pc-table \
	-C llvm-args=-sanitizer-coverage-trace-compares \
	-C linker=clang -C link-arg=-fsanitize=fuzzer -o /tmp/fuzz "$tree/tools/fuzz/host.rs"
mkdir /tmp/new
exec /tmp/fuzz -max_len=64 -print_final_stats=1 "$@"
