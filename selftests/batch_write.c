// SPDX-License-Identifier: GPL-2.0
/*
 * Batch mode: writes, which are sequences of records. Also built as a 32-bit program.
 */
#include <net/if_tap.h>
#include <net/if_tun.h>
#include <sys/mman.h>

#include "lib/batch.h"
#include "lib/fixture.h"
#include "lib/offload.h"

FIXTURE(node) {
	struct unit u;
	int udp;
	int raw;
	struct rtnl_link_stats64 before;
	char packet[MAX_PACKET + 64];
	char buf[1024 * 1024];
};

FIXTURE_VARIANT(node) {
	const char *kind;
};

TUN_VARIANT(node);
TAP_VARIANT(node);
VMNET_VARIANT(node);

FIXTURE_SETUP(node)
{
	int big = 4 << 20;

	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->kind, O_NONBLOCK));
	self->udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, self->udp);
	setsockopt(self->udp, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	ASSERT_EQ(0, batch_set(&self->u, 1));
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(node)
{
	close(self->raw);
	close(self->udp);
	unit_destroy(&self->u);
}

/* What the UDP socket has received already, or -EAGAIN. */
#define RECV_NOW()	ERR(recv(self->udp, self->packet, sizeof(self->packet), MSG_DONTWAIT))
#define PUT_UDP(len, data, size)					\
	batch_put(self->buf, len, self->packet,				\
		  unit_build_udp(&self->u, self->packet, data, size))
#define DROPS(name)	ethtool_statistic(self->u.ifname, name)

/* Appends @count records with the numbers from @first on. Returns the new length. */
static size_t put_numbers(FIXTURE_DATA(node) * self, size_t len, unsigned int first,
			  unsigned int count)
{
	unsigned int n;

	for (n = first; n < first + count; n++)
		len = PUT_UDP(len, &n, sizeof(n));
	return len;
}

/* Expects that exactly these numbers were received, in order. */
static void expect_numbers(struct __test_metadata *_metadata, FIXTURE_DATA(node) * self,
			   unsigned int first, unsigned int count)
{
	unsigned int n;

	for (n = first; n < first + count; n++) {
		ASSERT_EQ(sizeof(n), RECV_NOW());
		EXPECT_EQ(0, memcmp(self->packet, &n, sizeof(n)));
	}
	EXPECT_EQ(-EAGAIN, RECV_NOW());
}

#define PUT_NUMBERS(len, first, count)	put_numbers(self, len, first, count)
#define EXPECT_NUMBERS(first, count)	expect_numbers(_metadata, self, first, count)

TEST_F(node, packets_are_received_in_order)
{
	unsigned int first = 0, n;

	for (n = 1; n < 20; n++) {
		size_t len = PUT_NUMBERS(0, first, n);

		ASSERT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
		EXPECT_NUMBERS(first, n);
		first += n;
	}
	EXPECT_EQ(first, STAT_DELTA(rx_packets));
	EXPECT_EQ(first * unit_udp_len(&self->u, sizeof(n)), STAT_DELTA(rx_bytes));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
}

/* More than the driver passes to the stack at once. */
TEST_F(node, one_write_takes_hundreds_of_packets)
{
	size_t len = PUT_NUMBERS(0, 0, 450);

	ASSERT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_NUMBERS(0, 450);
	EXPECT_EQ(450, STAT_DELTA(rx_packets));
}

TEST_F(node, packets_of_all_lengths)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 1400, 5000, 20000, 65000, 9 };
	static char data[65000];
	size_t len = 0;
	unsigned int i;

	fill_pattern(data, sizeof(data), 9);
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 65535));
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		len = PUT_UDP(len, data, sizes[i]);
	ASSERT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(sizes[i], RECV_NOW());
		EXPECT_EQ(0, memcmp(self->packet, data, sizes[i]));
	}
}

TEST_F(node, last_record_needs_no_padding)
{
	unsigned int n, size, got;
	size_t len, whole;

	for (n = 0; n < 3; n++) {
		for (size = 4; size < 12; size++) {
			char data[12] = { };

			len = PUT_NUMBERS(0, 0, n);
			whole = PUT_UDP(len, data, size);
			len += RECORD_LEN + unit_udp_len(&self->u, size);
			for (; len <= whole; len++) {
				EXPECT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
				for (got = 0; RECV_NOW() > 0; got++)
					;
				EXPECT_EQ(n + 1, got);
			}
		}
	}
	EXPECT_EQ(0, DROPS("rx_drop_bad_header"));
}

