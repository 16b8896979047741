// SPDX-License-Identifier: GPL-2.0

//! The ioctls of an open unit.
//!
//! [`bsd::ioctl::decode`] turns a command number into a [`Request`]; [`ioctl`] carries it out.
//!
//! [`bsd::ioctl::decode`]: crate::bsd::ioctl::decode

use crate::{
    bsd::{
        framing::Framing,
        info::{
            link_speed,
            Info,
            InterfaceFlags,
            InterfaceMode,
            INFO_MAX, //
        },
        ioctl::{
            decode,
            InfoLayout,
            Pointer,
            Request, //
        },
        name::{
            NameBuffer,
            NAME_BUFFER_MAX, //
        },
        offload::{
            HeaderKind,
            OffloadHeader, //
        }, //
    },
    driver::unit::Unit,
    linux::{
        file_operations::OpenFile,
        net::{
            device::flags,
            etherdevice::EthernetAddress,
            net_namespace::capable_net_admin,
            private::Private,
            rtnl, //
        },
        pid::Pid, //
    },
    uapi, //
};
use kernel::{
    prelude::*,
    sync::rcu,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

/// Carries out an ioctl. Process context, with no lock held.
///
/// No lock is held either while an argument is copied from or to the program, which may sleep.
///
/// # Errors
///
/// `ENXIO` if the interface is gone, `ENOTTY` if this kind of unit does not know the command,
/// `EFAULT` if the argument cannot be read or written; then the ioctl has no effect. Other errors
/// are those of the single requests.
pub(super) fn ioctl(
    unit: &Private<Unit>,
    file: &OpenFile<'_>,
    cmd: u32,
    arg: usize,
) -> Result<isize> {
    if unit.queue().is_revoked() {
        return Err(ENXIO);
    }
    let framing = unit.framing();
    let request = decode(cmd, unit.kind(), framing.dialect(), &uapi::NATIVE).ok_or(ENOTTY)?;
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
        Request::GetHead => arg.put_int(framing.head().into())?,
        Request::SetInterfaceMode => set_interface_mode(unit, framing, arg.get_int()?)?,
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
        Request::SetVirtioHeader => {
            let header = OffloadHeader::virtio(arg.get_int()?).ok_or(EINVAL)?;
            set_offload_header(unit, header)?;
        }
        Request::GetVirtioHeader => arg.put_int(unit.queue().transfer().header().virtio_len())?,
        Request::SetCapabilities => {
            let header = OffloadHeader::tun(arg.get_int()? as u32).ok_or(EINVAL)?;
            set_offload_header(unit, header)?;
        }
        Request::GetCapabilities => match unit.queue().transfer().header().kind() {
            HeaderKind::Tun(caps) => arg.put_int(caps as i32)?,
            _ => return Err(ENODEV),
        },
        Request::DeleteCapabilities => delete_capabilities(unit)?,
        Request::SetBatch => unit.queue().set_batch(arg.get_int()? != 0),
        Request::GetBatch => arg.put_int(unit.queue().transfer().is_batch().into())?,
        // Prefix and packet together are far shorter than `i32::MAX`.
        Request::GetReadable => {
            let lost = |lost| unit.drop_lost(lost);
            arg.put_int(unit.queue().first_len(lost).unwrap_or(0) as i32)?;
        }
        Request::GetNodeName(pointer) => get_node_name(unit, pointer, arg)?,
        Request::SetNonBlocking => file.set_nonblocking(arg.get_int()? != 0),
        Request::SetAsync => file.set_async(arg.get_int()? != 0)?,
        Request::SetOwner => file.set_owner(arg.get_int()?)?,
        Request::GetOwner => arg.put_int(file.owner())?,
        Request::SetGroup => {
            file.set_owner(arg.get_int()?.checked_neg().ok_or(EINVAL)?)?;
        }
        // `f_setown` refuses `i32::MIN`, so that the negation does not wrap.
        Request::GetGroup => arg.put_int(file.owner().wrapping_neg())?,
    }
    unit.debug(fmt!("{:?}", request));
    Ok(0)
}

/// `TUNSDEBUG`, `TAPSDEBUG`: sets the driver-wide debug level, like the sysctl.
///
/// # Errors
///
/// `EPERM` if the level changes and the caller lacks `CAP_NET_ADMIN` in the initial user namespace.
/// Storing the current level needs no privilege, because programs switch debugging off as they
/// start.
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

/// `TUNSIFINFO`, `TAPSIFINFO`: sets MTU, speed and type, all or nothing.
///
/// # Errors
///
/// `EPROTOTYPE` if the type of a tap or vmnet would change, `EINVAL` if the type exceeds a byte or
/// the MTU is out of range, `EPERM` if the MTU changes and the caller lacks `CAP_NET_ADMIN` in the
/// user namespace that owns the interface's network namespace.
fn set_info(unit: &Private<Unit>, layout: InfoLayout, arg: Argument) -> Result {
    let mut bytes = [0; INFO_MAX];
    arg.get(&mut bytes[..layout.size()])?;
    let info = Info::from_bytes(layout, &bytes);
    if unit.kind().is_ethernet() && info.interface_type != u16::from(unit.kind().type_default()) {
        return Err(EPROTOTYPE);
    }
    // `IFT_` numbers are bytes; only OpenBSD's layout has room for more.
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
    let old_baudrate = unit.set_info(info.baudrate, interface_type);
    if unit.kind().is_ethernet() && link_speed(old_baudrate) != link_speed(info.baudrate) {
        dev.state_change(&rtnl);
    }
    Ok(())
}

