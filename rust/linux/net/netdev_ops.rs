// SPDX-License-Identifier: GPL-2.0

//! The operations of a driver's network devices: `struct net_device_ops`.
//!
//! C header: [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)

use crate::{
    c::bindings,
    linux::net::{
        device::Device,
        new_device::NewDevice,
        private::{
            self,
            netdev_priv,
            Private, //
        },
        rtnl::Rtnl,
        skb::SkBuff,
        tx_context::TxContext, //
    }, //
};
use core::marker::PhantomData;
use kernel::{
    error::to_result,
    prelude::*,
    sync::Arc, //
};

/// The result of [`NetdevOps::start_xmit`]: what happened to the packet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NetdevTx {
    /// The driver has taken the packet, and has counted it with [`Device::count_tx`].
    Sent,
    /// The driver has dropped the packet. The sender gets `NET_XMIT_DROP` (a socket: `ENOBUFS`),
    /// and so many packets, the segments of a GSO packet, are counted in `tx_dropped`.
    Dropped(usize),
}

/// The operations of a driver's network devices. Methods are named after the members of
/// `struct net_device_ops` that call them.
///
/// `private` leads to the driver's data of the device.
pub(crate) trait NetdevOps: Sized + 'static {
    /// The driver's data of one device.
    type Data: Send + Sync + 'static;

    /// Whether packets start with an Ethernet header; otherwise with their network header.
    const ETHERNET: bool;

    /// Configures a new device, after the defaults of its link layer are set. Process context; RTNL
    /// may be held.
    fn setup(dev: &mut NewDevice);

    /// The device is being unregistered; `private` does not lead to it any more. RTNL, process
    /// context.
    fn uninit(_private: &Private<Self::Data>, _dev: &Device, _rtnl: &Rtnl) {}

    /// The interface is being set up; call [`Device::start_queues`]. Nothing is transmitted before
    /// this returns. RTNL, process context.
    fn open(private: &Private<Self::Data>, dev: &Device, rtnl: &Rtnl);

    /// The interface is being set down. RTNL, process context.
    ///
    /// Without a queueing discipline, [`Self::start_xmit`] may be running on other CPUs, and may be
    /// called again afterwards. A lock of the driver must order the two.
    fn stop(_private: &Private<Self::Data>, _dev: &Device, _rtnl: &Rtnl) {}

    /// Returns those of the requested features that the device can have now, `NETIF_F_*`. RTNL.
    fn fix_features(_private: &Private<Self::Data>, features: u64) -> u64 {
        features
    }

    /// Transmits a packet. Softirqs are off, interrupts may be off; must not sleep. Runs on several
    /// CPUs at once.
    fn start_xmit(
        private: &Private<Self::Data>,
        dev: &Device,
        skb: SkBuff,
        tx: &TxContext,
    ) -> NetdevTx;

    /// The device is gone: no other method is running or will be called for it. Process context,
    /// without RTNL; may sleep.
    fn priv_destructor(_private: Arc<Private<Self::Data>>) {}
}

/// C's view of a driver `T`.
struct VTable<T>(PhantomData<T>);

impl<T: NetdevOps> VTable<T> {
    const OPS: bindings::net_device_ops = bindings::net_device_ops {
        ndo_init: Some(Self::init),
        ndo_uninit: Some(Self::uninit),
        ndo_open: Some(Self::open),
        ndo_stop: Some(Self::stop),
        ndo_start_xmit: Some(Self::start_xmit),
        ndo_fix_features: Some(Self::fix_features),
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

    /// # Safety
    ///
    /// Called by the core under RTNL, for a device that [`register::<T>`] is registering.
    unsafe extern "C" fn init(dev: *mut bindings::net_device) -> c_int {
        // SAFETY: `register` has filled the private area.
        let private = unsafe { netdev_priv::<T::Data>(dev) };
        // SAFETY: This is `ndo_init`, under RTNL. If it succeeds, the core calls `uninit` before it
        // frees the device.
        if unsafe { private.set_device(dev) } {
            0
        } else {
            EBUSY.to_errno()
        }
    }

    /// # Safety
    ///
    /// Called by the core under RTNL, for a device for which [`Self::init`] succeeded.
    unsafe extern "C" fn uninit(dev: *mut bindings::net_device) {
        // SAFETY: The private area is emptied after this callback.
        let private = unsafe { netdev_priv::<T::Data>(dev) };
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held(&dev) };
        private.clear_device(rtnl);
        // SAFETY: The device is valid during this callback.
        T::uninit(private, unsafe { Device::from_raw(dev) }, rtnl);
    }

