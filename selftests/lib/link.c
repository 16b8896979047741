// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "link.h"

void nl_parse_link(struct nlmsghdr *n, struct link *link)
{
	struct ifinfomsg *ifi = NLMSG_DATA(n);
	int len = IFLA_PAYLOAD(n);
	struct rtattr *rta, *sub;
	int sublen;

	memset(link, 0, sizeof(*link));
	link->ifindex = ifi->ifi_index;
	link->flags = ifi->ifi_flags;
	link->type = ifi->ifi_type;
	for (rta = IFLA_RTA(ifi); RTA_OK(rta, len); rta = RTA_NEXT(rta, len)) {
		switch (rta->rta_type & NLA_TYPE_MASK) {
		case IFLA_IFNAME:
			snprintf(link->name, sizeof(link->name), "%s", (char *)RTA_DATA(rta));
			break;
		case IFLA_MTU:
			memcpy(&link->mtu, RTA_DATA(rta), sizeof(link->mtu));
			break;
		case IFLA_TXQLEN:
			memcpy(&link->txqlen, RTA_DATA(rta), sizeof(link->txqlen));
			break;
		case IFLA_CARRIER:
			link->carrier = *(unsigned char *)RTA_DATA(rta);
			break;
		case IFLA_OPERSTATE:
			link->operstate = *(unsigned char *)RTA_DATA(rta);
			break;
		case IFLA_PROMISCUITY:
			memcpy(&link->promiscuity, RTA_DATA(rta), sizeof(link->promiscuity));
			break;
		case IFLA_ADDRESS:
			if (RTA_PAYLOAD(rta) == ETH_ALEN)
				memcpy(link->address, RTA_DATA(rta), ETH_ALEN);
			break;
		case IFLA_BROADCAST:
			if (RTA_PAYLOAD(rta) == ETH_ALEN)
				memcpy(link->broadcast, RTA_DATA(rta), ETH_ALEN);
			break;
		case IFLA_STATS64:
			memcpy(&link->stats, RTA_DATA(rta),
			       RTA_PAYLOAD(rta) < sizeof(link->stats) ?
			       RTA_PAYLOAD(rta) : sizeof(link->stats));
			break;
		case IFLA_LINKINFO:
			sublen = RTA_PAYLOAD(rta);
			sub = RTA_DATA(rta);
			for (; RTA_OK(sub, sublen); sub = RTA_NEXT(sub, sublen)) {
				if (sub->rta_type == IFLA_INFO_KIND)
					snprintf(link->kind, sizeof(link->kind), "%s",
						 (char *)RTA_DATA(sub));
				if ((sub->rta_type & NLA_TYPE_MASK) == IFLA_INFO_DATA &&
				    RTA_PAYLOAD(sub) <= sizeof(link->data)) {
					link->data_len = RTA_PAYLOAD(sub);
					memcpy(link->data, RTA_DATA(sub), link->data_len);
				}
			}
			break;
		}
	}
}

void nl_link_add(struct nl_request *req, const char *name, const char *kind)
{
	struct rtattr *info;

	nl_init(req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, sizeof(req->ifi));
	if (name)
		nl_put(req, IFLA_IFNAME, name, strlen(name) + 1);
	info = nl_put(req, IFLA_LINKINFO, NULL, 0);
	nl_put(req, IFLA_INFO_KIND, kind, strlen(kind));
	nl_nest_end(req, info);
}

void nl_link_del(struct nl_request *req, int ifindex)
{
	nl_init(req, RTM_DELLINK, 0, sizeof(req->ifi));
	req->ifi.ifi_index = ifindex;
}

int link_add(const char *kind, const char *name, struct link *link)
{
	struct nl_request req;

	nl_link_add(&req, name, kind);
	return nl_talk(&req, link);
}

int link_del(int ifindex)
{
	struct nl_request req;

	nl_link_del(&req, ifindex);
	return nl_talk(&req, NULL);
}

