/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of bsdtun share: units and their interfaces by rtnetlink,
 * packets with correct checksums, and waits that end.
 *
 * The tests run in a network namespace of their own, so addresses, routes and
 * interface names never meet those of the machine. Unit numbers and nodes are
 * global, therefore a test takes the unit that the driver offers.
 */
#ifndef BSDTUN_TEST_H
#define BSDTUN_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "kselftest_harness.h"

#define KIND		"bsdtun"
#define TAP_KIND	"bsdtap"
#define VMNET_KIND	"bsdvmnet"

/* The emulated machine is slow and shared: only a hang is longer than this. */
#define LIMIT_MS	20000

/* How long a thing that must not happen is watched for. */
#define QUIET_MS	150

#define LOCAL		0x0a2a0001u	/* 10.42.0.1, the interface */
#define PEER		0x0a2a0002u	/* 10.42.0.2, the program on the node */
#define PORT		4242		/* of UDP and TCP */

/* The MAC of the program on the node of an Ethernet unit. */
#define PEER_MAC	"\x02\x42\x0a\x2a\x00\x02"

#define NOBODY		65534		/* a user */

/* Numbers of the BSDs, then what the same declaration gives on Linux. */
#define BSD_FIONREAD	0x4004667fu
#define BSD_GIFNAME	0x4020745du
#define LINUX_GIFNAME	0x8020745du	/* a struct ifreq of 32 bytes */
#define LINUX64_GIFNAME	0x8028745du	/* a struct ifreq of 40 bytes */

#ifndef EHOSTDOWN
#error "no EHOSTDOWN"
#endif

static inline long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static inline void nap(void)
{
	struct timespec ts = { .tv_nsec = 2 * 1000 * 1000 };

	nanosleep(&ts, NULL);
}

/*
 * The number of repetitions: more of them find more, but on a slow machine
 * (KSFT_MACHINE_SLOW=yes, as in other kselftests) a quarter has to do.
 */
static inline int rounds(int n)
{
	const char *slow = getenv("KSFT_MACHINE_SLOW");

	return slow && !strcmp(slow, "yes") ? (n + 3) / 4 : n;
}

/* True as soon as @cond is, false when it never was within @ms. */
#define WAIT_FOR(cond, ms)						\
({									\
	long long __end = now_ms() + (ms);				\
	bool __met;							\
									\
	while (!(__met = !!(cond)) && now_ms() < __end)			\
		nap();							\
	__met;								\
})

/* Runs a system call, giving -errno as the kernel does. */
#define ERR(call)							\
({									\
	long __ret = (call);						\
									\
	__ret < 0 ? -(long)errno : __ret;				\
})

static inline int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static inline int read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	buf[n > 0 ? n : 0] = '\0';
	close(fd);
	return n;
}

/* Runs a command line; its exit status, or -1. */
__printf(1, 2)
static inline int run(const char *format, ...)
{
	char command[256];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- rtnetlink ---------------------------------------------------------- */

struct nl_request {
	struct nlmsghdr n;
	union {
		struct ifinfomsg ifi;
		struct ifaddrmsg ifa;
		struct ndmsg nd;
	};
	char attrs[256];
};

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
	unsigned char data[128];	/* IFLA_INFO_DATA, what the kind says */
	size_t data_len;
	struct rtnl_link_stats64 stats;
};

static inline void nl_init(struct nl_request *req, int type, int flags, size_t body)
{
	memset(req, 0, sizeof(*req));
	req->n.nlmsg_len = NLMSG_LENGTH(body);
	req->n.nlmsg_type = type;
	req->n.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
}

static inline struct rtattr *nl_put(struct nl_request *req, int type, const void *data, size_t len)
{
	struct rtattr *rta = (void *)((char *)req + NLMSG_ALIGN(req->n.nlmsg_len));

	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(rta), data, len);
	req->n.nlmsg_len = NLMSG_ALIGN(req->n.nlmsg_len) + RTA_ALIGN(rta->rta_len);
	return rta;
}

/* What was put since @nest, which nl_put() has made empty, is inside of it. */
static inline void nl_nest_end(struct nl_request *req, struct rtattr *nest)
{
	nest->rta_len = (char *)req + req->n.nlmsg_len - (char *)nest;
}

static inline void nl_put_u32(struct nl_request *req, int type, __u32 val)
{
	nl_put(req, type, &val, sizeof(val));
}

