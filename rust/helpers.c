// SPDX-License-Identifier: GPL-2.0

#include <linux/bottom_half.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/dst.h>

#include "helpers.h"

void *bsdtun_netdev_priv(const struct net_device *dev)
{
	return netdev_priv(dev);
}

struct net *bsdtun_dev_net_rcu(const struct net_device *dev)
{
	return dev_net_rcu(dev);
}

void bsdtun_dev_net_set(struct net_device *dev, struct net *net)
{
	dev_net_set(dev, net);
}

bool bsdtun_netif_carrier_ok(const struct net_device *dev)
{
	return netif_carrier_ok(dev);
}

void bsdtun_dev_sw_netstats_rx_add(struct net_device *dev, unsigned int len)
{
	dev_sw_netstats_rx_add(dev, len);
}

void bsdtun_dev_sw_netstats_tx_add(struct net_device *dev, unsigned int len)
{
	dev_sw_netstats_tx_add(dev, 1, len);
}

void bsdtun_dev_core_stats_rx_dropped_inc(struct net_device *dev)
{
	dev_core_stats_rx_dropped_inc(dev);
}

void bsdtun_dev_stats_tx_dropped_add(struct net_device *dev, long packets)
{
	DEV_STATS_ADD(dev, tx_dropped, packets);
}

void bsdtun_dev_stats_rx_errors_inc(struct net_device *dev)
{
	DEV_STATS_INC(dev, rx_errors);
}

void bsdtun_skb_reserve(struct sk_buff *skb, int len)
{
	skb_reserve(skb, len);
}

void bsdtun_skb_reset_mac_header(struct sk_buff *skb)
{
	skb_reset_mac_header(skb);
}

void bsdtun_skb_orphan(struct sk_buff *skb)
{
	skb_orphan(skb);
}

int bsdtun_skb_orphan_frags_rx(struct sk_buff *skb, gfp_t gfp)
{
	return skb_orphan_frags_rx(skb, gfp);
}

void bsdtun_skb_dst_drop(struct sk_buff *skb)
{
	skb_dst_drop(skb);
}

void bsdtun_nf_reset_ct(struct sk_buff *skb)
{
	nf_reset_ct(skb);
}

void bsdtun_skb_tx_timestamp(struct sk_buff *skb)
{
	skb_tx_timestamp(skb);
}

void bsdtun_local_bh_disable(void)
{
	local_bh_disable();
}

void bsdtun_local_bh_enable(void)
{
	local_bh_enable();
}
