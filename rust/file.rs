// SPDX-License-Identifier: GPL-2.0

//! What a program does with an open node.

use crate::{
    bsd::{
        framing,
        ioctl::{
            self,
            Native,
            Request, //
        },
        lifecycle::Refused, //
    },
    chardev::{
        self,
        CharDevice,
        IoMode,
        SigioList, //
    },
    net::{
        device::Port,
        rtnl,
        skb::{
            DropReason,
            SkBuff, //
        }, //
    },
    unit::Unit, //
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
    sync::{
        poll::PollTable,
        rcu, //
    },
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

/// The file operations of a unit's node.
pub(crate) struct TunFile;

#[vtable]
impl CharDevice for TunFile {
    type Data = Port<Unit>;

    /// `ENXIO` if the interface is going, `EPERM` without `CAP_NET_ADMIN` where the interface is,
    /// `EBUSY` if the unit is open.
    fn open(port: &Port<Unit>, _file: &File) -> Result {
        {
            let rcu = rcu::read_lock();
            let dev = port.device_rcu(&rcu).ok_or(ENXIO)?;
            if !dev.admin_capable(&rcu) {
                return Err(EPERM);
            }
        }
        port.open().map_err(|refused| match refused {
            Refused::Busy => EBUSY,
            Refused::Gone => ENXIO,
        })?;

        let up = {
            let rcu = rcu::read_lock();
            port.device_rcu(&rcu).is_some_and(|dev| {
                dev.carrier_on();
                dev.is_up()
            })
        };
        // When `open` returns, packets flow. An interface that is set up later sees the carrier.
        if up {
            let rtnl = rtnl::lock();
            if let Some(dev) = port.device(&rtnl) {
                dev.activate(&rtnl);
            }
        }
        Ok(())
    }

    fn release(port: &Port<Unit>, _file: &File) {
        let unread = port.begin_close();
        let rtnl = rtnl::lock();
        if let Some(dev) = port.device(&rtnl) {
            dev.count_tx_dropped(unread.len());
            dev.close(&rtnl);
            dev.carrier_off();
        }
        drop(rtnl);
        drop(unread);
        port.end_close();
    }

    /// One packet a read; what does not fit is lost. A packet that cannot be copied is lost too.
    fn read_iter(port: &Port<Unit>, mode: IoMode, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if iov.is_empty() {
            return if port.is_revoked() {
                Err(EHOSTDOWN)
            } else {
                Ok(0)
            };
        }
        let skb = port.dequeue(mode.may_wait)?;
        let len = skb.len().min(iov.len());
        if let Err(e) = skb.copy_to_iter(iov, len) {
            skb.drop_for(DropReason::UserCopy);
            return Err(e);
        }
        skb.consume();
        Ok(len)
    }

    /// One packet a write. Never waits for the network.
    fn write_iter(port: &Port<Unit>, mode: IoMode, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let len = iov.len();
        {
            let rcu = rcu::read_lock();
            let dev = port.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
            match framing::write(len) {
                framing::Write::Empty => return Ok(0),
                framing::Write::TooLong => return Err(EIO),
                framing::Write::Packet => (),
            }
            if !dev.is_up() {
                dev.count_rx_dropped();
                return Ok(len);
            }
        }

        // Not under RCU: copying from the user may sleep.
        let mut skb = match SkBuff::from_iter(iov, mode.atomic) {
            Ok(skb) => skb,
            Err(ENOMEM) if mode.atomic => return Err(EAGAIN),
            Err(e) => {
                let rcu = rcu::read_lock();
                if let Some(dev) = port.device_rcu(&rcu) {
                    dev.count_rx_error();
                }
                return Err(if e == ENOMEM { ENOBUFS } else { e });
            }
        };
        skb.set_protocol(framing::ETHERTYPE_IP);

        let rcu = rcu::read_lock();
        let dev = port.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
        if let Err(skb) = dev.receive(skb, &rcu) {
            dev.count_rx_dropped();
            skb.drop_for(DropReason::DeviceNotReady);
        }
        Ok(len)
    }

    /// `ENXIO` without an interface, `ENOTTY` for what is not known.
    fn ioctl(port: &Port<Unit>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        if port.is_revoked() {
            return Err(ENXIO);
        }
        let native = Native {
            fionread: chardev::FIONREAD,
        };
        let arg = UserPtr::from_addr(arg);
        match ioctl::decode(cmd, native).ok_or(ENOTTY)? {
            Request::FirstPacketLength => {
                // A packet is never longer than an `int` can tell.
                let len = port.first_len().unwrap_or(0) as i32;
                UserSlice::new(arg, size_of::<i32>()).writer().write(&len)?;
            }
            Request::InterfaceName => {
                let name = {
                    let rtnl = rtnl::lock();
                    port.device(&rtnl).ok_or(ENXIO)?.name(&rtnl)
                };
                let name = name.as_padded();
                UserSlice::new(arg, name.len()).writer().write_slice(name)?;
            }
        }
        Ok(0)
    }

    fn poll(port: &Port<Unit>, file: &File, table: &PollTable<'_>) -> u32 {
        port.poll(file, table)
    }

    fn sigio(port: &Port<Unit>) -> &SigioList {
        Unit::sigio(port)
    }

    fn show_fdinfo(port: &Port<Unit>, m: &SeqFile, _file: &File) {
        seq_print!(m, "unit:\t{}\n", port.name());
        let rtnl = rtnl::lock();
        let dev = port
            .device(&rtnl)
            .map(|dev| (dev.name(&rtnl), dev.ifindex(&rtnl)));
        drop(rtnl);
        match dev {
            Some((name, ifindex)) => {
                seq_print!(m, "ifname:\t{}\nifindex:\t{}\n", name, ifindex);
            }
            None => seq_print!(m, "ifname:\t-\nifindex:\t0\n"),
        }
    }
}
