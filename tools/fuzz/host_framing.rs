// SPDX-License-Identifier: GPL-2.0

//! The fuzzing target for framing, dialects and the lengths of writes.

use crate::{
    bsd::{
        dialect::Dialect,
        ethernet,
        framing::{
            self,
            Framing,
            Mode,
            Prefix,
            Protocol, //
        }, //
    },
    Input,
    DIALECTS, //
};

/// Any sequence of commands behaves like two switches that exclude each other, and a dialect, of
/// which one overrides the switches.
pub(crate) fn check_framing(input: &mut Input<'_>) {
    let mut framing = Framing::new();
    let (mut head, mut link, mut dialect) = (false, false, Dialect::Linux);
    while !input.0.is_empty() {
        let step = input.byte();
        let on = step & 8 != 0;
        match step & 3 {
            0 => {
                dialect = DIALECTS[usize::from(step >> 4) % 4];
                framing.set_head(on, dialect);
                (head, link) = (on, link && !on);
            }
            1 => {
                framing.set_link(on);
                (head, link) = (head && !on, on);
            }
            2 => {
                // A request for a dialect and a mode: names, of the next bytes of the input.
                let (named, mode) = (input.name(), input.name());
                let expected = match named {
                    b"linux" => Some(Dialect::Linux),
                    b"freebsd" => Some(Dialect::FreeBsd),
                    b"netbsd" => Some(Dialect::NetBsd),
                    b"openbsd" => Some(Dialect::OpenBsd),
                    _ => None,
                };
                assert_eq!(Dialect::from_name(named), expected);
                let expected_mode = match mode {
                    b"bare" => Some((Mode::Bare, false, false)),
                    b"ifhead" => Some((Mode::Head, true, false)),
                    b"lmode" => Some((Mode::Link, false, true)),
                    _ => None,
                };
                let wanted = expected_mode.map(|(mode, ..)| mode);
                assert_eq!(Mode::from_name(mode), wanted);
                let new_dialect = expected.unwrap_or(dialect);
                let refused = new_dialect == Dialect::OpenBsd
                    && wanted.is_some_and(|mode| mode != Mode::Head);
                let new = framing.with(expected, wanted);
                assert_eq!(new.is_none(), refused);
                if let Some(new) = new {
                    framing = new;
                    dialect = new_dialect;
                    if let Some((_, new_head, new_link)) = expected_mode {
                        (head, link) = (new_head, new_link);
                    }
                }
            }
            _ => framing = Framing::from_bits(framing.to_bits()),
        }
        assert!(!(head && link));
        let openbsd = dialect == Dialect::OpenBsd;
        assert_eq!(framing.head(), head || openbsd);
        assert_eq!(framing.dialect(), dialect);
        assert_eq!(framing.is_openbsd(), openbsd);
        assert_eq!(
            framing.name(),
            match (head || openbsd, link) {
                (true, _) => "ifhead",
                (_, true) => "lmode",
                _ => "bare",
            }
        );
    }
}

/// A framing that the input selects, and the name of the mode in effect.
fn any_framing(input: &mut Input<'_>) -> (Framing, &'static str) {
    let mode = [Mode::Bare, Mode::Head, Mode::Link][usize::from(input.byte() % 3)];
    let dialect = input.pick(&DIALECTS);
    let framing = Framing::new().with(None, Some(mode)).unwrap();
    let framing = framing.with(Some(dialect), None).unwrap();
    let name = match (dialect, mode) {
        (Dialect::OpenBsd, _) | (_, Mode::Head) => "ifhead",
        (_, Mode::Link) => "lmode",
        (_, Mode::Bare) => "bare",
    };
    (framing, name)
}

