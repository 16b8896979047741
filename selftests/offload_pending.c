// SPDX-License-Identifier: GPL-2.0
/*
 * A reader never gets a packet that its header does not describe: not those that a queueing
 * discipline has held since the header was another, and not those that waited while a vmnet was
 * closed.
 */
#include "lib/test.h"
#include "lib/offload.h"

#define MSS		1000
#define SEGMENTS	5
#define PAYLOAD		(SEGMENTS * MSS - 1)

FIXTURE(offload_pending) {
	struct unit u;
	int raw;
	size_t link;
	struct rtnl_link_stats64 before;
	char sent[70000], got[70000];
};

FIXTURE_VARIANT(offload_pending) {
	struct offload o;
};

FIXTURE_VARIANT_ADD(offload_pending, tun_virtio) { .o = { .kind = TUN_KIND, .virtio = 10 } };
FIXTURE_VARIANT_ADD(offload_pending, tun_tun_hdr) { .o = { .kind = TUN_KIND } };
FIXTURE_VARIANT_ADD(offload_pending, tap_virtio) { .o = { .kind = TAP_KIND, .virtio = 12 } };
FIXTURE_VARIANT_ADD(offload_pending, tap_tun_hdr) { .o = { .kind = TAP_KIND } };
FIXTURE_VARIANT_ADD(offload_pending, vmnet_virtio) { .o = { .kind = VMNET_KIND, .virtio = 12 } };

FIXTURE_SETUP(offload_pending)
{
	self->u.fd = -1;
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->o.kind, O_NONBLOCK));
	self->link = link_header_len(&self->u);
	self->raw = vnet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(offload_pending)
{
	close(self->raw);
	unit_destroy(&self->u);
}

#define HEADERS	l4_headers_len(AF_INET, IPPROTO_TCP)

/* Transmits a superpacket. */
static ssize_t send_super(FIXTURE_DATA(offload_pending) * self)
{
	struct virtio_net_hdr hdr = l4_virtio(AF_INET, IPPROTO_TCP, MSS);
	size_t len = build_l4(self->sent, AF_INET, IPPROTO_TCP, false, PAYLOAD, true);

	return vnet_send(self->raw, &self->u, &hdr, self->sent, len);
}

/* Reads the segments of one superpacket, without a header. */
static void expect_segments(struct __test_metadata *_metadata,
			    FIXTURE_DATA(offload_pending) * self, int fd)
{
	size_t at;

	for (at = 0; at < PAYLOAD; at += MSS) {
		const size_t n = PAYLOAD - at < MSS ? PAYLOAD - at : MSS;

		ASSERT_TRUE(wait_readable(fd));
		ASSERT_EQ((ssize_t)(self->link + HEADERS + n),
			  ERR(read(fd, self->got, sizeof(self->got))));
		EXPECT_TRUE(l4_is_valid(self->got + self->link, HEADERS + n));
		EXPECT_EQ(0, memcmp(self->got + self->link + HEADERS,
				    self->sent + HEADERS + at, n));
	}
}

TEST_F(offload_pending, packets_held_by_a_qdisc)
{
	const size_t whole = offload_prefix_len(&variant->o) + HEADERS + PAYLOAD;
	const int n = 12;
	int i;

	if (run_command("tc qdisc add dev %s root pfifo limit 1000", self->u.ifname))
		SKIP(return, "no pfifo in this kernel");
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 2 * SEGMENTS));
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	for (i = 0; i < n; i++)
		ASSERT_LT(0, send_super(self));
	/* The driver has stopped the queue. */
	EXPECT_LT(0, ethtool_statistic(self->u.ifname, "queue_stops"));
	ASSERT_EQ((ssize_t)whole, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	for (i = 1; i < n; i++)
		expect_segments(_metadata, self, self->u.fd);
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	EXPECT_EQ(n * SEGMENTS, STAT_DELTA(tx_packets));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

/* The next program has no header, whatever the last one had. */
TEST_F(offload_pending, packets_of_the_next_open)
{
	bool vmnet = !strcmp(variant->o.kind, VMNET_KIND);

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	ASSERT_LT(0, send_super(self));
	unit_close(&self->u);
	/* A vmnet queues while it is closed. */
	if (vmnet)
		ASSERT_LT(0, send_super(self));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	if (!vmnet) {
		EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		ASSERT_LT(0, send_super(self));
	}
	expect_segments(_metadata, self, self->u.fd);
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
}

/* Queued without a header, read with one: the header says that nothing is left to do. */
TEST_F(offload_pending, header_goes_on_while_packets_wait)
{
	static const char zero[OFFLOAD_HEADER_MAX];
	const size_t header = offload_header_len(&variant->o);
	int i;

	ASSERT_LT(0, send_super(self));
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	for (i = 0; i < SEGMENTS; i++) {
		const ssize_t len = header + self->link + HEADERS + MSS - (i == SEGMENTS - 1);

		ASSERT_EQ(len, ERR(read(self->u.fd, self->got, sizeof(self->got))));
		EXPECT_EQ(0, memcmp(zero, self->got, header));
		EXPECT_TRUE(l4_is_valid(self->got + header + self->link,
					len - header - self->link));
	}
}

TEST_HARNESS_MAIN
