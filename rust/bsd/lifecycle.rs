// SPDX-License-Identifier: GPL-2.0

//! The life cycle of a unit, from its creation to the removal of its interface.

/// The life cycle of a unit: whether a program has it open, and what its interface does.
///
/// Program and interface come and go independently; what each may do depends on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifecycle {
    opener: Opener,
    /// While the unit is closed, packets are queued for the next open.
    queues_while_closed: bool,
    /// The interface is up.
    running: bool,
    /// The interface is gone.
    revoked: bool,
    /// Follows from the other fields. Kept up to date because it is read for each packet.
    accepts_packets: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opener {
    /// The unit is closed.
    None,
    /// A program has the unit open.
    Open,
    /// The last close is in progress: the unit cannot be opened yet, but no program will read what
    /// is queued.
    Closing,
}

/// Why an open of a unit failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// The unit is open, or its last close is in progress: `EBUSY`.
    Busy,
    /// The interface is gone: `ENXIO`.
    Gone,
}

impl Lifecycle {
    /// The state of a new unit: closed, interface down.
    pub(crate) const fn new() -> Self {
        Self {
            opener: Opener::None,
            queues_while_closed: false,
            running: false,
            revoked: false,
            accepts_packets: false,
        }
    }

    /// Must be called after each change.
    fn update_accepts_packets(&mut self) {
        self.accepts_packets =
            (self.is_open() || self.queues_while_closed) && self.running && !self.revoked;
    }

    /// Opens the unit exclusively.
    pub(crate) fn open(&mut self) -> Result<(), OpenError> {
        if self.revoked {
            return Err(OpenError::Gone);
        }
        if self.opener != Opener::None {
            return Err(OpenError::Busy);
        }
        self.opener = Opener::Open;
        self.queues_while_closed = false;
        self.update_accepts_packets();
        Ok(())
    }

    /// Begins the last close. From now on packets are queued only if `queue_while_closed` is set,
    /// for the next open.
    pub(crate) fn begin_close(&mut self, queue_while_closed: bool) {
        self.opener = Opener::Closing;
        self.queues_while_closed = queue_while_closed;
        self.update_accepts_packets();
    }

    /// Ends the last close: the unit can be opened again.
    pub(crate) fn end_close(&mut self) {
        self.opener = Opener::None;
        self.update_accepts_packets();
    }

    /// The interface was set up, or down: then nothing is queued from now on.
    pub(crate) fn set_running(&mut self, running: bool) {
        self.running = running;
        self.update_accepts_packets();
    }

    /// The interface is gone for good: nothing is queued from now on, and opening fails.
    pub(crate) fn revoke(&mut self) {
        self.revoked = true;
        self.update_accepts_packets();
    }

    /// Whether [`Self::open`] would succeed.
    pub(crate) fn is_free(&self) -> bool {
        self.opener == Opener::None && !self.revoked
    }

    /// Whether a program has the unit open; false while the last close is in progress.
    pub(crate) fn is_open(&self) -> bool {
        self.opener == Opener::Open
    }

    /// Whether packets are queued: the unit is open, or was closed with packets queued for the next
    /// open, and the interface is up.
    pub(crate) fn accepts_packets(&self) -> bool {
        self.accepts_packets
    }

    /// Whether the interface is gone.
    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_is_exclusive() {
        let mut unit = Lifecycle::new();
        assert_eq!(unit.open(), Ok(()));
        assert_eq!(unit.open(), Err(OpenError::Busy));
        unit.begin_close(false);
        assert_eq!(unit.open(), Err(OpenError::Busy));
        unit.end_close();
        assert_eq!(unit.open(), Ok(()));
    }

    #[test]
    fn packets_are_accepted_only_while_open() {
        let mut unit = Lifecycle::new();
        unit.set_running(true);
        assert!(!unit.accepts_packets());
        unit.open().unwrap();
        assert!(unit.accepts_packets());
        unit.begin_close(false);
        assert!(!unit.accepts_packets());
        unit.end_close();
        assert!(!unit.accepts_packets());
    }

    #[test]
    fn packets_may_be_queued_for_the_next_open() {
        let mut unit = Lifecycle::new();
        unit.set_running(true);
        assert!(!unit.accepts_packets());
        unit.open().unwrap();
        unit.begin_close(true);
        assert!(unit.accepts_packets());
        unit.end_close();
        assert!(unit.accepts_packets());
        unit.set_running(false);
        assert!(!unit.accepts_packets());
        unit.set_running(true);
        unit.open().unwrap();
        unit.begin_close(false);
        assert!(!unit.accepts_packets());
        unit.end_close();
        unit.open().unwrap();
        unit.begin_close(true);
        unit.revoke();
        assert!(!unit.accepts_packets());
    }

    #[test]
    fn packets_are_accepted_only_while_up() {
        let mut unit = Lifecycle::new();
        unit.open().unwrap();
        assert!(!unit.accepts_packets());
        unit.set_running(true);
        assert!(unit.accepts_packets());
        unit.set_running(false);
        assert!(!unit.accepts_packets());
    }

    #[test]
    fn revocation_is_final() {
        for closing_steps in 0..3 {
            let mut unit = Lifecycle::new();
            unit.set_running(true);
            unit.open().unwrap();
            if closing_steps > 0 {
                unit.begin_close(false);
            }
            unit.revoke();
            assert!(unit.is_revoked());
            assert!(!unit.accepts_packets());
            unit.begin_close(false);
            unit.end_close();
            assert_eq!(unit.open(), Err(OpenError::Gone));
            assert!(!unit.accepts_packets());
        }
    }
}
