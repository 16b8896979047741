// SPDX-License-Identifier: GPL-2.0

//! The readers' side of the queue: waiting for packets, taking them, and returning them.

use super::{
    Claimed,
    Shared,
    TxQueue, //
};
use crate::{
    bsd::{
        batch::{
            Room,
            RECORD_HEADER_LEN, //
        },
        offload::HeaderKind, //
    },
    driver::{
        drops::DropCause,
        offload::{
            self,
            Prepared, //
        },
        packet_list::{
            self,
            PacketList, //
        }, //
    },
    linux::net::skb::SkBuff, //
};
use core::mem;
use kernel::{
    prelude::*,
    sync::{
        atomic::Relaxed,
        SpinLockGuard, //
    }, //
};

/// A packet that a reader took from the queue.
pub(crate) struct Dequeued {
    /// The packet.
    pub(crate) skb: SkBuff,
    /// The stack was stopped and there is room again: the caller must call
    /// [`Device::wake_queues`](crate::linux::net::device::Device::wake_queues).
    pub(crate) wake: bool,
}

/// Packets that a reader took from the queue at once, oldest first.
pub(crate) struct Batch {
    /// The packets, at most [`BATCH_MAX`].
    pub(crate) packets: PacketList,
    /// Whether the queue was empty then, or the next packet did not fit.
    pub(crate) is_last: bool,
    /// As in [`Dequeued`].
    pub(crate) wake: bool,
    /// [`Claimed::flushes`] at that time.
    flushes: u64,
}

/// The largest number of packets in a [`Batch`]: the number that one hold of a lock takes.
pub(crate) const BATCH_MAX: usize = 64;

/// A packet that a reader was to get and that could not be finished.
pub(crate) struct Lost {
    /// The packet; `None` if it is freed.
    pub(crate) skb: Option<SkBuff>,
    /// Why.
    pub(crate) cause: DropCause,
    /// As in [`Dequeued`]. No packet may follow that a reader could take, and wake the stack for.
    pub(crate) wake: bool,
}

impl TxQueue {
    /// Takes the oldest packet. If there is none and `may_wait` is set, sleeps until there is one.
    /// Process context.
    ///
    /// The packet gets its offload header. A packet that this cannot describe is finished first. If
    /// that fails, it is passed to `lost` and the next one is taken. `lost` is called with a lock
    /// held, for packets without a destructor.
    ///
    /// # Errors
    ///
    /// `EHOSTDOWN` if the interface is gone, `EAGAIN` if there is no packet, `ERESTARTSYS` if a
    /// signal interrupted the wait.
    pub(crate) fn dequeue(&self, may_wait: bool, mut lost: impl FnMut(Lost)) -> Result<Dequeued> {
        let mut claimed = self.claimed.lock();
        let skb = loop {
            claimed = self.await_packet(claimed, may_wait)?;
            if let Some(skb) = self.take_first(&mut claimed, &mut lost) {
                break skb;
            }
        };
        let wake = self.publish_claimed(&claimed);
        Ok(Dequeued { skb, wake })
    }

