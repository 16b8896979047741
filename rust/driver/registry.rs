// SPDX-License-Identifier: GPL-2.0

//! The units of one kind: which numbers are in use, which units the cloner can give, and which
//! nodes are retired.

use crate::{
    bsd::name::UNIT_MAX,
    driver::node_device::NodeDevice, //
};
use kernel::{
    id_pool::IdPool,
    new_mutex,
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNodeReservation, //
    },
    sync::{
        atomic::{
            AtomicFlag,
            Relaxed, //
        },
        Arc,
        Mutex, //
    }, //
};

/// The numbers of one kind of unit, the units of type `T` that its cloner can give, and the nodes
/// whose units are gone. Dropping it removes those nodes.
///
/// The mutexes do not nest. Process context.
#[pin_data]
pub(crate) struct Registry<T> {
    /// Numbers in use.
    #[pin]
    ids: Mutex<IdPool>,
    /// Units that a cloner may give, by number. An entry is removed when its number is freed.
    #[pin]
    cloned: Mutex<RBTree<u16, Arc<T>>>,
    /// Retired nodes, by the number that they had.
    #[pin]
    retired: Mutex<RBTree<u16, NodeDevice<T>>>,
    /// Set when the module is being unloaded: nodes are retired from now on.
    closing: AtomicFlag,
}

/// The number of one unit. Dropping it frees the number.
pub(crate) struct UnitId<T> {
    registry: Arc<Registry<T>>,
    number: u16,
}

/// Memory for one call of [`Registry::add_cloned`].
pub(crate) struct Reservation<T>(RBTreeNodeReservation<u16, Arc<T>>);

impl<T> Reservation<T> {
    /// Allocates the memory.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(RBTreeNodeReservation::new(GFP_KERNEL)?))
    }
}

/// Memory for one call of [`UnitId::retire`].
pub(crate) struct NodeReservation<T>(RBTreeNodeReservation<u16, NodeDevice<T>>);

impl<T> NodeReservation<T> {
    /// Allocates the memory.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(RBTreeNodeReservation::new(GFP_KERNEL_ACCOUNT)?))
    }
}

impl<T> Registry<T> {
    /// Creates a registry with all numbers free.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Arc<Self>> {
        // The full size, 4 KiB, so that allocating a number needs no memory.
        let pool = IdPool::with_capacity(usize::from(UNIT_MAX) + 1, GFP_KERNEL)?;
        Arc::pin_init(
            pin_init!(Self {
                ids <- new_mutex!(pool, "Registry::ids"),
                cloned <- new_mutex!(RBTree::new(), "Registry::cloned"),
                retired <- new_mutex!(RBTree::new(), "Registry::retired"),
                closing: AtomicFlag::new(false),
            }),
            GFP_KERNEL,
        )
    }

    /// The module is being unloaded: from now on all nodes are retired, and removed together when
    /// the registry is dropped. The core removes the last units under `pernet_ops_rwsem`, under
    /// which nothing should wait for `misc_mtx`.
    pub(crate) fn close(&self) {
        self.closing.store(true, Relaxed);
    }

    /// Allocates `number`; `None` if it is in use or above [`UNIT_MAX`].
    pub(crate) fn allocate(self: &Arc<Self>, number: u16) -> Option<UnitId<T>> {
        self.allocate_from(number).filter(|id| id.number == number)
    }

    /// Allocates the lowest free number for which `suits` returns true; `None` if there is none.
    pub(crate) fn allocate_lowest(
        self: &Arc<Self>,
        suits: impl Fn(u16) -> bool,
    ) -> Option<UnitId<T>> {
        let mut from = 0;
        loop {
            let id = self.allocate_from(from)?;
            if suits(id.number) {
                return Some(id);
            }
            from = id.number.checked_add(1)?;
        }
    }

    /// Allocates the lowest free number that is at least `from`.
    fn allocate_from(self: &Arc<Self>, from: u16) -> Option<UnitId<T>> {
        let mut ids = self.ids.lock();
        let id = ids.find_unused_id(usize::from(from))?;
        // The capacity of the pool may have been rounded up.
        let number = u16::try_from(id.as_usize())
            .ok()
            .filter(|&number| number <= UNIT_MAX)?;
        id.acquire();
        Some(UnitId {
            registry: self.clone(),
            number,
        })
    }

    /// Adds a unit that the cloner may give. `is_gone` returns whether its interface is gone.
    pub(crate) fn add_cloned(
        &self,
        reservation: Reservation<T>,
        number: u16,
        unit: Arc<T>,
        is_gone: impl FnOnce(&T) -> bool,
    ) {
        let entry = reservation.0.into_node(number, unit.clone());
        let mut cloned = self.cloned.lock();
        // Check and add in one step. If the interface is gone, the number may have been freed, and
        // the entry may be that of another unit with the same number. If it is not gone yet, the
        // drop of the number will remove the entry.
        let old = if is_gone(&unit) {
            Some(entry)
        } else {
            cloned.insert(entry)
        };
        drop(cloned);
        // Dropped here, after the mutex, which dropping a unit may take.
        drop(old);
    }

    /// Finds the unit with the lowest number for which `suits` returns true, among those that the
    /// cloner may give.
    pub(crate) fn find_cloned(&self, suits: impl Fn(&Arc<T>) -> bool) -> Option<Arc<T>> {
        self.cloned
            .lock()
            .values()
            .find(|unit| suits(unit))
            .cloned()
    }

    fn remove_cloned(&self, number: u16) {
        let old = self.cloned.lock().remove(&number);
        // Dropped here, after the mutex, which dropping a unit may take.
        drop(old);
    }
}

