// SPDX-License-Identifier: GPL-2.0

//! Sysctls: files with one integer each in `/proc/sys`.
//!
//! C header: [`include/linux/sysctl.h`](srctree/include/linux/sysctl.h)

use crate::c::bindings;
use core::{
    mem,
    ptr::{
        self,
        NonNull, //
    }, //
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
#[repr(transparent)]
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
    /// The lowest value that can be written: `EINVAL` below. `None`: any value.
    pub(crate) min: Option<&'static c_int>,
}

/// A directory of sysctls. Everybody can read them, and only a process with `CAP_NET_ADMIN` in the
/// initial user namespace can write them. Dropping it removes them.
///
/// # Invariants
///
/// `header` is the registration of `_table`, by `register_net_sysctl_sz()` if `net` is set. The
/// values that the table points to live as long as `_values`.
pub(crate) struct Directory<T> {
    header: NonNull<bindings::ctl_table_header>,
    net: bool,
    _table: KVec<bindings::ctl_table>,
    _values: Arc<T>,
}

// SAFETY: Only the core accesses the table, under its own locks.
unsafe impl<T: Send + Sync> Send for Directory<T> {}
// SAFETY: As above.
unsafe impl<T: Send + Sync> Sync for Directory<T> {}

impl<T> Directory<T> {
    /// Creates a file in `/proc/sys/PATH` for each entry, visible in every namespace. Process
    /// context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, also if one of the files exists.
    pub(crate) fn new(path: &'static CStr, values: Arc<T>, entries: &[Entry<T>]) -> Result<Self> {
        let table = Self::table(&values, entries)?;
        // SAFETY: Path and names are static. The table and the values are valid until the header is
        // unregistered.
        let header = unsafe {
            bindings::register_sysctl_sz(path.as_char_ptr(), table.as_ptr(), table.len())
        };
        Ok(Self {
            // INVARIANT: Just registered.
            header: NonNull::new(header).ok_or(ENOMEM)?,
            net: false,
            _table: table,
            _values: values,
        })
    }

    /// Creates a file in `/proc/sys/PATH`, for a path below `net`, for each entry, visible in the
    /// initial network namespace only. Process context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, also if one of the files exists.
    pub(crate) fn new_net(
        path: &'static CStr,
        values: Arc<T>,
        entries: &[Entry<T>],
    ) -> Result<Self> {
        let table = Self::table(&values, entries)?;
        // SAFETY: Path and names are static. The table and the values are valid until the header is
        // unregistered. The initial network namespace always exists.
        let header = unsafe {
            bindings::register_net_sysctl_sz(
                &raw mut bindings::init_net,
                path.as_char_ptr(),
                table.as_ptr().cast_mut(),
                table.len(),
            )
        };
        Ok(Self {
            // INVARIANT: Just registered.
            header: NonNull::new(header).ok_or(ENOMEM)?,
            net: true,
            _table: table,
            _values: values,
        })
    }

    fn table(values: &T, entries: &[Entry<T>]) -> Result<KVec<bindings::ctl_table>> {
        let mut table = KVec::with_capacity(entries.len(), GFP_KERNEL)?;
        for entry in entries {
            let value: *const Int = (entry.value)(values);
            table.push(
                bindings::ctl_table {
                    procname: entry.name.as_char_ptr(),
                    data: value.cast_mut().cast::<c_void>(),
                    maxlen: mem::size_of::<c_int>() as c_int,
                    mode: 0o644,
                    proc_handler: Some(proc_handler),
                    extra1: entry
                        .min
                        .map_or(ptr::null_mut(), |min| ptr::from_ref(min).cast_mut().cast()),
                    ..pin_init::zeroed()
                },
                GFP_KERNEL,
            )?;
        }
        Ok(table)
    }
}

/// Checks the capability, which the mode of the file does not: a container's root may own the file.
///
/// # Safety
///
/// Called by the core with an entry of a [`Directory`], and a buffer of `*lenp` bytes.
unsafe extern "C" fn proc_handler(
    ctl: *const bindings::ctl_table,
    write: c_int,
    buffer: *mut c_void,
    lenp: *mut usize,
    ppos: *mut bindings::loff_t,
) -> c_int {
    // SAFETY: Process context.
    if write != 0 && !unsafe { bindings::capable(bindings::CAP_NET_ADMIN as c_int) } {
        return EPERM.to_errno();
    }
    // Accesses the value as a whole, with `READ_ONCE` and `WRITE_ONCE`.
    //
    // SAFETY: By the safety requirement; the entry's data is an `int`, and so is its minimum, if
    // any.
    unsafe { bindings::proc_dointvec_minmax(ctl, write, buffer, lenp, ppos) }
}

impl<T> Drop for Directory<T> {
    fn drop(&mut self) {
        // Both wait until no handler is running any more.
        if self.net {
            // SAFETY: Registered with `register_net_sysctl_sz()` by the type invariant.
            unsafe { bindings::unregister_net_sysctl_table(self.header.as_ptr()) };
        } else {
            // SAFETY: Registered by the type invariant.
            unsafe { bindings::unregister_sysctl_table(self.header.as_ptr()) };
        }
    }
}
