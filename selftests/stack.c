// SPDX-License-Identifier: GPL-2.0
/*
 * A unit in the network stack: ping, multicast, captures, forwarding, statistics, VLAN and macvlan
 * interfaces. Statement A25.
 */

#include <linux/igmp.h>

#include "lib/fixture.h"

#define GROUP		0xe9010203u	/* 233.1.2.3 */
#define GROUP_MAC	"\x01\x00\x5e\x01\x02\x03"

/* Of 224.0.0.22, where reports of IGMPv3 go. */
#define ALL_ROUTERS_MAC	"\x01\x00\x5e\x00\x00\x16"

#define UPPER_LOCAL	0x0a2b0001u	/* 10.43.0.1 */
#define UPPER_PEER	0x0a2b0002u

NODE_FIXTURE(node);
TUN_VARIANT(node);
TAP_VARIANT(node);
VMNET_VARIANT(node);

NODE_FIXTURE(ip);
TUN_VARIANT(ip);

NODE_FIXTURE(ether);
TAP_VARIANT(ether);
VMNET_VARIANT(ether);

TEST_F(node, ping_is_answered)
{
	size_t head = link_header_len(&self->u), len;
	const struct iphdr *ip = unit_ip(&self->u, self->buf);
	const struct icmphdr *icmp = (void *)(ip + 1);
	char packet[128], data[56];
	int i;

	for (i = 0; i < 10; i++) {
		fill_pattern(data, sizeof(data), i);
		len = build_echo(packet + head, PEER, LOCAL, ICMP_ECHO, 0x1234, i, data,
				 sizeof(data));
		if (head)
			build_frame(packet, self->u.mac, PEER_MAC, ETH_P_IP, NULL, len);
		len += head;
		ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
		ASSERT_TRUE(wait_readable(self->u.fd));
		ASSERT_EQ((ssize_t)len, read(self->u.fd, self->buf, sizeof(self->buf)));
		if (head) {
			EXPECT_EQ(0, memcmp(self->buf, PEER_MAC, ETH_ALEN));
			EXPECT_EQ(0, memcmp(self->buf + ETH_ALEN, self->u.mac, ETH_ALEN));
		}
		EXPECT_TRUE(packet_is_valid(ip, len - head, IPPROTO_ICMP));
		EXPECT_EQ(htonl(LOCAL), ip->saddr);
		EXPECT_EQ(htonl(PEER), ip->daddr);
		EXPECT_EQ(ICMP_ECHOREPLY, icmp->type);
		EXPECT_EQ(htons(0x1234), icmp->un.echo.id);
		EXPECT_EQ(htons(i), icmp->un.echo.sequence);
		EXPECT_EQ(0, memcmp(data, icmp + 1, sizeof(data)));
	}
	EXPECT_EQ(10, STAT_DELTA(rx_packets));
	EXPECT_EQ(10, STAT_DELTA(tx_packets));
	EXPECT_EQ(10 * (head + 84), STAT_DELTA(rx_bytes));
	EXPECT_EQ(10 * (head + 84), STAT_DELTA(tx_bytes));
}

/* True for a report of IGMPv3 that the first of its groups, GROUP, was left. */
static bool is_igmp_leave(const struct iphdr *ip, size_t len)
{
	const unsigned char *igmp = (const void *)ip + ip->ihl * 4;
	const __u32 group = htonl(GROUP);

	return ip->protocol == IPPROTO_IGMP && len >= ip->ihl * 4 + 16 &&
	       igmp[0] == IGMPV3_HOST_MEMBERSHIP_REPORT && igmp[7] == 1 &&
	       igmp[8] == IGMPV3_CHANGE_TO_INCLUDE && !igmp[10] && !igmp[11] &&
	       !memcmp(igmp + 12, &group, sizeof(group));
}

