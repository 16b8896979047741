// SPDX-License-Identifier: GPL-2.0

//! The numbers of ioctls.
//!
//! A program compiled for Linux has its numbers from Linux's `_IOR` and `_IOW`; a program that
//! carries a BSD's constants has those of BSD's. The two differ in the direction bits (and on
//! powerpc do not differ at all), so a number is taken apart into its fields, and these are
//! compared: both encodings of a command mean the same.
//!
//! The numbers themselves are those of `include/net/if_tun.h` and `include/net/if_tap.h`; the driver
//! asserts at compile time that each macro there decodes to what it should.

use crate::bsd::{
    framing::Dialect,
    kind::Kind, //
};

/// What a program asks for.
///
/// Source, where nothing else is said: FreeBSD `sys/net/if_tun.c` (2001) and the `if_tuntap.c` that
/// came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// `TUNSDEBUG`, `TAPSDEBUG`: an `int`, one for all units.
    SetDebug,
    /// `TUNGDEBUG`, `TAPGDEBUG`.
    GetDebug,
    /// `TUNSIFINFO`, `TAPSIFINFO`: speed, MTU and type.
    SetInfo(InfoLayout),
    /// `TUNGIFINFO`, `TAPGIFINFO`.
    GetInfo(InfoLayout),
    /// `TUNSLMODE`: an `int`, zero or not. Also NetBSD's number 87.
    SetLinkMode,
    /// `TUNSIFHEAD`: an `int`, zero or not. Who asks tells which number IPv6 has on reads.
    SetHead(Dialect),
    /// `TUNGIFHEAD`. Also NetBSD's number 65.
    GetHead,
    /// `TUNSIFMODE`: an `int` of interface flags. Also NetBSD's number 88.
    SetInterfaceMode,
    /// `TUNSIFPID`: no argument.
    SetPid,
    /// `TUNGIFNAME`, `TAPGIFNAME`: the interface's current name, in the first 16 bytes of a
    /// `struct ifreq`.
    ///
    /// Source: FreeBSD 12.1 `sys/net/if_tun.h`; DragonFly's number 98, `sys/net/tun/if_tun.h`;
    /// NetBSD's `sys/net/if_tap.h`, of tap alone.
    GetInterfaceName,
    /// `TUNSTRANSIENT`, `TAPSTRANSIENT`: an `int`, zero or not.
    ///
    /// Source: FreeBSD 15 `sys/net/if_tuntap.c`.
    SetTransient,
    /// `TUNGTRANSIENT`, `TAPGTRANSIENT`.
    GetTransient,
    /// `SIOCGIFADDR` on the descriptor: the Ethernet address of the other side, six bytes.
    ///
    /// Source: FreeBSD 12.2 `sys/net/if_tuntap.c`, tap(4).
    GetRemoteAddress,
    /// `SIOCSIFADDR` on the descriptor.
    SetRemoteAddress,
    /// `VMIO_SIOCSIFFLAGS`: sets the interface up, with the low flag bits of the argument, which is
    /// the `int` itself.
    ///
    /// Source: FreeBSD 12.2 `sys/net/if_tap.h`; without the length in the number, FreeBSD 6.
    SetFlags,
    /// `FIONREAD`: bytes that the next read could return, as an `int`.
    GetReadable,
    /// `FIONBIO` as BSD has it: an `int`, zero or not. Linux's own the VFS handles.
    SetNonBlocking,
    /// `FIOASYNC` as BSD has it: an `int`, zero or not. Linux's own the VFS handles.
    SetAsync,
    /// `FIOSETOWN`: an `int`, a process or the negative of a process group.
    SetOwner,
    /// `FIOGETOWN`.
    GetOwner,
    /// `TIOCSPGRP`: an `int`, a process group: `FIOSETOWN` with the sign turned.
    SetGroup,
    /// `TIOCGPGRP`.
    GetGroup,
}

/// How a program lays out speed, MTU and type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InfoLayout {
    /// 8 bytes.
    FreeBsd,
    /// 12 bytes, with flags. Source: OpenBSD `sys/net/if_tun.h`.
    OpenBsd,
}

