// SPDX-License-Identifier: GPL-2.0

//! Queued packets: what their control block holds, and a list that counts segments.
//!
//! The first number of the control block is a bit that is set if the packet is not finished, the
//! number of its segments minus one, the length of its offload header, and its encoded prefix. Of a
//! finished packet without an offload header, it is the encoded prefix. The other two numbers are
//! the bytes of the offload header, which the packet gets when a reader takes it.

use crate::{
    bsd::{
        framing::{
            Prefix,
            PrefixBytes,
            PREFIX_MAX, //
        },
        offload::HEADER_MAX, //
    },
    linux::net::{
        skb::{
            ControlBlock,
            SkBuff, //
        },
        skb_list::SkbList, //
    }, //
};
use core::{
    mem,
    ops::Deref, //
};

const UNFINISHED: u64 = 1 << 63;

const SEGMENTS_SHIFT: u32 = 48;

/// The largest number of segments that the control block can hold.
const SEGMENTS_MAX: usize = 1 << (63 - SEGMENTS_SHIFT);

const HEADER_LEN_SHIFT: u32 = 40;

const HEADER_LEN_MASK: u64 = 0xff << HEADER_LEN_SHIFT;

const PREFIX_MASK: u64 = (1 << HEADER_LEN_SHIFT) - 1;

const FRONT_MASK: u64 = HEADER_LEN_MASK | PREFIX_MASK;

/// Marks a packet with this encoded prefix as not finished: a reader without an offload header gets
/// about as many `segments`, of which there is at least one.
pub(super) fn mark_unfinished(skb: &mut SkBuff, prefix: u64, segments: usize) {
    let segments = segments.clamp(1, SEGMENTS_MAX) as u64 - 1;
    skb.cb_mut()[0] = UNFINISHED | segments << SEGMENTS_SHIFT | prefix;
}

/// Marks a packet with this encoded prefix as finished.
pub(super) fn mark_finished(skb: &mut SkBuff, prefix: u64) {
    skb.cb_mut()[0] = prefix;
}

/// Marks a packet as finished after it was not. It keeps its prefix.
pub(super) fn now_finished(skb: &mut SkBuff) {
    skb.cb_mut()[0] &= PREFIX_MASK;
}

/// Whether the packet has to be finished for a reader without an offload header.
pub(super) fn is_unfinished(skb: &SkBuff) -> bool {
    skb.cb()[0] & UNFINISHED != 0
}

/// Number of segments that the packet counts for in the queue.
pub(super) fn segments(skb: &SkBuff) -> usize {
    (skb.cb()[0] << 1 >> (SEGMENTS_SHIFT + 1)) as usize + 1
}

/// Stores the offload header of a packet that a reader takes: `header`, and zeros up to a length of
/// `len`, at most [`HEADER_MAX`].
pub(super) fn set_header(skb: &mut SkBuff, header: &[u8], len: usize) {
    const _: () = assert!(HEADER_MAX <= 16);

    let mut bytes = [[0; 8]; 2];
    for (to, from) in bytes.as_flattened_mut().iter_mut().zip(header) {
        *to = *from;
    }
    let [cb, low, high] = skb.cb_mut();
    *cb = *cb & !HEADER_LEN_MASK | (len as u64) << HEADER_LEN_SHIFT;
    [*low, *high] = bytes.map(u64::from_ne_bytes);
}

pub(super) fn clear_header(skb: &mut SkBuff) {
    skb.cb_mut()[0] &= !HEADER_LEN_MASK;
}

/// The bytes that a read returns in front of a packet: its offload header, and its prefix. `None`
/// if it has neither.
#[inline(always)]
pub(super) fn front(skb: &SkBuff) -> Option<Front> {
    let cb = skb.cb();
    // One test for both. The prefix of most packets and the offload header of most units is empty.
    (cb[0] & FRONT_MASK != 0).then(|| Front::new(cb))
}

