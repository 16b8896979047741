// SPDX-License-Identifier: GPL-2.0
/*
 * Writes with an offload header: the kernel completes the checksum and cuts segments. A header that
 * is malformed or does not fit its packet fails with EINVAL. Also built as a 32-bit program, with
 * fewer variants: vectors and ioctl() are what the kernel converts for it.
 */
#include "lib/fixture.h"
#include "lib/offload.h"

#include <net/if_tun.h>
#include <openbsd/net/if_tun_hdr.h>

#define MSS		1000
#define SEGMENTS	9

FIXTURE(offload_write) {
	struct unit u;
	int udp, capture;
	size_t prefix, header, headers;
	struct rtnl_link_stats64 before;
	char buf[70000], got[70000];
};

FIXTURE_VARIANT(offload_write) {
	struct offload o;
	int family;
};

OFFLOAD_VARIANTS(offload_write, head_virtio, .kind = TUN_KIND, .virtio = 12, .head = true);
OFFLOAD_VARIANTS(offload_write, tap_tun_hdr, .kind = TAP_KIND);

#if __SIZEOF_POINTER__ == 8
FIXTURE_VARIANT_ADD(offload_write, tun_virtio_ipv4) {
	.o = { .kind = TUN_KIND, .virtio = 10 }, .family = AF_INET,
};

FIXTURE_VARIANT_ADD(offload_write, tun_tun_hdr_ipv4) {
	.o = { .kind = TUN_KIND }, .family = AF_INET,
};

OFFLOAD_VARIANTS(offload_write, head_tun_hdr, .kind = TUN_KIND, .head = true);
OFFLOAD_VARIANTS(offload_write, tap_virtio, .kind = TAP_KIND, .virtio = 12);
#endif

FIXTURE_SETUP(offload_write)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	struct timeval limit = { .tv_sec = TIMEOUT_MS / 1000 };
	int on = 1;

	self->u.fd = -1;
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, netns_enable_ipv6());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->o.kind, O_NONBLOCK));
	ASSERT_EQ(0, addr6_add(self->u.ifindex, &local6));
	ASSERT_TRUE(WAIT_FOR(route6_is_local(&local6), TIMEOUT_MS));
	if (variant->o.head)
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNSIFHEAD, &on)));
	if (variant->family == AF_INET) {
		self->udp = udp_socket(LOCAL, PORT);
	} else {
		self->udp = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		setsockopt(self->udp, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		ASSERT_EQ(0, bind(self->udp, (void *)&sin6, sizeof(sin6)));
	}
	ASSERT_LE(0, self->udp);
	/* Capabilities do not limit writes. */
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, 0));
	self->header = offload_header_len(&variant->o);
	self->prefix = offload_prefix_len(&variant->o);
	self->headers = l4_headers_len(variant->family, IPPROTO_UDP);
	self->capture = packet_listener(self->u.ifindex,
					variant->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	ASSERT_LE(0, self->capture);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(offload_write)
{
	close(self->capture);
	close(self->udp);
	unit_destroy(&self->u);
}

/* Builds a packet behind this header in the buffer. Returns the length of the write. */
static size_t build(FIXTURE_DATA(offload_write) * self,
		    const FIXTURE_VARIANT(offload_write) * variant,
		    const struct virtio_net_hdr *hdr, int protocol, size_t payload, bool partial)
{
	offload_put(&self->u, &variant->o, self->buf, variant->family, hdr);
	return self->prefix + build_l4(self->buf + self->prefix, variant->family, protocol, true,
				       payload, partial);
}

#define BUILD(hdr, protocol, payload, partial)				\
	build(self, variant, hdr, protocol, payload, partial)
#define WRITE(len)	ERR(write(self->u.fd, self->buf, len))
#define RECV(flags)	ERR(recv(self->udp, self->got, sizeof(self->got), flags))

/* The UDP socket gets the payload of the packet in the buffer, and nothing else. */
#define EXPECT_DELIVERED(payload)						\
({										\
	const ssize_t __payload = payload;					\
										\
	EXPECT_EQ(__payload, RECV(0));						\
	EXPECT_EQ(0, memcmp(self->got, self->buf + self->prefix + self->headers, __payload)); \
	EXPECT_EQ(-EAGAIN, RECV(MSG_DONTWAIT));					\
})

/* The header of OpenBSD in the buffer. */
static void set_tun_hdr(FIXTURE_DATA(offload_write) * self, __u16 flags, __u16 vtag, __u16 mss)
{
	struct tun_hdr hdr = {
		.th_flags = flags, .th_vtag = vtag, .th_mss = mss,
	};

	memcpy(self->buf, &hdr, sizeof(hdr));
}

TEST_F(offload_write, incomplete_checksum_is_not_verified)
{
	struct virtio_net_hdr hdr = l4_virtio(variant->family, IPPROTO_UDP, 0), none = { };
	static const size_t payloads[] = { 1, 2, 100, 1399, 9001, 60000 };
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		len = BUILD(&hdr, IPPROTO_UDP, payloads[i], true);
		ASSERT_EQ((ssize_t)len, WRITE(len));
		EXPECT_DELIVERED(payloads[i]);
		/* Without the flag it is. */
		len = BUILD(&none, IPPROTO_UDP, payloads[i], true);
		ASSERT_EQ((ssize_t)len, WRITE(len));
		EXPECT_EQ(-EAGAIN, RECV(MSG_DONTWAIT));
		len = BUILD(&none, IPPROTO_UDP, payloads[i], false);
		ASSERT_EQ((ssize_t)len, WRITE(len));
		EXPECT_DELIVERED(payloads[i]);
	}
	EXPECT_EQ(3 * ARRAY_SIZE(payloads), STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
}

TEST_F(offload_write, DATA_VALID_is_trusted)
{
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_DATA_VALID };
	size_t len;

	if (!variant->o.virtio)
		SKIP(return, "of virtio's header only");
	len = BUILD(&hdr, IPPROTO_UDP, 100, true);
	ASSERT_EQ((ssize_t)len, WRITE(len));
	EXPECT_DELIVERED(100);
}

