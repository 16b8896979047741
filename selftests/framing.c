// SPDX-License-Identifier: GPL-2.0
/*
 * Prefixes of packets: the address family with TUNSIFHEAD, the next hop with TUNSLMODE, in reads,
 * writes and the result of FIONREAD. Statements A10, A15 to A20 and A23.
 */

#include <linux/icmpv6.h>
#include <net/if_tun.h>
#include <netinet/ip6.h>

#include "lib/address.h"
#include "lib/test.h"

FIXTURE(framing) {
	struct unit u;
	int fd;
	int udp;
	int raw;
	struct rtnl_link_stats64 before;
	unsigned char buf[70000];
};

FIXTURE_SETUP(framing)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
	self->udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, self->udp);
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(framing)
{
	close(self->raw);
	close(self->udp);
	unit_destroy(&self->u);
}

#define SEND(data, len) send_udp_to_peer(_metadata, self->udp, PORT, data, len)

#define SET(cmd, value)							\
({									\
	int __value = (value);						\
									\
	ASSERT_EQ(0, ERR(ioctl(self->fd, cmd, &__value)));		\
})

#define READ() ERR(read(self->fd, self->buf, sizeof(self->buf)))

/* ---- reads with TUNSIFHEAD ---------------------------------------------- */

TEST_F(framing, A15_ipv4_is_family_2)
{
	SET(TUNSIFHEAD, 1);
	SEND("hello", 5);
	ASSERT_EQ(4 + IP_UDP_LEN + 5, READ());
	EXPECT_EQ(2, be32_at(self->buf));
	EXPECT_TRUE(packet_is_valid(self->buf + 4, IP_UDP_LEN + 5, IPPROTO_UDP));
	EXPECT_EQ(0, memcmp(udp_payload(self->buf + 4), "hello", 5));
}

TEST_F(framing, A15_ipv6_family_depends_on_the_dialect)
{
	const struct {
		unsigned int cmd, family;
	} dialects[] = {
		{ TUNSIFHEAD, 10 }, { bsd_encoding(TUNSIFHEAD), 28 },
		{ bsd_encoding(NETBSD_TUNSIFHEAD), 24 },
	};
	size_t len = build_ip6(self->buf, 11);
	char sent[64];
	unsigned int i;

	memcpy(sent, self->buf, len);
	for (i = 0; i < ARRAY_SIZE(dialects); i++) {
		SET(dialects[i].cmd, 1);
		ASSERT_EQ(len, packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, sent, len));
		ASSERT_EQ(4 + len, READ());
		EXPECT_EQ(dialects[i].family, be32_at(self->buf));
		EXPECT_EQ(0, memcmp(self->buf + 4, sent, len));
	}
}

/* Without a protocol from the sender, the first byte decides the family. */
TEST_F(framing, family_of_packets_without_protocol)
{
	char packet[64];
	size_t len = build_ip6(packet, 3);

	SET(TUNSIFHEAD, 1);
	ASSERT_EQ(len, packet_send(self->raw, self->u.ifindex, 0, packet, len));
	ASSERT_EQ(4 + len, READ());
	EXPECT_EQ(10, be32_at(self->buf));
	len = build_udp(packet, LOCAL, PEER, 1, 2, "x", 1);
	ASSERT_EQ(len, packet_send(self->raw, self->u.ifindex, 0, packet, len));
	ASSERT_EQ(4 + len, READ());
	EXPECT_EQ(2, be32_at(self->buf));
}

TEST_F(framing, other_protocols_are_dropped)
{
	static const int protocols[] = { ETH_P_ARP, ETH_P_MPLS_UC, ETH_P_8021Q, 0x1234 };
	unsigned int i;

	SET(TUNSIFHEAD, 1);
	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		packet_send(self->raw, self->u.ifindex, protocols[i], self->buf, 25);
	EXPECT_EQ(-EAGAIN, READ());
	EXPECT_EQ(ARRAY_SIZE(protocols), STAT_DELTA(tx_dropped));
	EXPECT_EQ(0, STAT_DELTA(tx_packets));
}