static inline int nl_open(void)
{
	struct timeval limit = { .tv_sec = LIMIT_MS / 1000 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return fd;
}

static inline int nl_send(int fd, struct nl_request *req)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, req, req->n.nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

static inline void nl_parse_link(struct nlmsghdr *n, struct link *link)
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

/*
 * The answer to what nl_send() sent: 0 or -errno; *@link gets the RTM_NEWLINK
 * that came with it, @text the kernel's own words when it refused.
 */
static inline int nl_answer(int fd, struct link *link, char *text, size_t size)
{
	static __thread union {
		struct nlmsghdr n;
		char room[32768];
	} buf;

	for (;;) {
		struct nlmsghdr *n = &buf.n;
		ssize_t len = recv(fd, &buf, sizeof(buf), 0);

		if (len < 0)
			return -errno;
		for (; NLMSG_OK(n, len); n = NLMSG_NEXT(n, len)) {
			struct nlmsgerr *e = NLMSG_DATA(n);
			struct rtattr *rta;
			int left;

			if (n->nlmsg_type == RTM_NEWLINK && link)
				nl_parse_link(n, link);
			if (n->nlmsg_type != NLMSG_ERROR)
				continue;
			if (!text || !(n->nlmsg_flags & NLM_F_ACK_TLVS))
				return e->error;
			rta = (void *)(e + 1);
			left = n->nlmsg_len - NLMSG_LENGTH(sizeof(*e));
			for (; RTA_OK(rta, left); rta = RTA_NEXT(rta, left))
				if (rta->rta_type == NLMSGERR_ATTR_MSG)
					snprintf(text, size, "%s", (char *)RTA_DATA(rta));
			return e->error;
		}
	}
}

static inline int nl_talk(struct nl_request *req, struct link *link)
{
	int fd = nl_open();
	int err;

	if (fd < 0)
		return fd;
	err = nl_send(fd, req);
	if (!err)
		err = nl_answer(fd, link, NULL, 0);
	close(fd);
	return err;
}

static inline void nl_link_add(struct nl_request *req, const char *name, const char *kind)
{
	struct rtattr *info;

	nl_init(req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, sizeof(req->ifi));
	if (name)
		nl_put(req, IFLA_IFNAME, name, strlen(name) + 1);
	info = nl_put(req, IFLA_LINKINFO, NULL, 0);
	nl_put(req, IFLA_INFO_KIND, kind, strlen(kind));
	nl_nest_end(req, info);
}

static inline void nl_link_del(struct nl_request *req, int ifindex)
{
	nl_init(req, RTM_DELLINK, 0, sizeof(req->ifi));
	req->ifi.ifi_index = ifindex;
}

/* ip link add [@name] type @kind; *@link tells what came of it. */
static inline int link_add_kind(const char *kind, const char *name, struct link *link)
{
	struct nl_request req;

	nl_link_add(&req, name, kind);
	return nl_talk(&req, link);
}

static inline int link_add(const char *name, struct link *link)
{
	return link_add_kind(KIND, name, link);
}

static inline int link_del(int ifindex)
{
	struct nl_request req;

	nl_link_del(&req, ifindex);
	return nl_talk(&req, NULL);
}

static inline int link_get(int ifindex, struct link *link)
{
	struct nl_request req;

	nl_init(&req, RTM_GETLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	return nl_talk(&req, link);
}

static inline int link_set_flags(int ifindex, unsigned int flags, unsigned int change)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	req.ifi.ifi_flags = flags;
	req.ifi.ifi_change = change;
	return nl_talk(&req, NULL);
}

static inline int link_up(int ifindex)
{
	return link_set_flags(ifindex, IFF_UP, IFF_UP);
}

static inline int link_down(int ifindex)
{
	return link_set_flags(ifindex, 0, IFF_UP);
}

static inline int link_set_u32(int ifindex, int attr, __u32 val)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	nl_put_u32(&req, attr, val);
	return nl_talk(&req, NULL);
}

static inline int link_set_mtu(int ifindex, __u32 mtu)
{
	return link_set_u32(ifindex, IFLA_MTU, mtu);
}

static inline int link_set_txqlen(int ifindex, __u32 len)
{
	return link_set_u32(ifindex, IFLA_TXQLEN, len);
}

static inline int link_move(int ifindex, int netns_fd)
{
	return link_set_u32(ifindex, IFLA_NET_NS_FD, netns_fd);
}

static inline int link_rename(int ifindex, const char *name)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	return nl_talk(&req, NULL);
}

static inline int link_set_address(int ifindex, const void *mac)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	nl_put(&req, IFLA_ADDRESS, mac, ETH_ALEN);
	return nl_talk(&req, NULL);
}

static inline struct rtnl_link_stats64 link_stats(int ifindex)
{
	struct link link = { };

	link_get(ifindex, &link);
	return link.stats;
}

/* What one counter of an interface has grown by since @before. */
static inline __u64 link_grew(int ifindex, const struct rtnl_link_stats64 *before, size_t offset)
{
	struct rtnl_link_stats64 now = link_stats(ifindex);
	__u64 a, b;

	memcpy(&a, (const char *)before + offset, sizeof(a));
	memcpy(&b, (const char *)&now + offset, sizeof(b));
	return b - a;
}

/* What a counter of the interface in "self->u" has grown by since "self->before". */
#define GREW(counter)							\
	link_grew(self->u.ifindex, &self->before,			\
		  offsetof(struct rtnl_link_stats64, counter))

