// SPDX-License-Identifier: GPL-2.0

//! Work for the moment at which the current task holds no lock any more.
//!
//! The work is done by the release of a file that nobody else has: the VFS releases it on the way
//! back to user space, after the system call has given up its locks (in a kernel thread: soon, from
//! a work item). Compared with a bare task work this has one virtue: the file pins the module, and
//! it is the VFS that unpins it, after the last of the module's instructions.
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

/// A piece of work.
pub(crate) trait ReturnWork: 'static {
    /// What it works on.
    type Data: ForeignOwnable + Send + 'static;

    /// The module that its code is in.
    type OwnerModule: ModuleMetadata;

    /// Does it. Process context, no locks held; may sleep.
    fn run(data: Self::Data);
}

/// A piece of work that can be started without failing. Dropping it forgets the work.
///
/// # Invariants
///
/// `file` points to a valid file with the operations of this type; this value owns a reference to
/// it, the only one, and the file's private data is null.
pub(crate) struct ReturnWorkItem<R: ReturnWork> {
    file: NonNull<bindings::file>,
    _run: PhantomData<R>,
}

// SAFETY: A file belongs to no thread, and the data of the work may move to another.
unsafe impl<R: ReturnWork> Send for ReturnWorkItem<R> {}

impl<R: ReturnWork> ReturnWorkItem<R> {
    const FOPS: bindings::file_operations = bindings::file_operations {
        owner: this_module::<R::OwnerModule>().as_ptr(),
        release: Some(Self::release),
        ..pin_init::zeroed()
    };

    /// Gets ready.
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
            // INVARIANT: The file is new and without private data.
            file: NonNull::new(file).ok_or(ENOMEM)?,
            _run: PhantomData,
        })
    }

    /// Starts the work once no lock is held: before the current system call returns. Any context.
    pub(crate) fn queue(self, data: R::Data) {
        let file = mem::ManuallyDrop::new(self).file.as_ptr();
        // SAFETY: By the type invariant nobody else has the file.
        unsafe { (*file).private_data = data.into_foreign() };
        // SAFETY: By the type invariant the reference is ours to give up.
        unsafe { bindings::fput(file) };
    }

    /// # Safety
    ///
    /// For the VFS to call, on a file that [`Self::new`] made.
    unsafe extern "C" fn release(_: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The file is valid and nobody uses it any more.
        let data: *mut c_void = unsafe { (*file).private_data };
        if !data.is_null() {
            // SAFETY: `queue` put it there, and a file is released once.
            R::run(unsafe { R::Data::from_foreign(data) });
        }
        0
    }
}

impl<R: ReturnWork> Drop for ReturnWorkItem<R> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the reference is ours to give up.
        unsafe { bindings::fput(self.file.as_ptr()) };
    }
}
