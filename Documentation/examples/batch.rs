// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause

//! A host behind a tun that returns each UDP datagram to its sender, with one system call for many
//! packets. Counts them until SIGINT or SIGTERM.
//!
//! With the crate `libc`:
//!
//! ```text
//! ip link add bsdtun7 type bsdtun
//! cargo run /dev/bsdtun7 &
//! ip address add 192.0.2.1 peer 192.0.2.2 dev bsdtun7
//! echo hello | nc -u -w 1 192.0.2.2 7
//! ```

use std::{
    env,
    ffi::c_int,
    fs::{
        File,
        OpenOptions, //
    },
    io::{
        self,
        Read,
        Write, //
    },
    mem,
    os::fd::AsRawFd,
    process, ptr,
    sync::atomic::{
        AtomicBool,
        Ordering::Relaxed, //
    },
};

// From <linux/if_bsdtun.h>; the value for x86, arm, riscv and most other architectures.
const BSDTUNSBATCH: libc::Ioctl = 0x4004_74c9;
/// Length of `struct bsdtun_record`, and alignment of records.
const RECORD: usize = 8;

static ENDED: AtomicBool = AtomicBool::new(false);

extern "C" fn end(_: c_int) {
    ENDED.store(true, Relaxed);
}

fn open(node: &str) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).open(node)?;
    let on: c_int = 1;
    // SAFETY: The command reads an int.
    if unsafe { libc::ioctl(file.as_raw_fd(), BSDTUNSBATCH, &on) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(file)
}

/// Makes reads end with `EINTR` when the program is to end.
fn handle_signals() {
    // SAFETY: All zeros is a valid value.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = end as extern "C" fn(c_int) as usize;
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: The handler stores to an atomic only.
        unsafe { libc::sigaction(signal, &action, ptr::null_mut()) };
    }
}

/// Turns a UDP datagram around: its checksums stay valid. Returns false for other packets.
fn turn(ip: &mut [u8]) -> bool {
    let header_len = ip.first().map_or(0, |byte| usize::from(byte & 0xf) * 4);
    if header_len < 20 || ip.len() < header_len + 8 || ip[9] != libc::IPPROTO_UDP as u8 {
        return false;
    }
    // Ignore fragments.
    if ip[6] & 0x3f != 0 || ip[7] != 0 {
        return false;
    }
    ip[12..20].rotate_left(4);
    ip[header_len..header_len + 4].rotate_left(2);
    true
}

/// The records of a buffer: offset of each, offset and length of its packet.
fn records(buf: &[u8]) -> Vec<(usize, usize, usize)> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < buf.len() {
        let len = u32::from_ne_bytes(buf[at..at + 4].try_into().unwrap()) as usize;
        let header_len = u16::from_ne_bytes(buf[at + 4..at + 6].try_into().unwrap()) as usize;
        records.push((at, at + header_len, len));
        at += (header_len + len).next_multiple_of(RECORD);
    }
    records
}

fn run(node: &str) -> io::Result<(u64, u64)> {
    let mut file = open(node)?;
    handle_signals();
    println!("{node}: returning datagrams");
    let mut buf = vec![0; 1 << 18];
    let (mut packets, mut batches) = (0, 0);
    while !ENDED.load(Relaxed) {
        let n = match file.read(&mut buf) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            n => n?,
        };
        // Keep the records of datagrams, and close the gaps between them.
        let mut end = 0;
        for (start, packet, len) in records(&buf[..n]) {
            if turn(&mut buf[packet..packet + len]) {
                buf.copy_within(start..packet + len, end);
                end += (packet + len - start).next_multiple_of(RECORD);
                packets += 1;
            }
        }
        batches += 1;
        if end > 0 && file.write(&buf[..end])? != end {
            return Err(io::Error::other("a record was refused"));
        }
    }
    Ok((packets, batches))
}

fn main() {
    let mut args = env::args().skip(1);
    let (Some(node), None) = (args.next(), args.next()) else {
        eprintln!("usage: batch NODE");
        process::exit(2);
    };
    match run(&node) {
        Ok((packets, batches)) => println!("{packets} datagrams in {batches} batches"),
        Err(error) => {
            eprintln!("{node}: {error}");
            process::exit(1);
        }
    }
}
