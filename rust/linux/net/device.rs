// SPDX-License-Identifier: GPL-2.0

//! Network devices.
//!
//! A driver implements [`NetdevOps`] for its devices. Its data lives in a [`Private`], which outlives the
//! device and reaches it, under RCU or RTNL, for as long as it is registered. Neither keeps the
//! device: unregistering one waits for all references to it, so that a reference held by, say, an
//! open file would hang `ip link del` for ever.
//!
//! C header: [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)

use crate::{
    c::bindings,
    linux::net::{
        net_namespace::{
            self,
            Net, //
        },
        rtnl::Rtnl,
        skb::SkBuff,
        sysfs::SysfsAttr, //
    }, //
};
use core::{
    ffi::CStr,
    marker::PhantomData,
    mem,
    ops::Deref,
    ptr::{
        self,
        addr_of,
        addr_of_mut,
        NonNull, //
    },
    slice, //
};
use kernel::{
    error::to_result,
    fmt,
    prelude::*,
    str::NullTerminatedFormatter,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Full,
            Release, //
        },
        rcu,
        Arc, //
    },
    types::{
        NotThreadSafe,
        Opaque, //
    }, //
};

/// The size of an interface name, with its NUL.
const IFNAMSIZ: usize = 16;

/// Interface flags, as `ip link` shows them.
pub(crate) mod flags {
    use crate::c::bindings;

    /// A link with one other end.
    pub(crate) const POINTOPOINT: u32 = bindings::net_device_flags_IFF_POINTOPOINT;
    /// No address resolution.
    pub(crate) const NOARP: u32 = bindings::net_device_flags_IFF_NOARP;
    /// A link with many other ends, and an address for all of them.
    pub(crate) const BROADCAST: u32 = bindings::net_device_flags_IFF_BROADCAST;
    /// Multicast can be joined.
    pub(crate) const MULTICAST: u32 = bindings::net_device_flags_IFF_MULTICAST;
    /// Somebody wants the driver to talk.
    pub(crate) const DEBUG: u32 = bindings::net_device_flags_IFF_DEBUG;
}

/// An interface name.
///
/// # Invariants
///
/// The last byte is NUL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name([u8; IFNAMSIZ]);

impl Name {
    /// Formats a name.
    ///
    /// # Errors
    ///
    /// `ENAMETOOLONG` over 15 bytes.
    pub(crate) fn from_fmt(args: fmt::Arguments<'_>) -> Result<Self> {
        use fmt::Write;

        let mut name = [0; IFNAMSIZ];
        NullTerminatedFormatter::new(&mut name)
            .ok_or(EINVAL)?
            .write_fmt(args)
            .map_err(|_| ENAMETOOLONG)?;
        // INVARIANT: The formatter keeps room for the NUL and puts it after the text; all bytes
        // behind that are still zero.
        Ok(Self(name))
    }

    /// The name with NUL padding, as in a `struct ifreq`.
    pub(crate) fn as_padded(&self) -> &[u8; IFNAMSIZ] {
        &self.0
    }

    /// The name without its NUL.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        let len = self.0.iter().position(|&b| b == 0).unwrap_or(IFNAMSIZ);
        &self.0[..len]
    }

    /// The name as a C string.
    pub(crate) fn as_c_str(&self) -> &CStr {
        // By the type invariant there is a NUL.
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(kernel::str::BStr::from_bytes(self.as_bytes()), f)
    }
}

/// A registered device.
///
/// A reference is proof of a context in which the device cannot go away: an RCU read side section
/// or RTNL held since the device was found, or a callback of [`NetdevOps`].
///
/// # Invariants
///
/// The value is a `struct net_device` that stays valid while references to this type live.
#[repr(transparent)]
pub(crate) struct Device(Opaque<bindings::net_device>);

// SAFETY: All methods may be called from any thread; the fields they touch are read and written as
// C does it, where the context that the type stands for allows it.
unsafe impl Sync for Device {}

impl Device {
    /// # Safety
    ///
    /// `ptr` must point to a device that stays valid, and registered or in the course of being
    /// registered or unregistered, during `'a`.
    unsafe fn from_raw<'a>(ptr: *mut bindings::net_device) -> &'a Self {
        // CAST: `Device` is a transparent wrapper.
        // SAFETY: By the safety requirement.
        unsafe { &*ptr.cast() }
    }

    pub(crate) fn as_raw(&self) -> *mut bindings::net_device {
        self.0.get()
    }

    /// The interface flags of this moment. Any context.
    fn flags_now(&self) -> u32 {
        // SAFETY: The device is valid by the type invariant. Others write the field meanwhile: one
        // volatile read, C's `READ_ONCE`.
        unsafe { addr_of!((*self.as_raw()).flags).read_volatile() }
    }

    /// Whether the interface is administratively up.
    pub(crate) fn is_up(&self) -> bool {
        self.flags_now() & bindings::net_device_flags_IFF_UP != 0
    }

    /// Whether the interface takes all frames, whoever they are for.
    pub(crate) fn is_promiscuous(&self) -> bool {
        self.flags_now() & bindings::net_device_flags_IFF_PROMISC != 0
    }

