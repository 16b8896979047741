// SPDX-License-Identifier: GPL-2.0

//! Misc devices: nodes in `/dev` that are created at run time.
//!
//! Compared with [`kernel::miscdevice`], the names are chosen at run time, and the device has data
//! of its own that `open` gets.
//!
//! C header: [`include/linux/miscdevice.h`](srctree/include/linux/miscdevice.h)

use crate::{
    c::bindings,
    linux::file_operations::{
        self,
        FileOperations,
        VTable, //
    }, //
};
use core::marker::PhantomData;
use kernel::{
    container_of,
    error::{
        from_result,
        to_result, //
    },
    ffi::c_int,
    fs::File,
    prelude::*,
    str::CString,
    sync::Arc,
    types::Opaque, //
};

/// The open operation of a misc device, and the data of the device.
pub(crate) trait MiscOpen: Sized + 'static {
    /// The data of the device.
    type Data: Send + Sync + 'static;

    /// The operations of the open file.
    type File: FileOperations;

    /// A program opens the node. Returns the data of the open file. Process context.
    ///
    /// `misc_mtx` is held: this must not create or drop a [`MiscDevice`], and all opens of misc
    /// devices wait until it returns.
    ///
    /// # Errors
    ///
    /// Any, for `open` to return. Then no `release` follows.
    fn open(
        data: &Arc<Self::Data>,
        file: &File,
    ) -> Result<Arc<<Self::File as FileOperations>::Data>>;
}

/// A misc device: a node in `/dev`, which exists until this value is dropped.
///
/// The type does not name the operations of its open files, so that the data of an open file can
/// own the node.
///
/// Creating and dropping one takes `misc_mtx`, which nests outside RTNL: do neither under RTNL, nor
/// in [`MiscOpen::open`].
///
/// # Invariants
///
/// The `struct miscdevice` in `inner` is registered, with the operations of [`Opener<T>`] for the
/// `T` of the `Inner<T>` that it is in.
pub(crate) struct MiscDevice {
    inner: Arc<dyn Registered>,
}

/// An `Inner<T>` of any `T`.
trait Registered: Send + Sync {
    /// The `struct miscdevice` inside.
    fn misc(&self) -> *mut bindings::miscdevice;
}

#[pin_data]
struct Inner<T: MiscOpen> {
    name: CString,
    node_name: CString,
    data: Arc<T::Data>,
    #[pin]
    misc: Opaque<bindings::miscdevice>,
}

// SAFETY: Only the misc core touches the structure, under `misc_mtx`.
unsafe impl<T: MiscOpen> Send for Inner<T> {}
// SAFETY: As above; the rest is only read.
unsafe impl<T: MiscOpen> Sync for Inner<T> {}

impl<T: MiscOpen> Registered for Inner<T> {
    fn misc(&self) -> *mut bindings::miscdevice {
        self.misc.get()
    }
}

impl MiscDevice {
    /// Creates `/dev/NODE_NAME` with mode 0600. In sysfs, the device is called `name`. Process
    /// context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EEXIST` if a device is called `name` already; `EBUSY` if no minor number is free.
    pub(crate) fn new<T: MiscOpen>(
        name: &CStr,
        node_name: &CStr,
        data: Arc<T::Data>,
    ) -> Result<Self> {
        let inner = Arc::pin_init(
            try_pin_init!(Inner::<T> {
                name: CString::try_from(name)?,
                node_name: CString::try_from(node_name)?,
                data,
                misc <- Opaque::ffi_init(|slot: *mut bindings::miscdevice| {
                    // SAFETY: The initializer may write to `slot`.
                    unsafe { slot.write(pin_init::zeroed()) };
                }),
            }? Error),
            GFP_KERNEL,
        )?;

        let misc = inner.misc.get();
        // SAFETY: Nobody else has the structure before it is registered.
        unsafe { (*misc).minor = bindings::MISC_DYNAMIC_MINOR as c_int };
        // SAFETY: As above. The name lives as long as the structure.
        unsafe { (*misc).name = inner.name.as_char_ptr() };
        // SAFETY: As above.
        unsafe { (*misc).nodename = inner.node_name.as_char_ptr() };
        // SAFETY: As above.
        unsafe { (*misc).fops = &Opener::<T>::FOPS };
        // SAFETY: An `Arc` does not move its contents, and `drop` deregisters the structure before
        // it is freed.
        to_result(unsafe { bindings::misc_register(misc) })?;
        // INVARIANT: Just registered, with the operations for `T`.
        Ok(Self { inner })
    }
}

impl Drop for MiscDevice {
    fn drop(&mut self) {
        // Afterwards no `open` that found the device is running any more. Files that are open keep
        // their own data only.
        //
        // SAFETY: Registered by the type invariant.
        unsafe { bindings::misc_deregister(self.inner.misc()) };
    }
}

/// C's view of a [`MiscOpen`].
struct Opener<T>(PhantomData<T>);

impl<T: MiscOpen> Opener<T> {
    const FOPS: bindings::file_operations = bindings::file_operations {
        open: Some(Self::open),
        ..VTable::<T::File>::FOPS
    };

    /// # Safety
    ///
    /// Called by `misc_open` for a file that is being opened, whose private data is the
    /// `struct miscdevice` in an `Inner<T>`.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The file is valid.
        let misc = unsafe { (*file).private_data }.cast::<bindings::miscdevice>();
        let misc = Opaque::cast_from(misc);
        // SAFETY: By the safety requirement.
        let inner = unsafe { container_of!(misc, Inner<T>, misc) };
        // SAFETY: `misc_mtx`, which is held during this call, keeps it registered.
        let inner = unsafe { &*inner };
        let open = |file: &File| T::open(&inner.data, file);
        // SAFETY: The file is being opened, with the operations of `T::File` after this.
        from_result(|| unsafe { file_operations::open::<T::File>(inode, file, open) })
    }
}

#[kunit_tests(bsdtun_miscdevice)]
mod tests {
    use super::*;

    struct ReleaseOnly;

    #[vtable]
    impl FileOperations for ReleaseOnly {
        type Data = ();

        fn release((): &(), _: &File) {}
    }

    struct OpenFails;

    impl MiscOpen for OpenFails {
        type Data = ();

        type File = ReleaseOnly;

        fn open(_: &Arc<()>, _: &File) -> Result<Arc<()>> {
            Err(ENXIO)
        }
    }

    fn node(name: &CStr) -> Result<MiscDevice> {
        MiscDevice::new::<OpenFails>(name, name, Arc::new((), GFP_KERNEL)?)
    }

    #[test]
    fn names_are_unique() -> Result {
        let first = node(c"bsdtun-kunit")?;
        assert!(node(c"bsdtun-kunit").is_err());
        let other = node(c"bsdtun-kunit2")?;
        drop(first);
        drop(node(c"bsdtun-kunit")?);
        drop(other);
        Ok(())
    }

    /// With enough nodes for kmemleak to notice a leak.
    #[test]
    fn drop_removes_the_node() -> Result {
        for _ in 0..30 {
            drop(node(c"bsdtun-kunit")?);
        }
        Ok(())
    }
}
