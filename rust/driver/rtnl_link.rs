// SPDX-License-Identifier: GPL-2.0

//! Creating and configuring units by `ip link`: the three link kinds.

use crate::{
    bsd::{
        dialect::Dialect,
        framing::{
            Framing,
            Mode, //
        },
        kind::Kind,
        name::{
            NameRequest,
            UNIT_MAX, //
        }, //
    },
    driver::{
        open::UnitNode,
        quota::Quota,
        settings::Settings,
        unit::{
            Unit,
            UnitRegistry, //
        },
        variant::{
            Interface,
            Variant, //
        }, //
    },
    linux::net::{
        netlink::{
            ExtAck,
            Message,
            NlAttrs,
            Policy, //
        },
        new_device::NewDevice,
        private::Private,
        rtnl::Rtnl,
        rtnl_link::LinkOps,
        sysfs::SysfsAttr, //
    },
    uapi, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// For a number above [`UNIT_MAX`].
const OUT_OF_RANGE: &CStr = c"Unit numbers range from 0 to 32767";

/// The objects that all units of a kind share.
pub(crate) struct LinkContext {
    pub(crate) registry: Arc<UnitRegistry>,
    pub(crate) quota: Arc<Quota>,
    pub(crate) settings: Arc<Settings>,
}

impl<V: Variant> LinkOps for Interface<V> {
    const KIND: &'static CStr = V::NAME;

    type OwnerModule = crate::LocalModule;

    type Context = LinkContext;

    // By number: `uapi` asserts that the numbers are 1 to 6.
    const POLICIES: &'static [Policy] = &[
        Policy::none(),
        Policy::u32(),
        V::KEEP,
        Policy::u8_bool(),
        // Not in replies either: a notification is built once, for all its readers, by a process
        // whose PID namespace is not theirs.
        Policy::refused(c"The owner is shown in sysfs and fdinfo only"),
        V::WORD,
        V::WORD,
    ];

    fn sysfs_attrs() -> &'static [&'static SysfsAttr<Unit>] {
        V::sysfs_attrs()
    }

    /// Creates the unit that the interface's name or `IFLA_BSDTUN_UNIT` asks for.
    ///
    /// # Errors
    ///
    /// `EINVAL` if name and number disagree, or the number in the name is out of range; those of
    /// [`requested_framing`] and [`requested_number`]; `EEXIST` if the number is in use; `ENOSPC`
    /// if no number is free, or if the user namespace that owns the network namespace owns as many
    /// units as it may; `ENOMEM`.
    fn newlink(
        context: &LinkContext,
        dev: &mut NewDevice,
        attrs: &NlAttrs<'_>,
        ext_ack: &mut ExtAck<'_>,
        rtnl: &Rtnl,
    ) -> Result<Arc<Private<Unit>>> {
        let framing = requested_framing(Framing::new(), attrs, ext_ack)?;
        let names = context.settings.names();
        let by_name = names.name_request(V::KIND, dev.name().as_bytes());
        let by_number = requested_number(attrs, ext_ack)?.map(NameRequest::Unit);
        let request = match (by_number, by_name) {
            (Some(by_number), NameRequest::Any | NameRequest::Template) => by_number,
            (Some(by_number), by_name) if by_number != by_name => {
                ext_ack.set(c"The interface name belongs to another unit number");
                return Err(EINVAL);
            }
            (_, by_name) => by_name,
        };
        let user_ns = dev.user_ns(rtnl);
        let charge = if user_ns.is_initial() {
            None
        } else {
            let limit = context.settings.user_units();
            let charge = context.quota.charge(user_ns, V::KIND, limit);
            Some(charge.inspect_err(|&e| {
                if e == ENOSPC {
                    ext_ack.set(c"Too many units in user namespaces: net.link.bsdtun.user_units");
                }
            })?)
        };
        let id = match request {
            NameRequest::Unit(number) => context.registry.allocate(number).ok_or_else(|| {
                ext_ack.set(c"A unit with this number already exists");
                EEXIST
            }),
            NameRequest::OutOfRange => {
                ext_ack.set(OUT_OF_RANGE);
                Err(EINVAL)
            }
            // The interface is named after the number, so that name must be free too: a renamed
            // interface may have it although the number is free.
            NameRequest::Template => context
                .registry
                .allocate_lowest(|number| {
                    names
                        .unit(V::KIND, number)
                        .is_ok_and(|name| !dev.name_in_use(&name, rtnl))
                })
                .ok_or(ENOSPC),
            NameRequest::Any => context.registry.allocate_lowest(|_| true).ok_or(ENOSPC),
        }?;

        let name = names.unit(V::KIND, id.number())?;
        if by_name == NameRequest::Template {
            dev.set_name(&name);
        }
        let unit = Private::new(Unit::new(
            V::KIND,
            id,
            name,
            context.settings.clone(),
            charge,
        ))?;
        unit.change_framing(|current| *current = framing);
        apply_settings(&unit, attrs);
        Ok(unit)
    }

    /// Changes `framing`, `dialect`, `keep` and `transient`.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` if `IFLA_BSDTUN_UNIT` is not the unit's number; those of [`requested_framing`]
    /// and [`requested_number`].
    fn changelink(
        unit: &Private<Unit>,
        attrs: &NlAttrs<'_>,
        ext_ack: &mut ExtAck<'_>,
        _rtnl: &Rtnl,
    ) -> Result {
        if requested_number(attrs, ext_ack)?.is_some_and(|number| number != unit.number()) {
            ext_ack.set(c"The number of a unit cannot be changed");
            return Err(EOPNOTSUPP);
        }
        unit.change_framing(|framing| {
            *framing = requested_framing(*framing, attrs, ext_ack)?;
            Ok::<(), Error>(())
        })?;
        apply_settings(unit, attrs);
        Ok(())
    }

    fn fill_info(unit: &Private<Unit>, message: &mut Message<'_>) -> Result {
        let snapshot = unit.snapshot();
        message.put_u32(uapi::IFLA_UNIT, unit.number().into())?;
        if V::KIND == Kind::Tap {
            message.put_u8_bool(uapi::IFLA_KEEP, snapshot.keep)?;
        }
        if V::KIND == Kind::Tun {
            let framing = unit.framing();
            message.put_word(uapi::IFLA_FRAMING, framing.name())?;
            message.put_word(uapi::IFLA_DIALECT, framing.dialect().name())?;
        }
        message.put_u8_bool(uapi::IFLA_TRANSIENT, snapshot.transient)
    }

    /// Creates the node, which must not be done under RTNL. A unit without a node is given by the
    /// cloner.
    fn registered(unit: Arc<Private<Unit>>) -> Result {
        if !unit.has_node() {
            return unit
                .node()
                .offer_to_cloner(&unit, |unit| unit.queue().is_revoked());
        }
        UnitNode::create(&unit)
            .inspect_err(|e| pr_err!("{}: cannot create the node: {:?}\n", unit.name(), e))
    }
}

