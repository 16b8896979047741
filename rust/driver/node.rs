// SPDX-License-Identifier: GPL-2.0

//! The node of a unit, from the creation of the unit to the removal of its interface.
//!
//! `misc_mtx`, which creating and removing a misc device takes, comes before RTNL in the lock
//! order. So the node cannot be created or removed together with the interface, which comes and
//! goes under RTNL: both happen later, and independently. [`Node`] serializes them.

use crate::{
    driver::registry::UnitId,
    linux::miscdevice::MiscDevice, //
};
use core::mem;
use kernel::{
    new_mutex,
    prelude::*,
    sync::Mutex, //
};

/// The node of a unit, which may not exist yet or any more, with the unit's number.
///
/// The number is freed only after the node is gone, so that a new unit with the same number can
/// create its node.
#[pin_data]
pub(crate) struct Node<T> {
    /// `misc_mtx` nests in it; RTNL must not be held.
    #[pin]
    state: Mutex<NodeState<T>>,
}

/// The states of a node, in their order.
enum NodeState<T> {
    /// Not created yet.
    Absent(UnitId<T>),
    /// Registered. Dropping it drops the fields in this order: node, then number.
    Present { _device: MiscDevice, _id: UnitId<T> },
    /// Removed, or never created because the interface was removed first.
    Gone,
}

impl<T> Node<T> {
    /// Prepares the node of a unit with this number. It is not created yet.
    pub(crate) fn new(id: UnitId<T>) -> impl PinInit<Self> {
        pin_init!(Self {
            state <- new_mutex!(NodeState::Absent(id), "Node::state"),
        })
    }

    /// Creates the node by calling `register`; does nothing if the node was removed already, or
    /// exists. Process context, with no lock held.
    ///
    /// # Errors
    ///
    /// Those of `register`; then the node can be created later.
    pub(crate) fn create(&self, register: impl FnOnce() -> Result<MiscDevice>) -> Result {
        let mut state = self.state.lock();
        *state = match mem::replace(&mut *state, NodeState::Gone) {
            NodeState::Absent(id) => match register() {
                Ok(device) => NodeState::Present {
                    _device: device,
                    _id: id,
                },
                Err(e) => {
                    *state = NodeState::Absent(id);
                    return Err(e);
                }
            },
            other => other,
        };
        Ok(())
    }

    /// Removes the node for good, and frees the number. Process context, with no lock held.
    pub(crate) fn remove(&self) {
        let state = mem::replace(&mut *self.state.lock(), NodeState::Gone);
        // Dropped here, after the mutex: no one waits for it while this waits for `misc_mtx`.
        drop(state);
    }
}
