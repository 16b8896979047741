// SPDX-License-Identifier: GPL-2.0
/*
 * Reads with an offload header: the packet is as the stack has left it, and the header describes
 * it. A reader without a header, or whose header cannot describe a packet, gets it finished,
 * whatever was queued before.
 */
#include "lib/fixture.h"
#include "lib/offload.h"

#include <net/if_tun.h>
#include <netinet/tcp.h>

#define MSS		1000
#define SEGMENTS	9

FIXTURE(offload_read) {
	struct unit u;
	int raw;
	struct rtnl_link_stats64 before;
	char sent[70000], got[70000];
};

FIXTURE_VARIANT(offload_read) {
	struct offload o;
	int family;
};

FIXTURE_VARIANT_ADD(offload_read, tun_virtio_ipv4) {
	.o = { .kind = TUN_KIND, .virtio = 10 }, .family = AF_INET,
};

OFFLOAD_VARIANTS(offload_read, head_virtio, .kind = TUN_KIND, .virtio = 12, .head = true);
OFFLOAD_VARIANTS(offload_read, head_tun_hdr, .kind = TUN_KIND, .head = true);
OFFLOAD_VARIANTS(offload_read, tap_virtio, .kind = TAP_KIND, .virtio = 12);
OFFLOAD_VARIANTS(offload_read, tap_tun_hdr, .kind = TAP_KIND);
OFFLOAD_VARIANTS(offload_read, vmnet_virtio, .kind = VMNET_KIND, .virtio = 10);

FIXTURE_SETUP(offload_read)
{
	int on = 1;

	self->u.fd = -1;
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->o.kind, O_NONBLOCK));
	if (variant->o.head)
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNSIFHEAD, &on)));
	self->raw = vnet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(offload_read)
{
	close(self->raw);
	unit_destroy(&self->u);
}

/* Transmits a packet of the interface that is not finished. Returns the length of its payload. */
static size_t send_unfinished(FIXTURE_DATA(offload_read) * self,
			      const FIXTURE_VARIANT(offload_read) * variant, int protocol,
			      bool segments)
{
	struct virtio_net_hdr hdr = l4_virtio(variant->family, protocol, segments ? MSS : 0);
	size_t payload = segments ? SEGMENTS * MSS - 1 : MSS - 3, len;
	ssize_t ret;

	len = build_l4(self->sent, variant->family, protocol, false, payload, true);
	ret = vnet_send(self->raw, &self->u, &hdr, self->sent, len);
	if (ret <= 0)
		ksft_print_msg("sendmsg: %zd\n", ret);
	return ret > 0 ? payload : 0;
}

