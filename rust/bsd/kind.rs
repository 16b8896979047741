// SPDX-License-Identifier: GPL-2.0

//! The kinds of unit, and what differs between them.

/// Bits per second of a new Ethernet unit.
///
/// Source: FreeBSD `sys/net/if_ethersubr.c`.
pub(crate) const ETHERNET_BAUDRATE: i32 = 10_000_000;

/// A kind of unit. Each kind has its own unit numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// tun(4): IP packets.
    Tun,
    /// tap(4): Ethernet frames.
    Tap,
    /// vmnet of tap(4): Ethernet frames, for virtual machines. The interface survives the last
    /// close up and configured.
    Vmnet,
}

/// The effects of the last close on a unit, in addition to clearing its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LastClose {
    /// Packets are queued until the next open. Those that are queued already are dropped in any
    /// case.
    pub(crate) queue_while_closed: bool,
    /// The interface is set down.
    pub(crate) down: bool,
    /// The interface loses its addresses, of every family.
    pub(crate) flush_addresses: bool,
    /// The interface loses its carrier.
    pub(crate) carrier_off: bool,
}

impl Kind {
    /// Number of kinds.
    pub(crate) const COUNT: usize = 3;

    /// The name on BSD: of the cloner, and with a number appended of a unit's node and interface.
    pub(crate) const fn bsd_name(self) -> &'static str {
        match self {
            Self::Tun => "tun",
            Self::Tap => "tap",
            Self::Vmnet => "vmnet",
        }
    }

    /// The name on Linux, which no other driver has; also the name of the link kind.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tun => "bsdtun",
            Self::Tap => "bsdtap",
            Self::Vmnet => "bsdvmnet",
        }
    }

    /// Whether the unit carries Ethernet frames rather than IP packets.
    pub(crate) const fn is_ethernet(self) -> bool {
        match self {
            Self::Tun => false,
            Self::Tap | Self::Vmnet => true,
        }
    }

    /// The type of a new unit: `IFT_PPP` for a tun, `IFT_ETHER` for the others.
    ///
    /// Source: FreeBSD `sys/net/if_tun.c` (2001), `tuncreate`; `sys/net/if_ethersubr.c`.
    pub(crate) const fn type_default(self) -> u8 {
        if self.is_ethernet() {
            0x06
        } else {
            0x17
        }
    }

    /// The speed of a new unit, in bits per second.
    ///
    /// Source: as [`Self::type_default`].
    pub(crate) const fn baudrate_default(self) -> i32 {
        if self.is_ethernet() {
            ETHERNET_BAUDRATE
        } else {
            0
        }
    }

    /// The effects of the last close. `keep` makes a tap stay up and keep its addresses, like BSD's
    /// `LINK0`; the other kinds ignore it.
    ///
    /// Source: FreeBSD `sys/net/if_tun.c` (2001), `tunclose`; tap(4) of FreeBSD 12.2.
    pub(crate) const fn last_close(self, keep: bool) -> LastClose {
        match self {
            Self::Tun => LastClose {
                queue_while_closed: false,
                down: true,
                flush_addresses: false,
                carrier_off: true,
            },
            Self::Tap => LastClose {
                queue_while_closed: false,
                down: !keep,
                flush_addresses: !keep,
                carrier_off: true,
            },
            Self::Vmnet => LastClose {
                queue_while_closed: true,
                down: false,
                flush_addresses: false,
                carrier_off: false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b13_last_close_by_kind() {
        for keep in [false, true] {
            let tun = Kind::Tun.last_close(keep);
            assert!(tun.down && tun.carrier_off && !tun.flush_addresses && !tun.queue_while_closed);
            let tap = Kind::Tap.last_close(keep);
            assert!(tap.carrier_off && !tap.queue_while_closed);
            assert_eq!((tap.down, tap.flush_addresses), (!keep, !keep));
            let vmnet = Kind::Vmnet.last_close(keep);
            assert!(vmnet.queue_while_closed);
            assert!(!vmnet.down && !vmnet.flush_addresses && !vmnet.carrier_off);
        }
    }

    #[test]
    fn linux_name_is_bsd_and_the_bsd_name() {
        for kind in [Kind::Tun, Kind::Tap, Kind::Vmnet] {
            assert_eq!(kind.name(), format!("bsd{}", kind.bsd_name()));
        }
    }
}
