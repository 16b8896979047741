// SPDX-License-Identifier: GPL-2.0

//! The fuzzing target for the modules of `rust/bsd/`, called by libFuzzer's engine.
//!
//! The first byte of an input selects what is tested; the rest are the arguments. Each result is
//! compared with an independent formulation of the contract, and overflow checks are on.
//! `make fuzz` builds and runs it.

#![no_main]
// Functions that only the kernel side calls are unused here.
#![allow(dead_code)]

#[path = "../../rust/bsd/mod.rs"]
mod bsd;
mod host_batch;
mod host_framing;
mod host_offload;

use bsd::{
    dialect::Dialect,
    info::{
        Info,
        InterfaceFlags,
        InterfaceMode,
        INFO_MAX, //
    },
    ioctl::{
        decode,
        InfoLayout,
        Native,
        Pointer,
        Request, //
    },
    kind::Kind,
    lifecycle::{
        Lifecycle,
        OpenError, //
    },
    name::{
        name_request,
        NameBuffer,
        NameRequest,
        NAME_BUFFER_MAX, //
    }, //
};
use host_batch::check_batch;
use host_framing::{
    check_framing,
    check_prefixes,
    check_write_lengths, //
};
use host_offload::check_offload;

/// Called by the engine with each input.
#[no_mangle]
pub extern "C" fn LLVMFuzzerTestOneInput(data: *const u8, len: usize) -> i32 {
    // SAFETY: The engine passes `len` bytes.
    let mut input = Input(unsafe { std::slice::from_raw_parts(data, len) });
    // The corpus is older than the last ones.
    let selector = input.byte();
    if selector >= 0xf0 {
        check_batch(&mut input);
        return 0;
    }
    if selector >= 0xe0 {
        check_offload(&mut input);
        return 0;
    }
    match selector % 7 {
        0 => check_ioctls(&mut input),
        1 => check_framing(&mut input),
        2 => check_write_lengths(&mut input),
        3 => check_prefixes(&mut input),
        4 => check_info(&mut input),
        5 => check_names(&mut input),
        _ => check_lifecycle(&mut input),
    }
    0
}

/// The rest of an input. Reads beyond its end return zeros.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let (now, rest) = self.0.split_at(N.min(self.0.len()));
        bytes[..now.len()].copy_from_slice(now);
        self.0 = rest;
        bytes
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// A text of up to 15 bytes: its length, then the bytes.
    fn name(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte() & 15).min(self.0.len());
        let (text, rest) = self.0.split_at(len);
        self.0 = rest;
        text
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.byte()) % of.len()]
    }
}

const KINDS: [Kind; 3] = [Kind::Tun, Kind::Tap, Kind::Vmnet];

const DIALECTS: [Dialect; 4] = [
    Dialect::Linux,
    Dialect::FreeBsd,
    Dialect::NetBsd,
    Dialect::OpenBsd,
];

const X86: Native = Native {
    tunsifhead: 0x4004_7460,
    fionread: 0x541b,
    set_owner: [0x8901, 0x8902],
    get_owner: [0x8903, 0x8904],
    tiocspgrp: 0x5410,
    tiocgpgrp: 0x540f,
};

/// On powerpc, Linux's encoding is the same as BSD's.
const POWERPC: Native = Native {
    tunsifhead: 0x8004_7460,
    fionread: 0x4004_667f,
    set_owner: [0x8901, 0x8902],
    get_owner: [0x8903, 0x8904],
    tiocspgrp: 0x8004_7476,
    tiocgpgrp: 0x4004_7477,
};

/// The x86 numbers that do not encode direction and size.
const PLAIN_NUMBERS: [u32; 9] = [
    0x541b, 0x8901, 0x8902, 0x8903, 0x8904, 0x5410, 0x540f, 0x8915, 0x8916,
];

/// The direction of an argument, from the program's point of view: (writes, reads).
type Direction = (bool, bool);

const VOID: Direction = (false, false);
const WRITES: Direction = (true, false);
const READS: Direction = (false, true);
const BOTH: Direction = (true, true);

fn in_generic(direction: Direction, size: u32, low: u32) -> u32 {
    u32::from(direction.0) << 30 | u32::from(direction.1) << 31 | size << 16 | low
}

fn in_bsd(direction: Direction, size: u32, low: u32) -> u32 {
    let void = direction == VOID;
    u32::from(direction.0) << 31
        | u32::from(direction.1) << 30
        | u32::from(void) << 29
        | size << 16
        | low
}