TEST_F(node, A25_multicast_join_and_leave)
{
	struct ip_mreqn mreq = {
		.imr_multiaddr.s_addr = htonl(GROUP),
		.imr_ifindex = self->u.ifindex,
	};
	size_t head = link_header_len(&self->u), len;
	int fd = udp_socket(INADDR_ANY, PORT + 2);
	const struct iphdr *ip = unit_ip(&self->u, self->buf);
	char packet[128];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)));
	/* The kernel's report to the group is read from the node. */
	ASSERT_TRUE(wait_readable(self->u.fd));
	ASSERT_LT(head, read(self->u.fd, self->buf, sizeof(self->buf)));
	if (head)
		EXPECT_EQ(0, memcmp(GROUP_MAC, self->buf, 3));
	EXPECT_EQ(IPPROTO_IGMP, ip->protocol);
	len = build_udp(packet + head, PEER, GROUP, 7, PORT + 2, "group", 5);
	if (head)
		build_frame(packet, GROUP_MAC, PEER_MAC, ETH_P_IP, NULL, len);
	ASSERT_EQ((ssize_t)(head + len), write(self->u.fd, packet, head + len));
	EXPECT_EQ(5, recv(fd, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mreq, sizeof(mreq)));
	/* The reports of the join may be repeated before that of the leave. */
	do {
		ASSERT_TRUE(wait_readable(self->u.fd));
		len = read(self->u.fd, self->buf, sizeof(self->buf));
	} while (!is_igmp_leave(ip, len - head));
	if (head)
		EXPECT_EQ(0, memcmp(ALL_ROUTERS_MAC, self->buf, ETH_ALEN));
	close(fd);
}

/* Receives the next packet of the interface from a capture. Returns its PACKET_..., or -errno. */
static int captured(int fd, int ifindex, char *buf)
{
	struct sockaddr_ll ll = { };
	socklen_t size;

	do {
		size = sizeof(ll);
		if (recvfrom(fd, buf, 2048, 0, (void *)&ll, &size) < 0)
			return -errno;
	} while (ll.sll_ifindex != ifindex);
	return ll.sll_pkttype;
}

static int queued_packets(const struct unit *u, char *buf, size_t size)
{
	int n = 0;

	while (read(u->fd, buf, size) > 0)
		n++;
	return n;
}

TEST_F(node, capture_sees_both_directions)
{
	int fd = packet_listener(self->u.ifindex, ETH_P_ALL);
	ssize_t len = unit_udp_len(&self->u, 3);
	struct sockaddr_ll ll = { };
	socklen_t size = sizeof(ll);
	char packet[128], seen[128];

	ASSERT_LE(0, fd);
	ASSERT_EQ(len, unit_build_udp(&self->u, packet, "in ", 3));
	ASSERT_EQ(len, write(self->u.fd, packet, len));
	ASSERT_EQ(len, recvfrom(fd, seen, sizeof(seen), 0, (void *)&ll, &size));
	EXPECT_EQ(htons(ETH_P_IP), ll.sll_protocol);
	EXPECT_EQ(PACKET_HOST, ll.sll_pkttype);
	EXPECT_EQ(link_header_len(&self->u) ? ARPHRD_ETHER : ARPHRD_NONE, ll.sll_hatype);
	EXPECT_EQ(0, memcmp(packet, seen, len));

	SEND_UDP("out", 3);
	size = sizeof(ll);
	ASSERT_EQ(len, recvfrom(fd, seen, sizeof(seen), 0, (void *)&ll, &size));
	EXPECT_EQ(PACKET_OUTGOING, ll.sll_pkttype);
	/* The capture shares the data with the reader: nothing may change it. */
	EXPECT_TRUE(unit_udp_is_valid(&self->u, seen, len));
	EXPECT_EQ(0, memcmp("out", unit_udp_data(&self->u, seen), 3));
	ASSERT_EQ(len, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(self->buf, seen, len));
	close(fd);
}

