// SPDX-License-Identifier: GPL-2.0

//! The pure modules of the driver, compiled for the host to run their tests:
//! `rustc --test --edition 2021 tools/host-tests/main.rs`.

// What only the kernel side calls is not dead.
#![allow(dead_code)]

#[path = "../../rust/bsd/mod.rs"]
mod bsd;

fn main() {}
