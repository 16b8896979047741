// SPDX-License-Identifier: GPL-2.0

//! How packets look to the program.

/// The shortest MTU of an interface.
///
/// Source: `TUNMTU` checks of FreeBSD's `sys/net/if_tun.c` (2001): below 72 `EINVAL`.
pub(crate) const MTU_MIN: u32 = 72;

/// The first MTU of an interface.
pub(crate) const MTU_DEFAULT: u32 = 1500;

/// The longest packet that crosses, either way, and the largest MTU.
///
/// Source: `TUNMRU`, `TAPMRU` of FreeBSD 12.2's `sys/net/if_tuntap.c`. Writes are limited by this,
/// never by the MTU.
pub(crate) const PACKET_MAX: u32 = 65535;

/// What a write of some length is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Nothing: it succeeds and has no effect.
    Empty,
    /// One packet.
    Packet,
    /// More than a packet can be: `EIO`.
    TooLong,
}

/// Judges a write by its length in bytes.
pub(crate) fn write(len: usize) -> Write {
    match u32::try_from(len) {
        Ok(0) => Write::Empty,
        Ok(1..=PACKET_MAX) => Write::Packet,
        _ => Write::TooLong,
    }
}

/// Ethernet type of IPv4, the one protocol that crosses without a prefix that names the protocol.
pub(crate) const ETHERTYPE_IP: u16 = 0x0800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_write_is_one_packet_up_to_the_limit() {
        assert_eq!(write(0), Write::Empty);
        assert_eq!(write(1), Write::Packet);
        assert_eq!(write(65535), Write::Packet);
        assert_eq!(write(65536), Write::TooLong);
        assert_eq!(write(u32::MAX as usize), Write::TooLong);
        assert_eq!(write(usize::MAX), Write::TooLong);
        // A length whose low half alone would be a packet.
        assert_eq!(write((1 << 32) + 20), Write::TooLong);
    }
}
