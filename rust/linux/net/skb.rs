// SPDX-License-Identifier: GPL-2.0

//! Packets: `struct sk_buff`.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use crate::{
    c::bindings,
    linux::{
        context::ProcessContext,
        net::{
            page_ring::PageRing,
            tx_context::TxContext, //
        }, //
    }, //
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
    iov::IovIterSource,
    page::PAGE_SIZE,
    prelude::*,
    sync::SpinLock, //
};

/// Bytes reserved in front of a packet, so that a link layer header fits when it is forwarded.
const HEADROOM: usize = 64;

/// Bytes reserved in addition, so that the network header behind an Ethernet header is aligned as
/// the architecture needs it.
const ETHERNET_ALIGN: usize = bindings::NET_IP_ALIGN as usize;

/// Largest linear part in bytes: with headroom and `struct skb_shared_info` it fills one page, so
/// that no allocation needs adjacent pages. The rest of a packet is in fragments.
const LINEAR_MAX: usize = PAGE_SIZE
    - HEADROOM
    - ETHERNET_ALIGN
    - mem::size_of::<bindings::skb_shared_info>().next_multiple_of(128);

/// Length in bytes of the linear part of a packet with fragments: enough for its headers.
const NONLINEAR_HEAD: usize = 256;

/// From this many bytes on, fragments are pages of a [`PageRing`], so that these are at least half
/// full: a socket is charged for the whole page.
const RING_MIN: usize = 16 << 10;

/// The part of a packet's control block that its owner may use.
pub(crate) type ControlBlock = [u64; 3];

/// The fields that C groups under `headers`.
pub(super) type Headers = bindings::sk_buff__bindgen_ty_4__bindgen_ty_1;

/// The header that a packet starts with.
#[derive(Clone, Copy)]
pub(crate) enum HeaderType {
    /// Its network header.
    Network,
    /// An Ethernet header.
    Ethernet,
}

/// Why a packet is dropped, as `dropwatch` and the tracepoint `skb:kfree_skb` show it.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum DropReason {
    /// The interface is down, or no program has the device open.
    DeviceNotReady = bindings::skb_drop_reason_SKB_DROP_REASON_DEV_READY,
    /// The queue for the reader is full.
    QueueFull = bindings::skb_drop_reason_SKB_DROP_REASON_FULL_RING,
    /// The packet was queued, and the queue is emptied without being read.
    QueuePurged = bindings::skb_drop_reason_SKB_DROP_REASON_QUEUE_PURGE,
    /// An allocation failed.
    NoMemory = bindings::skb_drop_reason_SKB_DROP_REASON_NOMEM,
    /// The packet is shorter than its header.
    TooShort = bindings::skb_drop_reason_SKB_DROP_REASON_PKT_TOO_SMALL,
    /// The device cannot carry the protocol.
    Protocol = bindings::skb_drop_reason_SKB_DROP_REASON_UNHANDLED_PROTO,
    /// The destination address is another station's.
    OtherHost = bindings::skb_drop_reason_SKB_DROP_REASON_OTHERHOST,
    /// Copying to or from user space failed.
    UserCopy = bindings::skb_drop_reason_SKB_DROP_REASON_SKB_UCOPY_FAULT,
    /// The header that the driver takes in front of the packet is malformed.
    DeviceHeader = bindings::skb_drop_reason_SKB_DROP_REASON_DEV_HDR,
    /// The checksum could not be computed.
    Checksum = bindings::skb_drop_reason_SKB_DROP_REASON_SKB_CSUM,
    /// The packet could not be segmented.
    Segmentation = bindings::skb_drop_reason_SKB_DROP_REASON_SKB_GSO_SEG,
    /// Not dropped: its data is in other packets.
    Consumed = bindings::skb_drop_reason_SKB_CONSUMED,
}

/// A packet. Dropping the value frees it without a reason, which is a bug of the driver: it warns
/// if debug assertions are enabled. Use [`Self::drop_reason`] or [`Self::consume`].
///
/// Clones of the packet, which packet taps hold, share its bytes. So the methods here write to the
/// bytes of a packet that has no clones only, or copy them first.
///
/// # Invariants
///
/// - `ptr` points to a valid `struct sk_buff`, and this value owns a reference to it.
/// - The packet is in no list; behind a shared reference, it may be in an [`SkbList`].
///
/// [`SkbList`]: crate::linux::net::skb_list::SkbList
pub(crate) struct SkBuff {
    ptr: NonNull<bindings::sk_buff>,
}

