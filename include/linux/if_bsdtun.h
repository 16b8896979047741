/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * What rtnetlink carries about links of the kinds bsdtun, bsdtap and bsdvmnet,
 * in IFLA_INFO_DATA.
 */
#ifndef _BSDTUN_LINUX_IF_BSDTUN_H
#define _BSDTUN_LINUX_IF_BSDTUN_H

enum {
	IFLA_BSDTUN_UNSPEC,
	/* __u32: the unit's number, which its node is named after; chosen once. */
	IFLA_BSDTUN_UNIT,
	/* __u8, 0 or 1: stays up and keeps its addresses when closed. bsdtap. */
	IFLA_BSDTUN_KEEP,
	/* __u8, 0 or 1: goes when closed. */
	IFLA_BSDTUN_TRANSIENT,
	/* __u32: the process that has it open, or 0. Told, not taken. */
	IFLA_BSDTUN_OWNER,
	__IFLA_BSDTUN_MAX,
};

#define IFLA_BSDTUN_MAX (__IFLA_BSDTUN_MAX - 1)

#endif /* _BSDTUN_LINUX_IF_BSDTUN_H */
