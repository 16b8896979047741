// SPDX-License-Identifier: GPL-2.0

//! Lists of packets, without a lock: `struct sk_buff` linked through `next`.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use crate::{
    c::bindings,
    linux::{
        context::ProcessContext,
        net::skb::{
            DropReason,
            SkBuff, //
        }, //
    }, //
};
use core::{
    mem,
    ptr::{
        self,
        addr_of_mut,
        NonNull, //
    }, //
};
use kernel::prelude::*;

/// A list of packets, first in, first out. Dropping it frees its packets as
/// [`DropReason::QueuePurged`].
///
/// The list has no lock of its own. [`mem::take`] moves all packets out by swapping pointers, so
/// that a caller can free them after it has released the lock around the list. Drop a list without
/// a lock where possible, because destructors of packets may take locks.
///
/// # Invariants
///
/// - `head` and `tail` are both null, or the first and the last packet of a chain of valid packets,
///   linked through `next`. The last packet's `next` is null.
/// - This value owns one reference to each packet of the chain.
pub(crate) struct SkbList {
    head: *mut bindings::sk_buff,
    tail: *mut bindings::sk_buff,
}

// SAFETY: The packets belong to no task or CPU; their ownership moves with the value.
unsafe impl Send for SkbList {}

impl SkbList {
    /// Creates an empty list.
    pub(crate) const fn new() -> Self {
        // INVARIANT: Both ends are null.
        Self {
            head: ptr::null_mut(),
            tail: ptr::null_mut(),
        }
    }

    /// Whether the list has no packets.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// Appends a packet.
    pub(crate) fn push(&mut self, skb: SkBuff) {
        let skb = skb.into_raw();
        // SAFETY: `skb` is valid and was in no list, so that the field is ours.
        unsafe { Self::next(skb).write(ptr::null_mut()) };
        if self.tail.is_null() {
            self.head = skb;
        } else {
            // SAFETY: By the type invariant `tail` is a valid packet of this chain.
            unsafe { Self::next(self.tail).write(skb) };
        }
        // INVARIANT: `skb` is the new end of the chain, and the list owns its reference.
        self.tail = skb;
    }

    /// Removes and returns the first packet.
    pub(crate) fn pop(&mut self) -> Option<SkBuff> {
        let first = NonNull::new(self.head)?.as_ptr();
        // SAFETY: By the type invariant `first` is a valid packet of this chain.
        let next = unsafe { Self::next(first).read() };
        // INVARIANT: The chain now starts at the second packet, or is empty.
        self.head = next;
        if next.is_null() {
            self.tail = ptr::null_mut();
        }
        // C takes a packet whose `next` is set for the member of a list.
        //
        // SAFETY: As above.
        unsafe { Self::next(first).write(ptr::null_mut()) };
        // SAFETY: The packet has left the chain; its reference passes on.
        Some(unsafe { SkBuff::from_raw(first) })
    }

    /// Calls a function for each packet.
    pub(crate) fn for_each(&self, mut f: impl FnMut(&SkBuff)) {
        let mut skb = self.head;
        while !skb.is_null() {
            // SAFETY: By the type invariant this is a valid packet of the chain. The value is not
            // dropped.
            f(&mem::ManuallyDrop::new(unsafe { SkBuff::from_raw(skb) }));
            // SAFETY: As above.
            skb = unsafe { Self::next(skb).read() };
        }
    }

    /// Moves all packets of `other` to the end of this list.
    pub(crate) fn append(&mut self, other: &mut SkbList) {
        let other = mem::ManuallyDrop::new(mem::take(other));
        if other.head.is_null() {
            return;
        }
        if self.tail.is_null() {
            self.head = other.head;
        } else {
            // SAFETY: By the type invariant `tail` is a valid packet of this chain.
            unsafe { Self::next(self.tail).write(other.head) };
        }
        // INVARIANT: The other chain now follows this one. Its references are this list's, because
        // the other value is never dropped.
        self.tail = other.tail;
    }