// SAFETY: A packet belongs to no task or CPU; ownership of the reference moves with the value.
unsafe impl Send for SkBuff {}

impl SkBuff {
    /// Takes ownership of a packet from C.
    ///
    /// # Safety
    ///
    /// `ptr` must point to a valid packet. Either it is in no list, and the caller owns a
    /// reference, which passes to the returned value; or the returned value is only used through
    /// shared references, and never dropped.
    pub(super) unsafe fn from_raw(ptr: *mut bindings::sk_buff) -> Self {
        // INVARIANT: By the safety requirements.
        Self {
            // SAFETY: A valid pointer is not null.
            ptr: unsafe { NonNull::new_unchecked(ptr) },
        }
    }

    /// The C structure, valid while this value lives.
    pub(crate) fn as_raw(&self) -> *mut bindings::sk_buff {
        self.ptr.as_ptr()
    }

    /// Passes ownership of the packet to C.
    pub(super) fn into_raw(self) -> *mut bindings::sk_buff {
        mem::ManuallyDrop::new(self).ptr.as_ptr()
    }

    /// Allocates a packet and copies the next `len` bytes of `iter` into it. Process context;
    /// sleeps.
    ///
    /// With `atomic` set, the allocation does not wait for memory. The copy may still fault pages
    /// in. `gso_header_len` is `Some` for a packet that is to be segmented: only so many bytes, its
    /// headers, are in the linear part, because a socket can take over fragments. Many bytes are in
    /// pages of `ring`, unless another writer is using it.
    ///
    /// # Errors
    ///
    /// `ENOMEM` if an allocation fails, or if `len` is longer than a packet can be; `EFAULT` if
    /// `iter` is shorter, or the user's memory cannot be read.
    // Once per packet, often with constants.
    #[inline(always)]
    pub(crate) fn from_iter(
        iter: &mut IovIterSource<'_>,
        len: usize,
        start: HeaderType,
        gso_header_len: Option<usize>,
        ring: &SpinLock<PageRing>,
        atomic: bool,
    ) -> Result<Self> {
        let headroom = match start {
            HeaderType::Network => HEADROOM,
            HeaderType::Ethernet => HEADROOM + ETHERNET_ALIGN,
        };
        let linear = gso_header_len.unwrap_or(LINEAR_MAX).min(LINEAR_MAX);
        if len <= linear {
            if let Some(skb) = Self::linear_from_iter(iter, len, headroom)? {
                return Ok(skb);
            }
        }
        let linear = gso_header_len.unwrap_or(NONLINEAR_HEAD).min(LINEAR_MAX);
        Self::nonlinear_from_iter(iter, len, headroom, linear, ring, atomic)
    }

    /// Like [`Self::from_iter`], for at most [`LINEAR_MAX`] bytes, and never waits for memory.
    /// Returns `None` if the allocation fails.
    fn linear_from_iter(
        iter: &mut IovIterSource<'_>,
        len: usize,
        headroom: usize,
    ) -> Result<Option<Self>> {
        // SAFETY: Process context. Both lengths are plain numbers, and their sum is below the size
        // of a page.
        let ptr = unsafe { bindings::bsdtun_alloc_skb(headroom as c_uint, len as c_uint) };
        let Some(ptr) = NonNull::new(ptr) else {
            return Ok(None);
        };
        // INVARIANT: A new packet has one reference, ours, and is in no list.
        let skb = Self { ptr };
        // SAFETY: The packet is valid by the type invariant.
        let data = unsafe { (*ptr.as_ptr()).data };
        // SAFETY: The packet is new and not shared, and its linear part is `len` bytes long.
        let bytes = unsafe { slice::from_raw_parts_mut(data.cast::<MaybeUninit<u8>>(), len) };
        if iter.copy_from_iter_raw(bytes).len() != len {
            skb.drop_reason(DropReason::UserCopy);
            return Err(EFAULT);
        }
        Ok(Some(skb))
    }

