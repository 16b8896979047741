// SPDX-License-Identifier: GPL-2.0
/*
 * The queue between the interface and the reader: its bound, who is dropped,
 * and what empties it.
 */
#include "lib/test.h"

FIXTURE(queue) {
	struct unit u;
	int udp, raw;
	struct rtnl_link_stats64 before;
	char buf[65536];
};

FIXTURE_SETUP(queue)
{
	ASSERT_EQ(0, netns_new());
	ASSERT_EQ(0, unit_create_up(&self->u, O_NONBLOCK));
	self->udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, self->udp);
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(queue)
{
	close(self->raw);
	close(self->udp);
	unit_destroy(&self->u);
}

/* Sends packet number @n past every socket buffer; 0 or what the driver says. */
static long send_numbered(int raw, int ifindex, unsigned int n)
{
	char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, &n, sizeof(n));
	long ret = packet_send(raw, ifindex, ETH_P_IP, packet, len);

	return ret == (long)len ? 0 : ret;
}

/* The number of the packet that a read gives, or -errno. */
static long read_numbered(int fd)
{
	char packet[128];
	unsigned int n;
	long len = ERR(read(fd, packet, sizeof(packet)));

	if (len < 0)
		return len;
	if (len != IP_UDP_LEN + sizeof(n) || !packet_is_valid(packet, len, IPPROTO_UDP))
		return -EPROTO;
	memcpy(&n, udp_payload(packet), sizeof(n));
	return n;
}

/* Numbers from @first up to but not including @end are queued. */
static void send_range(struct __test_metadata *_metadata, struct unit *u, int raw, int first,
		       int end)
{
	for (; first < end; first++)
		ASSERT_EQ(0, send_numbered(raw, u->ifindex, first));
}

/* They are what the next reads give. */
static void read_range(struct __test_metadata *_metadata, struct unit *u, int first, int end)
{
	for (; first < end; first++)
		EXPECT_EQ(first, read_numbered(u->fd));
}

#define SEND_RANGE(first, end)	send_range(_metadata, &self->u, self->raw, first, end)
#define READ_RANGE(first, end)	read_range(_metadata, &self->u, first, end)
#define SEND(n)		ASSERT_EQ(0, send_numbered(self->raw, self->u.ifindex, n))
#define REFUSED(n)	EXPECT_EQ(-ENOBUFS, send_numbered(self->raw, self->u.ifindex, n))

TEST_F(queue, A21_full_queue_drops_the_newest)
{
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 50));
	SEND_RANGE(0, 50);
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	REFUSED(50);
	EXPECT_EQ(1, STAT_DELTA(tx_dropped));
	REFUSED(51);
	EXPECT_EQ(2, STAT_DELTA(tx_dropped));
	READ_RANGE(0, 50);
	EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
	EXPECT_EQ(50, STAT_DELTA(tx_packets));
	EXPECT_EQ(50 * (IP_UDP_LEN + 4), STAT_DELTA(tx_bytes));
	/* One read makes room for one. */
	SEND_RANGE(0, 50);
	REFUSED(50);
	EXPECT_EQ(0, read_numbered(self->u.fd));
	SEND(50);
	REFUSED(51);
}

TEST_F(queue, A21_default_bound_is_500)
{
	SEND_RANGE(0, 500);
	REFUSED(500);
	EXPECT_EQ(1, STAT_DELTA(tx_dropped));
	READ_RANGE(0, 500);
	EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
}

TEST_F(queue, bound_follows_txqueuelen_live)
{
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 10));
	SEND_RANGE(0, 10);
	REFUSED(10);
	/* Longer: room at once, nothing lost. */
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 20));
	SEND_RANGE(10, 20);
	REFUSED(20);
	/* Shorter: what is queued stays, nothing more fits until it is below. */
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	REFUSED(20);
	READ_RANGE(0, 15);
	REFUSED(20);
	EXPECT_EQ(15, read_numbered(self->u.fd));
	SEND(20);
	REFUSED(21);
	READ_RANGE(16, 21);
	EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 1));
	SEND(1);
	REFUSED(2);
	EXPECT_EQ(1, read_numbered(self->u.fd));
}

TEST_F(queue, bound_holds_while_closed_and_down)
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

TEST_F(queue, udp_sender_sees_ENOBUFS_if_it_asks)
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
	/* One that does not ask is told that all is well; the drop still counts. */
	EXPECT_EQ(1, udp_send(plain, PEER, PORT, "5", 1));
	EXPECT_EQ(2, STAT_DELTA(tx_dropped));
	ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(1, udp_send(self->udp, PEER, PORT, "6", 1));
	close(plain);
}

