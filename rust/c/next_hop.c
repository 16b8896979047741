// SPDX-License-Identifier: GPL-2.0
/* The next hop of a packet, which LMODE prefixes. */

#include <linux/ip.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/route.h>

#include "driver.h"

/*
 * Return the gateway of an IPv4 packet's route; or its destination if the
 * packet has no route (AF_PACKET) or the gateway is an IPv6 address. 0 if the
 * packet is too short. Softirqs off.
 */
__be32 bsdtun_skb_next_hop(const struct sk_buff *skb)
{
	const struct dst_entry *dst = skb_dst(skb);
	const struct iphdr *iph;
	struct iphdr buf;
	__be32 daddr = 0;

	iph = skb_header_pointer(skb, skb_network_offset(skb), sizeof(buf), &buf);
	if (iph)
		daddr = iph->daddr;
	if (dst && dst->ops->family == AF_INET)
		return rt_nexthop(dst_rtable(dst), daddr);
	return daddr;
}
