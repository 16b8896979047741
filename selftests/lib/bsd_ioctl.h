/* SPDX-License-Identifier: GPL-2.0 */
/* ioctl numbers in the encoding of the BSDs. */
#ifndef BSDTUN_LIB_BSD_IOCTL_H
#define BSDTUN_LIB_BSD_IOCTL_H

#include <sys/ioctl.h>

#include <linux/types.h>

/* Commands of every descriptor, in the encoding of the BSDs. */
#define BSD_FIOCLEX	0x20006601u
#define BSD_FIONCLEX	0x20006602u
#define BSD_FIOGETOWN	0x4004667bu
#define BSD_FIOSETOWN	0x8004667cu
#define BSD_FIOASYNC	0x8004667du
#define BSD_FIONBIO	0x8004667eu
#define BSD_FIONREAD	0x4004667fu
#define BSD_TIOCSPGRP	0x80047476u
#define BSD_TIOCGPGRP	0x40047477u

/* FreeBSD's GIFNAME, then as _IOR() encodes it for a struct ifreq of 32 and of 40 bytes. */
#define BSD_GIFNAME	0x4020745du
#define LINUX_GIFNAME	0x8020745du
#define LINUX64_GIFNAME	0x8028745du

/*
 * What the headers of other BSDs declare, in the encoding of Linux: bsd_encoding() gives the other.
 * A struct ifreq has 32 bytes on FreeBSD and DragonFly, 144 on NetBSD.
 */
#define NETBSD_TUNGIFHEAD _IOR('t', 65, int)
#define NETBSD_TUNSIFHEAD _IOW('t', 66, int)
#define NETBSD_TUNSLMODE _IOW('t', 87, int)
#define NETBSD_TUNSIFMODE _IOW('t', 88, int)
#define NETBSD_TAPGIFNAME _IOR('e', 0, char[144])
#define NETBSD_SIOCGIFADDR _IOWR('i', 33, char[144])
#define DRAGONFLY_GIFNAME _IOR('t', 98, char[32])
#define BSD_SIOCSIFADDR	_IOW('i', 12, char[32])
#define BSD_OSIOCGIFADDR _IOWR('i', 13, char[32])
#define BSD_SIOCGIFADDR	_IOWR('i', 33, char[32])

/*
 * OpenBSD's struct tuninfo has 12 bytes. Its header cannot be included together with FreeBSD's:
 * headers_openbsd.c uses it.
 */
struct openbsd_info {
	__u32 mtu;
	__u16 type;
	__u16 flags;	/* of the interface, in the encoding of the BSDs */
	__u32 baudrate;
};

#define OPENBSD_TUNSIFINFO _IOW('t', 91, struct openbsd_info)
#define OPENBSD_TUNGIFINFO _IOR('t', 92, struct openbsd_info)

#define BSD_IFF_MULTICAST 0x8000

/* Converts a number made by _IO(), _IOR() or _IOW() to the encoding of the BSDs. */
unsigned int bsd_encoding(unsigned int cmd);

/* A command with an int as its argument. Returns the value, or -errno. */
int ioctl_get(int fd, unsigned int cmd);

/* Returns 0 or -errno. */
int ioctl_set(int fd, unsigned int cmd, int value);

#endif /* BSDTUN_LIB_BSD_IOCTL_H */
