// SPDX-License-Identifier: GPL-2.0

//! Cloners: nodes whose opening gives a unit, a new one if need be.

use crate::{
    chardev::{
        Node,
        Open, //
    },
    file::{
        open_unit,
        UnitFile, //
    },
    net::{
        device::Port,
        link::Registration,
        namespace::Namespace, //
    },
    netdev::{
        Flavour,
        Interface, //
    },
    registry::Place,
    unit::Unit, //
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

impl<F: Flavour> Cloner<F> {
    /// Makes the node.
    ///
    /// # Errors
    ///
    /// Those of [`Node::new`].
    pub(crate) fn node(link: Arc<Registration<Interface<F>>>) -> Result<Node<Self>> {
        let file_name = link.context().knobs.names().cloner(F::KIND)?;
        Node::new(F::NAME, file_name.as_c_str(), link)
    }
}

impl<F: Flavour> Open for Cloner<F> {
    type Data = Registration<Interface<F>>;

    type File = UnitFile;

    /// The lowest of the units that a cloner has made here and that nobody has open; else a new one.
    ///
    /// `ENOENT` if cloning is switched off, `EPERM` if the process may not, `ENOSPC` without a free
    /// number.
    fn open(link: &Arc<Registration<Interface<F>>>, _file: &File) -> Result<Arc<Port<Unit>>> {
        let shared = link.context();
        if !shared.knobs.devfs_cloning(F::KIND) {
            return Err(ENOENT);
        }
        let here = Namespace::current().ok_or(ENXIO)?;
        if !(shared.knobs.may_open(F::KIND) || here.admin_capable()) {
            return Err(EPERM);
        }
        // `misc_mtx` keeps everybody else from opening what is found.
        while let Some(port) = shared.registry.find_cloned(|port| {
            let rcu = rcu::read_lock();
            port.device_rcu(&rcu)
                .is_some_and(|dev| dev.is_in(&here, &rcu) && port.is_free())
        }) {
            match open_unit(&port) {
                // Its interface has gone since.
                Err(ENXIO) => (),
                Err(e) => return Err(e),
                Ok(()) => return Ok(port),
            }
        }

        let place = Place::new()?;
        let port = link.add_in(&here, &shared.knobs.names().template(F::KIND)?)?;
        shared.registry.add_cloned(place, port.clone());
        open_unit(&port)?;
        Ok(port)
    }
}
