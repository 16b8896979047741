// SPDX-License-Identifier: GPL-2.0
/*
 * A ring of page fragments for written packets that are too long for one page.
 *
 * The ring holds a reference to each page. When that is the only one, the packet
 * that used the page is gone, and the next packet gets the page as it is: it is
 * neither allocated nor zeroed again (with init_on_alloc), which would take as
 * long as a tenth of what TCP needs for the data. The old data is overwritten in
 * full before anybody sees the packet.
 */

#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "driver.h"

/* Charged to the writer, also while the ring keeps it. */
#define GFP_RING	(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_COMP | __GFP_NOWARN | __GFP_NOMEMALLOC)

/* Give the pages back. */
void bsdtun_page_ring_clear(struct bsdtun_page_ring *ring)
{
	unsigned int i;

	for (i = 0; i < BSDTUN_PAGE_RING_SIZE; i++)
		if (ring->pages[i])
			put_page(ring->pages[i]);
	memset(ring, 0, sizeof(*ring));
}

/*
 * Append fragments of at most len bytes together to a packet without fragments.
 * Returns the number of bytes, which is less than len if a page of the ring is
 * still used and another cannot be allocated. Does not wait for memory.
 */
unsigned int bsdtun_page_ring_fill(struct bsdtun_page_ring *ring, struct sk_buff *skb,
				   unsigned int len)
{
	const unsigned int size = PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER;
	unsigned int done = 0, chunk;
	int frag;

	for (frag = 0; done < len && frag < MAX_SKB_FRAGS; frag++) {
		struct page **slot = &ring->pages[ring->next];

		if (!*slot || page_ref_count(*slot) != 1) {
			struct page *page = alloc_pages(GFP_RING, PAGE_ALLOC_COSTLY_ORDER);

			if (!page)
				break;
			if (*slot)
				put_page(*slot);
			*slot = page;
		}
		ring->next = (ring->next + 1) % BSDTUN_PAGE_RING_SIZE;
		get_page(*slot);
		chunk = min(len - done, size);
		skb_fill_page_desc(skb, frag, *slot, 0, chunk);
		skb->truesize += size;
		skb->data_len += chunk;
		skb->len += chunk;
		done += chunk;
	}
	return done;
}
