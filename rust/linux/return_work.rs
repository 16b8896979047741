// SPDX-License-Identifier: GPL-2.0

//! Work that runs when the current task holds no lock any more: on its return to user space.
//!
//! The work is done by the release of a file that nobody else has. The VFS releases a file on the
//! way back to user space, after the system call has released its locks; in a kernel thread, it
//! does so from a work item soon afterwards. A bare task work would run at the same point, but
//! could not keep the module loaded until its last instruction: a file pins the module, and the VFS
//! drops that reference after `release` has returned.
//!
//! C header: [`include/linux/file.h`](srctree/include/linux/file.h)

use crate::c::bindings;
use core::{
    marker::PhantomData,
    mem,
    ptr::{
        self,
        NonNull, //
    }, //
};
use kernel::{
    error::from_err_ptr,
    ffi::{
        c_int,
        c_void, //
    },
    module::this_module,
    prelude::*,
    types::ForeignOwnable,
    ModuleMetadata, //
};

/// A kind of work that runs on the return to user space.
pub(crate) trait ReturnWork: 'static {
    /// The argument of the work.
    type Data: ForeignOwnable + Send + 'static;

    /// The module that the code of the work is in.
    type OwnerModule: ModuleMetadata;

    /// Does the work. Process context with no lock held; may sleep.
    fn run(data: Self::Data);
}

/// An allocated work item, which can be queued without failing. Dropping it frees it without
/// running the work.
///
/// # Invariants
///
/// `file` points to a valid file with the operations of this type. This value owns the only
/// reference to it. The private data of the file is null.
pub(crate) struct ReturnWorkItem<R: ReturnWork> {
    file: NonNull<bindings::file>,
    _run: PhantomData<R>,
}

// SAFETY: A file belongs to no thread, and the work's data may be sent to another thread.
unsafe impl<R: ReturnWork> Send for ReturnWorkItem<R> {}

impl<R: ReturnWork> ReturnWorkItem<R> {
    const FOPS: bindings::file_operations = bindings::file_operations {
        owner: this_module::<R::OwnerModule>().as_ptr(),
        release: Some(Self::release),
        ..pin_init::zeroed()
    };

    /// Allocates a work item. Process context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `ENFILE`.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: The name is a C string, and the operations are static.
        let file = from_err_ptr(unsafe {
            bindings::anon_inode_getfile(
                c"[deferred]".as_char_ptr(),
                &Self::FOPS,
                ptr::null_mut(),
                0,
            )
        })?;
        Ok(Self {
            // INVARIANT: The file is new and has no private data.
            file: NonNull::new(file).ok_or(ENOMEM)?,
            _run: PhantomData,
        })
    }

    /// Queues the work: it runs before the current system call returns to user space, once no lock
    /// is held. Any context.
    pub(crate) fn queue(self, data: R::Data) {
        let file = mem::ManuallyDrop::new(self).file.as_ptr();
        // SAFETY: By the type invariant nobody else has the file.
        unsafe { (*file).private_data = data.into_foreign() };
        // SAFETY: By the type invariant the reference is ours to drop.
        unsafe { bindings::fput(file) };
    }

    /// # Safety
    ///
    /// Called by the VFS for a file that [`Self::new`] created.
    unsafe extern "C" fn release(_: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The file is valid and nobody uses it any more.
        let data: *mut c_void = unsafe { (*file).private_data };
        if !data.is_null() {
            // SAFETY: `queue` stored it, and a file is released once.
            R::run(unsafe { R::Data::from_foreign(data) });
        }
        0
    }
}

impl<R: ReturnWork> Drop for ReturnWorkItem<R> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the reference is ours to drop.
        unsafe { bindings::fput(self.file.as_ptr()) };
    }
}