static inline bool link_is_up(int ifindex)
{
	struct link link = { };

	return !link_get(ifindex, &link) && (link.flags & IFF_UP);
}

static inline void nl_addr(struct nl_request *req, int type, int flags, int ifindex, __u32 local,
			   __u32 peer)
{
	nl_init(req, type, flags, sizeof(req->ifa));
	req->ifa.ifa_family = AF_INET;
	req->ifa.ifa_prefixlen = 32;
	req->ifa.ifa_index = ifindex;
	nl_put_u32(req, IFA_LOCAL, htonl(local));
	nl_put_u32(req, IFA_ADDRESS, htonl(peer));
}

static inline int addr_change(int type, int flags, int ifindex, __u32 local, __u32 peer)
{
	struct nl_request req;

	nl_addr(&req, type, flags, ifindex, local, peer);
	return nl_talk(&req, NULL);
}

/* ip addr add @local peer @peer dev ... */
static inline int addr_add(int ifindex, __u32 local, __u32 peer)
{
	return addr_change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, local, peer);
}

/* ip neigh replace @addr lladdr @mac nud permanent dev ... */
static inline int neigh_set(int ifindex, __u32 addr, const void *mac)
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

/* ---- ethtool ------------------------------------------------------------ */

static inline int ethtool(const char *ifname, void *cmd)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { };
	int err;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	ifr.ifr_data = cmd;
	err = ioctl(fd, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
	close(fd);
	return err;
}

static inline int ethtool_drvinfo(const char *ifname, struct ethtool_drvinfo *info)
{
	memset(info, 0, sizeof(*info));
	info->cmd = ETHTOOL_GDRVINFO;
	return ethtool(ifname, info);
}

#define ETHTOOL_MAX 64

/* What "ethtool -S" shows under this name, or -1. */
static inline long long ethtool_statistic(const char *ifname, const char *name)
{
	struct {
		struct ethtool_gstrings head;
		char names[ETHTOOL_MAX][ETH_GSTRING_LEN];
	} strings = { .head = { .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS } };
	struct {
		struct ethtool_stats head;
		__u64 values[ETHTOOL_MAX];
	} stats = { .head = { .cmd = ETHTOOL_GSTATS } };
	struct ethtool_drvinfo info;
	__u32 i;

	if (ethtool_drvinfo(ifname, &info) || info.n_stats > ETHTOOL_MAX)
		return -1;
	if (ethtool(ifname, &strings) || ethtool(ifname, &stats))
		return -1;
	for (i = 0; i < strings.head.len && i < stats.head.n_stats; i++)
		if (!strncmp(strings.names[i], name, ETH_GSTRING_LEN))
			return stats.values[i];
	return -1;
}

/* ---- packets ------------------------------------------------------------ */

