// SPDX-License-Identifier: GPL-2.0

//! Dropped packets: the causes, and a counter for each.

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

/// Why a packet was dropped.
///
/// A cause that starts with `Tx` is of a packet from the stack to a program, one with `Rx` of a
/// packet from a program to the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DropCause {
    /// The framing has no place for the packet's protocol.
    TxProtocol,
    /// There was no memory to copy the sender's zero-copy pages.
    TxNoMemory,
    /// The interface was down, or the unit was closed.
    TxNotReady,
    /// `txqueuelen` packets were queued.
    TxQueueFull,
    /// The packet was queued, and the interface was set down or removed, or the unit closed, before
    /// a program read it.
    TxUnread,
    /// The buffer of the read could not be written.
    TxFault,
    /// A reader without a header for it was to get the packet, and it could not be segmented.
    TxSegmentation,
    /// Likewise, and its checksum could not be completed.
    TxChecksum,
    /// The interface was down.
    RxNotReady,
    /// The write had no packet behind its address family, or no whole Ethernet header.
    RxTooShort,
    /// The write had an unknown address family.
    RxProtocol,
    /// There was no memory for the packet.
    RxNoMemory,
    /// The buffer of the write could not be read.
    RxFault,
    /// The frame was for another station.
    RxOtherHost,
    /// The offload header was malformed, or did not fit the packet.
    RxBadHeader,
}

impl DropCause {
    /// All causes; each at the index that it is as a number.
    pub(crate) const ALL: [Self; 15] = [
        Self::TxProtocol,
        Self::TxNoMemory,
        Self::TxNotReady,
        Self::TxQueueFull,
        Self::TxUnread,
        Self::TxFault,
        Self::TxSegmentation,
        Self::TxChecksum,
        Self::RxNotReady,
        Self::RxTooShort,
        Self::RxProtocol,
        Self::RxNoMemory,
        Self::RxFault,
        Self::RxOtherHost,
        Self::RxBadHeader,
    ];

    /// The name of its counter in `ethtool -S`.
    pub(crate) const fn name(self) -> &'static CStr {
        match self {
            Self::TxProtocol => c"tx_drop_protocol",
            Self::TxNoMemory => c"tx_drop_no_memory",
            Self::TxNotReady => c"tx_drop_not_ready",
            Self::TxQueueFull => c"tx_drop_queue_full",
            Self::TxUnread => c"tx_drop_unread",
            Self::TxFault => c"tx_drop_fault",
            Self::TxSegmentation => c"tx_drop_segmentation",
            Self::TxChecksum => c"tx_drop_checksum",
            Self::RxNotReady => c"rx_drop_not_ready",
            Self::RxTooShort => c"rx_drop_too_short",
            Self::RxProtocol => c"rx_drop_protocol",
            Self::RxNoMemory => c"rx_drop_no_memory",
            Self::RxFault => c"rx_drop_fault",
            Self::RxOtherHost => c"rx_drop_other_host",
            Self::RxBadHeader => c"rx_drop_bad_header",
        }
    }

    /// The reason with which the packet is freed, as the tracepoint `skb:kfree_skb` shows it.
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
            Self::TxSegmentation => DropReason::Segmentation,
            Self::TxChecksum => DropReason::Checksum,
            Self::RxBadHeader => DropReason::DeviceHeader,
        }
    }

    /// The direction of the packet.
    pub(crate) fn direction(self) -> Direction {
        match self {
            Self::TxProtocol
            | Self::TxNoMemory
            | Self::TxNotReady
            | Self::TxQueueFull
            | Self::TxUnread
            | Self::TxFault
            | Self::TxSegmentation
            | Self::TxChecksum => Direction::Tx,
            Self::RxNotReady
            | Self::RxTooShort
            | Self::RxProtocol
            | Self::RxNoMemory
            | Self::RxFault
            | Self::RxOtherHost
            | Self::RxBadHeader => Direction::Rx,
        }
    }
}

/// Counters of dropped packets, one for each [`DropCause`].
pub(crate) struct DropStats([Atomic<u64>; DropCause::ALL.len()]);

impl DropStats {
    /// Creates the counters, all zero.
    pub(crate) fn new() -> Self {
        Self([const { Atomic::new(0) }; DropCause::ALL.len()])
    }

    /// Counts dropped packets. Any context.
    pub(crate) fn count(&self, cause: DropCause, packets: usize) {
        self.0[cause as usize].add(packets as u64, Relaxed);
    }

    /// The number of packets dropped for this cause.
    pub(crate) fn get(&self, cause: DropCause) -> u64 {
        self.0[cause as usize].load(Relaxed)
    }
}

#[kunit_tests(bsdtun_drops)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_own_counter() {
        let drop_stats = DropStats::new();
        for (i, cause) in DropCause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, i);
            for _ in 0..=i {
                drop_stats.count(cause, 1);
            }
        }
        for (i, cause) in DropCause::ALL.into_iter().enumerate() {
            assert_eq!(drop_stats.get(cause), i as u64 + 1);
        }
    }

    #[test]
    fn counter_names_start_with_the_direction_and_are_unique() {
        for cause in DropCause::ALL {
            let prefix: &[u8] = match cause.direction() {
                Direction::Tx => b"tx_drop_",
                Direction::Rx => b"rx_drop_",
            };
            assert!(cause.name().to_bytes().starts_with(prefix));
            let same = DropCause::ALL
                .into_iter()
                .filter(|other| other.name() == cause.name());
            assert_eq!(same.count(), 1);
        }
    }
}
