// SPDX-License-Identifier: GPL-2.0

//! Driver information, statistics and link settings of a network device: `struct ethtool_ops`.
//!
//! C header: [`include/linux/ethtool.h`](srctree/include/linux/ethtool.h)

use crate::{
    c::bindings,
    linux::net::{
        device::Device,
        netdev_ops::NetdevOps,
        private::{
            netdev_priv,
            Private, //
        }, //
    }, //
};
use core::{
    ffi::CStr,
    marker::PhantomData,
    slice, //
};
use kernel::{
    error::from_result,
    prelude::*, //
};

/// The settings of a link that is full duplex and does not negotiate.
pub(crate) struct LinkSettings {
    /// Speed in Mb/s.
    pub(crate) speed: u32,
}

/// The ethtool operations of a driver's network devices.
pub(crate) trait EthtoolOps: NetdevOps {
    /// Name of the driver, for `ethtool -i`.
    const DRIVER: &'static CStr;

    /// Names of the statistics that `ethtool -S` shows, each cut to 31 bytes. Empty if there are
    /// none.
    const STATISTICS: &'static [&'static CStr] = &[];

    /// The bus information that `ethtool -i` shows, cut to 31 bytes. RTNL, process context.
    fn bus_info(_private: &Private<Self::Data>) -> &[u8] {
        b""
    }

    /// Fills in the statistics, in the order of [`Self::STATISTICS`]. All values are zero before.
    /// RTNL, process context; may sleep.
    fn get_ethtool_stats(_private: &Private<Self::Data>, _dev: &Device, _values: &mut [u64]) {}

    /// The settings of the link, by which bridges and bonds rate it too. [`Device::state_change`]
    /// makes them look again. RTNL, process context.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` if the link has none.
    fn get_link_ksettings(_private: &Private<Self::Data>) -> Result<LinkSettings> {
        Err(EOPNOTSUPP)
    }
}

/// C's view of a driver `T`.
struct VTable<T>(PhantomData<T>);

impl<T: EthtoolOps> VTable<T> {
    const OPS: bindings::ethtool_ops = bindings::ethtool_ops {
        get_drvinfo: Some(Self::get_drvinfo),
        get_link: Some(Self::get_link),
        // For an empty set the core would pass a null pointer to the other two.
        get_sset_count: if Self::HAS_STATISTICS {
            Some(Self::get_sset_count)
        } else {
            None
        },
        get_strings: if Self::HAS_STATISTICS {
            Some(Self::get_strings)
        } else {
            None
        },
        get_ethtool_stats: if Self::HAS_STATISTICS {
            Some(Self::get_ethtool_stats)
        } else {
            None
        },
        get_link_ksettings: Some(Self::get_link_ksettings),
        ..pin_init::zeroed()
    };

    const HAS_STATISTICS: bool = !T::STATISTICS.is_empty();

    /// # Safety
    ///
    /// Called by the core under RTNL, for a registered device and a zeroed structure.
    unsafe extern "C" fn get_drvinfo(
        dev: *mut kernel::bindings::net_device,
        info: *mut bindings::ethtool_drvinfo,
    ) {
        // CAST: The kernel crate has the same type as an opaque one.
        // SAFETY: The private area of a registered device is filled.
        let private = unsafe { netdev_priv::<T::Data>(dev.cast()) };
        // SAFETY: The structure is ours during this callback.
        let info = unsafe { &mut *info };
        copy_text(&mut info.driver, T::DRIVER.to_bytes());
        copy_text(&mut info.bus_info, T::bus_info(private));
    }

    /// # Safety
    ///
    /// Called by the core, for a registered device.
    unsafe extern "C" fn get_link(dev: *mut kernel::bindings::net_device) -> u32 {
        // CAST: The kernel crate has the same type as an opaque one.
        // SAFETY: The device is valid during this callback.
        u32::from(unsafe { Device::from_raw(dev.cast()) }.carrier_ok())
    }

