// SPDX-License-Identifier: GPL-2.0

//! bsdtun: BSD's tun(4), tap(4) and vmnet for Linux.
//!
//! Three layers, each knowing only the ones below it:
//!
//! - the driver: [`mod@netdev`] and [`mod@file`], the two sides of a [`mod@unit`], the
//!   packets that get lost between them ([`mod@loss`]), the [`mod@cloner`], the [`mod@registry`] of
//!   unit numbers and the [`mod@knobs`]. No `unsafe`.
//! - safe abstractions over C that know nothing of BSD: [`net`], [`chardev`], [`deferred`],
//!   [`mod@sysctl`], [`mod@pid`].
//! - [`bsd`]: BSD's contract, in pure functions and types that know no kernel.

use crate::{
    bsd::name::UNIT_MAX,
    chardev::Node,
    cloner::Cloner,
    knobs::{
        Knobs,
        Names, //
    },
    net::{
        address::Notifier,
        link::Registration, //
    },
    netdev::{
        Flavour,
        Interface,
        Shared,
        Tap,
        Tun,
        Vmnet, //
    },
    registry::Registry, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

#[doc(hidden)]
mod bindings;
#[deny(unsafe_code)]
mod bsd;
mod cache_line;
mod chardev;
#[deny(unsafe_code)]
mod cloner;
mod deferred;
#[deny(unsafe_code)]
mod file;
#[deny(unsafe_code)]
mod knobs;
#[deny(unsafe_code)]
mod loss;
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
    description: "BSD tun(4), tap(4) and vmnet devices",
    license: "GPL",
    alias: ["rtnl-link-bsdtun", "rtnl-link-bsdtap", "rtnl-link-bsdvmnet"],
    params: {
        tun_units: u16 {
            default: 1,
            description: "Number of tun units made at load",
        },
        tap_units: u16 {
            default: 1,
            description: "Number of tap units made at load",
        },
        vmnet_units: u16 {
            default: 0,
            description: "Number of vmnet units made at load",
        },
        bsd_names: u8 {
            default: 0,
            description: "1: call nodes and interfaces tun, tap and vmnet, as on BSD",
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
    addresses: Notifier<Interface<Tun>>,
    kinds: Kinds,
}

/// What is registered for each kind.
struct Kinds {
    tun: Units<Tun>,
    tap: Units<Tap>,
    vmnet: Units<Vmnet>,
    _files: knobs::Files,
}

/// A kind's cloner and units.
struct Units<F: Flavour> {
    cloner: Option<Node<Cloner<F>>>,
    link: Arc<Registration<Interface<F>>>,
    at_load: u16,
}

impl kernel::InPlaceModule for Bsdtun {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let kinds = Kinds::new();
        try_pin_init!(Self {
            kinds: kinds?,
            addresses <- Notifier::new(&kinds.tun.link),
        }? Error)
    }
}

impl Kinds {
    fn new() -> Result<Self> {
        let knobs = Knobs::new(Names::new(module_parameters::bsd_names.value() != 0))?;
        let mut kinds = Self {
            tun: Units::new(&knobs, module_parameters::tun_units.value())?,
            tap: Units::new(&knobs, module_parameters::tap_units.value())?,
            vmnet: Units::new(&knobs, module_parameters::vmnet_units.value())?,
            _files: knobs::Files::new(knobs)?,
        };
        // From the first success on the load must not fail: the kernel frees a module whose `init`
        // fails even if somebody has a node of it open.
        kinds.tun.link.register()?;
        kinds.tun.start();
        kinds.tap.register_and_start();
        kinds.vmnet.register_and_start();
        Ok(kinds)
    }
}

impl<F: Flavour> Units<F> {
    /// Gets ready. Nothing is to be seen yet.
    fn new(knobs: &Arc<Knobs>, at_load: u16) -> Result<Self> {
        if at_load > UNIT_MAX + 1 {
            pr_err!(
                "{}_units: {} is too many, the limit is {}\n",
                F::KIND.bsd_name(),
                at_load,
                UNIT_MAX + 1
            );
            return Err(EINVAL);
        }
        Ok(Self {
            cloner: None,
            link: Registration::new(Shared {
                registry: Registry::new()?,
                knobs: knobs.clone(),
            })?,
            at_load,
        })
    }

    fn register_and_start(&mut self) {
        match self.link.register() {
            Ok(()) => self.start(),
            Err(e) => pr_err!("{}: not registered: {:?}\n", F::KIND.name(), e),
        }
    }

    /// Makes the nodes.
    fn start(&mut self) {
        let template = self.link.context().knobs.names().template(F::KIND);
        for number in 0..self.at_load {
            if let Err(e) = template.and_then(|name| self.link.add(&name)) {
                pr_err!("{}: unit {}: not made: {:?}\n", F::KIND.name(), number, e);
            }
        }
        self.cloner = Cloner::node(self.link.clone())
            .inspect_err(|e| pr_err!("{}: no cloner: {:?}\n", F::KIND.name(), e))
            .ok();
    }
}
