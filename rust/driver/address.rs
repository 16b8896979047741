// SPDX-License-Identifier: GPL-2.0

//! An address sets the interface of an open unit up.
//!
//! Source: FreeBSD `sys/net/if_tun.c` (2001), `tuninit`, which `SIOCSIFADDR` calls; of a tap, what
//! `ether_ioctl` does.

use crate::{
    driver::{
        unit::Unit,
        variant::{
            Interface,
            Variant, //
        }, //
    },
    linux::net::{
        inetaddr::AddressEvents,
        private::Private, //
    }, //
};
use kernel::sync::{
    rcu,
    Arc, //
};

impl<V: Variant> AddressEvents for Interface<V> {
    /// Sets the interface up, unless the sysctl `net.link.tun.up_on_addr`, or
    /// `net.link.tap.up_on_addr` for taps and vmnets, is 0. The caller may hold RTNL and must not
    /// sleep, so that the work is queued; it is done before the system call that adds the address
    /// returns.
    fn address_added(unit: &Arc<Private<Unit>>) {
        let down = {
            let rcu = rcu::read_lock();
            unit.device_rcu(&rcu).is_some_and(|dev| !dev.is_up())
        };
        if down && unit.queue().is_open() && unit.settings().up_on_addr(V::KIND) {
            if let Some(work) = unit.disarm_up_work() {
                work.queue(unit.clone());
            }
        }
    }
}
