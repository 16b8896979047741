// SPDX-License-Identifier: GPL-2.0

//! The driver: BSD's contract on one side, a Linux network interface on the other. No `unsafe`.
//!
//! - [`mod@unit`]: a unit, what node and interface have in common; [`queue`]: its packet queue;
//!   [`node`]: its node, which can outlive it as a [`node_device`].
//! - The program's side: [`cloner`] and [`open`] open a unit, [`fresh`] makes it as new before;
//!   [`mod@file`], [`mod@read`], [`mod@write`] and [`ioctl`] are what can be done with it then.
//! - The stack's side: [`netdev`], [`ethtool`], [`rtnl_link`], [`sysfs`] and [`address`];
//!   [`variant`] holds what differs between tun, tap and vmnet at compile time.
//! - [`registry`]: unit numbers; [`quota`]: the limits of containers; [`settings`]: driver-wide
//!   settings; [`drops`]: causes and counters
//!   of dropped packets.

mod address;
pub(crate) mod cloner;
mod drops;
mod ethtool;
mod file;
mod fresh;
mod ioctl;
mod netdev;
mod node;
mod node_device;
mod offload;
mod open;
mod packet_list;
mod queue;
pub(crate) mod quota;
mod read;
pub(crate) mod registry;
pub(crate) mod rtnl_link;
pub(crate) mod settings;
mod sysfs;
mod unit;
pub(crate) mod variant;
mod write;
mod write_batch;
