// SPDX-License-Identifier: GPL-2.0
/*
 * Units that go while they are used: by ip link del, with their namespace, by
 * rmmod; units that are renamed and moved; all of it many times, and in races.
 */
#include "lib/test.h"

#include <linux/userfaultfd.h>
#include <net/if_tun.h>

/* For each of two ways to go: kmemleak finds what leaks some twenty times. */
#define ROUNDS	10

/* A race shows one time in many: long enough to meet it, short enough to wait. */
#define RACE_MS	2000

/* Units that must have been made for it to have been one. */
#define ENOUGH	2

FIXTURE(lifetime) {
	struct unit u;
	int home;		/* the namespace the test began in */
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
 * A unit at work in a namespace that nothing holds but *@ns: threads made from
 * now on live in the one the test began in.
 */
static int doomed_unit(struct unit *u, int flags, int home, int *ns, int *raw)
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

/* Destroys the unit, and waits until an observer from outside sees it gone. */
static int destroy(struct unit *u, bool netns_exit, int home, int ns, int raw)
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
	if (!err && !WAIT_FOR(!node_exists(u), TIMEOUT_MS))
		err = -ETIMEDOUT;
	return err;
}

#define DOOMED(flags)							\
	ASSERT_EQ(0, doomed_unit(&self->u, flags, self->home, &ns, &raw))

#define DESTROY()							\
	ASSERT_EQ(0, destroy(&self->u, variant->netns_exit, self->home, ns, raw))

TEST_F_TIMEOUT(lifetime, open_descriptor_is_revoked, 120)
{
	int i, ns, raw;

	for (i = 0; i < ROUNDS; i++) {
		DOOMED(i % 2 ? O_NONBLOCK : 0);
		DESTROY();
		expect_revoked(_metadata, &self->u);
		EXPECT_EQ(0, close(self->u.fd));
		self->u.fd = -1;
		EXPECT_EQ(-ENOENT, unit_open(&self->u, 0));
	}
}

TEST_F_TIMEOUT(lifetime, queued_packets_go_with_the_unit, 120)
{
	char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "late", 4);
	int i, n, ns, raw;

	for (i = 0; i < ROUNDS; i++) {
		DOOMED(0);
		for (n = 0; n < 20; n++) {
			ASSERT_EQ((ssize_t)len,
				  packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len));
		}
		EXPECT_EQ((int)len, fionread(self->u.fd));
		DESTROY();
		expect_revoked(_metadata, &self->u);
		unit_close(&self->u);
	}
}

TEST_F_TIMEOUT(lifetime, closed_unit_goes, 120)
{
	int i, ns, raw;

	for (i = 0; i < ROUNDS; i++) {
		DOOMED(0);
		unit_close(&self->u);
		DESTROY();
		EXPECT_EQ(-ENOENT, unit_open(&self->u, 0));
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
		DOOMED(0);
		for (i = 0; i < ARRAY_SIZE(ways); i++)
			ASSERT_EQ(0, sleeper_start(&s[i], ways[i], self->u.fd));
		for (i = 0; i < ARRAY_SIZE(ways); i++) {
			ASSERT_TRUE(sleeper_wait_asleep(&s[i]))
				TH_LOG("round %u, sleeper %u never slept", round, i);
		}
		DESTROY();
		for (i = 0; i < ARRAY_SIZE(ways); i++) {
			ASSERT_TRUE(sleeper_join(&s[i]))
				TH_LOG("round %u, sleeper %u sleeps on", round, i);
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

/* The set outlives the unit, and the descriptor leaves it in three ways. */
TEST_F_TIMEOUT(lifetime, epoll_set_outlives_the_unit, 120)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT }, got;
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int i, ns, raw;

	ASSERT_LE(0, ep);
	for (i = 0; i < ROUNDS; i++) {
		DOOMED(O_NONBLOCK);
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->u.fd, &ev));
		ASSERT_EQ(1, epoll_wait(ep, &got, 1, TIMEOUT_MS));
		EXPECT_EQ(EPOLLOUT, got.events);
		DESTROY();
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

TEST_F_TIMEOUT(lifetime, pending_io_uring_completes, 240)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	struct ring ring;
	int i, n, ns, raw;

	if (ring_unavailable())
		SKIP(return, "io_uring is switched off here");
	ASSERT_EQ(0, ring_open(&ring));
	for (i = 0; i < ROUNDS; i++) {
		DOOMED(0);
		for (n = 0; n < 3; n++) {
			sqe = ring_prepare(&ring, IORING_OP_READ, self->u.fd, self->buf + n * 100,
					   100, n);
			sqe->off = -1;
		}
		sqe = ring_prepare(&ring, IORING_OP_POLL_ADD, self->u.fd, NULL, 0, 3);
		sqe->poll32_events = POLLIN;
		ASSERT_EQ(0, ring_submit(&ring));
		EXPECT_FALSE(ring_peek(&ring, &cqe));
		DESTROY();
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

TEST_F_TIMEOUT(lifetime, with_SIGIO_armed, 120)
{
	int i, ns, raw;

	signal(SIGIO, SIG_IGN);
	for (i = 0; i < ROUNDS; i++) {
		DOOMED(O_NONBLOCK);
		ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
		ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
		DESTROY();
		/* Switching it off and on again is the file's affair. */
		if (i % 2) {
			EXPECT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK));
			fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC);
		}
		unit_close(&self->u);
	}
}

