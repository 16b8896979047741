// SPDX-License-Identifier: GPL-2.0
/* Definitions of the tracepoints, which rust/trace.rs calls. */

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

static const char *bsdtun_trace_name(const struct net_device *dev)
{
	return dev ? dev->name : "-";
}

/* The EtherType; from the header if the stack has not parsed the frame yet. */
static u16 bsdtun_trace_protocol(const struct net_device *dev, const struct sk_buff *skb)
{
	const struct ethhdr *eth;
	struct ethhdr buf;

	if (skb->protocol || !dev || dev->type != ARPHRD_ETHER)
		return ntohs(skb->protocol);
	eth = skb_header_pointer(skb, 0, sizeof(buf), &buf);
	return eth ? ntohs(eth->h_proto) : 0;
}

#define CREATE_TRACE_POINTS
#define CREATE_RUST_TRACE_POINTS
#include "tracepoints.h"
