// SPDX-License-Identifier: GPL-2.0

//! The variants of the driver: what differs between tun, tap and vmnet at compile time.
//!
//! All variants have the same [`Unit`]. Differences on the program's side, such as the effects of
//! the last close, follow from [`Kind`] at run time.

use crate::{
    bsd::kind::Kind,
    driver::{
        sysfs,
        unit::Unit, //
    },
    linux::net::{
        netlink::Policy,
        sysfs::SysfsAttr, //
    }, //
};
use core::marker::PhantomData;
use kernel::prelude::*;

/// A variant of the driver, chosen by the link kind of an interface.
pub(crate) trait Variant: Sized + 'static {
    /// The kind of its units.
    const KIND: Kind;

    /// The name of the link kind, for `ip link add type NAME`.
    const NAME: &'static CStr;

    /// Validates `IFLA_BSDTUN_KEEP` of a request.
    const KEEP: Policy;

    /// Validates `IFLA_BSDTUN_FRAMING` and `IFLA_BSDTUN_DIALECT`.
    const WORD: Policy = Policy::refused(c"Only bsdtun units have a framing and a dialect");

    /// The files in `/sys/class/net/INTERFACE/NAME/`.
    fn sysfs_attrs() -> &'static [&'static SysfsAttr<Unit>];
}

/// The interfaces of a variant. The modules `netdev`, `ethtool`, `rtnl_link` and `address`
/// implement what the stack calls.
pub(crate) struct Interface<V>(PhantomData<V>);

/// bsdtun.
pub(crate) struct Tun;

/// bsdtap.
pub(crate) struct Tap;

/// bsdvmnet.
pub(crate) struct Vmnet;

impl Variant for Tun {
    const KIND: Kind = Kind::Tun;
    const NAME: &'static CStr = c"bsdtun";
    const KEEP: Policy = NO_KEEP;
    const WORD: Policy = Policy::word();

    fn sysfs_attrs() -> &'static [&'static SysfsAttr<Unit>] {
        &sysfs::TUN
    }
}

impl Variant for Tap {
    const KIND: Kind = Kind::Tap;
    const NAME: &'static CStr = c"bsdtap";
    const KEEP: Policy = Policy::u8_bool();

    fn sysfs_attrs() -> &'static [&'static SysfsAttr<Unit>] {
        &sysfs::TAP
    }
}

impl Variant for Vmnet {
    const KIND: Kind = Kind::Vmnet;
    const NAME: &'static CStr = c"bsdvmnet";
    const KEEP: Policy = NO_KEEP;

    fn sysfs_attrs() -> &'static [&'static SysfsAttr<Unit>] {
        &sysfs::VMNET
    }
}

const NO_KEEP: Policy = Policy::refused(c"Only bsdtap units have the keep setting");
