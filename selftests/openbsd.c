// SPDX-License-Identifier: GPL-2.0
/*
 * The dialect "openbsd": the node and the interface as a program that was written for OpenBSD finds
 * them, and changes of the dialect while the node is open.
 */
#include <net/if_tun.h>

#include "lib/test.h"

/* Where the numbers of OpenBSD differ from those of <net/if_tun.h>. */
#define OPENBSD_TUNSIFMODE	_IOW('t', 93, int)
#define OPENBSD_TUNSDEBUG	_IOW('t', 94, int)
#define OPENBSD_TUNGDEBUG	_IOR('t', 95, int)

#define OPENBSD_AF_INET6	24
#define OPENBSD_AF_MPLS		33

FIXTURE(openbsd) {
	struct unit u;
	int fd;
	int udp;
	int raw;
	struct rtnl_link_stats64 before;
	unsigned char buf[70000];
};

/* Only the open sets the interface up. */
FIXTURE_SETUP(openbsd)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, sysctl_set(TUN_KIND, "up_on_addr", "0"));
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", "openbsd"));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
	self->udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, self->udp);
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

/* In the parent, so that it runs even if the test times out. */
FIXTURE_TEARDOWN_PARENT(openbsd)
{
	EXPECT_EQ(0, sysctl_set(TUN_KIND, "up_on_addr", "1"));
	EXPECT_EQ(0, netns_reset());
}

#define READ() ERR(read(self->fd, self->buf, sizeof(self->buf)))
#define WRITE(len) ERR(write(self->fd, self->buf, len))
#define SEND(data, len) send_udp_to_peer(_metadata, self->udp, PORT, data, len)

/* ---- open and close ----------------------------------------------------- */

TEST_F(openbsd, open_sets_the_interface_up)
{
	int round;

	for (round = 0; round < 3; round++) {
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		EXPECT_EQ(1, link_carrier(self->u.ifindex));
		SEND("up", 2);
		EXPECT_EQ(4 + IP_UDP_LEN + 2, READ());
		unit_close(&self->u);
		EXPECT_FALSE(link_is_up(self->u.ifindex));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		self->fd = self->u.fd;
	}
}

TEST_F(openbsd, open_of_an_interface_that_is_up)
{
	unit_close(&self->u);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
	SEND("up", 2);
	EXPECT_EQ(4 + IP_UDP_LEN + 2, READ());
}

/* The work that sets the interface up is there again for an address. */
TEST_F(openbsd, address_sets_the_interface_up_again)
{
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, sysctl_set(TUN_KIND, "up_on_addr", "1"));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL + 16, PEER + 16));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
}

TEST_F(openbsd, other_dialects_open_without_up)
{
	static const char *const dialects[] = { "linux", "freebsd", "netbsd" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dialects); i++) {
		unit_close(&self->u);
		ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", dialects[i]));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_FALSE(link_is_up(self->u.ifindex))
			TH_LOG("%s", dialects[i]);
	}
}

TEST_F(openbsd, dialect_survives_close)
{
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
	EXPECT_TRUE(unit_attr_is(&self->u, "dialect", "openbsd"));
	SEND("again", 5);
	ASSERT_EQ(4 + IP_UDP_LEN + 5, READ());
	EXPECT_EQ(AF_INET, be32_at(self->buf));
}

/* What the program before it was written for does not matter to the next one. */
TEST_F(openbsd, cloner_gives_the_unit_with_the_default_dialect)
{
	struct unit first, again;

	ASSERT_EQ(0, cloner_open(&first, TUN_KIND, O_NONBLOCK));
	ASSERT_EQ(0, unit_attr_set(&first, "framing", "lmode"));
	ASSERT_EQ(0, unit_attr_set(&first, "dialect", "openbsd"));
	unit_close(&first);
	ASSERT_EQ(0, cloner_open(&again, TUN_KIND, O_NONBLOCK));
	EXPECT_EQ(first.number, again.number);
	EXPECT_TRUE(unit_attr_is(&again, "dialect", "linux"));
	EXPECT_TRUE(unit_attr_is(&again, "framing", "bare"));
	EXPECT_FALSE(link_is_up(again.ifindex));
	unit_destroy(&again);
}

TEST_F(openbsd, calls_without_an_interface)
{
	int value = 0;

	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	expect_revoked(_metadata, &self->u);
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->fd, OPENBSD_TUNSIFMODE, &value)));
	/* The length does not matter. */
	EXPECT_EQ(-EHOSTDOWN, WRITE(1));
}

/* ---- reads -------------------------------------------------------------- */

