// SPDX-License-Identifier: GPL-2.0
/*
 * Offload headers of a tun with each framing: the header precedes the prefix, its offsets count
 * from the packet, and each of the two is what it would be without the other.
 */
#include "lib/fixture.h"
#include "lib/offload.h"

#include <linux/if_packet.h>
#include <net/if_tun.h>
#include <openbsd/net/if_tun_hdr.h>

#define MSS		1000
#define SEGMENTS	9
#define PAYLOAD		(SEGMENTS * MSS - 1)

#define OPENBSD_AF_MPLS	33

/* A unit's dialect and framing. */
struct framing {
	const char *dialect, *name;
	unsigned int ipv6;		/* the family number of IPv6; 0: it is refused */
};

static const struct framing bare = { "linux", "bare", 0 };
static const struct framing lmode = { "linux", "lmode", 0 };
static const struct framing linux_head = { "linux", "ifhead", 10 };
static const struct framing freebsd = { "freebsd", "ifhead", 28 };
static const struct framing netbsd = { "netbsd", "ifhead", 24 };
static const struct framing openbsd = { "openbsd", "ifhead", 24 };

static const int families[] = { AF_INET, AF_INET6 };

FIXTURE(offload_framing) {
	struct unit u;
	int raw;
	size_t header;
	struct rtnl_link_stats64 before;
	char sent[70000], got[70000];
};

FIXTURE_VARIANT(offload_framing) {
	const struct framing *framing;
	struct offload o;		/* without its member head */
};

FRAMING_VARIANTS(offload_framing, bare);
FRAMING_VARIANTS(offload_framing, lmode);
FRAMING_VARIANTS(offload_framing, linux_head);
FRAMING_VARIANTS(offload_framing, freebsd);
FRAMING_VARIANTS(offload_framing, netbsd);
FRAMING_VARIANTS(offload_framing, openbsd);

static int set_framing(const struct unit *u, const struct framing *framing)
{
	return unit_attr_set(u, "dialect", framing->dialect) ?:
	       unit_attr_set(u, "framing", framing->name);
}

FIXTURE_SETUP(offload_framing)
{
	self->u.fd = -1;
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, set_framing(&self->u, variant->framing));
	ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
	self->raw = vnet_socket();
	ASSERT_LE(0, self->raw);
	self->header = offload_header_len(&variant->o);
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(offload_framing)
{
	close(self->raw);
	unit_destroy(&self->u);
}

#define READ()		ERR(read(self->u.fd, self->got, sizeof(self->got)))
#define WRITE(len)	ERR(write(self->u.fd, self->sent, len))

static bool is(const struct framing *framing, const char *name)
{
	return !strcmp(framing->name, name);
}

/* Stores the prefix with this address family and returns its length. */
static size_t put_family(void *buf, unsigned int family)
{
	const __be32 word = htonl(family);

	memcpy(buf, &word, sizeof(word));
	return sizeof(word);
}

/* Stores the prefix that a read puts before a packet to this address, and returns its length. */
static size_t put_prefix(const struct framing *framing, int family, __u32 hop, void *buf)
{
	unsigned char sockaddr[16] = { 16, 2 };
	const __be32 addr = htonl(hop);

	if (is(framing, "bare"))
		return 0;
	if (is(framing, "ifhead"))
		return put_family(buf, family == AF_INET ? 2 : framing->ipv6);
	memcpy(sockaddr + 4, &addr, sizeof(addr));
	memcpy(buf, sockaddr, sizeof(sockaddr));
	return sizeof(sockaddr);
}

/* Reads a packet with this prefix, which this header describes. */
static void expect_read(struct __test_metadata *_metadata, FIXTURE_DATA(offload_framing) * self,
			const struct offload *o, const char *prefix, size_t prefix_len,
			const struct virtio_net_hdr *want, const void *packet, size_t len)
{
	const size_t header = offload_header_len(o);
	const char *at = self->got + header;
	struct virtio_net_hdr hdr;

	/* OpenBSD counts the header, FreeBSD does not. */
	EXPECT_EQ((o->virtio ? 0 : header) + prefix_len + len, fionread(self->u.fd));
	ASSERT_EQ((ssize_t)(header + prefix_len + len), READ());
	EXPECT_EQ(0, memcmp(prefix, at, prefix_len));
	EXPECT_EQ(0, memcmp(packet, at + prefix_len, len));
	if (o->virtio == 12) {
		/* num_buffers */
		EXPECT_EQ(0, memcmp("\0", self->got + 10, 2));
	}
	/* Without the prefix, it is what a bare tun returns. */
	memmove(self->got + header, at + prefix_len, len);
	hdr = offload_get(o, self->got);
	EXPECT_EQ(0, memcmp(want, &hdr, sizeof(hdr)));
}

