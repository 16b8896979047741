// SPDX-License-Identifier: GPL-2.0

//! Kinds of link: what `ip link add type KIND` makes.
//!
//! C header: [`include/net/rtnetlink.h`](srctree/include/net/rtnetlink.h)

use crate::{
    c::bindings,
    linux::{
        net::{
            device::{
                self,
                Name,
                NetdevOps,
                NewDevice,
                Private,
                VTable, //
            },
            net_namespace::Net,
            netlink::{
                self,
                ExtAck,
                Message,
                NlAttrs,
                Policy, //
            },
            rtnl::{
                self,
                Rtnl, //
            },
            sysfs::Group, //
        },
        return_work::{
            ReturnWork,
            ReturnWorkItem, //
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
    prelude::*,
    sync::{
        atomic::{
            AtomicFlag,
            Full,
            Relaxed, //
        },
        Arc, //
    },
    types::Opaque,
    ModuleMetadata, //
};

/// A kind of link.
pub(crate) trait Kind: NetdevOps {
    /// The name, as in `ip link add type NAME`.
    const KIND: &'static CStr;

    /// The module that the code of this kind is in.
    type OwnerModule: ModuleMetadata;

    /// What all links of the kind share.
    type Context: Send + Sync + 'static;

    /// What `IFLA_INFO_DATA` may hold, each attribute at the place of its number.
    const ATTRIBUTES: &'static [Policy];

    /// Makes the driver's part of a device that is about to be registered, and may choose its name.
    /// RTNL, process context.
    ///
    /// # Errors
    ///
    /// Any; nothing is registered then.
    fn create(
        context: &Self::Context,
        dev: &mut NewDevice,
        attributes: &NlAttrs<'_>,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Private<Self::Data>>>;

    /// Changes a device by the attributes of a request. RTNL, process context.
    ///
    /// # Errors
    ///
    /// Any; nothing should be changed then.
    fn change(
        private: &Private<Self::Data>,
        attributes: &NlAttrs<'_>,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result;

    /// Tells the device's attributes. Any context but interrupts; must not sleep.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` without room.
    fn describe(private: &Private<Self::Data>, message: &mut Message<'_>) -> Result;

    /// The device was registered. Process context, with no lock held: for what must not be done
    /// under RTNL. If a system call made the device, this runs before it returns to user space. The
    /// device may be gone already.
    ///
    /// # Errors
    ///
    /// Any; the device is unregistered then.
    fn created(private: Arc<Private<Self::Data>>) -> Result;
}

/// Runs [`Kind::created`] without locks.
struct Created<T>(PhantomData<T>);

impl<T: Kind> ReturnWork for Created<T> {
    type Data = Arc<Private<T::Data>>;
    type OwnerModule = T::OwnerModule;

    fn run(private: Self::Data) {
        // Too late to tell anybody: the system call that made the device has its result.
        let _ = created::<T>(private);
    }
}

/// Runs [`Kind::created`], and takes the device back if it fails.
fn created<T: Kind>(private: Arc<Private<T::Data>>) -> Result {
    T::created(private.clone()).inspect_err(|_| {
        let rtnl = rtnl::lock();
        if let Some(dev) = private.device(&rtnl) {
            dev.unregister(&rtnl);
        }
    })
}

/// A kind of link with what its links share; dropping it removes all links of the kind.
///
/// # Invariants
///
/// `ops` is registered if `registered` is set.
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<T: Kind> {
    context: T::Context,
    // What the `sysfs_groups` of all links point to.
    attributes: Group,
    registered: AtomicFlag,
    // The core keeps its list link and its reader count in here.
    #[pin]
    ops: Opaque<bindings::rtnl_link_ops>,
}

// SAFETY: `ops` is only touched by the core, which has its own locks.
unsafe impl<T: Kind> Send for Registration<T> {}
// SAFETY: As above; `context` is `Sync`.
unsafe impl<T: Kind> Sync for Registration<T> {}

impl<T: Kind> Registration<T> {
    /// Prepares a kind.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(context: T::Context) -> Result<Arc<Self>> {
        Arc::pin_init(
            try_pin_init!(Self {
                context,
                attributes: Group::new::<T>()?,
                // INVARIANT: Not registered.
                registered: AtomicFlag::new(false),
                ops <- Opaque::ffi_init(|slot: *mut bindings::rtnl_link_ops| {
                    let ops = bindings::rtnl_link_ops {
                        kind: T::KIND.as_char_ptr(),
                        priv_size: device::priv_size::<T>(),
                        setup: Some(VTable::<T>::setup),
                        maxtype: T::ATTRIBUTES.len().saturating_sub(1) as c_uint,
                        // CAST: A policy is a transparent wrapper.
                        policy: T::ATTRIBUTES.as_ptr().cast(),
                        validate: Some(Self::validate),
                        newlink: Some(Self::newlink),
                        changelink: Some(Self::changelink),
                        get_size: Some(Self::get_size),
                        fill_info: Some(Self::fill_info),
                        ..pin_init::zeroed()
                    };
                    // SAFETY: The initialiser may write to `slot`.
                    unsafe { slot.write(ops) };
                }),
            }? Error),
            GFP_KERNEL,
        )
    }

    /// Registers the kind, once. A module's `init` should not fail after the first one: the kernel
    /// frees a module whose `init` fails even if somebody uses what it has made.
    ///
    /// # Errors
    ///
    /// `EEXIST` if there is one of this name; `EBUSY` the second time.
    pub(crate) fn register(&self) -> Result {
        if self.registered.xchg(true, Full) {
            return Err(EBUSY);
        }
        // SAFETY: `ops` is pinned and stays until it is unregistered in `drop`.
        let ret = to_result(unsafe { bindings::rtnl_link_register(self.ops.get()) });
        if ret.is_err() {
            // INVARIANT: As it was.
            self.registered.store(false, Relaxed);
        }
        ret
    }

    /// What all links of the kind share.
    pub(crate) fn context(&self) -> &T::Context {
        &self.context
    }

    /// What tells links of this kind from others.
    pub(super) fn ops(&self) -> *const bindings::rtnl_link_ops {
        self.ops.get()
    }

    /// Makes a link in the initial network namespace, completely: [`Kind::created`] has run. Process
    /// context, sleeps, takes RTNL.
    ///
    /// The name may be one with a `%d`, as in [`NewDevice::name`].
    ///
    /// # Errors
    ///
    /// Those of [`Kind::create`], [`Kind::created`] and of registering a device; `ENOMEM`.
    pub(crate) fn add(&self, name: &Name) -> Result {
        created::<T>(self.make(name, None)?)
    }

    /// Makes a link in a network namespace; [`Kind::created`] runs once no lock is held, before the
    /// system call returns. Process context, sleeps, takes RTNL.
    ///
    /// # Errors
    ///
    /// Those of [`Kind::create`] and of registering a device; `ENOMEM`, `ENFILE`.
    pub(crate) fn add_in(&self, namespace: &Net, name: &Name) -> Result<Arc<Private<T::Data>>> {
        let created = ReturnWorkItem::<Created<T>>::new()?;
        let private = self.make(name, Some(namespace))?;
        created.queue(private.clone());
        Ok(private)
    }

    fn make(&self, name: &Name, namespace: Option<&Net>) -> Result<Arc<Private<T::Data>>> {
        // What is made goes when the kind is unregistered.
        if !self.registered.load(Relaxed) {
            return Err(ENODEV);
        }
        // SAFETY: The name is terminated, the set-up function fits the size of the private area.
        let dev = unsafe {
            bindings::alloc_netdev_mqs(
                device::priv_size::<T>() as c_int,
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
        if let Some(namespace) = namespace {
            // SAFETY: The device is new and ours. Its namespace outlives it: what is registered keeps
            // the core from freeing the namespace, and until then the caller has it.
            unsafe { bindings::bsdtun_dev_net_set(dev, namespace.as_raw()) };
        }

        let rtnl = rtnl::lock();
        // SAFETY: The device was made with the set-up function of `T` above, and is ours.
        let ret =
            unsafe { self.register_device(dev, &NlAttrs::none(), &mut ExtAck::none(), &rtnl) };
        if ret.is_err() {
            // SAFETY: The device is not registered and nobody else has it.
            unsafe { bindings::free_netdev(dev) };
        }
        ret
    }

    /// # Safety
    ///
    /// As for [`device::register`].
    unsafe fn register_device(
        &self,
        dev: *mut bindings::net_device,
        attributes: &NlAttrs<'_>,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Private<T::Data>>> {
        // SAFETY: The device is the caller's and not registered yet. The group stays until all links
        // of the kind are gone.
        unsafe { (*dev).sysfs_groups[0] = self.attributes.as_raw() };
        // SAFETY: As above.
        let mut new = unsafe { NewDevice::from_raw(dev) };
        let private = T::create(&self.context, &mut new, attributes, ext_ack, rtnl)?;
        // SAFETY: By the safety requirement.
        unsafe { device::register::<T>(dev, private.clone(), rtnl) }?;
        Ok(private)
    }

    /// # Safety
    ///
    /// For the core to call, with the attributes of a message.
    unsafe extern "C" fn validate(
        tb: *mut *mut bindings::nlattr,
        _data: *mut *mut bindings::nlattr,
        ext_ack: *mut bindings::netlink_ext_ack,
    ) -> c_int {
        from_result(|| {
            if T::ETHERNET {
                // SAFETY: By the safety requirement.
                unsafe { netlink::validate_ethernet_address(tb) }?;
            }
            // SAFETY: As above.
            unsafe { netlink::validate_info_data(tb, T::ATTRIBUTES, ext_ack) }?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// For the core to call, under RTNL, on a device that it allocated for this kind.
    unsafe extern "C" fn newlink(
        dev: *mut bindings::net_device,
        params: *mut bindings::rtnl_newlink_params,
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
        // SAFETY: The core passes its own, for the time of the call.
        let mut ext_ack = unsafe { ExtAck::from_raw(ext_ack) };
        // SAFETY: The core has parsed them by the policies in `ops`.
        let attributes = unsafe { NlAttrs::from_raw((*params).data, T::ATTRIBUTES) };
        from_result(|| {
            // Everything that may fail comes before the registration, which is not undone.
            let created = ReturnWorkItem::<Created<T>>::new()?;
            // SAFETY: The core made the device with the set-up function of `T`; it is ours until
            // it is registered, and the core's again on an error.
            let private = unsafe { this.register_device(dev, &attributes, &mut ext_ack, rtnl) }?;
            created.queue(private);
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// For the core to call, under RTNL, on a registered device of this kind.
    unsafe extern "C" fn changelink(
        dev: *mut bindings::net_device,
        _tb: *mut *mut bindings::nlattr,
        data: *mut *mut bindings::nlattr,
        ext_ack: *mut bindings::netlink_ext_ack,
    ) -> c_int {
        // SAFETY: The device is registered, so that its slot holds a private.
        let private = unsafe { device::private::<T::Data>(dev) };
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held() };
        // SAFETY: The core passes its own, for the time of the call.
        let mut ext_ack = unsafe { ExtAck::from_raw(ext_ack) };
        // SAFETY: The core has parsed them by the policies in `ops`.
        let attributes = unsafe { NlAttrs::from_raw(data, T::ATTRIBUTES) };
        from_result(|| {
            T::change(private, &attributes, &mut ext_ack, rtnl)?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// For the core to call.
    unsafe extern "C" fn get_size(_dev: *const bindings::net_device) -> usize {
        Message::size(T::ATTRIBUTES.len())
    }

    /// # Safety
    ///
    /// For the core to call, on a registered device of this kind, with a message that it builds.
    unsafe extern "C" fn fill_info(
        skb: *mut bindings::sk_buff,
        dev: *const bindings::net_device,
    ) -> c_int {
        // SAFETY: The device is registered, so that its slot holds a private.
        let private = unsafe { device::private::<T::Data>(dev) };
        // SAFETY: The message is ours during the call.
        let mut message = unsafe { Message::from_raw(skb) };
        from_result(|| {
            T::describe(private, &mut message)?;
            Ok(0)
        })
    }
}

#[pinned_drop]
impl<T: Kind> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        if self.registered.load(Relaxed) {
            // SAFETY: Registered by the type invariant. All readers of `ops` are done afterwards,
            // and all devices that point to it are gone.
            unsafe { bindings::rtnl_link_unregister(self.ops.get()) };
        }
    }
}
