// SPDX-License-Identifier: GPL-2.0

//! Reading packets: from the queue to the program.

use crate::{
    bsd::batch::{
        self,
        RecordHeader,
        Room,
        RECORD_ALIGN,
        RECORD_HEADER_LEN, //
    },
    driver::{
        drops::DropCause,
        packet_list::{
            self,
            len_with_front,
            PacketList,
            FRONT_MAX, //
        },
        queue::{
            Batch,
            Dequeued, //
        },
        unit::Unit, //
    },
    linux::{
        file_operations::IoMode,
        net::{
            private::Private,
            skb::SkBuff,
            skb_list::SkbList, //
        }, //
    },
    trace, //
};
use core::mem;
use kernel::{
    current,
    iov::IovIterDest,
    prelude::*,
    sync::rcu, //
};

/// Returns one packet with its offload header and its prefix in front, or in batch mode as many as
/// are queued and fit, each in a record. Bytes of the first packet that do not fit in the buffer
/// are discarded. Process context.
///
/// A read of zero bytes returns 0 and takes no packet.
///
/// # Errors
///
/// `EHOSTDOWN` if the interface is gone, `EAGAIN` and `ERESTARTSYS` as
/// [`TxQueue::dequeue`](crate::driver::queue::TxQueue::dequeue), `EFAULT` if the buffer cannot be
/// written; then the packet is dropped. In batch mode `EINVAL` if the buffer is shorter than the
/// header of a record.
// One caller.
#[inline(always)]
pub(super) fn read(unit: &Private<Unit>, mode: IoMode, iov: &mut IovIterDest<'_>) -> Result<usize> {
    if iov.is_empty() {
        return if unit.queue().is_revoked() {
            Err(EHOSTDOWN)
        } else {
            Ok(0)
        };
    }
    if unit.queue().transfer().is_batch() {
        return read_batch(unit, mode, iov);
    }
    let lost = |lost| unit.drop_lost(lost);
    let Dequeued { mut skb, wake } = unit.queue().dequeue(mode.may_wait, lost)?;
    if wake {
        wake_queues(unit);
    }
    match copy_out(&mut skb, iov) {
        Ok(len) => {
            trace::read(unit.name(), unit, &skb, len);
            skb.consume(mode.process_context());
            Ok(len)
        }
        Err(e) => {
            unit.drop_skb(skb, DropCause::TxFault);
            Err(e)
        }
    }
}

/// Lets the stack transmit again, now that the queue has room.
fn wake_queues(unit: &Private<Unit>) {
    let rcu = rcu::read_lock();
    if let Some(dev) = unit.device_rcu(&rcu) {
        dev.wake_queues();
    }
}

/// Copies an offload header, a prefix and its packet to the program, as much as fits. Returns the
/// number of bytes copied.
fn copy_out(skb: &mut SkBuff, iov: &mut IovIterDest<'_>) -> Result<usize> {
    let space = iov.len();
    let Some(front) = packet_list::front(skb) else {
        let len = skb.len().min(space);
        skb.copy_to_iter(iov, len)?;
        return Ok(len);
    };
    let front = &front[..front.len().min(space)];
    let len = skb.len().min(space - front.len());
    skb.copy_to_iter_behind(front, iov, len)?;
    Ok(front.len() + len)
}

/// [`read`] in batch mode.
///
/// What was copied completely is returned. If a copy fails, its packet is dropped, and the packets
/// after it return to the queue.
#[inline(never)]
fn read_batch(unit: &Private<Unit>, mode: IoMode, iov: &mut IovIterDest<'_>) -> Result<usize> {
    let mut room = Room::new(iov.len()).ok_or(EINVAL)?;
    let mut records = Records::new(unit, iov);
    let mut may_wait = mode.may_wait;
    loop {
        let lost = |lost| unit.drop_lost(lost);
        let mut batch = match unit.queue().dequeue_batch(may_wait, &mut room, lost) {
            Ok(batch) => batch,
            Err(e) => return records.finish(Err(e)),
        };
        if batch.wake {
            wake_queues(unit);
        }
        let is_last = batch.is_last;
        let mut read = SkbList::new();
        let copied = records.push_all(&mut batch.packets, &mut read);
        read.consume(mode.process_context());
        if let Err(skb) = copied {
            unit.drop_skb(skb, DropCause::TxFault);
            put_back(unit, batch);
            return records.finish(Err(EFAULT));
        }
        if is_last || current!().signal_pending() {
            return records.finish(Ok(()));
        }
        may_wait = false;
    }
}

