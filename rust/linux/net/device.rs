// SPDX-License-Identifier: GPL-2.0

//! Registered network devices: `struct net_device`.
//!
//! C header: [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)

use crate::{
    c::bindings,
    linux::{
        context::ProcessContext,
        net::{
            etherdevice::EthernetAddress,
            name::Name,
            net_namespace::{
                self,
                Net, //
            },
            rtnl::{
                self,
                Rtnl, //
            },
            skb::SkBuff,
            skb_list::SkbList,
            tx_context::TxContext, //
        }, //
    }, //
};
use core::ptr::{
    self,
    addr_of,
    addr_of_mut, //
};
use kernel::{
    container_of,
    error::to_result,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        rcu, //
    },
    types::Opaque, //
};

/// Interface flags, `IFF_*`, in host byte order.
pub(crate) mod flags {
    use crate::c::bindings;

    /// The link has exactly one peer.
    pub(crate) const POINTOPOINT: u32 = bindings::net_device_flags_IFF_POINTOPOINT;
    /// The link has no address resolution.
    pub(crate) const NOARP: u32 = bindings::net_device_flags_IFF_NOARP;
    /// The link has many stations, and an address that reaches all of them.
    pub(crate) const BROADCAST: u32 = bindings::net_device_flags_IFF_BROADCAST;
    /// Multicast groups can be joined.
    pub(crate) const MULTICAST: u32 = bindings::net_device_flags_IFF_MULTICAST;
    /// The driver is asked for debug output.
    pub(crate) const DEBUG: u32 = bindings::net_device_flags_IFF_DEBUG;

    /// All of the above: those that a driver may set. Others, `IFF_UP` first of all, follow from
    /// the state of the core.
    pub(in crate::linux::net) const ALL: u32 = POINTOPOINT | NOARP | BROADCAST | MULTICAST | DEBUG;
}

/// A registered network device.
///
/// A reference to this type proves a context in which the device cannot be freed: an RCU read-side
/// critical section or RTNL, held since the device was looked up, or a callback of [`NetdevOps`].
///
/// [`NetdevOps`]: crate::linux::net::netdev_ops::NetdevOps
///
/// # Invariants
///
/// The value is a `struct net_device` that stays valid while references to this type live.
#[repr(transparent)]
pub(crate) struct Device(Opaque<bindings::net_device>);

// SAFETY: Every method may be called from any thread. Fields that change or are read without RTNL
// (`flags`, `mtu`, `tx_queue_len`, the bytes of `dev_addr`, the list of unicast addresses) are
// accessed atomically; `name`, `ifindex`, `reg_state` and `wanted_features` under RTNL, which an
// argument proves; `type` and the pointer `dev_addr` do not change while the device is registered.
unsafe impl Sync for Device {}

impl Device {
    /// # Safety
    ///
    /// `ptr` must point to a device that stays valid during `'a`, and is registered, being
    /// registered or being unregistered.
    pub(super) unsafe fn from_raw<'a>(ptr: *mut bindings::net_device) -> &'a Self {
        // CAST: `Device` is a transparent wrapper.
        // SAFETY: By the safety requirement.
        unsafe { &*ptr.cast() }
    }

    /// The C structure, valid while this reference lives.
    pub(crate) fn as_raw(&self) -> *mut bindings::net_device {
        self.0.get()
    }

    /// A snapshot of the interface flags. Any context.
    fn read_flags(&self) -> u32 {
        // SAFETY: The device is valid by the type invariant.
        let flags = unsafe { addr_of_mut!((*self.as_raw()).flags) };
        // SAFETY: As above. Concurrent accesses are `READ_ONCE` and `WRITE_ONCE`.
        unsafe { Atomic::from_ptr(flags) }.load(Relaxed)
    }

    /// Whether the interface is administratively up. Any context.
    pub(crate) fn is_up(&self) -> bool {
        self.read_flags() & bindings::net_device_flags_IFF_UP != 0
    }

