/* SPDX-License-Identifier: GPL-2.0 */
/* Callable forms of the inline functions and macros that the Rust code needs. */
#ifndef BSDTUN_HELPERS_H
#define BSDTUN_HELPERS_H

#include <linux/types.h>

struct file;
struct iov_iter;
struct net;
struct net_device;
struct netlink_ext_ack;
struct nla_policy;
struct nlattr;
struct sk_buff;

bool bsdtun_dev_uc_has(const struct net_device *dev, const u8 *addr);
void bsdtun_eth_hw_addr_random(struct net_device *dev);
struct net *bsdtun_get_current_net(void);
struct net *bsdtun_maybe_get_net(struct net *net);
void bsdtun_put_net(struct net *net);
struct net *bsdtun_dev_net_rcu(const struct net_device *dev);
void bsdtun_dev_net_set(struct net_device *dev, struct net *net);
bool bsdtun_netif_carrier_ok(const struct net_device *dev);
bool bsdtun_netif_has_qdisc(const struct net_device *dev);
void bsdtun_netif_tx_start_all_queues(struct net_device *dev);
void bsdtun_netif_tx_wake_all_queues(struct net_device *dev);

void bsdtun_dev_sw_netstats_rx_add(struct net_device *dev, unsigned int len);
void bsdtun_dev_sw_netstats_tx_add(struct net_device *dev, unsigned int len);
void bsdtun_dev_core_stats_rx_dropped_inc(struct net_device *dev);
void bsdtun_dev_stats_tx_dropped_add(struct net_device *dev, long packets);
void bsdtun_dev_stats_rx_errors_inc(struct net_device *dev);

struct sk_buff *bsdtun_alloc_skb_frag(unsigned int headroom, unsigned int len);
void bsdtun_consume_skb(struct sk_buff *skb);
void bsdtun_skb_reserve(struct sk_buff *skb, int len);
void bsdtun_skb_reset_mac_header(struct sk_buff *skb);
bool bsdtun_skb_scrub(struct sk_buff *skb);
bool bsdtun_skb_copy_to_iter(const struct sk_buff *skb, int len, struct iov_iter *to);
__be32 bsdtun_skb_next_hop(const struct sk_buff *skb);

void bsdtun_inet_addr_expire(struct net_device *dev);
void bsdtun_inet6_addr_expire(struct net_device *dev);
void bsdtun_addr_remove_expired(struct net *net);

int bsdtun_nla_validate_nested_at(const struct nlattr *nest, int type, int maxtype,
				  const struct nla_policy *policy,
				  struct netlink_ext_ack *extack);

int bsdtun_f_getown(struct file *file);
void bsdtun_file_set_nonblock(struct file *file, bool on);

void bsdtun_local_bh_disable(void);
void bsdtun_local_bh_enable(void);

#endif /* BSDTUN_HELPERS_H */
