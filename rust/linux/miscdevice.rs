// SPDX-License-Identifier: GPL-2.0

//! Character devices made at run time: nodes in `/dev` that can be read, written, polled, and that
//! send SIGIO.
//!
//! A [`MiscDevice`] is a misc device. Beyond [`kernel::miscdevice`] it has a name chosen at run time, data
//! of its own, `poll` and `fasync`.
//!
//! C headers: [`include/linux/miscdevice.h`](srctree/include/linux/miscdevice.h),
//! [`include/linux/fs.h`](srctree/include/linux/fs.h)

use crate::c::bindings;
use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    container_of,
    error::{
        to_result,
        VTABLE_DEFAULT_ERROR, //
    },
    ffi::{
        c_int,
        c_long,
        c_uint,
        c_ulong, //
    },
    fs::File,
    iov::{
        IovIterDest,
        IovIterSource, //
    },
    module::this_module,
    prelude::*,
    seq_file::SeqFile,
    str::CString,
    sync::{
        poll::PollTable,
        Arc, //
    },
    types::Opaque, //
};

/// Events that [`FileOperations::poll`] returns.
pub(crate) mod events {
    use crate::c::bindings;

    /// There is something to read.
    pub(crate) const READABLE: u32 = bindings::POLLIN | bindings::POLLRDNORM;
    /// A write would not block.
    pub(crate) const WRITABLE: u32 = bindings::POLLOUT | bindings::POLLWRNORM;
    /// The device is gone.
    pub(crate) const GONE: u32 = bindings::POLLHUP | bindings::POLLERR;
}

/// How a read or write may behave.
#[derive(Clone, Copy)]
pub(crate) struct IoMode {
    /// It may wait for data: neither `O_NONBLOCK` nor `IOCB_NOWAIT` is set.
    pub(crate) may_wait: bool,
    /// It should not even wait for memory, for `EAGAIN` makes the caller come again from a context
    /// where waiting is fine: `IOCB_NOWAIT`.
    pub(crate) atomic: bool,
}

/// What opening a node gives.
pub(crate) trait MiscOpen: Sized + 'static {
    /// The data of the node.
    type Data: Send + Sync + 'static;

    /// What can be done with the open file.
    type File: FileOperations;

    /// A file is being opened, under `misc_mtx`: nodes may be neither made nor removed here, and all
    /// other opening of misc devices waits. Returns the data of the open file.
    ///
    /// # Errors
    ///
    /// Any, for `open` to return; no `release` follows.
    fn open(
        data: &Arc<Self::Data>,
        file: &File,
    ) -> Result<Arc<<Self::File as FileOperations>::Data>>;
}