/* Reads a packet, whose header is zero, with correct checksums and this payload. */
static void expect_finished(struct __test_metadata *_metadata, FIXTURE_DATA(offload_read) * self,
			    size_t prefix, size_t header, size_t headers, size_t at, size_t payload)
{
	static const char zero[OFFLOAD_HEADER_MAX];
	size_t len = prefix + headers + payload;

	ASSERT_EQ((ssize_t)len, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	EXPECT_EQ(0, memcmp(self->got, zero, header));
	EXPECT_TRUE(l4_is_valid(self->got + prefix, len - prefix));
	EXPECT_EQ(0, memcmp(self->got + prefix + headers, self->sent + headers + at, payload));
}

static void expect_segments(struct __test_metadata *_metadata, FIXTURE_DATA(offload_read) * self,
			    const FIXTURE_VARIANT(offload_read) * variant, size_t header)
{
	const size_t prefix = offload_prefix_len(&variant->o) - offload_header_len(&variant->o) +
			      header;
	const size_t headers = l4_headers_len(variant->family, IPPROTO_TCP);
	const size_t all = SEGMENTS * MSS - 1;
	size_t at;

	for (at = 0; at < all; at += MSS) {
		size_t payload = all - at < MSS ? all - at : MSS;
		const struct tcphdr *tcp;

		EXPECT_EQ(1, poll_now(self->u.fd, POLLIN) == POLLIN);
		EXPECT_EQ(prefix + headers + payload - (variant->o.virtio ? header : 0),
			  fionread(self->u.fd));
		expect_finished(_metadata, self, prefix, header, headers, at, payload);
		tcp = (void *)(self->got + prefix + headers - sizeof(*tcp));
		EXPECT_EQ(1000 + at, ntohl(tcp->seq));
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	EXPECT_EQ(0, fionread(self->u.fd));
}

TEST_F(offload_read, incomplete_checksum_is_described)
{
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	const size_t prefix = offload_prefix_len(&variant->o);
	unsigned int i;

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct virtio_net_hdr expected = l4_virtio(variant->family, protocols[i], 0), hdr;
		size_t headers = l4_headers_len(variant->family, protocols[i]);
		size_t payload = send_unfinished(self, variant, protocols[i], false);
		size_t len = prefix + headers + payload;

		ASSERT_LT(0, payload);
		EXPECT_EQ(len - (variant->o.virtio ? offload_header_len(&variant->o) : 0),
			  fionread(self->u.fd));
		ASSERT_EQ((ssize_t)len, ERR(read(self->u.fd, self->got, sizeof(self->got))));
		hdr = offload_get(&variant->o, self->got);
		EXPECT_EQ(0, memcmp(&expected, &hdr, sizeof(hdr)));
		EXPECT_FALSE(l4_is_valid(self->got + prefix, len - prefix));
		complete_checksum(self->got + prefix, len - prefix, &hdr);
		EXPECT_TRUE(l4_is_valid(self->got + prefix, len - prefix));
	}
}

TEST_F(offload_read, finished_packet_has_a_header_of_zeros)
{
	struct virtio_net_hdr hdr = { };
	size_t headers = l4_headers_len(variant->family, IPPROTO_UDP), len;

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	len = build_l4(self->sent, variant->family, IPPROTO_UDP, false, 100, false);
	ASSERT_LT(0, vnet_send(self->raw, &self->u, &hdr, self->sent, len));
	expect_finished(_metadata, self, offload_prefix_len(&variant->o),
			offload_header_len(&variant->o), headers, 0, 100);
}

TEST_F(offload_read, superpacket_is_read_whole)
{
	struct virtio_net_hdr expected = l4_virtio(variant->family, IPPROTO_TCP, MSS), hdr;
	const size_t prefix = offload_prefix_len(&variant->o);
	const size_t headers = l4_headers_len(variant->family, IPPROTO_TCP);
	size_t payload, len;

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	payload = send_unfinished(self, variant, IPPROTO_TCP, true);
	len = prefix + headers + payload;
	ASSERT_EQ((ssize_t)len, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	hdr = offload_get(&variant->o, self->got);
	EXPECT_EQ(0, memcmp(&expected, &hdr, sizeof(hdr)));
	EXPECT_EQ(0, memcmp(self->got + prefix, self->sent, len - prefix));
	EXPECT_EQ(SEGMENTS, STAT_DELTA(tx_packets));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

/* A program that cuts it as the header says gets what the stack would have sent. */
TEST_F(offload_read, header_of_a_superpacket_says_how_to_cut_it)
{
	const size_t prefix = offload_prefix_len(&variant->o);
	const size_t headers = l4_headers_len(variant->family, IPPROTO_TCP);
	static char cut[SEGMENTS][MSS + 100];
	size_t payload, at, len[SEGMENTS], all;
	struct virtio_net_hdr hdr;
	unsigned int i;
	ssize_t got;

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	payload = send_unfinished(self, variant, IPPROTO_TCP, true);
	got = ERR(read(self->u.fd, self->got, sizeof(self->got)));
	ASSERT_LT((ssize_t)prefix, got);
	all = got - prefix;
	hdr = offload_get(&variant->o, self->got);
	for (i = 0, at = 0; at < payload; at += hdr.gso_size, i++) {
		ASSERT_GT(SEGMENTS, i);
		len[i] = cut_segment(cut[i], self->got + prefix, all, &hdr, at);
		EXPECT_TRUE(l4_is_valid(cut[i], len[i]));
	}
	ASSERT_EQ(SEGMENTS, i);
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	for (i = 0; i < SEGMENTS; i++) {
		got = ERR(read(self->u.fd, self->got, sizeof(self->got)));
		ASSERT_EQ((ssize_t)(prefix - offload_header_len(&variant->o) + len[i]), got);
		EXPECT_EQ(0, memcmp(cut[i], self->got + got - len[i], len[i]));
	}
	EXPECT_EQ(headers + MSS, len[0]);
}

/*
 * Transmits a superpacket that needs a feature that is off at first. Expects it whole, with this
 * header, or, if @want is NULL, its segments.
 */
static void expect_type(struct __test_metadata *_metadata, FIXTURE_DATA(offload_read) * self,
			const FIXTURE_VARIANT(offload_read) * variant, int protocol, bool cwr,
			const struct virtio_net_hdr *want)
{
	const size_t headers = l4_headers_len(variant->family, protocol);
	const size_t prefix = offload_prefix_len(&variant->o), all = SEGMENTS * MSS - 1;
	struct virtio_net_hdr hdr = l4_virtio(variant->family, protocol, MSS);
	const size_t l4 = hdr.csum_start;
	size_t len, at;

	len = build_l4(self->sent, variant->family, protocol, false, all, true);
	if (cwr) {
		hdr.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
		self->sent[l4 + 13] |= 0x80;
	}
	ASSERT_LT(0, vnet_send(self->raw, &self->u, &hdr, self->sent, len));
	/* The segments' checksums may be left to the program too. */
	for (at = 0; !want && at < all; at += MSS) {
		const size_t n = all - at < MSS ? all - at : MSS;
		char *ip = self->got + prefix;

		ASSERT_EQ((ssize_t)(prefix + headers + n), ERR(read(self->u.fd, self->got,
								    sizeof(self->got))));
		hdr = offload_get(&variant->o, self->got);
		EXPECT_EQ(0, hdr.gso_type);
		complete_checksum(ip, headers + n, &hdr);
		EXPECT_TRUE(l4_is_valid(ip, headers + n));
		EXPECT_EQ(0, memcmp(self->sent + headers + at, ip + headers, n));
		if (cwr)
			EXPECT_EQ(!at, !!(ip[l4 + 13] & 0x80));
	}
	if (want) {
		ASSERT_EQ((ssize_t)(prefix + len), ERR(read(self->u.fd, self->got,
							    sizeof(self->got))));
		hdr = offload_get(&variant->o, self->got);
		EXPECT_EQ(0, memcmp(want, &hdr, sizeof(hdr)));
		EXPECT_EQ(0, memcmp(self->sent, self->got + prefix, len));
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
}

TEST_F(offload_read, types_that_ethtool_switches_on)
{
	static const char *const features[] = {
		"tx-udp-segmentation", "tx-tcp-ecn-segmentation",
	};
	int i, round;

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		const int protocol = i ? IPPROTO_TCP : IPPROTO_UDP;
		struct virtio_net_hdr want = l4_virtio(variant->family, protocol, MSS);

		want.gso_type |= i ? VIRTIO_NET_HDR_GSO_ECN : 0;
		for (round = 0; round < 3; round++) {
			bool on = round == 1;

			ASSERT_EQ(0, ethtool_set_feature(self->u.ifname, features[i], on));
			/* The header of OpenBSD cannot describe them. */
			expect_type(_metadata, self, variant, protocol, i,
				    on && variant->o.virtio ? &want : NULL);
		}
	}
}

/* One packet of each kind, and the header is switched off, and on again. */
TEST_F(offload_read, mixed_queue_while_the_header_changes)
{
	const size_t header = offload_header_len(&variant->o);
	const size_t link = offload_prefix_len(&variant->o) - header;
	const int protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	struct virtio_net_hdr none = { };
	int i, round;

	for (round = 0; round < 2; round++) {
		/* Only the first round ends with the header on. */
		const size_t before = round ? 0 : header;

		ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
		for (i = 0; i < ARRAY_SIZE(protocols); i++) {
			size_t len = build_l4(self->sent, variant->family, protocols[i], false, 700,
					      false);

			ASSERT_LT(0, vnet_send(self->raw, &self->u, &none, self->sent, len));
			ASSERT_LT(0, send_unfinished(self, variant, protocols[i], false));
		}
		ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
		ASSERT_EQ(0, offload_off(&self->u, &variant->o));
		if (!round)
			ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
		for (i = 0; i < 2 * ARRAY_SIZE(protocols); i++) {
			size_t headers = l4_headers_len(variant->family, protocols[i / 2]);
			ssize_t len = before + link + headers + (i % 2 ? MSS - 3 : 700);
			struct virtio_net_hdr hdr = { };
			char *ip = self->got + before + link;

			ASSERT_EQ(len, ERR(read(self->u.fd, self->got, sizeof(self->got))));
			if (before)
				hdr = offload_get(&variant->o, self->got);
			EXPECT_EQ(before && i % 2, hdr.flags);
			complete_checksum(ip, len - before - link, &hdr);
			EXPECT_TRUE(l4_is_valid(ip, len - before - link));
		}
		if (!before) {
			expect_segments(_metadata, self, variant, 0);
			continue;
		}
		ASSERT_LT((ssize_t)(SEGMENTS * MSS), ERR(read(self->u.fd, self->got,
							      sizeof(self->got))));
		EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	}
}

/* Of a fragment, nothing is left to the program. */
TEST_F(offload_read, fragments_are_finished)
{
	static const char zero[OFFLOAD_HEADER_MAX];
	const size_t prefix = offload_prefix_len(&variant->o), all = 8000;
	struct iphdr *ip = (void *)(self->got + prefix);
	int udp = udp_socket(LOCAL, PORT);
	static char datagram[8192];
	size_t at = 0;
	ssize_t got;

	if (variant->family != AF_INET)
		SKIP(return, "IPv4 will do");
	ASSERT_LE(0, udp);
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	fill_pattern(self->sent, all, 4);
	ASSERT_EQ((ssize_t)all, udp_send(udp, PEER, PORT, self->sent, all));
	while (at < all + sizeof(struct udphdr)) {
		got = ERR(read(self->u.fd, self->got, sizeof(self->got)));
		ASSERT_LT((ssize_t)(prefix + sizeof(*ip)), got);
		EXPECT_EQ(0, memcmp(zero, self->got, offload_header_len(&variant->o)));
		EXPECT_EQ(at / 8, ntohs(ip->frag_off) & 0x1fff);
		memcpy(datagram + at, ip + 1, got - prefix - sizeof(*ip));
		at += got - prefix - sizeof(*ip);
		/* Written back, from the peer: the sums remain correct. */
		ip->saddr = htonl(PEER);
		ip->daddr = htonl(LOCAL);
		if (offload_prefix_len(&variant->o) - offload_header_len(&variant->o) == ETH_HLEN) {
			memcpy(self->got + prefix - ETH_HLEN, self->u.mac, ETH_ALEN);
			memcpy(self->got + prefix - ETH_HLEN + ETH_ALEN, PEER_MAC, ETH_ALEN);
		}
		ASSERT_EQ(got, ERR(write(self->u.fd, self->got, got)));
	}
	EXPECT_EQ(0, memcmp(self->sent, datagram + sizeof(struct udphdr), all));
	ASSERT_EQ((ssize_t)all, ERR(recv(udp, self->got, sizeof(self->got), 0)));
	EXPECT_EQ(0, memcmp(self->sent, self->got, all));
	close(udp);
}

TEST_F(offload_read, without_a_header_the_stack_finishes)
{
	size_t payload;

	payload = send_unfinished(self, variant, IPPROTO_UDP, false);
	expect_finished(_metadata, self,
			offload_prefix_len(&variant->o) - offload_header_len(&variant->o), 0,
			l4_headers_len(variant->family, IPPROTO_UDP), 0, payload);
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	expect_segments(_metadata, self, variant, 0);
}

TEST_F(offload_read, queued_packets_are_finished_if_the_header_goes)
{
	size_t payload;

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	payload = send_unfinished(self, variant, IPPROTO_UDP, false);
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	expect_finished(_metadata, self,
			offload_prefix_len(&variant->o) - offload_header_len(&variant->o), 0,
			l4_headers_len(variant->family, IPPROTO_UDP), 0, payload);

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	expect_segments(_metadata, self, variant, 0);
	EXPECT_EQ(SEGMENTS + 1, STAT_DELTA(tx_packets));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

TEST_F(offload_read, capabilities_that_end_finish_queued_packets)
{
	if (variant->o.virtio)
		SKIP(return, "virtio's header has no capabilities");
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, 0));
	expect_segments(_metadata, self, variant, offload_header_len(&variant->o));
}

TEST_F(offload_read, captures_never_see_a_change)
{
	int capture = packet_listener(self->u.ifindex, ETH_P_ALL);
	const size_t link = link_header_len(&self->u);
	const size_t headers = l4_headers_len(variant->family, IPPROTO_TCP);
	size_t payload;

	ASSERT_LE(0, capture);
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	payload = send_unfinished(self, variant, IPPROTO_TCP, true);
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	expect_segments(_metadata, self, variant, 0);
	ASSERT_EQ((ssize_t)(headers + payload),
		  ERR(recv(capture, self->got, sizeof(self->got), 0)) - (ssize_t)link);
	EXPECT_EQ(0, memcmp(self->got + link, self->sent, headers + payload));

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	payload = send_unfinished(self, variant, IPPROTO_TCP, false);
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	ASSERT_LT(0, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	ASSERT_EQ((ssize_t)(headers + payload),
		  ERR(recv(capture, self->got, sizeof(self->got), 0)) - (ssize_t)link);
	EXPECT_EQ(0, memcmp(self->got + link, self->sent, headers + payload));
	close(capture);
}

TEST_F(offload_read, short_buffers_get_the_beginning)
{
	const size_t header = offload_header_len(&variant->o);
	char whole[100], part[100];
	size_t n;

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	ASSERT_EQ((ssize_t)sizeof(whole), ERR(read(self->u.fd, whole, sizeof(whole))));
	for (n = 1; n <= header + 3; n++) {
		ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
		memset(part, 0xa5, sizeof(part));
		ASSERT_EQ((ssize_t)n, ERR(read(self->u.fd, part, n)));
		EXPECT_EQ(0, memcmp(whole, part, n));
		EXPECT_EQ(0xa5, (unsigned char)part[n]);
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, part, sizeof(part))));
}

TEST_F(offload_read, header_in_a_vector_of_its_own)
{
	const size_t header = offload_header_len(&variant->o);
	char hdr[OFFLOAD_HEADER_MAX], whole[200];
	struct iovec iov[2] = { { hdr, header }, { self->got, sizeof(self->got) } };

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	ASSERT_EQ((ssize_t)sizeof(whole), ERR(read(self->u.fd, whole, sizeof(whole))));
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	ASSERT_LT((ssize_t)header, ERR(readv(self->u.fd, iov, 2)));
	EXPECT_EQ(0, memcmp(whole, hdr, header));
	EXPECT_EQ(0, memcmp(whole + header, self->got, sizeof(whole) - header));
}

TEST_F(offload_read, segments_count_against_txqueuelen)
{
	/* The third superpacket begins below the limit, the fourth beyond it. */
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 2 * SEGMENTS + 1));
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	ASSERT_LT(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	EXPECT_EQ(0, send_unfinished(self, variant, IPPROTO_TCP, true));
	EXPECT_EQ(SEGMENTS, STAT_DELTA(tx_dropped));
	EXPECT_EQ(SEGMENTS, ethtool_statistic(self->u.ifname, "tx_drop_queue_full"));
	EXPECT_EQ(3 * SEGMENTS, STAT_DELTA(tx_packets));
	/* Set down, the interface drops what is queued. */
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(4 * SEGMENTS, STAT_DELTA(tx_dropped));
	EXPECT_EQ(3 * SEGMENTS, ethtool_statistic(self->u.ifname, "tx_drop_unread"));
}

/* An injected packet with segments longer than the MTU counts by its length. */
TEST_F(offload_read, bytes_count_against_txqueuelen)
{
	struct virtio_net_hdr hdr = l4_virtio(variant->family, IPPROTO_TCP, 30000);
	size_t len = build_l4(self->sent, variant->family, IPPROTO_TCP, false, 60000, true);
	int i, taken = 0;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 100));
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	for (i = 0; i < 10; i++)
		taken += vnet_send(self->raw, &self->u, &hdr, self->sent, len) > 0;
	/* 150,000 bytes of packets of one MTU are as much, and one more begins below the limit. */
	EXPECT_EQ(3, taken);
	EXPECT_LE(100, ethtool_statistic(self->u.ifname, "queue_len"));
	for (i = 0; i < 3; i++)
		EXPECT_EQ((ssize_t)(offload_prefix_len(&variant->o) + len),
			  ERR(read(self->u.fd, self->got, sizeof(self->got))));
	EXPECT_EQ(0, ethtool_statistic(self->u.ifname, "queue_len"));
}

TEST_HARNESS_MAIN
