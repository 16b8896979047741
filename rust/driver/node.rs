// SPDX-License-Identifier: GPL-2.0

//! The node of a unit, from the creation of the unit to the removal of its interface.
//!
//! `misc_mtx`, which creating and removing a misc device takes, comes before RTNL in the lock
//! order. So the node cannot be created or removed together with the interface, which comes and
//! goes under RTNL: both happen later, and independently. [`Node`] serializes them.

use crate::driver::{
    node_device::NodeDevice,
    registry::{
        NodeReservation,
        Reservation,
        UnitId, //
    }, //
};
use core::mem;
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

/// The node of a unit, which may not exist yet or any more, with the unit's number.
///
/// The number is freed only after the node is gone or retired, so that a new unit with the same
/// number can create its node.
#[pin_data]
pub(crate) struct Node<T> {
    /// `misc_mtx` nests in it; RTNL must not be held.
    #[pin]
    state: Mutex<NodeState<T>>,
}

/// The states of a node, in their order.
enum NodeState<T> {
    /// Not created yet, or the unit has no node.
    Absent(UnitId<T>),
    /// Registered.
    Present {
        device: NodeDevice<T>,
        /// Memory to retire the node, which must not fail.
        reservation: NodeReservation<T>,
        id: UnitId<T>,
    },
    /// Removed or retired, or never created because the interface was removed first.
    Gone,
}

impl<T> Node<T> {
    /// Prepares the node of a unit with this number. It is not created yet.
    pub(crate) fn new(id: UnitId<T>) -> impl PinInit<Self> {
        pin_init!(Self {
            state <- new_mutex!(NodeState::Absent(id), "Node::state"),
        })
    }

    /// Creates the node of `unit`: takes over the retired node of its number, if there is one, and
    /// otherwise calls `register`. Does nothing if the node was removed already, or exists. Process
    /// context, with no lock held.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, or the error of `register`; then the node can be created later.
    pub(crate) fn create(
        &self,
        unit: &Arc<T>,
        register: impl FnOnce(Arc<T>) -> Result<NodeDevice<T>>,
    ) -> Result {
        let reservation = NodeReservation::new()?;
        let mut state = self.state.lock();
        *state = match mem::replace(&mut *state, NodeState::Gone) {
            NodeState::Absent(id) => {
                let device = match id.unretire() {
                    Some(device) => {
                        device.take_over(unit.clone());
                        Ok(device)
                    }
                    None => register(unit.clone()),
                };
                match device {
                    Ok(device) => NodeState::Present {
                        device,
                        reservation,
                        id,
                    },
                    Err(e) => {
                        *state = NodeState::Absent(id);
                        return Err(e);
                    }
                }
            }
            other => other,
        };
        Ok(())
    }

    /// Lets the cloner give `unit`, which has no node. `is_gone` returns whether its interface is
    /// gone. Process context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn offer_to_cloner(
        &self,
        unit: &Arc<T>,
        is_gone: impl FnOnce(&T) -> bool,
    ) -> Result {
        let reservation = Reservation::new()?;
        if let NodeState::Absent(id) = &*self.state.lock() {
            id.add_cloned(reservation, unit.clone(), is_gone);
        }
        Ok(())
    }

    /// Removes the node for good, and then frees the number. With `retire` the node stays
    /// registered for the next unit with the same number, see [`NodeDevice`]. Process context, with
    /// no lock held that is taken under `misc_mtx`.
    pub(crate) fn remove(&self, retire: bool) {
        let state = mem::replace(&mut *self.state.lock(), NodeState::Gone);
        // After the mutex: no one waits for it while this waits for `misc_mtx`.
        if let NodeState::Present {
            device,
            reservation,
            id,
        } = state
        {
            if retire || id.is_closing() {
                device.retire();
                id.retire(reservation, device);
            } else {
                drop(device);
            }
            drop(id);
        }
    }
}
