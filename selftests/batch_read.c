// SPDX-License-Identifier: GPL-2.0
/*
 * Batch mode: its ioctls, and reads, which return as many packets as are queued and fit. Also built
 * as a 32-bit program.
 */
#include <limits.h>
#include <net/if_tap.h>
#include <net/if_tun.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "lib/batch.h"
#include "lib/fixture.h"
#include "lib/offload.h"
#include "lib/uring.h"

NODE_FIXTURE(node);
TUN_VARIANT(node);
TAP_VARIANT(node);
VMNET_VARIANT(node);

NODE_FIXTURE(ip);
TUN_VARIANT(ip);

UNIT_FIXTURE(unit);
TUN_VARIANT(unit);
TAP_VARIANT(unit);
VMNET_VARIANT(unit);

#define STRIDE	((RECORD_LEN + numbered_len(&self->u) + 7) & ~7ul)

#define BATCH_ON()	ASSERT_EQ(0, batch_set(&self->u, 1))
#define READ_BATCH(size, first)	batch_read_numbered(&self->u, self->buf, size, first)

static bool fdinfo_batch(int fd, const char *expected)
{
	char value[16];

	return fdinfo_value(fd, "batch", value, sizeof(value)) && !strcmp(value, expected);
}

/* ---- ioctls ---------------------------------------------------------------- */

TEST_F(unit, batch_mode_is_off_at_each_open)
{
	int round, copy;

	for (round = 0; round < 3; round++) {
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(0, ioctl_get(self->u.fd, BSDTUNGBATCH));
		EXPECT_TRUE(fdinfo_batch(self->u.fd, "0"));
		ASSERT_EQ(0, batch_set(&self->u, 1));
		/* This is not the last close. */
		copy = dup(self->u.fd);
		close(self->u.fd);
		self->u.fd = copy;
		EXPECT_EQ(1, ioctl_get(self->u.fd, BSDTUNGBATCH));
		EXPECT_TRUE(fdinfo_batch(self->u.fd, "1"));
		unit_close(&self->u);
	}
}

TEST_F(unit, any_other_number_than_0_switches_it_on)
{
	static const int values[] = { 1, 0, -1, 2, 0, INT_MIN, INT_MAX, 0, 0x100 };
	unsigned int i;

	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		EXPECT_EQ(0, ioctl_set(self->u.fd, i % 2 ? bsd_encoding(BSDTUNSBATCH) :
							   BSDTUNSBATCH, values[i]));
		EXPECT_EQ(!!values[i], ioctl_get(self->u.fd, BSDTUNGBATCH));
		EXPECT_EQ(!!values[i], ioctl_get(self->u.fd, bsd_encoding(BSDTUNGBATCH)));
	}
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, BSDTUNSBATCH, NULL)));
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, BSDTUNGBATCH, NULL)));
	EXPECT_EQ(1, ioctl_get(self->u.fd, BSDTUNGBATCH));
}

TEST_F(unit, offload_header_and_batch_mode_do_not_change_each_other)
{
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 12));
	ASSERT_EQ(0, batch_set(&self->u, 1));
	EXPECT_EQ(12, ioctl_get(self->u.fd, link_header_len(&self->u) ? TAPGVNETHDR :
									BSDTUNGVNETHDR));
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 0));
	EXPECT_EQ(1, ioctl_get(self->u.fd, BSDTUNGBATCH));
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 10));
	ASSERT_EQ(0, batch_set(&self->u, 0));
	EXPECT_EQ(10, ioctl_get(self->u.fd, link_header_len(&self->u) ? TAPGVNETHDR :
									BSDTUNGVNETHDR));
}

/* ---- how much a read returns ------------------------------------------------- */

TEST_F(node, read_returns_all_queued_packets)
{
	unsigned int first = 0, n;

	BATCH_ON();
	for (n = 1; n < 20; n++) {
		SEND_RANGE(first, first + n);
		EXPECT_EQ(n, READ_BATCH(sizeof(self->buf), first));
		EXPECT_EQ(-EAGAIN, READ_BATCH(sizeof(self->buf), 0));
		first += n;
	}
	EXPECT_EQ(first, STAT_DELTA(tx_packets));
	EXPECT_EQ(first * numbered_len(&self->u), STAT_DELTA(tx_bytes));
}

