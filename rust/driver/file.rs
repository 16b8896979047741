// SPDX-License-Identifier: GPL-2.0

//! The file operations of an open unit: the last close, and dispatch to the others.

use crate::{
    bsd::{
        kind::Kind,
        offload::{
            HeaderKind,
            OffloadHeader, //
        }, //
    },
    driver::{
        drops::DropCause,
        ioctl,
        read,
        unit::Unit,
        write,
        write_batch::write_batch, //
    },
    linux::{
        fasync::Fasync,
        file_operations::{
            FileOperations,
            IoMode,
            OpenFile, //
        },
        net::{
            private::Private,
            rtnl, //
        }, //
    },
};
use kernel::{
    fs::File,
    iov::{
        IovIterDest,
        IovIterSource, //
    },
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::poll::PollTable, //
};

/// The operations of an open unit, whether it was opened by its own node or by a cloner.
pub(crate) struct UnitFile;

#[vtable]
impl FileOperations for UnitFile {
    type Data = Private<Unit>;

    /// The last close. [`Kind::last_close`] decides what happens to the interface. Process context,
    /// with no lock held.
    fn release(unit: &Private<Unit>, _file: &File) {
        let snapshot = unit.snapshot();
        let close = unit.kind().last_close(snapshot.keep);
        let unread = unit.queue().begin_close(close.queue_while_closed);
        unit.queue().set_batch(false);
        drop(unit.disarm_up_work());
        let mut expired = None;
        let rtnl = rtnl::lock();
        if let Some(dev) = unit.device(&rtnl) {
            dev.count_tx_dropped(unread.segments());
            // Before the unit can be opened again.
            unit.set_offload_header(dev, OffloadHeader::NONE, &rtnl);
            if close.flush_addresses {
                // Before the interface is set down: that makes IPv6 delete what has expired.
                expired = dev.expire_addresses(&rtnl);
            }
            if close.down {
                dev.close(&rtnl);
            } else {
                // A stopped stack would not be woken by anything else. Unless the kind queues while
                // closed, the packets that the queueing discipline holds are dropped now, and do
                // not wait for the next program.
                dev.wake_queues();
            }
            if close.carrier_off {
                dev.carrier_off();
            }
            if snapshot.transient {
                if !snapshot.transient_by_admin {
                    unit.set_retire_node();
                }
                dev.unregister(&rtnl);
            }
        }
        drop(rtnl);
        if let Some(expired) = expired {
            expired.remove();
        }
        unit.debug(fmt!("closed, {} packets unread", unread.segments()));
        unit.drop_list(unread.into_packets(), DropCause::TxUnread);
        unit.set_owner(None);
        unit.page_ring().lock().clear();
        unit.queue().end_close();
    }

    fn read_iter(unit: &Private<Unit>, mode: IoMode, iov: &mut IovIterDest<'_>) -> Result<usize> {
        read::read(unit, mode, iov)
    }

    fn write_iter(
        unit: &Private<Unit>,
        mode: IoMode,
        iov: &mut IovIterSource<'_>,
    ) -> Result<usize> {
        let transfer = unit.queue().transfer();
        if transfer.is_plain() {
            write::write_packet(OffloadHeader::NONE, unit, mode, iov)
        } else if transfer.is_batch() {
            write_batch(transfer.header(), unit, mode, iov)
        } else {
            write::write_packet_behind_header(transfer.header(), unit, mode, iov)
        }
    }

    fn ioctl(unit: &Private<Unit>, file: &OpenFile<'_>, cmd: u32, arg: usize) -> Result<isize> {
        ioctl::ioctl(unit, file, cmd, arg)
    }

    fn poll(unit: &Private<Unit>, file: &File, table: &PollTable<'_>) -> u32 {
        unit.queue().poll(file, table)
    }

    fn fasync(unit: &Private<Unit>) -> &Fasync {
        unit.queue().fasync()
    }

    /// Prints the lines that `Documentation/reference.rst` lists, `KEY:\tVALUE` each.
    fn show_fdinfo(unit: &Private<Unit>, m: &SeqFile, _file: &File) {
        seq_print!(m, "unit:\t{}\n", unit.name());
        let rtnl = rtnl::lock();
        let dev = unit
            .device(&rtnl)
            .map(|dev| (dev.name(&rtnl), dev.ifindex(&rtnl)));
        drop(rtnl);
        match dev {
            Some((name, ifindex)) => {
                seq_print!(m, "ifname:\t{}\nifindex:\t{}\n", name, ifindex);
            }
            None => seq_print!(m, "ifname:\t-\nifindex:\t0\n"),
        }
        let snapshot = unit.snapshot();
        match unit.kind() {
            Kind::Tun => {
                let framing = unit.framing();
                seq_print!(m, "framing:\t{}\n", framing.name());
                seq_print!(m, "dialect:\t{}\n", framing.dialect().name());
            }
            Kind::Tap => seq_print!(m, "keep:\t{}\n", u8::from(snapshot.keep)),
            Kind::Vmnet => (),
        }
        seq_print!(m, "owner:\t{}\n", snapshot.owner);
        let transfer = unit.queue().transfer();
        match transfer.header().kind() {
            HeaderKind::None => seq_print!(m, "offload:\tnone\n"),
            HeaderKind::Virtio => seq_print!(m, "offload:\tvirtio_net_hdr\n"),
            HeaderKind::Tun(caps) => seq_print!(m, "offload:\ttun_hdr {:#x}\n", caps),
        }
        seq_print!(m, "batch:\t{}\n", u8::from(transfer.is_batch()));
        seq_print!(m, "transient:\t{}\n", u8::from(snapshot.transient));
    }
}
