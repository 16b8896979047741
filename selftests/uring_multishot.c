// SPDX-License-Identifier: GPL-2.0
/*
 * Multishot reads by io_uring: one request returns packet after packet in buffers that the kernel
 * selects, until something ends it. On rings of several types.
 */

#include "lib/batch.h"
#include "lib/fixture.h"
#include "lib/offload.h"
#include "lib/uring.h"

#include <sys/mman.h>

#define OFFSET		((__u64)-1)
#define BUFFERS		16
#define BUFFER_SIZE	128
#define REQUEST		1	/* user_data */
#define CANCEL		2

FIXTURE(multishot) {
	struct unit u;
	struct rtnl_link_stats64 before;
	struct ring ring;
	struct buf_group group;		/* of which the kernel has all buffers */
	struct buf_group other;		/* for the test */
	struct io_uring_cqe cqe;
	int raw;
	char buf[16384];
};

FIXTURE_VARIANT(multishot) {
	const char *kind;
	int open_flags;
	unsigned int setup;
};

FIXTURE_VARIANT_ADD(multishot, tun) { .kind = TUN_KIND };
FIXTURE_VARIANT_ADD(multishot, tap) { .kind = TAP_KIND };
FIXTURE_VARIANT_ADD(multishot, vmnet) { .kind = VMNET_KIND, .open_flags = O_NONBLOCK };

/* Completions are posted only while the program waits for them. */
FIXTURE_VARIANT_ADD(multishot, tun_defer_taskrun) {
	.kind = TUN_KIND,
	.open_flags = O_NONBLOCK,
	.setup = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER,
};

/* A kernel thread issues the requests, and runs them again when a packet comes. */
FIXTURE_VARIANT_ADD(multishot, tap_sqpoll) {
	.kind = TAP_KIND,
	.setup = IORING_SETUP_SQPOLL,
};

FIXTURE_SETUP(multishot)
{
	if (ring_unavailable())
		SKIP(return, "io_uring is not available");
	ASSERT_EQ(0, ring_open_with(&self->ring, variant->setup));
	ASSERT_EQ(0, buf_group_open(&self->group, &self->ring, 1, BUFFERS, BUFFER_SIZE, 0));
	buf_group_provide(&self->group, 0, BUFFERS);
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->kind, variant->open_flags));
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(multishot)
{
	/* No request may have needed one, on whatever path it was retried. */
	EXPECT_EQ(0, ring_workers());
	ring_close(&self->ring);
	buf_group_close(&self->group);
	buf_group_close(&self->other);
	close(self->raw);
	unit_destroy(&self->u);
}

static struct io_uring_sqe *prepare_multishot(struct ring *r, int fd, const struct buf_group *g)
{
	struct io_uring_sqe *sqe = ring_prepare(r, IORING_OP_READ_MULTISHOT, fd, NULL, 0, REQUEST);

	sqe->off = OFFSET;
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = g->id;
	return sqe;
}

#define ARM(g)								\
do {									\
	prepare_multishot(&self->ring, self->u.fd, g);			\
	ASSERT_EQ(0, ring_submit(&self->ring));				\
} while (0)

/* The number of the packet of send_numbered() in a completion, or the error. */
static long completed_number(const struct unit *u, struct buf_group *g,
			     const struct io_uring_cqe *cqe)
{
	const char *data;

	if (cqe->res < 0)
		return cqe->res;
	data = buf_group_data(g, cqe);
	return data ? number_of(u, data, cqe->res) : -EPROTO;
}

/* Waits for packet @n, which does not end the request, and provides its buffer again. */
static void expect_packet(struct __test_metadata *_metadata, FIXTURE_DATA(multishot) * self,
			  long n)
{
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe))
		TH_LOG("no packet %ld", n);
	ASSERT_EQ(n, completed_number(&self->u, &self->group, &self->cqe));
	EXPECT_EQ(REQUEST, self->cqe.user_data);
	EXPECT_NE(0, self->cqe.flags & IORING_CQE_F_MORE);
	buf_group_provide(&self->group, cqe_buffer(&self->cqe), 1);
}

#define EXPECT_PACKET(n)	expect_packet(_metadata, self, n)