/// Returns packets that were not read to the queue.
#[cold]
fn put_back(unit: &Private<Unit>, batch: Batch) {
    if let Err(unread) = unit.queue().put_back(batch) {
        let rcu = rcu::read_lock();
        if let Some(dev) = unit.device_rcu(&rcu) {
            dev.count_tx_dropped(unread.segments());
        }
        unit.drop_list(unread.into_packets(), DropCause::TxUnread);
    }
}

/// The records that a read returns.
struct Records<'a, 'data> {
    unit: &'a Private<Unit>,
    iov: &'a mut IovIterDest<'data>,
    /// Length of the buffer in bytes.
    size: usize,
    /// Length in bytes of all complete records.
    len: usize,
    /// Number of bytes that are missing before the next record; 0 after an incomplete one.
    padding: usize,
}

impl<'a, 'data> Records<'a, 'data> {
    fn new(unit: &'a Private<Unit>, iov: &'a mut IovIterDest<'data>) -> Self {
        Self {
            unit,
            size: iov.len(),
            len: 0,
            padding: 0,
            iov,
        }
    }

    /// Copies packets to the program, and moves them to `read`.
    ///
    /// # Errors
    ///
    /// If a copy fails, returns its packet; the packets after it stay in `packets`.
    fn push_all(&mut self, packets: &mut PacketList, read: &mut SkbList) -> Result<(), SkBuff> {
        while let Some(skb) = packets.pop() {
            if Gathered::accepts(&skb) && !packets.is_empty() {
                packets.push_front(skb);
                return self.push_several(packets, read);
            }
            self.push(skb, read)?;
        }
        Ok(())
    }

    /// [`Self::push_all`] that gathers small packets, because a copy to user space costs more than
    /// a second copy in the kernel.
    #[inline(never)]
    fn push_several(&mut self, packets: &mut PacketList, read: &mut SkbList) -> Result<(), SkBuff> {
        let mut gathered = Gathered::new();
        while let Some(skb) = packets.pop() {
            match gathered.push(skb, self) {
                Ok(()) => (),
                Err(skb) if gathered.is_empty() => self.push(skb, read)?,
                Err(skb) => {
                    packets.push_front(skb);
                    self.flush(&mut gathered, packets, read)?;
                }
            }
        }
        self.flush(&mut gathered, packets, read)
    }

    /// Copies a packet to the program, as much as fits, with the padding of the record before it,
    /// the header of its own record, and the bytes in front of it.
    ///
    /// # Errors
    ///
    /// Returns the packet if a copy fails.
    fn push(&mut self, mut skb: SkBuff, read: &mut SkbList) -> Result<(), SkBuff> {
        // One slice for all that precedes the packet.
        const RECORD: usize = RECORD_ALIGN;
        const FRONT: usize = RECORD + RECORD_HEADER_LEN;
        let mut head = [0; FRONT + FRONT_MAX];
        let mut front_len = 0;
        if let Some(front) = packet_list::front(&skb) {
            front_len = front.len();
            head[FRONT..FRONT + front_len].copy_from_slice(&front);
        }
        let padding = mem::take(&mut self.padding);
        let Some(space) = self.iov.len().checked_sub(padding + RECORD_HEADER_LEN) else {
            return Err(skb);
        };
        let mut len = front_len + skb.len();
        let mut flags = 0;
        if len > space {
            len = space;
            front_len = front_len.min(len);
            flags = batch::TRUNCATED;
        }
        head[RECORD..FRONT].copy_from_slice(&RecordHeader { len, flags }.to_bytes());
        let head = &head[RECORD - padding..FRONT + front_len];
        if skb
            .copy_to_iter_behind(head, self.iov, len - front_len)
            .is_err()
        {
            return Err(skb);
        }
        self.len = self.size - self.iov.len();
        self.padding = batch::padding(len);
        trace::read(self.unit.name(), self.unit, &skb, len);
        read.push(skb);
        Ok(())
    }

