// SPDX-License-Identifier: GPL-2.0

//! Unit numbers.

use crate::{
    bsd::name::UNIT_MAX,
    driver::unit::Unit,
    linux::net::device::Private, //
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
        Arc,
        Mutex, //
    }, //
};

/// The unit numbers of one kind, which of them are taken, and which units a cloner has made.
#[pin_data]
pub(crate) struct Registry {
    #[pin]
    taken: Mutex<IdPool>,
    /// In the order of their numbers, until a number is free again.
    #[pin]
    cloned: Mutex<RBTree<u16, Arc<Private<Unit>>>>,
}

/// Room to remember a unit.
pub(crate) struct Reservation(RBTreeNodeReservation<u16, Arc<Private<Unit>>>);

impl Reservation {
    /// Makes room.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(RBTreeNodeReservation::new(GFP_KERNEL)?))
    }
}

/// A unit number that belongs to one unit; free again when dropped.
pub(crate) struct Number {
    registry: Arc<Registry>,
    number: u16,
}

impl Registry {
    /// Creates a registry with all numbers free.
    pub(crate) fn new() -> Result<Arc<Self>> {
        // As large as it can get: 4 KiB, and taking a number never fails for want of memory.
        let pool = IdPool::with_capacity(usize::from(UNIT_MAX) + 1, GFP_KERNEL)?;
        Arc::pin_init(
            pin_init!(Self {
                taken <- new_mutex!(pool, "Registry::taken"),
                cloned <- new_mutex!(RBTree::new(), "Registry::cloned"),
            }),
            GFP_KERNEL,
        )
    }

    /// Takes this very number, if it is free.
    pub(crate) fn take(self: &Arc<Self>, number: u16) -> Option<Number> {
        self.take_from(number)
            .filter(|taken| taken.number == number)
    }

    /// Takes the lowest free number that suits.
    pub(crate) fn take_lowest(self: &Arc<Self>, suits: impl Fn(u16) -> bool) -> Option<Number> {
        let mut from = 0;
        loop {
            let taken = self.take_from(from)?;
            if suits(taken.number) {
                return Some(taken);
            }
            from = taken.number.checked_add(1)?;
        }
    }

    /// Remembers a unit that a cloner has made.
    pub(crate) fn add_cloned(&self, place: Reservation, unit: Arc<Private<Unit>>) {
        let node = place.0.into_node(unit.number(), unit.clone());
        let old = self.cloned.lock().insert(node);
        // Not with the lock held.
        drop(old);
        // Its number may have been freed just before, and would not be a second time.
        if unit.queue().is_revoked() {
            self.forget(unit.number());
        }
    }

    /// The first of the units that a cloner has made which suits.
    pub(crate) fn find_cloned(
        &self,
        suits: impl Fn(&Arc<Private<Unit>>) -> bool,
    ) -> Option<Arc<Private<Unit>>> {
        self.cloned
            .lock()
            .values()
            .find(|unit| suits(unit))
            .cloned()
    }

    fn forget(&self, number: u16) {
        let old = self.cloned.lock().remove(&number);
        // Not with the lock held.
        drop(old);
    }

    /// Takes the lowest free number that is not below `from`.
    fn take_from(self: &Arc<Self>, from: u16) -> Option<Number> {
        let mut taken = self.taken.lock();
        let id = taken.find_unused_id(usize::from(from))?;
        // The pool's size may have been rounded up.
        let number = u16::try_from(id.as_usize())
            .ok()
            .filter(|&number| number <= UNIT_MAX)?;
        id.acquire();
        Some(Number {
            registry: self.clone(),
            number,
        })
    }
}

impl Number {
    /// The number.
    pub(crate) fn get(&self) -> u16 {
        self.number
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        self.registry.forget(self.number);
        self.registry
            .taken
            .lock()
            .release_id(usize::from(self.number));
    }
}

#[kunit_tests(bsdtun_registry)]
// The macro makes unsafe functions of the tests.
#[allow(unsafe_code)]
mod tests {
    use super::*;

    #[test]
    fn a_number_belongs_to_one() -> Result {
        let registry = Registry::new()?;
        let seven = registry.take(7);
        assert_eq!(seven.as_ref().map(Number::get), Some(7));
        assert!(registry.take(7).is_none());
        drop(seven);
        assert!(registry.take(7).is_some());
        Ok(())
    }

    #[test]
    fn the_lowest_free_number_that_suits() -> Result {
        let registry = Registry::new()?;
        let zero = registry.take_lowest(|_| true);
        let two = registry.take(2);
        let one = registry.take_lowest(|_| true);
        let three = registry.take_lowest(|_| true);
        let nine = registry.take_lowest(|number| number > 8);
        assert_eq!(zero.as_ref().map(Number::get), Some(0));
        assert_eq!(one.as_ref().map(Number::get), Some(1));
        assert_eq!(three.as_ref().map(Number::get), Some(3));
        assert_eq!(nine.as_ref().map(Number::get), Some(9));
        // What did not suit is free again.
        assert!(registry.take(8).is_some());
        drop(one);
        assert_eq!(registry.take_lowest(|_| true).map(|one| one.get()), Some(1));
        drop(two);
        Ok(())
    }

    #[test]
    fn numbers_end() -> Result {
        let registry = Registry::new()?;
        assert_eq!(
            registry.take(UNIT_MAX).map(|last| last.get()),
            Some(UNIT_MAX)
        );
        assert!(registry.take(UNIT_MAX + 1).is_none());
        assert!(registry.take(u16::MAX).is_none());
        assert!(registry.take_lowest(|number| number > UNIT_MAX).is_none());
        let last = registry.take(UNIT_MAX);
        assert!(registry.take_lowest(|number| number == UNIT_MAX).is_none());
        drop(last);
        Ok(())
    }
}
