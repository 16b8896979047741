// SPDX-License-Identifier: GPL-2.0
/*
 * Deletion of a unit that is in use: by "ip link del" and with its network namespace. Each way is
 * repeated, so that kmemleak finds a leak. See also move.c, race.c, userfault.c and unload.c.
 */
#include "lib/test.h"

/* For each of the two ways. */
#define ROUNDS	10

FIXTURE(lifetime) {
	struct unit u;
	int home;		/* the network namespace of the test */
	char buf[4096];
};

FIXTURE_VARIANT(lifetime) {
	bool netns_exit;
};

FIXTURE_VARIANT_ADD(lifetime, dellink) {
	.netns_exit = false,
};

FIXTURE_VARIANT_ADD(lifetime, netns_exit) {
	.netns_exit = true,
};

FIXTURE_SETUP(lifetime)
{
	self->home = netns_open();
	ASSERT_LE(0, self->home);
	self->u.fd = -1;
}

FIXTURE_TEARDOWN(lifetime)
{
	unit_destroy(&self->u);
	close(self->home);
}

/*
 * Creates a unit that is open and up, in a new network namespace whose only reference is *@ns:
 * threads that the test creates later are in its own namespace.
 */
static int create_in_netns(struct unit *u, int flags, int home, int *ns, int *raw)
{
	int err = netns_new();

	if (!err)
		err = unit_create_up(u, flags);
	if (err)
		return err;
	*ns = netns_open();
	*raw = packet_socket();
	if (*ns < 0 || *raw < 0)
		return -EMFILE;
	return ERR(setns(home, CLONE_NEWNET));
}

/* Deletes the unit, and waits until its node is gone, or retired if the namespace ended. */
static int delete(struct unit *u, bool netns_exit, int home, int ns, int raw)
{
	int err = 0;

	close(raw);
	if (!netns_exit) {
		err = ERR(setns(ns, CLONE_NEWNET));
		if (!err)
			err = link_del(u->ifindex);
		if (!err && node_exists(u))
			err = -ENOTEMPTY;
		setns(home, CLONE_NEWNET);
	}
	close(ns);
	u->ifindex = 0;
	if (!err && netns_exit && !WAIT_FOR(node_retired(u), TIMEOUT_MS))
		err = -ETIMEDOUT;
	return err;
}

#define CREATE(flags)							\
	ASSERT_EQ(0, create_in_netns(&self->u, flags, self->home, &ns, &raw))

#define DELETE()							\
	ASSERT_EQ(0, delete(&self->u, variant->netns_exit, self->home, ns, raw))

TEST_F_TIMEOUT(lifetime, open_descriptor_is_revoked, 120)
{
	int i, ns, raw;

	for (i = 0; i < ROUNDS; i++) {
		CREATE(i % 2 ? O_NONBLOCK : 0);
		DELETE();
		expect_revoked(_metadata, &self->u);
		EXPECT_EQ(0, close(self->u.fd));
		self->u.fd = -1;
		EXPECT_EQ(variant->netns_exit ? -ENXIO : -ENOENT, unit_open(&self->u, 0));
	}
}

TEST_F_TIMEOUT(lifetime, queued_packets_are_freed, 120)
{
	char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "late", 4);
	int i, n, ns, raw;

	for (i = 0; i < ROUNDS; i++) {
		CREATE(0);
		for (n = 0; n < 20; n++) {
			ASSERT_EQ((ssize_t)len,
				  packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len));
		}
		EXPECT_EQ((int)len, fionread(self->u.fd));
		DELETE();
		expect_revoked(_metadata, &self->u);
		unit_close(&self->u);
	}
}

TEST_F_TIMEOUT(lifetime, closed_unit_is_deleted, 120)
{
	int i, ns, raw;

	for (i = 0; i < ROUNDS; i++) {
		CREATE(0);
		unit_close(&self->u);
		DELETE();
		EXPECT_EQ(variant->netns_exit ? -ENXIO : -ENOENT, unit_open(&self->u, 0));
	}
}

