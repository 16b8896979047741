// SPDX-License-Identifier: GPL-2.0

//! Queued packets: what their control block holds, and a list that counts segments.

use crate::{
    bsd::framing::Prefix,
    linux::net::{
        skb::SkBuff,
        skb_list::SkbList, //
    }, //
};
use core::mem;

/// The control block of a queued packet: its prefix, below the number of its segments minus one,
/// below this bit, which is set if it is not finished. Of a finished packet it is the encoded
/// prefix.
const UNFINISHED: u64 = 1 << 63;

const SEGMENTS_SHIFT: u32 = 48;

/// The largest number of segments that the control block can hold.
const SEGMENTS_MAX: usize = 1 << (63 - SEGMENTS_SHIFT);

/// Marks a packet with this encoded prefix as not finished: a reader without an offload header gets
/// about as many `segments`, of which there is at least one.
pub(super) fn mark_unfinished(skb: &mut SkBuff, prefix: u64, segments: usize) {
    let segments = segments.clamp(1, SEGMENTS_MAX) as u64 - 1;
    skb.set_cb(UNFINISHED | segments << SEGMENTS_SHIFT | prefix);
}

/// Marks a packet as finished. It keeps its prefix.
pub(super) fn mark_finished(skb: &mut SkBuff) {
    skb.set_cb(skb.cb() & ((1 << SEGMENTS_SHIFT) - 1));
}

/// Whether the packet has to be finished for a reader without an offload header.
pub(super) fn is_unfinished(skb: &SkBuff) -> bool {
    skb.cb() & UNFINISHED != 0
}

/// Number of segments that the packet counts for in the queue.
pub(super) fn segments(skb: &SkBuff) -> usize {
    (skb.cb() << 1 >> (SEGMENTS_SHIFT + 1)) as usize + 1
}

/// The prefix of a packet.
pub(super) fn prefix(skb: &SkBuff) -> Prefix {
    Prefix::from_cb(skb.cb() & ((1 << SEGMENTS_SHIFT) - 1))
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