static const struct virtio_net_hdr finished;

/* ---- reads -------------------------------------------------------------- */

TEST_F(offload_framing, header_precedes_the_prefix_of_a_read)
{
	static const struct {
		int protocol;
		size_t payload, gso_size;
		bool partial;
	} packets[] = {
		{ IPPROTO_TCP, PAYLOAD, MSS, true },
		{ IPPROTO_TCP, 64000, 1400, true },
		{ IPPROTO_TCP, 1, 0, true },
		{ IPPROTO_UDP, 1200, 0, true },
		{ IPPROTO_UDP, 1200, 0, false },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		char prefix[16];
		size_t prefix_len = put_prefix(variant->framing, families[i], PEER, prefix);

		if (families[i] == AF_INET6 && !variant->framing->ipv6)
			continue;
		for (j = 0; j < ARRAY_SIZE(packets); j++) {
			struct virtio_net_hdr hdr = l4_virtio(families[i], packets[j].protocol,
							      packets[j].gso_size);
			size_t len = build_l4(self->sent, families[i], packets[j].protocol, false,
					      packets[j].payload, packets[j].partial);

			if (!packets[j].partial)
				hdr = finished;
			ASSERT_LT(0, vnet_send(self->raw, &self->u, &hdr, self->sent, len));
			expect_read(_metadata, self, &variant->o, prefix, prefix_len, &hdr,
				    self->sent, len);
		}
	}
	EXPECT_EQ(-EAGAIN, READ());
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

/* Neither header nor prefix counts. */
TEST_F(offload_framing, statistics_are_those_of_the_packet)
{
	struct virtio_net_hdr hdr = l4_virtio(AF_INET, IPPROTO_TCP, MSS);
	const size_t headers = l4_headers_len(AF_INET, IPPROTO_TCP);
	size_t len = build_l4(self->sent, AF_INET, IPPROTO_TCP, false, PAYLOAD, true);

	ASSERT_LT(0, vnet_send(self->raw, &self->u, &hdr, self->sent, len));
	EXPECT_EQ(SEGMENTS, STAT_DELTA(tx_packets));
	EXPECT_EQ(headers + PAYLOAD, STAT_DELTA(tx_bytes));
}

TEST_F(offload_framing, each_segment_has_the_prefix)
{
	unsigned int i;
	size_t at;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		const size_t headers = l4_headers_len(families[i], IPPROTO_TCP);
		struct virtio_net_hdr hdr = l4_virtio(families[i], IPPROTO_TCP, MSS);
		char prefix[16];
		size_t prefix_len = put_prefix(variant->framing, families[i], PEER, prefix);

		if (families[i] == AF_INET6 && !variant->framing->ipv6)
			continue;
		build_l4(self->sent, families[i], IPPROTO_TCP, false, PAYLOAD, true);
		ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
		ASSERT_LT(0, vnet_send(self->raw, &self->u, &hdr, self->sent, headers + PAYLOAD));
		ASSERT_EQ(0, offload_off(&self->u, &variant->o));
		for (at = 0; at < PAYLOAD; at += MSS) {
			const size_t n = PAYLOAD - at < MSS ? PAYLOAD - at : MSS;
			const char *packet = self->got + prefix_len;

			EXPECT_EQ(prefix_len + headers + n, fionread(self->u.fd));
			ASSERT_EQ((ssize_t)(prefix_len + headers + n), READ());
			EXPECT_EQ(0, memcmp(prefix, self->got, prefix_len));
			EXPECT_TRUE(l4_is_valid(packet, headers + n));
			EXPECT_EQ(0, memcmp(self->sent + headers + at, packet + headers, n));
		}
		EXPECT_EQ(-EAGAIN, READ());
	}
}

