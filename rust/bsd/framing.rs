// SPDX-License-Identifier: GPL-2.0

//! The framing of a tun: what precedes the packet in a read or write.
//!
//! A read returns the bare packet, or the packet behind its address family (`TUNSIFHEAD`), or
//! behind its next hop (`TUNSLMODE`). The prefix of a packet is decided when the packet is queued,
//! so a change of the framing affects only packets that are queued later.

use crate::bsd::dialect::Dialect;

/// The smallest MTU of an interface, in bytes.
///
/// Source: FreeBSD `sys/net/if_tun.c` (2001): `TUNSIFINFO` fails with `EINVAL` below 72.
pub(crate) const MTU_MIN: u32 = 72;

/// The MTU of a new interface, in bytes.
pub(crate) const MTU_DEFAULT: u32 = 1500;

/// The longest packet that can be read or written, in bytes without its prefix, and the largest
/// MTU. The MTU does not limit writes.
///
/// Source: `TUNMRU` of FreeBSD 12.2 `sys/net/if_tun.h`.
pub(crate) const PACKET_MAX: usize = 65535;

/// The protocols that a tun carries, with their Ethernet types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Protocol {
    Ip = 0x0800,
    Ip6 = 0x86dd,
    /// MPLS, in the openbsd dialect only.
    Mpls = 0x8847,
}

impl Protocol {
    /// The protocol with this Ethernet type, in host order; `None` if a tun does not carry it.
    pub(crate) fn from_ethertype(ethertype: u16) -> Option<Self> {
        [Self::Ip, Self::Ip6, Self::Mpls]
            .into_iter()
            .find(|&protocol| protocol as u16 == ethertype)
    }
}

/// `AF_INET`, which is the same on all systems.
const AF_INET: u32 = 2;

/// `AF_MPLS` of OpenBSD.
const AF_MPLS: u32 = 33;

/// The kind of prefix that precedes packets in reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing.
    Bare,
    /// The address family: `TUNSIFHEAD`.
    Head,
    /// The next hop: `TUNSLMODE`.
    Link,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Bare, Self::Head, Self::Link];

    /// The name in sysfs, rtnetlink and fdinfo.
    const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Head => "ifhead",
            Self::Link => "lmode",
        }
    }

    /// The mode with this name, as [`Framing::name`] returns it.
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.name().as_bytes() == name)
    }

    const fn from_bits(bits: i32) -> Self {
        match bits & 0xff {
            1 => Self::Head,
            2 => Self::Link,
            _ => Self::Bare,
        }
    }
}

/// The framing of a unit: the mode and the dialect.
///
/// Encoded as one number, so that a unit keeps it in an atomic that is read for each packet without
/// a lock. The low byte has the mode in effect, the next one the dialect. The third has the mode
/// that was chosen: it differs from the one in effect in the openbsd dialect, and comes into effect
/// when that ends. Each method decodes only the part that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Framing(i32);

/// The content of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// No bytes: the write returns 0 and has no effect.
    Empty,
    /// A packet, which is taken for IPv4 without a look at its bytes.
    Bare,
    /// A packet behind its address family: [`HEAD_LEN`] bytes for
    /// [`Framing::protocol_of_head`].
    Headed,
    /// Less than an address family: the write fails with `ENOBUFS`.
    TooShort,
    /// More than [`PACKET_MAX`] bytes without the prefix: the write fails with `EIO`.
    TooLong,
    /// Either of the two, or no bytes, in the openbsd dialect: the write fails with `EMSGSIZE`.
    WrongSize,
}

/// Length in bytes of the address family in front of a packet.
pub(crate) const HEAD_LEN: usize = 4;

/// Length in bytes of the longest prefix.
pub(crate) const PREFIX_MAX: usize = 16;

impl Framing {
    /// The framing of a new unit: bare packets, Linux dialect.
    pub(crate) const fn new() -> Self {
        Self::of(Mode::Bare, Dialect::Linux)
    }

    const fn of(chosen: Mode, dialect: Dialect) -> Self {
        let mode = match dialect {
            Dialect::OpenBsd => Mode::Head,
            Dialect::Linux | Dialect::FreeBsd | Dialect::NetBsd => chosen,
        };
        Self(mode as i32 | (dialect as i32) << 8 | (chosen as i32) << 16)
    }