    /// Takes the oldest packets as long as there is room for their records, at most [`BATCH_MAX`].
    /// Otherwise as [`Self::dequeue`].
    ///
    /// # Errors
    ///
    /// As [`Self::dequeue`].
    pub(crate) fn dequeue_batch(
        &self,
        may_wait: bool,
        room: &mut Room,
        mut lost: impl FnMut(Lost),
    ) -> Result<Batch> {
        let mut packets = PacketList::new();
        let mut is_last = false;
        let mut claimed = self.claimed.lock();
        'batch: while packets.is_empty() {
            claimed = self.await_packet(claimed, may_wait)?;
            for _ in 0..BATCH_MAX {
                if claimed.packets.is_empty() && !self.claim(&mut claimed, &mut self.shared.lock())
                {
                    is_last = true;
                    break;
                }
                let Some(skb) = self.take_first(&mut claimed, &mut lost) else {
                    continue;
                };
                if !room.reserve(packet_list::len_with_front(&skb)) {
                    self.put_back_first(&mut claimed, skb);
                    is_last = true;
                    break 'batch;
                }
                packets.push(skb);
                if room.is_full() {
                    is_last = true;
                    break;
                }
            }
        }
        let wake = self.publish_claimed(&claimed);
        Ok(Batch {
            packets,
            is_last,
            wake,
            flushes: claimed.flushes,
        })
    }

    /// Returns packets that [`Self::dequeue_batch`] has taken, and that are not read, to the start
    /// of the queue. Process context.
    ///
    /// # Errors
    ///
    /// Returns the packets, to be freed, if the queue was emptied since they were taken.
    #[cold]
    pub(crate) fn put_back(&self, mut batch: Batch) -> Result<(), PacketList> {
        let mut claimed = self.claimed.lock();
        if claimed.flushes != batch.flushes {
            return Err(batch.packets);
        }
        batch.packets.clear_headers();
        claimed.packets.prepend(batch.packets);
        self.publish_grown(&claimed, &mut self.shared.lock());
        drop(claimed);
        // Another reader may have found the queue empty since.
        self.readers.notify_all();
        Ok(())
    }

    /// Returns when there are claimed packets: claims what the stack has queued, and if there is
    /// nothing and `may_wait` is set, sleeps. Process context.
    ///
    /// # Errors
    ///
    /// As [`Self::dequeue`].
    #[inline(always)]
    fn await_packet<'a>(
        &'a self,
        claimed: SpinLockGuard<'a, Claimed>,
        may_wait: bool,
    ) -> Result<SpinLockGuard<'a, Claimed>> {
        if claimed.packets.is_empty() {
            self.await_claim(claimed, may_wait)
        } else {
            Ok(claimed)
        }
    }

    /// The part of [`Self::await_packet`] for no claimed packets.
    fn await_claim<'a>(
        &'a self,
        mut claimed: SpinLockGuard<'a, Claimed>,
        may_wait: bool,
    ) -> Result<SpinLockGuard<'a, Claimed>> {
        let mut interrupted = false;
        while claimed.packets.is_empty() {
            let mut shared = self.shared.lock();
            if self.claim(&mut claimed, &mut shared) {
                break;
            }
            if shared.life.is_revoked() {
                return Err(EHOSTDOWN);
            }
            if !may_wait {
                return Err(EAGAIN);
            }
            // Check for a signal after the queue: the wake-up for a packet goes to one reader. If
            // that reader returned because of its signal, the packet would wait while other readers
            // sleep.
            if interrupted {
                return Err(ERESTARTSYS);
            }
            // Holding `shared` until this reader is on the wait queue keeps both lists empty.
            drop(claimed);
            shared.sleepers += 1;
            interrupted = self.readers.wait_interruptible(&mut shared);
            shared.sleepers -= 1;
            drop(shared);
            claimed = self.claimed.lock();
        }
        Ok(claimed)
    }

    /// Stores the number of claimed segments after one packet left the list. Returns whether the
    /// caller has to wake the stopped stack.
    #[inline(always)]
    fn publish_claimed(&self, claimed: &Claimed) -> bool {
        self.claimed_len.store(claimed.packets.segments(), Relaxed);
        // This reader may see an old value; the reader that takes the packet that stopped the stack
        // does not, since it claimed that packet under `shared`.
        self.stalled.load(Relaxed) && self.may_wake()
    }

    /// Moves what the stack has queued into the empty list of claimed packets. Returns whether
    /// there was something.
    fn claim(&self, claimed: &mut Claimed, shared: &mut Shared) -> bool {
        mem::swap(&mut claimed.packets, &mut shared.packets);
        self.shared.has_packets.store(false, Relaxed);
        self.publish_grown(claimed, shared);
        !claimed.packets.is_empty()
    }

    /// Stores the number of claimed segments after the list may have grown.
    #[inline(always)]
    fn publish_grown(&self, claimed: &Claimed, shared: &mut Shared) {
        shared.claimed_max = claimed.packets.segments();
        self.claimed_len.store(shared.claimed_max, Relaxed);
    }

    /// Takes the first claimed packet, with its offload header. `None` if the list has changed
    /// instead: the packet was replaced by its segments, or lost. Under `claimed`.
    #[inline(always)]
    fn take_first(&self, claimed: &mut Claimed, lost: impl FnMut(Lost)) -> Option<SkBuff> {
        let skb = claimed.packets.pop()?;
        if claimed.header.is_none() && !packet_list::is_unfinished(&skb) {
            return Some(skb);
        }
        self.prepare_first(claimed, skb, lost)
    }

    /// Returns a packet that [`Self::take_first`] has taken to the start of the list.
    fn put_back_first(&self, claimed: &mut Claimed, mut skb: SkBuff) {
        packet_list::clear_header(&mut skb);
        claimed.packets.push_front(skb);
    }

    #[cold]
    fn prepare_first(
        &self,
        claimed: &mut Claimed,
        skb: SkBuff,
        mut lost: impl FnMut(Lost),
    ) -> Option<SkBuff> {
        match offload::prepare(skb, claimed.header, self.ethernet) {
            Prepared::Ready(skb) => return Some(skb),
            Prepared::Segments(segments) => {
                claimed.packets.prepend(segments);
                // There may be more segments than the packet had counted for.
                self.publish_grown(claimed, &mut self.shared.lock());
            }
            Prepared::Failed(skb, cause) => {
                let wake = self.publish_claimed(claimed);
                lost(Lost { skb, cause, wake });
            }
        }
        None
    }

    /// Decides whether the caller has to wake the stopped stack. Under `claimed`.
    fn may_wake(&self) -> bool {
        let mut shared = self.shared.lock();
        let len = self.len_locked(&shared);
        let wake = shared.stopped_until.is_some_and(|low| len <= low);
        if wake {
            self.set_stopped(&mut shared, None);
        }
        wake
    }

    /// Length in bytes of the oldest packet and its prefix; `None` if the queue is empty. Of the
    /// offload headers, `struct tun_hdr` counts, as on OpenBSD, and virtio's does not, as on
    /// FreeBSD. In batch mode, the length of the packet's whole record. Process context; `lost` as
    /// in [`Self::dequeue`].
    pub(crate) fn first_len(&self, mut lost: impl FnMut(Lost)) -> Option<usize> {
        let mut claimed = self.claimed.lock();
        loop {
            if claimed.packets.is_empty() && !self.claim(&mut claimed, &mut self.shared.lock()) {
                return None;
            }
            let Some(skb) = self.take_first(&mut claimed, &mut lost) else {
                continue;
            };
            let mut len = packet_list::len_with_front(&skb);
            if self.transfer().is_batch() {
                len += RECORD_HEADER_LEN;
            } else if let HeaderKind::Virtio = claimed.header.kind() {
                len -= claimed.header.len();
            }
            self.put_back_first(&mut claimed, skb);
            return Some(len);
        }
    }
}
