// SPDX-License-Identifier: GPL-2.0

//! Settings of the whole driver, under their BSD names in `/proc/sys`.

use crate::sysctl::{
    Directory,
    Entry,
    Int, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// The settings.
pub(crate) struct Knobs {
    debug: Int,
    up_on_addr: Int,
}

impl Knobs {
    /// The settings as they are at load.
    pub(crate) fn new() -> Result<Arc<Self>> {
        Ok(Arc::new(
            Self {
                debug: Int::new(0),
                up_on_addr: Int::new(1),
            },
            GFP_KERNEL,
        )?)
    }

    /// `TUNSDEBUG`, and the sysctls of that name: one variable for all units.
    pub(crate) fn debug(&self) -> &Int {
        &self.debug
    }

    /// Whether an address given to the interface of an open tun sets it up, as FreeBSD's driver does.
    pub(crate) fn up_on_addr(&self) -> bool {
        self.up_on_addr.get() != 0
    }
}

/// The settings' places in `/proc/sys`.
pub(crate) struct Files {
    _tun: Directory<Knobs>,
    _debug: Directory<Knobs>,
}

impl Files {
    /// Makes the files.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; also if a file of the name exists.
    pub(crate) fn new(knobs: Arc<Knobs>) -> Result<Self> {
        let tun = [
            Entry {
                name: c"debug",
                value: Knobs::debug,
            },
            Entry {
                name: c"up_on_addr",
                value: |knobs| &knobs.up_on_addr,
            },
        ];
        let debug = [Entry {
            name: c"if_tun_debug",
            value: Knobs::debug,
        }];
        Ok(Self {
            _tun: Directory::new(c"net/link/tun", knobs.clone(), &tun)?,
            _debug: Directory::new(c"debug", knobs, &debug)?,
        })
    }
}
