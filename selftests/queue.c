// SPDX-License-Identifier: GPL-2.0
/*
 * The queue between the interface and the reader: its limit, its order and what empties it. What
 * several threads do to it at once is in queue_race.c. Statements A21, A23, A26 and B14.
 */

#include "lib/fixture.h"

NODE_FIXTURE(node);
TUN_VARIANT(node);
TAP_VARIANT(node);
VMNET_VARIANT(node);

NODE_FIXTURE(ip);
TUN_VARIANT(ip);

/* The next reads return these numbers. */
static void read_range(struct __test_metadata *_metadata, const struct unit *u, unsigned int first,
		       unsigned int end)
{
	for (; first < end; first++)
		EXPECT_EQ(first, read_numbered(u));
}

#define READ_RANGE(first, end)	read_range(_metadata, &self->u, first, end)
#define REFUSED(n)	EXPECT_EQ(-ENOBUFS, send_numbered(&self->u, self->raw, n))

TEST_F(node, A21_full_queue_drops_the_newest)
{
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 50));
	SEND_RANGE(0, 50);
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	REFUSED(50);
	EXPECT_EQ(1, STAT_DELTA(tx_dropped));
	REFUSED(51);
	EXPECT_EQ(2, STAT_DELTA(tx_dropped));
	READ_RANGE(0, 50);
	EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
	EXPECT_EQ(0, STAT_DELTA(tx_errors));
	EXPECT_EQ(50, STAT_DELTA(tx_packets));
	EXPECT_EQ(50 * numbered_len(&self->u), STAT_DELTA(tx_bytes));
	/* Each read makes room for one packet. */
	SEND_RANGE(0, 50);
	REFUSED(50);
	EXPECT_EQ(0, read_numbered(&self->u));
	SEND_RANGE(50, 51);
	REFUSED(51);
}

TEST_F(node, A21_default_limit_is_500)
{
	SEND_RANGE(0, 500);
	REFUSED(500);
	EXPECT_EQ(1, STAT_DELTA(tx_dropped));
	READ_RANGE(0, 500);
	EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
}

TEST_F(node, limit_follows_txqueuelen)
{
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 10));
	SEND_RANGE(0, 10);
	REFUSED(10);
	/* A higher limit applies at once, and keeps what is queued. */
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 20));
	SEND_RANGE(10, 20);
	REFUSED(20);
	/* A lower limit keeps it too, but refuses packets until fewer are queued. */
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	REFUSED(20);
	READ_RANGE(0, 15);
	REFUSED(20);
	EXPECT_EQ(15, read_numbered(&self->u));
	SEND_RANGE(20, 21);
	REFUSED(21);
	READ_RANGE(16, 21);
	EXPECT_EQ(-EAGAIN, read_numbered(&self->u));

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 1));
	SEND_RANGE(1, 2);
	REFUSED(2);
	EXPECT_EQ(1, read_numbered(&self->u));
}

TEST_F(node, limit_survives_the_close)
{
	struct link link;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 7));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_EQ(7, link.txqlen);
	SEND_RANGE(0, 7);
	REFUSED(7);
}

TEST_F(node, udp_sender_with_IP_RECVERR_sees_ENOBUFS)
{
	int on = 1, plain = udp_socket(LOCAL, 0);

	ASSERT_LE(0, plain);
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 3));
	ASSERT_EQ(0, setsockopt(self->udp, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)));
	EXPECT_EQ(1, udp_send(self->udp, PEER, PORT, "1", 1));
	EXPECT_EQ(1, udp_send(self->udp, PEER, PORT, "2", 1));
	EXPECT_EQ(1, udp_send(self->udp, PEER, PORT, "3", 1));
	EXPECT_EQ(-ENOBUFS, udp_send(self->udp, PEER, PORT, "4", 1));
	EXPECT_EQ(1, STAT_DELTA(tx_dropped));
	/* Without IP_RECVERR, send() succeeds. The drop is counted. */
	EXPECT_EQ(1, udp_send(plain, PEER, PORT, "5", 1));
	EXPECT_EQ(2, STAT_DELTA(tx_dropped));
	ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(1, udp_send(self->udp, PEER, PORT, "6", 1));
	close(plain);
}

