// SPDX-License-Identifier: GPL-2.0

//! IP addresses of network devices: a notifier of new ones, and the removal of all.
//!
//! C headers: [`include/linux/inetdevice.h`](srctree/include/linux/inetdevice.h),
//! [`include/net/addrconf.h`](srctree/include/net/addrconf.h)

use crate::{
    c::bindings,
    linux::net::{
        device::Device,
        net_namespace::Net,
        private::{
            netdev_priv,
            Private, //
        },
        rtnl::Rtnl,
        rtnl_link::{
            LinkOps,
            Registration, //
        }, //
    }, //
};
use core::{
    marker::PhantomData,
    ptr, //
};
use kernel::{
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*,
    sync::{
        rcu,
        Arc, //
    },
    types::Opaque, //
};

/// Addresses whose lifetime was ended, and that the stack is yet to remove.
///
/// The kernel exports no function that deletes an address. But the stack removes addresses whose
/// lifetime has ended, with their routes, and notifies user space. Other ways, such as an MTU that
/// is too small for the protocol, would also reset the interface's sysctls and multicast groups.
pub(crate) struct Expired {
    net: Net,
}

impl Device {
    /// Whether the interface has an IPv4 or IPv6 address.
    pub(crate) fn has_addresses(&self, _rcu: &rcu::Guard) -> bool {
        // SAFETY: The device is valid by its type invariant, and RCU is held.
        unsafe { bindings::bsdtun_has_addresses(self.as_raw()) }
    }

    /// Ends the lifetime of all IPv4 and IPv6 addresses of the interface. Returns `None` if the
    /// network namespace is being removed, which removes them. Process context.
    pub(crate) fn expire_addresses(&self, rtnl: &Rtnl) -> Option<Expired> {
        // SAFETY: The device is valid by its type invariant, and RTNL is held.
        unsafe { bindings::bsdtun_inet_addr_expire(self.as_raw()) };
        // SAFETY: As above.
        unsafe { bindings::bsdtun_inet6_addr_expire(self.as_raw()) };
        Some(Expired {
            net: self.net(rtnl)?,
        })
    }
}

impl Expired {
    /// Makes the stack remove the addresses, and waits until it is done. Process context, without
    /// RTNL, which the stack takes.
    pub(crate) fn remove(self) {
        // SAFETY: The namespace is valid by its type invariant; the reference keeps it from being
        // removed.
        unsafe { bindings::bsdtun_addr_remove_expired(self.net.as_raw()) };
    }
}

/// A link kind that is notified of addresses.
pub(crate) trait AddressEvents: LinkOps {
    /// An IPv4 or IPv6 address was added to an interface of the kind. The caller may or may not
    /// hold RTNL, and may be in a softirq: must not sleep.
    fn address_added(private: &Arc<Private<Self::Data>>);
}

/// Calls [`AddressEvents`] of a link kind until it is dropped.
#[pin_data]
pub(crate) struct Notifier<T: AddressEvents> {
    /// Keeps the address of the operations, by which devices are recognized, from being used again.
    _link: Arc<Registration<T>>,
    #[pin]
    ip: Block<Ip, T>,
    #[pin]
    ip6: Block<Ip6, T>,
}

impl<T: AddressEvents> Notifier<T> {
    /// Registers for the interfaces of one kind. Process context.
    ///
    /// A failure is only logged, because this follows [`Registration::register`], after which a
    /// module's `init` should not fail.
    pub(crate) fn new(link: Arc<Registration<T>>) -> impl PinInit<Self> {
        let ops = link.ops();
        pin_init!(Self {
            _link: link,
            ip <- Block::new(ops),
            ip6 <- Block::new(ops),
        })
    }
}

/// The notifier chain for the addresses of one protocol.
///
/// # Safety
///
/// `register` and `unregister` must add a block to, and remove it from, the same chain. After
/// `unregister` has returned, the chain must not call the block. The chain must pass a pointer for
/// which `device` is sound.
unsafe trait Chain: 'static {
    /// Adds a block to the chain.
    ///
    /// # Safety
    ///
    /// `nb` must be initialized, in no chain, and valid until it is unregistered.
    unsafe fn register(nb: *mut bindings::notifier_block) -> c_int;

    /// Removes a block from the chain.
    ///
    /// # Safety
    ///
    /// `nb` must be in the chain.
    unsafe fn unregister(nb: *mut bindings::notifier_block) -> c_int;

    /// The device that has the address.
    ///
    /// # Safety
    ///
    /// `address` must be the pointer that the chain passes to a notifier that it is calling.
    unsafe fn device(address: *mut c_void) -> *mut bindings::net_device;
}

/// The chain of IPv4 addresses.
struct Ip;