/* The number is free at once; the old descriptor has nothing to do with it. */
TEST_F_TIMEOUT(lifetime, number_is_used_again_beside_a_revoked_descriptor, 120)
{
	struct unit again;
	int i, ns, raw;
	char name[IFNAMSIZ];

	for (i = 0; i < ROUNDS; i++) {
		DOOMED(O_NONBLOCK);
		DESTROY();
		ASSERT_EQ(0, netns_new());
		snprintf(name, sizeof(name), TUN_KIND "%d", self->u.number);
		/* A namespace goes behind everybody's back: the node first, then the number. */
		ASSERT_TRUE(WAIT_FOR(!unit_create(&again, name),
				     variant->netns_exit ? TIMEOUT_MS : 0));
		ASSERT_EQ(self->u.number, again.number);
		ASSERT_EQ(0, unit_open(&again, O_NONBLOCK));
		expect_revoked(_metadata, &self->u);
		EXPECT_EQ(-EAGAIN, ERR(read(again.fd, self->buf, sizeof(self->buf))));
		/* Letting go of it does not let go of the new one. */
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

/* Reads or writes until the unit is gone. */
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

TEST_F_TIMEOUT(lifetime, traffic_ends_with_the_unit, 240)
{
	struct traffic t[3];
	int i, n, ns, raw;

	for (i = 0; i < ROUNDS; i++) {
		DOOMED(0);
		for (n = 0; n < 3; n++) {
			t[n] = (struct traffic){ .fd = self->u.fd, .reads = n == 2 };
			ASSERT_EQ(0, pthread_create(&t[n].thread, NULL, traffic_main, &t[n]));
		}
		/* The writers are at it, and the answers get to the reader. */
		for (n = 0; n < 3; n++) {
			EXPECT_TRUE(WAIT_FOR(__atomic_load_n(&t[n].rounds, __ATOMIC_SEQ_CST) > 5,
					     TIMEOUT_MS));
		}
		DESTROY();
		for (n = 0; n < 3; n++) {
			struct timespec ts;

			clock_gettime(CLOCK_REALTIME, &ts);
			ts.tv_sec += TIMEOUT_MS / 1000;
			ASSERT_EQ(0, pthread_timedjoin_np(t[n].thread, NULL, &ts));
			EXPECT_EQ(-EHOSTDOWN, t[n].last);
		}
		unit_close(&self->u);
	}
}

/* ---- renamed and moved -------------------------------------------------- */

FIXTURE(moves) {
	struct unit u;
	int home, first, second;	/* namespaces */
	char buf[4096];
};

FIXTURE_SETUP(moves)
{
	self->u.fd = -1;
	self->home = netns_open();
	ASSERT_LE(0, self->home);
	ASSERT_EQ(0, netns_new());
	self->second = netns_open();
	ASSERT_LE(0, self->second);
	ASSERT_EQ(0, netns_new());
	self->first = netns_open();
	ASSERT_LE(0, self->first);
}

FIXTURE_TEARDOWN(moves)
{
	unit_destroy(&self->u);
	close(self->first);
	close(self->second);
	close(self->home);
}

/* A ping written to the node comes back from the interface. */
static bool pings(int fd, __u16 seq)
{
	char packet[128], reply[256];
	size_t len = build_echo(packet, PEER, LOCAL, ICMP_ECHO, 9, seq, "ping", 4);
	long n;

	if (write(fd, packet, len) != (ssize_t)len || !wait_readable(fd))
		return false;
	n = read(fd, reply, sizeof(reply));
	return n == (long)len && packet_is_valid(reply, n, IPPROTO_ICMP) &&
	       reply[20] == ICMP_ECHOREPLY && reply[27] == (char)seq;
}

TEST_F_TIMEOUT(moves, rename_while_open, 60)
{
	char ifr[40], name[IFNAMSIZ];
	int i;

	ASSERT_EQ(0, unit_create_up(&self->u, 0));
	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		ASSERT_EQ(0, link_rename(self->u.ifindex, name));
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, LINUX64_GIFNAME, ifr)));
		EXPECT_STREQ(name, ifr);
		EXPECT_TRUE(node_exists(&self->u));
		EXPECT_TRUE(pings(self->u.fd, i));
	}
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
}