/* More than the driver takes from its queue at once. */
TEST_F(node, read_returns_hundreds_of_packets)
{
	BATCH_ON();
	SEND_RANGE(0, 450);
	EXPECT_EQ(450, READ_BATCH(sizeof(self->buf), 0));
	EXPECT_EQ(-EAGAIN, READ_BATCH(sizeof(self->buf), 0));
}

TEST_F(node, read_returns_as_many_as_fit)
{
	/* The last record needs no padding. */
	const size_t last = RECORD_LEN + numbered_len(&self->u);
	unsigned int first = 0, n;

	BATCH_ON();
	for (n = 1; n < 70; n += 7) {
		SEND_RANGE(first, first + 3 * n + 2);
		EXPECT_EQ(n, READ_BATCH(n * STRIDE, first));
		EXPECT_EQ(n, READ_BATCH((n - 1) * STRIDE + last, first + n));
		/* One byte is missing. */
		EXPECT_EQ(n, READ_BATCH(n * STRIDE + last - 1, first + 2 * n));
		EXPECT_EQ(2, READ_BATCH(sizeof(self->buf), first + 3 * n));
		first += 3 * n + 2;
	}
}

TEST_F(node, record_has_the_length_of_the_packet)
{
	static char data[1000];
	struct batch b = { .buf = self->buf };
	const struct bsdtun_record *record;
	ssize_t len;
	int n;

	fill_pattern(data, sizeof(data), 5);
	BATCH_ON();
	for (n = 0; n <= 16; n++)
		SEND_UDP(data, n);
	SEND_UDP(data, sizeof(data));
	len = ERR(read(self->u.fd, self->buf, sizeof(self->buf)));
	ASSERT_LT(0, len);
	/* All of them are padded. */
	EXPECT_EQ(0, len % BSDTUN_RECORD_ALIGNMENT);
	b.len = len;
	for (n = 0; n <= 17; n++) {
		int size = n <= 16 ? n : sizeof(data);

		EXPECT_EQ(0, b.at % BSDTUN_RECORD_ALIGNMENT);
		record = batch_next(&b);
		ASSERT_NE(NULL, record);
		EXPECT_EQ(0, record->flags);
		ASSERT_EQ(unit_udp_len(&self->u, size), record->len);
		EXPECT_TRUE(unit_udp_is_valid(&self->u, batch_data(record), record->len));
		EXPECT_EQ(0, memcmp(data, unit_udp_data(&self->u, batch_data(record)), size));
	}
	EXPECT_EQ(b.len, b.at);
}

