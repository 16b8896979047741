// SPDX-License-Identifier: GPL-2.0

//! Safe calls of the driver's tracepoints, which follow a packet through a unit.
//! The argument `unit` is the name of the unit's node.
//!
//! A tracepoint that is not enabled costs one `nop`, because its branch is a static key.
//! `kernel::declare_trace!` would do the same, but only finds tracepoints in the bindings of the
//! kernel crate.
//!
//! C header: `rust/c/tracepoints.h`

#![cfg_attr(not(CONFIG_TRACEPOINTS), allow(unused_variables))]

use crate::linux::net::{
    device::Device,
    name::Name,
    private::Private,
    skb::{
        DropReason,
        SkBuff, //
    },
    skb_list::SkbList, //
};

/// The direction of a packet, from the stack's point of view.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the stack to a program.
    Tx,
    /// From a program to the stack.
    Rx,
}

/// Whether a tracepoint is enabled.
#[cfg(CONFIG_TRACEPOINTS)]
macro_rules! enabled {
    ($tracepoint:ident) => {
        // SAFETY: C defines the tracepoint, which has a static key.
        unsafe {
            kernel::jump_label::static_branch_unlikely!(
                crate::c::bindings::$tracepoint,
                kernel::bindings::tracepoint,
                key
            )
        }
    };
}

/// `bsdtun_queue`: the packet is about to be queued for a reader. `queued` returns the number of
/// queued packets, including this one.
#[inline(always)]
pub(crate) fn queue(unit: &Name, dev: &Device, skb: &SkBuff, queued: impl FnOnce() -> usize) {
    #[cfg(CONFIG_TRACEPOINTS)]
    if enabled!(__tracepoint_bsdtun_queue) {
        fire::queue(unit, dev, skb, queued());
    }
}

/// `bsdtun_read`: a program has read `copied` bytes of the packet and its prefix.
#[inline(always)]
pub(crate) fn read<T: Send + Sync + 'static>(
    unit: &Name,
    private: &Private<T>,
    skb: &SkBuff,
    copied: usize,
) {
    #[cfg(CONFIG_TRACEPOINTS)]
    if enabled!(__tracepoint_bsdtun_read) {
        fire::read(unit, private, skb, copied);
    }
}

/// [`read`] for each packet of a list, of which `copied` returns the number of copied bytes.
#[inline(always)]
pub(crate) fn read_list<T: Send + Sync + 'static>(
    unit: &Name,
    private: &Private<T>,
    packets: &SkbList,
    copied: impl Fn(&SkBuff) -> usize,
) {
    #[cfg(CONFIG_TRACEPOINTS)]
    if enabled!(__tracepoint_bsdtun_read) {
        packets.for_each(|skb| fire::read(unit, private, skb, copied(skb)));
    }
}

/// `bsdtun_write`: a program has written the packet, which is about to be passed to the stack.
#[inline(always)]
pub(crate) fn write(unit: &Name, dev: &Device, skb: &SkBuff) {
    #[cfg(CONFIG_TRACEPOINTS)]
    if enabled!(__tracepoint_bsdtun_write) {
        fire::write(unit, dev, skb);
    }
}

/// `bsdtun_drop`: a packet of `len` bytes is about to be dropped. `skb` is `None` if it was dropped
/// before a packet was allocated.
#[inline(always)]
pub(crate) fn drop<T: Send + Sync + 'static>(
    unit: &Name,
    private: &Private<T>,
    skb: Option<&SkBuff>,
    len: usize,
    direction: Direction,
    reason: DropReason,
) {
    #[cfg(CONFIG_TRACEPOINTS)]
    if enabled!(__tracepoint_bsdtun_drop) {
        fire::drop(unit, private, skb, len, direction, reason);
    }
}

/// The calls of enabled tracepoints.
///
/// C reads the arguments, in a context in which the device cannot be freed, and keeps no pointer.
#[cfg(CONFIG_TRACEPOINTS)]
mod fire {
    use super::*;
    use crate::c::bindings;
    use core::ptr;
    use kernel::{
        prelude::*,
        sync::rcu, //
    };

    /// The name as a C string, which its invariant terminates.
    fn name(unit: &Name) -> *const c_char {
        unit.as_padded().as_ptr().cast()
    }

    /// The device as C takes it; null if there is none.
    fn raw(dev: Option<&Device>) -> *const bindings::net_device {
        dev.map_or(ptr::null(), |dev| dev.as_raw().cast_const())
    }

    #[cold]
    pub(super) fn queue(unit: &Name, dev: &Device, skb: &SkBuff, queued: usize) {
        // SAFETY: The name is terminated, device and packet are valid by their type invariants.
        unsafe {
            bindings::rust_do_trace_bsdtun_queue(
                name(unit),
                dev.as_raw(),
                skb.as_raw(),
                queued as c_uint,
            )
        };
    }

    #[cold]
    pub(super) fn read<T: Send + Sync + 'static>(
        unit: &Name,
        private: &Private<T>,
        skb: &SkBuff,
        copied: usize,
    ) {
        let rcu = rcu::read_lock();
        let dev = raw(private.device_rcu(&rcu));
        // SAFETY: The name is terminated, the packet is valid by its type invariant, and the device
        // is null, or valid while the guard lives.
        unsafe { bindings::rust_do_trace_bsdtun_read(name(unit), dev, skb.as_raw(), copied) };
    }

    #[cold]
    pub(super) fn write(unit: &Name, dev: &Device, skb: &SkBuff) {
        // SAFETY: The name is terminated, device and packet are valid by their type invariants.
        unsafe { bindings::rust_do_trace_bsdtun_write(name(unit), dev.as_raw(), skb.as_raw()) };
    }

    #[cold]
    pub(super) fn drop<T: Send + Sync + 'static>(
        unit: &Name,
        private: &Private<T>,
        skb: Option<&SkBuff>,
        len: usize,
        direction: Direction,
        reason: DropReason,
    ) {
        let rcu = rcu::read_lock();
        let dev = raw(private.device_rcu(&rcu));
        let skb = skb.map_or(ptr::null(), |skb| skb.as_raw().cast_const());
        // SAFETY: The name is terminated. The packet is null, or valid by its type invariant; the
        // device is null, or valid while the guard lives.
        unsafe {
            bindings::rust_do_trace_bsdtun_drop(
                name(unit),
                dev,
                skb,
                len,
                direction == Direction::Tx,
                reason as u32,
            )
        };
    }
}
