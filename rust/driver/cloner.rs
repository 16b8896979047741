// SPDX-License-Identifier: GPL-2.0

//! Cloners: nodes whose opening gives a unit, a new one if need be.

use crate::{
    driver::{
        file::UnitFile,
        open::open_unit,
        registry::Reservation,
        unit::Unit,
        variant::{
            Interface,
            Variant, //
        }, //
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
pub(crate) struct Cloner<V>(PhantomData<V>);

impl<V: Variant> Cloner<V> {
    /// Makes the node.
    ///
    /// # Errors
    ///
    /// Those of [`MiscDevice::new`].
    pub(crate) fn node(link: Arc<Registration<Interface<V>>>) -> Result<MiscDevice<Self>> {
        let file_name = link.context().settings.names().cloner(V::KIND)?;
        MiscDevice::new(V::NAME, file_name.as_c_str(), link)
    }
}

impl<V: Variant> Open for Cloner<V> {
    type Data = Registration<Interface<V>>;

    type File = UnitFile;

    /// The lowest of the units that a cloner has made here and that nobody has open; else a new one.
    ///
    /// `ENOENT` if cloning is switched off, `EPERM` if the process may not, `ENOSPC` without a free
    /// number.
    fn open(link: &Arc<Registration<Interface<V>>>, _file: &File) -> Result<Arc<Private<Unit>>> {
        let shared = link.context();
        if !shared.settings.devfs_cloning(V::KIND) {
            return Err(ENOENT);
        }
        let here = Net::current().ok_or(ENXIO)?;
        if !(shared.settings.user_open(V::KIND) || here.ns_capable_net_admin()) {
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
        let unit = link.add_in(&here, &shared.settings.names().template(V::KIND)?)?;
        shared.registry.add_cloned(place, unit.clone());
        open_unit(&unit)?;
        Ok(unit)
    }
}
