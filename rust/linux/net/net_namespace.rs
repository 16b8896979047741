// SPDX-License-Identifier: GPL-2.0

//! Network namespaces: `struct net`.
//!
//! C header: [`include/net/net_namespace.h`](srctree/include/net/net_namespace.h)

use crate::{
    c::bindings,
    linux::user_namespace::UserNamespace, //
};
use core::ptr::NonNull;
use kernel::prelude::*;

/// A reference to a network namespace.
///
/// # Invariants
///
/// `ptr` points to a valid `struct net`, and this value owns a reference to it.
pub(crate) struct Net {
    ptr: NonNull<bindings::net>,
}

// SAFETY: A namespace is reference counted, and belongs to no thread.
unsafe impl Send for Net {}
// SAFETY: As above; the fields that are read here do not change.
unsafe impl Sync for Net {}

impl Net {
    /// The network namespace of the current task. Process context.
    pub(crate) fn current() -> Option<Self> {
        // SAFETY: A task that runs this code has its namespaces.
        let ptr = unsafe { bindings::bsdtun_get_current_net() };
        // INVARIANT: The reference was just taken.
        Some(Self {
            ptr: NonNull::new(ptr)?,
        })
    }

    /// Takes a reference; `None` if the namespace is being removed.
    ///
    /// # Safety
    ///
    /// `ptr` must point to a `struct net` that is valid during the call.
    pub(super) unsafe fn from_raw(ptr: *mut bindings::net) -> Option<Self> {
        // SAFETY: By the safety requirement.
        let ptr = unsafe { bindings::bsdtun_maybe_get_net(ptr) };
        // INVARIANT: The reference was just taken.
        Some(Self {
            ptr: NonNull::new(ptr)?,
        })
    }

    /// The C structure, valid while this value lives.
    pub(super) fn as_raw(&self) -> *mut bindings::net {
        self.ptr.as_ptr()
    }

    /// The user namespace that owns this network namespace. Any context.
    pub(crate) fn user_ns(&self) -> UserNamespace {
        // SAFETY: Valid by the type invariant; the owner does not change.
        let user_ns = unsafe { (*self.as_raw()).user_ns };
        // SAFETY: A network namespace holds its user namespace.
        unsafe { UserNamespace::from_raw(user_ns) }
    }

    /// Whether the current task has `CAP_NET_ADMIN` in the user namespace that owns this network
    /// namespace. Process context.
    pub(crate) fn ns_capable_net_admin(&self) -> bool {
        // SAFETY: Valid by the type invariant.
        unsafe { ns_capable_net_admin(self.as_raw()) }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        // SAFETY: By the type invariant this value owns a reference, which ends here.
        unsafe { bindings::bsdtun_put_net(self.ptr.as_ptr()) };
    }
}

/// Whether the current task has `CAP_NET_ADMIN` in the initial user namespace. Process context.
pub(crate) fn capable_net_admin() -> bool {
    // SAFETY: Process context.
    unsafe { bindings::capable(bindings::CAP_NET_ADMIN as c_int) }
}

/// As [`capable_net_admin`], for a decision that refuses nothing: it is not audited. Process
/// context.
pub(crate) fn capable_net_admin_noaudit() -> bool {
    // SAFETY: Process context, and the initial user namespace always exists.
    unsafe {
        bindings::ns_capable_noaudit(
            &raw mut bindings::init_user_ns,
            bindings::CAP_NET_ADMIN as c_int,
        )
    }
}

/// Implements [`Net::ns_capable_net_admin`].
///
/// # Safety
///
/// `net` must point to a `struct net` that is valid during the call.
pub(super) unsafe fn ns_capable_net_admin(net: *mut bindings::net) -> bool {
    // SAFETY: By the safety requirement; a network namespace holds its user namespace.
    let user_ns = unsafe { (*net).user_ns };
    // SAFETY: As above.
    unsafe { bindings::ns_capable(user_ns, bindings::CAP_NET_ADMIN as c_int) }
}
