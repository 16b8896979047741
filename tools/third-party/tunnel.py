#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""tunnel.py UNIT | UNIT:UNIT...: open units with scapy's code for the BSDs. On a single unit, answer
pings for every address. Of a pair, forward the packets of each one to the other."""

import sys

from scapy.layers import tuntap
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import (
    ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6)
from scapy.layers.l2 import ARP, Ether
from scapy.sendrecv import sniff

tuntap.LINUX = False
tuntap.BSD = True

STATION = "02:00:5e:00:53:02"


def answer_to(packet):
    """The reply to a packet, without an Ethernet header; None if there is none."""
    if ARP in packet and packet[ARP].op == 1:
        arp = packet[ARP]
        return ARP(op=2, hwsrc=STATION, psrc=arp.pdst, hwdst=arp.hwsrc, pdst=arp.psrc)
    if ICMP in packet and packet[ICMP].type == 8:
        ip, icmp = packet[IP], packet[ICMP]
        return IP(src=ip.dst, dst=ip.src) / ICMP(type=0, id=icmp.id, seq=icmp.seq) / icmp.payload
    if ICMPv6ND_NS in packet and packet[IPv6].src != "::":
        target = packet[ICMPv6ND_NS].tgt
        return (IPv6(src=target, dst=packet[IPv6].src) / ICMPv6ND_NA(tgt=target, R=0, S=1, O=1) /
                ICMPv6NDOptDstLLAddr(lladdr=STATION))
    if ICMPv6EchoRequest in packet:
        ip, echo = packet[IPv6], packet[ICMPv6EchoRequest]
        return (IPv6(src=ip.dst, dst=ip.src) /
                ICMPv6EchoReply(id=echo.id, seq=echo.seq, data=echo.data))
    return None


def main():
    units = {}
    peers = {}
    for word in sys.argv[1:]:
        names = word.split(":")
        for name in names:
            units[name] = tuntap.TunTapInterface(name)
        if len(names) == 2:
            peers[names[0]], peers[names[1]] = names[1], names[0]

    def pass_on(packet):
        name = packet.sniffed_on
        if name in peers:
            units[peers[name]].send(packet)
            return
        reply = answer_to(packet)
        if reply is not None:
            if Ether in packet:
                reply = Ether(src=STATION, dst=packet[Ether].src) / reply
            units[name].send(reply)

    print("opened", *units, flush=True)
    sniff(opened_socket={unit: name for name, unit in units.items()}, prn=pass_on, store=False)


main()