impl<T> UnitId<T> {
    /// The number.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Whether [`Registry::close`] was called.
    pub(crate) fn is_closing(&self) -> bool {
        self.registry.closing.load(Relaxed)
    }

    /// As [`Registry::add_cloned`], for the unit with this number.
    pub(crate) fn add_cloned(
        &self,
        reservation: Reservation<T>,
        unit: Arc<T>,
        is_gone: impl FnOnce(&T) -> bool,
    ) {
        self.registry
            .add_cloned(reservation, self.number, unit, is_gone);
    }

    /// Keeps a retired node for the next unit with this number.
    pub(crate) fn retire(&self, reservation: NodeReservation<T>, device: NodeDevice<T>) {
        let entry = reservation.0.into_node(self.number, device);
        let old = self.registry.retired.lock().insert(entry);
        // There is none: the unit took it over. If there were, it would be dropped after the mutex.
        drop(old);
    }

    /// Takes the retired node of this number, if there is one.
    pub(crate) fn unretire(&self) -> Option<NodeDevice<T>> {
        self.registry.retired.lock().remove(&self.number)
    }
}

impl<T> Drop for UnitId<T> {
    fn drop(&mut self) {
        self.registry.remove_cloned(self.number);
        self.registry
            .ids
            .lock()
            .release_id(usize::from(self.number));
    }
}

#[kunit_tests(bsdtun_registry)]
// The macro makes unsafe functions of the tests.
#[allow(unsafe_code)]
mod tests {
    use super::*;

    type Registry = super::Registry<()>;
    type UnitId = super::UnitId<()>;

    #[test]
    fn number_in_use_is_not_allocated_again() -> Result {
        let registry = Registry::new()?;
        let seven = registry.allocate(7);
        assert_eq!(seven.as_ref().map(UnitId::number), Some(7));
        assert!(registry.allocate(7).is_none());
        drop(seven);
        assert!(registry.allocate(7).is_some());
        Ok(())
    }

    #[test]
    fn lowest_free_number_that_suits() -> Result {
        let registry = Registry::new()?;
        let zero = registry.allocate_lowest(|_| true);
        let two = registry.allocate(2);
        let one = registry.allocate_lowest(|_| true);
        let three = registry.allocate_lowest(|_| true);
        let nine = registry.allocate_lowest(|number| number > 8);
        assert_eq!(zero.as_ref().map(UnitId::number), Some(0));
        assert_eq!(one.as_ref().map(UnitId::number), Some(1));
        assert_eq!(three.as_ref().map(UnitId::number), Some(3));
        assert_eq!(nine.as_ref().map(UnitId::number), Some(9));
        // Numbers that did not suit are free again.
        assert!(registry.allocate(8).is_some());
        drop(one);
        assert_eq!(
            registry.allocate_lowest(|_| true).map(|id| id.number()),
            Some(1)
        );
        drop(two);
        Ok(())
    }

    #[test]
    fn no_number_above_the_maximum() -> Result {
        let registry = Registry::new()?;
        assert_eq!(
            registry.allocate(UNIT_MAX).map(|last| last.number()),
            Some(UNIT_MAX)
        );
        assert!(registry.allocate(UNIT_MAX + 1).is_none());
        assert!(registry.allocate(u16::MAX).is_none());
        assert!(registry
            .allocate_lowest(|number| number > UNIT_MAX)
            .is_none());
        let last = registry.allocate(UNIT_MAX);
        assert!(registry
            .allocate_lowest(|number| number == UNIT_MAX)
            .is_none());
        drop(last);
        Ok(())
    }

    /// When a unit that is gone is added, its number may belong to another unit.
    #[test]
    fn unit_that_is_gone_leaves_the_entry_of_another() -> Result {
        let registry = Registry::new()?;
        let other = Arc::new((), GFP_KERNEL)?;
        for (unit, gone) in [(other.clone(), false), (Arc::new((), GFP_KERNEL)?, true)] {
            registry.add_cloned(Reservation::new()?, 5, unit, |()| gone);
        }
        let found = registry.find_cloned(|_| true);
        assert!(found.is_some_and(|unit| Arc::ptr_eq(&unit, &other)));
        drop(registry.allocate(5));
        Ok(())
    }

    /// A cloned unit is found until its number is free, and not added if it is gone already.
    #[test]
    fn cloned_units_are_found_until_their_number_is_free() -> Result {
        let registry = Registry::new()?;
        for (number, gone) in [(5, false), (3, false), (1, true)] {
            registry.add_cloned(
                Reservation::new()?,
                number,
                Arc::new((), GFP_KERNEL)?,
                |()| gone,
            );
        }
        assert_eq!(registry.cloned.lock().values().count(), 2);
        let five = registry.allocate(5);
        assert!(registry.find_cloned(|_| true).is_some());
        drop(five);
        assert_eq!(registry.cloned.lock().values().count(), 1);
        drop(registry.allocate(3));
        assert!(registry.find_cloned(|_| true).is_none());
        Ok(())
    }
}
