// SPDX-License-Identifier: GPL-2.0

//! Packets that are not finished: whose checksum is incomplete, that must be segmented (GSO), or
//! whose VLAN tag is not in the frame yet.
//!
//! C header: [`include/net/gso.h`](srctree/include/net/gso.h)

use crate::{
    c::bindings,
    linux::net::{
        device::Device,
        skb::{
            DropReason,
            Headers,
            SkBuff, //
        },
        skb_list::SkbList, //
    }, //
};
use core::ptr::{
    self,
    addr_of, //
};
use kernel::{
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*, //
};

/// The GSO types of TCP and UDP without encapsulation.
const PLAIN: u32 = (bindings::SKB_GSO_TCPV4
    | bindings::SKB_GSO_TCPV6
    | bindings::SKB_GSO_UDP_L4
    | bindings::SKB_GSO_DODGY
    | bindings::SKB_GSO_TCP_ECN
    | bindings::SKB_GSO_TCP_FIXEDID) as u32;

/// Length in bytes of a VLAN tag.
const VLAN_HLEN: usize = 4;

/// Lengths in bytes of the headers of TCP, without options, and of UDP.
const TCP_HEADER_LEN: usize = 20;
const UDP_HEADER_LEN: usize = 8;

/// How a GSO packet is to be segmented.
#[derive(Clone, Copy)]
pub(crate) struct Gso {
    /// Bytes of payload in each segment but the last.
    size: u16,
    types: u32,
}

impl SkBuff {
    /// Whether the checksum of the packet is incomplete (`CHECKSUM_PARTIAL`).
    pub(crate) fn is_checksum_partial(&self) -> bool {
        // SAFETY: The packet is valid by the type invariant.
        let headers = unsafe { Self::headers(self.as_raw()) };
        // SAFETY: As above.
        let ip_summed = unsafe { Headers::ip_summed_raw(headers) };
        u32::from(ip_summed) == bindings::CHECKSUM_PARTIAL
    }

    /// Trusts the writer of a packet that its checksum is correct (`CHECKSUM_UNNECESSARY`).
    pub(crate) fn set_checksum_unnecessary(&mut self) {
        // SAFETY: The packet is valid by the type invariant.
        let headers = unsafe { Self::headers(self.as_raw()) };
        // SAFETY: As above; its owner may write the field.
        unsafe { Headers::set_ip_summed_raw(headers, bindings::CHECKSUM_UNNECESSARY as u8) };
    }

    /// Whether both ends of the incomplete checksum are in the linear part of the packet. The stack
    /// guarantees that, but not for what an XDP program returns.
    fn has_valid_partial_checksum(&self) -> bool {
        let skb = self.as_raw();
        // SAFETY: The packet is valid by the type invariant.
        let start = unsafe { bindings::bsdtun_skb_checksum_start_offset(skb) };
        // SAFETY: As above. The union holds the offset of an incomplete checksum.
        let offset = unsafe {
            (*Self::headers(skb))
                .__bindgen_anon_1
                .__bindgen_anon_1
                .csum_offset
        };
        usize::try_from(start).is_ok_and(|start| start + usize::from(offset) + 2 <= self.headlen())
    }

    /// Whether a receiver can complete the checksum, and segment the packet if it is to be
    /// segmented, by what `struct virtio_net_hdr` can say.
    pub(super) fn is_simple_offload(&self) -> bool {
        if !self.is_checksum_partial() {
            return self.gso().is_none();
        }
        // SAFETY: The packet is valid by the type invariant.
        let is_sctp = unsafe { bindings::bsdtun_skb_csum_is_sctp(self.as_raw()) };
        self.has_valid_partial_checksum() && !is_sctp && self.is_gso_plain()
    }

    /// Whether the packet is not to be segmented, or is TCP or UDP without encapsulation, whose
    /// segmentation needs nothing but the packet. A driver that has none of the features for others
    /// gets them only in packets that bypass the stack's checks.
    pub(crate) fn is_gso_plain(&self) -> bool {
        let Some(gso) = self.gso() else {
            return true;
        };
        // SAFETY: The packet is valid by the type invariant.
        let headers = unsafe { Self::headers(self.as_raw()) };
        // GRE is recognized by this bit, and MPLS and NSH by the protocol: they have no GSO type.
        //
        // SAFETY: As above.
        let encapsulated = unsafe { Headers::encapsulation_raw(headers) } != 0;
        let protocol = u32::from(self.protocol_behind_tags());
        let is_ip = protocol == bindings::ETH_P_IP || protocol == bindings::ETH_P_IPV6;
        gso.types & !PLAIN == 0 && !encapsulated && is_ip
    }

