// SPDX-License-Identifier: GPL-2.0

//! How many units the user namespaces of containers may own.
//!
//! Any user can create a user namespace and be root in it. A unit costs memory and one of the
//! 32,768 numbers of its kind, so that the host limits both.

use crate::{
    bsd::{
        kind::Kind,
        name::UNIT_MAX, //
    },
    linux::user_namespace::UserNamespace, //
};
use kernel::{
    new_mutex,
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNode, //
    },
    sync::{
        Arc,
        Mutex, //
    }, //
};

/// Units of one kind that all user namespaces but the initial one own together: half of the
/// numbers, so that they cannot exhaust those of the host.
const USER_UNITS_MAX: usize = (UNIT_MAX as usize + 1) / 2;

/// The units that user namespaces other than the initial one own.
#[pin_data]
pub(crate) struct Quota {
    /// Nests in RTNL.
    #[pin]
    usage: Mutex<Usage>,
}

/// What [`Quota`] counts.
struct Usage {
    /// By [`UserNamespace::id`]. An entry is removed with the last unit.
    owners: RBTree<usize, Owner>,
    /// By [`Kind`].
    totals: [usize; Kind::COUNT],
}

/// A user namespace that owns units.
struct Owner {
    /// Keeps the number unique.
    _user_ns: UserNamespace,
    units: usize,
}

/// One unit of a user namespace, until it is dropped.
pub(crate) struct Charge {
    quota: Arc<Quota>,
    owner: usize,
    kind: Kind,
}

impl Quota {
    /// Creates a quota of which nothing is used.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let usage = Usage {
            owners: RBTree::new(),
            totals: [0; Kind::COUNT],
        };
        Arc::pin_init(
            pin_init!(Self {
                usage <- new_mutex!(usage, "Quota::usage"),
            }),
            GFP_KERNEL,
        )
    }

    /// Charges one unit of `kind` to a user namespace, which may own `limit` units of all kinds.
    /// Process context.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if the namespace, or all of them together, own as many as they may; `ENOMEM`.
    pub(crate) fn charge(
        self: &Arc<Self>,
        user_ns: UserNamespace,
        kind: Kind,
        limit: usize,
    ) -> Result<Charge> {
        let owner = user_ns.id();
        // Before the mutex, and dropped after it if the namespace has an entry already.
        let mut new = Some(RBTreeNode::new(
            owner,
            Owner {
                _user_ns: user_ns,
                units: 1,
            },
            GFP_KERNEL_ACCOUNT,
        )?);
        let mut usage = self.usage.lock();
        if usage.totals[kind as usize] >= USER_UNITS_MAX {
            return Err(ENOSPC);
        }
        match usage.owners.get_mut(&owner) {
            Some(entry) if entry.units >= limit => return Err(ENOSPC),
            Some(entry) => entry.units += 1,
            None if limit == 0 => return Err(ENOSPC),
            None => {
                if let Some(new) = new.take() {
                    usage.owners.insert(new);
                }
            }
        }
        usage.totals[kind as usize] += 1;
        Ok(Charge {
            quota: self.clone(),
            owner,
            kind,
        })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut usage = self.quota.usage.lock();
        usage.totals[self.kind as usize] -= 1;
        let last = usage.owners.get_mut(&self.owner).is_some_and(|entry| {
            entry.units -= 1;
            entry.units == 0
        });
        let old = if last {
            usage.owners.remove(&self.owner)
        } else {
            None
        };
        drop(usage);
        // Dropped here, after the mutex.
        drop(old);
    }
}
