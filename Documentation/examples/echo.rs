// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause

//! A host behind a tun: gets a unit from the cloner, sets it up and answers pings.
//!
//! With the crate `libc`:
//!
//! ```text
//! cargo run 192.0.2.1 192.0.2.2 &
//! ping 192.0.2.2
//! ```

use std::{
    env,
    ffi::{
        c_int,
        CStr, //
    },
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
    net::{
        Ipv4Addr,
        UdpSocket, //
    },
    os::fd::AsRawFd,
    process,
};

// From <net/if_tun.h>; values for x86, arm, riscv and most other architectures.
const TUNSIFHEAD: libc::Ioctl = 0x4004_7460;
const TUNSTRANSIENT: libc::Ioctl = 0x4004_7462;
const TUNGIFNAME: libc::Ioctl = 0x8028_745d;
const TUNMRU: usize = 65535;

/// The prefix that `TUNSIFHEAD` adds to an IPv4 packet.
const IPV4: [u8; 4] = (libc::AF_INET as u32).to_be_bytes();

const ECHO_REQUEST: u8 = 8;

/// Calls an ioctl whose argument is a pointer.
///
/// # Safety
///
/// `T` must be the type that the request reads or writes.
unsafe fn ioctl<T>(fd: &impl AsRawFd, request: libc::Ioctl, arg: &mut T) -> io::Result<()> {
    // SAFETY: The caller guarantees that `arg` has the type that the request expects.
    match unsafe { libc::ioctl(fd.as_raw_fd(), request, &raw mut *arg) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Opens a unit of our own, which our close removes. Returns it with its interface's name.
fn open() -> io::Result<(File, libc::ifreq)> {
    let tun = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/bsdtun")?;
    let mut on: c_int = 1;
    // SAFETY: All zeroes are a valid `struct ifreq`.
    let mut ifreq: libc::ifreq = unsafe { mem::zeroed() };

    // SAFETY: The request reads an `int`.
    unsafe { ioctl(&tun, TUNSTRANSIENT, &mut on) }?;
    // SAFETY: Likewise.
    unsafe { ioctl(&tun, TUNSIFHEAD, &mut on) }?;
    // SAFETY: The request writes a `struct ifreq`.
    unsafe { ioctl(&tun, TUNGIFNAME, &mut ifreq) }?;
    Ok((tun, ifreq))
}

fn set_address(ifreq: &libc::ifreq, request: libc::Ioctl, address: Ipv4Addr) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let mut ifreq = *ifreq;
    let mut data = [0; 14];
    data[2..6].copy_from_slice(&address.octets().map(|byte| byte as _));
    ifreq.ifr_ifru.ifru_addr = libc::sockaddr {
        sa_family: libc::AF_INET as _,
        sa_data: data,
    };
    // SAFETY: The request reads a `struct ifreq`.
    unsafe { ioctl(&socket, request, &mut ifreq) }
}

/// Turns an echo request into its reply. Returns false for other packets.
fn answer(ip: &mut [u8]) -> bool {
    if ip.len() < 20 {
        return false;
    }
    let hlen = usize::from(ip[0] & 0xf) * 4;
    if hlen < 20 || ip.len() < hlen + 8 || i32::from(ip[9]) != libc::IPPROTO_ICMP {
        return false;
    }
    // Ignore fragments.
    if ip[hlen] != ECHO_REQUEST || ip[6] & 0x3f != 0 || ip[7] != 0 {
        return false;
    }

    // Swapping source and destination leaves the header's checksum valid.
    let (source, destination) = ip[12..20].split_at_mut(4);
    source.swap_with_slice(destination);

    // Correct the checksum for the change of the type from 8 to 0.
    let icmp = &mut ip[hlen..];
    let sum = u32::from(u16::from_be_bytes([icmp[2], icmp[3]])) + (u32::from(ECHO_REQUEST) << 8);
    let sum = (sum & 0xffff) + (sum >> 16);
    icmp[0] = 0;
    icmp[2..4].copy_from_slice(&(sum as u16).to_be_bytes());
    true
}

fn run(ours: Ipv4Addr, its: Ipv4Addr) -> io::Result<()> {
    let (mut tun, ifreq) = open()?;

    // The first address sets the interface up.
    set_address(&ifreq, libc::SIOCSIFADDR, ours)?;
    set_address(&ifreq, libc::SIOCSIFDSTADDR, its)?;
    // SAFETY: The kernel pads the name with NUL bytes.
    let name = unsafe { CStr::from_ptr(ifreq.ifr_name.as_ptr()) };
    println!("{}: {its} answers", name.to_string_lossy());

    let mut packet = [0; IPV4.len() + TUNMRU];
    loop {
        let n = tun.read(&mut packet)?;
        let Some((family, ip)) = packet[..n].split_at_mut_checked(IPV4.len()) else {
            continue;
        };
        if *family == IPV4 && answer(ip) {
            tun.write_all(&packet[..n])?;
        }
    }
}

fn main() {
    let mut args = env::args().skip(1).map(|arg| arg.parse());
    let (Some(Ok(ours)), Some(Ok(its)), None) = (args.next(), args.next(), args.next()) else {
        eprintln!("usage: echo OUR-ADDRESS ITS-ADDRESS");
        process::exit(2);
    };
    if let Err(error) = run(ours, its) {
        eprintln!("echo: {error}");
        process::exit(1);
    }
}
