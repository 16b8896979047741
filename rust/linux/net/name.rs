// SPDX-License-Identifier: GPL-2.0

//! Names of network interfaces.
//!
//! C header: [`include/uapi/linux/if.h`](srctree/include/uapi/linux/if.h)

use core::ffi::CStr;
use kernel::{
    fmt,
    prelude::*,
    str::NullTerminatedFormatter, //
};

/// Size of an interface name in bytes, with the NUL at its end.
pub(crate) const IFNAMSIZ: usize = 16;

/// The name of a network interface, at most 15 bytes long.
///
/// # Invariants
///
/// The last byte is NUL, and so are all bytes after the first NUL: user space gets the padded name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name([u8; IFNAMSIZ]);

impl Name {
    /// Formats a name.
    ///
    /// # Errors
    ///
    /// `ENAMETOOLONG` if the text is longer than 15 bytes.
    pub(crate) fn from_fmt(args: fmt::Arguments<'_>) -> Result<Self> {
        use fmt::Write;

        let mut name = [0; IFNAMSIZ];
        NullTerminatedFormatter::new(&mut name)
            .ok_or(EINVAL)?
            .write_fmt(args)
            .map_err(|_| ENAMETOOLONG)?;
        // INVARIANT: The formatter reserves the last byte for a NUL. All bytes after the text are
        // still zero.
        Ok(Self(name))
    }

    /// Copies the `name` field of a `struct net_device`. The core terminates it, but leaves the
    /// rest of an earlier, longer name behind the NUL.
    pub(super) fn from_raw(mut name: [u8; IFNAMSIZ]) -> Self {
        let len = name.iter().position(|&b| b == 0).unwrap_or(IFNAMSIZ - 1);
        name[len..].fill(0);
        // INVARIANT: Just filled.
        Self(name)
    }

    /// The name padded with NULs, as in a `struct ifreq`.
    pub(crate) fn as_padded(&self) -> &[u8; IFNAMSIZ] {
        &self.0
    }

    /// The name without its padding.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        let len = self.0.iter().position(|&b| b == 0).unwrap_or(IFNAMSIZ);
        &self.0[..len]
    }

    /// The name as a C string.
    pub(crate) fn as_c_str(&self) -> &CStr {
        // By the type invariant there is a NUL, so that the default is never used.
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(kernel::str::BStr::from_bytes(self.as_bytes()), f)
    }
}

#[kunit_tests(bsdtun_name)]
mod tests {
    use super::*;

    #[test]
    fn longest_name_has_15_bytes() {
        let name = Name::from_fmt(fmt!("{}{}", "bsdtun", 999999999)).ok();
        assert_eq!(name.map(|name| name.as_bytes().len()), Some(15));
        assert_eq!(name.map(|name| name.as_padded()[15]), Some(0));
        assert!(Name::from_fmt(fmt!("{}{}", "bsdtun", 1000000000)).is_err());
        assert!(Name::from_fmt(fmt!("{}", "a name that does not end soon enough")).is_err());
    }

    #[test]
    fn name_is_padded_with_nul() -> Result {
        let name = Name::from_fmt(fmt!("{}{}", "bsdtun", 7))?;
        assert_eq!(name.as_bytes(), b"bsdtun7");
        assert_eq!(name.as_padded(), b"bsdtun7\0\0\0\0\0\0\0\0\0");
        assert_eq!(name.as_c_str().to_bytes(), b"bsdtun7");
        Ok(())
    }

    #[test]
    fn rest_of_an_earlier_name_is_removed() {
        let name = Name::from_raw(*b"x\0etters\0\0\0\0\0\0\0\0");
        assert_eq!(name.as_padded(), b"x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        let name = Name::from_raw(*b"0123456789abcdef");
        assert_eq!(name.as_padded(), b"0123456789abcde\0");
    }

    #[test]
    fn empty_name_is_all_nul() -> Result {
        let name = Name::from_fmt(fmt!(""))?;
        assert_eq!(name.as_bytes().len(), 0);
        assert!(name == Name([0; IFNAMSIZ]));
        Ok(())
    }
}
