// SPDX-License-Identifier: GPL-2.0

//! Driver-wide settings: how units are named, and the sysctls, under their BSD names in
//! `/proc/sys`.

use crate::{
    bsd::{
        kind::Kind,
        name::{
            self,
            NameRequest, //
        }, //
    },
    linux::{
        net::name::Name,
        sysctl::{
            Directory,
            Entry,
            Int, //
        }, //
    }, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// The naming scheme of nodes and interfaces: by default `bsdtun0` and so on; with the module
/// parameter `bsd_names` as on BSD, `tun0`.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    bsd: bool,
}

impl Names {
    /// Chooses the naming scheme: BSD's if `bsd` is set.
    pub(crate) const fn new(bsd: bool) -> Self {
        Self { bsd }
    }

    /// The name of the cloner of a kind, which a unit's name has its number appended to.
    fn prefix(self, kind: Kind) -> &'static str {
        if self.bsd {
            kind.bsd_name()
        } else {
            kind.name()
        }
    }

    /// The name of a unit's node, and at first of its interface.
    pub(crate) fn unit(self, kind: Kind, number: u16) -> Result<Name> {
        Name::from_fmt(fmt!("{}{}", self.prefix(kind), number))
    }

    /// The interface name that requests a unit with any number, see [`Self::name_request`].
    pub(crate) fn template(self, kind: Kind) -> Result<Name> {
        Name::from_fmt(fmt!("{}%d", self.prefix(kind)))
    }

    /// The name of the cloner's node.
    pub(crate) fn cloner(self, kind: Kind) -> Result<Name> {
        Name::from_fmt(fmt!("{}", self.prefix(kind)))
    }

    /// The unit that a request for an interface of this name asks for.
    pub(crate) fn name_request(self, kind: Kind, interface: &[u8]) -> NameRequest {
        // Without a name in the request, rtnetlink makes it of the link kind: `bsdtun%d`.
        match name::name_request(kind.name().as_bytes(), interface) {
            NameRequest::Template => NameRequest::Template,
            _ => name::name_request(self.prefix(kind).as_bytes(), interface),
        }
    }
}

/// Default of `net.link.bsdtun.user_units`.
const USER_UNITS_DEFAULT: i32 = 64;

/// The driver-wide settings.
pub(crate) struct Settings {
    names: Names,
    debug: Int,
    tun_devfs_cloning: Int,
    tun_up_on_addr: Int,
    tap_devfs_cloning: Int,
    tap_user_open: Int,
    tap_up_on_open: Int,
    tap_up_on_addr: Int,
    user_units: Int,
}

impl Settings {
    /// Creates the settings with their values at load.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(names: Names) -> Result<Arc<Self>> {
        Ok(Arc::new(
            Self {
                names,
                debug: Int::new(0),
                tun_devfs_cloning: Int::new(1),
                tun_up_on_addr: Int::new(1),
                tap_devfs_cloning: Int::new(1),
                tap_user_open: Int::new(0),
                tap_up_on_open: Int::new(0),
                tap_up_on_addr: Int::new(1),
                user_units: Int::new(USER_UNITS_DEFAULT),
            },
            GFP_KERNEL,
        )?)
    }

    /// The naming scheme of nodes and interfaces.
    pub(crate) fn names(&self) -> Names {
        self.names
    }

    /// The debug level: one for all units, under three sysctls and `TUNSDEBUG`. Not 0: events are
    /// logged.
    pub(crate) fn debug(&self) -> &Int {
        &self.debug
    }

    /// Whether adding an address sets the interface of an open unit of this kind up, as on FreeBSD:
    /// `net.link.tun.up_on_addr`, or `net.link.tap.up_on_addr` for taps and vmnets.
    pub(crate) fn up_on_addr(&self, kind: Kind) -> bool {
        let enabled = match kind {
            Kind::Tun => &self.tun_up_on_addr,
            Kind::Tap | Kind::Vmnet => &self.tap_up_on_addr,
        };
        enabled.get() != 0
    }

    /// Whether the cloner of a kind can be opened: `net.link.tun.devfs_cloning`, or
    /// `net.link.tap.devfs_cloning` for taps and vmnets.
    pub(crate) fn devfs_cloning(&self, kind: Kind) -> bool {
        let enabled = match kind {
            Kind::Tun => &self.tun_devfs_cloning,
            Kind::Tap | Kind::Vmnet => &self.tap_devfs_cloning,
        };
        enabled.get() != 0
    }

    /// Whether access to the node is enough to open a unit of this kind, so that `CAP_NET_ADMIN` is
    /// not required: `net.link.tap.user_open`, which does not apply to tuns.
    pub(crate) fn user_open(&self, kind: Kind) -> bool {
        kind.is_ethernet() && self.tap_user_open.get() != 0
    }

    /// Whether opening a tap or vmnet sets its interface up: `net.link.tap.up_on_open`.
    pub(crate) fn up_on_open(&self) -> bool {
        self.tap_up_on_open.get() != 0
    }

    /// Number of units that a user namespace other than the initial one may own:
    /// `net.link.bsdtun.user_units`.
    pub(crate) fn user_units(&self) -> usize {
        self.user_units.get().try_into().unwrap_or(0)
    }
}

/// The sysctls, in the initial network namespace only; they are removed when this is dropped.
pub(crate) struct Sysctls {
    _tun: Directory<Settings>,
    _tap: Directory<Settings>,
    _bsdtun: Directory<Settings>,
    _debug: Directory<Settings>,
}

impl Sysctls {
    /// Creates the sysctls. Process context.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; also if a sysctl of the same name exists.
    pub(crate) fn new(settings: Arc<Settings>) -> Result<Self> {
        let tun = [
            Entry {
                name: c"debug",
                value: Settings::debug,
                min: None,
            },
            Entry {
                name: c"devfs_cloning",
                value: |settings| &settings.tun_devfs_cloning,
                min: None,
            },
            Entry {
                name: c"up_on_addr",
                value: |settings| &settings.tun_up_on_addr,
                min: None,
            },
        ];
        let tap = [
            Entry {
                name: c"debug",
                value: Settings::debug,
                min: None,
            },
            Entry {
                name: c"devfs_cloning",
                value: |settings| &settings.tap_devfs_cloning,
                min: None,
            },
            Entry {
                name: c"up_on_addr",
                value: |settings| &settings.tap_up_on_addr,
                min: None,
            },
            Entry {
                name: c"up_on_open",
                value: |settings| &settings.tap_up_on_open,
                min: None,
            },
            Entry {
                name: c"user_open",
                value: |settings| &settings.tap_user_open,
                min: None,
            },
        ];
        let bsdtun = [Entry {
            name: c"user_units",
            value: |settings: &Settings| &settings.user_units,
            min: Some(&0),
        }];
        let debug = [Entry {
            name: c"if_tun_debug",
            value: Settings::debug,
            min: None,
        }];
        Ok(Self {
            _tun: Directory::new_net(c"net/link/tun", settings.clone(), &tun)?,
            _tap: Directory::new_net(c"net/link/tap", settings.clone(), &tap)?,
            _bsdtun: Directory::new_net(c"net/link/bsdtun", settings.clone(), &bsdtun)?,
            _debug: Directory::new(c"debug", settings, &debug)?,
        })
    }
}
