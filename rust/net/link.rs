// SPDX-License-Identifier: GPL-2.0

//! Kinds of link: what `ip link add type KIND` makes.
//!
//! C header: [`include/net/rtnetlink.h`](srctree/include/net/rtnetlink.h)

use crate::{
    bindings,
    deferred::{
        Deferred,
        Run, //
    },
    net::{
        attribute::Group,
        device::{
            self,
            Name,
            NewDevice,
            Operations,
            Port,
            VTable, //
        },
        rtnl::{
            self,
            Rtnl, //
        }, //
    }, //
};
use core::{
    ffi::CStr,
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    container_of,
    error::{
        from_result,
        to_result, //
    },
    ffi::c_int,
    prelude::*,
    sync::Arc,
    types::Opaque,
    ModuleMetadata, //
};

/// Where a refused request leaves its reason for the user to read.
pub(crate) struct ExtAck<'a> {
    ptr: *mut bindings::netlink_ext_ack,
    _lifetime: PhantomData<&'a mut bindings::netlink_ext_ack>,
}

impl ExtAck<'_> {
    /// Nobody will read the reason.
    fn none() -> Self {
        Self {
            ptr: core::ptr::null_mut(),
            _lifetime: PhantomData,
        }
    }

    /// Sets the text that `ip` prints after "Error:".
    pub(crate) fn set(&mut self, message: &'static CStr) {
        if let Some(ext_ack) = NonNull::new(self.ptr) {
            // SAFETY: The structure is valid and ours while this value lives; the text is static.
            unsafe { (*ext_ack.as_ptr())._msg = message.as_char_ptr() };
        }
    }
}

/// A kind of link.
pub(crate) trait Kind: Operations {
    /// The name, as in `ip link add type NAME`.
    const KIND: &'static CStr;

    /// The module that the code of this kind is in.
    type OwnerModule: ModuleMetadata;

    /// What all links of the kind share.
    type Context: Send + Sync + 'static;

    /// Makes the driver's part of a device that is about to be registered, and may choose its name.
    /// RTNL, process context.
    ///
    /// # Errors
    ///
    /// Any; nothing is registered then.
    fn create(
        context: &Self::Context,
        dev: &mut NewDevice,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Port<Self>>>;

    /// The device was registered. Process context, with no lock held: for what must not be done
    /// under RTNL. If a system call made the device, this runs before it returns to user space. The
    /// device may be gone already.
    ///
    /// # Errors
    ///
    /// Any; the device is unregistered then.
    fn created(port: Arc<Port<Self>>) -> Result;
}

/// Runs [`Kind::created`] without locks.
struct Created<T>(PhantomData<T>);

impl<T: Kind> Run for Created<T> {
    type Data = Arc<Port<T>>;
    type OwnerModule = T::OwnerModule;