    /// # Safety
    ///
    /// Called by the core under RTNL, for a registered device.
    unsafe extern "C" fn open(dev: *mut bindings::net_device) -> c_int {
        // SAFETY: The private area of a registered device is filled.
        let private = unsafe { netdev_priv::<T::Data>(dev) };
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held(&dev) };
        // SAFETY: The device is valid during this callback.
        T::open(private, unsafe { Device::from_raw(dev) }, rtnl);
        0
    }

    /// # Safety
    ///
    /// Called by the core under RTNL, for a registered device.
    unsafe extern "C" fn stop(dev: *mut bindings::net_device) -> c_int {
        // SAFETY: The private area of a registered device is filled.
        let private = unsafe { netdev_priv::<T::Data>(dev) };
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held(&dev) };
        // SAFETY: The device is valid during this callback.
        T::stop(private, unsafe { Device::from_raw(dev) }, rtnl);
        0
    }

    /// # Safety
    ///
    /// Called by the core under RTNL, for a device that is registered or, once, is being
    /// registered; [`register::<T>`] has filled its private area.
    unsafe extern "C" fn fix_features(
        dev: *mut bindings::net_device,
        features: bindings::netdev_features_t,
    ) -> bindings::netdev_features_t {
        // SAFETY: By the safety requirement the private area is filled.
        let private = unsafe { netdev_priv::<T::Data>(dev) };
        // The core believes a driver that adds one.
        features & T::fix_features(private, features)
    }

    /// # Safety
    ///
    /// Called by the core with softirqs off, for a registered device and a packet whose ownership
    /// it passes on.
    unsafe extern "C" fn start_xmit(
        skb: *mut bindings::sk_buff,
        dev: *mut bindings::net_device,
    ) -> bindings::netdev_tx {
        // SAFETY: The private area of a registered device is filled.
        let private = unsafe { netdev_priv::<T::Data>(dev) };
        // SAFETY: The core passes the ownership of the packet, which is in no list.
        let skb = unsafe { SkBuff::from_raw(skb) };
        // SAFETY: The device is valid during this callback.
        let dev = unsafe { Device::from_raw(dev) };
        // SAFETY: The core calls this with softirqs off.
        let tx = unsafe { TxContext::assume(&private) };
        match T::start_xmit(private, dev, skb, tx) {
            NetdevTx::Sent => bindings::netdev_tx::NETDEV_TX_OK,
            NetdevTx::Dropped(packets) => {
                dev.count_tx_dropped(packets);
                bindings::netdev_tx(bindings::NET_XMIT_DROP as c_int)
            }
        }
    }

    /// Does nothing, because drivers filter each received frame. Without this callback the core
    /// refuses secondary addresses.
    ///
    /// # Safety
    ///
    /// Called by the core.
    unsafe extern "C" fn set_rx_mode(_dev: *mut bindings::net_device) {}

    /// # Safety
    ///
    /// Called by the core, once, when a device that [`register::<T>`] registered is gone.
    unsafe extern "C" fn priv_destructor(dev: *mut bindings::net_device) {
        // SAFETY: The device's data is a `T::Data`. No other callback runs any more.
        if let Some(private) = unsafe { private::take::<T::Data>(dev) } {
            T::priv_destructor(private);
        }
    }
}

/// Sets up a new device with the operations of `T`.
///
/// # Safety
///
/// `dev` must point to a device that was just allocated with [`private::priv_size::<T::Data>`]
/// bytes of private area, and that nobody else accesses.
pub(super) unsafe fn setup<T: NetdevOps>(dev: *mut bindings::net_device) {
    // SAFETY: By the safety requirement the field is ours to write.
    unsafe { (*dev).netdev_ops = &VTable::<T>::OPS };
    // SAFETY: As above.
    unsafe { (*dev).needs_free_netdev = true };
    // SAFETY: By the safety requirement.
    let mut new = unsafe { NewDevice::from_raw(dev) };
    new.set_software();
    if T::ETHERNET {
        new.set_ethernet();
    } else {
        new.set_layer3();
    }
    T::setup(&mut new);
}

/// Registers a device.
///
/// # Errors
///
/// `EBUSY` if `private` has a device already; errors of `register_netdevice()`. Then the device is
/// not registered and still the caller's, to be freed with `free_netdev` under RTNL.
///
/// # Safety
///
/// `dev` must point to a device on which [`setup::<T>`] was called, that is not registered, and
/// that the caller owns.
pub(super) unsafe fn register<T: NetdevOps>(
    dev: *mut bindings::net_device,
    private: Arc<Private<T::Data>>,
    _rtnl: &Rtnl,
) -> Result {
    // SAFETY: By the safety requirement the device was allocated for a `T`; its private area is
    // empty before it is registered.
    unsafe { private::fill::<T::Data>(dev, private) };

    // SAFETY: The device is set up, and RTNL is held.
    let ret = to_result(unsafe { bindings::register_netdevice(dev) });
    match ret {
        // Not earlier: when `register_netdevice` fails, it may or may not run the destructor.
        //
        // SAFETY: RTNL is held, so nobody has unregistered the device yet.
        Ok(()) => unsafe { (*dev).priv_destructor = Some(VTable::<T>::priv_destructor) },
        Err(_) => {
            // SAFETY: `ndo_uninit` has run if `ndo_init` had succeeded, and no callback follows it.
            // No destructor is set, so that this is the only one to empty the area.
            let private = unsafe { private::take::<T::Data>(dev) };
            // The caller may free the device at once, but the driver may have kept `private`, under
            // which others may have found the device: the grace period of its invariant. It is
            // expedited under RTNL. A request with an invalid name, say, does not get this far.
            if private.is_some_and(|private| private.was_published()) {
                // SAFETY: Process context.
                unsafe { bindings::synchronize_net() };
            }
        }
    }
    ret
}
