// SPDX-License-Identifier: GPL-2.0
/*
 * Superpackets and incomplete checksums that a program writes, through the stack: routed to an
 * interface without offloads, where they are captured as valid segments, and to another unit;
 * through a bridge and a redirection of tc.
 */
#include "lib/fixture.h"
#include "lib/offload.h"

#include <linux/if_packet.h>
#include <net/if_tun.h>
#include <openbsd/net/if_tun_hdr.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>

#define MSS		1000
#define SEGMENTS	9
#define PAYLOAD		(SEGMENTS * MSS - 1)

#define FAR_LOCAL	0x0a2b0001u	/* 10.43.0.1 */
#define FAR_PEER	0x0a2b0002u	/* the receiver */
#define FAR_PEER6	"fd43::2"

FIXTURE(offload_forward) {
	struct unit u;
	bool filters;
	size_t prefix;
	struct rtnl_link_stats64 before;
	char buf[70000], got[70000];
};

FIXTURE_VARIANT(offload_forward) {
	struct offload o;
	int family;
};

OFFLOAD_VARIANTS(offload_forward, head_virtio, .kind = TUN_KIND, .virtio = 12, .head = true);
OFFLOAD_VARIANTS(offload_forward, head_tun_hdr, .kind = TUN_KIND, .head = true);
OFFLOAD_VARIANTS(offload_forward, tap_virtio, .kind = TAP_KIND, .virtio = 10);
OFFLOAD_VARIANTS(offload_forward, tap_tun_hdr, .kind = TAP_KIND);

FIXTURE_SETUP(offload_forward)
{
	int on = 1;

	self->u.fd = -1;
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, netns_enable_ipv6());
	ASSERT_EQ(0, write_file("/proc/sys/net/ipv4/ip_forward", "1"));
	ASSERT_EQ(0, write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1"));
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->o.kind, O_NONBLOCK));
	if (variant->o.head)
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNSIFHEAD, &on)));
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, 0));
	self->prefix = offload_prefix_len(&variant->o);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(offload_forward)
{
	unit_destroy(&self->u);
	if (if_nametoindex("near"))
		link_del(if_nametoindex("near"));
	if (self->filters)
		run_command("nft delete table inet filter");
}

/*
 * A pair of veth, whose near end has no offloads at all. Returns a socket that captures at the far
 * end what was sent to it, or -errno.
 */