    /// Copies gathered packets to the program.
    ///
    /// # Errors
    ///
    /// As [`Self::push_all`].
    fn flush(
        &mut self,
        gathered: &mut Gathered,
        packets: &mut PacketList,
        read: &mut SkbList,
    ) -> Result<(), SkBuff> {
        if gathered.is_empty() {
            return Ok(());
        }
        let bytes = gathered.bytes();
        let copied = self.iov.copy_to_iter(bytes);
        self.padding = 0;
        if copied != bytes.len() {
            return self.flush_partly(gathered, copied, packets, read);
        }
        self.len = self.size - self.iov.len();
        gathered.len = 0;
        trace::read_list(
            self.unit.name(),
            self.unit,
            &gathered.packets,
            len_with_front,
        );
        read.append(&mut gathered.packets);
        Ok(())
    }

    /// [`Self::flush`] after only `copied` bytes could be copied.
    #[cold]
    fn flush_partly(
        &mut self,
        gathered: &mut Gathered,
        copied: usize,
        packets: &mut PacketList,
        read: &mut SkbList,
    ) -> Result<(), SkBuff> {
        let start = self.size - self.iov.len() - copied;
        let mut end = gathered.padding;
        while let Some(skb) = gathered.packets.pop() {
            let len = len_with_front(&skb);
            end += RECORD_HEADER_LEN + len;
            if end > copied {
                packets.prepend(mem::take(&mut gathered.packets).into());
                return Err(skb);
            }
            self.len = start + end;
            trace::read(self.unit.name(), self.unit, &skb, len);
            read.push(skb);
            end += batch::padding(len);
        }
        // The fault is in the padding of the last record.
        self.padding = mem::take(&mut gathered.len) - copied;
        Ok(())
    }

    /// Pads the last record, as far as there is room. Returns the length of all records; without
    /// any, the error of `result`.
    fn finish(mut self, result: Result) -> Result<usize> {
        if self.len == 0 {
            result?;
        }
        let padding = self.padding.min(self.iov.len());
        if padding != 0 && self.iov.copy_to_iter(&[0; RECORD_ALIGN][..padding]) == padding {
            self.len += padding;
        }
        Ok(self.len)
    }
}

/// Records of small packets, to be copied to the program at once.
struct Gathered {
    bytes: [u8; Self::SIZE],
    len: usize,
    /// Number of bytes before the first record, which belong to the record before that.
    padding: usize,
    packets: SkbList,
}

impl Gathered {
    /// A fraction of the stack.
    const SIZE: usize = 512;

    /// The longest packet that is gathered, with the bytes in front of it.
    const PACKET_MAX: usize = 256;

    fn new() -> Self {
        Self {
            bytes: [0; Self::SIZE],
            len: 0,
            padding: 0,
            packets: SkbList::new(),
        }
    }

    /// Whether a packet is to be gathered: it is small, and has no fragments.
    #[inline(always)]
    fn accepts(skb: &SkBuff) -> bool {
        len_with_front(skb) <= Self::PACKET_MAX && skb.is_linear()
    }

    fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Appends the record of a packet, and its padding.
    ///
    /// # Errors
    ///
    /// Returns the packet if there is no room, or if it is not [accepted](Self::accepts).
    #[inline(always)]
    fn push(&mut self, skb: SkBuff, records: &Records<'_, '_>) -> Result<(), SkBuff> {
        let start = if self.is_empty() {
            records.padding
        } else {
            self.len
        };
        let len = len_with_front(&skb);
        let record_len = RECORD_HEADER_LEN + len;
        let space = records.iov.len().min(Self::SIZE);
        if start + record_len > space || !Self::accepts(&skb) {
            return Err(skb);
        }
        if self.is_empty() {
            self.padding = start;
            self.bytes[..start].fill(0);
        }
        let padded_len = record_len + batch::padding(len);
        let Some(record) = self.bytes.get_mut(start..start + padded_len) else {
            return Err(skb);
        };
        // First the end, which the packet overwrites but for its padding.
        record[padded_len - RECORD_ALIGN..].fill(0);
        record[..RECORD_HEADER_LEN].copy_from_slice(&RecordHeader { len, flags: 0 }.to_bytes());
        let mut packet = RECORD_HEADER_LEN;
        if let Some(front) = packet_list::front(&skb) {
            record[packet..packet + front.len()].copy_from_slice(&front);
            packet += front.len();
        }
        skb.copy_linear(0, &mut record[packet..record_len]);
        self.len = (start + padded_len).min(records.iov.len());
        self.packets.push(skb);
        Ok(())
    }
}
