/* SPDX-License-Identifier: GPL-2.0 */
/* Callable forms of the inline functions and macros that the Rust code needs. */
#ifndef BSDTUN_HELPERS_H
#define BSDTUN_HELPERS_H

#include <linux/spinlock_types.h>
#include <linux/types.h>

struct file;
struct fown_struct;
struct iov_iter;
struct net;
struct net_device;
struct sk_buff;
struct skb_shared_info;
struct user_namespace;
struct virtio_net_hdr;

void bsdtun_eth_hw_addr_random(struct net_device *dev);
struct net *bsdtun_get_current_net(void);
struct net *bsdtun_maybe_get_net(struct net *net);
void bsdtun_put_net(struct net *net);
struct user_namespace *bsdtun_get_user_ns(struct user_namespace *ns);
void bsdtun_put_user_ns(struct user_namespace *ns);
struct net *bsdtun_dev_net_rcu(const struct net_device *dev);
void bsdtun_dev_net_set(struct net_device *dev, struct net *net);
bool bsdtun_netif_carrier_ok(const struct net_device *dev);
void bsdtun_netif_tx_start_all_queues(struct net_device *dev);
void bsdtun_netif_tx_wake_all_queues(struct net_device *dev);

void bsdtun_dev_sw_netstats_tx_add(struct net_device *dev, unsigned int packets,
				   unsigned int len);
void bsdtun_dev_core_stats_rx_dropped_inc(struct net_device *dev);
void bsdtun_dev_stats_tx_dropped_add(struct net_device *dev, long packets);
void bsdtun_dev_stats_rx_errors_inc(struct net_device *dev);

void bsdtun_skb_reserve(struct sk_buff *skb, int len);
void bsdtun_skb_reset_mac_header(struct sk_buff *skb);
void bsdtun_skb_set_network_header(struct sk_buff *skb, int offset);
struct skb_shared_info *bsdtun_skb_shinfo(const struct sk_buff *skb);
int bsdtun_skb_cow_head(struct sk_buff *skb, unsigned int headroom);
bool bsdtun_skb_shared(const struct sk_buff *skb);
bool bsdtun_skb_header_cloned(const struct sk_buff *skb);
bool bsdtun_skb_cloned(const struct sk_buff *skb);
bool bsdtun_skb_csum_is_sctp(struct sk_buff *skb);
int bsdtun_skb_checksum_start_offset(const struct sk_buff *skb);
bool bsdtun_skb_vlan_tag_present(const struct sk_buff *skb);
u16 bsdtun_skb_vlan_tag_get(const struct sk_buff *skb);
void bsdtun_vlan_hwaccel_put_tag(struct sk_buff *skb, u16 vlan_tci);
struct sk_buff *bsdtun_vlan_hwaccel_push_inside(struct sk_buff *skb);
int bsdtun_virtio_net_hdr_to_skb(struct sk_buff *skb, const struct virtio_net_hdr *hdr);
int bsdtun_virtio_net_hdr_from_skb(const struct sk_buff *skb, struct virtio_net_hdr *hdr);
size_t bsdtun_copy_to_iter(const void *addr, size_t bytes, struct iov_iter *to);

struct fown_struct *bsdtun_file_f_owner(struct file *file);
void bsdtun_read_lock_irq(rwlock_t *lock);
void bsdtun_read_unlock_irq(rwlock_t *lock);
void bsdtun_local_bh_disable(void);
void bsdtun_local_bh_enable(void);

#endif /* BSDTUN_HELPERS_H */