    /// The Ethernet address; zeroes if the device has none. Without RTNL it may be seen half changed.
    pub(crate) fn ethernet_address(&self) -> EthernetAddress {
        // SAFETY: The device is valid by the type invariant; the pointer does not change, and leads to
        // as many bytes as the longest address has.
        let address = unsafe { (*self.as_raw()).dev_addr };
        // SAFETY: As above. Others write the bytes meanwhile.
        unsafe { address.cast::<EthernetAddress>().read_volatile() }
    }

    /// Whether something on top of the device wants frames for this address, beside those for the
    /// device's own.
    pub(crate) fn wants_unicast(&self, address: &EthernetAddress, _rcu: &rcu::Guard) -> bool {
        // SAFETY: The device is valid by the type invariant, and RCU is held.
        unsafe { bindings::bsdtun_dev_uc_has(self.as_raw(), address.as_ptr()) }
    }

    /// The current `txqueuelen`, in packets.
    pub(crate) fn tx_queue_len(&self) -> usize {
        // SAFETY: As in `flags_now`.
        let len = unsafe { addr_of!((*self.as_raw()).tx_queue_len).read_volatile() };
        len as usize
    }

    /// The interface index.
    pub(crate) fn ifindex(&self, _rtnl: &Rtnl) -> i32 {
        // SAFETY: The device is valid by the type invariant; RTNL keeps the field still.
        unsafe { (*self.as_raw()).ifindex }
    }

    /// The current interface name.
    pub(crate) fn name(&self, _rtnl: &Rtnl) -> Name {
        // SAFETY: The device is valid by the type invariant; RTNL keeps renames out.
        let name = unsafe { (*self.as_raw()).name };
        // INVARIANT: The core keeps interface names terminated.
        Name(name)
    }

