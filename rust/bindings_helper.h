/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What bindgen reads: the headers behind the safe layers, and the constants
 * that it cannot see because they are casts.
 */

#include <linux/anon_inodes.h>
#include <linux/ethtool.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/miscdevice.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/uio.h>
#include <net/dropreason.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include <net/sch_generic.h>
#include <uapi/asm/ioctls.h>

#include "helpers.h"

/* `bindgen` gets confused at certain things. */
const fmode_t RUST_CONST_HELPER_FMODE_NOWAIT = FMODE_NOWAIT;
const int RUST_CONST_HELPER_IOCB_NOWAIT = IOCB_NOWAIT;
const int RUST_CONST_HELPER_PAGE_ALLOC_COSTLY_ORDER = PAGE_ALLOC_COSTLY_ORDER;
const u32 RUST_CONST_HELPER_FIONREAD = FIONREAD;