TEST_F_TIMEOUT(moves, namespace_while_open, 120)
{
	struct sleeper s;
	struct link link;
	char ifr[40], name[IFNAMSIZ];
	int i, udp;

	ASSERT_EQ(0, unit_create_up(&self->u, 0));
	for (i = 0; i < ROUNDS; i++) {
		int target = i % 2 ? self->first : self->second;

		ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s));
		ASSERT_EQ(0, link_set_netns(self->u.ifindex, target));
		ASSERT_EQ(0, setns(target, CLONE_NEWNET));
		self->u.ifindex = if_nametoindex(self->u.ifname);
		ASSERT_NE(0, self->u.ifindex);
		EXPECT_TRUE(node_exists(&self->u));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, link.flags & IFF_UP);
		EXPECT_EQ(1, link.carrier);
		EXPECT_STREQ(TUN_KIND, link.kind);

		snprintf(name, sizeof(name), "moved%d", i);
		ASSERT_EQ(0, link_rename(self->u.ifindex, name));
		memcpy(self->u.ifname, name, sizeof(name));
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, LINUX64_GIFNAME, ifr)));
		EXPECT_STREQ(name, ifr);

		/* The reader has slept through it all and gets the first packet. */
		EXPECT_TRUE(sleeper_asleep(&s));
		ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		udp = udp_socket(LOCAL, PORT);
		ASSERT_LE(0, udp);
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, "here", 4));
		close(udp);
		ASSERT_TRUE(sleeper_join(&s));
		EXPECT_EQ((long)IP_UDP_LEN + 4, s.ret);
		EXPECT_TRUE(pings(self->u.fd, i));
	}
}

TEST_F_TIMEOUT(moves, dies_with_the_namespace_it_was_moved_to, 120)
{
	struct sleeper s;
	int i, target;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, setns(self->first, CLONE_NEWNET));
		ASSERT_EQ(0, unit_create_up(&self->u, 0));
		ASSERT_EQ(0, netns_new());
		target = netns_open();
		ASSERT_LE(0, target);
		ASSERT_EQ(0, setns(self->first, CLONE_NEWNET));
		ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s));
		ASSERT_EQ(0, link_set_netns(self->u.ifindex, target));
		self->u.ifindex = 0;
		close(target);
		ASSERT_TRUE(sleeper_join(&s));
		EXPECT_EQ(-EHOSTDOWN, s.ret);
		EXPECT_TRUE(WAIT_FOR(!node_exists(&self->u), TIMEOUT_MS));
		expect_revoked(_metadata, &self->u);
		unit_close(&self->u);
	}
}

/* ---- races -------------------------------------------------------------- */

struct race {
	const char *node, *ifname;
	int ns;
	bool stop;
	unsigned int opened, made;
	long odd;		/* an error that nobody may see */
	const char *what;
};

static bool racing(struct race *r)
{
	return !__atomic_load_n(&r->stop, __ATOMIC_SEQ_CST);
}

static void odd(struct race *r, const char *what, long err)
{
	r->what = what;
	__atomic_store_n(&r->odd, err, __ATOMIC_SEQ_CST);
}

static void *race_users(void *arg)
{
	struct race *r = arg;
	char buf[256], got[64];
	size_t len = build_echo(buf, PEER, LOCAL, ICMP_ECHO, 1, 1, "x", 1);
	unsigned int seed = syscall(SYS_gettid);

	while (racing(r)) {
		int fd = ERR(open(r->node, O_RDWR | O_NONBLOCK | O_CLOEXEC));
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		int n, times;
		long ret;

		if (fd < 0) {
			/* Not there, going, or taken by another thread. */
			if (fd != -ENOENT && fd != -ENXIO && fd != -ENODEV && fd != -EBUSY)
				odd(r, "open", fd);
			sched_yield();
			continue;
		}
		__atomic_add_fetch(&r->opened, 1, __ATOMIC_SEQ_CST);
		for (times = rand_r(&seed) % 8; times >= 0; times--) {
			switch (rand_r(&seed) % 4) {
			case 0:
				ret = ERR(read(fd, got, sizeof(got)));
				if (ret < 0 && ret != -EAGAIN && ret != -EHOSTDOWN)
					odd(r, "read", ret);
				break;
			case 1:
				ret = ERR(write(fd, buf, len));
				if (ret != (long)len && ret != -EHOSTDOWN)
					odd(r, "write", ret);
				break;
			case 2:
				ret = ERR(ioctl(fd, FIONREAD, &n));
				if (ret && ret != -ENXIO)
					odd(r, "ioctl", ret);
				break;
			case 3:
				ret = ERR(poll(&pfd, 1, rand_r(&seed) % 3));
				if (ret < 0)
					odd(r, "poll", ret);
				break;
			}
		}
		ret = ERR(close(fd));
		if (ret)
			odd(r, "close", ret);
	}
	return NULL;
}

