// SPDX-License-Identifier: GPL-2.0

//! Writing packets: from the program to the stack.

use crate::{
    bsd::{
        ethernet,
        framing::{
            self,
            Framing,
            Protocol, //
        },
        offload::{
            self,
            HeaderKind,
            OffloadHeader,
            TunHdr,
            VirtioNetHdr,
            HEADER_MAX, //
        }, //
    },
    driver::{
        drops::DropCause,
        offload::HEAD_LEN,
        unit::Unit, //
    },
    linux::{
        file_operations::IoMode,
        net::{
            device::Device,
            page_ring::PageRing,
            private::Private,
            skb::{
                DropReason,
                HeaderType,
                SkBuff, //
            }, //
        }, //
    },
    trace, //
};
use kernel::{
    iov::IovIterSource,
    prelude::*,
    sync::{
        rcu,
        SpinLock, //
    }, //
};

/// [`write_packet`] for packets with an offload header, apart from the faster one without.
#[inline(never)]
pub(super) fn write_packet_behind_header(
    header: OffloadHeader,
    unit: &Private<Unit>,
    mode: IoMode,
    iov: &mut IovIterSource<'_>,
) -> Result<usize> {
    write_packet(header, unit, mode, iov)
}

/// Hands one packet to the stack, which receives it before this returns: on a tun an IP packet,
/// behind its address family if `TUNSIFHEAD` is on; on a tap or vmnet an Ethernet frame; each
/// behind this offload header. Never waits for the network. Process context.
///
/// Returns the length of the write, also where the packet was dropped: interface down, no packet
/// behind the header or the address family, an unknown family in the openbsd dialect, frame shorter
/// than its header or for another station, and a frame for which there is no memory.
///
/// # Errors
///
/// `EHOSTDOWN` if the interface is gone, `EIO` and `ENOBUFS` for a length that is too long or too
/// short, `EMSGSIZE` instead of both behind `struct tun_hdr` and in the openbsd dialect, `EINVAL`
/// for an offload header that is malformed or does not fit the packet, `EAFNOSUPPORT` for an
/// unknown address family, `EFAULT` if the buffer cannot be read, `ENOBUFS` for a packet for which
/// there is no memory; `EAGAIN` instead of the last, also for a frame, if the caller must not wait
/// for memory.
#[inline(always)]
pub(super) fn write_packet(
    header: OffloadHeader,
    unit: &Private<Unit>,
    mode: IoMode,
    iov: &mut IovIterSource<'_>,
) -> Result<usize> {
    let len = iov.len();
    let is_up = is_up(unit)?;
    let Some(skb) = take_packet(header, unit, is_up, mode.atomic, iov, len, Report::Yes)? else {
        return Ok(len);
    };
    let rcu = rcu::read_lock();
    let Some(dev) = unit.device_rcu(&rcu) else {
        skb.drop_reason(DropReason::DeviceNotReady);
        return Err(EHOSTDOWN);
    };
    let packets = if header.is_none() { 1 } else { skb.gso_segs() };
    if let Some(skb) = filter(unit, dev, skb, &rcu) {
        if let Err(skb) = dev.receive(skb, packets, &rcu, mode.process_context()) {
            dev.count_rx_dropped();
            unit.drop_skb(skb, DropCause::RxNotReady);
        }
    }
    Ok(len)
}

/// Returns a packet that the interface is about to receive; on a tap or vmnet only if it is for
/// this station, otherwise the packet is dropped.
#[inline(always)]
pub(super) fn filter(
    unit: &Private<Unit>,
    dev: &Device,
    skb: SkBuff,
    rcu: &rcu::Guard,
) -> Option<SkBuff> {
    trace::write(unit.name(), dev, &skb);
    if dev.is_ethernet() && !accepts_frame(dev, &skb, rcu) {
        unit.drop_skb(skb, DropCause::RxOtherHost);
        return None;
    }
    Some(skb)
}

/// Whether a packet at fault is counted and traced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    Yes,
    /// The error is not returned now either.
    No,
}

