// SPDX-License-Identifier: GPL-2.0

//! The private data of a network device: a driver's state, and the way from it to the device.
//!
//! The private area of a `struct net_device` holds an `Arc<Private<T>>`. The device thus owns a
//! reference to the driver's data, but nothing here owns a reference to the device: unregistering a
//! device waits until all references to it are gone, so a reference held by an open file would make
//! `ip link del` hang. [`Private`] finds its device under RCU or RTNL instead, for as long as it is
//! registered.
//!
//! C header: [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)

use crate::{
    c::bindings,
    linux::net::{
        device::Device,
        rtnl::Rtnl, //
    }, //
};
use core::{
    mem,
    ops::Deref,
    ptr::{
        self,
        addr_of,
        NonNull, //
    }, //
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            AtomicFlag,
            Full,
            Relaxed,
            Release, //
        },
        rcu,
        Arc, //
    }, //
};

/// A driver's data `T` for one device, and a pointer to the device while it is registered. It
/// outlives the device.
///
/// # Invariants
///
/// `dev` is null, or points to a device between its `ndo_init` and its `ndo_uninit`. It is written
/// under RTNL only. After it is cleared, one grace period passes before the device is freed.
#[pin_data]
pub(crate) struct Private<T> {
    dev: Atomic<*mut bindings::net_device>,
    /// Whether `dev` was ever set.
    published: AtomicFlag,
    #[pin]
    data: T,
}

// SAFETY: The pointer is only followed under RCU or RTNL, which any thread may do.
unsafe impl<T: Send> Send for Private<T> {}
// SAFETY: As above; shared access gives shared access to `data`.
unsafe impl<T: Sync> Sync for Private<T> {}

impl<T: Send + Sync + 'static> Private<T> {
    /// Allocates the private data of a device that is not registered yet, for
    /// [`LinkOps::newlink`] to return. The memory is charged to the caller's memory cgroup. Process
    /// context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, or the error of `data`.
    ///
    /// [`LinkOps::newlink`]: crate::linux::net::rtnl_link::LinkOps::newlink
    pub(crate) fn new(data: impl PinInit<T, Error>) -> Result<Arc<Self>> {
        Arc::pin_init(
            try_pin_init!(Self {
                // INVARIANT: No device yet.
                dev: Atomic::new(ptr::null_mut()),
                published: AtomicFlag::new(false),
                data <- data,
            }),
            GFP_KERNEL_ACCOUNT,
        )
    }

    /// The device, which stays valid as long as the RCU guard lives; `None` if it is not registered
    /// any more.
    pub(crate) fn device_rcu<'a>(&self, _rcu: &'a rcu::Guard) -> Option<&'a Device> {
        let dev = NonNull::new(self.dev.load(Acquire))?;
        // SAFETY: By the type invariant the device was registered during this RCU read-side
        // critical section, and is not freed before it ends.
        Some(unsafe { Device::from_raw(dev.as_ptr()) })
    }

    /// The device, which stays valid as long as RTNL is held; `None` if it is not registered any
    /// more.
    pub(crate) fn device<'a>(&self, _rtnl: &'a Rtnl) -> Option<&'a Device> {
        let dev = NonNull::new(self.dev.load(Acquire))?;
        // SAFETY: By the type invariant the device was registered while RTNL was held, and is not
        // freed before RTNL is released.
        Some(unsafe { Device::from_raw(dev.as_ptr()) })
    }

    /// Records the device in `ndo_init`; `false` if this private data has a device already.
    ///
    /// # Safety
    ///
    /// RTNL must be held and `dev` be in its `ndo_init`. Its `ndo_uninit`, or the failure of its
    /// registration, must call [`Self::clear_device`].
    pub(super) unsafe fn set_device(&self, dev: *mut bindings::net_device) -> bool {
        // INVARIANT: By the safety requirement.
        let set = self.dev.cmpxchg(ptr::null_mut(), dev, Full).is_ok();
        self.published.store(true, Relaxed);
        set
    }

    /// Whether anybody may have found a device here. RTNL.
    pub(super) fn was_published(&self) -> bool {
        self.published.load(Relaxed)
    }

    /// Forgets the device, in `ndo_uninit`: from now on nobody finds it.
    pub(super) fn clear_device(&self, _rtnl: &Rtnl) {
        // INVARIANT: RTNL is held. The core waits for a grace period between `ndo_uninit` and
        // freeing the device.
        self.dev.store(ptr::null_mut(), Release);
    }
}

impl<T> Deref for Private<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

/// The private area of a `struct net_device` whose driver's data is a `T`. All zeros, as the core
/// allocates it, is an empty area.
///
/// # Invariants
///
/// The area is filled before the device is registered, and emptied once: by the device's
/// destructor, or by [`register`] if that fails. In both cases no other callback of the device runs
/// any more.
///
/// [`register`]: crate::linux::net::netdev_ops::register
struct PrivArea<T>(Option<Arc<Private<T>>>);

/// Size in bytes of the private area of a device whose driver's data is a `T`.
pub(super) const fn priv_size<T>() -> usize {
    mem::size_of::<PrivArea<T>>()
}

/// # Safety
///
/// `dev` must point to a device whose private area is a `PrivArea<T>`.
unsafe fn priv_area<T>(dev: *const bindings::net_device) -> *mut PrivArea<T> {
    // CAST: The last member of the structure stands for the private area.
    // SAFETY: By the safety requirement the projection is inside the allocation.
    unsafe { addr_of!((*dev).priv_) }.cast_mut().cast()
}

/// The private data of a device. C's `netdev_priv()`.
///
/// # Safety
///
/// `dev` must point to a device whose driver's data is a `T`, and whose private area is filled
/// until `'a` ends.
pub(super) unsafe fn netdev_priv<'a, T>(dev: *const bindings::net_device) -> &'a Arc<Private<T>> {
    // SAFETY: By the safety requirement.
    let area = unsafe { priv_area::<T>(dev) };
    // SAFETY: The area is valid, and not written while it is filled.
    let area = unsafe { &*area };
    // SAFETY: By the safety requirement it is filled.
    unsafe { area.0.as_ref().unwrap_unchecked() }
}

/// Fills the private area of a device.
///
/// # Safety
///
/// `dev` must point to a device that was allocated with [`priv_size::<T>`], is not registered, and
/// whose private area is empty.
pub(super) unsafe fn fill<T>(dev: *mut bindings::net_device, private: Arc<Private<T>>) {
    // SAFETY: By the safety requirement.
    let area = unsafe { priv_area::<T>(dev) };
    // INVARIANT: The device is not registered yet.
    // SAFETY: The area is empty, so nothing needs to be dropped, and nobody else accesses it.
    unsafe { area.write(PrivArea(Some(private))) };
}

/// Empties the private area of a device.
///
/// # Safety
///
/// `dev` must point to a device whose driver's data is a `T`. No callback of the device may run
/// during the call or later, except for those that do not access the private data.
pub(super) unsafe fn take<T>(dev: *mut bindings::net_device) -> Option<Arc<Private<T>>> {
    // SAFETY: By the safety requirement.
    let area = unsafe { priv_area::<T>(dev) };
    // INVARIANT: By the safety requirement no callback runs any more.
    // SAFETY: The area is valid, and nobody else accesses it.
    let area = unsafe { &mut *area };
    area.0.take()
}
