// SPDX-License-Identifier: GPL-2.0

//! What the network stack does with a unit's interface.

use crate::{
    bsd::{
        self,
        framing::{
            Dialect,
            Prefix,
            Protocol,
            MTU_DEFAULT,
            MTU_MIN,
            PACKET_MAX, //
        },
        name::{
            Wanted,
            UNIT_MAX, //
        }, //
    },
    knobs::Knobs,
    loss::Loss,
    net::{
        address::AddressEvents,
        attribute::Attribute,
        device::{
            flags,
            Device,
            NewDevice,
            Operations,
            Port,
            Transmit,
            Verdict, //
        },
        link::Kind,
        netlink::{
            Attributes,
            ExtAck,
            Message,
            Policy, //
        },
        rtnl::Rtnl,
        skb::SkBuff, //
    },
    registry::Registry,
    uapi,
    unit::Unit, //
};
use core::marker::PhantomData;
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

/// Of the queue, before what is counted of each [`Loss`].
const GAUGES: [&CStr; 3] = [c"queue_len", c"queue_limit", c"queue_stops"];

/// What `ethtool -S` shows.
static STATISTICS: [&CStr; GAUGES.len() + Loss::ALL.len()] = {
    let mut names = [c""; GAUGES.len() + Loss::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = if i < GAUGES.len() {
            GAUGES[i]
        } else {
            Loss::ALL[i - GAUGES.len()].name()
        };
        i += 1;
    }
    names
};

/// What all units of a kind share.
pub(crate) struct Shared {
    pub(crate) registry: Arc<Registry>,
    pub(crate) knobs: Arc<Knobs>,
}

/// What makes a kind of interface: where the driver differs from kind to kind at compile time.
pub(crate) trait Flavour: Sized + 'static {
    /// The kind of its units.
    const KIND: bsd::kind::Kind;

    /// Its name, for `ip link add type NAME`.
    const NAME: &'static CStr;

    /// What may be said of its [`uapi::IFLA_KEEP`].
    const KEEP: Policy;

    /// `/sys/class/net/INTERFACE/NAME/`.
    fn attributes() -> &'static [&'static Attribute<Unit>];
}

/// The interfaces of a [`Flavour`].
pub(crate) struct Interface<F>(PhantomData<F>);

/// bsdtun.
pub(crate) struct Tun;

/// bsdtap.
pub(crate) struct Tap;

/// bsdvmnet.
pub(crate) struct Vmnet;

impl Flavour for Tun {
    const KIND: bsd::kind::Kind = bsd::kind::Kind::Tun;
    const NAME: &'static CStr = c"bsdtun";
    const KEEP: Policy = NOT_KEPT;

    fn attributes() -> &'static [&'static Attribute<Unit>] {
        static FILES: [&Attribute<Unit>; 4] = [&DIALECT, &FRAMING, &OWNER, &TRANSIENT];
        &FILES
    }
}

impl Flavour for Tap {
    const KIND: bsd::kind::Kind = bsd::kind::Kind::Tap;
    const NAME: &'static CStr = c"bsdtap";
    const KEEP: Policy = Policy::flag();

    fn attributes() -> &'static [&'static Attribute<Unit>] {
        static FILES: [&Attribute<Unit>; 3] = [&KEEP, &OWNER, &TRANSIENT];
        &FILES
    }
}

impl Flavour for Vmnet {
    const KIND: bsd::kind::Kind = bsd::kind::Kind::Vmnet;
    const NAME: &'static CStr = c"bsdvmnet";
    const KEEP: Policy = NOT_KEPT;

    fn attributes() -> &'static [&'static Attribute<Unit>] {
        static FILES: [&Attribute<Unit>; 2] = [&OWNER, &TRANSIENT];
        &FILES
    }
}

const NOT_KEPT: Policy =
    Policy::refused(c"Only units of the kind bsdtap can be told to stay as they are");

static DIALECT: Attribute<Unit> = Attribute::read_write(
    c"dialect",
    |port, out| writeln!(out, "{}", port.framing().dialect().name()),
    |port, text| {
        let dialect = Dialect::from_name(text).ok_or(EINVAL)?;
        port.change_framing(|framing| framing.set_dialect(dialect));
        Ok(())
    },
);