/* The kernel cuts it for a socket that has not asked for superpackets. */
TEST_F(offload_write, UDP_superpacket)
{
	struct virtio_net_hdr hdr = l4_virtio(variant->family, IPPROTO_UDP, MSS);
	size_t len, at;

	if (!variant->o.virtio)
		SKIP(return, "of virtio's header only");
	len = BUILD(&hdr, IPPROTO_UDP, SEGMENTS * MSS - 1, true);
	ASSERT_EQ((ssize_t)len, WRITE(len));
	for (at = 0; at < SEGMENTS * MSS - 1; at += MSS) {
		const size_t n = at + MSS > SEGMENTS * MSS - 1 ? MSS - 1 : MSS;

		EXPECT_EQ((ssize_t)n, RECV(0));
		EXPECT_EQ(0, memcmp(self->got, self->buf + self->prefix + self->headers + at, n));
	}
	EXPECT_EQ(-EAGAIN, RECV(MSG_DONTWAIT));
	EXPECT_EQ(SEGMENTS, STAT_DELTA(rx_packets));
}

TEST_F(offload_write, header_in_a_vector_of_its_own)
{
	struct virtio_net_hdr hdr = l4_virtio(variant->family, IPPROTO_UDP, 0);
	size_t len = BUILD(&hdr, IPPROTO_UDP, 500, true);
	struct iovec iov[] = {
		{ self->buf, 3 }, { self->buf + 3, self->header - 3 },
		{ self->buf + self->header, len - self->header },
	};

	ASSERT_EQ((ssize_t)len, ERR(writev(self->u.fd, iov, ARRAY_SIZE(iov))));
	EXPECT_DELIVERED(500);
}

/* ---- headers that are refused ------------------------------------------- */

/* The write fails with EINVAL, is counted, and nothing is received. */
static void expect_refused(struct __test_metadata *_metadata, FIXTURE_DATA(offload_write) * self,
			   size_t len, unsigned int line)
{
	const __u64 errors = STAT_DELTA(rx_errors), packets = STAT_DELTA(rx_packets);
	const long long bad = ethtool_statistic(self->u.ifname, "rx_drop_bad_header");

	EXPECT_EQ(-EINVAL, WRITE(len))
		TH_LOG("step %u", line);
	EXPECT_EQ(errors + 1, STAT_DELTA(rx_errors));
	EXPECT_EQ(bad + 1, ethtool_statistic(self->u.ifname, "rx_drop_bad_header"));
	EXPECT_EQ(packets, STAT_DELTA(rx_packets));
	EXPECT_EQ(-EAGAIN, ERR(recv(self->capture, self->got, sizeof(self->got), MSG_DONTWAIT)));
}

