// SPDX-License-Identifier: GPL-2.0

//! Writing a packet: from the program to the stack.

use crate::{
    bsd::{
        ethernet,
        framing::{
            self,
            Protocol, //
        }, //
    },
    driver::{
        drops::DropCause,
        unit::Unit, //
    },
    linux::{
        file_operations::IoMode,
        net::{
            device::Device,
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
    sync::rcu, //
};

/// Hands one packet to the stack, which receives it before this returns: on a tun an IP packet,
/// behind its address family if `TUNSIFHEAD` is on; on a tap or vmnet an Ethernet frame. Never
/// waits for the network. Process context.
///
/// Returns the length of the write, also where the packet was dropped: interface down, no packet
/// behind the address family, frame shorter than its header or for another station, and a frame for
/// which there is no memory.
///
/// # Errors
///
/// `EHOSTDOWN` if the interface is gone, `EIO` and `ENOBUFS` for a length that is too long or too
/// short, `EAFNOSUPPORT` for an unknown address family, `EFAULT` if the buffer cannot be read,
/// `ENOBUFS` for a packet for which there is no memory; `EAGAIN` instead of the last, also for a
/// frame, if the caller must not wait for memory.
// One caller.
#[inline(always)]
pub(super) fn write(
    unit: &Private<Unit>,
    mode: IoMode,
    iov: &mut IovIterSource<'_>,
) -> Result<usize> {
    let len = iov.len();
    let kind = {
        let rcu = rcu::read_lock();
        let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
        let Some(kind) = WriteKind::of(unit, len)? else {
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
    let skb = match copy_in(iov, kind, mode) {
        Ok(skb) => skb,
        Err(ENOMEM) if mode.atomic => return Err(EAGAIN),
        Err(EAFNOSUPPORT) => {
            unit.drop_bytes(len, DropCause::RxProtocol);
            return Err(EAFNOSUPPORT);
        }
        Err(e) => {
            let rcu = rcu::read_lock();
            let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
            let cause = if e == ENOMEM {
                DropCause::RxNoMemory
            } else {
                DropCause::RxFault
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
    let Some(skb) = skb else {
        // An address family without a packet, or a runt: there is nothing to receive.
        if kind != WriteKind::Runt {
            dev.count_rx_dropped();
        }
        unit.drop_bytes(len, DropCause::RxTooShort);
        return Ok(len);
    };
    trace::write(unit.name(), dev, &skb);
    if kind == WriteKind::Frame && !accepts_frame(dev, &skb, &rcu) {
        unit.drop_skb(skb, DropCause::RxOtherHost);
        return Ok(len);
    }
    if let Err(skb) = dev.receive(skb, &rcu, mode.process_context()) {
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
    /// An IP packet behind its address family.
    Headed,
    /// An Ethernet frame.
    Frame,
    /// Less than an Ethernet header.
    Runt,
}

impl WriteKind {
    /// Classifies a write of `len` bytes; `None` if there is nothing to do.
    ///
    /// # Errors
    ///
    /// `EIO` if it is too long, `ENOBUFS` if it is shorter than an address family.
    fn of(unit: &Private<Unit>, len: usize) -> Result<Option<Self>> {
        if unit.kind().is_ethernet() {
            return match ethernet::write(len) {
                ethernet::Write::Empty => Ok(None),
                ethernet::Write::TooShort => Ok(Some(Self::Runt)),
                ethernet::Write::TooLong => Err(EIO),
                ethernet::Write::Frame => Ok(Some(Self::Frame)),
            };
        }
        match unit.framing().write(len) {
            framing::Write::Empty => Ok(None),
            framing::Write::TooShort => Err(ENOBUFS),
            framing::Write::TooLong => Err(EIO),
            framing::Write::Bare => Ok(Some(Self::Bare)),
            framing::Write::Headed => Ok(Some(Self::Headed)),
        }
    }

    fn is_ethernet(self) -> bool {
        matches!(self, Self::Frame | Self::Runt)
    }
}

/// Copies a packet from the program. Returns `None` if there is nothing behind the address family,
/// or less than an Ethernet header.
///
/// # Errors
///
/// `EFAULT`, `ENOMEM`, `EAFNOSUPPORT`.
fn copy_in(iov: &mut IovIterSource<'_>, kind: WriteKind, mode: IoMode) -> Result<Option<SkBuff>> {
    let protocol = match kind {
        WriteKind::Frame => {
            return SkBuff::from_iter(iov, HeaderType::Ethernet, mode.atomic).map(Some)
        }
        WriteKind::Runt => {
            // Read the bytes, although they are dropped: a bad buffer fails with `EFAULT`.
            let mut runt = [0; ethernet::HEADER_LEN];
            let len = iov.len().min(runt.len());
            if iov.copy_from_iter(&mut runt[..len]) != len {
                return Err(EFAULT);
            }
            return Ok(None);
        }
        WriteKind::Bare => Protocol::Ip,
        WriteKind::Headed => {
            let mut head = [0; framing::HEAD_LEN];
            if iov.copy_from_iter(&mut head) != head.len() {
                return Err(EFAULT);
            }
            framing::protocol_of_head(head).ok_or(EAFNOSUPPORT)?
        }
    };
    if iov.is_empty() {
        return Ok(None);
    }
    let mut skb = SkBuff::from_iter(iov, HeaderType::Network, mode.atomic)?;
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