static void *race_makers(void *arg)
{
	struct race *r = arg;

	if (setns(r->ns, CLONE_NEWNET)) {
		odd(r, "setns", -errno);
		return NULL;
	}
	while (racing(r)) {
		struct link link = { };
		int err = link_add(TUN_KIND, r->ifname, &link);

		if (err == -EEXIST)
			continue;
		if (err) {
			odd(r, "add", err);
			continue;
		}
		__atomic_add_fetch(&r->made, 1, __ATOMIC_SEQ_CST);
		/* Up without an address: the other threads' packets are dropped or queued. */
		err = link_up(link.ifindex);
		if (err && err != -ENODEV)
			odd(r, "up", err);
		err = link_del(link.ifindex);
		if (err && err != -ENODEV)
			odd(r, "del", err);
	}
	return NULL;
}

FIXTURE(race) {
	int ns;
	struct race r;
};

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, netns_new());
	self->ns = netns_open();
	ASSERT_LE(0, self->ns);
	self->r = (struct race){
		.node = "/dev/" TUN_KIND "31337", .ifname = TUN_KIND "31337", .ns = self->ns,
	};
}

FIXTURE_TEARDOWN(race)
{
	int ifindex = if_nametoindex(self->r.ifname);

	if (ifindex)
		link_del(ifindex);
	close(self->ns);
}

#define THREADS 5

/* On a busy machine it may have hardly begun when its time is over. */
static bool race_was_one(const struct race *r)
{
	return __atomic_load_n(&r->made, __ATOMIC_SEQ_CST) > ENOUGH;
}

/* Runs threads of @mains for a while, all on one unit. */
static void run_race(struct __test_metadata *_metadata, struct race *r,
		     void *(*const mains[])(void *), int threads)
{
	pthread_t thread[THREADS];
	struct timespec ts;
	long long end;
	int i;

	for (i = 0; i < threads; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, mains[i], r));
	end = now_ms() + RACE_MS;
	while (!__atomic_load_n(&r->odd, __ATOMIC_SEQ_CST) &&
	       (now_ms() < end || (!race_was_one(r) && now_ms() < end + TIMEOUT_MS)))
		short_sleep();
	__atomic_store_n(&r->stop, true, __ATOMIC_SEQ_CST);
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += TIMEOUT_MS / 1000;
	for (i = 0; i < threads; i++) {
		ASSERT_EQ(0, pthread_timedjoin_np(thread[i], NULL, &ts))
			TH_LOG("thread %d hangs", i);
	}
	EXPECT_EQ(0, r->odd)
		TH_LOG("from %s", r->what);
}

