// SPDX-License-Identifier: GPL-2.0

#include <linux/bottom_half.h>
#include <linux/etherdevice.h>
#include <linux/fs.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/pid.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/route.h>
#include <net/sch_generic.h>

#include "helpers.h"

/* Under RCU. */
bool bsdtun_dev_uc_has(const struct net_device *dev, const u8 *addr)
{
	const struct netdev_hw_addr *ha;

	list_for_each_entry_rcu(ha, &dev->uc.list, list)
		if (ether_addr_equal(ha->addr, addr))
			return true;
	return false;
}

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

/*
 * A packet of len bytes in one piece that is not larger than a page with all
 * that belongs to it. Its memory is a part of a page that several packets share,
 * cleared once and not for each of them.
 */
struct sk_buff *bsdtun_alloc_skb_frag(unsigned int headroom, unsigned int len)
{
	unsigned int size = SKB_HEAD_ALIGN(headroom + len);
	struct sk_buff *skb = NULL;
	void *data;

	/* The caches of parts and of headers are those of the CPU's softirqs. */
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
 * To where this CPU's softirqs take packets from, or to the CPU that made it,
 * in one of many. Process context.
 */
void bsdtun_consume_skb(struct sk_buff *skb)
{
	local_bh_disable();
	napi_consume_skb(skb, 1);
	local_bh_enable();
}

void bsdtun_skb_reserve(struct sk_buff *skb, int len)
{
	skb_reserve(skb, len);
}

void bsdtun_skb_reset_mac_header(struct sk_buff *skb)
{
	skb_reset_mac_header(skb);
}

/*
 * What ties a packet that leaves the stack, all of it at once: one call for each
 * would cost a packet more than what is in them. False without memory. The stamp
 * must be taken while the socket is still known; a packet without flags wants none.
 */
bool bsdtun_skb_scrub(struct sk_buff *skb)
{
	if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC)))
		return false;
	if (unlikely(skb_shinfo(skb)->tx_flags))
		skb_tx_timestamp(skb);
	skb_orphan(skb);
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	skb->dev = NULL;
	return true;
}

/*
 * copy_to_iter() with its check of the object that is copied from; straight from
 * a packet in one piece, as nearly all are. Whether all was copied.
 */
bool bsdtun_skb_copy_to_iter(const struct sk_buff *skb, int len, struct iov_iter *to)
{
	if (likely(len <= skb_headlen(skb)))
		return copy_to_iter(skb->data, len, to) == len;
	return !skb_copy_datagram_iter(skb, 0, to, len);
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

/*
 * Nothing exported deletes an address. But the stack removes those whose time
 * is over, with all that belongs to it; and for that it looks at fields that
 * whoever holds RTNL may write.
 */
void bsdtun_inet_addr_expire(struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rtnl(dev);
	struct in_ifaddr *ifa;

	if (!in_dev)
		return;
	in_dev_for_each_ifa_rtnl(ifa, in_dev) {
		WRITE_ONCE(ifa->ifa_valid_lft, 0);
		WRITE_ONCE(ifa->ifa_preferred_lft, 0);
		WRITE_ONCE(ifa->ifa_flags, ifa->ifa_flags & ~IFA_F_PERMANENT);
	}
}

void bsdtun_inet6_addr_expire(struct net_device *dev)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct inet6_dev *idev = __in6_dev_get(dev);
	struct inet6_ifaddr *ifp;

	if (!idev)
		return;
	read_lock_bh(&idev->lock);
	list_for_each_entry(ifp, &idev->addr_list, if_list) {
		spin_lock(&ifp->lock);
		ifp->valid_lft = 0;
		ifp->prefered_lft = 0;
		ifp->flags &= ~IFA_F_PERMANENT;
		spin_unlock(&ifp->lock);
	}
	read_unlock_bh(&idev->lock);
#endif
}

/* The work items that do it, started as the stack starts them, and waited for. */
void bsdtun_addr_remove_expired(struct net *net)
{
	mod_delayed_work(system_power_efficient_wq, &net->ipv4.addr_chk_work, 0);
#if IS_ENABLED(CONFIG_IPV6)
	/* Not set up with ipv6.disable=1. */
	if (ipv6_mod_enabled()) {
		mod_delayed_work(system_power_efficient_wq, &net->ipv6.addr_chk_work, 0);
		flush_delayed_work(&net->ipv6.addr_chk_work);
	}
#endif
	flush_delayed_work(&net->ipv4.addr_chk_work);
}

/* A strict look at what is nested, under this type, in an attribute. */
int bsdtun_nla_validate_nested_at(const struct nlattr *nest, int type, int maxtype,
				  const struct nla_policy *policy,
				  struct netlink_ext_ack *extack)
{
	const struct nlattr *inner = nla_find_nested(nest, type);

	if (!inner)
		return 0;
	return __nla_validate(nla_data(inner), nla_len(inner), maxtype, policy,
			      NL_VALIDATE_STRICT, extack);
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
