// SPDX-License-Identifier: GPL-2.0

//! What a program does with an open node.

use crate::{
    bsd::{
        ethernet,
        framing::{
            self,
            Prefix,
            Protocol, //
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
        kind::Kind,
        lifecycle::OpenError, //
    },
    driver::{
        drops::DropCause,
        queue::Dequeued,
        unit::Unit, //
    },
    linux::{
        miscdevice::{
            Fasync,
            FileOperations,
            IoMode,
            Open,
            OpenFile, //
        },
        net::{
            device::{
                flags,
                Device,
                EthernetAddress,
                Private, //
            },
            net_namespace::capable_net_admin,
            rtnl,
            skb::{
                HeaderType,
                SkBuff, //
            }, //
        },
        pid::Pid, //
    },
    trace,
    uapi, //
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
        rcu,
        Arc, //
    },
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

/// The node of a unit.
pub(crate) struct UnitNode;

impl Open for UnitNode {
    type Data = Private<Unit>;

    type File = UnitFile;

    fn open(unit: &Arc<Private<Unit>>, _file: &File) -> Result<Arc<Private<Unit>>> {
        open_unit(unit)?;
        Ok(unit.clone())
    }
}

/// Takes a unit for the current process. Under `misc_mtx`.
///
/// # Errors
///
/// `ENXIO` if the interface is going, `EPERM` if the process may not, `EBUSY` if the unit is open.
pub(crate) fn open_unit(unit: &Private<Unit>) -> Result {
    let ethernet = unit.kind().is_ethernet();
    {
        let rcu = rcu::read_lock();
        let dev = unit.device_rcu(&rcu).ok_or(ENXIO)?;
        if !(unit.settings().may_open(unit.kind()) || dev.ns_capable_net_admin(&rcu)) {
            return Err(EPERM);
        }
    }
    unit.queue().open().map_err(|refused| match refused {
        OpenError::Busy => EBUSY,
        OpenError::Gone => ENXIO,
    })?;
    unit.set_owner(Pid::current());
    // The address of a tap sets nothing up.
    if !ethernet {
        unit.arm_up_work();
    }

    let up = {
        let rcu = rcu::read_lock();
        unit.device_rcu(&rcu).is_some_and(|dev| {
            dev.carrier_on();
            dev.is_up()
        })
    };
    // When `open` returns, packets flow. An interface that is set up later sees the carrier.
    if up || ethernet {
        let rtnl = rtnl::lock();
        if let Some(dev) = unit.device(&rtnl) {
            if ethernet {
                unit.set_remote_address(dev.ethernet_address());
            }
            if ethernet && unit.settings().up_on_open() {
                if let Err(e) = dev.set_up(&rtnl) {
                    pr_warn!("{}: not set up by its open: {:?}\n", unit.name(), e);
                }
            }
            dev.activate(&rtnl);
        }
    }
    unit.debug(fmt!("opened"));
    Ok(())
}

/// What can be done with an open unit, by whichever node it was opened.
pub(crate) struct UnitFile;

#[vtable]
impl FileOperations for UnitFile {
    type Data = Private<Unit>;

    fn release(unit: &Private<Unit>, _file: &File) {
        let snapshot = unit.snapshot();
        let close = unit.kind().last_close(snapshot.keep);
        let unread = unit.queue().begin_close(close.flush);
        drop(unit.disarm_up_work());
        let mut expired = None;
        let rtnl = rtnl::lock();
        if let Some(dev) = unit.device(&rtnl) {
            dev.count_tx_dropped(unread.len());
            if close.flush_addresses {
                // Before it is set down, which IPv6 takes for a reason to delete those that are due.
                expired = dev.expire_addresses(&rtnl);
            }
            if close.down {
                dev.close(&rtnl);
            } else if close.flush {
                // There is room again for what the stack was kept from sending; that it will be
                // dropped is not for the next opener to find out.
                dev.wake_queues();
            }
            if close.carrier_off {
                dev.carrier_off();
            }
            if snapshot.transient {
                dev.unregister(&rtnl);
            }
        }
        drop(rtnl);
        if let Some(expired) = expired {
            expired.remove();
        }
        unit.debug(fmt!("closed, {} packets unread", unread.len()));
        unit.drop_list(unread, DropCause::TxUnread);
        unit.set_owner(None);
        unit.queue().end_close();
    }

    /// One packet a read, its prefix first; what does not fit is lost. A packet that cannot be
    /// copied is lost too.
    fn read_iter(unit: &Private<Unit>, mode: IoMode, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if iov.is_empty() {
            return if unit.queue().is_revoked() {
                Err(EHOSTDOWN)
            } else {
                Ok(0)
            };
        }
        let Dequeued { skb, wake } = unit.queue().dequeue(mode.may_wait)?;
        if wake {
            let rcu = rcu::read_lock();
            if let Some(dev) = unit.device_rcu(&rcu) {
                dev.wake_queues();
            }
        }
        match copy_out(&skb, iov) {
            Ok(len) => {
                trace::read(unit.name(), unit, &skb, len);
                skb.consume();
                Ok(len)
            }
            Err(e) => {
                unit.drop_skb(skb, DropCause::TxFault);
                Err(e)
            }
        }
    }

    /// One packet a write: on a tun behind its address family if `TUNSIFHEAD` is on, on the others an
    /// Ethernet frame. Never waits for the network.
    fn write_iter(
        unit: &Private<Unit>,
        mode: IoMode,
        iov: &mut IovIterSource<'_>,
    ) -> Result<usize> {
        let len = iov.len();
        let form = {
            let rcu = rcu::read_lock();
            let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
            let Some(form) = WriteKind::of(unit, len)? else {
                return Ok(0);
            };
            if !dev.is_up() {
                dev.count_rx_dropped();
                unit.drop_bytes(len, DropCause::RxNotReady);
                return Ok(len);
            }
            form
        };

        // Not under RCU: copying from the user may sleep.
        let skb = match copy_in(iov, form, mode) {
            Ok(skb) => skb,
            Err(ENOMEM) if mode.atomic => return Err(EAGAIN),
            Err(EAFNOSUPPORT) => {
                unit.drop_bytes(len, DropCause::RxProtocol);
                return Err(EAFNOSUPPORT);
            }
            Err(e) => {
                let rcu = rcu::read_lock();
                let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
                let loss = if e == ENOMEM {
                    DropCause::RxNoMemory
                } else {
                    DropCause::RxFault
                };
                unit.drop_bytes(len, loss);
                // As tap(4) has it: what cannot be taken for a passing reason is dropped silently.
                if e == ENOMEM && form.is_ethernet() {
                    dev.count_rx_dropped();
                    return Ok(len);
                }
                dev.count_rx_error();
                return Err(if e == ENOMEM { ENOBUFS } else { e });
            }
        };

        let rcu = rcu::read_lock();
        let dev = unit.device_rcu(&rcu).ok_or(EHOSTDOWN)?;
        let Some(skb) = skb else {
            // A family and no packet: nothing that the stack could be given.
            if form != WriteKind::Runt {
                dev.count_rx_dropped();
            }
            unit.drop_bytes(len, DropCause::RxTooShort);
            return Ok(len);
        };
        trace::written(unit.name(), dev, &skb);
        if form == WriteKind::Frame && !is_for(dev, &skb, &rcu) {
            unit.drop_skb(skb, DropCause::RxOtherHost);
            return Ok(len);
        }
        if let Err(skb) = dev.receive(skb, &rcu) {
            dev.count_rx_dropped();
            unit.drop_skb(skb, DropCause::RxNotReady);
        }
        Ok(len)
    }

    /// `ENXIO` without an interface, `ENOTTY` for what is not known, `EFAULT` for a bad pointer.
    fn ioctl(unit: &Private<Unit>, file: &OpenFile<'_>, cmd: u32, arg: usize) -> Result<isize> {
        if unit.queue().is_revoked() {
            return Err(ENXIO);
        }
        let request = ioctl::decode(cmd, unit.kind(), &uapi::NATIVE).ok_or(ENOTTY)?;
        let arg = Argument(arg);
        match request {
            Request::SetDebug => set_debug(unit, arg.get_int()?)?,
            Request::GetDebug => arg.put_int(unit.settings().debug().get())?,
            Request::SetInfo(layout) => set_info(unit, layout, arg)?,
            Request::GetInfo(layout) => get_info(unit, layout, arg)?,
            Request::SetLinkMode => {
                let on = arg.get_int()? != 0;
                unit.change_framing(|framing| framing.set_link(on));
            }
            Request::SetHead(dialect) => {
                let on = arg.get_int()? != 0;
                unit.change_framing(|framing| framing.set_head(on, dialect));
            }
            Request::GetHead => arg.put_int(unit.framing().head().into())?,
            Request::SetInterfaceMode => set_interface_mode(unit, arg.get_int()?)?,
            Request::SetPid => unit.set_owner(Pid::current()),
            Request::GetInterfaceName => {
                let name = {
                    let rtnl = rtnl::lock();
                    unit.device(&rtnl).ok_or(ENXIO)?.name(&rtnl)
                };
                arg.put(name.as_padded())?;
            }
            Request::SetTransient => unit.set_transient(arg.get_int()? != 0),
            Request::GetTransient => arg.put_int(unit.snapshot().transient.into())?,
            Request::GetRemoteAddress => arg.put(&unit.remote_address())?,
            Request::SetRemoteAddress => {
                let mut address = EthernetAddress::default();
                arg.get(&mut address)?;
                unit.set_remote_address(address);
            }
            Request::SetFlags => set_flags(unit, arg)?,
            // A packet is never longer than an `int` can tell.
            Request::GetReadable => arg.put_int(unit.queue().first_len().unwrap_or(0) as i32)?,
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
        unit.debug(fmt!("{:?}", request));
        Ok(0)
    }

    fn poll(unit: &Private<Unit>, file: &File, table: &PollTable<'_>) -> u32 {
        unit.queue().poll(file, table)
    }

    fn sigio(unit: &Private<Unit>) -> &Fasync {
        unit.queue().fasync()
    }

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
        seq_print!(m, "transient:\t{}\n", u8::from(snapshot.transient));
    }
}

/// Copies a packet and its prefix to the program, as far as there is room.
fn copy_out(skb: &SkBuff, iov: &mut IovIterDest<'_>) -> Result<usize> {
    let prefix_len = match Prefix::from_cb(skb.cb()) {
        Prefix::None => 0,
        prefix => copy_prefix_out(prefix, iov)?,
    };
    let len = skb.len().min(iov.len());
    skb.copy_to_iter(iov, len)?;
    Ok(prefix_len + len)
}

/// Copies a prefix, as [`copy_out`].
fn copy_prefix_out(prefix: Prefix, iov: &mut IovIterDest<'_>) -> Result<usize> {
    let bytes = prefix.bytes();
    let len = bytes.len().min(iov.len());
    if iov.copy_to_iter(&bytes[..len]) == len {
        Ok(len)
    } else {
        Err(EFAULT)
    }
}

/// What a write holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WriteKind {
    /// A packet.
    Bare,
    /// A packet behind its address family.
    Headed,
    /// An Ethernet frame.
    Frame,
    /// Less than an Ethernet header.
    Runt,
}

