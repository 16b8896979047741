// SPDX-License-Identifier: GPL-2.0

//! How packets look to the program: bare, behind their address family, or behind their next hop.

/// The shortest MTU of an interface.
///
/// Source: FreeBSD `sys/net/if_tun.c` (2001), `TUNSIFINFO`: below 72 `EINVAL`.
pub(crate) const MTU_MIN: u32 = 72;

/// The first MTU of an interface.
pub(crate) const MTU_DEFAULT: u32 = 1500;

/// The longest packet that crosses, either way, without its prefix; and the largest MTU.
///
/// Source: `TUNMRU` of FreeBSD 12.2 `sys/net/if_tun.h`. Writes are limited by this, never by the
/// MTU.
pub(crate) const PACKET_MAX: usize = 65535;

/// The protocols that cross, by their Ethernet types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Protocol {
    Ip = 0x0800,
    Ip6 = 0x86dd,
}

impl Protocol {
    /// The protocol of an Ethernet type.
    pub(crate) fn from_ethertype(ethertype: u16) -> Option<Self> {
        [Self::Ip, Self::Ip6]
            .into_iter()
            .find(|&protocol| protocol as u16 == ethertype)
    }

    /// The protocol of an address family that a program writes: IPv6 under any system's number,
    /// for none of them means anything else to any other.
    fn from_family(family: u32) -> Option<Self> {
        match family {
            AF_INET => Some(Self::Ip),
            10 | 24 | 28 | 30 => Some(Self::Ip6),
            _ => None,
        }
    }
}

/// The number that IPv4 has everywhere.
const AF_INET: u32 = 2;

/// Whose number for IPv6 a program expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Linux,
    /// FreeBSD and DragonFly.
    FreeBsd,
    /// NetBSD and OpenBSD.
    NetBsd,
}

impl Dialect {
    /// `AF_INET6`.
    pub(crate) const fn af_inet6(self) -> u32 {
        match self {
            Self::Linux => 10,
            Self::FreeBsd => 28,
            Self::NetBsd => 24,
        }
    }

    const ALL: [Self; 3] = [Self::Linux, Self::FreeBsd, Self::NetBsd];

    /// Its name, for a person to read and write.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::FreeBsd => "freebsd",
            Self::NetBsd => "netbsd",
        }
    }

    /// The dialect of this name.
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name().as_bytes() == name)
    }
}

/// What stands before a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Bare,
    Head,
    Link,
}

/// How a unit frames packets.
///
/// One number, for an atomic to keep: the mode in the low byte, the dialect above. What is asked of it
/// is all that is decoded, since it is asked for each packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Framing(i32);

/// What a write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Nothing: it succeeds and has no effect.
    Empty,
    /// One packet, IPv4 whatever its bytes say.
    Bare,
    /// One packet behind its address family: [`HEAD_LEN`] bytes for [`protocol_of_head`].
    Headed,
    /// Not even an address family: `ENOBUFS`.
    TooShort,
    /// More than a packet can be: `EIO`.
    TooLong,
}

/// Length of an address family before a packet.
pub(crate) const HEAD_LEN: usize = 4;

/// The longest prefix.
const PREFIX_MAX: usize = 16;

impl Framing {
    /// How a new unit frames packets.
    pub(crate) const fn new() -> Self {
        Self::of(Mode::Bare, Dialect::Linux)
    }

    const fn of(mode: Mode, dialect: Dialect) -> Self {
        Self(mode as i32 | (dialect as i32) << 8)
    }

    /// As one number.
    pub(crate) const fn to_bits(self) -> i32 {
        self.0
    }

    /// What [`Self::to_bits`] gave.
    pub(crate) const fn from_bits(bits: i32) -> Self {
        Self(bits)
    }

    fn mode(self) -> Mode {
        match self.0 & 0xff {
            1 => Mode::Head,
            2 => Mode::Link,
            _ => Mode::Bare,
        }
    }

    /// `TUNSIFHEAD`. Switching it on switches the other prefix off; switching it off leaves the other
    /// as it is.
    pub(crate) fn set_head(&mut self, on: bool, dialect: Dialect) {
        self.set_dialect(dialect);
        self.set(Mode::Head, on);
    }

    /// `TUNSLMODE`, likewise.
    pub(crate) fn set_link(&mut self, on: bool) {
        self.set(Mode::Link, on);
    }

    fn set(&mut self, mode: Mode, on: bool) {
        if on {
            *self = Self::of(mode, self.dialect());
        } else if self.mode() == mode {
            *self = Self::of(Mode::Bare, self.dialect());
        }
    }

    /// `TUNGIFHEAD`.
    pub(crate) fn head(&self) -> bool {
        self.mode() == Mode::Head
    }

