// SPDX-License-Identifier: GPL-2.0

//! Link kinds: devices that `ip link add type KIND` creates. `struct rtnl_link_ops`.
//!
//! C header: [`include/net/rtnetlink.h`](srctree/include/net/rtnetlink.h)

use crate::{
    c::bindings,
    linux::{
        net::{
            etherdevice::{
                is_valid_ether_addr,
                EthernetAddress, //
            },
            ethtool::{
                self,
                EthtoolOps, //
            },
            name::Name,
            net_namespace::Net,
            netdev_ops,
            netlink::{
                ExtAck,
                Message,
                NlAttrs,
                Policy, //
            },
            new_device::NewDevice,
            private::{
                netdev_priv,
                priv_size,
                Private, //
            },
            rtnl::{
                self,
                Rtnl, //
            },
            sysfs::{
                Group,
                SysfsAttr, //
            }, //
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
            Acquire,
            AtomicFlag,
            Full,
            Relaxed,
            Release, //
        },
        Arc, //
    },
    types::Opaque,
    ModuleMetadata, //
};

/// A link kind. Methods are named after the members of `struct rtnl_link_ops` that call them.
pub(crate) trait LinkOps: EthtoolOps {
    /// Name of the kind, for `ip link add type NAME`, and of the directory of
    /// [`Self::sysfs_attrs`].
    const KIND: &'static CStr;

    /// The module that implements the kind.
    type OwnerModule: ModuleMetadata;

    /// State that all links of the kind share.
    type Context: Send + Sync + 'static;

    /// Policies of the attributes in `IFLA_INFO_DATA`, indexed by attribute number.
    const POLICIES: &'static [Policy] = &[];

    /// The files in `/sys/class/net/INTERFACE/KIND/`. If there are none, there is no directory.
    fn sysfs_attrs() -> &'static [&'static SysfsAttr<Self::Data>] {
        &[]
    }

    /// Creates the driver's data of a device that is about to be registered. May change the name of
    /// the device. RTNL, process context.
    ///
    /// # Errors
    ///
    /// Any. Then the device is not registered.
    fn newlink(
        context: &Self::Context,
        dev: &mut NewDevice,
        attrs: &NlAttrs<'_>,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Private<Self::Data>>>;

    /// Changes a device as the attributes of a request say. RTNL, process context.
    ///
    /// # Errors
    ///
    /// Any; then nothing should have been changed. `EOPNOTSUPP` if not implemented.
    fn changelink(
        _private: &Private<Self::Data>,
        _attrs: &NlAttrs<'_>,
        _ext_ack: &mut ExtAck<'_>,
        _rtnl: &Rtnl,
    ) -> Result {
        Err(EOPNOTSUPP)
    }

    /// Adds the device's attributes to a message. Process context or softirqs off; must not sleep.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` if the message has no room left.
    fn fill_info(_private: &Private<Self::Data>, _message: &mut Message<'_>) -> Result {
        Ok(())
    }

    /// The device has been registered. Process context with no lock held, for work that must not be
    /// done under RTNL. If a system call created the device, this runs before that returns to user
    /// space. The device may have been unregistered since.
    ///
    /// C has no such callback.
    ///
    /// # Errors
    ///
    /// Any. Then the device is unregistered.
    fn registered(_private: Arc<Private<Self::Data>>) -> Result {
        Ok(())
    }
}

/// Runs [`LinkOps::registered`] on the return to user space.
struct Registered<T>(PhantomData<T>);

impl<T: LinkOps> ReturnWork for Registered<T> {
    type Data = Arc<Private<T::Data>>;
    type OwnerModule = T::OwnerModule;

    fn run(private: Self::Data) {
        // The system call that created the device already has its result, so that an error cannot
        // be reported.
        let _ = registered::<T>(private);
    }
}

/// Runs [`LinkOps::registered`], and unregisters the device if that fails.
fn registered<T: LinkOps>(private: Arc<Private<T::Data>>) -> Result {
    T::registered(private.clone()).inspect_err(|_| {
        let rtnl = rtnl::lock();
        if let Some(dev) = private.device(&rtnl) {
            dev.unregister(&rtnl);
        }
    })
}

