// SPDX-License-Identifier: GPL-2.0

//! Decoding of ioctl command numbers.
//!
//! A command has two numbers. A program that is compiled for Linux uses the encoding of Linux's
//! `_IOR` and `_IOW`; a program that carries the constants of a BSD uses BSD's encoding. The two
//! differ in the bits for direction and size; on powerpc and some others they are the same. So a
//! number is split into its fields, and the fields are compared: both numbers mean the same
//! request.
//!
//! The numbers are those of `include/net/if_tun.h` and `include/net/if_tap.h`. [`crate::uapi`]
//! asserts at compile time that each macro there decodes to its request.
//!
//! To add an ioctl: add its macro to the header, a [`Request`], a line to `request()`, an assertion
//! to `uapi.rs`, and its implementation to `driver/ioctl.rs`.

use crate::bsd::{
    dialect::Dialect,
    ioctl_number::{
        bsd_fields,
        generic_fields,
        Direction, //
    },
    kind::Kind, //
};

/// The request that a command number stands for.
///
/// Source, unless noted otherwise: FreeBSD `sys/net/if_tun.c` (2001) and its successor
/// `if_tuntap.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// `TUNSDEBUG`, `TAPSDEBUG`: sets the debug level of all units, an `int`. Also OpenBSD's number
    /// 94.
    SetDebug,
    /// `TUNGDEBUG`, `TAPGDEBUG`: returns it. Also OpenBSD's number 95.
    GetDebug,
    /// `TUNSIFINFO`, `TAPSIFINFO`: sets speed, MTU and type.
    SetInfo(InfoLayout),
    /// `TUNGIFINFO`, `TAPGIFINFO`: returns them.
    GetInfo(InfoLayout),
    /// `TUNSLMODE`: switches the next hop in front of packets on or off, an `int`. Also NetBSD's
    /// number 87.
    SetLinkMode,
    /// `TUNSIFHEAD`: switches the address family in front of packets on or off, an `int`. The
    /// encoding of the command selects the dialect.
    SetHead(Dialect),
    /// `TUNGIFHEAD`: returns whether it is on. Also NetBSD's number 65.
    GetHead,
    /// `TUNSIFMODE`: sets the interface mode, an `int` of interface flags. Also NetBSD's number 88,
    /// and OpenBSD's number 93.
    SetInterfaceMode,
    /// `TUNSIFPID`: makes the caller the owner; no argument.
    SetPid,
    /// `TUNGIFNAME`, `TAPGIFNAME`: returns the interface's current name, in the first 16 bytes of a
    /// `struct ifreq`.
    ///
    /// Source: FreeBSD 12.1 `sys/net/if_tun.h`; DragonFly's number 98, `sys/net/tun/if_tun.h`;
    /// NetBSD's `sys/net/if_tap.h`, for tap only.
    GetInterfaceName,
    /// `TUNSTRANSIENT`, `TAPSTRANSIENT`: sets whether the last close destroys the unit, an `int`.
    ///
    /// Source: FreeBSD 15 `sys/net/if_tuntap.c`.
    SetTransient,
    /// `TUNGTRANSIENT`, `TAPGTRANSIENT`: returns it.
    GetTransient,
    /// `SIOCGIFADDR` on the descriptor: returns the Ethernet address of the peer, six bytes.
    ///
    /// Source: FreeBSD 12.2 `sys/net/if_tuntap.c`, tap(4).
    GetRemoteAddress,
    /// `SIOCSIFADDR` on the descriptor: stores it.
    SetRemoteAddress,
    /// `VMIO_SIOCSIFFLAGS`: sets the interface up, with the flags in the argument, which is the
    /// `int` itself and not its address.
    ///
    /// Source: FreeBSD 12.2 `sys/net/if_tap.h`; FreeBSD 6 for the number without a size.
    SetFlags,
    /// `TAPSVNETHDR`: switches virtio's offload header on, with a length of 10 or 12, or off with
    /// 0, an `int`. On a tun too.
    ///
    /// Source: FreeBSD 13 `sys/net/if_tuntap.c`, for tap and vmnet only.
    SetVirtioHeader,
    /// `TAPGVNETHDR`, on a tun `BSDTUNGVNETHDR`: returns the length.
    GetVirtioHeader,
    /// `TUNSCAP`: sets the capabilities of the program, a `struct tun_capabilities`, and switches
    /// OpenBSD's offload header on.
    ///
    /// Source: OpenBSD 7.7 `sys/net/if_tun.c`.
    SetCapabilities,
    /// `TUNGCAP`: returns them.
    GetCapabilities,
    /// `TUNDCAP`: switches OpenBSD's offload header off.
    DeleteCapabilities,
    /// `BSDTUNSBATCH`: switches batch mode on or off, an `int`. No BSD has it.
    SetBatch,
    /// `BSDTUNGBATCH`: returns it.
    GetBatch,
    /// `FIONREAD`: returns the number of bytes that the next read can return, prefix included, an
    /// `int`. In batch mode, the length of the first record.
    GetReadable,
    /// `FIODGNAME`: copies the name of the node to a buffer of the program, see
    /// [`NameBuffer`](crate::bsd::name::NameBuffer).
    ///
    /// Source: FreeBSD `sys/sys/filio.h`.
    GetNodeName(Pointer),
    /// `FIONBIO` with BSD's number: switches nonblocking mode on or off, an `int`. The VFS handles
    /// Linux's number.
    SetNonBlocking,
    /// `FIOASYNC` with BSD's number: switches SIGIO on or off, an `int`. The VFS handles Linux's
    /// number.
    SetAsync,
    /// `FIOSETOWN`: sets the receiver of SIGIO, an `int`: a process, or the negative of a process
    /// group.
    SetOwner,
    /// `FIOGETOWN`: returns it.
    GetOwner,
    /// `TIOCSPGRP`: the same for a process group, an `int` that is negated.
    SetGroup,
    /// `TIOCGPGRP`: returns it, negated.
    GetGroup,
}

