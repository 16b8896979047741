// SPDX-License-Identifier: GPL-2.0

//! Packets.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use crate::{
    c::bindings,
    linux::net::device::EthernetAddress, //
};
use core::{
    mem::{
        self,
        MaybeUninit, //
    },
    ptr::{
        self,
        addr_of_mut,
        NonNull, //
    },
    slice, //
};
use kernel::{
    error::to_result,
    iov::{
        IovIterDest,
        IovIterSource, //
    },
    page::PAGE_SIZE,
    prelude::*, //
};

/// Room kept in front of a packet, so that a link layer header fits when it is forwarded.
const HEADROOM: usize = 64;

/// More of it, so that the network header behind an Ethernet header is aligned as the architecture
/// wants it.
const ETHERNET_ALIGN: usize = bindings::NET_IP_ALIGN as usize;

/// The most that is allocated in one piece: with headroom and `struct skb_shared_info` a page, so
/// that no packet depends on the allocator finding neighbouring ones. The rest lies in fragments.
const LINEAR_MAX: usize = PAGE_SIZE
    - HEADROOM
    - ETHERNET_ALIGN
    - mem::size_of::<bindings::skb_shared_info>().next_multiple_of(128);

/// The fields of a packet that C groups under `headers`.
type Headers = bindings::sk_buff__bindgen_ty_4__bindgen_ty_1;

/// What a packet starts with.
#[derive(Clone, Copy)]
pub(crate) enum HeaderType {
    /// Its network header.
    Network,
    /// An Ethernet header.
    Ethernet,
}

/// Why a packet was thrown away, as `dropwatch` and `perf trace` show it.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum DropReason {
    /// The device is not ready to take it: down, or nobody has it open.
    DeviceNotReady = bindings::skb_drop_reason_SKB_DROP_REASON_DEV_READY,
    /// The receive queue of the reader is full.
    QueueFull = bindings::skb_drop_reason_SKB_DROP_REASON_FULL_RING,
    /// The queue that it waited in was thrown away.
    QueuePurged = bindings::skb_drop_reason_SKB_DROP_REASON_QUEUE_PURGE,
    /// No memory.
    NoMemory = bindings::skb_drop_reason_SKB_DROP_REASON_NOMEM,
    /// It is shorter than its header.
    TooShort = bindings::skb_drop_reason_SKB_DROP_REASON_PKT_TOO_SMALL,
    /// The protocol cannot cross this device.
    Protocol = bindings::skb_drop_reason_SKB_DROP_REASON_UNHANDLED_PROTO,
    /// It is for somebody else.
    OtherHost = bindings::skb_drop_reason_SKB_DROP_REASON_OTHERHOST,
    /// Copying to or from user space failed.
    UserCopy = bindings::skb_drop_reason_SKB_DROP_REASON_SKB_UCOPY_FAULT,
}

/// A packet with one owner.
///
/// The bytes may be shared with clones elsewhere (packet taps), so nothing here writes to them
/// after construction.
///
/// # Invariants
///
/// - `ptr` points to a valid `struct sk_buff`, and this value owns one reference to it.
/// - The packet is in no list but, behind a shared reference, an [`SkbList`].
pub(crate) struct SkBuff {
    ptr: NonNull<bindings::sk_buff>,
}

// SAFETY: A packet belongs to no task or CPU; ownership of the reference moves with the value.
unsafe impl Send for SkBuff {}

impl SkBuff {
    /// Takes over a packet from C.
    ///
    /// # Safety
    ///
    /// `ptr` must point to a valid packet that is in no list, and the caller must own a reference,
    /// which passes to the returned value.
    pub(crate) unsafe fn from_raw(ptr: *mut bindings::sk_buff) -> Self {
        // INVARIANT: By the safety requirements.
        Self {
            // SAFETY: A valid pointer is not null.
            ptr: unsafe { NonNull::new_unchecked(ptr) },
        }
    }

