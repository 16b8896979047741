// SPDX-License-Identifier: GPL-2.0

//! What a program does with an open node.

use crate::{
    bsd::{
        framing::{
            self,
            Prefix,
            Protocol,
            Write, //
        },
        info::{
            Info,
            InterfaceFlags,
            InterfaceMode,
            INFO_MAX, //
        },
        ioctl::{
            self,
            InfoLayout,
            Request, //
        },
        lifecycle::Refused, //
    },
    chardev::{
        CharDevice,
        IoMode,
        Opened,
        SigioList, //
    },
    net::{
        device::{
            flags,
            Port, //
        },
        rtnl,
        skb::{
            DropReason,
            SkBuff, //
        }, //
    },
    pid::Pid,
    uapi,
    unit::{
        Received,
        Unit, //
    }, //
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
        port.set_owner(Pid::current());
        port.arm();

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
        port.debug(fmt!("opened"));
        Ok(())
    }

    fn release(port: &Port<Unit>, _file: &File) {
        let unread = port.begin_close();
        drop(port.disarm());
        let transient = port.shown().transient;
        let rtnl = rtnl::lock();
        if let Some(dev) = port.device(&rtnl) {
            dev.count_tx_dropped(unread.len());
            dev.close(&rtnl);
            dev.carrier_off();
            if transient {
                dev.unregister(&rtnl);
            }
        }
        drop(rtnl);
        port.debug(fmt!("closed, {} packets unread", unread.len()));
        drop(unread);
        port.set_owner(None);
        port.end_close();
    }

    /// One packet a read, its prefix first; what does not fit is lost. A packet that cannot be
    /// copied is lost too.
    fn read_iter(port: &Port<Unit>, mode: IoMode, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if iov.is_empty() {
            return if port.is_revoked() {
                Err(EHOSTDOWN)
            } else {
                Ok(0)
            };
        }
        let Received { skb, wake } = port.dequeue(mode.may_wait)?;
        if wake {
            let rcu = rcu::read_lock();
            if let Some(dev) = port.device_rcu(&rcu) {
                dev.wake_queues();
            }
        }
        match copy_out(&skb, iov) {
            Ok(len) => {
                skb.consume();
                Ok(len)
            }
            Err(e) => {
                skb.drop_for(DropReason::UserCopy);
                Err(e)
            }
        }
    }

    /// One packet a write, behind its address family if `TUNSIFHEAD` is on. Never waits for the
    /// network.
    fn write_iter(port: &Port<Unit>, mode: IoMode, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let len = iov.len();
        let kind = {
            let rcu = rcu::read_lock();
            let dev = port.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
            let kind = port.framing().write(len);
            match kind {
                Write::Empty => return Ok(0),
                Write::TooShort => return Err(ENOBUFS),
                Write::TooLong => return Err(EIO),
                Write::Bare | Write::Headed => (),
            }
            if !dev.is_up() {
                dev.count_rx_dropped();
                return Ok(len);
            }
            kind
        };

        // Not under RCU: copying from the user may sleep.
        let (skb, protocol) = match copy_in(iov, kind, mode) {
            Ok(packet) => packet,
            Err(ENOMEM) if mode.atomic => return Err(EAGAIN),
            Err(EAFNOSUPPORT) => return Err(EAFNOSUPPORT),
            Err(e) => {
                let rcu = rcu::read_lock();
                if let Some(dev) = port.device_rcu(&rcu) {
                    dev.count_rx_error();
                }
                return Err(if e == ENOMEM { ENOBUFS } else { e });
            }
        };

        let rcu = rcu::read_lock();
        let dev = port.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
        // A family and no packet: nothing that the stack could be given.
        let Some(mut skb) = skb else {
            dev.count_rx_dropped();
            return Ok(len);
        };
        skb.set_protocol(protocol as u16);
        if let Err(skb) = dev.receive(skb, &rcu) {
            dev.count_rx_dropped();
            skb.drop_for(DropReason::DeviceNotReady);
        }
        Ok(len)
    }

    /// `ENXIO` without an interface, `ENOTTY` for what is not known, `EFAULT` for a bad pointer.
    fn ioctl(port: &Port<Unit>, file: &Opened<'_>, cmd: u32, arg: usize) -> Result<isize> {
        if port.is_revoked() {
            return Err(ENXIO);
        }
        let request = ioctl::decode(cmd, &uapi::NATIVE).ok_or(ENOTTY)?;
        let arg = Argument(arg);
        match request {
            Request::SetDebug => port.knobs().debug().set(arg.get_int()?),
            Request::GetDebug => arg.put_int(port.knobs().debug().get())?,
            Request::SetInfo(layout) => set_info(port, layout, arg)?,
            Request::GetInfo(layout) => get_info(port, layout, arg)?,
            Request::SetLinkMode => {
                let on = arg.get_int()? != 0;
                port.change_framing(|framing| framing.set_link(on));
            }
            Request::SetHead(dialect) => {
                let on = arg.get_int()? != 0;
                port.change_framing(|framing| framing.set_head(on, dialect));
            }
            Request::GetHead => arg.put_int(port.framing().head().into())?,
            Request::SetInterfaceMode => set_interface_mode(port, arg.get_int()?)?,
            Request::SetPid => port.set_owner(Pid::current()),
            Request::GetInterfaceName => {
                let name = {
                    let rtnl = rtnl::lock();
                    port.device(&rtnl).ok_or(ENXIO)?.name(&rtnl)
                };
                arg.put(name.as_padded())?;
            }
            Request::SetTransient => port.set_transient(arg.get_int()? != 0),
            Request::GetTransient => arg.put_int(port.shown().transient.into())?,
            // A packet is never longer than an `int` can tell.
            Request::GetReadable => arg.put_int(port.first_len().unwrap_or(0) as i32)?,
            Request::SetNonBlocking => file.set_nonblocking(arg.get_int()? != 0),
            Request::SetAsync => file.set_async(arg.get_int()? != 0)?,
            Request::SetOwner => file.set_owner(arg.get_int()?)?,
            Request::GetOwner => arg.put_int(file.owner())?,
            Request::SetGroup => {
                file.set_owner(arg.get_int()?.checked_neg().ok_or(EINVAL)?)?;
            }
            // Never the one number that has no negative: `f_setown` refuses it.
            Request::GetGroup => arg.put_int(file.owner().wrapping_neg())?,
        }
        port.debug(fmt!("{:?}", request));
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
        let framing = port.framing();
        let shown = port.shown();
        seq_print!(m, "framing:\t{}\n", framing.name());
        seq_print!(m, "dialect:\t{}\n", framing.dialect().name());
        seq_print!(m, "owner:\t{}\n", shown.owner);
        seq_print!(m, "transient:\t{}\n", u8::from(shown.transient));
    }
}

