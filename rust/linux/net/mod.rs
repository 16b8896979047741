// SPDX-License-Identifier: GPL-2.0

//! Networking: devices, packets, and the kinds of link that `ip link add` creates.

pub(crate) mod device;
pub(crate) mod etherdevice;
pub(crate) mod ethtool;
pub(crate) mod inetaddr;
pub(crate) mod name;
pub(crate) mod net_namespace;
pub(crate) mod netdev_ops;
pub(crate) mod netlink;
pub(crate) mod new_device;
pub(crate) mod private;
pub(crate) mod rtnl;
pub(crate) mod rtnl_link;
pub(crate) mod skb;
pub(crate) mod skb_list;
pub(crate) mod sysfs;