    pub(crate) fn as_raw(&self) -> *mut bindings::sk_buff {
        self.ptr.as_ptr()
    }

    /// Gives the packet, and the duty to free it, to C.
    fn into_raw(self) -> *mut bindings::sk_buff {
        mem::ManuallyDrop::new(self).ptr.as_ptr()
    }

    /// Allocates a packet and fills it with all of `iter`.
    ///
    /// With `atomic` set the allocation does not wait for memory; the copy may still fault pages
    /// in. Process context.
    ///
    /// # Errors
    ///
    /// `ENOMEM` without memory, and for more bytes than a packet can hold; `EFAULT` if the user's
    /// memory cannot be read.
    pub(crate) fn from_iter(
        iter: &mut IovIterSource<'_>,
        start: HeaderType,
        atomic: bool,
    ) -> Result<Self> {
        let headroom = match start {
            HeaderType::Network => HEADROOM,
            HeaderType::Ethernet => HEADROOM + ETHERNET_ALIGN,
        };
        if iter.len() <= LINEAR_MAX {
            if let Some(skb) = Self::linear_from_iter(iter, headroom)? {
                return Ok(skb);
            }
        }
        Self::nonlinear_from_iter(iter, headroom, atomic)
    }

    /// As [`Self::from_iter`], for up to [`LINEAR_MAX`] bytes and always without waiting for memory;
    /// `None` if there is none.
    fn linear_from_iter(iter: &mut IovIterSource<'_>, headroom: usize) -> Result<Option<Self>> {
        let len = iter.len();
        // SAFETY: Process context; sizes are plain numbers, and below that of a page.
        let ptr = unsafe { bindings::bsdtun_alloc_skb_frag(headroom as c_uint, len as c_uint) };
        let Some(ptr) = NonNull::new(ptr) else {
            return Ok(None);
        };
        // INVARIANT: A packet just allocated has one reference, ours, and is in no list.
        let skb = Self { ptr };
        // SAFETY: The packet is valid by the type invariant.
        let data = unsafe { (*ptr.as_ptr()).data };
        // SAFETY: The packet is new, nobody else knows its bytes, and it has just been given `len` of
        // them in one piece.
        let bytes = unsafe { slice::from_raw_parts_mut(data.cast::<MaybeUninit<u8>>(), len) };
        if iter.copy_from_iter_raw(bytes).len() != len {
            skb.drop_reason(DropReason::UserCopy);
            return Err(EFAULT);
        }
        Ok(Some(skb))
    }

    /// As [`Self::from_iter`], for any length: what does not fit into the first page lies in
    /// fragments.
    fn nonlinear_from_iter(
        iter: &mut IovIterSource<'_>,
        headroom: usize,
        atomic: bool,
    ) -> Result<Self> {
        let len = iter.len();
        let c_len = c_int::try_from(len).map_err(|_| ENOMEM)?;
        let linear = len.min(LINEAR_MAX);
        let paged = len - linear;
        let gfp = if atomic {
            bindings::GFP_NOWAIT
        } else {
            bindings::GFP_KERNEL
        };
        let mut err = 0;

        // SAFETY: `err` outlives the call; sizes are plain numbers.
        let ptr = unsafe {
            bindings::alloc_skb_with_frags(
                (headroom + linear) as c_ulong,
                paged as c_ulong,
                bindings::PAGE_ALLOC_COSTLY_ORDER,
                &mut err,
                gfp,
            )
        };
        let skb = Self {
            // INVARIANT: A packet just allocated has one reference, ours, and is in no list.
            ptr: NonNull::new(ptr).ok_or(ENOMEM)?,
        };

        // SAFETY: The packet is new and empty, with at least `headroom` bytes of room.
        unsafe { bindings::bsdtun_skb_reserve(ptr, headroom as c_int) };
        // SAFETY: `linear` bytes of room are left after the headroom.
        unsafe { bindings::skb_put(ptr, linear as c_uint) };
        // SAFETY: Nobody else knows the packet; its fragments hold `paged` bytes.
        unsafe { (*ptr).data_len = paged as c_uint };
        // SAFETY: As above.
        unsafe { (*ptr).len += paged as c_uint };

        // SAFETY: The packet holds `len` bytes and is not shared; `iter` has `len` bytes left.
        let ret = unsafe { bindings::skb_copy_datagram_from_iter(ptr, 0, iter.as_raw(), c_len) };
        if let Err(e) = to_result(ret) {
            skb.drop_reason(DropReason::UserCopy);
            return Err(e);
        }
        Ok(skb)
    }