    /// Whether the interface is promiscuous: it accepts frames for any station. Any context.
    pub(crate) fn is_promiscuous(&self) -> bool {
        self.read_flags() & bindings::net_device_flags_IFF_PROMISC != 0
    }

    /// The interface flags, see [`flags`].
    pub(crate) fn flags(&self, _rtnl: &Rtnl) -> u32 {
        // SAFETY: The device is valid by the type invariant. RTNL excludes writers.
        unsafe { (*self.as_raw()).flags }
    }

    /// A snapshot of the interface flags, see [`flags`].
    pub(crate) fn flags_rcu(&self, _rcu: &rcu::Guard) -> u32 {
        self.read_flags()
    }

    /// Changes the interface flags in `mask` to those in `flags`, and notifies user space. Bits
    /// that [`flags`] does not name are ignored.
    ///
    /// # Errors
    ///
    /// `EBUSY` while the interface is up, because the stack evaluates the flags when it is set up.
    pub(crate) fn change_flags(&self, flags: u32, mask: u32, rtnl: &Rtnl) -> Result {
        if self.is_up() {
            return Err(EBUSY);
        }
        let mask = mask & flags::ALL;
        let flags = self.flags(rtnl) & !mask | flags & mask;
        // SAFETY: The device is valid by the type invariant.
        let field = unsafe { addr_of_mut!((*self.as_raw()).flags) };
        // SAFETY: As above. Concurrent accesses are `READ_ONCE` and `WRITE_ONCE`.
        unsafe { Atomic::from_ptr(field) }.store(flags, Relaxed);
        // This event also reaches listeners while the interface is down.
        //
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        unsafe { bindings::netdev_features_change(self.as_raw()) };
        Ok(())
    }

    /// Whether the device is registered and not being unregistered.
    fn is_registered(&self, _rtnl: &Rtnl) -> bool {
        // SAFETY: The device is valid by the type invariant. RTNL excludes writers.
        let state = unsafe { (*self.as_raw()).reg_state };
        u32::from(state) == bindings::netdev_reg_state_NETREG_REGISTERED
    }

    /// Sets the interface up. Does nothing if it is up.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the device is being unregistered; the error of a notifier that objects.
    pub(crate) fn open(&self, rtnl: &Rtnl) -> Result {
        if !self.is_registered(rtnl) {
            return Err(ENODEV);
        }
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        to_result(unsafe { bindings::dev_open(self.as_raw(), ptr::null_mut()) })
    }

    /// Sets the interface up, and changes the interface flags in `mask` to those in `flags`. Only
    /// [`flags::DEBUG`] and [`flags::NOARP`] can be changed.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the device is being unregistered; the error of a notifier that objects.
    pub(crate) fn open_with_flags(&self, flags: u32, mask: u32, rtnl: &Rtnl) -> Result {
        if !self.is_registered(rtnl) {
            return Err(ENODEV);
        }
        let mask = mask & (flags::DEBUG | flags::NOARP);
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        let old = unsafe { bindings::netif_get_flags(self.as_raw()) };
        let new = old & !mask | flags & mask | bindings::net_device_flags_IFF_UP;
        // SAFETY: As above.
        to_result(unsafe { bindings::dev_change_flags(self.as_raw(), new, ptr::null_mut()) })
    }

    /// Sets the interface down. Does nothing if it is down.
    pub(crate) fn close(&self, _rtnl: &Rtnl) {
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        unsafe { bindings::dev_close(self.as_raw()) };
    }

    /// Unregisters the device, unless that was done already. Releasing RTNL completes the removal.
    ///
    /// Callbacks of the device, in which this would be a bug, have no guard.
    pub(crate) fn unregister(&self, rtnl: &rtnl::Guard) {
        if !self.is_registered(rtnl) {
            return;
        }
        // SAFETY: The device is valid by the type invariant, and is freed no earlier than RTNL is
        // released, which is held.
        unsafe { bindings::unregister_netdevice_queue(self.as_raw(), ptr::null_mut()) };
    }

