#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A host behind a tun: gets a unit from the cloner, sets it up and answers pings.

    ./echo.py 192.0.2.1 192.0.2.2 &
    ping 192.0.2.2
"""

import fcntl
import os
import socket
import struct
import sys

# From <net/if_tun.h>; values for x86, arm, riscv and most other architectures.
TUNSIFHEAD = 0x40047460
TUNSTRANSIENT = 0x40047462
TUNGIFNAME = 0x8028745D
# From <sys/ioctl.h>.
SIOCSIFADDR = 0x8916
SIOCSIFDSTADDR = 0x8918

# struct ifreq that contains a struct sockaddr_in.
IFREQ = struct.Struct("16s HH4s 16x")
# The prefix that TUNSIFHEAD adds to a packet.
FAMILY = struct.Struct("!I")
ECHO_REQUEST = 8
MRU = 65535


def set_address(ifname, request, address):
    ifreq = IFREQ.pack(ifname, socket.AF_INET, 0, socket.inet_aton(address))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, request, ifreq)


def answer(ip):
    """Return the reply to an echo request, None for other packets."""
    hlen = (ip[0] & 0xF) * 4 if len(ip) >= 20 else 0
    icmp = ip[hlen:]
    if hlen < 20 or len(icmp) < 8 or ip[9] != socket.IPPROTO_ICMP or icmp[0] != ECHO_REQUEST:
        return None
    # Ignore fragments.
    if ip[6] & 0x3F or ip[7]:
        return None
    # Swapping source and destination leaves the header's checksum valid. Correct the ICMP checksum
    # for the change of the type from 8 to 0.
    total = int.from_bytes(icmp[2:4], "big") + (ECHO_REQUEST << 8)
    total = (total & 0xFFFF) + (total >> 16)
    header = ip[:12] + ip[16:20] + ip[12:16] + ip[20:hlen]
    return header + bytes(2) + total.to_bytes(2, "big") + icmp[4:]


def main():
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} OUR-ADDRESS ITS-ADDRESS")

    # A unit of our own; our exit removes it.
    fd = os.open("/dev/bsdtun", os.O_RDWR)
    on = struct.pack("i", 1)
    fcntl.ioctl(fd, TUNSTRANSIENT, on)
    fcntl.ioctl(fd, TUNSIFHEAD, on)
    ifname = IFREQ.unpack(fcntl.ioctl(fd, TUNGIFNAME, bytes(IFREQ.size)))[0]

    # The first address sets the interface up.
    set_address(ifname, SIOCSIFADDR, sys.argv[1])
    set_address(ifname, SIOCSIFDSTADDR, sys.argv[2])
    print(f"{ifname.rstrip(bytes(1)).decode()}: {sys.argv[2]} answers", flush=True)

    while True:
        packet = os.read(fd, FAMILY.size + MRU)
        if FAMILY.unpack_from(packet)[0] != socket.AF_INET:
            continue
        reply = answer(packet[FAMILY.size:])
        if reply:
            os.write(fd, packet[:FAMILY.size] + reply)


if __name__ == "__main__":
    main()