/// A link kind with the state that its links share. Dropping it removes all links of the kind.
///
/// # Invariants
///
/// `ops` is registered if `registered` is set.
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<T: LinkOps> {
    context: T::Context,
    // The `sysfs_groups` of all links point to it.
    group: Option<Group>,
    /// Whether somebody is registering `ops`, or has.
    claimed: AtomicFlag,
    registered: AtomicFlag,
    // The core keeps its list entry and its reader count in here.
    #[pin]
    ops: Opaque<bindings::rtnl_link_ops>,
}

// SAFETY: Only the core accesses `ops`, under its own locks.
unsafe impl<T: LinkOps> Send for Registration<T> {}
// SAFETY: As above; `context` is `Sync`.
unsafe impl<T: LinkOps> Sync for Registration<T> {}

impl<T: LinkOps> Registration<T> {
    /// Prepares a kind, without registering it. Process context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(context: T::Context) -> Result<Arc<Self>> {
        let attrs = T::sysfs_attrs();
        let group = if attrs.is_empty() {
            None
        } else {
            Some(Group::new(T::KIND, attrs)?)
        };
        Arc::pin_init(
            try_pin_init!(Self {
                context,
                group,
                claimed: AtomicFlag::new(false),
                // INVARIANT: Not registered.
                registered: AtomicFlag::new(false),
                ops <- Opaque::ffi_init(|slot: *mut bindings::rtnl_link_ops| {
                    let ops = bindings::rtnl_link_ops {
                        kind: T::KIND.as_char_ptr(),
                        priv_size: priv_size::<T::Data>(),
                        setup: Some(Self::setup),
                        maxtype: T::POLICIES.len().saturating_sub(1) as c_uint,
                        // CAST: A policy is a transparent wrapper.
                        policy: T::POLICIES.as_ptr().cast(),
                        validate: Some(Self::validate),
                        newlink: Some(Self::newlink),
                        changelink: Some(Self::changelink),
                        get_size: Some(Self::get_size),
                        fill_info: Some(Self::fill_info),
                        ..pin_init::zeroed()
                    };
                    // SAFETY: The initializer may write to `slot`.
                    unsafe { slot.write(ops) };
                }),
            }? Error),
            GFP_KERNEL,
        )
    }

    /// Registers the kind. Process context; takes RTNL.
    ///
    /// A module's `init` should not fail after this has succeeded: the kernel frees a module whose
    /// `init` fails, even if a process is using one of its devices.
    ///
    /// # Errors
    ///
    /// `EEXIST` if another kind has this name; `EBUSY` if this kind is registered already.
    pub(crate) fn register(&self) -> Result {
        if self.claimed.xchg(true, Full) {
            return Err(EBUSY);
        }
        // SAFETY: `ops` is pinned, and `drop` unregisters it.
        let ret = to_result(unsafe { bindings::rtnl_link_register(self.ops.get()) });
        // Not earlier: nothing must be created before the kind is registered, which would not
        // remove it.
        match ret {
            // INVARIANT: `ops` is registered.
            Ok(()) => self.registered.store(true, Release),
            // The core has cleaned `ops` up without a lock, before the next caller initializes it.
            Err(_) => self.claimed.store(false, Release),
        }
        ret
    }

    /// The state that all links of the kind share.
    pub(crate) fn context(&self) -> &T::Context {
        &self.context
    }

    /// The C structure, by whose address the links of the kind are recognized.
    pub(super) fn ops(&self) -> *const bindings::rtnl_link_ops {
        self.ops.get()
    }

    /// Creates a link in the initial network namespace; [`LinkOps::registered`] has run when this
    /// returns. Process context; takes RTNL.
    ///
    /// `name` may contain `%d`, see [`NewDevice::name`].
    ///
    /// # Errors
    ///
    /// `ENODEV` if the kind is not registered; `ENOMEM`; the errors of [`LinkOps::newlink`], of
    /// [`LinkOps::registered`], and of registering a device.
    pub(crate) fn add(&self, name: &Name) -> Result {
        registered::<T>(self.create(name, None)?)
    }

    /// Creates a link in a network namespace; [`LinkOps::registered`] runs once no lock is held,
    /// before the current system call returns. Process context; takes RTNL.
    ///
    /// `name` may contain `%d`, see [`NewDevice::name`].
    ///
    /// # Errors
    ///
    /// `ENODEV` if the kind is not registered; `ENOMEM`, `ENFILE`; the errors of
    /// [`LinkOps::newlink`], and of registering a device.
    pub(crate) fn add_in(&self, net: &Net, name: &Name) -> Result<Arc<Private<T::Data>>> {
        let work = ReturnWorkItem::<Registered<T>>::new()?;
        let private = self.create(name, Some(net))?;
        work.queue(private.clone());
        Ok(private)
    }

    fn create(&self, name: &Name, net: Option<&Net>) -> Result<Arc<Private<T::Data>>> {
        // Unregistering the kind removes what is created here, so it must be registered.
        if !self.registered.load(Acquire) {
            return Err(ENODEV);
        }
        // SAFETY: The name is terminated, and `setup` fits the size of the private area.
        let dev = unsafe {
            bindings::alloc_netdev_mqs(
                priv_size::<T::Data>() as c_int,
                name.as_c_str().as_char_ptr(),
                bindings::NET_NAME_ENUM as u8,
                Some(Self::setup),
                1,
                1,
            )
        };
        let dev = NonNull::new(dev).ok_or(ENOMEM)?.as_ptr();
        // Makes it a link of the kind, which is removed with the kind.
        //
        // SAFETY: The device is new and ours.
        unsafe { (*dev).rtnl_link_ops = self.ops.get() };
        if let Some(net) = net {
            // SAFETY: The device is new and ours. The caller holds the namespace until the device
            // is registered, which then keeps the core from freeing the namespace.
            unsafe { bindings::bsdtun_dev_net_set(dev, net.as_raw()) };
        }

        let rtnl = rtnl::lock();
        // SAFETY: The device was allocated with `setup` above, and is ours.
        let ret =
            unsafe { self.register_device(dev, &NlAttrs::none(), &mut ExtAck::none(), &rtnl) };
        if ret.is_err() {
            // SAFETY: The device is not registered, and nobody else has it.
            unsafe { bindings::free_netdev(dev) };
        }
        ret
    }

    /// # Safety
    ///
    /// As for [`netdev_ops::register`], with [`Self::setup`] called on the device.
    unsafe fn register_device(
        &self,
        dev: *mut bindings::net_device,
        attrs: &NlAttrs<'_>,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Private<T::Data>>> {
        if let Some(group) = &self.group {
            // SAFETY: The device is the caller's and not registered yet. The group lives until all
            // links of the kind are gone, and is one for a `T::Data`.
            unsafe { (*dev).sysfs_groups[0] = group.as_raw() };
        }
        // SAFETY: The device is the caller's and not registered yet.
        let mut new = unsafe { NewDevice::from_raw(dev) };
        let private = T::newlink(&self.context, &mut new, attrs, ext_ack, rtnl)?;
        // SAFETY: By the safety requirement.
        unsafe { netdev_ops::register::<T>(dev, private.clone(), rtnl) }?;
        Ok(private)
    }

    /// # Safety
    ///
    /// Called by the core on a new device with [`priv_size::<T::Data>`] bytes of private area.
    unsafe extern "C" fn setup(dev: *mut bindings::net_device) {
        // SAFETY: By the safety requirement.
        unsafe { netdev_ops::setup::<T>(dev) };
        // SAFETY: As above.
        unsafe { ethtool::setup::<T>(dev) };
    }

    /// # Safety
    ///
    /// Called by the core with the parsed attributes of a message about a link.
    unsafe extern "C" fn validate(
        tb: *mut *mut bindings::nlattr,
        _data: *mut *mut bindings::nlattr,
        ext_ack: *mut bindings::netlink_ext_ack,
    ) -> c_int {
        from_result(|| {
            // SAFETY: The core's table has an element for each attribute of a link.
            let attrs = unsafe { NlAttrs::from_raw(tb, bindings::IFLA_NUM_TX_QUEUES as usize + 1) };
            // SAFETY: The structure is ours during the call.
            let mut ext_ack = unsafe { ExtAck::from_raw(ext_ack) };
            if T::ETHERNET {
                validate_address(&attrs, &mut ext_ack)?;
            }
            // Devices on this layer have one transmit queue, see `Device::stop_queues`.
            if attrs
                .u32(bindings::IFLA_NUM_TX_QUEUES as u16)
                .is_some_and(|queues| queues > 1)
            {
                ext_ack.set(c"The device has one transmit queue");
                return Err(EINVAL);
            }
            attrs.validate_nested(
                bindings::IFLA_LINKINFO as u16,
                bindings::IFLA_INFO_DATA as u16,
                T::POLICIES,
                &mut ext_ack,
            )?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// Called by the core under RTNL, for a device that it allocated for this kind.
    unsafe extern "C" fn newlink(
        dev: *mut bindings::net_device,
        params: *mut bindings::rtnl_newlink_params,
        ext_ack: *mut bindings::netlink_ext_ack,
    ) -> c_int {
        // SAFETY: The core has set the field.
        let ops = Opaque::cast_from(unsafe { (*dev).rtnl_link_ops });
        // SAFETY: It points to the `ops` of a registration of this type.
        let this = unsafe { container_of!(ops, Self, ops) };
        // SAFETY: The core keeps it registered during the call.
        let this = unsafe { &*this };
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held(&dev) };
        // SAFETY: The structure is ours during the call.
        let mut ext_ack = unsafe { ExtAck::from_raw(ext_ack) };
        // SAFETY: The core passes valid parameters.
        let data = unsafe { (*params).data };
        // SAFETY: The core has parsed the attributes with the policies in `ops`.
        let attrs = unsafe { NlAttrs::from_raw(data, T::POLICIES.len()) };
        from_result(|| {
            // Before the registration, which is not undone if something fails after it.
            let work = ReturnWorkItem::<Registered<T>>::new()?;
            // SAFETY: The core has called `setup` on the device. It is ours until it is registered,
            // and the core's again on an error.
            let private = unsafe { this.register_device(dev, &attrs, &mut ext_ack, rtnl) }?;
            work.queue(private);
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// Called by the core under RTNL, for a registered device of this kind.
    unsafe extern "C" fn changelink(
        dev: *mut bindings::net_device,
        _tb: *mut *mut bindings::nlattr,
        data: *mut *mut bindings::nlattr,
        ext_ack: *mut bindings::netlink_ext_ack,
    ) -> c_int {
        // SAFETY: The private area of a registered device is filled.
        let private = unsafe { netdev_priv::<T::Data>(dev) };
        // SAFETY: The core calls this under RTNL.
        let rtnl = unsafe { Rtnl::assume_held(&dev) };
        // SAFETY: The structure is ours during the call.
        let mut ext_ack = unsafe { ExtAck::from_raw(ext_ack) };
        // SAFETY: The core has parsed the attributes with the policies in `ops`.
        let attrs = unsafe { NlAttrs::from_raw(data, T::POLICIES.len()) };
        from_result(|| {
            T::changelink(private, &attrs, &mut ext_ack, rtnl)?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// Called by the core.
    unsafe extern "C" fn get_size(_dev: *const bindings::net_device) -> usize {
        Message::size(T::POLICIES.len())
    }

    /// # Safety
    ///
    /// Called by the core, for a registered device of this kind and a message that it is building.
    unsafe extern "C" fn fill_info(
        skb: *mut bindings::sk_buff,
        dev: *const bindings::net_device,
    ) -> c_int {
        // SAFETY: The private area of a registered device is filled.
        let private = unsafe { netdev_priv::<T::Data>(dev) };
        // SAFETY: The message is ours during the call.
        let mut message = unsafe { Message::from_raw(skb) };
        from_result(|| {
            T::fill_info(private, &mut message)?;
            Ok(0)
        })
    }
}

#[pinned_drop]
impl<T: LinkOps> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        if self.registered.load(Relaxed) {
            // Waits until all readers of `ops` are done, and all devices that point to it are gone.
            //
            // SAFETY: Registered by the type invariant.
            unsafe { bindings::rtnl_link_unregister(self.ops.get()) };
        }
    }
}

/// Validates `IFLA_ADDRESS` as the address of an Ethernet device, as `eth_validate_addr()` would.
///
/// # Errors
///
/// `EINVAL` for a wrong length, `EADDRNOTAVAIL` for zeros or a group address.
fn validate_address(attrs: &NlAttrs<'_>, ext_ack: &mut ExtAck<'_>) -> Result {
    let number = bindings::IFLA_ADDRESS as u16;
    if !attrs.contains(number) {
        return Ok(());
    }
    let address: EthernetAddress = attrs.payload(number).ok_or_else(|| {
        ext_ack.set(c"An Ethernet address has six bytes");
        EINVAL
    })?;
    if is_valid_ether_addr(&address) {
        Ok(())
    } else {
        ext_ack.set(c"The Ethernet address must be neither a group address nor zero");
        Err(EADDRNOTAVAIL)
    }
}
