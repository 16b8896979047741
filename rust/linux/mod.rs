// SPDX-License-Identifier: GPL-2.0

//! Safe abstractions over the kernel's C that know nothing of BSD and could move to the kernel crate.

pub(crate) mod cache_line;
pub(crate) mod miscdevice;
pub(crate) mod net;
pub(crate) mod pid;
pub(crate) mod return_work;
pub(crate) mod sysctl;
