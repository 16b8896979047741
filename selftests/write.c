// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to the node: what the stack receives on the interface. Which Ethernet frames it accepts
 * is the subject of mac.c. Statements A18, A20 and B7.
 */

#include "lib/fixture.h"

NODE_FIXTURE(node);
TUN_VARIANT(node);
TAP_VARIANT(node);
VMNET_VARIANT(node);

NODE_FIXTURE(ip);
TUN_VARIANT(ip);

NODE_FIXTURE(ether);
TAP_VARIANT(ether);
VMNET_VARIANT(ether);

/* What the UDP socket has received already, or -EAGAIN. */
#define RECV_NOW()	ERR(recv(self->udp, self->buf, sizeof(self->buf), MSG_DONTWAIT))

/* ---- one packet per write ----------------------------------------------- */

TEST_F(node, A20_B7_write_reaches_the_stack)
{
	struct sockaddr_in from = { };
	socklen_t fromlen = sizeof(from);
	char packet[128], got[64];
	size_t len = 0;
	int i;

	for (i = 0; i < 20; i++) {
		len = unit_build_udp(&self->u, packet, &i, sizeof(i));
		ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
		ASSERT_EQ((ssize_t)sizeof(i), recvfrom(self->udp, got, sizeof(got), 0,
						       (void *)&from, &fromlen));
		EXPECT_EQ(0, memcmp(&i, got, sizeof(i)));
		EXPECT_EQ(htonl(PEER), from.sin_addr.s_addr);
		EXPECT_EQ(htons(7), from.sin_port);
	}
	EXPECT_EQ(20, STAT_DELTA(rx_packets));
	EXPECT_EQ(20 * len, STAT_DELTA(rx_bytes));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
	/* Nothing of it can be read. */
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, STAT_DELTA(tx_packets));
}

TEST_F(node, B7_writev_gathers_one_packet)
{
	char packet[128], got[64];
	size_t len = unit_build_udp(&self->u, packet, "gathered", 8);
	struct iovec iov[] = {
		{ .iov_base = packet, .iov_len = 1 },
		{ .iov_base = packet + 1, .iov_len = 5 },
		{ .iov_base = packet + 6, .iov_len = 7 },
		{ .iov_base = NULL, .iov_len = 0 },
		{ .iov_base = packet + 13, .iov_len = 2 },
		{ .iov_base = packet + 15, .iov_len = 14 },
		{ .iov_base = packet + 29, .iov_len = len - 29 },
	};

	ASSERT_EQ((ssize_t)len, writev(self->u.fd, iov, ARRAY_SIZE(iov)));
	ASSERT_EQ(8, recv(self->udp, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp("gathered", got, 8));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(len, STAT_DELTA(rx_bytes));
}

/* Nothing reads what the writes cause, and the descriptor may block. */
TEST_F(node, B7_write_never_sleeps)
{
	char packet[1400], data[1000];
	int small = 1, i;
	size_t len;

	setsockopt(self->udp, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	fill_pattern(data, sizeof(data), 3);
	len = unit_build_udp(&self->u, packet, data, sizeof(data));
	for (i = 0; i < 300; i++)
		ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
	EXPECT_EQ(300, STAT_DELTA(rx_packets));
}

TEST_F(node, B7_write_while_down_is_dropped_and_counted)
{
	char packet[128];
	size_t len = unit_build_udp(&self->u, packet, "down", 4);

	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, packet, len)));
	EXPECT_EQ(1, STAT_DELTA(rx_dropped));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_bytes));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	/* The limit on the length stays. */
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, self->buf, MAX_PACKET + 1)));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(-EAGAIN, RECV_NOW());
	EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, packet, len)));
	EXPECT_EQ(4, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(1, STAT_DELTA(rx_dropped));
}

TEST_F(node, B7_write_from_a_bad_buffer_is_EFAULT_and_counted)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *bad = map + page;
	char packet[128];

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(bad, page, PROT_NONE));
	EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, bad, 100)));
	EXPECT_EQ(1, STAT_DELTA(rx_errors));
	/* The fault comes behind, at the end of and within an Ethernet header. */
	unit_build_udp(&self->u, packet, "", 0);
	memcpy(bad - 30, packet, 30);
	EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, bad - 30, 100)));
	memcpy(bad - ETH_HLEN, packet, ETH_HLEN);
	EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, bad - ETH_HLEN, 100)));
	EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, bad - 7, 100)));
	EXPECT_EQ(4, STAT_DELTA(rx_errors));
	EXPECT_EQ(4, ethtool_statistic(self->u.ifname, "rx_drop_fault"));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_bytes));
	EXPECT_EQ(-EAGAIN, RECV_NOW());
	munmap(map, 2 * page);
}