impl WriteKind {
    /// What a write of so many bytes to a unit holds; `None`: nothing.
    ///
    /// # Errors
    ///
    /// `EIO` if it is too long, `ENOBUFS` if it has not even an address family.
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

/// Copies a packet from the program; no packet if there is nothing behind the address family, or
/// less than an Ethernet header.
///
/// # Errors
///
/// `EFAULT`, `ENOMEM`, `EAFNOSUPPORT`.
fn copy_in(iov: &mut IovIterSource<'_>, form: WriteKind, mode: IoMode) -> Result<Option<SkBuff>> {
    let protocol = match form {
        WriteKind::Frame => {
            return SkBuff::from_iter(iov, HeaderType::Ethernet, mode.atomic).map(Some)
        }
        WriteKind::Runt => {
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

/// Whether the interface takes a frame: it is for a group, for the interface itself, for somebody on
/// top of it, or the interface takes all.
fn is_for(dev: &Device, skb: &SkBuff, rcu: &rcu::Guard) -> bool {
    skb.ethernet_destination().is_some_and(|to| {
        ethernet::is_group(to)
            || to == dev.ethernet_address()
            || dev.is_promiscuous()
            || dev.wants_unicast(&to, rcu)
    })
}

/// `TUNSDEBUG`, `TAPSDEBUG`: a setting of the machine, like the sysctl, which root of a container does not
/// write. Whoever leaves it as it is needs no privilege: programs switch it off as they start.
fn set_debug(unit: &Private<Unit>, level: i32) -> Result {
    let debug = unit.settings().debug();
    if debug.get() != level {
        if !capable_net_admin() {
            return Err(EPERM);
        }
        debug.set(level);
    }
    Ok(())
}

/// `TUNSIFINFO`, `TAPSIFINFO`. Nothing is stored if type or MTU is refused; whoever leaves the MTU as it
/// is needs no privilege.
fn set_info(unit: &Private<Unit>, layout: InfoLayout, arg: Argument) -> Result {
    let mut bytes = [0; INFO_MAX];
    arg.get(&mut bytes[..layout.size()])?;
    let info = Info::from_bytes(layout, &bytes);
    if unit.kind().is_ethernet() && info.interface_type != u16::from(unit.kind().type_default()) {
        return Err(EPROTOTYPE);
    }
    // No interface has another.
    let interface_type = u8::try_from(info.interface_type).map_err(|_| EINVAL)?;

    let rtnl = rtnl::lock();
    let dev = unit.device(&rtnl).ok_or(ENXIO)?;
    if dev.mtu(&rtnl) != info.mtu {
        if !dev.ns_capable_net_admin(&rcu::read_lock()) {
            return Err(EPERM);
        }
        if !info.mtu_in_range() {
            return Err(EINVAL);
        }
        dev.set_mtu(info.mtu, &rtnl)?;
    }
    drop(rtnl);
    unit.set_info(info.baudrate, interface_type);
    Ok(())
}

/// `TUNGIFINFO`, `TAPGIFINFO`.
fn get_info(unit: &Private<Unit>, layout: InfoLayout, arg: Argument) -> Result {
    let (mtu, flags) = {
        let rtnl = rtnl::lock();
        let dev = unit.device(&rtnl).ok_or(ENXIO)?;
        let flags = dev.flags(&rtnl);
        let flags = InterfaceFlags {
            up: dev.is_up(),
            running: dev.is_up() && dev.has_carrier(),
            broadcast: flags & flags::BROADCAST != 0,
            multicast: flags & flags::MULTICAST != 0,
        };
        (dev.mtu(&rtnl), flags)
    };
    let snapshot = unit.snapshot();
    let info = Info {
        baudrate: snapshot.baudrate,
        mtu,
        interface_type: snapshot.interface_type.into(),
    };
    arg.put(&info.to_bytes(layout, flags)[..layout.size()])
}

/// `TUNSIFMODE`. While the interface is up the answer is `EBUSY` whatever the argument is.
fn set_interface_mode(unit: &Private<Unit>, mode: i32) -> Result {
    const MASK: u32 = flags::POINTOPOINT | flags::BROADCAST | flags::MULTICAST;

    let rtnl = rtnl::lock();
    let dev = unit.device(&rtnl).ok_or(ENXIO)?;
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

/// `VMIO_SIOCSIFFLAGS`: the interface is up afterwards, and of the flags in the argument it has those
/// that are not the kernel's own. BSD's `LINK0` is among the flags that are cleared.
fn set_flags(unit: &Private<Unit>, arg: Argument) -> Result {
    let rtnl = rtnl::lock();
    let dev = unit.device(&rtnl).ok_or(ENXIO)?;
    dev.set_up_with(arg.value() as u32, flags::DEBUG | flags::NOARP, &rtnl)?;
    unit.set_keep(false);
    Ok(())
}

/// What the program passed beside the number: where the argument lies, or the argument.
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

    fn value(self) -> usize {
        self.0
    }

    fn get_int(self) -> Result<i32> {
        self.slice(size_of::<i32>()).reader().read()
    }

    fn put_int(self, value: i32) -> Result {
        self.slice(size_of::<i32>()).writer().write(&value)
    }
}