    fn run(port: Self::Data) {
        // Too late to tell anybody: the system call that made the device has its result.
        let _ = created(port);
    }
}

/// Runs [`Kind::created`], and takes the device back if it fails.
fn created<T: Kind>(port: Arc<Port<T>>) -> Result {
    T::created(port.clone()).inspect_err(|_| {
        let rtnl = rtnl::lock();
        if let Some(dev) = port.device(&rtnl) {
            dev.unregister(&rtnl);
        }
    })
}

/// The registration of a kind of link. Dropping it removes all links of the kind.
///
/// # Invariants
///
/// `ops` is registered from the end of the initialisation on until the value is dropped.
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<T: Kind> {
    context: T::Context,
    // What the `sysfs_groups` of all links point to.
    attributes: Group,
    // The core keeps its list link and its reader count in here.
    #[pin]
    ops: Opaque<bindings::rtnl_link_ops>,
}

// SAFETY: `ops` is only touched by the core, which has its own locks.
unsafe impl<T: Kind> Send for Registration<T> {}
// SAFETY: As above; `context` is `Sync`.
unsafe impl<T: Kind> Sync for Registration<T> {}

impl<T: Kind> Registration<T> {
    /// Registers the kind. A module's `init` should not fail afterwards: the kernel frees a module
    /// whose `init` fails even if somebody uses what it has made.
    ///
    /// # Errors
    ///
    /// `EEXIST` if there is one of this name.
    pub(crate) fn new(context: T::Context) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            context,
            attributes: Group::new::<T>()?,
            // Last: from here on links can be made.
            ops <- Opaque::try_ffi_init(|slot: *mut bindings::rtnl_link_ops| {
                let ops = bindings::rtnl_link_ops {
                    kind: T::KIND.as_char_ptr(),
                    priv_size: device::slot_size::<T>(),
                    setup: Some(VTable::<T>::setup),
                    newlink: Some(Self::newlink),
                    ..pin_init::zeroed()
                };
                // SAFETY: The initialiser may write to `slot`.
                unsafe { slot.write(ops) };
                // SAFETY: `slot` is pinned and stays until it is unregistered in `drop`.
                to_result(unsafe { bindings::rtnl_link_register(slot) })
            }),
        }? Error)
    }

    /// What tells links of this kind from others.
    pub(super) fn ops(&self) -> *const bindings::rtnl_link_ops {
        self.ops.get()
    }

    /// Makes a link in the initial network namespace. Process context, sleeps, takes RTNL.
    ///
    /// The name may be one with a `%d`, as in [`NewDevice::name`].
    ///
    /// # Errors
    ///
    /// Those of [`Kind::create`], [`Kind::created`] and of registering a device; `ENOMEM`.
    pub(crate) fn add(&self, name: &Name) -> Result {
        // SAFETY: The name is terminated, the set-up function fits the size of the private area.
        let dev = unsafe {
            bindings::alloc_netdev_mqs(
                device::slot_size::<T>() as c_int,
                name.as_c_str().as_char_ptr(),
                bindings::NET_NAME_ENUM as u8,
                Some(VTable::<T>::setup),
                1,
                1,
            )
        };
        let dev = NonNull::new(dev).ok_or(ENOMEM)?.as_ptr();
        // SAFETY: The device is new and ours. With this set it goes with the kind.
        unsafe { (*dev).rtnl_link_ops = self.ops.get() };

        let rtnl = rtnl::lock();
        // SAFETY: The device was made with the set-up function of `T` above, and is ours.
        let port = match unsafe { self.register(dev, &mut ExtAck::none(), &rtnl) } {
            Ok(port) => port,
            Err(e) => {
                // SAFETY: The device is not registered and nobody else has it.
                unsafe { bindings::free_netdev(dev) };
                return Err(e);
            }
        };
        drop(rtnl);
        created(port)
    }

    /// # Safety
    ///
    /// As for [`device::register`].
    unsafe fn register(
        &self,
        dev: *mut bindings::net_device,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Port<T>>> {
        // SAFETY: The device is the caller's and not registered yet. The group stays until all links
        // of the kind are gone.
        unsafe { (*dev).sysfs_groups[0] = self.attributes.as_raw() };
        // SAFETY: As above.
        let mut new = unsafe { NewDevice::from_raw(dev) };
        let port = T::create(&self.context, &mut new, ext_ack, rtnl)?;
        // SAFETY: By the safety requirement.
        unsafe { device::register::<T>(dev, port.clone(), rtnl) }?;
        Ok(port)
    }

    /// # Safety
    ///
    /// For the core to call, under RTNL, on a device that it allocated for this kind.
    unsafe extern "C" fn newlink(
        dev: *mut bindings::net_device,
        _params: *mut bindings::rtnl_newlink_params,
        ext_ack: *mut bindings::netlink_ext_ack,
    ) -> c_int {
        // SAFETY: The core has set the field to the `ops` of a registration of this type, and keeps
        // it registered during the call.
        let this = unsafe {
            let ops = Opaque::cast_from((*dev).rtnl_link_ops);
            &*container_of!(ops, Self, ops)
        };
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held() };
        let mut ext_ack = ExtAck {
            ptr: ext_ack,
            _lifetime: PhantomData,
        };
        from_result(|| {
            // Everything that may fail comes before the registration, which is not undone.
            let created = Deferred::<Created<T>>::new()?;
            // SAFETY: The core made the device with the set-up function of `T`; it is ours until
            // it is registered, and the core's again on an error.
            let port = unsafe { this.register(dev, &mut ext_ack, rtnl) }?;
            created.run_unlocked(port);
            Ok(0)
        })
    }
}

#[pinned_drop]
impl<T: Kind> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: Registered by the type invariant. All readers of `ops` are done afterwards, and
        // all devices that point to it are gone.
        unsafe { bindings::rtnl_link_unregister(self.ops.get()) };
    }
}
