// SPDX-License-Identifier: GPL-2.0
/* Calls of the fuzzer on interfaces: rtnetlink, ethtool, sysfs and sysctls. */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_bsdtun.h>
#include <linux/pkt_sched.h>

#include "fuzz.h"

int request(int ns, struct nl_request *req, struct link *link)
{
	static char rest[4096];
	int err = nl_send(netlink_fd[ns], req);

	if (!err)
		err = nl_recv_ack(netlink_fd[ns], link, NULL, 0);
	/* Discard an acknowledgment that arrives late. */
	if (err == -ENOBUFS || err == -EAGAIN)
		while (recv(netlink_fd[ns], rest, sizeof(rest), MSG_DONTWAIT) > 0)
			;
	return err;
}

/* Stores what the description of an interface says about its unit. */
static void set_unit(struct fuzz_unit *u, int kind, const struct link *link)
{
	const struct rtattr *rta = (const void *)link->data;
	int len = link->data_len;

	u->kind = kind;
	u->ifindex = link->ifindex;
	memcpy(u->ifname, link->name, sizeof(u->ifname));
	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len))
		if (rta->rta_type == IFLA_BSDTUN_UNIT)
			memcpy(&u->number, RTA_DATA(rta), sizeof(u->number));
}

static void put_attribute(struct nl_request *req, int type, __u32 value, size_t len)
{
	if (req->n.nlmsg_len + RTA_LENGTH(len) < sizeof(*req))
		nl_put(req, type, &value, len);
}

static const char *const framings[] = { "bare", "ifhead", "lmode", "none" };
static const char *const dialects[] = { "linux", "freebsd", "netbsd", "openbsd", "" };

static void put_word(struct nl_request *req, int type, const char *word)
{
	if (req->n.nlmsg_len + RTA_LENGTH(16) < sizeof(*req))
		nl_put(req, type, word, strlen(word) + 1);
}

/* IFLA_LINKINFO with valid attributes of the kind, and one of any type and length. */
static void put_kind(struct nl_request *req, const struct call *call, int kind)
{
	struct rtattr *info = nl_put(req, IFLA_LINKINFO, NULL, 0), *data;

	nl_put(req, IFLA_INFO_KIND, fuzz_kinds[kind], strlen(fuzz_kinds[kind]));
	data = nl_put(req, IFLA_INFO_DATA, NULL, 0);
	if (call->how & 1)
		put_attribute(req, IFLA_BSDTUN_UNIT, call->c, 4);
	if (call->how & 2)
		put_attribute(req, IFLA_BSDTUN_KEEP, call->b & 1, 1);
	if (call->how & 4)
		put_attribute(req, IFLA_BSDTUN_TRANSIENT, call->b >> 1 & 1, 1);
	if (call->how & 8)
		put_attribute(req, call->b % 10, call->c, call->b / 10 % 5);
	/* No other kind accepts them. */
	if (!kind && call->c & 1)
		put_word(req, IFLA_BSDTUN_FRAMING, PICK(framings, call->c >> 8));
	if (!kind && call->c & 2)
		put_word(req, IFLA_BSDTUN_DIALECT, PICK(dialects, call->c >> 16));
	nl_nest_end(req, data);
	nl_nest_end(req, info);
}

int unit_add(struct fuzz_unit *u, const struct call *call, int kind)
{
	struct nl_request req;
	struct link link = { };
	char name[IFNAMSIZ] = "";
	int err;

	if (u->ifindex)
		return -EEXIST;
	nl_init(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, sizeof(req.ifi));
	switch (call->how >> 4 & 7) {
	case 0:
		snprintf(name, sizeof(name), "%s%d", fuzz_kinds[kind], call->a % 40);
		break;
	case 1:
		snprintf(name, sizeof(name), "%s%%d", fuzz_kinds[kind]);
		break;
	case 2:
		snprintf(name, sizeof(name), "other%%d");
		break;
	case 3:
		snprintf(name, sizeof(name), "bsdtap%u", call->a);
		break;
	}
	if (*name)
		nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	put_kind(&req, call, kind);
	err = request(0, &req, &link);
	if (!err && link.ifindex)
		set_unit(u, kind, &link);
	return err;
}

int unit_open_node(const struct call *call, struct fuzz_unit *u, struct fuzz_fd *fd)
{
	char node[32];
	int got;

	if (fd->fd >= 0)
		return -EBUSY;
	snprintf(node, sizeof(node), "/dev/%s%d", fuzz_kinds[u->kind], u->number);
	got = ERR(open(node, open_flags(call)));
	if (got >= 0)
		*fd = (struct fuzz_fd){ got, u };
	return got;
}

static int link_find(const char *name, struct link *link)
{
	struct nl_request req;

	nl_init(&req, RTM_GETLINK, 0, sizeof(req.ifi));
	nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	return request(0, &req, link);
}