/* A capture is a tap before the driver: it sees what the driver then drops. */
TEST_F(node, capture_sees_packets_that_the_full_queue_refuses)
{
	int fd, i;

	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 2));
	fd = packet_listener(self->u.ifindex, ETH_P_ALL);
	ASSERT_LE(0, fd);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(i < 2 ? 0 : -ENOBUFS, send_numbered(&self->u, self->raw, i));
	EXPECT_EQ(2, STAT_DELTA(tx_dropped));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(PACKET_OUTGOING, captured(fd, self->u.ifindex, self->buf));
	EXPECT_EQ(2, queued_packets(&self->u, self->buf, sizeof(self->buf)));
	close(fd);
}

TEST_F(ip, capture_sees_packets_of_a_refused_family)
{
	char packet[64] = { 0x60 };
	int fd = packet_listener(self->u.ifindex, ETH_P_ALL);

	ASSERT_LE(0, fd);
	packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, packet, sizeof(packet));
	EXPECT_EQ(1, STAT_DELTA(tx_dropped));
	EXPECT_EQ(PACKET_OUTGOING, captured(fd, self->u.ifindex, self->buf));
	EXPECT_EQ(0, memcmp(packet, self->buf, sizeof(packet)));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	close(fd);
}

/* In the other direction, the capture sees what the driver hands to the stack, and no more. */
TEST_F(node, capture_does_not_see_writes_while_down)
{
	/* Of every interface: one of this interface fails when it goes down. */
	int fd = packet_listener(0, ETH_P_ALL);
	char packet[128];
	size_t len = unit_build_udp(&self->u, packet, "down", 4);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, packet, len)));
	EXPECT_EQ(1, STAT_DELTA(rx_dropped));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	len = unit_build_udp(&self->u, packet, "up", 2);
	EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, packet, len)));
	EXPECT_EQ(PACKET_HOST, captured(fd, self->u.ifindex, self->buf));
	EXPECT_EQ(0, memcmp(packet, self->buf, len));
	close(fd);
}

TEST_F(ether, capture_does_not_see_frames_for_other_stations)
{
	static const struct {
		const char *to;
		int type;
	} frames[] = {
		{ OTHER_MAC, -1 }, { "\xff\xff\xff\xff\xff\xff", PACKET_BROADCAST },
		{ GROUP_MAC, PACKET_MULTICAST },
	};
	int fd = packet_listener(self->u.ifindex, LOCAL_ETHERTYPE);
	char frame[ETH_ZLEN];
	unsigned int i;
	size_t len;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		len = build_frame(frame, frames[i].to, PEER_MAC, LOCAL_ETHERTYPE, NULL, 46);
		EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, frame, len)));
		if (frames[i].type >= 0)
			EXPECT_EQ(frames[i].type, captured(fd, self->u.ifindex, self->buf));
	}
	close(fd);
}

TEST_F(ether, capture_sees_the_type_of_the_address)
{
	static const struct {
		const char *dst;
		int type;
	} in[] = {
		{ NULL, PACKET_HOST }, { "\xff\xff\xff\xff\xff\xff", PACKET_BROADCAST },
		{ GROUP_MAC, PACKET_MULTICAST },
	};
	int fd = packet_listener(self->u.ifindex, ETH_P_ALL);
	struct sockaddr_ll ll = { };
	socklen_t size = sizeof(ll);
	char frame[64], seen[128];
	unsigned int i;
	size_t len;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(in); i++) {
		len = build_frame(frame, in[i].dst ?: (char *)self->u.mac, PEER_MAC,
				  LOCAL_ETHERTYPE, "in", 2);
		ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
		ASSERT_EQ((ssize_t)len, recvfrom(fd, seen, sizeof(seen), 0, (void *)&ll, &size));
		EXPECT_EQ(in[i].type, ll.sll_pkttype);
		EXPECT_EQ(htons(LOCAL_ETHERTYPE), ll.sll_protocol);
		EXPECT_EQ(ARPHRD_ETHER, ll.sll_hatype);
		EXPECT_EQ(0, memcmp(PEER_MAC, ll.sll_addr, ETH_ALEN));
		EXPECT_EQ(0, memcmp(frame, seen, len));
	}
	close(fd);
}