    /// The EtherType, in host byte order, behind all VLAN tags that are in the frame; 0 if it is
    /// not in the linear part.
    fn protocol_behind_tags(&self) -> u16 {
        let mut protocol = self.protocol();
        // The position of the first tag, which is counted in `protocol`.
        let mut offset = bindings::ETH_HLEN as usize;
        while [bindings::ETH_P_8021Q, bindings::ETH_P_8021AD].contains(&protocol.into()) {
            let mut bytes = [0; 2];
            self.copy_linear(offset + 2, &mut bytes);
            protocol = u16::from_be_bytes(bytes);
            offset += VLAN_HLEN;
        }
        protocol
    }

    /// How the packet is to be segmented; `None` if it is not.
    pub(crate) fn gso(&self) -> Option<Gso> {
        // SAFETY: The packet is valid by the type invariant, and so is its shared part.
        let shinfo = unsafe { bindings::bsdtun_skb_shinfo(self.as_raw()) };
        // SAFETY: As above. Packet taps share the field, and nobody writes it while they do.
        let size = unsafe { (*shinfo).gso_size };
        // SAFETY: As above.
        let types = unsafe { (*shinfo).gso_type };
        (size != 0).then_some(Gso { size, types })
    }

    /// Number of packets that the packet is segmented into, computed from its length: who injected
    /// it may have stored any. 1 if it is not to be segmented.
    pub(crate) fn gso_segs(&self) -> usize {
        let Some(gso) = self.gso() else {
            return 1;
        };
        let payload = self.len().saturating_sub(self.gso_header_len(&gso));
        payload.div_ceil(gso.size.into()).max(1)
    }

    /// Length in bytes of the headers that each segment begins with.
    pub(crate) fn gso_header_len(&self, gso: &Gso) -> usize {
        let offset = self.transport_offset();
        if gso.types & bindings::SKB_GSO_UDP_L4 as u32 != 0 {
            return offset.saturating_add(UDP_HEADER_LEN);
        }
        // The upper half of this byte is the length in words.
        let mut data_offset = [0];
        self.copy_linear(offset.saturating_add(12), &mut data_offset);
        offset.saturating_add(TCP_HEADER_LEN.max(usize::from(data_offset[0] >> 4) * 4))
    }

    /// Position of the transport header, if one was set; otherwise any number.
    fn transport_offset(&self) -> usize {
        let skb = self.as_raw();
        // SAFETY: The packet is valid by the type invariant.
        let headers = unsafe { Self::headers(skb) };
        // SAFETY: As above.
        let transport_header = unsafe { (*headers).transport_header };
        // SAFETY: As above.
        let head = unsafe { (*skb).head };
        // SAFETY: As above.
        let data = unsafe { (*skb).data };
        (head as usize)
            .wrapping_add(transport_header.into())
            .wrapping_sub(data as usize)
    }

    /// The 802.1Q tag that is not in the frame, in host byte order.
    pub(crate) fn vlan_tag(&self) -> Option<u16> {
        // SAFETY: The packet is valid by the type invariant.
        if !unsafe { bindings::bsdtun_skb_vlan_tag_present(self.as_raw()) } {
            return None;
        }
        // SAFETY: As above.
        Some(unsafe { bindings::bsdtun_skb_vlan_tag_get(self.as_raw()) })
    }

    /// Whether the tag that is not in the frame, if there is one, is one of 802.1Q and not of
    /// 802.1ad.
    pub(crate) fn vlan_is_8021q(&self) -> bool {
        // SAFETY: The packet is valid by the type invariant.
        let headers = unsafe { Self::headers(self.as_raw()) };
        // SAFETY: As above. Both views of the union are plain numbers.
        let proto = unsafe { (*headers).__bindgen_anon_2.__bindgen_anon_1.vlan_proto };
        u32::from(u16::from_be(proto)) == bindings::ETH_P_8021Q
    }

