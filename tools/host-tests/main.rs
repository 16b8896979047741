// SPDX-License-Identifier: GPL-2.0

//! The modules of `rust/bsd/`, compiled for the host to run their unit tests:
//! `rustc --test --edition 2021 tools/host-tests/main.rs`.

// Functions that only the kernel side calls are unused here.
#![allow(dead_code)]

#[path = "../../rust/bsd/mod.rs"]
mod bsd;

fn main() {}
