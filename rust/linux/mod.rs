// SPDX-License-Identifier: GPL-2.0

//! Safe abstractions of kernel interfaces. They know nothing of BSD, and could move to the kernel
//! crate.
//!
//! Each file wraps one object of C, and is named after its C header or structure where there is
//! one:
//!
//! - [`net`]: network devices, packets and link kinds; see there.
//! - [`miscdevice`]: nodes in `/dev`, `struct miscdevice`.
//! - [`file_operations`]: the operations of an open file, `struct file_operations`.
//! - [`fasync`]: open files whose owners get SIGIO, `struct fasync_struct`.
//! - [`user_namespace`]: user namespaces, `struct user_namespace`.
//! - [`pid`]: processes, `struct pid`.
//! - [`sysctl`]: files in `/proc/sys`, `struct ctl_table`.
//! - [`return_work`]: work on the return to user space, when no lock is held.
//! - [`context`]: proofs of contexts.
//! - [`cache_line`]: alignment to cache lines.

pub(crate) mod cache_line;
pub(crate) mod context;
pub(crate) mod fasync;
pub(crate) mod file_operations;
pub(crate) mod miscdevice;
pub(crate) mod net;
pub(crate) mod pid;
pub(crate) mod return_work;
pub(crate) mod sysctl;
pub(crate) mod user_namespace;