TEST_F(offload_write, bad_virtio_header_is_EINVAL)
{
	struct virtio_net_hdr tcp = l4_virtio(variant->family, IPPROTO_TCP, MSS);
	struct virtio_net_hdr udp = l4_virtio(variant->family, IPPROTO_UDP, MSS);
	const size_t payload = SEGMENTS * MSS;
	struct virtio_net_hdr bad[64], hdr;
	unsigned int i, n = 0, type;
	size_t len;

	if (!variant->o.virtio)
		SKIP(return, "of virtio's header only");
	/* Unknown types. */
	for (type = 0; type < 256; type += type < 8 ? 1 : 31) {
		hdr = tcp;
		hdr.gso_type = type;
		if ((type & ~VIRTIO_NET_HDR_GSO_ECN) > VIRTIO_NET_HDR_GSO_UDP_L4 || type == 2)
			bad[n++] = hdr;
	}
	hdr = tcp;
	hdr.gso_type = VIRTIO_NET_HDR_GSO_ECN;
	bad[n++] = hdr;
	/* Sizes. */
	hdr = tcp;
	hdr.gso_size = 0;
	bad[n++] = hdr;
	hdr.gso_size = 0xffff;
	bad[n++] = hdr;
	/* A checksum outside of the packet, or in its IP header. */
	for (i = 0; i < 2; i++) {
		hdr = tcp;
		hdr.gso_type = i ? hdr.gso_type : VIRTIO_NET_HDR_GSO_NONE;
		hdr.csum_start = 0xffff - ETH_HLEN;
		bad[n++] = hdr;
		hdr.csum_start = tcp.csum_start;
		hdr.csum_offset = 0xffff;
		bad[n++] = hdr;
		hdr.csum_offset = 0x8000;
		hdr.csum_start = 0x8000;
		bad[n++] = hdr;
		hdr.csum_offset = tcp.csum_offset;
		hdr.csum_start = 4;
		bad[n++] = hdr;
	}
	/* The checksum of another protocol. */
	hdr = tcp;
	hdr.csum_offset = 6;
	bad[n++] = hdr;
	hdr = udp;
	hdr.csum_offset = 16;
	bad[n++] = hdr;
	/* UDP without an incomplete checksum, with ECN, and in too many segments. */
	hdr = udp;
	hdr.flags = 0;
	bad[n++] = hdr;
	hdr = udp;
	hdr.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	bad[n++] = hdr;
	hdr = udp;
	hdr.gso_size = 1;
	bad[n++] = hdr;
	/* Not the protocol of the packet, which is parsed if the checksum is complete. */
	hdr = tcp;
	hdr.flags = 0;
	hdr.gso_type = variant->family == AF_INET ? VIRTIO_NET_HDR_GSO_TCPV6 :
						    VIRTIO_NET_HDR_GSO_TCPV4;
	bad[n++] = hdr;
	ASSERT_LT(n, ARRAY_SIZE(bad));
	for (i = 0; i < n; i++) {
		len = BUILD(&bad[i], IPPROTO_TCP, payload, true);
		expect_refused(_metadata, self, len, i);
	}
	/* The unit still works. */
	hdr = l4_virtio(variant->family, IPPROTO_UDP, 0);
	len = BUILD(&hdr, IPPROTO_UDP, 10, true);
	EXPECT_EQ((ssize_t)len, WRITE(len));
	EXPECT_DELIVERED(10);
}

