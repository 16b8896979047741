// SPDX-License-Identifier: GPL-2.0

//! Cloners: nodes whose opening gives a unit, a new one if need be.

use crate::{
    driver::{
        file::UnitFile,
        netdev::{
            Interface,
            Variant, //
        },
        open::open_unit,
        registry::Reservation,
        unit::Unit, //
    },
    linux::{
        miscdevice::{
            MiscDevice,
            Open, //
        },
        net::{
            device::Private,
            net_namespace::Net,
            rtnl_link::Registration, //
        }, //
    }, //
};
use core::marker::PhantomData;
use kernel::{
    fs::File,
    prelude::*,
    sync::{
        rcu,
        Arc, //
    }, //
};

/// The cloner of a kind.
pub(crate) struct Cloner<F>(PhantomData<F>);

impl<F: Variant> Cloner<F> {
    /// Makes the node.
    ///
    /// # Errors
    ///
    /// Those of [`MiscDevice::new`].
    pub(crate) fn node(link: Arc<Registration<Interface<F>>>) -> Result<MiscDevice<Self>> {
        let file_name = link.context().settings.names().cloner(F::KIND)?;
        MiscDevice::new(F::NAME, file_name.as_c_str(), link)
    }
}

impl<F: Variant> Open for Cloner<F> {
    type Data = Registration<Interface<F>>;

    type File = UnitFile;

    /// The lowest of the units that a cloner has made here and that nobody has open; else a new one.
    ///
    /// `ENOENT` if cloning is switched off, `EPERM` if the process may not, `ENOSPC` without a free
    /// number.
    fn open(link: &Arc<Registration<Interface<F>>>, _file: &File) -> Result<Arc<Private<Unit>>> {
        let shared = link.context();
        if !shared.settings.devfs_cloning(F::KIND) {
            return Err(ENOENT);
        }
        let here = Net::current().ok_or(ENXIO)?;
        if !(shared.settings.user_open(F::KIND) || here.ns_capable_net_admin()) {
            return Err(EPERM);
        }
        // `misc_mtx` keeps everybody else from opening what is found.
        while let Some(unit) = shared.registry.find_cloned(|unit| {
            let rcu = rcu::read_lock();
            unit.device_rcu(&rcu)
                .is_some_and(|dev| dev.is_in(&here, &rcu) && unit.queue().is_free())
        }) {
            match open_unit(&unit) {
                // Its interface has gone since.
                Err(ENXIO) => (),
                Err(e) => return Err(e),
                Ok(()) => return Ok(unit),
            }
        }

        let place = Reservation::new()?;
        let unit = link.add_in(&here, &shared.settings.names().template(F::KIND)?)?;
        shared.registry.add_cloned(place, unit.clone());
        open_unit(&unit)?;
        Ok(unit)
    }
}