/* Waits for the last completion of the request, which has no buffer. */
static void expect_end(struct __test_metadata *_metadata, FIXTURE_DATA(multishot) * self, int error)
{
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ(REQUEST, self->cqe.user_data);
	EXPECT_EQ(error, self->cqe.res);
	EXPECT_EQ(0, self->cqe.flags & (IORING_CQE_F_MORE | IORING_CQE_F_BUFFER));
	EXPECT_TRUE(ring_stays_empty(&self->ring));
}

#define EXPECT_END(error)	expect_end(_metadata, self, error)

/* Cancels the request, armed and without a packet, by its user_data or by its descriptor. */
static void cancel(struct __test_metadata *_metadata, FIXTURE_DATA(multishot) * self, bool by_fd)
{
	struct io_uring_sqe *sqe;
	int i, ended = 0, acknowledged = 0;

	sqe = ring_prepare(&self->ring, IORING_OP_ASYNC_CANCEL, by_fd ? self->u.fd : -1, NULL, 0,
			   CANCEL);
	if (by_fd)
		sqe->cancel_flags = IORING_ASYNC_CANCEL_FD;
	else
		sqe->addr = REQUEST;
	ASSERT_EQ(0, ring_submit(&self->ring));
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
		EXPECT_EQ(0, self->cqe.flags & (IORING_CQE_F_MORE | IORING_CQE_F_BUFFER));
		if (self->cqe.user_data == REQUEST)
			ended += self->cqe.res == -ECANCELED;
		else
			acknowledged += !self->cqe.res;
	}
	EXPECT_EQ(1, ended);
	EXPECT_EQ(1, acknowledged);
}

#define CANCEL_BY_TAG()	cancel(_metadata, self, false)
#define CANCEL_BY_FD()	cancel(_metadata, self, true)

TEST_F(multishot, one_request_returns_all_packets)
{
	unsigned int n;

	SEND_RANGE(0, 5);
	ARM(&self->group);
	for (n = 0; n < 5; n++)
		EXPECT_PACKET(n);
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	for (; n < 3 * BUFFERS; n++) {
		SEND_RANGE(n, n + 1);
		EXPECT_PACKET(n);
	}
	SEND_RANGE(n, n + BUFFERS);
	for (; n < 4 * BUFFERS; n++)
		EXPECT_PACKET(n);
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_EQ(n, STAT_DELTA(tx_packets));
}

