// SPDX-License-Identifier: GPL-2.0

//! Unit numbers, and the names that contain them.

use crate::bsd::ioctl::Pointer;

/// The largest unit number.
///
/// Source: `IF_MAXUNIT` of FreeBSD's `sys/net/if.h`.
pub(crate) const UNIT_MAX: u16 = 0x7fff;

/// The unit that a request for an interface asks for by the interface's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameRequest {
    /// The unit with this number: `bsdtun7`.
    Unit(u16),
    /// A number above [`UNIT_MAX`]: `bsdtun40000`.
    OutOfRange,
    /// Any unit; the interface keeps the requested name, which is unrelated to unit names.
    Any,
    /// Any unit; the interface is named after the unit: `bsdtun%d`.
    Template,
}

/// Decodes the name that is requested for an interface. `kind` is what names of units start with,
/// such as `bsdtun`.
///
/// A unit's name is `kind` and a decimal number without leading zeros; `kind%d` asks for any
/// number.
pub(crate) fn name_request(kind: &[u8], name: &[u8]) -> NameRequest {
    let Some(number) = name.strip_prefix(kind) else {
        return NameRequest::Any;
    };
    match number {
        b"%d" => return NameRequest::Template,
        b"0" => return NameRequest::Unit(0),
        [] | [b'0', ..] => return NameRequest::Any,
        _ => (),
    }

    let mut unit: u16 = 0;
    let mut in_range = true;
    for digit in number {
        if !digit.is_ascii_digit() {
            return NameRequest::Any;
        }
        match unit
            .checked_mul(10)
            .and_then(|unit| unit.checked_add(u16::from(digit - b'0')))
        {
            Some(next) if next <= UNIT_MAX => unit = next,
            _ => in_range = false,
        }
    }
    if in_range {
        NameRequest::Unit(unit)
    } else {
        NameRequest::OutOfRange
    }
}

/// The argument of `FIODGNAME`: where the program wants the name of the node, with a NUL behind it.
///
/// Source: `struct fiodgname_arg` of FreeBSD's `sys/sys/filio.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameBuffer {
    /// Size of the buffer in bytes. A negative one holds no name.
    pub(crate) len: i32,
    /// Its address.
    pub(crate) address: u64,
}

/// Length in bytes of the longest layout of a [`NameBuffer`].
pub(crate) const NAME_BUFFER_MAX: usize = 16;

impl Pointer {
    /// Length in bytes of a [`NameBuffer`] with such a pointer.
    pub(crate) const fn name_buffer_size(self) -> usize {
        match self {
            Self::Bits32 => 8,
            Self::Bits64 => 16,
        }
    }
}

impl NameBuffer {
    /// Decodes what a program passed in the first [`Pointer::name_buffer_size`] bytes, in host byte
    /// order.
    pub(crate) fn from_bytes(pointer: Pointer, bytes: &[u8; NAME_BUFFER_MAX]) -> Self {
        let [l0, l1, l2, l3, p0, p1, p2, p3, q @ ..] = *bytes;
        Self {
            len: i32::from_ne_bytes([l0, l1, l2, l3]),
            address: match pointer {
                Pointer::Bits32 => u32::from_ne_bytes([p0, p1, p2, p3]).into(),
                Pointer::Bits64 => u64::from_ne_bytes(q),
            },
        }
    }

    /// Whether a name of `len` bytes and its NUL fit.
    pub(crate) fn holds(self, len: usize) -> bool {
        usize::try_from(self.len).is_ok_and(|size| len < size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_buffer_has_the_layout_of_the_program() {
        let mut bytes = [0xee; NAME_BUFFER_MAX];
        bytes[0..4].copy_from_slice(&256i32.to_ne_bytes());
        bytes[4..8].copy_from_slice(&0x1234_5678u32.to_ne_bytes());
        bytes[8..16].copy_from_slice(&0x7fff_1234_5678_9abcu64.to_ne_bytes());
        for (pointer, address) in [
            (Pointer::Bits32, 0x1234_5678),
            (Pointer::Bits64, 0x7fff_1234_5678_9abc),
        ] {
            assert_eq!(
                NameBuffer::from_bytes(pointer, &bytes),
                NameBuffer { len: 256, address }
            );
        }
    }

    #[test]
    fn a_name_needs_room_for_its_nul() {
        let holds = |len, name| NameBuffer { len, address: 0 }.holds(name);
        assert!(holds(8, 7) && holds(i32::MAX, 7));
        assert!(!holds(7, 7) && !holds(0, 0) && !holds(-1, 7) && !holds(i32::MIN, 7));
    }

    #[test]
    fn unit_names_request_their_unit() {
        assert_eq!(name_request(b"bsdtun", b"bsdtun0"), NameRequest::Unit(0));
        assert_eq!(name_request(b"bsdtun", b"bsdtun7"), NameRequest::Unit(7));
        assert_eq!(
            name_request(b"bsdtun", b"bsdtun32767"),
            NameRequest::Unit(32767)
        );
        assert_eq!(name_request(b"bsdtun", b"bsdtun%d"), NameRequest::Template);
    }

    #[test]
    fn every_unit_name_requests_its_unit() {
        for unit in 0..=UNIT_MAX {
            let name = format!("bsdtun{unit}");
            assert_eq!(
                name_request(b"bsdtun", name.as_bytes()),
                NameRequest::Unit(unit)
            );
        }
    }

    #[test]
    fn numbers_above_the_maximum_are_out_of_range() {
        for name in [
            "bsdtun32768",
            "bsdtun65535",
            "bsdtun65536",
            "bsdtun65537",
            "bsdtun99999",
            "bsdtun327670",
            "bsdtun655360000",
        ] {
            assert_eq!(
                name_request(b"bsdtun", name.as_bytes()),
                NameRequest::OutOfRange
            );
        }
    }

    #[test]
    fn other_names_request_any_unit() {
        for name in [
            "",
            "b",
            "bsdtun",
            "bsdtun00",
            "bsdtun07",
            "bsdtun1a",
            "bsdtun-1",
            "bsdtun 1",
            "bsdtun%dx",
            "bsdtun%",
            "bsdtap0",
            "foo",
            "foo0",
            "xbsdtun0",
            "bsdtun40000x",
        ] {
            assert_eq!(
                name_request(b"bsdtun", name.as_bytes()),
                NameRequest::Any,
                "{name}"
            );
        }
    }
}
