// SPDX-License-Identifier: GPL-2.0

//! Copies of packets to user space.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use crate::{
    c::bindings,
    linux::net::skb::SkBuff, //
};
use core::ptr;
use kernel::{
    iov::IovIterDest,
    prelude::*, //
};

impl SkBuff {
    /// Copies the first `len` bytes of the packet to the user. Process context.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the packet is shorter than `len`, `EFAULT` if the user's memory cannot be
    /// written.
    pub(crate) fn copy_to_iter(&self, iter: &mut IovIterDest<'_>, len: usize) -> Result {
        if len > self.len() {
            return Err(EINVAL);
        }
        let skb = self.as_raw();
        let copied = if len <= self.headlen() {
            // SAFETY: The packet is valid by the type invariant.
            let data = unsafe { (*skb).data };
            // Unlike `IovIterDest::copy_to_iter`, this checks the object that is copied from
            // (`CONFIG_HARDENED_USERCOPY`).
            //
            // SAFETY: The linear part has `len` bytes; `iter` is valid.
            unsafe { bindings::bsdtun_copy_to_iter(data.cast(), len, iter.as_raw()) == len }
        } else {
            let len = c_int::try_from(len).map_err(|_| EINVAL)?;
            // SAFETY: The packet is valid by the type invariant and has `len` bytes; `iter` is
            // valid.
            unsafe { bindings::skb_copy_datagram_iter(skb, 0, iter.as_raw(), len) == 0 }
        };
        if copied {
            Ok(())
        } else {
            Err(EFAULT)
        }
    }

    /// Copies `front`, and behind it the first `len` bytes of the packet, to the user. Process
    /// context.
    ///
    /// If the packet has room in front and nobody else uses it, this is one copy: the bytes are in
    /// front of the packet meanwhile.
    ///
    /// # Errors
    ///
    /// As [`Self::copy_to_iter`].
    #[inline(always)]
    pub(crate) fn copy_to_iter_behind(
        &mut self,
        front: &[u8],
        iter: &mut IovIterDest<'_>,
        len: usize,
    ) -> Result {
        if !self.push(front) {
            if iter.copy_to_iter(front) != front.len() {
                return Err(EFAULT);
            }
            return self.copy_to_iter(iter, len);
        }
        let copied = self.copy_to_iter(iter, front.len() + len);
        // SAFETY: The packet is valid by the type invariant, and `front` was pushed above.
        unsafe { (*self.as_raw()).data = (*self.as_raw()).data.add(front.len()) };
        // SAFETY: As above.
        unsafe { (*self.as_raw()).len -= front.len() as u32 };
        copied
    }

    /// Puts bytes in front of the packet. Returns whether there was room.
    #[inline(always)]
    fn push(&mut self, bytes: &[u8]) -> bool {
        let skb = self.as_raw();
        // SAFETY: The packet is valid by the type invariant.
        let data = unsafe { (*skb).data };
        // SAFETY: As above.
        let headroom = data.addr() - unsafe { (*skb).head }.addr();
        // SAFETY: As above.
        if bytes.len() > headroom || unsafe { bindings::bsdtun_skb_header_cloned(skb) } {
            return false;
        }
        // SAFETY: As above.
        if unsafe { bindings::bsdtun_skb_shared(skb) } {
            return false;
        }
        // SAFETY: There are as many bytes between the head and the data.
        let data = unsafe { data.sub(bytes.len()) };
        // SAFETY: As above. The headroom belongs to this value: there is no other reference, and
        // clones do not use the header.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len()) };
        // SAFETY: The packet is valid and belongs to this value.
        unsafe { (*skb).data = data };
        // SAFETY: As above. A packet and what is in front of it are far shorter than `u32::MAX`.
        unsafe { (*skb).len += bytes.len() as u32 };
        true
    }
}