/* A queued packet may wait for ever; it must not hold up whoever sent it. */
TEST_F(queue, senders_buffer_is_free_again)
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
	EXPECT_EQ((int)(IP_UDP_LEN + sizeof(data)), fionread(self->u.fd));
}

/* Nor the memory that a packet was sent from: the sender gets it back unread. */
TEST_F(queue, zero_copy_senders_memory_is_free_again)
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

	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 65535));
	ASSERT_EQ(0, enable_zerocopy(self->udp));
	fill_pattern(data, sizeof(data), 11);
	memcpy(copy, data, sizeof(data));
	ASSERT_EQ((ssize_t)sizeof(data),
		  ERR(sendto(self->udp, data, sizeof(data), MSG_ZEROCOPY, (void *)&to,
			     sizeof(to))));
	/* The error queue has the word that the memory is the sender's again. */
	ASSERT_EQ(1, poll(&pfd, 1, TIMEOUT_MS));
	EXPECT_EQ(POLLERR, pfd.revents);
	ASSERT_EQ(0, ERR(recvmsg(self->udp, &msg, MSG_ERRQUEUE)));
	memset(data, 0, sizeof(data));
	ASSERT_EQ((ssize_t)(IP_UDP_LEN + sizeof(data)),
		  ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, memcmp(copy, udp_payload(self->buf), sizeof(copy)));
	EXPECT_TRUE(packet_is_valid(self->buf, IP_UDP_LEN + sizeof(data), IPPROTO_UDP));
}

TEST_F(queue, A23_last_close_flushes_and_sets_down)
{
	struct link link;
	int round;

	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 1400));
	for (round = 0; round < 20; round++) {
		int copy = dup(self->u.fd);

		SEND_RANGE(0, 5);
		/* Not the last one: nothing happens. */
		unit_close(&self->u);
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		EXPECT_EQ((int)IP_UDP_LEN + 4, fionread(copy));
		close(copy);

		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, link.flags & IFF_UP);
		EXPECT_EQ(0, link.carrier);
		EXPECT_EQ(1400, link.mtu);
		/* The address is still there: adding it again says so. */
		EXPECT_EQ(-EEXIST, addr_add(self->u.ifindex, LOCAL, PEER));

		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
		EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
		/* And it works as before, address and all. */
		EXPECT_EQ(2, udp_send(self->udp, PEER, PORT, "ok", 2));
		EXPECT_EQ((ssize_t)IP_UDP_LEN + 2,
			  ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	}
}

TEST_F(queue, A23_close_removes_the_routes)
{
	EXPECT_EQ(1, udp_send(self->udp, PEER, PORT, "1", 1));
	unit_close(&self->u);
	EXPECT_EQ(-ENETUNREACH, udp_send(self->udp, PEER, PORT, "2", 1));
}

TEST_F(queue, A26_down_flushes)
{
	int round;

	for (round = 0; round < 20; round++) {
		SEND_RANGE(0, 5);
		EXPECT_NE(0, fionread(self->u.fd));
		ASSERT_EQ(0, link_down(self->u.ifindex));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
		EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
		EXPECT_EQ(-ENETDOWN, send_numbered(self->raw, self->u.ifindex, 9));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
		SEND(7);
		EXPECT_EQ(7, read_numbered(self->u.fd));
	}
}

/* What the flush threw away gives its room back. */
TEST_F(queue, A26_flush_makes_room)
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

TEST_F(queue, A26_reader_sleeps_through_down)
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
		SEND(round);
		ASSERT_TRUE(sleeper_join(&s));
		EXPECT_EQ(s.how == SLEEP_READ ? (long)IP_UDP_LEN + 4 : 1, s.ret);
		ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK));
		EXPECT_EQ(s.how == SLEEP_READ ? -EAGAIN : round, read_numbered(self->u.fd));
		ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	}
}

TEST_F(queue, B14_nothing_piles_up_while_closed)
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
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_EQ(-EAGAIN, read_numbered(self->u.fd));
}

TEST_F(queue, order_holds_through_many_laps)
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

/* ---- several at work ---------------------------------------------------- */

#define SENDERS		2
#define PACKETS		2000u

struct sender {
	pthread_t thread;
	int ifindex;
	unsigned int first;
	unsigned int sent, refused;
	long odd;
};

static void *send_many(void *arg)
{
	struct sender *s = arg;
	int raw = packet_socket();
	unsigned int i;

	for (i = 0; i < PACKETS; i++) {
		long ret = send_numbered(raw, s->ifindex, s->first + i);

		if (!ret)
			s->sent++;
		else if (ret == -ENOBUFS)
			s->refused++;
		else
			s->odd = ret;
	}
	close(raw);
	return NULL;
}