TEST_F(openbsd, ipv4_out)
{
	SEND("hello", 5);
	EXPECT_EQ(4 + IP_UDP_LEN + 5, fionread(self->fd));
	ASSERT_EQ(4 + IP_UDP_LEN + 5, READ());
	EXPECT_EQ(AF_INET, be32_at(self->buf));
	EXPECT_TRUE(packet_is_valid(self->buf + 4, IP_UDP_LEN + 5, IPPROTO_UDP));
	EXPECT_EQ(IP_UDP_LEN + 5, STAT_DELTA(tx_bytes));
}

TEST_F(openbsd, ipv6_out)
{
	char packet[64];
	size_t len = build_ip6(packet, 11);

	ASSERT_EQ(len, packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, packet, len));
	ASSERT_EQ(4 + len, READ());
	EXPECT_EQ(OPENBSD_AF_INET6, be32_at(self->buf));
	EXPECT_EQ(0, memcmp(self->buf + 4, packet, len));
}

/* A label stack entry: label 100, bottom of the stack, TTL 64. */
static const unsigned char mpls[] = { 0x00, 0x06, 0x41, 0x40, 0x45, 1, 2, 3 };

TEST_F(openbsd, mpls_out)
{
	ASSERT_EQ(sizeof(mpls), packet_send(self->raw, self->u.ifindex, ETH_P_MPLS_UC, mpls,
					    sizeof(mpls)));
	EXPECT_EQ(4 + sizeof(mpls), fionread(self->fd));
	ASSERT_EQ(4 + sizeof(mpls), READ());
	EXPECT_EQ(OPENBSD_AF_MPLS, be32_at(self->buf));
	EXPECT_EQ(0, memcmp(self->buf + 4, mpls, sizeof(mpls)));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

TEST_F(openbsd, other_protocols_are_dropped)
{
	static const int protocols[] = { ETH_P_ARP, ETH_P_MPLS_MC, ETH_P_8021Q, 0x1234 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		packet_send(self->raw, self->u.ifindex, protocols[i], self->buf, 25);
	EXPECT_EQ(-EAGAIN, READ());
	EXPECT_EQ(ARRAY_SIZE(protocols), STAT_DELTA(tx_dropped));
}

/* ---- writes ------------------------------------------------------------- */

TEST_F(openbsd, ipv4_in)
{
	size_t len = build_udp(self->buf + 4, PEER, LOCAL, 7, PORT, "in", 2);

	memcpy(self->buf, "\0\0\0\2", 4);
	ASSERT_EQ(4 + len, WRITE(4 + len));
	ASSERT_TRUE(wait_readable(self->udp));
	EXPECT_EQ(2, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(len, STAT_DELTA(rx_bytes));
}

/* Writes @len bytes behind this family. True if the stack receives just them as @protocol. */
static bool stack_receives(const struct unit *u, __u32 family, int protocol, const void *packet,
			   size_t len)
{
	int fd = packet_listener(u->ifindex, protocol);
	unsigned char buf[256];
	bool received;

	if (fd < 0)
		return false;
	family = htonl(family);
	memcpy(buf, &family, 4);
	memcpy(buf + 4, packet, len);
	received = write(u->fd, buf, 4 + len) == (ssize_t)(4 + len) &&
		wait_readable(fd) &&
		recv(fd, buf, sizeof(buf), 0) == (ssize_t)len && !memcmp(buf, packet, len);
	close(fd);
	return received;
}

TEST_F(openbsd, ipv6_in)
{
	static const unsigned char families[] = { OPENBSD_AF_INET6, 10, 28, 30 };
	char packet[64];
	size_t len = build_ip6(packet, 11);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		EXPECT_TRUE(stack_receives(&self->u, families[i], ETH_P_IPV6, packet, len))
			TH_LOG("family %u", families[i]);
	}
	EXPECT_EQ(ARRAY_SIZE(families), STAT_DELTA(rx_packets));
}

TEST_F(openbsd, mpls_in)
{
	EXPECT_TRUE(stack_receives(&self->u, OPENBSD_AF_MPLS, ETH_P_MPLS_UC, mpls, sizeof(mpls)));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(sizeof(mpls), STAT_DELTA(rx_bytes));
}

TEST_F(openbsd, mpls_needs_the_dialect)
{
	static const char *const dialects[] = { "linux", "freebsd", "netbsd" };
	unsigned int i;

	ASSERT_EQ(0, unit_attr_set(&self->u, "framing", "ifhead"));
	memcpy(self->buf, "\0\0\0\x21", 4);
	memcpy(self->buf + 4, mpls, sizeof(mpls));
	for (i = 0; i < ARRAY_SIZE(dialects); i++) {
		ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", dialects[i]));
		EXPECT_EQ(-EAFNOSUPPORT, WRITE(4 + sizeof(mpls)));
		packet_send(self->raw, self->u.ifindex, ETH_P_MPLS_UC, mpls, sizeof(mpls));
	}
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(ARRAY_SIZE(dialects), STAT_DELTA(tx_dropped));
}

TEST_F(openbsd, unknown_family_is_dropped)
{
	static const __u32 families[] = {
		0, 1, 3, 23, 29, 32, 34, 255, 256 + 2, 0x02000000, 0x21000000, 0xffffffff,
	};
	size_t len = build_udp(self->buf + 4, PEER, LOCAL, 7, PORT, "no", 2);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		__u32 family = htonl(families[i]);

		memcpy(self->buf, &family, 4);
		EXPECT_EQ(4 + len, WRITE(4 + len))
			TH_LOG("family %#x", families[i]);
	}
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(ARRAY_SIZE(families), STAT_DELTA(rx_dropped));
	EXPECT_EQ(ARRAY_SIZE(families), ethtool_statistic(self->u.ifname, "rx_drop_protocol"));
}

TEST_F(openbsd, write_of_a_wrong_size_is_EMSGSIZE)
{
	memset(self->buf, 0, sizeof(self->buf));
	self->buf[3] = AF_INET;
	EXPECT_EQ(-EMSGSIZE, WRITE(0));
	EXPECT_EQ(-EMSGSIZE, WRITE(1));
	EXPECT_EQ(-EMSGSIZE, WRITE(3));
	EXPECT_EQ(-EMSGSIZE, WRITE(65540));
	EXPECT_EQ(-EMSGSIZE, WRITE(70000));
	EXPECT_EQ(0, STAT_DELTA(rx_packets) + STAT_DELTA(rx_dropped) + STAT_DELTA(rx_errors));
	EXPECT_EQ(4, WRITE(4));
	EXPECT_EQ(65539, WRITE(65539));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(1, STAT_DELTA(rx_dropped));
	/* As in the other dialects, the size is checked before the state of the interface. */
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(-EMSGSIZE, WRITE(3));
	EXPECT_EQ(24, WRITE(24));
}

/* ---- ioctls ------------------------------------------------------------- */

TEST_F(openbsd, framing_commands_are_ENOTTY)
{
	static const unsigned int numbers[] = {
		TUNSIFHEAD, TUNGIFHEAD, NETBSD_TUNSIFHEAD, NETBSD_TUNGIFHEAD, NETBSD_TUNSLMODE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-ENOTTY, ioctl_set(self->fd, numbers[i], 0));
		EXPECT_EQ(-ENOTTY, ioctl_set(self->fd, bsd_encoding(numbers[i]), 0));
	}
	EXPECT_TRUE(unit_attr_is(&self->u, "framing", "ifhead"));
	EXPECT_TRUE(unit_attr_is(&self->u, "dialect", "openbsd"));
}

