// SPDX-License-Identifier: GPL-2.0

//! Attributes of a network device in sysfs: files in `/sys/class/net/INTERFACE/GROUP/`.
//!
//! C header: [`include/linux/sysfs.h`](srctree/include/linux/sysfs.h)

use crate::{
    c::bindings,
    linux::net::private::{
        netdev_priv,
        Private, //
    }, //
};
use core::ptr::{
    self,
    addr_of, //
};
use kernel::{
    container_of,
    fmt,
    page::PAGE_SIZE,
    prelude::*,
    str::{
        BStr,
        Formatter, //
    },
    sync::rcu,
    types::Opaque, //
};

/// Prints the value of an attribute.
type Show<T> = fn(&Private<T>, &mut Formatter<'_>) -> fmt::Result;

/// Parses and stores the value of an attribute.
type Store<T> = fn(&Private<T>, &BStr) -> Result;

/// An attribute of network devices whose driver's data is a `T`.
///
/// Its functions run in process context. The device is registered or being unregistered. They must
/// not take RTNL: the removal of the file waits for them with RTNL held.
#[repr(C)]
pub(crate) struct SysfsAttr<T> {
    // The first field, because C passes a pointer to it.
    attr: Opaque<bindings::device_attribute>,
    show: Show<T>,
    store: Option<Store<T>>,
}

// SAFETY: C only reads `attr`, except for the lockdep key in it, which lockdep protects.
unsafe impl<T> Sync for SysfsAttr<T> {}

impl<T: Send + Sync + 'static> SysfsAttr<T> {
    /// Creates an attribute with mode 0444.
    pub(crate) const fn read_only(name: &'static CStr, show: Show<T>) -> Self {
        Self::new(name, 0o444, show, None)
    }

    /// Creates an attribute with mode 0644. `store` is called with the text that was written,
    /// without the newline at its end.
    ///
    /// A write also needs `CAP_NET_ADMIN` in the user namespace that owns the device's network
    /// namespace (`EPERM`). It is checked at each write, not at open, because the device may move
    /// to another namespace in between.
    pub(crate) const fn read_write(name: &'static CStr, show: Show<T>, store: Store<T>) -> Self {
        Self::new(name, 0o644, show, Some(store))
    }

    const fn new(name: &'static CStr, mode: u16, show: Show<T>, store: Option<Store<T>>) -> Self {
        let mut attr: bindings::device_attribute = pin_init::zeroed();
        attr.attr.name = kernel::str::as_char_ptr_in_const_context(name);
        attr.attr.mode = mode;
        attr.__bindgen_anon_1.show = Some(Self::show);
        if store.is_some() {
            attr.__bindgen_anon_2.store = Some(Self::store);
        }
        Self {
            attr: Opaque::new(attr),
            show,
            store,
        }
    }

    /// # Safety
    ///
    /// Called by sysfs with an attribute of a [`Group`], the device that has the group, and a page
    /// to write to.
    unsafe extern "C" fn show(
        dev: *mut bindings::device,
        attr: *mut bindings::device_attribute,
        buf: *mut c_char,
    ) -> isize {
        // SAFETY: By the safety requirement; sysfs keeps the device registered during the call.
        let (this, private) = unsafe { Self::resolve(dev, attr) };
        // SAFETY: The page is ours during the call.
        let page = unsafe { core::slice::from_raw_parts_mut(buf.cast::<u8>(), PAGE_SIZE) };
        let mut out = Formatter::new(page);
        match (this.show)(private, &mut out) {
            Ok(()) => out.bytes_written().min(PAGE_SIZE) as isize,
            Err(_) => EIO.to_errno() as isize,
        }
    }

    /// # Safety
    ///
    /// Called by sysfs with an attribute of a [`Group`], the device that has the group, and `len`
    /// bytes.
    unsafe extern "C" fn store(
        dev: *mut bindings::device,
        attr: *mut bindings::device_attribute,
        buf: *const c_char,
        len: usize,
    ) -> isize {
        // SAFETY: By the safety requirement; sysfs keeps the device registered during the call.
        let (this, private) = unsafe { Self::resolve(dev, attr) };
        // SAFETY: By the safety requirement.
        let text = unsafe { core::slice::from_raw_parts(buf.cast::<u8>(), len) };
        let text = BStr::from_bytes(text.strip_suffix(b"\n").unwrap_or(text));
        let stored = this.store.ok_or(EIO).and_then(|store| {
            let capable = {
                let rcu = rcu::read_lock();
                private
                    .device_rcu(&rcu)
                    .ok_or(ENODEV)?
                    .ns_capable_net_admin(&rcu)
            };
            if !capable {
                return Err(EPERM);
            }
            store(private, text)
        });
        match stored {
            Ok(()) => len as isize,
            Err(e) => e.to_errno() as isize,
        }
    }

    /// # Safety
    ///
    /// `attr` must be inside a static `SysfsAttr<T>`. `dev` must be inside a `struct net_device`
    /// that stays registered during `'a`, and whose driver's data is a `T`.
    unsafe fn resolve<'a>(
        dev: *mut bindings::device,
        attr: *mut bindings::device_attribute,
    ) -> (&'a Self, &'a Private<T>) {
        // CAST: `attr` is the first field, and `Opaque` is transparent.
        // SAFETY: By the safety requirement.
        let this = unsafe { &*attr.cast::<Self>() };
        // SAFETY: By the safety requirement.
        let dev = unsafe { container_of!(dev, bindings::net_device, dev) };
        // SAFETY: The private area of a registered device is filled.
        (this, unsafe { netdev_priv(dev) })
    }
}

/// The attributes of a driver's devices, for `net_device.sysfs_groups`.
///
/// # Invariants
///
/// `group` points to the elements of `_attrs`, the last of which is null.
pub(super) struct Group {
    _attrs: KVec<*mut bindings::attribute>,
    group: Opaque<bindings::attribute_group>,
}

// SAFETY: The pointers lead to static data without interior mutability on our side.
unsafe impl Send for Group {}
// SAFETY: As above.
unsafe impl Sync for Group {}

impl Group {
    /// Creates a group whose directory is called `name`. Process context.
    ///
    /// The devices that get the group must have a `T` as their driver's data.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn new<T>(
        name: &'static CStr,
        attributes: &[&'static SysfsAttr<T>],
    ) -> Result<Self> {
        let mut attrs = KVec::with_capacity(attributes.len() + 1, GFP_KERNEL)?;
        for attribute in attributes {
            // SAFETY: The projection is inside the attribute.
            let attr = unsafe { addr_of!((*attribute.attr.get()).attr) };
            attrs.push(attr.cast_mut(), GFP_KERNEL)?;
        }
        attrs.push(ptr::null_mut(), GFP_KERNEL)?;
        let mut group: bindings::attribute_group = pin_init::zeroed();
        group.name = name.as_char_ptr();
        group.__bindgen_anon_2.attrs = attrs.as_mut_ptr();
        Ok(Self {
            _attrs: attrs,
            // INVARIANT: Moving a vector does not move its elements.
            group: Opaque::new(group),
        })
    }

    /// The C structure, valid as long as the group.
    pub(super) fn as_raw(&self) -> *const bindings::attribute_group {
        self.group.get()
    }
}