/* A header does not say which protocol follows, so it does not admit what the framing refuses. */
TEST_F(offload_framing, ipv6_without_a_family_is_refused)
{
	struct virtio_net_hdr hdr = l4_virtio(AF_INET6, IPPROTO_TCP, MSS);
	size_t len = build_l4(self->sent, AF_INET6, IPPROTO_TCP, false, PAYLOAD, true);
	const bool refused = !variant->framing->ipv6;

	vnet_send(self->raw, &self->u, &hdr, self->sent, len);
	EXPECT_EQ(refused ? 0 : POLLIN, poll_now(self->u.fd, POLLIN));
	EXPECT_EQ(refused ? -EAGAIN : (ssize_t)(self->header + 4 + len), READ());
	EXPECT_EQ(refused ? SEGMENTS : 0, STAT_DELTA(tx_dropped));
	EXPECT_EQ(refused ? 0 : SEGMENTS, STAT_DELTA(tx_packets));
	EXPECT_EQ(refused ? SEGMENTS : 0, ethtool_statistic(self->u.ifname, "tx_drop_protocol"));
}

/* With TUNSLMODE, the gateway of the route; of all segments, if the stack cuts them. */
TEST_F(offload_framing, prefix_of_a_superpacket_with_a_gateway)
{
	const __u32 gateway = PEER, to = 0xc6336407;	/* 198.51.100.7 */
	/* The header of OpenBSD cannot describe UDP superpackets. */
	const size_t step = variant->o.virtio ? PAYLOAD : MSS;
	struct virtio_net_hdr want = l4_virtio(AF_INET, IPPROTO_UDP, MSS), hdr;
	size_t at, prefix_len;
	int udp, size = MSS;
	char prefix[16];

	prefix_len = put_prefix(variant->framing, AF_INET, gateway, prefix);
	ASSERT_EQ(0, run_command("ip route add 198.51.100.0/24 via 10.42.0.2 dev %s",
				 self->u.ifname));
	if (variant->o.virtio)
		ASSERT_EQ(0, ethtool_set_feature(self->u.ifname, "tx-udp-segmentation", true));
	udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, udp);
	ASSERT_EQ(0, setsockopt(udp, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)));
	fill_pattern(self->sent, PAYLOAD, 3);
	ASSERT_EQ(PAYLOAD, udp_send(udp, to, PORT, self->sent, PAYLOAD));
	for (at = 0; at < PAYLOAD; at += step) {
		const char *packet = self->got + self->header + prefix_len;
		const size_t n = PAYLOAD - at < step ? PAYLOAD - at : step;

		ASSERT_EQ((ssize_t)(self->header + prefix_len + IP_UDP_LEN + n), READ());
		EXPECT_EQ(0, memcmp(prefix, self->got + self->header, prefix_len));
		EXPECT_EQ(to, be32_at(packet + 16));
		EXPECT_EQ(0, memcmp(self->sent + at, packet + IP_UDP_LEN, n));
		if (!variant->o.virtio)
			continue;
		hdr = offload_get(&variant->o, self->got);
		EXPECT_EQ(0, memcmp(&want, &hdr, sizeof(hdr)));
	}
	EXPECT_EQ(-EAGAIN, READ());
	close(udp);
}