static inline __u32 csum_add(__u32 sum, const void *data, size_t len)
{
	const __u8 *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline __u16 csum(__u32 sum, const void *data, size_t len)
{
	return htons(~csum_add(sum, data, len) & 0xffff);
}

static inline __u32 csum_pseudo(const struct iphdr *ip, size_t len)
{
	__u32 sum = csum_add(0, &ip->saddr, 8);

	sum += ip->protocol + len;
	return (sum & 0xffff) + (sum >> 16);
}

static inline size_t build_ip(void *buf, __u32 src, __u32 dst, int protocol, size_t payload)
{
	struct iphdr *ip = buf;

	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->tot_len = htons(sizeof(*ip) + payload);
	ip->saddr = htonl(src);
	ip->daddr = htonl(dst);
	ip->check = csum(0, ip, sizeof(*ip));
	return sizeof(*ip) + payload;
}

static inline size_t build_udp(void *buf, __u32 src, __u32 dst, __u16 sport,
			       __u16 dport, const void *payload, size_t len)
{
	struct iphdr *ip = buf;
	struct udphdr *udp = (void *)(ip + 1);
	size_t total = build_ip(buf, src, dst, IPPROTO_UDP, sizeof(*udp) + len);

	memset(udp, 0, sizeof(*udp));
	udp->source = htons(sport);
	udp->dest = htons(dport);
	udp->len = htons(sizeof(*udp) + len);
	if (len)
		memcpy(udp + 1, payload, len);
	udp->check = csum(csum_pseudo(ip, sizeof(*udp) + len), udp, sizeof(*udp) + len);
	if (!udp->check)
		udp->check = 0xffff;
	return total;
}

static inline size_t build_echo(void *buf, __u32 src, __u32 dst, int type, __u16 id,
				__u16 seq, const void *payload, size_t len)
{
	struct icmphdr *icmp = (void *)((struct iphdr *)buf + 1);
	size_t total = build_ip(buf, src, dst, IPPROTO_ICMP, sizeof(*icmp) + len);

	memset(icmp, 0, sizeof(*icmp));
	icmp->type = type;
	icmp->un.echo.id = htons(id);
	icmp->un.echo.sequence = htons(seq);
	if (len)
		memcpy(icmp + 1, payload, len);
	icmp->checksum = csum(0, icmp, sizeof(*icmp) + len);
	return total;
}

/* Is @buf exactly one IPv4 packet of this protocol, with every checksum right? */
static inline bool packet_ok(const void *buf, size_t len, int protocol)
{
	const struct iphdr *ip = buf;
	size_t head, body;
	const void *l4;

	if (len < sizeof(*ip) || ip->version != 4 || ip->ihl < 5)
		return false;
	head = ip->ihl * 4;
	if (ntohs(ip->tot_len) != len || head > len || ip->protocol != protocol)
		return false;
	if (csum(0, ip, head))
		return false;
	l4 = (const char *)buf + head;
	body = len - head;
	switch (protocol) {
	case IPPROTO_UDP:
		return body >= sizeof(struct udphdr) && ((const struct udphdr *)l4)->check &&
		       !csum(csum_pseudo(ip, body), l4, body);
	case IPPROTO_ICMP:
		return body >= sizeof(struct icmphdr) && !csum(0, l4, body);
	}
	return true;
}

/* One Ethernet frame; the payload may be in its place already, or NULL. */
static inline size_t build_frame(void *buf, const void *dst, const void *src, __u16 protocol,
				 const void *payload, size_t len)
{
	struct ethhdr *eth = buf;

	memcpy(eth->h_dest, dst, ETH_ALEN);
	memcpy(eth->h_source, src, ETH_ALEN);
	eth->h_proto = htons(protocol);
	if (payload && len)
		memmove(eth + 1, payload, len);
	return sizeof(*eth) + len;
}

#define IP_UDP_LEN	(sizeof(struct iphdr) + sizeof(struct udphdr))

static inline const void *udp_payload(const void *packet)
{
	return (const char *)packet + IP_UDP_LEN;
}

static inline void fill(void *buf, size_t len, unsigned int seed)
{
	__u8 *p = buf;

	while (len--) {
		seed = seed * 1103515245 + 12345;
		*p++ = seed >> 16;
	}
}

/* A UDP socket bound to @port of the interface's address, or of any (0). */
static inline int udp_socket(__u32 addr, __u16 port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(addr),
	};
	struct timeval limit = { .tv_sec = LIMIT_MS / 1000 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(fd, (void *)&sin, sizeof(sin)) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

static inline ssize_t udp_send(int fd, __u32 dst, __u16 port, const void *data, size_t len)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(dst),
	};

	return ERR(sendto(fd, data, len, MSG_DONTWAIT, (void *)&sin, sizeof(sin)));
}

/* Queues one UDP packet for the reader of the node. */
static inline void send_udp(struct __test_metadata *_metadata, int fd, __u16 port,
			    const void *data, size_t len)
{
	ASSERT_EQ((ssize_t)len, udp_send(fd, PEER, port, data, len));
}

/* A UDP socket whose packets go to the program on the node. */
static inline int udp_to_node(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(PEER),
	};
	int fd = udp_socket(LOCAL, 0);

	if (fd >= 0 && connect(fd, (void *)&sin, sizeof(sin))) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* A file of these bytes, for sendfile(). */
static inline int file_of(const void *data, size_t len)
{
	int fd = ERR(memfd_create("data", MFD_CLOEXEC));

	if (fd >= 0 && write(fd, data, len) != (ssize_t)len) {
		close(fd);
		return -EIO;
	}
	return fd;
}

/* @len bytes of the file, in one packet if the socket sends packets. */
static inline ssize_t send_file(int fd, int file, off_t from, size_t len)
{
	return ERR(sendfile(fd, file, &from, len));
}

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY	60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY	0x4000000
#endif

/* With MSG_ZEROCOPY the socket sends its caller's memory; its error queue says when it is free. */
static inline int zerocopy_allow(int fd)
{
	int on = 1, big = 1 << 20;

	return setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big)) ||
	       setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) ? -errno : 0;
}

/*
 * A socket that puts packets on an interface as they are, under whatever
 * protocol the sender says. It receives nothing itself.
 */
static inline int packet_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static inline ssize_t packet_send(int fd, int ifindex, int protocol, const void *buf, size_t len)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = ifindex,
	};

	return ERR(sendto(fd, buf, len, 0, (void *)&sll, sizeof(sll)));
}

/* ---- units -------------------------------------------------------------- */

struct unit {
	const char *kind;
	int fd;
	int ifindex;
	int number;
	char ifname[IFNAMSIZ];
	char node[32];
	unsigned char mac[ETH_ALEN];	/* of an Ethernet unit, when it was made */
};