/* Every packet is read once or counted as dropped, and none overtakes. */
TEST_F_TIMEOUT(queue, no_packet_is_lost_uncounted, 120)
{
	struct sender sender[SENDERS] = { };
	unsigned int i, got = 0, sent = 0, refused = 0;
	long last[SENDERS], n;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 32));
	for (i = 0; i < SENDERS; i++) {
		last[i] = -1;
		sender[i].ifindex = self->u.ifindex;
		sender[i].first = i * PACKETS;
		ASSERT_EQ(0, pthread_create(&sender[i].thread, NULL, send_many, &sender[i]));
	}
	for (;;) {
		struct pollfd pfd = { .fd = self->u.fd, .events = POLLIN };

		n = read_numbered(self->u.fd);
		if (n == -EAGAIN) {
			/* Quiet for this long: the senders are done. */
			if (poll(&pfd, 1, 3000) == 0)
				break;
			continue;
		}
		ASSERT_TRUE(n >= 0 && n < SENDERS * PACKETS);
		i = n / PACKETS;
		EXPECT_LT(last[i], n);
		last[i] = n;
		got++;
	}
	for (i = 0; i < SENDERS; i++) {
		ASSERT_EQ(0, pthread_join(sender[i].thread, NULL));
		EXPECT_EQ(0, sender[i].odd);
		sent += sender[i].sent;
		refused += sender[i].refused;
	}
	EXPECT_EQ(SENDERS * PACKETS, sent + refused);
	EXPECT_EQ(sent, got);
	EXPECT_EQ(sent, STAT_DELTA(tx_packets));
	EXPECT_EQ(refused, STAT_DELTA(tx_dropped));
	EXPECT_LT(0, got);
}

struct writer {
	pthread_t thread;
	int fd;
	unsigned int done;
};

static void *write_many(void *arg)
{
	struct writer *w = arg;
	char packet[64];
	size_t len;
	unsigned int i;

	for (i = 0; i < PACKETS; i++) {
		len = build_udp(packet, PEER, LOCAL, 9, PORT + 5, &i, sizeof(i));
		if (write(w->fd, packet, len) == (ssize_t)len)
			w->done++;
	}
	return NULL;
}

/* The counters are per CPU; writers on all of them lose none. */
TEST_F_TIMEOUT(queue, every_written_packet_counts, 120)
{
	struct writer w[2] = { };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		w[i].fd = self->u.fd;
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, write_many, &w[i]));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_EQ(PACKETS, w[i].done);
	}
	EXPECT_EQ(2 * PACKETS, STAT_DELTA(rx_packets));
	EXPECT_EQ(2 * PACKETS * (IP_UDP_LEN + 4), STAT_DELTA(rx_bytes));
}

static void ignore(int sig)
{
	(void)sig;
}

/* Nobody else runs on the processor that the test is on until this ends. */
static int alone(bool on)
{
	struct sched_param param = { .sched_priority = on ? 1 : 0 };

	return ERR(sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param));
}

/*
 * One packet wakes one reader. If that one has a signal as well when it gets to
 * run, it must not leave with EINTR while the packet waits and others sleep.
 */
TEST_F_TIMEOUT(queue, no_wakeup_is_lost_to_a_signal, 120)
{
	struct sigaction sa = { .sa_handler = ignore };
	struct sleeper first, second;
	cpu_set_t cpus;
	int i;

	sigaction(SIGUSR1, &sa, NULL);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	ASSERT_EQ(0, ERR(sched_setaffinity(0, sizeof(cpus), &cpus)));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	for (i = 0; i < 20; i++) {
		long err;

		ASSERT_EQ(0, sleeper_start(&first, SLEEP_READ, self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&first));
		ASSERT_EQ(0, sleeper_start(&second, SLEEP_READ, self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&second));

		ASSERT_EQ(0, alone(true));
		err = send_numbered(self->raw, self->u.ifindex, i);
		pthread_kill(first.thread, SIGUSR1);
		ASSERT_EQ(0, alone(false));
		ASSERT_EQ(0, err);

		ASSERT_TRUE(sleeper_join(&first));
		/* Whoever it is, somebody has the packet. */
		EXPECT_TRUE(WAIT_FOR(!fionread(self->u.fd), TIMEOUT_MS))
			TH_LOG("round %d: the first got %ld, the second sleeps on", i, first.ret);
		if (first.ret >= 0)
			SEND(i);
		ASSERT_TRUE(sleeper_join(&second));
		EXPECT_EQ((long)IP_UDP_LEN + 4, second.ret);
	}
}

