// SPDX-License-Identifier: GPL-2.0
/*
 * tap and vmnet: their nodes and their Ethernet interfaces, frame by frame, and
 * what a last close leaves of each. Their ioctls are in ioctl.c. Names that
 * start with B and a number are those of the statements on BSD's behaviour in
 * the documentation of the semantics.
 */
#include "lib/test.h"

#include <netinet/if_ether.h>

#define SYSCTL		"/proc/sys/net/link/tap/"
#define USER_OPEN	SYSCTL "user_open"
#define UP_ON_OPEN	SYSCTL "up_on_open"

#define OTHER_MAC	"\x02\x42\x0a\x2a\x00\x09"
#define EXPERIMENT	0x88b5		/* an Ethernet type for local use */
#define LONGEST		65535		/* the longest frame that can be written */

/* The frame around @n bytes in UDP. */
#define FRAME_LEN(n)	((ssize_t)(ETH_HLEN + IP_UDP_LEN + (n)))

/* A unit nobody has opened yet. */
FIXTURE(unit) {
	struct unit u;
};

FIXTURE_VARIANT(unit) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(unit, tap) {
	.kind = TAP_KIND,
};

FIXTURE_VARIANT_ADD(unit, vmnet) {
	.kind = VMNET_KIND,
};

FIXTURE_SETUP(unit)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
}

FIXTURE_TEARDOWN(unit)
{
	write_file(USER_OPEN, "0");
	write_file(UP_ON_OPEN, "0");
	unit_destroy(&self->u);
}

/* A unit at work: open without blocking, up, addressed, its peer known. */
FIXTURE(frames) {
	struct unit u;
	int udp;		/* bound to LOCAL:PORT */
	int raw;		/* AF_PACKET */
	struct rtnl_link_stats64 before;
	char buf[LONGEST + 64];
};

FIXTURE_VARIANT(frames) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(frames, tap) {
	.kind = TAP_KIND,
};

FIXTURE_VARIANT_ADD(frames, vmnet) {
	.kind = VMNET_KIND,
};

FIXTURE_SETUP(frames)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->kind, O_NONBLOCK));
	self->udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, self->udp);
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(frames)
{
	close(self->raw);
	close(self->udp);
	unit_destroy(&self->u);
}

/* Queues one frame with this payload in UDP for the reader. */
#define SEND(data, len) send_udp_to_peer(_metadata, self->udp, PORT, data, len)

/* A frame from the peer with one UDP packet for the interface. */
static size_t build_in(void *buf, const void *dst, const void *data, size_t len)
{
	size_t n = build_udp((char *)buf + ETH_HLEN, PEER, LOCAL, 7, PORT, data, len);

	return build_frame(buf, dst, PEER_MAC, ETH_P_IP, NULL, n);
}

/* Is it one frame from @src to @dst with a correct UDP packet in it? */
static bool udp_frame_ok(const void *buf, size_t len, const void *dst, const void *src)
{
	const struct ethhdr *eth = buf;

	return len > ETH_HLEN && !memcmp(eth->h_dest, dst, ETH_ALEN) &&
	       !memcmp(eth->h_source, src, ETH_ALEN) && eth->h_proto == htons(ETH_P_IP) &&
	       packet_is_valid(eth + 1, len - ETH_HLEN, IPPROTO_UDP);
}

static const void *frame_payload(const void *buf)
{
	return udp_payload((const char *)buf + ETH_HLEN);
}

/* Sees the frames of one Ethernet type on an interface, as they are, both ways. */
static int listener(int ifindex, int protocol)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = ifindex,
	};
	struct timeval limit = { .tv_sec = TIMEOUT_MS / 1000 };
	int fd = packet_socket(), big = 4 << 20;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	if (bind(fd, (void *)&ll, sizeof(ll)) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* What a socket has got already; -EAGAIN when nothing. */
static long received(int fd, void *buf, size_t size)
{
	return ERR(recv(fd, buf, size, MSG_DONTWAIT));
}

/* Sends frame number @n past every socket buffer; 0 or what the driver says. */
static long send_numbered(int raw, int ifindex, unsigned int n)
{
	char frame[64];
	size_t len = build_frame(frame, PEER_MAC, OTHER_MAC, EXPERIMENT, &n, sizeof(n));
	long ret = packet_send(raw, ifindex, EXPERIMENT, frame, len);

	return ret == (long)len ? 0 : ret;
}

/* The number of the frame that a read gives, or -errno. */
static long read_numbered(int fd)
{
	char frame[128];
	unsigned int n;
	long len = ERR(read(fd, frame, sizeof(frame)));

	if (len < 0)
		return len;
	if (len != ETH_HLEN + sizeof(n))
		return -EPROTO;
	memcpy(&n, frame + ETH_HLEN, sizeof(n));
	return n;
}

static int carrier(int ifindex)
{
	struct link link;

	return link_get(ifindex, &link) ? -1 : (int)link.carrier;
}

/*
 * How many addresses (RTM_GETADDR) or routes (RTM_GETROUTE) of a family the
 * interface has; -errno.
 */
static int owned(int ifindex, int type, int family)
{
	static union {
		struct nlmsghdr n;
		char room[32768];
	} buf;
	struct nl_request req;
	int fd = nl_open(), found = 0, ret;

	if (fd < 0)
		return fd;
	nl_init(&req, type, NLM_F_DUMP, type == RTM_GETADDR ? sizeof(req.ifa) :
		sizeof(struct rtmsg));
	req.n.nlmsg_flags &= ~NLM_F_ACK;
	/* The family comes first in both. */
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
			struct rtattr *rta;
			int left, index;

			if (n->nlmsg_type == NLMSG_DONE) {
				close(fd);
				return found;
			}
			if (n->nlmsg_type == NLMSG_ERROR)
				ret = ((struct nlmsgerr *)NLMSG_DATA(n))->error;
			if (n->nlmsg_type == RTM_NEWADDR)
				found += ((struct ifaddrmsg *)NLMSG_DATA(n))->ifa_index == ifindex;
			if (n->nlmsg_type != RTM_NEWROUTE)
				continue;
			rta = RTM_RTA(NLMSG_DATA(n));
			left = RTM_PAYLOAD(n);
			for (; RTA_OK(rta, left); rta = RTA_NEXT(rta, left)) {
				if (rta->rta_type != RTA_OIF)
					continue;
				memcpy(&index, RTA_DATA(rta), sizeof(index));
				found += index == ifindex;
			}
		}
	}
	close(fd);
	return ret;
}

#define ADDRESSES(family)	owned(self->u.ifindex, RTM_GETADDR, family)
#define ROUTES(family)		owned(self->u.ifindex, RTM_GETROUTE, family)

/* ---- the interface ------------------------------------------------------ */

TEST_F(unit, fresh_unit)
{
	struct link link;

	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_STREQ(variant->kind, link.kind);
	EXPECT_EQ(ARPHRD_ETHER, link.type);
	EXPECT_EQ(IFF_BROADCAST | IFF_MULTICAST,
		  link.flags & (IFF_UP | IFF_BROADCAST | IFF_LOOPBACK | IFF_POINTOPOINT |
				IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI | IFF_MULTICAST));
	EXPECT_EQ(1500, link.mtu);
	EXPECT_EQ(500, link.txqlen);
	EXPECT_EQ(0, link.carrier);
	EXPECT_EQ(0, link.promiscuity);
	EXPECT_EQ(0, memcmp("\xff\xff\xff\xff\xff\xff", link.broadcast, ETH_ALEN));
	EXPECT_EQ(0, link.stats.rx_packets);
	EXPECT_EQ(0, link.stats.tx_packets);
	EXPECT_EQ(0, link.stats.tx_dropped);
}

TEST_F(unit, MAC_is_random_and_local)
{
	char path[64];
	struct unit other;

	/* Neither a group's nor one that a vendor has assigned. */
	EXPECT_EQ(2, self->u.mac[0] & 3);
	snprintf(path, sizeof(path), "/sys/class/net/%s/addr_assign_type", self->u.ifname);
	EXPECT_TRUE(file_equals(path, "1"));
	ASSERT_EQ(0, unit_create_kind(&other, variant->kind, NULL));
	EXPECT_NE(0, memcmp(self->u.mac, other.mac, ETH_ALEN));
	unit_destroy(&other);
}

TEST_F(unit, MAC_can_be_changed_down_and_up)
{
	static const char * const macs[] = { "\x02\x11\x22\x33\x44\x55", OTHER_MAC };
	struct link link;
	char path[64];
	unsigned int up;

	snprintf(path, sizeof(path), "/sys/class/net/%s/addr_assign_type", self->u.ifname);
	for (up = 0; up < 2; up++) {
		if (up)
			ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_EQ(0, link_set_address(self->u.ifindex, macs[up]));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, memcmp(macs[up], link.address, ETH_ALEN));
		EXPECT_TRUE(file_equals(path, "3"));
		/* No interface is a group, or nobody. */
		EXPECT_EQ(-EADDRNOTAVAIL, link_set_address(self->u.ifindex,
							   "\x03\x11\x22\x33\x44\x55"));
		EXPECT_EQ(-EADDRNOTAVAIL, link_set_address(self->u.ifindex, "\0\0\0\0\0\0"));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, memcmp(macs[up], link.address, ETH_ALEN));
	}
}

TEST_F(unit, mtu_from_72_to_65535)
{
	static const unsigned int good[] = { 72, 1280, 9000, 65521, 65535 };
	static const unsigned int bad[] = { 0, 68, 71, 65536, 1 << 20 };
	struct link link;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, link_set_mtu(self->u.ifindex, good[i]));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(good[i], link.mtu);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, link_set_mtu(self->u.ifindex, bad[i]))
			TH_LOG("MTU %u", bad[i]);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(65535, link.mtu);
	}
}

TEST_F(unit, interface_and_node_carry_the_number)
{
	struct ethtool_drvinfo info;
	char name[IFNAMSIZ];
	struct stat st;

	snprintf(name, sizeof(name), "%s%d", variant->kind, self->u.number);
	EXPECT_STREQ(name, self->u.ifname);
	ASSERT_EQ(0, stat(self->u.node, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	ASSERT_EQ(0, ethtool_drvinfo(self->u.ifname, &info));
	EXPECT_STREQ("bsdtun", info.driver);
	EXPECT_STREQ(name, info.bus_info);
}

TEST(unit_0_of_tap_is_there_from_the_load)
{
	struct stat st;

	ASSERT_EQ(0, netns_new());
	ASSERT_EQ(0, stat("/dev/" TAP_KIND "0", &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(-EEXIST, link_add(TAP_KIND, TAP_KIND "0", NULL));
}

TEST_F(unit, carrier_follows_the_open)
{
	bool stays = !strcmp(variant->kind, VMNET_KIND);
	struct ethtool_value val;
	int i;

	EXPECT_EQ(0, carrier(self->u.ifindex));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, unit_open(&self->u, 0));
		EXPECT_EQ(1, carrier(self->u.ifindex));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		val = (struct ethtool_value){ .cmd = ETHTOOL_GLINK };
		EXPECT_EQ(0, ethtool(self->u.ifname, &val));
		EXPECT_EQ(1, val.data);
		unit_close(&self->u);
		/* That of vmnet is never lost again. */
		EXPECT_EQ(stays, carrier(self->u.ifindex));
	}
}

TEST_F(unit, B1_unit_lives_until_it_is_destroyed)
{
	struct link link;
	int i;

	EXPECT_EQ(-EEXIST, link_add(variant->kind, self->u.ifname, &link));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, unit_open(&self->u, 0));
		unit_close(&self->u);
		EXPECT_TRUE(node_exists(&self->u));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_STREQ(self->u.ifname, link.name);
	}
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	EXPECT_FALSE(node_exists(&self->u));
	EXPECT_EQ(-ENOENT, unit_open(&self->u, 0));
	EXPECT_EQ(0, if_nametoindex(self->u.ifname));
}

