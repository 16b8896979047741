// SPDX-License-Identifier: GPL-2.0

//! The arguments of `TUNSIFINFO`, `TUNGIFINFO` and their tap equivalents, and of `TUNSIFMODE`.

use crate::bsd::{
    framing::{
        MTU_MIN,
        PACKET_MAX, //
    },
    ioctl::InfoLayout,
    kind::ETHERNET_BAUDRATE, //
};

/// Speed, MTU and type of an interface: `struct tuninfo` and `struct tapinfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    /// Speed in bits per second, see [`link_speed`].
    pub(crate) baudrate: i32,
    /// MTU in bytes.
    pub(crate) mtu: u32,
    /// An `IFT_` number. Only OpenBSD's layout has room for more than a byte.
    pub(crate) interface_type: u16,
}

/// The speed in Mb/s of an Ethernet link whose program stored `baudrate` bits per second; `None` if
/// it has not chosen one, or one below 1 Mb/s.
///
/// A program that changes the MTU alone stores the initial baudrate again, so that this chooses
/// nothing either.
pub(crate) fn link_speed(baudrate: i32) -> Option<u32> {
    const MEGA: u32 = 1_000_000;
    let baudrate = u32::try_from(baudrate).ok()?;
    (baudrate >= MEGA && baudrate != ETHERNET_BAUDRATE as u32).then_some(baudrate / MEGA)
}

/// Length in bytes of the longest layout.
pub(crate) const INFO_MAX: usize = 12;

impl InfoLayout {
    /// Length in bytes.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::FreeBsd => 8,
            Self::OpenBsd => 12,
        }
    }
}

impl Info {
    /// Decodes what a program passed in the first [`InfoLayout::size`] bytes, in host byte order.
    ///
    /// The flags in OpenBSD's layout are ignored: OpenBSD's own driver has long refused to change
    /// any.
    pub(crate) fn from_bytes(layout: InfoLayout, bytes: &[u8; INFO_MAX]) -> Self {
        match layout {
            InfoLayout::FreeBsd => Self {
                baudrate: i32::from_ne_bytes(field(bytes, 0)),
                mtu: u32::from(u16::from_ne_bytes(field(bytes, 4))),
                interface_type: u16::from(bytes[6]),
            },
            InfoLayout::OpenBsd => Self {
                mtu: u32::from_ne_bytes(field(bytes, 0)),
                interface_type: u16::from_ne_bytes(field(bytes, 4)),
                baudrate: i32::from_ne_bytes(field(bytes, 8)),
            },
        }
    }

    /// Encodes what a program gets, into the first [`InfoLayout::size`] bytes, in host byte order.
    /// The other bytes are 0.
    pub(crate) fn to_bytes(self, layout: InfoLayout, flags: InterfaceFlags) -> [u8; INFO_MAX] {
        let mut bytes = [0; INFO_MAX];
        match layout {
            InfoLayout::FreeBsd => {
                // The MTU of an interface is at most `PACKET_MAX`.
                let mtu = u16::try_from(self.mtu).unwrap_or(u16::MAX);
                bytes[0..4].copy_from_slice(&self.baudrate.to_ne_bytes());
                bytes[4..6].copy_from_slice(&mtu.to_ne_bytes());
                // Checked to fit when it was stored.
                bytes[6] = self.interface_type as u8;
            }
            InfoLayout::OpenBsd => {
                bytes[0..4].copy_from_slice(&self.mtu.to_ne_bytes());
                bytes[4..6].copy_from_slice(&self.interface_type.to_ne_bytes());
                bytes[6..8].copy_from_slice(&flags.to_bsd().to_ne_bytes());
                bytes[8..12].copy_from_slice(&self.baudrate.to_ne_bytes());
            }
        }
        bytes
    }

    /// Whether an interface can have this MTU; otherwise the ioctl fails with `EINVAL`.
    pub(crate) fn mtu_in_range(&self) -> bool {
        (MTU_MIN..=PACKET_MAX as u32).contains(&self.mtu)
    }
}

