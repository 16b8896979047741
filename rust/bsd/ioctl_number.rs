// SPDX-License-Identifier: GPL-2.0

//! The fields of an ioctl command number that the encodings place differently.

/// The direction of the argument, from the program's point of view.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// No argument.
    None,
    /// The program reads it.
    Read,
    /// The program writes it.
    Write,
    /// The program writes and reads it.
    Both,
}

/// Direction and size in BSD's encoding, which Linux uses too on powerpc and some others: three
/// bits of direction, 13 of size. `None` if the direction is invalid.
pub(crate) const fn bsd_fields(cmd: u32) -> Option<(Direction, u32)> {
    let direction = match cmd >> 29 {
        1 => Direction::None,
        2 => Direction::Read,
        4 => Direction::Write,
        6 => Direction::Both,
        _ => return None,
    };
    Some((direction, (cmd >> 16) & 0x1fff))
}

/// Direction and size in Linux's generic encoding: two bits of direction, 14 of size.
pub(crate) const fn generic_fields(cmd: u32) -> Option<(Direction, u32)> {
    let direction = match cmd >> 30 {
        0 => Direction::None,
        1 => Direction::Write,
        2 => Direction::Read,
        _ => Direction::Both,
    };
    Some((direction, (cmd >> 16) & 0x3fff))
}