/// What can be done with an open file.
///
/// The methods run in process context with no lock held, any number of them at once.
#[vtable]
pub(crate) trait FileOperations: Sized + 'static {
    /// The data of an open file.
    type Data: Send + Sync + 'static;

    /// The last reference to an open file is gone.
    fn release(data: &Self::Data, file: &File);

    /// Reads into `iov`.
    ///
    /// # Errors
    ///
    /// Any, for `read` to return; `EAGAIN` if `mode` keeps it from waiting.
    fn read_iter(_data: &Self::Data, _mode: IoMode, _iov: &mut IovIterDest<'_>) -> Result<usize> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Writes from `iov`.
    ///
    /// # Errors
    ///
    /// Any, for `write` to return; `EAGAIN` if `mode` keeps it from waiting.
    fn write_iter(
        _data: &Self::Data,
        _mode: IoMode,
        _iov: &mut IovIterSource<'_>,
    ) -> Result<usize> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Handles an ioctl. 32-bit programs come here too, with pointers already made whole.
    ///
    /// # Errors
    ///
    /// Any, for `ioctl` to return; `ENOTTY` for unknown commands.
    fn ioctl(_data: &Self::Data, _file: &OpenFile<'_>, _cmd: u32, _arg: usize) -> Result<isize> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Registers with whatever wakes a waiter, then returns what is possible now, of [`events`].
    fn poll(_data: &Self::Data, _file: &File, _table: &PollTable<'_>) -> u32 {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Who gets SIGIO. Asked once for each open file.
    fn sigio(_data: &Self::Data) -> &Fasync {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Prints to `/proc/PID/fdinfo/FD`.
    fn show_fdinfo(_data: &Self::Data, _m: &SeqFile, _file: &File) {
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// An open file of a device, for what ioctls change about it.
///
/// # Invariants
///
/// `file` was opened through the [`VTable`] of a device with the list `sigio`.
pub(crate) struct OpenFile<'a> {
    file: &'a File,
    sigio: Option<&'a Fasync>,
}

impl OpenFile<'_> {
    /// Sets or clears `O_NONBLOCK`, as `FIONBIO` does.
    pub(crate) fn set_nonblocking(&self, on: bool) {
        // SAFETY: The file is valid during the call.
        unsafe { bindings::bsdtun_file_set_nonblock(self.file.as_ptr(), on) };
    }

    /// Sets or clears `O_ASYNC`, as `FIOASYNC` does; but the `si_fd` that the owner sees is -1.
    ///
    /// # Errors
    ///
    /// `ENOTTY` if the device has no SIGIO, `ENOMEM`.
    pub(crate) fn set_async(&self, on: bool) -> Result {
        let sigio = self.sigio.ok_or(ENOTTY)?;
        // SAFETY: By the type invariant `release` takes the file off this list.
        let ret = unsafe { sigio.set(-1, self.file.as_ptr(), c_int::from(on)) };
        if ret < 0 {
            return Err(Error::from_errno(ret));
        }
        Ok(())
    }

    /// Sets who gets SIGIO, as `fcntl(F_SETOWN)` does: a process, the negative of a process group,
    /// or 0 for nobody.
    ///
    /// # Errors
    ///
    /// `ESRCH` if there is none, `EINVAL` for `i32::MIN`, `ENOMEM`.
    pub(crate) fn set_owner(&self, who: i32) -> Result {
        // SAFETY: The file is valid during the call.
        to_result(unsafe { bindings::f_setown(self.file.as_ptr(), who, 1) })
    }

    /// Who gets SIGIO, as `fcntl(F_GETOWN)` tells.
    pub(crate) fn owner(&self) -> i32 {
        // SAFETY: The file is valid during the call.
        unsafe { bindings::bsdtun_f_getown(self.file.as_ptr()) }
    }
}

/// Open files with `O_ASYNC`, whose owners get SIGIO.
///
/// # Invariants
///
/// `head` is a list that only `fasync_helper` and `kill_fasync` touch. A file is taken off it before
/// it is freed: by the `release` of [`VTable`], the only one to put files on.
pub(crate) struct Fasync {
    head: UnsafeCell<*mut bindings::fasync_struct>,
}

// SAFETY: The C functions have their own lock.
unsafe impl Send for Fasync {}
// SAFETY: As above.
unsafe impl Sync for Fasync {}

/// Why SIGIO is sent: the `si_band` of `fcntl(F_SETSIG)`.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Band {
    /// Data to read.
    In = bindings::POLL_IN,
    /// The device went away.
    HangUp = bindings::POLL_HUP,
}

impl Fasync {
    /// Creates an empty list.
    pub(crate) const fn new() -> Self {
        // INVARIANT: Empty.
        Self {
            head: UnsafeCell::new(core::ptr::null_mut()),
        }
    }

    /// Sends SIGIO. Any context.
    pub(crate) fn send(&self, band: Band) {
        // Nearly always there is nobody, and a call costs more than the look that it starts with.
        //
        // SAFETY: The pointer is valid. Others write it meanwhile: one volatile read, C's
        // `READ_ONCE`.
        if unsafe { self.head.get().read_volatile() }.is_null() {
            return;
        }
        // SAFETY: By the type invariant all files on the list are alive.
        unsafe { bindings::kill_fasync(self.head.get(), bindings::SIGIO as c_int, band as c_int) };
    }

    /// # Safety
    ///
    /// `file` must be valid, and taken off the list again before it is freed.
    unsafe fn set(&self, fd: c_int, file: *mut bindings::file, on: c_int) -> c_int {
        // SAFETY: By the safety requirement; the list is valid.
        unsafe { bindings::fasync_helper(fd, file, on, self.head.get()) }
    }
}

/// A misc device: a node in `/dev`, which exists until this value is dropped.
///
/// The type does not name what its open files do, so that what a file works on can own its node.
///
/// Creating and dropping one takes `misc_mtx`, which nests outside RTNL: do neither under RTNL, nor
/// in [`MiscOpen::open`].
///
/// # Invariants
///
/// The `struct miscdevice` in `inner` is registered, with the operations of [`Opener<T>`] for the `T`
/// of the `Inner<T>` that it is in.
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

/// The private data of an open file.
///
/// # Invariants
///
/// If the device has a list for SIGIO, `sigio` points to it. It is valid while `data` lives: what a
/// shared reference leads to in safe code without a guard stays as long as its root.
struct FilePrivate<T: FileOperations> {
    data: Arc<T::Data>,
    sigio: Option<NonNull<Fasync>>,
}

/// C's view of what opens a node.
struct Opener<T>(PhantomData<T>);

impl<T: MiscOpen> Opener<T> {
    const FOPS: bindings::file_operations = bindings::file_operations {
        open: Some(Self::open),
        ..VTable::<T::File>::FOPS
    };

    /// # Safety
    ///
    /// For `misc_open` to call, on a file that is being opened and whose private data is the misc
    /// device in an `Inner<T>`.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The private data is a misc device inside an `Inner<T>`. `misc_mtx`, held during
        // this call, keeps it registered.
        let inner = unsafe {
            let misc = Opaque::cast_from((*file).private_data.cast::<bindings::miscdevice>());
            &*container_of!(misc, Inner<T>, misc)
        };

        // Before the node's `open`, which nothing may follow that fails.
        let Ok(open_file) = KBox::<FilePrivate<T::File>>::new_uninit(GFP_KERNEL) else {
            return ENOMEM.to_errno();
        };
        // SAFETY: The file is valid, and this thread is not inside `fdget_pos` with it.
        let data = match T::open(&inner.data, unsafe { File::from_raw_file(file) }) {
            Ok(data) => data,
            Err(e) => return e.to_errno(),
        };
        // INVARIANT: The pointer is into `data`.
        let sigio = if T::File::HAS_SIGIO {
            Some(NonNull::from(T::File::sigio(&data)))
        } else {
            None
        };
        let open_file = open_file.write(FilePrivate { data, sigio });

        // SAFETY: A file that is being opened belongs to its `open`.
        unsafe { (*file).private_data = KBox::into_raw(open_file).cast() };
        // SAFETY: As above. `read_iter` and `write_iter` honour `IOCB_NOWAIT`.
        unsafe { (*file).f_mode |= bindings::FMODE_NOWAIT };
        // SAFETY: As above. Never fails.
        unsafe { bindings::stream_open(inode, file) }
    }
}

/// C's view of an open file.
struct VTable<T>(PhantomData<T>);

impl<T: FileOperations> VTable<T> {
    // All but `open`, which the node knows.
    const FOPS: bindings::file_operations = bindings::file_operations {
        owner: this_module::<T::OwnerModule>().as_ptr(),
        release: Some(Self::release),
        read_iter: if T::HAS_READ_ITER {
            Some(Self::read_iter)
        } else {
            None
        },
        write_iter: if T::HAS_WRITE_ITER {
            Some(Self::write_iter)
        } else {
            None
        },
        unlocked_ioctl: if T::HAS_IOCTL {
            Some(Self::ioctl)
        } else {
            None
        },
        #[cfg(CONFIG_COMPAT)]
        compat_ioctl: if T::HAS_IOCTL {
            bindings::compat_ptr_ioctl
        } else {
            None
        },
        poll: if T::HAS_POLL { Some(Self::poll) } else { None },
        fasync: if T::HAS_SIGIO {
            Some(Self::fasync)
        } else {
            None
        },
        show_fdinfo: if T::HAS_SHOW_FDINFO {
            Some(Self::show_fdinfo)
        } else {
            None
        },
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// `file` must be a file that [`Opener::open`] opened and that is not released during `'a`.
    unsafe fn open_file<'a>(file: *mut bindings::file) -> &'a FilePrivate<T> {
        // SAFETY: `open` put it there and `release` takes it away.
        unsafe { &*(*file).private_data.cast() }
    }

    /// # Safety
    ///
    /// For the VFS to call, once, on a file that [`Opener::open`] opened and nobody uses any more.
    unsafe extern "C" fn release(_: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: `open` put it there.
        let open_file = unsafe { KBox::from_raw((*file).private_data.cast::<FilePrivate<T>>()) };
        if let Some(sigio) = open_file.sigio {
            // The VFS does this only while the flag is set; the list's invariant shall not rest on
            // that.
            //
            // SAFETY: The list is valid by the invariant of `FilePrivate`; taking a file off needs
            // nothing of it.
            unsafe { sigio.as_ref().set(-1, file, 0) };
        }
        // SAFETY: The file is valid during this call, and nobody is inside `fdget_pos` with it.
        T::release(&open_file.data, unsafe { File::from_raw_file(file) });
        0
    }

    /// # Safety
    ///
    /// `kiocb` must be valid.
    unsafe fn io_mode(kiocb: *mut bindings::kiocb) -> IoMode {
        // SAFETY: By the safety requirement.
        let atomic = unsafe { (*kiocb).ki_flags } & bindings::IOCB_NOWAIT != 0;
        // SAFETY: As above; it holds a reference to its file. A reader may see the flag change
        // under it, as in C.
        let flags = unsafe { File::from_raw_file((*kiocb).ki_filp) }.flags();
        IoMode {
            may_wait: !atomic && flags & kernel::fs::file::flags::O_NONBLOCK == 0,
            atomic,
        }
    }

    /// # Safety
    ///
    /// For the VFS to call, with a `kiocb` of a file that [`Opener::open`] opened and a destination.
    unsafe extern "C" fn read_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: The file stays open during the call.
        let open_file = unsafe { Self::open_file((*kiocb).ki_filp) };
        // SAFETY: The VFS passes a valid `kiocb`.
        let mode = unsafe { Self::io_mode(kiocb) };
        // SAFETY: The VFS passes a valid destination that is ours during the call.
        let iov = unsafe { IovIterDest::from_raw(iter) };
        into_ssize(T::read_iter(&open_file.data, mode, iov))
    }

    /// # Safety
    ///
    /// For the VFS to call, with a `kiocb` of a file that [`Opener::open`] opened and a source.
    unsafe extern "C" fn write_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: The file stays open during the call.
        let open_file = unsafe { Self::open_file((*kiocb).ki_filp) };
        // SAFETY: The VFS passes a valid `kiocb`.
        let mode = unsafe { Self::io_mode(kiocb) };
        // SAFETY: The VFS passes a valid source that is ours during the call.
        let iov = unsafe { IovIterSource::from_raw(iter) };
        into_ssize(T::write_iter(&open_file.data, mode, iov))
    }

    /// # Safety
    ///
    /// For the VFS to call, on a file that [`Opener::open`] opened.
    unsafe extern "C" fn ioctl(file: *mut bindings::file, cmd: c_uint, arg: c_ulong) -> c_long {
        // SAFETY: The file stays open during the call.
        let open_file = unsafe { Self::open_file(file) };
        let opened = OpenFile {
            // SAFETY: The file is valid, and this thread is not inside `fdget_pos` with it.
            file: unsafe { File::from_raw_file(file) },
            sigio: open_file.sigio.map(|sigio| {
                // SAFETY: The list is valid by the invariant of `FilePrivate`.
                unsafe { sigio.as_ref() }
            }),
        };
        match T::ioctl(&open_file.data, &opened, cmd, arg) {
            Ok(ret) => ret as c_long,
            Err(e) => c_long::from(e.to_errno() as isize),
        }
    }

    /// # Safety
    ///
    /// For the VFS to call, on a file that [`Opener::open`] opened and a valid or null table.
    unsafe extern "C" fn poll(
        file: *mut bindings::file,
        table: *mut bindings::poll_table_struct,
    ) -> bindings::__poll_t {
        // SAFETY: The file stays open during the call.
        let open_file = unsafe { Self::open_file(file) };
        // SAFETY: The file is valid, and this thread is not inside `fdget_pos` with it.
        let file = unsafe { File::from_raw_file(file) };
        // SAFETY: The table is valid during the call.
        let table = unsafe { PollTable::from_raw(table) };
        T::poll(&open_file.data, file, &table)
    }

    /// # Safety
    ///
    /// For the VFS to call, on a file that [`Opener::open`] opened.
    unsafe extern "C" fn fasync(fd: c_int, file: *mut bindings::file, on: c_int) -> c_int {
        // SAFETY: The file stays open during the call.
        match unsafe { Self::open_file(file) }.sigio {
            // SAFETY: The list is valid by the invariant of `FilePrivate`, and `release` takes the file
            // off it.
            Some(sigio) => unsafe { sigio.as_ref().set(fd, file, on) },
            None => ENOTTY.to_errno(),
        }
    }

    /// # Safety
    ///
    /// For the VFS to call, on a file that [`Opener::open`] opened and a file to print to.
    unsafe extern "C" fn show_fdinfo(m: *mut bindings::seq_file, file: *mut bindings::file) {
        // SAFETY: The file stays open during the call.
        let open_file = unsafe { Self::open_file(file) };
        // SAFETY: The VFS passes a valid sequence file that is ours during the call.
        let m = unsafe { SeqFile::from_raw(m) };
        // SAFETY: The file is valid, and this thread is not inside `fdget_pos` with it.
        T::show_fdinfo(&open_file.data, m, unsafe { File::from_raw_file(file) });
    }
}