    /// Number of bytes, those in fragments included.
    pub(crate) fn len(&self) -> usize {
        // SAFETY: The packet is valid by the type invariant.
        unsafe { (*self.ptr.as_ptr()).len as usize }
    }

    /// The protocol as an Ethernet type, in host order.
    pub(crate) fn protocol(&self) -> u16 {
        // SAFETY: The packet is valid by the type invariant.
        u16::from_be(unsafe { (*Self::headers(self.ptr.as_ptr())).protocol })
    }

    /// Sets the protocol to an Ethernet type in host order, and starts the packet's network layer
    /// at its first byte.
    pub(crate) fn set_protocol(&mut self, protocol: u16) {
        let skb = self.ptr.as_ptr();
        // SAFETY: The packet is valid by the type invariant; the field belongs to its owner.
        unsafe { (*Self::headers(skb)).protocol = protocol.to_be() };
        // SAFETY: The packet is valid by the type invariant.
        unsafe { bindings::bsdtun_skb_reset_mac_header(skb) };
    }

    /// The address that an Ethernet frame is for; `None` without a whole header at the start, in one
    /// piece.
    pub(crate) fn ethernet_destination(&self) -> Option<EthernetAddress> {
        let skb = self.ptr.as_ptr();
        // SAFETY: The packet is valid by the type invariant.
        let linear = unsafe { (*skb).len - (*skb).data_len };
        if linear < bindings::ETH_HLEN {
            return None;
        }
        // SAFETY: The packet is valid, and has that many bytes in one piece.
        Some(unsafe { (*skb).data.cast::<EthernetAddress>().read() })
    }

    /// Makes a frame from `dev` of the packet: the rest of the stack starts behind the header.
    ///
    /// # Safety
    ///
    /// `dev` must point to a valid Ethernet device, and the packet must start with a whole header in
    /// one piece, see [`Self::ethernet_destination`].
    pub(super) unsafe fn eth_type_trans(&mut self, dev: *mut bindings::net_device) {
        // SAFETY: By the safety requirements.
        let protocol = unsafe { bindings::eth_type_trans(self.ptr.as_ptr(), dev) };
        // SAFETY: The packet is valid by the type invariant; the field belongs to its owner.
        unsafe { (*Self::headers(self.ptr.as_ptr())).protocol = protocol };
    }

    /// A number that travels with the packet, as [`Self::set_cb`] left it.
    pub(crate) fn cb(&self) -> u64 {
        // SAFETY: By the type invariant the packet is valid, and its control block, which has room
        // and alignment for the number, belongs to its owner.
        unsafe { Self::control_block(self.ptr.as_ptr()).read() }
    }

    /// Sets the number that travels with the packet, until somebody else owns it.
    pub(crate) fn set_cb(&mut self, tag: u64) {
        // SAFETY: As in `tag`.
        unsafe { Self::control_block(self.ptr.as_ptr()).write(tag) };
    }

    /// The address, in network order, that an IPv4 packet is sent to next: the gateway of its route;
    /// its destination if it has no gateway of this family, or no route. Before [`Self::scrub`].
    pub(crate) fn next_hop(&self) -> [u8; 4] {
        // SAFETY: The packet is valid by the type invariant.
        unsafe { bindings::bsdtun_skb_next_hop(self.ptr.as_ptr()) }.to_ne_bytes()
    }