TEST_F(unit, B1_number_is_the_lowest_free_and_the_node_keeps_it)
{
	struct unit foo, again;
	int number;

	ASSERT_EQ(0, unit_create_kind(&foo, variant->kind, "foo"));
	EXPECT_STREQ("foo", foo.ifname);
	EXPECT_NE(self->u.number, foo.number);
	EXPECT_TRUE(node_exists(&foo));
	ASSERT_EQ(0, link_rename(foo.ifindex, "bar"));
	EXPECT_TRUE(node_exists(&foo));
	number = foo.number;
	unit_destroy(&foo);
	EXPECT_FALSE(node_exists(&foo));
	ASSERT_EQ(0, unit_create_kind(&again, variant->kind, NULL));
	EXPECT_EQ(number, again.number);
	unit_destroy(&again);
}

TEST(B1_each_kind_counts_for_itself)
{
	static const char * const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };
	struct unit u[ARRAY_SIZE(kinds)];
	char name[IFNAMSIZ];
	unsigned int i;

	ASSERT_EQ(0, netns_new());
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(name, sizeof(name), "%s31007", kinds[i]);
		ASSERT_EQ(0, unit_create_kind(&u[i], kinds[i], name));
		EXPECT_EQ(31007, u[i].number);
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		EXPECT_EQ(0, unit_open(&u[i], 0));
	/* Of one kind none goes with the others. */
	unit_destroy(&u[1]);
	EXPECT_FALSE(node_exists(&u[1]));
	EXPECT_TRUE(node_exists(&u[0]));
	EXPECT_TRUE(node_exists(&u[2]));
	EXPECT_EQ(0, fionread(u[0].fd));
	EXPECT_EQ(0, fionread(u[2].fd));
	/* A name of another kind's says nothing about the number. */
	ASSERT_EQ(0, unit_create_kind(&u[1], TAP_KIND, TUN_KIND "31008"));
	EXPECT_NE(31008, u[1].number);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		unit_destroy(&u[i]);
}

/* ---- open --------------------------------------------------------------- */

TEST_F(unit, B4_open_is_exclusive)
{
	int copy, i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, unit_open(&self->u, 0));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDONLY | O_NONBLOCK)));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_WRONLY)));
		copy = dup(self->u.fd);
		ASSERT_LE(0, copy);
		unit_close(&self->u);
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
		close(copy);
	}
}

static int open_without_capabilities(struct unit *u)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { };

	return syscall(SYS_capset, &head, data) ? -ENOTRECOVERABLE : unit_open(u, 0);
}