    /// Frees packets that were delivered, see [`SkBuff::consume`].
    pub(crate) fn consume(self, _context: &ProcessContext) {
        let list = mem::ManuallyDrop::new(self);
        // SAFETY: By the type invariant `head` starts a chain of valid packets, or is null. Its
        // references pass on.
        unsafe { bindings::bsdtun_consume_skb_list(list.head) };
    }

    /// # Safety
    ///
    /// `skb` must point to a valid packet.
    unsafe fn next(skb: *mut bindings::sk_buff) -> *mut *mut bindings::sk_buff {
        // SAFETY: By the safety requirement the projection is inside the packet.
        unsafe { addr_of_mut!((*skb).__bindgen_anon_1.__bindgen_anon_1.next) }
    }
}

impl Default for SkbList {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for SkbList {
    fn drop(&mut self) {
        while let Some(skb) = self.pop() {
            skb.drop_reason(DropReason::QueuePurged);
        }
    }
}

#[kunit_tests(bsdtun_skb_list)]
mod tests {
    use super::*;
    use crate::linux::net::skb::tests::packet;

    /// Removes the first packet and frees it. Returns its number.
    fn pop(list: &mut SkbList) -> Option<u64> {
        let skb = list.pop()?;
        let cb = skb.cb()[0];
        skb.drop_reason(DropReason::QueuePurged);
        Some(cb)
    }

    fn cbs(mut list: SkbList) -> Result<KVec<u64>> {
        let mut cbs = KVec::new();
        while let Some(cb) = pop(&mut list) {
            cbs.push(cb, GFP_KERNEL)?;
        }
        Ok(cbs)
    }

    #[test]
    fn first_in_first_out() -> Result {
        let mut list = SkbList::new();
        assert!(list.is_empty());
        assert!(list.pop().is_none());
        for cb in 0..5 {
            list.push(packet(20, cb)?);
        }
        assert_eq!(pop(&mut list), Some(0));
        list.push(packet(20, 5)?);
        assert_eq!(&cbs(list)?[..], &[1, 2, 3, 4, 5]);
        Ok(())
    }

    #[test]
    fn push_after_the_last_pop() -> Result {
        let mut list = SkbList::new();
        for round in 0..3 {
            list.push(packet(20, round)?);
            assert!(!list.is_empty());
            assert_eq!(pop(&mut list), Some(round));
            assert!(list.is_empty());
        }
        Ok(())
    }

    #[test]
    fn take_leaves_an_empty_list() -> Result {
        let mut list = SkbList::new();
        list.push(packet(20, 1)?);
        list.push(packet(20, 2)?);
        let taken = mem::take(&mut list);
        assert!(list.is_empty());
        list.push(packet(20, 3)?);
        assert_eq!(&cbs(taken)?[..], &[1, 2]);
        assert_eq!(&cbs(list)?[..], &[3]);
        Ok(())
    }

    #[test]
    fn append_adds_at_the_end() -> Result {
        let mut list = SkbList::new();
        let mut more = SkbList::new();
        list.append(&mut more);
        assert!(list.is_empty());
        more.push(packet(20, 1)?);
        list.append(&mut more);
        assert!(more.is_empty());
        list.append(&mut more);
        more.push(packet(20, 2)?);
        more.push(packet(20, 3)?);
        list.append(&mut more);
        list.push(packet(20, 4)?);
        assert_eq!(&cbs(list)?[..], &[1, 2, 3, 4]);
        Ok(())
    }

    /// With enough packets for kmemleak to notice a leak.
    #[test]
    fn drop_frees_the_packets() -> Result {
        for _ in 0..50 {
            let mut list = SkbList::new();
            for cb in 0..10 {
                list.push(packet(200, cb)?);
            }
            pop(&mut list);
            drop(list);
        }
        Ok(())
    }
}
