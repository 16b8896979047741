// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause

//! A cable between two tuns, which may be in different network namespaces. With an offload header
//! on both, TCP crosses it in packets of up to 64 KiB, which are neither cut nor checksummed on the
//! way. Shows the header of each packet that is longer than all before.
//!
//! With the crate `libc`:
//!
//! ```text
//! cargo run /dev/bsdtun1 /dev/bsdtun2
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
        ErrorKind,
        Read,
        Write, //
    },
    os::{
        fd::AsRawFd,
        unix::fs::OpenOptionsExt, //
    },
    process,
};

// From <net/if_tun.h> and <net/if_tap.h>; values for x86, arm, riscv and most other architectures.
const TUNSIFHEAD: libc::Ioctl = 0x4004_7460;
const TAPSVNETHDR: libc::Ioctl = 0x4004_745b;
const TUNMRU: usize = 65535;

/// Length of `struct virtio_net_hdr`, and of the prefix that `TUNSIFHEAD` adds.
const HEADER_LEN: usize = 10;
const FAMILY_LEN: usize = 4;

/// `VIRTIO_NET_HDR_GSO_NONE`
const GSO_NONE: u8 = 0;

/// Calls an ioctl that reads an `int`.
fn set(tun: &File, request: libc::Ioctl, value: c_int) -> io::Result<()> {
    // SAFETY: Both requests of this program read an `int`.
    match unsafe { libc::ioctl(tun.as_raw_fd(), request, &raw const value) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

struct End {
    node: String,
    tun: File,
    /// The longest superpacket that was read.
    longest: usize,
}

impl End {
    fn open(node: String) -> Result<Self, String> {
        let failed = |why: io::Error| format!("{node}: {why}");
        let tun = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&node)
            .map_err(failed)?;
        // The family tells IPv6 from IPv4.
        set(&tun, TUNSIFHEAD, 1).map_err(|why| match why.raw_os_error() {
            Some(libc::ENOTTY) => format!("{node}: not a tun, or one in the dialect openbsd"),
            _ => failed(why),
        })?;
        set(&tun, TAPSVNETHDR, HEADER_LEN as c_int).map_err(failed)?;
        Ok(Self {
            node,
            tun,
            longest: 0,
        })
    }

    /// Moves all packets that wait. Each is written as it was read, its header included.
    fn forward(&mut self, to: &mut Self, packet: &mut [u8]) -> Result<(), String> {
        loop {
            let n = match self.tun.read(packet) {
                Ok(n) => n,
                Err(why) if why.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(why) => return Err(format!("{}: {why}", self.node)),
            };
            if packet[1] != GSO_NONE && n > self.longest {
                self.longest = n;
                println!("{}: {n} bytes, {}", self.node, describe(packet));
            }
            match to.tun.write(&packet[..n]) {
                // Without memory for it, the packet is lost.
                Err(why) if why.raw_os_error() != Some(libc::ENOBUFS) => {
                    return Err(format!("{}: {why}", to.node))
                }
                _ => (),
            }
        }
    }
}

/// The fields of the header, whose numbers have the byte order of the host.
fn describe(header: &[u8]) -> String {
    let word = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
    format!(
        "flags {}, gso_type {}, hdr_len {}, gso_size {}, csum_start {}, csum_offset {}",
        header[0],
        header[1],
        word(2),
        word(4),
        word(6),
        word(8)
    )
}

fn run(a: String, b: String) -> Result<(), String> {
    let (mut a, mut b) = (End::open(a)?, End::open(b)?);
    println!("{} and {} are connected", a.node, b.node);
    let mut packet = vec![0; HEADER_LEN + FAMILY_LEN + TUNMRU];
    let mut fds = [&a, &b].map(|end| libc::pollfd {
        fd: end.tun.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    });
    loop {
        // SAFETY: The array has two elements.
        if unsafe { libc::poll(fds.as_mut_ptr(), 2, -1) } < 0 {
            let why = io::Error::last_os_error();
            if why.kind() != ErrorKind::Interrupted {
                return Err(format!("poll: {why}"));
            }
        }
        a.forward(&mut b, &mut packet)?;
        b.forward(&mut a, &mut packet)?;
    }
}

fn main() {
    let mut args = env::args().skip(1);
    let (Some(a), Some(b), None) = (args.next(), args.next(), args.next()) else {
        eprintln!("usage: forward NODE NODE");
        process::exit(2);
    };
    if let Err(why) = run(a, b) {
        eprintln!("{why}");
        process::exit(1);
    }
}
