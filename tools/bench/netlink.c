// SPDX-License-Identifier: GPL-2.0
/* Interfaces, by rtnetlink and by ioctl. */

#include "bench.h"
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

static int nl = -1;

struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct tcmsg tc;
	};
	char attributes[128];
};

void netlink_open(void)
{
	if (nl >= 0)
		close(nl);
	nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	must(nl >= 0, "AF_NETLINK");
}

static void add(struct request *r, int type, const void *data, size_t len)
{
	struct rtattr *attr = (void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(attr->rta_len);
}

static void netlink(struct request *r, int type, int flags)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char more[1024];
	} answer;

	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	must(send(nl, r, r->head.nlmsg_len, 0) > 0 && recv(nl, &answer, sizeof(answer), 0) > 0,
	     "rtnetlink");
	errno = -answer.err.error;
	must(answer.head.nlmsg_type == NLMSG_ERROR && !errno, "rtnetlink");
}

void link_add(const char *name, const char *kind)
{
	struct request r = { .head.nlmsg_len = NLMSG_LENGTH(sizeof(r.link)) };
	struct {
		struct rtattr attr;
		char kind[8];
	} info = { { RTA_LENGTH(strlen(kind)), IFLA_INFO_KIND }, "" };

	memcpy(info.kind, kind, strlen(kind));
	add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	add(&r, IFLA_LINKINFO, &info, sizeof(info));
	netlink(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
}

void link_delete_group(int group)
{
	struct request r = { .head.nlmsg_len = NLMSG_LENGTH(sizeof(r.link)) };

	add(&r, IFLA_GROUP, &group, sizeof(group));
	netlink(&r, RTM_DELLINK, 0);
}

void link_set_group(int index, int group)
{
	struct request r = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(r.link)),
		.link.ifi_index = index,
	};

	add(&r, IFLA_GROUP, &group, sizeof(group));
	netlink(&r, RTM_NEWLINK, 0);
}

void link_delete(int index)
{
	struct request r = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(r.link)),
		.link.ifi_index = index,
	};

	netlink(&r, RTM_DELLINK, 0);
}

void set_qdisc(int index, const char *kind)
{
	struct request r = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(r.tc)),
		.tc = { .tcm_ifindex = index, .tcm_parent = TC_H_ROOT },
	};

	add(&r, TCA_KIND, kind, strlen(kind) + 1);
	netlink(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
}

void interface(struct unit *u, int request, struct ifreq *ifr)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(ifr->ifr_name, u->name, IFNAMSIZ);
	must(s >= 0 && !ioctl(s, request, ifr), "interface");
	close(s);
}

void set_address(struct unit *u, int request, in_addr_t address)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_in *sin = (void *)&ifr.ifr_addr;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = address;
	interface(u, request, &ifr);
}

void set_up(struct unit *u)
{
	struct ifreq ifr = { 0 };

	interface(u, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP | IFF_NOARP;
	interface(u, SIOCSIFFLAGS, &ifr);
}