/* The unit as it should be, whatever went before. */
static void check_unit_31337(struct __test_metadata *_metadata)
{
	struct unit u;

	ASSERT_EQ(0, unit_create(&u, TUN_KIND "31337"));
	EXPECT_EQ(31337, u.number);
	ASSERT_EQ(0, unit_open(&u, O_NONBLOCK));
	ASSERT_EQ(0, addr_add(u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_up(u.ifindex));
	EXPECT_TRUE(pings(u.fd, 1));
	unit_destroy(&u);
	EXPECT_FALSE(node_exists(&u));
}

TEST_F_TIMEOUT(race, users_against_add_and_del, 120)
{
	static void *(*const mains[])(void *) = {
		race_makers, race_users, race_users, race_users,
	};

	run_race(_metadata, &self->r, mains, ARRAY_SIZE(mains));
	EXPECT_TRUE(race_was_one(&self->r));
	EXPECT_LT(0, self->r.opened);
	check_unit_31337(_metadata);
}

TEST_F_TIMEOUT(race, makers_of_one_unit, 120)
{
	static void *(*const mains[])(void *) = {
		race_makers, race_makers, race_makers, race_users,
	};

	run_race(_metadata, &self->r, mains, ARRAY_SIZE(mains));
	EXPECT_TRUE(race_was_one(&self->r));
	check_unit_31337(_metadata);
}

static void *race_namespaces(void *arg)
{
	struct race *r = arg;

	while (racing(r)) {
		struct link link;
		int err = netns_new();

		/* The one before dies some time, and the unit with it. */
		if (!err)
			err = link_add(TUN_KIND, r->ifname, &link);
		if (!err)
			__atomic_add_fetch(&r->made, 1, __ATOMIC_SEQ_CST);
		else if (err != -EEXIST)
			odd(r, "namespace", err);
	}
	return NULL;
}

TEST_F_TIMEOUT(race, users_against_dying_namespaces, 120)
{
	static void *(*const mains[])(void *) = {
		race_namespaces, race_users, race_users,
	};
	struct unit u;

	run_race(_metadata, &self->r, mains, ARRAY_SIZE(mains));
	EXPECT_TRUE(race_was_one(&self->r));
	/* The last namespace dies when it likes; the number is free after the node is gone. */
	ASSERT_TRUE(WAIT_FOR(!unit_create(&u, TUN_KIND "31337"), TIMEOUT_MS));
	unit_destroy(&u);
	check_unit_31337(_metadata);
}

/* Units without a number asked for: each maker gets one of its own. */
static void *race_any(void *arg)
{
	struct race *r = arg;
	struct unit u;

	if (setns(r->ns, CLONE_NEWNET)) {
		odd(r, "setns", -errno);
		return NULL;
	}
	while (racing(r)) {
		long err = unit_create(&u, NULL);

		if (err) {
			odd(r, "create", err);
			continue;
		}
		__atomic_add_fetch(&r->made, 1, __ATOMIC_SEQ_CST);
		err = unit_open(&u, O_NONBLOCK);
		if (err)
			odd(r, "open of a unit of one's own", err);
		unit_destroy(&u);
		if (u.number < 1 || u.number > THREADS + 5)
			odd(r, "number", -u.number);
	}
	return NULL;
}

TEST_F_TIMEOUT(race, makers_of_any_unit, 120)
{
	static void *(*const mains[])(void *) = { race_any, race_any, race_any };

	run_race(_metadata, &self->r, mains, ARRAY_SIZE(mains));
	EXPECT_TRUE(race_was_one(&self->r));
}

/* ---- memory that takes its time to come --------------------------------- */

struct slow {
	struct unit u;
	int dev, uffd;
	char *page;
	/* Threads: who keeps nodes from going, who deletes the unit, who makes it again. */
	pthread_t keeper, deleter, maker;
	pid_t deleter_id;
	long kept, deleted;
	bool stop, stopped;
	int refused, odd;
	/* What a program does with memory that is not there. */
	long (*call)(struct slow *s);
	long called;
};

FIXTURE(slow) {
	struct slow s;
};

FIXTURE_SETUP(slow)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	long size = sysconf(_SC_PAGESIZE);

	if (geteuid())
		SKIP(return, "needs root");
	if (access("/dev/userfaultfd", F_OK))
		SKIP(return, "this kernel has no userfaultfd");
	self->s.uffd = ERR(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
	ASSERT_LE(0, self->s.uffd);
	ASSERT_EQ(0, ERR(ioctl(self->s.uffd, UFFDIO_API, &api)));
	self->s.page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->s.page);
	area.range.start = (uintptr_t)self->s.page;
	area.range.len = size;
	ASSERT_EQ(0, ERR(ioctl(self->s.uffd, UFFDIO_REGISTER, &area)));
	self->s.dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->s.dev);
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create(&self->s.u, TUN_KIND "31337"));
}

FIXTURE_TEARDOWN(slow)
{
	int ifindex;

	if (self->s.uffd <= 0)
		return;
	ifindex = if_nametoindex(TUN_KIND "31337");
	if (ifindex)
		link_del(ifindex);
	close(self->s.dev);
	close(self->s.uffd);
	munmap(self->s.page, sysconf(_SC_PAGESIZE));
}

/* Somebody waits for the page. */
static bool memory_is_wanted(const struct slow *s)
{
	struct pollfd fault = { .fd = s->uffd, .events = POLLIN };

	return poll(&fault, 1, TIMEOUT_MS) == 1 && fault.revents == POLLIN;
}

/* It is there, with this at its beginning. */
static int memory_comes(const struct slow *s, const void *bytes, size_t len)
{
	static char page[65536];
	struct uffdio_copy copy = {
		.dst = (uintptr_t)s->page,
		.src = (uintptr_t)page,
		.len = sysconf(_SC_PAGESIZE),
	};

	memcpy(page, bytes, len);
	return ERR(ioctl(s->uffd, UFFDIO_COPY, &copy));
}