    /// Encodes the framing.
    pub(crate) const fn to_bits(self) -> i32 {
        self.0
    }

    /// Decodes what [`Self::to_bits`] returned.
    pub(crate) const fn from_bits(bits: i32) -> Self {
        Self(bits)
    }

    /// The mode in effect.
    fn mode(self) -> Mode {
        Mode::from_bits(self.0)
    }

    /// The mode that was chosen, in whatever dialect.
    fn chosen(self) -> Mode {
        Mode::from_bits(self.0 >> 16)
    }

    /// `TUNSIFHEAD`: switches the address family on or off, and sets the dialect. Switching it on
    /// switches the next hop off; switching it off leaves the next hop as it is.
    pub(crate) fn set_head(&mut self, on: bool, dialect: Dialect) {
        *self = Self::of(self.chosen(), dialect);
        self.set(Mode::Head, on);
    }

    /// `TUNSLMODE`: switches the next hop on or off. Switching it on switches the address family
    /// off; switching it off leaves the address family as it is.
    pub(crate) fn set_link(&mut self, on: bool) {
        self.set(Mode::Link, on);
    }

    fn set(&mut self, mode: Mode, on: bool) {
        if on {
            *self = Self::of(mode, self.dialect());
        } else if self.chosen() == mode {
            *self = Self::of(Mode::Bare, self.dialect());
        }
    }

    /// This framing with another dialect or mode, as an administrator asks for; `None` if the
    /// dialect does not have the mode. A mode that the openbsd dialect overrides is kept for the
    /// next dialect.
    pub(crate) fn with(self, dialect: Option<Dialect>, mode: Option<Mode>) -> Option<Self> {
        let new = Self::of(
            mode.unwrap_or(self.chosen()),
            dialect.unwrap_or(self.dialect()),
        );
        match mode {
            Some(mode) if mode != new.mode() => None,
            _ => Some(new),
        }
    }

    /// `TUNGIFHEAD`: whether the address family is on.
    pub(crate) fn head(&self) -> bool {
        self.mode() == Mode::Head
    }

    /// The name of the mode in effect, in sysfs, rtnetlink and fdinfo.
    pub(crate) fn name(&self) -> &'static str {
        self.mode().name()
    }

    /// The dialect.
    pub(crate) fn dialect(self) -> Dialect {
        Dialect::ALL
            .into_iter()
            .find(|&dialect| dialect as i32 == self.0 >> 8 & 0xff)
            .unwrap_or(Dialect::Linux)
    }

    /// Whether the dialect is OpenBSD's.
    pub(crate) fn is_openbsd(self) -> bool {
        self.dialect() == Dialect::OpenBsd
    }

    /// The prefix of a packet that a program will read; `None` if the packet must be dropped: only
    /// with the address family in front can a program tell IPv6 or MPLS from IPv4, and only on
    /// OpenBSD does a tun carry MPLS. `next_hop` returns the
    /// IPv4 address, in network order, that the packet is sent to next; it is called in link mode
    /// only.
    pub(crate) fn prefix(
        &self,
        protocol: Protocol,
        next_hop: impl FnOnce() -> [u8; 4],
    ) -> Option<Prefix> {
        match (self.mode(), protocol) {
            (Mode::Bare, Protocol::Ip) => Some(Prefix::None),
            (Mode::Head, Protocol::Ip) => Some(Prefix::Family(AF_INET)),
            (Mode::Head, Protocol::Ip6) => Some(Prefix::Family(self.dialect().af_inet6())),
            (Mode::Head, Protocol::Mpls) if self.is_openbsd() => Some(Prefix::Family(AF_MPLS)),
            (Mode::Link, Protocol::Ip) => Some(Prefix::NextHop(next_hop())),
            (Mode::Bare | Mode::Link, Protocol::Ip6) | (_, Protocol::Mpls) => None,
        }
    }

    /// Length in bytes of the prefix that writes begin with.
    pub(crate) fn written_prefix_len(&self) -> usize {
        match self.mode() {
            Mode::Head => HEAD_LEN,
            Mode::Bare | Mode::Link => 0,
        }
    }

    /// Classifies a write by its length in bytes, prefix included.
    ///
    /// As on FreeBSD, writes carry no next hop: `TUNSLMODE` makes no difference.
    pub(crate) fn write(&self, len: usize) -> Write {
        let (kind, head) = match self.mode() {
            Mode::Head => (Write::Headed, HEAD_LEN),
            Mode::Bare | Mode::Link => (Write::Bare, 0),
        };
        let kind = match len {
            0 => Write::Empty,
            len if len < head => Write::TooShort,
            len if len - head > PACKET_MAX => Write::TooLong,
            _ => kind,
        };
        match kind {
            // Source: OpenBSD 7.7 `sys/net/if_tun.c`.
            Write::Empty | Write::TooShort | Write::TooLong if self.is_openbsd() => {
                Write::WrongSize
            }
            kind => kind,
        }
    }

    /// The protocol of a packet that a program writes behind this address family, in network order.
    /// The `AF_INET6` of every system is IPv6: none of these numbers has another meaning on any of
    /// them. `None` if the family is unknown: the write fails with `EAFNOSUPPORT`, or in the
    /// openbsd dialect succeeds without effect.
    pub(crate) fn protocol_of_head(self, head: [u8; HEAD_LEN]) -> Option<Protocol> {
        match u32::from_be_bytes(head) {
            AF_INET => Some(Protocol::Ip),
            10 | 24 | 28 | 30 => Some(Protocol::Ip6),
            AF_MPLS if self.is_openbsd() => Some(Protocol::Mpls),
            _ => None,
        }
    }
}

