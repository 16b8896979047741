// SPDX-License-Identifier: GPL-2.0

//! The operations of an open file of a device: `struct file_operations`.
//!
//! Compared with [`kernel::miscdevice`], the operations include `poll`, `fasync` and nonblocking
//! reads and writes, also those of io_uring.
//!
//! C header: [`include/linux/fs.h`](srctree/include/linux/fs.h)

use crate::{
    c::bindings,
    linux::{
        context::ProcessContext,
        fasync::Fasync, //
    }, //
};
use core::{
    marker::PhantomData,
    ptr::{
        addr_of_mut,
        NonNull, //
    }, //
};
use kernel::{
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
    sync::{
        poll::PollTable,
        rcu,
        Arc, //
    },
    types::NotThreadSafe, //
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

/// Whether a read or write may wait.
#[derive(Clone, Copy)]
pub(crate) struct IoMode {
    /// It may wait for data: neither `O_NONBLOCK` nor `IOCB_NOWAIT` is set.
    pub(crate) may_wait: bool,
    /// It should not wait for memory either: `IOCB_NOWAIT` is set. After `EAGAIN`, the caller
    /// repeats the call from a context in which it may wait.
    pub(crate) atomic: bool,
    // Only made here, for a read or write that is running.
    _context: NotThreadSafe,
}

impl IoMode {
    /// The context that reads and writes run in.
    pub(crate) fn process_context(&self) -> &ProcessContext {
        // SAFETY: The value is made for a `read_iter` or `write_iter`, which run in process
        // context, and cannot leave the task.
        unsafe { ProcessContext::assume(self) }
    }
}

/// The operations of an open file. Methods are named after the members of `struct file_operations`
/// that call them.
///
/// They run in process context with no lock held, and concurrently.
#[vtable]
pub(crate) trait FileOperations: Sized + 'static {
    /// The data of an open file.
    type Data: Send + Sync + 'static;

    /// The last reference to the open file is gone.
    fn release(data: &Self::Data, file: &File);

    /// Reads into `iov`; returns the number of bytes.
    ///
    /// # Errors
    ///
    /// Any, for `read` to return. `EAGAIN` if the read would wait and `mode` forbids it.
    fn read_iter(_data: &Self::Data, _mode: IoMode, _iov: &mut IovIterDest<'_>) -> Result<usize> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Writes from `iov`; returns the number of bytes.
    ///
    /// # Errors
    ///
    /// Any, for `write` to return. `EAGAIN` if the write would wait and `mode` forbids it.
    fn write_iter(
        _data: &Self::Data,
        _mode: IoMode,
        _iov: &mut IovIterSource<'_>,
    ) -> Result<usize> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Handles an ioctl, also of a 32-bit program, whose pointers are already converted.
    ///
    /// # Errors
    ///
    /// Any, for `ioctl` to return. `ENOTTY` for an unknown command.
    fn ioctl(_data: &Self::Data, _file: &OpenFile<'_>, _cmd: u32, _arg: usize) -> Result<isize> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Registers the wait queues that `table` asks for, then returns the current [`events`].
    fn poll(_data: &Self::Data, _file: &File, _table: &PollTable<'_>) -> u32 {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Returns the list of files that get SIGIO. Called once for each open file.
    fn fasync(_data: &Self::Data) -> &Fasync {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Prints lines for `/proc/PID/fdinfo/FD`.
    fn show_fdinfo(_data: &Self::Data, _m: &SeqFile, _file: &File) {
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// An open file during an ioctl, which may change its flags and its owner.
///
/// # Invariants
///
/// `file` was opened with [`VTable`]'s operations, whose `release` removes it from `fasync`.
pub(crate) struct OpenFile<'a> {
    file: &'a File,
    fasync: Option<&'a Fasync>,
}

impl OpenFile<'_> {
    /// Sets or clears `O_NONBLOCK`, as `FIONBIO` does.
    pub(crate) fn set_nonblocking(&self, on: bool) {
        const O_NONBLOCK: u32 = kernel::fs::file::flags::O_NONBLOCK;

        let file = self.file.as_ptr();
        // SAFETY: The projection is inside the file.
        let lock = unsafe { addr_of_mut!((*file).f_lock) };
        // SAFETY: As above.
        let flags = unsafe { addr_of_mut!((*file).f_flags) };
        // SAFETY: The lock is valid. It protects changes of the flags.
        unsafe { bindings::spin_lock(lock) };
        // SAFETY: The file is valid, and the lock excludes other writers.
        let old = unsafe { flags.read() };
        let new = if on {
            old | O_NONBLOCK
        } else {
            old & !O_NONBLOCK
        };
        // SAFETY: As above. Readers do not take the lock, so this is one volatile write.
        unsafe { flags.write_volatile(new) };
        // SAFETY: Locked above.
        unsafe { bindings::spin_unlock(lock) };
    }

    /// Sets or clears `O_ASYNC`, as `FIOASYNC` does, except that the owner sees -1 as `si_fd`.
    ///
    /// # Errors
    ///
    /// `ENOTTY` if the device does not send SIGIO, `ENOMEM`.
    pub(crate) fn set_async(&self, on: bool) -> Result {
        let fasync = self.fasync.ok_or(ENOTTY)?;
        let file = self.file.as_ptr();
        if on {
            // SAFETY: The file is valid; by the type invariant `release` removes it.
            unsafe { fasync.add(-1, file) }?;
        } else {
            // SAFETY: The file is valid.
            unsafe { fasync.remove(file) };
        }
        Ok(())
    }

    /// Sets who gets SIGIO, as `fcntl(F_SETOWN)` does: the number of a process, the negative number
    /// of a process group, or 0 for nobody.
    ///
    /// # Errors
    ///
    /// `ESRCH` if there is no such process or group, `EINVAL` for `i32::MIN`, `ENOMEM`.
    pub(crate) fn set_owner(&self, who: i32) -> Result {
        // SAFETY: The file is valid during the call.
        to_result(unsafe { bindings::f_setown(self.file.as_ptr(), who, 1) })
    }

    /// Who gets SIGIO, as `fcntl(F_GETOWN)` returns it. `f_getown()` is not exported.
    pub(crate) fn owner(&self) -> i32 {
        // SAFETY: The file is valid during the call.
        let owner = unsafe { bindings::bsdtun_file_f_owner(self.file.as_ptr()) };
        if owner.is_null() {
            return 0;
        }
        // SAFETY: The owner lives as long as the file.
        let lock = unsafe { addr_of_mut!((*owner).lock) };
        // SAFETY: The lock is valid; interrupts are on in process context with no lock held.
        unsafe { bindings::bsdtun_read_lock_irq(lock) };
        // SAFETY: The owner is valid, and the lock excludes writers.
        let who = unsafe { owner_number(owner) };
        // SAFETY: Locked above.
        unsafe { bindings::bsdtun_read_unlock_irq(lock) };
        who
    }
}

/// The number of a file's owner in the current PID namespace, negative for a process group; 0 if
/// there is no owner, or it has exited.
///
/// # Safety
///
/// `owner` must be valid, and its lock be held.
unsafe fn owner_number(owner: *const bindings::fown_struct) -> i32 {
    // SAFETY: By the safety requirement.
    let pid = unsafe { (*owner).pid };
    // SAFETY: By the safety requirement.
    let pid_type = unsafe { (*owner).pid_type };
    let _rcu = rcu::read_lock();
    // SAFETY: The pid is null or valid; RCU is held.
    if unsafe { bindings::pid_task(pid, pid_type) }.is_null() {
        return 0;
    }
    // SAFETY: The pid has a task, so it is not null; it is valid.
    let number = unsafe { bindings::pid_vnr(pid) };
    if pid_type == bindings::pid_type_PIDTYPE_PGID {
        number.wrapping_neg()
    } else {
        number
    }
}

/// The private data of an open file.
///
/// # Invariants
///
/// If the device sends SIGIO, `fasync` points to its list. The list is valid as long as `data`:
/// [`FileOperations::fasync`] returned a reference with the lifetime of `data`, which never hands
/// out unique references.
struct FilePrivate<T: FileOperations> {
    data: Arc<T::Data>,
    fasync: Option<NonNull<Fasync>>,
}

impl<T: FileOperations> FilePrivate<T> {
    fn fasync(&self) -> Option<&Fasync> {
        // SAFETY: Valid by the type invariant.
        self.fasync.map(|fasync| unsafe { fasync.as_ref() })
    }
}

/// Opens a file: calls `open`, and keeps the data that it returns for the operations of
/// [`VTable<T>`].
///
/// # Errors
///
/// `ENOMEM`, and those of `open`.
///
/// # Safety
///
/// `file` must be a file of `inode` that is being opened, and whose operations other than `open`
/// are those of [`VTable<T>`]. The caller must return the result to the VFS.
pub(super) unsafe fn open<T: FileOperations>(
    inode: *mut bindings::inode,
    file: *mut bindings::file,
    open: impl FnOnce(&File) -> Result<Arc<T::Data>>,
) -> Result<c_int> {
    // Before `open` is called, because nothing after it may fail: no `release` would follow.
    let private = KBox::<FilePrivate<T>>::new_uninit(GFP_KERNEL)?;
    // SAFETY: The file is valid, and this thread is not inside `fdget_pos` with it.
    let data = open(unsafe { File::from_raw_file(file) })?;
    // INVARIANT: The reference has the lifetime of `data`.
    let fasync = if T::HAS_FASYNC {
        Some(NonNull::from(T::fasync(&data)))
    } else {
        None
    };
    let private = private.write(FilePrivate { data, fasync });

    // SAFETY: By the safety requirement the file is ours to change.
    unsafe { (*file).private_data = KBox::into_raw(private).cast() };
    // SAFETY: As above. `read_iter` and `write_iter` honor `IOCB_NOWAIT`.
    unsafe { (*file).f_mode |= bindings::FMODE_NOWAIT };
    // SAFETY: As above. It never fails.
    Ok(unsafe { bindings::stream_open(inode, file) })
}

/// C's view of the operations `T`.
pub(super) struct VTable<T>(PhantomData<T>);

impl<T: FileOperations> VTable<T> {
    /// All operations but `open`, for which [`open`] is used.
    pub(super) const FOPS: bindings::file_operations = bindings::file_operations {
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
        fasync: if T::HAS_FASYNC {
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
    /// `file` must be a file that [`open::<T>`] opened, and that is not released during `'a`.
    unsafe fn private<'a>(file: *mut bindings::file) -> &'a FilePrivate<T> {
        // SAFETY: The file is valid.
        let private = unsafe { (*file).private_data }.cast::<FilePrivate<T>>();
        // SAFETY: `open` stored it, and `release` frees it.
        unsafe { &*private }
    }

    /// # Safety
    ///
    /// Called by the VFS, once, for a file that [`open::<T>`] opened and that nobody uses any more.
    unsafe extern "C" fn release(_: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The file is valid.
        let private = unsafe { (*file).private_data }.cast::<FilePrivate<T>>();
        // SAFETY: `open` stored it, and nobody uses it any more.
        let private = unsafe { KBox::from_raw(private) };
        if let Some(fasync) = private.fasync() {
            // The VFS does the same if `O_ASYNC` is set. The invariant of the list does not rely on
            // that flag.
            //
            // SAFETY: The file is valid.
            unsafe { fasync.remove(file) };
        }
        // SAFETY: The file is valid during this call, and nobody is inside `fdget_pos` with it.
        T::release(&private.data, unsafe { File::from_raw_file(file) });
        0
    }

    /// # Safety
    ///
    /// `kiocb` must be valid.
    unsafe fn io_mode(kiocb: *mut bindings::kiocb) -> IoMode {
        // SAFETY: By the safety requirement.
        let atomic = unsafe { (*kiocb).ki_flags } & bindings::IOCB_NOWAIT != 0;
        // SAFETY: As above.
        let file = unsafe { (*kiocb).ki_filp };
        // SAFETY: The `kiocb` holds a reference to its file. The flags may change concurrently, as
        // in C.
        let flags = unsafe { File::from_raw_file(file) }.flags();
        IoMode {
            may_wait: !atomic && flags & kernel::fs::file::flags::O_NONBLOCK == 0,
            atomic,
            _context: NotThreadSafe,
        }
    }

    /// # Safety
    ///
    /// Called by the VFS with a `kiocb` of a file that [`open::<T>`] opened, and a destination.
    unsafe extern "C" fn read_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: The `kiocb` is valid.
        let file = unsafe { (*kiocb).ki_filp };
        // SAFETY: The file stays open during the call.
        let private = unsafe { Self::private(file) };
        // SAFETY: The `kiocb` is valid.
        let mode = unsafe { Self::io_mode(kiocb) };
        // SAFETY: The destination is valid and ours during the call.
        let iov = unsafe { IovIterDest::from_raw(iter) };
        into_ssize(T::read_iter(&private.data, mode, iov))
    }

    /// # Safety
    ///
    /// Called by the VFS with a `kiocb` of a file that [`open::<T>`] opened, and a source.
    unsafe extern "C" fn write_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: The `kiocb` is valid.
        let file = unsafe { (*kiocb).ki_filp };
        // SAFETY: The file stays open during the call.
        let private = unsafe { Self::private(file) };
        // SAFETY: The `kiocb` is valid.
        let mode = unsafe { Self::io_mode(kiocb) };
        // SAFETY: The source is valid and ours during the call.
        let iov = unsafe { IovIterSource::from_raw(iter) };
        into_ssize(T::write_iter(&private.data, mode, iov))
    }

    /// # Safety
    ///
    /// Called by the VFS for a file that [`open::<T>`] opened.
    unsafe extern "C" fn ioctl(file: *mut bindings::file, cmd: c_uint, arg: c_ulong) -> c_long {
        // SAFETY: The file stays open during the call.
        let private = unsafe { Self::private(file) };
        // INVARIANT: The file was opened with these operations.
        let open_file = OpenFile {
            // SAFETY: The file is valid, and this thread is not inside `fdget_pos` with it.
            file: unsafe { File::from_raw_file(file) },
            fasync: private.fasync(),
        };
        match T::ioctl(&private.data, &open_file, cmd, arg) {
            Ok(ret) => ret as c_long,
            Err(e) => c_long::from(e.to_errno() as isize),
        }
    }

    /// # Safety
    ///
    /// Called by the VFS for a file that [`open::<T>`] opened, with a valid table or null.
    unsafe extern "C" fn poll(
        file: *mut bindings::file,
        table: *mut bindings::poll_table_struct,
    ) -> bindings::__poll_t {
        // SAFETY: The file stays open during the call.
        let private = unsafe { Self::private(file) };
        // SAFETY: The file is valid, and this thread is not inside `fdget_pos` with it.
        let file = unsafe { File::from_raw_file(file) };
        // SAFETY: The table is valid during the call.
        let table = unsafe { PollTable::from_raw(table) };
        T::poll(&private.data, file, &table)
    }

    /// # Safety
    ///
    /// Called by the VFS for a file that [`open::<T>`] opened.
    unsafe extern "C" fn fasync(fd: c_int, file: *mut bindings::file, on: c_int) -> c_int {
        // SAFETY: The file stays open during the call.
        let Some(fasync) = unsafe { Self::private(file) }.fasync() else {
            return ENOTTY.to_errno();
        };
        let changed = if on != 0 {
            // SAFETY: The file is valid, and `release` removes it.
            unsafe { fasync.add(fd, file) }
        } else {
            // SAFETY: The file is valid.
            Ok(unsafe { fasync.remove(file) })
        };
        match changed {
            Ok(changed) => c_int::from(changed),
            Err(e) => e.to_errno(),
        }
    }

    /// # Safety
    ///
    /// Called by the VFS for a file that [`open::<T>`] opened, with a sequence file to print to.
    unsafe extern "C" fn show_fdinfo(m: *mut bindings::seq_file, file: *mut bindings::file) {
        // SAFETY: The file stays open during the call.
        let private = unsafe { Self::private(file) };
        // SAFETY: The sequence file is valid and ours during the call.
        let m = unsafe { SeqFile::from_raw(m) };
        // SAFETY: The file is valid, and this thread is not inside `fdget_pos` with it.
        T::show_fdinfo(&private.data, m, unsafe { File::from_raw_file(file) });
    }
}

fn into_ssize(result: Result<usize>) -> isize {
    match result {
        // At most `MAX_RW_COUNT`.
        Ok(len) => len as isize,
        Err(e) => e.to_errno() as isize,
    }
}

#[kunit_tests(bsdtun_file_operations)]
mod tests {
    use super::*;

    struct ReleaseOnly;

    #[vtable]
    impl FileOperations for ReleaseOnly {
        type Data = ();

        fn release((): &(), _: &File) {}
    }

    #[test]
    fn fops_have_only_implemented_operations() {
        let fops = &VTable::<ReleaseOnly>::FOPS;
        assert!(fops.release.is_some());
        assert!(fops.read_iter.is_none());
        assert!(fops.poll.is_none());
        assert!(fops.fasync.is_none());
        assert!(fops.unlocked_ioctl.is_none());
        // Built-in code belongs to no module.
        assert_eq!(fops.owner.is_null(), cfg!(not(MODULE)));
    }
}
