// SPDX-License-Identifier: GPL-2.0
/*
 * The queue between the interface and the reader while several threads send, read, write, wait and
 * flush it.
 */

#include "lib/fixture.h"

NODE_FIXTURE(ip);
TUN_VARIANT(ip);

#define SENDERS		2
#define PACKETS		2000u

struct sender {
	pthread_t thread;
	const struct unit *u;
	unsigned int first;
	unsigned int sent, refused;
	long error;		/* any but ENOBUFS */
};

static void *send_many(void *arg)
{
	struct sender *s = arg;
	int raw = packet_socket();
	unsigned int i;

	for (i = 0; i < PACKETS; i++) {
		long ret = send_numbered(s->u, raw, s->first + i);

		if (!ret)
			s->sent++;
		else if (ret == -ENOBUFS)
			s->refused++;
		else
			s->error = ret;
	}
	close(raw);
	return NULL;
}

/* Every packet is read once, in the order of its sender, or counted as dropped. */
TEST_F_TIMEOUT(ip, every_sent_packet_is_read_or_counted, 120)
{
	struct sender sender[SENDERS] = { };
	unsigned int i, got = 0, sent = 0, refused = 0;
	long last[SENDERS], n;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 32));
	for (i = 0; i < SENDERS; i++) {
		last[i] = -1;
		sender[i].u = &self->u;
		sender[i].first = i * PACKETS;
		ASSERT_EQ(0, pthread_create(&sender[i].thread, NULL, send_many, &sender[i]));
	}
	for (;;) {
		struct pollfd pfd = { .fd = self->u.fd, .events = POLLIN };

		n = read_numbered(&self->u);
		if (n == -EAGAIN) {
			/* After this long without a packet, the senders are done. */
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
		EXPECT_EQ(0, sender[i].error);
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
	unsigned int written;
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
			w->written++;
	}
	return NULL;
}

/* The counters are per CPU: concurrent writers do not lose any increment. */
TEST_F_TIMEOUT(ip, every_written_packet_is_counted, 120)
{
	struct writer w[2] = { };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		w[i].fd = self->u.fd;
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, write_many, &w[i]));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_EQ(PACKETS, w[i].written);
	}
	EXPECT_EQ(2 * PACKETS, STAT_DELTA(rx_packets));
	EXPECT_EQ(2 * PACKETS * (IP_UDP_LEN + 4), STAT_DELTA(rx_bytes));
}

static void ignore_signal(int sig)
{
	(void)sig;
}

/* With @on, no other thread of the test runs on its CPU. */
static int set_realtime(bool on)
{
	struct sched_param param = { .sched_priority = on ? 1 : 0 };

	return ERR(sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param));
}

/*
 * A packet wakes one reader. If a signal is pending too when that reader runs, it must not return
 * EINTR while the packet stays queued and other readers sleep.
 */
TEST_F_TIMEOUT(ip, signal_does_not_consume_a_wakeup, 120)
{
	struct sigaction sa = { .sa_handler = ignore_signal };
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

		ASSERT_EQ(0, set_realtime(true));
		err = send_numbered(&self->u, self->raw, i);
		pthread_kill(first.thread, SIGUSR1);
		ASSERT_EQ(0, set_realtime(false));
		ASSERT_EQ(0, err);

		ASSERT_TRUE(sleeper_join(&first));
		/* One of the two has read the packet. */
		EXPECT_TRUE(WAIT_FOR(!fionread(self->u.fd), TIMEOUT_MS))
			TH_LOG("round %d: the first returned %ld, the second sleeps", i, first.ret);
		if (first.ret >= 0)
			SEND_RANGE(i, i + 1);
		ASSERT_TRUE(sleeper_join(&second));
		EXPECT_EQ((long)numbered_len(&self->u), second.ret);
	}
}