/// The argument of a request, its direction and its possible sizes, and whether tun and the
/// Ethernet kinds know the request.
fn shape(request: Request) -> (Direction, &'static [u32], (bool, bool)) {
    use Request::*;

    const IFREQ: &[u32] = &[32, 40, 144];
    let (all, tun, ethernet) = ((true, true), (true, false), (false, true));
    match request {
        SetDebug | SetTransient | SetNonBlocking | SetAsync | SetOwner | SetGroup => {
            (WRITES, &[4], all)
        }
        GetDebug | GetTransient | GetReadable | GetOwner | GetGroup => (READS, &[4], all),
        SetInfo(InfoLayout::FreeBsd) => (WRITES, &[8], all),
        GetInfo(InfoLayout::FreeBsd) => (READS, &[8], all),
        SetInfo(InfoLayout::OpenBsd) => (WRITES, &[12], all),
        GetInfo(InfoLayout::OpenBsd) => (READS, &[12], all),
        GetInterfaceName => (READS, IFREQ, all),
        GetNodeName(Pointer::Bits32) => (WRITES, &[8], all),
        GetNodeName(Pointer::Bits64) => (WRITES, &[16], all),
        SetLinkMode | SetHead(_) | SetInterfaceMode => (WRITES, &[4], tun),
        GetHead => (READS, &[4], tun),
        SetPid => (VOID, &[0], tun),
        GetRemoteAddress => (BOTH, IFREQ, ethernet),
        SetRemoteAddress => (WRITES, IFREQ, ethernet),
        SetFlags => (VOID, &[0, 4], ethernet),
        SetVirtioHeader | SetCapabilities | SetBatch => (WRITES, &[4], all),
        GetVirtioHeader | GetCapabilities | GetBatch => (READS, &[4], all),
        DeleteCapabilities => (VOID, &[0], all),
    }
}

/// What a command of a tun means in the openbsd dialect, by what it means in the others.
fn in_openbsd(cmd: u32, others: Option<Request>) -> Option<Request> {
    use Request::*;

    let number = cmd as u8;
    match others {
        Some(SetHead(_) | GetHead) => None,
        Some(SetLinkMode) => (number == 93).then_some(SetInterfaceMode),
        Some(SetInterfaceMode) if number == 94 => Some(SetDebug),
        None if [0x4004_745f, 0x8004_745f].contains(&cmd) => Some(GetDebug),
        others => others,
    }
}

/// Every number that decodes has the direction and a size of its request, and decodes to the same
/// request in the other encoding.
fn check_ioctls(input: &mut Input<'_>) {
    let kind = input.pick(&KINDS);
    let dialect = input.pick(&DIALECTS);
    let decode = |cmd, kind, native| decode(cmd, kind, dialect, native);
    let cmd = if input.byte() & 1 == 0 {
        input.u32()
    } else {
        let direction = input.pick(&[VOID, WRITES, READS, BOTH]);
        let size = input.pick(&[0, 4, 8, 12, 32, 40, 144, 16]);
        let group = input.pick(b"tfieV");
        let low = u32::from(group) << 8 | u32::from(input.byte());
        if input.byte() & 1 == 0 {
            in_generic(direction, size, low)
        } else {
            in_bsd(direction, size, low)
        }
    };

    let request = decode(cmd, kind, &X86);
    let others = bsd::ioctl::decode(cmd, kind, Dialect::Linux, &X86);
    if kind == Kind::Tun && dialect == Dialect::OpenBsd {
        assert_eq!(request, in_openbsd(cmd, others));
    } else {
        assert_eq!(request, others);
    }
    // vmnet and tap know the same requests.
    if kind == Kind::Vmnet {
        assert_eq!(request, decode(cmd, Kind::Tap, &X86));
    }
    let Some(request) = request else {
        return;
    };
    let (direction, sizes, (tun, ethernet)) = shape(request);
    assert!(if kind == Kind::Tun { tun } else { ethernet });
    if PLAIN_NUMBERS.contains(&cmd) {
        return;
    }

    let low = cmd & 0xffff;
    let size = cmd >> 16 & 0x1fff;
    assert!(sizes.contains(&size));
    let (generic, bsd) = (
        in_generic(direction, size, low),
        in_bsd(direction, size, low),
    );
    assert!(cmd == generic || cmd == bsd);
    if let Request::SetCapabilities | Request::GetCapabilities = request {
        // In BSD's encoding they have each other's number: only Linux's counts.
        assert_eq!(cmd, generic);
        return;
    }
    let (here, there) = match request {
        Request::SetHead(_) => {
            let there = match cmd as u8 {
                96 => Dialect::FreeBsd,
                66 => Dialect::NetBsd,
                number => panic!("{number} is no TUNSIFHEAD"),
            };
            (Request::SetHead(Dialect::Linux), Request::SetHead(there))
        }
        request => (request, request),
    };
    assert_eq!(decode(generic, kind, &X86), Some(here));
    assert_eq!(decode(bsd, kind, &X86), Some(there));
    // Where BSD's encoding is also Linux's, the dialect is Linux's.
    assert_eq!(decode(bsd, kind, &POWERPC), Some(here));
    if generic != bsd {
        assert_eq!(decode(generic, kind, &POWERPC), None);
    }
    if let Request::GetNodeName(pointer) = request {
        assert_eq!(pointer.name_buffer_size(), size as usize);
        check_name_buffer(pointer, input);
    }
}

