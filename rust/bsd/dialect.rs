// SPDX-License-Identifier: GPL-2.0

//! The dialect of a tun: the system that its program was written for.

/// The system that a program was written for: it decides the number of `AF_INET6` in reads, and
/// [`Self::OpenBsd`] the framing, the meaning of some ioctl numbers and the errors of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Linux,
    /// FreeBSD and DragonFly.
    FreeBsd,
    NetBsd,
    /// OpenBSD, whose tun has the address family in front of every packet.
    OpenBsd,
}

impl Dialect {
    /// `AF_INET6` of this dialect.
    pub(crate) const fn af_inet6(self) -> u32 {
        match self {
            Self::Linux => 10,
            Self::FreeBsd => 28,
            Self::NetBsd | Self::OpenBsd => 24,
        }
    }

    /// All dialects.
    pub(crate) const ALL: [Self; 4] = [Self::Linux, Self::FreeBsd, Self::NetBsd, Self::OpenBsd];

    /// The name in sysfs, rtnetlink and fdinfo.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::FreeBsd => "freebsd",
            Self::NetBsd => "netbsd",
            Self::OpenBsd => "openbsd",
        }
    }

    /// The dialect with this name, as [`Self::name`] returns it.
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name().as_bytes() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_has_its_name() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::from_name(dialect.name().as_bytes()), Some(dialect));
        }
        for name in [&b""[..], b"Linux", b"bsd", b"openbsd\0"] {
            assert_eq!(Dialect::from_name(name), None);
        }
    }
}