/// Whether the interface is up.
///
/// # Errors
///
/// `EHOSTDOWN` if it is gone.
#[inline(always)]
pub(super) fn is_up(unit: &Private<Unit>) -> Result<bool> {
    let rcu = rcu::read_lock();
    Ok(unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?.is_up())
}

/// Copies the next `len` bytes, a packet, from the program, and applies its offload header. Returns
/// `None` if there is no packet, or if it was dropped, for example because the interface is not up;
/// then not all bytes may have been copied.
///
/// # Errors
///
/// Those of [`write_packet`].
#[inline(always)]
pub(super) fn take_packet(
    header: OffloadHeader,
    unit: &Private<Unit>,
    is_up: bool,
    atomic: bool,
    iov: &mut IovIterSource<'_>,
    len: usize,
    report: Report,
) -> Result<Option<SkBuff>> {
    let Some(kind) = WriteKind::of(unit, header, len)? else {
        return Ok(None);
    };
    if !is_up {
        return not_up(unit, len);
    }

    // Without RCU, because copying from the program may sleep. The interface may be removed during
    // the copy, so it is looked up again afterwards.
    let mut written = None;
    let copied = match WrittenHeader::copy_in(iov, header, kind) {
        Ok(header) => {
            let len = match &header {
                Some((_, header_len)) => len - header_len,
                None => len,
            };
            written = header.map(|(header, _)| header);
            copy_in(iov, len, kind, written, unit.page_ring(), atomic)
        }
        Err(e) => Err(e),
    };
    let Some(mut skb) = (match copied {
        Ok(skb) => skb,
        Err(e) => return copy_failed(unit, kind, atomic, len, e, report),
    }) else {
        return no_packet(unit, kind, len);
    };
    if let Some(header) = written {
        let rcu = rcu::read_lock();
        let Some(dev) = unit.device_rcu(&rcu) else {
            skb.drop_reason(DropReason::DeviceNotReady);
            return Err(EHOSTDOWN);
        };
        if let Err(e) = header.apply(&mut skb, dev, &rcu, kind.is_ethernet()) {
            match report {
                Report::Yes => {
                    dev.count_rx_error();
                    unit.drop_skb(skb, DropCause::RxBadHeader);
                }
                Report::No => skb.drop_reason(DropCause::RxBadHeader.reason()),
            }
            return Err(e);
        }
    }
    Ok(Some(skb))
}

/// Counts a packet that is dropped because the interface is not up.
#[cold]
fn not_up(unit: &Private<Unit>, len: usize) -> Result<Option<SkBuff>> {
    let rcu = rcu::read_lock();
    unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?.count_rx_dropped();
    unit.drop_bytes(len, DropCause::RxNotReady);
    Ok(None)
}

/// The cause that belongs to an error.
pub(super) fn drop_cause(e: Error) -> DropCause {
    match e {
        ENOMEM => DropCause::RxNoMemory,
        EINVAL => DropCause::RxBadHeader,
        EAFNOSUPPORT => DropCause::RxProtocol,
        _ => DropCause::RxFault,
    }
}

/// Counts a packet that could not be copied from the program. Returns `None` where it is dropped
/// without an error.
///
/// # Errors
///
/// Those of [`write_packet`].
#[cold]
fn copy_failed(
    unit: &Private<Unit>,
    kind: WriteKind,
    atomic: bool,
    len: usize,
    e: Error,
    report: Report,
) -> Result<Option<SkBuff>> {
    if e == ENOMEM && atomic {
        return Err(EAGAIN);
    }
    let rcu = rcu::read_lock();
    let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
    let is_dropped = match e {
        // tap(4): a frame is dropped silently if the reason may pass.
        ENOMEM => kind.is_ethernet(),
        EAFNOSUPPORT => kind.drops_unknown_family(),
        _ => false,
    };
    if is_dropped || report == Report::Yes {
        unit.drop_bytes(len, drop_cause(e));
    }
    if is_dropped {
        dev.count_rx_dropped();
        return Ok(None);
    }
    if report == Report::Yes && e != EAFNOSUPPORT {
        dev.count_rx_error();
    }
    Err(if e == ENOMEM { ENOBUFS } else { e })
}