    /// Like [`Self::from_iter`], for any length: what exceeds `linear` bytes is in fragments.
    fn nonlinear_from_iter(
        iter: &mut IovIterSource<'_>,
        len: usize,
        headroom: usize,
        linear: usize,
        ring: &SpinLock<PageRing>,
        atomic: bool,
    ) -> Result<Self> {
        let c_len = c_int::try_from(len).map_err(|_| ENOMEM)?;
        let linear = len.min(linear);
        let skb = match Self::alloc_from_ring(headroom, linear, len - linear, ring) {
            Some(skb) => skb,
            None => Self::alloc_with_frags(headroom, linear, len - linear, atomic)?,
        };
        // SAFETY: The packet holds `len` bytes and is not shared. The copy fails if `iter` has
        // fewer.
        let ret =
            unsafe { bindings::skb_copy_datagram_from_iter(skb.as_raw(), 0, iter.as_raw(), c_len) };
        if let Err(e) = to_result(ret) {
            skb.drop_reason(DropReason::UserCopy);
            return Err(e);
        }
        Ok(skb)
    }

    /// Allocates a packet whose fragments are pages of the ring; `None` for few bytes, without
    /// memory, or while another writer uses the ring. Process context; does not wait. The caller
    /// must fill it.
    fn alloc_from_ring(
        headroom: usize,
        linear: usize,
        paged: usize,
        ring: &SpinLock<PageRing>,
    ) -> Option<Self> {
        let paged = u32::try_from(paged).ok().filter(|_| paged >= RING_MIN)?;
        let mut ring = ring.try_lock()?;
        // SAFETY: Process context. Both lengths are plain numbers, and their sum is below the size
        // of a page.
        let ptr = unsafe { bindings::bsdtun_alloc_skb(headroom as c_uint, linear as c_uint) };
        // INVARIANT: A new packet has one reference, ours, and is in no list.
        let skb = Self {
            ptr: NonNull::new(ptr)?,
        };
        // SAFETY: The packet is new, and the caller fills it.
        if unsafe { ring.fill(ptr, paged) } != paged {
            skb.drop_reason(DropReason::NoMemory);
            return None;
        }
        Some(skb)
    }

    /// Allocates a packet with fragments. Process context. The caller must fill it.
    fn alloc_with_frags(
        headroom: usize,
        linear: usize,
        paged: usize,
        atomic: bool,
    ) -> Result<Self> {
        let gfp = if atomic {
            bindings::GFP_NOWAIT
        } else {
            bindings::GFP_KERNEL
        };
        let mut err = 0;

        // SAFETY: `err` outlives the call; the lengths are plain numbers.
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
            // INVARIANT: A new packet has one reference, ours, and is in no list.
            ptr: NonNull::new(ptr).ok_or(ENOMEM)?,
        };

