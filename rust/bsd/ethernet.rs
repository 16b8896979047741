// SPDX-License-Identifier: GPL-2.0

//! Which Ethernet frames of a program reach the interface.

/// Length of the header of a frame: two addresses and a type.
pub(crate) const HEADER_LEN: usize = 14;

/// The longest frame that can be written, with its header.
///
/// Source: FreeBSD 12.2 `sys/net/if_tuntap.c`. Writes are limited by this, never by the MTU.
pub(crate) const FRAME_MAX: usize = 65535;

/// What a write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Nothing: it succeeds and has no effect.
    Empty,
    /// Not even a header: it succeeds and has no effect, if its bytes can be read.
    TooShort,
    /// One frame.
    Frame,
    /// More than a frame can be: `EIO`.
    TooLong,
}

/// Judges a write by its length in bytes.
pub(crate) fn write(len: usize) -> Write {
    match len {
        0 => Write::Empty,
        len if len < HEADER_LEN => Write::TooShort,
        len if len > FRAME_MAX => Write::TooLong,
        _ => Write::Frame,
    }
}

/// Whether an address is that of a group, or of everybody.
pub(crate) fn is_group(address: [u8; 6]) -> bool {
    address[0] & 1 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b7_lengths_of_writes() {
        assert_eq!(write(0), Write::Empty);
        assert_eq!(write(1), Write::TooShort);
        assert_eq!(write(13), Write::TooShort);
        assert_eq!(write(14), Write::Frame);
        assert_eq!(write(65535), Write::Frame);
        assert_eq!(write(65536), Write::TooLong);
        assert_eq!(write(usize::MAX), Write::TooLong);
    }

    #[test]
    fn groups_have_the_first_bit() {
        assert!(is_group([0xff; 6]));
        assert!(is_group([0x01, 0, 0x5e, 0, 0, 1]));
        assert!(is_group([0x33, 0x33, 0, 0, 0, 1]));
        assert!(!is_group([0x02, 0, 0, 0, 0, 1]));
        assert!(!is_group([0; 6]));
    }
}
