// SPDX-License-Identifier: GPL-2.0

//! Writing a batch: a sequence of records.

use crate::{
    bsd::{
        batch::{
            self,
            RecordHeader,
            RECORD_HEADER_LEN, //
        },
        offload::OffloadHeader, //
    },
    driver::{
        drops::DropCause,
        queue::BATCH_MAX,
        unit::Unit,
        write::{
            drop_cause,
            filter,
            is_up,
            take_packet,
            Report, //
        }, //
    },
    linux::{
        file_operations::IoMode,
        net::{
            private::Private,
            skb::{
                DropReason,
                SkBuff, //
            },
            skb_list::SkbList, //
        }, //
    }, //
};
use kernel::{
    current,
    iov::IovIterSource,
    prelude::*,
    sync::rcu, //
};

/// Does what [`write_packet`](super::write::write_packet) describes, for a sequence of records.
///
/// An error of a record ends the write: it returns the length of the records before that one.
///
/// # Errors
///
/// The error of the first record: those of [`write_packet`](super::write::write_packet), and
/// `EINVAL` for a malformed record.
#[inline(never)]
pub(super) fn write_batch(
    header: OffloadHeader,
    unit: &Private<Unit>,
    mode: IoMode,
    iov: &mut IovIterSource<'_>,
) -> Result<usize> {
    let size = iov.len();
    let mut received = 0;
    loop {
        // Packets are checked again when they are received.
        let is_up = match is_up(unit) {
            Err(e) if received == 0 => return Err(e),
            Err(_) => return Ok(received),
            Ok(is_up) => is_up,
        };
        let mut taken = received;
        let mut packets = SkbList::new();
        let mut result = Ok(());
        for _ in 0..BATCH_MAX {
            if iov.is_empty() {
                break;
            }
            // The record at fault is not taken. The next write starts with it and reports it.
            let report = if taken == 0 { Report::Yes } else { Report::No };
            match take_record(header, unit, is_up, mode.atomic, iov, report) {
                Ok(skb) => {
                    if let Some(skb) = skb {
                        packets.push(skb);
                    }
                    taken = size - iov.len();
                }
                Err(e) => {
                    result = Err(e);
                    break;
                }
            }
        }
        if let Err(e) = receive(unit, packets, &mode) {
            return if received == 0 { Err(e) } else { Ok(received) };
        }
        received = taken;
        match result {
            Err(e) if received == 0 => return Err(e),
            Ok(()) if !iov.is_empty() && !current!().signal_pending() => (),
            _ => return Ok(received),
        }
    }
}

/// Copies the packet of the next record from the program, as [`take_packet`] does.
///
/// # Errors
///
/// Those of [`write_packet`](super::write::write_packet).
fn take_record(
    header: OffloadHeader,
    unit: &Private<Unit>,
    is_up: bool,
    atomic: bool,
    iov: &mut IovIterSource<'_>,
    report: Report,
) -> Result<Option<SkBuff>> {
    let mut record = [0; RECORD_HEADER_LEN];
    let left = iov.len();
    let len = if left < record.len() {
        Err(EINVAL)
    } else if iov.copy_from_iter(&mut record) != record.len() {
        Err(EFAULT)
    } else {
        RecordHeader::written_len(record, iov.len()).map_err(|_| EINVAL)
    };
    let len = match len {
        Ok(len) => len,
        Err(e) => {
            if report == Report::Yes {
                let rcu = rcu::read_lock();
                let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
                unit.drop_bytes(left, drop_cause(e));
                dev.count_rx_error();
            }
            return Err(e);
        }
    };
    let behind = iov.len() - len;
    let skb = take_packet(header, unit, is_up, atomic, iov, len, report)?;
    // What is dropped may not have been copied.
    let rest = iov.len() - behind + batch::padding(len).min(behind);
    if rest != 0 {
        iov.advance(rest);
    }
    Ok(skb)
}

/// Passes packets that were written to the stack, in order.
///
/// # Errors
///
/// `EHOSTDOWN` if the interface is gone.
fn receive(unit: &Private<Unit>, mut packets: SkbList, mode: &IoMode) -> Result {
    let rcu = rcu::read_lock();
    let Some(dev) = unit.device_rcu(&rcu) else {
        while let Some(skb) = packets.pop() {
            skb.drop_reason(DropReason::DeviceNotReady);
        }
        return Err(EHOSTDOWN);
    };
    let mut list = dev.receive_list(&rcu);
    while let Some(skb) = packets.pop() {
        if let Some(skb) = filter(unit, dev, skb, &rcu) {
            if let Err(skb) = list.push(skb) {
                dev.count_rx_dropped();
                unit.drop_skb(skb, DropCause::RxNotReady);
            }
        }
    }
    list.receive(mode.process_context());
    Ok(())
}
