// SPDX-License-Identifier: GPL-2.0

//! bsdtun: BSD's tun(4), tap(4) and vmnet for Linux.
//!
//! This file is the module: its parameters, load and unload. The layers, each of which uses only
//! those below it:
//!
//! - [`driver`]: the driver. No `unsafe`.
//! - [`trace`]: the driver's tracepoints.
//! - [`linux`]: safe abstractions over the kernel's C API. They know nothing of BSD.
//! - `c`: bindings and helpers.
//!
//! [`bsd`] is BSD's contract: pure functions and types that need no kernel. [`uapi`] checks it
//! against the headers that programs include.

use crate::{
    bsd::name::UNIT_MAX,
    driver::{
        cloner::Cloner,
        quota::Quota,
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
        tun_units: i64 {
            default: 1,
            description: "Number of tun units created at load",
        },
        tap_units: i64 {
            default: 1,
            description: "Number of tap units created at load",
        },
        vmnet_units: i64 {
            default: 0,
            description: "Number of vmnet units created at load",
        },
        bsd_names: bool {
            default: false,
            description: "1: name nodes and interfaces tun, tap and vmnet, as on BSD",
        },
    },
}

/// Everything that unload undoes.
///
/// The fields are dropped in this order: first the notifiers, which could still queue work for a
/// unit, then the units, and last what the units use.
#[pin_data]
struct Bsdtun {
    #[pin]
    tun_addresses: Notifier<Interface<Tun>>,
    #[pin]
    tap_addresses: Notifier<Interface<Tap>>,
    #[pin]
    vmnet_addresses: Notifier<Interface<Vmnet>>,
    drivers: Drivers,
}

/// The driver of each variant, and what they share.
struct Drivers {
    tun: VariantDriver<Tun>,
    tap: VariantDriver<Tap>,
    vmnet: VariantDriver<Vmnet>,
    _sysctls: settings::Sysctls,
}

/// The cloner and the link kind of one variant. Dropping it removes all units of the kind.
struct VariantDriver<V: Variant> {
    /// `None` if it could not be created. Dropped first, since it could make another unit.
    cloner: Option<MiscDevice>,
    link: Arc<Registration<Interface<V>>>,
    /// Number of units to create at load.
    units_at_load: u16,
}

impl kernel::InPlaceModule for Bsdtun {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let drivers = Drivers::new();
        try_pin_init!(Self {
            drivers: drivers?,
            tun_addresses <- Notifier::new(drivers.tun.link.clone()),
            tap_addresses <- Notifier::new(drivers.tap.link.clone()),
            vmnet_addresses <- Notifier::new(drivers.vmnet.link.clone()),
        }? Error)
    }
}

impl Drivers {
    fn new() -> Result<Self> {
        let settings = Settings::new(Names::new(module_parameters::bsd_names.value()))?;
        let quota = Quota::new()?;
        let mut drivers = Self {
            tun: VariantDriver::new(&settings, &quota, module_parameters::tun_units.value())?,
            tap: VariantDriver::new(&settings, &quota, module_parameters::tap_units.value())?,
            vmnet: VariantDriver::new(&settings, &quota, module_parameters::vmnet_units.value())?,
            _sysctls: settings::Sysctls::new(settings)?,
        };
        // Load must not fail after the first registration has succeeded: the kernel frees a module
        // whose `init` fails even if a program has one of its nodes open. From here on, errors are
        // only logged.
        drivers.tun.link.register()?;
        drivers.tun.start();
        drivers.tap.register_and_start();
        drivers.vmnet.register_and_start();
        Ok(drivers)
    }
}

impl<V: Variant> VariantDriver<V> {
    /// Allocates what the variant needs. Nothing is registered yet.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `units_at_load` is out of range, `ENOMEM`.
    fn new(settings: &Arc<Settings>, quota: &Arc<Quota>, units_at_load: i64) -> Result<Self> {
        const UNITS_MAX: u16 = UNIT_MAX + 1;

        let units = u16::try_from(units_at_load).ok();
        let Some(units_at_load) = units.filter(|&units| units <= UNITS_MAX) else {
            pr_err!(
                "{}_units: {} is too {}, the limit is {}\n",
                V::KIND.bsd_name(),
                units_at_load,
                if units_at_load < 0 { "few" } else { "many" },
                UNITS_MAX
            );
            return Err(EINVAL);
        };
        Ok(Self {
            cloner: None,
            link: Registration::new(LinkContext {
                registry: Registry::new()?,
                quota: quota.clone(),
                settings: settings.clone(),
            })?,
            units_at_load,
        })
    }

    fn register_and_start(&mut self) {
        match self.link.register() {
            Ok(()) => self.start(),
            Err(e) => pr_err!(
                "{}: cannot register the link kind: {:?}\n",
                V::KIND.name(),
                e
            ),
        }
    }

    /// Creates the units and the cloner, after the link kind was registered.
    fn start(&mut self) {
        let template = self.link.context().settings.names().template(V::KIND);
        for number in 0..self.units_at_load {
            if let Err(e) = template.and_then(|name| self.link.add(&name)) {
                pr_err!(
                    "{}: cannot create unit {}: {:?}\n",
                    V::KIND.name(),
                    number,
                    e
                );
            }
        }
        self.cloner = Cloner::new_node(self.link.clone())
            .inspect_err(|e| pr_err!("{}: cannot create the cloner: {:?}\n", V::KIND.name(), e))
            .ok();
    }
}

impl<V: Variant> Drop for VariantDriver<V> {
    fn drop(&mut self) {
        self.link.context().registry.close();
    }
}
