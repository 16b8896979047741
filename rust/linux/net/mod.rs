// SPDX-License-Identifier: GPL-2.0

//! Networking: devices, packets, and the kinds of link that `ip link add` creates.

pub(crate) mod device;
pub(crate) mod inetaddr;
pub(crate) mod net_namespace;
pub(crate) mod netlink;
pub(crate) mod rtnl;
pub(crate) mod rtnl_link;
pub(crate) mod skb;
pub(crate) mod sysfs;