TEST_F(node, first_packet_that_does_not_fit_is_truncated)
{
	const size_t packet = numbered_len(&self->u);
	const struct bsdtun_record *record = (void *)self->buf;
	unsigned int n = 0, space;

	BATCH_ON();
	for (space = 0; space < packet; space++) {
		SEND_RANGE(n, n + 2);
		memset(self->buf, 0x55, sizeof(self->buf));
		EXPECT_EQ((ssize_t)(RECORD_LEN + space),
			  ERR(read(self->u.fd, self->buf, RECORD_LEN + space)));
		EXPECT_EQ(space, record->len);
		EXPECT_EQ(RECORD_LEN, record->hdr_len);
		EXPECT_EQ(BSDTUN_RECORD_TRUNCATED, record->flags);
		EXPECT_EQ(0x55, self->buf[RECORD_LEN + space]);
		/* The rest of the packet is lost, and the next one is not. */
		EXPECT_EQ(1, READ_BATCH(sizeof(self->buf), n + 1));
		n += 2;
	}
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

TEST_F(node, read_without_room_for_a_record_is_EINVAL)
{
	size_t len;

	BATCH_ON();
	/* Also if it would wait. */
	for (len = 1; len < RECORD_LEN; len++)
		EXPECT_EQ(-EINVAL, ERR(read(self->u.fd, self->buf, len)));
	SEND_RANGE(0, 3);
	for (len = 1; len < RECORD_LEN; len++)
		EXPECT_EQ(-EINVAL, ERR(read(self->u.fd, self->buf, len)));
	EXPECT_EQ(0, ERR(read(self->u.fd, self->buf, 0)));
	EXPECT_EQ(3, READ_BATCH(sizeof(self->buf), 0));
}

TEST_F(node, records_may_cross_vectors)
{
	static const size_t parts[] = { 1, 2, 3, 5, 7, 8, 9, 11, 13, 16, 20, 31, 40, 0, 64, 100 };
	static char pieces[ARRAY_SIZE(parts)][100];
	struct iovec iov[ARRAY_SIZE(parts)];
	unsigned int first = 0, round, i;
	size_t size, at, n;
	ssize_t len;

	BATCH_ON();
	for (round = 0; round < ARRAY_SIZE(parts); round++) {
		for (i = size = 0; i < ARRAY_SIZE(parts); i++) {
			iov[i].iov_base = pieces[i];
			iov[i].iov_len = parts[(i + round) % ARRAY_SIZE(parts)];
			size += iov[i].iov_len;
		}
		SEND_RANGE(first, first + 20);
		len = ERR(readv(self->u.fd, iov, ARRAY_SIZE(parts)));
		ASSERT_LT(0, len);
		for (i = at = 0; i < ARRAY_SIZE(parts); i++) {
			memcpy(self->buf + at, pieces[i], iov[i].iov_len);
			at += iov[i].iov_len;
		}
		n = (size + STRIDE - RECORD_LEN - numbered_len(&self->u)) / STRIDE;
		EXPECT_EQ(n, batch_numbers(&self->u, self->buf, len, first));
		EXPECT_EQ(20 - n, READ_BATCH(sizeof(self->buf), first + n));
		first += 20;
	}
}

TEST_F(node, FIONREAD_is_the_length_of_the_first_record)
{
	unsigned int i;

	BATCH_ON();
	EXPECT_EQ(0, fionread(self->u.fd));
	SEND_UDP("hello", 5);
	SEND_RANGE(0, 3);
	EXPECT_EQ(RECORD_LEN + unit_udp_len(&self->u, 5), fionread(self->u.fd));
	/* A buffer of this size gets the whole packet, and no other. */
	EXPECT_EQ((ssize_t)(RECORD_LEN + unit_udp_len(&self->u, 5)),
		  ERR(read(self->u.fd, self->buf, RECORD_LEN + unit_udp_len(&self->u, 5))));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(RECORD_LEN + numbered_len(&self->u), fionread(self->u.fd));
		EXPECT_EQ(1, READ_BATCH(RECORD_LEN + numbered_len(&self->u), i));
	}
	EXPECT_EQ(0, fionread(self->u.fd));
	/* With a header that FIONREAD does not count for single packets. */
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 12));
	SEND_RANGE(0, 1);
	EXPECT_EQ(RECORD_LEN + 12 + numbered_len(&self->u), fionread(self->u.fd));
	ASSERT_EQ(0, batch_set(&self->u, 0));
	EXPECT_EQ(numbered_len(&self->u), fionread(self->u.fd));
}

/* The mode of the read counts, and not that of the time when the packet was queued. */
TEST_F(node, queued_packets_are_read_either_way)
{
	unsigned int i;

	SEND_RANGE(0, 10);
	for (i = 0; i < 10; i += 2) {
		ASSERT_EQ(0, batch_set(&self->u, 0));
		EXPECT_EQ(i, read_numbered(&self->u));
		BATCH_ON();
		EXPECT_EQ(1, READ_BATCH(STRIDE, i + 1));
	}
	EXPECT_EQ(-EAGAIN, READ_BATCH(sizeof(self->buf), 0));
}

