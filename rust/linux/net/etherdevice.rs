// SPDX-License-Identifier: GPL-2.0

//! Ethernet addresses, and the Ethernet header of a packet.
//!
//! C header: [`include/linux/etherdevice.h`](srctree/include/linux/etherdevice.h)

use crate::{
    c::bindings,
    linux::net::skb::SkBuff, //
};

/// An Ethernet address, in the order of its bytes on the wire.
pub(crate) type EthernetAddress = [u8; 6];

/// Whether a station can have the address: it is neither zero nor a group address. C's
/// `is_valid_ether_addr()`.
pub(super) fn is_valid_ether_addr(address: &EthernetAddress) -> bool {
    address[0] & 1 == 0 && *address != EthernetAddress::default()
}

impl SkBuff {
    /// The destination address of an Ethernet frame; `None` if its linear part is shorter than an
    /// Ethernet header.
    pub(crate) fn ethernet_destination(&self) -> Option<EthernetAddress> {
        if self.headlen() < bindings::ETH_HLEN as usize {
            return None;
        }
        // SAFETY: The packet is valid by its type invariant.
        let data = unsafe { (*self.as_raw()).data };
        // SAFETY: The linear part, which starts here, holds a whole header.
        Some(unsafe { data.cast::<EthernetAddress>().read() })
    }

    /// Prepares a frame for the stack, as received from `dev`: sets the protocol and the packet
    /// type from the Ethernet header, and moves the start of the packet behind the header.
    ///
    /// # Safety
    ///
    /// `dev` must point to a valid Ethernet device, and the linear part of the packet must hold a
    /// whole header, see [`Self::ethernet_destination`].
    pub(super) unsafe fn eth_type_trans(&mut self, dev: *mut bindings::net_device) {
        // SAFETY: By the safety requirements.
        let protocol = unsafe { bindings::eth_type_trans(self.as_raw(), dev) };
        self.set_protocol(u16::from_be(protocol));
    }
}