/// Copies a packet and its prefix to the program, as far as there is room.
fn copy_out(skb: &SkBuff, iov: &mut IovIterDest<'_>) -> Result<usize> {
    let prefix = Prefix::from_tag(skb.tag()).bytes();
    let prefix_len = prefix.len().min(iov.len());
    if iov.copy_to_iter(&prefix[..prefix_len]) != prefix_len {
        return Err(EFAULT);
    }
    let len = skb.len().min(iov.len());
    skb.copy_to_iter(iov, len)?;
    Ok(prefix_len + len)
}

/// Copies a packet from the program; no packet if there is nothing behind the address family.
///
/// # Errors
///
/// `EFAULT`, `ENOMEM`, `EAFNOSUPPORT`.
fn copy_in(
    iov: &mut IovIterSource<'_>,
    kind: Write,
    mode: IoMode,
) -> Result<(Option<SkBuff>, Protocol)> {
    let protocol = if kind == Write::Headed {
        let mut head = [0; framing::HEAD_LEN];
        if iov.copy_from_iter(&mut head) != head.len() {
            return Err(EFAULT);
        }
        framing::protocol_of_head(head).ok_or(EAFNOSUPPORT)?
    } else {
        Protocol::Ip
    };
    if iov.is_empty() {
        return Ok((None, protocol));
    }
    Ok((Some(SkBuff::from_iter(iov, mode.atomic)?), protocol))
}