/// What depends on the architecture: its own encoding, and the commands that are not made with
/// `_IOR` and `_IOW` everywhere.
#[derive(Clone, Copy)]
pub(crate) struct Native {
    /// `_IOW('t', 96, int)`, from which the encoding is seen.
    pub(crate) tunsifhead: u32,
    /// `FIONREAD`.
    pub(crate) fionread: u32,
    /// `FIOSETOWN` and `SIOCSPGRP`.
    pub(crate) set_owner: [u32; 2],
    /// `FIOGETOWN` and `SIOCGPGRP`.
    pub(crate) get_owner: [u32; 2],
    /// `TIOCSPGRP`.
    pub(crate) tiocspgrp: u32,
    /// `TIOCGPGRP`.
    pub(crate) tiocgpgrp: u32,
}

/// Whose encoding a number is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// That of this kernel: the program was compiled here.
    Native,
    /// BSD's, where it is another: the program carries a BSD's constants.
    Bsd,
}

/// `SIOCGIFADDR`, on all architectures.
pub(crate) const SIOCGIFADDR: u32 = 0x8915;
/// `SIOCSIFADDR`.
pub(crate) const SIOCSIFADDR: u32 = 0x8916;

/// Which way the argument goes, seen from the program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    None,
    /// The program reads it.
    Read,
    /// The program writes it.
    Write,
    /// Both.
    Both,
}

/// BSD's encoding, which is also Linux's on powerpc and some others: three bits of direction, 13 of
/// size.
const fn bsd_fields(cmd: u32) -> Option<(Direction, u32)> {
    let direction = match cmd >> 29 {
        1 => Direction::None,
        2 => Direction::Read,
        4 => Direction::Write,
        6 => Direction::Both,
        _ => return None,
    };
    Some((direction, (cmd >> 16) & 0x1fff))
}

/// Linux's generic encoding: two bits of direction, 14 of size.
const fn generic_fields(cmd: u32) -> Option<(Direction, u32)> {
    let direction = match cmd >> 30 {
        0 => Direction::None,
        1 => Direction::Write,
        2 => Direction::Read,
        _ => Direction::Both,
    };
    Some((direction, (cmd >> 16) & 0x3fff))
}

const fn request(
    kind: Kind,
    encoding: Encoding,
    cmd: u32,
    fields: Option<(Direction, u32)>,
) -> Option<Request> {
    use Direction::{
        Both,
        None as Void,
        Read,
        Write, //
    };
    use Request::*;

    let (direction, size) = match fields {
        Some(fields) => fields,
        None => return None,
    };
    let group = (cmd >> 8) as u8;
    let number = cmd as u8;
    let tun = !kind.is_ethernet();
    let tap = kind.is_ethernet();
    Some(match (group, number, direction, size) {
        (b't', 89, Read, 4) => GetDebug,
        (b't', 90, Write, 4) => SetDebug,
        (b't', 91, Write, 8) => SetInfo(InfoLayout::FreeBsd),
        (b't', 92, Read, 8) => GetInfo(InfoLayout::FreeBsd),
        (b't', 91, Write, 12) => SetInfo(InfoLayout::OpenBsd),
        (b't', 92, Read, 12) => GetInfo(InfoLayout::OpenBsd),
        (b't', 93 | 87, Write, 4) if tun => SetLinkMode,
        // A `struct ifreq` has 32 bytes on the BSDs and for 32-bit programs on Linux, 40 for 64-bit
        // ones, and 144 on NetBSD.
        (b't', 93 | 98, Read, 32 | 40 | 144) => GetInterfaceName,
        (b'e', 0, Read, 32 | 40 | 144) if tap => GetInterfaceName,
        // The other direction of 94 is FreeBSD's TAPGVNETHDR, which is not served, and turned into the
        // other encoding it is the same number.
        (b't', 94 | 88, Write, 4) if tun => SetInterfaceMode,
        (b't', 95, Void, 0) if tun => SetPid,
        (b't', 96, Write, 4) if tun => SetHead(match encoding {
            Encoding::Native => Dialect::Linux,
            Encoding::Bsd => Dialect::FreeBsd,
        }),
        (b't', 66, Write, 4) if tun => SetHead(match encoding {
            Encoding::Native => Dialect::Linux,
            Encoding::Bsd => Dialect::NetBsd,
        }),
        (b't', 97 | 65, Read, 4) if tun => GetHead,
        (b't', 98, Write, 4) => SetTransient,
        (b't', 99, Read, 4) => GetTransient,
        // The old number has 13.
        (b'i', 33 | 13, Both, 32 | 40 | 144) if tap => GetRemoteAddress,
        (b'i', 12, Write, 32 | 40 | 144) if tap => SetRemoteAddress,
        (b'V', 0, Void, 0 | 4) if tap => SetFlags,
        (b't', 118, Write, 4) => SetGroup,
        (b't', 119, Read, 4) => GetGroup,
        (b'f', 123, Read, 4) => GetOwner,
        (b'f', 124, Write, 4) => SetOwner,
        (b'f', 125, Write, 4) => SetAsync,
        (b'f', 126, Write, 4) => SetNonBlocking,
        (b'f', 127, Read, 4) => GetReadable,
        _ => return None,
    })
}

