// SPDX-License-Identifier: GPL-2.0
/* Callable forms of inline functions and macros: each function here wraps one. */

#include <linux/bottom_half.h>
#include <linux/etherdevice.h>
#include <linux/fs.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "helpers.h"

void bsdtun_eth_hw_addr_random(struct net_device *dev)
{
	eth_hw_addr_random(dev);
}

struct net *bsdtun_get_current_net(void)
{
	return get_net(current->nsproxy->net_ns);
}

struct net *bsdtun_maybe_get_net(struct net *net)
{
	return maybe_get_net(net);
}

void bsdtun_put_net(struct net *net)
{
	put_net(net);
}

struct user_namespace *bsdtun_get_user_ns(struct user_namespace *ns)
{
	return get_user_ns(ns);
}

void bsdtun_put_user_ns(struct user_namespace *ns)
{
	put_user_ns(ns);
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

size_t bsdtun_copy_to_iter(const void *addr, size_t bytes, struct iov_iter *to)
{
	return copy_to_iter(addr, bytes, to);
}

struct fown_struct *bsdtun_file_f_owner(struct file *file)
{
	return file_f_owner(file);
}

void bsdtun_read_lock_irq(rwlock_t *lock)
{
	read_lock_irq(lock);
}

void bsdtun_read_unlock_irq(rwlock_t *lock)
{
	read_unlock_irq(lock);
}

void bsdtun_local_bh_disable(void)
{
	local_bh_disable();
}

void bsdtun_local_bh_enable(void)
{
	local_bh_enable();
}
