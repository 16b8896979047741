/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions of the driver that are written in C, because a single call per
 * packet does several things, or because they use macros that take locks and
 * walk lists of the stack. helpers.h declares the wrappers of single macros.
 */
#ifndef BSDTUN_DRIVER_H
#define BSDTUN_DRIVER_H

#include <linux/types.h>

struct net;
struct net_device;
struct page;
struct sk_buff;

/* skb_alloc.c */
struct sk_buff *bsdtun_alloc_skb(unsigned int headroom, unsigned int len);
void bsdtun_consume_skb(struct sk_buff *skb);
void bsdtun_consume_skb_list(struct sk_buff *skb);

/* page_ring.c */
#define BSDTUN_PAGE_RING_SIZE	32

struct bsdtun_page_ring {
	struct page *pages[BSDTUN_PAGE_RING_SIZE];
	unsigned int next;
};

void bsdtun_page_ring_clear(struct bsdtun_page_ring *ring);
unsigned int bsdtun_page_ring_fill(struct bsdtun_page_ring *ring, struct sk_buff *skb,
				   unsigned int len);

/* skb_scrub.c */
int bsdtun_skb_scrub(struct sk_buff *skb);

/* netstats.c */
void bsdtun_dev_sw_netstats_rx_add(struct net_device *dev, unsigned int packets,
				   unsigned int len);

/* next_hop.c */
__be32 bsdtun_skb_next_hop(const struct sk_buff *skb);

/* qdisc.c */
bool bsdtun_netif_has_qdisc(const struct net_device *dev);

/* addr_expire.c */
bool bsdtun_has_addresses(struct net_device *dev);
void bsdtun_inet_addr_expire(struct net_device *dev);
void bsdtun_inet6_addr_expire(struct net_device *dev);
void bsdtun_addr_remove_expired(struct net *net);

#endif /* BSDTUN_DRIVER_H */
