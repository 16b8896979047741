// SPDX-License-Identifier: GPL-2.0

//! Network devices that are not registered yet, for their driver to configure.
//!
//! C header: [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)

use crate::{
    c::bindings,
    linux::{
        net::{
            device::flags,
            name::Name,
            rtnl::Rtnl, //
        },
        user_namespace::UserNamespace, //
    }, //
};
use core::ptr::{
    addr_of,
    addr_of_mut,
    NonNull, //
};
use kernel::{
    prelude::*,
    sync::rcu,
    types::NotThreadSafe, //
};

/// Features of a device, `NETIF_F_*`: the packets that its driver accepts.
pub(crate) mod features {
    use crate::c::bindings;

    /// With page fragments.
    pub(crate) const SG: u64 = bindings::NETIF_F_SG;
    /// With a list of further packets.
    pub(crate) const FRAGLIST: u64 = bindings::NETIF_F_FRAGLIST;
    /// With an incomplete checksum, of any protocol but SCTP.
    pub(crate) const HW_CSUM: u64 = bindings::NETIF_F_HW_CSUM;
    /// With an incomplete checksum of TCP or UDP over IPv4. Not together with [`HW_CSUM`].
    pub(crate) const IP_CSUM: u64 = bindings::NETIF_F_IP_CSUM;
    /// With an incomplete checksum of TCP or UDP over IPv6. Not together with [`HW_CSUM`].
    pub(crate) const IPV6_CSUM: u64 = bindings::NETIF_F_IPV6_CSUM;
    /// TCP over IPv4, to be segmented.
    pub(crate) const TSO: u64 = bindings::NETIF_F_TSO;
    /// TCP over IPv6, to be segmented.
    pub(crate) const TSO6: u64 = bindings::NETIF_F_TSO6;
    /// TCP with CWR, which only the first segment must have, to be segmented.
    pub(crate) const TSO_ECN: u64 = bindings::NETIF_F_TSO_ECN;
    /// UDP, to be cut into datagrams.
    pub(crate) const GSO_UDP_L4: u64 = bindings::NETIF_F_GSO_UDP_L4;
    /// With an 802.1Q tag that is not in the frame.
    pub(crate) const HW_VLAN_CTAG_TX: u64 = bindings::NETIF_F_HW_VLAN_CTAG_TX;

    /// All of the above: those that need nothing else of a driver. Others promise operations that
    /// the core calls without a check.
    pub(super) const ALL: u64 = SG
        | FRAGLIST
        | HW_CSUM
        | IP_CSUM
        | IPV6_CSUM
        | TSO
        | TSO6
        | TSO_ECN
        | GSO_UDP_L4
        | HW_VLAN_CTAG_TX;
}

/// The part of `struct net_device` that holds `priv_flags`, `lltx` and other bit fields.
type PrivFlags = bindings::net_device__bindgen_ty_1__bindgen_ty_1;

/// A device that is not registered yet, for its driver to configure.
///
/// # Invariants
///
/// `ptr` points to an allocated device that is not registered, and nobody else accesses it.
pub(crate) struct NewDevice {
    ptr: NonNull<bindings::net_device>,
    _not_send: NotThreadSafe,
}

impl NewDevice {
    /// # Safety
    ///
    /// `ptr` must point to an allocated device that is not registered and that nobody else accesses
    /// while the returned value lives.
    pub(super) unsafe fn from_raw(ptr: *mut bindings::net_device) -> Self {
        Self {
            // INVARIANT: By the safety requirement.
            // SAFETY: A valid pointer is not null.
            ptr: unsafe { NonNull::new_unchecked(ptr) },
            _not_send: NotThreadSafe,
        }
    }

