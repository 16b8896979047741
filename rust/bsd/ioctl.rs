// SPDX-License-Identifier: GPL-2.0

//! The numbers of ioctls.
//!
//! A program compiled for Linux has its numbers from Linux's `_IOR` and `_IOW`; a program that
//! carries a BSD's constants has those of BSD's. The two differ in the direction bits (and on
//! powerpc do not differ at all), so a number is taken apart into its fields, and these are
//! compared: both encodings of a command mean the same.
//!
//! The numbers themselves are those of `include/net/if_tun.h`; the driver asserts at compile time
//! that each macro there decodes to what it should.

use crate::bsd::framing::Dialect;

/// What a program asks for.
///
/// Source, where nothing else is said: FreeBSD `sys/net/if_tun.c` (2001) and the `if_tuntap.c` that
/// came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// `TUNSDEBUG`: an `int`, one for all units.
    SetDebug,
    /// `TUNGDEBUG`.
    GetDebug,
    /// `TUNSIFINFO`: speed, MTU and type.
    SetInfo(InfoLayout),
    /// `TUNGIFINFO`.
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
    /// `TUNGIFNAME`: the interface's current name, in the first 16 bytes of a `struct ifreq`.
    ///
    /// Source: FreeBSD 12.1 `sys/net/if_tun.h`; DragonFly's number 98, `sys/net/tun/if_tun.h`.
    GetInterfaceName,
    /// `TUNSTRANSIENT`: an `int`, zero or not.
    ///
    /// Source: FreeBSD 15 `sys/net/if_tuntap.c`.
    SetTransient,
    /// `TUNGTRANSIENT`.
    GetTransient,
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

/// Which way the argument goes, seen from the program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    None,
    /// The program reads it.
    Read,
    /// The program writes it.
    Write,
}

/// BSD's encoding, which is also Linux's on powerpc and some others: three bits of direction, 13 of
/// size. No command that reads and writes its argument is known here.
const fn bsd_fields(cmd: u32) -> Option<(Direction, u32)> {
    let direction = match cmd >> 29 {
        1 => Direction::None,
        2 => Direction::Read,
        4 => Direction::Write,
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
        _ => return None,
    };
    Some((direction, (cmd >> 16) & 0x3fff))
}