    /// Cuts the ties of a packet that leaves the stack and may wait for any time: its sender's
    /// socket and pages, its route, its connection tracking entry and its device.
    ///
    /// Any context.
    ///
    /// # Errors
    ///
    /// `ENOMEM` if the sender's pages had to be copied and could not.
    pub(crate) fn scrub(&mut self) -> Result {
        // SAFETY: The packet is valid by the type invariant; as it is in no list, it has a device.
        if unsafe { bindings::bsdtun_skb_scrub(self.ptr.as_ptr()) } {
            Ok(())
        } else {
            Err(ENOMEM)
        }
    }

    /// Copies the first `len` bytes to the user; `len` must not exceed the packet.
    ///
    /// Process context.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `len` exceeds the packet, `EFAULT` if the user's memory cannot be written.
    pub(crate) fn copy_to_iter(&self, iter: &mut IovIterDest<'_>, len: usize) -> Result {
        if len > self.len() {
            return Err(EINVAL);
        }
        let len = c_int::try_from(len).map_err(|_| EINVAL)?;
        // SAFETY: The packet is valid by the type invariant and holds `len` bytes, `iter` is valid.
        if unsafe { bindings::bsdtun_skb_copy_to_iter(self.ptr.as_ptr(), len, iter.as_raw()) } {
            Ok(())
        } else {
            Err(EFAULT)
        }
    }

    /// Frees a packet that was thrown away. Any context.
    pub(crate) fn drop_reason(self, reason: DropReason) {
        // SAFETY: `into_raw` hands over the reference.
        unsafe { bindings::dev_kfree_skb_any_reason(self.into_raw(), reason as u32) };
    }

    /// Frees a packet that arrived. Process context.
    pub(crate) fn consume(self) {
        // SAFETY: `into_raw` hands over the reference.
        unsafe { bindings::bsdtun_consume_skb(self.into_raw()) };
    }

    /// Hands the packet to the stack as received from `dev`. BH must be off.
    ///
    /// # Safety
    ///
    /// `dev` must be a registered device, found in the RCU read side section that the caller is in.
    pub(super) unsafe fn receive(mut self, dev: *mut bindings::net_device) {
        self.set_device(dev);
        // SAFETY: `into_raw` hands over the reference; the rest is the safety requirement.
        unsafe { bindings::netif_receive_skb(self.into_raw()) };
    }

    /// # Safety
    ///
    /// `skb` must point to a valid packet.
    unsafe fn control_block(skb: *mut bindings::sk_buff) -> *mut u64 {
        const _: () = assert!(mem::offset_of!(bindings::sk_buff, cb) % mem::align_of::<u64>() == 0);
        // CAST: Any bytes are a number; the size of the control block is asserted by the binding's
        // type, the alignment above.
        // SAFETY: By the safety requirement the projection stays inside the packet.
        unsafe { addr_of_mut!((*skb).cb) }.cast()
    }

    /// # Safety
    ///
    /// `skb` must point to a valid packet.
    unsafe fn headers(skb: *mut bindings::sk_buff) -> *mut Headers {
        // CAST: All views of this union are at its start.
        // SAFETY: By the safety requirement the projection stays inside the packet.
        unsafe { addr_of_mut!((*skb).__bindgen_anon_4) }.cast()
    }

    fn set_device(&mut self, dev: *mut bindings::net_device) {
        // SAFETY: The packet is valid and owned; in no list, so that the union holds the device.
        // CAST: The kernel crate knows the same type as opaque.
        unsafe {
            (*self.ptr.as_ptr())
                .__bindgen_anon_1
                .__bindgen_anon_1
                .__bindgen_anon_1
                .dev = dev.cast()
        };
    }
}

impl Drop for SkBuff {
    fn drop(&mut self) {
        // SAFETY: By the type invariant this value owns a reference, which ends here.
        unsafe {
            bindings::dev_kfree_skb_any_reason(
                self.ptr.as_ptr(),
                bindings::skb_drop_reason_SKB_DROP_REASON_NOT_SPECIFIED,
            )
        };
    }
}

