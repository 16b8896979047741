// SPDX-License-Identifier: GPL-2.0

//! The headers of a packet, as far as `struct tun_hdr` needs them: where its IP and transport
//! headers begin, and the checksums that OpenBSD leaves to the receiver of the header.

pub(super) const IPPROTO_ICMP: u8 = 1;
pub(super) const IPPROTO_TCP: u8 = 6;
pub(super) const IPPROTO_UDP: u8 = 17;
pub(super) const IPPROTO_ICMPV6: u8 = 58;

/// Positions of the checksums in the headers of TCP, UDP and ICMP.
pub(super) const TCP_CHECK: u16 = 16;
pub(super) const UDP_CHECK: u16 = 6;
pub(super) const ICMP_CHECK: u16 = 2;

const ETHERTYPE_IP: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERTYPE_VLAN: u16 = 0x8100;
const ETHERTYPE_QINQ: u16 = 0x88a8;

/// The IP header of a packet.
#[derive(Clone, Copy)]
pub(super) struct Network {
    offset: usize,
    ipv6: bool,
    /// Length in bytes of the header, for IPv6 without extension headers. All of it is there.
    len: usize,
}

/// The header behind that of IP.
#[derive(Clone, Copy)]
pub(super) struct Transport {
    /// Its position in the packet.
    pub(super) offset: usize,
    /// Its `IPPROTO_` number.
    pub(super) protocol: u8,
    /// Whether the IP header is IPv6.
    pub(super) ipv6: bool,
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

impl Network {
    /// Finds the IP header of a packet that begins with `head`: at its start, or behind an Ethernet
    /// header with at most one tag.
    pub(super) fn parse(head: &[u8], ethernet: bool) -> Option<Self> {
        let mut offset = 0;
        if ethernet {
            offset = 14;
            let mut ethertype = be16(head, 12)?;
            if matches!(ethertype, ETHERTYPE_VLAN | ETHERTYPE_QINQ) {
                ethertype = be16(head, 16)?;
                offset = 18;
            }
            if !matches!(ethertype, ETHERTYPE_IP | ETHERTYPE_IPV6) {
                return None;
            }
        }
        let first = *head.get(offset)?;
        let (ipv6, len) = match first >> 4 {
            4 => (false, usize::from(first & 0xf) * 4),
            6 => (true, 40),
            _ => return None,
        };
        let fits = len >= 20 && head.len() - offset >= len;
        fits.then_some(Self { offset, ipv6, len })
    }

    /// Finds the transport header, which may be behind the end of `head`. `None` for a fragment,
    /// and if an extension header is not in `head`.
    pub(super) fn transport(&self, head: &[u8]) -> Option<Transport> {
        const HOP_BY_HOP: u8 = 0;
        const ROUTING: u8 = 43;
        const FRAGMENT: u8 = 44;
        const AUTHENTICATION: u8 = 51;
        const DESTINATION: u8 = 60;

        let mut offset = self.offset + self.len;
        if !self.ipv6 {
            // All but "don't fragment" make it a fragment.
            if be16(head, self.offset + 6)? & 0x3fff != 0 {
                return None;
            }
            return Some(Transport {
                offset,
                protocol: head[self.offset + 9],
                ipv6: false,
            });
        }
        let mut protocol = head[self.offset + 6];
        loop {
            let len = |unit: usize, add: usize| {
                head.get(offset + 1)
                    .map(|&len| (usize::from(len) + add) * unit)
            };
            let skip = match protocol {
                HOP_BY_HOP | ROUTING | DESTINATION => len(8, 1)?,
                AUTHENTICATION => len(4, 2)?,
                // A "fragment" that is the whole packet.
                FRAGMENT if be16(head, offset + 2)? & !6 == 0 => 8,
                FRAGMENT => return None,
                _ => {
                    return Some(Transport {
                        offset,
                        protocol,
                        ipv6: true,
                    })
                }
            };
            protocol = *head.get(offset)?;
            offset += skip;
        }
    }

