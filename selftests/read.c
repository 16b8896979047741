// SPDX-License-Identifier: GPL-2.0
/*
 * Reads from the node: what the stack transmits on the interface. Statements A9, A14, A17 and B6.
 */

#include <sys/prctl.h>

#include "lib/fixture.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

NODE_FIXTURE(node);
TUN_VARIANT(node);
TAP_VARIANT(node);
VMNET_VARIANT(node);

NODE_FIXTURE(ip);
TUN_VARIANT(ip);

NODE_FIXTURE(ether);
TAP_VARIANT(ether);
VMNET_VARIANT(ether);

/* ---- one packet per read ------------------------------------------------ */

TEST_F(node, A14_B6_packet_is_read_whole)
{
	const struct iphdr *ip = unit_ip(&self->u, self->buf);
	const struct udphdr *udp = (void *)(ip + 1);
	ssize_t len;

	SEND_UDP("hello", 5);
	ASSERT_TRUE(wait_readable(self->u.fd));
	EXPECT_EQ(unit_udp_len(&self->u, 5), fionread(self->u.fd));
	len = read(self->u.fd, self->buf, sizeof(self->buf));
	ASSERT_EQ((ssize_t)unit_udp_len(&self->u, 5), len);
	EXPECT_TRUE(unit_udp_is_valid(&self->u, self->buf, len));
	EXPECT_EQ(htonl(LOCAL), ip->saddr);
	EXPECT_EQ(htonl(PEER), ip->daddr);
	EXPECT_EQ(htons(PORT), udp->source);
	EXPECT_EQ(htons(PORT), udp->dest);
	EXPECT_EQ(0, memcmp("hello", unit_udp_data(&self->u, self->buf), 5));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(1, STAT_DELTA(tx_packets));
	EXPECT_EQ(unit_udp_len(&self->u, 5), STAT_DELTA(tx_bytes));
}