// SAFETY: The IPv4 chain passes a `struct in_ifaddr`, which holds its device.
unsafe impl Chain for Ip {
    unsafe fn register(nb: *mut bindings::notifier_block) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { bindings::register_inetaddr_notifier(nb) }
    }

    unsafe fn unregister(nb: *mut bindings::notifier_block) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { bindings::unregister_inetaddr_notifier(nb) }
    }

    unsafe fn device(address: *mut c_void) -> *mut bindings::net_device {
        // SAFETY: By the safety requirement.
        let in_dev = unsafe { (*address.cast::<bindings::in_ifaddr>()).ifa_dev };
        // SAFETY: An address holds its `struct in_device`.
        unsafe { (*in_dev).dev }
    }
}

/// The chain of IPv6 addresses.
struct Ip6;

// SAFETY: The IPv6 chain passes a `struct inet6_ifaddr`, which holds its device.
unsafe impl Chain for Ip6 {
    unsafe fn register(nb: *mut bindings::notifier_block) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { bindings::register_inet6addr_notifier(nb) }
    }

    unsafe fn unregister(nb: *mut bindings::notifier_block) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { bindings::unregister_inet6addr_notifier(nb) }
    }

    unsafe fn device(address: *mut c_void) -> *mut bindings::net_device {
        // SAFETY: By the safety requirement.
        let idev = unsafe { (*address.cast::<bindings::inet6_ifaddr>()).idev };
        // SAFETY: An address holds its `struct inet6_dev`.
        unsafe { (*idev).dev }
    }
}

/// A notifier block for one chain.
///
/// # Invariants
///
/// - `nb` is in the chain if `registered` is set.
/// - `ops` is the address of the operations of a [`Registration<T>`], which the [`Notifier`] holds.
#[pin_data(PinnedDrop)]
#[repr(C)]
struct Block<C: Chain, T: AddressEvents> {
    #[pin]
    nb: Opaque<bindings::notifier_block>,
    ops: *const bindings::rtnl_link_ops,
    registered: bool,
    _phantom: PhantomData<(C, T)>,
}

// SAFETY: Only the core accesses the block, under its own locks; `ops` is not dereferenced.
unsafe impl<C: Chain, T: AddressEvents> Send for Block<C, T> {}
// SAFETY: As above.
unsafe impl<C: Chain, T: AddressEvents> Sync for Block<C, T> {}

impl<C: Chain, T: AddressEvents> Block<C, T> {
    fn new(ops: *const bindings::rtnl_link_ops) -> impl PinInit<Self> {
        pin_init!(Self {
            nb <- Opaque::ffi_init(|slot: *mut bindings::notifier_block| {
                let nb = bindings::notifier_block {
                    notifier_call: Some(Self::event),
                    ..pin_init::zeroed()
                };
                // SAFETY: The initializer may write to `slot`.
                unsafe { slot.write(nb) };
            }),
            ops,
            registered: false,
            _phantom: PhantomData,
        })
        .pin_chain(|this| {
            // SAFETY: The block is pinned, and valid until `drop` removes it from the chain.
            let ret = unsafe { C::register(this.nb.get()) };
            // SAFETY: Nothing is moved out.
            let this = unsafe { this.get_unchecked_mut() };
            // INVARIANT: In the chain if that succeeded.
            this.registered = ret == 0;
            if !this.registered {
                pr_warn!("cannot register an address notifier: {}\n", ret);
            }
            Ok(())
        })
    }

    /// # Safety
    ///
    /// Called by the chain, with the block of a `Self`.
    unsafe extern "C" fn event(
        nb: *mut bindings::notifier_block,
        event: c_ulong,
        address: *mut c_void,
    ) -> c_int {
        // CAST: The block is the first field.
        // SAFETY: By the safety requirement; `ops` does not change.
        let ops = unsafe { (*nb.cast::<Self>()).ops };
        if event == bindings::netdev_cmd_NETDEV_UP as c_ulong {
            // SAFETY: The chain passes an address, whose device is valid during the call.
            let dev = unsafe { C::device(address) };
            // SAFETY: As above.
            let dev_ops = unsafe { (*dev).rtnl_link_ops };
            if ptr::eq(dev_ops, ops) {
                // SAFETY: By the type invariant the device is a link of the kind `T`. It has an
                // address, so it is registered, and its private area is filled.
                T::address_added(unsafe { netdev_priv(dev) });
            }
        }
        bindings::NOTIFY_DONE as c_int
    }
}

#[pinned_drop]
impl<C: Chain, T: AddressEvents> PinnedDrop for Block<C, T> {
    fn drop(self: Pin<&mut Self>) {
        if self.registered {
            // SAFETY: In the chain by the type invariant.
            unsafe { C::unregister(self.nb.get()) };
        }
    }
}
