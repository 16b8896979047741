// SPDX-License-Identifier: GPL-2.0

//! The driver: BSD's contract on one side, a Linux network interface on the other. No `unsafe`.

pub(crate) mod cloner;
pub(crate) mod drops;
pub(crate) mod file;
pub(crate) mod ioctl;
pub(crate) mod netdev;
pub(crate) mod open;
pub(crate) mod queue;
pub(crate) mod registry;
pub(crate) mod settings;
pub(crate) mod unit;
pub(crate) mod write;