long address_change(const struct fuzz_unit *u, bool add, bool ipv6)
{
	struct nl_request req;

	nl_init(&req, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0,
		sizeof(req.ifa));
	req.ifa.ifa_index = u->ifindex;
	if (ipv6) {
		__u8 address[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = u - units + 1 };

		req.ifa.ifa_family = AF_INET6;
		req.ifa.ifa_prefixlen = 64;
		nl_put(&req, IFA_LOCAL, address, sizeof(address));
	} else {
		__u32 local = htonl(local_of(u)), peer = htonl(peer_of(u));

		req.ifa.ifa_family = AF_INET;
		req.ifa.ifa_prefixlen = 32;
		nl_put(&req, IFA_LOCAL, &local, sizeof(local));
		nl_put(&req, IFA_ADDRESS, &peer, sizeof(peer));
	}
	return request(0, &req, NULL);
}

static long link_flags(const struct fuzz_unit *u, unsigned int flags, unsigned int change)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = u->ifindex;
	req.ifi.ifi_flags = flags;
	req.ifi.ifi_change = change;
	return request(0, &req, NULL);
}

long call_ready(const struct call *call)
{
	struct fuzz_unit *u = unit_from(call->obj, false);
	struct call plain = { .how = call->how & 4 };
	struct nl_request req;
	__u32 peer;
	long err;

	plain.how |= 7 << 4;
	err = unit_add(u, &plain, call->how % FUZZ_KINDS);
	if (err)
		return err;
	unit_open_node(&plain, u, fd_from(call->a, false));
	err = address_change(u, true, false);
	if (!err)
		err = link_flags(u, IFF_UP, IFF_UP);
	if (err || !u->kind)
		return err;
	peer = htonl(peer_of(u));
	nl_init(&req, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(req.nd));
	req.nd.ndm_family = AF_INET;
	req.nd.ndm_ifindex = u->ifindex;
	req.nd.ndm_state = NUD_PERMANENT;
	nl_put(&req, NDA_DST, &peer, sizeof(peer));
	nl_put(&req, NDA_LLADDR, PEER_MAC, ETH_ALEN);
	return request(0, &req, NULL);
}

long call_change(const struct call *call)
{
	const struct fuzz_unit *u = unit_of(call);
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = u->ifindex;
	put_kind(&req, call, call->how & 16 ? call->a % FUZZ_KINDS : u->kind);
	return request(0, &req, NULL);
}

long call_delete(const struct call *call)
{
	struct fuzz_unit *u = unit_of(call);
	struct nl_request req;
	long err;

	nl_link_del(&req, u->ifindex);
	err = request(0, &req, NULL);
	if (!err)
		u->ifindex = 0;
	return err;
}

long call_link(const struct call *call)
{
	static const unsigned int flags[] = {
		IFF_UP, IFF_UP, IFF_PROMISC, IFF_ALLMULTI, IFF_MULTICAST, IFF_NOARP,
		IFF_BROADCAST, IFF_DYNAMIC,
	};
	struct fuzz_unit *u = unit_of(call);
	__u8 mac[ETH_ALEN] = "\x02\x42";
	struct nl_request req;
	char name[IFNAMSIZ];
	long err;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = u->ifindex;
	switch (call->how % 10) {
	case 0:
	case 1:
	case 2:
		return link_flags(u, call->a & 1 ? ~0u : 0, PICK(flags, call->b));
	case 3:
		put_attribute(&req, IFLA_MTU, call->c, 4);
		break;
	case 4:
		put_attribute(&req, IFLA_TXQLEN, call->b % 8, 4);
		break;
	case 5:
		snprintf(name, sizeof(name), call->a & 1 ? "name%d" : "bsdtun%d", call->b % 8);
		nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
		err = request(0, &req, NULL);
		if (!err)
			memcpy(u->ifname, name, sizeof(name));
		return err;
	case 6:
		memcpy(mac + 2, &call->c, sizeof(call->c));
		nl_put(&req, IFLA_ADDRESS, mac, sizeof(mac));
		break;
	case 7:
		units_moved = true;
		put_attribute(&req, IFLA_NET_NS_FD, second_netns, 4);
		break;
	case 8:
		put_attribute(&req, IFLA_CARRIER, call->a & 1, 1);
		break;
	default:
		/* Some of the attributes name a network namespace. */
		units_moved = true;
		put_attribute(&req, call->b % 64, call->c, call->a % 5);
		break;
	}
	return request(0, &req, NULL);
}