/// The layout of speed, MTU and type in the argument of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InfoLayout {
    /// 8 bytes.
    FreeBsd,
    /// 12 bytes, with interface flags. Source: OpenBSD `sys/net/if_tun.h`.
    OpenBsd,
}

/// The size of a pointer in the argument of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pointer {
    /// 4 bytes.
    Bits32,
    /// 8 bytes.
    Bits64,
}

/// The numbers that depend on the architecture: one that shows the encoding of commands, and those
/// of the commands that not all architectures define by `_IOR` and `_IOW`.
#[derive(Clone, Copy)]
pub(crate) struct Native {
    /// `_IOW('t', 96, int)`, which shows the encoding.
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

/// The encoding of a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// That of this kernel: the program was compiled for Linux.
    Native,
    /// BSD's, where it differs: the program carries the constants of a BSD.
    Bsd,
}

/// `SIOCGIFADDR`, the same on all architectures.
pub(crate) const SIOCGIFADDR: u32 = 0x8915;
/// `SIOCSIFADDR`, likewise.
pub(crate) const SIOCSIFADDR: u32 = 0x8916;

/// The request with these fields, if this kind of unit knows it in this dialect.
const fn request(
    kind: Kind,
    dialect: Dialect,
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
    let native = matches!(encoding, Encoding::Native);
    if tun && matches!(dialect, Dialect::OpenBsd) {
        match (group, number, direction, size) {
            (b't', 93, Write, 4) => return Some(SetInterfaceMode),
            (b't', 94, Write, 4) => return Some(SetDebug),
            (b't', 95, Read, 4) => return Some(GetDebug),
            // OpenBSD has no command for the framing, since it has only one.
            (b't', 87 | 66 | 96, Write, 4) | (b't', 65 | 97, Read, 4) => return None,
            _ => (),
        }
    }
    Some(match (group, number, direction, size) {
        (b't', 89, Read, 4) => GetDebug,
        (b't', 90, Write, 4) => SetDebug,
        (b't', 91, Write, 8) => SetInfo(InfoLayout::FreeBsd),
        (b't', 92, Read, 8) => GetInfo(InfoLayout::FreeBsd),
        (b't', 91, Write, 12) => SetInfo(InfoLayout::OpenBsd),
        (b't', 92, Read, 12) => GetInfo(InfoLayout::OpenBsd),
        (b't', 93 | 87, Write, 4) if tun => SetLinkMode,
        // `struct ifreq` has 32 bytes on the BSDs and in 32-bit programs on Linux, 40 bytes in
        // 64-bit programs, and 144 bytes on NetBSD.
        (b't', 93 | 98, Read, 32 | 40 | 144) => GetInterfaceName,
        (b'e', 0, Read, 32 | 40 | 144) if tap => GetInterfaceName,
        // In the other encoding, the number of TUNSIFMODE is that of TAPGVNETHDR, and the other way
        // round: the kind decides.
        (b't', 94 | 88, Write, 4) if tun => SetInterfaceMode,
        (b't', 94, Read, 4) if tap => GetVirtioHeader,
        (b't', 200, Read, 4) if tun => GetVirtioHeader,
        (b't', 201, Write, 4) => SetBatch,
        (b't', 202, Read, 4) => GetBatch,
        (b't', 91, Write, 4) => SetVirtioHeader,
        // The numbers of TUNSCAP and TUNGCAP are each other's in the other encoding.
        (b't', 196, Write, 4) if native => SetCapabilities,
        (b't', 196, Read, 4) if native => GetCapabilities,
        (b't', 196, Void, 0) => DeleteCapabilities,
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
        // 13 is the old number of SIOCGIFADDR.
        (b'i', 33 | 13, Both, 32 | 40 | 144) if tap => GetRemoteAddress,
        (b'i', 12, Write, 32 | 40 | 144) if tap => SetRemoteAddress,
        (b'V', 0, Void, 0 | 4) if tap => SetFlags,
        (b't', 118, Write, 4) => SetGroup,
        (b't', 119, Read, 4) => GetGroup,
        (b'f', 120, Write, 8) => GetNodeName(Pointer::Bits32),
        (b'f', 120, Write, 16) => GetNodeName(Pointer::Bits64),
        (b'f', 123, Read, 4) => GetOwner,
        (b'f', 124, Write, 4) => SetOwner,
        (b'f', 125, Write, 4) => SetAsync,
        (b'f', 126, Write, 4) => SetNonBlocking,
        (b'f', 127, Read, 4) => GetReadable,
        _ => return None,
    })
}

