// SPDX-License-Identifier: GPL-2.0

//! Networking: network devices, packets, and the link kinds that `ip link add` creates.
//!
//! Each file wraps one object of C. It uses files of lower layers, and in its own layer those that
//! an arrow leads to:
//!
//! ```text
//!   +---------------+---------------------------------------------------------+
//!   | link kinds    |  inetaddr -> rtnl_link                                  |
//!   +---------------+---------------------------------------------------------+
//!   | operations    |  ethtool -> netdev_ops        sysfs        netlink      |
//!   +---------------+---------------------------------------------------------+
//!   | devices       |  new_device        private -> device <- gso, virtio_net |
//!   +---------------+---------------------------------------------------------+
//!   | packets       |  skb_list -> skb <- etherdevice                         |
//!   +---------------+---------------------------------------------------------+
//!   | basics        |  name   rtnl   net_namespace   tx_context   page_ring   |
//!   +---------------+---------------------------------------------------------+
//! ```
//!
//! A driver implements [`NetdevOps`], [`EthtoolOps`] and [`LinkOps`] for one type, and registers it
//! with [`Registration`]. Its data of a device is in a [`Private`], which the device owns, and
//! which leads back to the device under RCU or RTNL while that is registered. Contexts are types: a
//! function that needs RTNL takes an [`Rtnl`], one that needs RCU an RCU guard, and one that must
//! be called with softirqs off, as in `start_xmit`, a [`TxContext`].
//!
//! The module `example` at the end of this file is a complete driver.
//!
//! [`EthtoolOps`]: ethtool::EthtoolOps
//! [`LinkOps`]: rtnl_link::LinkOps
//! [`NetdevOps`]: netdev_ops::NetdevOps
//! [`Private`]: private::Private
//! [`Registration`]: rtnl_link::Registration
//! [`Rtnl`]: rtnl::Rtnl
//! [`TxContext`]: tx_context::TxContext

pub(crate) mod device;
pub(crate) mod etherdevice;
pub(crate) mod ethtool;
pub(crate) mod gso;
pub(crate) mod inetaddr;
pub(crate) mod name;
pub(crate) mod net_namespace;
pub(crate) mod netdev_ops;
pub(crate) mod netlink;
pub(crate) mod new_device;
pub(crate) mod page_ring;
pub(crate) mod private;
pub(crate) mod rtnl;
pub(crate) mod rtnl_link;
pub(crate) mod skb;
mod skb_copy;
pub(crate) mod skb_list;
pub(crate) mod sysfs;
pub(crate) mod tx_context;
pub(crate) mod virtio_net;

/// A minimal driver: `ip link add type bsdtun-example` creates an Ethernet device that discards
/// each packet that the stack transmits. It is compiled, and run as a test, with KUnit only.
#[kernel::macros::kunit_tests(bsdtun_net_example)]
mod example {
    use super::{
        device::Device,
        ethtool::EthtoolOps,
        name::Name,
        net_namespace::Net,
        netdev_ops::{
            NetdevOps,
            NetdevTx, //
        },
        netlink::{
            ExtAck,
            NlAttrs, //
        },
        new_device::NewDevice,
        private::Private,
        rtnl::{
            self,
            Rtnl, //
        },
        rtnl_link::{
            LinkOps,
            Registration, //
        },
        skb::{
            DropReason,
            SkBuff, //
        },
        tx_context::TxContext,
    };
    use kernel::{
        prelude::*,
        sync::{
            atomic::{
                Atomic,
                Relaxed, //
            },
            Arc, //
        }, //
    };

    /// The driver's data of one device.
    #[pin_data]
    struct Counters {
        discarded: Atomic<u64>,
    }

    /// The driver.
    struct Example;

    impl NetdevOps for Example {
        type Data = Counters;

        const ETHERNET: bool = true;

        fn setup(dev: &mut NewDevice) {
            dev.set_mtu(1500, 68, 9000);
        }

        fn open(_: &Private<Counters>, dev: &Device, rtnl: &Rtnl) {
            dev.start_queues(rtnl);
        }

        fn start_xmit(
            counters: &Private<Counters>,
            dev: &Device,
            skb: SkBuff,
            tx: &TxContext,
        ) -> NetdevTx {
            dev.count_tx(tx, 1, skb.len());
            counters.discarded.add(1, Relaxed);
            skb.drop_reason(DropReason::DeviceNotReady);
            NetdevTx::Sent
        }
    }

    impl EthtoolOps for Example {
        const DRIVER: &'static CStr = c"bsdtun-example";

        const STATISTICS: &'static [&'static CStr] = &[c"discarded"];

        fn get_ethtool_stats(counters: &Private<Counters>, _: &Device, values: &mut [u64]) {
            values[0] = counters.discarded.load(Relaxed);
        }
    }

    impl LinkOps for Example {
        const KIND: &'static CStr = c"bsdtun-example";

        type OwnerModule = crate::LocalModule;

        type Context = ();

        fn newlink(
            (): &(),
            _: &mut NewDevice,
            _: &NlAttrs<'_>,
            _: &mut ExtAck<'_>,
            _: &Rtnl,
        ) -> Result<Arc<Private<Counters>>> {
            Private::new(try_pin_init!(Counters {
                discarded: Atomic::new(0),
            }))
        }
    }

    #[test]
    fn device_lives_until_its_kind_is_unregistered() -> Result {
        let kind = Registration::<Example>::new(())?;
        kind.register()?;
        let net = Net::current().ok_or(ENXIO)?;
        let counters = kind.add_in(&net, &Name::from_fmt(fmt!("example%d"))?)?;
        {
            let rtnl = rtnl::lock();
            let dev = counters.device(&rtnl).ok_or(ENODEV)?;
            assert_eq!(dev.name(&rtnl).as_bytes(), b"example0");
            assert_eq!(dev.mtu(&rtnl), 1500);
            dev.open(&rtnl)?;
            assert!(dev.is_up());
        }
        drop(kind);
        let rtnl = rtnl::lock();
        assert!(counters.device(&rtnl).is_none());
        Ok(())
    }
}