static int plain_cable(const FIXTURE_VARIANT(offload_forward) * variant)
{
	static const char *const names[] = {
		"tx-tcp-segmentation", "tx-tcp6-segmentation", "tx-tcp-ecn-segmentation",
		"tx-udp-segmentation", "tx-checksum-ip-generic",
	};
	unsigned int i;

	if (run_command("ip link add near up type veth peer name far up"))
		return -ENODEV;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (ethtool_set_feature("near", names[i], false) ||
		    ethtool_feature("near", names[i]))
			return -EPROTO;
	if (!WAIT_FOR(link_carrier(if_nametoindex("near")) == 1, TIMEOUT_MS))
		return -ETIMEDOUT;
	return packet_listener(if_nametoindex("far"),
			       variant->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
}

/* Routes to the receiver at the end of the cable. */
static int route_near(void)
{
	return run_command("ip -batch - << END\n"
			   "address add 10.43.0.1/24 dev near\n"
			   "address add fd43::1/64 dev near nodad\n"
			   "neigh replace 10.43.0.2 lladdr 02:42:0a:2b:00:02 dev near\n"
			   "neigh replace fd43::2 lladdr 02:42:0a:2b:00:02 dev near\n"
			   "END");
}

/*
 * Builds a write for the receiver: a packet with an incomplete checksum, to be segmented if
 * @gso_size is not 0. Returns its length.
 */
static size_t build(FIXTURE_DATA(offload_forward) * self,
		    const FIXTURE_VARIANT(offload_forward) * variant, int protocol,
		    size_t payload, size_t gso_size)
{
	struct virtio_net_hdr hdr = l4_virtio(variant->family, protocol, gso_size);
	char *ip = self->buf + self->prefix;
	__u32 old, new;
	__u16 sum, *check;

	offload_put(&self->u, &variant->o, self->buf, variant->family, &hdr);
	build_l4(ip, variant->family, protocol, true, payload, true);
	check = (void *)(ip + hdr.csum_start + hdr.csum_offset);
	/* To another address: the sums change by the difference. */
	if (variant->family == AF_INET) {
		struct iphdr *iph = (void *)ip;

		old = csum_add(0, &iph->daddr, 4);
		iph->daddr = htonl(FAR_PEER);
		new = csum_add(0, &iph->daddr, 4);
		iph->check = 0;
		iph->check = csum(0, iph, sizeof(*iph));
	} else {
		struct ip6_hdr *ip6 = (void *)ip;

		old = csum_add(0, &ip6->ip6_dst, 16);
		inet_pton(AF_INET6, FAR_PEER6, &ip6->ip6_dst);
		new = csum_add(0, &ip6->ip6_dst, 16);
	}
	sum = htons(csum_add(ntohs(*check) + new + (0xffff - old), NULL, 0));
	memcpy(check, &sum, sizeof(sum));
	return self->prefix + l4_headers_len(variant->family, protocol) + payload;
}

#define BUILD(protocol, payload, gso_size)	build(self, variant, protocol, payload, gso_size)

/* The protocol of the IP packet. */
static int protocol_of(const char *ip)
{
	return *ip >> 4 == 4 ? ((const struct iphdr *)ip)->protocol :
			       ((const struct ip6_hdr *)ip)->ip6_nxt;
}

/* Receives the next frame with this protocol; IPv6 sends others by itself. */
static ssize_t receive(FIXTURE_DATA(offload_forward) * self, int fd, size_t link, int protocol,
		       int flags)
{
	ssize_t len;

	do {
		len = ERR(recv(fd, self->got, sizeof(self->got), flags));
	} while (len > (ssize_t)link && protocol_of(self->got + link) != protocol);
	return len;
}

/* The socket captures the payload as valid segments, in frames with a header of @link bytes. */
static void expect_segments(struct __test_metadata *_metadata, FIXTURE_DATA(offload_forward) * self,
			    const FIXTURE_VARIANT(offload_forward) * variant, int fd, size_t link,
			    int protocol, size_t all, size_t mss)
{
	const size_t headers = l4_headers_len(variant->family, protocol);
	size_t at;

	for (at = 0; at < all; at += mss) {
		const size_t n = all - at < mss ? all - at : mss;

		ASSERT_EQ((ssize_t)(link + headers + n), receive(self, fd, link, protocol, 0));
		EXPECT_TRUE(l4_is_valid(self->got + link, headers + n));
		EXPECT_EQ(0, memcmp(self->got + link + headers,
				    self->buf + self->prefix + headers + at, n));
		if (protocol == IPPROTO_TCP) {
			const struct tcphdr *tcp = (void *)(self->got + link + headers -
							    sizeof(*tcp));

			EXPECT_EQ(1000 + at, ntohl(tcp->seq));
		}
	}
	EXPECT_EQ(-EAGAIN, receive(self, fd, link, protocol, MSG_DONTWAIT));
}

#define EXPECT_SEGMENTS(fd, protocol, all, mss)					\
	expect_segments(_metadata, self, variant, fd, ETH_HLEN, protocol, all, mss)

/* Writes of each sort, which end at the socket. */
static void check_all(struct __test_metadata *_metadata, FIXTURE_DATA(offload_forward) * self,
		      const FIXTURE_VARIANT(offload_forward) * variant, int fd)
{
	size_t len;

	len = BUILD(IPPROTO_TCP, PAYLOAD, MSS);
	ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_SEGMENTS(fd, IPPROTO_TCP, PAYLOAD, MSS);
	len = BUILD(IPPROTO_TCP, 64000, 1400);
	ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_SEGMENTS(fd, IPPROTO_TCP, 64000, 1400);
	len = BUILD(IPPROTO_UDP, 1000, 0);
	ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_SEGMENTS(fd, IPPROTO_UDP, 1000, 1000);
	len = BUILD(IPPROTO_TCP, 1, 0);
	ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_SEGMENTS(fd, IPPROTO_TCP, 1, 1);
	EXPECT_EQ(SEGMENTS + 46 + 2, STAT_DELTA(rx_packets));
	if (!variant->o.virtio)
		return;
	len = BUILD(IPPROTO_UDP, PAYLOAD, MSS);
	ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_SEGMENTS(fd, IPPROTO_UDP, PAYLOAD, MSS);
}

TEST_F(offload_forward, routed_to_an_interface_without_offloads)
{
	int fd = plain_cable(variant);

	if (fd == -ENODEV)
		SKIP(return, "no veth in this kernel");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, route_near());
	check_all(_metadata, self, variant, fd);
	close(fd);
}

