// SPDX-License-Identifier: GPL-2.0

//! Identities of processes, kept beyond their life.
//!
//! C header: [`include/linux/pid.h`](srctree/include/linux/pid.h)

use crate::c::bindings;
use core::ptr::NonNull;
use kernel::sync::rcu;

/// A process.
///
/// # Invariants
///
/// `ptr` points to a valid `struct pid`, of which this value owns a reference.
pub(crate) struct Pid {
    ptr: NonNull<bindings::pid>,
}

// SAFETY: A `struct pid` is reference counted, and belongs to no thread.
unsafe impl Send for Pid {}
// SAFETY: As above; it does not change.
unsafe impl Sync for Pid {}

impl Pid {
    /// The process that the current thread belongs to.
    pub(crate) fn current() -> Option<Self> {
        // SAFETY: The current task is valid.
        let ptr = unsafe {
            bindings::get_task_pid(bindings::get_current(), bindings::pid_type_PIDTYPE_TGID)
        };
        // INVARIANT: The reference was just taken.
        Some(Self {
            ptr: NonNull::new(ptr)?,
        })
    }

    /// The number that the process has for the current one; 0 if it is over, for then the number
    /// may be another's, or cannot be seen from there.
    pub(crate) fn number_here(&self) -> i32 {
        let _rcu = rcu::read_lock();
        // SAFETY: Valid by the type invariant; RCU is held.
        let task =
            unsafe { bindings::pid_task(self.ptr.as_ptr(), bindings::pid_type_PIDTYPE_TGID) };
        if task.is_null() {
            return 0;
        }
        // SAFETY: Valid by the type invariant.
        unsafe { bindings::pid_vnr(self.ptr.as_ptr()) }
    }
}

impl Drop for Pid {
    fn drop(&mut self) {
        // SAFETY: By the type invariant this value owns a reference, which ends here.
        unsafe { bindings::put_pid(self.ptr.as_ptr()) };
    }
}
