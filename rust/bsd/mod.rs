// SPDX-License-Identifier: GPL-2.0

//! BSD's contract, as far as it can be told without a kernel: pure functions and types on `core`
//! alone, tested on the host too (`tools/host-tests/`).

pub(crate) mod ethernet;
pub(crate) mod framing;
pub(crate) mod info;
pub(crate) mod ioctl;
pub(crate) mod kind;
pub(crate) mod lifecycle;
pub(crate) mod name;