TEST_F(multishot, exhaustion_ends_the_request_and_keeps_the_packet)
{
	unsigned int n;

	ARM(&self->group);
	SEND_RANGE(0, BUFFERS);
	for (n = 0; n < BUFFERS; n++) {
		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
		ASSERT_EQ(n, completed_number(&self->u, &self->group, &self->cqe));
		EXPECT_NE(0, self->cqe.flags & IORING_CQE_F_MORE);
	}
	/* It ends at the first packet that has no buffer. */
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	SEND_RANGE(n, n + 3);
	EXPECT_END(-ENOBUFS);
	EXPECT_LT(0, fionread(self->u.fd));
	EXPECT_EQ(n, read_numbered(&self->u));
	ARM(&self->group);
	EXPECT_END(-ENOBUFS);
	buf_group_provide(&self->group, 0, BUFFERS);
	ARM(&self->group);
	EXPECT_PACKET(n + 1);
	EXPECT_PACKET(n + 2);
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

/* Without a buffer no packet is needed to end the request. */
TEST_F(multishot, empty_group_is_ENOBUFS)
{
	ASSERT_EQ(0, buf_group_open(&self->other, &self->ring, 2, 4, BUFFER_SIZE, 0));
	ARM(&self->other);
	EXPECT_END(-ENOBUFS);
}

TEST_F(multishot, short_buffer_truncates_as_read_does)
{
	const int size = 10;

	ASSERT_EQ(0, buf_group_open(&self->other, &self->ring, 2, 1, size, 0));
	buf_group_provide(&self->other, 0, 1);
	SEND_RANGE(7, 8);
	SEND_RANGE(7, 9);
	ASSERT_EQ(size, read(self->u.fd, self->buf, size));
	ARM(&self->other);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	ASSERT_EQ(size, self->cqe.res);
	ASSERT_EQ(0, cqe_buffer(&self->cqe));
	EXPECT_EQ(0, memcmp(self->buf, buf_group_data(&self->other, &self->cqe), size));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	/* The rest is gone. */
	EXPECT_END(-ENOBUFS);
	EXPECT_EQ(8, read_numbered(&self->u));
}

/* Packets share a buffer until it is full; what the last one lacks room for is lost. */
TEST_F(multishot, incremental_buffer)
{
	const size_t len = numbered_len(&self->u);
	unsigned int n;

	ASSERT_EQ(0, buf_group_open(&self->other, &self->ring, 2, 2, 3 * len + len / 2, 1));
	buf_group_provide(&self->other, 0, 2);
	ARM(&self->other);
	SEND_RANGE(0, 5);
	for (n = 0; n < 5; n++) {
		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
		EXPECT_NE(0, self->cqe.flags & IORING_CQE_F_MORE);
		EXPECT_EQ(n > 3, cqe_buffer(&self->cqe));
		if (n == 3) {
			EXPECT_EQ(len / 2, self->cqe.res);
			EXPECT_EQ(0, self->cqe.flags & IORING_CQE_F_BUF_MORE);
		} else {
			EXPECT_EQ(n, completed_number(&self->u, &self->other, &self->cqe));
			EXPECT_NE(0, self->cqe.flags & IORING_CQE_F_BUF_MORE);
		}
	}
	EXPECT_TRUE(ring_stays_empty(&self->ring));
}

TEST_F(multishot, incremental_buffer_with_min_left)
{
	const size_t len = numbered_len(&self->u);
	unsigned int n;

	ASSERT_EQ(0, buf_group_open(&self->other, &self->ring, 2, 2, 3 * len + len / 2, len));
	buf_group_provide(&self->other, 0, 2);
	ARM(&self->other);
	SEND_RANGE(0, 7);
	for (n = 0; n < 6; n++) {
		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
		EXPECT_EQ(n, completed_number(&self->u, &self->other, &self->cqe));
		EXPECT_NE(0, self->cqe.flags & IORING_CQE_F_MORE);
		EXPECT_EQ(n / 3, cqe_buffer(&self->cqe));
		EXPECT_EQ(n % 3 < 2, !!(self->cqe.flags & IORING_CQE_F_BUF_MORE));
	}
	EXPECT_END(-ENOBUFS);
	EXPECT_EQ(6, read_numbered(&self->u));
}

TEST_F(multishot, bad_buffer_ends_the_request_and_loses_the_packet)
{
	ASSERT_EQ(0, buf_group_open(&self->other, &self->ring, 2, 1, 4096, 0));
	buf_group_provide(&self->other, 0, 1);
	ASSERT_EQ(0, mprotect(self->other.memory, 4096, PROT_NONE));
	ARM(&self->other);
	SEND_RANGE(0, 2);
	EXPECT_END(-EFAULT);
	EXPECT_EQ(1, read_numbered(&self->u));
	/* The buffer is still the kernel's. */
	ASSERT_EQ(0, mprotect(self->other.memory, 4096, PROT_READ | PROT_WRITE));
	ARM(&self->other);
	SEND_RANGE(2, 3);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ(2, completed_number(&self->u, &self->other, &self->cqe));
}

TEST_F(multishot, cancelled_request_takes_no_packet)
{
	unsigned int round;

	for (round = 0; round < 10; round++) {
		ARM(&self->group);
		SEND_RANGE(0, 2);
		EXPECT_PACKET(0);
		EXPECT_PACKET(1);
		EXPECT_FALSE(ring_peek(&self->ring, &self->cqe));
		if (round % 2)
			CANCEL_BY_FD();
		else
			CANCEL_BY_TAG();
		SEND_RANGE(2, 3);
		EXPECT_EQ(2, read_numbered(&self->u));
	}
	EXPECT_TRUE(ring_stays_empty(&self->ring));
}

#define RACE_PACKETS	400u	/* fewer than the limit of the queue */

struct sender {
	const struct unit *u;
	int raw;
	long error;
};

static void *send_packets(void *arg)
{
	struct sender *s = arg;
	unsigned int n;

	for (n = 0; n < RACE_PACKETS && !s->error; n++)
		s->error = send_numbered(s->u, s->raw, n);
	return NULL;
}

/* Packets come while requests are made and cancelled. None is lost, and the order is kept. */
TEST_F_TIMEOUT(multishot, cancel_loses_no_packet, 120)
{
	struct sender sender = { .u = &self->u, .raw = self->raw };
	long long end = now_ms() + TIMEOUT_MS;
	unsigned int n = 0, cancelled = 0;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_packets, &sender));
	while (n < RACE_PACKETS) {
		bool ended = false, acknowledged = false;

		ASSERT_GT(end, now_ms());
		ARM(&self->group);
		ring_prepare(&self->ring, IORING_OP_ASYNC_CANCEL, -1, (void *)REQUEST, 0, CANCEL);
		ASSERT_EQ(0, ring_submit(&self->ring));
		while (!ended || !acknowledged) {
			ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
			if (self->cqe.user_data == CANCEL) {
				acknowledged = true;
				continue;
			}
			if (cqe_buffer(&self->cqe) >= 0) {
				ASSERT_EQ(n, completed_number(&self->u, &self->group, &self->cqe));
				buf_group_provide(&self->group, cqe_buffer(&self->cqe), 1);
				n++;
			} else {
				EXPECT_TRUE(self->cqe.res == -ECANCELED ||
					    self->cqe.res == -ENOBUFS);
				cancelled += self->cqe.res == -ECANCELED;
			}
			ended = !(self->cqe.flags & IORING_CQE_F_MORE);
		}
	}
	ASSERT_TRUE(thread_join(thread));
	EXPECT_EQ(0, sender.error);
	EXPECT_LT(0, cancelled);
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_TRUE(ring_stays_empty(&self->ring));
}