    /// Says that the link has a carrier. Any context.
    pub(crate) fn carrier_on(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::netif_carrier_on(self.as_raw()) };
    }

    /// Says that the link has no carrier. Any context.
    pub(crate) fn carrier_off(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::netif_carrier_off(self.as_raw()) };
    }

    /// Lets packets through at once, if the device is up and has a carrier.
    ///
    /// The core would do it by itself a moment after [`Self::carrier_on`], from a work item;
    /// packets sent in between are lost.
    pub(crate) fn activate(&self, _rtnl: &Rtnl) {
        // What is activated the core deactivates when the device is set down, which has been if it
        // is not up.
        if self.is_up() {
            // SAFETY: The device is valid by the type invariant, up, and RTNL is held.
            unsafe { bindings::dev_activate(self.as_raw()) };
        }
    }

    /// Whether the link has a carrier.
    pub(crate) fn has_carrier(&self) -> bool {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_netif_carrier_ok(self.as_raw()) }
    }

    /// The MTU.
    pub(crate) fn mtu(&self, _rtnl: &Rtnl) -> u32 {
        // SAFETY: The device is valid by the type invariant; RTNL keeps the field still.
        unsafe { (*self.as_raw()).mtu }
    }

    /// Sets the MTU, and tells everybody.
    ///
    /// # Errors
    ///
    /// `EINVAL` outside the bounds; whatever a notifier objects with.
    pub(crate) fn set_mtu(&self, mtu: u32, _rtnl: &Rtnl) -> Result {
        let mtu = c_int::try_from(mtu).map_err(|_| EINVAL)?;
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        to_result(unsafe { bindings::dev_set_mtu(self.as_raw(), mtu) })
    }

    /// The interface flags, of [`flags`].
    pub(crate) fn flags(&self, _rtnl: &Rtnl) -> u32 {
        // SAFETY: The device is valid by the type invariant; RTNL keeps the field still.
        unsafe { (*self.as_raw()).flags }
    }

    /// Changes those interface flags, of [`flags`], that are in `mask`, and tells everybody.
    ///
    /// # Errors
    ///
    /// `EBUSY` while the interface is up: the stack has looked at the flags when it was set up.
    pub(crate) fn change_flags(&self, flags: u32, mask: u32, rtnl: &Rtnl) -> Result {
        if self.is_up() {
            return Err(EBUSY);
        }
        let flags = self.flags(rtnl) & !mask | flags & mask;
        // SAFETY: The device is valid by the type invariant, and RTNL makes us the only writer.
        // Others read meanwhile: one volatile write, C's `WRITE_ONCE`.
        unsafe { addr_of_mut!((*self.as_raw()).flags).write_volatile(flags) };
        // The event that tells listeners of an interface that is down, too.
        //
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        unsafe { bindings::netdev_features_change(self.as_raw()) };
        Ok(())
    }

    /// Sets the interface up; nothing if it is up.
    ///
    /// # Errors
    ///
    /// Whatever a notifier objects with.
    pub(crate) fn set_up(&self, _rtnl: &Rtnl) -> Result {
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        to_result(unsafe { bindings::dev_open(self.as_raw(), ptr::null_mut()) })
    }

    /// Sets the interface up, and changes those interface flags that are in `mask`, of
    /// [`flags::DEBUG`] and [`flags::NOARP`].
    ///
    /// # Errors
    ///
    /// Whatever a notifier objects with.
    pub(crate) fn set_up_with(&self, flags: u32, mask: u32, _rtnl: &Rtnl) -> Result {
        let mask = mask & (flags::DEBUG | flags::NOARP);
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        let old = unsafe { bindings::netif_get_flags(self.as_raw()) };
        let new = old & !mask | flags & mask | bindings::net_device_flags_IFF_UP;
        // SAFETY: As above.
        to_result(unsafe { bindings::dev_change_flags(self.as_raw(), new, ptr::null_mut()) })
    }

    /// Whether a queueing discipline keeps packets that the driver cannot take yet.
    pub(crate) fn has_qdisc(&self, _tx: &TxContext) -> bool {
        // SAFETY: The device is valid by the type invariant; `TxContext` stands for BH off.
        unsafe { bindings::bsdtun_netif_has_qdisc(self.as_raw()) }
    }

    /// Lets the stack send, once the interface is up.
    pub(crate) fn start_queues(&self, _rtnl: &Rtnl) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_netif_tx_start_all_queues(self.as_raw()) };
    }

    /// Keeps the stack from sending, for the queueing discipline to hold what comes.
    pub(crate) fn stop_queues(&self, _tx: &TxContext) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::netif_tx_stop_all_queues(self.as_raw()) };
    }

    /// Lets the stack send again, and sends what the queueing discipline holds. Any context.
    pub(crate) fn wake_queues(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_netif_tx_wake_all_queues(self.as_raw()) };
    }

    /// Sets the interface down; nothing if it is down.
    pub(crate) fn close(&self, _rtnl: &Rtnl) {
        // SAFETY: The device is valid by the type invariant and RTNL is held.
        unsafe { bindings::dev_close(self.as_raw()) };
    }

    /// Unregisters the device. It is gone when RTNL is released.
    pub(crate) fn unregister(&self, _rtnl: &Rtnl) {
        // SAFETY: The device is valid by the type invariant and RTNL is held. A reference got under
        // RTNL stays valid until RTNL is released.
        unsafe { bindings::unregister_netdevice_queue(self.as_raw(), ptr::null_mut()) };
    }

    /// Whether the current task may administer the network that the device is in: `CAP_NET_ADMIN`
    /// in the user namespace that owns the device's network namespace.
    pub(crate) fn ns_capable_net_admin(&self, _rcu: &rcu::Guard) -> bool {
        // SAFETY: The device is valid by the type invariant and RCU is held.
        let net = unsafe { bindings::bsdtun_dev_net_rcu(self.as_raw()) };
        // SAFETY: A network namespace, and its reference on the user namespace, goes only a grace
        // period after its last device has left.
        unsafe { net_namespace::ns_capable_net_admin(net) }
    }

    /// Whether the device is in this network namespace.
    pub(crate) fn is_in(&self, namespace: &Net, _rcu: &rcu::Guard) -> bool {
        // SAFETY: The device is valid by the type invariant and RCU is held.
        let net = unsafe { bindings::bsdtun_dev_net_rcu(self.as_raw()) };
        ptr::eq(net, namespace.as_raw())
    }

    /// The network namespace that the device is in, unless that is going.
    pub(super) fn namespace(&self, _rtnl: &Rtnl) -> Option<Net> {
        let _rcu = rcu::read_lock();
        // SAFETY: The device is valid by the type invariant and RCU is held.
        let net = unsafe { bindings::bsdtun_dev_net_rcu(self.as_raw()) };
        // SAFETY: A network namespace goes only a grace period after its last device has left.
        unsafe { Net::from_raw(net) }
    }

    /// Whether packets start with an Ethernet header.
    fn is_ethernet(&self) -> bool {
        // SAFETY: The device is valid by the type invariant; its type does not change.
        unsafe { (*self.as_raw()).type_ == bindings::ARPHRD_ETHER as u16 }
    }

    /// Hands a packet to the stack as received, and counts it.
    ///
    /// On an Ethernet device the packet starts with its Ethernet header; on others it has got its
    /// protocol by [`SkBuff::set_protocol`].
    ///
    /// Process context, under RCU only: the whole receive path runs on the caller's stack.
    ///
    /// # Errors
    ///
    /// Gives the packet back if the interface is not up, or if an Ethernet header is missing.
    pub(crate) fn receive(&self, mut skb: SkBuff, _rcu: &rcu::Guard) -> Result<(), SkBuff> {
        if !self.is_up() {
            return Err(skb);
        }
        let len = skb.len() as u32;
        if self.is_ethernet() {
            if skb.ethernet_destination().is_none() {
                return Err(skb);
            }
            // SAFETY: The device is valid by the type invariant; a whole header is there.
            unsafe { skb.eth_type_trans(self.as_raw()) };
        }
        // SAFETY: Balanced below; nothing in between sleeps.
        unsafe { bindings::bsdtun_local_bh_disable() };
        // SAFETY: The device is valid by the type invariant, BH is off, and the core allocated
        // per-CPU statistics before the device was reachable.
        unsafe { bindings::bsdtun_dev_sw_netstats_rx_add(self.as_raw(), len) };
        // SAFETY: The device is valid by the type invariant, and BH is off. What the stack does at
        // once is over before this RCU section is, which unregistering waits for. What packet
        // steering would put on a backlog for later, the backlog refuses from the moment on at
        // which the device is being set down; what is there already is flushed after that.
        unsafe { skb.receive(self.as_raw()) };
        // SAFETY: Pairs with the call above.
        unsafe { bindings::bsdtun_local_bh_enable() };
        Ok(())
    }

    /// Counts a packet that is sent.
    pub(crate) fn count_sent(&self, _tx: &TxContext, len: usize) {
        // SAFETY: The device is valid by the type invariant; `TxContext` stands for BH off.
        unsafe { bindings::bsdtun_dev_sw_netstats_tx_add(self.as_raw(), len as u32) };
    }

    /// Counts packets that were to be sent and were thrown away. Any context.
    pub(crate) fn count_tx_dropped(&self, packets: usize) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_dev_stats_tx_dropped_add(self.as_raw(), packets as c_long) };
    }

    /// Counts a received packet that was thrown away. Any context.
    pub(crate) fn count_rx_dropped(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_dev_core_stats_rx_dropped_inc(self.as_raw()) };
    }

    /// Counts a packet that could not be received. Any context.
    pub(crate) fn count_rx_error(&self) {
        // SAFETY: The device is valid by the type invariant.
        unsafe { bindings::bsdtun_dev_stats_rx_errors_inc(self.as_raw()) };
    }
}

