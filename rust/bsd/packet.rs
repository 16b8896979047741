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

    /// Finds the transport header. `None` for a fragment, and if there is no room for it in `head`.
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
