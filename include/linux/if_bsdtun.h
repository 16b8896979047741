/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * What no BSD has: ioctls of bsdtun, and attributes of its links.
 */
#ifndef _BSDTUN_LINUX_IF_BSDTUN_H
#define _BSDTUN_LINUX_IF_BSDTUN_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

/*
 * Length of the virtio_net_hdr of a tun: 0, 10 or 12. TAPSVNETHDR of
 * <net/if_tap.h> sets it. TAPGVNETHDR is for tap and vmnet only, as its number
 * is that of TUNSIFMODE on a tun.
 */
#define BSDTUNGVNETHDR	_IOR('t', 200, int)

/*
 * Attributes of links of the kinds bsdtun, bsdtap and bsdvmnet, nested in
 * IFLA_INFO_DATA of rtnetlink messages.
 */
enum {
	IFLA_BSDTUN_UNSPEC,
	/* __u32: number of the unit; can be set only when the link is created. */
	IFLA_BSDTUN_UNIT,
	/* __u8, 0 or 1: the last close keeps the link up and its addresses; bsdtap only. */
	IFLA_BSDTUN_KEEP,
	/* __u8, 0 or 1: the last close removes the unit. */
	IFLA_BSDTUN_TRANSIENT,
	/* Reserved; earlier drivers showed the owner, which sysfs shows per PID namespace. */
	IFLA_BSDTUN_OWNER,
	/* String: "bare", "ifhead" or "lmode", what precedes packets; bsdtun only. */
	IFLA_BSDTUN_FRAMING,
	/* String: "linux", "freebsd", "netbsd" or "openbsd", the program's system; bsdtun only. */
	IFLA_BSDTUN_DIALECT,
	__IFLA_BSDTUN_MAX
};

#define IFLA_BSDTUN_MAX (__IFLA_BSDTUN_MAX - 1)

#endif /* _BSDTUN_LINUX_IF_BSDTUN_H */