/// An Ethernet address.
pub(crate) type EthernetAddress = [u8; 6];

/// A device that nobody but its maker can see yet.
///
/// # Invariants
///
/// `ptr` points to an allocated device that is not registered, and nobody else touches it.
pub(crate) struct NewDevice {
    ptr: NonNull<bindings::net_device>,
    _not_send: NotThreadSafe,
}

impl NewDevice {
    /// # Safety
    ///
    /// `ptr` must point to an allocated, unregistered device that nobody else touches while the
    /// returned value lives.
    pub(super) unsafe fn from_raw(ptr: *mut bindings::net_device) -> Self {
        Self {
            // INVARIANT: By the safety requirement.
            // SAFETY: A valid pointer is not null.
            ptr: unsafe { NonNull::new_unchecked(ptr) },
            _not_send: NotThreadSafe,
        }
    }

    /// Sets the link layer to none: packets start with their network header.
    fn set_layer3(&mut self) {
        let dev = self.ptr.as_ptr();
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*dev).type_ = bindings::ARPHRD_NONE as u16 };
        // SAFETY: As above.
        unsafe { (*dev).hard_header_len = 0 };
        // SAFETY: As above.
        unsafe { (*dev).addr_len = 0 };
        // Tells IPv4 from IPv6 by the first byte, for packets whose sender does not (`AF_PACKET`).
        //
        // SAFETY: As above.
        unsafe { (*dev).header_ops = addr_of!(bindings::ip_tunnel_header_ops) };
    }

    /// Sets the link layer to Ethernet, with a random address that can be changed at any time. The
    /// driver looks at [`Device::wants_unicast`] itself.
    fn set_ethernet(&mut self) {
        let dev = self.ptr.as_ptr();
        // SAFETY: By the type invariant the device is allocated and ours.
        unsafe { bindings::ether_setup(dev) };
        // SAFETY: As above.
        unsafe { bindings::bsdtun_eth_hw_addr_random(dev) };
        // A packet that waits in a queue must not be sent a second time meanwhile.
        self.change_priv_flags(
            bindings::netdev_priv_flags_IFF_LIVE_ADDR_CHANGE
                | bindings::netdev_priv_flags_IFF_UNICAST_FLT,
            bindings::netdev_priv_flags_IFF_TX_SKB_SHARING,
        );
    }

    /// Lets packets keep their route until the driver has seen them.
    pub(crate) fn keep_dst(&mut self) {
        self.change_priv_flags(
            0,
            bindings::netdev_priv_flags_IFF_XMIT_DST_RELEASE
                | bindings::netdev_priv_flags_IFF_XMIT_DST_RELEASE_PERM,
        );
    }

    /// Takes packets in pieces, as the stack puts them together, so that it copies none into one
    /// piece and may cut what TCP sends into packets as late as possible.
    pub(crate) fn take_pieces(&mut self) {
        let dev = self.ptr.as_ptr();
        let features = bindings::NETIF_F_SG | bindings::NETIF_F_FRAGLIST;
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*dev).hw_features |= features };
        // SAFETY: As above.
        unsafe { (*dev).features |= features };
        // SAFETY: As above.
        unsafe { (*dev).vlan_features |= features };
    }

    fn change_priv_flags(&mut self, set: u32, clear: u32) {
        // SAFETY: By the type invariant the field is ours to write; the bit fields of the union are
        // all views of the same word.
        let flags = unsafe { addr_of_mut!((*self.ptr.as_ptr()).__bindgen_anon_1.__bindgen_anon_1) };
        // SAFETY: As above.
        let old = unsafe { PrivFlags::priv_flags_raw(flags) };
        let new = old & !(clear as c_ulong) | set as c_ulong;
        // SAFETY: As above.
        unsafe { PrivFlags::set_priv_flags_raw(flags, new) };
    }

    /// Sets the interface flags, of [`flags`].
    pub(crate) fn set_flags(&mut self, flags: u32) {
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*self.ptr.as_ptr()).flags = flags };
    }

    /// Sets the first MTU and its bounds.
    pub(crate) fn set_mtu(&mut self, mtu: u32, min: u32, max: u32) {
        let dev = self.ptr.as_ptr();
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*dev).mtu = mtu };
        // SAFETY: As above.
        unsafe { (*dev).min_mtu = min };
        // SAFETY: As above.
        unsafe { (*dev).max_mtu = max };
    }

    /// Sets the first `txqueuelen`. The device has no queueing discipline unless one is attached.
    pub(crate) fn set_tx_queue_len(&mut self, len: u32) {
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*self.ptr.as_ptr()).tx_queue_len = len };
    }

    /// Starts the device without a carrier.
    pub(crate) fn carrier_off(&mut self) {
        // SAFETY: By the type invariant the device is allocated.
        unsafe { bindings::netif_carrier_off(self.ptr.as_ptr()) };
    }

    /// The name that the device is to get; with a `%d` in it if the core is to choose a number.
    pub(crate) fn name(&self) -> Name {
        // SAFETY: By the type invariant nobody writes the field.
        let name = unsafe { (*self.ptr.as_ptr()).name };
        // INVARIANT: The core keeps interface names terminated.
        Name(name)
    }

    /// Sets the name that the device is to get.
    pub(crate) fn set_name(&mut self, name: &Name) {
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*self.ptr.as_ptr()).name = name.0 };
    }

    /// Whether another interface of the same network namespace has the name.
    pub(crate) fn name_in_use(&self, name: &Name, _rtnl: &Rtnl) -> bool {
        let dev = self.ptr.as_ptr();
        let _rcu = rcu::read_lock();
        // SAFETY: By the type invariant the device is allocated; its namespace is set and is kept
        // by whoever creates the device.
        let net = unsafe { bindings::bsdtun_dev_net_rcu(dev) };
        // SAFETY: RTNL is held, and the name terminated by its invariant.
        unsafe { bindings::netdev_name_in_use(net, name.0.as_ptr().cast()) }
    }
}