    /// Completes the checksum of an IPv4 header; `None` if this is none.
    pub(super) fn complete_checksum(&self, head: &mut [u8]) -> Option<()> {
        if self.ipv6 {
            return None;
        }
        let header = head.get_mut(self.offset..self.offset + self.len)?;
        header[10..12].fill(0);
        let sum = !fold(sum(header));
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        Some(())
    }
}

impl Transport {
    /// Stores the sum of the pseudo-header, with the length of all that follows it in a packet of
    /// `len` bytes, as TCP's checksum.
    pub(super) fn store_pseudo_header_sum(
        &self,
        network: &Network,
        head: &mut [u8],
        len: usize,
    ) -> Option<()> {
        let addresses = if self.ipv6 { 8..40 } else { 12..20 };
        let addresses = network.offset + addresses.start..network.offset + addresses.end;
        let len = u32::try_from(len.checked_sub(self.offset)?).ok()?;
        let pseudo = sum(head.get(addresses)?) + u64::from(len) + u64::from(self.protocol);
        let at = self.offset + usize::from(TCP_CHECK);
        head.get_mut(at..at + 2)?
            .copy_from_slice(&fold(pseudo).to_be_bytes());
        Some(())
    }
}

/// The sum of an even number of bytes as words in network order.
fn sum(bytes: &[u8]) -> u64 {
    bytes
        .chunks_exact(2)
        .map(|word| u64::from(u16::from_be_bytes([word[0], word[1]])))
        .sum()
}

/// Folds a sum into 16 bits by adding the carries.
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An Ethernet header with these tags, each a protocol and a tag control.
    pub(in crate::bsd) fn ethernet(tags: &[(u16, u16)], ethertype: u16) -> Vec<u8> {
        let mut frame = vec![2; 12];
        for (protocol, control) in tags {
            frame.extend(protocol.to_be_bytes());
            frame.extend(control.to_be_bytes());
        }
        frame.extend(ethertype.to_be_bytes());
        frame
    }

