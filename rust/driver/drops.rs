// SPDX-License-Identifier: GPL-2.0

//! Packets that get lost on their way through a unit: why, and how many.

use crate::{
    linux::net::skb::DropReason,
    trace::Direction, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// How a packet can get lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DropCause {
    /// Of a protocol that the framing has no place for.
    TxProtocol,
    /// There was no memory to keep it.
    TxNoMemory,
    /// The interface is down, or nobody has the node open.
    TxNotReady,
    /// As many packets wait as may.
    TxQueueFull,
    /// It waited, and then the interface was set down or the node closed.
    TxUnread,
    /// The reader's buffer cannot be written.
    TxFault,
    /// Written while the interface was down.
    RxNotReady,
    /// Nothing, or less than a link layer header.
    RxTooShort,
    /// Behind an address family that is not known.
    RxProtocol,
    /// There was no memory for it.
    RxNoMemory,
    /// The writer's buffer cannot be read.
    RxFault,
    /// A frame for another station.
    RxOtherHost,
}

impl DropCause {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 12] = [
        Self::TxProtocol,
        Self::TxNoMemory,
        Self::TxNotReady,
        Self::TxQueueFull,
        Self::TxUnread,
        Self::TxFault,
        Self::RxNotReady,
        Self::RxTooShort,
        Self::RxProtocol,
        Self::RxNoMemory,
        Self::RxFault,
        Self::RxOtherHost,
    ];

    /// What its counter is called.
    pub(crate) const fn name(self) -> &'static CStr {
        match self {
            Self::TxProtocol => c"tx_drop_protocol",
            Self::TxNoMemory => c"tx_drop_no_memory",
            Self::TxNotReady => c"tx_drop_not_ready",
            Self::TxQueueFull => c"tx_drop_queue_full",
            Self::TxUnread => c"tx_drop_unread",
            Self::TxFault => c"tx_drop_fault",
            Self::RxNotReady => c"rx_drop_not_ready",
            Self::RxTooShort => c"rx_drop_too_short",
            Self::RxProtocol => c"rx_drop_protocol",
            Self::RxNoMemory => c"rx_drop_no_memory",
            Self::RxFault => c"rx_drop_fault",
            Self::RxOtherHost => c"rx_drop_other_host",
        }
    }

    /// What the packet is freed for.
    pub(crate) fn reason(self) -> DropReason {
        match self {
            Self::TxProtocol | Self::RxProtocol => DropReason::Protocol,
            Self::TxNoMemory | Self::RxNoMemory => DropReason::NoMemory,
            Self::TxNotReady | Self::RxNotReady => DropReason::DeviceNotReady,
            Self::TxQueueFull => DropReason::QueueFull,
            Self::TxUnread => DropReason::QueuePurged,
            Self::TxFault | Self::RxFault => DropReason::UserCopy,
            Self::RxTooShort => DropReason::TooShort,
            Self::RxOtherHost => DropReason::OtherHost,
        }
    }

    /// Which way it was on.
    pub(crate) fn direction(self) -> Direction {
        match self {
            Self::TxProtocol
            | Self::TxNoMemory
            | Self::TxNotReady
            | Self::TxQueueFull
            | Self::TxUnread
            | Self::TxFault => Direction::Tx,
            Self::RxNotReady
            | Self::RxTooShort
            | Self::RxProtocol
            | Self::RxNoMemory
            | Self::RxFault
            | Self::RxOtherHost => Direction::Rx,
        }
    }
}

/// How many packets got lost, for each way to get lost.
pub(crate) struct DropStats([Atomic<u64>; DropCause::ALL.len()]);

impl DropStats {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self([const { Atomic::new(0) }; DropCause::ALL.len()])
    }

    /// Counts one. Any context.
    pub(crate) fn count(&self, loss: DropCause) {
        self.0[loss as usize].add(1, Relaxed);
    }

    /// How many there were.
    pub(crate) fn get(&self, loss: DropCause) -> u64 {
        self.0[loss as usize].load(Relaxed)
    }
}

#[kunit_tests(bsdtun_loss)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_has_a_counter_of_its_own() {
        let drop_stats = DropStats::new();
        for (i, loss) in DropCause::ALL.into_iter().enumerate() {
            assert_eq!(loss as usize, i);
            for _ in 0..=i {
                drop_stats.count(loss);
            }
        }
        for (i, loss) in DropCause::ALL.into_iter().enumerate() {
            assert_eq!(drop_stats.get(loss), i as u64 + 1);
        }
    }

    #[test]
    fn a_counter_is_called_by_its_way_and_no_other_is() {
        for loss in DropCause::ALL {
            let way: &[u8] = match loss.direction() {
                Direction::Tx => b"tx_drop_",
                Direction::Rx => b"rx_drop_",
            };
            assert!(loss.name().to_bytes().starts_with(way));
            let same = DropCause::ALL
                .into_iter()
                .filter(|other| other.name() == loss.name());
            assert_eq!(same.count(), 1);
        }
    }
}
