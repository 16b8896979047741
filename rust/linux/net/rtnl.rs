// SPDX-License-Identifier: GPL-2.0

//! RTNL, the lock of the network configuration.
//!
//! C header: [`include/linux/rtnetlink.h`](srctree/include/linux/rtnetlink.h)

use crate::c::bindings;
use core::ops::Deref;
use kernel::types::NotThreadSafe;

/// Proof that the current task holds RTNL: functions that need the lock take a reference to it.
///
/// # Invariants
///
/// The current task holds RTNL for as long as a reference to this type lives.
pub(crate) struct Rtnl(NotThreadSafe);

impl Rtnl {
    /// Returns the proof in a callback for which C code has taken the lock, bound to a local value
    /// of the callback.
    ///
    /// # Safety
    ///
    /// The current task must hold RTNL as long as the borrow of `_scope`.
    pub(super) unsafe fn assume_held<T>(_scope: &T) -> &Rtnl {
        const HELD: &Rtnl = &Rtnl(NotThreadSafe);
        HELD
    }
}

/// Holds RTNL until it is dropped.
///
/// Dropping it completes the removal of all devices that were unregistered under it: it sleeps, and
/// runs [`NetdevOps::priv_destructor`] of each on the current thread, with RTNL released.
///
/// [`NetdevOps::priv_destructor`]: crate::linux::net::netdev_ops::NetdevOps::priv_destructor
#[must_use = "RTNL is released when the guard is dropped"]
pub(crate) struct Guard(Rtnl);

/// Takes RTNL. Process context; sleeps.
///
/// `Documentation/locking.rst` lists the locks that may be held at this point.
pub(crate) fn lock() -> Guard {
    // SAFETY: `rtnl_lock` only requires a context that may sleep.
    unsafe { bindings::rtnl_lock() };
    // INVARIANT: The lock was just taken.
    Guard(Rtnl(NotThreadSafe))
}

impl Deref for Guard {
    type Target = Rtnl;

    fn deref(&self) -> &Rtnl {
        &self.0
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // SAFETY: By the type invariant of `Rtnl` this task holds the lock. No reference to the
        // proof outlives the guard.
        unsafe { bindings::rtnl_unlock() };
    }
}
