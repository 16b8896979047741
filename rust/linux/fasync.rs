// SPDX-License-Identifier: GPL-2.0

//! SIGIO: the list of open files whose owners get a signal when there is something to read.
//!
//! C header: [`include/linux/fs.h`](srctree/include/linux/fs.h)

use crate::c::bindings;
use core::{
    cell::UnsafeCell,
    ptr, //
};
use kernel::{
    error::to_result,
    ffi::c_int,
    prelude::*, //
};

/// Why SIGIO is sent: the `si_band` that a process sees after `fcntl(F_SETSIG)`.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Band {
    /// There is something to read.
    In = bindings::POLL_IN,
    /// The device is gone.
    HangUp = bindings::POLL_HUP,
}

/// The open files of a device that have `O_ASYNC` set.
///
/// # Invariants
///
/// `head` is the head of a list that only `fasync_helper` and `kill_fasync` access. A file is
/// removed from the list before it is freed.
pub(crate) struct Fasync {
    head: UnsafeCell<*mut bindings::fasync_struct>,
}

// SAFETY: The C functions have their own lock.
unsafe impl Send for Fasync {}
// SAFETY: As above.
unsafe impl Sync for Fasync {}

impl Fasync {
    /// Creates an empty list.
    pub(crate) const fn new() -> Self {
        // INVARIANT: Empty.
        Self {
            head: UnsafeCell::new(ptr::null_mut()),
        }
    }

    /// Sends SIGIO to the owners of the files. Any context.
    pub(crate) fn send(&self, band: Band) {
        // `kill_fasync` begins with the same check. The list is nearly always empty, and a call
        // costs more than the check.
        //
        // SAFETY: The pointer is valid. It may change concurrently, so this is one volatile read,
        // as C's `READ_ONCE`.
        if unsafe { self.head.get().read_volatile() }.is_null() {
            return;
        }
        // SAFETY: By the type invariant all files in the list are valid.
        unsafe { bindings::kill_fasync(self.head.get(), bindings::SIGIO as c_int, band as c_int) };
    }

    /// Adds a file to the list, or changes its `fd`, the descriptor that the process sees as
    /// `si_fd`. Returns whether the file was added. Process context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Safety
    ///
    /// `file` must be valid, and the caller must remove it from the list before it is freed.
    pub(super) unsafe fn add(&self, fd: c_int, file: *mut bindings::file) -> Result<bool> {
        // SAFETY: By the safety requirement; the list is valid.
        let ret = unsafe { bindings::fasync_helper(fd, file, 1, self.head.get()) };
        to_result(ret)?;
        Ok(ret != 0)
    }

    /// Removes a file from the list. Returns whether it was in the list. Process context.
    ///
    /// # Safety
    ///
    /// `file` must be valid.
    pub(super) unsafe fn remove(&self, file: *mut bindings::file) -> bool {
        // SAFETY: By the safety requirement; the list is valid.
        unsafe { bindings::fasync_helper(-1, file, 0, self.head.get()) > 0 }
    }
}
