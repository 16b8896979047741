// SPDX-License-Identifier: GPL-2.0

//! UnitSettings in `/proc/sys`.
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

/// An integer that programs may read and write while the kernel does.
pub(crate) struct Int(Atomic<c_int>);

impl Int {
    /// Creates one.
    pub(crate) const fn new(value: c_int) -> Self {
        Self(Atomic::new(value))
    }

    /// Its value.
    pub(crate) fn get(&self) -> c_int {
        self.0.load(Relaxed)
    }

    /// Changes it.
    pub(crate) fn set(&self, value: c_int) {
        self.0.store(value, Relaxed);
    }
}

/// One file.
pub(crate) struct Entry<T> {
    /// Its name.
    pub(crate) name: &'static CStr,
    /// What is in it.
    pub(crate) value: fn(&T) -> &Int,
}

/// A directory of files, in the namespaces of the whole system; it goes when dropped.
///
/// # Invariants
///
/// `header` is what registering `_table` returned. The values that the table points to live as long
/// as `_values`.
pub(crate) struct Directory<T> {
    header: NonNull<bindings::ctl_table_header>,
    _table: KVec<bindings::ctl_table>,
    _values: Arc<T>,
}

// SAFETY: The table is only touched by the core, which has its own locks.
unsafe impl<T: Send + Sync> Send for Directory<T> {}
// SAFETY: As above.
unsafe impl<T: Send + Sync> Sync for Directory<T> {}

impl<T> Directory<T> {
    /// Makes `/proc/sys/PATH` with a file, mode 0644, for each entry.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; also if one of the files exists.
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
                    // Reads and writes the value at once, and alone.
                    proc_handler: Some(bindings::proc_dointvec_minmax),
                    ..pin_init::zeroed()
                },
                GFP_KERNEL,
            )?;
        }
        // SAFETY: Path and names are static; the table, and what it points to, stay until the
        // header is unregistered.
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
        // SAFETY: Registered by the type invariant. Nobody is in a handler afterwards.
        unsafe { bindings::unregister_sysctl_table(self.header.as_ptr()) };
    }
}
