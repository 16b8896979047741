// SPDX-License-Identifier: GPL-2.0

//! The offload headers: what precedes a packet whose checksum or segmentation is left to the
//! program, or, on a write, to the kernel.
//!
//! FreeBSD's header is virtio's `struct virtio_net_hdr` (`TAPSVNETHDR`), OpenBSD's is
//! `struct tun_hdr` (`TUNSCAP`). Both precede the prefix that the framing gives, and both are in
//! the byte order of the host. A packet has a virtio header in the kernel; `struct tun_hdr` is
//! translated from and to that, for which the headers of the packet are parsed.

use crate::bsd::{
    framing::PACKET_MAX,
    packet::{
        Network,
        ICMP_CHECK,
        IPPROTO_ICMP,
        IPPROTO_ICMPV6,
        IPPROTO_TCP,
        IPPROTO_UDP,
        TCP_CHECK,
        UDP_CHECK, //
    }, //
};

/// `IFCAP_` bits of `include/openbsd/net/if_tun_hdr.h`.
pub(crate) mod capabilities {
    pub(crate) const CSUM_IPV4: u32 = 0x1;
    pub(crate) const CSUM_TCPV4: u32 = 0x2;
    pub(crate) const CSUM_UDPV4: u32 = 0x4;
    pub(crate) const VLAN_MTU: u32 = 0x10;
    pub(crate) const VLAN_HWTAGGING: u32 = 0x20;
    pub(crate) const VLAN_HWOFFLOAD: u32 = 0x40;
    pub(crate) const CSUM_TCPV6: u32 = 0x80;
    pub(crate) const CSUM_UDPV6: u32 = 0x100;
    pub(crate) const TSOV4: u32 = 0x1000;
    pub(crate) const TSOV6: u32 = 0x2000;
    pub(crate) const LRO: u32 = 0x4000;

    /// All of them.
    pub(crate) const ALL: u32 = CSUM_IPV4
        | CSUM_TCPV4
        | CSUM_UDPV4
        | VLAN_MTU
        | VLAN_HWTAGGING
        | VLAN_HWOFFLOAD
        | CSUM_TCPV6
        | CSUM_UDPV6
        | TSOV4
        | TSOV6
        | LRO;
}

/// The header of a unit, as one number that a unit keeps in an atomic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OffloadHeader(u32);

/// An [`OffloadHeader`], decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderKind {
    /// No header.
    None,
    /// `struct virtio_net_hdr`; with 12 bytes `struct virtio_net_hdr_mrg_rxbuf`.
    Virtio,
    /// `struct tun_hdr`, for a program with these [`capabilities`].
    Tun(u32),
}

impl OffloadHeader {
    /// No header.
    pub(crate) const NONE: Self = Self(0);

    const TUN: u32 = 1 << 31;

    /// `TAPSVNETHDR`: a virtio header of this length, none if it is 0. `None`, for `EINVAL`, if it
    /// is not 0, 10 or 12.
    ///
    /// Source: FreeBSD `sys/net/if_tuntap.c`.
    pub(crate) fn virtio(len: i32) -> Option<Self> {
        match len {
            0 | 10 | 12 => Some(Self(len as u32)),
            _ => None,
        }
    }

    /// `TUNSCAP`: `struct tun_hdr`, for a program with these [`capabilities`]. `None`, for
    /// `EINVAL`, if there is an unknown one.
    ///
    /// Source: OpenBSD `sys/net/if_tun.c`.
    pub(crate) fn tun(caps: u32) -> Option<Self> {
        (caps & !capabilities::ALL == 0).then_some(Self(Self::TUN | caps))
    }

    /// Encodes the header.
    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    /// Decodes what [`Self::to_bits`] returned.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether packets have no header.
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The header, decoded.
    pub(crate) const fn kind(self) -> HeaderKind {
        match self.0 {
            0 => HeaderKind::None,
            bits if bits & Self::TUN != 0 => HeaderKind::Tun(bits & !Self::TUN),
            _ => HeaderKind::Virtio,
        }
    }

    /// Length in bytes.
    pub(crate) const fn len(self) -> usize {
        match self.kind() {
            HeaderKind::Tun(_) => TUN_HDR_LEN,
            _ => self.0 as usize,
        }
    }

    /// `TAPGVNETHDR`: the length of the virtio header, 0 if there is none.
    pub(crate) const fn virtio_len(self) -> i32 {
        match self.kind() {
            HeaderKind::Virtio => self.0 as i32,
            _ => 0,
        }
    }

    /// Classifies a write of `len` bytes, of which the framing needs `prefix` behind the header.
    pub(crate) fn write(self, len: usize, prefix: usize) -> Write {
        let after = len.checked_sub(self.len());
        match (self.kind(), after) {
            (_, _) if len == 0 => Write::Empty,
            (HeaderKind::Tun(_), Some(after)) if after < prefix => Write::BadLength,
            (HeaderKind::Tun(_), None) => Write::BadLength,
            (HeaderKind::Tun(_), Some(after)) if after - prefix > PACKET_MAX => Write::BadLength,
            (_, Some(0) | None) => Write::HeaderOnly,
            (_, Some(after)) => Write::Packet(after),
        }
    }
}