    /// The interface index.
    pub(crate) fn ifindex(&self, _rtnl: &Rtnl) -> i32 {
        // SAFETY: The device is valid by the type invariant. RTNL excludes writers.
        unsafe { (*self.as_raw()).ifindex }
    }

    /// The current interface name.
    pub(crate) fn name(&self, _rtnl: &Rtnl) -> Name {
        // SAFETY: The device is valid by the type invariant. RTNL excludes renames.
        Name::from_raw(unsafe { (*self.as_raw()).name })
    }

    /// The MTU in bytes.
    pub(crate) fn mtu(&self, _rtnl: &Rtnl) -> u32 {
        // SAFETY: The device is valid by the type invariant. RTNL excludes writers.
        unsafe { (*self.as_raw()).mtu }
    }

    /// Sets the MTU in bytes, and notifies user space.
    ///
    /// # Errors
    ///
    /// `EINVAL` outside the bounds of the device; the error of a notifier that objects.
    pub(crate) fn set_mtu(&self, mtu: u32, _rtnl: &Rtnl) -> Result {
        let mtu = c_int::try_from(mtu).map_err(|_| EINVAL)?;
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        to_result(unsafe { bindings::dev_set_mtu(self.as_raw(), mtu) })
    }

    /// Requests the features in `mask` to be those in `features`, as the user does by
    /// `ethtool -K`, and notifies devices on top. Has no effect on those that
    /// [`NewDevice::set_hw_features`] did not name. [`NetdevOps::fix_features`] decides.
    ///
    /// [`NewDevice::set_hw_features`]: crate::linux::net::new_device::NewDevice::set_hw_features
    /// [`NetdevOps::fix_features`]: crate::linux::net::netdev_ops::NetdevOps::fix_features
    pub(crate) fn set_wanted_features(&self, features: u64, mask: u64, rtnl: &rtnl::Guard) {
        if !self.is_registered(rtnl) {
            return;
        }
        let dev = self.as_raw();
        // SAFETY: The device is valid by the type invariant; the field does not change.
        let mask = mask & unsafe { (*dev).hw_features };
        // SAFETY: The device is valid by the type invariant. RTNL excludes writers.
        let wanted = unsafe { (*dev).wanted_features };
        // SAFETY: As above. RTNL excludes other accesses.
        unsafe { (*dev).wanted_features = wanted & !mask | features & mask };
        // SAFETY: The device is valid by the type invariant, registered, and RTNL is held.
        unsafe { bindings::netdev_update_features(dev) };
    }

    /// The current MTU in bytes. Any context.
    pub(crate) fn mtu_any(&self) -> usize {
        // SAFETY: The device is valid by the type invariant.
        let mtu = unsafe { addr_of_mut!((*self.as_raw()).mtu) };
        // SAFETY: As above. Concurrent accesses are `READ_ONCE` and `WRITE_ONCE`.
        let mtu = unsafe { Atomic::from_ptr(mtu) }.load(Relaxed);
        mtu as usize
    }

    /// The current `txqueuelen` in packets. Any context.
    pub(crate) fn tx_queue_len(&self) -> usize {
        // SAFETY: The device is valid by the type invariant.
        let len = unsafe { addr_of_mut!((*self.as_raw()).tx_queue_len) };
        // SAFETY: As above. Concurrent accesses are `READ_ONCE` and `WRITE_ONCE`.
        let len = unsafe { Atomic::from_ptr(len) }.load(Relaxed);
        len as usize
    }

    /// Sets `txqueuelen` in packets, and notifies user space.
    pub(crate) fn set_tx_queue_len(&self, len: u32, _rtnl: &Rtnl) {
        // SAFETY: The device is valid by the type invariant.
        let field = unsafe { addr_of_mut!((*self.as_raw()).tx_queue_len) };
        // SAFETY: As above. Concurrent accesses are `READ_ONCE` and `WRITE_ONCE`.
        let old = unsafe { Atomic::from_ptr(field) }.xchg(len, Relaxed);
        if old != len {
            let event = bindings::netdev_cmd_NETDEV_CHANGE_TX_QUEUE_LEN;
            // SAFETY: The device is valid by the type invariant and RTNL is held. No listener can
            // prevent the change.
            unsafe { bindings::call_netdevice_notifiers(event as c_ulong, self.as_raw()) };
        }
    }