/// The classification of a write follows from its length, and for a tun from the framing.
pub(crate) fn check_write_lengths(input: &mut Input<'_>) {
    let (framing, mode) = any_framing(input);
    let len = match input.byte() % 3 {
        0 => usize::from(input.byte()),
        1 => (65535 + usize::from(input.byte())) - 128,
        _ => usize::from_le_bytes(input.array()),
    };

    let room = if mode == "ifhead" { 65539 } else { 65535 };
    let result = framing.write(len);
    if framing.is_openbsd() && !(4..=room).contains(&len) {
        assert_eq!(result, framing::Write::WrongSize);
    } else if len == 0 {
        assert_eq!(result, framing::Write::Empty);
    } else if mode == "ifhead" && len < 4 {
        assert_eq!(result, framing::Write::TooShort);
    } else if len > room {
        assert_eq!(result, framing::Write::TooLong);
    } else if mode == "ifhead" {
        assert_eq!(result, framing::Write::Headed);
    } else {
        assert_eq!(result, framing::Write::Bare);
    }

    let result = ethernet::write(len);
    if len == 0 {
        assert_eq!(result, ethernet::Write::Empty);
    } else if len > 65535 {
        assert_eq!(result, ethernet::Write::TooLong);
    } else if len >= 14 {
        assert_eq!(result, ethernet::Write::Frame);
    } else {
        assert_eq!(result, ethernet::Write::TooShort);
    }

    let address = input.array::<6>();
    assert_eq!(ethernet::is_group(address), address[0] % 2 == 1);
}

/// The prefix of a packet has BSD's layout and survives its encoding; written back, it names the
/// packet's protocol.
pub(crate) fn check_prefixes(input: &mut Input<'_>) {
    let (framing, mode) = any_framing(input);
    let ethertype = if input.byte() & 1 == 0 {
        u16::from_be_bytes(input.array())
    } else {
        input.pick(&[0x0800, 0x86dd, 0x8847])
    };
    let protocol = match ethertype {
        0x0800 => Some(Protocol::Ip),
        0x86dd => Some(Protocol::Ip6),
        0x8847 => Some(Protocol::Mpls),
        _ => None,
    };
    assert_eq!(Protocol::from_ethertype(ethertype), protocol);

    let hop: [u8; 4] = input.array();
    if let Some(protocol) = protocol {
        let family = match (protocol, framing.dialect()) {
            (Protocol::Ip, _) => 2,
            (Protocol::Ip6, Dialect::Linux) => 10,
            (Protocol::Ip6, Dialect::NetBsd | Dialect::OpenBsd) => 24,
            (Protocol::Ip6, Dialect::FreeBsd) => 28,
            (Protocol::Mpls, _) => 33,
        };
        let mut next_hop_called = false;
        let prefix = framing.prefix(protocol, || {
            next_hop_called = true;
            hop
        });
        let expected = match (mode, protocol) {
            (_, Protocol::Mpls) if !framing.is_openbsd() => None,
            ("ifhead", _) => Some(vec![0, 0, 0, family]),
            (_, Protocol::Ip6 | Protocol::Mpls) => None,
            ("lmode", _) => Some([&[16, 2, 0, 0], &hop[..], &[0; 8]].concat()),
            _ => Some(vec![]),
        };
        assert_eq!(prefix.map(|prefix| prefix.bytes().to_vec()), expected);
        // The next hop is computed only where it is used.
        assert_eq!(next_hop_called, mode == "lmode" && protocol == Protocol::Ip);
        if let Some(prefix) = prefix {
            assert_eq!(Prefix::from_cb(prefix.to_cb()), prefix);
            if mode == "ifhead" {
                let bytes: [u8; 4] = prefix.bytes()[..].try_into().unwrap();
                assert_eq!(framing.protocol_of_head(bytes), Some(protocol));
            }
        }
    }

    // Arbitrary bytes, from a program or from a control block, must decode to something valid.
    let head: [u8; 4] = input.array();
    let named = match head {
        [0, 0, 0, 2] => Some(Protocol::Ip),
        [0, 0, 0, 10 | 24 | 28 | 30] => Some(Protocol::Ip6),
        [0, 0, 0, 33] if framing.is_openbsd() => Some(Protocol::Mpls),
        _ => None,
    };
    assert_eq!(framing.protocol_of_head(head), named);
    let kept = Prefix::from_cb(u64::from_le_bytes(input.array()));
    assert_eq!(Prefix::from_cb(kept.to_cb()), kept);
    assert!([0, 4, 16].contains(&kept.bytes().len()));
    let kept = Framing::from_bits(input.u32() as i32);
    assert_eq!(Framing::from_bits(kept.to_bits()), kept);
}
