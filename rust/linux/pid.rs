// SPDX-License-Identifier: GPL-2.0

//! Process identifiers: `struct pid`, which outlives the process.
//!
//! C header: [`include/linux/pid.h`](srctree/include/linux/pid.h)

use crate::c::bindings;
use core::ptr::NonNull;
use kernel::sync::rcu;

/// A reference to the identifier of a process.
///
/// # Invariants
///
/// `ptr` points to a valid `struct pid`, and this value owns a reference to it.
pub(crate) struct Pid {
    ptr: NonNull<bindings::pid>,
}

// SAFETY: A `struct pid` is reference counted, and belongs to no thread.
unsafe impl Send for Pid {}
// SAFETY: As above; it does not change.
unsafe impl Sync for Pid {}

impl Pid {
    /// The process of the current thread. Process context.
    pub(crate) fn current() -> Option<Self> {
        // SAFETY: There always is a current task.
        let task = unsafe { bindings::get_current() };
        // SAFETY: The current task is valid.
        let ptr = unsafe { bindings::get_task_pid(task, bindings::pid_type_PIDTYPE_TGID) };
        // INVARIANT: The reference was just taken.
        Some(Self {
            ptr: NonNull::new(ptr)?,
        })
    }

    /// The number of the process in the current PID namespace; 0 if it is not visible there, or if
    /// the process has exited, because then another one may get its number.
    pub(crate) fn vnr(&self) -> i32 {
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
