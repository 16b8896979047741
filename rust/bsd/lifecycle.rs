// SPDX-License-Identifier: GPL-2.0

//! Who has a unit, from its creation to its removal.

/// Where a unit is in its life.
///
/// The opener and the interface come and go independently; what either may do depends on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifecycle {
    opener: Opener,
    /// Between two opens packets wait for the next opener.
    waits: bool,
    up: bool,
    revoked: bool,
    /// What follows from the others, since it is asked for each packet.
    accepts_packets: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opener {
    None,
    /// A program has the node open.
    Open,
    /// The last reference is gone, and what close does to the interface is being done. The unit is
    /// not free yet, but nobody will read what is queued.
    Closing,
}

/// Why a unit cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// It is open, or its last close is not over: `EBUSY`.
    Busy,
    /// Its interface is gone: `ENXIO`.
    Gone,
}

impl Lifecycle {
    /// A unit that was just created.
    pub(crate) const fn new() -> Self {
        Self {
            opener: Opener::None,
            waits: false,
            up: false,
            revoked: false,
            accepts_packets: false,
        }
    }

    /// After each change.
    fn settle(&mut self) {
        self.accepts_packets = (self.is_open() || self.waits) && self.up && !self.revoked;
    }

    /// Opens the unit. There is one opener at a time.
    pub(crate) fn open(&mut self) -> Result<(), OpenError> {
        if self.revoked {
            return Err(OpenError::Gone);
        }
        if self.opener != Opener::None {
            return Err(OpenError::Busy);
        }
        self.opener = Opener::Open;
        self.waits = false;
        self.settle();
        Ok(())
    }

    /// Begins the last close: from here on nothing is queued, unless packets shall wait for the next
    /// opener.
    pub(crate) fn begin_close(&mut self, packets_wait: bool) {
        self.opener = Opener::Closing;
        self.waits = packets_wait;
        self.settle();
    }

    /// Ends the last close: the unit can be opened again.
    pub(crate) fn end_close(&mut self) {
        self.opener = Opener::None;
        self.settle();
    }

    /// The interface was set up, or down: from here on nothing is queued.
    pub(crate) fn set_running(&mut self, running: bool) {
        self.up = running;
        self.settle();
    }

    /// The interface is gone, for ever.
    pub(crate) fn revoke(&mut self) {
        self.revoked = true;
        self.settle();
    }

    /// Whether it can be opened.
    pub(crate) fn is_free(&self) -> bool {
        self.opener == Opener::None && !self.revoked
    }

    /// Whether a program has it open.
    pub(crate) fn is_open(&self) -> bool {
        self.opener == Opener::Open
    }

    /// Whether packets are queued: somebody is there to read them, or will be, and the interface is
    /// up.
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
    fn one_opener_at_a_time() {
        let mut unit = Lifecycle::new();
        assert_eq!(unit.open(), Ok(()));
        assert_eq!(unit.open(), Err(OpenError::Busy));
        unit.begin_close(false);
        assert_eq!(unit.open(), Err(OpenError::Busy));
        unit.end_close();
        assert_eq!(unit.open(), Ok(()));
    }

    #[test]
    fn packets_are_taken_for_an_opener_only() {
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
    fn packets_may_wait_for_the_next_opener() {
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
    fn packets_are_taken_while_up_only() {
        let mut unit = Lifecycle::new();
        unit.open().unwrap();
        assert!(!unit.accepts_packets());
        unit.set_running(true);
        assert!(unit.accepts_packets());
        unit.set_running(false);
        assert!(!unit.accepts_packets());
    }

    #[test]
    fn a_revoked_unit_never_comes_back() {
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