/// Proof of the context of [`NetdevOps::start_xmit`]: softirqs cannot run on this CPU.
pub(crate) struct TxContext(NotThreadSafe);

/// What became of a packet given to [`NetdevOps::start_xmit`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NetdevTx {
    /// The driver has it, and has counted it.
    Sent,
    /// It was thrown away; the sender is told so (`NET_XMIT_DROP`, `ENOBUFS`) and the device's
    /// `tx_dropped` counts it.
    Dropped,
}

/// What a driver does for its network devices.
pub(crate) trait NetdevOps: Sized + 'static {
    /// The driver's part of a device.
    type Data: Send + Sync + 'static;

    /// Name of the driver's module, for `ethtool -i`.
    const DRIVER: &'static CStr;

    /// Name of the directory that the interface's attributes are in.
    const DIRECTORY: &'static CStr;

    /// Whether packets start with an Ethernet header; else with their network header.
    const ETHERNET: bool;

    /// The interface's attributes.
    fn attributes() -> &'static [&'static SysfsAttr<Self::Data>];

    /// Gives a device just allocated its shape: what is not said is as the link layer has it. RTNL may
    /// be held.
    fn setup(dev: &mut NewDevice);

    /// The device is going: the private does not reach it any more. RTNL, process context.
    fn uninit(private: &Private<Self::Data>, dev: &Device, rtnl: &Rtnl);

    /// The interface is being set up; nothing is transmitted yet. RTNL, process context.
    fn open(private: &Private<Self::Data>, dev: &Device, rtnl: &Rtnl);

    /// The interface is being set down. RTNL, process context.
    ///
    /// Without a queueing discipline [`NetdevOps::start_xmit`] may still be running on other CPUs, and
    /// may be called again: what is done there and here must agree under a lock of the driver's.
    fn stop(private: &Private<Self::Data>, dev: &Device, rtnl: &Rtnl);

    /// Sends a packet. Softirqs are off, interrupts may be; must not sleep. Several CPUs at once.
    fn start_xmit(
        private: &Private<Self::Data>,
        dev: &Device,
        skb: SkBuff,
        tx: &TxContext,
    ) -> NetdevTx;

    /// The device is gone: no callback runs any more. Process context, without RTNL; may sleep.
    fn priv_destructor(private: Arc<Private<Self::Data>>);

    /// What `ethtool -i` shows as bus information. RTNL.
    fn bus_info(private: &Private<Self::Data>) -> &[u8];

    /// What `ethtool -S` shows, by name; of a name as many bytes as it has room for, 31.
    const STATISTICS: &'static [&'static CStr];

    /// Fills in the values, zeroes until then, in the order of their names. RTNL, may sleep.
    fn statistics(private: &Private<Self::Data>, dev: &Device, values: &mut [u64]);
}

/// A driver's data and the way from there to its device.
///
/// # Invariants
///
/// `dev` is null, or a device between `ndo_init` and `ndo_uninit`. It is written under RTNL only,
/// and after it was cleared a grace period passes before the device is freed.
#[pin_data]
pub(crate) struct Private<T> {
    dev: Atomic<*mut bindings::net_device>,
    #[pin]
    data: T,
}

// SAFETY: The pointer is only followed under RCU or RTNL, on any thread.
unsafe impl<T: Send> Send for Private<T> {}
// SAFETY: As above; shared access gives shared access to `data`.
unsafe impl<T: Sync> Sync for Private<T> {}