TEST_F(node, records_may_cross_vectors)
{
	size_t len = PUT_NUMBERS(0, 0, 20), part, at;
	static struct iovec iov[1024];
	int n;

	for (part = 1; part < 60; part += part < 12 ? 1 : 7) {
		size_t sent = len / part < ARRAY_SIZE(iov) ? len : 0;

		for (n = 0, at = 0; at < sent; n++, at += part) {
			iov[n].iov_base = self->buf + at;
			iov[n].iov_len = sent - at < part ? sent - at : part;
		}
		if (!sent)
			continue;
		ASSERT_EQ(len, ERR(writev(self->u.fd, iov, n)));
		EXPECT_NUMBERS(0, 20);
	}
}

TEST_F(node, write_of_nothing)
{
	struct bsdtun_record empty = { .hdr_len = sizeof(empty) };
	size_t len;

	EXPECT_EQ(0, ERR(write(self->u.fd, self->buf, 0)));
	/* As write(fd, buf, 0), each of these has no effect. */
	EXPECT_EQ(RECORD_LEN, ERR(write(self->u.fd, &empty, sizeof(empty))));
	memcpy(self->buf, &empty, sizeof(empty));
	len = PUT_NUMBERS(RECORD_LEN, 0, 2);
	memcpy(self->buf + len, &empty, sizeof(empty));
	len = PUT_NUMBERS(len + RECORD_LEN, 2, 1);
	EXPECT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_NUMBERS(0, 3);
	EXPECT_EQ(3, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
}

/* ---- errors ---------------------------------------------------------------- */

static void expect_malformed(struct __test_metadata *_metadata, FIXTURE_DATA(node) * self,
			     size_t at, size_t len)
{
	const __u64 errors = STAT_DELTA(rx_errors);
	const long long drops = DROPS("rx_drop_bad_header");
	unsigned int n = 0;
	size_t start = 0;

	/* The records before it are received; the error is that of the next write. */
	if (at) {
		EXPECT_EQ(at, ERR(write(self->u.fd, self->buf, len)));
		while (RECV_NOW() > 0)
			n++;
		EXPECT_LT(0, n);
		start = at;
	}
	EXPECT_EQ(errors, STAT_DELTA(rx_errors));
	EXPECT_EQ(drops, DROPS("rx_drop_bad_header"));
	EXPECT_EQ(-EINVAL, ERR(write(self->u.fd, self->buf + start, len - start)));
	EXPECT_EQ(errors + 1, STAT_DELTA(rx_errors));
	EXPECT_EQ(drops + 1, DROPS("rx_drop_bad_header"));
	EXPECT_EQ(-EAGAIN, RECV_NOW());
}

TEST_F(node, malformed_record_is_EINVAL)
{
	static const unsigned int before[] = { 0, 1, 5, 70 };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(before); i++) {
		const size_t at = PUT_NUMBERS(0, 0, before[i]);
		const size_t len = PUT_NUMBERS(at, 0, 1);
		const __u32 packet = unit_udp_len(&self->u, 4);
		const struct bsdtun_record bad[] = {
			{ packet, 0, 0 }, { packet, 4, 0 }, { packet, 7, 0 }, { packet, 9, 0 },
			{ packet, 16, 0 }, { packet, 0x800, 0 }, { packet, 0xffff, 0 },
			{ packet, 8, BSDTUN_RECORD_TRUNCATED }, { packet, 8, 2 },
			{ packet, 8, 0x8000 }, { packet, 8, 0xffff },
			{ len - at - RECORD_LEN + 1, 8, 0 }, { 0x10000, 8, 0 },
			{ 0x7fffffff, 8, 0 }, { 0x80000000, 8, 0 }, { 0xffffffff, 8, 0 },
			{ 0xfffffff8, 8, 0 },
		};

		for (k = 0; k < ARRAY_SIZE(bad); k++) {
			memcpy(self->buf + at, &bad[k], sizeof(bad[k]));
			expect_malformed(_metadata, self, at, len);
		}
		/* A part of a header. */
		for (k = 1; k < RECORD_LEN; k++)
			expect_malformed(_metadata, self, at, at + k);
	}
}

