// SPDX-License-Identifier: GPL-2.0

//! `struct virtio_net_hdr`, which describes a packet whose checksum or segmentation is left to its
//! receiver.
//!
//! C header: [`include/linux/virtio_net.h`](srctree/include/linux/virtio_net.h)

use crate::{
    c::bindings,
    linux::net::{
        device::Device,
        skb::SkBuff, //
    }, //
};
use core::mem;
use kernel::{
    error::to_result,
    prelude::*,
    sync::rcu, //
};

/// The bytes of `struct virtio_net_hdr`, in the byte order of the host.
pub(crate) type Bytes = [u8; mem::size_of::<bindings::virtio_net_hdr>()];

impl SkBuff {
    /// The header that describes the packet. `None` if it cannot: SCTP, encapsulations, a packet to
    /// be segmented whose checksum is not left to the receiver, and what an XDP program has
    /// mangled.
    pub(crate) fn virtio_net_hdr(&self) -> Option<Bytes> {
        if !self.is_simple_offload() {
            return None;
        }
        let mut hdr = bindings::virtio_net_hdr::default();
        // SAFETY: The packet is valid by the type invariant, and the structure a local one.
        let ret = unsafe { bindings::bsdtun_virtio_net_hdr_from_skb(self.as_raw(), &mut hdr) };
        to_result(ret).ok()?;
        // SAFETY: The structure consists of numbers without padding.
        Some(unsafe { mem::transmute::<bindings::virtio_net_hdr, Bytes>(hdr) })
    }
}

impl Device {
    /// Describes a packet, which is about to be received, by a header: its checksum is incomplete,
    /// it is to be segmented, or neither. The header may have any content.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the header does not fit the packet.
    pub(crate) fn set_virtio_net_hdr(
        &self,
        skb: &mut SkBuff,
        hdr: &Bytes,
        _rcu: &rcu::Guard,
    ) -> Result {
        let offset = if !self.is_ethernet() {
            0
        } else if skb.ethernet_destination().is_some() {
            bindings::ETH_HLEN as c_int
        } else {
            return Err(EINVAL);
        };
        // SAFETY: Any bytes are valid numbers, and the structure has no padding.
        let hdr = unsafe { mem::transmute::<Bytes, bindings::virtio_net_hdr>(*hdr) };
        skb.set_device(self.as_raw());
        // For the flow dissector, which parses the packet if the header does not say where the
        // transport header is.
        //
        // SAFETY: The packet is valid by the type invariant.
        unsafe { bindings::bsdtun_skb_set_network_header(skb.as_raw(), offset) };
        // SAFETY: The packet is valid and not shared, its device is valid under RCU, and its
        // network header is set.
        to_result(unsafe { bindings::bsdtun_virtio_net_hdr_to_skb(skb.as_raw(), &hdr) })
    }
}
