// SPDX-License-Identifier: GPL-2.0

//! Keeping what different CPUs write out of each other's cache lines.

use core::ops::Deref;
use kernel::prelude::*;

/// A value that shares its cache lines with nothing else.
///
/// 64 bytes is a line on all machines that the driver is likely to see fast packets on; where it is
/// not, nothing breaks.
#[pin_data]
#[repr(align(64))]
pub(crate) struct CacheAligned<T> {
    #[pin]
    value: T,
}

impl<T> CacheAligned<T> {
    /// Puts a value on lines of its own.
    pub(crate) fn new<E>(value: impl PinInit<T, E>) -> impl PinInit<Self, E> {
        try_pin_init!(Self { value <- value }? E)
    }
}

impl<T> Deref for CacheAligned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
