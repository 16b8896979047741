// SPDX-License-Identifier: GPL-2.0
/*
 * poll(), select() and epoll on the node. Statements A22 and B12.
 */

#include "lib/fixture.h"

#define IN_EVENTS	(POLLIN | POLLRDNORM)
#define OUT_EVENTS	(POLLOUT | POLLWRNORM)
#define ALL_EVENTS	(IN_EVENTS | OUT_EVENTS | POLLPRI | POLLRDBAND | POLLWRBAND | POLLRDHUP)

UNIT_FIXTURE(unit);
TUN_VARIANT(unit);
TAP_VARIANT(unit);
VMNET_VARIANT(unit);

NODE_FIXTURE(node);
TUN_VARIANT(node);
TAP_VARIANT(node);
VMNET_VARIANT(node);

NODE_FIXTURE(ip);
TUN_VARIANT(ip);

TEST_F(node, A22_poll_reports_what_read_and_write_can_do)
{
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	SEND_RANGE(0, 2);
	EXPECT_EQ(IN_EVENTS | OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	EXPECT_EQ(POLLIN, poll_now(self->u.fd, POLLIN));
	EXPECT_EQ(0, read_numbered(&self->u));
	EXPECT_EQ(IN_EVENTS | OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	EXPECT_EQ(1, read_numbered(&self->u));
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
}

TEST_F(node, A22_down_is_not_readable_but_writable)
{
	SEND_RANGE(0, 1);
	EXPECT_EQ(IN_EVENTS | OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
}

TEST_F(unit, A22_never_up_is_writable)
{
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
}

TEST_F(node, A22_packet_wakes_every_kind_of_wait)
{
	static const enum sleep_call calls[] = {
		SLEEP_POLL, SLEEP_SELECT, SLEEP_EPOLL, SLEEP_EPOLL_ET,
	};
	struct sleeper s;
	unsigned int i, round;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < ARRAY_SIZE(calls); i++) {
			EXPECT_EQ(POLLOUT, poll_now(self->u.fd, POLLIN | POLLOUT));
			ASSERT_EQ(0, sleeper_start(&s, calls[i], self->u.fd));
			ASSERT_TRUE(sleeper_wait_asleep(&s));
			SEND_RANGE(i, i + 1);
			ASSERT_TRUE(sleeper_join(&s))
				TH_LOG("call %u was not woken", i);
			EXPECT_EQ(1, s.ret);
			EXPECT_EQ(calls[i] == SLEEP_SELECT ? 1 : POLLIN, s.events);
			EXPECT_EQ(POLLIN | POLLOUT, poll_now(self->u.fd, POLLIN | POLLOUT));
			EXPECT_EQ(i, read_numbered(&self->u));
		}
	}
}

TEST_F(ip, A22_dropped_packet_wakes_no_poll)
{
	char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "four", 4);
	struct sleeper s;

	ASSERT_EQ(0, sleeper_start(&s, SLEEP_POLL, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, packet, len);
	EXPECT_EQ(1, STAT_DELTA(tx_dropped));
	EXPECT_FALSE(WAIT_FOR(!sleeper_asleep(&s), QUIET_MS));
	SEND_RANGE(0, 1);
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(1, s.ret);
}

TEST_F(node, B12_select_for_write_is_always_ready)
{
	struct timeval none;
	fd_set writable;
	int i;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 1));
	for (i = 0; i < 4; i++) {
		switch (i) {
		case 1:
			/* The queue is full. */
			SEND_RANGE(0, 1);
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

/* Edge triggered: one event for each packet that arrives in an empty queue, and no other. */
TEST_F(node, epoll_reports_each_edge_once)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET }, got;
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int i;

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->u.fd, &ev));
	EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
	for (i = 0; i < 10; i++) {
		SEND_RANGE(i, i + 1);
		ASSERT_EQ(1, epoll_wait(ep, &got, 1, TIMEOUT_MS));
		EXPECT_EQ(EPOLLIN, got.events);
		EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
		EXPECT_EQ(i, read_numbered(&self->u));
		EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
	}
	close(ep);
}

TEST_F(node, nested_epoll_and_close)
{
	struct epoll_event ev = { .events = EPOLLIN }, got;
	int i;

	/* Alternately the epoll sets and the node are closed first. */
	for (i = 0; i < 20; i++) {
		int inner = epoll_create1(EPOLL_CLOEXEC), outer = epoll_create1(EPOLL_CLOEXEC);

		ASSERT_EQ(0, epoll_ctl(inner, EPOLL_CTL_ADD, self->u.fd, &ev));
		ASSERT_EQ(0, epoll_ctl(outer, EPOLL_CTL_ADD, inner, &ev));
		EXPECT_EQ(0, epoll_wait(outer, &got, 1, 0));
		SEND_RANGE(i, i + 1);
		EXPECT_EQ(1, epoll_wait(outer, &got, 1, TIMEOUT_MS));
		EXPECT_EQ(i, read_numbered(&self->u));
		if (i % 2) {
			unit_close(&self->u);
			ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
			ASSERT_EQ(0, link_up(self->u.ifindex));
			/* The sets do not watch the new open file. */
			SEND_RANGE(100, 101);
			EXPECT_EQ(0, epoll_wait(outer, &got, 1, 0));
			EXPECT_EQ(100, read_numbered(&self->u));
		}
		close(inner);
		close(outer);
	}
}

TEST_HARNESS_MAIN