TEST_F(node, B6_one_packet_per_read)
{
	int i;

	for (i = 0; i < 20; i++)
		SEND_UDP(&i, sizeof(i));
	for (i = 0; i < 20; i++) {
		ssize_t len = read(self->u.fd, self->buf, sizeof(self->buf));

		ASSERT_EQ((ssize_t)unit_udp_len(&self->u, sizeof(i)), len);
		EXPECT_TRUE(unit_udp_is_valid(&self->u, self->buf, len));
		EXPECT_EQ(0, memcmp(&i, unit_udp_data(&self->u, self->buf), sizeof(i)));
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

TEST_F(node, A17_B6_short_read_drops_the_rest)
{
	ssize_t whole = unit_udp_len(&self->u, 1000), len;
	char big[1000];
	int i;

	memset(big, 'a', sizeof(big));
	for (i = 0; i < 5; i++)
		SEND_UDP(big, sizeof(big));
	SEND_UDP("next", 4);
	/* Within the data, within the header, after the first byte, one byte before the end. */
	memset(self->buf, 0x55, sizeof(self->buf));
	EXPECT_EQ(100, read(self->u.fd, self->buf, 100));
	EXPECT_EQ(0x45, *(const char *)unit_ip(&self->u, self->buf));
	EXPECT_EQ('a', self->buf[unit_udp_len(&self->u, 0)]);
	EXPECT_EQ('a', self->buf[99]);
	EXPECT_EQ(0x55, self->buf[100]);
	EXPECT_EQ(30, read(self->u.fd, self->buf, 30));
	EXPECT_EQ(7, read(self->u.fd, self->buf, 7));
	EXPECT_EQ(1, read(self->u.fd, self->buf, 1));
	EXPECT_EQ(whole - 1, read(self->u.fd, self->buf, whole - 1));
	len = read(self->u.fd, self->buf, sizeof(self->buf));
	ASSERT_EQ((ssize_t)unit_udp_len(&self->u, 4), len);
	EXPECT_EQ(0, memcmp("next", unit_udp_data(&self->u, self->buf), 4));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	/* The statistics count what the stack transmitted. */
	EXPECT_EQ(6, STAT_DELTA(tx_packets));
	EXPECT_EQ(5 * whole + unit_udp_len(&self->u, 4), STAT_DELTA(tx_bytes));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	EXPECT_EQ(0, STAT_DELTA(tx_errors));
}

TEST_F(node, B6_readv_scatters_one_packet)
{
	struct ethhdr eth = { };
	struct iphdr ip;
	struct udphdr udp;
	char tail[6], over[16];
	struct iovec iov[] = {
		{ .iov_base = &eth, .iov_len = link_header_len(&self->u) },
		{ .iov_base = &ip, .iov_len = sizeof(ip) },
		{ .iov_base = NULL, .iov_len = 0 },
		{ .iov_base = &udp, .iov_len = sizeof(udp) },
		{ .iov_base = tail, .iov_len = sizeof(tail) },
		{ .iov_base = over, .iov_len = sizeof(over) },
	};

	memset(over, 0x55, sizeof(over));
	SEND_UDP("abcdefghij", 10);
	SEND_UDP("second", 6);
	ASSERT_EQ((ssize_t)unit_udp_len(&self->u, 10), readv(self->u.fd, iov, ARRAY_SIZE(iov)));
	if (link_header_len(&self->u))
		EXPECT_EQ(0, memcmp(eth.h_dest, PEER_MAC, ETH_ALEN));
	EXPECT_EQ(0x45, *(unsigned char *)&ip);
	EXPECT_EQ(htons(PORT), udp.dest);
	EXPECT_EQ(0, memcmp("abcdef", tail, 6));
	EXPECT_EQ(0, memcmp("ghij\x55", over, 5));
	/* The vectors together are too short: the rest is dropped as in read(). */
	ASSERT_EQ((ssize_t)unit_udp_len(&self->u, 0), readv(self->u.fd, iov, 4));
	EXPECT_EQ(-EAGAIN, ERR(readv(self->u.fd, iov, ARRAY_SIZE(iov))));
}

TEST_F(node, B6_zero_length_read_keeps_the_packet)
{
	struct iovec none = { .iov_base = self->buf, .iov_len = 0 };
	int flags = fcntl(self->u.fd, F_GETFL);
	ssize_t len;

	/* It does not sleep on an empty queue either, even without O_NONBLOCK. */
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, flags & ~O_NONBLOCK));
	EXPECT_EQ(0, read(self->u.fd, self->buf, 0));
	EXPECT_EQ(0, readv(self->u.fd, &none, 1));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, flags));

	SEND_UDP("kept", 4);
	EXPECT_EQ(0, read(self->u.fd, self->buf, 0));
	EXPECT_EQ(0, readv(self->u.fd, &none, 1));
	EXPECT_EQ(unit_udp_len(&self->u, 4), fionread(self->u.fd));
	len = read(self->u.fd, self->buf, sizeof(self->buf));
	ASSERT_EQ((ssize_t)unit_udp_len(&self->u, 4), len);
	EXPECT_EQ(0, memcmp("kept", unit_udp_data(&self->u, self->buf), 4));
}

TEST_F(node, read_into_a_bad_buffer_drops_the_packet)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *bad = map + page;
	ssize_t len;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(bad, page, PROT_NONE));
	SEND_UDP("one", 3);
	SEND_UDP("two", 3);
	SEND_UDP("three", 5);
	EXPECT_EQ(-EFAULT, ERR(read(self->u.fd, bad, page)));
	/* The packet is dropped also if the fault comes after some bytes. */
	EXPECT_EQ(-EFAULT, ERR(read(self->u.fd, bad - 10, page)));
	EXPECT_EQ(2, ethtool_statistic(self->u.ifname, "tx_drop_fault"));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	len = read(self->u.fd, self->buf, sizeof(self->buf));
	ASSERT_EQ((ssize_t)unit_udp_len(&self->u, 5), len);
	EXPECT_EQ(0, memcmp("three", unit_udp_data(&self->u, self->buf), 5));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	/* A short read that ends before the bad page does not touch it. */
	SEND_UDP("four", 4);
	EXPECT_EQ(10, read(self->u.fd, bad - 10, 10));
	munmap(map, 2 * page);
}

/* ---- which packets are read --------------------------------------------- */