    /// Whether packets start with an Ethernet header.
    pub(crate) fn is_ethernet(&self) -> bool {
        // SAFETY: The device is valid by the type invariant; its type does not change.
        unsafe { (*self.as_raw()).type_ == bindings::ARPHRD_ETHER as u16 }
    }

    /// The Ethernet address, or zeros if the device has none. Any context; without RTNL, a
    /// concurrent change may be seen half done.
    pub(crate) fn ethernet_address(&self) -> EthernetAddress {
        // SAFETY: The device is valid by the type invariant. The pointer does not change, and leads
        // to `MAX_ADDR_LEN` bytes.
        let address = unsafe { (*self.as_raw()).dev_addr };
        core::array::from_fn(|i| {
            // SAFETY: As above. The bytes may change concurrently, so each is one volatile read.
            unsafe { address.add(i).read_volatile() }
        })
    }

    /// Whether the device's list of secondary unicast addresses holds `address`: a device on top of
    /// this one, such as a macvlan, receives frames for it.
    pub(crate) fn uc_contains(&self, address: &EthernetAddress, _rcu: &rcu::Guard) -> bool {
        // SAFETY: The device is valid by the type invariant.
        let head = unsafe { addr_of!((*self.as_raw()).uc.list) };
        // SAFETY: The list head is valid as long as the device. Entries are added and removed
        // concurrently, so this is one volatile read. The entry is initialized, by the
        // address dependency, as for C's `rcu_dereference`.
        let mut entry = unsafe { addr_of!((*head).next).read_volatile() };
        while !ptr::eq(entry, head) {
            // SAFETY: Every entry but the head is inside a `netdev_hw_addr`, which RCU keeps alive.
            let hw_addr = unsafe { container_of!(entry, bindings::netdev_hw_addr, list) };
            // SAFETY: As above.
            let entry_address = unsafe { addr_of!((*hw_addr).addr) }.cast::<EthernetAddress>();
            // SAFETY: As above; the address of an entry does not change.
            if unsafe { entry_address.read() } == *address {
                return true;
            }
            // SAFETY: As for the first entry.
            entry = unsafe { addr_of!((*entry).next).read_volatile() };
        }
        false
    }

    /// Reports that a property of the link has changed, to user space and to devices on top. Does
    /// nothing while the interface is down: setting it up has the same effect.
    pub(crate) fn state_change(&self, _rtnl: &Rtnl) {
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        unsafe { bindings::netdev_state_change(self.as_raw()) };
    }

