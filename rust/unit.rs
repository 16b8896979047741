// SPDX-License-Identifier: GPL-2.0

//! A unit: the queue between an interface and the program that has its node open.
//!
//! Who owns what, and which locks nest how, is in `Documentation/locking.rst`.

use crate::{
    bsd::lifecycle::{
        Lifecycle,
        Refused, //
    },
    chardev::{
        events,
        Band,
        Node,
        SigioList, //
    },
    file::TunFile,
    net::{
        device::{
            Name,
            Port, //
        },
        skb::{
            DropReason,
            SkBuff,
            SkbList, //
        }, //
    },
    registry::Number, //
};
use core::mem;
use kernel::{
    fs::File,
    new_mutex,
    new_poll_condvar,
    new_spinlock_irq,
    prelude::*,
    sync::{
        atomic::{
            AtomicFlag,
            Relaxed, //
        },
        poll::{
            PollCondVar,
            PollTable, //
        },
        Arc,
        Mutex,
        SpinLockIrq, //
    }, //
};

/// A unit.
#[pin_data]
pub(crate) struct Unit {
    /// Name of the node. The interface starts with the same name, and may be renamed.
    name: Name,
    #[pin]
    rx: SpinLockIrq<Rx>,
    /// Readers and pollers. Notified after `rx` was changed and unlocked.
    #[pin]
    readers: PollCondVar,
    sigio: SigioList,
    #[pin]
    node: Mutex<NodeState>,
    refusal_said: AtomicFlag,
}

/// What the interface and the reader share.
struct Rx {
    queue: SkbList,
    life: Lifecycle,
}

/// The node, in the order of its life. It is made and removed without RTNL, while the interface that
/// it belongs to comes and goes under RTNL.
enum NodeState {
    /// Not made yet.
    Absent(Number),
    /// There. The number is free only after the node is gone: fields are dropped in this order.
    Present {
        _node: Node<TunFile>,
        _number: Number,
    },
    /// The interface is gone; there will be no node any more.
    Gone,
}