#define SHARED_PACKETS	2000u

/* A thread with a ring, which reads until the unit is deleted. */
struct reader {
	const struct unit *u;
	unsigned int setup;
	unsigned char *seen;
	unsigned int *armed, *total;
	unsigned int count, rearmed;
	long last, error;
};

static void *read_packets(void *arg)
{
	struct buf_group group;
	struct reader *r = arg;
	struct io_uring_cqe cqe = { };
	struct ring ring;

	r->last = -1;
	r->error = ring_open_with(&ring, r->setup) ?:
		   buf_group_open(&group, &ring, 1, BUFFERS, BUFFER_SIZE, 0);
	if (r->error)
		return NULL;
	buf_group_provide(&group, 0, BUFFERS);
	do {
		long n;

		if (!(cqe.flags & IORING_CQE_F_MORE)) {
			prepare_multishot(&ring, r->u->fd, &group);
			r->error = ring_submit(&ring);
			if (!r->rearmed++)
				__atomic_add_fetch(r->armed, 1, __ATOMIC_RELEASE);
		}
		if (!r->error && !ring_wait(&ring, &cqe))
			r->error = -ETIMEDOUT;
		if (r->error || cqe.res == -EHOSTDOWN)
			break;
		n = completed_number(r->u, &group, &cqe);
		if (n == -ENOBUFS)
			continue;
		if (n <= r->last || n >= SHARED_PACKETS) {
			r->error = n < 0 ? n : -ERANGE;
			break;
		}
		r->last = n;
		r->count++;
		__atomic_add_fetch(&r->seen[n], 1, __ATOMIC_RELAXED);
		buf_group_provide(&group, cqe_buffer(&cqe), 1);
		__atomic_add_fetch(r->total, 1, __ATOMIC_RELEASE);
	} while (true);
	ring_close(&ring);
	buf_group_close(&group);
	return NULL;
}

TEST_F_TIMEOUT(multishot, two_rings_share_the_packets, 120)
{
	static unsigned char seen[SHARED_PACKETS];
	unsigned int armed = 0, total = 0, n;
	struct reader reader[2] = { };
	pthread_t thread[2];
	int i;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, SHARED_PACKETS));
	for (i = 0; i < 2; i++) {
		reader[i].u = &self->u;
		reader[i].setup = variant->setup;
		reader[i].seen = seen;
		reader[i].armed = &armed;
		reader[i].total = &total;
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_packets, &reader[i]));
	}
	ASSERT_TRUE(WAIT_FOR(__atomic_load_n(&armed, __ATOMIC_ACQUIRE) == 2, TIMEOUT_MS));
	SEND_RANGE(0, SHARED_PACKETS);
	EXPECT_TRUE(WAIT_FOR(__atomic_load_n(&total, __ATOMIC_ACQUIRE) >= SHARED_PACKETS,
			     TIMEOUT_MS));
	EXPECT_EQ(0, fionread(self->u.fd));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(thread_join(thread[i]));
		EXPECT_EQ(0, reader[i].error);
		TH_LOG("ring %d: %u packets, %u requests", i, reader[i].count, reader[i].rearmed);
	}
	EXPECT_EQ(SHARED_PACKETS, reader[0].count + reader[1].count);
	for (n = 0; n < SHARED_PACKETS; n++)
		EXPECT_EQ(1, seen[n]);
}

