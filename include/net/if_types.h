/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * Interface types for TUNSIFINFO and TAPSIFINFO: numbers of the SNMP MIB with
 * their BSD names.
 */
#ifndef _BSDTUN_NET_IF_TYPES_H
#define _BSDTUN_NET_IF_TYPES_H

#define IFT_OTHER	0x01
#define IFT_ETHER	0x06
#define IFT_PPP		0x17
#define IFT_LOOP	0x18
#define IFT_SLIP	0x1c
#define IFT_PROPVIRTUAL	0x35
#define IFT_TUNNEL	0x83
#define IFT_L2VLAN	0x87
#define IFT_BRIDGE	0xd1

#endif /* _BSDTUN_NET_IF_TYPES_H */
