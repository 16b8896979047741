// SPDX-License-Identifier: GPL-2.0

//! A unit that a cloner gives again is as new.
//!
//! A cloner stands for a BSD's that makes a new unit each time. So whatever the programs before
//! have left through the descriptor, or by the addresses that they set, is undone before the unit
//! is given again. It is not undone at the last close, because the program may come back by the
//! numbered node, where framing, MTU and mode stay, and because a vmnet stays up.

use crate::{
    bsd::framing::MTU_DEFAULT,
    driver::{
        netdev::{
            INTERFACE_FLAGS,
            INTERFACE_FLAGS_ETHERNET,
            QUEUE_LEN_DEFAULT, //
        },
        unit::Unit, //
    },
    linux::net::{
        device::{
            flags,
            Device, //
        },
        private::Private,
        rtnl, //
    }, //
};
use kernel::{
    prelude::*,
    sync::rcu, //
};

/// The interface flags that a program can change by ioctls of the descriptor.
const CHANGED_FLAGS: u32 =
    flags::POINTOPOINT | flags::BROADCAST | flags::MULTICAST | flags::NOARP | flags::DEBUG;

/// Undoes what programs have changed in a closed unit. Does nothing if none has opened it. Process
/// context; `misc_mtx` is held, so that no one opens the unit meanwhile.
///
/// Name, Ethernet address, network namespace, queueing discipline and sysctls, which an
/// administrator sets, stay.
pub(super) fn make_fresh(unit: &Private<Unit>) {
    if !unit.was_opened() {
        return;
    }
    unit.reset_settings();
    let flags = if unit.kind().is_ethernet() {
        INTERFACE_FLAGS_ETHERNET
    } else {
        INTERFACE_FLAGS
    };
    let changed = {
        let rcu = rcu::read_lock();
        unit.device_rcu(&rcu).is_some_and(|dev| {
            dev.is_up()
                || dev.flags_rcu(&rcu) & CHANGED_FLAGS != flags
                || dev.mtu_any() != MTU_DEFAULT as usize
                || dev.tx_queue_len() != QUEUE_LEN_DEFAULT as usize
                || dev.has_addresses(&rcu)
        })
    };
    // All opens of misc devices wait for this one: they need not wait for RTNL too.
    if !changed {
        return;
    }
    let rtnl = rtnl::lock();
    let Some(dev) = unit.device(&rtnl) else {
        return;
    };
    // Before the interface is set down: that makes IPv6 delete what has expired.
    let expired = dev.expire_addresses(&rtnl);
    // This drops what is queued.
    dev.close(&rtnl);
    if let Err(e) = reset_interface(dev, flags, &rtnl) {
        pr_warn!(
            "{}: cannot reset the interface of a unit that is given again: {:?}\n",
            unit.name(),
            e
        );
    }
    drop(rtnl);
    if let Some(expired) = expired {
        expired.remove();
    }
}

fn reset_interface(dev: &Device, flags: u32, rtnl: &rtnl::Guard) -> Result {
    dev.set_tx_queue_len(QUEUE_LEN_DEFAULT, rtnl);
    if dev.flags(rtnl) & CHANGED_FLAGS != flags {
        dev.change_flags(flags, CHANGED_FLAGS, rtnl)?;
    }
    if dev.mtu(rtnl) != MTU_DEFAULT {
        dev.set_mtu(MTU_DEFAULT, rtnl)?;
    }
    Ok(())
}