static FRAMING: Attribute<Unit> = Attribute::read_only(c"framing", |port, out| {
    writeln!(out, "{}", port.framing().name())
});

static KEEP: Attribute<Unit> = Attribute::read_write(
    c"keep",
    |port, out| writeln!(out, "{}", u8::from(port.shown().keep)),
    |port, text| {
        port.set_keep(kstrtobool_bytes(text)?);
        Ok(())
    },
);

static OWNER: Attribute<Unit> = Attribute::read_only(c"owner", |port, out| {
    writeln!(out, "{}", port.shown().owner)
});

static TRANSIENT: Attribute<Unit> = Attribute::read_write(
    c"transient",
    |port, out| writeln!(out, "{}", u8::from(port.shown().transient)),
    |port, text| {
        port.set_transient(kstrtobool_bytes(text)?);
        Ok(())
    },
);

impl<F: Flavour> Operations for Interface<F> {
    type Data = Unit;

    const DRIVER: &'static CStr = c"bsdtun";

    const DIRECTORY: &'static CStr = F::NAME;

    const ETHERNET: bool = F::KIND.is_ethernet();

    fn attributes() -> &'static [&'static Attribute<Unit>] {
        F::attributes()
    }

    fn setup(dev: &mut NewDevice) {
        if !Self::ETHERNET {
            dev.set_flags(flags::POINTOPOINT | flags::NOARP | flags::MULTICAST);
            // A reader may want to know the next hop.
            dev.keep_route();
        }
        // A read gathers them.
        dev.take_pieces();
        dev.set_mtu(MTU_DEFAULT, MTU_MIN, PACKET_MAX as u32);
        dev.set_tx_queue_len(QUEUE_LEN_DEFAULT);
        // Nobody has the node open.
        dev.carrier_off();
    }

    fn uninit(port: &Port<Unit>, _dev: &Device, _rtnl: &Rtnl) {
        Unit::revoke(port);
    }

    fn open(port: &Port<Unit>, dev: &Device, rtnl: &Rtnl) {
        dev.start_queues(rtnl);
        port.up();
    }

    /// A reader that sleeps sleeps on.
    fn stop(port: &Port<Unit>, dev: &Device, _rtnl: &Rtnl) {
        let queue = port.down();
        dev.count_tx_dropped(queue.len());
        Unit::lose_all(port, queue, Loss::TxUnread);
    }

    fn xmit(port: &Port<Unit>, dev: &Device, mut skb: SkBuff, tx: &Transmit) -> Verdict {
        // The number is made now: its parts would have to be kept meanwhile.
        let tag = if Self::ETHERNET {
            Prefix::None.to_tag()
        } else {
            // Refused before it is queued: a program that polls and then reads must find a packet.
            let protocol = Protocol::from_ethertype(skb.protocol());
            let prefix =
                protocol.and_then(|protocol| port.framing().prefix(protocol, || skb.next_hop()));
            let Some(prefix) = prefix else {
                if protocol == Some(Protocol::Ip6) {
                    port.say_refused();
                }
                Unit::lose(port, skb, Loss::TxProtocol);
                return Verdict::Dropped;
            };
            prefix.to_tag()
        };
        if skb.detach().is_err() {
            Unit::lose(port, skb, Loss::TxNoMemory);
            return Verdict::Dropped;
        }
        skb.set_tag(tag);
        match port.enqueue(skb, dev, tx) {
            Ok(()) => Verdict::Sent,
            Err((skb, loss)) => {
                Unit::lose(port, skb, loss);
                Verdict::Dropped
            }
        }
    }

    fn gone(port: Arc<Port<Unit>>) {
        port.remove_node();
    }

    fn bus_info(port: &Port<Unit>) -> &[u8] {
        port.name().as_bytes()
    }

    const STATISTICS: &'static [&'static CStr] = &STATISTICS;

    fn statistics(port: &Port<Unit>, dev: &Device, values: &mut [u64]) {
        let gauges = [
            port.queued() as u64,
            dev.tx_queue_len() as u64,
            port.stops(),
        ];
        let losses = Loss::ALL.map(|loss| port.losses().get(loss));
        for (to, value) in values
            .iter_mut()
            .zip([&gauges[..], &losses].into_iter().flatten())
        {
            *to = *value;
        }
    }
}