/// The content of a write that begins with an offload header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// No bytes: the write returns 0 and has no effect.
    Empty,
    /// No more than a virtio header: the write succeeds, if its bytes can be read, and has no
    /// effect. Source: FreeBSD.
    HeaderOnly,
    /// Behind a `tun_hdr`, too few or too many bytes: the write fails with `EMSGSIZE`. Source:
    /// OpenBSD.
    BadLength,
    /// So many bytes follow the header.
    Packet(usize),
}

/// Length in bytes of `struct virtio_net_hdr`.
pub(crate) const VIRTIO_NET_HDR_LEN: usize = 10;

/// Length in bytes of the longest header.
pub(crate) const HEADER_MAX: usize = 12;

/// Length in bytes of `struct tun_hdr`.
const TUN_HDR_LEN: usize = 8;

const NEEDS_CSUM: u8 = 1;
const DATA_VALID: u8 = 2;
const GSO_NONE: u8 = 0;
const GSO_TCPV4: u8 = 1;
const GSO_TCPV6: u8 = 4;

/// `struct virtio_net_hdr` of `<linux/virtio_net.h>`, in the byte order of the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct VirtioNetHdr {
    flags: u8,
    gso_type: u8,
    hdr_len: u16,
    gso_size: u16,
    csum_start: u16,
    csum_offset: u16,
}

impl VirtioNetHdr {
    /// Decodes the bytes of C's structure.
    pub(crate) fn from_bytes(bytes: &[u8; VIRTIO_NET_HDR_LEN]) -> Self {
        let word = |i: usize| u16::from_ne_bytes([bytes[i], bytes[i + 1]]);
        Self {
            flags: bytes[0],
            gso_type: bytes[1],
            hdr_len: word(2),
            gso_size: word(4),
            csum_start: word(6),
            csum_offset: word(8),
        }
    }

    /// The bytes of C's structure.
    pub(crate) fn to_bytes(self) -> [u8; VIRTIO_NET_HDR_LEN] {
        let mut bytes = [0; VIRTIO_NET_HDR_LEN];
        bytes[0] = self.flags;
        bytes[1] = self.gso_type;
        for (i, word) in [
            self.hdr_len,
            self.gso_size,
            self.csum_start,
            self.csum_offset,
        ]
        .into_iter()
        .enumerate()
        {
            bytes[2 + 2 * i..4 + 2 * i].copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    /// Whether the kernel has to complete the checksum or to segment the packet.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.flags & NEEDS_CSUM != 0 || self.gso_type != GSO_NONE
    }

    /// The length of the headers of a packet that is to be segmented; 0 if the writer has left it
    /// out.
    pub(crate) fn gso_header_len(&self) -> Option<usize> {
        (self.gso_type != GSO_NONE).then_some(self.hdr_len.into())
    }

    /// Whether the writer vouches for the checksum.
    pub(crate) fn is_data_valid(&self) -> bool {
        self.flags & (NEEDS_CSUM | DATA_VALID) == DATA_VALID
    }

    /// Stores the length of the headers in front of the payload.
    pub(crate) fn set_hdr_len(&mut self, hdr_len: u16) {
        self.hdr_len = hdr_len;
    }

    /// The position of the transport header, if the checksum is incomplete.
    fn csum_start(&self) -> Option<usize> {
        (self.flags & NEEDS_CSUM != 0).then_some(self.csum_start.into())
    }
}

/// Flags of `struct tun_hdr`.
const TUN_H_VTAG: u16 = 0x10;
const TUN_H_TCP_MSS: u16 = 0x20;
const TUN_H_IPV4_CSUM: u16 = 0x100;
const TUN_H_TCP_CSUM: u16 = 0x200;
const TUN_H_UDP_CSUM: u16 = 0x400;
const TUN_H_ICMP_CSUM: u16 = 0x800;

/// A header that no packet can have: the write fails with `EINVAL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadHeader;

/// `struct tun_hdr`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TunHdr {
    flags: u16,
    vtag: u16,
    mss: u16,
}

impl TunHdr {
    /// Decodes what a program has written, on a unit with Ethernet frames or without.
    ///
    /// The priority, the padding and unknown flags are ignored.
    ///
    /// Source: OpenBSD `sys/net/if_tun.c`.
    pub(crate) fn from_bytes(bytes: &[u8; TUN_HDR_LEN], ethernet: bool) -> Result<Self, BadHeader> {
        let word = |i: usize| u16::from_ne_bytes([bytes[i], bytes[i + 1]]);
        let hdr = Self {
            flags: word(0),
            vtag: word(4),
            mss: word(6),
        };
        let checksums = hdr.flags & (TUN_H_TCP_CSUM | TUN_H_UDP_CSUM | TUN_H_ICMP_CSUM);
        if checksums.count_ones() > 1 || hdr.flags & TUN_H_VTAG != 0 && !ethernet {
            return Err(BadHeader);
        }
        Ok(hdr)
    }