TEST_F(unit, B4_root_only)
{
	EXPECT_EQ(-EACCES, run_in_child(open_as_nobody, &self->u));
	EXPECT_EQ(-EPERM, run_in_child(open_without_capabilities, &self->u));
	/* The mode of the node is not enough. */
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &self->u));
	/* A refused open leaves the unit closed. */
	EXPECT_EQ(0, carrier(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(unit, B4_unless_user_open)
{
	struct unit tun;

	ASSERT_EQ(0, write_file(USER_OPEN, "1"));
	EXPECT_EQ(-EACCES, run_in_child(open_as_nobody, &self->u));
	EXPECT_EQ(0, run_in_child(open_without_capabilities, &self->u));
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(0, run_in_child(open_as_nobody, &self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(-EBUSY, run_in_child(open_as_nobody, &self->u));
	unit_close(&self->u);

	/* Of tun it does not speak. */
	ASSERT_EQ(0, unit_create(&tun, NULL));
	ASSERT_EQ(0, chmod(tun.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &tun));
	unit_destroy(&tun);

	ASSERT_EQ(0, write_file(USER_OPEN, "0"));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &self->u));
}

static int work_as_nobody(struct unit *u)
{
	struct rtnl_link_stats64 before = link_stats(u->ifindex);
	char frame[128], answer[128];
	struct ether_arp *arp = (void *)(frame + ETH_HLEN);
	size_t len = build_frame(frame, "\xff\xff\xff\xff\xff\xff", PEER_MAC, ETH_P_ARP, NULL,
				 sizeof(*arp));
	__u32 from = htonl(PEER), to = htonl(LOCAL);
	int err = become_nobody() ?: unit_open(u, 0);

	if (err)
		return err;
	memset(arp, 0, sizeof(*arp));
	arp->arp_hrd = htons(ARPHRD_ETHER);
	arp->arp_pro = htons(ETH_P_IP);
	arp->arp_hln = ETH_ALEN;
	arp->arp_pln = 4;
	arp->arp_op = htons(ARPOP_REQUEST);
	memcpy(arp->arp_sha, PEER_MAC, ETH_ALEN);
	memcpy(arp->arp_spa, &from, 4);
	memcpy(arp->arp_tpa, &to, 4);
	if (write(u->fd, frame, len) != (ssize_t)len)
		return -errno;
	if (!wait_readable(u->fd))
		return -ETIMEDOUT;
	if (read(u->fd, answer, sizeof(answer)) != (ssize_t)len)
		return -EPROTO;
	arp = (void *)(answer + ETH_HLEN);
	if (memcmp(answer, PEER_MAC, ETH_ALEN) || memcmp(answer + ETH_ALEN, u->mac, ETH_ALEN) ||
	    arp->arp_op != htons(ARPOP_REPLY) || memcmp(arp->arp_sha, u->mac, ETH_ALEN) ||
	    memcmp(arp->arp_spa, &to, 4) || memcmp(arp->arp_tpa, &from, 4))
		return -EBADMSG;
	return link_stat_delta(u->ifindex, &before,
			       offsetof(struct rtnl_link_stats64, rx_packets)) == 1 ? 0 : -ENOMSG;
}

/* The administrator sets the interface up, a user works with it: by ARP. */
TEST_F(unit, B4_user_works_with_it)
{
	ASSERT_EQ(0, write_file(USER_OPEN, "1"));
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(0, run_in_child(work_as_nobody, &self->u));
}

TEST_F(unit, B5_up_on_open)
{
	struct unit tun;
	int i;

	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	unit_close(&self->u);
	ASSERT_EQ(0, write_file(UP_ON_OPEN, "1"));
	for (i = 0; i < 3; i++) {
		EXPECT_FALSE(link_is_up(self->u.ifindex));
		ASSERT_EQ(0, unit_open(&self->u, 0));
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		unit_close(&self->u);
		if (!strcmp(variant->kind, VMNET_KIND))
			ASSERT_EQ(0, link_down(self->u.ifindex));
	}
	/* Of tun it does not speak. */
	ASSERT_EQ(0, unit_create(&tun, NULL));
	ASSERT_EQ(0, unit_open(&tun, 0));
	EXPECT_FALSE(link_is_up(tun.ifindex));
	unit_destroy(&tun);
	ASSERT_EQ(0, write_file(UP_ON_OPEN, "0"));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

/* It is the system that sets the interface up: the opener may have no right to. */
TEST_F(unit, B5_up_on_open_by_a_user)
{
	ASSERT_EQ(0, write_file(UP_ON_OPEN, "1"));
	ASSERT_EQ(0, write_file(USER_OPEN, "1"));
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(0, run_in_child(work_as_nobody, &self->u));
}

/* Frames sent when open has returned are there, not only those sent a while later. */
TEST_F(unit, open_after_up)
{
	int raw = packet_socket(), i;

	ASSERT_LE(0, raw);
	/* The stack would notice by itself, a moment later: it shows one time in some. */
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, link_up(self->u.ifindex));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(0, send_numbered(raw, self->u.ifindex, i));
		EXPECT_EQ(i, read_numbered(self->u.fd));
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		unit_close(&self->u);
	}
	close(raw);
}

TEST_F(unit, fdinfo_names_unit_and_interface)
{
	char value[64], want[64];

	ASSERT_EQ(0, link_rename(self->u.ifindex, "renamed"));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	snprintf(want, sizeof(want), "%s%d", variant->kind, self->u.number);
	ASSERT_TRUE(fdinfo_value(self->u.fd, "unit", value, sizeof(value)));
	EXPECT_STREQ(want, value);
	ASSERT_TRUE(fdinfo_value(self->u.fd, "ifname", value, sizeof(value)));
	EXPECT_STREQ("renamed", value);
	ASSERT_TRUE(fdinfo_value(self->u.fd, "ifindex", value, sizeof(value)));
	EXPECT_EQ(self->u.ifindex, atoi(value));
	snprintf(want, sizeof(want), "%d", getpid());
	ASSERT_TRUE(fdinfo_value(self->u.fd, "owner", value, sizeof(value)));
	EXPECT_STREQ(want, value);
	ASSERT_TRUE(fdinfo_value(self->u.fd, "transient", value, sizeof(value)));
	EXPECT_STREQ("0", value);
	/* What the other kinds have does not show. */
	EXPECT_FALSE(fdinfo_value(self->u.fd, "framing", value, sizeof(value)));
	EXPECT_FALSE(fdinfo_value(self->u.fd, "dialect", value, sizeof(value)));
	EXPECT_EQ(!strcmp(variant->kind, TAP_KIND),
		  fdinfo_value(self->u.fd, "keep", value, sizeof(value)));
}

/* ---- read --------------------------------------------------------------- */

TEST_F(frames, B6_a_frame_is_read_whole_and_bare)
{
	const struct udphdr *udp = (void *)(self->buf + ETH_HLEN + sizeof(struct iphdr));
	const struct iphdr *ip = (void *)(self->buf + ETH_HLEN);
	ssize_t len;

	SEND("hello", 5);
	ASSERT_TRUE(wait_readable(self->u.fd));
	EXPECT_EQ(FRAME_LEN(5), fionread(self->u.fd));
	len = read(self->u.fd, self->buf, sizeof(self->buf));
	ASSERT_EQ(FRAME_LEN(5), len);
	EXPECT_TRUE(udp_frame_ok(self->buf, len, PEER_MAC, self->u.mac));
	EXPECT_EQ(htonl(LOCAL), ip->saddr);
	EXPECT_EQ(htonl(PEER), ip->daddr);
	EXPECT_EQ(htons(PORT), udp->dest);
	EXPECT_EQ(0, memcmp("hello", frame_payload(self->buf), 5));
	EXPECT_EQ(1, STAT_DELTA(tx_packets));
	EXPECT_EQ(FRAME_LEN(5), STAT_DELTA(tx_bytes));
}

TEST_F(frames, B6_one_frame_a_read)
{
	int i;

	for (i = 0; i < 20; i++)
		SEND(&i, sizeof(i));
	for (i = 0; i < 20; i++) {
		ssize_t len = read(self->u.fd, self->buf, sizeof(self->buf));

		ASSERT_EQ(FRAME_LEN(sizeof(i)), len);
		EXPECT_EQ(0, memcmp(&i, frame_payload(self->buf), sizeof(i)));
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

TEST_F(frames, B6_what_does_not_fit_is_dropped_silently)
{
	char big[1000];
	int i;

	memset(big, 'a', sizeof(big));
	for (i = 0; i < 4; i++)
		SEND(big, sizeof(big));
	SEND("next", 4);
	memset(self->buf, 0x55, sizeof(self->buf));
	EXPECT_EQ(100, read(self->u.fd, self->buf, 100));
	EXPECT_EQ('a', self->buf[99]);
	EXPECT_EQ(0x55, self->buf[100]);
	/* In the middle of the header too, and one byte before the end. */
	EXPECT_EQ(7, read(self->u.fd, self->buf, 7));
	EXPECT_EQ(1, read(self->u.fd, self->buf, 1));
	EXPECT_EQ(FRAME_LEN(999), read(self->u.fd, self->buf, FRAME_LEN(999)));
	ASSERT_EQ(FRAME_LEN(4), read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp("next", frame_payload(self->buf), 4));
	/* What was transmitted was transmitted. */
	EXPECT_EQ(5, STAT_DELTA(tx_packets));
	EXPECT_EQ(4 * FRAME_LEN(1000) + FRAME_LEN(4), STAT_DELTA(tx_bytes));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	EXPECT_EQ(0, STAT_DELTA(tx_errors));
}

TEST_F(frames, B6_readv_scatters_one_frame)
{
	char eth[ETH_HLEN], head[IP_UDP_LEN], tail[6], over[16];
	struct iovec iov[] = {
		{ .iov_base = eth, .iov_len = sizeof(eth) },
		{ .iov_base = NULL, .iov_len = 0 },
		{ .iov_base = head, .iov_len = sizeof(head) },
		{ .iov_base = tail, .iov_len = sizeof(tail) },
		{ .iov_base = over, .iov_len = sizeof(over) },
	};

	memset(over, 0x55, sizeof(over));
	SEND("abcdefghij", 10);
	SEND("second", 6);
	ASSERT_EQ(FRAME_LEN(10), readv(self->u.fd, iov, ARRAY_SIZE(iov)));
	EXPECT_EQ(0, memcmp(eth, PEER_MAC, ETH_ALEN));
	EXPECT_EQ(0x45, head[0]);
	EXPECT_EQ(0, memcmp("abcdef", tail, 6));
	EXPECT_EQ(0, memcmp("ghij\x55", over, 5));
	ASSERT_EQ(FRAME_LEN(0), readv(self->u.fd, iov, 3));
	EXPECT_EQ(-EAGAIN, ERR(readv(self->u.fd, iov, ARRAY_SIZE(iov))));
}

TEST_F(frames, B6_sleeps_or_is_EAGAIN)
{
	struct iovec iov = { .iov_base = self->buf, .iov_len = sizeof(self->buf) };
	struct sleeper s;

	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, read(self->u.fd, self->buf, 0));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	EXPECT_EQ(-EAGAIN, ERR(preadv2(self->u.fd, &iov, 1, -1, RWF_NOWAIT)));
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	SEND("wake", 4);
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(FRAME_LEN(4), s.ret);
	EXPECT_EQ(0, memcmp("wake", frame_payload(s.buf), 4));
}

TEST_F(frames, B6_zero_length_read_keeps_the_frame)
{
	SEND("kept", 4);
	EXPECT_EQ(0, read(self->u.fd, self->buf, 0));
	EXPECT_EQ(FRAME_LEN(4), read(self->u.fd, self->buf, sizeof(self->buf)));
}

TEST_F(frames, read_into_a_bad_buffer_loses_the_frame)
{
	long page = sysconf(_SC_PAGESIZE);
	char *bad = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(bad != MAP_FAILED);
	SEND("one", 3);
	SEND("two", 3);
	EXPECT_EQ(-EFAULT, ERR(read(self->u.fd, bad, page)));
	ASSERT_EQ(FRAME_LEN(3), read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp("two", frame_payload(self->buf), 3));
	munmap(bad, page);
}

/* No protocol is refused, none is looked at: not even that of a tun's prefix. */
TEST_F(frames, every_protocol_is_read)
{
	static const int types[] = {
		ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, ETH_P_MPLS_UC, ETH_P_PAE, ETH_P_LOOPBACK,
		EXPERIMENT, ETH_P_8021Q, 0xffff, 0x0600, 46, 0,
	};
	static const char * const to[] = {
		PEER_MAC, OTHER_MAC, "\xff\xff\xff\xff\xff\xff", "\x01\x80\xc2\0\0\0",
		"\0\0\0\0\0\0",
	};
	char frame[60], data[60 - ETH_HLEN];
	unsigned int i, k, n = 0;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (k = 0; k < ARRAY_SIZE(to); k++) {
			fill_pattern(data, sizeof(data), ++n);
			build_frame(frame, to[k], OTHER_MAC, types[i], data, sizeof(data));
			ASSERT_EQ((ssize_t)sizeof(frame),
				  packet_send(self->raw, self->u.ifindex,
					      types[i] < 0x600 ? ETH_P_802_2 : types[i],
					      frame, sizeof(frame)));
			ASSERT_EQ((ssize_t)sizeof(frame),
				  ERR(read(self->u.fd, self->buf, sizeof(self->buf))))
				TH_LOG("type %#x to address %u", types[i], k);
			EXPECT_EQ(0, memcmp(frame, self->buf, sizeof(frame)));
		}
	}
	EXPECT_EQ(n, STAT_DELTA(tx_packets));
	EXPECT_EQ(n * sizeof(frame), STAT_DELTA(tx_bytes));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

/* Frames too long for one page are held in pieces, and read as one. */
TEST_F(frames, frames_of_every_size_are_read_whole)
{
	static const unsigned int sizes[] = {
		14, 15, 59, 60, 61, 100, 1514, 1515, 2048, 4095, 4096, 4097, 8192, 9014,
		16384, 32768, 65534, 65535,
	};
	static char frame[LONGEST + ETH_HLEN];
	unsigned int i;

	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, LONGEST - ETH_HLEN));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill_pattern(frame, sizes[i], i + 1);
		build_frame(frame, PEER_MAC, OTHER_MAC, EXPERIMENT, NULL, 0);
		ASSERT_EQ((ssize_t)sizes[i], packet_send(self->raw, self->u.ifindex, EXPERIMENT,
							 frame, sizes[i]));
		EXPECT_EQ(sizes[i], fionread(self->u.fd));
		memset(self->buf, 0, sizeof(self->buf));
		ASSERT_EQ((ssize_t)sizes[i], ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
		EXPECT_EQ(0, memcmp(frame, self->buf, sizes[i]))
			TH_LOG("size %u", sizes[i]);
	}
	/* With the largest MTU there are frames longer than any that can be written. */
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 65535));
	fill_pattern(frame, sizeof(frame), 99);
	build_frame(frame, PEER_MAC, OTHER_MAC, EXPERIMENT, NULL, 0);
	ASSERT_EQ((ssize_t)sizeof(frame), packet_send(self->raw, self->u.ifindex, EXPERIMENT,
						      frame, sizeof(frame)));
	EXPECT_EQ(sizeof(frame), fionread(self->u.fd));
	ASSERT_EQ((ssize_t)sizeof(frame), ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, memcmp(frame, self->buf, sizeof(frame)));
}

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* Nothing that the reader cannot understand: no half made checksum or segment. */
TEST_F(frames, segments_are_cut_before_they_are_read)
{
	static char sent[10 * 1000];
	int size = 1000, i;

	ASSERT_EQ(0, setsockopt(self->udp, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)));
	fill_pattern(sent, sizeof(sent), 9);
	SEND(sent, sizeof(sent));
	for (i = 0; i < 10; i++) {
		ssize_t len = ERR(read(self->u.fd, self->buf, sizeof(self->buf)));

		ASSERT_EQ(FRAME_LEN(size), len);
		EXPECT_TRUE(udp_frame_ok(self->buf, len, PEER_MAC, self->u.mac));
		EXPECT_EQ(0, memcmp(sent + i * size, frame_payload(self->buf), size));
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

/* ---- write -------------------------------------------------------------- */

TEST_F(frames, B7_one_frame_a_write)
{
	char frame[128], got[64];
	int i;

	for (i = 0; i < 20; i++) {
		size_t len = build_in(frame, self->u.mac, &i, sizeof(i));

		ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
		ASSERT_EQ((ssize_t)sizeof(i), recv(self->udp, got, sizeof(got), 0));
		EXPECT_EQ(0, memcmp(&i, got, sizeof(i)));
	}
	EXPECT_EQ(20, STAT_DELTA(rx_packets));
	EXPECT_EQ(20 * FRAME_LEN(sizeof(i)), STAT_DELTA(rx_bytes));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
	/* Nothing of it comes back. */
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, STAT_DELTA(tx_packets));
}

TEST_F(frames, B7_writev_gathers_one_frame)
{
	char frame[128], got[64];
	size_t len = build_in(frame, self->u.mac, "gathered", 8);
	struct iovec iov[] = {
		{ .iov_base = frame, .iov_len = 6 },
		{ .iov_base = frame + 6, .iov_len = 7 },
		{ .iov_base = NULL, .iov_len = 0 },
		{ .iov_base = frame + 13, .iov_len = 2 },
		{ .iov_base = frame + 15, .iov_len = len - 15 },
	};

	ASSERT_EQ((ssize_t)len, writev(self->u.fd, iov, ARRAY_SIZE(iov)));
	ASSERT_EQ(8, recv(self->udp, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp("gathered", got, 8));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
}

TEST_F(frames, B7_too_large_is_EIO)
{
	static char frame[LONGEST + 16];
	size_t size = 256UL << 20;
	char *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct iovec iov[2] = {
		{ .iov_base = frame, .iov_len = LONGEST },
		{ .iov_base = frame, .iov_len = 1 },
	};
	int fd = listener(self->u.ifindex, EXPERIMENT);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(map != MAP_FAILED);
	EXPECT_EQ(0, write(self->u.fd, frame, 0));
	fill_pattern(frame, sizeof(frame), 5);
	build_frame(frame, self->u.mac, PEER_MAC, EXPERIMENT, NULL, 0);
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, frame, LONGEST + 1)));
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, frame, sizeof(frame))));
	EXPECT_EQ(-EIO, ERR(writev(self->u.fd, iov, 2)));
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, map, size)));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
	/* The largest is taken, whatever the MTU. */
	ASSERT_EQ(LONGEST, write(self->u.fd, frame, LONGEST));
	ASSERT_EQ(LONGEST, recv(fd, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(0, memcmp(frame, self->buf, LONGEST));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(LONGEST, STAT_DELTA(rx_bytes));
	/* Set down, it is no other. */
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, frame, LONGEST + 1)));
	close(fd);
	munmap(map, size);
}

