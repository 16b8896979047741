/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * What no BSD has: ioctls of bsdtun, and attributes of its links.
 */
#ifndef _BSDTUN_LINUX_IF_BSDTUN_H
#define _BSDTUN_LINUX_IF_BSDTUN_H

#include <linux/types.h>
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
 * Batch mode, off after each open: a read returns as many packets as are
 * queued and fit, and a write takes many, each in a record. The first packet
 * of a read that does not fit is truncated.
 */
#define BSDTUNSBATCH	_IOW('t', 201, int)
#define BSDTUNGBATCH	_IOR('t', 202, int)

/*
 * The header of a record, in host byte order. Behind it is what a read or
 * write without batch mode would contain. The next record starts at the next
 * multiple of BSDTUN_RECORD_ALIGNMENT; the last one needs no padding.
 */
struct bsdtun_record {
	__u32 len;	/* of what follows, in bytes, without padding */
	__u16 hdr_len;	/* of this structure */
	__u16 flags;	/* BSDTUN_RECORD_TRUNCATED; 0 in a write */
};

#define BSDTUN_RECORD_ALIGNMENT		8
#define BSDTUN_RECORD_TRUNCATED		0x1

/* The next record is BSDTUN_RECORD_ALIGN(record->hdr_len + record->len) bytes further. */
#define BSDTUN_RECORD_ALIGN(len) \
	(((len) + (BSDTUN_RECORD_ALIGNMENT - 1)) & ~(__u32)(BSDTUN_RECORD_ALIGNMENT - 1))

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
