// SPDX-License-Identifier: GPL-2.0

//! The statistics, the driver information and the link settings that ethtool(8) shows for an
//! interface.

use crate::{
    bsd::info,
    driver::{
        drops::DropCause,
        unit::Unit,
        variant::{
            Interface,
            Variant, //
        }, //
    },
    linux::net::{
        device::Device,
        ethtool::{
            EthtoolOps,
            LinkSettings, //
        },
        private::Private, //
    }, //
};
use kernel::prelude::*;

/// The first values: packets in the queue, the limit of the queue (`txqueuelen`), and how often the
/// stack was stopped because the queue was full. One counter for each [`DropCause`] follows.
const QUEUE_STATISTICS: [&CStr; 3] = [c"queue_len", c"queue_limit", c"queue_stops"];

/// The speed of a link in Mb/s unless a program has chosen one: that of Linux's tap.
const LINK_SPEED_DEFAULT: u32 = 10_000;

/// The names that `ethtool -S` shows.
static STATISTICS: [&CStr; QUEUE_STATISTICS.len() + DropCause::ALL.len()] = {
    let mut names = [c""; QUEUE_STATISTICS.len() + DropCause::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = if i < QUEUE_STATISTICS.len() {
            QUEUE_STATISTICS[i]
        } else {
            DropCause::ALL[i - QUEUE_STATISTICS.len()].name()
        };
        i += 1;
    }
    names
};

impl<V: Variant> EthtoolOps for Interface<V> {
    const DRIVER: &'static CStr = c"bsdtun";

    const STATISTICS: &'static [&'static CStr] = &STATISTICS;

    fn bus_info(unit: &Private<Unit>) -> &[u8] {
        unit.name().as_bytes()
    }

    fn get_ethtool_stats(unit: &Private<Unit>, dev: &Device, values: &mut [u64]) {
        let queue = unit.queue();
        let queue_values = [queue.len() as u64, dev.tx_queue_len() as u64, queue.stops()];
        let drops = DropCause::ALL.map(|cause| unit.drop_stats().get(cause));
        for (to, value) in values
            .iter_mut()
            .zip([&queue_values[..], &drops].into_iter().flatten())
        {
            *to = *value;
        }
    }

    fn get_link_ksettings(unit: &Private<Unit>) -> Result<LinkSettings> {
        if !V::KIND.is_ethernet() {
            return Err(EOPNOTSUPP);
        }
        let speed = info::link_speed(unit.baudrate()).unwrap_or(LINK_SPEED_DEFAULT);
        Ok(LinkSettings { speed })
    }
}
