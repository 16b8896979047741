// SPDX-License-Identifier: GPL-2.0

//! Networking: devices, packets, their tracepoints, and the kinds of link that `ip link add` knows.

pub(crate) mod address;
pub(crate) mod attribute;
pub(crate) mod device;
pub(crate) mod link;
pub(crate) mod namespace;
pub(crate) mod netlink;
pub(crate) mod rtnl;
pub(crate) mod skb;
pub(crate) mod trace;
