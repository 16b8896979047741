// SPDX-License-Identifier: GPL-2.0

//! The lock of the network configuration (RTNL).
//!
//! C header: [`include/linux/rtnetlink.h`](srctree/include/linux/rtnetlink.h)

use crate::c::bindings;
use core::ops::Deref;
use kernel::types::NotThreadSafe;

/// Proof that the current task holds RTNL.
///
/// # Invariants
///
/// RTNL is held by the current task for as long as a reference to this type lives.
pub(crate) struct Rtnl(NotThreadSafe);

impl Rtnl {
    /// Vouches for a lock that C code took.
    ///
    /// # Safety
    ///
    /// The current task must hold RTNL for the whole of `'a`.
    pub(crate) unsafe fn assume_held<'a>() -> &'a Rtnl {
        const HELD: &Rtnl = &Rtnl(NotThreadSafe);
        HELD
    }
}

/// RTNL, held until dropped.
///
/// Dropping it finishes the removal of all devices that were unregistered meanwhile: it sleeps, and
/// runs their [`NetdevOps::priv_destructor`] on this thread, with RTNL released.
///
/// [`NetdevOps::priv_destructor`]: crate::linux::net::device::NetdevOps::priv_destructor
pub(crate) struct Guard(Rtnl);

/// Takes RTNL.
///
/// Process context; sleeps. What may be held meanwhile is in `Documentation/locking.rst`.
pub(crate) fn lock() -> Guard {
    // SAFETY: `rtnl_lock` has no precondition but a context that may sleep.
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
        // SAFETY: By the type invariant of `Rtnl` this task holds the lock, and no reference to the
        // token outlives the guard.
        unsafe { bindings::rtnl_unlock() };
    }
}
