// SPDX-License-Identifier: GPL-2.0

//! The network device operations of a unit's interface: setup, up and down, transmit, removal.

use crate::{
    bsd::framing::{
        Prefix,
        Protocol,
        MTU_DEFAULT,
        MTU_MIN,
        PACKET_MAX, //
    },
    driver::{
        drops::DropCause,
        unit::Unit,
        variant::{
            Interface,
            Variant, //
        }, //
    },
    linux::net::{
        device::{
            flags,
            Device, //
        },
        net_namespace::capable_net_admin_noaudit,
        netdev_ops::{
            NetdevOps,
            NetdevTx, //
        },
        new_device::{
            features,
            NewDevice, //
        },
        private::Private,
        rtnl::Rtnl,
        skb::SkBuff,
        tx_context::TxContext, //
    }, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// `txqueuelen` of a new interface: the limit of the packet queue, in packets.
const QUEUE_LEN_DEFAULT: u32 = 500;

impl<V: Variant> NetdevOps for Interface<V> {
    type Data = Unit;

    const ETHERNET: bool = V::KIND.is_ethernet();

    fn setup(dev: &mut NewDevice) {
        if !Self::ETHERNET {
            dev.set_flags(flags::POINTOPOINT | flags::NOARP | flags::MULTICAST);
            // `TUNSLMODE` needs the route, for the next hop.
            dev.keep_dst();
        }
        // A read gathers the fragments.
        dev.set_features(features::SG | features::FRAGLIST);
        dev.set_mtu(MTU_DEFAULT, MTU_MIN, PACKET_MAX as u32);
        dev.set_tx_queue_len(QUEUE_LEN_DEFAULT);
        // The carrier follows the open of the node.
        dev.carrier_off();
    }

    fn uninit(unit: &Private<Unit>, dev: &Device, rtnl: &Rtnl) {
        // The current process removes the interface, except at the end of a network namespace,
        // whose cause is unknown. Where another user namespace owns the network namespace, the
        // request may have come from there, by a socket that was passed to a privileged process.
        let by_admin = dev.net(rtnl).is_some_and(|net| net.user_ns().is_initial())
            && capable_net_admin_noaudit();
        if !by_admin {
            unit.set_retire_node();
        }
        let unread = unit.queue().revoke();
        unit.drop_list(unread, DropCause::TxUnread);
    }

    fn open(unit: &Private<Unit>, dev: &Device, rtnl: &Rtnl) {
        dev.start_queues(rtnl);
        unit.queue().up();
    }

    fn stop(unit: &Private<Unit>, dev: &Device, _rtnl: &Rtnl) {
        let unread = unit.queue().down();
        dev.count_tx_dropped(unread.len());
        unit.drop_list(unread, DropCause::TxUnread);
    }

    fn start_xmit(unit: &Private<Unit>, dev: &Device, skb: SkBuff, tx: &TxContext) -> NetdevTx {
        match transmit::<V>(unit, dev, skb, tx) {
            Ok(()) => NetdevTx::Sent,
            Err((mut skb, cause)) => {
                skb.tx_error();
                unit.drop_skb(skb, cause);
                NetdevTx::Dropped
            }
        }
    }

    fn priv_destructor(unit: Arc<Private<Unit>>) {
        unit.remove_node();
    }
}

/// Queues a packet that the stack transmits for a reader: decides its prefix, cuts its ties to the
/// stack, and puts it into the queue. Softirqs are off; several CPUs at once.
///
/// # Errors
///
/// Returns the packet and why it must be dropped.
// One caller per variant, each its hot path.
#[inline(always)]
fn transmit<V: Variant>(
    unit: &Private<Unit>,
    dev: &Device,
    mut skb: SkBuff,
    tx: &TxContext,
) -> Result<(), (SkBuff, DropCause)> {
    let prefix = match prefix::<V>(unit, &skb, tx) {
        Some(prefix) => prefix,
        None => return Err((skb, DropCause::TxProtocol)),
    };
    if skb.scrub().is_err() {
        return Err((skb, DropCause::TxNoMemory));
    }
    skb.set_cb(prefix);
    unit.queue().enqueue(unit.name(), skb, dev, tx)
}

/// The prefix that a read puts before the packet, as [`Prefix::to_cb`] encodes it; `None` if the
/// framing has no place for the packet's protocol.
///
/// Decided before the packet is queued, because `poll` must not promise a packet that a read cannot
/// return, and while the packet has its route, from which the next hop follows. Encoded at once:
/// keeping the parts of the prefix live across the calls that follow costs more.
#[inline(always)]
fn prefix<V: Variant>(unit: &Unit, skb: &SkBuff, tx: &TxContext) -> Option<u64> {
    if V::KIND.is_ethernet() {
        return Some(Prefix::None.to_cb());
    }
    let protocol = Protocol::from_ethertype(skb.protocol());
    let prefix = protocol.and_then(|protocol| unit.framing().prefix(protocol, || skb.next_hop(tx)));
    if prefix.is_none() && protocol == Some(Protocol::Ip6) {
        unit.log_ipv6_drop();
    }
    prefix.map(Prefix::to_cb)
}