/// Counts an address family without a packet, or a runt: there is nothing to receive.
#[cold]
fn no_packet(unit: &Private<Unit>, kind: WriteKind, len: usize) -> Result<Option<SkBuff>> {
    let rcu = rcu::read_lock();
    let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
    if kind != WriteKind::Runt {
        dev.count_rx_dropped();
    }
    unit.drop_bytes(len, DropCause::RxTooShort);
    Ok(None)
}

/// The content of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WriteKind {
    /// An IPv4 packet.
    Bare,
    /// A packet behind its address family, with the framing at the start of the write.
    Headed(Framing),
    /// An Ethernet frame.
    Frame,
    /// Less than an Ethernet header, or no more than an offload header.
    Runt,
}

impl WriteKind {
    /// Classifies a write of `len` bytes; `None` if there is nothing to do.
    ///
    /// # Errors
    ///
    /// `EIO` if it is too long, `ENOBUFS` if it is shorter than an address family, `EMSGSIZE` for
    /// both behind `struct tun_hdr` and in the openbsd dialect.
    #[inline(always)]
    fn of(unit: &Private<Unit>, header: OffloadHeader, len: usize) -> Result<Option<Self>> {
        // Only a tun has one.
        let framing = (!unit.kind().is_ethernet()).then(|| unit.framing());
        let mut len = len;
        if !header.is_none() {
            let prefix_len =
                framing.map_or(ethernet::HEADER_LEN, |framing| framing.written_prefix_len());
            len = match header.write(len, prefix_len) {
                offload::Write::Empty => 0,
                offload::Write::HeaderOnly => return Ok(Some(Self::Runt)),
                offload::Write::BadLength => return Err(EMSGSIZE),
                offload::Write::Packet(len) => len,
            };
        }
        let Some(framing) = framing else {
            return match ethernet::write(len) {
                ethernet::Write::Empty => Ok(None),
                ethernet::Write::TooShort => Ok(Some(Self::Runt)),
                ethernet::Write::TooLong => Err(EIO),
                ethernet::Write::Frame => Ok(Some(Self::Frame)),
            };
        };
        match framing.write(len) {
            framing::Write::Empty => Ok(None),
            framing::Write::TooShort => Err(ENOBUFS),
            framing::Write::TooLong => Err(EIO),
            framing::Write::WrongSize => Err(EMSGSIZE),
            framing::Write::Bare => Ok(Some(Self::Bare)),
            framing::Write::Headed => Ok(Some(Self::Headed(framing))),
        }
    }

    fn is_ethernet(self) -> bool {
        matches!(self, Self::Frame | Self::Runt)
    }

    /// Whether a packet behind an unknown family is dropped, instead of an error.
    fn drops_unknown_family(self) -> bool {
        matches!(self, Self::Headed(framing) if framing.is_openbsd())
    }
}

/// Copies a packet from the program, `len` bytes. Returns `None` if there is nothing behind the
/// address family, or less than an Ethernet header.
///
/// # Errors
///
/// `EFAULT`, `ENOMEM`, `EAFNOSUPPORT`.
// Once per packet, often with constants.
#[inline(always)]
fn copy_in(
    iov: &mut IovIterSource<'_>,
    len: usize,
    kind: WriteKind,
    header: Option<WrittenHeader>,
    ring: &SpinLock<PageRing>,
    atomic: bool,
) -> Result<Option<SkBuff>> {
    let gso_header_len = header.and_then(|header| header.gso_header_len());
    let mut len = len;
    let protocol = match kind {
        WriteKind::Frame => {
            let start = HeaderType::Ethernet;
            return SkBuff::from_iter(iov, len, start, gso_header_len, ring, atomic).map(Some);
        }
        WriteKind::Runt => {
            // Read the bytes, although they are dropped: a bad buffer fails with `EFAULT`.
            let mut runt = [0; HEADER_MAX + ethernet::HEADER_LEN];
            let len = len.min(runt.len());
            if iov.copy_from_iter(&mut runt[..len]) != len {
                return Err(EFAULT);
            }
            return Ok(None);
        }
        WriteKind::Bare => Protocol::Ip,
        WriteKind::Headed(framing) => {
            let mut head = [0; framing::HEAD_LEN];
            if iov.copy_from_iter(&mut head) != head.len() {
                return Err(EFAULT);
            }
            len -= head.len();
            framing.protocol_of_head(head).ok_or(EAFNOSUPPORT)?
        }
    };
    if len == 0 {
        return Ok(None);
    }
    let start = HeaderType::Network;
    let mut skb = SkBuff::from_iter(iov, len, start, gso_header_len, ring, atomic)?;
    skb.set_protocol(protocol as u16);
    Ok(Some(skb))
}