        // SAFETY: The packet is new and empty, with at least `headroom` bytes of room.
        unsafe { bindings::bsdtun_skb_reserve(ptr, headroom as c_int) };
        // SAFETY: `linear` bytes of room are left after the headroom.
        unsafe { bindings::skb_put(ptr, linear as c_uint) };
        // SAFETY: The packet is not shared; its fragments hold `paged` bytes.
        unsafe { (*ptr).data_len = paged as c_uint };
        // SAFETY: As above.
        unsafe { (*ptr).len += paged as c_uint };
        Ok(skb)
    }

    /// Length in bytes, including the fragments.
    pub(crate) fn len(&self) -> usize {
        // SAFETY: The packet is valid by the type invariant.
        unsafe { (*self.as_raw()).len as usize }
    }

    /// Length of the linear part in bytes. C's `skb_headlen()`.
    pub(super) fn headlen(&self) -> usize {
        let skb = self.as_raw();
        // SAFETY: The packet is valid by the type invariant.
        let len = unsafe { (*skb).len };
        // SAFETY: As above.
        let data_len = unsafe { (*skb).data_len };
        // Never negative: `len` includes the fragments.
        len.wrapping_sub(data_len) as usize
    }

    /// Whether the packet has no fragments.
    pub(crate) fn is_linear(&self) -> bool {
        // SAFETY: The packet is valid by the type invariant.
        unsafe { (*self.as_raw()).data_len == 0 }
    }

    /// Copies bytes of the linear part, as many as there are from `offset` on, and returns their
    /// number.
    pub(crate) fn copy_linear(&self, offset: usize, bytes: &mut [u8]) -> usize {
        let len = self.headlen().saturating_sub(offset).min(bytes.len());
        if len != 0 {
            // SAFETY: The packet is valid by the type invariant.
            let data = unsafe { (*self.as_raw()).data };
            // SAFETY: The offset is inside the linear part.
            let from = unsafe { data.add(offset) };
            // SAFETY: The linear part holds `len` bytes from there on, and `bytes` as many.
            unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), len) };
        }
        len
    }

    /// The linear part, to be written; `None` if somebody else has a reference to the packet or a
    /// clone of it.
    pub(crate) fn linear_mut(&mut self) -> Option<&mut [u8]> {
        // SAFETY: The packet is valid by the type invariant.
        let shared = unsafe { bindings::bsdtun_skb_shared(self.as_raw()) };
        // SAFETY: As above.
        if shared || unsafe { bindings::bsdtun_skb_cloned(self.as_raw()) } {
            return None;
        }
        // SAFETY: As above.
        let data = unsafe { (*self.as_raw()).data };
        // SAFETY: The linear part is initialized, and nobody else accesses it: this value
        // has the only reference, there is no clone, and the value is borrowed.
        Some(unsafe { slice::from_raw_parts_mut(data, self.headlen()) })
    }

    /// The protocol as an EtherType, in host byte order.
    pub(crate) fn protocol(&self) -> u16 {
        // SAFETY: The packet is valid by the type invariant.
        u16::from_be(unsafe { (*Self::headers(self.as_raw())).protocol })
    }

    /// Sets the protocol to an EtherType in host byte order.
    pub(crate) fn set_protocol(&mut self, protocol: u16) {
        // SAFETY: The packet is valid by the type invariant; its owner may write the field.
        unsafe { (*Self::headers(self.as_raw())).protocol = protocol.to_be() };
    }

    /// Sets the MAC header to the current start of the packet: it has no link layer header.
    pub(super) fn reset_mac_header(&mut self) {
        // SAFETY: The packet is valid by the type invariant.
        unsafe { bindings::bsdtun_skb_reset_mac_header(self.as_raw()) };
    }

    /// The packet's control block: what [`Self::cb_mut`] stored there, or any numbers.
    pub(crate) fn cb(&self) -> &ControlBlock {
        // SAFETY: By the type invariant the packet is valid. Its control block belongs to its
        // owner, this value, which is borrowed.
        unsafe { &*Self::control_block(self.as_raw()) }
    }

    /// The packet's control block, to be changed. Its content stays there until the packet is
    /// passed to another owner.
    pub(crate) fn cb_mut(&mut self) -> &mut ControlBlock {
        // SAFETY: As in `cb`; the borrow is unique.
        unsafe { &mut *Self::control_block(self.as_raw()) }
    }

    /// The next hop of an IPv4 packet, in network byte order: the gateway of its route, or its
    /// destination if the route has no IPv4 gateway or the packet has no route.
    ///
    /// Call it before [`Self::scrub`], which drops the route. A packet without a network header has
    /// an arbitrary next hop.
    pub(crate) fn next_hop(&self, _tx: &TxContext) -> [u8; 4] {
        // SAFETY: The packet is valid by the type invariant. With softirqs off, RCU protects the
        // route.
        unsafe { bindings::bsdtun_skb_next_hop(self.as_raw()) }.to_ne_bytes()
    }

    /// Prepares a packet that leaves the stack for waiting any length of time: releases its
    /// sender's socket and pages, its route, its connection tracking entry, its extensions and its
    /// device. Any context.
    ///
    /// Returns whether the packet is finished: if not, its checksum is incomplete, it is to be
    /// segmented, or its VLAN tag is not in the frame.
    ///
    /// # Errors
    ///
    /// `ENOMEM` if the sender's pages had to be copied and could not.
    pub(crate) fn scrub(&mut self) -> Result<bool> {
        // SAFETY: The packet is valid by the type invariant; as it is in no list, it has a device.
        match unsafe { bindings::bsdtun_skb_scrub(self.as_raw()) } {
            0 => Ok(true),
            1 => Ok(false),
            _ => Err(ENOMEM),
        }
    }

    /// Reports that a packet of the stack could not be transmitted, to a sender that lent its pages
    /// for it. The packet must be dropped next. Any context.
    pub(crate) fn tx_error(&mut self) {
        // SAFETY: The packet is valid by the type invariant.
        unsafe { bindings::skb_tx_error(self.as_raw()) };
    }

    /// Frees a packet that is dropped. Any context.
    pub(crate) fn drop_reason(self, reason: DropReason) {
        // SAFETY: `into_raw` passes the reference on.
        unsafe { bindings::dev_kfree_skb_any_reason(self.into_raw(), reason as u32) };
    }

    /// Frees a packet that was delivered: it does not show up as dropped.
    ///
    /// In a hard interrupt this would corrupt a cache of the softirqs, hence the proof.
    pub(crate) fn consume(self, _context: &ProcessContext) {
        // SAFETY: `into_raw` passes the reference on.
        unsafe { bindings::bsdtun_consume_skb(self.into_raw()) };
    }

    /// Passes the packet to the stack as received from `dev`. Softirqs off.
    ///
    /// # Safety
    ///
    /// `dev` must be a registered device that was found in the current RCU read-side critical
    /// section.
    pub(super) unsafe fn netif_receive_skb(mut self, dev: *mut bindings::net_device) {
        self.set_device(dev);
        // SAFETY: `into_raw` passes the reference on; the rest is the safety requirement.
        unsafe { bindings::netif_receive_skb(self.into_raw()) };
    }

    /// # Safety
    ///
    /// `skb` must point to a valid packet.
    unsafe fn control_block(skb: *mut bindings::sk_buff) -> *mut ControlBlock {
        const _: () = assert!(
            mem::offset_of!(bindings::sk_buff, cb) % mem::align_of::<ControlBlock>() == 0
                && size_of::<ControlBlock>() <= 48
        );
        // CAST: Any bytes are valid numbers. The control block has 48 bytes; the alignment is
        // asserted above.
        // SAFETY: By the safety requirement the projection is inside the packet.
        unsafe { addr_of_mut!((*skb).cb) }.cast()
    }

    /// # Safety
    ///
    /// `skb` must point to a valid packet.
    pub(super) unsafe fn headers(skb: *mut bindings::sk_buff) -> *mut Headers {
        // CAST: All members of a union start at its address.
        // SAFETY: By the safety requirement the projection is inside the packet.
        unsafe { addr_of_mut!((*skb).__bindgen_anon_4) }.cast()
    }

    pub(super) fn set_device(&mut self, dev: *mut bindings::net_device) {
        // CAST: The kernel crate has the same type as an opaque one.
        // SAFETY: The packet is valid and owned. It is in no list, so the union holds the device.
        unsafe {
            (*self.as_raw())
                .__bindgen_anon_1
                .__bindgen_anon_1
                .__bindgen_anon_1
                .dev = dev.cast()
        };
    }
}