/* However the header says that there is something to segment. */
TEST_F(offload_forward, each_flag_of_a_superpacket)
{
	static const __u8 virtio[] = {
		0, VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_F_DATA_VALID,
		VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID,
	};
	static const __u16 openbsd[] = {
		TUN_H_TCP_MSS, TUN_H_TCP_MSS | TUN_H_TCP_CSUM, TUN_H_TCP_MSS | TUN_H_IPV4_CSUM,
		TUN_H_TCP_MSS | TUN_H_TCP_CSUM | TUN_H_IPV4_CSUM | TUN_H_PRIO_MASK,
	};
	int fd = plain_cable(variant);
	unsigned int i;
	size_t len;

	if (fd == -ENODEV)
		SKIP(return, "no veth in this kernel");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, route_near());
	for (i = 0; i < 4; i++) {
		len = BUILD(IPPROTO_TCP, PAYLOAD, MSS);
		if (variant->o.virtio)
			self->buf[0] = virtio[i];
		else if (variant->family == AF_INET)
			memcpy(self->buf, &openbsd[i], sizeof(openbsd[i]));
		else
			self->buf[1] &= i % 2 ? ~0 : ~(TUN_H_TCP_CSUM >> 8);
		ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)))
			TH_LOG("flags %u", i);
		EXPECT_SEGMENTS(fd, IPPROTO_TCP, PAYLOAD, MSS);
	}
	close(fd);
}

TEST_F(offload_forward, bridged_to_an_interface_without_offloads)
{
	int fd;

	if (!link_header_len(&self->u))
		SKIP(return, "no frames");
	fd = plain_cable(variant);
	if (fd == -ENODEV || run_command("ip link add bridge up type bridge"))
		SKIP(return, "no veth or no bridge in this kernel");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, run_command("ip -batch - << END\n"
				 "link set %s master bridge\n"
				 "link set near master bridge\n"
				 "END", self->u.ifname));
	/* Not for this machine. */
	memset(self->u.mac, 0x06, ETH_ALEN);
	check_all(_metadata, self, variant, fd);
	close(fd);
	EXPECT_EQ(0, link_del(if_nametoindex("bridge")));
}

TEST_F(offload_forward, redirected_by_tc)
{
	int fd;

	if (!link_header_len(&self->u))
		SKIP(return, "no frames");
	fd = plain_cable(variant);
	if (fd == -ENODEV ||
	    run_command("tc qdisc add dev %s clsact", self->u.ifname) ||
	    run_command("tc filter add dev %s ingress matchall action mirred %s dev near",
			self->u.ifname, "egress redirect"))
		SKIP(return, "no veth or no mirred in this kernel");
	ASSERT_LE(0, fd);
	check_all(_metadata, self, variant, fd);
	close(fd);
}

/* One rule drops TCP, which it sees as one packet. */
TEST_F(offload_forward, filtered_by_nftables)
{
	int fd = plain_cable(variant);
	size_t len;

	if (fd == -ENODEV ||
	    run_command("nft 'table inet filter { chain forward { "
			"type filter hook forward priority 0; tcp dport %d counter drop; }; }'",
			PORT))
		SKIP(return, "no veth or no nftables in this kernel");
	self->filters = true;
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, route_near());
	len = BUILD(IPPROTO_TCP, PAYLOAD, MSS);
	ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)));
	len = BUILD(IPPROTO_UDP, 1000, 0);
	ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)));
	EXPECT_SEGMENTS(fd, IPPROTO_UDP, 1000, 1000);
	len = PAYLOAD + l4_headers_len(variant->family, IPPROTO_TCP);
	EXPECT_EQ(0, run_command("nft list table inet filter | grep -q 'packets 1 bytes %zu'",
				 len));
	close(fd);
}

/*
 * To another unit, whose program has a header of the same sort, of the other sort, or none: it gets
 * what its own header can describe.
 */
