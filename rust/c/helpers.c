// SPDX-License-Identifier: GPL-2.0
/* Callable forms of inline functions and macros: each function here wraps one. */

#include <linux/bottom_half.h>
#include <linux/etherdevice.h>
#include <linux/fs.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>
#include <linux/virtio_net.h>
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

void bsdtun_dev_sw_netstats_tx_add(struct net_device *dev, unsigned int packets,
				   unsigned int len)
{
	dev_sw_netstats_tx_add(dev, packets, len);
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

void bsdtun_skb_set_network_header(struct sk_buff *skb, int offset)
{
	skb_set_network_header(skb, offset);
}

struct skb_shared_info *bsdtun_skb_shinfo(const struct sk_buff *skb)
{
	return skb_shinfo(skb);
}

int bsdtun_skb_cow_head(struct sk_buff *skb, unsigned int headroom)
{
	return skb_cow_head(skb, headroom);
}

bool bsdtun_skb_shared(const struct sk_buff *skb)
{
	return skb_shared(skb);
}

bool bsdtun_skb_header_cloned(const struct sk_buff *skb)
{
	return skb_header_cloned(skb);
}

bool bsdtun_skb_cloned(const struct sk_buff *skb)
{
	return skb_cloned(skb);
}

bool bsdtun_skb_csum_is_sctp(struct sk_buff *skb)
{
	return skb_csum_is_sctp(skb);
}

int bsdtun_skb_checksum_start_offset(const struct sk_buff *skb)
{
	return skb_checksum_start_offset(skb);
}

bool bsdtun_skb_vlan_tag_present(const struct sk_buff *skb)
{
	return skb_vlan_tag_present(skb);
}

u16 bsdtun_skb_vlan_tag_get(const struct sk_buff *skb)
{
	return skb_vlan_tag_get(skb);
}

void bsdtun_vlan_hwaccel_put_tag(struct sk_buff *skb, u16 vlan_tci)
{
	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), vlan_tci);
}

struct sk_buff *bsdtun_vlan_hwaccel_push_inside(struct sk_buff *skb)
{
	return __vlan_hwaccel_push_inside(skb);
}

int bsdtun_virtio_net_hdr_to_skb(struct sk_buff *skb, const struct virtio_net_hdr *hdr)
{
	return virtio_net_hdr_to_skb(skb, hdr, virtio_legacy_is_little_endian());
}

int bsdtun_virtio_net_hdr_from_skb(const struct sk_buff *skb, struct virtio_net_hdr *hdr)
{
	return virtio_net_hdr_from_skb(skb, hdr, virtio_legacy_is_little_endian(), false, 0);
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