/// Tells what a number asks of a unit of this kind; `None` for what is not known there: `ENOTTY`.
pub(crate) const fn decode(cmd: u32, kind: Kind, native: &Native) -> Option<Request> {
    if cmd == native.fionread {
        return Some(Request::GetReadable);
    }
    if cmd == native.set_owner[0] || cmd == native.set_owner[1] {
        return Some(Request::SetOwner);
    }
    if cmd == native.get_owner[0] || cmd == native.get_owner[1] {
        return Some(Request::GetOwner);
    }
    if cmd == native.tiocspgrp {
        return Some(Request::SetGroup);
    }
    if cmd == native.tiocgpgrp {
        return Some(Request::GetGroup);
    }
    if kind.is_ethernet() {
        match cmd {
            SIOCGIFADDR => return Some(Request::GetRemoteAddress),
            SIOCSIFADDR => return Some(Request::SetRemoteAddress),
            _ => (),
        }
    }

    // Where the two encodings are one, the program was compiled here for all that can be seen.
    let native_is_bsd = matches!(bsd_fields(native.tunsifhead), Some((Direction::Write, 4)));
    if native_is_bsd {
        return request(kind, Encoding::Native, cmd, bsd_fields(cmd));
    }
    match request(kind, Encoding::Native, cmd, generic_fields(cmd)) {
        Some(request) => Some(request),
        None => request(kind, Encoding::Bsd, cmd, bsd_fields(cmd)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const X86: Native = Native {
        tunsifhead: 0x4004_7460,
        fionread: 0x541b,
        set_owner: [0x8901, 0x8902],
        get_owner: [0x8903, 0x8904],
        tiocspgrp: 0x5410,
        tiocgpgrp: 0x540f,
    };

    const POWERPC: Native = Native {
        tunsifhead: 0x8004_7460,
        fionread: 0x4004_667f,
        set_owner: [0x8901, 0x8902],
        get_owner: [0x8903, 0x8904],
        tiocspgrp: 0x8004_7476,
        tiocgpgrp: 0x4004_7477,
    };

    /// Whose a number is.
    #[derive(Clone, Copy, PartialEq)]
    enum Of {
        Both,
        Tun,
        Tap,
    }

    const KINDS: [Kind; 3] = [Kind::Tun, Kind::Tap, Kind::Vmnet];

    /// Every number that is known: BSD's, Linux's generic, and what both ask for.
    fn table() -> Vec<(Of, u32, u32, Request, Request)> {
        use Request::*;

        let of = |of, bsd, linux, request| (of, bsd, linux, request, request);
        let same = |bsd, linux, request| of(Of::Both, bsd, linux, request);
        let tun = |bsd, linux, request| of(Of::Tun, bsd, linux, request);
        let tap = |bsd, linux, request| of(Of::Tap, bsd, linux, request);
        vec![
            same(0x4004_7459, 0x8004_7459, GetDebug),
            same(0x8004_745a, 0x4004_745a, SetDebug),
            same(0x8008_745b, 0x4008_745b, SetInfo(InfoLayout::FreeBsd)),
            same(0x4008_745c, 0x8008_745c, GetInfo(InfoLayout::FreeBsd)),
            same(0x800c_745b, 0x400c_745b, SetInfo(InfoLayout::OpenBsd)),
            same(0x400c_745c, 0x800c_745c, GetInfo(InfoLayout::OpenBsd)),
            tun(0x8004_745d, 0x4004_745d, SetLinkMode),
            tun(0x8004_7457, 0x4004_7457, SetLinkMode),
            same(0x4020_745d, 0x8020_745d, GetInterfaceName),
            same(0x4028_745d, 0x8028_745d, GetInterfaceName),
            same(0x4090_745d, 0x8090_745d, GetInterfaceName),
            same(0x4020_7462, 0x8020_7462, GetInterfaceName),
            same(0x4028_7462, 0x8028_7462, GetInterfaceName),
            same(0x4090_7462, 0x8090_7462, GetInterfaceName),
            tap(0x4020_6500, 0x8020_6500, GetInterfaceName),
            tap(0x4028_6500, 0x8028_6500, GetInterfaceName),
            tap(0x4090_6500, 0x8090_6500, GetInterfaceName),
            tun(0x8004_745e, 0x4004_745e, SetInterfaceMode),
            tun(0x8004_7458, 0x4004_7458, SetInterfaceMode),
            tun(0x2000_745f, 0x0000_745f, SetPid),
            (
                Of::Tun,
                0x8004_7460,
                0x4004_7460,
                SetHead(Dialect::FreeBsd),
                SetHead(Dialect::Linux),
            ),
            (
                Of::Tun,
                0x8004_7442,
                0x4004_7442,
                SetHead(Dialect::NetBsd),
                SetHead(Dialect::Linux),
            ),
            tun(0x4004_7461, 0x8004_7461, GetHead),
            tun(0x4004_7441, 0x8004_7441, GetHead),
            same(0x8004_7462, 0x4004_7462, SetTransient),
            same(0x4004_7463, 0x8004_7463, GetTransient),
            tap(0x8020_690c, 0x4020_690c, SetRemoteAddress),
            tap(0x8028_690c, 0x4028_690c, SetRemoteAddress),
            tap(0x8090_690c, 0x4090_690c, SetRemoteAddress),
            tap(0x2000_5600, 0x0000_5600, SetFlags),
            tap(0x2004_5600, 0x0004_5600, SetFlags),
            same(0x8004_7476, 0x4004_7476, SetGroup),
            same(0x4004_7477, 0x8004_7477, GetGroup),
            same(0x4004_667b, 0x8004_667b, GetOwner),
            same(0x8004_667c, 0x4004_667c, SetOwner),
            same(0x8004_667d, 0x4004_667d, SetAsync),
            same(0x8004_667e, 0x4004_667e, SetNonBlocking),
            same(0x4004_667f, 0x8004_667f, GetReadable),
        ]
    }

    /// The numbers of tap that are one in both encodings.
    const ONE_NUMBER: [u32; 6] = [
        0xc020_6921,
        0xc028_6921,
        0xc090_6921,
        0xc020_690d,
        0xc028_690d,
        0xc090_690d,
    ];

    fn known_on_x86(kind: Kind) -> BTreeMap<u32, Request> {
        use Request::*;

        let mut known = BTreeMap::from([
            (0x541b, GetReadable),
            (0x8901, SetOwner),
            (0x8902, SetOwner),
            (0x8903, GetOwner),
            (0x8904, GetOwner),
            (0x5410, SetGroup),
            (0x540f, GetGroup),
        ]);
        if kind != Kind::Tun {
            known.extend([(0x8915, GetRemoteAddress), (0x8916, SetRemoteAddress)]);
            known.extend(ONE_NUMBER.map(|cmd| (cmd, GetRemoteAddress)));
        }
        for (of, bsd, linux, by_bsd, by_linux) in table() {
            if of == Of::Both || (of == Of::Tun) == (kind == Kind::Tun) {
                assert!(known.insert(bsd, by_bsd).is_none(), "{bsd:#x} twice");
                assert!(known.insert(linux, by_linux).is_none(), "{linux:#x} twice");
            }
        }
        known
    }

    #[test]
    fn every_listed_number_in_both_encodings() {
        for kind in KINDS {
            for (cmd, request) in known_on_x86(kind) {
                assert_eq!(decode(cmd, kind, &X86), Some(request), "{cmd:#x}");
            }
        }
    }

    /// Of all 2^32 numbers with the groups of the table, only the listed ones are known; elsewhere
    /// a large sample.
    #[test]
    fn nothing_else_is_known() {
        for kind in KINDS {
            let known = known_on_x86(kind);
            let check = |cmd: u32| {
                assert_eq!(
                    decode(cmd, kind, &X86),
                    known.get(&cmd).copied(),
                    "{cmd:#x} of {kind:?}"
                );
            };
            for group in [b't', b'f', b'i', b'e', b'V', 0x89] {
                for high in 0..=0xffff_u32 {
                    for number in 0..=0xff_u32 {
                        check(high << 16 | u32::from(group) << 8 | number);
                    }
                }
            }
            let mut seed = 0x2545_f491_4f6c_dd1d_u64;
            for _ in 0..3_000_000 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                check((seed >> 16) as u32);
            }
        }
    }

    /// The other BSDs' meanings that cannot be honoured beside FreeBSD's.
    #[test]
    fn clashing_and_foreign_numbers() {
        // OpenBSD's TUNSIFMODE and TUNSDEBUG are FreeBSD's TUNSLMODE and TUNSIFMODE.
        let tun = |cmd| decode(cmd, Kind::Tun, &X86);
        assert_eq!(tun(0x8004_745d), Some(Request::SetLinkMode));
        assert_eq!(tun(0x8004_745e), Some(Request::SetInterfaceMode));
        for cmd in [
            // OpenBSD's TUNGDEBUG, TUNSCAP, TUNGCAP, TUNDCAP.
            0x4004_745f,
            0x8004_74c4,
            0x4004_74c4,
            0x2000_74c4,
            // FreeBSD's TAPSVNETHDR, NetBSD's TAPGIFNAME, VMIO_SIOCSIFFLAGS.
            0x8004_745b,
            0x4090_6500,
            0x2004_5600,
            // Linux's TUNSETIFF and TUNSETOFFLOAD.
            0x4004_54ca,
            0x4004_54d0,
            // A wrong TUNSTRANSIENT that some programs carry.
            0x8062_7404,
        ] {
            assert_eq!(tun(cmd), None, "{cmd:#x}");
        }
    }

    /// What is number 94 in one encoding is another's in the other: the kind tells.
    #[test]
    fn b8_number_94_by_kind() {
        for cmd in [0x8004_745e, 0x4004_745e] {
            assert_eq!(
                decode(cmd, Kind::Tun, &X86),
                Some(Request::SetInterfaceMode)
            );
            // TAPGVNETHDR.
            assert_eq!(decode(cmd, Kind::Tap, &X86), None);
            assert_eq!(decode(cmd, Kind::Vmnet, &X86), None);
        }
    }

    /// With one encoding for both, every number means the same, and the dialect is Linux's.
    #[test]
    fn where_the_encodings_coincide() {
        for (of, bsd, linux, _, by_linux) in table() {
            let kind = if of == Of::Tap { Kind::Tap } else { Kind::Tun };
            assert_eq!(decode(bsd, kind, &POWERPC), Some(by_linux), "{bsd:#x}");
            assert_eq!(decode(linux, kind, &POWERPC), None, "{linux:#x}");
        }
    }
}
