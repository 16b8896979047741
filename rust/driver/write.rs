// SPDX-License-Identifier: GPL-2.0

//! Writing a packet: from the program to the stack.

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

/// Hands one packet to the stack, which receives it before this returns: on a tun an IP packet,
/// behind its address family if `TUNSIFHEAD` is on; on a tap or vmnet an Ethernet frame; each
/// behind an offload header if one is on. Never waits for the network. Process context.
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
// One caller.
#[inline(always)]
pub(super) fn write(
    unit: &Private<Unit>,
    mode: IoMode,
    iov: &mut IovIterSource<'_>,
) -> Result<usize> {
    let header = unit.queue().offload_header();
    if header.is_none() {
        write_behind(OffloadHeader::NONE, unit, mode, iov)
    } else {
        write_behind_header(header, unit, mode, iov)
    }
}

/// [`write_behind`] for packets with an offload header, apart from the faster one without.
#[inline(never)]
fn write_behind_header(
    header: OffloadHeader,
    unit: &Private<Unit>,
    mode: IoMode,
    iov: &mut IovIterSource<'_>,
) -> Result<usize> {
    write_behind(header, unit, mode, iov)
}

/// Does what [`write()`] describes, for a packet behind this offload header.
#[inline(always)]
fn write_behind(
    header: OffloadHeader,
    unit: &Private<Unit>,
    mode: IoMode,
    iov: &mut IovIterSource<'_>,
) -> Result<usize> {
    let len = iov.len();
    let kind = {
        let rcu = rcu::read_lock();
        let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
        let Some(kind) = WriteKind::of(unit, header, len)? else {
            return Ok(0);
        };
        if !dev.is_up() {
            dev.count_rx_dropped();
            unit.drop_bytes(len, DropCause::RxNotReady);
            return Ok(len);
        }
        kind
    };

    // Without RCU, because copying from the program may sleep. The interface may be removed during
    // the copy, so it is looked up again afterwards.
    let mut written = None;
    let copied = match WrittenHeader::copy_in(iov, header, kind) {
        Ok(header) => {
            written = header;
            copy_in(iov, kind, header, unit.page_ring(), mode)
        }
        Err(e) => Err(e),
    };
    let skb = match copied {
        Ok(skb) => skb,
        Err(ENOMEM) if mode.atomic => return Err(EAGAIN),
        Err(EAFNOSUPPORT) => {
            let rcu = rcu::read_lock();
            let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
            unit.drop_bytes(len, DropCause::RxProtocol);
            if !kind.drops_unknown_family() {
                return Err(EAFNOSUPPORT);
            }
            dev.count_rx_dropped();
            return Ok(len);
        }
        Err(e) => {
            let rcu = rcu::read_lock();
            let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
            let cause = match e {
                ENOMEM => DropCause::RxNoMemory,
                EINVAL => DropCause::RxBadHeader,
                _ => DropCause::RxFault,
            };
            unit.drop_bytes(len, cause);
            // tap(4): a frame is dropped silently if the reason may pass.
            if e == ENOMEM && kind.is_ethernet() {
                dev.count_rx_dropped();
                return Ok(len);
            }
            dev.count_rx_error();
            return Err(if e == ENOMEM { ENOBUFS } else { e });
        }
    };

    let rcu = rcu::read_lock();
    let Some(dev) = unit.device_rcu(&rcu) else {
        if let Some(skb) = skb {
            skb.drop_reason(DropReason::DeviceNotReady);
        }
        return Err(EHOSTDOWN);
    };
    let Some(mut skb) = skb else {
        // An address family without a packet, or a runt: there is nothing to receive.
        if kind != WriteKind::Runt {
            dev.count_rx_dropped();
        }
        unit.drop_bytes(len, DropCause::RxTooShort);
        return Ok(len);
    };
    let mut packets = 1;
    if let Some(header) = written {
        if let Err(e) = header.apply(&mut skb, dev, &rcu, kind.is_ethernet()) {
            dev.count_rx_error();
            unit.drop_skb(skb, DropCause::RxBadHeader);
            return Err(e);
        }
        packets = skb.gso_segs();
    }
    trace::write(unit.name(), dev, &skb);
    if kind == WriteKind::Frame && !accepts_frame(dev, &skb, &rcu) {
        unit.drop_skb(skb, DropCause::RxOtherHost);
        return Ok(len);
    }
    if let Err(skb) = dev.receive(skb, packets, &rcu, mode.process_context()) {
        dev.count_rx_dropped();
        unit.drop_skb(skb, DropCause::RxNotReady);
    }
    Ok(len)
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
                offload::Write::Empty => return Ok(None),
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

/// Copies a packet from the program. Returns `None` if there is nothing behind the address family,
/// or less than an Ethernet header.
///
/// # Errors
///
/// `EFAULT`, `ENOMEM`, `EAFNOSUPPORT`.
// Both instances of `write_behind` call it once per packet.
#[inline(always)]
fn copy_in(
    iov: &mut IovIterSource<'_>,
    kind: WriteKind,
    header: Option<WrittenHeader>,
    ring: &SpinLock<PageRing>,
    mode: IoMode,
) -> Result<Option<SkBuff>> {
    let gso_header_len = header.and_then(|header| header.gso_header_len());
    let protocol = match kind {
        WriteKind::Frame => {
            return SkBuff::from_iter(iov, HeaderType::Ethernet, gso_header_len, ring, mode.atomic)
                .map(Some)
        }
        WriteKind::Runt => {
            // Read the bytes, although they are dropped: a bad buffer fails with `EFAULT`.
            let mut runt = [0; HEADER_MAX + ethernet::HEADER_LEN];
            let len = iov.len().min(runt.len());
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
            framing.protocol_of_head(head).ok_or(EAFNOSUPPORT)?
        }
    };
    if iov.is_empty() {
        return Ok(None);
    }
    let mut skb = SkBuff::from_iter(iov, HeaderType::Network, gso_header_len, ring, mode.atomic)?;
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
    /// Copies the header from the program; `None` if there is none, or no packet behind it.
    ///
    /// # Errors
    ///
    /// `EFAULT`; `EINVAL` if it is malformed.
    #[inline(always)]
    fn copy_in(
        iov: &mut IovIterSource<'_>,
        header: OffloadHeader,
        kind: WriteKind,
    ) -> Result<Option<Self>> {
        if header.is_none() || kind == WriteKind::Runt {
            return Ok(None);
        }
        let mut bytes = [0; HEADER_MAX];
        let len = header.len();
        if iov.copy_from_iter(&mut bytes[..len]) != len {
            return Err(EFAULT);
        }
        Ok(Some(match header.kind() {
            HeaderKind::Tun(_) => {
                let bytes = bytes.first_chunk().ok_or(EINVAL)?;
                Self::Tun(TunHdr::from_bytes(bytes, kind.is_ethernet()).map_err(|_| EINVAL)?)
            }
            _ => Self::Virtio(VirtioNetHdr::from_bytes(bytes.first_chunk().ok_or(EINVAL)?)),
        }))
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