/* ---- faults ---------------------------------------------------------------- */

/* Pages, the last of which cannot be accessed. */
static char *with_bad_page(size_t good)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map;

	good = (good + page - 1) / page * page;
	map = mmap(NULL, good + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + good, page, PROT_NONE))
		return NULL;
	return map + good;
}

TEST_F(node, fault_ends_a_read_and_loses_one_packet)
{
	const size_t head = 8, whole = RECORD_LEN + numbered_len(&self->u);
	char *bad = with_bad_page(100 * STRIDE);
	unsigned int first = 0, lost = 0, n;
	size_t good;

	ASSERT_NE(NULL, bad);
	BATCH_ON();
	for (n = 0; n < 80; n += 13) {
		/* The fault is in the header of a record, after it, and in its last byte. */
		const size_t parts[] = { 0, 1, head, head + 1, whole - 1 };
		unsigned int i;

		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			SEND_RANGE(first, first + n + 5);
			good = n * STRIDE + parts[i];
			if (n) {
				EXPECT_EQ(n, batch_read_numbered(&self->u, bad - good, good + 4096,
								 first));
			} else {
				EXPECT_EQ(-EFAULT, ERR(read(self->u.fd, bad - good, good + 4096)));
			}
			lost++;
			EXPECT_EQ(lost, ethtool_statistic(self->u.ifname, "tx_drop_fault"));
			/* The others are still there, in order. */
			EXPECT_EQ(RECORD_LEN + numbered_len(&self->u), fionread(self->u.fd));
			EXPECT_EQ(4, READ_BATCH(sizeof(self->buf), first + n + 1));
			EXPECT_EQ(-EAGAIN, READ_BATCH(sizeof(self->buf), 0));
			first += n + 5;
		}
	}
	/* A fault in the padding of the last record loses nothing. */
	good = STRIDE + whole;
	if (good % BSDTUN_RECORD_ALIGNMENT) {
		SEND_RANGE(first, first + 2);
		EXPECT_EQ(2, batch_read_numbered(&self->u, bad - good, 2 * STRIDE, first));
	}
	EXPECT_EQ(lost, ethtool_statistic(self->u.ifname, "tx_drop_fault"));
}

/* Packets that came back to the queue have their place in it. */
TEST_F(node, packets_after_a_fault_count_against_the_limit)
{
	char *bad = with_bad_page(100 * STRIDE);

	ASSERT_NE(NULL, bad);
	BATCH_ON();
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 10));
	SEND_RANGE(0, 10);
	EXPECT_EQ(2, batch_read_numbered(&self->u, bad - 2 * STRIDE, 4096, 0));
	/* 3 to 9 are queued. */
	SEND_RANGE(10, 13);
	EXPECT_EQ(-ENOBUFS, send_numbered(&self->u, self->raw, 13));
	EXPECT_EQ(7, READ_BATCH(7 * STRIDE, 3));
	EXPECT_EQ(3, READ_BATCH(sizeof(self->buf), 10));
}

/* ---- waiting ---------------------------------------------------------------- */

TEST_F(node, read_waits_for_one_packet)
{
	struct sleeper s;
	int round;

	BATCH_ON();
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s));
		SEND_RANGE(round, round + 1);
		ASSERT_TRUE(sleeper_join(&s));
		EXPECT_EQ(STRIDE, s.ret);
		EXPECT_EQ(1, batch_numbers(&self->u, s.buf, s.ret, round));
	}
}

/* It does not wait for more than is there. */
TEST_F(node, read_does_not_wait_for_more)
{
	BATCH_ON();
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	SEND_RANGE(0, 64);
	EXPECT_EQ(64, READ_BATCH(sizeof(self->buf), 0));
	SEND_RANGE(0, 3);
	EXPECT_EQ(3, READ_BATCH(sizeof(self->buf), 0));
}