/* tap(4) promises this for a shortage of memory. It needs a kernel with fault injection. */
TEST_F_TIMEOUT(ether, B7_allocation_failure_is_silent, 120)
{
	static const int sizes[] = { 60, 1514, 9000, 65535 };
	static char frame[MAX_PACKET];
	struct rtnl_link_stats64 before, after;
	int fault = fault_open(), fd, nth, dropped = 0;
	bool injected;
	unsigned int i;
	long ret;

	if (fault == -ENOENT)
		SKIP(return, "no fault injection in this kernel");
	ASSERT_LE(0, fault);
	/* Without a listener the stack would count the frames as dropped. */
	fd = packet_listener(self->u.ifindex, LOCAL_ETHERTYPE);
	ASSERT_LE(0, fd);
	build_frame(frame, self->u.mac, PEER_MAC, LOCAL_ETHERTYPE, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		injected = true;
		for (nth = 1; injected && nth < 200; nth++) {
			before = link_stats(self->u.ifindex);
			ASSERT_EQ(0, fault_set_nth(fault, nth));
			ret = ERR(write(self->u.fd, frame, sizes[i]));
			injected = fault_was_injected(fault);
			after = link_stats(self->u.ifindex);
			/* Each frame is counted in exactly one counter. */
			EXPECT_EQ(1, after.rx_packets - before.rx_packets +
				     after.rx_dropped - before.rx_dropped +
				     after.rx_errors - before.rx_errors);
			/* If the copy from user space failed, so did the write. */
			EXPECT_EQ(after.rx_errors != before.rx_errors ? -EFAULT : sizes[i], ret);
			dropped += after.rx_dropped != before.rx_dropped;
			while (recv(fd, self->buf, sizeof(self->buf), MSG_DONTWAIT) > 0)
				;
		}
		EXPECT_FALSE(injected);
		EXPECT_EQ(1, after.rx_packets - before.rx_packets);
	}
	EXPECT_LT(0, dropped);
	close(fd);
	close(fault);
}

/* ---- sizes -------------------------------------------------------------- */

TEST_F(node, A18_B7_write_limits)
{
	static char packet[MAX_PACKET + 16], data[MAX_PACKET];
	size_t n = MAX_PACKET - unit_udp_len(&self->u, 0);
	struct iovec iov[2];
	int big = 1 << 20;

	EXPECT_EQ(0, write(self->u.fd, packet, 0));
	iov[0] = (struct iovec){ .iov_base = packet, .iov_len = 0 };
	EXPECT_EQ(0, writev(self->u.fd, iov, 1));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));

	/* The longest packet arrives whole, whatever the MTU. */
	setsockopt(self->udp, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	fill_pattern(data, n, 5);
	ASSERT_EQ(MAX_PACKET, unit_build_udp(&self->u, packet, data, n));
	ASSERT_EQ(MAX_PACKET, write(self->u.fd, packet, MAX_PACKET));
	ASSERT_EQ((ssize_t)n, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(0, memcmp(data, self->buf, n));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(MAX_PACKET, STAT_DELTA(rx_bytes));

	EXPECT_EQ(-EIO, ERR(write(self->u.fd, packet, MAX_PACKET + 1)));
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, packet, sizeof(packet))));
	iov[0] = (struct iovec){ .iov_base = packet, .iov_len = MAX_PACKET };
	iov[1] = (struct iovec){ .iov_base = packet, .iov_len = 1 };
	EXPECT_EQ(-EIO, ERR(writev(self->u.fd, iov, 2)));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
}

TEST_F(node, write_of_256_megabytes_is_EIO)
{
	size_t size = 256UL << 20;
	char *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, map, size)));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	munmap(map, size);
}

