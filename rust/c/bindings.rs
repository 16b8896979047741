// SPDX-License-Identifier: GPL-2.0

//! The kernel crate's bindings, and what they lack: `struct net_device`, the types that it
//! contains, and functions that use them.
//!
//! A local item hides the kernel crate's item of the same name. Types that both sides need are the
//! kernel crate's. If the two sides disagree about the layout of a type, bindgen's layout tests
//! fail the build.
//!
//! Only `linux`, `trace` and `uapi` may use this module.

#![allow(
    clippy::all,
    clippy::as_underscore,
    clippy::cast_lossless,
    clippy::ptr_as_ptr,
    clippy::ptr_cast_constness,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

use kernel::ffi;
use pin_init::{
    MaybeZeroable,
    Zeroable, //
};

pub(crate) use kernel::bindings::*;

// Manual definitions for blocklisted types.
type __kernel_size_t = usize;
type __kernel_ssize_t = isize;
type __kernel_ptrdiff_t = isize;

// SAFETY: `__BindgenBitfieldUnit<Storage>` is a newtype around `Storage`.
unsafe impl<Storage> Zeroable for __BindgenBitfieldUnit<Storage> where Storage: Zeroable {}

include!(concat!(env!("BSDTUN_OBJ"), "/rust/c/bindings_generated.rs"));
