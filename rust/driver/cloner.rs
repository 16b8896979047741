// SPDX-License-Identifier: GPL-2.0

//! Cloners: nodes such as `/dev/bsdtun`, each open of which opens a unit of its own.

use crate::{
    driver::{
        file::UnitFile,
        fresh::make_fresh,
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
            MiscOpen, //
        },
        net::{
            net_namespace::Net,
            private::Private,
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

/// The cloner of a variant.
pub(crate) struct Cloner<V>(PhantomData<V>);

impl<V: Variant> Cloner<V> {
    /// Creates the node of the cloner, which makes units of `link`. Process context.
    ///
    /// # Errors
    ///
    /// Those of [`MiscDevice::new`].
    pub(crate) fn new_node(link: Arc<Registration<Interface<V>>>) -> Result<MiscDevice> {
        let file_name = link.context().settings.names().cloner(V::KIND)?;
        MiscDevice::new::<Self>(V::NAME, file_name.as_c_str(), link)
    }
}

impl<V: Variant> MiscOpen for Cloner<V> {
    type Data = Registration<Interface<V>>;

    type File = UnitFile;

    /// Opens the closed unit with the lowest number among those that a cloner has made and whose
    /// interface is in the caller's network namespace, as new; if there is none, a new unit with
    /// the lowest free number. The node of a new unit exists when the system call returns.
    ///
    /// Units that a user namespace other than the initial one owns have no node: all of them are
    /// opened here, also those that rtnetlink has made.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the sysctl `devfs_cloning` is 0, `EPERM` if the caller lacks `CAP_NET_ADMIN` in
    /// the user namespace that owns its network namespace (see [`open_unit`] for the exception),
    /// `ENOSPC` if no number is free or the user namespace owns as many units as it may, `ENOMEM`,
    /// `ENFILE`.
    fn open(link: &Arc<Registration<Interface<V>>>, _file: &File) -> Result<Arc<Private<Unit>>> {
        let context = link.context();
        if !context.settings.devfs_cloning(V::KIND) {
            return Err(ENOENT);
        }
        let net = Net::current().ok_or(ENXIO)?;
        if !(context.settings.user_open(V::KIND) || net.ns_capable_net_admin()) {
            return Err(EPERM);
        }
        // `misc_mtx` is held, so that no one else opens the unit that is found.
        while let Some(unit) = context.registry.find_cloned(|unit| {
            let rcu = rcu::read_lock();
            unit.device_rcu(&rcu)
                .is_some_and(|dev| dev.is_in_net(&net, &rcu) && unit.queue().is_free())
        }) {
            make_fresh(&unit);
            match open_unit(&unit) {
                // Its interface has been removed since: look again.
                Err(ENXIO) => (),
                Err(e) => return Err(e),
                Ok(()) => return Ok(unit),
            }
        }

        let reservation = Reservation::new()?;
        let unit = link.add_in(&net, &context.settings.names().template(V::KIND)?)?;
        context
            .registry
            .add_cloned(reservation, unit.number(), unit.clone(), |unit| {
                unit.queue().is_revoked()
            });
        open_unit(&unit)?;
        Ok(unit)
    }
}