TEST_F(ip, packet_wakes_a_reader_and_every_poller)
{
	static const enum sleep_call calls[] = {
		SLEEP_READ, SLEEP_POLL, SLEEP_READ, SLEEP_SELECT, SLEEP_EPOLL, SLEEP_POLL,
	};
	struct sleeper s[ARRAY_SIZE(calls)];
	unsigned int i, woken = 0;

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ASSERT_EQ(0, sleeper_start(&s[i], calls[i], self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s[i]));
	}
	/* Two packets: one is still queued for the pollers if a reader runs first. */
	SEND_RANGE(1, 2);
	SEND_RANGE(2, 3);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i] != SLEEP_READ)
			continue;
		ASSERT_TRUE(sleeper_join(&s[i]));
		EXPECT_EQ((long)numbered_len(&self->u), s[i].ret);
	}
	/* A poller that ran after both reads sleeps again; the third packet wakes it. */
	SEND_RANGE(3, 4);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i] == SLEEP_READ)
			continue;
		ASSERT_TRUE(sleeper_join(&s[i]))
			TH_LOG("sleeper %u was not woken", i);
		EXPECT_EQ(1, s[i].ret);
		woken++;
	}
	EXPECT_EQ(4, woken);
	EXPECT_EQ(3, read_numbered(&self->u));
}

struct background {
	pthread_t thread;
	const struct unit *u;
	bool stop;
	long error;
};

static void *toggle(void *arg)
{
	struct background *t = arg;
	unsigned int len = 0;

	while (!__atomic_load_n(&t->stop, __ATOMIC_SEQ_CST)) {
		int err = link_down(t->u->ifindex);

		if (!err)
			err = link_set_txqlen(t->u->ifindex, 1 + len++ % 40);
		if (!err)
			err = link_up(t->u->ifindex);
		if (err)
			t->error = err;
	}
	return NULL;
}

/* Flushes and new limits race with a sender, a writer and a reader. */
TEST_F_TIMEOUT(ip, flush_races_with_traffic, 120)
{
	struct background t = { .u = &self->u };
	char packet[64];
	size_t len = build_udp(packet, PEER, LOCAL, 9, PORT, "w", 1);
	long n;
	int i;

	ASSERT_EQ(0, pthread_create(&t.thread, NULL, toggle, &t));
	for (i = 0; i < 4000; i++) {
		n = send_numbered(&self->u, self->raw, i);
		EXPECT_TRUE(!n || n == -ENOBUFS || n == -ENETDOWN || n == -ENOMEM)
			TH_LOG("send: %ld", n);
		EXPECT_EQ((ssize_t)len, write(self->u.fd, packet, len));
		if (i % 3)
			continue;
		n = read_numbered(&self->u);
		EXPECT_TRUE(n == -EAGAIN || (n >= 0 && n <= i))
			TH_LOG("read: %ld", n);
		n = fionread(self->u.fd);
		EXPECT_TRUE(!n || n == (long)numbered_len(&self->u))
			TH_LOG("FIONREAD: %ld", n);
	}
	__atomic_store_n(&t.stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(t.thread, NULL));
	EXPECT_EQ(0, t.error);
	/* Every written packet is counted as received or as dropped. */
	EXPECT_EQ(4000, STAT_DELTA(rx_packets) + STAT_DELTA(rx_dropped));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 10));
	while (read_numbered(&self->u) >= 0)
		;
	SEND_RANGE(1, 2);
	EXPECT_EQ(1, read_numbered(&self->u));
}

static void *send_until_stopped(void *arg)
{
	struct background *t = arg;
	int raw = packet_socket();
	long ret;

	while (!__atomic_load_n(&t->stop, __ATOMIC_SEQ_CST)) {
		ret = send_numbered(t->u, raw, 1);
		/* A packet socket returns ENOMEM if the interface goes down while it sends. */
		if (ret && ret != -ENOBUFS && ret != -ENETDOWN && ret != -ENOMEM)
			t->error = ret;
	}
	close(raw);
	return NULL;
}

/*
 * The stack may still be transmitting when it sets the interface down. No packet may be queued
 * after the flush.
 */
TEST_F_TIMEOUT(ip, no_packet_is_queued_after_the_flush, 120)
{
	struct background t = { .u = &self->u };
	int i, n;

	ASSERT_EQ(0, pthread_create(&t.thread, NULL, send_until_stopped, &t));
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
	EXPECT_EQ(0, t.error);
}

TEST_HARNESS_MAIN
