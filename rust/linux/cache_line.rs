// SPDX-License-Identifier: GPL-2.0

//! Cache line alignment, against false sharing between CPUs.

use core::ops::Deref;
use kernel::prelude::*;

/// A value that shares its cache lines with no other value.
///
/// It is aligned to 64 bytes, the cache line size of most machines. On others it costs or saves
/// memory, and is still correct.
#[pin_data]
#[repr(align(64))]
pub(crate) struct CacheAligned<T> {
    #[pin]
    value: T,
}

impl<T> CacheAligned<T> {
    /// Initializes the value in place.
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