/* What an error of a single packet is, it is in a batch. */
TEST_F(node, errors_of_packets)
{
	static const unsigned int before[] = { 0, 1, 64, 65 };
	unsigned int i;

	memset(self->packet, 0x45, sizeof(self->packet));
	for (i = 0; i < ARRAY_SIZE(before); i++) {
		size_t at = PUT_NUMBERS(0, 0, before[i]), len;

		memset(self->packet, 0x45, sizeof(self->packet));
		len = batch_put(self->buf, at, self->packet, MAX_PACKET + 1);
		if (at)
			EXPECT_EQ(at, ERR(write(self->u.fd, self->buf, len)));
		EXPECT_NUMBERS(0, before[i]);
		EXPECT_EQ(-EIO, ERR(write(self->u.fd, self->buf + at, len - at)));
		if (link_header_len(&self->u))
			continue;
		ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSIFHEAD, 1));
		len = batch_put(self->buf, 0, "\0\0", 3);
		EXPECT_EQ(-ENOBUFS, ERR(write(self->u.fd, self->buf, len)));
		len = batch_put(self->buf, 0, "\0\0\0\x63packet", 10);
		EXPECT_EQ(-EAFNOSUPPORT, ERR(write(self->u.fd, self->buf, len)));
		ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSIFHEAD, 0));
	}
}

TEST_F(node, fault_ends_a_write)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 65 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *bad = map + 64 * page;
	unsigned int n;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(bad, page, PROT_NONE));
	for (n = 0; n < 80; n += 13) {
		size_t good = PUT_NUMBERS(0, 0, n), len = PUT_NUMBERS(good, n, 5), part;

		for (part = 0; part < RECORD_LEN + unit_udp_len(&self->u, 4); part += 5) {
			const long long faults = DROPS("rx_drop_fault");
			char *start = bad - good - part;

			memcpy(start, self->buf, good + part);
			if (n) {
				EXPECT_EQ(good, ERR(write(self->u.fd, start, len)));
				EXPECT_NUMBERS(0, n);
			}
			/* The record at fault is reported once. */
			EXPECT_EQ(faults, DROPS("rx_drop_fault"));
			EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, start + good, len - good)));
			EXPECT_EQ(faults + 1, DROPS("rx_drop_fault"));
		}
	}
	EXPECT_EQ(-EAGAIN, RECV_NOW());
	munmap(map, 65 * page);
}

/* ---- packets that are dropped without an error -------------------------------- */

TEST_F(node, while_down_each_packet_is_counted)
{
	size_t len = PUT_NUMBERS(0, 0, 70);

	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_EQ(70, STAT_DELTA(rx_dropped));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(70, DROPS("rx_drop_not_ready"));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_NUMBERS(0, 70);
	EXPECT_EQ(70, STAT_DELTA(rx_dropped));
}

TEST_F(node, packets_among_dropped_ones_are_received)
{
	char frame[ETH_HLEN + 46] = OTHER_MAC;
	unsigned int n, dropped = 0;
	size_t len = 0;

	/* An address family without a packet, a runt, a frame for another station. */
	if (!link_header_len(&self->u))
		ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSIFHEAD, 1));
	for (n = 0; n < 100; n++) {
		if (link_header_len(&self->u)) {
			len = batch_put(self->buf, len, frame, n % 2 ? 13 : sizeof(frame));
			len = PUT_UDP(len, &n, sizeof(n));
		} else {
			size_t packet = unit_build_udp(&self->u, self->packet + 4, &n, sizeof(n));

			memcpy(self->packet, "\0\0\0\2", 4);
			len = batch_put(self->buf, len, self->packet, 4);
			len = batch_put(self->buf, len, self->packet, 4 + packet);
		}
		dropped++;
	}
	EXPECT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_NUMBERS(0, 100);
	EXPECT_EQ(dropped, DROPS("rx_drop_too_short") + DROPS("rx_drop_other_host"));
	EXPECT_EQ(100, STAT_DELTA(rx_packets));
}

/* ---- headers ------------------------------------------------------------------ */