/// The argument of `FIODGNAME` is an `int` and, aligned to its size, a pointer.
fn check_name_buffer(pointer: Pointer, input: &mut Input<'_>) {
    let bytes: [u8; NAME_BUFFER_MAX] = input.array();
    let buffer = NameBuffer::from_bytes(pointer, &bytes);
    let words = bytes
        .chunks(4)
        .map(|word| u32::from_ne_bytes(word.try_into().unwrap()));
    let words: Vec<_> = words.collect();
    assert_eq!(buffer.len, words[0] as i32);
    match pointer {
        Pointer::Bits32 => assert_eq!(buffer.address, u64::from(words[1])),
        Pointer::Bits64 => assert_eq!(buffer.address.to_ne_bytes(), bytes[8..]),
    }
    let len = usize::from(input.byte());
    assert_eq!(buffer.holds(len), i64::from(buffer.len) > len as i64);
}

/// Both layouts carry the same values, as far as they have room; each interface mode follows from
/// its flags alone.
fn check_info(input: &mut Input<'_>) {
    let bytes: [u8; INFO_MAX] = input.array();
    let flags = input.byte();
    let flags = InterfaceFlags {
        up: flags & 1 != 0,
        running: flags & 2 != 0,
        broadcast: flags & 4 != 0,
        multicast: flags & 8 != 0,
    };
    let bits = u16::from(flags.up)
        | if flags.broadcast { 0x2 } else { 0x10 }
        | u16::from(flags.running) << 6
        | u16::from(flags.multicast) << 15;
    assert_eq!(flags.to_bsd(), bits);

    let small = Info::from_bytes(InfoLayout::FreeBsd, &bytes);
    let back = small.to_bytes(InfoLayout::FreeBsd, flags);
    // The eighth byte is padding.
    assert_eq!(back, {
        let mut bytes = bytes;
        bytes[7..].fill(0);
        bytes
    });
    let large = Info::from_bytes(InfoLayout::OpenBsd, &bytes);
    let back = large.to_bytes(InfoLayout::OpenBsd, flags);
    assert_eq!(back, {
        let mut bytes = bytes;
        bytes[6..8].copy_from_slice(&bits.to_ne_bytes());
        bytes
    });
    // What was set in one layout is returned in the other.
    let other = Info::from_bytes(
        InfoLayout::OpenBsd,
        &small.to_bytes(InfoLayout::OpenBsd, flags),
    );
    assert_eq!(other, small);
    let other = Info::from_bytes(
        InfoLayout::FreeBsd,
        &large.to_bytes(InfoLayout::FreeBsd, flags),
    );
    assert_eq!(other.baudrate, large.baudrate);
    assert_eq!(other.mtu, large.mtu.min(65535));
    for info in [small, large] {
        assert_eq!(info.mtu_in_range(), info.mtu >= 72 && info.mtu <= 65535);
    }

    let arg = if input.byte() & 1 == 0 {
        input.u32() as i32
    } else {
        i32::from(u16::from_le_bytes(input.array()) & 0x9012)
    };
    let mode = InterfaceMode::from_arg(arg);
    let (broadcast, pointopoint) = (arg & 0x2 != 0, arg & 0x10 != 0);
    if broadcast == pointopoint || arg & !0x9012 != 0 {
        assert_eq!(mode, None);
    } else {
        let multicast = arg & 0x9000 != 0;
        assert_eq!(
            mode,
            Some(InterfaceMode {
                broadcast,
                multicast,
            })
        );
    }
}