TEST_F(frames, frames_of_every_size_are_written_whole)
{
	static const unsigned int sizes[] = {
		14, 15, 16, 59, 60, 61, 100, 127, 128, 129, 241, 242, 255, 256, 1514, 1515, 2048,
		4082, 4095, 4096, 4097, 8192, 16384, 16385, 32768, 50000, 65534, 65535,
	};
	static char frame[LONGEST];
	int fd = listener(self->u.ifindex, EXPERIMENT);
	size_t bytes = 0;
	unsigned int i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill_pattern(frame, sizes[i], i + 77);
		build_frame(frame, self->u.mac, PEER_MAC, EXPERIMENT, NULL, 0);
		ASSERT_EQ((ssize_t)sizes[i], ERR(write(self->u.fd, frame, sizes[i])));
		ASSERT_EQ((ssize_t)sizes[i], ERR(recv(fd, self->buf, sizeof(self->buf), 0)));
		EXPECT_EQ(0, memcmp(frame, self->buf, sizes[i]))
			TH_LOG("size %u", sizes[i]);
		bytes += sizes[i];
	}
	EXPECT_EQ(ARRAY_SIZE(sizes), STAT_DELTA(rx_packets));
	EXPECT_EQ(bytes, STAT_DELTA(rx_bytes));
	close(fd);
}

/* Through IP, in one frame: the longest there is. */
TEST_F(frames, longest_frame_both_ways)
{
	static char frame[LONGEST], data[LONGEST - ETH_HLEN - IP_UDP_LEN];
	int big = 1 << 20;

	setsockopt(self->udp, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	setsockopt(self->udp, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, LONGEST - ETH_HLEN));
	fill_pattern(data, sizeof(data), 8);
	SEND(data, sizeof(data));
	ASSERT_EQ(LONGEST, fionread(self->u.fd));
	ASSERT_EQ(LONGEST, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_TRUE(udp_frame_ok(self->buf, LONGEST, PEER_MAC, self->u.mac));
	EXPECT_EQ(0, memcmp(data, frame_payload(self->buf), sizeof(data)));

	ASSERT_EQ(LONGEST, build_in(frame, self->u.mac, data, sizeof(data)));
	ASSERT_EQ(LONGEST, write(self->u.fd, frame, LONGEST));
	ASSERT_EQ((ssize_t)sizeof(data), recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(0, memcmp(data, self->buf, sizeof(data)));
}

TEST_F(frames, short_frames_are_swallowed)
{
	int fd = listener(self->u.ifindex, ETH_P_ALL);
	struct iovec iov[2];
	char frame[64];
	int len;

	ASSERT_LE(0, fd);
	build_frame(frame, self->u.mac, PEER_MAC, EXPERIMENT, NULL, 0);
	for (len = 1; len < ETH_HLEN; len++) {
		EXPECT_EQ(len, ERR(write(self->u.fd, frame, len)));
		iov[0] = (struct iovec){ .iov_base = frame, .iov_len = 1 };
		iov[1] = (struct iovec){ .iov_base = frame + 1, .iov_len = len - 1 };
		EXPECT_EQ(len, ERR(writev(self->u.fd, iov, 2)));
	}
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_bytes));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
	EXPECT_EQ(-EAGAIN, received(fd, self->buf, sizeof(self->buf)));
	/* A header alone is a frame, in however many pieces. */
	iov[0] = (struct iovec){ .iov_base = frame, .iov_len = 13 };
	iov[1] = (struct iovec){ .iov_base = frame + 13, .iov_len = 1 };
	EXPECT_EQ(ETH_HLEN, ERR(writev(self->u.fd, iov, 2)));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(ETH_HLEN, STAT_DELTA(rx_bytes));
	EXPECT_EQ(ETH_HLEN, recv(fd, self->buf, sizeof(self->buf), 0));
	close(fd);
}

TEST_F(frames, B7_write_while_down_is_dropped_and_counted)
{
	char frame[128];
	size_t len = build_in(frame, self->u.mac, "down", 4);

	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, frame, len)));
	EXPECT_EQ(1, STAT_DELTA(rx_dropped));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_bytes));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(-EAGAIN, received(self->udp, self->buf, sizeof(self->buf)));
	EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, frame, len)));
	EXPECT_EQ(4, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
}

TEST_F(frames, B7_write_from_a_bad_buffer_is_EFAULT_and_counted)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *bad = map + page;

	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, mprotect(bad, page, PROT_NONE));
	EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, bad, 100)));
	EXPECT_EQ(1, STAT_DELTA(rx_errors));
	/* The header can be read, the rest cannot; and half of the header. */
	build_frame(bad - ETH_HLEN, self->u.mac, PEER_MAC, ETH_P_IP, NULL, 0);
	EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, bad - ETH_HLEN, 100)));
	EXPECT_EQ(2, STAT_DELTA(rx_errors));
	EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, bad - 7, 100)));
	EXPECT_EQ(3, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	munmap(map, 2 * page);
}

/* Nobody reads what comes of them, and the descriptor may block: they do not. */
TEST_F(frames, B7_write_never_sleeps)
{
	char frame[1400], data[1000];
	int small = 1, i;
	size_t len;

	setsockopt(self->udp, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	fill_pattern(data, sizeof(data), 3);
	len = build_in(frame, self->u.mac, data, sizeof(data));
	for (i = 0; i < 300; i++)
		ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
	EXPECT_EQ(300, STAT_DELTA(rx_packets));
}

/* tap(4) promises it of a shortage of memory. A kernel with fault injection has one. */
TEST_F_TIMEOUT(frames, B7_shortage_is_silent, 120)
{
	static const int sizes[] = { 60, 1514, 9000, 65535 };
	static char frame[LONGEST];
	struct rtnl_link_stats64 before, after;
	int fail = fault_open(), fd, nth, silent = 0;
	bool reached;
	unsigned int i;
	long ret;

	if (fail == -ENOENT)
		SKIP(return, "no fault injection in this kernel");
	ASSERT_LE(0, fail);
	/* What nobody listens to the stack counts as dropped. */
	fd = listener(self->u.ifindex, EXPERIMENT);
	ASSERT_LE(0, fd);
	build_frame(frame, self->u.mac, PEER_MAC, EXPERIMENT, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		reached = true;
		for (nth = 1; reached && nth < 200; nth++) {
			before = link_stats(self->u.ifindex);
			ASSERT_EQ(0, fault_set_nth(fail, nth));
			ret = ERR(write(self->u.fd, frame, sizes[i]));
			reached = fault_was_injected(fail);
			after = link_stats(self->u.ifindex);
			/* Each is counted once, as what it came to. */
			EXPECT_EQ(1, after.rx_packets - before.rx_packets +
				     after.rx_dropped - before.rx_dropped +
				     after.rx_errors - before.rx_errors);
			/* The copy from the program may have been what failed. */
			EXPECT_EQ(after.rx_errors != before.rx_errors ? -EFAULT : sizes[i], ret);
			silent += after.rx_dropped != before.rx_dropped;
			while (received(fd, self->buf, sizeof(self->buf)) > 0)
				;
		}
		EXPECT_FALSE(reached);
		EXPECT_EQ(1, after.rx_packets - before.rx_packets);
	}
	EXPECT_LT(0, silent);
	close(fd);
	close(fail);
}

TEST_F(frames, garbage_is_taken_and_harms_nothing)
{
	char frame[256];
	unsigned int i;
	size_t len;

	for (i = 0; i < 400; i++) {
		size_t n = ETH_HLEN + i % 200;

		fill_pattern(frame, n, i + 1);
		memcpy(frame, i % 3 ? (char *)self->u.mac : "\xff\xff\xff\xff\xff\xff", ETH_ALEN);
		/* Most of it is of a type that somebody looks into. */
		frame[12] = "\x08\x86\x81\x88\x08\x00\x88\x00"[i % 8];
		frame[13] = "\x00\xdd\x00\xa8\x06\x2e\x64\x04"[i % 8];
		ASSERT_EQ((ssize_t)n, ERR(write(self->u.fd, frame, n)))
			TH_LOG("frame %u of %zu bytes", i, n);
	}
	EXPECT_EQ(400, STAT_DELTA(rx_packets));
	while (read(self->u.fd, self->buf, sizeof(self->buf)) > 0)
		;
	len = build_in(frame, self->u.mac, "alive", 5);
	ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
	EXPECT_EQ(5, recv(self->udp, self->buf, sizeof(self->buf), 0));
}

/* ---- whose frames are taken --------------------------------------------- */

/* Writes a frame to @dst; true when the interface took it and a listener saw it. */
static bool taken(struct __test_metadata *_metadata, struct unit *u, int fd, const void *dst)
{
	struct rtnl_link_stats64 before = link_stats(u->ifindex), after;
	char frame[60], got[128];
	bool seen;

	memset(frame, 0x5a, sizeof(frame));
	build_frame(frame, dst, PEER_MAC, EXPERIMENT, NULL, 0);
	EXPECT_EQ((ssize_t)sizeof(frame), ERR(write(u->fd, frame, sizeof(frame))));
	seen = received(fd, got, sizeof(got)) == sizeof(frame) &&
	       !memcmp(frame, got, sizeof(frame));
	after = link_stats(u->ifindex);
	/* What is not taken is not counted, as anything. */
	EXPECT_EQ(seen, after.rx_packets - before.rx_packets);
	EXPECT_EQ(seen * sizeof(frame), after.rx_bytes - before.rx_bytes);
	EXPECT_EQ(before.rx_dropped, after.rx_dropped);
	EXPECT_EQ(before.rx_errors, after.rx_errors);
	return seen;
}

#define TAKEN(dst)	taken(_metadata, &self->u, fd, dst)

TEST_F(frames, unicast_to_others_is_swallowed)
{
	int fd = listener(self->u.ifindex, EXPERIMENT), i;
	unsigned char near[ETH_ALEN];

	ASSERT_LE(0, fd);
	EXPECT_TRUE(TAKEN(self->u.mac));
	EXPECT_FALSE(TAKEN(OTHER_MAC));
	EXPECT_FALSE(TAKEN("\0\0\0\0\0\0"));
	/* Every byte counts. */
	for (i = 0; i < ETH_ALEN; i++) {
		memcpy(near, self->u.mac, ETH_ALEN);
		near[i] ^= 4;
		EXPECT_FALSE(TAKEN(near))
			TH_LOG("byte %d", i);
	}
	/* Groups are for everybody, joined or not. */
	EXPECT_TRUE(TAKEN("\xff\xff\xff\xff\xff\xff"));
	EXPECT_TRUE(TAKEN("\x01\x00\x5e\x7f\xff\xfe"));
	EXPECT_TRUE(TAKEN("\x33\x33\xff\x12\x34\x56"));
	EXPECT_TRUE(TAKEN("\x01\x80\xc2\x00\x00\x0e"));
	close(fd);
}

TEST_F(frames, promiscuous_takes_all)
{
	struct sockaddr_ll ll = { };
	socklen_t size = sizeof(ll);
	int fd = listener(self->u.ifindex, EXPERIMENT);
	char frame[128];
	size_t len;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, link_set_flags(self->u.ifindex, IFF_PROMISC, IFF_PROMISC));
	EXPECT_TRUE(TAKEN(OTHER_MAC));
	EXPECT_TRUE(TAKEN("\0\0\0\0\0\0"));
	/* It is seen as another's, and IP leaves it alone. */
	len = build_frame(frame, OTHER_MAC, PEER_MAC, EXPERIMENT, "x", 1);
	ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
	ASSERT_EQ((ssize_t)len, recvfrom(fd, self->buf, sizeof(self->buf), 0, (void *)&ll, &size));
	EXPECT_EQ(PACKET_OTHERHOST, ll.sll_pkttype);
	len = build_in(frame, OTHER_MAC, "theirs", 6);
	ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
	len = build_in(frame, self->u.mac, "mine", 4);
	ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
	EXPECT_EQ(4, recv(self->udp, self->buf, sizeof(self->buf), 0));
	ASSERT_EQ(0, link_set_flags(self->u.ifindex, 0, IFF_PROMISC));
	EXPECT_FALSE(TAKEN(OTHER_MAC));
	close(fd);
}