/// The number of `IFLA_BSDTUN_UNIT` in a request.
///
/// # Errors
///
/// `ERANGE` if it is above [`UNIT_MAX`].
fn requested_number(attrs: &NlAttrs<'_>, ext_ack: &mut ExtAck<'_>) -> Result<Option<u16>> {
    let Some(number) = attrs.u32(uapi::IFLA_UNIT) else {
        return Ok(None);
    };
    let number = u16::try_from(number).ok();
    if number.is_none_or(|number| number > UNIT_MAX) {
        ext_ack.set(OUT_OF_RANGE);
        return Err(ERANGE);
    }
    Ok(number)
}

/// The framing that a request asks for, on a unit that has the framing `current`.
///
/// # Errors
///
/// `EINVAL` for a word that is unknown, and for a framing that the dialect does not have.
fn requested_framing(
    current: Framing,
    attrs: &NlAttrs<'_>,
    ext_ack: &mut ExtAck<'_>,
) -> Result<Framing> {
    let dialect = attrs.word(uapi::IFLA_DIALECT).map(Dialect::from_name);
    if dialect == Some(None) {
        ext_ack.set(c"The dialect is \"linux\", \"freebsd\", \"netbsd\" or \"openbsd\"");
        return Err(EINVAL);
    }
    let mode = attrs.word(uapi::IFLA_FRAMING).map(Mode::from_name);
    if mode == Some(None) {
        ext_ack.set(c"The framing is \"bare\", \"ifhead\" or \"lmode\"");
        return Err(EINVAL);
    }
    current
        .with(dialect.flatten(), mode.flatten())
        .ok_or_else(|| {
            ext_ack.set(c"The openbsd dialect has no framing other than \"ifhead\"");
            EINVAL
        })
}

/// Applies the settings that a request may carry at creation and later.
fn apply_settings(unit: &Private<Unit>, attrs: &NlAttrs<'_>) {
    if let Some(keep) = attrs.u8_bool(uapi::IFLA_KEEP) {
        unit.set_keep(keep);
    }
    if let Some(transient) = attrs.u8_bool(uapi::IFLA_TRANSIENT) {
        unit.set_transient(transient);
    }
}