/* ---- reads with TUNSLMODE ----------------------------------------------- */

static const unsigned char peer_sockaddr[16] = { 16, 2, 0, 0, 10, 42, 0, 2 };

TEST_F(framing, A16_next_hop_on_the_link_is_the_destination)
{
	SET(TUNSLMODE, 1);
	SEND("direct", 6);
	ASSERT_EQ(16 + IP_UDP_LEN + 6, READ());
	EXPECT_EQ(0, memcmp(self->buf, peer_sockaddr, 16));
	EXPECT_TRUE(packet_is_valid(self->buf + 16, IP_UDP_LEN + 6, IPPROTO_UDP));
}

TEST_F(framing, A16_next_hop_is_the_gateway)
{
	ASSERT_EQ(0, run_command("ip route add 198.51.100.0/24 via 10.42.0.2 dev %s",
				 self->u.ifname));
	SET(TUNSLMODE, 1);
	ASSERT_EQ(4, udp_send(self->udp, 0xc6336407, PORT, "gate", 4));
	ASSERT_EQ(16 + IP_UDP_LEN + 4, READ());
	EXPECT_EQ(0, memcmp(self->buf, peer_sockaddr, 16));
	/* The destination of the packet is not the gateway. */
	EXPECT_EQ(0xc6336407, be32_at(self->buf + 16 + 16));
}

/* A sockaddr_in cannot hold the gateway. */
TEST_F(framing, A16_next_hop_behind_ipv6_is_the_destination)
{
	static const unsigned char destination[16] = { 16, 2, 0, 0, 198, 51, 100, 7 };

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	ASSERT_EQ(0, netns_enable_ipv6());
	ASSERT_EQ(0, addr6_add(self->u.ifindex, &local6));
	ASSERT_EQ(0, run_command("ip route add 198.51.100.0/24 via inet6 fd42::2 dev %s",
				 self->u.ifname));
	/* LMODE last: it refuses the packets that IPv6 sends by itself. */
	SET(TUNSLMODE, 1);
	ASSERT_EQ(4, udp_send(self->udp, 0xc6336407, PORT, "gate", 4));
	ASSERT_TRUE(wait_readable(self->fd));
	ASSERT_EQ(16 + IP_UDP_LEN + 4, READ());
	EXPECT_EQ(0, memcmp(self->buf, destination, 16));
	EXPECT_TRUE(packet_is_valid(self->buf + 16, IP_UDP_LEN + 4, IPPROTO_UDP));
	EXPECT_EQ(0xc6336407, be32_at(self->buf + 16 + 16));
}

TEST_F(framing, A16_next_hop_without_a_route_is_the_destination)
{
	static const unsigned char other[16] = { 16, 2, 0, 0, 203, 0, 113, 9 };
	char packet[64];
	size_t len = build_udp(packet, LOCAL, 0xcb007109, 1, 2, "raw", 3);

	SET(TUNSLMODE, 1);
	ASSERT_EQ(len, packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len));
	ASSERT_EQ(16 + len, READ());
	EXPECT_EQ(0, memcmp(self->buf, other, 16));
	/* No complete IP header. */
	ASSERT_EQ(3, packet_send(self->raw, self->u.ifindex, ETH_P_IP, "abc", 3));
	ASSERT_EQ(16 + 3, READ());
	EXPECT_EQ(0, be32_at(self->buf + 4));
}

TEST_F(framing, A16_ipv6_is_refused)
{
	char packet[64];
	size_t len = build_ip6(packet, 1);

	SET(TUNSLMODE, 1);
	packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, packet, len);
	EXPECT_EQ(0, poll_now(self->fd, POLLIN));
	EXPECT_EQ(-EAGAIN, READ());
	EXPECT_EQ(1, STAT_DELTA(tx_dropped));
}

/* ---- reads with a prefix ------------------------------------------------ */