/* Only the tests send packets here. */
static inline void netns_quiet(void)
{
	link_up(1);
	/* Without IPv6 in the kernel there is nothing to keep quiet. */
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	write_file("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	write_file("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
	write_file("/proc/sys/net/ipv4/ip_forward", "0");
}

/* A quiet network namespace of one's own. */
static inline int netns_new(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	netns_quiet();
	return 0;
}

/* Lets the namespace have IPv6 after all. */
static inline int netns_ipv6(void)
{
	return run("for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 0 > $f; done");
}

/* Which namespace one is in; 0 if that cannot be told. */
static inline ino_t netns_inode(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) ? 0 : st.st_ino;
}

static ino_t netns_of_program;

/* Makes /sys show the namespace that one is in: it shows that of its mounting. */
static inline int sysfs_here(void)
{
	if (netns_of_program && netns_inode() == netns_of_program)
		return 0;
	if (unshare(CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL))
		return -errno;
	/* Which lies below it, and is the same for all. */
	if (mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL) && errno != ENOENT &&
	    errno != ENODEV && errno != EPERM)
		return -errno;
	return 0;
}

/*
 * A namespace for all tests of a program that do not ask for more, and /sys as
 * seen from it: to make one and to take it away takes longer than most tests do.
 */
__attribute__((constructor))
static void netns_begin(void)
{
	if (!geteuid() && !netns_new() && !sysfs_here())
		netns_of_program = netns_inode();
}

/* The program's namespace, quiet and without what the last test has left there. */
static inline int netns_as_new(void)
{
	struct if_nameindex *all;
	int i, err = 0;

	if (!netns_of_program || netns_inode() != netns_of_program)
		return netns_new();
	all = if_nameindex();
	if (!all)
		return -errno;
	for (i = 0; !err && all[i].if_index; i++)
		if (all[i].if_index != 1)
			err = link_del(all[i].if_index);
	if_freenameindex(all);
	netns_quiet();
	return err == -ENODEV ? 0 : err;
}

static inline int netns_here(void)
{
	return ERR(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

static inline void unit_init(struct unit *u, const char *kind)
{
	memset(u, 0, sizeof(*u));
	u->kind = kind;
	u->fd = -1;
	u->number = -1;
}

/* Finds number and node of the unit behind the interface. */
static inline int unit_identify(struct unit *u)
{
	struct ethtool_drvinfo info;
	size_t len = strlen(u->kind);
	int err = ethtool_drvinfo(u->ifname, &info);

	if (err)
		return err;
	if (strncmp(info.bus_info, u->kind, len) ||
	    sscanf(info.bus_info + len, "%d", &u->number) != 1)
		return -EPROTO;
	snprintf(u->node, sizeof(u->node), "/dev/%s%d", u->kind, u->number);
	return 0;
}

/* Makes a unit, its interface named @ifname or by the driver. 0 or -errno. */
static inline int unit_create_kind(struct unit *u, const char *kind, const char *ifname)
{
	struct link link = { };
	int err;

	unit_init(u, kind);
	err = link_add_kind(kind, ifname, &link);
	if (err)
		return err;
	if (!link.ifindex)
		return -EPROTO;
	u->ifindex = link.ifindex;
	memcpy(u->ifname, link.name, sizeof(u->ifname));
	memcpy(u->mac, link.address, sizeof(u->mac));
	err = unit_identify(u);
	if (err) {
		link_del(u->ifindex);
		u->ifindex = 0;
	}
	return err;
}

static inline int unit_create(struct unit *u, const char *ifname)
{
	return unit_create_kind(u, KIND, ifname);
}

static inline int unit_open(struct unit *u, int flags)
{
	u->fd = ERR(open(u->node, O_RDWR | O_CLOEXEC | flags));
	return u->fd < 0 ? u->fd : 0;
}

static inline void unit_close(struct unit *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

static inline void unit_destroy(struct unit *u)
{
	unit_close(u);
	if (u->ifindex)
		link_del(u->ifindex);
	u->ifindex = 0;
}

/* Opened, up, and 10.42.0.1 with 10.42.0.2 behind the node. */
static inline int unit_start(struct unit *u, int flags)
{
	int err = unit_open(u, flags);

	if (!err)
		err = addr_add(u->ifindex, LOCAL, PEER);
	if (!err)
		err = link_up(u->ifindex);
	/* Without questions of ARP between the frames of an Ethernet unit. */
	if (!err && strcmp(u->kind, KIND))
		err = neigh_set(u->ifindex, PEER, PEER_MAC);
	return err;
}

static inline int unit_ready_kind(struct unit *u, const char *kind, int flags)
{
	return unit_create_kind(u, kind, NULL) ?: unit_start(u, flags);
}

static inline int unit_ready(struct unit *u, int flags)
{
	return unit_ready_kind(u, KIND, flags);
}

static inline bool node_exists(const struct unit *u)
{
	struct stat st;

	return !stat(u->node, &st);
}

static inline short poll_now(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, 0) < 0 ? -1 : pfd.revents;
}

static inline bool wait_readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, LIMIT_MS) == 1 && (pfd.revents & POLLIN);
}

