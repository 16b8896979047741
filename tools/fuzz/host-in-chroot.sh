#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# host-in-chroot.sh TREE ARGUMENT...: in the chroot, build the fuzzer of the pure modules (host.rs)
# and run it with these arguments of libFuzzer. New inputs go to the first folder among them.
set -euo pipefail

tree=$1
shift

# rustc's coverage instrumentation is that of the same LLVM's libFuzzer.
rustc --edition 2021 -D warnings -C opt-level=2 -C debug-assertions=on -C overflow-checks=on \
	-C panic=abort -C codegen-units=1 -C passes=sancov-module \
	-C llvm-args=-sanitizer-coverage-level=4 \
	-C llvm-args=-sanitizer-coverage-inline-8bit-counters \
	-C llvm-args=-sanitizer-coverage-pc-table \
	-C llvm-args=-sanitizer-coverage-trace-compares \
	-C linker=clang -C link-arg=-fsanitize=fuzzer -o /tmp/fuzz "$tree/tools/fuzz/host.rs"
mkdir /tmp/new
exec /tmp/fuzz -max_len=160 -print_final_stats=1 "$@"