static int membership(int fd, int ifindex, int what, int type, const void *mac)
{
	struct packet_mreq mreq = {
		.mr_ifindex = ifindex, .mr_type = type, .mr_alen = mac ? ETH_ALEN : 0,
	};

	if (mac)
		memcpy(mreq.mr_address, mac, ETH_ALEN);
	return ERR(setsockopt(fd, SOL_PACKET, what, &mreq, sizeof(mreq)));
}

/* What is stacked on the interface has addresses of its own: no need to take all. */
TEST_F(frames, further_addresses_are_taken)
{
	unsigned char mac[ETH_ALEN] = { 2, 0x42, 0, 0, 0, 0 };
	int fd = listener(self->u.ifindex, EXPERIMENT), i;
	struct link link;

	ASSERT_LE(0, fd);
	for (i = 0; i < 20; i++) {
		mac[5] = i;
		ASSERT_EQ(0, membership(fd, self->u.ifindex, PACKET_ADD_MEMBERSHIP,
					PACKET_MR_UNICAST, mac));
	}
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_EQ(0, link.promiscuity);
	for (i = 0; i < 25; i++) {
		mac[5] = i;
		EXPECT_EQ(i < 20, TAKEN(mac))
			TH_LOG("address %d", i);
	}
	EXPECT_TRUE(TAKEN(self->u.mac));
	mac[5] = 7;
	ASSERT_EQ(0, membership(fd, self->u.ifindex, PACKET_DROP_MEMBERSHIP, PACKET_MR_UNICAST,
				mac));
	EXPECT_FALSE(TAKEN(mac));
	mac[5] = 8;
	EXPECT_TRUE(TAKEN(mac));
	/* A capture takes all for as long as it is there. */
	ASSERT_EQ(0, membership(fd, self->u.ifindex, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC,
				NULL));
	EXPECT_TRUE(TAKEN(OTHER_MAC));
	ASSERT_EQ(0, membership(fd, self->u.ifindex, PACKET_DROP_MEMBERSHIP, PACKET_MR_PROMISC,
				NULL));
	EXPECT_FALSE(TAKEN(OTHER_MAC));
	close(fd);
}

TEST_F(frames, MAC_changed_is_the_one_that_is_taken)
{
	char frame[128], want[ETH_ALEN];
	size_t len;
	int fd, i;

	for (i = 0; i < 2; i++) {
		if (i)
			ASSERT_EQ(0, link_down(self->u.ifindex));
		memcpy(want, i ? "\x06\x42\1\2\3\4" : OTHER_MAC, ETH_ALEN);
		ASSERT_EQ(0, link_set_address(self->u.ifindex, want));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		fd = listener(self->u.ifindex, EXPERIMENT);
		ASSERT_LE(0, fd);
		EXPECT_TRUE(TAKEN(want));
		EXPECT_FALSE(TAKEN(self->u.mac));
		/* It is the sender too. */
		ASSERT_EQ(0, neigh_set(self->u.ifindex, PEER, PEER_MAC));
		SEND("from", 4);
		ASSERT_EQ(FRAME_LEN(4), read(self->u.fd, self->buf, sizeof(self->buf)));
		EXPECT_TRUE(udp_frame_ok(self->buf, FRAME_LEN(4), PEER_MAC, want));
		len = build_in(frame, want, "to", 2);
		ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
		EXPECT_EQ(2, recv(self->udp, self->buf, sizeof(self->buf), 0));
		close(fd);
	}
}

/* ---- what is stacked on it ---------------------------------------------- */

#define ABOVE_LOCAL	0x0a2b0001u	/* 10.43.0.1 */
#define ABOVE_PEER	0x0a2b0002u

/* Frames of an interface named "above" that is stacked on the unit, both ways. */
static void check_above(struct __test_metadata *_metadata, struct unit *u, const void *mac,
			const void *tags, size_t tagged)
{
	char frame[128], got[128];
	int ifindex = if_nametoindex("above"), udp;
	size_t len;

	ASSERT_NE(0, ifindex);
	ASSERT_EQ(0, addr_add(ifindex, ABOVE_LOCAL, ABOVE_PEER));
	ASSERT_EQ(0, link_up(ifindex));
	ASSERT_EQ(0, neigh_set(ifindex, ABOVE_PEER, PEER_MAC));
	udp = udp_socket(ABOVE_LOCAL, PORT);
	ASSERT_LE(0, udp);

	/* Out: the tags are in their place, and the type of the payload behind them. */
	ASSERT_TRUE(WAIT_FOR(udp_send(udp, ABOVE_PEER, PORT, "above", 5) == 5, TIMEOUT_MS));
	ASSERT_TRUE(wait_readable(u->fd));
	len = ETH_HLEN + tagged + IP_UDP_LEN + 5;
	ASSERT_EQ((ssize_t)len, ERR(read(u->fd, got, sizeof(got))));
	EXPECT_EQ(0, memcmp(got, PEER_MAC, ETH_ALEN));
	EXPECT_EQ(0, memcmp(got + ETH_ALEN, mac, ETH_ALEN));
	EXPECT_EQ(0, memcmp(got + 2 * ETH_ALEN, tags, tagged));
	EXPECT_EQ(0, memcmp(got + 2 * ETH_ALEN + tagged, "\x08\x00", 2));
	EXPECT_TRUE(packet_is_valid(got + ETH_HLEN + tagged, IP_UDP_LEN + 5, IPPROTO_UDP));
	EXPECT_EQ(0, memcmp("above", udp_payload(got + ETH_HLEN + tagged), 5));

	/* And in. */
	memcpy(frame, mac, ETH_ALEN);
	memcpy(frame + ETH_ALEN, PEER_MAC, ETH_ALEN);
	memcpy(frame + 2 * ETH_ALEN, tags, tagged);
	memcpy(frame + 2 * ETH_ALEN + tagged, "\x08\x00", 2);
	len = ETH_HLEN + tagged + build_udp(frame + ETH_HLEN + tagged, ABOVE_PEER, ABOVE_LOCAL, 7,
					    PORT, "to above", 8);
	ASSERT_EQ((ssize_t)len, ERR(write(u->fd, frame, len)));
	EXPECT_EQ(8, ERR(recv(udp, got, sizeof(got), 0)));
	EXPECT_EQ(0, memcmp("to above", got, 8));
	close(udp);
}

TEST_F(frames, VLAN_tags_stay_in_the_frame)
{
	if (run_command("ip link add link %s name above type vlan id 7", self->u.ifname))
		SKIP(return, "no VLANs in this kernel");
	check_above(_metadata, &self->u, self->u.mac, "\x81\x00\x00\x07", 4);
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(FRAME_LEN(8) + 4, STAT_DELTA(rx_bytes));
	EXPECT_EQ(FRAME_LEN(5) + 4, STAT_DELTA(tx_bytes));
}

TEST_F(frames, VLAN_tags_in_VLAN_tags)
{
	if (run_command("ip link add link %s name under type vlan protocol 802.1ad id 9",
			self->u.ifname))
		SKIP(return, "no VLANs in this kernel");
	ASSERT_EQ(0, run_command("ip link add link under name above type vlan id 4094"));
	ASSERT_EQ(0, link_up(if_nametoindex("under")));
	check_above(_metadata, &self->u, self->u.mac, "\x88\xa8\x00\x09\x81\x00\x0f\xfe", 8);
}

/* Nobody takes the tag off: programs see priority, number and all, at full length. */
TEST_F(frames, tagged_frame_of_full_length)
{
	static char frame[1518];
	int fd = listener(self->u.ifindex, ETH_P_ALL);

	ASSERT_LE(0, fd);
	fill_pattern(frame, sizeof(frame), 4);
	build_frame(frame, PEER_MAC, OTHER_MAC, ETH_P_8021Q, NULL, 0);
	ASSERT_EQ((ssize_t)sizeof(frame), packet_send(self->raw, self->u.ifindex, ETH_P_8021Q,
						      frame, sizeof(frame)));
	ASSERT_EQ((ssize_t)sizeof(frame), ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, memcmp(frame, self->buf, sizeof(frame)));
	close(fd);
}

TEST_F(frames, macvlan_gets_its_own)
{
	struct link link;

	if (run_command("ip link add link %s name above type macvlan mode bridge", self->u.ifname))
		SKIP(return, "no macvlan in this kernel");
	ASSERT_EQ(0, link_get(if_nametoindex("above"), &link));
	EXPECT_NE(0, memcmp(link.address, self->u.mac, ETH_ALEN));
	check_above(_metadata, &self->u, link.address, "", 0);
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_EQ(0, link.promiscuity);
	EXPECT_EQ(0, link.flags & IFF_PROMISC);
}

/* ---- through the stack -------------------------------------------------- */

TEST_F(frames, ping_is_answered)
{
	const struct icmphdr *icmp = (void *)(self->buf + ETH_HLEN + sizeof(struct iphdr));
	char frame[128], data[56];
	int i;

	for (i = 0; i < 10; i++) {
		size_t len;

		fill_pattern(data, sizeof(data), i);
		len = build_echo(frame + ETH_HLEN, PEER, LOCAL, ICMP_ECHO, 0x1234, i, data,
				 sizeof(data));
		len = build_frame(frame, self->u.mac, PEER_MAC, ETH_P_IP, NULL, len);
		ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
		ASSERT_TRUE(wait_readable(self->u.fd));
		ASSERT_EQ((ssize_t)len, read(self->u.fd, self->buf, sizeof(self->buf)));
		EXPECT_EQ(0, memcmp(self->buf, PEER_MAC, ETH_ALEN));
		EXPECT_EQ(0, memcmp(self->buf + ETH_ALEN, self->u.mac, ETH_ALEN));
		EXPECT_TRUE(packet_is_valid(self->buf + ETH_HLEN, len - ETH_HLEN, IPPROTO_ICMP));
		EXPECT_EQ(ICMP_ECHOREPLY, icmp->type);
		EXPECT_EQ(htons(i), icmp->un.echo.sequence);
		EXPECT_EQ(0, memcmp(data, icmp + 1, sizeof(data)));
	}
	EXPECT_EQ(10, STAT_DELTA(rx_packets));
	EXPECT_EQ(10, STAT_DELTA(tx_packets));
	EXPECT_EQ(10 * (ETH_HLEN + 84), STAT_DELTA(rx_bytes));
	EXPECT_EQ(10 * (ETH_HLEN + 84), STAT_DELTA(tx_bytes));
}