fn field<const N: usize>(bytes: &[u8; INFO_MAX], at: usize) -> [u8; N] {
    core::array::from_fn(|i| bytes[at + i])
}

/// The interface flags that OpenBSD's layout reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InterfaceFlags {
    pub(crate) up: bool,
    pub(crate) running: bool,
    pub(crate) broadcast: bool,
    pub(crate) multicast: bool,
}

const BSD_UP: u16 = 0x1;
const BSD_BROADCAST: u16 = 0x2;
const BSD_POINTOPOINT: u16 = 0x10;
const BSD_RUNNING: u16 = 0x40;
const BSD_MULTICAST: u16 = 0x8000;
const LINUX_MULTICAST: u16 = 0x1000;

impl InterfaceFlags {
    /// Encodes the flags with BSD's numbers.
    pub(crate) fn to_bsd(self) -> u16 {
        let link = if self.broadcast {
            BSD_BROADCAST
        } else {
            BSD_POINTOPOINT
        };
        [
            (self.up, BSD_UP),
            (self.running, BSD_RUNNING),
            (self.multicast, BSD_MULTICAST),
        ]
        .into_iter()
        .filter(|(set, _)| *set)
        .fold(link, |flags, (_, flag)| flags | flag)
    }
}

/// The mode of an interface, as `TUNSIFMODE` sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InterfaceMode {
    /// `IFF_BROADCAST` if true, `IFF_POINTOPOINT` otherwise.
    pub(crate) broadcast: bool,
    /// `IFF_MULTICAST`.
    pub(crate) multicast: bool,
}

impl InterfaceMode {
    /// Decodes the argument of `TUNSIFMODE`; `None` if it is invalid: the ioctl fails with
    /// `EINVAL`.
    ///
    /// `IFF_POINTOPOINT` and `IFF_BROADCAST` have the same numbers on all systems. `IFF_MULTICAST`
    /// does not, so that both BSD's and Linux's number are accepted. (On the other system each of
    /// them is a different flag, which is meaningless here.)
    ///
    /// Source: FreeBSD 12.2 `sys/net/if_tuntap.c`; the driver of 2001 accepted no multicast flag.
    pub(crate) fn from_arg(arg: i32) -> Option<Self> {
        const MULTICAST: i32 = BSD_MULTICAST as i32 | LINUX_MULTICAST as i32;
        let broadcast = match arg & !MULTICAST {
            link if link == i32::from(BSD_BROADCAST) => true,
            link if link == i32::from(BSD_POINTOPOINT) => false,
            _ => return None,
        };
        Some(Self {
            broadcast,
            multicast: arg & MULTICAST != 0,
        })
    }