TEST_F(openbsd, numbers_94_and_95_are_the_debug_level)
{
	unsigned int set = OPENBSD_TUNSDEBUG, get = OPENBSD_TUNGDEBUG, i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, ioctl_set(self->fd, set, 1));
		EXPECT_EQ(1, ioctl_get(self->fd, get));
		EXPECT_EQ(1, ioctl_get(self->fd, TUNGDEBUG));
		ASSERT_EQ(0, ioctl_set(self->fd, set, 0));
		EXPECT_EQ(0, ioctl_get(self->fd, get));
		set = bsd_encoding(set);
		get = bsd_encoding(get);
	}
	/* Elsewhere 95 has no argument, and 94 is the mode of the interface. */
	ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", "netbsd"));
	EXPECT_EQ(-ENOTTY, ioctl_get(self->fd, get));
	EXPECT_EQ(-EBUSY, ioctl_set(self->fd, set, 1));
}

TEST_F(openbsd, number_93_is_the_mode_of_the_interface)
{
	const unsigned int mask = IFF_BROADCAST | IFF_POINTOPOINT | IFF_MULTICAST;
	unsigned int cmd = OPENBSD_TUNSIFMODE, i;
	struct link link;

	for (i = 0; i < 2; i++) {
		/* The current mode, with and without IFF_UP, while the interface is up. */
		EXPECT_EQ(0, ioctl_set(self->fd, cmd, IFF_POINTOPOINT | BSD_IFF_MULTICAST));
		EXPECT_EQ(0, ioctl_set(self->fd, cmd, 1 | IFF_POINTOPOINT | BSD_IFF_MULTICAST));
		EXPECT_EQ(-EBUSY, ioctl_set(self->fd, cmd, IFF_BROADCAST));
		EXPECT_EQ(-EBUSY, ioctl_set(self->fd, cmd, IFF_POINTOPOINT));
		EXPECT_EQ(-EINVAL, ioctl_set(self->fd, cmd, 0x7777));
		EXPECT_EQ(-EINVAL, ioctl_set(self->fd, cmd, 0));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "ifhead"));
		ASSERT_EQ(0, link_down(self->u.ifindex));
		ASSERT_EQ(0, ioctl_set(self->fd, cmd, 1 | IFF_BROADCAST));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(IFF_BROADCAST, link.flags & mask);
		EXPECT_EQ(0, link.flags & IFF_UP);
		ASSERT_EQ(0, ioctl_set(self->fd, cmd, IFF_POINTOPOINT | BSD_IFF_MULTICAST));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		cmd = bsd_encoding(cmd);
	}
}

