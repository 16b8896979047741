// SPDX-License-Identifier: GPL-2.0
/*
 * The last close of a vmnet discards what is queued. The interface stays up and configured, and
 * frames are queued while the node is closed. Statements B13 and B14.
 */

#include "lib/fixture.h"

NODE_FIXTURE(ether);
VMNET_VARIANT(ether);

#define ADDRESSES(family)	count_addresses(self->u.ifindex, family)
#define ROUTES(family)		count_routes(self->u.ifindex, family)

/* The address that the fixture adds, and those of add_addresses(). */
#define IPV4_ADDRESSES		(1 + IPV4_ADDED)

TEST_F(ether, B13_close_changes_only_the_owner)
{
	int ipv4, ipv6, routes4, routes6, round;
	struct link before, after;
	char pid[16];

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	ASSERT_EQ(0, add_addresses(&self->u));
	ipv4 = ADDRESSES(AF_INET);
	ipv6 = ADDRESSES(AF_INET6);
	routes4 = ROUTES(AF_INET);
	routes6 = ROUTES(AF_INET6);
	EXPECT_EQ(IPV4_ADDRESSES, ipv4);
	EXPECT_LT(IPV6_ADDED, ipv6);
	snprintf(pid, sizeof(pid), "%d", getpid());
	/* Below its minimum MTU, IPv6 sends no frames between those of the test. */
	ASSERT_EQ(0, run_command("ip link set %s mtu 1200", self->u.ifname));
	ipv6 = ADDRESSES(AF_INET6);
	routes6 = ROUTES(AF_INET6);
	while (read_numbered(&self->u) != -EAGAIN)
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
		/* And discards what is queued. */
		EXPECT_EQ(5, STAT_DELTA(tx_dropped));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
	}
}

TEST_F(ether, B14_frames_are_queued_while_closed)
{
	int round, i;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 6));
	for (round = 0; round < 3; round++) {
		self->before = link_stats(self->u.ifindex);
		unit_close(&self->u);
		SEND_RANGE(0, 6);
		/* The limit is that of an open node. */
		EXPECT_EQ(-ENOBUFS, send_numbered(&self->u, self->raw, 6));
		EXPECT_EQ(-ENOBUFS, send_numbered(&self->u, self->raw, 7));
		EXPECT_EQ(2, STAT_DELTA(tx_dropped));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(ETH_HLEN + 4, fionread(self->u.fd));
		EXPECT_EQ(POLLIN, poll_now(self->u.fd, POLLIN));
		for (i = 0; i < 6; i++)
			EXPECT_EQ(i, read_numbered(&self->u));
		EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
		EXPECT_EQ(6, STAT_DELTA(tx_packets));
	}
}

/* A queueing discipline holds the excess, whether the node is open or not. */
TEST_F(ether, B14_qdisc_holds_frames_while_closed)
{
	int i;

	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 100", self->u.ifname));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	for (i = 0; i < 3; i++) {
		unit_close(&self->u);
		SEND_RANGE(0, 20);
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(20, drain_numbered(&self->u, 0));
	}
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

/* The stack was stopped for the frames that the last close discards. */
TEST_F(ether, B13_close_wakes_the_qdisc)
{
	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 100", self->u.ifname));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	SEND_RANGE(0, 20);
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(15, drain_numbered(&self->u, 5));
}

TEST_F(ether, set_down_while_closed_flushes)
{
	unit_close(&self->u);
	SEND_RANGE(0, 5);
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(5, STAT_DELTA(tx_dropped));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(1, ADDRESSES(AF_INET));
	SEND_RANGE(7, 8);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(7, read_numbered(&self->u));
	EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
}

TEST_F(ether, transient_unit_is_destroyed_by_the_last_close)
{
	struct link link;

	ASSERT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	SEND_RANGE(0, 3);
	unit_close(&self->u);
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &link));
	EXPECT_FALSE(node_exists(&self->u));
	self->u.ifindex = 0;
}

TEST_F(ether, destroyed_with_frames_queued_while_closed)
{
	int i;

	for (i = 0; i < 5; i++) {
		struct unit u;

		ASSERT_EQ(0, unit_create_up_kind(&u, VMNET_KIND, 0));
		unit_close(&u);
		send_numbered_range(_metadata, &u, self->raw, 0, 5);
		ASSERT_EQ(0, link_del(u.ifindex));
		EXPECT_FALSE(node_exists(&u));
	}
}

TEST_F(ether, has_no_attribute_keep)
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