TEST_F(offload_write, bad_tun_hdr_is_EINVAL)
{
	const struct virtio_net_hdr none = { };
	static const __u16 pairs[] = {
		TUN_H_TCP_CSUM | TUN_H_UDP_CSUM, TUN_H_TCP_CSUM | TUN_H_ICMP_CSUM,
		TUN_H_UDP_CSUM | TUN_H_ICMP_CSUM,
		TUN_H_TCP_CSUM | TUN_H_UDP_CSUM | TUN_H_ICMP_CSUM,
	};
	const bool ipv4 = variant->family == AF_INET;
	unsigned int i;
	size_t len;

	if (variant->o.virtio)
		SKIP(return, "of OpenBSD's header only");
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		len = BUILD(&none, i ? IPPROTO_UDP : IPPROTO_TCP, 100, true);
		set_tun_hdr(self, pairs[i], 0, 0);
		expect_refused(_metadata, self, len, i);
	}
	/* A flag that does not fit the packet. */
	len = BUILD(&none, IPPROTO_UDP, 3000, true);
	set_tun_hdr(self, TUN_H_TCP_CSUM, 0, 0);
	expect_refused(_metadata, self, len, 10);
	set_tun_hdr(self, TUN_H_ICMP_CSUM, 0, 0);
	expect_refused(_metadata, self, len, 11);
	set_tun_hdr(self, TUN_H_UDP_CSUM | TUN_H_TCP_MSS, 0, MSS);
	expect_refused(_metadata, self, len, 12);
	set_tun_hdr(self, TUN_H_TCP_MSS, 0, MSS);
	expect_refused(_metadata, self, len, 13);
	if (!ipv4) {
		set_tun_hdr(self, TUN_H_IPV4_CSUM, 0, 0);
		expect_refused(_metadata, self, len, 14);
	}
	len = BUILD(&none, IPPROTO_TCP, 3000, true);
	set_tun_hdr(self, TUN_H_UDP_CSUM, 0, 0);
	expect_refused(_metadata, self, len, 20);
	set_tun_hdr(self, TUN_H_TCP_CSUM | TUN_H_TCP_MSS, 0, 0);
	expect_refused(_metadata, self, len, 21);
	if (ipv4) {
		/* A fragment. */
		self->buf[self->prefix + 6] = 0x20;
		set_tun_hdr(self, TUN_H_TCP_CSUM, 0, 0);
		expect_refused(_metadata, self, len, 22);
	}
	/* No IP packet. */
	self->buf[self->prefix] = 0x70;
	set_tun_hdr(self, TUN_H_TCP_CSUM, 0, 0);
	expect_refused(_metadata, self, len, 23);
	/* No room for the transport header. */
	len = BUILD(&none, IPPROTO_TCP, 0, true);
	set_tun_hdr(self, TUN_H_TCP_CSUM, 0, 0);
	expect_refused(_metadata, self, len - 4, 24);
	if (!link_header_len(&self->u)) {
		len = BUILD(&none, IPPROTO_UDP, 10, false);
		set_tun_hdr(self, TUN_H_VTAG, 7, 0);
		expect_refused(_metadata, self, len, 30);
	}
	len = BUILD(&none, IPPROTO_UDP, 10, false);
	EXPECT_EQ((ssize_t)len, WRITE(len));
	EXPECT_DELIVERED(10);
}

/* ---- flags of tun_hdr --------------------------------------------------- */

TEST_F(offload_write, priority_padding_and_unknown_flags_are_ignored)
{
	const struct virtio_net_hdr none = { };
	size_t len;

	if (variant->o.virtio)
		SKIP(return, "of OpenBSD's header only");
	len = BUILD(&none, IPPROTO_UDP, 10, true);
	set_tun_hdr(self, TUN_H_UDP_CSUM | TUN_H_PRIO_MASK | 0x8 | 0x40 | 0x80 | 0xf000, 0xffff,
		    0xffff);
	memset(self->buf + 2, 0xff, 2);
	ASSERT_EQ((ssize_t)len, WRITE(len));
	EXPECT_DELIVERED(10);
}

TEST_F(offload_write, IPV4_CSUM_is_computed)
{
	static const __u16 sums[] = { 0, 0xffff, 0x1234 };
	const struct virtio_net_hdr none = { };
	unsigned int i;
	size_t len;

	if (variant->o.virtio || variant->family != AF_INET)
		SKIP(return, "of OpenBSD's header only, for IPv4");
	for (i = 0; i < 2 * ARRAY_SIZE(sums); i++) {
		const bool both = i % 2;

		len = BUILD(&none, IPPROTO_UDP, 77, both);
		memcpy(self->buf + self->prefix + 10, &sums[i / 2], 2);
		set_tun_hdr(self, TUN_H_IPV4_CSUM | (both ? TUN_H_UDP_CSUM : 0), 0, 0);
		ASSERT_EQ((ssize_t)len, WRITE(len));
		EXPECT_DELIVERED(77);
		/* Without the flag it is verified. */
		set_tun_hdr(self, both ? TUN_H_UDP_CSUM : 0, 0, 0);
		ASSERT_EQ((ssize_t)len, WRITE(len));
		EXPECT_EQ(-EAGAIN, RECV(MSG_DONTWAIT));
	}
}

