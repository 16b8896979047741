// SPDX-License-Identifier: GPL-2.0

//! A unit: what a device node and a network interface have in common.
//!
//! `Documentation/locking.rst` describes ownership, locks and contexts.

use crate::{
    bsd::{
        framing::Framing,
        kind::Kind,
        offload::OffloadHeader, //
    },
    driver::{
        drops::{
            DropCause,
            DropStats, //
        },
        node::Node,
        offload,
        queue::{
            Lost,
            TxQueue, //
        },
        quota::Charge,
        registry::{
            Registry,
            UnitId, //
        },
        settings::Settings, //
    },
    linux::{
        net::{
            device::Device,
            etherdevice::EthernetAddress,
            name::Name,
            net_namespace::capable_net_admin_noaudit,
            page_ring::PageRing,
            private::Private,
            rtnl,
            skb::SkBuff,
            skb_list::SkbList, //
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
    new_spinlock,
    new_spinlock_irq,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            AtomicFlag,
            Relaxed, //
        },
        rcu,
        Arc,
        SpinLock,
        SpinLockIrq, //
    }, //
};

/// A unit: the state that a device node and its network interface share, with the packet queue
/// between them.
///
/// Functions that need the interface as well take a `Private<Unit>`, which leads to it.
#[pin_data]
pub(crate) struct Unit {
    kind: Kind,
    number: u16,
    /// Name of the node. The interface starts with the same name and may be renamed.
    name: Name,
    settings: Arc<Settings>,
    /// A [`Framing`], which every packet reads without a lock. Written under `unit_settings`.
    framing: Atomic<i32>,
    #[pin]
    unit_settings: SpinLock<UnitSettings>,
    #[pin]
    queue: TxQueue,
    /// Allocated while the unit is open, for an address notifier, which must not sleep.
    #[pin]
    up_work: SpinLockIrq<Option<ReturnWorkItem<UpWork>>>,
    /// Pages of written packets. Emptied at the last close.
    #[pin]
    page_ring: SpinLock<PageRing>,
    #[pin]
    node: Node<Private<Unit>>,
    /// Whether a program has ever opened the unit.
    was_opened: AtomicFlag,
    /// Set if the removal of the interface must not free the minor number of the node.
    retire_node: AtomicFlag,
    /// The unit's share in the quota of the user namespace that owns it; `None` for the initial
    /// one.
    charge: Option<Charge>,
    ipv6_drop_logged: AtomicFlag,
    drop_stats: DropStats,
}

/// The numbers of one kind of unit.
pub(crate) type UnitRegistry = Registry<Private<Unit>>;

/// The settings of one unit, by a program or an administrator, except for the framing.
struct UnitSettings {
    /// As `TUNSIFINFO` stored it. The speed of an Ethernet link follows from it.
    baudrate: i32,
    /// An `IFT_` number, as `TUNSIFINFO` stored it.
    interface_type: u8,
    keep: bool,
    transient: bool,
    /// Whether a process with `CAP_NET_ADMIN` in the initial user namespace set `transient`.
    transient_by_admin: bool,
    /// Ethernet address of the peer: the interface's own at open, then as `SIOCSIFADDR` stored it.
    /// Nothing uses it.
    remote_address: EthernetAddress,
    /// The process that opened the unit, or that called `TUNSIFPID` since.
    owner: Option<Pid>,
}

impl UnitSettings {
    /// The settings of a new unit.
    fn new(kind: Kind) -> Self {
        Self {
            baudrate: kind.baudrate_default(),
            interface_type: kind.type_default(),
            keep: false,
            transient: false,
            transient_by_admin: false,
            remote_address: EthernetAddress::default(),
            owner: None,
        }
    }
}

/// A consistent copy of a unit's settings.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot {
    /// Speed in bits per second, as the program stored it.
    pub(crate) baudrate: i32,
    /// An `IFT_` number.
    pub(crate) interface_type: u8,
    /// Whether a tap stays up and keeps its addresses at the last close.
    pub(crate) keep: bool,
    /// Whether the last close destroys the unit.
    pub(crate) transient: bool,
    /// Whether the host's administrator decided that.
    pub(crate) transient_by_admin: bool,
    /// The owner's process number in the caller's PID namespace; 0 if there is none.
    pub(crate) owner: i32,
}

/// Sets the interface of an open unit up, on the return to user space of the system call that
/// added an address, or that opened the unit in the openbsd dialect.
pub(crate) struct UpWork;

impl ReturnWork for UpWork {
    type Data = Arc<Private<Unit>>;
    type OwnerModule = crate::LocalModule;

    fn run(unit: Arc<Private<Unit>>) {
        let rtnl = rtnl::lock();
        if let Some(dev) = unit.device(&rtnl) {
            // A close that came first wins: the interface stays down.
            if unit.queue.is_open() {
                if let Err(e) = dev.open(&rtnl) {
                    pr_warn!("{}: cannot set the interface up: {:?}\n", unit.name, e);
                }
            }
        }
        drop(rtnl);
        unit.arm_up_work();
    }
}