TEST_F(framing, A10_FIONREAD_counts_the_prefix)
{
	SEND("bare", 4);
	EXPECT_EQ(IP_UDP_LEN + 4, fionread(self->fd));
	READ();
	SET(TUNSIFHEAD, 1);
	SEND("head", 4);
	EXPECT_EQ(4 + IP_UDP_LEN + 4, fionread(self->fd));
	READ();
	SET(TUNSLMODE, 1);
	SEND("link", 4);
	EXPECT_EQ(16 + IP_UDP_LEN + 4, fionread(self->fd));
	READ();
	EXPECT_EQ(0, fionread(self->fd));
}

TEST_F(framing, framing_is_decided_at_queueing)
{
	SEND("bare", 4);
	SET(TUNSIFHEAD, 1);
	SEND("head", 4);
	SET(TUNSLMODE, 1);
	SEND("link", 4);
	SET(TUNSLMODE, 0);
	EXPECT_EQ(IP_UDP_LEN + 4, READ());
	EXPECT_EQ(0x45, self->buf[0]);
	EXPECT_EQ(4 + IP_UDP_LEN + 4, READ());
	EXPECT_EQ(2, be32_at(self->buf));
	EXPECT_EQ(16 + IP_UDP_LEN + 4, READ());
	EXPECT_EQ(0, memcmp(self->buf, peer_sockaddr, 16));
}

/* The next program that opens the numbered node reads what the last one asked for. */
TEST_F(framing, A23_prefix_survives_the_close)
{
	const struct {
		unsigned int cmd;
		size_t len;		/* of the prefix */
		unsigned int ipv4, ipv6;	/* first word of the prefix; 0: IPv6 is refused */
	} prefixes[] = {
		{ TUNSLMODE, 16, 0x10020000, 0 },
		{ TUNSIFHEAD, 4, 2, 10 },
		{ bsd_encoding(TUNSIFHEAD), 4, 2, 28 },
		{ bsd_encoding(NETBSD_TUNSIFHEAD), 4, 2, 24 },
	};
	char packet[64];
	size_t len = build_ip6(packet, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		SET(prefixes[i].cmd, 1);
		unit_close(&self->u);
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		self->fd = self->u.fd;
		ASSERT_EQ(0, link_up(self->u.ifindex));

		SEND("stay", 4);
		ASSERT_EQ(prefixes[i].len + IP_UDP_LEN + 4, READ());
		EXPECT_EQ(prefixes[i].ipv4, be32_at(self->buf));
		packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, packet, len);
		if (!prefixes[i].ipv6) {
			EXPECT_EQ(-EAGAIN, READ());
			continue;
		}
		ASSERT_EQ(prefixes[i].len + len, READ());
		EXPECT_EQ(prefixes[i].ipv6, be32_at(self->buf));
	}
	/* So does their absence. */
	SET(prefixes[i - 1].cmd, 0);
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
	ASSERT_EQ(0, link_up(self->u.ifindex));
	SEND("bare", 4);
	EXPECT_EQ(IP_UDP_LEN + 4, READ());
}

TEST_F(framing, A17_short_read_truncates)
{
	static const size_t sizes[] = { 1, 3, 4, 5, 24, 31, 32, 33 };
	unsigned char whole[4 + IP_UDP_LEN + 4];
	unsigned int i;

	SET(TUNSIFHEAD, 1);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t want = sizes[i] < sizeof(whole) ? sizes[i] : sizeof(whole);

		SEND("four", 4);
		memset(self->buf, 0xa5, 64);
		ASSERT_EQ(want, ERR(read(self->fd, self->buf, sizes[i])));
		EXPECT_EQ(0xa5, self->buf[sizes[i]]);
		EXPECT_EQ(0, memcmp(self->buf, "\0\0\0\2\x45", want < 5 ? want : 5));
		/* The rest is discarded. */
		EXPECT_EQ(-EAGAIN, READ());
	}
}

