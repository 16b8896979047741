// SPDX-License-Identifier: GPL-2.0

//! The offload headers.

use crate::{
    bsd::offload::{
        HeaderKind,
        OffloadHeader,
        TunHdr,
        Write, //
    },
    Input, //
};

/// A `struct tun_hdr` becomes a virtio header that describes the same packet, and back; only the
/// checksums of the packet change.
pub(super) fn check_offload(input: &mut Input<'_>) {
    const VTAG: u16 = 0x10;
    const MSS: u16 = 0x20;
    const IPV4: u16 = 0x100;
    const TCP: u16 = 0x200;
    const UDP: u16 = 0x400;
    const ICMP: u16 = 0x800;
    const CAPABILITIES: u32 = 0x71f7;

    let arg = if input.byte() & 1 == 0 {
        input.u32()
    } else {
        u32::from(input.byte())
    };
    let virtio = OffloadHeader::virtio(arg as i32);
    assert_eq!(virtio.is_some(), [0, 10, 12].contains(&arg));
    let tun = OffloadHeader::tun(arg);
    assert_eq!(tun.is_some(), arg & !CAPABILITIES == 0);
    let prefix = input.pick(&[0, 4, 14]);
    let write = usize::from(u16::from_le_bytes(input.array())) + usize::from(input.byte()) * 2;
    if let Some(header) = virtio {
        assert_eq!(OffloadHeader::from_bits(header.to_bits()), header);
        assert_eq!(header.len(), arg as usize);
        assert_eq!(header.virtio_len(), arg as i32);
        let expected = match write {
            0 => Write::Empty,
            _ if write <= header.len() => Write::HeaderOnly,
            _ => Write::Packet(write - header.len()),
        };
        assert_eq!(header.write(write, prefix), expected);
    }
    if let Some(header) = tun {
        assert_eq!(OffloadHeader::from_bits(header.to_bits()), header);
        assert_eq!(header.kind(), HeaderKind::Tun(arg));
        assert_eq!((header.len(), header.virtio_len()), (8, 0));
        let expected = if write == 0 {
            Write::Empty
        } else if write < 8 + prefix || write > 8 + prefix + 65535 {
            Write::BadLength
        } else if write == 8 {
            Write::HeaderOnly
        } else {
            Write::Packet(write - 8)
        };
        assert_eq!(header.write(write, prefix), expected);
    }

    let ethernet = input.byte() & 1 != 0;
    let bytes: [u8; 8] = input.array();
    let word = |i: usize| u16::from_ne_bytes([bytes[i], bytes[i + 1]]);
    let (flags, mss) = (word(0), word(6));
    let hdr = TunHdr::from_bytes(&bytes, ethernet);
    let sums = (flags & (TCP | UDP | ICMP)).count_ones();
    assert_eq!(hdr.is_err(), sums > 1 || flags & VTAG != 0 && !ethernet);
    let Ok(hdr) = hdr else {
        return;
    };
    assert_eq!(hdr.vlan(), (flags & VTAG != 0).then_some(word(4)));
    assert_eq!(hdr.is_gso(), flags & MSS != 0);

    let before = input.0.to_vec();
    let mut head = before.clone();
    let len = head.len() + usize::from(bytes[2]);
    let Ok(virtio) = hdr.to_virtio(&mut head, len, ethernet) else {
        return;
    };
    let changed = (0..head.len()).filter(|&i| head[i] != before[i]).count();
    assert!(
        changed <= if flags & IPV4 != 0 { 2 } else { 0 } + if flags & MSS != 0 { 2 } else { 0 }
    );
    let described = virtio.to_bytes();
    let field = |i: usize| u16::from_ne_bytes([described[i], described[i + 1]]);
    let unfinished = flags & (MSS | TCP | UDP | ICMP) != 0;
    assert_eq!(virtio.is_unfinished(), unfinished);
    assert_eq!(described[0], u8::from(unfinished));
    if !unfinished {
        assert_eq!(described[1..], [0; 9]);
    } else {
        let offset = if flags & ICMP != 0 {
            2
        } else if flags & UDP != 0 {
            6
        } else {
            16
        };
        assert_eq!(field(8), offset);
        assert!(usize::from(field(6)) >= if ethernet { 34 } else { 20 });
        assert_eq!(field(4), if flags & MSS != 0 { mss } else { 0 });
        assert_eq!([1, 4].contains(&described[1]), flags & MSS != 0);
    }

    // With all capabilities the program would read the same header, but for what is complete.
    let back = TunHdr::describe(&virtio, hdr.vlan(), CAPABILITIES, &head, ethernet);
    if flags & ICMP != 0 {
        assert!(back.is_none());
        return;
    }
    let back = back
        .expect("a header that was written can be read")
        .to_bytes();
    let tcp = if flags & MSS != 0 { TCP } else { 0 };
    let expected = flags & (VTAG | MSS | TCP | UDP) | tcp;
    assert_eq!(u16::from_ne_bytes([back[0], back[1]]), expected);
    assert_eq!(u16::from_ne_bytes([back[6], back[7]]), field(4));
    // Without any, it reads no such packet.
    let none = TunHdr::describe(&virtio, None, 0, &head, ethernet);
    assert_eq!(none.is_some(), !unfinished);
}
