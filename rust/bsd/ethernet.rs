// SPDX-License-Identifier: GPL-2.0

//! Ethernet frames that a program writes to a tap or vmnet.

/// Length in bytes of the Ethernet header: two addresses and a type.
pub(crate) const HEADER_LEN: usize = 14;

/// The longest frame that can be written, in bytes with its header. The MTU does not limit writes.
///
/// Source: FreeBSD 12.2 `sys/net/if_tuntap.c`.
pub(crate) const FRAME_MAX: usize = 65535;

/// The content of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// No bytes: the write returns 0 and has no effect.
    Empty,
    /// Less than an Ethernet header: the write succeeds, if its bytes can be read, and the frame is
    /// dropped.
    TooShort,
    /// One frame.
    Frame,
    /// More than [`FRAME_MAX`] bytes: the write fails with `EIO`.
    TooLong,
}

/// Classifies a write by its length in bytes.
pub(crate) fn write(len: usize) -> Write {
    match len {
        0 => Write::Empty,
        len if len < HEADER_LEN => Write::TooShort,
        len if len > FRAME_MAX => Write::TooLong,
        _ => Write::Frame,
    }
}

/// Whether an Ethernet address is a multicast address or the broadcast address.
pub(crate) fn is_group(address: [u8; 6]) -> bool {
    address[0] & 1 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b7_write_lengths() {
        assert_eq!(write(0), Write::Empty);
        assert_eq!(write(1), Write::TooShort);
        assert_eq!(write(13), Write::TooShort);
        assert_eq!(write(14), Write::Frame);
        assert_eq!(write(65535), Write::Frame);
        assert_eq!(write(65536), Write::TooLong);
        assert_eq!(write(usize::MAX), Write::TooLong);
    }

    #[test]
    fn group_addresses_have_the_lowest_bit_of_the_first_byte() {
        assert!(is_group([0xff; 6]));
        assert!(is_group([0x01, 0, 0x5e, 0, 0, 1]));
        assert!(is_group([0x33, 0x33, 0, 0, 0, 1]));
        assert!(!is_group([0x02, 0, 0, 0, 0, 1]));
        assert!(!is_group([0; 6]));
    }
}