/* Nothing is made or removed in a directory while it is listed: until the page is there. */
static void *keep_nodes(void *arg)
{
	struct slow *s = arg;

	s->kept = ERR(syscall(SYS_getdents64, s->dev, s->page, sysconf(_SC_PAGESIZE)));
	return NULL;
}

static void *delete_unit(void *arg)
{
	struct slow *s = arg;

	__atomic_store_n(&s->deleter_id, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	s->deleted = link_del(s->u.ifindex);
	return NULL;
}

static void *make_unit_again(void *arg)
{
	struct slow *s = arg;

	while (!__atomic_load_n(&s->stop, __ATOMIC_SEQ_CST)) {
		struct link link;
		int err = link_add(TUN_KIND, s->u.ifname, &link);

		if (err == -EEXIST)
			__atomic_add_fetch(&s->refused, 1, __ATOMIC_SEQ_CST);
		else
			s->odd = err ?: 1;
	}
	__atomic_store_n(&s->stopped, true, __ATOMIC_SEQ_CST);
	return NULL;
}

TEST_F_TIMEOUT(slow, a_number_is_taken_as_long_as_its_node, 60)
{
	struct slow *s = &self->s;
	pid_t id;

	ASSERT_EQ(0, pthread_create(&s->keeper, NULL, keep_nodes, s));
	ASSERT_TRUE(memory_is_wanted(s));
	ASSERT_EQ(0, pthread_create(&s->deleter, NULL, delete_unit, s));
	/* Without its interface, on its way to remove the node. */
	EXPECT_TRUE(WAIT_FOR(!if_nametoindex(s->u.ifname), TIMEOUT_MS));
	id = __atomic_load_n(&s->deleter_id, __ATOMIC_SEQ_CST);
	EXPECT_TRUE(WAIT_FOR(thread_in_syscall(id, SYS_sendto), TIMEOUT_MS));

	/* One whose number is free gets an interface, and waits for its node. */
	ASSERT_EQ(0, pthread_create(&s->maker, NULL, make_unit_again, s));
	EXPECT_TRUE(WAIT_FOR(__atomic_load_n(&s->refused, __ATOMIC_SEQ_CST) > 20 ||
			     if_nametoindex(s->u.ifname), TIMEOUT_MS));
	EXPECT_EQ(0, if_nametoindex(s->u.ifname));
	EXPECT_TRUE(node_exists(&s->u));
	__atomic_store_n(&s->stop, true, __ATOMIC_SEQ_CST);
	/* It is not to meet a number that is free because the node has gone. */
	EXPECT_TRUE(WAIT_FOR(__atomic_load_n(&s->stopped, __ATOMIC_SEQ_CST), TIMEOUT_MS));

	ASSERT_EQ(0, memory_comes(s, "", 0));
	ASSERT_EQ(0, pthread_join(s->keeper, NULL));
	ASSERT_EQ(0, pthread_join(s->deleter, NULL));
	ASSERT_EQ(0, pthread_join(s->maker, NULL));
	EXPECT_LT(0, s->kept);
	EXPECT_EQ(0, s->deleted);
	EXPECT_EQ(0, s->odd);
	EXPECT_FALSE(node_exists(&s->u));
	ASSERT_EQ(0, unit_create(&s->u, TUN_KIND "31337"));
}

static void *call_slowly(void *arg)
{
	struct slow *s = arg;

	s->called = s->call(s);
	return NULL;
}

/*
 * The unit, open and up, goes while a call waits for its memory, in which there
 * is then what @bytes has.  Nothing waits for the call.
 */
static void goes_meanwhile(struct __test_metadata *_metadata, struct slow *s,
			   long (*call)(struct slow *s), const void *bytes, size_t len)
{
	pthread_t thread;

	s->call = call;
	ASSERT_EQ(0, pthread_create(&thread, NULL, call_slowly, s));
	ASSERT_TRUE(memory_is_wanted(s));
	ASSERT_EQ(0, link_del(s->u.ifindex));
	EXPECT_FALSE(node_exists(&s->u));
	ASSERT_EQ(0, memory_comes(s, bytes, len));
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

#define GOES_MEANWHILE(call, bytes, len)				\
	goes_meanwhile(_metadata, s, call, bytes, len)

static long make_slowly(struct slow *s)
{
	struct link link;

	return link_add(TUN_KIND, s->u.ifname, &link);
}

/* Its interface is there, and what makes its node waits. */
TEST_F_TIMEOUT(slow, the_module_stays_while_a_node_is_made, 60)
{
	struct slow *s = &self->s;

	if (!module_loaded())
		SKIP(return, "built in");
	ASSERT_EQ(0, link_del(s->u.ifindex));
	ASSERT_EQ(0, pthread_create(&s->keeper, NULL, keep_nodes, s));
	ASSERT_TRUE(memory_is_wanted(s));
	s->call = make_slowly;
	s->called = 1;
	ASSERT_EQ(0, pthread_create(&s->maker, NULL, call_slowly, s));
	EXPECT_TRUE(WAIT_FOR(if_nametoindex(s->u.ifname), TIMEOUT_MS));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	/* Nobody can look for the node now, but that call has not returned. */
	EXPECT_EQ(1, __atomic_load_n(&s->called, __ATOMIC_SEQ_CST));
	ASSERT_EQ(0, memory_comes(s, "", 0));
	ASSERT_EQ(0, pthread_join(s->keeper, NULL));
	ASSERT_EQ(0, pthread_join(s->maker, NULL));
	EXPECT_EQ(0, s->called);
	EXPECT_TRUE(node_exists(&s->u));
}

static long write_slowly(struct slow *s)
{
	return ERR(write(s->u.fd, s->page, IP_UDP_LEN + 4));
}

static long read_slowly(struct slow *s)
{
	return ERR(read(s->u.fd, s->page, sysconf(_SC_PAGESIZE)));
}

static long set_info_slowly(struct slow *s)
{
	return ERR(ioctl(s->u.fd, TUNSIFINFO, s->page));
}

static long get_info_slowly(struct slow *s)
{
	return ERR(ioctl(s->u.fd, TUNGIFINFO, s->page));
}

TEST_F_TIMEOUT(slow, a_write_waits_while_the_unit_goes, 60)
{
	struct slow *s = &self->s;
	char packet[64];
	size_t len = build_udp(packet, PEER, LOCAL, 1, PORT, "late", 4);

	ASSERT_EQ(0, unit_open_up(&s->u, O_NONBLOCK));
	GOES_MEANWHILE(write_slowly, packet, len);
	EXPECT_EQ(-EHOSTDOWN, s->called);
	unit_close(&s->u);
}

/* The packet is taken already. */
TEST_F_TIMEOUT(slow, a_read_waits_while_the_unit_goes, 60)
{
	struct slow *s = &self->s;
	char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, PORT, "late", 4);
	int raw = packet_socket();

	ASSERT_LE(0, raw);
	ASSERT_EQ(0, unit_open_up(&s->u, O_NONBLOCK));
	ASSERT_EQ((ssize_t)len, packet_send(raw, s->u.ifindex, ETH_P_IP, packet, len));
	GOES_MEANWHILE(read_slowly, "", 0);
	EXPECT_EQ((long)len, s->called);
	EXPECT_EQ(0, memcmp(packet, s->page, len));
	EXPECT_EQ(-EHOSTDOWN, ERR(read(s->u.fd, packet, sizeof(packet))));
	unit_close(&s->u);
	close(raw);
}

TEST_F_TIMEOUT(slow, an_argument_waits_while_the_unit_goes, 60)
{
	struct slow *s = &self->s;
	struct tuninfo info = { .mtu = 1400, .type = 0x17 };

	ASSERT_EQ(0, unit_open_up(&s->u, O_NONBLOCK));
	GOES_MEANWHILE(set_info_slowly, &info, sizeof(info));
	EXPECT_EQ(-ENXIO, s->called);
	unit_close(&s->u);
}

TEST_F_TIMEOUT(slow, an_answer_waits_while_the_unit_goes, 60)
{
	struct slow *s = &self->s;
	struct tuninfo info;

	ASSERT_EQ(0, unit_open_up(&s->u, O_NONBLOCK));
	GOES_MEANWHILE(get_info_slowly, "", 0);
	EXPECT_EQ(0, s->called);
	memcpy(&info, s->page, sizeof(info));
	EXPECT_EQ(1500, info.mtu);
	unit_close(&s->u);
}

/* ---- rmmod -------------------------------------------------------------- */

FIXTURE(module) {
	struct unit u;
};

FIXTURE_SETUP(module)
{
	if (!module_loaded())
		SKIP(return, "built in");
	self->u.fd = -1;
	ASSERT_EQ(0, netns_new());
}

/* Whatever happened, the next test finds the module. */
FIXTURE_TEARDOWN(module)
{
	unit_destroy(&self->u);
	if (!module_loaded())
		module_load();
}

TEST_F(module, stays_while_a_node_is_open)
{
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	EXPECT_TRUE(node_exists(&self->u));
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
}

TEST_F(module, stays_while_a_descriptor_of_a_cloner_is_open)
{
	static const char *const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, cloner_open(&self->u, kinds[i], 0));
		EXPECT_EQ(-EWOULDBLOCK, module_unload());
		EXPECT_EQ(0, link_del(self->u.ifindex));
		self->u.ifindex = 0;
		EXPECT_EQ(-EWOULDBLOCK, module_unload());
		unit_close(&self->u);
	}
}