TEST_F_TIMEOUT(lifetime, every_sleeper_wakes, 240)
{
	static const enum sleep_call ways[] = {
		SLEEP_READ, SLEEP_READV, SLEEP_POLL, SLEEP_SELECT, SLEEP_EPOLL, SLEEP_EPOLL_ET,
		SLEEP_READ,
	};
	struct sleeper s[ARRAY_SIZE(ways)];
	unsigned int i, round;
	int ns, raw;

	for (round = 0; round < ROUNDS; round++) {
		CREATE(0);
		for (i = 0; i < ARRAY_SIZE(ways); i++)
			ASSERT_EQ(0, sleeper_start(&s[i], ways[i], self->u.fd));
		for (i = 0; i < ARRAY_SIZE(ways); i++) {
			ASSERT_TRUE(sleeper_wait_asleep(&s[i]))
				TH_LOG("round %u, sleeper %u never slept", round, i);
		}
		DELETE();
		for (i = 0; i < ARRAY_SIZE(ways); i++) {
			ASSERT_TRUE(sleeper_join(&s[i]))
				TH_LOG("round %u, sleeper %u still sleeps", round, i);
			switch (ways[i]) {
			case SLEEP_READ:
			case SLEEP_READV:
				EXPECT_EQ(-EHOSTDOWN, s[i].ret);
				break;
			case SLEEP_SELECT:
				EXPECT_EQ(1, s[i].ret);
				EXPECT_EQ(1, s[i].events);
				break;
			default:
				EXPECT_EQ(1, s[i].ret);
				EXPECT_EQ(POLLHUP | POLLERR, s[i].events);
			}
		}
		expect_revoked(_metadata, &self->u);
		unit_close(&self->u);
	}
}

/* The descriptor is removed from the set in three ways. */
TEST_F_TIMEOUT(lifetime, epoll_set_outlives_the_unit, 120)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT }, got;
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int i, ns, raw;

	ASSERT_LE(0, ep);
	for (i = 0; i < ROUNDS; i++) {
		CREATE(O_NONBLOCK);
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->u.fd, &ev));
		ASSERT_EQ(1, epoll_wait(ep, &got, 1, TIMEOUT_MS));
		EXPECT_EQ(EPOLLOUT, got.events);
		DELETE();
		ASSERT_EQ(1, epoll_wait(ep, &got, 1, TIMEOUT_MS));
		EXPECT_EQ(EPOLLHUP | EPOLLERR, got.events);
		switch (i % 3) {
		case 0:
			ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_DEL, self->u.fd, &ev));
			unit_close(&self->u);
			break;
		case 1:
			unit_close(&self->u);
			break;
		case 2:
			close(ep);
			unit_close(&self->u);
			ep = epoll_create1(EPOLL_CLOEXEC);
			ASSERT_LE(0, ep);
			break;
		}
		EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
	}
	close(ep);
}

TEST_F_TIMEOUT(lifetime, pending_io_uring_requests_complete, 240)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	struct ring ring;
	int i, n, ns, raw;

	if (ring_unavailable())
		SKIP(return, "io_uring is not available");
	ASSERT_EQ(0, ring_open(&ring));
	for (i = 0; i < ROUNDS; i++) {
		CREATE(0);
		for (n = 0; n < 3; n++) {
			sqe = ring_prepare(&ring, IORING_OP_READ, self->u.fd, self->buf + n * 100,
					   100, n);
			sqe->off = -1;
		}
		sqe = ring_prepare(&ring, IORING_OP_POLL_ADD, self->u.fd, NULL, 0, 3);
		sqe->poll32_events = POLLIN;
		ASSERT_EQ(0, ring_submit(&ring));
		EXPECT_FALSE(ring_peek(&ring, &cqe));
		DELETE();
		for (n = 0; n < 4; n++) {
			ASSERT_TRUE(ring_wait(&ring, &cqe))
				TH_LOG("round %d, only %d completions", i, n);
			EXPECT_EQ(cqe.user_data == 3 ? POLLHUP | POLLERR : -EHOSTDOWN, cqe.res);
		}
		EXPECT_EQ(0, ring_workers());
		unit_close(&self->u);
	}
	ring_close(&ring);
}