/* OpenVPN on FreeBSD uses one segment for the family, one for the packet. */
TEST_F(framing, readv_and_writev_of_family_and_packet)
{
	unsigned char family[4], packet[2000];
	struct iovec iov[2] = { { family, 4 }, { packet, sizeof(packet) } };
	size_t len;

	SET(bsd_encoding(TUNSIFHEAD), 1);
	SEND("vectors", 7);
	ASSERT_EQ(4 + IP_UDP_LEN + 7, ERR(readv(self->fd, iov, 2)));
	EXPECT_EQ(2, be32_at(family));
	EXPECT_TRUE(packet_is_valid(packet, IP_UDP_LEN + 7, IPPROTO_UDP));

	len = build_udp(packet, PEER, LOCAL, 7, PORT, "answer", 6);
	iov[1].iov_len = len;
	ASSERT_EQ(4 + len, ERR(writev(self->fd, iov, 2)));
	ASSERT_TRUE(wait_readable(self->udp));
	ASSERT_EQ(6, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(0, memcmp(self->buf, "answer", 6));
	/* The prefix is not included in the statistics. */
	EXPECT_EQ(len, STAT_DELTA(rx_bytes));
	EXPECT_EQ(IP_UDP_LEN + 7, STAT_DELTA(tx_bytes));
}

TEST_F(framing, readv_splits_the_prefix)
{
	unsigned char part[3][16];
	struct iovec iov[3] = { { part[0], 2 }, { part[1], 3 }, { part[2], 16 } };

	SET(TUNSLMODE, 1);
	SEND("odd", 3);
	ASSERT_EQ(21, ERR(readv(self->fd, iov, 3)));
	EXPECT_EQ(0, memcmp(part[0], peer_sockaddr, 2));
	EXPECT_EQ(0, memcmp(part[1], peer_sockaddr + 2, 3));
	EXPECT_EQ(0, memcmp(part[2], peer_sockaddr + 5, 11));
	EXPECT_EQ(0x45, part[2][11]);
	EXPECT_EQ(-EAGAIN, READ());
}

TEST_F(framing, read_fault_loses_the_packet)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const int valid_bytes[] = { 0, 2, 4, 10 };
	unsigned int i;

	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, munmap(map + page, page));
	SET(TUNSIFHEAD, 1);
	for (i = 0; i < ARRAY_SIZE(valid_bytes); i++) {
		SEND("lost", 4);
		SEND("next", 4);
		EXPECT_EQ(-EFAULT, ERR(read(self->fd, map + page - valid_bytes[i], 100)))
			TH_LOG("%d valid bytes", valid_bytes[i]);
		ASSERT_EQ(4 + IP_UDP_LEN + 4, READ());
		EXPECT_EQ(0, memcmp(udp_payload(self->buf + 4), "next", 4));
	}
	munmap(map, page);
}

/* ---- writes ------------------------------------------------------------- */

TEST_F(framing, A20_ipv4_with_family)
{
	size_t len = build_udp(self->buf + 4, PEER, LOCAL, 7, PORT, "in", 2);

	SET(TUNSIFHEAD, 1);
	memcpy(self->buf, "\0\0\0\2", 4);
	ASSERT_EQ(4 + len, ERR(write(self->fd, self->buf, 4 + len)));
	ASSERT_TRUE(wait_readable(self->udp));
	EXPECT_EQ(2, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(len, STAT_DELTA(rx_bytes));
}

TEST_F(framing, ipv6_with_the_family_of_each_system)
{
	static const unsigned char families[] = { 10, 24, 28, 30 };
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6, .sin6_addr = local6, .sin6_port = htons(PORT),
	};
	struct udphdr *udp;
	int udp6;
	unsigned int i;
	size_t len;

	ASSERT_EQ(0, netns_enable_ipv6());
	ASSERT_EQ(0, addr6_add(self->u.ifindex, &local6));
	udp6 = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ASSERT_LE(0, udp6);
	ASSERT_TRUE(WAIT_FOR(!bind(udp6, (void *)&sin6, sizeof(sin6)), TIMEOUT_MS));
	ASSERT_TRUE(WAIT_FOR(route6_is_local(&local6), TIMEOUT_MS));
	SET(TUNSIFHEAD, 1);
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		struct ip6_hdr *ip6 = (void *)(self->buf + 4);
		__u32 sum;

		len = build_ip6(ip6, sizeof(*udp) + 1);
		ip6->ip6_nxt = IPPROTO_UDP;
		udp = (void *)(ip6 + 1);
		udp->source = htons(9);
		udp->dest = htons(PORT);
		udp->len = htons(sizeof(*udp) + 1);
		*(unsigned char *)(udp + 1) = families[i];
		sum = csum_add(0, &ip6->ip6_src, 32);
		sum = csum_add(sum, "\0\0\0\x09\0\0\0\x11", 8);
		udp->check = csum(sum, udp, sizeof(*udp) + 1);
		memcpy(self->buf, "\0\0\0", 3);
		self->buf[3] = families[i];
		ASSERT_EQ(4 + len, ERR(write(self->fd, self->buf, 4 + len)));
		ASSERT_TRUE(wait_readable(udp6))
			TH_LOG("family %u", families[i]);
		ASSERT_EQ(1, recv(udp6, self->buf, sizeof(self->buf), 0));
		EXPECT_EQ(families[i], self->buf[0]);
	}
	EXPECT_EQ(ARRAY_SIZE(families), STAT_DELTA(rx_packets));
	close(udp6);
}

