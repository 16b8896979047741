// SPDX-License-Identifier: GPL-2.0

//! The kinds of unit, and where they differ.

/// A kind of unit. Each counts its units for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// tun(4): packets.
    Tun,
    /// tap(4): Ethernet frames.
    Tap,
    /// vmnet of tap(4): Ethernet frames, for virtual machines; a closed unit stays as it was.
    Vmnet,
}

/// What the last close does to a unit, beside clearing its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LastClose {
    /// What is queued is thrown away, and nothing is queued until the next open.
    pub(crate) flush: bool,
    /// The interface is set down.
    pub(crate) down: bool,
    /// The interface loses its addresses.
    pub(crate) flush_addresses: bool,
    /// The interface loses its carrier.
    pub(crate) carrier_off: bool,
}

impl Kind {
    /// Its name on BSD: with a number after it the name of a unit's node and interface, without
    /// that of the cloner.
    pub(crate) const fn bsd_name(self) -> &'static str {
        match self {
            Self::Tun => "tun",
            Self::Tap => "tap",
            Self::Vmnet => "vmnet",
        }
    }

    /// Its name beside other drivers'.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tun => "bsdtun",
            Self::Tap => "bsdtap",
            Self::Vmnet => "bsdvmnet",
        }
    }

    /// Whether packets are Ethernet frames.
    pub(crate) const fn is_ethernet(self) -> bool {
        match self {
            Self::Tun => false,
            Self::Tap | Self::Vmnet => true,
        }
    }

    /// The type of a new unit: `IFT_PPP`, `IFT_ETHER`.
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
    /// Source: as above.
    pub(crate) const fn baudrate_default(self) -> i32 {
        if self.is_ethernet() {
            10_000_000
        } else {
            0
        }
    }

    /// What the last close does. `keep` is set for a tap that shall stay as it is, as with BSD's
    /// `LINK0`.
    ///
    /// Source: FreeBSD `sys/net/if_tun.c` (2001), `tunclose`; tap(4) of FreeBSD 12.2.
    pub(crate) const fn last_close(self, keep: bool) -> LastClose {
        match self {
            Self::Tun => LastClose {
                flush: true,
                down: true,
                flush_addresses: false,
                carrier_off: true,
            },
            Self::Tap => LastClose {
                flush: true,
                down: !keep,
                flush_addresses: !keep,
                carrier_off: true,
            },
            Self::Vmnet => LastClose {
                flush: false,
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
    fn b13_what_a_close_leaves() {
        for keep in [false, true] {
            let tun = Kind::Tun.last_close(keep);
            assert!(tun.flush && tun.down && tun.carrier_off && !tun.flush_addresses);
            let tap = Kind::Tap.last_close(keep);
            assert!(tap.flush && tap.carrier_off);
            assert_eq!((tap.down, tap.flush_addresses), (!keep, !keep));
            let vmnet = Kind::Vmnet.last_close(keep);
            assert!(!vmnet.flush && !vmnet.down && !vmnet.flush_addresses && !vmnet.carrier_off);
        }
    }

    #[test]
    fn names_are_the_bsds_behind_ours() {
        for kind in [Kind::Tun, Kind::Tap, Kind::Vmnet] {
            assert_eq!(kind.name(), format!("bsd{}", kind.bsd_name()));
        }
    }
}