    /// The bytes that a read returns.
    pub(crate) fn to_bytes(self) -> [u8; TUN_HDR_LEN] {
        let mut bytes = [0; TUN_HDR_LEN];
        for (i, word) in [self.flags, 0, self.vtag, self.mss].into_iter().enumerate() {
            bytes[2 * i..2 * i + 2].copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    /// The header of a packet that the kernel describes by `hdr`, for a program with `caps`, and
    /// whose 802.1Q tag is `vlan`. `head` is the beginning of the packet. `None` if the program
    /// cannot take the packet as it is, or the header cannot describe it.
    pub(crate) fn describe(
        hdr: &VirtioNetHdr,
        vlan: Option<u16>,
        caps: u32,
        head: &[u8],
        ethernet: bool,
    ) -> Option<Self> {
        use capabilities::*;

        let mut tun_hdr = Self::default();
        if let Some(vtag) = vlan {
            if !ethernet || caps & VLAN_HWTAGGING == 0 {
                return None;
            }
            tun_hdr.flags |= TUN_H_VTAG;
            tun_hdr.vtag = vtag;
        }
        if !hdr.is_unfinished() {
            return Some(tun_hdr);
        }
        let start = hdr.csum_start()?;
        let transport = Network::parse(head, ethernet)?.transport(head)?;
        if transport.offset != start {
            return None;
        }
        let (flag, cap4, cap6) = match (transport.protocol, hdr.csum_offset) {
            (IPPROTO_TCP, TCP_CHECK) => (TUN_H_TCP_CSUM, CSUM_TCPV4, CSUM_TCPV6),
            (IPPROTO_UDP, UDP_CHECK) => (TUN_H_UDP_CSUM, CSUM_UDPV4, CSUM_UDPV6),
            _ => return None,
        };
        tun_hdr.flags |= flag;
        let needed = match (hdr.gso_type, transport.ipv6) {
            (GSO_NONE, false) => cap4,
            (GSO_NONE, true) => cap6,
            (GSO_TCPV4, false) => TSOV4,
            (GSO_TCPV6, true) => TSOV6,
            _ => return None,
        };
        if hdr.gso_type != GSO_NONE {
            tun_hdr.flags |= TUN_H_TCP_MSS;
            tun_hdr.mss = hdr.gso_size;
        }
        (caps & needed != 0).then_some(tun_hdr)
    }

    /// Whether the packet is to be segmented.
    pub(crate) fn is_gso(&self) -> bool {
        self.flags & TUN_H_TCP_MSS != 0
    }

    /// The 802.1Q tag that is not in the frame.
    pub(crate) fn vlan(&self) -> Option<u16> {
        (self.flags & TUN_H_VTAG != 0).then_some(self.vtag)
    }

    /// The virtio header that describes the same packet, of `len` bytes, which begins with `head`.
    /// Completes the checksum of an IPv4 header, and of a packet to be segmented stores the sum of
    /// the pseudo-header that the kernel expects: with the length of all segments.
    pub(crate) fn to_virtio(
        self,
        head: &mut [u8],
        len: usize,
        ethernet: bool,
    ) -> Result<VirtioNetHdr, BadHeader> {
        const UNFINISHED: u16 = TUN_H_TCP_MSS | TUN_H_TCP_CSUM | TUN_H_UDP_CSUM | TUN_H_ICMP_CSUM;

        let mut hdr = VirtioNetHdr::default();
        if self.flags & (UNFINISHED | TUN_H_IPV4_CSUM) == 0 {
            return Ok(hdr);
        }
        let network = Network::parse(head, ethernet).ok_or(BadHeader)?;
        if self.flags & TUN_H_IPV4_CSUM != 0 {
            network.complete_checksum(head).ok_or(BadHeader)?;
        }
        if self.flags & UNFINISHED == 0 {
            return Ok(hdr);
        }
        let transport = network.transport(head).ok_or(BadHeader)?;
        let offset = match transport.protocol {
            IPPROTO_TCP if self.flags & (TUN_H_TCP_CSUM | TUN_H_TCP_MSS) != 0 => TCP_CHECK,
            IPPROTO_UDP if self.flags & TUN_H_UDP_CSUM != 0 => UDP_CHECK,
            IPPROTO_ICMP | IPPROTO_ICMPV6 if self.flags & TUN_H_ICMP_CSUM != 0 => ICMP_CHECK,
            _ => return Err(BadHeader),
        };
        hdr.flags = NEEDS_CSUM;
        hdr.csum_start = u16::try_from(transport.offset).map_err(|_| BadHeader)?;
        hdr.csum_offset = offset;
        if self.flags & TUN_H_TCP_MSS != 0 {
            if transport.protocol != IPPROTO_TCP {
                return Err(BadHeader);
            }
            hdr.gso_type = if transport.ipv6 { GSO_TCPV6 } else { GSO_TCPV4 };
            hdr.gso_size = self.mss;
            transport
                .store_pseudo_header_sum(&network, head, len)
                .ok_or(BadHeader)?;
        }
        Ok(hdr)
    }
}