impl Unit {
    /// Creates a unit with this number, whose node is called `name`. It has no node yet, and will
    /// have none if it is charged to a user namespace.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(
        kind: Kind,
        id: UnitId<Private<Self>>,
        name: Name,
        settings: Arc<Settings>,
        charge: Option<Charge>,
    ) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            kind,
            number: id.number(),
            name,
            settings,
            framing: Atomic::new(Framing::new().to_bits()),
            unit_settings <- new_spinlock!(UnitSettings::new(*kind), "Unit::unit_settings"),
            queue <- TxQueue::new(kind.is_ethernet()),
            up_work <- new_spinlock_irq!(None, "Unit::up_work"),
            page_ring <- new_spinlock!(PageRing::new(), "Unit::page_ring"),
            node <- Node::new(id),
            was_opened: AtomicFlag::new(false),
            retire_node: AtomicFlag::new(false),
            charge,
            ipv6_drop_logged: AtomicFlag::new(false),
            drop_stats: DropStats::new(),
        })
    }

    /// The kind of unit.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The number, unique among the units of its kind.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Name of the node in `/dev`. It never changes.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// The driver-wide settings.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The packet queue between the stack and the program.
    pub(crate) fn queue(&self) -> &TxQueue {
        &self.queue
    }

    /// The pages for written packets. Process context only.
    pub(crate) fn page_ring(&self) -> &SpinLock<PageRing> {
        &self.page_ring
    }

    /// The node in `/dev`.
    pub(crate) fn node(&self) -> &Node<Private<Self>> {
        &self.node
    }

    /// Whether the unit has a node of its own: not if a user namespace other than the initial one
    /// owns it.
    pub(crate) fn has_node(&self) -> bool {
        self.charge.is_none()
    }

    /// Makes the removal of the interface retire the node instead of removing it.
    pub(crate) fn set_retire_node(&self) {
        self.retire_node.store(true, Relaxed);
    }

    /// Removes or retires the node, after the interface is gone. Process context, with no lock held
    /// that is taken under `misc_mtx` if the node is not retired.
    pub(crate) fn remove_node(&self) {
        self.node.remove(self.retire_node.load(Relaxed));
    }

    /// The framing of packets that are queued or written now. Any context.
    pub(crate) fn framing(&self) -> Framing {
        Framing::from_bits(self.framing.load(Relaxed))
    }

    /// Changes the framing of packets that are queued or written from now on, and returns what
    /// `change` does, which must not sleep. Process context.
    pub(crate) fn change_framing<R>(&self, change: impl FnOnce(&mut Framing) -> R) -> R {
        let _settings = self.unit_settings.lock();
        let mut framing = self.framing();
        let result = change(&mut framing);
        self.framing.store(framing.to_bits(), Relaxed);
        result
    }

    /// Changes the offload header of packets that are read or written from now on, and with it the
    /// features of the interface. RTNL.
    pub(crate) fn set_offload_header(
        &self,
        dev: &Device,
        header: OffloadHeader,
        rtnl: &rtnl::Guard,
    ) {
        let old = self.queue.set_offload_header(header);
        // If only the length of a virtio header has changed, what `ethtool -K` set stays.
        if old.kind() != header.kind() {
            let features = offload::default_features(header);
            dev.set_wanted_features(features, offload::FEATURES_ETHERNET, rtnl);
        }
    }

    /// Reads the settings. Must not be called from an interrupt or a softirq.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let settings = self.unit_settings.lock();
        Snapshot {
            baudrate: settings.baudrate,
            interface_type: settings.interface_type,
            keep: settings.keep,
            transient: settings.transient,
            transient_by_admin: settings.transient_by_admin,
            owner: settings.owner.as_ref().map_or(0, Pid::vnr),
        }
    }

    /// Whether a program has ever opened the unit.
    pub(crate) fn was_opened(&self) -> bool {
        self.was_opened.load(Relaxed)
    }

    /// Records that a program opens the unit.
    pub(crate) fn set_opened(&self) {
        self.was_opened.store(true, Relaxed);
    }

    /// Gives all settings their values of a new unit. Process context.
    pub(crate) fn reset_settings(&self) {
        let mut settings = self.unit_settings.lock();
        self.framing.store(Framing::new().to_bits(), Relaxed);
        let old = mem::replace(&mut *settings, UnitSettings::new(self.kind));
        drop(settings);
        // Its owner is dropped here, after the lock.
        drop(old);
    }

    /// Stores speed and type, of `TUNSIFINFO`, and returns the speed of before.
    pub(crate) fn set_info(&self, baudrate: i32, interface_type: u8) -> i32 {
        let mut settings = self.unit_settings.lock();
        settings.interface_type = interface_type;
        mem::replace(&mut settings.baudrate, baudrate)
    }

    /// The speed in bits per second, as the program stored it. Process context.
    pub(crate) fn baudrate(&self) -> i32 {
        self.unit_settings.lock().baudrate
    }

    /// Sets whether a tap stays up and keeps its addresses at the last close.
    pub(crate) fn set_keep(&self, keep: bool) {
        self.unit_settings.lock().keep = keep;
    }

    /// The peer's Ethernet address, of `SIOCGIFADDR`.
    pub(crate) fn remote_address(&self) -> EthernetAddress {
        self.unit_settings.lock().remote_address
    }

    /// Stores the peer's Ethernet address, of `SIOCSIFADDR`.
    pub(crate) fn set_remote_address(&self, address: EthernetAddress) {
        self.unit_settings.lock().remote_address = address;
    }

    /// Sets whether the last close destroys the unit, by the current process.
    pub(crate) fn set_transient(&self, transient: bool) {
        let by_admin = capable_net_admin_noaudit();
        let mut settings = self.unit_settings.lock();
        settings.transient = transient;
        settings.transient_by_admin = by_admin;
    }

    /// Sets the process that is shown as the owner.
    pub(crate) fn set_owner(&self, owner: Option<Pid>) {
        let old = mem::replace(&mut self.unit_settings.lock().owner, owner);
        // Dropped here, after the lock.
        drop(old);
    }

    /// Allocates the work by which an address sets the interface up. If there is no memory, the
    /// next address does not set it up. Process context.
    pub(crate) fn arm_up_work(&self) {
        let work = ReturnWorkItem::new().ok();
        let mut up_work = self.up_work.lock();
        // Check and store in one step: after the last close has disarmed the work, another one
        // would keep the module loaded forever.
        let old = if self.queue.is_open() {
            mem::replace(&mut *up_work, work)
        } else {
            work
        };
        drop(up_work);
        drop(old);
    }

    /// Takes what [`Self::arm_up_work`] allocated, to be queued or dropped. Any context.
    pub(crate) fn disarm_up_work(&self) -> Option<ReturnWorkItem<UpWork>> {
        self.up_work.lock().take()
    }

    /// Drops a packet: counts its segments, traces it, and frees it with the reason that belongs to
    /// `cause`. Any context.
    #[cold]
    pub(crate) fn drop_skb(self: &Private<Self>, skb: SkBuff, cause: DropCause) {
        self.drop_stats.count(cause, skb.gso_segs());
        let (direction, reason) = (cause.direction(), cause.reason());
        trace::drop(&self.name, self, Some(&skb), skb.len(), direction, reason);
        skb.drop_reason(reason);
    }

    /// Drops packets, each as [`Self::drop_skb`] does. Any context, preferably without a lock,
    /// since destructors of packets take locks.
    pub(crate) fn drop_list(self: &Private<Self>, mut list: SkbList, cause: DropCause) {
        while let Some(skb) = list.pop() {
            self.drop_skb(skb, cause);
        }
    }

    /// Drops a packet that a read was to return, see [`Self::drop_skb`], and wakes the stack if it
    /// was the one that filled the queue. Process context.
    #[cold]
    pub(crate) fn drop_lost(self: &Private<Self>, lost: Lost) {
        let rcu = rcu::read_lock();
        if let Some(dev) = self.device_rcu(&rcu) {
            dev.count_tx_dropped(lost.skb.as_ref().map_or(1, SkBuff::gso_segs));
            if lost.wake {
                dev.wake_queues();
            }
        }
        match lost.skb {
            Some(skb) => self.drop_skb(skb, lost.cause),
            None => self.drop_stats.count(lost.cause, 1),
        }
    }

    /// Counts and traces `len` bytes that a program wrote and that did not become a packet. Any
    /// context.
    pub(crate) fn drop_bytes(self: &Private<Self>, len: usize, cause: DropCause) {
        self.drop_stats.count(cause, 1);
        let (direction, reason) = (cause.direction(), cause.reason());
        trace::drop(&self.name, self, None, len, direction, reason);
    }

    /// Numbers of dropped packets, by cause.
    pub(crate) fn drop_stats(&self) -> &DropStats {
        &self.drop_stats
    }

    /// Logs, once per unit, that an IPv6 packet was dropped because of the framing. Any context.
    #[cold]
    pub(crate) fn log_ipv6_drop(&self) {
        if !self.ipv6_drop_logged.xchg(true, Relaxed) {
            pr_info!(
                "{}: dropped an IPv6 packet: without TUNSIFHEAD only IPv4 can be read (logged once)\n",
                self.name
            );
        }
    }

    /// Logs an event if debugging is enabled, by `TUNSDEBUG` or the sysctls. Any context.
    pub(crate) fn debug(&self, args: fmt::Arguments<'_>) {
        if self.settings.debug().get() != 0 {
            pr_info!("{}: {}\n", self.name, args);
        }
    }
}