    /// An IPv4 header with so many bytes of options, from 10.0.0.1 to 10.0.0.2.
    pub(in crate::bsd) fn ipv4(options: usize, protocol: u8, payload: usize) -> Vec<u8> {
        let len = 20 + options;
        let mut header = vec![0; len];
        header[0] = 0x40 | (len / 4) as u8;
        header[2..4].copy_from_slice(&((len + payload) as u16).to_be_bytes());
        header[6] = 0x40; // Don't fragment.
        header[8] = 64;
        header[9] = protocol;
        header[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
        header
    }

    /// An IPv6 header, from fe80::1 to fe80::2.
    pub(in crate::bsd) fn ipv6(protocol: u8, payload: usize) -> Vec<u8> {
        let mut header = vec![0; 40];
        header[0] = 0x60;
        header[4..6].copy_from_slice(&(payload as u16).to_be_bytes());
        header[6] = protocol;
        header[7] = 64;
        for (at, last) in [(8, 1), (24, 2)] {
            header[at..at + 2].copy_from_slice(&[0xfe, 0x80]);
            header[at + 15] = last;
        }
        header
    }

    fn transport(head: &[u8], ethernet: bool) -> Option<(usize, u8, bool)> {
        let transport = Network::parse(head, ethernet)?.transport(head)?;
        Some((transport.offset, transport.protocol, transport.ipv6))
    }

    #[test]
    fn the_transport_header_follows_tags_and_options() {
        for options in [0, 4, 40] {
            let packet = ipv4(options, IPPROTO_TCP, 20);
            assert_eq!(transport(&packet, false), Some((20 + options, 6, false)));
            for protocol in [ETHERTYPE_VLAN, ETHERTYPE_QINQ] {
                let frame = [ethernet(&[(protocol, 7)], ETHERTYPE_IP), packet.clone()].concat();
                assert_eq!(transport(&frame, true), Some((38 + options, 6, false)));
            }
            let frame = [ethernet(&[], ETHERTYPE_IP), packet].concat();
            assert_eq!(transport(&frame, true), Some((34 + options, 6, false)));
        }
        let frame = [ethernet(&[], ETHERTYPE_IPV6), ipv6(IPPROTO_UDP, 8)].concat();
        assert_eq!(transport(&frame, true), Some((54, 17, true)));
    }

    #[test]
    fn what_is_not_ip_has_no_network_header() {
        let none = |head: &[u8], ethernet| Network::parse(head, ethernet).is_none();
        assert!(none(&[], false) && none(&[], true));
        assert!(none(&[0x00; 40], false) && none(&[0x50; 40], false));
        // Longer than the packet, or shorter than an IPv4 header can be.
        assert!(none(&[0x46; 23], false) && none(&[0x44; 60], false));
        assert!(none(&ipv4(0, IPPROTO_TCP, 0)[..19], false));
        assert!(none(&ipv6(IPPROTO_TCP, 0)[..39], false));
        let arp = [ethernet(&[], 0x0806), ipv4(0, IPPROTO_TCP, 0)].concat();
        assert!(none(&arp, true));
        let tags = [(ETHERTYPE_QINQ, 1), (ETHERTYPE_VLAN, 2)];
        let double = [ethernet(&tags, ETHERTYPE_IP), ipv4(0, IPPROTO_TCP, 0)].concat();
        assert!(none(&double, true));
        assert!(none(
            &ethernet(&[(ETHERTYPE_VLAN, 1)], ETHERTYPE_IP)[..16],
            true
        ));
    }

    #[test]
    fn fragments_have_no_transport_header() {
        for (field, fragment) in [
            (0x4000u16, false),
            (0x8000, false),
            (0x2000, true),
            (1, true),
        ] {
            let mut packet = ipv4(0, IPPROTO_UDP, 8);
            packet[6..8].copy_from_slice(&field.to_be_bytes());
            assert_eq!(transport(&packet, false).is_none(), fragment);
        }
        // The fragment header's offset and "more fragments", and its reserved bits.
        for (field, fragment) in [(0u16, false), (6, false), (1, true), (8, true)] {
            let mut packet = [ipv6(44, 16), vec![0; 8]].concat();
            packet[40] = IPPROTO_UDP;
            packet[42..44].copy_from_slice(&field.to_be_bytes());
            let expected = (!fragment).then_some((48, IPPROTO_UDP, true));
            assert_eq!(transport(&packet, false), expected);
        }
    }

    #[test]
    fn extension_headers_are_skipped() {
        // Hop-by-hop of 16 bytes, routing of 8, authentication of 12, destination options of 8.
        let mut packet = [ipv6(0, 44 + 20), vec![0; 44]].concat();
        for (at, next, len) in [(40, 43, 1), (56, 51, 0), (64, 60, 1), (76, IPPROTO_TCP, 0)] {
            packet[at] = next;
            packet[at + 1] = len;
        }
        assert_eq!(transport(&packet, false), Some((84, IPPROTO_TCP, true)));
        // No room for the next one.
        for len in [40, 56, 64, 76] {
            assert_eq!(transport(&packet[..len], false), None);
        }
        // The longest one leads out of the packet, whatever it claims to precede.
        packet[41] = 255;
        assert_eq!(transport(&packet, false), None);
        packet[40] = IPPROTO_TCP;
        assert_eq!(
            transport(&packet, false),
            Some((40 + 2048, IPPROTO_TCP, true))
        );
    }

    #[test]
    fn the_checksum_of_an_ipv4_header_sums_up_to_zero() {
        for options in [0, 40] {
            let mut packet = ipv4(options, IPPROTO_UDP, 8);
            packet[10..12].fill(0xab);
            let network = Network::parse(&packet, false).unwrap();
            assert_eq!(network.complete_checksum(&mut packet), Some(()));
            assert_eq!(fold(sum(&packet)), 0xffff);
        }
        let mut packet = ipv6(IPPROTO_UDP, 8);
        let before = packet.clone();
        let network = Network::parse(&packet, false).unwrap();
        assert_eq!(network.complete_checksum(&mut packet), None);
        assert_eq!(packet, before);
    }

    #[test]
    fn the_pseudo_header_has_the_length_of_the_whole_packet() {
        let store = |mut head: Vec<u8>, len| {
            let network = Network::parse(&head, false).unwrap();
            let transport = network.transport(&head).unwrap();
            transport.store_pseudo_header_sum(&network, &mut head, len)?;
            let at = transport.offset + 16;
            Some(u16::from_be_bytes([head[at], head[at + 1]]))
        };
        let ip4 = [ipv4(0, IPPROTO_TCP, 40_000), vec![0xff; 20]].concat();
        // 0a00 + 0001 + 0a00 + 0002, the protocol, and 40,020 - 20.
        assert_eq!(store(ip4.clone(), 40_020), Some(0x1403 + 6 + 40_000));
        let ip6 = [ipv6(IPPROTO_TCP, 100), vec![0xff; 20]].concat();
        // fe80 + fe80, with the carry added.
        let carry = 0xfd01;
        assert_eq!(store(ip6, 140), Some(carry + 3 + 6 + 100));
        // No room for the checksum; a packet that ends before its transport header.
        assert_eq!(store(ip4[..37].to_vec(), 40_020), None);
        assert_eq!(store(ip4, 19), None);
    }

    #[test]
    fn any_bytes_are_parsed_without_a_panic() {
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for round in 0..200_000 {
            let mut head: Vec<u8> = (0..round % 130).map(|_| random()).collect();
            let ethernet = random() & 1 != 0;
            let at = if ethernet { 14 } else { 0 };
            if ethernet && head.len() > 14 {
                head[12..14].copy_from_slice(&ETHERTYPE_IP.to_be_bytes());
            }
            if let Some(first) = head.get_mut(at) {
                *first = if random() & 1 != 0 { 0x60 } else { 0x45 };
            }
            let Some(network) = Network::parse(&head, ethernet) else {
                continue;
            };
            network.complete_checksum(&mut head);
            if let Some(transport) = network.transport(&head) {
                transport.store_pseudo_header_sum(&network, &mut head, random().into());
            }
        }
    }
}