long call_show(const struct call *call)
{
	struct nl_request req;
	struct link link;

	nl_init(&req, RTM_GETLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = unit_of(call)->ifindex;
	return request(call->how & 1, &req, &link);
}

long call_qdisc(const struct call *call)
{
	static const char *const names[] = { "pfifo", "pfifo_fast", "noqueue" };
	const char *name = PICK(names, call->how / 2);
	struct nl_request req;
	struct tcmsg *tc = (void *)&req.ifi;

	nl_init(&req, call->how & 1 ? RTM_DELQDISC : RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE,
		sizeof(*tc));
	memset(tc, 0, sizeof(*tc));
	tc->tcm_ifindex = unit_of(call)->ifindex;
	tc->tcm_parent = TC_H_ROOT;
	nl_put(&req, TCA_KIND, name, strlen(name) + 1);
	return request(0, &req, NULL);
}

long call_ethtool(const struct call *call)
{
	static const __u32 commands[] = {
		ETHTOOL_GDRVINFO, ETHTOOL_GLINK, ETHTOOL_GSTRINGS, ETHTOOL_GSTATS,
		ETHTOOL_GSSET_INFO, ETHTOOL_GLINKSETTINGS, ETHTOOL_GFEATURES, ETHTOOL_GTSO,
	};
	struct {
		__u32 cmd, arg, len;
		char max[4096];
	} buf = {
		.cmd = call->how & 8 ? call->c % 100 : PICK(commands, call->how),
		.arg = call->a % 4,
		.len = ETHTOOL_MAX,
	};

	return ethtool(unit_of(call)->ifname, &buf);
}

long call_attribute(const struct call *call)
{
	static const char *const names[] = { "dialect", "framing", "keep", "owner", "transient" };
	static const char *const texts[] = {
		"linux\n", "freebsd", "netbsd\n", "openbsd",
		"bare", "ifhead\n", "lmode", "1\n", "0", "y", "", "\n", "nonsense", "-1",
	};
	const struct fuzz_unit *u = unit_of(call);
	char path[128], text[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s/%s", u->ifname, fuzz_kinds[u->kind],
		 PICK(names, call->a));
	if (call->how & 1)
		return write_file(path, PICK(texts, call->b));
	return read_file(path, text, sizeof(text));
}

const char *const sysctls[SYSCTLS] = {
	"/proc/sys/net/link/tun/debug",
	"/proc/sys/net/link/tun/devfs_cloning",
	"/proc/sys/net/link/tun/up_on_addr",
	"/proc/sys/net/link/tap/up_on_addr",
	"/proc/sys/net/link/tap/up_on_open",
	"/proc/sys/net/link/tap/user_open",
	"/proc/sys/net/link/tap/devfs_cloning",
	"/proc/sys/debug/if_tun_debug",
};

long call_sysctl(const struct call *call)
{
	char text[16];

	sysctls_changed = true;
	snprintf(text, sizeof(text), "%d", call->a & 15 ? call->b & 1 : (int)call->c);
	return sysctl_write(sysctls[call->how % SYSCTLS], text);
}

long call_clone(const struct call *call)
{
	int kind = call->how / 16 % FUZZ_KINDS;
	struct fuzz_unit *u = unit_from(call->a, false);
	struct fuzz_fd *fd = fd_from(call->obj, false);
	char path[32], name[40] = "";
	struct link link = { };
	int got;

	if (fd->fd >= 0)
		return -EBUSY;
	snprintf(path, sizeof(path), "/dev/%s", fuzz_kinds[kind]);
	got = ERR(open(path, open_flags(call)));
	if (got < 0)
		return got;
	*fd = (struct fuzz_fd){ got, u };
	if (!u->ifindex && !ioctl(got, LINUX64_GIFNAME, name) && !link_find(name, &link))
		set_unit(u, kind, &link);
	return got;
}

void delete_units(int ns)
{
	static union {
		struct nlmsghdr n;
		char max[65536];
	} buf;
	int indices[64], n = 0, i;
	struct nl_request req;
	bool done = false;

	/*
	 * Those of the default group at once, with the grace periods of one: these are most of what
	 * a program takes. All other interfaces are in another group.
	 */
	nl_link_del(&req, 0);
	nl_put_u32(&req, IFLA_GROUP, 0);
	request(ns, &req, NULL);
	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(req.ifi));
	req.n.nlmsg_flags &= ~NLM_F_ACK;
	if (nl_send(netlink_fd[ns], &req))
		err(1, "netlink");
	while (!done) {
		ssize_t len = recv(netlink_fd[ns], &buf, sizeof(buf), 0);
		struct nlmsghdr *nlh = &buf.n;

		if (len < 0)
			err(1, "netlink");
		for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
			struct link link;

			done |= nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR;
			if (nlh->nlmsg_type != RTM_NEWLINK)
				continue;
			nl_parse_link(nlh, &link);
			if (!strncmp(link.kind, "bsd", 3) && n < (int)ARRAY_SIZE(indices))
				indices[n++] = link.ifindex;
		}
	}
	for (i = 0; i < n; i++) {
		nl_link_del(&req, indices[i]);
		request(ns, &req, NULL);
	}
}