TEST_F(multishot, deletion_of_the_unit_ends_the_request)
{
	ARM(&self->group);
	SEND_RANGE(0, 1);
	EXPECT_PACKET(0);
	EXPECT_FALSE(ring_peek(&self->ring, &self->cqe));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	EXPECT_END(-EHOSTDOWN);
	expect_revoked(_metadata, &self->u);
	ARM(&self->group);
	EXPECT_END(-EHOSTDOWN);
	EXPECT_EQ(0, ERR(close(self->u.fd)));
	self->u.fd = -1;
	EXPECT_FALSE(node_exists(&self->u));
}

/* The sender stops when its interface is gone. Whatever was read before that is in order. */
TEST_F_TIMEOUT(multishot, deletion_while_packets_come, 120)
{
	unsigned int round;

	for (round = 0; round < 5; round++) {
		struct sender sender = { .u = &self->u, .raw = self->raw };
		unsigned int n = 0;
		pthread_t thread;
		int id;

		ARM(&self->group);
		ASSERT_EQ(0, pthread_create(&thread, NULL, send_packets, &sender));
		for (;;) {
			ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
			id = cqe_buffer(&self->cqe);
			if (id < 0 && self->cqe.res != -ENOBUFS)
				break;
			if (id >= 0) {
				ASSERT_EQ(n, completed_number(&self->u, &self->group, &self->cqe));
				buf_group_provide(&self->group, id, 1);
				if (++n == 10 * (round + 1))
					ASSERT_EQ(0, link_del(self->u.ifindex));
			}
			if (!(self->cqe.flags & IORING_CQE_F_MORE))
				ARM(&self->group);
		}
		EXPECT_EQ(-EHOSTDOWN, self->cqe.res);
		EXPECT_TRUE(ring_stays_empty(&self->ring));
		ASSERT_TRUE(thread_join(thread));
		EXPECT_LE(10 * (round + 1), n);
		unit_close(&self->u);
		ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->kind, variant->open_flags));
	}
}

TEST_F(multishot, request_survives_down_and_up)
{
	unsigned int n;

	ARM(&self->group);
	for (n = 0; n < 5; n++) {
		ASSERT_EQ(0, link_down(self->u.ifindex));
		EXPECT_TRUE(ring_stays_empty(&self->ring));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		SEND_RANGE(n, n + 1);
		EXPECT_PACKET(n);
	}
}

/* The request has a reference to the open file. */
TEST_F(multishot, request_keeps_the_unit_open)
{
	unsigned int round;

	for (round = 0; round < 6; round++) {
		ARM(&self->group);
		unit_close(&self->u);
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
		SEND_RANGE(round, round + 1);
		EXPECT_PACKET(round);
		if (round % 2) {
			CANCEL_BY_TAG();
		} else {
			ring_close(&self->ring);
			buf_group_close(&self->group);
			ASSERT_EQ(0, ring_open_with(&self->ring, variant->setup));
			ASSERT_EQ(0, buf_group_open(&self->group, &self->ring, 1, BUFFERS,
						    BUFFER_SIZE, 0));
			buf_group_provide(&self->group, 0, BUFFERS);
		}
		ASSERT_TRUE(WAIT_FOR(!unit_open(&self->u, variant->open_flags), TIMEOUT_MS));
		ASSERT_EQ(0, link_up(self->u.ifindex));
	}
}

