/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * BSD's tun(4), for programs and for the driver: the one place where the
 * numbers are written down. `struct ifreq` need not be complete here.
 */
#ifndef _BSDTUN_NET_IF_TUN_H
#define _BSDTUN_NET_IF_TUN_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/types.h>
#include <sys/ioctl.h>
#endif

/* The longest packet, either way, without its prefix. */
#define TUNMRU		65535

/* The MTU that a new interface has. */
#define TUNMTU		1500

struct tuninfo {
	int baudrate;		/* line speed, stored and given back */
	unsigned short mtu;	/* of the interface */
	unsigned char type;	/* of the interface, an IFT_ of <net/if_types.h> */
	unsigned char dummy;
};

/* Debugging, one variable for all units. */
#define TUNGDEBUG	_IOR('t', 89, int)
#define TUNSDEBUG	_IOW('t', 90, int)

/* Speed, MTU and type. */
#define TUNSIFINFO	_IOW('t', 91, struct tuninfo)
#define TUNGIFINFO	_IOR('t', 92, struct tuninfo)

/* A BSD sockaddr with the next hop before each packet read. */
#define TUNSLMODE	_IOW('t', 93, int)

/* The interface's name; shares its number, not its direction, with TUNSLMODE. */
#define TUNGIFNAME	_IOR('t', 93, struct ifreq)

/* IFF_POINTOPOINT or IFF_BROADCAST, with or without multicast. */
#define TUNSIFMODE	_IOW('t', 94, int)

/* Makes the caller the opener that is shown. */
#define TUNSIFPID	_IO('t', 95)

/* The address family, 4 bytes in network order, before each packet. */
#define TUNSIFHEAD	_IOW('t', 96, int)
#define TUNGIFHEAD	_IOR('t', 97, int)

/* The unit goes at its last close. */
#define TUNSTRANSIENT	_IOW('t', 98, int)
#define TUNGTRANSIENT	_IOR('t', 99, int)

/* Does not compile with another size; in all dialects of C and C++. */
enum { _BSDTUN_TUNINFO_HAS_8_BYTES = 1 / (sizeof(struct tuninfo) == 8) };

#endif /* _BSDTUN_NET_IF_TUN_H */
