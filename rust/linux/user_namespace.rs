// SPDX-License-Identifier: GPL-2.0

//! User namespaces: `struct user_namespace`.
//!
//! C header: [`include/linux/user_namespace.h`](srctree/include/linux/user_namespace.h)

use crate::c::bindings;
use core::ptr::{
    self,
    NonNull, //
};

/// A reference to a user namespace.
///
/// # Invariants
///
/// `ptr` points to a valid `struct user_namespace`, and this value owns a reference to it.
pub(crate) struct UserNamespace {
    ptr: NonNull<bindings::user_namespace>,
}

// SAFETY: A user namespace is reference counted, and belongs to no thread.
unsafe impl Send for UserNamespace {}
// SAFETY: As above; only the address is used here.
unsafe impl Sync for UserNamespace {}

impl UserNamespace {
    /// Takes a reference. Any context.
    ///
    /// # Safety
    ///
    /// `ptr` must point to a valid `struct user_namespace`.
    pub(super) unsafe fn from_raw(ptr: *mut bindings::user_namespace) -> Self {
        // SAFETY: By the safety requirement.
        let ptr = unsafe { bindings::bsdtun_get_user_ns(ptr) };
        Self {
            // INVARIANT: The reference was just taken.
            // SAFETY: A valid pointer is not null.
            ptr: unsafe { NonNull::new_unchecked(ptr) },
        }
    }

    /// Whether this is the initial user namespace, that of the host. Any context.
    pub(crate) fn is_initial(&self) -> bool {
        ptr::eq(self.ptr.as_ptr(), &raw const bindings::init_user_ns)
    }

    /// A number that no other user namespace has while this reference exists. Any context.
    pub(crate) fn id(&self) -> usize {
        self.ptr.addr().get()
    }
}

impl Drop for UserNamespace {
    fn drop(&mut self) {
        // SAFETY: By the type invariant this value owns a reference, which ends here.
        unsafe { bindings::bsdtun_put_user_ns(self.ptr.as_ptr()) };
    }
}