    /// Sets the 802.1Q tag, in host byte order, of a received frame.
    pub(crate) fn set_vlan_tag(&mut self, tag: u16) {
        // SAFETY: The packet is valid by the type invariant.
        unsafe { bindings::bsdtun_vlan_hwaccel_put_tag(self.as_raw(), tag) };
    }

    /// Inserts the VLAN tag into the Ethernet frame, if it is not there. Any context.
    ///
    /// # Errors
    ///
    /// `None` if there was no memory, or the linear part is shorter than an Ethernet header: the
    /// packet is freed.
    pub(crate) fn vlan_push_inside(self) -> Option<Self> {
        if self.vlan_tag().is_none() {
            return Some(self);
        }
        if self.headlen() < bindings::ETH_HLEN as usize {
            self.drop_reason(DropReason::TooShort);
            return None;
        }
        // SAFETY: `into_raw` passes the reference on.
        let ptr = unsafe { bindings::bsdtun_vlan_hwaccel_push_inside(self.into_raw()) };
        // SAFETY: If it is not null, the packet is in no list, and its reference is returned.
        (!ptr.is_null()).then(|| unsafe { Self::from_raw(ptr) })
    }

    /// Completes the checksum, if it is incomplete. Clones keep the incomplete one. Any context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL` if the checksum is outside of the linear part, or the packet is to be
    /// segmented.
    pub(crate) fn checksum_help(&mut self) -> Result {
        if !self.is_checksum_partial() {
            return Ok(());
        }
        // C warns in these cases.
        if self.gso().is_some() || !self.has_valid_partial_checksum() {
            return Err(EINVAL);
        }
        // SAFETY: The packet is valid by the type invariant; its checksum is in the linear part.
        to_result(unsafe { bindings::skb_csum_hwoffload_help(self.as_raw(), 0) })
    }

    /// Segments a GSO packet: each segment has the number that [`Self::cb_mut`] stored, and
    /// complete checksums, except for that of an encapsulation which `dev` could complete. A VLAN
    /// tag that is not in the frame stays there. Any context but a hard interrupt.
    ///
    /// `dev` is the device that the packet is on its way to, for a packet that is not
    /// [plain](Self::is_gso_plain).
    ///
    /// # Errors
    ///
    /// Returns the packet if there is no memory, its headers do not fit its GSO type, or it is not
    /// plain and `dev` is `None`.
    pub(crate) fn gso_segment(mut self, dev: Option<&Device>) -> Result<SkbList, Self> {
        if self.gso().is_none() || dev.is_none() && !self.is_gso_plain() {
            return Err(self);
        }
        let skb = self.as_raw();
        if !self.is_checksum_partial() {
            // The checksum is initialized in place: not in the clones.
            //
            // SAFETY: The packet is valid by the type invariant.
            if unsafe { bindings::bsdtun_skb_cow_head(skb, 0) } != 0 {
                return Err(self);
            }
        }
        self.set_device(dev.map_or(ptr::null_mut(), Device::as_raw));
        // A receiver gathers the fragments, and nothing else is left to it.
        let features = bindings::NETIF_F_SG | bindings::NETIF_F_FRAGLIST;
        // SAFETY: The packet is valid by the type invariant. Its device is valid, or null for a
        // type whose segmentation does not look at it.
        let segments = from_err_ptr(unsafe { bindings::__skb_gso_segment(skb, features, true) });
        let Ok(mut segment) = segments else {
            return Err(self);
        };
        if segment.is_null() {
            return Err(self);
        }
        let mut list = SkbList::new();
        while !segment.is_null() {
            // SAFETY: Each segment is a valid packet, linked through `next`.
            let next = unsafe { *addr_of!((*segment).__bindgen_anon_1.__bindgen_anon_1.next) };
            // SAFETY: As above; the reference is the caller's. `push` overwrites the link.
            let mut skb = unsafe { Self::from_raw(segment) };
            skb.set_device(ptr::null_mut());
            list.push(skb);
            segment = next;
        }
        // Not dropped: the segments hold the data.
        self.drop_reason(DropReason::Consumed);
        Ok(list)
    }
}