TEST_F(offload_forward, to_another_unit)
{
	const struct offload sorts[] = {
		{ .kind = TUN_KIND, .head = true, .virtio = 10 },
		{ .kind = TUN_KIND, .head = true },
	};
	const size_t headers = l4_headers_len(variant->family, IPPROTO_TCP);
	const char *sent = self->buf + self->prefix + headers;
	struct virtio_net_hdr want = l4_virtio(variant->family, IPPROTO_TCP, MSS), hdr;
	struct unit far;
	unsigned int i;
	size_t len, at;

	ASSERT_EQ(0, unit_create(&far, "far"));
	ASSERT_EQ(0, unit_open(&far, O_NONBLOCK));
	ASSERT_EQ(0, ioctl_set(far.fd, TUNSIFHEAD, 1));
	ASSERT_EQ(0, addr_add(far.ifindex, FAR_LOCAL, FAR_PEER));
	ASSERT_EQ(0, run_command("ip address add fd43::1/64 dev far nodad"));
	ASSERT_EQ(0, netdev_sysctl_set(&far, "ipv6/conf", "router_solicitations", "0"));
	ASSERT_EQ(0, link_up(far.ifindex));
	len = BUILD(IPPROTO_TCP, PAYLOAD, MSS);
	for (i = 0; i < ARRAY_SIZE(sorts); i++) {
		const size_t prefix = offload_prefix_len(&sorts[i]);

		ASSERT_EQ(0, offload_on(&far, &sorts[i], OFFLOAD_CAPS_ALL));
		ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)));
		/* IPv6 may have sent something. */
		do {
			ASSERT_TRUE(wait_readable(far.fd));
			at = ERR(read(far.fd, self->got, sizeof(self->got)));
		} while (at < 1000);
		ASSERT_EQ(prefix + headers + PAYLOAD, at);
		hdr = offload_get(&sorts[i], self->got);
		EXPECT_EQ(0, memcmp(&want, &hdr, sizeof(hdr)));
		EXPECT_EQ(0, memcmp(self->got + prefix + headers, sent, PAYLOAD));
		ASSERT_EQ(0, offload_off(&far, &sorts[i]));
	}
	ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, self->buf, len)));
	for (at = 0; at < PAYLOAD; ) {
		const size_t n = PAYLOAD - at < MSS ? PAYLOAD - at : MSS;
		ssize_t got;

		ASSERT_TRUE(wait_readable(far.fd));
		got = ERR(read(far.fd, self->got, sizeof(self->got)));
		ASSERT_LT(0, got);
		if (got < 1000)
			continue;
		ASSERT_EQ((ssize_t)(4 + headers + n), got);
		EXPECT_TRUE(l4_is_valid(self->got + 4, headers + n));
		EXPECT_EQ(0, memcmp(self->got + 4 + headers, sent + at, n));
		at += n;
	}
	unit_destroy(&far);
}

/* From a container, over its veth and a bridge: nobody on the way segments. */
TEST_F(offload_forward, from_a_veth_over_a_bridge_whole)
{
	struct virtio_net_hdr want = l4_virtio(variant->family, IPPROTO_TCP, MSS), hdr;
	const size_t headers = l4_headers_len(variant->family, IPPROTO_TCP);
	struct unit container = { .kind = TAP_KIND };
	ssize_t len, got;
	size_t at;
	int raw;

	if (!link_header_len(&self->u))
		SKIP(return, "no frames");
	if (run_command("ip link add near up type veth peer name far up") ||
	    run_command("ip link add bridge up type bridge"))
		SKIP(return, "no veth or no bridge in this kernel");
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	ASSERT_EQ(0, run_command("ip -batch - << END\n"
				 "link set %s master bridge\n"
				 "link set near master bridge\n"
				 "END", self->u.ifname));
	container.ifindex = if_nametoindex("far");
	memcpy(container.mac, "\x02\0\0\0\0\x07", ETH_ALEN);
	raw = vnet_socket();
	ASSERT_LE(0, raw);
	len = build_l4(self->buf, variant->family, IPPROTO_TCP, false, PAYLOAD, true);
	/* Until the ports forward, and among what IPv6 sends by itself. */
	ASSERT_TRUE(WAIT_FOR(vnet_send(raw, &container, &want, self->buf, len) > 0 &&
			     (got = ERR(read(self->u.fd, self->got, sizeof(self->got)))) >
			     (ssize_t)self->prefix + MSS, TIMEOUT_MS));
	ASSERT_EQ((ssize_t)self->prefix + len, got);
	hdr = offload_get(&variant->o, self->got);
	EXPECT_EQ(0, memcmp(&want, &hdr, sizeof(hdr)));
	EXPECT_EQ(0, memcmp(self->buf, self->got + self->prefix, len));

	/* Without a header, in segments. */
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	ASSERT_LT(0, vnet_send(raw, &container, &want, self->buf, len));
	for (at = 0; at < PAYLOAD; ) {
		const size_t n = PAYLOAD - at < MSS ? PAYLOAD - at : MSS;

		ASSERT_TRUE(wait_readable(self->u.fd));
		got = ERR(read(self->u.fd, self->got, sizeof(self->got)));
		ASSERT_LT(0, got);
		if (got < MSS)
			continue;
		ASSERT_EQ((ssize_t)(ETH_HLEN + headers + n), got);
		EXPECT_TRUE(l4_is_valid(self->got + ETH_HLEN, headers + n));
		EXPECT_EQ(0, memcmp(self->buf + headers + at, self->got + ETH_HLEN + headers, n));
		at += n;
	}
	close(raw);
	EXPECT_EQ(0, link_del(if_nametoindex("bridge")));
}

TEST_HARNESS_MAIN
