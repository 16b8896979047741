// SPDX-License-Identifier: GPL-2.0

//! Opening a unit: by its own node, or on behalf of a cloner.

use crate::{
    bsd::lifecycle::OpenError,
    driver::{
        file::UnitFile,
        node_device::{
            NodeDevice,
            NodeTarget, //
        },
        unit::Unit, //
    },
    linux::{
        miscdevice::MiscOpen,
        net::{
            name::Name,
            private::Private,
            rtnl, //
        },
        pid::Pid, //
    }, //
};
use kernel::{
    fs::File,
    prelude::*,
    sync::{
        rcu,
        Arc, //
    }, //
};

/// The node of a unit, such as `/dev/bsdtun0`. Opening it opens the unit.
pub(crate) struct UnitNode;

impl MiscOpen for UnitNode {
    type Data = NodeTarget<Private<Unit>>;

    type File = UnitFile;

    /// Opens the unit of the node.
    ///
    /// # Errors
    ///
    /// `ENXIO` if the node is retired, or those of [`open_unit`].
    fn open(target: &Arc<Self::Data>, _file: &File) -> Result<Arc<Private<Unit>>> {
        let unit = target.unit().ok_or(ENXIO)?;
        open_unit(&unit)?;
        Ok(unit)
    }
}

impl UnitNode {
    /// Creates the node of a unit, or takes over a retired one, unless the interface is gone
    /// already. Process context, with no lock held.
    ///
    /// In sysfs the device has the name of the kind, with or without the module parameter
    /// `bsd_names`: it must differ from the names of other drivers' devices.
    ///
    /// # Errors
    ///
    /// Those of [`NodeDevice::new`].
    pub(crate) fn create(unit: &Arc<Private<Unit>>) -> Result {
        unit.node().create(unit, |unit| {
            let name = Name::from_fmt(fmt!("{}{}", unit.kind().name(), unit.number()))?;
            let node_name = *unit.name();
            NodeDevice::new::<Self>(name.as_c_str(), node_name.as_c_str(), unit)
        })
    }
}

/// Opens a unit for the current process. `misc_mtx` is held: this must not make or remove a node,
/// and must not unregister an interface.
///
/// When it returns, packets flow if the interface is up. In the openbsd dialect of a tun the
/// interface is up when the system call returns.
///
/// # Errors
///
/// `ENXIO` if the interface is being removed, `EPERM` if the caller lacks `CAP_NET_ADMIN` in the
/// user namespace that owns the interface's network namespace (a tap or vmnet needs none if
/// `net.link.tap.user_open` is 1), `EBUSY` if the unit is open or being closed.
pub(crate) fn open_unit(unit: &Arc<Private<Unit>>) -> Result {
    let ethernet = unit.kind().is_ethernet();
    {
        let rcu = rcu::read_lock();
        let dev = unit.device_rcu(&rcu).ok_or(ENXIO)?;
        if !(unit.settings().user_open(unit.kind()) || dev.ns_capable_net_admin(&rcu)) {
            return Err(EPERM);
        }
    }
    unit.queue().open().map_err(|e| match e {
        OpenError::Busy => EBUSY,
        OpenError::Gone => ENXIO,
    })?;
    unit.set_opened();
    unit.set_owner(Pid::current());
    unit.arm_up_work();

    let up = {
        let rcu = rcu::read_lock();
        unit.device_rcu(&rcu).is_some_and(|dev| {
            if ethernet {
                unit.set_remote_address(dev.ethernet_address());
            }
            dev.carrier_on();
            dev.is_up()
        })
    };
    // An interface that is set up later sees the carrier. One that is up already would start to
    // transmit from a work item a moment later, and the stack would drop packets until then.
    //
    // Otherwise RTNL is not taken: all opens of misc devices wait for this one.
    let set_up = ethernet && unit.settings().up_on_open();
    if up || set_up {
        let rtnl = rtnl::lock();
        if let Some(dev) = unit.device(&rtnl) {
            if set_up {
                if let Err(e) = dev.open(&rtnl) {
                    pr_warn!(
                        "{}: cannot set the interface up at open: {:?}\n",
                        unit.name(),
                        e
                    );
                }
            }
            dev.activate(&rtnl);
        }
    }
    if !ethernet && !up && unit.framing().is_openbsd() {
        // OpenBSD's programs expect the interface to be up. The work is done before the system call
        // returns, when `misc_mtx` is released.
        match unit.disarm_up_work() {
            Some(work) => work.queue(unit.clone()),
            None => pr_warn!(
                "{}: no memory to set the interface up at open\n",
                unit.name()
            ),
        }
    }
    unit.debug(fmt!("opened"));
    Ok(())
}
