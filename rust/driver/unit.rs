// SPDX-License-Identifier: GPL-2.0

//! A unit: the queue between an interface and the program that has its node open.
//!
//! Who owns what, and which locks nest how, is in `Documentation/locking.rst`.

use crate::{
    bsd::{
        framing::{
            Framing,
            Prefix, //
        },
        kind::Kind,
        lifecycle::{
            Lifecycle,
            OpenError, //
        }, //
    },
    driver::{
        drops::{
            DropCause,
            DropStats, //
        },
        file::UnitNode,
        registry::Number,
        settings::Settings, //
    },
    linux::{
        cache_line::CacheAligned,
        miscdevice::{
            events,
            Band,
            Fasync,
            MiscDevice, //
        },
        net::{
            device::{
                Device,
                EthernetAddress,
                Name,
                Private,
                TxContext, //
            },
            rtnl,
            skb::{
                SkBuff,
                SkbList, //
            }, //
        },
        pid::Pid,
        return_work::{
            ReturnWork,
            ReturnWorkItem, //
        }, //
    },
    trace, //
};
use core::mem;
use kernel::{
    fmt,
    fs::File,
    new_mutex,
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
        Arc,
        Mutex,
        SpinLock,
        SpinLockIrq, //
    }, //
};

/// A unit.
#[pin_data]
pub(crate) struct Unit {
    kind: Kind,
    number: u16,
    /// Name of the node. The interface starts with the same name, and may be renamed.
    name: Name,
    settings: Arc<Settings>,
    /// A [`Framing`], for the stack to look at without a lock. Written under `unit_settings`.
    framing: Atomic<i32>,
    #[pin]
    unit_settings: SpinLock<UnitSettings>,
    /// Ready while the unit is open, for a notifier that may not sleep.
    #[pin]
    up_work: SpinLockIrq<Option<ReturnWorkItem<UpWork>>>,
    /// What has come for the readers, and is not theirs yet.
    #[pin]
    rx: CacheAligned<SpinLockIrq<Rx>>,
    /// What the readers have taken from there. Process context only; `rx` nests in it.
    #[pin]
    reading: CacheAligned<SpinLock<SkbList>>,
    /// How many packets are in `reading`. Written under it; grows under `rx` as well.
    left: Atomic<usize>,
    /// Whether [`Rx::stopped`] is set, for readers to look at without its lock, and perhaps late.
    /// Written under `rx`.
    stalled: AtomicFlag,
    /// Readers and pollers. Notified after `rx` was changed and unlocked. It is freed a grace period
    /// after the unit, which does not wait for that.
    readers: PollCondVarBox,
    sigio: Fasync,
    #[pin]
    node: Mutex<NodeState>,
    refusal_said: AtomicFlag,
    drop_stats: DropStats,
    /// How often the stack was kept from sending.
    stops: Atomic<u64>,
}

/// What the interface and the readers share.
struct Rx {
    queue: SkbList,
    life: Lifecycle,
    /// No more packets than this are in `reading`: as many as the readers took when they took last,
    /// or as were left when the stack looked.
    taken: usize,
    /// How many readers sleep.
    sleepers: usize,
    /// Set once somebody polls, until the last close: from then on he may be waiting.
    polled: bool,
    /// Set while the stack is kept from sending: it goes on when no more than this many packets
    /// wait.
    stopped: Option<usize>,
}

impl Rx {
    /// No more packets than this wait.
    fn bound(&self) -> usize {
        self.queue.len() + self.taken
    }
}

/// What the program has set, beside the framing.
struct UnitSettings {
    baudrate: i32,
    interface_type: u8,
    keep: bool,
    transient: bool,
    /// Where the other side of a virtual cable says it is.
    remote: EthernetAddress,
    /// Who opened the unit, or has said to be its owner since.
    owner: Option<Pid>,
}