TEST_F(framing, A19_unknown_family_is_EAFNOSUPPORT)
{
	static const __u32 families[] = {
		0, 1, 3, 9, 11, 23, 29, 31, 255, 256 + 2, 0x0a000000, 0x02000000, 0xffffffff,
	};
	size_t len = build_udp(self->buf + 4, PEER, LOCAL, 7, PORT, "no", 2);
	unsigned int i;

	SET(TUNSIFHEAD, 1);
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		__u32 family = htonl(families[i]);

		memcpy(self->buf, &family, 4);
		EXPECT_EQ(-EAFNOSUPPORT, ERR(write(self->fd, self->buf, 4 + len)))
			TH_LOG("family %#x", families[i]);
	}
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
	EXPECT_EQ(ARRAY_SIZE(families), ethtool_statistic(self->u.ifname, "rx_drop_protocol"));
}

TEST_F(framing, A18_write_lengths_with_the_family)
{
	memset(self->buf, 0, sizeof(self->buf));
	self->buf[3] = 2;
	SET(TUNSIFHEAD, 1);
	EXPECT_EQ(0, ERR(write(self->fd, self->buf, 0)));
	EXPECT_EQ(-ENOBUFS, ERR(write(self->fd, self->buf, 1)));
	EXPECT_EQ(-ENOBUFS, ERR(write(self->fd, self->buf, 3)));
	EXPECT_EQ(0, STAT_DELTA(rx_packets) + STAT_DELTA(rx_dropped) + STAT_DELTA(rx_errors));
	/* A family without a packet. */
	EXPECT_EQ(4, ERR(write(self->fd, self->buf, 4)));
	EXPECT_EQ(1, STAT_DELTA(rx_dropped));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(5, ERR(write(self->fd, self->buf, 5)));
	EXPECT_EQ(23, ERR(write(self->fd, self->buf, 23)));
	EXPECT_EQ(65535, ERR(write(self->fd, self->buf, 65535)));
	EXPECT_EQ(65536, ERR(write(self->fd, self->buf, 65536)));
	EXPECT_EQ(65539, ERR(write(self->fd, self->buf, 65539)));
	EXPECT_EQ(5, STAT_DELTA(rx_packets));
	EXPECT_EQ(-EIO, ERR(write(self->fd, self->buf, 65540)));
	EXPECT_EQ(5, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
}

TEST_F(framing, write_fault_after_the_family)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, munmap(map + page, page));
	SET(TUNSIFHEAD, 1);
	memcpy(map + page - 8, "\0\0\0\2\x45\0\0\0", 8);
	EXPECT_EQ(-EFAULT, ERR(write(self->fd, map + page - 8, 40)));
	EXPECT_EQ(1, STAT_DELTA(rx_errors));
	memcpy(map + page - 2, "\0\0", 2);
	EXPECT_EQ(-EFAULT, ERR(write(self->fd, map + page - 2, 40)));
	EXPECT_EQ(2, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	munmap(map, page);
}

