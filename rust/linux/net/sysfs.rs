// SPDX-License-Identifier: GPL-2.0

//! NlAttrs of an interface: files in `/sys/class/net/NAME/DIRECTORY/`.
//!
//! C header: [`include/linux/sysfs.h`](srctree/include/linux/sysfs.h)

use crate::{
    c::bindings,
    linux::net::device::{
        self,
        NetdevOps,
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

/// One file. Its functions run in process context; the device is there, or going. They must not take
/// RTNL: whoever removes the file waits for them with it held.
#[repr(C)]
pub(crate) struct SysfsAttr<T> {
    // First: C passes a pointer to it.
    attr: Opaque<bindings::device_attribute>,
    show: fn(&Private<T>, &mut Formatter<'_>) -> fmt::Result,
    store: Option<fn(&Private<T>, &BStr) -> Result>,
}

// SAFETY: C only reads `attr`, but for the lockdep key in it, which lockdep looks after.
unsafe impl<T> Sync for SysfsAttr<T> {}

impl<T: Send + Sync + 'static> SysfsAttr<T> {
    /// A file that everybody may read.
    pub(crate) const fn read_only(
        name: &'static CStr,
        show: fn(&Private<T>, &mut Formatter<'_>) -> fmt::Result,
    ) -> Self {
        Self::new(name, 0o444, show, None)
    }

    /// A file that everybody may read, and that those may write whom its mode lets and who may
    /// administer the network that the device is in at that moment: not when the file was opened, for
    /// the device may have moved since. What is written comes without a newline at its end.
    pub(crate) const fn read_write(
        name: &'static CStr,
        show: fn(&Private<T>, &mut Formatter<'_>) -> fmt::Result,
        store: fn(&Private<T>, &BStr) -> Result,
    ) -> Self {
        Self::new(name, 0o644, show, Some(store))
    }

    const fn new(
        name: &'static CStr,
        mode: u16,
        show: fn(&Private<T>, &mut Formatter<'_>) -> fmt::Result,
        store: Option<fn(&Private<T>, &BStr) -> Result>,
    ) -> Self {
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
    /// For sysfs to call, with an attribute of a `T`'s [`Group`], the device that the group is at, and
    /// a page to write to.
    unsafe extern "C" fn show(
        dev: *mut bindings::device,
        attr: *mut bindings::device_attribute,
        buf: *mut c_char,
    ) -> isize {
        // SAFETY: By the safety requirement; sysfs keeps the device registered during the call.
        let (this, private) = unsafe { Self::resolve(dev, attr) };
        // SAFETY: sysfs passes a page that is ours during the call.
        let page = unsafe { core::slice::from_raw_parts_mut(buf.cast::<u8>(), PAGE_SIZE) };
        let mut out = Formatter::new(page);
        match (this.show)(private, &mut out) {
            Ok(()) => out.bytes_written().min(PAGE_SIZE) as isize,
            Err(_) => EIO.to_errno() as isize,
        }
    }

    /// # Safety
    ///
    /// For sysfs to call, with an attribute of a `T`'s [`Group`], the device that the group is at, and
    /// `len` bytes.
    unsafe extern "C" fn store(
        dev: *mut bindings::device,
        attr: *mut bindings::device_attribute,
        buf: *const c_char,
        len: usize,
    ) -> isize {
        // SAFETY: By the safety requirement; sysfs keeps the device registered during the call.
        let (this, private) = unsafe { Self::resolve(dev, attr) };
        // SAFETY: sysfs passes that many bytes.
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
    /// `attr` must be inside an `SysfsAttr<T>`, and `dev` inside a registered device of a `T`.
    unsafe fn resolve<'a>(
        dev: *mut bindings::device,
        attr: *mut bindings::device_attribute,
    ) -> (&'a Self, &'a Private<T>) {
        // CAST: `attr` is the first field, and `Opaque` transparent.
        // SAFETY: By the safety requirement; attributes are static.
        let this = unsafe { &*attr.cast::<Self>() };
        // SAFETY: By the safety requirement.
        let dev = unsafe { container_of!(dev, bindings::net_device, dev) };
        // SAFETY: The device is registered, so that its slot holds a private.
        (this, unsafe { device::private(dev) })
    }
}

/// The attributes of all interfaces of a driver.
///
/// # Invariants
///
/// `group` points to `_attrs`, which ends with null.
pub(super) struct Group {
    _attrs: KVec<*mut bindings::attribute>,
    group: Opaque<bindings::attribute_group>,
}

// SAFETY: What the pointers lead to is static and shared.
unsafe impl Send for Group {}
// SAFETY: As above.
unsafe impl Sync for Group {}

impl Group {
    /// Puts attributes together.
    pub(super) fn new<T: NetdevOps>() -> Result<Self> {
        let mut attrs = KVec::with_capacity(T::attributes().len() + 1, GFP_KERNEL)?;
        for attribute in T::attributes() {
            // SAFETY: The projection stays inside the attribute.
            let attr = unsafe { addr_of!((*attribute.attr.get()).attr) };
            attrs.push(attr.cast_mut(), GFP_KERNEL)?;
        }
        attrs.push(ptr::null_mut(), GFP_KERNEL)?;
        let mut group: bindings::attribute_group = pin_init::zeroed();
        group.name = T::DIRECTORY.as_char_ptr();
        group.__bindgen_anon_2.attrs = attrs.as_mut_ptr();
        Ok(Self {
            _attrs: attrs,
            // INVARIANT: Moving the vector does not move its elements.
            group: Opaque::new(group),
        })
    }

    /// For `net_device.sysfs_groups`; valid as long as the group.
    pub(super) fn as_raw(&self) -> *const bindings::attribute_group {
        self.group.get()
    }
}