    /// # Safety
    ///
    /// Called by the core.
    unsafe extern "C" fn get_sset_count(
        _dev: *mut kernel::bindings::net_device,
        set: c_int,
    ) -> c_int {
        match u32::try_from(set) {
            Ok(bindings::ethtool_stringset_ETH_SS_STATS) => T::STATISTICS.len() as c_int,
            _ => EOPNOTSUPP.to_errno(),
        }
    }

    /// # Safety
    ///
    /// Called by the core, for a set that [`Self::get_sset_count`] accepts, with zeroed room for as
    /// many strings as that returned.
    unsafe extern "C" fn get_strings(
        _dev: *mut kernel::bindings::net_device,
        set: u32,
        data: *mut u8,
    ) {
        if set != bindings::ethtool_stringset_ETH_SS_STATS {
            return;
        }
        // SAFETY: By the safety requirement.
        let strings = unsafe {
            slice::from_raw_parts_mut(
                data.cast::<[c_char; bindings::ETH_GSTRING_LEN as usize]>(),
                T::STATISTICS.len(),
            )
        };
        for (string, name) in strings.iter_mut().zip(T::STATISTICS) {
            copy_text(string, name.to_bytes());
        }
    }

    /// # Safety
    ///
    /// Called by the core under RTNL, for a registered device, with zeroed room for as many values
    /// as [`Self::get_sset_count`] returned.
    unsafe extern "C" fn get_ethtool_stats(
        dev: *mut kernel::bindings::net_device,
        _stats: *mut bindings::ethtool_stats,
        data: *mut u64,
    ) {
        // CAST: The kernel crate has the same type as an opaque one.
        let dev = dev.cast();
        // SAFETY: The private area of a registered device is filled.
        let private = unsafe { netdev_priv::<T::Data>(dev) };
        // SAFETY: The device is valid during this callback.
        let dev = unsafe { Device::from_raw(dev) };
        // SAFETY: By the safety requirement.
        let values = unsafe { slice::from_raw_parts_mut(data, T::STATISTICS.len()) };
        T::get_ethtool_stats(private, dev, values);
    }

    /// # Safety
    ///
    /// Called by the core under RTNL, for a registered device and a zeroed structure.
    unsafe extern "C" fn get_link_ksettings(
        dev: *mut kernel::bindings::net_device,
        settings: *mut bindings::ethtool_link_ksettings,
    ) -> c_int {
        // CAST: The kernel crate has the same type as an opaque one.
        // SAFETY: The private area of a registered device is filled.
        let private = unsafe { netdev_priv::<T::Data>(dev.cast()) };
        // SAFETY: The structure is ours during this callback.
        let base = unsafe { &mut (*settings).base };
        from_result(|| {
            let link = T::get_link_ksettings(private)?;
            base.speed = link.speed;
            base.duplex = bindings::DUPLEX_FULL as u8;
            base.port = bindings::PORT_OTHER as u8;
            base.autoneg = bindings::AUTONEG_DISABLE as u8;
            Ok(0)
        })
    }
}

/// Sets up a new device with the ethtool operations of `T`.
///
/// # Safety
///
/// As for [`netdev_ops::setup`].
///
/// [`netdev_ops::setup`]: crate::linux::net::netdev_ops::setup
pub(super) unsafe fn setup<T: EthtoolOps>(dev: *mut bindings::net_device) {
    // SAFETY: By the safety requirement the field is ours to write.
    unsafe { (*dev).ethtool_ops = &VTable::<T>::OPS };
}

/// Copies as much of `from` as fits before a NUL. The bytes of `to` behind it keep their value.
fn copy_text(to: &mut [c_char], from: &[u8]) {
    let len = from.len().min(to.len().saturating_sub(1));
    to[..len].copy_from_slice(&from[..len]);
}

#[kunit_tests(bsdtun_ethtool)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_before_the_nul() {
        let mut to = [0; 4];
        copy_text(&mut to, b"ab");
        assert_eq!(&to, b"ab\0\0");
        copy_text(&mut to, b"abcdef");
        assert_eq!(&to, b"abc\0");
        copy_text(&mut [], b"abc");
    }
}