TEST_F(framing, write_with_LMODE_has_no_prefix)
{
	size_t len = build_udp(self->buf, PEER, LOCAL, 7, PORT, "plain", 5);

	SET(TUNSLMODE, 1);
	ASSERT_EQ(len, ERR(write(self->fd, self->buf, len)));
	ASSERT_TRUE(wait_readable(self->udp));
	EXPECT_EQ(5, recv(self->udp, self->buf, sizeof(self->buf), 0));
}

/* ---- traffic ------------------------------------------------------------ */

static void *echo6_main(void *arg)
{
	int fd = *(int *)arg;
	unsigned char buf[2048];

	/* Replies to IPv6 echo requests until a read fails. */
	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));
		struct ip6_hdr *ip6 = (void *)(buf + 4);
		struct icmp6hdr *icmp = (void *)(ip6 + 1);
		struct in6_addr addr;
		__u32 sum;

		if (n < 0)
			return NULL;
		if (n < 52 || be32_at(buf) != 10 || ip6->ip6_nxt != IPPROTO_ICMPV6 ||
		    icmp->icmp6_type != ICMPV6_ECHO_REQUEST)
			continue;
		addr = ip6->ip6_src;
		ip6->ip6_src = ip6->ip6_dst;
		ip6->ip6_dst = addr;
		icmp->icmp6_type = ICMPV6_ECHO_REPLY;
		icmp->icmp6_cksum = 0;
		sum = csum_add(0, &ip6->ip6_src, 32);
		sum = csum_add(sum, &ip6->ip6_plen, 2);
		sum = csum_add(sum, "\0\0\0\x3a", 4);
		icmp->icmp6_cksum = csum(sum, icmp, n - 44);
		if (write(fd, buf, n) != n)
			return NULL;
	}
}

TEST_F(framing, ping_over_ipv6)
{
	pthread_t thread;

	ASSERT_EQ(0, netns_enable_ipv6());
	ASSERT_EQ(0, addr6_add(self->u.ifindex, &local6));
	SET(TUNSIFHEAD, 1);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, echo6_main, &self->fd));
	EXPECT_EQ(0, run_command("ping -6 -c 3 -i 0.2 -W 10 fd42::2 > /dev/null"));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

/* Fragments that the stack sends are written back, and reassembled. */
TEST_F(framing, fragments_in_both_directions)
{
	static unsigned char sent[20000], got[20001];
	unsigned char fragments[16][2048];
	ssize_t len[16];
	int i, n = 0;

	SET(TUNSIFHEAD, 1);
	fill_pattern(sent, sizeof(sent), 7);
	ASSERT_EQ(sizeof(sent), udp_send(self->udp, PEER, PORT, sent, sizeof(sent)));
	while (n < 16 && (len[n] = ERR(read(self->fd, fragments[n], sizeof(fragments[n])))) > 0) {
		struct iphdr *ip = (void *)(fragments[n] + 4);
		__u32 addr = ip->saddr;

		EXPECT_LE(len[n], 4 + 1500);
		EXPECT_EQ(len[n], 4 + ntohs(ip->tot_len));
		EXPECT_NE(0, ntohs(ip->frag_off) & 0x3fff);
		/* Swapped addresses do not change the checksums. */
		ip->saddr = ip->daddr;
		ip->daddr = addr;
		n++;
	}
	EXPECT_EQ(14, n);
	/* In reverse order. */
	for (i = n - 1; i >= 0; i--)
		ASSERT_EQ(len[i], ERR(write(self->fd, fragments[i], len[i])));
	ASSERT_TRUE(wait_readable(self->udp));
	ASSERT_EQ(sizeof(sent), recv(self->udp, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(sent, got, sizeof(sent)));
	EXPECT_EQ(14, STAT_DELTA(tx_packets));
	EXPECT_EQ(14, STAT_DELTA(rx_packets));
}

TEST_HARNESS_MAIN
