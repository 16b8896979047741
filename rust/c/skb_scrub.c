// SPDX-License-Identifier: GPL-2.0
/* Release the resources of a packet that leaves the stack and will wait in a queue. */

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/dst.h>

#include "driver.h"

/*
 * Release the sender's pages and socket, the route, the connection tracking
 * entry, the extensions (such as the secpath, which holds xfrm states) and the
 * device. Returns false if there is no memory to copy the pages.
 * Any context.
 *
 * One function, because a call for each step costs more than the steps.
 */
bool bsdtun_skb_scrub(struct sk_buff *skb)
{
	if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC)))
		return false;
	/* Before the socket is released, which gets the timestamp. */
	if (unlikely(skb_shinfo(skb)->tx_flags))
		skb_tx_timestamp(skb);
	skb_orphan(skb);
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	skb_ext_reset(skb);
	skb->dev = NULL;
	return true;
}
