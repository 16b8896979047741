// SPDX-License-Identifier: GPL-2.0

//! bsdtun: BSD's tun(4) for Linux.
//!
//! Three layers, each knowing only the ones below it:
//!
//! - the driver: [`mod@netdev`] and [`mod@file`], the two sides of a [`mod@unit`], the
//!   [`mod@registry`] of unit numbers and the [`mod@knobs`]. No `unsafe`.
//! - safe abstractions over C that know nothing of BSD: [`net`], [`chardev`], [`deferred`],
//!   [`mod@sysctl`], [`mod@pid`].
//! - [`bsd`]: BSD's contract, in pure functions and types that know no kernel.

use crate::{
    bsd::name::UNIT_MAX,
    knobs::Knobs,
    net::{
        address::Notifier,
        link::Registration, //
    },
    netdev::Shared,
    registry::Registry,
    unit::Unit, //
};
use kernel::prelude::*;

#[doc(hidden)]
mod bindings;
#[deny(unsafe_code)]
mod bsd;
mod chardev;
mod deferred;
#[deny(unsafe_code)]
mod file;
#[deny(unsafe_code)]
mod knobs;
mod net;
#[deny(unsafe_code)]
mod netdev;
mod pid;
#[deny(unsafe_code)]
mod registry;
mod sysctl;
#[deny(unsafe_code)]
mod uapi;
#[deny(unsafe_code)]
mod unit;

module! {
    type: Bsdtun,
    name: "bsdtun",
    authors: ["The bsdtun developers"],
    description: "BSD tun(4) devices",
    license: "GPL",
    alias: ["rtnl-link-bsdtun"],
    params: {
        tun_units: u16 {
            default: 1,
            description: "Number of tun units made at load",
        },
    },
}

/// All that is undone at unload.
///
/// In this order: first what could still start something with a unit, then the units, then what they
/// use.
#[pin_data]
struct Bsdtun {
    #[pin]
    addresses: Notifier<Unit>,
    #[pin]
    tun: Registration<Unit>,
    _files: knobs::Files,
}

impl kernel::InPlaceModule for Bsdtun {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let units = units_at_load();
        let knobs = Knobs::new();
        try_pin_init!(Self {
            // Before anything is registered: from then on the load must not fail. The kernel frees a
            // module whose `init` fails even if somebody has a node of it open.
            _: { units?; },
            _files: knobs::Files::new(knobs.clone()?)?,
            tun <- Registration::new(Shared {
                registry: Registry::new()?,
                knobs: knobs?,
            }),
            addresses <- Notifier::new(&tun),
        }? Error)
        .pin_chain(move |this| {
            for number in 0..units.unwrap_or(0) {
                if let Err(e) = netdev::node_name(number).and_then(|name| this.tun.add(&name)) {
                    pr_err!("unit {}: not made: {:?}\n", number, e);
                }
            }
            Ok(())
        })
    }
}

/// How many units there are to be after the load.
fn units_at_load() -> Result<u16> {
    let units = module_parameters::tun_units.value();
    if units > UNIT_MAX + 1 {
        pr_err!(
            "tun_units: {} is too many, the limit is {}\n",
            units,
            UNIT_MAX + 1
        );
        return Err(EINVAL);
    }
    Ok(units)
}