    /// Decodes the argument of OpenBSD's `TUNSIFMODE`, in which `IFF_UP` is allowed.
    ///
    /// Source: OpenBSD 7.7 `sys/net/if_tun.c`.
    pub(crate) fn from_openbsd_arg(arg: i32) -> Option<Self> {
        const UP: i32 = BSD_UP as i32;
        Self::from_arg(arg & !UP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a4_layouts_round_trip() {
        let info = Info {
            baudrate: -9600,
            mtu: 65535,
            interface_type: 0x17,
        };
        for layout in [InfoLayout::FreeBsd, InfoLayout::OpenBsd] {
            let bytes = info.to_bytes(layout, InterfaceFlags::default());
            assert_eq!(Info::from_bytes(layout, &bytes), info);
            assert!(bytes[layout.size()..].iter().all(|&byte| byte == 0));
        }
    }

    #[test]
    fn layouts_match_the_bsds() {
        let info = Info {
            baudrate: 0x0102_0304,
            mtu: 0x0506,
            interface_type: 0x07,
        };
        let bytes = info.to_bytes(InfoLayout::FreeBsd, InterfaceFlags::default());
        assert_eq!(bytes[0..4], 0x0102_0304_i32.to_ne_bytes());
        assert_eq!(bytes[4..6], 0x0506_u16.to_ne_bytes());
        assert_eq!(bytes[6..], [7, 0, 0, 0, 0, 0]);
        let flags = InterfaceFlags {
            up: true,
            running: true,
            broadcast: false,
            multicast: true,
        };
        let bytes = info.to_bytes(InfoLayout::OpenBsd, flags);
        assert_eq!(bytes[0..4], 0x0506_u32.to_ne_bytes());
        assert_eq!(bytes[4..6], 7_u16.to_ne_bytes());
        assert_eq!(bytes[6..8], 0x8051_u16.to_ne_bytes());
        assert_eq!(bytes[8..12], 0x0102_0304_i32.to_ne_bytes());
    }

    #[test]
    fn a4_mtu_bounds() {
        for (mtu, ok) in [
            (0, false),
            (71, false),
            (72, true),
            (65535, true),
            (65536, false),
            (u32::MAX, false),
        ] {
            let info = Info {
                baudrate: 0,
                mtu,
                interface_type: 0,
            };
            assert_eq!(info.mtu_in_range(), ok, "{mtu}");
        }
    }

    #[test]
    fn link_speed_in_megabits() {
        for (baudrate, speed) in [
            (i32::MIN, None),
            (-1, None),
            (0, None),
            (999_999, None),
            (1_000_000, Some(1)),
            (1_999_999, Some(1)),
            (9_999_999, Some(9)),
            (ETHERNET_BAUDRATE, None),
            (10_000_001, Some(10)),
            (100_000_000, Some(100)),
            (1_000_000_000, Some(1000)),
            (i32::MAX, Some(2147)),
        ] {
            assert_eq!(link_speed(baudrate), speed, "{baudrate}");
        }
    }

    #[test]
    fn openbsd_type_has_two_bytes() {
        let mut bytes = [0; INFO_MAX];
        bytes[4..6].copy_from_slice(&0x106_u16.to_ne_bytes());
        let info = Info::from_bytes(InfoLayout::OpenBsd, &bytes);
        assert_eq!(info.interface_type, 0x106);
    }

    #[test]
    fn a7_interface_modes() {
        let mode = |broadcast, multicast| {
            Some(InterfaceMode {
                broadcast,
                multicast,
            })
        };
        assert_eq!(InterfaceMode::from_arg(0x10), mode(false, false));
        assert_eq!(InterfaceMode::from_arg(0x2), mode(true, false));
        for multicast in [0x8000, 0x1000, 0x9000] {
            assert_eq!(InterfaceMode::from_arg(0x10 | multicast), mode(false, true));
            assert_eq!(InterfaceMode::from_arg(0x2 | multicast), mode(true, true));
            assert_eq!(InterfaceMode::from_arg(multicast), None);
        }
        for arg in [0, 0x12, 0x8012, 0x1, 0x11, 0x3, 0x10010, -1, i32::MIN] {
            assert_eq!(InterfaceMode::from_arg(arg), None, "{arg:#x}");
        }
        for arg in [0, 0x2, 0x10, 0x12, 0x8010, 0x9002, -2] {
            let without_up = InterfaceMode::from_arg(arg);
            assert_eq!(InterfaceMode::from_openbsd_arg(arg), without_up);
            assert_eq!(InterfaceMode::from_openbsd_arg(arg | 1), without_up);
        }
        let known = (0..=0xffff)
            .filter(|&arg| InterfaceMode::from_arg(arg).is_some())
            .count();
        assert_eq!(known, 8);
    }

    #[test]
    fn broadcast_excludes_pointopoint() {
        let flags = InterfaceFlags {
            broadcast: true,
            ..InterfaceFlags::default()
        };
        assert_eq!(flags.to_bsd(), 0x2);
        assert_eq!(InterfaceFlags::default().to_bsd(), 0x10);
    }
}
