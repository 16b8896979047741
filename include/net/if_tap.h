/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * BSD's tap(4) and vmnet, for programs and for the driver: the one place where
 * the numbers are written down. `struct ifreq` need not be complete here.
 */
#ifndef _BSDTUN_NET_IF_TAP_H
#define _BSDTUN_NET_IF_TAP_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/types.h>
#include <sys/ioctl.h>
#endif

/* The longest frame, either way, with its Ethernet header. */
#define TAPMRU		65535

struct tapinfo {
	int baudrate;		/* line speed, stored and given back */
	unsigned short mtu;	/* of the interface */
	unsigned char type;	/* IFT_ETHER of <net/if_types.h>, and no other */
	unsigned char dummy;
};

/* Debugging, one variable for all units, with that of <net/if_tun.h>. */
#define TAPGDEBUG	_IOR('t', 89, int)
#define TAPSDEBUG	_IOW('t', 90, int)

/* Speed, MTU and type. */
#define TAPSIFINFO	_IOW('t', 91, struct tapinfo)
#define TAPGIFINFO	_IOR('t', 92, struct tapinfo)

/* The interface's name. */
#define TAPGIFNAME	_IOR('t', 93, struct ifreq)

/* The unit goes at its last close. */
#define TAPSTRANSIENT	_IOW('t', 98, int)
#define TAPGTRANSIENT	_IOR('t', 99, int)

/* Raises the interface; the flags are the argument itself, no pointer to them. */
#define VMIO_SIOCSIFFLAGS _IO('V', 0)

/* Does not compile with another size; in all dialects of C and C++. */
enum { _BSDTUN_TAPINFO_HAS_8_BYTES = 1 / (sizeof(struct tapinfo) == 8) };

#endif /* _BSDTUN_NET_IF_TAP_H */