impl Drop for SkBuff {
    fn drop(&mut self) {
        kernel::warn_on!(cfg!(debug_assertions));
        // SAFETY: By the type invariant this value owns a reference, which ends here.
        unsafe {
            bindings::dev_kfree_skb_any_reason(
                self.as_raw(),
                bindings::skb_drop_reason_SKB_DROP_REASON_NOT_SPECIFIED,
            )
        };
    }
}

#[kunit_tests(bsdtun_skb)]
pub(super) mod tests {
    use super::*;

    /// Allocates a packet of `len` bytes whose control block holds `cb`.
    pub(in crate::linux::net) fn packet(len: usize, cb: u64) -> Result<SkBuff> {
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
        skb.cb_mut()[0] = cb;
        Ok(skb)
    }

    #[test]
    fn cb_and_protocol_do_not_overlap() -> Result {
        let mut skb = packet(60, u64::MAX)?;
        *skb.cb_mut() = [u64::MAX; 3];
        skb.set_protocol(0x86dd);
        assert_eq!(skb.len(), 60);
        assert_eq!(skb.cb(), &[u64::MAX; 3]);
        assert_eq!(skb.protocol(), 0x86dd);
        *skb.cb_mut() = [7, 8, 9];
        assert_eq!(skb.cb(), &[7, 8, 9]);
        assert_eq!(skb.protocol(), 0x86dd);
        // SAFETY: Tests run in process context.
        skb.consume(unsafe { ProcessContext::assume(&()) });
        Ok(())
    }

    #[test]
    fn scrub_keeps_cb_and_length() -> Result {
        let mut skb = packet(20, 3)?;
        assert!(skb.scrub()?);
        assert_eq!(skb.cb()[0], 3);
        assert_eq!(skb.len(), 20);
        skb.drop_reason(DropReason::QueueFull);
        Ok(())
    }
}
