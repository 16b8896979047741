// SPDX-License-Identifier: GPL-2.0

//! Batch mode: a read returns several packets, and a write takes several, as a sequence of records.
//!
//! No BSD has it on these devices; the records resemble those of bpf(4). A record is a header,
//! `struct bsdtun_record` of `include/linux/if_bsdtun.h`, and what a read or write without batch
//! mode would contain: the packet behind its offload header and its prefix. Padding separates
//! records, so that each header is aligned. The end of a sequence needs no padding.

use crate::bsd::offload::OffloadHeader;

/// What reads return and writes contain, apart from the framing: batches or single packets, and the
/// offload header in front of each packet. One number, which a unit keeps in an atomic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transfer(u32);

impl Transfer {
    /// Single packets without an offload header.
    pub(crate) const PLAIN: Self = Self(0);

    /// Not a bit of an [`OffloadHeader`].
    const BATCH: u32 = 1 << 30;

    /// Encodes the number.
    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    /// Decodes what [`Self::to_bits`] returned.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether this is [`Self::PLAIN`].
    pub(crate) const fn is_plain(self) -> bool {
        self.0 == 0
    }

    /// `BSDTUNGBATCH`: whether batch mode is on.
    pub(crate) const fn is_batch(self) -> bool {
        self.0 & Self::BATCH != 0
    }

    /// The offload header of each packet.
    pub(crate) const fn header(self) -> OffloadHeader {
        OffloadHeader::from_bits(self.0 & !Self::BATCH)
    }

    /// `BSDTUNSBATCH`: the same with batch mode on or off.
    pub(crate) const fn with_batch(self, on: bool) -> Self {
        if on {
            Self(self.0 | Self::BATCH)
        } else {
            Self(self.0 & !Self::BATCH)
        }
    }

    /// The same with another offload header.
    pub(crate) const fn with_header(self, header: OffloadHeader) -> Self {
        Self(self.0 & Self::BATCH | header.to_bits())
    }
}

/// Length in bytes of the header of a record.
pub(crate) const RECORD_HEADER_LEN: usize = 8;

/// Each record starts at a multiple of so many bytes.
pub(crate) const RECORD_ALIGN: usize = 8;

/// The packet of the record is not complete, because the buffer was too short.
pub(crate) const TRUNCATED: u16 = 1;

/// A record that no write can contain: the write fails with `EINVAL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadRecord;

/// The header of a record: `struct bsdtun_record`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    /// Number of bytes behind the header, without padding; less than 4 GiB.
    pub(crate) len: usize,
    /// [`TRUNCATED`].
    pub(crate) flags: u16,
}

impl RecordHeader {
    /// The bytes of C's structure, in the byte order of the host.
    pub(crate) fn to_bytes(self) -> [u8; RECORD_HEADER_LEN] {
        let mut bytes = [0; RECORD_HEADER_LEN];
        bytes[..4].copy_from_slice(&(self.len as u32).to_ne_bytes());
        bytes[4..6].copy_from_slice(&(RECORD_HEADER_LEN as u16).to_ne_bytes());
        bytes[6..].copy_from_slice(&self.flags.to_ne_bytes());
        bytes
    }

    /// Decodes the header of a record that a program writes, `left` bytes of which follow at most.
    /// Returns the number of bytes behind the header.
    ///
    /// A flag is refused: what was truncated is not a packet.
    pub(crate) fn written_len(
        bytes: [u8; RECORD_HEADER_LEN],
        left: usize,
    ) -> Result<usize, BadRecord> {
        let [l0, l1, l2, l3, h0, h1, f0, f1] = bytes;
        let len = u32::from_ne_bytes([l0, l1, l2, l3]) as usize;
        let header_len = usize::from(u16::from_ne_bytes([h0, h1]));
        let flags = u16::from_ne_bytes([f0, f1]);
        if header_len != RECORD_HEADER_LEN || flags != 0 || len > left {
            return Err(BadRecord);
        }
        Ok(len)
    }
}

/// Number of bytes between a record with `len` bytes behind its header and the next record.
pub(crate) const fn padding(len: usize) -> usize {
    len.wrapping_neg() % RECORD_ALIGN
}

/// Chooses the packets of a read: as many as fit in its buffer, and at least one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Number of bytes that are left.
    left: usize,
    is_empty: bool,
}

impl Room {
    /// The room of a read of `len` bytes; `None`, for `EINVAL`, if there is none for the header of
    /// a record.
    pub(crate) fn new(len: usize) -> Option<Self> {
        (len >= RECORD_HEADER_LEN).then_some(Self {
            left: len,
            is_empty: true,
        })
    }

    /// Whether no record can follow.
    pub(crate) fn is_full(&self) -> bool {
        self.left < RECORD_HEADER_LEN
    }

