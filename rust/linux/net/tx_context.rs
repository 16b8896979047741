// SPDX-License-Identifier: GPL-2.0

//! Proof of the context in which the stack transmits.

use kernel::types::NotThreadSafe;

/// Proof of the context in which the stack transmits: softirqs cannot run on this CPU.
///
/// # Invariants
///
/// Softirqs are off on the current CPU for as long as a reference to this type lives.
pub(crate) struct TxContext(NotThreadSafe);

impl TxContext {
    /// Returns the proof in a callback that C code calls with softirqs off, bound to a local value
    /// of the callback.
    ///
    /// # Safety
    ///
    /// Softirqs must be off on the current CPU as long as the borrow of `_scope`.
    pub(super) unsafe fn assume<T>(_scope: &T) -> &Self {
        const CONTEXT: &TxContext = &TxContext(NotThreadSafe);
        CONTEXT
    }
}