impl<F: Flavour> Kind for Interface<F> {
    const KIND: &'static CStr = F::NAME;

    type OwnerModule = crate::LocalModule;

    type Context = Shared;

    // In the order of their numbers, see `uapi`.
    const ATTRIBUTES: &'static [Policy] = &[
        Policy::none(),
        Policy::u32_up_to(UNIT_MAX as i16),
        F::KEEP,
        Policy::flag(),
        Policy::refused(c"The owner is whoever opens the unit"),
    ];

    fn create(
        shared: &Shared,
        dev: &mut NewDevice,
        attributes: &Attributes<'_>,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Port<Unit>>> {
        let names = shared.knobs.names();
        let wanted = names.wanted(F::KIND, dev.name().as_bytes());
        let asked = attributes
            .u32(uapi::IFLA_UNIT)
            .map(|number| u16::try_from(number).map_or(Wanted::OutOfRange, Wanted::Unit));
        let unit = match (asked, wanted) {
            (Some(asked), Wanted::Any | Wanted::Template) => asked,
            (Some(asked), named) if asked != named => {
                ext_ack.set(c"The name is that of a unit with another number");
                return Err(EINVAL);
            }
            (_, named) => named,
        };
        let number = match unit {
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
                    names
                        .unit(F::KIND, number)
                        .is_ok_and(|name| !dev.name_in_use(&name, rtnl))
                })
                .ok_or(ENOSPC),
            Wanted::Any => shared.registry.take_lowest(|_| true).ok_or(ENOSPC),
        }?;

        let name = names.unit(F::KIND, number.get())?;
        if wanted == Wanted::Template {
            dev.set_name(&name);
        }
        let port = Port::new(Unit::new(F::KIND, number, name, shared.knobs.clone()))?;
        set_attributes(&port, attributes);
        Ok(port)
    }

    fn change(
        port: &Port<Unit>,
        attributes: &Attributes<'_>,
        ext_ack: &mut ExtAck<'_>,
        _rtnl: &Rtnl,
    ) -> Result {
        if attributes
            .u32(uapi::IFLA_UNIT)
            .is_some_and(|number| number != u32::from(port.number()))
        {
            ext_ack.set(c"The number of a unit does not change");
            return Err(EOPNOTSUPP);
        }
        set_attributes(port, attributes);
        Ok(())
    }

    fn describe(port: &Port<Unit>, message: &mut Message<'_>) -> Result {
        let shown = port.shown();
        message.put_u32(uapi::IFLA_UNIT, port.number().into())?;
        if F::KIND == bsd::kind::Kind::Tap {
            message.put_flag(uapi::IFLA_KEEP, shown.keep)?;
        }
        message.put_flag(uapi::IFLA_TRANSIENT, shown.transient)?;
        message.put_u32(uapi::IFLA_OWNER, shown.owner as u32)
    }

    fn created(port: Arc<Port<Unit>>) -> Result {
        Unit::make_node(port.clone())
            .inspect_err(|e| pr_err!("{}: no node: {:?}\n", port.name(), e))
    }
}

/// What may be said when a unit is made, and later too.
fn set_attributes(port: &Port<Unit>, attributes: &Attributes<'_>) {
    if let Some(keep) = attributes.flag(uapi::IFLA_KEEP) {
        port.set_keep(keep);
    }
    if let Some(transient) = attributes.flag(uapi::IFLA_TRANSIENT) {
        port.set_transient(transient);
    }
}

impl AddressEvents for Interface<Tun> {
    /// As FreeBSD's driver does it: whoever has the unit open and gives the interface an address wants
    /// it up. The system call that sets the address returns after the interface is up.
    fn address_added(port: &Arc<Port<Unit>>) {
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
