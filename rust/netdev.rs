// SPDX-License-Identifier: GPL-2.0

//! What the network stack does with a unit's interface.

use crate::{
    bsd::{
        framing::{
            Dialect,
            Protocol,
            MTU_DEFAULT,
            MTU_MIN,
            PACKET_MAX, //
        },
        name::{
            self,
            Wanted, //
        }, //
    },
    knobs::Knobs,
    net::{
        address::AddressEvents,
        attribute::Attribute,
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
    fmt::Write,
    prelude::*,
    str::kstrtobool_bytes,
    sync::{
        rcu,
        Arc, //
    }, //
};

/// How many packets wait for a reader at the most, until `ip link set txqueuelen` says otherwise.
const QUEUE_LEN_DEFAULT: u32 = 500;

/// What all units share.
pub(crate) struct Shared {
    pub(crate) registry: Arc<Registry>,
    pub(crate) knobs: Arc<Knobs>,
}

/// `/sys/class/net/NAME/bsdtun/`.
static ATTRIBUTES: [Attribute<Unit>; 4] = [
    Attribute::read_write(
        c"dialect",
        |port, out| writeln!(out, "{}", port.framing().dialect().name()),
        |port, text| {
            let dialect = Dialect::from_name(text).ok_or(EINVAL)?;
            port.change_framing(|framing| framing.set_dialect(dialect));
            Ok(())
        },
    ),
    Attribute::read_only(c"framing", |port, out| {
        writeln!(out, "{}", port.framing().name())
    }),
    Attribute::read_only(c"owner", |port, out| {
        writeln!(out, "{}", port.shown().owner)
    }),
    Attribute::read_write(
        c"transient",
        |port, out| writeln!(out, "{}", u8::from(port.shown().transient)),
        |port, text| {
            port.set_transient(kstrtobool_bytes(text)?);
            Ok(())
        },
    ),
];

impl Operations for Unit {
    const DRIVER: &'static CStr = c"bsdtun";

    fn attributes() -> &'static [Attribute<Self>] {
        &ATTRIBUTES
    }

    fn setup(dev: &mut NewDevice) {
        dev.set_layer3();
        dev.set_flags(flags::POINTOPOINT | flags::NOARP | flags::MULTICAST);
        dev.set_mtu(MTU_DEFAULT, MTU_MIN, PACKET_MAX as u32);
        dev.set_tx_queue_len(QUEUE_LEN_DEFAULT);
        // A reader may want to know the next hop.
        dev.keep_route();
        // Nobody has the node open.
        dev.carrier_off();
    }

    fn uninit(port: &Port<Self>, _dev: &Device, _rtnl: &Rtnl) {
        port.revoke();
    }

    fn open(port: &Port<Self>, dev: &Device, rtnl: &Rtnl) {
        dev.start_queues(rtnl);
        port.up();
    }

    /// A reader that sleeps sleeps on.
    fn stop(port: &Port<Self>, dev: &Device, _rtnl: &Rtnl) {
        let queue = port.down();
        dev.count_tx_dropped(queue.len());
    }

    fn xmit(port: &Port<Self>, dev: &Device, mut skb: SkBuff, tx: &Transmit) -> Verdict {
        // Refused before it is queued: a program that polls and then reads must find a packet.
        let protocol = Protocol::from_ethertype(skb.protocol());
        let prefix =
            protocol.and_then(|protocol| port.framing().prefix(protocol, || skb.next_hop()));
        let Some(prefix) = prefix else {
            if protocol == Some(Protocol::Ip6) {
                port.say_refused();
            }
            skb.drop_for(DropReason::Protocol);
            return Verdict::Dropped;
        };
        if skb.detach().is_err() {
            skb.drop_for(DropReason::NoMemory);
            return Verdict::Dropped;
        }
        skb.set_tag(prefix.to_tag());
        match port.enqueue(skb, dev, tx) {
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

    type Context = Shared;

    fn create(
        shared: &Shared,
        dev: &mut NewDevice,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Port<Self>>> {
        let wanted = name::wanted(Self::KIND.to_bytes(), dev.name().as_bytes());
        let number = match wanted {
            Wanted::Unit(number) => shared.registry.take(number).ok_or_else(|| {
                ext_ack.set(c"A unit of this number exists already");
                EEXIST
            }),
            Wanted::OutOfRange => {
                ext_ack.set(c"Unit numbers end at 32767");
                Err(EINVAL)
            }
            // Here the interface's name must be free too, which need not follow from the number's
            // being free: an interface may have got the name by a rename.
            Wanted::Template => shared
                .registry
                .take_lowest(|number| {
                    node_name(number).is_ok_and(|name| !dev.name_in_use(&name, rtnl))
                })
                .ok_or(ENOSPC),
            Wanted::Any => shared.registry.take_lowest(|_| true).ok_or(ENOSPC),
        }?;

        let name = node_name(number.get())?;
        if wanted == Wanted::Template {
            dev.set_name(&name);
        }
        Port::new(Unit::new(number, name, shared.knobs.clone()))
    }

    fn created(port: Arc<Port<Self>>) -> Result {
        Unit::make_node(port.clone())
            .inspect_err(|e| pr_err!("{}: no node: {:?}\n", port.name(), e))
    }
}

impl AddressEvents for Unit {
    /// As FreeBSD's driver does it: whoever has the unit open and gives the interface an address wants
    /// it up. The system call that sets the address returns after the interface is up.
    fn address_added(port: &Arc<Port<Self>>) {
        let down = {
            let rcu = rcu::read_lock();
            port.device_rcu(&rcu).is_some_and(|dev| !dev.is_up())
        };
        if down && port.is_open() && port.knobs().up_on_addr() {
            if let Some(set_up) = port.disarm() {
                set_up.run_unlocked(port.clone());
            }
        }
    }
}

/// The name of a unit's node.
pub(crate) fn node_name(number: u16) -> Result<Name> {
    Name::from_fmt(fmt!("{}{}", "bsdtun", number))
}