/// Length in bytes of [`front`].
#[inline(always)]
fn front_len(skb: &SkBuff) -> usize {
    front(skb).map_or(0, |front| front.len())
}

/// Length in bytes of a packet with what is in front of it.
#[inline(always)]
pub(super) fn len_with_front(skb: &SkBuff) -> usize {
    front_len(skb) + skb.len()
}

/// The largest number of bytes in front of a packet.
pub(super) const FRONT_MAX: usize = HEADER_MAX + PREFIX_MAX;

/// The bytes in front of a packet.
pub(super) enum Front {
    /// A prefix only, for which there is a faster way.
    Prefix(PrefixBytes),
    /// An offload header, and perhaps a prefix.
    Header([u8; FRONT_MAX], usize),
}

impl Front {
    /// Decodes a control block.
    #[inline(always)]
    fn new(cb: &ControlBlock) -> Self {
        if cb[0] & HEADER_LEN_MASK == 0 {
            Self::Prefix(Prefix::from_cb(cb[0] & PREFIX_MASK).bytes())
        } else {
            Self::with_header(cb)
        }
    }

    #[cold]
    fn with_header(cb: &ControlBlock) -> Self {
        let header = [cb[1], cb[2]].map(u64::to_ne_bytes);
        let header_len = ((cb[0] & HEADER_LEN_MASK) >> HEADER_LEN_SHIFT) as usize;
        let prefix = Prefix::from_cb(cb[0] & PREFIX_MASK).bytes();
        let len = header_len + prefix.len();
        let mut bytes = [0; FRONT_MAX];
        bytes[..header_len].copy_from_slice(&header.as_flattened()[..header_len]);
        bytes[header_len..len].copy_from_slice(&prefix);
        Self::Header(bytes, len)
    }
}

impl Deref for Front {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Prefix(prefix) => prefix,
            Self::Header(bytes, len) => &bytes[..*len],
        }
    }
}

/// A list of queued packets, first in, first out, and the number of their segments.
#[derive(Default)]
pub(crate) struct PacketList {
    packets: SkbList,
    segments: usize,
}

impl PacketList {
    /// Creates an empty list.
    pub(super) const fn new() -> Self {
        Self {
            packets: SkbList::new(),
            segments: 0,
        }
    }

    /// Number of segments of all packets.
    pub(crate) fn segments(&self) -> usize {
        self.segments
    }

    /// Whether the list has no packets.
    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Appends a packet.
    pub(super) fn push(&mut self, skb: SkBuff) {
        self.segments += segments(&skb);
        self.packets.push(skb);
    }

    /// Removes and returns the first packet.
    pub(super) fn pop(&mut self) -> Option<SkBuff> {
        let skb = self.packets.pop()?;
        self.segments -= segments(&skb);
        Some(skb)
    }

    /// Adds a packet at the start of the list.
    pub(super) fn push_front(&mut self, skb: SkBuff) {
        let mut first = Self::new();
        first.push(skb);
        self.prepend(first);
    }

    /// Forgets the offload headers of all packets, which a reader has taken and returns to the
    /// queue.
    pub(super) fn clear_headers(&mut self) {
        let mut packets = mem::take(self);
        while let Some(mut skb) = packets.pop() {
            clear_header(&mut skb);
            self.push(skb);
        }
    }

    /// Moves all packets of `other` to the end of this list.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.packets.append(&mut other.packets);
        self.segments += mem::take(&mut other.segments);
    }

    /// Moves all packets of `other` to the start of this list.
    pub(super) fn prepend(&mut self, mut other: Self) {
        other.append(self);
        *self = other;
    }

    /// The packets.
    pub(crate) fn into_packets(self) -> SkbList {
        self.packets
    }
}

impl From<SkbList> for PacketList {
    fn from(mut packets: SkbList) -> Self {
        let mut list = Self::new();
        while let Some(skb) = packets.pop() {
            list.push(skb);
        }
        list
    }
}