TEST_F(ip, A14_only_ipv4_is_queued)
{
	static const int others[] = { ETH_P_IPV6, ETH_P_ARP, ETH_P_MPLS_UC, LOCAL_ETHERTYPE };
	char packet[128];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "four", 4);
	unsigned int i;

	/* The protocol decides, not the data, which is that of an IPv4 packet here. */
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		packet_send(self->raw, self->u.ifindex, others[i], packet, len);
		EXPECT_EQ(i + 1, STAT_DELTA(tx_dropped))
			TH_LOG("protocol %#x", others[i]);
		EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	}
	EXPECT_EQ(0, STAT_DELTA(tx_packets));

	/* They do not count against the limit of the queue, and IPv4 still passes. */
	ASSERT_EQ((ssize_t)len, packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len));
	ASSERT_EQ((ssize_t)len, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(packet, self->buf, len));
	EXPECT_EQ(ARRAY_SIZE(others), STAT_DELTA(tx_dropped));
}

TEST_F(ip, A14_ipv6_of_a_socket_is_dropped)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	int fd;

	if (netdev_sysctl_set(&self->u, "ipv6/conf", "disable_ipv6", "0"))
		SKIP(return, "no IPv6 in this kernel");
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, fd);
	/* Multicast on the link needs no address but the automatic one. */
	to.sin6_scope_id = self->u.ifindex;
	ASSERT_EQ(1, inet_pton(AF_INET6, "ff02::1", &to.sin6_addr));
	EXPECT_TRUE(WAIT_FOR((sendto(fd, "six", 3, 0, (void *)&to, sizeof(to)),
			      STAT_DELTA(tx_dropped) > 0), TIMEOUT_MS));
	EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	close(fd);
}

/* No protocol is refused or interpreted, not even one that a tun would put into its header. */
TEST_F(ether, every_protocol_is_read)
{
	static const int types[] = {
		ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, ETH_P_MPLS_UC, ETH_P_PAE, ETH_P_LOOPBACK,
		LOCAL_ETHERTYPE, ETH_P_8021Q, 0xffff, 0x0600, 46, 0,
	};
	static const char * const to[] = {
		PEER_MAC, OTHER_MAC, "\xff\xff\xff\xff\xff\xff", "\x01\x80\xc2\0\0\0",
		"\0\0\0\0\0\0",
	};
	char frame[60], data[60 - ETH_HLEN];
	unsigned int i, k, n = 0;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (k = 0; k < ARRAY_SIZE(to); k++) {
			fill_pattern(data, sizeof(data), ++n);
			build_frame(frame, to[k], OTHER_MAC, types[i], data, sizeof(data));
			ASSERT_EQ((ssize_t)sizeof(frame),
				  packet_send(self->raw, self->u.ifindex,
					      types[i] < 0x600 ? ETH_P_802_2 : types[i],
					      frame, sizeof(frame)));
			ASSERT_EQ((ssize_t)sizeof(frame),
				  ERR(read(self->u.fd, self->buf, sizeof(self->buf))))
				TH_LOG("type %#x to address %u", types[i], k);
			EXPECT_EQ(0, memcmp(frame, self->buf, sizeof(frame)));
		}
	}
	EXPECT_EQ(n, STAT_DELTA(tx_packets));
	EXPECT_EQ(n * sizeof(frame), STAT_DELTA(tx_bytes));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

/* ---- waiting ------------------------------------------------------------ */