impl<T: Send + Sync + 'static> Private<T> {
    /// Puts a driver's data into a private, for [`link::Kind::create`] to return.
    ///
    /// [`link::Kind::create`]: crate::linux::net::rtnl_link::Kind::create
    pub(crate) fn new(data: impl PinInit<T, Error>) -> Result<Arc<Self>> {
        Arc::pin_init(
            try_pin_init!(Self {
                // INVARIANT: No device yet.
                dev: Atomic::new(ptr::null_mut()),
                data <- data,
            }),
            GFP_KERNEL,
        )
    }

    /// The device, if it is there, for as long as the guard lives.
    pub(crate) fn device_rcu<'a>(&self, _rcu: &'a rcu::Guard) -> Option<&'a Device> {
        let dev = NonNull::new(self.dev.load(Acquire))?;
        // SAFETY: By the type invariant the device was there during this RCU read side section,
        // and is not freed before it ends.
        Some(unsafe { Device::from_raw(dev.as_ptr()) })
    }

    /// The device, if it is there, for as long as RTNL is held.
    pub(crate) fn device<'a>(&self, _rtnl: &'a Rtnl) -> Option<&'a Device> {
        let dev = NonNull::new(self.dev.load(Acquire))?;
        // SAFETY: By the type invariant the device cannot go while RTNL is held: it is freed only
        // after the lock is released.
        Some(unsafe { Device::from_raw(dev.as_ptr()) })
    }
}

impl<T> Deref for Private<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

/// The private area of a `struct net_device` with the data `T`.
///
/// Zeroes, as the core leaves them, are an empty slot.
///
/// # Invariants
///
/// The slot is filled before the device is registered, and emptied once: by `destructor`, or by
/// whoever failed to register the device. In both cases no other callback runs any more.
struct PrivArea<T>(Option<Arc<Private<T>>>);

/// # Safety
///
/// `dev` must point to a device with the data `T`, whose slot holds a private until `'a` ends.
pub(super) unsafe fn private<'a, T>(dev: *const bindings::net_device) -> &'a Arc<Private<T>> {
    // SAFETY: By the safety requirement the private area is a `PrivArea<T>`.
    let slot = unsafe { &*slot::<T>(dev) };
    // SAFETY: By the safety requirement it is not empty.
    unsafe { slot.0.as_ref().unwrap_unchecked() }
}

/// How much private area a device of a `T` needs.
pub(super) const fn priv_size<T: NetdevOps>() -> usize {
    mem::size_of::<PrivArea<T::Data>>()
}

/// # Safety
///
/// `dev` must point to a device whose private area is a `PrivArea<T>`.
unsafe fn slot<T>(dev: *const bindings::net_device) -> *mut PrivArea<T> {
    // CAST: The private area is what the last member of the structure stands for.
    // SAFETY: By the safety requirement the projection stays inside what was allocated.
    unsafe { addr_of!((*dev).priv_) }.cast_mut().cast()
}

/// Registers a device.
///
/// On an error the device is unregistered and still the caller's, to be freed with `free_netdev`
/// under RTNL.
///
/// # Safety
///
/// `dev` must point to a device made with [`VTable::<T>::setup`] and [`priv_size::<T>`], not yet
/// registered, that the caller owns.
pub(super) unsafe fn register<T: NetdevOps>(
    dev: *mut bindings::net_device,
    private: Arc<Private<T::Data>>,
    _rtnl: &Rtnl,
) -> Result {
    // SAFETY: By the safety requirement.
    let slot = unsafe { slot::<T::Data>(dev) };
    // INVARIANT: The device is not registered yet.
    // SAFETY: The slot is empty and nobody else looks at it.
    unsafe { slot.write(PrivArea(Some(private))) };

    // SAFETY: The device is set up, and RTNL is held.
    let ret = to_result(unsafe { bindings::register_netdevice(dev) });
    match ret {
        // Only now: on its error paths `register_netdevice` may or may not run the destructor.
        //
        // SAFETY: RTNL is held, so that nobody has unregistered the device yet.
        Ok(()) => unsafe { (*dev).priv_destructor = Some(VTable::<T>::destructor) },
        Err(_) => {
            // INVARIANT: No destructor is set, so that nobody else empties the slot.
            //
            // SAFETY: `ndo_uninit` has run if `ndo_init` had, and no callback comes after it.
            drop(unsafe { (*slot).0.take() });
            // INVARIANT: The device may be freed at once, and the driver may have kept the private.
            rcu::synchronize_rcu();
        }
    }
    ret
}

type PrivFlags = bindings::net_device__bindgen_ty_1__bindgen_ty_1;

/// C's view of a `T`.
pub(super) struct VTable<T>(PhantomData<T>);

impl<T: NetdevOps> VTable<T> {
    const NETDEV: bindings::net_device_ops = bindings::net_device_ops {
        ndo_init: Some(Self::init),
        ndo_uninit: Some(Self::uninit),
        ndo_open: Some(Self::open),
        ndo_stop: Some(Self::stop),
        ndo_start_xmit: Some(Self::start_xmit),
        ndo_set_rx_mode: if T::ETHERNET {
            Some(Self::set_rx_mode)
        } else {
            None
        },
        ndo_set_mac_address: if T::ETHERNET {
            Some(bindings::eth_mac_addr)
        } else {
            None
        },
        ndo_validate_addr: if T::ETHERNET {
            Some(bindings::eth_validate_addr)
        } else {
            None
        },
        ..pin_init::zeroed()
    };

    /// With none the core would hand out a null pointer for them.
    const STATISTICS: usize = {
        assert!(!T::STATISTICS.is_empty());
        T::STATISTICS.len()
    };