TEST_F(frames, multicast_join_and_leave)
{
	struct ip_mreqn mreq = {
		.imr_multiaddr.s_addr = htonl(0xe9010203),
		.imr_ifindex = self->u.ifindex,
	};
	int fd = udp_socket(INADDR_ANY, PORT + 2);
	char frame[128];
	size_t len;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)));
	/* The report goes to a group's MAC, and a program on the node sees who joins. */
	ASSERT_TRUE(wait_readable(self->u.fd));
	ASSERT_LT(ETH_HLEN, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp("\x01\x00\x5e", self->buf, 3));
	EXPECT_EQ(IPPROTO_IGMP, ((struct iphdr *)(self->buf + ETH_HLEN))->protocol);
	len = build_udp(frame + ETH_HLEN, PEER, 0xe9010203, 7, PORT + 2, "group", 5);
	len = build_frame(frame, "\x01\x00\x5e\x01\x02\x03", PEER_MAC, ETH_P_IP, NULL, len);
	ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
	EXPECT_EQ(5, recv(fd, self->buf, sizeof(self->buf), 0));
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mreq, sizeof(mreq)));
	close(fd);
}

TEST_F(frames, a_capture_sees_both_ways)
{
	static const struct {
		const char *dst;
		int type;
	} in[] = {
		{ NULL, PACKET_HOST }, { "\xff\xff\xff\xff\xff\xff", PACKET_BROADCAST },
		{ "\x01\x00\x5e\x01\x02\x03", PACKET_MULTICAST },
	};
	int fd = listener(self->u.ifindex, ETH_P_ALL);
	struct sockaddr_ll ll = { };
	socklen_t size = sizeof(ll);
	char frame[64], seen[128];
	unsigned int i;
	size_t len;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(in); i++) {
		len = build_frame(frame, in[i].dst ?: (char *)self->u.mac, PEER_MAC, EXPERIMENT,
				  "in", 2);
		ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
		ASSERT_EQ((ssize_t)len, recvfrom(fd, seen, sizeof(seen), 0, (void *)&ll, &size));
		EXPECT_EQ(in[i].type, ll.sll_pkttype);
		EXPECT_EQ(htons(EXPERIMENT), ll.sll_protocol);
		EXPECT_EQ(ARPHRD_ETHER, ll.sll_hatype);
		EXPECT_EQ(0, memcmp(PEER_MAC, ll.sll_addr, ETH_ALEN));
		EXPECT_EQ(0, memcmp(frame, seen, len));
	}
	SEND("out", 3);
	ASSERT_EQ(FRAME_LEN(3), recvfrom(fd, seen, sizeof(seen), 0, (void *)&ll, &size));
	EXPECT_EQ(PACKET_OUTGOING, ll.sll_pkttype);
	/* As it was sent: what changes bytes that both share changes them for both. */
	EXPECT_TRUE(udp_frame_ok(seen, FRAME_LEN(3), PEER_MAC, self->u.mac));
	EXPECT_EQ(0, memcmp("out", frame_payload(seen), 3));
	ASSERT_EQ(FRAME_LEN(3), read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(self->buf, seen, FRAME_LEN(3)));
	close(fd);
}

/* ---- poll, signals, io_uring: the same code as tun's --------------------- */

TEST_F(frames, B12_select_for_write_is_always_ready)
{
	struct timeval none;
	fd_set writable;
	int i;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 1));
	for (i = 0; i < 4; i++) {
		switch (i) {
		case 1:
			SEND("full", 4);
			break;
		case 2:
			ASSERT_EQ(0, link_down(self->u.ifindex));
			break;
		case 3:
			ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
			break;
		}
		none = (struct timeval){ };
		FD_ZERO(&writable);
		FD_SET(self->u.fd, &writable);
		EXPECT_EQ(1, select(self->u.fd + 1, NULL, &writable, NULL, &none));
		EXPECT_TRUE(FD_ISSET(self->u.fd, &writable));
	}
}

TEST_F(frames, poll_says_what_read_can_do)
{
	static const enum sleep_call ways[] = {
		SLEEP_POLL, SLEEP_SELECT, SLEEP_EPOLL, SLEEP_EPOLL_ET,
	};
	struct sleeper s;
	unsigned int i;

	EXPECT_EQ(POLLOUT, poll_now(self->u.fd, POLLIN | POLLOUT));
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		ASSERT_EQ(0, sleeper_start(&s, ways[i], self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s));
		SEND("wake", 4);
		ASSERT_TRUE(sleeper_join(&s));
		EXPECT_EQ(1, s.ret);
		EXPECT_EQ(POLLIN | POLLOUT, poll_now(self->u.fd, POLLIN | POLLOUT));
		ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		EXPECT_EQ(POLLOUT, poll_now(self->u.fd, POLLIN | POLLOUT));
	}
}

TEST_F(frames, one_signal_for_each_frame)
{
	siginfo_t info;
	int i;

	block_signal(SIGRTMIN);
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETSIG, SIGRTMIN));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, send_numbered(self->raw, self->u.ifindex, i));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(SIGRTMIN, wait_signal(SIGRTMIN, &info, TIMEOUT_MS));
		EXPECT_EQ(self->u.fd, info.si_fd);
	}
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
}

TEST_F(frames, io_uring_reads_and_writes)
{
	char frame[128], got[64];
	size_t len = build_in(frame, self->u.mac, "ring", 4);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	struct ring ring;

	if (ring_unavailable())
		SKIP(return, "io_uring is switched off here");
	ASSERT_EQ(0, ring_open(&ring));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	sqe = ring_prepare(&ring, IORING_OP_READ, self->u.fd, self->buf, sizeof(self->buf), 1);
	sqe->off = -1;
	ASSERT_EQ(0, ring_submit(&ring));
	EXPECT_TRUE(ring_stays_empty(&ring));
	SEND("wait", 4);
	ASSERT_TRUE(ring_wait(&ring, &cqe));
	EXPECT_EQ(FRAME_LEN(4), cqe.res);
	EXPECT_TRUE(udp_frame_ok(self->buf, cqe.res, PEER_MAC, self->u.mac));
	sqe = ring_prepare(&ring, IORING_OP_WRITE, self->u.fd, frame, len, 2);
	sqe->off = -1;
	ASSERT_EQ(0, ring_submit(&ring));
	ASSERT_TRUE(ring_peek(&ring, &cqe));
	EXPECT_EQ((int)len, cqe.res);
	EXPECT_EQ(4, recv(self->udp, got, sizeof(got), 0));
	EXPECT_EQ(0, ring_workers());
	ring_close(&ring);
}

/* ---- the queue ---------------------------------------------------------- */

TEST_F(frames, full_queue_drops_the_newest)
{
	unsigned int i;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, send_numbered(self->raw, self->u.ifindex, i));
	EXPECT_EQ(-ENOBUFS, send_numbered(self->raw, self->u.ifindex, i));
	EXPECT_EQ(-ENOBUFS, send_numbered(self->raw, self->u.ifindex, i));
	EXPECT_EQ(2, STAT_DELTA(tx_dropped));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(i, read_numbered(self->u.fd));
	EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
	EXPECT_EQ(0, STAT_DELTA(tx_errors));
}

TEST_F(frames, down_flushes)
{
	unsigned int i;

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, send_numbered(self->raw, self->u.ifindex, i));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_EQ(5, STAT_DELTA(tx_dropped));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
	ASSERT_EQ(0, send_numbered(self->raw, self->u.ifindex, 7));
	EXPECT_EQ(7, read_numbered(self->u.fd));
}

TEST_F(frames, descriptor_is_revoked_with_the_interface)
{
	struct sleeper s;

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(-EHOSTDOWN, s.ret);
	EXPECT_EQ(-EHOSTDOWN, ERR(read(self->u.fd, self->buf, 100)));
	/* Even what is too short, or nothing, is not taken any more. */
	EXPECT_EQ(-EHOSTDOWN, ERR(write(self->u.fd, self->buf, 100)));
	EXPECT_EQ(-EHOSTDOWN, ERR(write(self->u.fd, self->buf, 5)));
	EXPECT_EQ(-ENXIO, fionread(self->u.fd));
	EXPECT_EQ(POLLHUP | POLLERR, poll_now(self->u.fd, POLLIN | POLLOUT));
	EXPECT_FALSE(node_exists(&self->u));
}

/* ---- the last close ----------------------------------------------------- */

/* Settings of the interface alone; they outlive its addresses. */
static const struct {
	const char *dir, *name, *value;
} knobs[] = {
	{ "ipv4/conf", "rp_filter", "2" },
	{ "ipv4/conf", "forwarding", "1" },
	{ "ipv4/conf", "arp_ignore", "2" },
	{ "ipv4/conf", "accept_local", "1" },
	{ "ipv4/conf", "force_igmp_version", "2" },
	{ "ipv4/neigh", "gc_stale_time", "77" },
	{ "ipv6/conf", "hop_limit", "77" },
	{ "ipv6/conf", "accept_ra", "0" },
	{ "ipv6/conf", "dad_transmits", "3" },
	{ "ipv6/conf", "use_tempaddr", "2" },
	{ "ipv6/conf", "keep_addr_on_down", "1" },
	{ "ipv6/neigh", "gc_stale_time", "78" },
};

static void knob_path(char *path, size_t size, const char *ifname, const char *dir,
		      const char *name)
{
	snprintf(path, size, "/proc/sys/net/%s/%s/%s", dir, ifname, name);
}

static int set_knob(const char *ifname, const char *dir, const char *name, const char *value)
{
	char path[128];

	knob_path(path, sizeof(path), ifname, dir, name);
	return write_file(path, value);
}

#define IPV4_GIVEN	7
#define IPV6_GIVEN	6	/* and what the kernel adds */

/*
 * Addresses of every sort, and routes by them: with a peer, secondary, labelled,
 * with a scope, with a lifetime, without a route; in IPv6 final and tentative,
 * with a peer, a temporary one, and that of the link.
 */