/// The prefix of one packet, as decided when the packet was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// Nothing.
    None,
    /// The address family: 4 bytes in network order.
    Family(u32),
    /// The next hop's IPv4 address, as a BSD `sockaddr_in`: length, family, port, address, padding;
    /// 16 bytes.
    NextHop([u8; 4]),
}

impl Prefix {
    /// The bytes that a read returns.
    pub(crate) fn bytes(&self) -> PrefixBytes {
        let mut bytes = [0; PREFIX_MAX];
        let len = match self {
            Self::None => 0,
            Self::Family(family) => {
                bytes[..4].copy_from_slice(&family.to_be_bytes());
                4
            }
            Self::NextHop(address) => {
                bytes[0] = PREFIX_MAX as u8;
                bytes[1] = AF_INET as u8;
                bytes[4..8].copy_from_slice(address);
                PREFIX_MAX
            }
        };
        PrefixBytes { bytes, len }
    }

    /// Encodes the prefix, for the control block of the packet.
    pub(crate) fn to_cb(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Family(family) => 1 << 32 | u64::from(family),
            Self::NextHop(address) => 2 << 32 | u64::from(u32::from_be_bytes(address)),
        }
    }

    /// Decodes what [`Self::to_cb`] returned; [`Self::None`] for any other number.
    pub(crate) fn from_cb(cb: u64) -> Self {
        let low = cb as u32;
        match cb >> 32 {
            1 => Self::Family(low),
            2 => Self::NextHop(low.to_be_bytes()),
            _ => Self::None,
        }
    }
}

/// The bytes of a prefix, at most [`PREFIX_MAX`].
#[derive(Clone, Copy)]
pub(crate) struct PrefixBytes {
    bytes: [u8; PREFIX_MAX],
    len: usize,
}

