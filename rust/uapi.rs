// SPDX-License-Identifier: GPL-2.0

//! What programs include, seen from the driver: `include/net/if_tun.h`.
//!
//! The header is the one place where the numbers are written down for programs; [`bsd`] knows what
//! they mean. Here the build stops if the two disagree.
//!
//! [`bsd`]: crate::bsd

use crate::{
    bindings,
    bsd::{
        framing::{
            Dialect,
            MTU_DEFAULT,
            PACKET_MAX, //
        },
        info::TYPE_DEFAULT,
        ioctl::{
            self,
            InfoLayout,
            Native,
            Request, //
        }, //
    }, //
};
use core::mem::offset_of;

/// This architecture's numbers.
pub(crate) const NATIVE: Native = Native {
    tunsifhead: bindings::TUNSIFHEAD,
    fionread: bindings::FIONREAD,
    set_owner: [bindings::FIOSETOWN, bindings::SIOCSPGRP],
    get_owner: [bindings::FIOGETOWN, bindings::SIOCGPGRP],
    tiocspgrp: bindings::TIOCSPGRP,
    tiocgpgrp: bindings::TIOCGPGRP,
};

macro_rules! assert_decodes {
    ($($name:ident => $request:pat,)*) => {
        $(
            const _: () = assert!(
                matches!(ioctl::decode(bindings::$name, &NATIVE), Some($request)),
                concat!(stringify!($name), " does not mean what it should")
            );
        )*
    };
}

assert_decodes! {
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
}

const _: () = assert!(size_of::<bindings::tuninfo>() == InfoLayout::FreeBsd.size());
const _: () = assert!(offset_of!(bindings::tuninfo, baudrate) == 0);
const _: () = assert!(offset_of!(bindings::tuninfo, mtu) == 4);
const _: () = assert!(offset_of!(bindings::tuninfo, type_) == 6);
const _: () = assert!(bindings::TUNMRU as usize == PACKET_MAX);
const _: () = assert!(bindings::TUNMTU == MTU_DEFAULT);
const _: () = assert!(bindings::IFT_PPP as u8 == TYPE_DEFAULT);
