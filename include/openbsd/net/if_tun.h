/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * Ioctls of tun(4) and tap(4) as on OpenBSD, for programs. This header replaces
 * FreeBSD's <net/if_tun.h>, whose numbers 93 and 94 are other commands: a
 * program includes one of the two. The unit needs the dialect openbsd.
 */
#ifndef _BSDTUN_OPENBSD_NET_IF_TUN_H
#define _BSDTUN_OPENBSD_NET_IF_TUN_H

#ifdef _BSDTUN_NET_IF_TUN_H
#error "OpenBSD's <net/if_tun.h> and FreeBSD's define the same names differently"
#endif

#include <sys/types.h>
#include <sys/ioctl.h>
#include "if_tun_hdr.h"

/* Length of the longest packet in either direction, without its prefix. */
#define TUNMRU		65535

/* MTU of a new interface. */
#define TUNMTU		1500

struct tuninfo {
	unsigned int mtu;	/* of the interface */
	unsigned short type;	/* IFT_ value of <net/if_types.h> */
	unsigned short flags;	/* of the interface, OpenBSD's IFF_ values; ignored when set */
	unsigned int baudrate;	/* line speed, stored without effect */
};

/* Speed, MTU and type. */
#define TUNSIFINFO	_IOW('t', 91, struct tuninfo)
#define TUNGIFINFO	_IOR('t', 92, struct tuninfo)

/* IFF_POINTOPOINT or IFF_BROADCAST, with or without multicast. */
#define TUNSIFMODE	_IOW('t', 93, int)

/* Debugging level: one variable for all units. */
#define TUNSDEBUG	_IOW('t', 94, int)
#define TUNGDEBUG	_IOR('t', 95, int)

/* Fails to compile with any other size, in all dialects of C and C++. */
enum { _BSDTUN_OPENBSD_TUNINFO_HAS_12_BYTES = 1 / (sizeof(struct tuninfo) == 12) };

#endif /* _BSDTUN_OPENBSD_NET_IF_TUN_H */