    const ETHTOOL: bindings::ethtool_ops = bindings::ethtool_ops {
        get_drvinfo: Some(Self::get_drvinfo),
        get_link: Some(Self::get_link),
        get_sset_count: Some(Self::get_sset_count),
        get_strings: Some(Self::get_strings),
        get_ethtool_stats: Some(Self::get_ethtool_stats),
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// For the core to call, on a device just allocated with [`priv_size::<T>`] bytes of private
    /// area.
    pub(super) unsafe extern "C" fn setup(dev: *mut bindings::net_device) {
        // SAFETY: The device is new; nobody else knows it.
        unsafe { (*dev).netdev_ops = &Self::NETDEV };
        // SAFETY: As above.
        unsafe { (*dev).ethtool_ops = &Self::ETHTOOL };
        // SAFETY: As above.
        unsafe { (*dev).needs_free_netdev = true };
        // SAFETY: As above.
        unsafe {
            bindings::net_device::set_pcpu_stat_type_raw(
                dev,
                bindings::netdev_stat_type_NETDEV_PCPU_STAT_TSTATS,
            )
        };
        // SAFETY: As above; the bit fields of the union are all views of the same word.
        let flags = unsafe { addr_of_mut!((*dev).__bindgen_anon_1.__bindgen_anon_1) };
        // Drivers on this layer lock for themselves, and queue for themselves unless a queueing
        // discipline is attached.
        //
        // SAFETY: As above.
        unsafe { PrivFlags::set_lltx_raw(flags, 1) };
        // SAFETY: As above.
        let mut new = unsafe { NewDevice::from_raw(dev) };
        new.change_priv_flags(bindings::netdev_priv_flags_IFF_NO_QUEUE, 0);
        if T::ETHERNET {
            new.set_ethernet();
        } else {
            new.set_layer3();
        }
        T::setup(&mut new);
    }

    /// # Safety
    ///
    /// For the core to call, under RTNL, on a device in the course of [`register::<T>`].
    unsafe extern "C" fn init(dev: *mut bindings::net_device) -> c_int {
        // SAFETY: `register` has filled the slot.
        let private = unsafe { private::<T::Data>(dev) };
        // One private is the way to one device.
        //
        // INVARIANT: Called under RTNL, in `ndo_init`; `uninit` clears it again.
        match private.dev.cmpxchg(ptr::null_mut(), dev, Full) {
            Ok(_) => 0,
            Err(_) => EBUSY.to_errno(),
        }
    }

    /// # Safety
    ///
    /// For the core to call, under RTNL, on a device for which [`Self::init`] succeeded.
    unsafe extern "C" fn uninit(dev: *mut bindings::net_device) {
        // SAFETY: The slot is emptied after this callback only.
        let private = unsafe { private::<T::Data>(dev) };
        // INVARIANT: The core waits for a grace period between here and freeing the device.
        private.dev.store(ptr::null_mut(), Release);
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held() };
        // SAFETY: The device is valid during this callback.
        T::uninit(private, unsafe { Device::from_raw(dev) }, rtnl);
    }