/* The prefix is that of the time of queueing, the header that of the time of the read. */
TEST_F(offload_framing, framing_changes_while_superpackets_wait)
{
	static const struct {
		const struct framing *framing;
		int family;
	} steps[] = {
		{ &openbsd, AF_INET6 }, { &bare, AF_INET }, { &linux_head, AF_INET6 },
		{ &lmode, AF_INET }, { &freebsd, AF_INET6 }, { &freebsd, AF_INET },
		{ &netbsd, AF_INET6 },
	};
	struct offload other = { .kind = TUN_KIND, .virtio = variant->o.virtio ? 0 : 12 };
	struct virtio_net_hdr hdr;
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_EQ(0, set_framing(&self->u, steps[i].framing));
		hdr = l4_virtio(steps[i].family, IPPROTO_TCP, MSS);
		len = build_l4(self->sent, steps[i].family, IPPROTO_TCP, false, PAYLOAD, true);
		ASSERT_LT(0, vnet_send(self->raw, &self->u, &hdr, self->sent, len));
	}
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct offload *o = i % 2 ? &other : &variant->o;
		char prefix[16];
		size_t prefix_len = put_prefix(steps[i].framing, steps[i].family, PEER, prefix);

		ASSERT_EQ(0, offload_on(&self->u, o, OFFLOAD_CAPS_ALL));
		hdr = l4_virtio(steps[i].family, IPPROTO_TCP, MSS);
		len = build_l4(self->sent, steps[i].family, IPPROTO_TCP, false, PAYLOAD, true);
		expect_read(_metadata, self, o, prefix, prefix_len, &hdr, self->sent, len);
	}
	EXPECT_EQ(-EAGAIN, READ());
}

/* ---- writes ------------------------------------------------------------- */

/*
 * Builds a write behind the header and, with TUNSIFHEAD, this address family. Returns the offset
 * of the packet, and in *@len the length of the write.
 */
static size_t build(FIXTURE_DATA(offload_framing) * self,
		    const FIXTURE_VARIANT(offload_framing) * variant, unsigned int word, int family,
		    int protocol, size_t payload, size_t gso_size, size_t *len)
{
	struct virtio_net_hdr hdr = l4_virtio(family, protocol, gso_size);
	size_t at = self->header;

	offload_put(&self->u, &variant->o, self->sent, family, &hdr);
	if (is(variant->framing, "ifhead"))
		at += put_family(self->sent + at, word);
	*len = at + build_l4(self->sent + at, family, protocol, true, payload, true);
	return at;
}

/* The interface receives the packet at @at as it was written, as one. */
static void expect_captured(struct __test_metadata *_metadata,
			    FIXTURE_DATA(offload_framing) * self, int fd, size_t at, size_t len)
{
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);

	ASSERT_TRUE(wait_readable(fd));
	ASSERT_EQ((ssize_t)(len - at), ERR(recvfrom(fd, self->got, sizeof(self->got), 0,
						    (void *)&from, &from_len)));
	EXPECT_EQ(PACKET_HOST, from.sll_pkttype);
	EXPECT_EQ(0, memcmp(self->sent + at, self->got, len - at));
	EXPECT_EQ(-EAGAIN, ERR(recv(fd, self->got, sizeof(self->got), MSG_DONTWAIT)));
}

/* With TUNSLMODE and without a framing, the packet follows the header. */
TEST_F(offload_framing, header_precedes_the_family_of_a_write)
{
	static const unsigned int words[] = { 2, 10, 24, 28, 30 };
	unsigned int i, packets = 0;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		const int family = i ? AF_INET6 : AF_INET;
		int capture;
		size_t at, len;

		if (i && !variant->framing->ipv6)
			break;
		capture = packet_listener(self->u.ifindex, i ? ETH_P_IPV6 : ETH_P_IP);
		ASSERT_LE(0, capture);
		at = build(self, variant, words[i], family, IPPROTO_TCP, PAYLOAD, MSS, &len);
		ASSERT_EQ((ssize_t)len, WRITE(len));
		expect_captured(_metadata, self, capture, at, len);
		at = build(self, variant, words[i], family, IPPROTO_UDP, 1200, 0, &len);
		ASSERT_EQ((ssize_t)len, WRITE(len));
		expect_captured(_metadata, self, capture, at, len);
		packets += SEGMENTS + 1;
		EXPECT_EQ(packets, STAT_DELTA(rx_packets));
		close(capture);
	}
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
}

/* The offsets of the header are right: the stack accepts the packet. */
TEST_F(offload_framing, written_packet_is_delivered)
{
	int udp = udp_socket(LOCAL, PORT);
	const char *payload;
	size_t at, len;

	ASSERT_LE(0, udp);
	at = build(self, variant, 2, AF_INET, IPPROTO_UDP, 1200, 0, &len);
	payload = self->sent + at + IP_UDP_LEN;
	ASSERT_EQ((ssize_t)len, WRITE(len));
	ASSERT_EQ(1200, ERR(recv(udp, self->got, sizeof(self->got), 0)));
	EXPECT_EQ(0, memcmp(payload, self->got, 1200));
	EXPECT_EQ(-EAGAIN, ERR(recv(udp, self->got, sizeof(self->got), MSG_DONTWAIT)));
	close(udp);
}