TEST_F(offload_write, ICMP_CSUM_of_a_ping)
{
	const struct virtio_net_hdr none = { };
	char *ip = self->buf + self->prefix;
	size_t len = self->prefix;

	if (variant->o.virtio || variant->family != AF_INET)
		SKIP(return, "of OpenBSD's header only, for IPv4");
	offload_put(&self->u, &variant->o, self->buf, variant->family, &none);
	len += build_echo(ip, PEER, LOCAL, ICMP_ECHO, 1, 2, "data", 4);
	memset(ip + sizeof(struct iphdr) + 2, 0, 2);
	set_tun_hdr(self, TUN_H_ICMP_CSUM, 0, 0);
	ASSERT_EQ((ssize_t)len, WRITE(len));
	/* IPv6 may have sent something. */
	do {
		ASSERT_TRUE(wait_readable(self->u.fd));
		ASSERT_LT(0, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	} while ((unsigned char)self->got[self->prefix] >> 4 != 4);
	EXPECT_TRUE(packet_is_valid(self->got + self->prefix, len - self->prefix, IPPROTO_ICMP));
	EXPECT_EQ(ICMP_ECHOREPLY, self->got[self->prefix + sizeof(struct iphdr)]);
}

TEST_F(offload_write, VTAG_is_the_tag_of_a_frame)
{
	const struct virtio_net_hdr none = { };
	struct link link;
	int vlan;
	size_t len;

	if (variant->o.virtio || !link_header_len(&self->u))
		SKIP(return, "of OpenBSD's header only, for frames");
	if (run_command("ip link add link %s name upper type vlan id 7 && ip link set upper up",
			self->u.ifname))
		SKIP(return, "no VLANs in this kernel");
	ASSERT_EQ(0, link_get(if_nametoindex("upper"), &link));
	vlan = packet_listener(link.ifindex, variant->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	ASSERT_LE(0, vlan);
	len = BUILD(&none, IPPROTO_UDP, 100, true);
	set_tun_hdr(self, TUN_H_VTAG | TUN_H_UDP_CSUM, 0x2007, 0);
	ASSERT_EQ((ssize_t)len, WRITE(len));
	EXPECT_EQ((ssize_t)(len - self->header),
		  ERR(recv(vlan, self->got, sizeof(self->got), 0)));
	EXPECT_EQ(0, memcmp(self->got + 12, self->buf + self->header + 12,
			    len - self->header - 12));
	/* Of another VLAN. */
	set_tun_hdr(self, TUN_H_VTAG | TUN_H_UDP_CSUM, 0x2008, 0);
	ASSERT_EQ((ssize_t)len, WRITE(len));
	EXPECT_EQ(-EAGAIN, ERR(recv(vlan, self->got, sizeof(self->got), MSG_DONTWAIT)));
	close(vlan);
}

/* ---- lengths and buffers ------------------------------------------------ */

TEST_F(offload_write, lengths)
{
	const size_t min = link_header_len(&self->u) ?: variant->o.head ? 4 : 0;
	/* An Ethernet header counts. */
	const size_t max = self->header + (variant->o.head ? 4 : 0) + 65535;
	const struct virtio_net_hdr none = { };
	size_t len;

	BUILD(&none, IPPROTO_UDP, 65000, false);
	EXPECT_EQ(0, WRITE(0));
	for (len = 1; len < self->header + min; len++) {
		const long want = !variant->o.virtio ? -EMSGSIZE :
				  variant->o.head && len > self->header ? -ENOBUFS : (long)len;

		EXPECT_EQ(want, WRITE(len));
	}
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(-EAGAIN, ERR(recv(self->capture, self->got, sizeof(self->got), MSG_DONTWAIT)));
	EXPECT_EQ((ssize_t)max, WRITE(max));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_GT(0, WRITE(max + 1));
	if (variant->o.virtio)
		EXPECT_EQ(-EIO, WRITE(max + 1));
	EXPECT_EQ(variant->o.virtio ? -EIO : -EMSGSIZE, WRITE(max + 100));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
}

TEST_F(offload_write, bad_buffer_within_the_header)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
	size_t at;

	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, munmap(map + page, page));
	for (at = 0; at < self->header; at++) {
		self->before = link_stats(self->u.ifindex);
		EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, map + page - at, 200)));
		EXPECT_EQ(1, STAT_DELTA(rx_errors));
		EXPECT_EQ((long long)at + 1, ethtool_statistic(self->u.ifname, "rx_drop_fault"));
	}
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	munmap(map, page);
}

TEST_F(offload_write, down_or_of_an_unknown_family)
{
	struct virtio_net_hdr hdr = l4_virtio(variant->family, IPPROTO_UDP, 0);
	size_t len = BUILD(&hdr, IPPROTO_UDP, 100, true);
	const __be32 family = htonl(99);

	if (variant->o.head) {
		memcpy(self->buf + self->header, &family, sizeof(family));
		EXPECT_EQ(-EAFNOSUPPORT, WRITE(len));
	}
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ((ssize_t)len, WRITE(len));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(1, STAT_DELTA(rx_dropped));
}

TEST_HARNESS_MAIN