static int populate(const struct unit *u)
{
	static const char * const ip[] = {
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
		err = set_knob(u->ifname, "ipv6/conf", "keep_addr_on_down", "1");
	if (!err)
		err = set_knob(u->ifname, "ipv6/conf", "use_tempaddr", "2");
	if (err)
		return err;
	batch = popen("ip -batch -", "w");
	if (!batch)
		return -errno;
	fprintf(batch, "addr add 10.44.0.3/24 label %s:l dev %s\n", u->ifname, u->ifname);
	for (i = 0; i < ARRAY_SIZE(ip); i++)
		fprintf(batch, "%s dev %s\n", ip[i], u->ifname);
	return pclose(batch);
}

/* A tap at work, with its attributes in sysfs. */
FIXTURE(tap) {
	struct unit u;
	int raw;
	struct rtnl_link_stats64 before;
};

FIXTURE_SETUP(tap)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, TAP_KIND, O_NONBLOCK));
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(tap)
{
	close(self->raw);
	unit_destroy(&self->u);
}

/* And a vmnet. */
FIXTURE(vmnet) {
	struct unit u;
	int raw;
	struct rtnl_link_stats64 before;
};

FIXTURE_SETUP(vmnet)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, VMNET_KIND, O_NONBLOCK));
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(vmnet)
{
	close(self->raw);
	unit_destroy(&self->u);
}

/* Reads frames until none has come for a while; how many are numbered on from @first. */
static int drain(int fd, unsigned int first)
{
	int n = 0;

	while (WAIT_FOR(poll_now(fd, POLLIN) & POLLIN, 10 * QUIET_MS))
		n += read_numbered(fd) == first + n;
	return n;
}

#define SEND_RANGE(first, end)	send_range(_metadata, &self->u, self->raw, first, end)

/* Frames numbered from @first up to but not including @end are queued. */
static void send_range(struct __test_metadata *_metadata, struct unit *u, int raw, int first,
		       int end)
{
	for (; first < end; first++)
		ASSERT_EQ(0, send_numbered(raw, u->ifindex, first));
}

TEST_F(tap, B13_close_sets_down_and_flushes)
{
	struct link link;
	int round, copy;

	for (round = 0; round < 5; round++) {
		self->before = link_stats(self->u.ifindex);
		SEND_RANGE(0, 5);
		copy = dup(self->u.fd);
		unit_close(&self->u);
		/* Not the last one: nothing happens. */
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		EXPECT_EQ(ETH_HLEN + 4, fionread(copy));
		close(copy);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, link.flags & IFF_UP);
		EXPECT_EQ(0, link.carrier);
		EXPECT_EQ(5, STAT_DELTA(tx_dropped));
		EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
		/* The same unit opens again at once, and works. */
		ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
		ASSERT_EQ(0, send_numbered(self->raw, self->u.ifindex, round));
		EXPECT_EQ(round, read_numbered(self->u.fd));
	}
}

TEST_F(tap, B13_close_deletes_every_address_and_route)
{
	int round;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(0, populate(&self->u));
		EXPECT_EQ(IPV4_GIVEN, ADDRESSES(AF_INET));
		EXPECT_LT(IPV6_GIVEN, ADDRESSES(AF_INET6));
		EXPECT_LT(IPV4_GIVEN, ROUTES(AF_INET));
		EXPECT_LT(IPV6_GIVEN, ROUTES(AF_INET6));
		/* A secondary that takes the place of its primary is no better. */
		if (round == 1)
			ASSERT_EQ(0, set_knob(self->u.ifname, "ipv4/conf", "promote_secondaries",
					      "1"));
		unit_close(&self->u);
		EXPECT_EQ(0, ADDRESSES(AF_INET));
		EXPECT_EQ(0, ADDRESSES(AF_INET6));
		EXPECT_EQ(0, ROUTES(AF_INET));
		EXPECT_EQ(0, ROUTES(AF_INET6));
		/* They are free to be given again: here and, in between, to another. */
		ASSERT_EQ(0, addr_add(1, LOCAL, LOCAL));
		ASSERT_EQ(0, addr_change(RTM_DELADDR, 0, 1, LOCAL, LOCAL));
		ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
		EXPECT_EQ(1, ADDRESSES(AF_INET));
	}
}

/* Addresses stay when an interface goes down; the close comes later, or never was up. */
TEST_F(tap, B13_close_deletes_them_of_an_interface_that_is_down)
{
	int round;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, populate(&self->u));
		ASSERT_EQ(0, link_down(self->u.ifindex));
		EXPECT_EQ(IPV4_GIVEN, ADDRESSES(AF_INET));
		/* keep_addr_on_down: those that were given for good. */
		EXPECT_LT(0, ADDRESSES(AF_INET6));
		unit_close(&self->u);
		EXPECT_EQ(0, ADDRESSES(AF_INET));
		EXPECT_EQ(0, ADDRESSES(AF_INET6));
		EXPECT_EQ(0, ROUTES(AF_INET));
		EXPECT_EQ(0, ROUTES(AF_INET6));
		ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
	}
	/* Given while it is closed they stay until the next last close. */
	unit_close(&self->u);
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_EQ(1, ADDRESSES(AF_INET));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(1, ADDRESSES(AF_INET));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
}

/* However many there are, and on an MTU that IPv6 does not run on. */
TEST_F_TIMEOUT(tap, B13_close_deletes_hundreds, 120)
{
	FILE *batch;
	int i;

	if (netns_enable_ipv6())
		SKIP(return, "no IPv6 in this kernel");
	batch = popen("ip -batch -", "w");
	ASSERT_TRUE(!!batch);
	for (i = 0; i < 250; i++) {
		/* Ten in each of 25 networks: one primary, the others secondary. */
		fprintf(batch, "addr add 10.60.%d.%d/24 dev %s\n", i % 25, 1 + i / 25,
			self->u.ifname);
		fprintf(batch, "addr add fd60::%x/64 dev %s nodad\n", i + 1, self->u.ifname);
	}
	ASSERT_EQ(0, pclose(batch));
	/* Beside the fixture's and that of the link. */
	EXPECT_LE(250, ADDRESSES(AF_INET));
	EXPECT_LE(250, ADDRESSES(AF_INET6));
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
	EXPECT_EQ(0, ADDRESSES(AF_INET6));

	ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 100));
	EXPECT_EQ(1, ADDRESSES(AF_INET));
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
}

struct adder {
	pthread_t thread;
	int ifindex;
	bool stop;
};

static void *add_addresses(void *arg)
{
	struct adder *a = arg;
	__u32 n;

	for (n = 0; !__atomic_load_n(&a->stop, __ATOMIC_SEQ_CST); n = (n + 1) % 64)
		addr_add(a->ifindex, LOCAL + (n << 8), PEER + (n << 8));
	return NULL;
}

/* Who adds addresses meanwhile adds them before the close or after it. */
TEST_F_TIMEOUT(tap, B13_close_against_an_adder, 120)
{
	struct adder a = { .ifindex = self->u.ifindex };
	int i;

	ASSERT_EQ(0, pthread_create(&a.thread, NULL, add_addresses, &a));
	for (i = 0; i < 40; i++) {
		unit_close(&self->u);
		EXPECT_FALSE(link_is_up(self->u.ifindex));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		/* Perhaps all that it has: then no other comes. */
		ASSERT_TRUE(WAIT_FOR(ADDRESSES(AF_INET) > 0, TIMEOUT_MS));
	}
	__atomic_store_n(&a.stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(a.thread, NULL));
	EXPECT_LT(0, ADDRESSES(AF_INET));
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
}

TEST_F(tap, B13_addresses_of_others_stay)
{
	struct unit other;
	int above = 0;

	ASSERT_EQ(0, unit_create_kind(&other, TAP_KIND, NULL));
	ASSERT_EQ(0, unit_open(&other, 0));
	ASSERT_EQ(0, run_command("ip addr add 10.44.0.9/24 dev %s", other.ifname));
	ASSERT_EQ(0, link_up(other.ifindex));
	ASSERT_EQ(0, addr_add(1, LOCAL + 9, LOCAL + 9));
	ASSERT_EQ(0, run_command("ip addr add 10.44.0.1/24 dev %s", self->u.ifname));
	/* Not even of what is stacked on it. */
	if (!run_command("ip link add link %s name above type vlan id 7", self->u.ifname)) {
		above = if_nametoindex("above");
		ASSERT_EQ(0, addr_add(above, LOCAL + 256, PEER + 256));
		ASSERT_EQ(0, link_up(above));
	}
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
	if (above)
		EXPECT_EQ(1, owned(above, RTM_GETADDR, AF_INET));
	EXPECT_EQ(1, owned(other.ifindex, RTM_GETADDR, AF_INET));
	EXPECT_LT(0, owned(other.ifindex, RTM_GETROUTE, AF_INET));
	EXPECT_EQ(2, owned(1, RTM_GETADDR, AF_INET));
	EXPECT_TRUE(link_is_up(other.ifindex));
	unit_destroy(&other);
}

TEST_F(tap, B13_the_rest_survives)
{
	const unsigned int flags = IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP | IFF_BROADCAST |
				   IFF_MULTICAST;
	struct link before, after;
	char path[128];
	unsigned int i;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	ASSERT_EQ(0, link_rename(self->u.ifindex, "renamed"));
	snprintf(self->u.ifname, sizeof(self->u.ifname), "renamed");
	ASSERT_EQ(0, populate(&self->u));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 1400));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 77));
	ASSERT_EQ(0, link_set_address(self->u.ifindex, OTHER_MAC));
	ASSERT_EQ(0, link_set_flags(self->u.ifindex, flags, flags));
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		ASSERT_EQ(0, set_knob(self->u.ifname, knobs[i].dir, knobs[i].name, knobs[i].value))
			TH_LOG("%s", knobs[i].name);
	}
	ASSERT_EQ(0, link_get(self->u.ifindex, &before));
	unit_close(&self->u);
	ASSERT_EQ(0, link_get(self->u.ifindex, &after));
	EXPECT_STREQ("renamed", after.name);
	EXPECT_EQ(1400, after.mtu);
	EXPECT_EQ(77, after.txqlen);
	EXPECT_EQ(0, memcmp(OTHER_MAC, after.address, ETH_ALEN));
	EXPECT_EQ(flags, after.flags & flags);
	EXPECT_EQ(before.promiscuity, after.promiscuity);
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		knob_path(path, sizeof(path), self->u.ifname, knobs[i].dir, knobs[i].name);
		EXPECT_TRUE(file_equals(path, knobs[i].value))
			TH_LOG("%s", path);
	}
	/* Both families go on as if nothing had been. */
	ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, run_command("ip addr add fd42::1/64 dev %s nodad", self->u.ifname));
	EXPECT_LT(0, ADDRESSES(AF_INET6));
	EXPECT_LT(0, ROUTES(AF_INET6));
}