/* A queued packet may never be read, so it must not be charged to its sender. */
TEST_F(node, queued_packets_free_the_send_buffer)
{
	static char data[1000];
	int small = 1, i, n;

	ASSERT_EQ(0, setsockopt(self->udp, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	for (i = 0; i < 400; i++) {
		ASSERT_EQ((ssize_t)sizeof(data),
			  udp_send(self->udp, PEER, PORT, data, sizeof(data)))
			TH_LOG("packet %d", i);
	}
	ASSERT_EQ(0, ioctl(self->udp, SIOCOUTQ, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(unit_udp_len(&self->u, sizeof(data)), fionread(self->u.fd));
}

/* Nor may it keep the memory that MSG_ZEROCOPY has sent from. */
TEST_F(node, queued_packets_free_zerocopy_memory)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(PEER),
	};
	struct pollfd pfd = { .fd = self->udp };
	static char data[20000], copy[20000];
	char control[256];
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	size_t len;

	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 65535));
	ASSERT_EQ(0, enable_zerocopy(self->udp));
	fill_pattern(data, sizeof(data), 11);
	memcpy(copy, data, sizeof(data));
	ASSERT_EQ((ssize_t)sizeof(data),
		  ERR(sendto(self->udp, data, sizeof(data), MSG_ZEROCOPY, (void *)&to,
			     sizeof(to))));
	/* The error queue announces that the memory may be reused. */
	ASSERT_EQ(1, poll(&pfd, 1, TIMEOUT_MS));
	EXPECT_EQ(POLLERR, pfd.revents);
	ASSERT_EQ(0, ERR(recvmsg(self->udp, &msg, MSG_ERRQUEUE)));
	memset(data, 0, sizeof(data));
	len = unit_udp_len(&self->u, sizeof(data));
	ASSERT_EQ((ssize_t)len, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, memcmp(copy, unit_udp_data(&self->u, self->buf), sizeof(copy)));
	EXPECT_TRUE(unit_udp_is_valid(&self->u, self->buf, len));
}

TEST_F(ip, A23_last_close_flushes_and_sets_down)
{
	struct link link;
	int round;

	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 1400));
	for (round = 0; round < 20; round++) {
		int copy = dup(self->u.fd);

		SEND_RANGE(0, 5);
		/* This is not the last close: nothing changes. */
		unit_close(&self->u);
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		EXPECT_EQ(numbered_len(&self->u), fionread(copy));
		close(copy);

		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, link.flags & IFF_UP);
		EXPECT_EQ(0, link.carrier);
		EXPECT_EQ(1400, link.mtu);
		/* The address stays. */
		EXPECT_EQ(-EEXIST, addr_add(self->u.ifindex, LOCAL, PEER));

		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
		EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
		/* The interface works as before, with its address. */
		EXPECT_EQ(2, udp_send(self->udp, PEER, PORT, "ok", 2));
		EXPECT_EQ((ssize_t)IP_UDP_LEN + 2,
			  ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	}
}

TEST_F(ip, A23_close_removes_the_routes)
{
	EXPECT_EQ(1, udp_send(self->udp, PEER, PORT, "1", 1));
	unit_close(&self->u);
	EXPECT_EQ(-ENETUNREACH, udp_send(self->udp, PEER, PORT, "2", 1));
}

TEST_F(node, A26_down_flushes)
{
	int round;

	for (round = 0; round < 20; round++) {
		self->before = link_stats(self->u.ifindex);
		SEND_RANGE(0, 5);
		EXPECT_EQ(numbered_len(&self->u), fionread(self->u.fd));
		ASSERT_EQ(0, link_down(self->u.ifindex));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(5, STAT_DELTA(tx_dropped));
		EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
		EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
		EXPECT_EQ(-ENETDOWN, send_numbered(&self->u, self->raw, 9));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
		SEND_RANGE(7, 8);
		EXPECT_EQ(7, read_numbered(&self->u));
	}
}

/* Dropped packets no longer count against the limit. */
TEST_F(node, A26_flush_makes_room)
{
	int round;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 10));
	for (round = 0; round < 5; round++) {
		SEND_RANGE(0, 10);
		REFUSED(10);
		ASSERT_EQ(0, link_down(self->u.ifindex));
		ASSERT_EQ(0, link_up(self->u.ifindex));
	}
}

TEST_F(node, A26_reader_sleeps_through_down)
{
	struct sleeper s;
	int round;

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	for (round = 0; round < 5; round++) {
		ASSERT_EQ(0, sleeper_start(&s, round % 2 ? SLEEP_POLL : SLEEP_READ, self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s));
		ASSERT_EQ(0, link_down(self->u.ifindex));
		EXPECT_FALSE(WAIT_FOR(!sleeper_asleep(&s), QUIET_MS));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_FALSE(WAIT_FOR(!sleeper_asleep(&s), QUIET_MS));
		SEND_RANGE(round, round + 1);
		ASSERT_TRUE(sleeper_join(&s));
		EXPECT_EQ(s.how == SLEEP_READ ? (long)numbered_len(&self->u) : 1, s.ret);
		ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK));
		EXPECT_EQ(s.how == SLEEP_READ ? -EAGAIN : round, read_numbered(&self->u));
		ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	}
}

TEST_F(ip, B14_nothing_is_queued_while_closed)
{
	int i;

	unit_close(&self->u);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	self->before = link_stats(self->u.ifindex);
	for (i = 0; i < 10; i++)
		send_numbered(&self->u, self->raw, i);
	EXPECT_EQ(10, STAT_DELTA(tx_dropped));
	EXPECT_EQ(0, STAT_DELTA(tx_packets));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
}

TEST_F(node, packets_stay_in_order)
{
	unsigned int in = 0, out = 0;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 64));
	while (in < 3000) {
		unsigned int burst = in % 61 + 1;

		SEND_RANGE(in, in + burst);
		in += burst;
		READ_RANGE(out, in);
		out = in;
	}
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	EXPECT_EQ(in, STAT_DELTA(tx_packets));
}

TEST_HARNESS_MAIN
