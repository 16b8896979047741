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

mod dequeue;

pub(crate) use dequeue::{
    Batch,
    Dequeued,
    Lost,
    BATCH_MAX, //
};

use crate::{
    bsd::{
        batch::Transfer,
        lifecycle::{
            Lifecycle,
            OpenError, //
        },
        offload::OffloadHeader, //
    },
    driver::{
        drops::DropCause,
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