TEST_F(node, edge_triggered_epoll_reports_each_arrival)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned int n = 0, round;

	BATCH_ON();
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->u.fd, &ev));
	for (round = 1; round < 20; round++) {
		EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
		SEND_RANGE(n, n + 2 * round);
		ASSERT_EQ(1, epoll_wait(ep, &ev, 1, TIMEOUT_MS));
		EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
		EXPECT_EQ(round, READ_BATCH(round * STRIDE, n));
		EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
		EXPECT_EQ(round, READ_BATCH(sizeof(self->buf), n + round));
		n += 2 * round;
	}
	close(ep);
}

TEST_F(node, poll_and_level_triggered_epoll_report_what_is_left)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned int i;

	BATCH_ON();
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->u.fd, &ev));
	SEND_RANGE(0, 20);
	for (i = 0; i < 20; i += 5) {
		EXPECT_EQ(1, epoll_wait(ep, &ev, 1, 0));
		EXPECT_EQ(POLLIN, poll_now(self->u.fd, POLLIN));
		EXPECT_EQ(5, READ_BATCH(5 * STRIDE, i));
	}
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
	EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
	close(ep);
}

TEST_F(node, io_uring_reads_batches)
{
	struct io_uring_cqe cqe;
	struct ring ring;
	unsigned int round, n = 0;

	if (ring_unavailable())
		SKIP(return, "io_uring is not available");
	ASSERT_EQ(0, ring_open(&ring));
	BATCH_ON();
	for (round = 0; round < 10; round++) {
		if (round % 2)
			SEND_RANGE(n, n + 5);
		ring_prepare(&ring, IORING_OP_READ, self->u.fd, self->buf, sizeof(self->buf),
			     round)->off = (__u64)-1;
		ASSERT_EQ(0, ring_submit(&ring));
		if (round % 2 == 0) {
			EXPECT_TRUE(ring_stays_empty(&ring));
			SEND_RANGE(n, n + 5);
		}
		ASSERT_TRUE(ring_wait(&ring, &cqe));
		ASSERT_LT(0, cqe.res);
		/* The packet that completes a request may be the first of several. */
		if (round % 2 == 0) {
			long got = batch_numbers(&self->u, self->buf, cqe.res, n);

			EXPECT_LE(1, got);
			if (got < 5)
				EXPECT_EQ(5 - got, READ_BATCH(sizeof(self->buf), n + got));
		} else {
			EXPECT_EQ(5, batch_numbers(&self->u, self->buf, cqe.res, n));
		}
		n += 5;
	}
	EXPECT_EQ(0, ring_workers());
	ring_close(&ring);
}

/* A stopped stack is woken by a batch as by single packets. */
TEST_F(ip, read_makes_room_for_the_qdisc)
{
	unsigned int first = 0, round;

	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 1000", self->u.ifname));
	BATCH_ON();
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 16));
	for (round = 0; round < 20; round++) {
		unsigned int end = first + 40, n = first;

		SEND_RANGE(first, end);
		while (n < end) {
			long got;

			/* The qdisc runs in a softirq after the wake-up. */
			ASSERT_TRUE(wait_readable(self->u.fd));
			got = READ_BATCH(sizeof(self->buf), n);
			ASSERT_LT(0, got);
			n += got;
		}
		first = end;
	}
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	EXPECT_LE(20, ethtool_statistic(self->u.ifname, "queue_stops"));
}

/* ---- framings and headers ------------------------------------------------------ */

TEST_F(ip, prefix_is_part_of_the_record)
{
	static const size_t lens[] = { 0, 4, 16 };
	const struct bsdtun_record *record;
	unsigned int framing, i;
	struct batch b;
	ssize_t len;

	BATCH_ON();
	for (framing = 0; framing < ARRAY_SIZE(lens); framing++) {
		ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSIFHEAD, framing == 1));
		ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSLMODE, framing == 2));
		SEND_RANGE(0, 5);
		len = ERR(read(self->u.fd, self->buf, sizeof(self->buf)));
		ASSERT_LT(0, len);
		b = (struct batch){ .buf = self->buf, .len = len };
		for (i = 0; i < 5; i++) {
			record = batch_next(&b);
			ASSERT_NE(NULL, record);
			ASSERT_EQ(lens[framing] + numbered_len(&self->u), record->len);
			if (framing == 1)
				EXPECT_EQ(AF_INET, be32_at(batch_data(record)));
			if (framing == 2)
				EXPECT_EQ(0x10020000u, be32_at(batch_data(record)));
			EXPECT_EQ(i, number_of(&self->u,
					       (const char *)batch_data(record) + lens[framing],
					       record->len - lens[framing]));
		}
		EXPECT_EQ(b.len, b.at);
	}
}

