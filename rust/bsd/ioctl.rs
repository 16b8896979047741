// SPDX-License-Identifier: GPL-2.0

//! The numbers of ioctls.
//!
//! A program compiled for Linux has its numbers from Linux's `_IOR` and `_IOW`, a program that
//! carries a BSD's constants has those of BSD's. They differ in the direction bits (and on powerpc
//! do not differ at all), so a number is taken apart into its fields and compared by these: both
//! encodings of a command mean the same here.

/// Which way the argument goes, seen from the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    None,
    /// The program reads the argument: the driver writes it.
    Read,
    /// The program writes the argument: the driver reads it.
    Write,
}

/// What a program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// `FIONREAD`: the length in bytes of the first packet in the queue, as an `int`.
    ///
    /// Source: FreeBSD `sys/net/if_tun.c` (2001).
    FirstPacketLength,
    /// `TUNGIFNAME`: the interface's current name, in the first 16 bytes of a `struct ifreq`.
    ///
    /// Source: FreeBSD 12.1 `sys/net/if_tun.h`.
    InterfaceName,
}

/// `FIONREAD` as this architecture's Linux has it, from `asm/ioctls.h`: not made with `_IOR` on
/// most.
#[derive(Clone, Copy)]
pub(crate) struct Native {
    /// `FIONREAD`.
    pub(crate) fionread: u32,
}

/// The sizes that `struct ifreq` has: BSD's, and Linux's for 32-bit programs; Linux's for 64-bit
/// programs; NetBSD's.
const IFREQ_SIZES: [u32; 3] = [32, 40, 144];

/// The fields of a number, under one of the encodings.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Fields {
    direction: Direction,
    size: u32,
    group: u8,
    number: u8,
}

/// BSD's encoding, which Linux shares on powerpc, mips, sparc and alpha: three direction bits and
/// 13 bits of size. No command that both reads and writes its argument is known here.
fn bsd_fields(cmd: u32) -> Option<Fields> {
    let direction = match cmd >> 29 {
        1 => Direction::None,
        2 => Direction::Read,
        4 => Direction::Write,
        _ => return None,
    };
    Some(fields(direction, (cmd >> 16) & 0x1fff, cmd))
}

/// Linux's generic encoding: two direction bits and 14 bits of size.
fn linux_fields(cmd: u32) -> Option<Fields> {
    let direction = match cmd >> 30 {
        0 => Direction::None,
        1 => Direction::Write,
        2 => Direction::Read,
        _ => return None,
    };
    Some(fields(direction, (cmd >> 16) & 0x3fff, cmd))
}

fn fields(direction: Direction, size: u32, cmd: u32) -> Fields {
    Fields {
        direction,
        size,
        group: (cmd >> 8) as u8,
        number: cmd as u8,
    }
}

impl Fields {
    fn request(&self) -> Option<Request> {
        match (self.group, self.number, self.direction, self.size) {
            (b'f', 127, Direction::Read, 4) => Some(Request::FirstPacketLength),
            (b't', 93, Direction::Read, size) if IFREQ_SIZES.contains(&size) => {
                Some(Request::InterfaceName)
            }
            _ => None,
        }
    }
}

/// Tells what a number asks for; `None` for what is not known: `ENOTTY`.
pub(crate) fn decode(cmd: u32, native: Native) -> Option<Request> {
    if cmd == native.fionread {
        return Some(Request::FirstPacketLength);
    }
    bsd_fields(cmd)
        .and_then(|fields| fields.request())
        .or_else(|| linux_fields(cmd).and_then(|fields| fields.request()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const X86: Native = Native { fionread: 0x541b };

    #[test]
    fn known_numbers_in_both_encodings() {
        for cmd in [0x541b, 0x4004_667f, 0x8004_667f] {
            assert_eq!(
                decode(cmd, X86),
                Some(Request::FirstPacketLength),
                "{cmd:#x}"
            );
        }
        for cmd in [
            0x4020_745d,
            0x8020_745d,
            0x8028_745d,
            0x4028_745d,
            0x4090_745d,
            0x8090_745d,
        ] {
            assert_eq!(decode(cmd, X86), Some(Request::InterfaceName), "{cmd:#x}");
        }
    }

    #[test]
    fn near_misses_are_unknown() {
        for cmd in [
            // Another direction, number, group or size.
            0x2000_667f,
            0x0004_667f,
            0xc004_667f,
            0x4004_667e,
            0x4004_677f,
            0x4008_667f,
            0x2000_745d,
            0xc020_745d,
            0x4020_745e,
            0x4020_755d,
            0x4010_745d,
            0x4021_745d,
            0x6020_745d,
            // TUNSLMODE shares the number with TUNGIFNAME.
            0x8004_745d,
            0x4004_745d,
            // Numbers of Linux's own tun, of terminals, and the corners.
            0x4004_54ca,
            0x5410,
            0,
            u32::MAX,
        ] {
            assert_eq!(decode(cmd, X86), None, "{cmd:#x}");
        }
    }

    /// Of all 2^32 numbers exactly the listed ones are known: every group and number, every
    /// direction, and every size.
    #[test]
    fn nothing_else_is_known() {
        let mut known = Vec::new();
        for high in 0..=0xffff_u32 {
            for low in [0x667f_u32, 0x745d, 0x541b, 0x667e, 0x745e, 0x6500, 0x0000] {
                let cmd = high << 16 | low;
                if decode(cmd, X86).is_some() {
                    known.push(cmd);
                }
            }
        }
        known.sort_unstable();
        assert_eq!(
            known,
            [
                0x541b,
                0x4004_667f,
                0x4020_745d,
                0x4028_745d,
                0x4090_745d,
                0x8004_667f,
                0x8020_745d,
                0x8028_745d,
                0x8090_745d,
            ]
        );
        for low in 0..=0xffff_u32 {
            for high in [0x0000_u32, 0x2000, 0x4004, 0x8004, 0x4020, 0x8028, 0xc020] {
                let cmd = high << 16 | low;
                assert_eq!(decode(cmd, X86).is_some(), known.contains(&cmd), "{cmd:#x}");
            }
        }
    }
}
