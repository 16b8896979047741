// SPDX-License-Identifier: GPL-2.0

//! bsdtun: BSD's tun(4), tap(4) and vmnet for Linux.
//!
//! Layers, each using only those below it:
//!
//! - [`driver`]: the driver. No `unsafe`.
//! - [`trace`]: the driver's tracepoints.
//! - [`linux`]: safe abstractions over the kernel's C. They know nothing of BSD.
//! - `c`: bindings and helpers.
//!
//! [`bsd`] is BSD's contract in pure functions and types that know no kernel; [`uapi`] checks it
//! against the headers that programs include.

use crate::{
    bsd::name::UNIT_MAX,
    driver::{
        cloner::Cloner,
        registry::Registry,
        rtnl_link::LinkContext,
        settings::{
            self,
            Names,
            Settings, //
        },
        variant::{
            Interface,
            Tap,
            Tun,
            Variant,
            Vmnet, //
        }, //
    },
    linux::{
        miscdevice::MiscDevice,
        net::{
            inetaddr::Notifier,
            rtnl_link::Registration, //
        }, //
    }, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

#[deny(unsafe_code)]
mod bsd;
mod c;
#[deny(unsafe_code)]
mod driver;
mod linux;
mod trace;
#[deny(unsafe_code)]
mod uapi;

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
    drivers: Drivers,
}

/// What is registered for each kind.
struct Drivers {
    tun: VariantDriver<Tun>,
    tap: VariantDriver<Tap>,
    vmnet: VariantDriver<Vmnet>,
    _sysctls: settings::Sysctls,
}

/// A kind's cloner and units.
struct VariantDriver<V: Variant> {
    cloner: Option<MiscDevice>,
    link: Arc<Registration<Interface<V>>>,
    at_load: u16,
}

impl kernel::InPlaceModule for Bsdtun {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let drivers = Drivers::new();
        try_pin_init!(Self {
            drivers: drivers?,
            addresses <- Notifier::new(&drivers.tun.link),
        }? Error)
    }
}

impl Drivers {
    fn new() -> Result<Self> {
        let settings = Settings::new(Names::new(module_parameters::bsd_names.value() != 0))?;
        let mut drivers = Self {
            tun: VariantDriver::new(&settings, module_parameters::tun_units.value())?,
            tap: VariantDriver::new(&settings, module_parameters::tap_units.value())?,
            vmnet: VariantDriver::new(&settings, module_parameters::vmnet_units.value())?,
            _sysctls: settings::Sysctls::new(settings)?,
        };
        // From the first success on the load must not fail: the kernel frees a module whose `init`
        // fails even if somebody has a node of it open.
        drivers.tun.link.register()?;
        drivers.tun.start();
        drivers.tap.register_and_start();
        drivers.vmnet.register_and_start();
        Ok(drivers)
    }
}

impl<V: Variant> VariantDriver<V> {
    /// Gets ready. Nothing is to be seen yet.
    fn new(settings: &Arc<Settings>, at_load: u16) -> Result<Self> {
        if at_load > UNIT_MAX + 1 {
            pr_err!(
                "{}_units: {} is too many, the limit is {}\n",
                V::KIND.bsd_name(),
                at_load,
                UNIT_MAX + 1
            );
            return Err(EINVAL);
        }
        Ok(Self {
            cloner: None,
            link: Registration::new(LinkContext {
                registry: Registry::new()?,
                settings: settings.clone(),
            })?,
            at_load,
        })
    }

    fn register_and_start(&mut self) {
        match self.link.register() {
            Ok(()) => self.start(),
            Err(e) => pr_err!("{}: not registered: {:?}\n", V::KIND.name(), e),
        }
    }

    /// Makes the nodes.
    fn start(&mut self) {
        let template = self.link.context().settings.names().template(V::KIND);
        for number in 0..self.at_load {
            if let Err(e) = template.and_then(|name| self.link.add(&name)) {
                pr_err!("{}: unit {}: not made: {:?}\n", V::KIND.name(), number, e);
            }
        }
        self.cloner = Cloner::new_node(self.link.clone())
            .inspect_err(|e| pr_err!("{}: no cloner: {:?}\n", V::KIND.name(), e))
            .ok();
    }
}