TEST_F(node, A9_B6_empty_queue_is_EAGAIN_or_sleep)
{
	int on = 1, off = 0, flags = fcntl(self->u.fd, F_GETFL);
	struct sleeper s;

	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	ASSERT_EQ(0, ioctl(self->u.fd, FIONBIO, &off));
	EXPECT_EQ(0, fcntl(self->u.fd, F_GETFL) & O_NONBLOCK);
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	SEND_UDP("wake", 4);
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(unit_udp_len(&self->u, 4), s.ret);
	EXPECT_EQ(0, memcmp("wake", unit_udp_data(&self->u, s.buf), 4));
	ASSERT_EQ(0, ioctl(self->u.fd, FIONBIO, &on));
	EXPECT_EQ(flags, fcntl(self->u.fd, F_GETFL));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

/* FMODE_NOWAIT, which io_uring relies on, requested for single calls. */
TEST_F(node, RWF_NOWAIT_never_sleeps)
{
	struct iovec iov = { .iov_base = self->buf, .iov_len = sizeof(self->buf) };
	int flags = fcntl(self->u.fd, F_GETFL);
	char packet[64];

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, flags & ~O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, ERR(preadv2(self->u.fd, &iov, 1, -1, RWF_NOWAIT)));
	SEND_UDP("now", 3);
	EXPECT_EQ(unit_udp_len(&self->u, 3), ERR(preadv2(self->u.fd, &iov, 1, -1, RWF_NOWAIT)));
	EXPECT_EQ(-EAGAIN, ERR(preadv2(self->u.fd, &iov, 1, -1, RWF_NOWAIT)));
	iov.iov_base = packet;
	iov.iov_len = unit_build_udp(&self->u, packet, "in", 2);
	EXPECT_EQ((ssize_t)iov.iov_len, ERR(pwritev2(self->u.fd, &iov, 1, -1, RWF_NOWAIT)));
	EXPECT_EQ(2, recv(self->udp, self->buf, sizeof(self->buf), 0));
}

static int signals;

static void count_signal(int sig)
{
	(void)sig;
	__atomic_add_fetch(&signals, 1, __ATOMIC_SEQ_CST);
}

TEST_F(node, sleeping_read_is_interruptible)
{
	struct sigaction sa = { .sa_handler = count_signal };
	struct sleeper s;

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	sigaction(SIGUSR1, &sa, NULL);
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	pthread_kill(s.thread, SIGUSR1);
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(-EINTR, s.ret);
	EXPECT_EQ(1, __atomic_load_n(&signals, __ATOMIC_SEQ_CST));

	/* With SA_RESTART the read continues and returns its packet. */
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	pthread_kill(s.thread, SIGUSR1);
	EXPECT_TRUE(WAIT_FOR(__atomic_load_n(&signals, __ATOMIC_SEQ_CST) == 2, TIMEOUT_MS));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	SEND_UDP("go on", 5);
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(unit_udp_len(&self->u, 5), s.ret);
	EXPECT_EQ(0, memcmp("go on", unit_udp_data(&self->u, s.buf), 5));
}

TEST_F(node, sleeping_reader_can_be_killed)
{
	int status;
	pid_t pid;
	char path[64], text[64];
	long nr = -1;

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(read(self->u.fd, self->buf, sizeof(self->buf)) > 0 ? 1 : 2);
	}
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	EXPECT_TRUE(WAIT_FOR(read_file(path, text, sizeof(text)) > 0 &&
			     sscanf(text, "%ld", &nr) == 1 && nr == SYS_read, TIMEOUT_MS));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

#define READERS	4

TEST_F(node, each_packet_goes_to_one_reader)
{
	struct sleeper s[READERS];
	bool seen[READERS] = { };
	int i;

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	for (i = 0; i < READERS; i++) {
		ASSERT_EQ(0, sleeper_start(&s[i], i % 2 ? SLEEP_READV : SLEEP_READ, self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s[i]));
	}
	for (i = 0; i < READERS; i++)
		SEND_UDP(&i, sizeof(i));
	for (i = 0; i < READERS; i++) {
		int n;

		ASSERT_TRUE(sleeper_join(&s[i]));
		ASSERT_EQ(unit_udp_len(&self->u, sizeof(n)), s[i].ret);
		memcpy(&n, unit_udp_data(&self->u, s[i].buf), sizeof(n));
		ASSERT_TRUE(n >= 0 && n < READERS);
		EXPECT_FALSE(seen[n]);
		seen[n] = true;
	}
	EXPECT_EQ(0, fionread(self->u.fd));
}

/* ---- sizes and nonlinear packets ---------------------------------------- */

