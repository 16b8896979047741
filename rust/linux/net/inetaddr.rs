// SPDX-License-Identifier: GPL-2.0

//! Addresses of interfaces: news of them, and the end of them.
//!
//! C headers: [`include/linux/inetdevice.h`](srctree/include/linux/inetdevice.h),
//! [`include/net/addrconf.h`](srctree/include/net/addrconf.h)

use crate::{
    c::bindings,
    linux::net::{
        device::{
            self,
            Device,
            Private, //
        },
        net_namespace::Net,
        rtnl::Rtnl,
        rtnl_link::{
            Kind,
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
    sync::Arc,
    types::Opaque, //
};

/// Addresses that were made due for removal.
///
/// Nothing that the kernel exports deletes an address, but it removes those whose lifetime is over,
/// with their routes and with messages to whoever listens. So their lifetimes are ended. Against other
/// ways (an MTU too small for the protocol) this keeps all that the interface has beside them:
/// sysctls, multicast groups, the rest of its configuration.
pub(crate) struct Expired {
    namespace: Net,
}

impl Device {
    /// Makes all addresses of the interface due for removal: IPv4 and IPv6. `None` if the network
    /// namespace is going, and they with it. Process context.
    pub(crate) fn expire_addresses(&self, rtnl: &Rtnl) -> Option<Expired> {
        // SAFETY: The device is valid by its type invariant, and RTNL is held.
        unsafe { bindings::bsdtun_inet_addr_expire(self.as_raw()) };
        // SAFETY: As above.
        unsafe { bindings::bsdtun_inet6_addr_expire(self.as_raw()) };
        Some(Expired {
            namespace: self.namespace(rtnl)?,
        })
    }
}

impl Expired {
    /// Has the stack remove them, and waits until it has. Process context, without RTNL.
    pub(crate) fn remove(self) {
        // SAFETY: The namespace is valid by the invariant of its type, and not going.
        unsafe { bindings::bsdtun_addr_remove_expired(self.namespace.as_raw()) };
    }
}

/// What is told about addresses.
pub(crate) trait AddressEvents: Kind {
    /// An interface got an address, IPv4 or IPv6. RTNL or not, any context: must not sleep.
    fn address_added(private: &Arc<Private<Self::Data>>);
}

/// A registration for [`AddressEvents`], until dropped.
#[pin_data]
pub(crate) struct Notifier<T: AddressEvents> {
    #[pin]
    ip: Block<Ip, T>,
    #[pin]
    ip6: Block<Ip6, T>,
}

impl<T: AddressEvents> Notifier<T> {
    /// Registers for the interfaces of one kind. Does not fail: see [`link::Registration::new`].
    ///
    /// [`link::Registration::new`]: crate::linux::net::rtnl_link::Registration::new
    pub(crate) fn new(link: &Registration<T>) -> impl PinInit<Self> {
        let ops = link.ops();
        pin_init!(Self {
            ip <- Block::new(ops),
            ip6 <- Block::new(ops),
        })
    }
}

/// A chain of notifiers for the addresses of one protocol.
///
/// # Safety
///
/// `register` and `unregister` must add to and take from one chain, and nobody be called through the
/// block after `unregister` returned. The chain must pass a pointer for which `device` is sound.
unsafe trait Chain: 'static {
    /// Puts a block on the chain.
    ///
    /// # Safety
    ///
    /// `nb` must be set up, on no chain, and stay until it was unregistered.
    unsafe fn register(nb: *mut bindings::notifier_block) -> c_int;

    /// Takes a block off the chain.
    ///
    /// # Safety
    ///
    /// `nb` must be on the chain.
    unsafe fn unregister(nb: *mut bindings::notifier_block) -> c_int;

    /// The device of an address.
    ///
    /// # Safety
    ///
    /// `address` must be what the chain passes to a notifier that it is calling.
    unsafe fn device(address: *mut c_void) -> *mut bindings::net_device;
}

struct Ip;

// SAFETY: The IPv4 chain passes a `struct in_ifaddr`, which keeps its device.
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
        unsafe { (*(*address.cast::<bindings::in_ifaddr>()).ifa_dev).dev }
    }
}

struct Ip6;

// SAFETY: The IPv6 chain passes a `struct inet6_ifaddr`, which keeps its device.
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
        unsafe { (*(*address.cast::<bindings::inet6_ifaddr>()).idev).dev }
    }
}

/// A notifier on one chain.
///
/// # Invariants
///
/// - If `registered`, `nb` is on the chain.
/// - `ops` is or was that of a [`Registration<T>`]; no other link has it.
#[pin_data(PinnedDrop)]
#[repr(C)]
struct Block<C: Chain, T: AddressEvents> {
    #[pin]
    nb: Opaque<bindings::notifier_block>,
    ops: *const bindings::rtnl_link_ops,
    registered: bool,
    _phantom: PhantomData<(C, T)>,
}

// SAFETY: The block is only touched by the core, which has its own locks; `ops` is not followed.
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
                // SAFETY: The initialiser may write to `slot`.
                unsafe { slot.write(nb) };
            }),
            ops,
            registered: false,
            _phantom: PhantomData,
        })
        .pin_chain(|this| {
            // SAFETY: The block is pinned and stays until `drop` takes it off the chain.
            let ret = unsafe { C::register(this.nb.get()) };
            // SAFETY: Nothing is moved.
            let this = unsafe { this.get_unchecked_mut() };
            // INVARIANT: On the chain if that succeeded.
            this.registered = ret == 0;
            if !this.registered {
                pr_warn!("no news of addresses: {}\n", ret);
            }
            Ok(())
        })
    }

    /// # Safety
    ///
    /// For the chain to call, on the block of a `Self`.
    unsafe extern "C" fn event(
        nb: *mut bindings::notifier_block,
        event: c_ulong,
        address: *mut c_void,
    ) -> c_int {
        // SAFETY: The block is the first field of a `Self`; `ops` does not change.
        let ops = unsafe { (*nb.cast::<Self>()).ops };
        if event == bindings::netdev_cmd_NETDEV_UP as c_ulong {
            // SAFETY: The chain passes an address, whose device is valid during the call.
            let dev = unsafe { C::device(address) };
            // SAFETY: As above.
            if ptr::eq(unsafe { (*dev).rtnl_link_ops }, ops) {
                // SAFETY: By the type invariant the device is one of a `T`. It has addresses, so
                // that it is registered and its slot holds a private.
                T::address_added(unsafe { device::private(dev) });
            }
        }
        bindings::NOTIFY_DONE as c_int
    }
}

#[pinned_drop]
impl<C: Chain, T: AddressEvents> PinnedDrop for Block<C, T> {
    fn drop(self: Pin<&mut Self>) {
        if self.registered {
            // SAFETY: On the chain by the type invariant.
            unsafe { C::unregister(self.nb.get()) };
        }
    }
}
