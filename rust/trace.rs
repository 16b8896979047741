// SPDX-License-Identifier: GPL-2.0

//! Tracepoints: what happens to packets, for those who watch.
//!
//! While nobody does, each costs a `nop`: the branch is a static key's. `kernel::declare_trace!`
//! would be the same, but takes the tracepoint from the kernel crate's bindings.
//!
//! C header: `rust/tracepoints.h`

#![cfg_attr(not(CONFIG_TRACEPOINTS), allow(unused_variables))]

use crate::linux::net::{
    device::Device,
    name::Name,
    private::Private,
    skb::{
        DropReason,
        SkBuff, //
    }, //
};

/// Which way a packet goes, as the stack sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the stack to a program.
    Tx,
    /// From a program to the stack.
    Rx,
}

/// Whether somebody watches a tracepoint.
#[cfg(CONFIG_TRACEPOINTS)]
macro_rules! watched {
    ($tracepoint:ident) => {
        // SAFETY: C defines the tracepoint, and its static key with it.
        unsafe {
            kernel::jump_label::static_branch_unlikely!(
                crate::c::bindings::$tracepoint,
                kernel::bindings::tracepoint,
                key
            )
        }
    };
}

/// The packet is about to be queued for a reader, as the one that makes it `queued`.
#[inline(always)]
pub(crate) fn queued(unit: &Name, dev: &Device, skb: &SkBuff, queued: impl FnOnce() -> usize) {
    #[cfg(CONFIG_TRACEPOINTS)]
    if watched!(__tracepoint_bsdtun_queue) {
        fire::queued(unit, dev, skb, queued());
    }
}

/// A program has read the packet: so many bytes with its prefix.
#[inline(always)]
pub(crate) fn read<T: Send + Sync + 'static>(
    unit: &Name,
    private: &Private<T>,
    skb: &SkBuff,
    copied: usize,
) {
    #[cfg(CONFIG_TRACEPOINTS)]
    if watched!(__tracepoint_bsdtun_read) {
        fire::read(unit, private, skb, copied);
    }
}

/// A program has written the packet, which the stack has not seen yet.
#[inline(always)]
pub(crate) fn written(unit: &Name, dev: &Device, skb: &SkBuff) {
    #[cfg(CONFIG_TRACEPOINTS)]
    if watched!(__tracepoint_bsdtun_write) {
        fire::written(unit, dev, skb);
    }
}

/// A packet of so many bytes is about to be thrown away, or was refused before it was one.
#[inline(always)]
pub(crate) fn dropped<T: Send + Sync + 'static>(
    unit: &Name,
    private: &Private<T>,
    skb: Option<&SkBuff>,
    len: usize,
    way: Direction,
    reason: DropReason,
) {
    #[cfg(CONFIG_TRACEPOINTS)]
    if watched!(__tracepoint_bsdtun_drop) {
        fire::dropped(unit, private, skb, len, way, reason);
    }
}

/// What is done when somebody watches.
///
/// C reads, under RCU or in a context in which the device stays, and keeps no pointer.
#[cfg(CONFIG_TRACEPOINTS)]
mod fire {
    use super::*;
    use crate::c::bindings;
    use core::ptr;
    use kernel::{
        prelude::*,
        sync::rcu, //
    };

    /// The name as C takes it. It ends with a NUL by its invariant.
    fn name(unit: &Name) -> *const c_char {
        unit.as_padded().as_ptr().cast()
    }

    fn raw(dev: Option<&Device>) -> *const bindings::net_device {
        dev.map_or(ptr::null(), |dev| dev.as_raw().cast_const())
    }

    #[cold]
    pub(super) fn queued(unit: &Name, dev: &Device, skb: &SkBuff, queued: usize) {
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
        // SAFETY: The name is terminated, the packet is valid by its type invariant, and a device
        // stays valid while the guard lives.
        unsafe { bindings::rust_do_trace_bsdtun_read(name(unit), dev, skb.as_raw(), copied) };
    }

    #[cold]
    pub(super) fn written(unit: &Name, dev: &Device, skb: &SkBuff) {
        // SAFETY: The name is terminated, device and packet are valid by their type invariants.
        unsafe { bindings::rust_do_trace_bsdtun_write(name(unit), dev.as_raw(), skb.as_raw()) };
    }

    #[cold]
    pub(super) fn dropped<T: Send + Sync + 'static>(
        unit: &Name,
        private: &Private<T>,
        skb: Option<&SkBuff>,
        len: usize,
        way: Direction,
        reason: DropReason,
    ) {
        let rcu = rcu::read_lock();
        let dev = raw(private.device_rcu(&rcu));
        let skb = skb.map_or(ptr::null(), |skb| skb.as_raw().cast_const());
        // SAFETY: The name is terminated, a packet is valid by its type invariant, and a device
        // stays valid while the guard lives.
        unsafe {
            bindings::rust_do_trace_bsdtun_drop(
                name(unit),
                dev,
                skb,
                len,
                way == Direction::Tx,
                reason as u32,
            )
        };
    }
}