impl Unit {
    /// A unit with this number and name of its node.
    pub(crate) fn new(number: Number, name: Name) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            name,
            rx <- new_spinlock_irq!(
                Rx {
                    queue: SkbList::new(),
                    life: Lifecycle::new(),
                },
                "Unit::rx"
            ),
            readers <- new_poll_condvar!("Unit::readers"),
            sigio: SigioList::new(),
            node <- new_mutex!(NodeState::Absent(number), "Unit::node"),
            refusal_said: AtomicFlag::new(false),
        })
    }

    /// Name of the node.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// Who gets SIGIO.
    pub(crate) fn sigio(&self) -> &SigioList {
        &self.sigio
    }

    /// Makes the node of `port`, unless the interface is gone already. Process context, with no
    /// lock held.
    pub(crate) fn make_node(port: Arc<Port<Self>>) -> Result {
        let unit = port.clone();
        let mut state = unit.node.lock();
        *state = match mem::replace(&mut *state, NodeState::Gone) {
            NodeState::Absent(number) => match Node::new(unit.name.as_c_str(), port) {
                Ok(node) => NodeState::Present {
                    _node: node,
                    _number: number,
                },
                Err(e) => {
                    *state = NodeState::Absent(number);
                    return Err(e);
                }
            },
            other => other,
        };
        Ok(())
    }

    /// Removes the node, and frees the number. Process context, with no lock held.
    pub(crate) fn remove_node(&self) {
        let state = mem::replace(&mut *self.node.lock(), NodeState::Gone);
        // With the mutex unlocked: nothing may wait for `misc_mtx` longer than it must.
        drop(state);
    }

    /// Takes the unit for a program that opens its node.
    pub(crate) fn open(&self) -> Result<(), Refused> {
        self.rx.lock().life.open()
    }

    /// Begins the last close. Returns what was queued.
    pub(crate) fn begin_close(&self) -> SkbList {
        let mut rx = self.rx.lock();
        rx.life.begin_close();
        mem::take(&mut rx.queue)
    }

    /// Ends the last close.
    pub(crate) fn end_close(&self) {
        self.rx.lock().life.end_close();
    }

    /// Cuts the unit off from its interface, for ever, and wakes everybody. RTNL, process context.
    pub(crate) fn revoke(&self) {
        let mut rx = self.rx.lock();
        rx.life.revoke();
        let queue = mem::take(&mut rx.queue);
        drop(rx);
        drop(queue);
        self.readers.notify_all();
        self.sigio.send(Band::HangUp);
    }

    /// Whether the interface is gone.
    pub(crate) fn is_revoked(&self) -> bool {
        self.rx.lock().life.is_revoked()
    }

    /// The interface was set up. RTNL.
    pub(crate) fn up(&self) {
        self.rx.lock().life.set_up(true);
    }

    /// The interface was set down. Returns what was queued. RTNL.
    ///
    /// The stack may still be sending, so it takes the lock to be sure that nothing is queued
    /// afterwards.
    pub(crate) fn down(&self) -> SkbList {
        let mut rx = self.rx.lock();
        rx.life.set_up(false);
        mem::take(&mut rx.queue)
    }

    /// Queues a packet for the reader, unless there is none, the interface is down, or `limit`
    /// packets wait already. Any context.
    ///
    /// `count` is called before a reader can have the packet, so that whoever has read it finds it
    /// counted.
    pub(crate) fn enqueue(
        &self,
        skb: SkBuff,
        limit: usize,
        count: impl FnOnce(&SkBuff),
    ) -> Result<(), (SkBuff, DropReason)> {
        let mut rx = self.rx.lock();
        if !rx.life.accepts_packets() {
            return Err((skb, DropReason::DeviceNotReady));
        }
        if rx.queue.len() >= limit {
            return Err((skb, DropReason::QueueFull));
        }
        count(&skb);
        rx.queue.push(skb);
        drop(rx);
        // One packet, one reader; pollers are all woken.
        self.readers.notify_one();
        self.sigio.send(Band::In);
        Ok(())
    }

    /// Takes the first packet; waits for one if it may. Process context.
    ///
    /// # Errors
    ///
    /// `EHOSTDOWN` without an interface, `EAGAIN` without a packet, `ERESTARTSYS` on a signal.
    pub(crate) fn dequeue(&self, may_wait: bool) -> Result<SkBuff> {
        let mut interrupted = false;
        let mut rx = self.rx.lock();
        loop {
            if let Some(skb) = rx.queue.pop() {
                return Ok(skb);
            }
            if rx.life.is_revoked() {
                return Err(EHOSTDOWN);
            }
            if !may_wait {
                return Err(EAGAIN);
            }
            // Only after another look at the queue: the wake-up for a packet goes to one reader,
            // and if that one has a signal too, it takes the packet and leaves the signal for
            // later. Otherwise the packet would wait while other readers sleep.
            if interrupted {
                return Err(ERESTARTSYS);
            }
            interrupted = self.readers.wait_interruptible(&mut rx);
        }
    }

    /// Length in bytes of the packet that the next read returns.
    pub(crate) fn first_len(&self) -> Option<usize> {
        self.rx.lock().queue.first_len()
    }

    /// Registers a poller and says what is possible now.
    pub(crate) fn poll(&self, file: &File, table: &PollTable<'_>) -> u32 {
        // Before the look at the queue: what comes in between is noticed.
        table.register_wait(file, &self.readers);
        let rx = self.rx.lock();
        if rx.life.is_revoked() {
            events::GONE
        } else if rx.queue.is_empty() {
            events::WRITABLE
        } else {
            events::WRITABLE | events::READABLE
        }
    }

    /// Says, once for the unit, that a packet was refused for its protocol. Any context.
    pub(crate) fn say_refused(&self, protocol: u16) {
        if !self.refusal_said.xchg(true, Relaxed) {
            pr_info!(
                "{}: refused a packet of Ethernet type {:#06x}: without IFHEAD only IPv4 crosses (said once)\n",
                self.name,
                protocol
            );
        }
    }
}