TEST_F_TIMEOUT(lifetime, SIGIO_enabled, 120)
{
	int i, ns, raw;

	signal(SIGIO, SIG_IGN);
	for (i = 0; i < ROUNDS; i++) {
		CREATE(O_NONBLOCK);
		ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
		ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
		DELETE();
		/* O_ASYNC belongs to the file and can still be changed. */
		if (i % 2) {
			EXPECT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK));
			fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC);
		}
		unit_close(&self->u);
	}
}

/* The number is free at once; the old descriptor has no effect on the new unit. */
TEST_F_TIMEOUT(lifetime, number_is_reused_while_descriptor_is_open, 120)
{
	struct unit again;
	int i, ns, raw;
	char name[IFNAMSIZ];

	for (i = 0; i < ROUNDS; i++) {
		CREATE(O_NONBLOCK);
		DELETE();
		ASSERT_EQ(0, netns_new());
		snprintf(name, sizeof(name), TUN_KIND "%d", self->u.number);
		/* With a namespace, the node is removed before the number is free. */
		ASSERT_TRUE(WAIT_FOR(!unit_create(&again, name),
				     variant->netns_exit ? TIMEOUT_MS : 0));
		ASSERT_EQ(self->u.number, again.number);
		ASSERT_EQ(0, unit_open(&again, O_NONBLOCK));
		expect_revoked(_metadata, &self->u);
		EXPECT_EQ(-EAGAIN, ERR(read(again.fd, self->buf, sizeof(self->buf))));
		/* Closing the old descriptor does not affect the new unit. */
		unit_close(&self->u);
		EXPECT_EQ(-EAGAIN, ERR(read(again.fd, self->buf, sizeof(self->buf))));
		EXPECT_EQ(-EBUSY, ERR(open(again.node, O_RDWR)));
		unit_destroy(&again);
		ASSERT_EQ(0, setns(self->home, CLONE_NEWNET));
	}
}

struct traffic {
	pthread_t thread;
	int fd;
	unsigned int rounds;
	long last;
	bool reads;
};

/* Reads or writes until the unit is deleted. */
static void *traffic_main(void *arg)
{
	struct traffic *t = arg;
	char packet[256], got[256];
	size_t len = build_echo(packet, PEER, LOCAL, ICMP_ECHO, 1, 1, "x", 1);

	do {
		t->last = ERR(t->reads ? read(t->fd, got, sizeof(got)) :
			      write(t->fd, packet, len));
		__atomic_add_fetch(&t->rounds, 1, __ATOMIC_SEQ_CST);
	} while (t->last >= 0 || t->last == -EAGAIN);
	return NULL;
}

TEST_F_TIMEOUT(lifetime, traffic_fails_with_EHOSTDOWN, 240)
{
	struct traffic t[3];
	int i, n, ns, raw;

	for (i = 0; i < ROUNDS; i++) {
		CREATE(0);
		for (n = 0; n < 3; n++) {
			t[n] = (struct traffic){ .fd = self->u.fd, .reads = n == 2 };
			ASSERT_EQ(0, pthread_create(&t[n].thread, NULL, traffic_main, &t[n]));
		}
		/* Both writers write, and the reader gets the replies. */
		for (n = 0; n < 3; n++) {
			EXPECT_TRUE(WAIT_FOR(__atomic_load_n(&t[n].rounds, __ATOMIC_SEQ_CST) > 5,
					     TIMEOUT_MS));
		}
		DELETE();
		for (n = 0; n < 3; n++) {
			ASSERT_TRUE(thread_join(t[n].thread));
			EXPECT_EQ(-EHOSTDOWN, t[n].last);
		}
		unit_close(&self->u);
	}
}

TEST_HARNESS_MAIN
