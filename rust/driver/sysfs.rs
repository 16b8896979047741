// SPDX-License-Identifier: GPL-2.0

//! The files of a unit in `/sys/class/net/INTERFACE/KIND/`.
//!
//! They only read and write what is in the [`Unit`]: taking RTNL here would deadlock with the
//! removal of the files, which waits for their users with RTNL held.

use crate::{
    bsd::{
        dialect::Dialect,
        framing::{
            Framing,
            Mode, //
        }, //
    },
    driver::unit::Unit,
    linux::net::sysfs::SysfsAttr, //
};
use kernel::{
    fmt::Write,
    prelude::*,
    str::BStr, //
};

type Attr = SysfsAttr<Unit>;

/// The files of a tun.
pub(super) static TUN: [&Attr; 5] = [&DIALECT, &FRAMING, &OWNER, &TRANSIENT, &UNIT];

/// The files of a tap.
pub(super) static TAP: [&Attr; 4] = [&KEEP, &OWNER, &TRANSIENT, &UNIT];

/// The files of a vmnet.
pub(super) static VMNET: [&Attr; 3] = [&OWNER, &TRANSIENT, &UNIT];

/// The system that the program was written for, which decides which number IPv6 has in the address
/// family of a read, and more if it is OpenBSD.
static DIALECT: Attr = SysfsAttr::read_write(
    c"dialect",
    |unit, out| writeln!(out, "{}", unit.framing().dialect().name()),
    |unit, text| {
        let dialect = Dialect::from_name(text).ok_or(EINVAL)?;
        change_framing(unit, |framing| framing.with(Some(dialect), None))
    },
);

/// The prefix in front of packets: `bare` for none, `ifhead` or `lmode`.
static FRAMING: Attr = SysfsAttr::read_write(
    c"framing",
    |unit, out| writeln!(out, "{}", unit.framing().name()),
    |unit, text| {
        let mode = Mode::from_name(text).ok_or(EINVAL)?;
        change_framing(unit, |framing| framing.with(None, Some(mode)))
    },
);

/// # Errors
///
/// `EINVAL` if `change` returns `None`.
fn change_framing(unit: &Unit, change: impl FnOnce(Framing) -> Option<Framing>) -> Result {
    unit.change_framing(|framing| {
        *framing = change(*framing).ok_or(EINVAL)?;
        Ok(())
    })
}

/// Parses what [`KEEP`] and [`TRANSIENT`] show.
///
/// # Errors
///
/// `EINVAL` for anything but `0` and `1`: the words of other boolean files are recognized by their
/// first letter alone.
fn parse_bool(text: &BStr) -> Result<bool> {
    match &**text {
        b"0" => Ok(false),
        b"1" => Ok(true),
        _ => Err(EINVAL),
    }
}

/// Whether the tap stays up and keeps its addresses at the last close.
static KEEP: Attr = SysfsAttr::read_write(
    c"keep",
    |unit, out| writeln!(out, "{}", u8::from(unit.snapshot().keep)),
    |unit, text| {
        unit.set_keep(parse_bool(text)?);
        Ok(())
    },
);

/// The owner's process number in the reader's PID namespace, or 0.
static OWNER: Attr = SysfsAttr::read_only(c"owner", |unit, out| {
    writeln!(out, "{}", unit.snapshot().owner)
});

/// Whether the last close destroys the unit.
static TRANSIENT: Attr = SysfsAttr::read_write(
    c"transient",
    |unit, out| writeln!(out, "{}", u8::from(unit.snapshot().transient)),
    |unit, text| {
        unit.set_transient(parse_bool(text)?);
        Ok(())
    },
);

/// The unit's number, by which udev finds the node of an interface that has another name.
static UNIT: Attr = SysfsAttr::read_only(c"unit", |unit, out| writeln!(out, "{}", unit.number()));
