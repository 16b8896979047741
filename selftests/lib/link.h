/* SPDX-License-Identifier: GPL-2.0 */
/* Network interfaces and their addresses, by rtnetlink. */
#ifndef BSDTUN_LIB_LINK_H
#define BSDTUN_LIB_LINK_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>

#include "netlink.h"

struct link {
	int ifindex;
	unsigned int flags;
	unsigned short type;
	unsigned int mtu;
	unsigned int txqlen;
	unsigned int carrier;
	unsigned int operstate;
	unsigned int promiscuity;
	unsigned char address[ETH_ALEN];
	unsigned char broadcast[ETH_ALEN];
	char name[IFNAMSIZ];
	char kind[32];
	unsigned char data[128];	/* IFLA_INFO_DATA */
	size_t data_len;
	struct rtnl_link_stats64 stats;
};

void nl_parse_link(struct nlmsghdr *n, struct link *link);

/* Requests for the functions below. */
void nl_link_add(struct nl_request *req, const char *name, const char *kind);
void nl_link_del(struct nl_request *req, int ifindex);
void nl_addr(struct nl_request *req, int type, int flags, int ifindex, __u32 local, __u32 peer);

/* ip link add [@name] type @kind. *@link describes the new interface; it may be NULL. */
int link_add(const char *kind, const char *name, struct link *link);
int link_del(int ifindex);
int link_get(int ifindex, struct link *link);
int link_set_flags(int ifindex, unsigned int flags, unsigned int change);
int link_up(int ifindex);
int link_down(int ifindex);
bool link_is_up(int ifindex);

/* 1 with a carrier, 0 without, -1 if the interface does not exist. */
int link_carrier(int ifindex);

int link_set_u32(int ifindex, int attr, __u32 val);
int link_set_mtu(int ifindex, __u32 mtu);
int link_set_txqlen(int ifindex, __u32 len);
int link_set_netns(int ifindex, int netns_fd);
int link_rename(int ifindex, const char *name);
int link_set_address(int ifindex, const void *mac);
struct rtnl_link_stats64 link_stats(int ifindex);

/* The growth of the counter at @offset since @before. */
__u64 link_stat_delta(int ifindex, const struct rtnl_link_stats64 *before, size_t offset);

/* The growth of a counter of the interface in "self->u" since "self->before". */
#define STAT_DELTA(counter)						\
	link_stat_delta(self->u.ifindex, &self->before,			\
			offsetof(struct rtnl_link_stats64, counter))

int addr_change(int type, int flags, int ifindex, __u32 local, __u32 peer);

/* ip addr add @local peer @peer dev ... */
int addr_add(int ifindex, __u32 local, __u32 peer);

/* ip addr add @addr/64 nodad dev ... */
int addr6_add(int ifindex, const struct in6_addr *addr);

/* ip neigh replace @addr lladdr @mac nud permanent dev ... */
int neigh_set(int ifindex, __u32 addr, const void *mac);

#endif /* BSDTUN_LIB_LINK_H */