TEST_F(node, write_longer_than_the_mtu_is_accepted)
{
	static char packet[9000], data[8000];
	size_t len = unit_build_udp(&self->u, packet, data, sizeof(data));

	ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
	EXPECT_EQ(8000, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
}

TEST_F(node, udp_packets_of_every_size_are_written_whole)
{
	static const unsigned int sizes[] = {
		0, 1, 2, 3, 100, 227, 228, 1472, 1473, 2048, 3000, 4068, 4069, 8192, 16384,
		16385, 32768, 50000, 65492, 65493, 65506, 65507,
	};
	static char packet[MAX_PACKET], data[65507];
	unsigned int i, written = 0;
	int big = 1 << 20;

	setsockopt(self->udp, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len;

		/* The Ethernet header counts: the last two fit only without. */
		if (unit_udp_len(&self->u, sizes[i]) > MAX_PACKET)
			continue;
		fill_pattern(data, sizes[i], i + 77);
		len = unit_build_udp(&self->u, packet, data, sizes[i]);
		ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, packet, len)));
		ASSERT_EQ((ssize_t)sizes[i], ERR(recv(self->udp, self->buf,
						      sizeof(self->buf), 0)));
		EXPECT_EQ(0, memcmp(data, self->buf, sizes[i]))
			TH_LOG("size %u", sizes[i]);
		written++;
	}
	EXPECT_LE(ARRAY_SIZE(sizes) - 2, written);
	EXPECT_EQ(written, STAT_DELTA(rx_packets));
}

TEST_F(ether, frames_of_every_size_are_written_whole)
{
	static const unsigned int sizes[] = {
		14, 15, 16, 59, 60, 61, 100, 127, 128, 129, 241, 242, 255, 256, 1514, 1515, 2048,
		4082, 4095, 4096, 4097, 8192, 16384, 16385, 32768, 50000, 65534, 65535,
	};
	static char frame[MAX_PACKET];
	int fd = packet_listener(self->u.ifindex, LOCAL_ETHERTYPE);
	size_t bytes = 0;
	unsigned int i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill_pattern(frame, sizes[i], i + 77);
		build_frame(frame, self->u.mac, PEER_MAC, LOCAL_ETHERTYPE, NULL, 0);
		ASSERT_EQ((ssize_t)sizes[i], ERR(write(self->u.fd, frame, sizes[i])));
		ASSERT_EQ((ssize_t)sizes[i], ERR(recv(fd, self->buf, sizeof(self->buf), 0)));
		EXPECT_EQ(0, memcmp(frame, self->buf, sizes[i]))
			TH_LOG("size %u", sizes[i]);
		bytes += sizes[i];
	}
	EXPECT_EQ(ARRAY_SIZE(sizes), STAT_DELTA(rx_packets));
	EXPECT_EQ(bytes, STAT_DELTA(rx_bytes));
	close(fd);
}

/* With the largest MTU for which every frame of the stack can be written back. */
TEST_F(ether, longest_frame_both_ways)
{
	static char frame[MAX_PACKET], data[MAX_PACKET - ETH_HLEN - IP_UDP_LEN];
	int big = 1 << 20;

	setsockopt(self->udp, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	setsockopt(self->udp, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, MAX_PACKET - ETH_HLEN));
	fill_pattern(data, sizeof(data), 8);
	SEND_UDP(data, sizeof(data));
	ASSERT_EQ(MAX_PACKET, fionread(self->u.fd));
	ASSERT_EQ(MAX_PACKET, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_TRUE(unit_udp_is_valid(&self->u, self->buf, MAX_PACKET));
	EXPECT_EQ(0, memcmp(data, unit_udp_data(&self->u, self->buf), sizeof(data)));

	ASSERT_EQ(MAX_PACKET, unit_build_udp(&self->u, frame, data, sizeof(data)));
	ASSERT_EQ(MAX_PACKET, write(self->u.fd, frame, MAX_PACKET));
	ASSERT_EQ((ssize_t)sizeof(data), recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(0, memcmp(data, self->buf, sizeof(data)));
}

TEST_F(ether, frame_shorter_than_its_header_is_dropped_silently)
{
	int fd = packet_listener(self->u.ifindex, ETH_P_ALL);
	struct iovec iov[2];
	char frame[64];
	int len;

	ASSERT_LE(0, fd);
	build_frame(frame, self->u.mac, PEER_MAC, LOCAL_ETHERTYPE, NULL, 0);
	for (len = 1; len < ETH_HLEN; len++) {
		EXPECT_EQ(len, ERR(write(self->u.fd, frame, len)));
		iov[0] = (struct iovec){ .iov_base = frame, .iov_len = 1 };
		iov[1] = (struct iovec){ .iov_base = frame + 1, .iov_len = len - 1 };
		EXPECT_EQ(len, ERR(writev(self->u.fd, iov, 2)));
	}
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_bytes));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
	EXPECT_EQ(-EAGAIN, ERR(recv(fd, self->buf, sizeof(self->buf), MSG_DONTWAIT)));
	/* A header alone is a frame, also if it is split over two vectors. */
	iov[0] = (struct iovec){ .iov_base = frame, .iov_len = 13 };
	iov[1] = (struct iovec){ .iov_base = frame + 13, .iov_len = 1 };
	EXPECT_EQ(ETH_HLEN, ERR(writev(self->u.fd, iov, 2)));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(ETH_HLEN, STAT_DELTA(rx_bytes));
	EXPECT_EQ(ETH_HLEN, recv(fd, self->buf, sizeof(self->buf), 0));
	close(fd);
}

