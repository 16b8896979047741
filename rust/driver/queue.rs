// SPDX-License-Identifier: GPL-2.0

//! The packet queue of a unit: from the stack, which transmits, to the program, which reads.
//!
//! The queue consists of two lists, so that the stack and the readers contend for a lock once per
//! burst and not once per packet. The stack appends to [`Shared::packets`]. A reader that finds
//! [`TxQueue::claimed`] empty *claims* all of them by swapping the lists; then readers take packets
//! from there without looking at the stack's side. Every packet in the claimed list is older than
//! every packet in the shared list, and both lists count toward `txqueuelen`.
//!
//! With a queueing discipline attached, a full queue *stops* the stack instead of dropping packets,
//! and a reader *wakes* it when half of the queue is free.
//!
//! Locking and the argument why no wake-up is lost are in `Documentation/locking.rst`.

use crate::{
    bsd::{
        batch::{
            Room,
            Transfer,
            RECORD_HEADER_LEN, //
        },
        lifecycle::{
            Lifecycle,
            OpenError, //
        },
        offload::{
            HeaderKind,
            OffloadHeader, //
        }, //
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
    linux::{
        cache_line::CacheAligned,
        fasync::{
            Band,
            Fasync, //
        },
        file_operations::events,
        net::{
            device::Device,
            name::Name,
            skb::SkBuff,
            tx_context::TxContext, //
        }, //
    },
    trace, //
};
use core::mem;
use kernel::{
    fs::File,
    new_spinlock,
    new_spinlock_irq,
    prelude::*,
    static_lock_class,
    sync::{
        atomic::{
            Atomic,
            AtomicFlag,
            Relaxed, //
        },
        poll::{
            PollCondVarBox,
            PollTable, //
        },
        SpinLock,
        SpinLockGuard,
        SpinLockIrq,
        SpinLockIrqGuard, //
    }, //
};

/// The packet queue between the stack and the readers, with the state that decides whether packets
/// are accepted, and the readers and pollers that wait for them.
#[pin_data]
pub(crate) struct TxQueue {
    /// The stack's side.
    #[pin]
    shared: CacheAligned<StackSide>,
    /// Packets that readers have claimed. Process context only; `shared` nests in it.
    #[pin]
    claimed: CacheAligned<SpinLock<Claimed>>,
    /// Number of segments in `claimed`. Written under `claimed`, and grows only while `shared` is
    /// held too: under `shared` alone, the value may be too high but never too low.
    claimed_len: Atomic<usize>,
    /// A [`Transfer`], with a copy of [`Claimed::header`]. Written under `claimed`.
    transfer: Atomic<u32>,
    /// Whether packets are Ethernet frames.
    ethernet: bool,
    /// Whether [`Shared::stopped_until`] is set; readers look at this without taking `shared`, and
    /// may see an old value. Written under `shared`.
    stalled: AtomicFlag,
    /// A copy of [`Shared::polled`], for [`Self::poll`]. Written under `shared`.
    polled: AtomicFlag,
    /// Sleeping readers, and pollers. Notified after `shared` was changed and released. Freed one
    /// grace period after the queue, without making the drop of the queue wait for it.
    readers: PollCondVarBox,
    /// Open files that get SIGIO.
    fasync: Fasync,
    /// Number of times that the stack was stopped.
    stops: Atomic<u64>,
}

/// The stack's side of the queue.
#[pin_data]
struct StackSide {
    /// Taken in every context, so interrupts are off while it is held.
    #[pin]
    shared: SpinLockIrq<Shared>,
    /// Whether [`Shared::packets`] is not empty, for [`TxQueue::poll`]. Written under `shared`, in
    /// whose cache line it is.
    has_packets: AtomicFlag,
}

impl StackSide {
    #[inline(always)]
    fn lock(&self) -> SpinLockIrqGuard<'_, Shared> {
        self.shared.lock()
    }
}