/* Packets longer than a page are nonlinear in the kernel. */
TEST_F(node, udp_packets_of_every_size_are_read_whole)
{
	static const unsigned int sizes[] = {
		0, 1, 2, 7, 8, 100, 1000, 1472, 1473, 2000, 4000, 4096, 8192, 16384,
		32768, 50000, 65000, 65507,
	};
	static char sent[65507];
	int big = 1 << 20;
	unsigned int i;

	setsockopt(self->udp, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 65535));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ssize_t len;

		fill_pattern(sent, sizes[i], i + 1);
		SEND_UDP(sent, sizes[i]);
		EXPECT_EQ(unit_udp_len(&self->u, sizes[i]), fionread(self->u.fd));
		memset(self->buf, 0, sizeof(self->buf));
		len = ERR(read(self->u.fd, self->buf, sizeof(self->buf)));
		ASSERT_EQ((ssize_t)unit_udp_len(&self->u, sizes[i]), len);
		EXPECT_TRUE(unit_udp_is_valid(&self->u, self->buf, len))
			TH_LOG("size %u", sizes[i]);
		EXPECT_EQ(0, memcmp(sent, unit_udp_data(&self->u, self->buf), sizes[i]));
	}
}

TEST_F(ether, frames_of_every_size_are_read_whole)
{
	static const unsigned int sizes[] = {
		14, 15, 59, 60, 61, 100, 1514, 1515, 2048, 4095, 4096, 4097, 8192, 9014,
		16384, 32768, 65534, 65535,
	};
	static char frame[MAX_PACKET + ETH_HLEN];
	unsigned int i;

	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, MAX_PACKET - ETH_HLEN));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill_pattern(frame, sizes[i], i + 1);
		build_frame(frame, PEER_MAC, OTHER_MAC, LOCAL_ETHERTYPE, NULL, 0);
		ASSERT_EQ((ssize_t)sizes[i], packet_send(self->raw, self->u.ifindex,
							 LOCAL_ETHERTYPE, frame, sizes[i]));
		EXPECT_EQ(sizes[i], fionread(self->u.fd));
		memset(self->buf, 0, sizeof(self->buf));
		ASSERT_EQ((ssize_t)sizes[i], ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
		EXPECT_EQ(0, memcmp(frame, self->buf, sizes[i]))
			TH_LOG("size %u", sizes[i]);
	}
	/* With the largest MTU, frames can be longer than write() accepts. */
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 65535));
	fill_pattern(frame, sizeof(frame), 99);
	build_frame(frame, PEER_MAC, OTHER_MAC, LOCAL_ETHERTYPE, NULL, 0);
	ASSERT_EQ((ssize_t)sizeof(frame), packet_send(self->raw, self->u.ifindex, LOCAL_ETHERTYPE,
						      frame, sizeof(frame)));
	EXPECT_EQ(sizeof(frame), fionread(self->u.fd));
	ASSERT_EQ((ssize_t)sizeof(frame), ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, memcmp(frame, self->buf, sizeof(frame)));
}

TEST_F(node, short_read_of_a_nonlinear_packet)
{
	static char sent[40000];
	int big = 1 << 20;
	size_t n = 20001 - unit_udp_len(&self->u, 0);

	setsockopt(self->udp, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 65535));
	fill_pattern(sent, sizeof(sent), 3);
	SEND_UDP(sent, sizeof(sent));
	SEND_UDP("next", 4);
	ASSERT_EQ(20001, read(self->u.fd, self->buf, 20001));
	EXPECT_EQ(0, memcmp(sent, unit_udp_data(&self->u, self->buf), n));
	ASSERT_EQ((ssize_t)unit_udp_len(&self->u, 4),
		  read(self->u.fd, self->buf, sizeof(self->buf)));
}

/* A reader gets complete checksums, and no segment that is longer than it asked for. */
TEST_F(node, udp_segments_are_split_before_they_are_read)
{
	static char sent[10 * 1000];
	int size = 1000, i;

	ASSERT_EQ(0, setsockopt(self->udp, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)));
	fill_pattern(sent, sizeof(sent), 9);
	SEND_UDP(sent, sizeof(sent));
	for (i = 0; i < 10; i++) {
		ssize_t len = ERR(read(self->u.fd, self->buf, sizeof(self->buf)));

		ASSERT_EQ((ssize_t)unit_udp_len(&self->u, size), len);
		EXPECT_TRUE(unit_udp_is_valid(&self->u, self->buf, len));
		EXPECT_EQ(0, memcmp(sent + i * size, unit_udp_data(&self->u, self->buf), size));
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

TEST_HARNESS_MAIN