fn into_ssize(result: Result<usize>) -> isize {
    match result {
        // Never more than `MAX_RW_COUNT`.
        Ok(len) => len as isize,
        Err(e) => e.to_errno() as isize,
    }
}

#[kunit_tests(bsdtun_chardev)]
mod tests {
    use super::*;

    struct Nothing;

    #[vtable]
    impl FileOperations for Nothing {
        type Data = ();

        fn release((): &(), _: &File) {}
    }

    struct Closed;

    impl MiscOpen for Closed {
        type Data = ();

        type File = Nothing;

        fn open(_: &Arc<()>, _: &File) -> Result<Arc<()>> {
            Err(ENXIO)
        }
    }

    fn node(name: &CStr) -> Result<MiscDevice> {
        MiscDevice::new::<Closed>(name, name, Arc::new((), GFP_KERNEL)?)
    }

    #[test]
    fn a_name_is_there_once() -> Result {
        let first = node(c"bsdtun-kunit")?;
        assert!(node(c"bsdtun-kunit").is_err());
        let other = node(c"bsdtun-kunit2")?;
        drop(first);
        drop(node(c"bsdtun-kunit")?);
        drop(other);
        Ok(())
    }

    /// Often enough for kmemleak to see it if something were not freed.
    #[test]
    fn a_node_goes_with_its_value() -> Result {
        for _ in 0..30 {
            drop(node(c"bsdtun-kunit")?);
        }
        Ok(())
    }

    #[test]
    fn only_what_is_implemented_is_offered() {
        let fops = &Opener::<Closed>::FOPS;
        assert!(fops.open.is_some());
        assert!(fops.release.is_some());
        assert!(fops.read_iter.is_none());
        assert!(fops.poll.is_none());
        assert!(fops.fasync.is_none());
        assert!(fops.unlocked_ioctl.is_none());
        // What is built in has no module.
        assert_eq!(fops.owner.is_null(), cfg!(not(MODULE)));
    }
}
