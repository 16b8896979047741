// SPDX-License-Identifier: GPL-2.0

//! A registered node, which can outlive its unit.
//!
//! A container may hold a copy of a node, made by `mknod`, and permission of the device cgroup for
//! its minor number. If the minor number became free, the misc core would give it to the next misc
//! driver that is loaded, whose device the container could then open. So a node is deregistered
//! only if the host's administrator removes its unit. Otherwise it is *retired*: it stays
//! registered, and an open fails with `ENXIO`, until a new unit with the same number takes it over.

use crate::linux::miscdevice::{
    MiscDevice,
    MiscOpen, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

/// A registered node. Dropping it removes the node and frees its minor number: process context,
/// with no lock held that is taken under `misc_mtx`.
pub(crate) struct NodeDevice<T> {
    _device: MiscDevice,
    target: Arc<NodeTarget<T>>,
}

/// The unit that a node opens, of type `T`.
#[pin_data]
pub(crate) struct NodeTarget<T> {
    /// `None` while the node is retired. Nests in `misc_mtx`.
    #[pin]
    unit: Mutex<Option<Arc<T>>>,
}

impl<T: Send + Sync + 'static> NodeDevice<T> {
    /// Registers a node that opens `unit` with `O`. See [`MiscDevice::new`] for names and context.
    ///
    /// # Errors
    ///
    /// Those of [`MiscDevice::new`].
    pub(crate) fn new<O: MiscOpen<Data = NodeTarget<T>>>(
        name: &CStr,
        node_name: &CStr,
        unit: Arc<T>,
    ) -> Result<Self> {
        let target = Arc::pin_init(
            pin_init!(NodeTarget {
                unit <- new_mutex!(Some(unit), "NodeTarget::unit"),
            }),
            GFP_KERNEL_ACCOUNT,
        )?;
        Ok(Self {
            _device: MiscDevice::new::<O>(name, node_name, target.clone())?,
            target,
        })
    }
}

impl<T> NodeDevice<T> {
    /// Makes opens fail with `ENXIO` from now on. Process context.
    pub(crate) fn retire(&self) {
        let unit = self.target.unit.lock().take();
        // Dropped here, after the mutex.
        drop(unit);
    }

    /// Makes a retired node open `unit` from now on. Process context.
    pub(crate) fn take_over(&self, unit: Arc<T>) {
        let old = self.target.unit.lock().replace(unit);
        // Dropped here, after the mutex.
        drop(old);
    }
}

impl<T> NodeTarget<T> {
    /// The unit to open; `None` if the node is retired. Process context.
    pub(crate) fn unit(&self) -> Option<Arc<T>> {
        self.unit.lock().clone()
    }
}
