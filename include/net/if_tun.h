/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * Ioctls of tun(4), for programs and for the driver: no other file defines the
 * numbers. `struct ifreq` may be an incomplete type here.
 */
#ifndef _BSDTUN_NET_IF_TUN_H
#define _BSDTUN_NET_IF_TUN_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/types.h>
#include <sys/ioctl.h>
#endif

/* Length of the longest packet in either direction, without its prefix. */
#define TUNMRU		65535

/* MTU of a new interface. */
#define TUNMTU		1500

struct tuninfo {
	int baudrate;		/* line speed, stored without effect */
	unsigned short mtu;	/* of the interface */
	unsigned char type;	/* IFT_ value of <net/if_types.h>, stored without effect */
	unsigned char dummy;
};

/* Debugging level: one variable for all units. */
#define TUNGDEBUG	_IOR('t', 89, int)
#define TUNSDEBUG	_IOW('t', 90, int)

/* Speed, MTU and type. */
#define TUNSIFINFO	_IOW('t', 91, struct tuninfo)
#define TUNGIFINFO	_IOR('t', 92, struct tuninfo)

/* Reads return the next hop before each packet, as a BSD sockaddr_in. */
#define TUNSLMODE	_IOW('t', 93, int)

/* Name of the interface. TUNSLMODE has the same number in the other direction. */
#define TUNGIFNAME	_IOR('t', 93, struct ifreq)

/* IFF_POINTOPOINT or IFF_BROADCAST, with or without multicast. */
#define TUNSIFMODE	_IOW('t', 94, int)

/* Makes the caller the owner. No argument. */
#define TUNSIFPID	_IO('t', 95)

/* Each packet follows its address family, 4 bytes in network byte order. */
#define TUNSIFHEAD	_IOW('t', 96, int)
#define TUNGIFHEAD	_IOR('t', 97, int)

/* Whether the last close removes the unit. */
#define TUNSTRANSIENT	_IOW('t', 98, int)
#define TUNGTRANSIENT	_IOR('t', 99, int)

/*
 * Name of the node, such as "bsdtun0", with a NUL. The node of a unit keeps its
 * name if the interface is renamed. BSD has this in <sys/filio.h>.
 */
#ifndef FIODGNAME
struct fiodgname_arg {
	int len;	/* size of the buffer: EINVAL if it is too short */
	void *buf;
};

#define FIODGNAME	_IOW('f', 120, struct fiodgname_arg)
#endif

/* Fails to compile with any other size, in all dialects of C and C++. */
enum { _BSDTUN_TUNINFO_HAS_8_BYTES = 1 / (sizeof(struct tuninfo) == 8) };

#ifndef __KERNEL__
/*
 * fdevname(3) and fdevname_r(3) for descriptors of tun, tap and vmnet, also those
 * of a cloner. NULL on failure, with errno set: ENOTTY if it is a descriptor of
 * something else. fdevname() returns one buffer in each source file.
 *
 * BSD declares them in <stdlib.h>, and a library may do so on Linux. With names
 * of their own the two do not collide, and these are used.
 */
#ifdef __cplusplus
extern "C" {
#endif

static __inline__ __attribute__((__unused__))
char *bsdtun_fdevname_r(int fd, char *buf, int len)
{
	struct fiodgname_arg arg;

	arg.len = len;
	arg.buf = buf;
	return ioctl(fd, FIODGNAME, &arg) < 0 ? (char *)0 : buf;
}

static __inline__ __attribute__((__unused__))
char *bsdtun_fdevname(int fd)
{
	static char buf[256];

	return bsdtun_fdevname_r(fd, buf, sizeof(buf));
}

#ifdef __cplusplus
}
#endif

#define fdevname	bsdtun_fdevname
#define fdevname_r	bsdtun_fdevname_r
#endif /* __KERNEL__ */

#endif /* _BSDTUN_NET_IF_TUN_H */