/// A queue of packets, first in, first out.
///
/// It has no lock of its own. Taking all packets ([`mem::take`]) is a swap of pointers, so that
/// they can be freed after the lock around the queue was dropped. Dropping the queue frees what is in
/// it: in any context, but better without a lock that a packet's destructor may need.
///
/// # Invariants
///
/// - `head` and `tail` are both null, or the ends of a chain of `len` valid packets, linked through
///   `next`, the last one's being null.
/// - This value owns one reference to each packet of the chain.
pub(crate) struct SkbList {
    head: *mut bindings::sk_buff,
    tail: *mut bindings::sk_buff,
    len: usize,
}

// SAFETY: The packets belong to no task or CPU; their ownership moves with the value.
unsafe impl Send for SkbList {}

impl SkbList {
    /// Creates an empty queue.
    pub(crate) const fn new() -> Self {
        // INVARIANT: Both ends are null.
        Self {
            head: ptr::null_mut(),
            tail: ptr::null_mut(),
            len: 0,
        }
    }

    /// Number of packets.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// Looks at the packet that [`Self::pop`] would return.
    pub(crate) fn peek<R>(&self, look: impl FnOnce(&SkBuff) -> R) -> Option<R> {
        let ptr = NonNull::new(self.head)?;
        // By the type invariant `head` is a valid packet if not null. The list keeps its reference:
        // this one is never dropped.
        let skb = mem::ManuallyDrop::new(SkBuff { ptr });
        Some(look(&skb))
    }

