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
            NameRequest,
            UNIT_MAX, //
        }, //
    },
    driver::{
        drops::DropCause,
        registry::Registry,
        settings::Settings,
        unit::Unit, //
    },
    linux::net::{
        device::{
            flags,
            Device,
            NetdevOps,
            NetdevTx,
            NewDevice,
            Private,
            TxContext, //
        },
        inetaddr::AddressEvents,
        netlink::{
            ExtAck,
            Message,
            NlAttrs,
            Policy, //
        },
        rtnl::Rtnl,
        rtnl_link::Kind,
        skb::SkBuff,
        sysfs::SysfsAttr, //
    },
    uapi, //
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

/// Of the queue, before what is counted of each [`DropCause`].
const GAUGES: [&CStr; 3] = [c"queue_len", c"queue_limit", c"queue_stops"];

/// What `ethtool -S` shows.
static STATISTICS: [&CStr; GAUGES.len() + DropCause::ALL.len()] = {
    let mut names = [c""; GAUGES.len() + DropCause::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = if i < GAUGES.len() {
            GAUGES[i]
        } else {
            DropCause::ALL[i - GAUGES.len()].name()
        };
        i += 1;
    }
    names
};

/// What all units of a kind share.
pub(crate) struct Shared {
    pub(crate) registry: Arc<Registry>,
    pub(crate) settings: Arc<Settings>,
}

/// What makes a kind of interface: where the driver differs from kind to kind at compile time.
pub(crate) trait Variant: Sized + 'static {
    /// The kind of its units.
    const KIND: bsd::kind::Kind;

    /// Its name, for `ip link add type NAME`.
    const NAME: &'static CStr;

    /// What may be said of its [`uapi::IFLA_KEEP`].
    const KEEP: Policy;

    /// `/sys/class/net/INTERFACE/NAME/`.
    fn attributes() -> &'static [&'static SysfsAttr<Unit>];
}

/// The interfaces of a [`Variant`].
pub(crate) struct Interface<F>(PhantomData<F>);

/// bsdtun.
pub(crate) struct Tun;

/// bsdtap.
pub(crate) struct Tap;

/// bsdvmnet.
pub(crate) struct Vmnet;

impl Variant for Tun {
    const KIND: bsd::kind::Kind = bsd::kind::Kind::Tun;
    const NAME: &'static CStr = c"bsdtun";
    const KEEP: Policy = NOT_KEPT;

    fn attributes() -> &'static [&'static SysfsAttr<Unit>] {
        static FILES: [&SysfsAttr<Unit>; 4] = [&DIALECT, &FRAMING, &OWNER, &TRANSIENT];
        &FILES
    }
}

impl Variant for Tap {
    const KIND: bsd::kind::Kind = bsd::kind::Kind::Tap;
    const NAME: &'static CStr = c"bsdtap";
    const KEEP: Policy = Policy::u8_bool();

    fn attributes() -> &'static [&'static SysfsAttr<Unit>] {
        static FILES: [&SysfsAttr<Unit>; 3] = [&KEEP, &OWNER, &TRANSIENT];
        &FILES
    }
}

impl Variant for Vmnet {
    const KIND: bsd::kind::Kind = bsd::kind::Kind::Vmnet;
    const NAME: &'static CStr = c"bsdvmnet";
    const KEEP: Policy = NOT_KEPT;

    fn attributes() -> &'static [&'static SysfsAttr<Unit>] {
        static FILES: [&SysfsAttr<Unit>; 2] = [&OWNER, &TRANSIENT];
        &FILES
    }
}

const NOT_KEPT: Policy =
    Policy::refused(c"Only units of the kind bsdtap can be told to stay as they are");

static DIALECT: SysfsAttr<Unit> = SysfsAttr::read_write(
    c"dialect",
    |unit, out| writeln!(out, "{}", unit.framing().dialect().name()),
    |unit, text| {
        let dialect = Dialect::from_name(text).ok_or(EINVAL)?;
        unit.change_framing(|framing| framing.set_dialect(dialect));
        Ok(())
    },
);

static FRAMING: SysfsAttr<Unit> = SysfsAttr::read_only(c"framing", |unit, out| {
    writeln!(out, "{}", unit.framing().name())
});

static KEEP: SysfsAttr<Unit> = SysfsAttr::read_write(
    c"keep",
    |unit, out| writeln!(out, "{}", u8::from(unit.snapshot().keep)),
    |unit, text| {
        unit.set_keep(kstrtobool_bytes(text)?);
        Ok(())
    },
);