/* Before a packet on this unit. */
static inline size_t frame_head(const struct unit *u)
{
	return strcmp(u->kind, KIND) ? ETH_HLEN : 0;
}

static inline int queued(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) ? -errno : n;
}

/* Reads a line; "" when it cannot. */
static inline void first_line(const char *path, char *line, size_t size)
{
	if (read_file(path, line, size) < 0)
		*line = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static inline bool file_is(const char *path, const char *value)
{
	char line[128];

	first_line(path, line, sizeof(line));
	return !strcmp(line, value);
}

/* What sysfs has of the unit beside its interface. */
static inline void attribute_path(char *path, size_t size, const struct unit *u, const char *name)
{
	snprintf(path, size, "/sys/class/net/%s/%s/%s", u->ifname, u->kind, name);
}

static inline bool attribute_is(const struct unit *u, const char *name, const char *value)
{
	char path[128];

	attribute_path(path, sizeof(path), u, name);
	return file_is(path, value);
}

static inline int attribute_set(const struct unit *u, const char *name, const char *value)
{
	char path[128];

	attribute_path(path, sizeof(path), u, name);
	return write_file(path, value);
}

/* The value of "@key:\t" in the descriptor's fdinfo; false without one. */
static inline bool fdinfo_line(int fd, const char *key, char *value, size_t size)
{
	char path[64], text[2048], *line;
	size_t len = strlen(key);

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	if (read_file(path, text, sizeof(text)) < 0)
		return false;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strncmp(line, key, len) && line[len] == ':' && line[len + 1] == '\t') {
			snprintf(value, size, "%s", line + len + 2);
			return true;
		}
	}
	return false;
}

/* Everything that can be asked of a descriptor whose unit is gone. */
static inline void check_revoked(struct __test_metadata *_metadata, struct unit *u)
{
	char buf[64] = "E", value[64];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct epoll_event ev = { .events = EPOLLIN };
	struct timeval none = { };
	int n, ep;
	fd_set set;

	EXPECT_EQ(-EHOSTDOWN, ERR(read(u->fd, buf, sizeof(buf))));
	EXPECT_EQ(-EHOSTDOWN, ERR(readv(u->fd, &iov, 1)));
	EXPECT_EQ(-EHOSTDOWN, ERR(write(u->fd, buf, sizeof(buf))));
	EXPECT_EQ(-EHOSTDOWN, ERR(writev(u->fd, &iov, 1)));
	EXPECT_EQ(-EHOSTDOWN, ERR(preadv2(u->fd, &iov, 1, -1, RWF_NOWAIT)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, FIONREAD, &n)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, LINUX64_GIFNAME, value)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, _IO('t', 200), value)));
	EXPECT_EQ(POLLHUP | POLLERR, poll_now(u->fd, POLLIN | POLLOUT));
	EXPECT_EQ(POLLHUP | POLLERR, poll_now(u->fd, 0));
	EXPECT_EQ(-ESPIPE, ERR(lseek(u->fd, 0, SEEK_CUR)));

	FD_ZERO(&set);
	FD_SET(u->fd, &set);
	EXPECT_EQ(1, select(u->fd + 1, &set, NULL, NULL, &none));

	ep = epoll_create1(EPOLL_CLOEXEC);
	EXPECT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, u->fd, &ev));
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, 0));
	EXPECT_EQ(EPOLLHUP | EPOLLERR, ev.events);
	close(ep);

	EXPECT_TRUE(fdinfo_line(u->fd, "unit", value, sizeof(value)));
	EXPECT_STREQ(u->node + strlen("/dev/"), value);
	EXPECT_TRUE(fdinfo_line(u->fd, "ifname", value, sizeof(value)));
	EXPECT_STREQ("-", value);
	EXPECT_TRUE(fdinfo_line(u->fd, "ifindex", value, sizeof(value)));
	EXPECT_STREQ("0", value);
}

/* ---- cloners and the units that they make ------------------------------- */

/* Opens the cloner of @kind; *@u is the unit that it gave. 0 or -errno. */
static inline int cloner_open(struct unit *u, const char *kind, int flags)
{
	char path[32], ifr[40] = "";
	int err;

	unit_init(u, kind);
	snprintf(path, sizeof(path), "/dev/%s", kind);
	err = ERR(open(path, O_RDWR | O_CLOEXEC | flags));
	if (err < 0)
		return err;
	u->fd = err;
	err = ERR(ioctl(u->fd, LINUX64_GIFNAME, ifr));
	if (!err) {
		snprintf(u->ifname, sizeof(u->ifname), "%s", ifr);
		u->ifindex = if_nametoindex(u->ifname);
		err = u->ifindex ? unit_identify(u) : -ENODEV;
	}
	if (err)
		unit_close(u);
	return err;
}