/// The part of the queue that the stack and the readers share.
struct Shared {
    /// Packets queued by the stack and not yet claimed by a reader.
    packets: PacketList,
    life: Lifecycle,
    /// Upper bound of the number of segments in [`TxQueue::claimed`]: as many as were claimed last,
    /// or as were left when the stack last looked at [`TxQueue::claimed_len`].
    claimed_max: usize,
    /// Number of readers that sleep.
    sleepers: usize,
    /// Whether the open file was ever polled: if so, a poller may be waiting. Cleared at the last
    /// close.
    polled: bool,
    /// Set while the stack is stopped: a reader wakes it when at most this many segments are
    /// queued.
    stopped_until: Option<usize>,
}

/// The part of the queue that belongs to the readers.
struct Claimed {
    /// Packets that readers have claimed.
    packets: PacketList,
    /// What reads return in front of packets. Written under RTNL too.
    header: OffloadHeader,
    /// Number of times that the queue was emptied without being read.
    flushes: u64,
}

impl Shared {
    /// Upper bound of the number of queued segments.
    fn len_max(&self) -> usize {
        self.packets.segments() + self.claimed_max
    }
}

/// A packet that a reader took from the queue.
pub(crate) struct Dequeued {
    /// The packet.
    pub(crate) skb: SkBuff,
    /// The stack was stopped and there is room again: the caller must call
    /// [`Device::wake_queues`].
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
    /// Creates an empty queue that accepts no packets yet; of Ethernet frames or of IP packets.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(ethernet: bool) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            shared <- CacheAligned::new(pin_init!(StackSide {
                shared <- new_spinlock_irq!(
                    Shared {
                        packets: PacketList::new(),
                        life: Lifecycle::new(),
                        claimed_max: 0,
                        sleepers: 0,
                        polled: false,
                        stopped_until: None,
                    },
                    "TxQueue::shared"
                ),
                has_packets: AtomicFlag::new(false),
            })),
            claimed <- CacheAligned::new(new_spinlock!(
                Claimed {
                    packets: PacketList::new(),
                    header: OffloadHeader::NONE,
                    flushes: 0,
                },
                "TxQueue::claimed"
            )),
            claimed_len: Atomic::new(0),
            transfer: Atomic::new(Transfer::PLAIN.to_bits()),
            ethernet,
            stalled: AtomicFlag::new(false),
            polled: AtomicFlag::new(false),
            readers: PollCondVarBox::new(c"TxQueue::readers", static_lock_class!())?,
            fasync: Fasync::new(),
            stops: Atomic::new(0),
        })
    }

    /// Whether the unit can be opened. Any context.
    pub(crate) fn is_free(&self) -> bool {
        self.shared.lock().life.is_free()
    }

    /// Whether a program has the unit open. Any context.
    pub(crate) fn is_open(&self) -> bool {
        self.shared.lock().life.is_open()
    }

    /// Whether the interface is gone for good. Any context.
    pub(crate) fn is_revoked(&self) -> bool {
        self.shared.lock().life.is_revoked()
    }

    /// Opens the unit exclusively. From now on packets are queued while the interface is up.
    ///
    /// # Errors
    ///
    /// [`OpenError::Busy`] while it is open or being closed, [`OpenError::Gone`] when it is
    /// revoked.
    pub(crate) fn open(&self) -> Result<(), OpenError> {
        self.shared.lock().life.open()
    }

    /// Begins the last close. Returns the unread packets, for the caller to free. From now on
    /// packets are queued only if `queue_while_closed` is set, for the next open. Process context.
    pub(crate) fn begin_close(&self, queue_while_closed: bool) -> PacketList {
        let mut claimed = self.claimed.lock();
        let mut shared = self.shared.lock();
        shared.life.begin_close(queue_while_closed);
        self.set_polled(&mut shared, false);
        self.take_all(&mut claimed, &mut shared)
    }

    /// Ends the last close: the unit can be opened again.
    pub(crate) fn end_close(&self) {
        self.shared.lock().life.end_close();
    }

    /// The interface was set up: packets are queued while the unit is open. RTNL.
    pub(crate) fn up(&self) {
        self.shared.lock().life.set_running(true);
    }

    /// The interface was set down: nothing is queued from now on. Returns the unread packets, for
    /// the caller to free. Sleeping readers sleep on. RTNL.
    ///
    /// The stack may still be transmitting on another CPU; the lock ensures that it queues nothing
    /// afterwards.
    pub(crate) fn down(&self) -> PacketList {
        let mut claimed = self.claimed.lock();
        let mut shared = self.shared.lock();
        shared.life.set_running(false);
        // The stack stays stopped until the interface is set up again, which starts it.
        self.take_all(&mut claimed, &mut shared)
    }

    /// The interface is being removed: wakes every reader and poller, whose calls fail from now on.
    /// Returns the unread packets, for the caller to free. RTNL, process context.
    pub(crate) fn revoke(&self) -> PacketList {
        let mut claimed = self.claimed.lock();
        let mut shared = self.shared.lock();
        shared.life.revoke();
        let unread = self.take_all(&mut claimed, &mut shared);
        drop(shared);
        drop(claimed);
        self.readers.notify_all();
        self.fasync.send(Band::HangUp);
        unread
    }

    /// Empties both lists, oldest packet first, and forgets that the stack was stopped.
    fn take_all(&self, claimed: &mut Claimed, shared: &mut Shared) -> PacketList {
        claimed.flushes += 1;
        let mut all = mem::take(&mut claimed.packets);
        all.append(&mut shared.packets);
        self.shared.has_packets.store(false, Relaxed);
        shared.claimed_max = 0;
        self.claimed_len.store(0, Relaxed);
        self.set_stopped(shared, None);
        all
    }

    fn set_polled(&self, shared: &mut Shared, polled: bool) {
        shared.polled = polled;
        self.polled.store(polled, Relaxed);
    }

    fn set_stopped(&self, shared: &mut Shared, until: Option<usize>) {
        shared.stopped_until = until;
        self.stalled.store(until.is_some(), Relaxed);
    }

    /// Queues a packet, counts it as transmitted, and wakes a reader. `unit` is for the tracepoint.
    /// Softirqs are off; several CPUs at once.
    ///
    /// If a queueing discipline can hold the packets that follow, the stack is stopped before the
    /// queue overflows.
    ///
    /// # Errors
    ///
    /// Returns the packet, to be freed without the lock, and why it was not queued:
    /// [`DropCause::TxNotReady`] if the unit is closed or the interface is down,
    /// [`DropCause::TxQueueFull`] if `txqueuelen` packets are queued.
    // One caller per variant, each on its hot path.
    #[inline(always)]
    pub(crate) fn enqueue(
        &self,
        unit: &Name,
        skb: SkBuff,
        dev: &Device,
        tx: &TxContext,
    ) -> Result<(), (SkBuff, DropCause)> {
        let limit = dev.tx_queue_len();
        let segments = packet_list::segments(&skb);
        let mut shared = self.shared.lock();
        if !shared.life.accepts_packets() {
            return Err((skb, DropCause::TxNotReady));
        }
        // Check the upper bound first: it does not touch the cache line that readers write.
        if shared.len_max() + segments >= limit
            && !self.has_room(&mut shared, segments, limit, dev, tx)
        {
            return Err((skb, DropCause::TxQueueFull));
        }
        // Count and trace before a reader can take the packet: a program that has read a packet
        // finds it in the statistics, and a trace shows the events of a packet in order.
        dev.count_tx(tx, segments, skb.len());
        trace::queue(unit, dev, &skb, || self.len_locked(&shared) + segments);
        shared.packets.push(skb);
        self.shared.has_packets.store(true, Relaxed);
        // Readers and pollers announce themselves under the lock: either they find the packet, or
        // this finds them.
        let awaited = shared.sleepers != 0 || shared.polled;
        drop(shared);
        if awaited {
            // Wakes one reader, and every poller.
            self.readers.notify_one();
        }
        self.fasync.send(Band::In);
        Ok(())
    }

    /// Whether there is room for one more packet: for one of its `segments`, since a packet may
    /// have more than `limit`. Stops the stack if the packet is the last one that fits. Under
    /// `shared`.
    #[cold]
    fn has_room(
        &self,
        shared: &mut Shared,
        segments: usize,
        limit: usize,
        dev: &Device,
        tx: &TxContext,
    ) -> bool {
        // Readers may have taken packets since: a lower bound spares the next packets this call.
        shared.claimed_max = self.claimed_len.load(Relaxed);
        let len = shared.len_max();
        if len + segments >= limit && dev.has_qdisc(tx) {
            // Under the lock, so that the reader that takes this packet sees it and wakes the
            // stack.
            self.set_stopped(shared, Some(limit / 2));
            dev.stop_queues(tx);
            self.stops.add(1, Relaxed);
            return true;
        }
        len < limit
    }

    /// What is read or written now: batches or single packets, behind which offload header. Any
    /// context.
    pub(crate) fn transfer(&self) -> Transfer {
        Transfer::from_bits(self.transfer.load(Relaxed))
    }

    /// Switches batch mode on or off for the reads and writes that begin from now on. Process
    /// context.
    pub(crate) fn set_batch(&self, on: bool) {
        let _claimed = self.claimed.lock();
        let transfer = self.transfer().with_batch(on);
        self.transfer.store(transfer.to_bits(), Relaxed);
    }

    /// Changes the offload header of packets that are read or written from now on. Returns the old
    /// one. RTNL.
    pub(super) fn set_offload_header(&self, header: OffloadHeader) -> OffloadHeader {
        let mut claimed = self.claimed.lock();
        let transfer = self.transfer().with_header(header);
        self.transfer.store(transfer.to_bits(), Relaxed);
        mem::replace(&mut claimed.header, header)
    }

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
        let mut shared = self.shared.lock();
        shared.claimed_max = claimed.packets.segments();
        self.claimed_len.store(shared.claimed_max, Relaxed);
        drop(shared);
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
        shared.claimed_max = claimed.packets.segments();
        self.claimed_len.store(claimed.packets.segments(), Relaxed);
        !claimed.packets.is_empty()
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
                let mut shared = self.shared.lock();
                shared.claimed_max = claimed.packets.segments();
                self.claimed_len.store(shared.claimed_max, Relaxed);
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

    /// Number of queued segments. Any context.
    pub(crate) fn len(&self) -> usize {
        self.len_locked(&self.shared.lock())
    }

    fn len_locked(&self, shared: &Shared) -> usize {
        shared.packets.segments() + self.claimed_len.load(Relaxed)
    }

    /// Number of times that the stack was stopped because the queue was full.
    pub(crate) fn stops(&self) -> u64 {
        self.stops.load(Relaxed)
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

    /// Registers a poller and returns the current [`events`]. Process context.
    ///
    /// While packets wait, this takes no lock of the queue. It may see packets that another reader
    /// has just taken, as it could with the lock, before it is released.
    pub(crate) fn poll(&self, file: &File, table: &PollTable<'_>) -> u32 {
        // Register before the look at the queue, so that no packet in between goes unnoticed.
        table.register_wait(file, &self.readers);
        // Only after the first poll does every packet, and the removal, wake the poller.
        if self.polled.load(Relaxed)
            && (self.claimed_len.load(Relaxed) != 0 || self.shared.has_packets.load(Relaxed))
        {
            return events::WRITABLE | events::READABLE;
        }
        let mut shared = self.shared.lock();
        self.set_polled(&mut shared, true);
        if shared.life.is_revoked() {
            events::GONE
        } else if self.len_locked(&shared) == 0 {
            events::WRITABLE
        } else {
            events::WRITABLE | events::READABLE
        }
    }

    /// The open files that get SIGIO for each packet and when the interface is removed.
    pub(crate) fn fasync(&self) -> &Fasync {
        &self.fasync
    }
}
