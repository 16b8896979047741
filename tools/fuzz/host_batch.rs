// SPDX-License-Identifier: GPL-2.0

//! The records of batch mode.

use crate::{
    bsd::batch::{
        padding,
        RecordHeader,
        Room,
        RECORD_ALIGN,
        RECORD_HEADER_LEN, //
    },
    Input, //
};

/// A buffer of any bytes is walked as a write does; then records of any length are laid out as a
/// read does, and walked.
pub(super) fn check_batch(input: &mut Input<'_>) {
    let size = usize::from(input.byte()) * 4;
    let mut room = Room::new(size);
    assert_eq!(room.is_none(), size < RECORD_HEADER_LEN);
    let mut buffer = Vec::new();
    let mut lens = Vec::new();
    if let Some(room) = &mut room {
        loop {
            let len = usize::from(input.byte()) * usize::from(input.byte() % 3);
            let was_full = room.is_full();
            if !room.reserve(len) {
                break;
            }
            assert!(!was_full || lens.is_empty());
            buffer.resize(buffer.len().next_multiple_of(RECORD_ALIGN), 0);
            let len = len.min(size - buffer.len() - RECORD_HEADER_LEN);
            buffer.extend(RecordHeader { len, flags: 0 }.to_bytes());
            buffer.resize(buffer.len() + len, 0xaa);
            lens.push(len);
        }
        assert!(buffer.len() <= size && !lens.is_empty());
    }
    assert_eq!(walk(&buffer), (lens, buffer.len()));

    let bytes: Vec<u8> = (0..usize::from(input.byte()))
        .map(|_| input.byte())
        .collect();
    let (lens, end) = walk(&bytes);
    let sum: usize = lens
        .iter()
        .map(|len| RECORD_HEADER_LEN + len + padding(*len))
        .sum();
    assert!(end <= bytes.len() && (end == sum || end == bytes.len()));
}

/// The lengths of the records that a write takes, and how many bytes they have.
fn walk(bytes: &[u8]) -> (Vec<usize>, usize) {
    let mut lens = Vec::new();
    let mut at = 0;
    while let Some(header) = bytes[at..].first_chunk() {
        let left = bytes.len() - at - RECORD_HEADER_LEN;
        let Ok(len) = RecordHeader::written_len(*header, left) else {
            break;
        };
        assert!(len <= left);
        at += RECORD_HEADER_LEN + len;
        at += padding(len).min(bytes.len() - at);
        lens.push(len);
    }
    (lens, at)
}