/* ---- packets that are not what they should be --------------------------- */

TEST_F(ip, every_write_is_taken_as_ipv4)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(PORT + 1) };
	char packet[64] = { 0x60, 0, 0, 0, 0, 8, IPPROTO_UDP, 64 };
	int fd;

	/* A correct IPv6 packet to ::1: IPv4 input drops it. */
	netdev_sysctl_set(&self->u, "ipv6/conf", "disable_ipv6", "0");
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		ASSERT_EQ(0, bind(fd, (void *)&any, sizeof(any)));
	packet[23] = 2;
	packet[39] = 1;
	packet[43] = (PORT + 1) & 0xff;
	packet[42] = (PORT + 1) >> 8;
	packet[45] = 8;
	EXPECT_EQ(48, ERR(write(self->u.fd, packet, 48)));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(48, STAT_DELTA(rx_bytes));
	if (fd >= 0) {
		EXPECT_EQ(-EAGAIN, ERR(recv(fd, self->buf, sizeof(self->buf), MSG_DONTWAIT)));
		close(fd);
	}
}

/* Reads what the stack answered, then expects that a UDP packet still arrives. */
static void expect_works(struct __test_metadata *_metadata, struct unit *u, int udp, char *buf,
			 size_t size)
{
	char packet[128];
	size_t len;

	while (read(u->fd, buf, size) > 0)
		;
	len = unit_build_udp(u, packet, "alive", 5);
	ASSERT_EQ((ssize_t)len, write(u->fd, packet, len));
	EXPECT_EQ(5, recv(udp, buf, size, 0));
}

TEST_F(ip, malformed_packets_are_accepted)
{
	char packet[128];
	unsigned int i;

	for (i = 1; i <= 400; i++) {
		size_t n = i % 120 + 1;

		fill_pattern(packet, n, i);
		/* Every second one has the first byte of an IPv4 header. */
		if (i % 2)
			packet[0] = 0x45;
		ASSERT_EQ((ssize_t)n, ERR(write(self->u.fd, packet, n)))
			TH_LOG("packet %u of %zu bytes", i, n);
	}
	EXPECT_EQ(400, STAT_DELTA(rx_packets));
	expect_works(_metadata, &self->u, self->udp, self->buf, sizeof(self->buf));
}

TEST_F(ether, malformed_frames_are_accepted)
{
	/* Most have a type that the stack interprets. */
	static const unsigned short types[] = {
		0x0800, 0x86dd, 0x8100, 0x88a8, 0x0806, 0x002e, 0x8864, 0x0004,
	};
	char frame[256];
	unsigned int i;

	for (i = 0; i < 400; i++) {
		size_t n = ETH_HLEN + i % 200;
		unsigned short type = htons(types[i % ARRAY_SIZE(types)]);

		fill_pattern(frame, n, i + 1);
		memcpy(frame, i % 3 ? (char *)self->u.mac : "\xff\xff\xff\xff\xff\xff", ETH_ALEN);
		memcpy(frame + 2 * ETH_ALEN, &type, sizeof(type));
		ASSERT_EQ((ssize_t)n, ERR(write(self->u.fd, frame, n)))
			TH_LOG("frame %u of %zu bytes", i, n);
	}
	EXPECT_EQ(400, STAT_DELTA(rx_packets));
	expect_works(_metadata, &self->u, self->udp, self->buf, sizeof(self->buf));
}

TEST_HARNESS_MAIN
