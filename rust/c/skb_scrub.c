// SPDX-License-Identifier: GPL-2.0
/* Release the resources of a packet that leaves the stack and will wait in a queue. */

#include <linux/if_vlan.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/dst.h>

#include "driver.h"

/*
 * Release the sender's pages and socket, the route, the connection tracking
 * entry, the extensions (such as the secpath, which holds xfrm states) and the
 * device. Returns -ENOMEM if there is no memory to copy the pages; 1 if the packet
 * is not finished: its checksum is incomplete, it is to be segmented, or its
 * VLAN tag is not in the frame; otherwise 0. Any context.
 *
 * One function, because a call for each step costs more than the steps.
 */
int bsdtun_skb_scrub(struct sk_buff *skb)
{
	if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC)))
		return -ENOMEM;
	/* Before the socket is released, which gets the timestamp. */
	if (unlikely(skb_shinfo(skb)->tx_flags))
		skb_tx_timestamp(skb);
	skb_orphan(skb);
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	skb_ext_reset(skb);
	skb->dev = NULL;
	return skb->ip_summed == CHECKSUM_PARTIAL || skb_is_gso(skb) ||
	       skb_vlan_tag_present(skb);
}