TEST_F(openbsd, other_commands_work)
{
	struct openbsd_info info = { };
	struct ifreq ifr = { };

	ASSERT_EQ(0, ERR(ioctl(self->fd, OPENBSD_TUNGIFINFO, &info)));
	EXPECT_EQ(1500, info.mtu);
	EXPECT_NE(0, info.flags & IFF_UP);
	info.mtu = 1400;
	EXPECT_EQ(0, ERR(ioctl(self->fd, OPENBSD_TUNSIFINFO, &info)));
	EXPECT_EQ(0, ERR(ioctl(self->fd, TUNGIFNAME, &ifr)));
	EXPECT_STREQ(self->u.ifname, ifr.ifr_name);
	EXPECT_EQ(0, ioctl_set(self->fd, TUNSTRANSIENT, 0));
	EXPECT_EQ(0, ERR(ioctl(self->fd, TUNSIFPID)));
	EXPECT_EQ(-EBUSY, ioctl_set(self->fd, NETBSD_TUNSIFMODE, IFF_BROADCAST));
}

/* ---- changes while the node is open ------------------------------------- */

/* What is queued keeps its prefix; writes follow the dialect of their time. */
TEST_F(openbsd, dialect_changes_while_packets_are_queued)
{
	static const unsigned char hop[16] = { 16, 2, 0, 0, 10, 42, 0, 2 };
	char packet[64];
	size_t len = build_ip6(packet, 1);
	int raw = self->raw, ifindex = self->u.ifindex;

	SEND("openbsd", 7);
	ASSERT_EQ(sizeof(mpls), packet_send(raw, ifindex, ETH_P_MPLS_UC, mpls, sizeof(mpls)));
	ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", "freebsd"));
	EXPECT_TRUE(unit_attr_is(&self->u, "framing", "bare"));
	SEND("bare", 4);
	ASSERT_EQ(0, unit_attr_set(&self->u, "framing", "ifhead"));
	ASSERT_EQ(len, packet_send(raw, ifindex, ETH_P_IPV6, packet, len));
	ASSERT_EQ(0, unit_attr_set(&self->u, "framing", "lmode"));
	SEND("lmode", 5);
	ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", "openbsd"));
	EXPECT_TRUE(unit_attr_is(&self->u, "framing", "ifhead"));
	ASSERT_EQ(len, packet_send(raw, ifindex, ETH_P_IPV6, packet, len));

	ASSERT_EQ(4 + IP_UDP_LEN + 7, READ());
	EXPECT_EQ(AF_INET, be32_at(self->buf));
	ASSERT_EQ(4 + sizeof(mpls), READ());
	EXPECT_EQ(OPENBSD_AF_MPLS, be32_at(self->buf));
	ASSERT_EQ(IP_UDP_LEN + 4, READ());
	EXPECT_EQ(0x45, self->buf[0]);
	ASSERT_EQ(4 + len, READ());
	EXPECT_EQ(28, be32_at(self->buf));
	ASSERT_EQ(16 + IP_UDP_LEN + 5, READ());
	EXPECT_EQ(0, memcmp(self->buf, hop, sizeof(hop)));
	ASSERT_EQ(4 + len, READ());
	EXPECT_EQ(OPENBSD_AF_INET6, be32_at(self->buf));
	EXPECT_EQ(-EAGAIN, READ());

	/* The framing that was chosen last is in effect again. */
	ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", "linux"));
	EXPECT_TRUE(unit_attr_is(&self->u, "framing", "lmode"));
	EXPECT_EQ(0, WRITE(0));
}

/* Only the open sets the interface up, not the change of the dialect. */
TEST_F(openbsd, change_of_the_dialect_leaves_the_interface_down)
{
	ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", "linux"));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", "openbsd"));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

TEST_F(openbsd, framing_other_than_ifhead_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "framing", "bare"));
	EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "framing", "lmode"));
	EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "framing", "none"));
	EXPECT_TRUE(unit_attr_is(&self->u, "framing", "ifhead"));
	EXPECT_EQ(0, unit_attr_set(&self->u, "framing", "ifhead\n"));
	/* Now it was chosen. */
	ASSERT_EQ(0, unit_attr_set(&self->u, "dialect", "linux"));
	EXPECT_TRUE(unit_attr_is(&self->u, "framing", "ifhead"));
}

TEST_HARNESS_MAIN
