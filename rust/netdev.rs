// SPDX-License-Identifier: GPL-2.0

//! What the network stack does with a unit's interface.

use crate::{
    bsd::{
        framing,
        name::{
            self,
            Wanted, //
        }, //
    },
    net::{
        device::{
            flags,
            Device,
            Name,
            NewDevice,
            Operations,
            Port,
            Transmit,
            Verdict, //
        },
        link::{
            ExtAck,
            Kind, //
        },
        rtnl::Rtnl,
        skb::{
            DropReason,
            SkBuff, //
        }, //
    },
    registry::Registry,
    unit::Unit, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// How many packets wait for a reader at the most, until `ip link set txqueuelen` says otherwise.
const QUEUE_LEN_DEFAULT: u32 = 500;

impl Operations for Unit {
    const DRIVER: &'static CStr = c"bsdtun";

    fn setup(dev: &mut NewDevice) {
        dev.set_layer3();
        dev.set_flags(flags::POINTOPOINT | flags::NOARP | flags::MULTICAST);
        dev.set_mtu(framing::MTU_DEFAULT, framing::MTU_MIN, framing::PACKET_MAX);
        dev.set_tx_queue_len(QUEUE_LEN_DEFAULT);
        // Nobody has the node open.
        dev.carrier_off();
    }

    fn uninit(port: &Port<Self>, _dev: &Device, _rtnl: &Rtnl) {
        port.revoke();
    }

    fn open(port: &Port<Self>, _dev: &Device, _rtnl: &Rtnl) {
        port.up();
    }

    /// A reader that sleeps sleeps on.
    fn stop(port: &Port<Self>, dev: &Device, _rtnl: &Rtnl) {
        let queue = port.down();
        dev.count_tx_dropped(queue.len());
    }

    fn xmit(port: &Port<Self>, dev: &Device, mut skb: SkBuff, tx: &Transmit) -> Verdict {
        let protocol = skb.protocol();
        if protocol != framing::ETHERTYPE_IP {
            port.say_refused(protocol);
            skb.drop_for(DropReason::Protocol);
            return Verdict::Dropped;
        }
        if skb.detach().is_err() {
            skb.drop_for(DropReason::NoMemory);
            return Verdict::Dropped;
        }
        match port.enqueue(skb, dev.tx_queue_len(), |skb| dev.count_sent(tx, skb.len())) {
            Ok(()) => Verdict::Sent,
            Err((skb, reason)) => {
                skb.drop_for(reason);
                Verdict::Dropped
            }
        }
    }

    fn gone(port: Arc<Port<Self>>) {
        port.remove_node();
    }

    fn bus_info(port: &Port<Self>) -> &[u8] {
        port.name().as_bytes()
    }
}

impl Kind for Unit {
    const KIND: &'static CStr = c"bsdtun";

    type OwnerModule = crate::LocalModule;

    type Context = Arc<Registry>;

    fn create(
        registry: &Arc<Registry>,
        dev: &mut NewDevice,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Port<Self>>> {
        let wanted = name::wanted(Self::KIND.to_bytes(), dev.name().as_bytes());
        let number = match wanted {
            Wanted::Unit(number) => registry.take(number).ok_or_else(|| {
                ext_ack.set(c"A unit of this number exists already");
                EEXIST
            }),
            Wanted::OutOfRange => {
                ext_ack.set(c"Unit numbers end at 32767");
                Err(EINVAL)
            }
            // Here the interface's name must be free too, which need not follow from the number's
            // being free: an interface may have got the name by a rename.
            Wanted::Template => registry
                .take_lowest(|number| {
                    node_name(number).is_ok_and(|name| !dev.name_in_use(&name, rtnl))
                })
                .ok_or(ENOSPC),
            Wanted::Any => registry.take_lowest(|_| true).ok_or(ENOSPC),
        }?;

        let name = node_name(number.get())?;
        if wanted == Wanted::Template {
            dev.set_name(&name);
        }
        Port::new(Unit::new(number, name))
    }

    fn created(port: Arc<Port<Self>>) -> Result {
        Unit::make_node(port.clone())
            .inspect_err(|e| pr_err!("{}: no node: {:?}\n", port.name(), e))
    }
}

/// The name of a unit's node.
pub(crate) fn node_name(number: u16) -> Result<Name> {
    Name::from_fmt(fmt!("{}{}", "bsdtun", number))
}