    /// Reports that the link has a carrier. Any context.
    pub(crate) fn carrier_on(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::netif_carrier_on(self.as_raw()) };
    }

    /// Reports that the link has lost its carrier. Any context.
    pub(crate) fn carrier_off(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::netif_carrier_off(self.as_raw()) };
    }

    /// Whether the link has a carrier. Any context.
    pub(crate) fn carrier_ok(&self) -> bool {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_netif_carrier_ok(self.as_raw()) }
    }

    /// Attaches the queueing disciplines, so that packets pass from now on, if the interface is up
    /// and has a carrier.
    ///
    /// After [`Self::carrier_on`], the core does the same from a work item a moment later, and
    /// drops packets until then.
    pub(crate) fn activate(&self, _rtnl: &Rtnl) {
        // Setting an interface down deactivates it. If it is down, that has happened already.
        if self.is_up() {
            // SAFETY: The device is valid by the type invariant, up, and RTNL is held.
            unsafe { bindings::dev_activate(self.as_raw()) };
        }
    }

    /// Whether the device has a queueing discipline that can hold packets, which `noqueue` cannot.
    pub(crate) fn has_qdisc(&self, _tx: &TxContext) -> bool {
        // SAFETY: The device is valid by the type invariant, and `TxContext` proves that softirqs
        // are off.
        unsafe { bindings::bsdtun_netif_has_qdisc(self.as_raw()) }
    }

    /// Allows the stack to transmit after the interface is set up.
    pub(crate) fn start_queues(&self, _rtnl: &Rtnl) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_netif_tx_start_all_queues(self.as_raw()) };
    }

    /// Stops the stack from transmitting: the queueing discipline holds the packets that follow.
    pub(crate) fn stop_queues(&self, _tx: &TxContext) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::netif_tx_stop_all_queues(self.as_raw()) };
    }

    /// Allows the stack to transmit again, and schedules the packets that the queueing discipline
    /// holds. Any context.
    pub(crate) fn wake_queues(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_netif_tx_wake_all_queues(self.as_raw()) };
    }

    /// Whether the current task has `CAP_NET_ADMIN` in the user namespace that owns the device's
    /// network namespace. Process context.
    pub(crate) fn ns_capable_net_admin(&self, _rcu: &rcu::Guard) -> bool {
        // SAFETY: The device is valid by the type invariant and RCU is held.
        let net = unsafe { bindings::bsdtun_dev_net_rcu(self.as_raw()) };
        // SAFETY: A network namespace, with its reference to the user namespace, is freed no
        // earlier than one grace period after its last device has left.
        unsafe { net_namespace::ns_capable_net_admin(net) }
    }

    /// Whether the device is in this network namespace.
    pub(crate) fn is_in_net(&self, net: &Net, _rcu: &rcu::Guard) -> bool {
        // SAFETY: The device is valid by the type invariant and RCU is held.
        let dev_net = unsafe { bindings::bsdtun_dev_net_rcu(self.as_raw()) };
        ptr::eq(dev_net, net.as_raw())
    }

    /// The network namespace of the device; `None` if it is being removed.
    pub(crate) fn net(&self, _rtnl: &Rtnl) -> Option<Net> {
        let _rcu = rcu::read_lock();
        // SAFETY: The device is valid by the type invariant and RCU is held.
        let net = unsafe { bindings::bsdtun_dev_net_rcu(self.as_raw()) };
        // SAFETY: A network namespace is freed no earlier than one grace period after its last
        // device has left.
        unsafe { Net::from_raw(net) }
    }

    /// Passes a packet to the stack as received, and counts it as `packets`: a GSO packet as so
    /// many segments.
    ///
    /// On an Ethernet device the packet must start with its Ethernet header. On other devices it
    /// starts with its network header, and the stack drops it if [`SkBuff::set_protocol`] was not
    /// called.
    ///
    /// No lock but RCU should be held: the whole receive path runs on the caller's stack.
    ///
    /// # Errors
    ///
    /// Returns the packet if the interface is down, or if the linear part of the packet is shorter
    /// than an Ethernet header.
    pub(crate) fn receive(
        &self,
        mut skb: SkBuff,
        packets: usize,
        _rcu: &rcu::Guard,
        _context: &ProcessContext,
    ) -> Result<(), SkBuff> {
        let len = skb.len() as u32;
        if !self.prepare_received(&mut skb) {
            return Err(skb);
        }
        // SAFETY: Paired with the call below; nothing in between sleeps.
        unsafe { bindings::bsdtun_local_bh_disable() };
        // SAFETY: The device is valid by the type invariant, softirqs are off, and the core
        // allocated the per-CPU counters before the device was reachable.
        unsafe { bindings::bsdtun_dev_sw_netstats_rx_add(self.as_raw(), packets as u32, len) };
        // Packets that the stack handles here are done before this RCU section ends, which
        // unregistering waits for. Packets that receive packet steering puts on a backlog are safe
        // too: a backlog accepts none for a device that is being set down, and is flushed after
        // that.
        //
        // SAFETY: The device is valid by the type invariant and registered; RCU is held.
        unsafe { skb.netif_receive_skb(self.as_raw()) };
        // SAFETY: Paired with the call above.
        unsafe { bindings::bsdtun_local_bh_enable() };
        Ok(())
    }

    /// Begins a list of packets that the device receives at once.
    pub(crate) fn receive_list<'a>(&'a self, _rcu: &'a rcu::Guard) -> ReceiveList<'a> {
        // INVARIANT: The list is empty, and RCU is held during `'a`.
        ReceiveList {
            dev: self,
            packets: SkbList::new(),
            segments: 0,
            bytes: 0,
        }
    }

    /// Prepares a packet that the stack is about to receive. Returns whether the device can receive
    /// it, see [`Self::receive`].
    #[inline(always)]
    fn prepare_received(&self, skb: &mut SkBuff) -> bool {
        if !self.is_up() {
            return false;
        }
        if self.is_ethernet() {
            if skb.ethernet_destination().is_none() {
                return false;
            }
            // SAFETY: The device is valid by the type invariant; the packet has a whole header.
            unsafe { skb.eth_type_trans(self.as_raw()) };
        } else {
            // Generic XDP reads from the MAC header on.
            skb.reset_mac_header();
        }
        true
    }

    /// Counts transmitted packets of `len` bytes together.
    pub(crate) fn count_tx(&self, _tx: &TxContext, packets: usize, len: usize) {
        // SAFETY: The device is valid by the type invariant, and `TxContext` proves that softirqs
        // are off.
        unsafe {
            bindings::bsdtun_dev_sw_netstats_tx_add(self.as_raw(), packets as u32, len as u32)
        };
    }

    /// Counts transmitted packets that were dropped. Any context.
    pub(crate) fn count_tx_dropped(&self, packets: usize) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_dev_stats_tx_dropped_add(self.as_raw(), packets as c_long) };
    }

    /// Counts a received packet that was dropped. Any context.
    pub(crate) fn count_rx_dropped(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_dev_core_stats_rx_dropped_inc(self.as_raw()) };
    }

    /// Counts a packet whose reception failed. Any context.
    pub(crate) fn count_rx_error(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_dev_stats_rx_errors_inc(self.as_raw()) };
    }
}