/// A name requests a unit if formatting the unit's name yields the same name.
fn check_names(input: &mut Input<'_>) {
    let kind = input.pick(&KINDS);
    let kind = input.pick(&[kind.name(), kind.bsd_name()]);
    let mut name = vec![];
    match input.byte() % 3 {
        0 => (),
        1 => name.extend_from_slice(kind.as_bytes()),
        _ => {
            let number = 32767 + i32::from(input.byte() as i8);
            name.extend_from_slice(format!("{kind}{number}").as_bytes());
        }
    }
    name.extend_from_slice(input.0);

    let expected = match std::str::from_utf8(&name).map(|name| name.strip_prefix(kind)) {
        Ok(Some("%d")) => NameRequest::Template,
        Ok(Some(number)) if !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()) => {
            match number.trim_start_matches('0') {
                "" if number == "0" => NameRequest::Unit(0),
                // Unit names have no leading zeros.
                trimmed if trimmed != number => NameRequest::Any,
                _ => match number.parse::<u64>() {
                    Ok(unit @ 0..=32767) => NameRequest::Unit(unit as u16),
                    _ => NameRequest::OutOfRange,
                },
            }
        }
        _ => NameRequest::Any,
    };
    let request = name_request(kind.as_bytes(), &name);
    assert_eq!(request, expected);
    if let NameRequest::Unit(unit) = request {
        assert_eq!(format!("{kind}{unit}").as_bytes(), name);
    }
}

/// An event in the life of a unit.
#[derive(Clone, Copy, PartialEq)]
enum Event {
    Open,
    BeginClose { queue_while_closed: bool },
    EndClose,
    Up(bool),
    Revoke,
}

/// The state of a unit follows from the history of its events.
fn check_lifecycle(input: &mut Input<'_>) {
    let mut unit = Lifecycle::new();
    let mut history = Vec::new();
    while !input.0.is_empty() {
        // The last event on the program's side.
        let opener = history
            .iter()
            .rev()
            .find(|event| !matches!(event, Event::Up(_) | Event::Revoke))
            .copied();
        let closing = matches!(opener, Some(Event::BeginClose { .. }));
        let busy = opener == Some(Event::Open) || closing;
        let gone = history.contains(&Event::Revoke);
        let step = input.byte();
        let event = match step % 5 {
            0 => {
                let expected = match (gone, busy) {
                    (true, _) => Err(OpenError::Gone),
                    (false, true) => Err(OpenError::Busy),
                    (false, false) => Ok(()),
                };
                assert_eq!(unit.is_free(), expected.is_ok());
                assert_eq!(unit.open(), expected);
                if expected.is_err() {
                    continue;
                }
                Event::Open
            }
            1 if opener == Some(Event::Open) => {
                let queue_while_closed = step & 0x80 != 0;
                unit.begin_close(queue_while_closed);
                Event::BeginClose { queue_while_closed }
            }
            2 if closing => {
                unit.end_close();
                Event::EndClose
            }
            3 => {
                let up = step & 0x80 != 0;
                unit.set_running(up);
                Event::Up(up)
            }
            4 => {
                unit.revoke();
                Event::Revoke
            }
            _ => continue,
        };
        history.push(event);

        // A program reads, or the last close has asked to queue packets for the next open.
        let accepts = history
            .iter()
            .rev()
            .find_map(|event| match event {
                Event::Open => Some(true),
                Event::BeginClose { queue_while_closed } => Some(*queue_while_closed),
                _ => None,
            })
            .unwrap_or(false);
        let up = history
            .iter()
            .rev()
            .find_map(|event| match event {
                Event::Up(up) => Some(*up),
                _ => None,
            })
            .unwrap_or(false);
        let gone = history.contains(&Event::Revoke);
        assert_eq!(unit.accepts_packets(), accepts && up && !gone);
        assert_eq!(unit.is_revoked(), gone);
        let is_open = matches!(
            history
                .iter()
                .rev()
                .find(|event| !matches!(event, Event::Up(_) | Event::Revoke)),
            Some(Event::Open)
        );
        assert_eq!(unit.is_open(), is_open);
    }
}