TEST_F(node, superpackets_and_small_packets_share_a_batch)
{
	const struct offload o = { .kind = variant->kind, .virtio = 12 };
	const struct virtio_net_hdr large = l4_virtio(AF_INET, IPPROTO_TCP, 1000);
	const size_t headers = l4_headers_len(AF_INET, IPPROTO_TCP);
	const size_t prefix = offload_prefix_len(&o);
	static char sent[20000], got[100000];
	const struct bsdtun_record *record;
	struct virtio_net_hdr hdr;
	int raw = vnet_socket();
	struct batch b;
	ssize_t len;
	int i;

	ASSERT_LE(0, raw);
	ASSERT_EQ(0, offload_on(&self->u, &o, OFFLOAD_CAPS_ALL));
	BATCH_ON();
	len = build_l4(sent, AF_INET, IPPROTO_TCP, false, 9000, true);
	for (i = 0; i < 3; i++) {
		SEND_RANGE(i, i + 1);
		ASSERT_LT(0, vnet_send(raw, &self->u, &large, sent, len));
	}
	len = ERR(read(self->u.fd, got, sizeof(got)));
	ASSERT_LT(0, len);
	b = (struct batch){ .buf = got, .len = len };
	for (i = 0; i < 3; i++) {
		record = batch_next(&b);
		ASSERT_NE(NULL, record);
		ASSERT_EQ(12 + numbered_len(&self->u), record->len);
		EXPECT_EQ(i, number_of(&self->u, (const char *)batch_data(record) + 12,
				       record->len - 12));
		record = batch_next(&b);
		ASSERT_NE(NULL, record);
		ASSERT_EQ(prefix + headers + 9000, record->len);
		hdr = offload_get(&o, batch_data(record));
		EXPECT_EQ(1000, hdr.gso_size);
		EXPECT_EQ(0, memcmp((const char *)batch_data(record) + prefix + headers,
				    sent + headers, 9000));
	}
	EXPECT_EQ(b.len, b.at);
	close(raw);
}

/* Without a header, a batch has the segments, as many as fit. */
TEST_F(node, segments_of_a_superpacket_fill_batches)
{
	const struct offload o = { .kind = variant->kind, .virtio = 12 };
	const struct virtio_net_hdr large = l4_virtio(AF_INET, IPPROTO_TCP, 1000);
	const size_t headers = l4_headers_len(AF_INET, IPPROTO_TCP);
	const size_t packet = link_header_len(&self->u) + headers + 1000;
	static char sent[60000], got[100000];
	const struct bsdtun_record *record;
	int raw = vnet_socket(), i, n = 0;
	struct batch b;
	ssize_t len;

	ASSERT_LE(0, raw);
	ASSERT_EQ(0, offload_on(&self->u, &o, OFFLOAD_CAPS_ALL));
	len = build_l4(sent, AF_INET, IPPROTO_TCP, false, 40000, true);
	ASSERT_LT(0, vnet_send(raw, &self->u, &large, sent, len));
	ASSERT_EQ(0, offload_off(&self->u, &o));
	BATCH_ON();
	for (i = 0; i < 4; i++) {
		len = ERR(read(self->u.fd, got, 10 * ((RECORD_LEN + packet + 7) & ~7ul)));
		ASSERT_LT(0, len);
		b = (struct batch){ .buf = got, .len = len };
		while (b.at < b.len) {
			const char *ip;

			record = batch_next(&b);
			ASSERT_NE(NULL, record);
			ASSERT_EQ(packet, record->len);
			ip = (const char *)batch_data(record) + link_header_len(&self->u);
			EXPECT_TRUE(l4_is_valid(ip, headers + 1000));
			EXPECT_EQ(0, memcmp(ip + headers, sent + headers + n * 1000, 1000));
			n++;
		}
		EXPECT_EQ(10 * (i + 1), n);
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, got, sizeof(got))));
	close(raw);
}