/// What one look at a unit's settings shows.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot {
    /// Stored speed.
    pub(crate) baudrate: i32,
    /// Stored type.
    pub(crate) interface_type: u8,
    /// Whether a tap stays as it is at its last close.
    pub(crate) keep: bool,
    /// Whether the unit goes at its last close.
    pub(crate) transient: bool,
    /// The owner as the current process numbers it, or 0.
    pub(crate) owner: i32,
}

/// A packet for the reader.
pub(crate) struct Received {
    /// The packet.
    pub(crate) skb: SkBuff,
    /// There is room again for what the stack was kept from sending.
    pub(crate) wake: bool,
}

/// Sets the interface of an open unit up.
pub(crate) struct UpWork;

impl ReturnWork for UpWork {
    type Data = Arc<Private<Unit>>;
    type OwnerModule = crate::LocalModule;

    fn run(unit: Arc<Private<Unit>>) {
        let rtnl = rtnl::lock();
        if let Some(dev) = unit.device(&rtnl) {
            // Closed meanwhile: as if the close had come after the address.
            if unit.is_open() {
                if let Err(e) = dev.set_up(&rtnl) {
                    pr_warn!("{}: not set up by its address: {:?}\n", unit.name(), e);
                }
            }
        }
        drop(rtnl);
        unit.arm();
    }
}

/// The node, in the order of its life. It is made and removed without RTNL, while the interface that
/// it belongs to comes and goes under RTNL.
enum NodeState {
    /// Not made yet.
    Absent(Number),
    /// There. The number is free only after the node is gone: fields are dropped in this order.
    Present {
        _node: MiscDevice<UnitNode>,
        _number: Number,
    },
    /// The interface is gone; there will be no node any more.
    Gone,
}

/// The node of `unit`. In sysfs it is called as no other driver's are.
fn new_node(unit: Arc<Private<Unit>>) -> Result<MiscDevice<UnitNode>> {
    let this = unit.clone();
    let name = Name::from_fmt(fmt!("{}{}", this.kind.name(), this.number))?;
    MiscDevice::new(name.as_c_str(), this.name.as_c_str(), unit)
}

