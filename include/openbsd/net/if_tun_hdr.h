/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * OpenBSD's offload header of tun(4) and tap(4). OpenBSD has these definitions
 * in <net/if_tun.h> and <net/if.h>; here they have a file of their own, which
 * can be included together with FreeBSD's <net/if_tun.h>.
 *
 * The encoding of these ioctls is that of Linux only: in BSD's encoding, TUNSCAP
 * and TUNGCAP are each other's numbers.
 */
#ifndef _BSDTUN_OPENBSD_NET_IF_TUN_HDR_H
#define _BSDTUN_OPENBSD_NET_IF_TUN_HDR_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

/* What the program can take on reads: IFCAP_ bits. Writes are not limited by them. */
struct tun_capabilities {
	unsigned int tun_if_capabilities;
};

/* Set the capabilities and switch struct tun_hdr on, also if there are none. */
#define TUNSCAP		_IOW('t', 196, struct tun_capabilities)

/* Get the capabilities. Fails with ENODEV while struct tun_hdr is off. */
#define TUNGCAP		_IOR('t', 196, struct tun_capabilities)

/* Switch struct tun_hdr off. */
#define TUNDCAP		_IO('t', 196)

/* Not FreeBSD's values of these names. */
#define IFCAP_CSUM_IPv4		0x00000001
#define IFCAP_CSUM_TCPv4	0x00000002
#define IFCAP_CSUM_UDPv4	0x00000004
#define IFCAP_VLAN_MTU		0x00000010
#define IFCAP_VLAN_HWTAGGING	0x00000020
#define IFCAP_VLAN_HWOFFLOAD	0x00000040
#define IFCAP_CSUM_TCPv6	0x00000080
#define IFCAP_CSUM_UDPv6	0x00000100
#define IFCAP_TSOv4		0x00001000
#define IFCAP_TSOv6		0x00002000
#define IFCAP_LRO		0x00004000

/*
 * Before each packet on reads and writes, in the byte order of the host: on a
 * tun before the address family, on a tap before the Ethernet header. A header
 * that was read from one unit can be written to another as it is.
 */
struct tun_hdr {
	unsigned short th_flags;	/* TUN_H_ bits */
	unsigned short th_pad;		/* 0 on reads, ignored on writes */
	unsigned short th_vtag;		/* 802.1Q tag control, if TUN_H_VTAG is set */
	unsigned short th_mss;		/* bytes of payload a segment, if TUN_H_TCP_MSS is set */
};

/* Priority: 0 on reads, ignored on writes. */
#define TUN_H_PRIO_MASK		0x0007

/* The VLAN tag is in th_vtag and not in the frame; tap only. */
#define TUN_H_VTAG		0x0010

/* A TCP packet to be cut into segments of th_mss bytes. */
#define TUN_H_TCP_MSS		0x0020

/*
 * The packet lacks this checksum. The field of an IPv4 header is 0 then; that of
 * TCP or UDP has the sum of the pseudo-header. At most one of TCP, UDP and ICMP.
 */
#define TUN_H_IPV4_CSUM		0x0100
#define TUN_H_TCP_CSUM		0x0200
#define TUN_H_UDP_CSUM		0x0400
#define TUN_H_ICMP_CSUM		0x0800

/* Fails to compile with any other size, in all dialects of C and C++. */
enum {
	_BSDTUN_TUN_CAPABILITIES_HAS_4_BYTES = 1 / (sizeof(struct tun_capabilities) == 4),
	_BSDTUN_TUN_HDR_HAS_8_BYTES = 1 / (sizeof(struct tun_hdr) == 8)
};

#endif /* _BSDTUN_OPENBSD_NET_IF_TUN_HDR_H */