/// `TUNSIFINFO`. Nothing is stored if the MTU is refused; whoever leaves the MTU as it is needs no
/// privilege.
fn set_info(port: &Port<Unit>, layout: InfoLayout, arg: Argument) -> Result {
    let mut bytes = [0; INFO_MAX];
    arg.get(&mut bytes[..layout.size()])?;
    let info = Info::from_bytes(layout, &bytes).ok_or(EINVAL)?;

    let rtnl = rtnl::lock();
    let dev = port.device(&rtnl).ok_or(ENXIO)?;
    if dev.mtu(&rtnl) != info.mtu {
        if !dev.admin_capable(&rcu::read_lock()) {
            return Err(EPERM);
        }
        if !info.mtu_in_range() {
            return Err(EINVAL);
        }
        dev.set_mtu(info.mtu, &rtnl)?;
    }
    drop(rtnl);
    port.set_info(info.baudrate, info.kind);
    Ok(())
}

/// `TUNGIFINFO`.
fn get_info(port: &Port<Unit>, layout: InfoLayout, arg: Argument) -> Result {
    let (mtu, flags) = {
        let rtnl = rtnl::lock();
        let dev = port.device(&rtnl).ok_or(ENXIO)?;
        let flags = dev.flags(&rtnl);
        let flags = InterfaceFlags {
            up: dev.is_up(),
            running: dev.is_up() && dev.has_carrier(),
            broadcast: flags & flags::BROADCAST != 0,
            multicast: flags & flags::MULTICAST != 0,
        };
        (dev.mtu(&rtnl), flags)
    };
    let shown = port.shown();
    let info = Info {
        baudrate: shown.baudrate,
        mtu,
        kind: shown.kind,
    };
    arg.put(&info.to_bytes(layout, flags)[..layout.size()])
}

/// `TUNSIFMODE`. While the interface is up the answer is `EBUSY` whatever the argument is.
fn set_interface_mode(port: &Port<Unit>, mode: i32) -> Result {
    const MASK: u32 = flags::POINTOPOINT | flags::BROADCAST | flags::MULTICAST;

    let rtnl = rtnl::lock();
    let dev = port.device(&rtnl).ok_or(ENXIO)?;
    if dev.is_up() {
        return Err(EBUSY);
    }
    let mode = InterfaceMode::from_arg(mode).ok_or(EINVAL)?;
    let kind = if mode.broadcast {
        flags::BROADCAST
    } else {
        flags::POINTOPOINT
    };
    let multicast = if mode.multicast { flags::MULTICAST } else { 0 };
    dev.change_flags(kind | multicast, MASK, &rtnl)
}

/// What the program passed beside the number: where the argument lies.
#[derive(Clone, Copy)]
struct Argument(usize);

impl Argument {
    fn slice(self, len: usize) -> UserSlice {
        UserSlice::new(UserPtr::from_addr(self.0), len)
    }

    fn get(self, bytes: &mut [u8]) -> Result {
        self.slice(bytes.len()).reader().read_slice(bytes)
    }

    fn put(self, bytes: &[u8]) -> Result {
        self.slice(bytes.len()).writer().write_slice(bytes)
    }

    fn get_int(self) -> Result<i32> {
        self.slice(size_of::<i32>()).reader().read()
    }

    fn put_int(self, value: i32) -> Result {
        self.slice(size_of::<i32>()).writer().write(&value)
    }
}