int link_get(int ifindex, struct link *link)
{
	struct nl_request req;

	nl_init(&req, RTM_GETLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	return nl_talk(&req, link);
}

int link_set_flags(int ifindex, unsigned int flags, unsigned int change)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	req.ifi.ifi_flags = flags;
	req.ifi.ifi_change = change;
	return nl_talk(&req, NULL);
}

int link_up(int ifindex)
{
	return link_set_flags(ifindex, IFF_UP, IFF_UP);
}

int link_down(int ifindex)
{
	return link_set_flags(ifindex, 0, IFF_UP);
}

int link_set_u32(int ifindex, int attr, __u32 val)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	nl_put_u32(&req, attr, val);
	return nl_talk(&req, NULL);
}

int link_set_mtu(int ifindex, __u32 mtu)
{
	return link_set_u32(ifindex, IFLA_MTU, mtu);
}

int link_set_txqlen(int ifindex, __u32 len)
{
	return link_set_u32(ifindex, IFLA_TXQLEN, len);
}

int link_set_netns(int ifindex, int netns_fd)
{
	return link_set_u32(ifindex, IFLA_NET_NS_FD, netns_fd);
}

int link_rename(int ifindex, const char *name)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	return nl_talk(&req, NULL);
}

int link_set_address(int ifindex, const void *mac)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	nl_put(&req, IFLA_ADDRESS, mac, ETH_ALEN);
	return nl_talk(&req, NULL);
}

struct rtnl_link_stats64 link_stats(int ifindex)
{
	struct link link = { };

	link_get(ifindex, &link);
	return link.stats;
}

__u64 link_stat_delta(int ifindex, const struct rtnl_link_stats64 *before, size_t offset)
{
	struct rtnl_link_stats64 now = link_stats(ifindex);
	__u64 a, b;

	memcpy(&a, (const char *)before + offset, sizeof(a));
	memcpy(&b, (const char *)&now + offset, sizeof(b));
	return b - a;
}

bool link_is_up(int ifindex)
{
	struct link link = { };

	return !link_get(ifindex, &link) && (link.flags & IFF_UP);
}

int link_carrier(int ifindex)
{
	struct link link;

	return link_get(ifindex, &link) ? -1 : (int)link.carrier;
}

void nl_addr(struct nl_request *req, int type, int flags, int ifindex, __u32 local, __u32 peer)
{
	nl_init(req, type, flags, sizeof(req->ifa));
	req->ifa.ifa_family = AF_INET;
	req->ifa.ifa_prefixlen = 32;
	req->ifa.ifa_index = ifindex;
	nl_put_u32(req, IFA_LOCAL, htonl(local));
	nl_put_u32(req, IFA_ADDRESS, htonl(peer));
}

int addr_change(int type, int flags, int ifindex, __u32 local, __u32 peer)
{
	struct nl_request req;

	nl_addr(&req, type, flags, ifindex, local, peer);
	return nl_talk(&req, NULL);
}

int addr_add(int ifindex, __u32 local, __u32 peer)
{
	return addr_change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, local, peer);
}

int addr6_add(int ifindex, const struct in6_addr *addr)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(req.ifa));
	req.ifa.ifa_family = AF_INET6;
	req.ifa.ifa_prefixlen = 64;
	req.ifa.ifa_index = ifindex;
	req.ifa.ifa_flags = IFA_F_NODAD;
	nl_put(&req, IFA_LOCAL, addr, sizeof(*addr));
	nl_put(&req, IFA_ADDRESS, addr, sizeof(*addr));
	return nl_talk(&req, NULL);
}

int neigh_set(int ifindex, __u32 addr, const void *mac)
{
	struct nl_request req;

	addr = htonl(addr);
	nl_init(&req, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(req.nd));
	req.nd.ndm_family = AF_INET;
	req.nd.ndm_ifindex = ifindex;
	req.nd.ndm_state = NUD_PERMANENT;
	nl_put(&req, NDA_DST, &addr, sizeof(addr));
	nl_put(&req, NDA_LLADDR, mac, ETH_ALEN);
	return nl_talk(&req, NULL);
}