/* A packet written to one node is forwarded and read from another. */
TEST_F(ip, forwards_between_two_units)
{
	const struct iphdr *ip = (void *)self->buf;
	char packet[128];
	struct unit far;
	size_t len;
	int i;

	ASSERT_EQ(0, write_file("/proc/sys/net/ipv4/ip_forward", "1"));
	ASSERT_EQ(0, unit_create(&far, "far"));
	ASSERT_EQ(0, unit_open(&far, O_NONBLOCK));
	ASSERT_EQ(0, addr_add(far.ifindex, UPPER_LOCAL, UPPER_PEER));
	ASSERT_EQ(0, link_up(far.ifindex));
	for (i = 0; i < 50; i++) {
		len = build_udp(packet, PEER, UPPER_PEER, 5, 6, "across", 6);
		ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
		ASSERT_TRUE(wait_readable(far.fd));
		ASSERT_EQ((ssize_t)len, read(far.fd, self->buf, sizeof(self->buf)));
		EXPECT_TRUE(packet_is_valid(self->buf, len, IPPROTO_UDP));
		EXPECT_EQ(63, ip->ttl);
		EXPECT_EQ(htonl(PEER), ip->saddr);
		EXPECT_EQ(0, memcmp("across", udp_payload(self->buf), 6));
	}
	unit_destroy(&far);
}

/* ---- statistics --------------------------------------------------------- */

TEST_F(node, statistics_count_both_directions)
{
	struct rtnl_link_stats64 s;
	size_t in = 0, out = 0, len;
	char packet[1500], data[1000] = { };
	int i;

	for (i = 0; i < 100; i++) {
		len = unit_build_udp(&self->u, packet, data, i * 10);
		ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
		ASSERT_EQ(i * 10, recv(self->udp, self->buf, sizeof(self->buf), 0));
		in += len;
		SEND_UDP(data, i * 5);
		out += unit_udp_len(&self->u, i * 5);
		/* A short read does not change what was transmitted. */
		ASSERT_LT(0, read(self->u.fd, self->buf, i % 2 ? 20 : 1500));
	}
	s = link_stats(self->u.ifindex);
	EXPECT_EQ(100, s.rx_packets);
	EXPECT_EQ(in, s.rx_bytes);
	EXPECT_EQ(100, s.tx_packets);
	EXPECT_EQ(out, s.tx_bytes);
	EXPECT_EQ(0, s.rx_errors);
	EXPECT_EQ(0, s.tx_errors);
	EXPECT_EQ(0, s.rx_dropped);
	EXPECT_EQ(0, s.tx_dropped);
}

TEST_F(node, statistics_survive_the_close)
{
	SEND_UDP("1", 1);
	ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(1, link_stats(self->u.ifindex).tx_packets);
}

/* ---- VLAN and macvlan interfaces ---------------------------------------- */

/*
 * Frames of an interface named "upper" on top of the unit, in both directions. @tags are the VLAN
 * tags that they have on the node.
 */
