// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest.h"

#include "address.h"
#include "link.h"
#include "netlink.h"
#include "netns.h"
#include "unit.h"
#include "util.h"

/* True if the message is an address of the interface, or a route through it. */
static bool belongs_to(struct nlmsghdr *n, int ifindex)
{
	struct rtattr *rta;
	int left, oif;

	if (n->nlmsg_type == RTM_NEWADDR)
		return (int)((struct ifaddrmsg *)NLMSG_DATA(n))->ifa_index == ifindex;
	if (n->nlmsg_type != RTM_NEWROUTE)
		return false;
	left = RTM_PAYLOAD(n);
	for (rta = RTM_RTA(NLMSG_DATA(n)); RTA_OK(rta, left); rta = RTA_NEXT(rta, left)) {
		if (rta->rta_type != RTA_OIF)
			continue;
		memcpy(&oif, RTA_DATA(rta), sizeof(oif));
		return oif == ifindex;
	}
	return false;
}

/* The number of objects of the interface in a dump: RTM_GETADDR or RTM_GETROUTE. */
static int count(int ifindex, int type, int family)
{
	static union {
		struct nlmsghdr n;
		char room[32768];
	} buf;
	struct nl_request req;
	int fd = nl_open(), found = 0, ret;

	if (fd < 0)
		return fd;
	nl_init(&req, type, NLM_F_DUMP,
		type == RTM_GETADDR ? sizeof(req.ifa) : sizeof(struct rtmsg));
	req.n.nlmsg_flags &= ~NLM_F_ACK;
	/* The family is the first member of both structures. */
	req.ifa.ifa_family = family;
	ret = nl_send(fd, &req);
	while (!ret) {
		struct nlmsghdr *n = &buf.n;
		ssize_t len = recv(fd, &buf, sizeof(buf), 0);

		if (len <= 0) {
			ret = -ENODATA;
			break;
		}
		for (; NLMSG_OK(n, len); n = NLMSG_NEXT(n, len)) {
			if (n->nlmsg_type == NLMSG_DONE) {
				close(fd);
				return found;
			}
			if (n->nlmsg_type == NLMSG_ERROR)
				ret = ((struct nlmsgerr *)NLMSG_DATA(n))->error;
			found += belongs_to(n, ifindex);
		}
	}
	close(fd);
	return ret;
}

int count_addresses(int ifindex, int family)
{
	return count(ifindex, RTM_GETADDR, family);
}

int count_routes(int ifindex, int family)
{
	return count(ifindex, RTM_GETROUTE, family);
}

bool route6_is_local(const struct in6_addr *addr)
{
	char line[256], start[40];
	bool found = false;
	unsigned int i;
	FILE *f;

	for (i = 0; i < sizeof(*addr); i++)
		sprintf(start + 2 * i, "%02x 80 ", addr->s6_addr[i]);
	f = fopen("/proc/thread-self/net/ipv6_route", "r");
	if (!f)
		return false;
	/* RTF_LOCAL is one of the flags, the last field but one. */
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line, start, strlen(start)) && strstr(line, " 802");
	fclose(f);
	return found;
}

void netdev_sysctl_path(char *path, size_t size, const struct unit *u, const char *dir,
			const char *name)
{
	snprintf(path, size, "/proc/sys/net/%s/%s/%s", dir, u->ifname, name);
}

int netdev_sysctl_set(const struct unit *u, const char *dir, const char *name, const char *value)
{
	char path[128];

	netdev_sysctl_path(path, sizeof(path), u, dir, name);
	return write_file(path, value);
}

int add_addresses(const struct unit *u)
{
	static const char * const commands[] = {
		"addr add 10.44.0.1/24 brd +",
		"addr add 10.44.0.2/24",
		"addr add 169.254.7.7/16 scope link",
		"addr add 10.45.0.1/24 valid_lft 3600 preferred_lft 1800",
		"addr add 10.46.0.1/24 noprefixroute",
		"addr add fd42::1/64 nodad",
		"addr add fd42::2/64",
		"addr add fd43::1 peer fd43::2/128 nodad",
		"addr add fd44::1/64 mngtmpaddr",
		"addr add fd45::1/64 nodad valid_lft 3600 preferred_lft 1800",
		"addr add fd46::1/64 noprefixroute nodad preferred_lft 0",
		"route add 10.99.0.0/16 via 10.42.0.2",
		"route add 10.98.0.0/16 table 77",
		"route add fd99::/64 via fd42::9",
		"route add fd98::/64 metric 5",
	};
	unsigned int i;
	FILE *batch;
	int err = netns_enable_ipv6();

	if (!err)
		err = netdev_sysctl_set(u, "ipv6/conf", "keep_addr_on_down", "1");
	if (!err)
		err = netdev_sysctl_set(u, "ipv6/conf", "use_tempaddr", "2");
	if (err)
		return err;
	batch = popen("ip -batch -", "w");
	if (!batch)
		return -errno;
	fprintf(batch, "addr add 10.44.0.3/24 label %s:l dev %s\n", u->ifname, u->ifname);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(batch, "%s dev %s\n", commands[i], u->ifname);
	return pclose(batch);
}