    /// Makes room for the next record, with `len` bytes behind its header and the padding after it.
    /// Returns whether it fits. The first one always does: it is truncated.
    pub(crate) fn reserve(&mut self, len: usize) -> bool {
        let fits = self
            .left
            .checked_sub(RECORD_HEADER_LEN)
            .is_some_and(|left| len <= left);
        if !fits && !self.is_empty {
            return false;
        }
        self.left = self
            .left
            .saturating_sub(RECORD_HEADER_LEN)
            .saturating_sub(len)
            .saturating_sub(padding(len));
        self.is_empty = false;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_encoding() {
        for len in [0, 1, 0xff, 0x100, 65_535, u32::MAX as usize] {
            let bytes = RecordHeader { len, flags: 0 }.to_bytes();
            assert_eq!(bytes[..4], (len as u32).to_ne_bytes());
            assert_eq!(bytes[4..6], 8u16.to_ne_bytes());
            assert_eq!(RecordHeader::written_len(bytes, len), Ok(len));
            assert_eq!(RecordHeader::written_len(bytes, usize::MAX), Ok(len));
            if len > 0 {
                assert_eq!(RecordHeader::written_len(bytes, len - 1), Err(BadRecord));
            }
        }
        let truncated = RecordHeader {
            len: 9,
            flags: TRUNCATED,
        };
        assert_eq!(truncated.to_bytes()[6..], 1u16.to_ne_bytes());
    }

    #[test]
    fn another_header_length_or_a_flag_is_refused() {
        let good = RecordHeader { len: 20, flags: 0 }.to_bytes();
        assert_eq!(RecordHeader::written_len(good, 20), Ok(20));
        for header_len in (0..=u16::MAX).filter(|&len| len != 8) {
            let mut bytes = good;
            bytes[4..6].copy_from_slice(&header_len.to_ne_bytes());
            assert_eq!(RecordHeader::written_len(bytes, 20), Err(BadRecord));
        }
        for bit in 0..16 {
            let flags = 1 << bit;
            let bytes = RecordHeader { len: 20, flags }.to_bytes();
            assert_eq!(RecordHeader::written_len(bytes, 20), Err(BadRecord));
        }
    }

    #[test]
    fn padding_aligns_the_next_header() {
        for len in 0..100 {
            assert!(padding(len) < RECORD_ALIGN);
            assert_eq!((RECORD_HEADER_LEN + len + padding(len)) % RECORD_ALIGN, 0);
        }
    }

    #[test]
    fn the_first_record_is_truncated_and_the_others_must_fit() {
        for len in 0..8 {
            assert!(Room::new(len).is_none());
        }
        let reserve = |size, lens: &[usize]| {
            let mut room = Room::new(size).unwrap();
            lens.iter().take_while(|&&len| room.reserve(len)).count()
        };
        assert_eq!(reserve(8, &[20, 0]), 1);
        assert_eq!(reserve(27, &[20, 0]), 1);
        // The padding of the last record may be missing, and is missing before the next one.
        assert_eq!(reserve(28, &[20, 0]), 1);
        assert_eq!(reserve(39, &[20, 0]), 1);
        assert_eq!(reserve(40, &[20, 0]), 2);
        assert_eq!(reserve(32 + 27, &[20, 20]), 1);
        assert_eq!(reserve(32 + 28, &[20, 20]), 2);
        assert_eq!(reserve(usize::MAX, &[65_535, 0, 1, 65_547]), 4);
        assert_eq!(reserve(100, &[usize::MAX, 0]), 1);
    }

    /// Whatever a read returns, a write takes: random records, laid out as a read does.
    #[test]
    fn what_a_read_returns_a_write_takes() {
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 16) as usize % below
        };
        for _ in 0..20_000 {
            let size = 8 + random(600);
            let mut room = Room::new(size).unwrap();
            let mut buffer = Vec::new();
            let mut lens = Vec::new();
            loop {
                let len = random(200);
                let was_full = room.is_full();
                if !room.reserve(len) {
                    break;
                }
                assert!(!was_full || lens.is_empty());
                buffer.resize(buffer.len().next_multiple_of(RECORD_ALIGN), 0);
                let space = size - buffer.len() - RECORD_HEADER_LEN;
                let copied = len.min(space);
                assert!(copied == len || lens.is_empty());
                let header = RecordHeader {
                    len: copied,
                    flags: 0,
                };
                buffer.extend(header.to_bytes());
                buffer.extend(vec![0xaa; copied]);
                lens.push(copied);
            }
            assert!(buffer.len() <= size && !lens.is_empty());
            let mut at = 0;
            for len in lens {
                let header = buffer[at..at + 8].try_into().unwrap();
                let left = buffer.len() - at - 8;
                assert_eq!(RecordHeader::written_len(header, left), Ok(len));
                at += 8 + len;
                at += padding(len).min(buffer.len() - at);
            }
            assert_eq!(at, buffer.len());
        }
    }

    #[test]
    fn batch_mode_and_offload_header_are_independent() {
        for header in [
            OffloadHeader::NONE,
            OffloadHeader::virtio(10).unwrap(),
            OffloadHeader::virtio(12).unwrap(),
            OffloadHeader::tun(0).unwrap(),
            OffloadHeader::tun(crate::bsd::offload::capabilities::ALL).unwrap(),
        ] {
            let plain = Transfer::PLAIN.with_header(header);
            assert_eq!((plain.header(), plain.is_batch()), (header, false));
            assert_eq!(plain.is_plain(), header.is_none());
            let batch = Transfer::from_bits(plain.with_batch(true).to_bits());
            assert_eq!((batch.header(), batch.is_batch()), (header, true));
            assert!(!batch.is_plain());
            assert_eq!(batch.with_batch(false), plain);
            let other = batch.with_header(OffloadHeader::NONE);
            assert_eq!(other, Transfer::PLAIN.with_batch(true));
        }
    }
}