/* The IPv4 input gets what has no family, and discards it. */
TEST_F(offload_framing, ipv6_without_a_family_is_not_received)
{
	const ssize_t received = variant->framing->ipv6 ? 1240 + 8 : -EAGAIN;
	int udp, capture;
	size_t len;

	udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, udp);
	capture = packet_listener(self->u.ifindex, ETH_P_IPV6);
	ASSERT_LE(0, capture);
	build(self, variant, 10, AF_INET6, IPPROTO_UDP, 1200, 0, &len);
	ASSERT_EQ((ssize_t)len, WRITE(len));
	EXPECT_EQ(received, ERR(recv(capture, self->got, sizeof(self->got), MSG_DONTWAIT)));
	build(self, variant, 10, AF_INET6, IPPROTO_TCP, PAYLOAD, MSS, &len);
	ASSERT_EQ((ssize_t)len, WRITE(len));
	EXPECT_EQ(variant->framing->ipv6 ? PAYLOAD + 60 : -EAGAIN,
		  ERR(recv(capture, self->got, sizeof(self->got), MSG_DONTWAIT)));
	EXPECT_EQ(1 + SEGMENTS, STAT_DELTA(rx_packets));
	EXPECT_EQ(-EAGAIN, ERR(recv(udp, self->got, sizeof(self->got), MSG_DONTWAIT)));
	/* An IPv4 packet arrives. */
	build(self, variant, 2, AF_INET, IPPROTO_UDP, 10, 0, &len);
	ASSERT_EQ((ssize_t)len, WRITE(len));
	EXPECT_EQ(10, ERR(recv(udp, self->got, sizeof(self->got), 0)));
	close(capture);
	close(udp);
}

/* Other framings have no family to look for. */
TEST_F(offload_framing, unknown_family_behind_a_header)
{
	static const unsigned int words[] = { 0, 1, 11, 99, 0x02000000 };
	const bool drops = variant->framing == &openbsd, head = is(variant->framing, "ifhead");
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		build(self, variant, words[i], AF_INET, IPPROTO_TCP, PAYLOAD, MSS, &len);
		EXPECT_EQ(drops || !head ? (ssize_t)len : -EAFNOSUPPORT, WRITE(len));
	}
	EXPECT_EQ(head ? 0 : i * SEGMENTS, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(drops ? i : 0, STAT_DELTA(rx_dropped));
	EXPECT_EQ(head ? i : 0, ethtool_statistic(self->u.ifname, "rx_drop_protocol"));
}

TEST_F(offload_framing, short_writes)
{
	const bool head = is(variant->framing, "ifhead"), strict = variant->framing == &openbsd;
	size_t len, i;

	build(self, variant, 2, AF_INET, IPPROTO_UDP, 10, 0, &len);
	EXPECT_EQ(strict ? -EMSGSIZE : 0, WRITE(0));
	for (i = 1; i < self->header + (head ? 4 : 0); i++) {
		ssize_t want = -EMSGSIZE;

		if (variant->o.virtio)
			want = i <= self->header ? (ssize_t)i : strict ? -EMSGSIZE : -ENOBUFS;
		EXPECT_EQ(want, WRITE(i));
	}
	EXPECT_EQ(0, STAT_DELTA(rx_packets) + STAT_DELTA(rx_errors) + STAT_DELTA(rx_dropped));
}

/* ---- MPLS --------------------------------------------------------------- */

/* A label stack entry: label 100, bottom of the stack, TTL 64. */
static const unsigned char label[4] = { 0x00, 0x06, 0x41, 0x40 };

/*
 * In the dialect openbsd. Some kernels complete the checksum for each interface, others leave it to
 * a header that can describe it. No header can describe superpackets.
 */