TEST_F(multishot, registered_file)
{
	struct io_uring_sqe *sqe;
	unsigned int n;

	ASSERT_EQ(0, ERR(syscall(SYS_io_uring_register, self->ring.fd, IORING_REGISTER_FILES,
				 &self->u.fd, 1)));
	unit_close(&self->u);
	sqe = prepare_multishot(&self->ring, 0, &self->group);
	sqe->flags |= IOSQE_FIXED_FILE;
	ASSERT_EQ(0, ring_submit(&self->ring));
	for (n = 0; n < 2 * BUFFERS; n++) {
		SEND_RANGE(n, n + 1);
		EXPECT_PACKET(n);
	}
	CANCEL_BY_TAG();
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	ASSERT_EQ(0, ERR(syscall(SYS_io_uring_register, self->ring.fd, IORING_UNREGISTER_FILES,
				 NULL, 0)));
	ASSERT_TRUE(WAIT_FOR(!unit_open(&self->u, variant->open_flags), TIMEOUT_MS));
}

/* The packet for which the completion queue has no room ends the request, and is not lost. */
TEST_F(multishot, full_completion_queue_ends_the_request)
{
	unsigned int n, ended = 0;

	ASSERT_EQ(0, buf_group_open(&self->other, &self->ring, 2, BUFFERS_MAX, BUFFER_SIZE, 0));
	buf_group_provide(&self->other, 0, BUFFERS_MAX);
	ARM(&self->other);
	SEND_RANGE(0, BUFFERS_MAX);
	ASSERT_TRUE(WAIT_FOR(ring_overflowed(&self->ring), TIMEOUT_MS));
	for (n = 0; n < BUFFERS_MAX; n++) {
		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
		ASSERT_EQ(n, completed_number(&self->u, &self->other, &self->cqe));
		if (!(self->cqe.flags & IORING_CQE_F_MORE)) {
			ended++;
			ARM(&self->other);
		}
	}
	EXPECT_LT(0, ended);
	EXPECT_EQ(0, fionread(self->u.fd));
}

TEST_F(multishot, offload_header_precedes_the_packet)
{
	const struct offload o = { .kind = variant->kind, .virtio = 12 };
	const size_t prefix = offload_prefix_len(&o), payload = 5000;
	const struct virtio_net_hdr sent = l4_virtio(AF_INET, IPPROTO_TCP, 1000);
	size_t len = build_l4(self->buf, AF_INET, IPPROTO_TCP, false, payload, true);
	const size_t headers = l4_headers_len(AF_INET, IPPROTO_TCP);
	const size_t size = sizeof(self->buf);
	int vnet = vnet_socket(), i;

	ASSERT_LE(0, vnet);
	ASSERT_EQ(0, offload_on(&self->u, &o, 0));
	ASSERT_EQ(0, buf_group_open(&self->other, &self->ring, 2, 4, size, 0));
	buf_group_provide(&self->other, 0, 4);
	ARM(&self->other);
	for (i = 0; i < 3; i++) {
		struct virtio_net_hdr hdr;
		const char *data;

		ASSERT_LT(0, vnet_send(vnet, &self->u, &sent, self->buf, len));
		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
		ASSERT_EQ(prefix + len, self->cqe.res);
		EXPECT_NE(0, self->cqe.flags & IORING_CQE_F_MORE);
		data = buf_group_data(&self->other, &self->cqe);
		hdr = offload_get(&o, data);
		EXPECT_EQ(0, memcmp(&sent, &hdr, sizeof(hdr)));
		EXPECT_EQ(0, memcmp(data + prefix + headers, self->buf + headers, payload));
	}
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	close(vnet);
}

TEST_F(multishot, batches)
{
	const char *data;

	ASSERT_EQ(0, batch_set(&self->u, 1));
	ASSERT_EQ(0, buf_group_open(&self->other, &self->ring, 2, 4, 4096, 0));
	buf_group_provide(&self->other, 0, 4);
	SEND_RANGE(0, 10);
	ARM(&self->other);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_NE(0, self->cqe.flags & IORING_CQE_F_MORE);
	data = buf_group_data(&self->other, &self->cqe);
	ASSERT_NE(NULL, data);
	EXPECT_EQ(10, batch_numbers(&self->u, data, self->cqe.res, 0));
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	SEND_RANGE(10, 11);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_NE(0, self->cqe.flags & IORING_CQE_F_MORE);
	data = buf_group_data(&self->other, &self->cqe);
	ASSERT_NE(NULL, data);
	EXPECT_EQ(1, batch_numbers(&self->u, data, self->cqe.res, 10));
}

TEST_HARNESS_MAIN
