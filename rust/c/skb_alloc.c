// SPDX-License-Identifier: GPL-2.0
/* Allocate and free packets by way of the caches that NAPI has on each CPU. */

#include <linux/bottom_half.h>
#include <linux/skbuff.h>

#include "driver.h"

/*
 * Allocate a linear packet of len bytes behind headroom bytes. With all that
 * belongs to it, it must fit in one page. Its memory is a fragment of a page
 * that several packets share and that is zeroed once, not per packet (with
 * init_on_alloc). Does not wait for memory. Process context.
 */
struct sk_buff *bsdtun_alloc_skb_frag(unsigned int headroom, unsigned int len)
{
	unsigned int size = SKB_HEAD_ALIGN(headroom + len);
	struct sk_buff *skb = NULL;
	void *data;

	/* The caches belong to the softirqs of this CPU. */
	local_bh_disable();
	data = napi_alloc_frag(size);
	if (likely(data)) {
		skb = napi_build_skb(data, size);
		if (unlikely(!skb))
			skb_free_frag(data);
	}
	local_bh_enable();
	if (likely(skb)) {
		skb_reserve(skb, headroom);
		__skb_put(skb, len);
	}
	return skb;
}

/*
 * Free a packet that was delivered. It goes to this CPU's cache, from which
 * softirqs allocate, or in bulk to the CPU that allocated it. Process context.
 */
void bsdtun_consume_skb(struct sk_buff *skb)
{
	local_bh_disable();
	napi_consume_skb(skb, 1);
	local_bh_enable();
}
