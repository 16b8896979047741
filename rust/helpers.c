// SPDX-License-Identifier: GPL-2.0

#include <linux/bottom_half.h>
#include <linux/fs.h>
#include <linux/ip.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/pid.h>
#include <net/dst.h>
#include <net/route.h>
#include <net/sch_generic.h>

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

/* noqueue has no enqueue: packets come to the driver directly. */
bool bsdtun_netif_has_qdisc(const struct net_device *dev)
{
	const struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);

	return rcu_dereference_bh(txq->qdisc)->enqueue;
}

void bsdtun_netif_tx_start_all_queues(struct net_device *dev)
{
	netif_tx_start_all_queues(dev);
}

void bsdtun_netif_tx_wake_all_queues(struct net_device *dev)
{
	netif_tx_wake_all_queues(dev);
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

/*
 * Where an IPv4 packet goes next: the route's gateway, or the destination, also
 * without a route (AF_PACKET) and with an IPv6 gateway.
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

void bsdtun_nf_reset_ct(struct sk_buff *skb)
{
	nf_reset_ct(skb);
}

void bsdtun_skb_tx_timestamp(struct sk_buff *skb)
{
	skb_tx_timestamp(skb);
}

/* f_getown() is not exported. */
int bsdtun_f_getown(struct file *file)
{
	struct fown_struct *owner = file_f_owner(file);
	int who = 0;

	if (!owner)
		return 0;

	read_lock_irq(&owner->lock);
	rcu_read_lock();
	if (pid_task(owner->pid, owner->pid_type)) {
		who = pid_vnr(owner->pid);
		if (owner->pid_type == PIDTYPE_PGID)
			who = -who;
	}
	rcu_read_unlock();
	read_unlock_irq(&owner->lock);
	return who;
}

void bsdtun_file_set_nonblock(struct file *file, bool on)
{
	spin_lock(&file->f_lock);
	if (on)
		file->f_flags |= O_NONBLOCK;
	else
		file->f_flags &= ~O_NONBLOCK;
	spin_unlock(&file->f_lock);
}

void bsdtun_local_bh_disable(void)
{
	local_bh_disable();
}

void bsdtun_local_bh_enable(void)
{
	local_bh_enable();
}