    /// Sets the link layer to none: packets start with their network header.
    pub(super) fn set_layer3(&mut self) {
        let dev = self.ptr.as_ptr();
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*dev).type_ = bindings::ARPHRD_NONE as u16 };
        // SAFETY: As above.
        unsafe { (*dev).hard_header_len = 0 };
        // SAFETY: As above.
        unsafe { (*dev).addr_len = 0 };
        // For packets whose sender sets no protocol (`AF_PACKET`): these operations distinguish
        // IPv4 and IPv6 by the first byte.
        //
        // SAFETY: As above.
        unsafe { (*dev).header_ops = addr_of!(bindings::ip_tunnel_header_ops) };
    }

    /// Sets the link layer to Ethernet, with a random address that can be changed while the
    /// interface is up. The driver filters received frames itself, see [`Device::uc_contains`].
    ///
    /// [`Device::uc_contains`]: crate::linux::net::device::Device::uc_contains
    pub(super) fn set_ethernet(&mut self) {
        let dev = self.ptr.as_ptr();
        // SAFETY: By the type invariant the device is allocated and ours.
        unsafe { bindings::ether_setup(dev) };
        // SAFETY: As above.
        unsafe { bindings::bsdtun_eth_hw_addr_random(dev) };
        // No `IFF_TX_SKB_SHARING`: the driver may keep a packet in a queue, during which its sender
        // must not send it again.
        self.change_priv_flags(
            bindings::netdev_priv_flags_IFF_LIVE_ADDR_CHANGE
                | bindings::netdev_priv_flags_IFF_UNICAST_FLT,
            bindings::netdev_priv_flags_IFF_TX_SKB_SHARING,
        );
    }

    /// Configures a software device, as all drivers here have: per-CPU statistics, no queueing
    /// discipline by default, and no transmit lock, because drivers have their own.
    pub(super) fn set_software(&mut self) {
        let dev = self.ptr.as_ptr();
        // SAFETY: By the type invariant the field is ours to write.
        unsafe {
            bindings::net_device::set_pcpu_stat_type_raw(
                dev,
                bindings::netdev_stat_type_NETDEV_PCPU_STAT_TSTATS,
            )
        };
        // SAFETY: As above.
        unsafe { PrivFlags::set_lltx_raw(self.bit_fields(), 1) };
        self.change_priv_flags(bindings::netdev_priv_flags_IFF_NO_QUEUE, 0);
    }

    /// Lets packets keep their route until the driver has seen them. C's `netif_keep_dst()`.
    pub(crate) fn keep_dst(&mut self) {
        self.change_priv_flags(
            0,
            bindings::netdev_priv_flags_IFF_XMIT_DST_RELEASE
                | bindings::netdev_priv_flags_IFF_XMIT_DST_RELEASE_PERM,
        );
    }

    /// Enables [`features`], also for VLAN devices on top. The user can switch them off and on.
    /// Bits that [`features`] does not name are ignored.
    ///
    /// With [`features::SG`] and [`features::FRAGLIST`] the stack passes packets as it has built
    /// them, instead of copying them into one linear part, and segments TCP's data as late as
    /// possible.
    pub(crate) fn set_features(&mut self, features: u64) {
        let features = features & features::ALL;
        let dev = self.ptr.as_ptr();
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*dev).hw_features |= features };
        // SAFETY: As above.
        unsafe { (*dev).features |= features };
        // SAFETY: As above.
        unsafe { (*dev).vlan_features |= features };
    }

    /// Lets [`features`] be enabled later, by [`Device::set_wanted_features`] or by the user, as
    /// far as [`NetdevOps::fix_features`] permits; also for VLAN devices on top. Bits that
    /// [`features`] does not name are ignored.
    ///
    /// [`Device::set_wanted_features`]: crate::linux::net::device::Device::set_wanted_features
    /// [`NetdevOps::fix_features`]: crate::linux::net::netdev_ops::NetdevOps::fix_features
    pub(crate) fn set_hw_features(&mut self, features: u64) {
        let features = features & features::ALL;
        let dev = self.ptr.as_ptr();
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*dev).hw_features |= features };
        // SAFETY: As above.
        unsafe { (*dev).vlan_features |= features & !features::HW_VLAN_CTAG_TX };
    }

    fn bit_fields(&mut self) -> *mut PrivFlags {
        // SAFETY: By the type invariant the projection is inside the device. All members of the
        // union are views of the same word.
        unsafe { addr_of_mut!((*self.ptr.as_ptr()).__bindgen_anon_1.__bindgen_anon_1) }
    }

    fn change_priv_flags(&mut self, set: u32, clear: u32) {
        let flags = self.bit_fields();
        // SAFETY: By the type invariant the field is ours to read and write.
        let old = unsafe { PrivFlags::priv_flags_raw(flags) };
        let new = old & !(clear as c_ulong) | set as c_ulong;
        // SAFETY: As above.
        unsafe { PrivFlags::set_priv_flags_raw(flags, new) };
    }

    /// Sets the interface flags. Bits that [`flags`] does not name are ignored.
    ///
    /// [`flags`]: crate::linux::net::device::flags
    pub(crate) fn set_flags(&mut self, flags: u32) {
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*self.ptr.as_ptr()).flags = flags & flags::ALL };
    }

    /// Sets the initial MTU and its bounds, in bytes.
    pub(crate) fn set_mtu(&mut self, mtu: u32, min: u32, max: u32) {
        let dev = self.ptr.as_ptr();
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*dev).mtu = mtu };
        // SAFETY: As above.
        unsafe { (*dev).min_mtu = min };
        // SAFETY: As above.
        unsafe { (*dev).max_mtu = max };
    }

    /// Sets the initial `txqueuelen`, in packets. The device has no queueing discipline unless the
    /// user attaches one.
    pub(crate) fn set_tx_queue_len(&mut self, len: u32) {
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*self.ptr.as_ptr()).tx_queue_len = len };
    }

    /// Makes the device start without a carrier.
    pub(crate) fn carrier_off(&mut self) {
        // SAFETY: By the type invariant the device is allocated.
        unsafe { bindings::netif_carrier_off(self.ptr.as_ptr()) };
    }

    /// The requested name. If it contains `%d`, registering the device replaces that by the lowest
    /// number that gives a free name.
    pub(crate) fn name(&self) -> Name {
        // SAFETY: By the type invariant nobody writes the field.
        Name::from_raw(unsafe { (*self.ptr.as_ptr()).name })
    }

    /// Changes the requested name.
    pub(crate) fn set_name(&mut self, name: &Name) {
        // SAFETY: By the type invariant the field is ours to write.
        unsafe { (*self.ptr.as_ptr()).name = *name.as_padded() };
    }

    /// The user namespace that owns the device's network namespace.
    pub(crate) fn user_ns(&self, _rtnl: &Rtnl) -> UserNamespace {
        let _rcu = rcu::read_lock();
        // SAFETY: By the type invariant the device is allocated. Its namespace is set, and the
        // creator of the device holds a reference to it.
        let net = unsafe { bindings::bsdtun_dev_net_rcu(self.ptr.as_ptr()) };
        // SAFETY: As above; the owner does not change.
        let user_ns = unsafe { (*net).user_ns };
        // SAFETY: A network namespace holds its user namespace.
        unsafe { UserNamespace::from_raw(user_ns) }
    }

    /// Whether a device in the same network namespace has the name.
    pub(crate) fn name_in_use(&self, name: &Name, _rtnl: &Rtnl) -> bool {
        let dev = self.ptr.as_ptr();
        let _rcu = rcu::read_lock();
        // SAFETY: By the type invariant the device is allocated. Its namespace is set, and the
        // creator of the device holds a reference to it.
        let net = unsafe { bindings::bsdtun_dev_net_rcu(dev) };
        // SAFETY: RTNL is held, and the name is terminated.
        unsafe { bindings::netdev_name_in_use(net, name.as_c_str().as_char_ptr()) }
    }
}