impl Unit {
    /// A unit with this number and name of its node.
    pub(crate) fn new(
        kind: Kind,
        taken: Number,
        name: Name,
        settings: Arc<Settings>,
    ) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            kind,
            number: taken.get(),
            name,
            settings,
            framing: Atomic::new(Framing::new().to_bits()),
            unit_settings <- new_spinlock!(
                UnitSettings {
                    baudrate: kind.baudrate_default(),
                    interface_type: kind.type_default(),
                    keep: false,
                    transient: false,
                    remote: EthernetAddress::default(),
                    owner: None,
                },
                "Unit::unit_settings"
            ),
            up_work <- new_spinlock_irq!(None, "Unit::set_up"),
            rx <- CacheAligned::new(new_spinlock_irq!(
                Rx {
                    queue: SkbList::new(),
                    life: Lifecycle::new(),
                    taken: 0,
                    sleepers: 0,
                    polled: false,
                    stopped: None,
                },
                "Unit::rx"
            )),
            reading <- CacheAligned::new(new_spinlock!(SkbList::new(), "Unit::reading")),
            left: Atomic::new(0),
            stalled: AtomicFlag::new(false),
            readers: PollCondVarBox::new(c"Unit::readers", static_lock_class!())?,
            sigio: Fasync::new(),
            node <- new_mutex!(NodeState::Absent(taken), "Unit::node"),
            refusal_said: AtomicFlag::new(false),
            drop_stats: DropStats::new(),
            stops: Atomic::new(0),
        })
    }

    /// What kind of unit it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Its number among those of its kind.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Name of the node.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// UnitSettings of the whole driver.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How packets are framed that are queued or written now.
    pub(crate) fn framing(&self) -> Framing {
        Framing::from_bits(self.framing.load(Relaxed))
    }

    /// Changes how packets are framed from now on.
    pub(crate) fn change_framing(&self, change: impl FnOnce(&mut Framing)) {
        let _settings = self.unit_settings.lock();
        let mut framing = self.framing();
        change(&mut framing);
        self.framing.store(framing.to_bits(), Relaxed);
    }

    /// A look at the settings.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let settings = self.unit_settings.lock();
        Snapshot {
            baudrate: settings.baudrate,
            interface_type: settings.interface_type,
            keep: settings.keep,
            transient: settings.transient,
            owner: settings.owner.as_ref().map_or(0, Pid::number_here),
        }
    }

    /// Stores speed and type.
    pub(crate) fn set_info(&self, baudrate: i32, interface_type: u8) {
        let mut settings = self.unit_settings.lock();
        settings.baudrate = baudrate;
        settings.interface_type = interface_type;
    }

    /// Says whether a tap stays as it is at its last close.
    pub(crate) fn set_keep(&self, keep: bool) {
        self.unit_settings.lock().keep = keep;
    }

    /// Where the program says that the other side is.
    pub(crate) fn remote(&self) -> EthernetAddress {
        self.unit_settings.lock().remote
    }

    /// Says where the other side is.
    pub(crate) fn set_remote(&self, address: EthernetAddress) {
        self.unit_settings.lock().remote = address;
    }

    /// Says whether the unit goes at its last close.
    pub(crate) fn set_transient(&self, transient: bool) {
        self.unit_settings.lock().transient = transient;
    }

    /// Sets who is snapshot as the owner.
    pub(crate) fn set_owner(&self, owner: Option<Pid>) {
        let old = mem::replace(&mut self.unit_settings.lock().owner, owner);
        drop(old);
    }

    /// Gets ready to set the interface up from a context that may not sleep. Without memory an
    /// address does not set it up.
    pub(crate) fn arm(&self) {
        let ready = ReturnWorkItem::new().ok();
        let mut up_work = self.up_work.lock();
        // Not after the last close, which has disarmed it: what is ready keeps the module loaded.
        let old = if self.is_open() {
            mem::replace(&mut *up_work, ready)
        } else {
            ready
        };
        drop(up_work);
        drop(old);
    }

    /// Takes what [`Self::arm`] made. Any context.
    pub(crate) fn disarm(&self) -> Option<ReturnWorkItem<UpWork>> {
        self.up_work.lock().take()
    }

    /// Whether the unit can be opened.
    pub(crate) fn is_free(&self) -> bool {
        self.rx.lock().life.is_free()
    }

    /// Whether a program has the node open.
    pub(crate) fn is_open(&self) -> bool {
        self.rx.lock().life.is_open()
    }

    /// Who gets SIGIO.
    pub(crate) fn sigio(&self) -> &Fasync {
        &self.sigio
    }

    /// Makes the node of `unit`, unless the interface is gone already. Process context, with no
    /// lock held.
    pub(crate) fn make_node(unit: Arc<Private<Self>>) -> Result {
        let this = unit.clone();
        let mut state = this.node.lock();
        *state = match mem::replace(&mut *state, NodeState::Gone) {
            NodeState::Absent(number) => match new_node(unit) {
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
    pub(crate) fn open(&self) -> Result<(), OpenError> {
        self.rx.lock().life.open()
    }

    /// Begins the last close. Returns what was queued and nobody will read.
    pub(crate) fn begin_close(&self, flush: bool) -> SkbList {
        let mut taken = self.reading.lock();
        let mut rx = self.rx.lock();
        rx.life.begin_close(!flush);
        rx.polled = false;
        if !flush {
            return SkbList::new();
        }
        self.take_all(&mut taken, &mut rx)
    }

    /// All that waits, in order; the stack's being stopped is forgotten with it.
    fn take_all(&self, taken: &mut SkbList, rx: &mut Rx) -> SkbList {
        let mut all = mem::take(taken);
        all.append(&mut rx.queue);
        rx.taken = 0;
        self.left.store(0, Relaxed);
        self.set_stopped(rx, None);
        all
    }

    fn set_stopped(&self, rx: &mut Rx, stopped: Option<usize>) {
        rx.stopped = stopped;
        self.stalled.store(stopped.is_some(), Relaxed);
    }

    /// Ends the last close.
    pub(crate) fn end_close(&self) {
        self.rx.lock().life.end_close();
    }

    /// Cuts the unit off from its interface, for ever, and wakes everybody. RTNL, process context.
    pub(crate) fn revoke(unit: &Private<Self>) {
        let mut taken = unit.reading.lock();
        let mut rx = unit.rx.lock();
        rx.life.revoke();
        let unread = unit.take_all(&mut taken, &mut rx);
        drop(rx);
        drop(taken);
        Self::drop_list(unit, unread, DropCause::TxUnread);
        unit.readers.notify_all();
        unit.sigio.send(Band::HangUp);
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
        let mut taken = self.reading.lock();
        let mut rx = self.rx.lock();
        rx.life.set_up(false);
        // The stack's side is started anew when the interface is set up.
        self.take_all(&mut taken, &mut rx)
    }

    /// Queues a packet for the reader, and counts it, unless there is no reader, the interface is
    /// down, or as many packets wait as `txqueuelen` says. Softirqs are off.
    ///
    /// If a queueing discipline can hold what comes next, the stack is stopped before the queue
    /// overflows, and nothing is lost.
    // It has one caller for each kind of unit.
    #[inline(always)]
    pub(crate) fn enqueue(
        &self,
        skb: SkBuff,
        dev: &Device,
        tx: &TxContext,
    ) -> Result<(), (SkBuff, DropCause)> {
        let limit = dev.tx_queue_len();
        let mut rx = self.rx.lock();
        if !rx.life.accepts_packets() {
            return Err((skb, DropCause::TxNotReady));
        }
        // Would this packet be the last one? First without a look at what the readers write.
        if rx.bound() + 1 >= limit && !self.has_room(&mut rx, limit, dev, tx) {
            return Err((skb, DropCause::TxQueueFull));
        }
        // Before a reader can have the packet: whoever has read it finds it counted.
        dev.count_sent(tx, skb.len());
        trace::queued(&self.name, dev, &skb, || self.waiting(&rx) + 1);
        rx.queue.push(skb);
        // Whoever waits said so under the lock, before or after.
        let awaited = rx.sleepers != 0 || rx.polled;
        drop(rx);
        if awaited {
            // One packet, one reader; pollers are all woken.
            self.readers.notify_one();
        }
        self.sigio.send(Band::In);
        Ok(())
    }

    /// Whether there is room for a packet; stops the stack if it is the last one that there is room
    /// for. Under `rx`.
    #[cold]
    fn has_room(&self, rx: &mut Rx, limit: usize, dev: &Device, tx: &TxContext) -> bool {
        // The readers may have got on since: the next packets need not look again.
        rx.taken = self.left.load(Relaxed);
        let waiting = rx.bound();
        if waiting + 1 >= limit && dev.has_qdisc(tx) {
            // Under the lock, so that the reader who comes for this packet sees it, and wakes.
            self.set_stopped(rx, Some(limit / 2));
            dev.stop_queues(tx);
            self.stops.add(1, Relaxed);
            return true;
        }
        waiting < limit
    }

    /// Takes the first packet; waits for one if it may. Process context.
    ///
    /// # Errors
    ///
    /// `EHOSTDOWN` without an interface, `EAGAIN` without a packet, `ERESTARTSYS` on a signal.
    pub(crate) fn dequeue(&self, may_wait: bool) -> Result<Received> {
        let mut interrupted = false;
        let mut taken = self.reading.lock();
        while taken.is_empty() {
            let mut rx = self.rx.lock();
            if !rx.queue.is_empty() {
                mem::swap(&mut *taken, &mut rx.queue);
                rx.taken = taken.len();
                self.left.store(taken.len(), Relaxed);
                break;
            }
            rx.taken = 0;
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
            // Nothing comes, to either list, before this reader sleeps.
            drop(taken);
            rx.sleepers += 1;
            interrupted = self.readers.wait_interruptible(&mut rx);
            rx.sleepers -= 1;
            drop(rx);
            taken = self.reading.lock();
        }
        let skb = taken.pop().ok_or(EAGAIN)?;
        self.left.store(taken.len(), Relaxed);
        // Seen late by a reader, it is seen by whoever comes for the packet that stopped the stack.
        let wake = self.stalled.load(Relaxed) && self.wakes();
        Ok(Received { skb, wake })
    }

    /// Whether there is room again for a stack that was stopped. Under `reading`.
    fn wakes(&self) -> bool {
        let mut rx = self.rx.lock();
        let waiting = self.waiting(&rx);
        let wakes = rx.stopped.is_some_and(|low| waiting <= low);
        if wakes {
            self.set_stopped(&mut rx, None);
        }
        wakes
    }

    /// Throws a packet away. Any context.
    #[cold]
    pub(crate) fn drop_skb(unit: &Private<Self>, skb: SkBuff, loss: DropCause) {
        unit.drop_stats.count(loss);
        let (way, reason) = (loss.direction(), loss.reason());
        trace::dropped(&unit.name, unit, Some(&skb), skb.len(), way, reason);
        skb.drop_reason(reason);
    }

    /// Throws packets away. Any context; better without a lock that a packet's destructor may need.
    pub(crate) fn drop_list(unit: &Private<Self>, mut queue: SkbList, loss: DropCause) {
        while let Some(skb) = queue.pop() {
            Self::drop_skb(unit, skb, loss);
        }
    }

    /// Refuses so many bytes of which no packet was made. Any context.
    pub(crate) fn drop_bytes(unit: &Private<Self>, len: usize, loss: DropCause) {
        unit.drop_stats.count(loss);
        trace::dropped(&unit.name, unit, None, len, loss.direction(), loss.reason());
    }

    /// How many packets got lost.
    pub(crate) fn drop_stats(&self) -> &DropStats {
        &self.drop_stats
    }

    /// How often the stack was kept from sending.
    pub(crate) fn stops(&self) -> u64 {
        self.stops.load(Relaxed)
    }

    /// How many packets wait for a reader.
    pub(crate) fn queued(&self) -> usize {
        self.waiting(&self.rx.lock())
    }

    fn waiting(&self, rx: &Rx) -> usize {
        rx.queue.len() + self.left.load(Relaxed)
    }

    /// Length in bytes of what the next read could return, prefix included.
    pub(crate) fn first_len(&self) -> Option<usize> {
        let len = |skb: &SkBuff| Prefix::from_cb(skb.cb()).bytes().len() + skb.len();
        let taken = self.reading.lock();
        taken.peek(len).or_else(|| self.rx.lock().queue.peek(len))
    }

    /// Registers a poller and says what is possible now.
    pub(crate) fn poll(&self, file: &File, table: &PollTable<'_>) -> u32 {
        // Before the look at the queue: what comes in between is noticed.
        table.register_wait(file, &self.readers);
        let mut rx = self.rx.lock();
        rx.polled = true;
        if rx.life.is_revoked() {
            events::GONE
        } else if self.waiting(&rx) == 0 {
            events::WRITABLE
        } else {
            events::WRITABLE | events::READABLE
        }
    }

    /// Says, once for the unit, that IPv6 was refused. Any context.
    #[cold]
    pub(crate) fn say_refused(&self) {
        if !self.refusal_said.xchg(true, Relaxed) {
            pr_info!(
                "{}: refused an IPv6 packet: without IFHEAD only IPv4 crosses (said once)\n",
                self.name
            );
        }
    }

    /// Says what happens, if somebody wants to know. Any context.
    pub(crate) fn debug(&self, args: fmt::Arguments<'_>) {
        if self.settings.debug().get() != 0 {
            pr_info!("{}: {}\n", self.name, args);
        }
    }
}