static OWNER: SysfsAttr<Unit> = SysfsAttr::read_only(c"owner", |unit, out| {
    writeln!(out, "{}", unit.snapshot().owner)
});

static TRANSIENT: SysfsAttr<Unit> = SysfsAttr::read_write(
    c"transient",
    |unit, out| writeln!(out, "{}", u8::from(unit.snapshot().transient)),
    |unit, text| {
        unit.set_transient(kstrtobool_bytes(text)?);
        Ok(())
    },
);

impl<F: Variant> NetdevOps for Interface<F> {
    type Data = Unit;

    const DRIVER: &'static CStr = c"bsdtun";

    const DIRECTORY: &'static CStr = F::NAME;

    const ETHERNET: bool = F::KIND.is_ethernet();

    fn attributes() -> &'static [&'static SysfsAttr<Unit>] {
        F::attributes()
    }

    fn setup(dev: &mut NewDevice) {
        if !Self::ETHERNET {
            dev.set_flags(flags::POINTOPOINT | flags::NOARP | flags::MULTICAST);
            // A reader may want to know the next hop.
            dev.keep_dst();
        }
        // A read gathers them.
        dev.take_pieces();
        dev.set_mtu(MTU_DEFAULT, MTU_MIN, PACKET_MAX as u32);
        dev.set_tx_queue_len(QUEUE_LEN_DEFAULT);
        // Nobody has the node open.
        dev.carrier_off();
    }

    fn uninit(unit: &Private<Unit>, _dev: &Device, _rtnl: &Rtnl) {
        unit.drop_list(unit.queue().revoke(), DropCause::TxUnread);
    }

    fn open(unit: &Private<Unit>, dev: &Device, rtnl: &Rtnl) {
        dev.start_queues(rtnl);
        unit.queue().up();
    }

    /// A reader that sleeps sleeps on.
    fn stop(unit: &Private<Unit>, dev: &Device, _rtnl: &Rtnl) {
        let queue = unit.queue().down();
        dev.count_tx_dropped(queue.len());
        unit.drop_list(queue, DropCause::TxUnread);
    }

    fn start_xmit(unit: &Private<Unit>, dev: &Device, mut skb: SkBuff, tx: &TxContext) -> NetdevTx {
        // The number is made now: its parts would have to be kept meanwhile.
        let tag = if Self::ETHERNET {
            Prefix::None.to_cb()
        } else {
            // OpenError before it is queued: a program that polls and then reads must find a packet.
            let protocol = Protocol::from_ethertype(skb.protocol());
            let prefix =
                protocol.and_then(|protocol| unit.framing().prefix(protocol, || skb.next_hop()));
            let Some(prefix) = prefix else {
                if protocol == Some(Protocol::Ip6) {
                    unit.log_ipv6_drop();
                }
                unit.drop_skb(skb, DropCause::TxProtocol);
                return NetdevTx::Dropped;
            };
            prefix.to_cb()
        };
        if skb.scrub().is_err() {
            unit.drop_skb(skb, DropCause::TxNoMemory);
            return NetdevTx::Dropped;
        }
        skb.set_cb(tag);
        match unit.queue().enqueue(unit.name(), skb, dev, tx) {
            Ok(()) => NetdevTx::Sent,
            Err((skb, loss)) => {
                unit.drop_skb(skb, loss);
                NetdevTx::Dropped
            }
        }
    }

    fn priv_destructor(unit: Arc<Private<Unit>>) {
        unit.remove_node();
    }

    fn bus_info(unit: &Private<Unit>) -> &[u8] {
        unit.name().as_bytes()
    }

    const STATISTICS: &'static [&'static CStr] = &STATISTICS;

    fn statistics(unit: &Private<Unit>, dev: &Device, values: &mut [u64]) {
        let gauges = [
            unit.queue().len() as u64,
            dev.tx_queue_len() as u64,
            unit.queue().stops(),
        ];
        let drop_stats = DropCause::ALL.map(|loss| unit.drop_stats().get(loss));
        for (to, value) in values
            .iter_mut()
            .zip([&gauges[..], &drop_stats].into_iter().flatten())
        {
            *to = *value;
        }
    }
}

impl<F: Variant> Kind for Interface<F> {
    const KIND: &'static CStr = F::NAME;

    type OwnerModule = crate::LocalModule;

    type Context = Shared;