/// `TUNGIFINFO`, `TAPGIFINFO`: returns MTU, speed and type; in OpenBSD's layout the interface flags
/// too.
fn get_info(unit: &Private<Unit>, layout: InfoLayout, arg: Argument) -> Result {
    let (mtu, flags) = {
        let rtnl = rtnl::lock();
        let dev = unit.device(&rtnl).ok_or(ENXIO)?;
        let flags = dev.flags(&rtnl);
        let flags = InterfaceFlags {
            up: dev.is_up(),
            running: dev.is_up() && dev.carrier_ok(),
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

/// `FIODGNAME`: copies the name of the node, with a NUL, to the program's buffer. The name is the
/// unit's, whether the program opened the numbered node or a cloner, and does not change.
///
/// # Errors
///
/// `EINVAL` if the name does not fit.
fn get_node_name(unit: &Private<Unit>, pointer: Pointer, arg: Argument) -> Result {
    let mut bytes = [0; NAME_BUFFER_MAX];
    arg.get(&mut bytes[..pointer.name_buffer_size()])?;
    let buffer = NameBuffer::from_bytes(pointer, &bytes);
    let name = unit.name().as_c_str();
    if !buffer.holds(name.count_bytes()) {
        return Err(EINVAL);
    }
    // An address that the kernel cannot hold is no address of the program's.
    let address = usize::try_from(buffer.address).map_err(|_| EFAULT)?;
    Argument(address).put(name.to_bytes_with_nul())
}

/// `TUNSIFMODE`: makes the interface point-to-point or broadcast, with or without multicast.
///
/// In the openbsd dialect, whose interface is up since the open, the current mode is accepted at
/// any time, and the argument may contain `IFF_UP`.
///
/// # Errors
///
/// `EBUSY` while the interface is up, even if the argument is invalid; `EINVAL` for an invalid
/// mode. In the openbsd dialect `EINVAL` comes first.
fn set_interface_mode(unit: &Private<Unit>, framing: Framing, mode: i32) -> Result {
    const MASK: u32 = flags::POINTOPOINT | flags::BROADCAST | flags::MULTICAST;

    let rtnl = rtnl::lock();
    let dev = unit.device(&rtnl).ok_or(ENXIO)?;
    if dev.is_up() && !framing.is_openbsd() {
        return Err(EBUSY);
    }
    let mode = if framing.is_openbsd() {
        InterfaceMode::from_openbsd_arg(mode)
    } else {
        InterfaceMode::from_arg(mode)
    };
    let mode = mode.ok_or(EINVAL)?;
    let link = if mode.broadcast {
        flags::BROADCAST
    } else {
        flags::POINTOPOINT
    };
    let multicast = if mode.multicast { flags::MULTICAST } else { 0 };
    if dev.is_up() {
        return if dev.flags(&rtnl) & MASK == link | multicast {
            Ok(())
        } else {
            Err(EBUSY)
        };
    }
    dev.change_flags(link | multicast, MASK, &rtnl)
}

/// `VMIO_SIOCSIFFLAGS`: sets the interface up, and sets its flags `DEBUG` and `NOARP` to those of
/// the argument; the kernel owns all others. `LINK0` of BSD is among the flags that it clears, so
/// `keep` ends.
fn set_flags(unit: &Private<Unit>, arg: Argument) -> Result {
    let rtnl = rtnl::lock();
    let dev = unit.device(&rtnl).ok_or(ENXIO)?;
    dev.open_with_flags(arg.value() as u32, flags::DEBUG | flags::NOARP, &rtnl)?;
    unit.set_keep(false);
    Ok(())
}

/// `TAPSVNETHDR`, `TUNSCAP`: changes the offload header; the last of them counts. Needs no
/// privilege beyond the open descriptor.
///
/// # Errors
///
/// `ENXIO` if the interface is gone.
fn set_offload_header(unit: &Private<Unit>, header: OffloadHeader) -> Result {
    let rtnl = rtnl::lock();
    let dev = unit.device(&rtnl).ok_or(ENXIO)?;
    unit.set_offload_header(dev, header, &rtnl);
    Ok(())
}

/// `TUNDCAP`: switches `struct tun_hdr` off. Has no effect on a virtio header.
///
/// # Errors
///
/// `ENXIO` if the interface is gone.
fn delete_capabilities(unit: &Private<Unit>) -> Result {
    let rtnl = rtnl::lock();
    let dev = unit.device(&rtnl).ok_or(ENXIO)?;
    // Under RTNL, so that another thread cannot switch on a virtio header in between.
    if let HeaderKind::Tun(_) = unit.queue().transfer().header().kind() {
        unit.set_offload_header(dev, OffloadHeader::NONE, &rtnl);
    }
    Ok(())
}

/// The third argument of `ioctl(2)`: a user-space address, or a value.
#[derive(Clone, Copy)]
struct Argument(usize);

impl Argument {
    fn slice(self, len: usize) -> UserSlice {
        UserSlice::new(UserPtr::from_addr(self.0), len)
    }

    /// Copies from the address that the argument is.
    fn get(self, bytes: &mut [u8]) -> Result {
        self.slice(bytes.len()).reader().read_slice(bytes)
    }

    /// Copies to the address that the argument is.
    fn put(self, bytes: &[u8]) -> Result {
        self.slice(bytes.len()).writer().write_slice(bytes)
    }

    /// The argument itself.
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
