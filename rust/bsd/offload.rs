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
    /// No bytes. What the write returns follows from the framing. It has no effect.
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
            IPPROTO_TCP if self.flags & (TUN_H_UDP_CSUM | TUN_H_ICMP_CSUM) == 0 => TCP_CHECK,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bsd::packet::tests::{
        ethernet,
        ipv4,
        ipv6, //
    };

    fn virtio(flags: u8, gso_type: u8, gso_size: u16, start: u16, offset: u16) -> VirtioNetHdr {
        VirtioNetHdr {
            flags,
            gso_type,
            hdr_len: 0,
            gso_size,
            csum_start: start,
            csum_offset: offset,
        }
    }

    fn tun(flags: u16, vtag: u16, mss: u16) -> TunHdr {
        TunHdr { flags, vtag, mss }
    }

    #[test]
    fn headers_by_length_and_by_capabilities() {
        for len in [i32::MIN, -1, 1, 8, 9, 11, 13, i32::MAX] {
            assert_eq!(OffloadHeader::virtio(len), None);
        }
        for len in [0, 10, 12] {
            let header = OffloadHeader::virtio(len).unwrap();
            assert_eq!(header.virtio_len(), len);
            assert_eq!(header.len(), len as usize);
            assert_eq!(OffloadHeader::from_bits(header.to_bits()), header);
            assert_eq!(header.is_none(), len == 0);
        }
        for bit in 0..32 {
            let known = 0x71f7 & 1 << bit != 0;
            assert_eq!(OffloadHeader::tun(1 << bit).is_some(), known);
        }
        for caps in [0, capabilities::ALL] {
            let header = OffloadHeader::tun(caps).unwrap();
            assert_eq!(header.kind(), HeaderKind::Tun(caps));
            assert_eq!((header.len(), header.virtio_len()), (8, 0));
            assert!(!header.is_none());
        }
    }

    #[test]
    fn writes_by_length() {
        for len in [10, 12] {
            let header = OffloadHeader::virtio(len).unwrap();
            let len = len as usize;
            assert_eq!(header.write(0, 14), Write::Empty);
            assert_eq!(header.write(1, 14), Write::HeaderOnly);
            assert_eq!(header.write(len, 14), Write::HeaderOnly);
            assert_eq!(header.write(len + 1, 14), Write::Packet(1));
            let rest = usize::MAX - len;
            assert_eq!(header.write(usize::MAX, 14), Write::Packet(rest));
        }
        let header = OffloadHeader::tun(0).unwrap();
        assert_eq!(header.write(0, 4), Write::Empty);
        for len in [1, 7, 8, 11, 12 + PACKET_MAX + 1, usize::MAX] {
            assert_eq!(header.write(len, 4), Write::BadLength);
        }
        assert_eq!(header.write(12, 4), Write::Packet(4));
        let longest = 4 + PACKET_MAX;
        assert_eq!(header.write(8 + longest, 4), Write::Packet(longest));
        // Without a prefix there may be nothing behind the header.
        assert_eq!(header.write(8, 0), Write::HeaderOnly);
    }

    #[test]
    fn both_headers_have_the_layout_of_their_structures() {
        let [a, b] = 0x1234u16.to_ne_bytes();
        let bytes = [1, 0x81, a, b, 1, 1, 2, 2, 3, 3];
        let hdr = VirtioNetHdr::from_bytes(&bytes);
        assert_eq!((hdr.flags, hdr.gso_type), (1, 0x81));
        assert_eq!((hdr.hdr_len, hdr.gso_size), (0x1234, 0x101));
        assert_eq!((hdr.csum_start, hdr.csum_offset), (0x202, 0x303));
        assert_eq!(hdr.to_bytes(), bytes);

        let flags = TUN_H_VTAG | TUN_H_TCP_MSS;
        let [c, d] = flags.to_ne_bytes();
        let hdr = TunHdr::from_bytes(&[c, d, 9, 9, a, b, 5, 5], true).unwrap();
        assert_eq!(hdr, tun(flags, 0x1234, 0x505));
        assert_eq!(hdr.to_bytes(), [c, d, 0, 0, a, b, 5, 5]);
    }

    #[test]
    fn one_checksum_at_most_and_a_tag_on_ethernet_only() {
        let from = |flags: u16, ethernet| {
            let [a, b] = flags.to_ne_bytes();
            TunHdr::from_bytes(&[a, b, 0, 0, 0, 0, 0, 0], ethernet).is_ok()
        };
        for flags in 0..=u16::MAX {
            let checksums = (flags & 0xe00).count_ones() <= 1;
            assert_eq!(from(flags, true), checksums);
            assert_eq!(from(flags, false), checksums && flags & 0x10 == 0);
        }
    }

    #[test]
    fn a_packet_is_described_to_a_program_with_its_capability() {
        use capabilities::*;
        const TCP: u16 = TUN_H_TCP_CSUM;
        const UDP: u16 = TUN_H_UDP_CSUM;
        const TSO: u16 = TUN_H_TCP_CSUM | TUN_H_TCP_MSS;

        let tcp4 = [ethernet(&[], 0x800), ipv4(0, IPPROTO_TCP, 20)].concat();
        let tcp6 = [ethernet(&[], 0x86dd), ipv6(IPPROTO_TCP, 20)].concat();
        let udp4 = [ethernet(&[(0x8100, 7)], 0x800), ipv4(0, IPPROTO_UDP, 8)].concat();
        let udp6 = [ethernet(&[], 0x86dd), ipv6(IPPROTO_UDP, 8)].concat();
        for (head, hdr, cap, flags) in [
            (&tcp4, virtio(1, 0, 0, 34, 16), CSUM_TCPV4, TCP),
            (&tcp6, virtio(1, 0, 0, 54, 16), CSUM_TCPV6, TCP),
            (&udp4, virtio(1, 0, 0, 38, 6), CSUM_UDPV4, UDP),
            (&udp6, virtio(1, 0, 0, 54, 6), CSUM_UDPV6, UDP),
            (&tcp4, virtio(1, 1, 1448, 34, 16), TSOV4, TSO),
            (&tcp6, virtio(1, 4, 1428, 54, 16), TSOV6, TSO),
        ] {
            let describe = |caps| TunHdr::describe(&hdr, None, caps, head, true);
            let expected = tun(flags, 0, hdr.gso_size);
            assert_eq!(describe(cap), Some(expected));
            assert_eq!(describe(ALL), Some(expected));
            assert_eq!(describe(ALL & !cap), None);
        }
    }

    #[test]
    fn what_tun_hdr_cannot_say_is_not_described() {
        let tcp = [ethernet(&[], 0x800), ipv4(0, IPPROTO_TCP, 20)].concat();
        let mut fragment = tcp.clone();
        fragment[20] |= 0x20;
        for (head, hdr) in [
            (&tcp, virtio(1, 0x81, 1448, 34, 16)), // ECN
            (&tcp, virtio(1, 5, 1448, 34, 16)),    // UDP
            (&tcp, virtio(1, 4, 1448, 34, 16)),    // IPv6
            (&tcp, virtio(0, 1, 1448, 34, 16)),
            (&tcp, virtio(1, 0, 0, 34, 6)),
            (&tcp, virtio(1, 0, 0, 54, 16)), // Encapsulated
            (&fragment, virtio(1, 0, 0, 34, 16)),
        ] {
            let described = TunHdr::describe(&hdr, None, capabilities::ALL, head, true);
            assert_eq!(described, None);
        }
    }

    #[test]
    fn a_finished_packet_needs_no_capability_but_its_tag_does() {
        const TAG: u32 = capabilities::VLAN_HWTAGGING;

        let hdr = VirtioNetHdr::default();
        let describe = |vlan, caps, ethernet| TunHdr::describe(&hdr, vlan, caps, &[], ethernet);
        assert_eq!(describe(None, 0, true), Some(tun(0, 0, 0)));
        let tagged = tun(TUN_H_VTAG, 0xe007, 0);
        assert_eq!(describe(Some(0xe007), TAG, true), Some(tagged));
        assert_eq!(describe(Some(7), capabilities::ALL & !TAG, true), None);
        assert_eq!(describe(Some(7), TAG, false), None);
    }

    #[test]
    fn what_one_unit_describes_another_one_accepts() {
        let frame4 = [ethernet(&[], 0x800), ipv4(40, IPPROTO_TCP, 20), vec![0; 20]].concat();
        let ip6 = [ipv6(IPPROTO_TCP, 20), vec![0; 20]].concat();
        let frame6 = [ethernet(&[(0x8100, 1)], 0x86dd), ip6].concat();
        for (mut head, hdr) in [
            (frame4.clone(), virtio(1, 0, 0, 74, 16)),
            (frame4, virtio(1, 1, 1448, 74, 16)),
            (frame6.clone(), virtio(1, 0, 0, 58, 16)),
            (frame6, virtio(1, 4, 1428, 58, 16)),
        ] {
            let described = TunHdr::describe(&hdr, None, capabilities::ALL, &head, true).unwrap();
            let read = TunHdr::from_bytes(&described.to_bytes(), true).unwrap();
            let len = head.len();
            assert_eq!(read.to_virtio(&mut head, len, true), Ok(hdr));
        }
    }

    #[test]
    fn a_checksum_flag_must_fit_the_protocol() {
        let checksums = [
            (TUN_H_TCP_CSUM, IPPROTO_TCP, 16),
            (TUN_H_UDP_CSUM, IPPROTO_UDP, 6),
            (TUN_H_ICMP_CSUM, IPPROTO_ICMP, 2),
            (TUN_H_ICMP_CSUM, IPPROTO_ICMPV6, 2),
        ];
        for (flag, _, _) in checksums {
            for (of, protocol, offset) in checksums {
                let mut packet = [ipv4(0, protocol, 20), vec![0; 20]].concat();
                let hdr = tun(flag, 0, 0).to_virtio(&mut packet, 40, false);
                let expected = virtio(1, 0, 0, 20, offset);
                assert_eq!(hdr.ok(), (flag == of).then_some(expected));
                let hdr = tun(flag | TUN_H_TCP_MSS, 0, 100).to_virtio(&mut packet, 40, false);
                assert_eq!(hdr.is_ok(), flag == of && protocol == IPPROTO_TCP);
            }
        }
    }
}
