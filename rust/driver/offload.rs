// SPDX-License-Identifier: GPL-2.0

//! Packets whose checksum or segmentation is left to the other side: their header in reads and
//! writes, and the features of the interface.
//!
//! The stack passes packets that are not finished while the interface has the features for it,
//! which it has while the program has switched a header on. But the stack does not look again at
//! packets that wait in a queueing discipline or in the driver's queue, and what an XDP program
//! sends bypasses it. So each read decides anew: a packet that the program's header cannot describe
//! is finished when it is taken from the queue, see [`prepare`].

use crate::{
    bsd::offload::{
        capabilities,
        HeaderKind,
        OffloadHeader,
        TunHdr,
        VirtioNetHdr, //
    },
    driver::{
        drops::DropCause,
        packet_list::{
            self,
            PacketList, //
        }, //
    },
    linux::net::{
        new_device::features,
        skb::SkBuff, //
    }, //
};

/// Features that the interface can have while a virtio header is on.
const VIRTIO_FEATURES: u64 =
    features::HW_CSUM | features::TSO | features::TSO6 | features::TSO_ECN | features::GSO_UDP_L4;

/// Those that it gets at once. The others, which FreeBSD's header has no numbers for, are for
/// `ethtool -K`.
const VIRTIO_FEATURES_DEFAULT: u64 = features::HW_CSUM | features::TSO | features::TSO6;

/// All features of a layer 3 interface that depend on the header.
pub(super) const FEATURES: u64 = VIRTIO_FEATURES | features::IP_CSUM | features::IPV6_CSUM;

/// All features of an Ethernet interface that depend on the header.
pub(super) const FEATURES_ETHERNET: u64 = FEATURES | features::HW_VLAN_CTAG_TX;

/// Enough of a packet for Ethernet, IP and several extension headers.
pub(super) const HEAD_LEN: usize = 256;

/// The features that the interface can have while the program has this header.
pub(super) fn permitted_features(header: OffloadHeader) -> u64 {
    match header.kind() {
        HeaderKind::None => 0,
        HeaderKind::Virtio => VIRTIO_FEATURES,
        HeaderKind::Tun(caps) => [
            (
                capabilities::CSUM_TCPV4 | capabilities::CSUM_UDPV4,
                features::IP_CSUM,
            ),
            (
                capabilities::CSUM_TCPV6 | capabilities::CSUM_UDPV6,
                features::IPV6_CSUM,
            ),
            (capabilities::TSOV4, features::TSO),
            (capabilities::TSOV6, features::TSO6),
            (capabilities::VLAN_HWTAGGING, features::HW_VLAN_CTAG_TX),
        ]
        .into_iter()
        .filter(|&(capability, _)| caps & capability != 0)
        .fold(0, |all, (_, feature)| all | feature),
    }
}

/// The features that it gets when the program switches the header on.
pub(super) fn default_features(header: OffloadHeader) -> u64 {
    match header.kind() {
        HeaderKind::Virtio => VIRTIO_FEATURES_DEFAULT,
        _ => permitted_features(header),
    }
}

/// A packet that was taken from the queue, prepared for a read.
pub(super) enum Prepared {
    /// The packet, with the header that describes it in front.
    Ready(SkBuff),
    /// Its segments, which are finished, to be read instead.
    Segments(PacketList),
    /// It must be dropped; `None` if it is freed.
    Failed(Option<SkBuff>, DropCause),
}

/// Prepares a packet for a read with this header: finishes what the header cannot describe. Any
/// context but a hard interrupt; does not sleep.
#[cold]
pub(super) fn prepare(mut skb: SkBuff, header: OffloadHeader, ethernet: bool) -> Prepared {
    let len = header.len();
    if !packet_list::is_unfinished(&skb) {
        packet_list::set_header(&mut skb, &[], len);
        return Prepared::Ready(skb);
    }
    if describe(&mut skb, header, ethernet).is_some() {
        return Prepared::Ready(skb);
    }
    if ethernet {
        skb = match skb.vlan_push_inside() {
            Some(skb) => skb,
            None => return Prepared::Failed(None, DropCause::TxNoMemory),
        };
        // The tag may have been all that the header has no place for.
        if describe(&mut skb, header, ethernet).is_some() {
            return Prepared::Ready(skb);
        }
    }
    packet_list::now_finished(&mut skb);
    if skb.gso().is_some() {
        return match skb.gso_segment(None) {
            Ok(segments) => Prepared::Segments(segments.into()),
            Err(skb) => Prepared::Failed(Some(skb), DropCause::TxSegmentation),
        };
    }
    match skb.checksum_help() {
        Ok(()) => {
            packet_list::set_header(&mut skb, &[], len);
            Prepared::Ready(skb)
        }
        Err(_) => Prepared::Failed(Some(skb), DropCause::TxChecksum),
    }
}

/// Stores the header that describes a packet; `None` if the packet must be finished first.
fn describe(skb: &mut SkBuff, header: OffloadHeader, ethernet: bool) -> Option<()> {
    let vlan = if ethernet { skb.vlan_tag() } else { None };
    match header.kind() {
        HeaderKind::None => {
            let finished = vlan.is_none() && !skb.is_checksum_partial() && skb.gso().is_none();
            finished.then_some(())
        }
        HeaderKind::Virtio => {
            let hdr = virtio_net_hdr(skb).filter(|_| vlan.is_none())?;
            packet_list::set_header(skb, &hdr.to_bytes(), header.len());
            Some(())
        }
        HeaderKind::Tun(caps) => {
            if vlan.is_some() && !skb.vlan_is_8021q() {
                return None;
            }
            let hdr = virtio_net_hdr(skb)?;
            let mut head = [0; HEAD_LEN];
            let head_len = skb.copy_linear(0, &mut head);
            let hdr = TunHdr::describe(&hdr, vlan, caps, &head[..head_len], ethernet)?;
            packet_list::set_header(skb, &hdr.to_bytes(), header.len());
            Some(())
        }
    }
}

/// The virtio header that describes a packet, with the length of its headers, as FreeBSD fills it
/// in.
fn virtio_net_hdr(skb: &SkBuff) -> Option<VirtioNetHdr> {
    let mut hdr = VirtioNetHdr::from_bytes(&skb.virtio_net_hdr()?);
    if let Some(gso) = skb.gso() {
        hdr.set_hdr_len(u16::try_from(skb.gso_header_len(&gso)).ok()?);
    }
    Some(hdr)
}
