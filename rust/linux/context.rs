// SPDX-License-Identifier: GPL-2.0

//! Proofs of the context that code runs in, for functions that are unsound elsewhere.

use kernel::types::NotThreadSafe;

/// Proof of process context with interrupts and softirqs on.
///
/// # Invariants
///
/// The current task is in that context for as long as a reference to this type lives, except while
/// it holds a guard that changes it.
pub(crate) struct ProcessContext(NotThreadSafe);

impl ProcessContext {
    /// Returns the proof, bound to a value of the caller.
    ///
    /// # Safety
    ///
    /// The current task must be in process context, with interrupts and softirqs on, as long as the
    /// borrow of `_scope`.
    pub(super) unsafe fn assume<T>(_scope: &T) -> &Self {
        const CONTEXT: &ProcessContext = &ProcessContext(NotThreadSafe);
        CONTEXT
    }
}
