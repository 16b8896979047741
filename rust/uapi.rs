// SPDX-License-Identifier: GPL-2.0

//! Compile-time checks that the headers for programs agree with the driver.
//!
//! `include/net/if_tun.h`, `include/net/if_tap.h` and `include/linux/if_bsdtun.h` define numbers
//! and layouts for programs; [`crate::bsd`] defines what they mean. The build fails if the two
//! disagree.

use crate::{
    bsd::{
        batch::{
            RECORD_ALIGN,
            RECORD_HEADER_LEN,
            TRUNCATED, //
        },
        dialect::Dialect,
        ethernet::FRAME_MAX,
        framing::{
            MTU_DEFAULT,
            PACKET_MAX, //
        },
        ioctl::{
            self,
            InfoLayout,
            Native,
            Pointer,
            Request, //
        },
        kind::Kind, //
    },
    c::bindings, //
};
use core::mem::offset_of;

/// The ioctl encoding and numbers of this architecture.
pub(crate) const NATIVE: Native = Native {
    tunsifhead: bindings::TUNSIFHEAD,
    fionread: bindings::FIONREAD,
    set_owner: [bindings::FIOSETOWN, bindings::SIOCSPGRP],
    get_owner: [bindings::FIOGETOWN, bindings::SIOCGPGRP],
    tiocspgrp: bindings::TIOCSPGRP,
    tiocgpgrp: bindings::TIOCGPGRP,
};

/// Netlink attributes in `IFLA_INFO_DATA`, of `include/linux/if_bsdtun.h`.
pub(crate) const IFLA_UNIT: u16 = bindings::IFLA_BSDTUN_UNIT as u16;
pub(crate) const IFLA_KEEP: u16 = bindings::IFLA_BSDTUN_KEEP as u16;
pub(crate) const IFLA_TRANSIENT: u16 = bindings::IFLA_BSDTUN_TRANSIENT as u16;
pub(crate) const IFLA_FRAMING: u16 = bindings::IFLA_BSDTUN_FRAMING as u16;
pub(crate) const IFLA_DIALECT: u16 = bindings::IFLA_BSDTUN_DIALECT as u16;

const _: () = assert!(
    IFLA_UNIT == 1
        && IFLA_KEEP == 2
        && IFLA_TRANSIENT == 3
        && bindings::IFLA_BSDTUN_OWNER == 4
        && IFLA_FRAMING == 5
        && IFLA_DIALECT == 6
        && bindings::__IFLA_BSDTUN_MAX == 7,
    "rtnl_link.rs: the policies must be in the order of the attribute numbers"
);

macro_rules! assert_decodes {
    ($kind:expr, $($name:ident => $request:pat,)*) => {
        $(
            const _: () = assert!(
                matches!(ioctl::decode(bindings::$name, $kind, Dialect::Linux, &NATIVE), Some($request)),
                concat!(stringify!($name), " does not decode to its request")
            );
        )*
    };
}

assert_decodes! {
    Kind::Tun,
    TUNGDEBUG => Request::GetDebug,
    TUNSDEBUG => Request::SetDebug,
    TUNSIFINFO => Request::SetInfo(InfoLayout::FreeBsd),
    TUNGIFINFO => Request::GetInfo(InfoLayout::FreeBsd),
    TUNSLMODE => Request::SetLinkMode,
    TUNGIFNAME => Request::GetInterfaceName,
    TUNSIFMODE => Request::SetInterfaceMode,
    TUNSIFPID => Request::SetPid,
    TUNSIFHEAD => Request::SetHead(Dialect::Linux),
    TUNGIFHEAD => Request::GetHead,
    TUNSTRANSIENT => Request::SetTransient,
    TUNGTRANSIENT => Request::GetTransient,
    FIODGNAME => Request::GetNodeName(_),
    TAPSVNETHDR => Request::SetVirtioHeader,
    BSDTUNGVNETHDR => Request::GetVirtioHeader,
    TUNSCAP => Request::SetCapabilities,
    TUNGCAP => Request::GetCapabilities,
    TUNDCAP => Request::DeleteCapabilities,
    BSDTUNSBATCH => Request::SetBatch,
    BSDTUNGBATCH => Request::GetBatch,
}

assert_decodes! {
    Kind::Tap,
    TAPGDEBUG => Request::GetDebug,
    TAPSDEBUG => Request::SetDebug,
    TAPSIFINFO => Request::SetInfo(InfoLayout::FreeBsd),
    TAPGIFINFO => Request::GetInfo(InfoLayout::FreeBsd),
    TAPGIFNAME => Request::GetInterfaceName,
    TAPSTRANSIENT => Request::SetTransient,
    TAPGTRANSIENT => Request::GetTransient,
    TAPSVNETHDR => Request::SetVirtioHeader,
    TAPGVNETHDR => Request::GetVirtioHeader,
    BSDTUNSBATCH => Request::SetBatch,
    BSDTUNGBATCH => Request::GetBatch,
    VMIO_SIOCSIFFLAGS => Request::SetFlags,
    SIOCGIFADDR => Request::GetRemoteAddress,
    SIOCSIFADDR => Request::SetRemoteAddress,
}

const _: () = assert!(size_of::<bindings::tuninfo>() == InfoLayout::FreeBsd.size());
const _: () = assert!(offset_of!(bindings::tuninfo, baudrate) == 0);
const _: () = assert!(offset_of!(bindings::tuninfo, mtu) == 4);
const _: () = assert!(offset_of!(bindings::tuninfo, type_) == 6);
const _: () = assert!(bindings::TUNMRU as usize == PACKET_MAX);
const _: () = assert!(bindings::TUNMTU == MTU_DEFAULT);
const _: () = assert!(bindings::IFT_PPP as u8 == Kind::Tun.type_default());

const _: () = {
    let pointer = if cfg!(CONFIG_64BIT) {
        Pointer::Bits64
    } else {
        Pointer::Bits32
    };
    assert!(size_of::<bindings::fiodgname_arg>() == pointer.name_buffer_size());
    assert!(offset_of!(bindings::fiodgname_arg, len) == 0);
    assert!(offset_of!(bindings::fiodgname_arg, buf) == pointer.name_buffer_size() / 2);
};

const _: () = assert!(size_of::<bindings::bsdtun_record>() == RECORD_HEADER_LEN);
const _: () = assert!(offset_of!(bindings::bsdtun_record, len) == 0);
const _: () = assert!(offset_of!(bindings::bsdtun_record, hdr_len) == 4);
const _: () = assert!(offset_of!(bindings::bsdtun_record, flags) == 6);
const _: () = assert!(bindings::BSDTUN_RECORD_ALIGNMENT as usize == RECORD_ALIGN);
const _: () = assert!(bindings::BSDTUN_RECORD_TRUNCATED as u16 == TRUNCATED);

const _: () = assert!(bindings::TAPMRU as usize == FRAME_MAX);
const _: () = assert!(bindings::IFT_ETHER as u8 == Kind::Tap.type_default());