    /// The name of the mode, for a person to read.
    pub(crate) fn name(&self) -> &'static str {
        match self.mode() {
            Mode::Bare => "bare",
            Mode::Head => "ifhead",
            Mode::Link => "lmode",
        }
    }

    /// Whose number for IPv6 reads carry.
    pub(crate) fn dialect(self) -> Dialect {
        Dialect::ALL
            .into_iter()
            .find(|&dialect| dialect as i32 == self.0 >> 8)
            .unwrap_or(Dialect::Linux)
    }

    /// Overrides what the last `TUNSIFHEAD` said about the dialect.
    pub(crate) fn set_dialect(&mut self, dialect: Dialect) {
        *self = Self::of(self.mode(), dialect);
    }

    /// The prefix of a packet for the program; `None` if the packet may not cross: without its
    /// family in front only IPv4 does. `next_hop` is asked for the address, in network order, that
    /// the packet is on its way to.
    pub(crate) fn prefix(
        &self,
        protocol: Protocol,
        next_hop: impl FnOnce() -> [u8; 4],
    ) -> Option<Prefix> {
        match (self.mode(), protocol) {
            (Mode::Bare, Protocol::Ip) => Some(Prefix::None),
            (Mode::Head, Protocol::Ip) => Some(Prefix::Family(AF_INET)),
            (Mode::Head, Protocol::Ip6) => Some(Prefix::Family(self.dialect().af_inet6())),
            (Mode::Link, Protocol::Ip) => Some(Prefix::NextHop(next_hop())),
            (Mode::Bare | Mode::Link, Protocol::Ip6) => None,
        }
    }

    /// Judges a write by its length in bytes, prefix included.
    ///
    /// `TUNSLMODE` changes nothing here: as on FreeBSD, writes carry no next hop.
    pub(crate) fn write(&self, len: usize) -> Write {
        let (kind, head) = match self.mode() {
            Mode::Head => (Write::Headed, HEAD_LEN),
            Mode::Bare | Mode::Link => (Write::Bare, 0),
        };
        match len {
            0 => Write::Empty,
            len if len < head => Write::TooShort,
            len if len - head > PACKET_MAX => Write::TooLong,
            _ => kind,
        }
    }
}

/// The protocol that the program says a packet is of; `None`: `EAFNOSUPPORT`.
pub(crate) fn protocol_of_head(head: [u8; HEAD_LEN]) -> Option<Protocol> {
    Protocol::from_family(u32::from_be_bytes(head))
}

/// What stands before one packet, as decided when it was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    None,
    /// The address family, in network order.
    Family(u32),
    /// The next hop, as a BSD `sockaddr_in`: length, family, port, address, padding.
    NextHop([u8; 4]),
}

impl Prefix {
    /// The bytes.
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

    /// As one number, to be kept with the packet.
    pub(crate) fn to_cb(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Family(family) => 1 << 32 | u64::from(family),
            Self::NextHop(address) => 2 << 32 | u64::from(u32::from_be_bytes(address)),
        }
    }

    /// What [`Self::to_cb`] kept.
    pub(crate) fn from_cb(tag: u64) -> Self {
        let low = tag as u32;
        match tag >> 32 {
            1 => Self::Family(low),
            2 => Self::NextHop(low.to_be_bytes()),
            _ => Self::None,
        }
    }
}

/// The bytes of a prefix.
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
    fn a15_the_family_is_the_dialects() {
        for (dialect, number) in [
            (Dialect::Linux, 10),
            (Dialect::FreeBsd, 28),
            (Dialect::NetBsd, 24),
        ] {
            let mut framing = Framing::new();
            framing.set_head(true, dialect);
            assert_eq!(prefix(framing, Protocol::Ip), Some(vec![0, 0, 0, 2]));
            assert_eq!(prefix(framing, Protocol::Ip6), Some(vec![0, 0, 0, number]));
            assert_eq!(Dialect::from_name(dialect.name().as_bytes()), Some(dialect));
        }
        assert_eq!(Dialect::from_name(b""), None);
        assert_eq!(Dialect::from_name(b"Linux"), None);
    }

    #[test]
    fn framing_is_kept_as_a_number() {
        for mode in [Mode::Bare, Mode::Head, Mode::Link] {
            for dialect in Dialect::ALL {
                let framing = Framing::from_bits(Framing::of(mode, dialect).to_bits());
                assert_eq!((framing.mode(), framing.dialect()), (mode, dialect));
            }
        }
    }

    #[test]
    fn a16_the_next_hop_is_a_bsd_sockaddr() {
        assert_eq!(
            prefix(framing(Mode::Link), Protocol::Ip),
            Some(vec![16, 2, 0, 0, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0])
        );
        assert_eq!(prefix(framing(Mode::Link), Protocol::Ip6), None);
    }

    #[test]
    fn a18_lengths_of_writes() {
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
    fn a19_families_of_writes() {
        assert_eq!(protocol_of_head([0, 0, 0, 2]), Some(Protocol::Ip));
        for family in [10, 24, 28, 30] {
            assert_eq!(protocol_of_head([0, 0, 0, family]), Some(Protocol::Ip6));
            // All 32 bits count, and only in network order.
            assert_eq!(protocol_of_head([0, 0, 1, family]), None);
            assert_eq!(protocol_of_head([1, 0, 0, family]), None);
            assert_eq!(protocol_of_head([family, 0, 0, 0]), None);
        }
        let known = (0..=0xffff_u32)
            .filter(|family| protocol_of_head(family.to_be_bytes()).is_some())
            .collect::<Vec<_>>();
        assert_eq!(known, [2, 10, 24, 28, 30]);
    }

    #[test]
    fn tags_keep_prefixes() {
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

    /// Any order of commands, against the plainest model of them: two switches that exclude each
    /// other.
    #[test]
    fn any_order_of_commands() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut framing = Framing::new();
        let (mut head, mut link, mut dialect) = (false, false, Dialect::Linux);
        for _ in 0..1_000_000 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let on = seed & 1 != 0;
            if seed & 2 != 0 {
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
    fn ethertypes() {
        assert_eq!(Protocol::from_ethertype(0x0800), Some(Protocol::Ip));
        assert_eq!(Protocol::from_ethertype(0x86dd), Some(Protocol::Ip6));
        let known = (0..=u16::MAX)
            .filter(|&ethertype| Protocol::from_ethertype(ethertype).is_some())
            .count();
        assert_eq!(known, 2);
    }
}