/* How many units of @kind have a node, wherever their interfaces are. */
static inline int nodes_of(const char *kind)
{
	size_t len = strlen(kind);
	struct dirent *entry;
	DIR *dev = opendir("/dev");
	int n = 0;

	if (!dev)
		return -errno;
	while ((entry = readdir(dev))) {
		const char *number = entry->d_name + len;

		if (!strncmp(entry->d_name, kind, len) && *number &&
		    strspn(number, "0123456789") == strlen(number))
			n++;
	}
	closedir(dev);
	return n;
}

/* The lowest number from @from on that no unit of @kind has. */
static inline int free_number(const char *kind, int from)
{
	char node[32];

	do {
		snprintf(node, sizeof(node), "/dev/%s%d", kind, from++);
	} while (!access(node, F_OK));
	return from - 1;
}

/*
 * True when the lowest number without a node is the lowest that is free. When units
 * go with their namespace it is so only a moment after the nodes are gone.
 */
static inline bool numbers_settled(const char *kind)
{
	int want = free_number(kind, 0);
	struct unit u;
	bool settled;

	if (unit_create_kind(&u, kind, NULL))
		return false;
	settled = u.number == want;
	unit_destroy(&u);
	return settled;
}

/* Removes all units of the namespace, of every kind. */
static inline void units_clear(void)
{
	struct if_nameindex *all = if_nameindex(), *i;
	struct link link;

	for (i = all; i && i->if_index; i++)
		if (!link_get(i->if_index, &link) && !strncmp(link.kind, "bsd", 3))
			link_del(i->if_index);
	if_freenameindex(all);
}

/* A setting of the whole driver, by its BSD name. */
static inline int knob_set(const char *kind, const char *name, const char *value)
{
	char path[64];

	/* vmnet has those of tap. */
	snprintf(path, sizeof(path), "/proc/sys/net/link/%s/%s",
		 strcmp(kind, KIND) ? "tap" : "tun", name);
	return write_file(path, value);
}

/* ---- other users, other namespaces -------------------------------------- */

/* Runs @func in a child; what it returns, or -1000 when it died. */
static inline int in_child(int (*func)(struct unit *u), struct unit *u)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(-func(u));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1000;
	return -WEXITSTATUS(status);
}

/* In a child: the statement holds, or its line is the child's exit status. */
#define HOLDS(cond)							\
({									\
	if (!(cond)) {							\
		fprintf(stderr, "# line %d: %s\n", __LINE__, #cond);	\
		_exit(1);						\
	}								\
})

static inline int become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -ENOTRECOVERABLE;
	return 0;
}

static inline int open_as_nobody(struct unit *u)
{
	return become_nobody() ?: unit_open(u, 0);
}

static inline int drop_cap(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	data[CAP_TO_INDEX(cap)].effective &= ~CAP_TO_MASK(cap);
	data[CAP_TO_INDEX(cap)].permitted &= ~CAP_TO_MASK(cap);
	data[CAP_TO_INDEX(cap)].inheritable &= ~CAP_TO_MASK(cap);
	return ERR(syscall(SYS_capset, &head, data));
}

static inline int open_without_net_admin(struct unit *u)
{
	return drop_cap(CAP_NET_ADMIN) ? -ENOTRECOVERABLE : unit_open(u, 0);
}

/* Root of a new user namespace, who is the caller outside of it. */
static inline int userns_new(void)
{
	char uids[32], gids[32];
	int err;

	snprintf(uids, sizeof(uids), "0 %u 1", geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", getegid());
	/* Who has changed users may write to none of the files below. */
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER))
		return -errno;
	err = write_file("/proc/self/setgroups", "deny");
	if (!err)
		err = write_file("/proc/self/uid_map", uids);
	if (!err)
		err = write_file("/proc/self/gid_map", gids);
	return err;
}

static inline bool no_user_namespaces(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(unshare(CLONE_NEWUSER) ? 1 : 0);
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

/* ---- faults ------------------------------------------------------------- */

#define FAULTS	"/sys/kernel/debug/"

/* For fail_nth(); -errno in a kernel without fault injection. */
static inline int fail_open(void)
{
	int fd = ERR(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));

	if (fd < 0)
		return fd;
	if (write_file(FAULTS "failslab/ignore-gfp-wait", "N") ||
	    write_file(FAULTS "failslab/verbose", "0") ||
	    write_file(FAULTS "fail_page_alloc/ignore-gfp-wait", "N") ||
	    write_file(FAULTS "fail_page_alloc/min-order", "0") ||
	    write_file(FAULTS "fail_page_alloc/verbose", "0")) {
		close(fd);
		return -ENOTRECOVERABLE;
	}
	/* Without this one, copies do not fail, and the rest does. */
	write_file(FAULTS "fail_usercopy/verbose", "0");
	return fd;
}

/* Lets the nth thing that may fail in the kernel fail, in this thread. */
static inline int fail_nth(int fd, int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	return ERR(pwrite(fd, text, strlen(text), 0)) < 0 ? -errno : 0;
}