const fn request(
    encoding: Encoding,
    cmd: u32,
    fields: Option<(Direction, u32)>,
) -> Option<Request> {
    use Direction::{
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
    Some(match (group, number, direction, size) {
        (b't', 89, Read, 4) => GetDebug,
        (b't', 90, Write, 4) => SetDebug,
        (b't', 91, Write, 8) => SetInfo(InfoLayout::FreeBsd),
        (b't', 92, Read, 8) => GetInfo(InfoLayout::FreeBsd),
        (b't', 91, Write, 12) => SetInfo(InfoLayout::OpenBsd),
        (b't', 92, Read, 12) => GetInfo(InfoLayout::OpenBsd),
        (b't', 93 | 87, Write, 4) => SetLinkMode,
        // A `struct ifreq` has 32 bytes on the BSDs and for 32-bit programs on Linux, 40 for 64-bit
        // ones, and 144 on NetBSD.
        (b't', 93 | 98, Read, 32 | 40 | 144) => GetInterfaceName,
        (b't', 94 | 88, Write, 4) => SetInterfaceMode,
        (b't', 95, Void, 0) => SetPid,
        (b't', 96, Write, 4) => SetHead(match encoding {
            Encoding::Native => Dialect::Linux,
            Encoding::Bsd => Dialect::FreeBsd,
        }),
        (b't', 66, Write, 4) => SetHead(match encoding {
            Encoding::Native => Dialect::Linux,
            Encoding::Bsd => Dialect::NetBsd,
        }),
        (b't', 97 | 65, Read, 4) => GetHead,
        (b't', 98, Write, 4) => SetTransient,
        (b't', 99, Read, 4) => GetTransient,
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

/// Tells what a number asks for; `None` for what is not known: `ENOTTY`.
pub(crate) const fn decode(cmd: u32, native: &Native) -> Option<Request> {
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

    // Where the two encodings are one, the program was compiled here for all that can be seen.
    let native_is_bsd = matches!(bsd_fields(native.tunsifhead), Some((Direction::Write, 4)));
    if native_is_bsd {
        return request(Encoding::Native, cmd, bsd_fields(cmd));
    }
    match request(Encoding::Native, cmd, generic_fields(cmd)) {
        Some(request) => Some(request),
        None => request(Encoding::Bsd, cmd, bsd_fields(cmd)),
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

    /// Every number that is known: BSD's, Linux's generic, and what both ask for.
    fn table() -> Vec<(u32, u32, Request, Request)> {
        use Request::*;

        let same = |bsd, linux, request| (bsd, linux, request, request);
        vec![
            same(0x4004_7459, 0x8004_7459, GetDebug),
            same(0x8004_745a, 0x4004_745a, SetDebug),
            same(0x8008_745b, 0x4008_745b, SetInfo(InfoLayout::FreeBsd)),
            same(0x4008_745c, 0x8008_745c, GetInfo(InfoLayout::FreeBsd)),
            same(0x800c_745b, 0x400c_745b, SetInfo(InfoLayout::OpenBsd)),
            same(0x400c_745c, 0x800c_745c, GetInfo(InfoLayout::OpenBsd)),
            same(0x8004_745d, 0x4004_745d, SetLinkMode),
            same(0x8004_7457, 0x4004_7457, SetLinkMode),
            same(0x4020_745d, 0x8020_745d, GetInterfaceName),
            same(0x4028_745d, 0x8028_745d, GetInterfaceName),
            same(0x4090_745d, 0x8090_745d, GetInterfaceName),
            same(0x4020_7462, 0x8020_7462, GetInterfaceName),
            same(0x4028_7462, 0x8028_7462, GetInterfaceName),
            same(0x4090_7462, 0x8090_7462, GetInterfaceName),
            same(0x8004_745e, 0x4004_745e, SetInterfaceMode),
            same(0x8004_7458, 0x4004_7458, SetInterfaceMode),
            same(0x2000_745f, 0x0000_745f, SetPid),
            (
                0x8004_7460,
                0x4004_7460,
                SetHead(Dialect::FreeBsd),
                SetHead(Dialect::Linux),
            ),
            (
                0x8004_7442,
                0x4004_7442,
                SetHead(Dialect::NetBsd),
                SetHead(Dialect::Linux),
            ),
            same(0x4004_7461, 0x8004_7461, GetHead),
            same(0x4004_7441, 0x8004_7441, GetHead),
            same(0x8004_7462, 0x4004_7462, SetTransient),
            same(0x4004_7463, 0x8004_7463, GetTransient),
            same(0x8004_7476, 0x4004_7476, SetGroup),
            same(0x4004_7477, 0x8004_7477, GetGroup),
            same(0x4004_667b, 0x8004_667b, GetOwner),
            same(0x8004_667c, 0x4004_667c, SetOwner),
            same(0x8004_667d, 0x4004_667d, SetAsync),
            same(0x8004_667e, 0x4004_667e, SetNonBlocking),
            same(0x4004_667f, 0x8004_667f, GetReadable),
        ]
    }

    fn known_on_x86() -> BTreeMap<u32, Request> {
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
        for (bsd, linux, by_bsd, by_linux) in table() {
            assert!(known.insert(bsd, by_bsd).is_none(), "{bsd:#x} twice");
            assert!(known.insert(linux, by_linux).is_none(), "{linux:#x} twice");
        }
        known
    }

    #[test]
    fn every_listed_number_in_both_encodings() {
        for (cmd, request) in known_on_x86() {
            assert_eq!(decode(cmd, &X86), Some(request), "{cmd:#x}");
        }
    }

    /// Of all 2^32 numbers with the groups of the table, only the listed ones are known; elsewhere
    /// a large sample.
    #[test]
    fn nothing_else_is_known() {
        let known = known_on_x86();
        for group in [b't', b'f'] {
            for high in 0..=0xffff_u32 {
                for number in 0..=0xff_u32 {
                    let cmd = high << 16 | u32::from(group) << 8 | number;
                    assert_eq!(decode(cmd, &X86), known.get(&cmd).copied(), "{cmd:#x}");
                }
            }
        }
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..10_000_000 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let cmd = (seed >> 16) as u32;
            assert_eq!(decode(cmd, &X86), known.get(&cmd).copied(), "{cmd:#x}");
        }
    }

    /// The other BSDs' meanings that cannot be honoured beside FreeBSD's.
    #[test]
    fn clashing_and_foreign_numbers() {
        // OpenBSD's TUNSIFMODE and TUNSDEBUG are FreeBSD's TUNSLMODE and TUNSIFMODE.
        assert_eq!(decode(0x8004_745d, &X86), Some(Request::SetLinkMode));
        assert_eq!(decode(0x8004_745e, &X86), Some(Request::SetInterfaceMode));
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
            assert_eq!(decode(cmd, &X86), None, "{cmd:#x}");
        }
    }

    /// With one encoding for both, every number means the same, and the dialect is Linux's.
    #[test]
    fn where_the_encodings_coincide() {
        for (bsd, linux, _, by_linux) in table() {
            assert_eq!(decode(bsd, &POWERPC), Some(by_linux), "{bsd:#x}");
            assert_eq!(decode(linux, &POWERPC), None, "{linux:#x}");
        }
    }
}