/* ---- the end of the unit --------------------------------------------------------- */

TEST_F(node, revoked_unit_is_EHOSTDOWN)
{
	struct sleeper s;

	BATCH_ON();
	SEND_RANGE(0, 3);
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(-EAGAIN, READ_BATCH(sizeof(self->buf), 0));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(-EHOSTDOWN, s.ret);
	expect_revoked(_metadata, &self->u);
}

/* ---- several threads --------------------------------------------------------------- */

#define SENDERS		2
#define READERS		2
#define PACKETS		2000u

struct shared {
	const struct unit *u;
	atomic_bool done;
};

struct thread {
	pthread_t thread;
	struct shared *shared;
	unsigned int first;
	unsigned int count;
	bool bad;
	unsigned char seen[SENDERS * PACKETS];
};

static void *send_all(void *arg)
{
	struct thread *t = arg;
	int raw = packet_socket();
	unsigned int i;

	for (i = 0; i < PACKETS; i++)
		while (send_numbered(t->shared->u, raw, t->first + i) == -ENOBUFS)
			sched_yield();
	close(raw);
	return NULL;
}

/* In each read, and from one read of a thread to its next, the packets of a sender are in order. */
static void *read_all(void *arg)
{
	struct thread *t = arg;
	const struct unit *u = t->shared->u;
	long last[SENDERS] = { -1, -1 };
	unsigned int seed = t->first;
	char buf[8192];

	while (true) {
		size_t size = 64 + rand_r(&seed) % (sizeof(buf) - 64);
		/* Before the read, so that an empty queue afterwards is the end. */
		bool done = atomic_load(&t->shared->done);
		ssize_t len = ERR(read(u->fd, buf, size));
		struct batch b = { .buf = buf, .len = len };

		if (len == -EAGAIN) {
			if (done)
				return NULL;
			sched_yield();
			continue;
		}
		while (b.at < b.len) {
			const struct bsdtun_record *record = len > 0 ? batch_next(&b) : NULL;
			long n = record ? number_of(u, batch_data(record), record->len) : -1;

			if (n < 0 || n >= (long)(SENDERS * PACKETS) || n <= last[n / PACKETS]) {
				t->bad = true;
				return NULL;
			}
			last[n / PACKETS] = n;
			t->seen[n]++;
			t->count++;
		}
	}
}

TEST_F_TIMEOUT(node, each_packet_goes_to_one_of_several_readers, 240)
{
	static struct thread senders[SENDERS], readers[READERS];
	struct shared shared = { .u = &self->u };
	unsigned int i, n;

	BATCH_ON();
	for (i = 0; i < READERS; i++) {
		readers[i] = (struct thread){ .shared = &shared, .first = i };
		ASSERT_EQ(0, pthread_create(&readers[i].thread, NULL, read_all, &readers[i]));
	}
	for (i = 0; i < SENDERS; i++) {
		senders[i] = (struct thread){ .shared = &shared, .first = i * PACKETS };
		ASSERT_EQ(0, pthread_create(&senders[i].thread, NULL, send_all, &senders[i]));
	}
	for (i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_join(senders[i].thread, NULL));
	atomic_store(&shared.done, true);
	for (i = 0; i < READERS; i++) {
		ASSERT_EQ(0, pthread_join(readers[i].thread, NULL));
		EXPECT_FALSE(readers[i].bad);
	}
	for (n = 0; n < SENDERS * PACKETS; n++)
		EXPECT_EQ(1, readers[0].seen[n] + readers[1].seen[n]);
}

TEST_HARNESS_MAIN
