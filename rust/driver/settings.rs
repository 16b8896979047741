// SPDX-License-Identifier: GPL-2.0

//! UnitSettings of the whole driver, under their BSD names in `/proc/sys`.

use crate::{
    bsd::{
        kind::Kind,
        name::{
            self,
            NameRequest, //
        }, //
    },
    linux::{
        net::device::Name,
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

/// How units are called: under their BSD names, or beside those.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    bsd: bool,
}

impl Names {
    /// The names; BSD's own if `bsd` is set.
    pub(crate) const fn new(bsd: bool) -> Self {
        Self { bsd }
    }

    /// What the names of a kind's units begin with; by itself the name of the cloner.
    fn prefix(self, kind: Kind) -> &'static str {
        if self.bsd {
            kind.bsd_name()
        } else {
            kind.name()
        }
    }

    /// The name of a unit's node, which its interface starts with.
    pub(crate) fn unit(self, kind: Kind, number: u16) -> Result<Name> {
        Name::from_fmt(fmt!("{}{}", self.prefix(kind), number))
    }

    /// The name of any unit's interface, for [`Self::wanted`].
    pub(crate) fn template(self, kind: Kind) -> Result<Name> {
        Name::from_fmt(fmt!("{}%d", self.prefix(kind)))
    }

    /// The name of a kind's cloner.
    pub(crate) fn cloner(self, kind: Kind) -> Result<Name> {
        Name::from_fmt(fmt!("{}", self.prefix(kind)))
    }

    /// What the name wanted for an interface says about the unit.
    pub(crate) fn name_request(self, kind: Kind, interface: &[u8]) -> NameRequest {
        // `ip link add` without a name asks for one made of the kind's.
        match name::name_request(kind.name().as_bytes(), interface) {
            NameRequest::Template => NameRequest::Template,
            _ => name::name_request(self.prefix(kind).as_bytes(), interface),
        }
    }
}

/// The settings.
pub(crate) struct Settings {
    names: Names,
    debug: Int,
    tun_devfs_cloning: Int,
    up_on_addr: Int,
    tap_devfs_cloning: Int,
    user_open: Int,
    up_on_open: Int,
}

impl Settings {
    /// The settings as they are at load.
    pub(crate) fn new(names: Names) -> Result<Arc<Self>> {
        Ok(Arc::new(
            Self {
                names,
                debug: Int::new(0),
                tun_devfs_cloning: Int::new(1),
                up_on_addr: Int::new(1),
                tap_devfs_cloning: Int::new(1),
                user_open: Int::new(0),
                up_on_open: Int::new(0),
            },
            GFP_KERNEL,
        )?)
    }

    /// How units are called.
    pub(crate) fn names(&self) -> Names {
        self.names
    }

    /// `TUNSDEBUG`, and the sysctls of that name: one variable for all units.
    pub(crate) fn debug(&self) -> &Int {
        &self.debug
    }

    /// Whether an address given to the interface of an open tun sets it up, as FreeBSD's driver does.
    pub(crate) fn up_on_addr(&self) -> bool {
        self.up_on_addr.get() != 0
    }

    /// Whether opening a cloner makes units.
    pub(crate) fn devfs_cloning(&self, kind: Kind) -> bool {
        let knob = match kind {
            Kind::Tun => &self.tun_devfs_cloning,
            Kind::Tap | Kind::Vmnet => &self.tap_devfs_cloning,
        };
        knob.get() != 0
    }

    /// Whether whoever may open the node may open the unit, without a capability.
    pub(crate) fn user_open(&self, kind: Kind) -> bool {
        kind.is_ethernet() && self.user_open.get() != 0
    }

    /// Whether opening a tap sets its interface up.
    pub(crate) fn up_on_open(&self) -> bool {
        self.up_on_open.get() != 0
    }
}

/// The settings' places in `/proc/sys`.
pub(crate) struct Files {
    _tun: Directory<Settings>,
    _tap: Directory<Settings>,
    _debug: Directory<Settings>,
}

impl Files {
    /// Makes the files.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; also if a file of the name exists.
    pub(crate) fn new(settings: Arc<Settings>) -> Result<Self> {
        let tun = [
            Entry {
                name: c"debug",
                value: Settings::debug,
            },
            Entry {
                name: c"devfs_cloning",
                value: |settings| &settings.tun_devfs_cloning,
            },
            Entry {
                name: c"up_on_addr",
                value: |settings| &settings.up_on_addr,
            },
        ];
        let tap = [
            Entry {
                name: c"debug",
                value: Settings::debug,
            },
            Entry {
                name: c"devfs_cloning",
                value: |settings| &settings.tap_devfs_cloning,
            },
            Entry {
                name: c"up_on_open",
                value: |settings| &settings.up_on_open,
            },
            Entry {
                name: c"user_open",
                value: |settings| &settings.user_open,
            },
        ];
        let debug = [Entry {
            name: c"if_tun_debug",
            value: Settings::debug,
        }];
        Ok(Self {
            _tun: Directory::new(c"net/link/tun", settings.clone(), &tun)?,
            _tap: Directory::new(c"net/link/tap", settings.clone(), &tap)?,
            _debug: Directory::new(c"debug", settings, &debug)?,
        })
    }
}