/// Packets that a device is about to receive, in order. Dropping the list drops them.
///
/// # Invariants
///
/// - RCU has been held since `dev` was found.
/// - [`Device::prepare_received`] of `dev` accepted every packet in `packets`.
pub(crate) struct ReceiveList<'a> {
    dev: &'a Device,
    packets: SkbList,
    segments: usize,
    bytes: usize,
}

impl ReceiveList<'_> {
    /// Appends a packet, see [`Device::receive`]. A GSO packet is counted as its segments.
    ///
    /// # Errors
    ///
    /// As [`Device::receive`].
    pub(crate) fn push(&mut self, mut skb: SkBuff) -> Result<(), SkBuff> {
        let len = skb.len();
        if !self.dev.prepare_received(&mut skb) {
            return Err(skb);
        }
        self.segments += skb.gso_segs();
        self.bytes += len;
        self.packets.push(skb);
        Ok(())
    }

    /// Passes the packets to the stack as received, and counts them. No lock but RCU should be
    /// held.
    ///
    /// One by one: `netif_receive_skb_list()` takes 12 % more instructions for small packets, most
    /// of them to move packets between lists and to check these (`CONFIG_LIST_HARDENED`).
    pub(crate) fn receive(mut self, _context: &ProcessContext) {
        let dev = self.dev.as_raw();
        // SAFETY: Paired with the call below; nothing in between sleeps.
        unsafe { bindings::bsdtun_local_bh_disable() };
        // SAFETY: As in `Device::receive`.
        unsafe {
            bindings::bsdtun_dev_sw_netstats_rx_add(dev, self.segments as u32, self.bytes as u32)
        };
        while let Some(skb) = self.packets.pop() {
            // SAFETY: As in `Device::receive`.
            unsafe { skb.netif_receive_skb(dev) };
        }
        // SAFETY: Paired with the call above.
        unsafe { bindings::bsdtun_local_bh_enable() };
    }
}
