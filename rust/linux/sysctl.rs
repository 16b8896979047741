// SPDX-License-Identifier: GPL-2.0

//! Sysctls: files with one integer each in `/proc/sys`.
//!
//! C header: [`include/linux/sysctl.h`](srctree/include/linux/sysctl.h)

use crate::c::bindings;
use core::{
    mem,
    ptr::NonNull, //
};
use kernel::{
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};

/// The integer in a sysctl. User space and the kernel read and write it concurrently.
pub(crate) struct Int(Atomic<c_int>);

impl Int {
    /// Creates an integer.
    pub(crate) const fn new(value: c_int) -> Self {
        Self(Atomic::new(value))
    }

    /// The current value. Any context.
    pub(crate) fn get(&self) -> c_int {
        self.0.load(Relaxed)
    }

    /// Changes the value. Any context.
    pub(crate) fn set(&self, value: c_int) {
        self.0.store(value, Relaxed);
    }
}

/// A sysctl of a [`Directory`].
pub(crate) struct Entry<T> {
    /// Name of the file.
    pub(crate) name: &'static CStr,
    /// The value in the file.
    pub(crate) value: fn(&T) -> &Int,
}

/// A directory of sysctls, visible in every network namespace. Dropping it removes them.
///
/// # Invariants
///
/// `header` is the registration of `_table`. The values that the table points to live as long as
/// `_values`.
pub(crate) struct Directory<T> {
    header: NonNull<bindings::ctl_table_header>,
    _table: KVec<bindings::ctl_table>,
    _values: Arc<T>,
}

// SAFETY: Only the core accesses the table, under its own locks.
unsafe impl<T: Send + Sync> Send for Directory<T> {}
// SAFETY: As above.
unsafe impl<T: Send + Sync> Sync for Directory<T> {}

impl<T> Directory<T> {
    /// Creates a file with mode 0644 in `/proc/sys/PATH` for each entry. Process context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, also if one of the files exists.
    pub(crate) fn new(path: &'static CStr, values: Arc<T>, entries: &[Entry<T>]) -> Result<Self> {
        let mut table = KVec::with_capacity(entries.len(), GFP_KERNEL)?;
        for entry in entries {
            let value: *const Int = (entry.value)(&values);
            table.push(
                bindings::ctl_table {
                    procname: entry.name.as_char_ptr(),
                    data: value.cast_mut().cast::<c_void>(),
                    maxlen: mem::size_of::<c_int>() as c_int,
                    mode: 0o644,
                    // Accesses the value as a whole, with `READ_ONCE` and `WRITE_ONCE`.
                    proc_handler: Some(bindings::proc_dointvec_minmax),
                    ..pin_init::zeroed()
                },
                GFP_KERNEL,
            )?;
        }
        // SAFETY: Path and names are static. The table and the values are valid until the header is
        // unregistered.
        let header = unsafe {
            bindings::register_sysctl_sz(path.as_char_ptr(), table.as_ptr(), table.len())
        };
        Ok(Self {
            // INVARIANT: Just registered.
            header: NonNull::new(header).ok_or(ENOMEM)?,
            _table: table,
            _values: values,
        })
    }
}

impl<T> Drop for Directory<T> {
    fn drop(&mut self) {
        // Waits until no handler is running any more.
        //
        // SAFETY: Registered by the type invariant.
        unsafe { bindings::unregister_sysctl_table(self.header.as_ptr()) };
    }
}