/* Has it failed? From here on nothing fails. */
static inline bool fail_reached(int fd)
{
	char left[16] = "";
	/* 0 when it has; the read itself may be what does. */
	bool reached = pread(fd, left, sizeof(left) - 1, 0) > 0 && !atoi(left);

	/* And so may be what takes it back, once. */
	if (fail_nth(fd, 0))
		fail_nth(fd, 0);
	return reached;
}

/* ---- the module --------------------------------------------------------- */

static inline long module_remove(void)
{
	return ERR(syscall(SYS_delete_module, "bsdtun", O_NONBLOCK));
}

static inline long module_insert(void)
{
	const char *ko = getenv("BSDTUN_KO");
	int fd = ko ? open(ko, O_RDONLY | O_CLOEXEC) : -1;
	long err;

	if (fd < 0)
		return -ENOENT;
	err = ERR(syscall(SYS_finit_module, fd, "", 0));
	close(fd);
	return err;
}

static inline bool module_loaded(void)
{
	return !access("/sys/module/bsdtun/refcnt", F_OK);
}

/* ---- signals ------------------------------------------------------------ */

/* Takes the next @sig off the queue, or fails after the limit. */
static inline int next_signal(int sig, siginfo_t *info, int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigtimedwait(&set, info, &ts);
}

static inline void block_signal(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- threads that sleep on a node --------------------------------------- */

enum sleep_in {
	IN_READ,
	IN_READV,
	IN_POLL,
	IN_SELECT,
	IN_EPOLL,
	IN_EPOLL_ET,
};

struct sleeper {
	pthread_t thread;
	enum sleep_in how;
	int fd;
	pid_t tid;
	long ret;		/* as the kernel gives it, -errno included */
	unsigned int events;	/* what poll or epoll said */
	char buf[2048];
};

static inline long sleeper_syscall(enum sleep_in how)
{
	switch (how) {
	case IN_READ:
		return SYS_read;
	case IN_READV:
		return SYS_readv;
	case IN_POLL:
		return SYS_ppoll;
	case IN_SELECT:
		return SYS_pselect6;
	default:
		return SYS_epoll_pwait;
	}
}

static inline void *sleeper_main(void *arg)
{
	struct sleeper *s = arg;
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	struct epoll_event ev = { .events = s->how == IN_EPOLL_ET ? EPOLLIN | EPOLLET : EPOLLIN };
	struct iovec iov[2] = {
		{ .iov_base = s->buf, .iov_len = 20 },
		{ .iov_base = s->buf + 20, .iov_len = sizeof(s->buf) - 20 },
	};
	fd_set readable;
	int ep;

	__atomic_store_n(&s->tid, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	switch (s->how) {
	case IN_READ:
		s->ret = ERR(read(s->fd, s->buf, sizeof(s->buf)));
		break;
	case IN_READV:
		s->ret = ERR(readv(s->fd, iov, 2));
		break;
	case IN_POLL:
		s->ret = ERR(ppoll(&pfd, 1, NULL, NULL));
		s->events = pfd.revents;
		break;
	case IN_SELECT:
		FD_ZERO(&readable);
		FD_SET(s->fd, &readable);
		s->ret = ERR(pselect(s->fd + 1, &readable, NULL, NULL, NULL, NULL));
		s->events = FD_ISSET(s->fd, &readable);
		break;
	case IN_EPOLL_ET:
	case IN_EPOLL:
		ep = epoll_create1(EPOLL_CLOEXEC);
		s->ret = ERR(epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &ev));
		if (!s->ret) {
			ev.events = 0;
			s->ret = ERR(epoll_pwait(ep, &ev, 1, -1, NULL));
			s->events = ev.events;
		}
		close(ep);
		break;
	}
	return NULL;
}

static inline int sleeper_start(struct sleeper *s, enum sleep_in how, int fd)
{
	memset(s, 0, sizeof(*s));
	s->how = how;
	s->fd = fd;
	return -pthread_create(&s->thread, NULL, sleeper_main, s);
}

/* Is the thread asleep inside that system call at this moment? */
static inline bool thread_in(pid_t tid, long nr)
{
	char path[64], text[256], *end;
	long in;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return false;
	/* "running", or "-1 sp pc" outside of a system call, or its number. */
	in = strtol(text, &end, 10);
	return end != text && in == nr;
}

static inline bool sleeper_asleep(struct sleeper *s)
{
	pid_t tid = __atomic_load_n(&s->tid, __ATOMIC_SEQ_CST);

	return tid && thread_in(tid, sleeper_syscall(s->how));
}

static inline bool sleeper_wait_asleep(struct sleeper *s)
{
	return WAIT_FOR(sleeper_asleep(s), LIMIT_MS);
}

/* True when the thread came back in time. */
static inline bool sleeper_join(struct sleeper *s)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += LIMIT_MS / 1000;
	return !pthread_timedjoin_np(s->thread, NULL, &ts);
}

#endif /* BSDTUN_TEST_H */