static void check_upper(struct __test_metadata *_metadata, struct unit *u, const void *mac,
			const void *tags, size_t tags_len)
{
	size_t head = ETH_HLEN + tags_len, len = head + IP_UDP_LEN + 5;
	int ifindex = if_nametoindex("upper"), udp;
	char frame[128], got[128];

	ASSERT_NE(0, ifindex);
	ASSERT_EQ(0, addr_add(ifindex, UPPER_LOCAL, UPPER_PEER));
	ASSERT_EQ(0, link_up(ifindex));
	ASSERT_EQ(0, neigh_set(ifindex, UPPER_PEER, PEER_MAC));
	udp = udp_socket(UPPER_LOCAL, PORT);
	ASSERT_LE(0, udp);

	/* Transmitted: the tags, then the type of the payload. */
	ASSERT_TRUE(WAIT_FOR(udp_send(udp, UPPER_PEER, PORT, "above", 5) == 5, TIMEOUT_MS));
	ASSERT_TRUE(wait_readable(u->fd));
	ASSERT_EQ((ssize_t)len, ERR(read(u->fd, got, sizeof(got))));
	EXPECT_EQ(0, memcmp(got, PEER_MAC, ETH_ALEN));
	EXPECT_EQ(0, memcmp(got + ETH_ALEN, mac, ETH_ALEN));
	EXPECT_EQ(0, memcmp(got + 2 * ETH_ALEN, tags, tags_len));
	EXPECT_EQ(0, memcmp(got + 2 * ETH_ALEN + tags_len, "\x08\x00", 2));
	EXPECT_TRUE(packet_is_valid(got + head, IP_UDP_LEN + 5, IPPROTO_UDP));
	EXPECT_EQ(0, memcmp("above", udp_payload(got + head), 5));

	/* Received. */
	memcpy(frame, mac, ETH_ALEN);
	memcpy(frame + ETH_ALEN, PEER_MAC, ETH_ALEN);
	memcpy(frame + 2 * ETH_ALEN, tags, tags_len);
	memcpy(frame + 2 * ETH_ALEN + tags_len, "\x08\x00", 2);
	len = head + build_udp(frame + head, UPPER_PEER, UPPER_LOCAL, 7, PORT, "to above", 8);
	ASSERT_EQ((ssize_t)len, ERR(write(u->fd, frame, len)));
	EXPECT_EQ(8, ERR(recv(udp, got, sizeof(got), 0)));
	EXPECT_EQ(0, memcmp("to above", got, 8));
	close(udp);
}

TEST_F(ether, VLAN_tag_is_in_the_frame)
{
	if (run_command("ip link add link %s name upper type vlan id 7", self->u.ifname))
		SKIP(return, "no VLANs in this kernel");
	check_upper(_metadata, &self->u, self->u.mac, "\x81\x00\x00\x07", 4);
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(unit_udp_len(&self->u, 8) + 4, STAT_DELTA(rx_bytes));
	EXPECT_EQ(unit_udp_len(&self->u, 5) + 4, STAT_DELTA(tx_bytes));
}

TEST_F(ether, VLAN_tags_can_be_nested)
{
	if (run_command("ip link add link %s name lower type vlan protocol 802.1ad id 9",
			self->u.ifname))
		SKIP(return, "no VLANs in this kernel");
	ASSERT_EQ(0, run_command("ip link add link lower name upper type vlan id 4094"));
	ASSERT_EQ(0, link_up(if_nametoindex("lower")));
	check_upper(_metadata, &self->u, self->u.mac, "\x88\xa8\x00\x09\x81\x00\x0f\xfe", 8);
}

/* The tag is read as part of the frame, with priority and number, at full length. */
TEST_F(ether, tagged_frame_of_full_length)
{
	static char frame[1518];

	fill_pattern(frame, sizeof(frame), 4);
	build_frame(frame, PEER_MAC, OTHER_MAC, ETH_P_8021Q, NULL, 0);
	ASSERT_EQ((ssize_t)sizeof(frame), packet_send(self->raw, self->u.ifindex, ETH_P_8021Q,
						      frame, sizeof(frame)));
	ASSERT_EQ((ssize_t)sizeof(frame), ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, memcmp(frame, self->buf, sizeof(frame)));
}

TEST_F(ether, macvlan_receives_its_address)
{
	struct link link;

	if (run_command("ip link add link %s name upper type macvlan mode bridge",
			self->u.ifname))
		SKIP(return, "no macvlan in this kernel");
	ASSERT_EQ(0, link_get(if_nametoindex("upper"), &link));
	EXPECT_NE(0, memcmp(link.address, self->u.mac, ETH_ALEN));
	check_upper(_metadata, &self->u, link.address, "", 0);
	/* The unit needs no promiscuous mode for it. */
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_EQ(0, link.promiscuity);
	EXPECT_EQ(0, link.flags & IFF_PROMISC);
}

TEST_HARNESS_MAIN