TEST_F(queue, one_packet_wakes_a_reader_and_every_poller)
{
	static const enum sleep_call ways[] = {
		SLEEP_READ, SLEEP_POLL, SLEEP_READ, SLEEP_SELECT, SLEEP_EPOLL, SLEEP_POLL,
	};
	struct sleeper s[ARRAY_SIZE(ways)];
	unsigned int i, woken = 0;

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		ASSERT_EQ(0, sleeper_start(&s[i], ways[i], self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s[i]));
	}
	/* Two packets, so that the pollers find one, whoever runs first. */
	SEND(1);
	SEND(2);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i] != SLEEP_READ)
			continue;
		ASSERT_TRUE(sleeper_join(&s[i]));
		EXPECT_EQ((long)IP_UDP_LEN + 4, s[i].ret);
	}
	/* A poller that came after both reads went back to sleep; one more wakes it. */
	SEND(3);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i] == SLEEP_READ)
			continue;
		ASSERT_TRUE(sleeper_join(&s[i]))
			TH_LOG("sleeper %u sleeps on", i);
		EXPECT_EQ(1, s[i].ret);
		woken++;
	}
	EXPECT_EQ(4, woken);
	EXPECT_EQ(3, read_numbered(self->u.fd));
}

struct toggler {
	pthread_t thread;
	int ifindex;
	bool stop;
	int odd;
};

static void *toggle(void *arg)
{
	struct toggler *t = arg;
	unsigned int len = 0;

	while (!__atomic_load_n(&t->stop, __ATOMIC_SEQ_CST)) {
		int err = link_down(t->ifindex);

		if (!err)
			err = link_set_txqlen(t->ifindex, 1 + len++ % 40);
		if (!err)
			err = link_up(t->ifindex);
		if (err)
			t->odd = err;
	}
	return NULL;
}

/* Flushes, changes of the bound, senders and a reader, all at once. */
TEST_F_TIMEOUT(queue, flush_against_traffic, 120)
{
	struct toggler t = { .ifindex = self->u.ifindex };
	char packet[64];
	size_t len = build_udp(packet, PEER, LOCAL, 9, PORT, "w", 1);
	long n;
	int i;

	ASSERT_EQ(0, pthread_create(&t.thread, NULL, toggle, &t));
	for (i = 0; i < 4000; i++) {
		n = send_numbered(self->raw, self->u.ifindex, i);
		EXPECT_TRUE(!n || n == -ENOBUFS || n == -ENETDOWN || n == -ENOMEM)
			TH_LOG("send: %ld", n);
		EXPECT_EQ((ssize_t)len, write(self->u.fd, packet, len));
		if (i % 3)
			continue;
		n = read_numbered(self->u.fd);
		EXPECT_TRUE(n == -EAGAIN || (n >= 0 && n <= i))
			TH_LOG("read: %ld", n);
		n = fionread(self->u.fd);
		EXPECT_TRUE(!n || n == IP_UDP_LEN + 4)
			TH_LOG("FIONREAD: %ld", n);
	}
	__atomic_store_n(&t.stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(t.thread, NULL));
	EXPECT_EQ(0, t.odd);
	/* Written packets were taken or dropped for being down: all are counted. */
	EXPECT_EQ(4000, STAT_DELTA(rx_packets) + STAT_DELTA(rx_dropped));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 10));
	while (read_numbered(self->u.fd) >= 0)
		;
	SEND(1);
	EXPECT_EQ(1, read_numbered(self->u.fd));
}

static void *send_until_told(void *arg)
{
	struct toggler *t = arg;
	int raw = packet_socket();
	long ret;

	while (!__atomic_load_n(&t->stop, __ATOMIC_SEQ_CST)) {
		ret = send_numbered(raw, t->ifindex, 1);
		/* Linux says ENOMEM to a sender that it finds the interface down for half way. */
		if (ret && ret != -ENOBUFS && ret != -ENETDOWN && ret != -ENOMEM)
			t->odd = ret;
	}
	close(raw);
	return NULL;
}

/*
 * The stack may still be in the middle of sending when it sets the interface
 * down. Nothing of that may stay behind in the flushed queue.
 */
TEST_F_TIMEOUT(queue, nothing_slips_in_behind_the_flush, 120)
{
	struct toggler t = { .ifindex = self->u.ifindex };
	int i, n;

	ASSERT_EQ(0, pthread_create(&t.thread, NULL, send_until_told, &t));
	for (i = 0; i < scaled_rounds(100); i++) {
		ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_TRUE(wait_readable(self->u.fd));
		ASSERT_EQ(0, link_down(self->u.ifindex));
		for (n = 0; n < 20; n++) {
			ASSERT_EQ(0, fionread(self->u.fd))
				TH_LOG("round %d", i);
			ASSERT_EQ(0, poll_now(self->u.fd, POLLIN));
			sched_yield();
		}
	}
	__atomic_store_n(&t.stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(t.thread, NULL));
	EXPECT_EQ(0, t.odd);
}

TEST_HARNESS_MAIN