    // In the order of their numbers, see `uapi`.
    const ATTRIBUTES: &'static [Policy] = &[
        Policy::none(),
        Policy::u32_up_to(UNIT_MAX as i16),
        F::KEEP,
        Policy::u8_bool(),
        Policy::refused(c"The owner is whoever opens the unit"),
    ];

    fn create(
        shared: &Shared,
        dev: &mut NewDevice,
        attributes: &NlAttrs<'_>,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Private<Unit>>> {
        let names = shared.settings.names();
        let wanted = names.name_request(F::KIND, dev.name().as_bytes());
        let asked = attributes
            .u32(uapi::IFLA_UNIT)
            .map(|number| u16::try_from(number).map_or(NameRequest::OutOfRange, NameRequest::Unit));
        let unit = match (asked, wanted) {
            (Some(asked), NameRequest::Any | NameRequest::Template) => asked,
            (Some(asked), named) if asked != named => {
                ext_ack.set(c"The name is that of a unit with another number");
                return Err(EINVAL);
            }
            (_, named) => named,
        };
        let number = match unit {
            NameRequest::Unit(number) => shared.registry.take(number).ok_or_else(|| {
                ext_ack.set(c"A unit of this number exists already");
                EEXIST
            }),
            NameRequest::OutOfRange => {
                ext_ack.set(c"Unit numbers end at 32767");
                Err(EINVAL)
            }
            // Here the interface's name must be free too, which need not follow from the number's
            // being free: an interface may have got the name by a rename.
            NameRequest::Template => shared
                .registry
                .take_lowest(|number| {
                    names
                        .unit(F::KIND, number)
                        .is_ok_and(|name| !dev.name_in_use(&name, rtnl))
                })
                .ok_or(ENOSPC),
            NameRequest::Any => shared.registry.take_lowest(|_| true).ok_or(ENOSPC),
        }?;

        let name = names.unit(F::KIND, number.get())?;
        if wanted == NameRequest::Template {
            dev.set_name(&name);
        }
        let unit = Private::new(Unit::new(F::KIND, number, name, shared.settings.clone()))?;
        set_attributes(&unit, attributes);
        Ok(unit)
    }

    fn change(
        unit: &Private<Unit>,
        attributes: &NlAttrs<'_>,
        ext_ack: &mut ExtAck<'_>,
        _rtnl: &Rtnl,
    ) -> Result {
        if attributes
            .u32(uapi::IFLA_UNIT)
            .is_some_and(|number| number != u32::from(unit.number()))
        {
            ext_ack.set(c"The number of a unit does not change");
            return Err(EOPNOTSUPP);
        }
        set_attributes(unit, attributes);
        Ok(())
    }

    fn describe(unit: &Private<Unit>, message: &mut Message<'_>) -> Result {
        let snapshot = unit.snapshot();
        message.put_u32(uapi::IFLA_UNIT, unit.number().into())?;
        if F::KIND == bsd::kind::Kind::Tap {
            message.put_u8_bool(uapi::IFLA_KEEP, snapshot.keep)?;
        }
        message.put_u8_bool(uapi::IFLA_TRANSIENT, snapshot.transient)?;
        message.put_u32(uapi::IFLA_OWNER, snapshot.owner as u32)
    }

    fn created(unit: Arc<Private<Unit>>) -> Result {
        Unit::make_node(unit.clone())
            .inspect_err(|e| pr_err!("{}: no node: {:?}\n", unit.name(), e))
    }
}

/// What may be said when a unit is made, and later too.
fn set_attributes(unit: &Private<Unit>, attributes: &NlAttrs<'_>) {
    if let Some(keep) = attributes.u8_bool(uapi::IFLA_KEEP) {
        unit.set_keep(keep);
    }
    if let Some(transient) = attributes.u8_bool(uapi::IFLA_TRANSIENT) {
        unit.set_transient(transient);
    }
}

impl AddressEvents for Interface<Tun> {
    /// As FreeBSD's driver does it: whoever has the unit open and gives the interface an address wants
    /// it up. The system call that sets the address returns after the interface is up.
    fn address_added(unit: &Arc<Private<Unit>>) {
        let down = {
            let rcu = rcu::read_lock();
            unit.device_rcu(&rcu).is_some_and(|dev| !dev.is_up())
        };
        if down && unit.queue().is_open() && unit.settings().up_on_addr() {
            if let Some(set_up) = unit.disarm_up_work() {
                set_up.queue(unit.clone());
            }
        }
    }
}
