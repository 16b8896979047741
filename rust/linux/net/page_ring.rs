// SPDX-License-Identifier: GPL-2.0

//! A ring of pages for the fragments of received packets.
//!
//! The ring holds a reference to each page. When that is the only one, the packet that used the
//! page is gone, and the page is used again: it is neither allocated nor zeroed anew.

use crate::c::bindings;

/// A ring of pages, of at most 1 MiB together.
///
/// # Invariants
///
/// Each pointer of the ring is null, or leads to a page of which the ring owns a reference.
pub(crate) struct PageRing(bindings::bsdtun_page_ring);

// SAFETY: Pages belong to no task or CPU; their references move with the value.
unsafe impl Send for PageRing {}

impl PageRing {
    /// Creates an empty ring.
    pub(crate) fn new() -> Self {
        // INVARIANT: All pointers are null.
        Self(bindings::bsdtun_page_ring::default())
    }

    /// Gives the pages back. Those that packets still use stay theirs.
    pub(crate) fn clear(&mut self) {
        // SAFETY: By the type invariant the ring is valid. It is empty afterwards.
        unsafe { bindings::bsdtun_page_ring_clear(&mut self.0) };
    }

    /// Appends up to `len` bytes in fragments, whose content is arbitrary, to a packet that has
    /// none. Returns how many were appended. Does not wait for memory.
    ///
    /// # Safety
    ///
    /// `skb` must point to a valid packet without fragments. Its owner must overwrite the bytes
    /// before anybody else gets to see them.
    pub(super) unsafe fn fill(&mut self, skb: *mut bindings::sk_buff, len: u32) -> u32 {
        // INVARIANT: C takes a reference for the ring with each page that it stores.
        // SAFETY: By the type invariant the ring is valid; the rest is the safety requirement.
        unsafe { bindings::bsdtun_page_ring_fill(&mut self.0, skb, len) }
    }
}

impl Drop for PageRing {
    fn drop(&mut self) {
        self.clear();
    }
}