    /// # Safety
    ///
    /// For the core to call, under RTNL, on a registered device.
    unsafe extern "C" fn open(dev: *mut bindings::net_device) -> c_int {
        // SAFETY: The device is registered, so that its slot holds a private.
        let private = unsafe { private::<T::Data>(dev) };
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held() };
        // SAFETY: The device is valid during this callback.
        T::open(private, unsafe { Device::from_raw(dev) }, rtnl);
        0
    }

    /// # Safety
    ///
    /// For the core to call, under RTNL, on a registered device.
    unsafe extern "C" fn stop(dev: *mut bindings::net_device) -> c_int {
        // SAFETY: The device is registered, so that its slot holds a private.
        let private = unsafe { private::<T::Data>(dev) };
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held() };
        // SAFETY: The device is valid during this callback.
        T::stop(private, unsafe { Device::from_raw(dev) }, rtnl);
        0
    }

    /// # Safety
    ///
    /// For the core to call, with BH off, on a registered device and a packet that it gives away.
    unsafe extern "C" fn start_xmit(
        skb: *mut bindings::sk_buff,
        dev: *mut bindings::net_device,
    ) -> bindings::netdev_tx {
        // SAFETY: The device is registered, so that its slot holds a private.
        let private = unsafe { private::<T::Data>(dev) };
        // SAFETY: The core gives the packet to this callback.
        let skb = unsafe { SkBuff::from_raw(skb) };
        // SAFETY: The device is valid during this callback.
        let dev = unsafe { Device::from_raw(dev) };
        match T::start_xmit(private, dev, skb, &TxContext(NotThreadSafe)) {
            NetdevTx::Sent => bindings::netdev_tx::NETDEV_TX_OK,
            NetdevTx::Dropped => {
                dev.count_tx_dropped(1);
                bindings::netdev_tx(bindings::NET_XMIT_DROP as c_int)
            }
        }
    }

    /// Which addresses are wanted is looked up for each frame; but without this callback the core
    /// refuses to take some.
    ///
    /// # Safety
    ///
    /// For the core to call.
    unsafe extern "C" fn set_rx_mode(_dev: *mut bindings::net_device) {}

    /// # Safety
    ///
    /// For the core to call, once, when a device registered by [`register::<T>`] is gone.
    unsafe extern "C" fn destructor(dev: *mut bindings::net_device) {
        // SAFETY: The private area is a `PrivArea<T::Data>`.
        let slot = unsafe { slot::<T::Data>(dev) };
        // INVARIANT: No other callback runs any more.
        // SAFETY: As above.
        if let Some(private) = unsafe { (*slot).0.take() } {
            T::priv_destructor(private);
        }
    }

    /// # Safety
    ///
    /// For the core to call, under RTNL, on a registered device.
    unsafe extern "C" fn get_drvinfo(
        dev: *mut kernel::bindings::net_device,
        info: *mut bindings::ethtool_drvinfo,
    ) {
        // CAST: The kernel crate knows the same type as opaque.
        // SAFETY: The device is registered, so that its slot holds a private.
        let private = unsafe { private::<T::Data>(dev.cast()) };
        // SAFETY: The core passes a zeroed structure, ours during this callback.
        let info = unsafe { &mut *info };
        copy_text(&mut info.driver, T::DRIVER.to_bytes());
        copy_text(&mut info.bus_info, T::bus_info(private));
    }

    /// # Safety
    ///
    /// For the core to call, on a registered device.
    unsafe extern "C" fn get_link(dev: *mut kernel::bindings::net_device) -> u32 {
        // CAST: The kernel crate knows the same type as opaque.
        // SAFETY: The device is valid during this callback.
        u32::from(unsafe { Device::from_raw(dev.cast()) }.has_carrier())
    }

    /// # Safety
    ///
    /// For the core to call.
    unsafe extern "C" fn get_sset_count(
        _dev: *mut kernel::bindings::net_device,
        set: c_int,
    ) -> c_int {
        match u32::try_from(set) {
            Ok(bindings::ethtool_stringset_ETH_SS_STATS) => Self::STATISTICS as c_int,
            _ => EOPNOTSUPP.to_errno(),
        }
    }

    /// # Safety
    ///
    /// For the core to call, for a set that [`Self::get_sset_count`] knows, with room for as many
    /// strings as that says.
    unsafe extern "C" fn get_strings(
        _dev: *mut kernel::bindings::net_device,
        set: u32,
        data: *mut u8,
    ) {
        if set != bindings::ethtool_stringset_ETH_SS_STATS {
            return;
        }
        // SAFETY: By the safety requirement; the core has zeroed the room.
        let strings = unsafe {
            slice::from_raw_parts_mut(
                data.cast::<[c_char; bindings::ETH_GSTRING_LEN as usize]>(),
                Self::STATISTICS,
            )
        };
        for (string, name) in strings.iter_mut().zip(T::STATISTICS) {
            copy_text(string, name.to_bytes());
        }
    }

    /// # Safety
    ///
    /// For the core to call, under RTNL, on a registered device, with room for as many values as
    /// [`Self::get_sset_count`] says.
    unsafe extern "C" fn get_ethtool_stats(
        dev: *mut kernel::bindings::net_device,
        _stats: *mut bindings::ethtool_stats,
        data: *mut u64,
    ) {
        // CAST: The kernel crate knows the same type as opaque.
        let dev = dev.cast();
        // SAFETY: The device is registered, so that its slot holds a private.
        let private = unsafe { private::<T::Data>(dev) };
        // SAFETY: The device is valid during this callback.
        let dev = unsafe { Device::from_raw(dev) };
        // SAFETY: By the safety requirement; the core has zeroed the room.
        let values = unsafe { slice::from_raw_parts_mut(data, Self::STATISTICS) };
        T::statistics(private, dev, values);
    }
}

/// Copies what fits, and leaves the rest, at least one NUL, as it is.
fn copy_text(to: &mut [c_char], from: &[u8]) {
    let len = from.len().min(to.len().saturating_sub(1));
    to[..len].copy_from_slice(&from[..len]);
}

#[kunit_tests(bsdtun_name)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_has_15_bytes() {
        let name = Name::from_fmt(fmt!("{}{}", "bsdtun", 999999999)).ok();
        assert_eq!(name.map(|name| name.as_bytes().len()), Some(15));
        assert_eq!(name.map(|name| name.as_padded()[15]), Some(0));
        assert!(Name::from_fmt(fmt!("{}{}", "bsdtun", 1000000000)).is_err());
        assert!(Name::from_fmt(fmt!("{}", "a name that does not end soon enough")).is_err());
    }

    #[test]
    fn a_name_is_padded_with_nul() -> Result {
        let name = Name::from_fmt(fmt!("{}{}", "bsdtun", 7))?;
        assert_eq!(name.as_bytes(), b"bsdtun7");
        assert_eq!(name.as_padded(), b"bsdtun7\0\0\0\0\0\0\0\0\0");
        assert_eq!(name.as_c_str().to_bytes(), b"bsdtun7");
        Ok(())
    }

    #[test]
    fn an_empty_name_is_empty() -> Result {
        let name = Name::from_fmt(fmt!(""))?;
        assert_eq!(name.as_bytes().len(), 0);
        assert!(name == Name([0; IFNAMSIZ]));
        Ok(())
    }

    #[test]
    fn text_is_cut_to_fit_with_a_nul() {
        let mut to = [0; 4];
        copy_text(&mut to, b"ab");
        assert_eq!(&to, b"ab\0\0");
        copy_text(&mut to, b"abcdef");
        assert_eq!(&to, b"abc\0");
        copy_text(&mut [], b"abc");
    }
}