TEST_F(offload_framing, mpls_that_is_read)
{
	const struct {
		bool partial;
		size_t payload, gso_size;
	} packets[] = {
		{ false, 1000, 0 }, { true, 1000, 0 }, { true, PAYLOAD, MSS },
	};
	const size_t at = self->header + 4, inner = sizeof(label) + sizeof(struct iphdr);
	const bool carried = variant->framing == &openbsd;
	struct virtio_net_hdr hdr;
	char *packet = self->got + at + sizeof(label), prefix[4];
	unsigned int i, reads = 0;
	ssize_t got;
	size_t len;

	put_family(prefix, OPENBSD_AF_MPLS);
	memcpy(self->sent, label, sizeof(label));
	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		hdr = packets[i].partial ? l4_virtio(AF_INET, IPPROTO_TCP, packets[i].gso_size) :
					   finished;
		hdr.csum_start += packets[i].partial ? sizeof(label) : 0;
		hdr.hdr_len += packets[i].gso_size ? sizeof(label) : 0;
		len = sizeof(label) + build_l4(self->sent + sizeof(label), AF_INET, IPPROTO_TCP,
					       false, packets[i].payload, packets[i].partial);
		vnet_send_protocol(self->raw, &self->u, &hdr, ETH_P_MPLS_UC, self->sent, len);
		for (; (got = READ()) >= 0; reads++) {
			memcpy(&hdr, self->got, sizeof(hdr));
			if (!variant->o.virtio)
				hdr = finished;
			len = got - at - sizeof(label);
			ASSERT_GE(1500, len);
			EXPECT_EQ(0, memcmp(prefix, self->got + self->header, sizeof(prefix)));
			EXPECT_EQ(0, memcmp(label, self->got + at, sizeof(label)));
			EXPECT_EQ(0, hdr.gso_type);
			if (hdr.flags) {
				EXPECT_EQ(inner, hdr.csum_start);
				hdr.csum_start -= sizeof(label);
				complete_checksum(packet, len, &hdr);
			}
			EXPECT_TRUE(l4_is_valid(packet, len));
		}
		EXPECT_EQ(-EAGAIN, got);
		/* The kernel may have nothing to cut it with. */
		if (!packets[i].gso_size)
			EXPECT_EQ(carried ? i + 1 : 0, reads);
	}
	if (!carried) {
		EXPECT_EQ(0, reads);
		EXPECT_EQ(0, STAT_DELTA(tx_packets));
		EXPECT_LE(2, ethtool_statistic(self->u.ifname, "tx_drop_protocol"));
	}
}

TEST_F(offload_framing, mpls_that_is_written)
{
	const bool head = is(variant->framing, "ifhead"), carried = variant->framing == &openbsd;
	const size_t at = self->header + (head ? 4 : 0);
	struct virtio_net_hdr hdr = l4_virtio(AF_INET, IPPROTO_TCP, 0);
	ssize_t len, want;
	unsigned int i;
	int capture;

	capture = packet_listener(self->u.ifindex, ETH_P_MPLS_UC);
	ASSERT_LE(0, capture);
	for (i = 0; i < 2; i++) {
		hdr = i ? l4_virtio(AF_INET, IPPROTO_TCP, 0) : finished;
		hdr.csum_start += i ? sizeof(label) : 0;
		offload_put(&self->u, &variant->o, self->sent, AF_INET, &hdr);
		if (head)
			put_family(self->sent + self->header, OPENBSD_AF_MPLS);
		memcpy(self->sent + at, label, sizeof(label));
		len = at + sizeof(label) + build_l4(self->sent + at + sizeof(label), AF_INET,
						    IPPROTO_TCP, true, 1000, i);
		want = head && !carried ? -EAFNOSUPPORT : len;
		/* Only virtio's header says where the checksum is. */
		if (want == len && i && !variant->o.virtio)
			want = -EINVAL;
		EXPECT_EQ(want, WRITE(len));
		if (carried && want == len)
			expect_captured(_metadata, self, capture, at, len);
	}
	EXPECT_EQ(-EAGAIN, ERR(recv(capture, self->got, sizeof(self->got), MSG_DONTWAIT)));
	close(capture);
}

TEST_HARNESS_MAIN