TEST_F(node, offload_header_is_part_of_the_record)
{
	const struct offload o = { .kind = variant->kind, .virtio = 12 };
	const size_t headers = l4_headers_len(AF_INET, IPPROTO_UDP);
	const size_t prefix = offload_prefix_len(&o);
	struct virtio_net_hdr hdr = l4_virtio(AF_INET, IPPROTO_UDP, 0);
	struct virtio_net_hdr large = l4_virtio(AF_INET, IPPROTO_UDP, 1000);
	size_t len = 0, at, bad;
	int i;

	ASSERT_EQ(0, offload_on(&self->u, &o, 0));
	/* Of each pair, one packet is to be completed, and one to be segmented. */
	for (i = 0; i < 10; i++) {
		offload_put(&self->u, &o, self->packet, AF_INET, &hdr);
		build_l4(self->packet + prefix, AF_INET, IPPROTO_UDP, true, 100, true);
		len = batch_put(self->buf, len, self->packet, prefix + headers + 100);
		offload_put(&self->u, &o, self->packet, AF_INET, &large);
		build_l4(self->packet + prefix, AF_INET, IPPROTO_UDP, true, 4000, true);
		len = batch_put(self->buf, len, self->packet, prefix + headers + 4000);
	}
	ASSERT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
	for (i = 0; i < 10; i++) {
		int k;

		EXPECT_EQ(100, RECV_NOW());
		for (k = 0; k < 4; k++)
			EXPECT_EQ(1000, RECV_NOW());
	}
	EXPECT_EQ(-EAGAIN, RECV_NOW());
	EXPECT_EQ(10 + 40, STAT_DELTA(rx_packets));
	EXPECT_EQ(20 * (headers + link_header_len(&self->u)) + 10 * 4100, STAT_DELTA(rx_bytes));

	/* A header that does not fit its packet ends the write. */
	offload_put(&self->u, &o, self->packet, AF_INET, &hdr);
	build_l4(self->packet + prefix, AF_INET, IPPROTO_UDP, true, 100, true);
	at = batch_put(self->buf, 0, self->packet, prefix + headers + 100);
	hdr.csum_start = 3000;
	offload_put(&self->u, &o, self->packet, AF_INET, &hdr);
	bad = batch_put(self->buf, at, self->packet, prefix + headers + 100);
	EXPECT_EQ(at, ERR(write(self->u.fd, self->buf, bad)));
	EXPECT_EQ(100, RECV_NOW());
	EXPECT_EQ(0, DROPS("rx_drop_bad_header"));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(-EINVAL, ERR(write(self->u.fd, self->buf + at, bad - at)));
	EXPECT_EQ(1, DROPS("rx_drop_bad_header"));
	EXPECT_EQ(1, STAT_DELTA(rx_errors));
}

/* What a read returns, a write of another unit takes as it is. */
TEST_F(node, batch_is_forwarded_unchanged)
{
	struct unit other;
	unsigned int n;
	ssize_t len;
	int listener, in = packet_socket();

	ASSERT_EQ(0, unit_create_kind(&other, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&other, O_NONBLOCK));
	ASSERT_EQ(0, link_up(other.ifindex));
	if (link_header_len(&other))
		ASSERT_EQ(0, link_set_flags(other.ifindex, IFF_PROMISC, IFF_PROMISC));
	ASSERT_EQ(0, batch_set(&other, 1));
	listener = packet_listener(other.ifindex, link_header_len(&other) ? LOCAL_ETHERTYPE :
									    ETH_P_IP);
	ASSERT_LE(0, listener);
	send_numbered_range(_metadata, &self->u, self->raw, 0, 100);
	len = ERR(read(self->u.fd, self->buf, sizeof(self->buf)));
	ASSERT_LT(0, len);
	EXPECT_EQ(len, ERR(write(other.fd, self->buf, len)));
	for (n = 0; n < 100; n++) {
		ssize_t got = ERR(recv(listener, self->packet, sizeof(self->packet), 0));

		EXPECT_EQ(n, number_of(&self->u, self->packet, got));
	}
	close(listener);
	close(in);
	unit_destroy(&other);
}

/* ---- how a write ends ------------------------------------------------------------ */

TEST_F(node, revoked_unit_is_EHOSTDOWN)
{
	size_t len = PUT_NUMBERS(0, 0, 5);

	ASSERT_EQ(0, link_del(self->u.ifindex));
	EXPECT_EQ(-EHOSTDOWN, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_EQ(-EHOSTDOWN, ERR(write(self->u.fd, self->buf, 1)));
	EXPECT_EQ(-EHOSTDOWN, ERR(write(self->u.fd, self->buf, 0)));
}

TEST_F(node, single_packets_again_after_batch_mode)
{
	size_t len = unit_build_udp(&self->u, self->packet, "one", 3);

	ASSERT_EQ(0, batch_set(&self->u, 0));
	ASSERT_EQ(len, ERR(write(self->u.fd, self->packet, len)));
	EXPECT_EQ(3, RECV_NOW());
	ASSERT_EQ(0, batch_set(&self->u, 1));
	len = PUT_UDP(0, "two!", 4);
	ASSERT_EQ(len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_EQ(4, RECV_NOW());
}

TEST_HARNESS_MAIN
