// SPDX-License-Identifier: GPL-2.0

//! Unit numbers, and the names that contain them.

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

#[cfg(test)]
mod tests {
    use super::*;

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