impl core::ops::Deref for PrefixBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: [u8; 4] = [192, 0, 2, 1];

    fn framing(mode: Mode) -> Framing {
        Framing::of(mode, Dialect::Linux)
    }

    fn prefix(framing: Framing, protocol: Protocol) -> Option<Vec<u8>> {
        framing
            .prefix(protocol, || GATEWAY)
            .map(|prefix| prefix.bytes().to_vec())
    }

    #[test]
    fn a6_each_prefix_switches_the_other_off() {
        let mut framing = Framing::new();
        framing.set_link(true);
        assert!(!framing.head());
        assert_eq!(framing.name(), "lmode");
        framing.set_head(true, Dialect::Linux);
        assert!(framing.head());
        framing.set_link(false);
        assert!(framing.head());
        framing.set_link(true);
        framing.set_head(false, Dialect::Linux);
        assert_eq!(framing.name(), "lmode");
        framing.set_link(false);
        assert_eq!(framing.name(), "bare");
    }

    #[test]
    fn a14_bare_packets_are_ipv4() {
        assert_eq!(prefix(Framing::new(), Protocol::Ip), Some(vec![]));
        assert_eq!(prefix(Framing::new(), Protocol::Ip6), None);
    }

    #[test]
    fn a15_address_family_depends_on_the_dialect() {
        for (dialect, number) in [
            (Dialect::Linux, 10),
            (Dialect::FreeBsd, 28),
            (Dialect::NetBsd, 24),
            (Dialect::OpenBsd, 24),
        ] {
            let mut framing = Framing::new();
            framing.set_head(true, dialect);
            assert_eq!(prefix(framing, Protocol::Ip), Some(vec![0, 0, 0, 2]));
            assert_eq!(prefix(framing, Protocol::Ip6), Some(vec![0, 0, 0, number]));
            // Only OpenBSD's tun carries MPLS.
            let mpls = (dialect == Dialect::OpenBsd).then(|| vec![0, 0, 0, 33]);
            assert_eq!(prefix(framing, Protocol::Mpls), mpls);
        }
    }

    #[test]
    fn framing_survives_encoding() {
        for mode in [Mode::Bare, Mode::Head, Mode::Link] {
            for dialect in Dialect::ALL {
                let framing = Framing::from_bits(Framing::of(mode, dialect).to_bits());
                assert_eq!((framing.chosen(), framing.dialect()), (mode, dialect));
            }
        }
    }

    #[test]
    fn a16_next_hop_is_a_bsd_sockaddr_in() {
        assert_eq!(
            prefix(framing(Mode::Link), Protocol::Ip),
            Some(vec![16, 2, 0, 0, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0])
        );
        assert_eq!(prefix(framing(Mode::Link), Protocol::Ip6), None);
    }

    #[test]
    fn a18_write_lengths() {
        for mode in [Mode::Bare, Mode::Link] {
            let framing = framing(mode);
            assert_eq!(framing.write(0), Write::Empty);
            assert_eq!(framing.write(1), Write::Bare);
            assert_eq!(framing.write(65535), Write::Bare);
            assert_eq!(framing.write(65536), Write::TooLong);
            assert_eq!(framing.write(usize::MAX), Write::TooLong);
        }
        let framing = framing(Mode::Head);
        assert_eq!(framing.write(0), Write::Empty);
        assert_eq!(framing.write(1), Write::TooShort);
        assert_eq!(framing.write(3), Write::TooShort);
        assert_eq!(framing.write(4), Write::Headed);
        assert_eq!(framing.write(65539), Write::Headed);
        assert_eq!(framing.write(65540), Write::TooLong);
        assert_eq!(framing.write(usize::MAX), Write::TooLong);
    }

    #[test]
    fn a19_address_families_of_writes() {
        for dialect in Dialect::ALL {
            let framing = Framing::of(Mode::Head, dialect);
            let known = (0..=0xffff_u32)
                .filter_map(|family| {
                    let protocol = framing.protocol_of_head(family.to_be_bytes());
                    protocol.map(|protocol| (family, protocol))
                })
                .collect::<Vec<_>>();
            let ip6 = [10, 24, 28, 30].map(|family| (family, Protocol::Ip6));
            let mpls = (dialect == Dialect::OpenBsd).then_some((33, Protocol::Mpls));
            let expected = [(2, Protocol::Ip)].into_iter().chain(ip6).chain(mpls);
            assert_eq!(known, expected.collect::<Vec<_>>());
            // All 32 bits are compared, in network order only.
            assert_eq!(framing.protocol_of_head([1, 0, 0, 2]), None);
            assert_eq!(framing.protocol_of_head([24, 0, 0, 0]), None);
        }
    }

    #[test]
    fn openbsd_dialect_has_the_family_always_on() {
        for mode in Mode::ALL {
            let framing = Framing::of(mode, Dialect::OpenBsd);
            assert!(framing.head() && framing.is_openbsd());
            assert_eq!(framing.name(), "ifhead");
            for len in [0, 1, 3, 65540, usize::MAX] {
                assert_eq!(framing.write(len), Write::WrongSize, "{len}");
            }
            for len in [4, 5, 65539] {
                assert_eq!(framing.write(len), Write::Headed, "{len}");
            }
            // The mode that was chosen comes back with another dialect.
            let framing = framing.with(Some(Dialect::NetBsd), None);
            assert_eq!(framing, Some(Framing::of(mode, Dialect::NetBsd)));
        }
    }

    #[test]
    fn dialect_and_mode_change_together_or_not_at_all() {
        for before in Mode::ALL {
            for dialect in Dialect::ALL {
                for mode in Mode::ALL {
                    let framing = Framing::of(before, Dialect::FreeBsd);
                    let both = framing.with(Some(dialect), Some(mode));
                    let refused = dialect == Dialect::OpenBsd && mode != Mode::Head;
                    assert_eq!(both, (!refused).then(|| Framing::of(mode, dialect)));
                    let alone = Framing::of(before, dialect).with(None, Some(mode));
                    assert_eq!(alone, both);
                }
                let framing = Framing::of(before, Dialect::FreeBsd);
                let expected = Some(Framing::of(before, dialect));
                assert_eq!(framing.with(Some(dialect), None), expected);
                assert_eq!(Framing::of(before, dialect).with(None, None), expected);
            }
        }
    }

    #[test]
    fn modes_have_names() {
        for mode in Mode::ALL {
            assert_eq!(Mode::from_name(mode.name().as_bytes()), Some(mode));
            assert_eq!(framing(mode).name(), mode.name());
        }
        for name in [&b""[..], b"head", b"IFHEAD", b"ifhead "] {
            assert_eq!(Mode::from_name(name), None);
        }
    }

    #[test]
    fn prefixes_survive_encoding() {
        for prefix in [
            Prefix::None,
            Prefix::Family(2),
            Prefix::Family(28),
            Prefix::Family(u32::MAX),
            Prefix::NextHop([0; 4]),
            Prefix::NextHop(GATEWAY),
            Prefix::NextHop([255; 4]),
        ] {
            assert_eq!(Prefix::from_cb(prefix.to_cb()), prefix);
        }
    }

    /// Compares random commands with a simple model: two switches that exclude each other.
    #[test]
    fn random_commands_match_the_model() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut framing = Framing::new();
        let (mut head, mut link, mut dialect) = (false, false, Dialect::Linux);
        for _ in 0..1_000_000 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let on = seed & 1 != 0;
            if seed & 2 != 0 {
                // The first three: no ioctl selects the openbsd dialect.
                dialect = Dialect::ALL[(seed >> 8) as usize % 3];
                framing.set_head(on, dialect);
                head = on;
                link &= !on;
            } else {
                framing.set_link(on);
                link = on;
                head &= !on;
            }
            let framing = Framing::from_bits(framing.to_bits());
            assert_eq!(framing.head(), head);
            assert_eq!(framing.dialect(), dialect);
            let prefix_len = |protocol| prefix(framing, protocol).map(|prefix| prefix.len());
            let expected = if head {
                (Some(4), Some(4))
            } else if link {
                (Some(16), None)
            } else {
                (Some(0), None)
            };
            assert_eq!(
                (prefix_len(Protocol::Ip), prefix_len(Protocol::Ip6)),
                expected
            );
            let len = (seed >> 16) as usize % 70_000;
            let expected = match (head, len) {
                (_, 0) => Write::Empty,
                (true, 1..=3) => Write::TooShort,
                (true, 4..=65539) => Write::Headed,
                (false, 1..=65535) => Write::Bare,
                _ => Write::TooLong,
            };
            assert_eq!(framing.write(len), expected, "{len}");
        }
    }

    #[test]
    fn only_ip_ipv6_and_mpls_ethertypes_are_known() {
        assert_eq!(Protocol::from_ethertype(0x0800), Some(Protocol::Ip));
        assert_eq!(Protocol::from_ethertype(0x86dd), Some(Protocol::Ip6));
        assert_eq!(Protocol::from_ethertype(0x8847), Some(Protocol::Mpls));
        let known = (0..=u16::MAX)
            .filter(|&ethertype| Protocol::from_ethertype(ethertype).is_some())
            .count();
        assert_eq!(known, 3);
    }
}
