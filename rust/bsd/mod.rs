// SPDX-License-Identifier: GPL-2.0

//! The contract of BSD's tun(4), tap(4) and vmnet, as far as it needs no kernel: pure functions and
//! types that use `core` only, so that they are also tested and fuzzed on the host
//! (`tools/host-tests/`, `tools/fuzz/`).
//!
//! A comment that starts with `Source:` names the BSD and the file that a behavior comes from.

pub(crate) mod batch;
pub(crate) mod dialect;
pub(crate) mod ethernet;
pub(crate) mod framing;
pub(crate) mod info;
pub(crate) mod ioctl;
pub(crate) mod ioctl_number;
pub(crate) mod kind;
pub(crate) mod lifecycle;
pub(crate) mod name;
pub(crate) mod offload;
mod packet;