TEST_F(module, stays_while_a_revoked_descriptor_is_open)
{
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	EXPECT_EQ(-EHOSTDOWN, ERR(read(self->u.fd, &(char){ 0 }, 1)));
}

TEST_F(module, stays_while_a_reader_sleeps)
{
	struct sleeper s;

	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	EXPECT_TRUE(sleeper_asleep(&s));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(-EHOSTDOWN, s.ret);
}

/* Units of every state go with the module, wherever they are. */
TEST_F_TIMEOUT(module, destroys_every_unit, 240)
{
	struct unit closed, up, elsewhere, cloned;
	int i, first, second;

	if (!getenv("BSDTUN_KO"))
		SKIP(return, "BSDTUN_KO does not say where the module is");
	first = netns_open();
	ASSERT_EQ(0, netns_new());
	second = netns_open();
	for (i = 0; i < scaled_rounds(8); i++) {
		ASSERT_EQ(0, setns(first, CLONE_NEWNET));
		ASSERT_EQ(0, unit_create(&closed, NULL));
		ASSERT_EQ(0, unit_create_up(&up, 0));
		unit_close(&up);
		ASSERT_EQ(0, link_up(up.ifindex));
		ASSERT_EQ(0, unit_create(&elsewhere, "elsewhere"));
		ASSERT_EQ(0, link_set_netns(elsewhere.ifindex, second));
		ASSERT_EQ(0, cloner_open(&cloned, i % 2 ? TAP_KIND : VMNET_KIND, 0));
		unit_close(&cloned);

		EXPECT_EQ(0, module_unload());
		EXPECT_FALSE(module_loaded());
		EXPECT_FALSE(node_exists(&closed));
		EXPECT_FALSE(node_exists(&up));
		EXPECT_FALSE(node_exists(&elsewhere));
		EXPECT_FALSE(node_exists(&cloned));
		EXPECT_NE(0, access("/dev/" TUN_KIND, F_OK));
		EXPECT_EQ(0, if_nametoindex(closed.ifname));
		EXPECT_EQ(0, if_nametoindex(up.ifname));
		EXPECT_NE(0, access("/dev/" TUN_KIND "0", F_OK));
		ASSERT_EQ(0, setns(second, CLONE_NEWNET));
		EXPECT_EQ(0, if_nametoindex("elsewhere"));
		ASSERT_EQ(0, module_load());
		EXPECT_EQ(0, access("/dev/" TUN_KIND "0", F_OK));
	}
	close(first);
	close(second);
}

