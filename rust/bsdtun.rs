// SPDX-License-Identifier: GPL-2.0

//! bsdtun: BSD's tun(4) for Linux.
//!
//! Three layers, each knowing only the ones below it:
//!
//! - the driver: [`netdev`] and [`file`], the two sides of a [`unit`], and the [`registry`] of unit
//!   numbers. No `unsafe`.
//! - safe abstractions over C that know nothing of BSD: [`net`], [`chardev`], [`deferred`].
//! - [`bsd`]: BSD's contract, in pure functions and types that know no kernel.

use crate::{
    net::link::Registration,
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
mod net;
#[deny(unsafe_code)]
mod netdev;
#[deny(unsafe_code)]
mod registry;
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
#[pin_data]
struct Bsdtun {
    #[pin]
    tun: Registration<Unit>,
}

impl kernel::InPlaceModule for Bsdtun {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            tun <- Registration::new(Registry::new()?),
        }? Error)
        .pin_chain(|this| {
            for number in 0..module_parameters::tun_units.value() {
                this.tun.add(&netdev::node_name(number)?)?;
            }
            Ok(())
        })
    }
}
