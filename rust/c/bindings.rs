// SPDX-License-Identifier: GPL-2.0

//! Bindings.
//!
//! The kernel crate's bindings, and beside them what those lack: `struct net_device` and what hangs
//! on it. A local item hides the kernel crate's of the same name; all shared types are the kernel
//! crate's, and bindgen's layout tests stop the build where the two sides disagree.
//!
//! Only the safe layers may use this module.

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