/// Whether the interface accepts a frame: it is for a group, for the interface itself, for a device
/// stacked on it such as a macvlan, or the interface is promiscuous.
fn accepts_frame(dev: &Device, skb: &SkBuff, rcu: &rcu::Guard) -> bool {
    skb.ethernet_destination().is_some_and(|to| {
        ethernet::is_group(to)
            || to == dev.ethernet_address()
            || dev.is_promiscuous()
            || dev.uc_contains(&to, rcu)
    })
}

/// Length in bytes of the shortest headers of a TCP packet, which are longer than an Ethernet
/// header.
const TCP_HEADERS_MIN: usize = 40;

/// Room for the headers of a TCP packet, with options and several extension headers: as much as a
/// read looks at, so that what one unit describes, another one accepts.
const TCP_HEADERS: usize = HEAD_LEN;

/// The offload header of a packet that a program writes.
#[derive(Clone, Copy)]
enum WrittenHeader {
    Virtio(VirtioNetHdr),
    Tun(TunHdr),
}

impl WrittenHeader {
    /// Copies the header from the program. Returns its length in bytes too; `None` if there is no
    /// header, or no packet behind it.
    ///
    /// # Errors
    ///
    /// `EFAULT`; `EINVAL` if it is malformed.
    #[inline(always)]
    fn copy_in(
        iov: &mut IovIterSource<'_>,
        header: OffloadHeader,
        kind: WriteKind,
    ) -> Result<Option<(Self, usize)>> {
        if header.is_none() || kind == WriteKind::Runt {
            return Ok(None);
        }
        let mut bytes = [0; HEADER_MAX];
        let len = header.len();
        if iov.copy_from_iter(&mut bytes[..len]) != len {
            return Err(EFAULT);
        }
        let header = match header.kind() {
            HeaderKind::Tun(_) => {
                let bytes = bytes.first_chunk().ok_or(EINVAL)?;
                Self::Tun(TunHdr::from_bytes(bytes, kind.is_ethernet()).map_err(|_| EINVAL)?)
            }
            _ => Self::Virtio(VirtioNetHdr::from_bytes(bytes.first_chunk().ok_or(EINVAL)?)),
        };
        Ok(Some((header, len)))
    }

    /// Length in bytes of the headers of a packet that is to be segmented, as the program says, or
    /// large enough for most.
    fn gso_header_len(self) -> Option<usize> {
        let len = match self {
            Self::Virtio(hdr) => hdr.gso_header_len()?,
            Self::Tun(hdr) if hdr.is_gso() => 0,
            Self::Tun(_) => return None,
        };
        Some(if len < TCP_HEADERS_MIN {
            TCP_HEADERS
        } else {
            len
        })
    }

    /// Applies the header to the packet that followed it, which `dev` is about to receive.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the header does not fit the packet.
    fn apply(self, skb: &mut SkBuff, dev: &Device, rcu: &rcu::Guard, ethernet: bool) -> Result {
        let hdr = match self {
            Self::Virtio(hdr) => hdr,
            Self::Tun(hdr) => {
                if let Some(tag) = hdr.vlan() {
                    skb.set_vlan_tag(tag);
                }
                let len = skb.len();
                let head = skb.linear_mut().ok_or(EINVAL)?;
                hdr.to_virtio(head, len, ethernet).map_err(|_| EINVAL)?
            }
        };
        if hdr.is_unfinished() {
            dev.set_virtio_net_hdr(skb, &hdr.to_bytes(), rcu)?;
        } else if hdr.is_data_valid() {
            skb.set_checksum_unnecessary();
        }
        Ok(())
    }
}