static void *race_unit_0(void *arg)
{
	struct race *r = arg;
	char got[64];

	while (racing(r)) {
		int fd = ERR(open(r->node, O_RDWR | O_NONBLOCK | O_CLOEXEC));
		long ret;

		if (fd < 0) {
			if (fd != -ENOENT && fd != -ENXIO && fd != -ENODEV && fd != -EBUSY)
				odd(r, "open", fd);
			sched_yield();
			continue;
		}
		__atomic_add_fetch(&r->opened, 1, __ATOMIC_SEQ_CST);
		ret = ERR(read(fd, got, sizeof(got)));
		if (ret != -EAGAIN && ret != -EHOSTDOWN)
			odd(r, "read", ret);
		ret = ERR(close(fd));
		if (ret)
			odd(r, "close", ret);
		short_sleep();
	}
	return NULL;
}

TEST_F_TIMEOUT(module, rmmod_against_open, 240)
{
	struct race r = { .node = "/dev/" TUN_KIND "0" };
	pthread_t thread[2];
	int i, removed = 0;
	long long end;

	if (!getenv("BSDTUN_KO"))
		SKIP(return, "BSDTUN_KO does not say where the module is");
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, race_unit_0, &r));
	/* How often in that time is the machine's affair. */
	end = now_ms() + 20000;
	while (removed < 3 || (removed < scaled_rounds(20) && now_ms() < end)) {
		long err = module_unload();

		if (err == -EWOULDBLOCK)
			continue;
		EXPECT_EQ(0, err);
		removed++;
		err = module_load();
		EXPECT_EQ(0, err);
		if (err)
			break;
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
	EXPECT_EQ(0, r.odd)
		TH_LOG("from %s", r.what);
	EXPECT_LT(0, r.opened);
}

TEST_HARNESS_MAIN
