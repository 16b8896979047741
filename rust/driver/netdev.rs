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
        offload,
        packet_list,
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
pub(super) const QUEUE_LEN_DEFAULT: u32 = 500;

/// Flags of a new layer 3 interface.
pub(super) const INTERFACE_FLAGS: u32 = flags::POINTOPOINT | flags::NOARP | flags::MULTICAST;

/// Flags of a new Ethernet interface, which the core sets.
pub(super) const INTERFACE_FLAGS_ETHERNET: u32 = flags::BROADCAST | flags::MULTICAST;

/// Length in bytes of an Ethernet header with a VLAN tag.
const ETHERNET_OVERHEAD: usize = 18;

impl<V: Variant> NetdevOps for Interface<V> {
    type Data = Unit;

    const ETHERNET: bool = V::KIND.is_ethernet();

    fn setup(dev: &mut NewDevice) {
        if !Self::ETHERNET {
            dev.set_flags(INTERFACE_FLAGS);
            // `TUNSLMODE` needs the route, for the next hop.
            dev.keep_dst();
        }
        // A read gathers the fragments.
        dev.set_features(features::SG | features::FRAGLIST);
        dev.set_hw_features(if Self::ETHERNET {
            offload::FEATURES_ETHERNET
        } else {
            offload::FEATURES
        });
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
        unit.drop_list(unread.into_packets(), DropCause::TxUnread);
    }

    fn open(unit: &Private<Unit>, dev: &Device, rtnl: &Rtnl) {
        dev.start_queues(rtnl);
        unit.queue().up();
    }

    fn stop(unit: &Private<Unit>, dev: &Device, _rtnl: &Rtnl) {
        let unread = unit.queue().down();
        dev.count_tx_dropped(unread.segments());
        unit.drop_list(unread.into_packets(), DropCause::TxUnread);
    }

    fn fix_features(unit: &Private<Unit>, features: u64) -> u64 {
        let permitted = offload::permitted_features(unit.queue().transfer().header());
        features & (permitted | !offload::FEATURES_ETHERNET)
    }

    fn start_xmit(unit: &Private<Unit>, dev: &Device, skb: SkBuff, tx: &TxContext) -> NetdevTx {
        match transmit::<V>(unit, dev, skb, tx) {
            Ok(()) => NetdevTx::Sent,
            Err((mut skb, cause)) => {
                skb.tx_error();
                let packets = skb.gso_segs();
                unit.drop_skb(skb, cause);
                NetdevTx::Dropped(packets)
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
    match skb.scrub() {
        Ok(true) => packet_list::mark_finished(&mut skb, prefix),
        Ok(false) => return transmit_unfinished(unit, dev, skb, prefix, tx),
        Err(_) => return Err((skb, DropCause::TxNoMemory)),
    }
    unit.queue().enqueue(unit.name(), skb, dev, tx)
}

/// Queues a packet that is not finished. What a header can describe is queued as it is: each read
/// decides. Softirqs are off.
///
/// # Errors
///
/// Returns the packet and why it must be dropped.
#[cold]
fn transmit_unfinished(
    unit: &Private<Unit>,
    dev: &Device,
    mut skb: SkBuff,
    prefix: u64,
    tx: &TxContext,
) -> Result<(), (SkBuff, DropCause)> {
    if skb.is_gso_plain() {
        let mut segments = skb.gso_segs();
        if skb.gso().is_some() {
            // A segment is no longer than the MTU, unless the packet was injected. Then its bytes
            // count, so that the limit of the queue bounds them too.
            let segment_max = dev.mtu_any().max(MTU_DEFAULT as usize) + ETHERNET_OVERHEAD;
            segments = segments.max(skb.len().div_ceil(segment_max));
        }
        packet_list::mark_unfinished(&mut skb, prefix, segments);
        return unit.queue().enqueue(unit.name(), skb, dev, tx);
    }
    // It has bypassed the stack's checks, and needs the device for its encapsulation. Of that, the
    // checksum may remain to be completed.
    let mut segments = match skb.gso_segment(Some(dev)) {
        Ok(segments) => segments,
        Err(skb) => return Err((skb, DropCause::TxSegmentation)),
    };
    while let Some(mut skb) = segments.pop() {
        packet_list::mark_unfinished(&mut skb, prefix, 1);
        if let Err((skb, cause)) = unit.queue().enqueue(unit.name(), skb, dev, tx) {
            dev.count_tx_dropped(1);
            unit.drop_skb(skb, cause);
        }
    }
    Ok(())
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
