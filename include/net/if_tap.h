/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * Ioctls of tap(4) and vmnet, for programs and for the driver. What they share
 * with tun(4) is in <net/if_tun.h>. `struct ifreq` may be an incomplete type here.
 */
#ifndef _BSDTUN_NET_IF_TAP_H
#define _BSDTUN_NET_IF_TAP_H

#include "if_tun.h"

/* Length of the longest frame in either direction, with its Ethernet header. */
#define TAPMRU		65535

/* The type must be IFT_ETHER of <net/if_types.h>. */
#define tapinfo		tuninfo

/* Debugging level: one variable for all units, tun's too. */
#define TAPGDEBUG	_IOR('t', 89, int)
#define TAPSDEBUG	_IOW('t', 90, int)

/* Speed, MTU and type. */
#define TAPSIFINFO	_IOW('t', 91, struct tapinfo)
#define TAPGIFINFO	_IOR('t', 92, struct tapinfo)

/* Name of the interface. */
#define TAPGIFNAME	_IOR('t', 93, struct ifreq)

/*
 * Length of the header before each packet, on reads and writes: 0 (none), 10 or
 * 12 bytes. The header is the legacy struct virtio_net_hdr of
 * <linux/virtio_net.h>, with 12 bytes struct virtio_net_hdr_mrg_rxbuf. Its
 * fields are in the byte order of the host; csum_start and hdr_len count from
 * the first byte behind the header and, on a tun, behind the prefix that the
 * framing gives, which stands between header and packet.
 *
 * TAPSVNETHDR works on a tun too. TAPGVNETHDR does not, its number is that of
 * TUNSIFMODE there: see BSDTUNGVNETHDR in <linux/if_bsdtun.h>.
 */
#define TAPSVNETHDR	_IOW('t', 91, int)
#define TAPGVNETHDR	_IOR('t', 94, int)

/* Whether the last close removes the unit. */
#define TAPSTRANSIENT	_IOW('t', 98, int)
#define TAPGTRANSIENT	_IOR('t', 99, int)

/* Sets the interface up. The argument is the flags by value, not a pointer. */
#define VMIO_SIOCSIFFLAGS _IO('V', 0)

/* For source compatibility: these fail with ENOTTY, as on the BSDs. */
#define VMIO_SIOCSKEEP		_IO('V', 1)
#define VMIO_SIOCSIFBR		_IO('V', 2)
#define VMIO_SIOCSLADRF		_IO('V', 3)
#define VMIO_SIOCSETMACADDR	_IO('V', 4)
#define VMIO_SIOCPORT		_IO('V', 5)
#define VMIO_SIOCBRIDGE		_IO('V', 6)
#define VMIO_SIOCNETIF		_IO('V', 7)

#endif /* _BSDTUN_NET_IF_TAP_H */