/// The request of a command number; `None` if this kind of unit does not know it, or a tun not in
/// its dialect: the ioctl fails with `ENOTTY`.
pub(crate) const fn decode(
    cmd: u32,
    kind: Kind,
    dialect: Dialect,
    native: &Native,
) -> Option<Request> {
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

    // If the two encodings are the same, a number does not show where the program was compiled.
    let native_is_bsd = matches!(bsd_fields(native.tunsifhead), Some((Direction::Write, 4)));
    if native_is_bsd {
        return request(kind, dialect, Encoding::Native, cmd, bsd_fields(cmd));
    }
    match request(kind, dialect, Encoding::Native, cmd, generic_fields(cmd)) {
        Some(request) => Some(request),
        None => request(kind, dialect, Encoding::Bsd, cmd, bsd_fields(cmd)),
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

    /// The kinds of unit that know a number.
    #[derive(Clone, Copy, PartialEq)]
    enum Of {
        Both,
        Tun,
        Tap,
    }

    const KINDS: [Kind; 3] = [Kind::Tun, Kind::Tap, Kind::Vmnet];

    /// Every known number: in BSD's encoding, in Linux's, and the request of each.
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
            same(0x8004_745b, 0x4004_745b, SetVirtioHeader),
            tap(0x4004_745e, 0x8004_745e, GetVirtioHeader),
            tun(0x4004_74c8, 0x8004_74c8, GetVirtioHeader),
            same(0x8004_74c9, 0x4004_74c9, SetBatch),
            same(0x4004_74ca, 0x8004_74ca, GetBatch),
            same(0x2000_74c4, 0x0000_74c4, DeleteCapabilities),
            same(0x8004_7476, 0x4004_7476, SetGroup),
            same(0x4004_7477, 0x8004_7477, GetGroup),
            same(0x8008_6678, 0x4008_6678, GetNodeName(Pointer::Bits32)),
            same(0x8010_6678, 0x4010_6678, GetNodeName(Pointer::Bits64)),
            same(0x4004_667b, 0x8004_667b, GetOwner),
            same(0x8004_667c, 0x4004_667c, SetOwner),
            same(0x8004_667d, 0x4004_667d, SetAsync),
            same(0x8004_667e, 0x4004_667e, SetNonBlocking),
            same(0x4004_667f, 0x8004_667f, GetReadable),
        ]
    }

    /// The numbers of tap that are the same in both encodings.
    const SAME_NUMBER: [u32; 6] = [
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
            (0x4004_74c4, SetCapabilities),
            (0x8004_74c4, GetCapabilities),
        ]);
        if kind != Kind::Tun {
            known.extend([(0x8915, GetRemoteAddress), (0x8916, SetRemoteAddress)]);
            known.extend(SAME_NUMBER.map(|cmd| (cmd, GetRemoteAddress)));
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
    fn all_listed_numbers_decode_in_both_encodings() {
        for kind in KINDS {
            for (cmd, request) in known_on_x86(kind) {
                assert_eq!(
                    decode(cmd, kind, Dialect::FreeBsd, &X86),
                    Some(request),
                    "{cmd:#x}"
                );
            }
        }
    }

    /// Checks all numbers with the groups of the table, and a large random sample of the others:
    /// only the listed ones are known.
    #[test]
    fn unlisted_numbers_are_unknown() {
        for kind in KINDS {
            let known = known_on_x86(kind);
            let check = |cmd: u32| {
                assert_eq!(
                    decode(cmd, kind, Dialect::FreeBsd, &X86),
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

    /// Numbers that other systems use for something that FreeBSD's meaning excludes, or that is not
    /// supported.
    #[test]
    fn clashing_and_foreign_numbers() {
        // OpenBSD's TUNSIFMODE and TUNSDEBUG are FreeBSD's TUNSLMODE and TUNSIFMODE.
        let tun = |cmd| decode(cmd, Kind::Tun, Dialect::FreeBsd, &X86);
        assert_eq!(tun(0x8004_745d), Some(Request::SetLinkMode));
        assert_eq!(tun(0x8004_745e), Some(Request::SetInterfaceMode));
        for cmd in [
            // OpenBSD's TUNGDEBUG.
            0x4004_745f,
            // NetBSD's TAPGIFNAME, VMIO_SIOCSIFFLAGS.
            0x4090_6500,
            0x2004_5600,
            // Linux's TUNSETIFF and TUNSETOFFLOAD.
            0x4004_54ca,
            0x4004_54d0,
            // A wrong TUNSTRANSIENT that some programs define.
            0x8062_7404,
        ] {
            assert_eq!(tun(cmd), None, "{cmd:#x}");
        }
    }

    /// In the openbsd dialect of a tun some numbers are other commands or none; all others mean the
    /// same as in the other dialects, and nothing changes for the other kinds.
    #[test]
    fn openbsd_dialect_changes_numbers_of_tun() {
        use Request::*;

        let expected = |cmd| match cmd {
            0x8004_745d | 0x4004_745d => Some(SetInterfaceMode),
            0x8004_745e | 0x4004_745e => Some(SetDebug),
            0x4004_745f | 0x8004_745f => Some(GetDebug),
            // The framing has no commands.
            0x8004_7457 | 0x8004_7460 | 0x8004_7442 | 0x4004_7461 | 0x4004_7441 => None,
            0x4004_7457 | 0x4004_7460 | 0x4004_7442 | 0x8004_7461 | 0x8004_7441 => None,
            cmd => decode(cmd, Kind::Tun, Dialect::NetBsd, &X86),
        };
        for group in [b't', b'f', b'i', b'e', b'V', 0x89] {
            for high in 0..=0xffff_u32 {
                for number in 0..=0xff_u32 {
                    let cmd = high << 16 | u32::from(group) << 8 | number;
                    let request = decode(cmd, Kind::Tun, Dialect::OpenBsd, &X86);
                    assert_eq!(request, expected(cmd), "{cmd:#x}");
                }
            }
        }
        for kind in [Kind::Tap, Kind::Vmnet] {
            for (cmd, request) in known_on_x86(kind) {
                assert_eq!(decode(cmd, kind, Dialect::OpenBsd, &X86), Some(request));
            }
        }
        for cmd in [0x8004_745d, 0x8004_745e, 0x4004_745f, 0x8004_7460] {
            let request = decode(cmd, Kind::Tun, Dialect::OpenBsd, &POWERPC);
            assert_eq!(request, expected(cmd), "{cmd:#x}");
        }
    }

    /// Number 94 in one encoding is a different command in the other: the kind decides.
    #[test]
    fn b8_number_94_depends_on_the_kind() {
        for cmd in [0x8004_745e, 0x4004_745e] {
            assert_eq!(
                decode(cmd, Kind::Tun, Dialect::FreeBsd, &X86),
                Some(Request::SetInterfaceMode)
            );
            for kind in [Kind::Tap, Kind::Vmnet] {
                assert_eq!(
                    decode(cmd, kind, Dialect::FreeBsd, &X86),
                    Some(Request::GetVirtioHeader)
                );
            }
        }
    }

    /// `TUNSCAP` and `TUNGCAP` have each other's number in the other encoding: only Linux's counts.
    #[test]
    fn capabilities_have_one_encoding() {
        for kind in KINDS {
            for (cmd, request) in [
                (0x4004_74c4, Request::SetCapabilities),
                (0x8004_74c4, Request::GetCapabilities),
            ] {
                assert_eq!(decode(cmd, kind, Dialect::FreeBsd, &X86), Some(request));
            }
            for (cmd, request) in [
                (0x8004_74c4, Request::SetCapabilities),
                (0x4004_74c4, Request::GetCapabilities),
            ] {
                assert_eq!(decode(cmd, kind, Dialect::Linux, &POWERPC), Some(request));
            }
        }
    }

    /// If both encodings are the same, every number decodes to the same request, in the Linux
    /// dialect.
    #[test]
    fn same_encoding_on_powerpc() {
        for (of, bsd, linux, _, by_linux) in table() {
            let kind = if of == Of::Tap { Kind::Tap } else { Kind::Tun };
            assert_eq!(
                decode(bsd, kind, Dialect::Linux, &POWERPC),
                Some(by_linux),
                "{bsd:#x}"
            );
            assert_eq!(
                decode(linux, kind, Dialect::Linux, &POWERPC),
                None,
                "{linux:#x}"
            );
        }
    }
}