/* Who watches is told of each address, and sees nothing else flicker. */
TEST_F(tap, B13_close_is_told)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	static union {
		struct nlmsghdr n;
		char room[32768];
	} buf;
	int fd, big = 4 << 20, gone[2] = { }, had[2];
	bool down = false;
	ssize_t len;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	ASSERT_EQ(0, populate(&self->u));
	had[0] = ADDRESSES(AF_INET);
	had[1] = ADDRESSES(AF_INET6);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ASSERT_LE(0, fd);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	ASSERT_EQ(0, bind(fd, (void *)&nl, sizeof(nl)));
	unit_close(&self->u);
	while ((len = recv(fd, &buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		struct nlmsghdr *n = &buf.n;

		for (; NLMSG_OK(n, len); n = NLMSG_NEXT(n, len)) {
			struct ifaddrmsg *ifa = NLMSG_DATA(n);
			struct link link;

			if (n->nlmsg_type == RTM_DELADDR && ifa->ifa_index == self->u.ifindex)
				gone[ifa->ifa_family == AF_INET6]++;
			if (n->nlmsg_type == RTM_NEWADDR && ifa->ifa_index == self->u.ifindex)
				TH_LOG("an address came back");
			EXPECT_NE(RTM_DELLINK, n->nlmsg_type);
			if (n->nlmsg_type != RTM_NEWLINK)
				continue;
			nl_parse_link(n, &link);
			if (link.ifindex != self->u.ifindex)
				continue;
			EXPECT_EQ(1500, link.mtu);
			EXPECT_STREQ(self->u.ifname, link.name);
			down = !(link.flags & IFF_UP);
		}
	}
	EXPECT_EQ(-EAGAIN, -errno);
	EXPECT_TRUE(down);
	EXPECT_LE(had[0], gone[0]);
	EXPECT_LE(had[1], gone[1]);
	close(fd);
}

/* The last to close may be nobody at all, or killed. */
TEST_F(tap, B13_whoever_closes)
{
	int sync[2], status, round;
	pid_t pid;
	char c;

	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, pipe(sync));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			close(sync[1]);
			if (become_nobody() || read(sync[0], &c, 1))
				_exit(1);
			/* The parent's copy of the descriptor is gone by now. */
			if (round)
				kill(getpid(), SIGKILL);
			_exit(0);
		}
		close(sync[0]);
		unit_close(&self->u);
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		EXPECT_EQ(1, ADDRESSES(AF_INET));
		close(sync[1]);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(round ? SIGKILL : 0, status);
		EXPECT_FALSE(link_is_up(self->u.ifindex));
		EXPECT_EQ(0, ADDRESSES(AF_INET));
		ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
	}
}

/* In another namespace than the closer's, the one that the interface is in counts. */
TEST_F(tap, B13_in_another_namespace)
{
	int here = netns_open(), there;

	ASSERT_LE(0, here);
	ASSERT_EQ(0, netns_new());
	there = netns_open();
	ASSERT_LE(0, there);
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	ASSERT_EQ(0, link_set_netns(self->u.ifindex, there));
	ASSERT_EQ(0, setns(there, CLONE_NEWNET));
	self->u.ifindex = if_nametoindex(self->u.ifname);
	ASSERT_NE(0, self->u.ifindex);
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	unit_close(&self->u);
	ASSERT_EQ(0, setns(there, CLONE_NEWNET));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	EXPECT_EQ(0, ADDRESSES(AF_INET));
	close(here);
	close(there);
}

TEST_F(tap, B13_keep_keeps_all_but_the_queue)
{
	int ipv4, ipv6, routes4, routes6;
	struct link link;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "0"));
	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "1"));
	EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "keep", "perhaps"));
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "1"));
	ASSERT_EQ(0, populate(&self->u));
	ipv4 = ADDRESSES(AF_INET);
	ipv6 = ADDRESSES(AF_INET6);
	routes4 = ROUTES(AF_INET);
	routes6 = ROUTES(AF_INET6);
	EXPECT_EQ(IPV4_GIVEN, ipv4);
	SEND_RANGE(0, 5);
	unit_close(&self->u);
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_NE(0, link.flags & IFF_UP);
	EXPECT_EQ(0, link.carrier);
	EXPECT_EQ(ipv4, ADDRESSES(AF_INET));
	EXPECT_LE(ipv6, ADDRESSES(AF_INET6));
	EXPECT_EQ(routes4, ROUTES(AF_INET));
	EXPECT_LE(routes6, ROUTES(AF_INET6));
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(1, carrier(self->u.ifindex));
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "1"));

	/* And without it no more. */
	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "0"));
	unit_close(&self->u);
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	EXPECT_EQ(0, ADDRESSES(AF_INET));
	EXPECT_EQ(0, ADDRESSES(AF_INET6));
}

TEST_F(tap, B13_keep_flushes_and_discards)
{
	int i;

	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	for (i = 0; i < 10; i++) {
		self->before = link_stats(self->u.ifindex);
		SEND_RANGE(0, 5);
		unit_close(&self->u);
		/* At once: when the stack has noticed the carrier, it discards them itself. */
		send_numbered(self->raw, self->u.ifindex, 8);
		send_numbered(self->raw, self->u.ifindex, 9);
		EXPECT_EQ(7, STAT_DELTA(tx_dropped));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
		/* It flows again, without anybody setting it up. */
		EXPECT_EQ(0, send_numbered(self->raw, self->u.ifindex, 10 + i));
		EXPECT_EQ(10 + i, read_numbered(self->u.fd));
	}
}

/* A queue that was full has stopped the stack: the next opener starts it again. */
TEST_F(tap, B13_keep_behind_a_qdisc)
{
	int i;

	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 100", self->u.ifname));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	for (i = 0; i < 3; i++) {
		SEND_RANGE(0, 20);
		unit_close(&self->u);
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		SEND_RANGE(100, 110);
		EXPECT_EQ(10, drain(self->u.fd, 100));
	}
}

TEST_F(tap, B14_nothing_piles_up_while_closed)
{
	int i;

	unit_close(&self->u);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	self->before = link_stats(self->u.ifindex);
	for (i = 0; i < 10; i++)
		send_numbered(self->raw, self->u.ifindex, i);
	EXPECT_EQ(10, STAT_DELTA(tx_dropped));
	EXPECT_EQ(0, STAT_DELTA(tx_packets));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
}

TEST_F(tap, transient_goes_with_the_last_close)
{
	struct link link;

	ASSERT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	/* What is not there any more has nothing to keep. */
	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	unit_close(&self->u);
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &link));
	EXPECT_FALSE(node_exists(&self->u));
	self->u.ifindex = 0;
}

TEST_F(vmnet, B13_close_changes_nothing_but_the_owner)
{
	int ipv4, ipv6, routes4, routes6, round, i;
	struct link before, after;
	char pid[16];

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	ASSERT_EQ(0, populate(&self->u));
	ipv4 = ADDRESSES(AF_INET);
	ipv6 = ADDRESSES(AF_INET6);
	routes4 = ROUTES(AF_INET);
	routes6 = ROUTES(AF_INET6);
	EXPECT_EQ(IPV4_GIVEN, ipv4);
	EXPECT_LT(IPV6_GIVEN, ipv6);
	snprintf(pid, sizeof(pid), "%d", getpid());
	/* The kernel's own frames, in IPv6, would come between ours. */
	ASSERT_EQ(0, run_command("ip link set %s mtu 1200", self->u.ifname));
	ipv6 = ADDRESSES(AF_INET6);
	routes6 = ROUTES(AF_INET6);
	while (read_numbered(self->u.fd) != -EAGAIN)
		;
	ASSERT_EQ(0, link_get(self->u.ifindex, &before));
	for (round = 0; round < 3; round++) {
		self->before = link_stats(self->u.ifindex);
		SEND_RANGE(0, 5);
		EXPECT_TRUE(unit_attr_is(&self->u, "owner", pid));
		unit_close(&self->u);
		EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
		ASSERT_EQ(0, link_get(self->u.ifindex, &after));
		EXPECT_EQ(before.flags, after.flags);
		EXPECT_EQ(1, after.carrier);
		EXPECT_EQ(ipv4, ADDRESSES(AF_INET));
		EXPECT_EQ(ipv6, ADDRESSES(AF_INET6));
		EXPECT_EQ(routes4, ROUTES(AF_INET));
		EXPECT_EQ(routes6, ROUTES(AF_INET6));
		EXPECT_EQ(0, STAT_DELTA(tx_dropped));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		for (i = 0; i < 5; i++)
			EXPECT_EQ(i, read_numbered(self->u.fd));
	}
}

TEST_F(vmnet, B14_frames_pile_up_while_closed)
{
	int round, i;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 6));
	for (round = 0; round < 3; round++) {
		self->before = link_stats(self->u.ifindex);
		SEND_RANGE(0, 2);
		unit_close(&self->u);
		SEND_RANGE(2, 6);
		/* To the same limit as ever. */
		EXPECT_EQ(-ENOBUFS, send_numbered(self->raw, self->u.ifindex, 6));
		EXPECT_EQ(-ENOBUFS, send_numbered(self->raw, self->u.ifindex, 7));
		EXPECT_EQ(2, STAT_DELTA(tx_dropped));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(ETH_HLEN + 4, fionread(self->u.fd));
		EXPECT_EQ(POLLIN, poll_now(self->u.fd, POLLIN));
		for (i = 0; i < 6; i++)
			EXPECT_EQ(i, read_numbered(self->u.fd));
		EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
		EXPECT_EQ(6, STAT_DELTA(tx_packets));
	}
}

/* A queueing discipline holds what the queue has no room for, closed or not. */
TEST_F(vmnet, B14_frames_pile_up_behind_a_qdisc)
{
	int i;

	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 100", self->u.ifname));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	for (i = 0; i < 3; i++) {
		SEND_RANGE(0, 3);
		unit_close(&self->u);
		SEND_RANGE(3, 20);
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(20, drain(self->u.fd, 0));
	}
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

TEST_F(vmnet, set_down_while_closed_it_is_flushed)
{
	unit_close(&self->u);
	SEND_RANGE(0, 5);
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(5, STAT_DELTA(tx_dropped));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(1, ADDRESSES(AF_INET));
	SEND_RANGE(7, 8);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(7, read_numbered(self->u.fd));
	EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
}

TEST_F(vmnet, transient_goes_with_the_last_close)
{
	struct link link;

	ASSERT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	SEND_RANGE(0, 3);
	unit_close(&self->u);
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &link));
	EXPECT_FALSE(node_exists(&self->u));
	self->u.ifindex = 0;
}

/* Closed, with frames in it, it goes as any other. */
TEST_F(vmnet, destroyed_while_closed_with_frames_queued)
{
	int i;

	for (i = 0; i < 5; i++) {
		struct unit u;

		ASSERT_EQ(0, unit_create_up_kind(&u, VMNET_KIND, 0));
		unit_close(&u);
		send_range(_metadata, &u, self->raw, 0, 5);
		ASSERT_EQ(0, link_del(u.ifindex));
		EXPECT_FALSE(node_exists(&u));
	}
}

TEST_F(vmnet, has_nothing_to_keep)
{
	char path[128];

	unit_attr_path(path, sizeof(path), &self->u, "keep");
	EXPECT_EQ(-ENOENT, ERR(access(path, F_OK)));
	unit_attr_path(path, sizeof(path), &self->u, "owner");
	EXPECT_EQ(0, access(path, R_OK));
	unit_attr_path(path, sizeof(path), &self->u, "framing");
	EXPECT_EQ(-ENOENT, ERR(access(path, F_OK)));
}

TEST_HARNESS_MAIN