    /// Adds a packet at the end.
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
        // INVARIANT: `skb` is the new end of the chain, its reference is now the queue's.
        self.tail = skb;
        self.len += 1;
    }

    /// Takes the first packet.
    pub(crate) fn pop(&mut self) -> Option<SkBuff> {
        let first = NonNull::new(self.head)?.as_ptr();
        // SAFETY: By the type invariant `first` is a valid packet of this chain.
        let next = unsafe { Self::next(first).read() };
        // INVARIANT: The chain now starts at the second packet, or is empty.
        self.head = next;
        if next.is_null() {
            self.tail = ptr::null_mut();
        }
        self.len -= 1;
        // SAFETY: As above; the C side takes a set `next` for membership in a list.
        unsafe { Self::next(first).write(ptr::null_mut()) };
        // SAFETY: The packet left the chain, whose reference passes on.
        Some(unsafe { SkBuff::from_raw(first) })
    }

    /// Moves all packets of another list to the end of this one.
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
        // INVARIANT: The other chain, which ends as this one does now, is behind this one; its
        // references are now this list's, since the other value is never dropped.
        self.tail = other.tail;
        self.len += other.len;
    }

    /// # Safety
    ///
    /// `skb` must point to a valid packet.
    unsafe fn next(skb: *mut bindings::sk_buff) -> *mut *mut bindings::sk_buff {
        // SAFETY: By the safety requirement the projection stays inside the packet.
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

#[kunit_tests(bsdtun_skb)]
mod tests {
    use super::*;

    /// A packet of `len` bytes with a tag to know it by.
    fn packet(len: usize, tag: u64) -> Result<SkBuff> {
        let mut err = 0;
        // SAFETY: `err` outlives the call.
        let ptr = unsafe {
            bindings::alloc_skb_with_frags(len as c_ulong, 0, 0, &mut err, bindings::GFP_KERNEL)
        };
        let mut skb = SkBuff {
            ptr: NonNull::new(ptr).ok_or(ENOMEM)?,
        };
        // SAFETY: The packet is new and has room for `len` bytes.
        unsafe { bindings::skb_put(ptr, len as c_uint) };
        skb.set_cb(tag);
        Ok(skb)
    }

    fn tags(mut list: SkbList) -> Result<KVec<u64>> {
        let mut tags = KVec::new();
        while let Some(skb) = list.pop() {
            tags.push(skb.cb(), GFP_KERNEL)?;
        }
        Ok(tags)
    }

    #[test]
    fn a_packet_keeps_its_tag_and_protocol() -> Result {
        let mut skb = packet(60, u64::MAX)?;
        skb.set_protocol(0x86dd);
        assert_eq!(skb.len(), 60);
        assert_eq!(skb.cb(), u64::MAX);
        assert_eq!(skb.protocol(), 0x86dd);
        skb.set_cb(7);
        assert_eq!(skb.cb(), 7);
        assert_eq!(skb.protocol(), 0x86dd);
        skb.consume();
        Ok(())
    }

    #[test]
    fn a_detached_packet_keeps_its_tag() -> Result {
        let mut skb = packet(20, 3)?;
        skb.scrub()?;
        assert_eq!(skb.cb(), 3);
        assert_eq!(skb.len(), 20);
        skb.drop_reason(DropReason::QueueFull);
        Ok(())
    }

    #[test]
    fn a_list_is_first_in_first_out() -> Result {
        let mut list = SkbList::new();
        assert!(list.is_empty());
        assert!(list.pop().is_none());
        for tag in 0..5 {
            list.push(packet(20, tag)?);
        }
        assert_eq!(list.len(), 5);
        assert_eq!(list.pop().map(|skb| skb.cb()), Some(0));
        list.push(packet(20, 5)?);
        assert_eq!(list.len(), 5);
        assert_eq!(&tags(list)?[..], &[1, 2, 3, 4, 5]);
        Ok(())
    }

    #[test]
    fn a_list_can_be_emptied_and_filled_again() -> Result {
        let mut list = SkbList::new();
        for round in 0..3 {
            list.push(packet(20, round)?);
            assert!(!list.is_empty());
            assert_eq!(list.pop().map(|skb| skb.cb()), Some(round));
            assert!(list.is_empty());
            assert_eq!(list.len(), 0);
        }
        Ok(())
    }

    #[test]
    fn peeking_takes_nothing() -> Result {
        let mut list = SkbList::new();
        assert_eq!(list.peek(|skb| skb.len()), None);
        list.push(packet(33, 1)?);
        list.push(packet(44, 2)?);
        for _ in 0..3 {
            assert_eq!(list.peek(|skb| skb.len()), Some(33));
        }
        assert_eq!(list.len(), 2);
        assert_eq!(&tags(list)?[..], &[1, 2]);
        Ok(())
    }

    #[test]
    fn taking_a_list_leaves_an_empty_one() -> Result {
        let mut list = SkbList::new();
        list.push(packet(20, 1)?);
        list.push(packet(20, 2)?);
        let taken = mem::take(&mut list);
        assert!(list.is_empty());
        list.push(packet(20, 3)?);
        assert_eq!(&tags(taken)?[..], &[1, 2]);
        assert_eq!(&tags(list)?[..], &[3]);
        Ok(())
    }

    #[test]
    fn an_appended_list_comes_last() -> Result {
        let mut list = SkbList::new();
        let mut more = SkbList::new();
        list.append(&mut more);
        assert!(list.is_empty());
        more.push(packet(20, 1)?);
        list.append(&mut more);
        assert!(more.is_empty());
        assert_eq!(list.len(), 1);
        list.append(&mut more);
        assert_eq!(list.len(), 1);
        more.push(packet(20, 2)?);
        more.push(packet(20, 3)?);
        list.append(&mut more);
        list.push(packet(20, 4)?);
        assert_eq!(list.len(), 4);
        assert_eq!(more.len(), 0);
        assert_eq!(&tags(list)?[..], &[1, 2, 3, 4]);
        Ok(())
    }

    /// Often enough for kmemleak to see it if a packet were not freed.
    #[test]
    fn dropping_a_list_frees_its_packets() -> Result {
        for _ in 0..50 {
            let mut list = SkbList::new();
            for tag in 0..10 {
                list.push(packet(200, tag)?);
            }
            drop(list.pop());
            drop(list);
        }
        Ok(())
    }
}
