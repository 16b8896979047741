// SPDX-License-Identifier: GPL-2.0
/*
 * What the interface does with a program behind it: it goes up with an address,
 * loses nothing behind a queueing discipline, and says why it drops.
 */

#include "lib/test.h"

#include <sys/mount.h>
#include <net/if_tun.h>

#define UP_ON_ADDR	"/proc/sys/net/link/tun/up_on_addr"

FIXTURE(interface) {
	struct unit u;
	int raw;
	unsigned char buf[2048];
};

FIXTURE_SETUP(interface)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
}

FIXTURE_TEARDOWN(interface)
{
	write_file(UP_ON_ADDR, "1");
	close(self->raw);
	unit_destroy(&self->u);
}

/* ---- an address sets it up ---------------------------------------------- */

TEST_F(interface, A3_an_ipv4_address_sets_it_up)
{
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	/* When the system call returns. */
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	/* And again, after it was set down. */
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL + 0x100, PEER + 0x100));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
}

TEST_F(interface, A3_an_ipv6_address_sets_it_up)
{
	ASSERT_EQ(0, netns_enable_ipv6());
	ASSERT_EQ(0, run_command("ip addr add fd42::1/64 dev %s", self->u.ifname));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
}

TEST_F(interface, A3_not_while_nobody_has_it_open)
{
	unit_close(&self->u);
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

TEST_F(interface, A3_not_if_the_sysctl_says_so)
{
	ASSERT_EQ(0, write_file(UP_ON_ADDR, "0"));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

/* Neither memory nor a reference on the module stays behind. */
TEST_F_TIMEOUT(interface, A3_many_times, 120)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL + (i << 8), PEER + (i << 8)));
		ASSERT_TRUE(link_is_up(self->u.ifindex));
		unit_close(&self->u);
		ASSERT_FALSE(link_is_up(self->u.ifindex));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	}
}

/* ---- its mode ------------------------------------------------------------ */

/* Who watches links, as network managers do, learns of TUNSIFMODE at once. */
TEST_F(interface, a_change_of_mode_is_told)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE);
	int mode = IFF_BROADCAST;
	bool told = false;
	char buf[8192];
	ssize_t n;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (void *)&nl, sizeof(nl)));
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNSIFMODE, &mode)));
	while (!told && wait_readable(fd) && (n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		struct nlmsghdr *h = (void *)buf;
		struct ifinfomsg *ifi = NLMSG_DATA(h);

		told = h->nlmsg_type == RTM_NEWLINK && ifi->ifi_index == self->u.ifindex &&
		       (ifi->ifi_flags & IFF_BROADCAST) && !(ifi->ifi_flags & IFF_POINTOPOINT);
	}
	EXPECT_TRUE(told);
	close(fd);
}

/* ---- a queueing discipline ---------------------------------------------- */

static int sender(struct __test_metadata *_metadata)
{
	int fd = udp_socket(LOCAL, PORT), size = 16 << 20;

	ASSERT_LE(0, fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

/* Reads numbered packets until none has come for a while; -1 when out of order. */
static int drain(int fd, unsigned char *buf, size_t size, __u32 first)
{
	int n = 0;

	for (;;) {
		__u32 number;

		if (!WAIT_FOR(poll_now(fd, POLLIN) & POLLIN, QUIET_MS))
			return n;
		if (read(fd, buf, size) != IP_UDP_LEN + 4)
			return -1;
		memcpy(&number, udp_payload(buf), 4);
		if (number != first + n)
			return -1;
		n++;
	}
}

TEST_F_TIMEOUT(interface, nothing_is_lost_behind_a_qdisc, 120)
{
	static const __u32 lengths[] = { 1, 2, 10, 100 };
	struct rtnl_link_stats64 before;
	unsigned int i, round, packets = scaled_rounds(1500);
	int udp;
	__u32 n;

	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 100000", self->u.ifname));
	udp = sender(_metadata);
	before = link_stats(self->u.ifindex);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, lengths[i]));
		for (round = 0; round < 2; round++) {
			/* Several times what the longest queue holds. */
			for (n = 0; n < packets; n++)
				ASSERT_EQ(4, udp_send(udp, PEER, PORT, &n, 4));
			EXPECT_EQ(packets, drain(self->u.fd, self->buf, sizeof(self->buf), 0))
				TH_LOG("txqueuelen %u, round %u", lengths[i], round);
		}
	}
	EXPECT_EQ(0, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, tx_dropped)));
	close(udp);
}

TEST_F(interface, what_waits_in_the_qdisc_is_bounded_in_the_queue)
{
	int udp, n = 0;
	__u32 i;

	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 20));
	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 1000", self->u.ifname));
	udp = sender(_metadata);
	for (i = 0; i < 200; i++)
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, &i, 4));
	/* Set down, the interface drops what it holds, and the queueing discipline its own. */
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	/* It is not stopped for ever. */
	for (i = 0; i < 100; i++)
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, &i, 4));
	n = drain(self->u.fd, self->buf, sizeof(self->buf), 0);
	EXPECT_EQ(100, n);
	close(udp);
}

TEST_F(interface, a_stopped_interface_starts_again_with_the_next_opener)
{
	__u32 i;
	int udp;

	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 1000", self->u.ifname));
	udp = sender(_metadata);
	for (i = 0; i < 50; i++)
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, &i, 4));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	for (i = 0; i < 50; i++)
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, &i, 4));
	EXPECT_EQ(50, drain(self->u.fd, self->buf, sizeof(self->buf), 0));
	close(udp);
}

TEST_F(interface, without_a_qdisc_the_newest_is_dropped)
{
	struct rtnl_link_stats64 before;
	__u32 i;
	int udp;

	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	udp = sender(_metadata);
	before = link_stats(self->u.ifindex);
	for (i = 0; i < 8; i++)
		udp_send(udp, PEER, PORT, &i, 4);
	EXPECT_EQ(3, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, tx_dropped)));
	EXPECT_EQ(5, drain(self->u.fd, self->buf, sizeof(self->buf), 0));
	close(udp);
}

/* ---- why a packet was dropped -------------------------------------------- */

#define TRACING "/sys/kernel/tracing/"

static bool traced(const char *reason)
{
	static char text[1 << 20];
	ssize_t n = read_file(TRACING "trace", text, sizeof(text));

	return n > 0 && strstr(text, reason);
}

TEST_F(interface, drops_have_reasons)
{
	unsigned char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "drop", 4);
	void *nowhere;

	if (access(TRACING "trace", R_OK) &&
	    mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL))
		SKIP(return, "no tracefs here");
	ASSERT_EQ(0, write_file(TRACING "events/skb/kfree_skb/enable", "1"));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 1));
	ASSERT_EQ(0, write_file(TRACING "trace", ""));
	packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_FALSE(traced("FULL_RING"));
	packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_TRUE(traced("reason: FULL_RING"));
	packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, packet, len);
	EXPECT_TRUE(traced("reason: UNHANDLED_PROTO"));
	nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(nowhere != MAP_FAILED);
	ASSERT_EQ(-EFAULT, ERR(read(self->u.fd, nowhere, 100)));
	EXPECT_TRUE(traced("reason: SKB_UCOPY_FAULT"));
	packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_FALSE(traced("QUEUE_PURGE"));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_TRUE(traced("reason: QUEUE_PURGE"));
	write_file(TRACING "events/skb/kfree_skb/enable", "0");
}

TEST_HARNESS_MAIN
