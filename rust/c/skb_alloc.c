// SPDX-License-Identifier: GPL-2.0
/* Allocate and free packets by way of the caches that NAPI has on each CPU. */

#include <linux/bottom_half.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "driver.h"

/* What does not wait for memory leaves the atomic reserves to those who cannot wait. */
#define GFP_SKB		(GFP_NOWAIT | __GFP_NOWARN)

/*
 * Memory from the current task's page fragment: zeroed once per page and not
 * per packet (with init_on_alloc).
 */
static struct sk_buff *alloc_skb_frag(unsigned int size)
{
	struct page_frag *frag = &current->task_frag;
	struct sk_buff *skb;

	size = SKB_HEAD_ALIGN(size);
	frag->offset = ALIGN(frag->offset, SMP_CACHE_BYTES);
	if (unlikely(!skb_page_frag_refill(size, frag, GFP_SKB)))
		return NULL;
	/* The cache belongs to the softirqs of this CPU. */
	local_bh_disable();
	skb = napi_build_skb(page_address(frag->page) + frag->offset, size);
	local_bh_enable();
	if (likely(skb)) {
		get_page(frag->page);
		frag->offset += size;
	}
	return skb;
}

/*
 * Allocate a linear packet of len bytes behind headroom bytes. With all that
 * belongs to it, it must fit in one page. Does not wait for memory. Process
 * context.
 *
 * A small packet has memory of its own: while a fragment waits in a queue or a
 * socket, it keeps a page of 32 KiB, for most of which nobody is charged.
 * napi_alloc_skb() draws a similar line.
 */
struct sk_buff *bsdtun_alloc_skb(unsigned int headroom, unsigned int len)
{
	unsigned int size = headroom + len;
	struct sk_buff *skb;

	if (size <= SKB_WITH_OVERHEAD(1024)) {
		/* As above. */
		local_bh_disable();
		skb = __alloc_skb(size, GFP_SKB, SKB_ALLOC_NAPI, NUMA_NO_NODE);
		local_bh_enable();
	} else {
		skb = alloc_skb_frag(size);
	}
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

/* Likewise, for packets that are linked through next. */
void bsdtun_consume_skb_list(struct sk_buff *skb)
{
	struct sk_buff *next;

	local_bh_disable();
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		napi_consume_skb(skb, 1);
	}
	local_bh_enable();
}
