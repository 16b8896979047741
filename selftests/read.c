// SPDX-License-Identifier: GPL-2.0
/*
 * The node and the interface of a bare tun: open, read, write, poll, framing,
 * statistics. Names that start with a letter and a number are those of the
 * statements on BSD's behaviour in the documentation of the semantics.
 */
#include "lib/test.h"

#include <sys/prctl.h>

/* A unit nobody has opened yet. */
FIXTURE(unit) {
	struct unit u;
};

FIXTURE_SETUP(unit)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create(&self->u, NULL));
}

FIXTURE_TEARDOWN(unit)
{
	unit_destroy(&self->u);
}

/* A unit at work: open without blocking, up, addressed. */
FIXTURE(tun) {
	struct unit u;
	int udp;		/* bound to LOCAL:PORT */
	int raw;		/* AF_PACKET */
	struct rtnl_link_stats64 before;
	char buf[65536];
};

FIXTURE_SETUP(tun)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up(&self->u, O_NONBLOCK));
	self->udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, self->udp);
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(tun)
{
	close(self->raw);
	close(self->udp);
	unit_destroy(&self->u);
}

/* Queues one UDP packet with this payload. */
#define SEND(data, len) send_udp_to_peer(_metadata, self->udp, PORT, data, len)

/* ---- the interface ------------------------------------------------------ */

TEST_F(unit, A2_fresh_unit)
{
	struct link link;

	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_STREQ(TUN_KIND, link.kind);
	EXPECT_EQ(ARPHRD_NONE, link.type);
	EXPECT_EQ(IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST,
		  link.flags & (IFF_UP | IFF_BROADCAST | IFF_LOOPBACK | IFF_POINTOPOINT |
				IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI | IFF_MULTICAST));
	EXPECT_EQ(1500, link.mtu);
	EXPECT_EQ(500, link.txqlen);
	EXPECT_EQ(0, link.carrier);
	EXPECT_EQ(0, link.stats.rx_packets);
	EXPECT_EQ(0, link.stats.tx_packets);
	EXPECT_EQ(0, link.stats.tx_dropped);
}

TEST_F(unit, interface_and_node_carry_the_number)
{
	char name[IFNAMSIZ];
	struct stat st;

	snprintf(name, sizeof(name), TUN_KIND "%d", self->u.number);
	EXPECT_STREQ(name, self->u.ifname);
	ASSERT_EQ(0, stat(self->u.node, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
}

TEST_F(unit, other_name_takes_the_lowest_free_unit)
{
	struct unit foo, again;
	int number;

	ASSERT_EQ(0, unit_create(&foo, "foo"));
	EXPECT_STREQ("foo", foo.ifname);
	EXPECT_NE(self->u.number, foo.number);
	EXPECT_TRUE(node_exists(&foo));
	number = foo.number;
	unit_destroy(&foo);
	EXPECT_FALSE(node_exists(&foo));
	ASSERT_EQ(0, unit_create(&again, NULL));
	EXPECT_EQ(number, again.number);
	unit_destroy(&again);

	/* A hole below is filled first. */
	ASSERT_EQ(0, unit_create(&foo, "foo"));
	number = self->u.number;
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	ASSERT_EQ(0, unit_create(&again, NULL));
	EXPECT_EQ(number, again.number);
	unit_destroy(&again);
	unit_destroy(&foo);
}

TEST_F(unit, taken_unit_is_EEXIST)
{
	struct link link;

	EXPECT_EQ(-EEXIST, link_add(TUN_KIND, self->u.ifname, &link));
	/* The unit counts, not the name that its interface has now. */
	ASSERT_EQ(0, link_rename(self->u.ifindex, "elsewhere"));
	EXPECT_EQ(-EEXIST, link_add(TUN_KIND, self->u.ifname, &link));
	/* Units are global, namespaces are not. */
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(-EEXIST, link_add(TUN_KIND, self->u.ifname, &link));
	EXPECT_TRUE(node_exists(&self->u));
}

TEST_F(unit, numbers_end_at_32767)
{
	static const char * const bad[] = {
		TUN_KIND "32768", TUN_KIND "65536", TUN_KIND "99999", TUN_KIND "999999999",
	};
	struct nl_request req;
	struct unit last;
	char text[256];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int fd = nl_open();

		ASSERT_LE(0, fd);
		text[0] = '\0';
		nl_link_add(&req, bad[i], TUN_KIND);
		ASSERT_EQ(0, nl_send(fd, &req));
		EXPECT_EQ(-EINVAL, nl_recv_ack(fd, NULL, text, sizeof(text)))
			TH_LOG("for %s", bad[i]);
		EXPECT_NE('\0', text[0])
			TH_LOG("no words for %s", bad[i]);
		EXPECT_EQ(0, if_nametoindex(bad[i]));
		close(fd);
	}
	ASSERT_EQ(0, unit_create(&last, TUN_KIND "32767"));
	EXPECT_EQ(32767, last.number);
	EXPECT_TRUE(node_exists(&last));
	unit_destroy(&last);
	EXPECT_FALSE(node_exists(&last));
}

/* Scripts need no sleep: task work is done before the caller sees user space. */
TEST_F(unit, node_is_there_and_gone_as_sendmsg_returns)
{
	struct nl_request req;
	struct link link;
	struct unit u = { .fd = -1 };
	int fd = nl_open();
	int i;

	ASSERT_LE(0, fd);
	snprintf(u.ifname, sizeof(u.ifname), TUN_KIND "32001");
	snprintf(u.node, sizeof(u.node), "/dev/%s", u.ifname);
	for (i = 0; i < 20; i++) {
		bool there, gone;

		nl_link_add(&req, u.ifname, TUN_KIND);
		ASSERT_EQ(0, nl_send(fd, &req));
		there = node_exists(&u);
		ASSERT_EQ(0, nl_recv_ack(fd, &link, NULL, 0));
		EXPECT_TRUE(there);
		ASSERT_EQ(0, unit_open(&u, 0));
		unit_close(&u);

		nl_link_del(&req, link.ifindex);
		ASSERT_EQ(0, nl_send(fd, &req));
		gone = !node_exists(&u);
		ASSERT_EQ(0, nl_recv_ack(fd, NULL, NULL, 0));
		EXPECT_TRUE(gone);
	}
	close(fd);
}

TEST_F(unit, node_keeps_its_name_when_the_interface_is_renamed)
{
	struct ethtool_drvinfo info;
	char name[IFNAMSIZ];

	ASSERT_EQ(0, link_rename(self->u.ifindex, "vpn"));
	EXPECT_TRUE(node_exists(&self->u));
	ASSERT_EQ(0, ethtool_drvinfo("vpn", &info));
	snprintf(name, sizeof(name), TUN_KIND "%d", self->u.number);
	EXPECT_STREQ(name, info.bus_info);
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(unit, mtu_from_72_to_65535)
{
	static const unsigned int good[] = { 72, 1280, 9000, 65535 };
	static const unsigned int bad[] = { 0, 68, 71, 65536, 1 << 20 };
	struct link link;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, link_set_mtu(self->u.ifindex, good[i]));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(good[i], link.mtu);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, link_set_mtu(self->u.ifindex, bad[i]))
			TH_LOG("MTU %u", bad[i]);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(65535, link.mtu);
	}
}

static int carrier(int ifindex)
{
	struct link link;

	return link_get(ifindex, &link) ? -1 : (int)link.carrier;
}

TEST_F(unit, carrier_follows_the_open)
{
	struct ethtool_value val;
	int i, up;

	for (up = 0; up < 2; up++) {
		if (up)
			ASSERT_EQ(0, link_up(self->u.ifindex));
		for (i = 0; i < 3; i++) {
			EXPECT_EQ(0, carrier(self->u.ifindex));
			val = (struct ethtool_value){ .cmd = ETHTOOL_GLINK, .data = 7 };
			EXPECT_EQ(0, ethtool(self->u.ifname, &val));
			EXPECT_EQ(0, val.data);
			ASSERT_EQ(0, unit_open(&self->u, 0));
			EXPECT_EQ(1, carrier(self->u.ifindex));
			if (up && i) {
				/* The close of the round before took it down. */
				EXPECT_FALSE(link_is_up(self->u.ifindex));
				ASSERT_EQ(0, link_up(self->u.ifindex));
			}
			val = (struct ethtool_value){ .cmd = ETHTOOL_GLINK };
			EXPECT_EQ(0, ethtool(self->u.ifname, &val));
			EXPECT_EQ(up, val.data);
			unit_close(&self->u);
		}
	}
}

TEST_F(unit, open_raises_nothing_but_the_carrier)
{
	struct link before, after;

	ASSERT_EQ(0, link_get(self->u.ifindex, &before));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, link_get(self->u.ifindex, &after));
	EXPECT_EQ(before.flags & 0xffff, after.flags & 0xffff);
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

/* The node was opened after the interface went up: packets flow all the same. */
TEST_F(unit, open_after_up)
{
	char buf[64], packet[64];
	int raw = packet_socket();
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "x", 1);

	ASSERT_LE(0, raw);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	/* The stack starts to transmit when it has noticed the carrier. */
	ASSERT_TRUE(WAIT_FOR(packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len) > 0 &&
			     poll_now(self->u.fd, POLLIN), TIMEOUT_MS));
	ASSERT_EQ((ssize_t)len, read(self->u.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, packet, len));
	close(raw);
}

TEST_F(unit, ethtool_names_driver_and_node)
{
	struct ethtool_drvinfo info;
	char name[IFNAMSIZ];

	ASSERT_EQ(0, ethtool_drvinfo(self->u.ifname, &info));
	EXPECT_STREQ("bsdtun", info.driver);
	snprintf(name, sizeof(name), TUN_KIND "%d", self->u.number);
	EXPECT_STREQ(name, info.bus_info);
}

TEST_F(unit, unit_0_is_there_from_the_load)
{
	struct stat st;

	ASSERT_EQ(0, stat("/dev/" TUN_KIND "0", &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	/* So none of ours is number 0. */
	EXPECT_LT(0, self->u.number);
	EXPECT_EQ(-EEXIST, link_add(TUN_KIND, TUN_KIND "0", NULL));
}

/* ---- open --------------------------------------------------------------- */

TEST_F(unit, A1_second_open_is_EBUSY)
{
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, unit_open(&self->u, 0));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDONLY | O_NONBLOCK)));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_WRONLY)));
		unit_close(&self->u);
	}
}

TEST_F(unit, dup_shares_the_open)
{
	int copy;

	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	copy = dup(self->u.fd);
	ASSERT_LE(0, copy);
	unit_close(&self->u);
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	EXPECT_EQ(1, carrier(self->u.ifindex));
	EXPECT_EQ(-EAGAIN, ERR(read(copy, &(char){ 0 }, 1)));
	close(copy);
	EXPECT_EQ(0, carrier(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(unit, fork_shares_the_open)
{
	int status, sync[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, pipe2(sync, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(sync[1]);
		/* Holds the descriptor until the parent lets go of the pipe. */
		_exit(read(sync[0], &c, 1) == 0 ? 0 : 1);
	}
	close(sync[0]);
	unit_close(&self->u);
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	EXPECT_EQ(1, carrier(self->u.ifindex));
	close(sync[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* The opener lives on, yet the last reference went with the child. */
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

static int pass_fd(int sock, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	struct iovec iov = { .iov_base = "f", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int take_fd(int sock)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	char c;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

TEST_F(unit, descriptor_in_a_socket_is_open)
{
	int pair[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, pass_fd(pair[0], self->u.fd));
	unit_close(&self->u);
	/* Nobody holds the descriptor now but the message. */
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	fd = take_fd(pair[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EAGAIN, ERR(read(fd, &(char){ 0 }, 1)));
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	/* And back into a message that nobody will ever take. */
	ASSERT_EQ(0, pass_fd(pair[0], fd));
	close(fd);
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	close(pair[0]);
	close(pair[1]);
	EXPECT_TRUE(WAIT_FOR(!unit_open(&self->u, 0), TIMEOUT_MS));
}

struct racer {
	pthread_t thread;
	const char *node;
	int *holders;
	int opened, worst, odd;
};

static void *race_open(void *arg)
{
	struct racer *r = arg;
	int i;

	for (i = 0; i < scaled_rounds(300); i++) {
		int fd = open(r->node, O_RDWR | O_CLOEXEC);
		int now;

		if (fd < 0) {
			if (errno != EBUSY)
				r->odd = errno;
			sched_yield();
			continue;
		}
		now = __atomic_add_fetch(r->holders, 1, __ATOMIC_SEQ_CST);
		if (now > r->worst)
			r->worst = now;
		r->opened++;
		__atomic_sub_fetch(r->holders, 1, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return NULL;
}

TEST_F(unit, one_holder_however_many_try)
{
	struct racer racer[4] = { };
	int i, holders = 0, opened = 0;

	for (i = 0; i < 4; i++) {
		racer[i].node = self->u.node;
		racer[i].holders = &holders;
		ASSERT_EQ(0, pthread_create(&racer[i].thread, NULL, race_open, &racer[i]));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(racer[i].thread, NULL));
		EXPECT_GE(1, racer[i].worst);
		EXPECT_EQ(0, racer[i].odd);
		opened += racer[i].opened;
	}
	EXPECT_LT(0, opened);
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(unit, read_only_and_write_only_opens)
{
	char c;

	ASSERT_EQ(0, link_up(self->u.ifindex));
	self->u.fd = open(self->u.node, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, self->u.fd);
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, &c, 1)));
	EXPECT_EQ(-EBADF, ERR(write(self->u.fd, "E", 1)));
	unit_close(&self->u);
	self->u.fd = open(self->u.node, O_WRONLY | O_NONBLOCK);
	ASSERT_LE(0, self->u.fd);
	EXPECT_EQ(1, write(self->u.fd, "E", 1));
	EXPECT_EQ(-EBADF, ERR(read(self->u.fd, &c, 1)));
}

/* ---- read --------------------------------------------------------------- */

TEST_F(tun, A14_ipv4_is_read_bare)
{
	const struct iphdr *ip = (void *)self->buf;
	const struct udphdr *udp = (void *)(self->buf + sizeof(*ip));
	ssize_t len;

	SEND("hello", 5);
	ASSERT_TRUE(wait_readable(self->u.fd));
	len = read(self->u.fd, self->buf, sizeof(self->buf));
	ASSERT_EQ((ssize_t)(IP_UDP_LEN + 5), len);
	EXPECT_TRUE(packet_is_valid(self->buf, len, IPPROTO_UDP));
	EXPECT_EQ(htonl(LOCAL), ip->saddr);
	EXPECT_EQ(htonl(PEER), ip->daddr);
	EXPECT_EQ(htons(PORT), udp->source);
	EXPECT_EQ(htons(PORT), udp->dest);
	EXPECT_EQ(0, memcmp("hello", udp_payload(self->buf), 5));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

TEST_F(tun, A14_what_is_not_ipv4_is_refused)
{
	static const int refused[] = { ETH_P_IPV6, ETH_P_ARP, ETH_P_MPLS_UC, 0x88b5 };
	char packet[128];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "four", 4);
	unsigned int i;

	/* The protocol decides, not the bytes: these are those of an IPv4 packet. */
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		packet_send(self->raw, self->u.ifindex, refused[i], packet, len);
		EXPECT_EQ(i + 1, STAT_DELTA(tx_dropped))
			TH_LOG("protocol %#x", refused[i]);
		EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	}
	EXPECT_EQ(0, STAT_DELTA(tx_packets));

	/* They take no room either, and what is IPv4 still crosses. */
	ASSERT_EQ((ssize_t)len, packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len));
	ASSERT_EQ((ssize_t)len, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(packet, self->buf, len));
	EXPECT_EQ(ARRAY_SIZE(refused), STAT_DELTA(tx_dropped));
}

TEST_F(tun, A14_the_stack_s_own_ipv6_is_refused)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", self->u.ifname);
	if (write_file(path, "0"))
		SKIP(return, "no IPv6 in this kernel");
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, fd);
	/* Link scope multicast needs no address of ours beyond the automatic one. */
	to.sin6_scope_id = self->u.ifindex;
	ASSERT_EQ(1, inet_pton(AF_INET6, "ff02::1", &to.sin6_addr));
	EXPECT_TRUE(WAIT_FOR((sendto(fd, "six", 3, 0, (void *)&to, sizeof(to)),
			      STAT_DELTA(tx_dropped) > 0), TIMEOUT_MS));
	EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	close(fd);
}

TEST_F(tun, A17_short_read_drops_the_rest)
{
	char first[64], second[64];

	memset(first, 'a', sizeof(first));
	memset(second, 'b', sizeof(second));
	SEND(first, sizeof(first));
	SEND(second, sizeof(second));
	memset(self->buf, 0x55, sizeof(self->buf));
	ASSERT_EQ(30, read(self->u.fd, self->buf, 30));
	EXPECT_EQ('a', self->buf[IP_UDP_LEN]);
	EXPECT_EQ(0x55, self->buf[30]);
	ASSERT_EQ((ssize_t)(IP_UDP_LEN + sizeof(second)),
		  read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(second, udp_payload(self->buf), sizeof(second)));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));

	SEND(first, sizeof(first));
	EXPECT_EQ(1, read(self->u.fd, self->buf, 1));
	EXPECT_EQ(0x45, self->buf[0]);
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, 1)));
}

TEST_F(tun, one_packet_a_read)
{
	int i;

	for (i = 0; i < 20; i++)
		SEND(&i, sizeof(i));
	for (i = 0; i < 20; i++) {
		ssize_t len = read(self->u.fd, self->buf, sizeof(self->buf));

		ASSERT_EQ((ssize_t)(IP_UDP_LEN + sizeof(i)), len);
		EXPECT_TRUE(packet_is_valid(self->buf, len, IPPROTO_UDP));
		EXPECT_EQ(0, memcmp(&i, udp_payload(self->buf), sizeof(i)));
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

TEST_F(tun, readv_scatters_one_packet)
{
	char head[20], udp[8], tail[6], over[16];
	struct iovec iov[] = {
		{ .iov_base = head, .iov_len = sizeof(head) },
		{ .iov_base = NULL, .iov_len = 0 },
		{ .iov_base = udp, .iov_len = sizeof(udp) },
		{ .iov_base = tail, .iov_len = sizeof(tail) },
		{ .iov_base = over, .iov_len = sizeof(over) },
	};

	memset(over, 0x55, sizeof(over));
	SEND("abcdefghij", 10);
	SEND("second", 6);
	ASSERT_EQ(38, readv(self->u.fd, iov, ARRAY_SIZE(iov)));
	EXPECT_EQ(0x45, head[0]);
	EXPECT_EQ(htons(PORT), ((struct udphdr *)udp)->dest);
	EXPECT_EQ(0, memcmp("abcdef", tail, 6));
	EXPECT_EQ(0, memcmp("ghij\x55", over, 5));
	/* Too little room over all the vectors: the rest is gone, as in a read. */
	ASSERT_EQ(28, readv(self->u.fd, iov, 3));
	EXPECT_EQ(-EAGAIN, ERR(readv(self->u.fd, iov, ARRAY_SIZE(iov))));
}

TEST_F(tun, zero_length_read_keeps_the_packet)
{
	struct iovec none = { .iov_base = self->buf, .iov_len = 0 };
	int flags = fcntl(self->u.fd, F_GETFL);

	/* Never sleeps either: with nothing there and O_NONBLOCK off. */
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, flags & ~O_NONBLOCK));
	EXPECT_EQ(0, read(self->u.fd, self->buf, 0));
	EXPECT_EQ(0, readv(self->u.fd, &none, 1));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, flags));

	SEND("kept", 4);
	EXPECT_EQ(0, read(self->u.fd, self->buf, 0));
	EXPECT_EQ(0, readv(self->u.fd, &none, 1));
	EXPECT_EQ((int)IP_UDP_LEN + 4, fionread(self->u.fd));
	ASSERT_EQ((ssize_t)IP_UDP_LEN + 4, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp("kept", udp_payload(self->buf), 4));
}

TEST_F(tun, read_into_a_bad_buffer_loses_the_packet)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *bad = map + page;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(bad, page, PROT_NONE));
	SEND("one", 3);
	SEND("two", 3);
	SEND("three", 5);
	EXPECT_EQ(-EFAULT, ERR(read(self->u.fd, bad, page)));
	/* Half of it fits before the fault: still an error, still lost. */
	EXPECT_EQ(-EFAULT, ERR(read(self->u.fd, bad - 10, page)));
	EXPECT_EQ(2, ethtool_statistic(self->u.ifname, "tx_drop_fault"));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	ASSERT_EQ((ssize_t)IP_UDP_LEN + 5, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp("three", udp_payload(self->buf), 5));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	/* A short read that ends before the bad page never touches it. */
	SEND("four", 4);
	EXPECT_EQ(10, read(self->u.fd, bad - 10, 10));
	munmap(map, 2 * page);
}

TEST_F(tun, A9_empty_and_nonblocking_is_EAGAIN)
{
	struct sleeper s;
	int on = 1, off = 0, flags;

	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	flags = fcntl(self->u.fd, F_GETFL);
	ASSERT_EQ(0, ioctl(self->u.fd, FIONBIO, &off));
	EXPECT_EQ(0, fcntl(self->u.fd, F_GETFL) & O_NONBLOCK);
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	EXPECT_TRUE(sleeper_wait_asleep(&s));
	SEND("wake", 4);
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ((long)IP_UDP_LEN + 4, s.ret);
	ASSERT_EQ(0, ioctl(self->u.fd, FIONBIO, &on));
	EXPECT_EQ(flags, fcntl(self->u.fd, F_GETFL));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

/* The promise that FMODE_NOWAIT makes to io_uring, asked for one call. */
TEST_F(tun, RWF_NOWAIT_never_sleeps)
{
	struct iovec iov = { .iov_base = self->buf, .iov_len = sizeof(self->buf) };
	char packet[64];
	int flags = fcntl(self->u.fd, F_GETFL);

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, flags & ~O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, ERR(preadv2(self->u.fd, &iov, 1, -1, RWF_NOWAIT)));
	SEND("now", 3);
	EXPECT_EQ((ssize_t)IP_UDP_LEN + 3, ERR(preadv2(self->u.fd, &iov, 1, -1, RWF_NOWAIT)));
	EXPECT_EQ(-EAGAIN, ERR(preadv2(self->u.fd, &iov, 1, -1, RWF_NOWAIT)));
	iov.iov_base = packet;
	iov.iov_len = build_udp(packet, PEER, LOCAL, PORT, PORT, "in", 2);
	EXPECT_EQ((ssize_t)iov.iov_len, ERR(pwritev2(self->u.fd, &iov, 1, -1, RWF_NOWAIT)));
	EXPECT_EQ(2, recv(self->udp, self->buf, sizeof(self->buf), 0));
}

static int caught;

static void catch(int sig)
{
	(void)sig;
	__atomic_add_fetch(&caught, 1, __ATOMIC_SEQ_CST);
}

TEST_F(tun, sleeping_read_is_interruptible)
{
	struct sigaction sa = { .sa_handler = catch };
	struct sleeper s;

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	sigaction(SIGUSR1, &sa, NULL);
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	pthread_kill(s.thread, SIGUSR1);
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(-EINTR, s.ret);
	EXPECT_EQ(1, __atomic_load_n(&caught, __ATOMIC_SEQ_CST));

	/* With SA_RESTART the read goes on and gets its packet. */
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	pthread_kill(s.thread, SIGUSR1);
	EXPECT_TRUE(WAIT_FOR(__atomic_load_n(&caught, __ATOMIC_SEQ_CST) == 2, TIMEOUT_MS));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	SEND("go on", 5);
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ((long)IP_UDP_LEN + 5, s.ret);
	EXPECT_EQ(0, memcmp("go on", udp_payload(s.buf), 5));
}

TEST_F(tun, sleeping_reader_can_be_killed)
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

TEST_F(tun, each_packet_goes_to_one_reader)
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
		SEND(&i, sizeof(i));
	for (i = 0; i < READERS; i++) {
		int n;

		ASSERT_TRUE(sleeper_join(&s[i]));
		ASSERT_EQ((long)(IP_UDP_LEN + sizeof(n)), s[i].ret);
		memcpy(&n, udp_payload(s[i].buf), sizeof(n));
		ASSERT_TRUE(n >= 0 && n < READERS);
		EXPECT_FALSE(seen[n]);
		seen[n] = true;
	}
	EXPECT_EQ(0, fionread(self->u.fd));
}

/* A packet too long for one page is held in pieces; it is read as one. */
TEST_F(tun, packets_of_every_size_are_read_whole)
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
		SEND(sent, sizes[i]);
		EXPECT_EQ((int)(IP_UDP_LEN + sizes[i]), fionread(self->u.fd));
		memset(self->buf, 0, sizeof(self->buf));
		len = ERR(read(self->u.fd, self->buf, sizeof(self->buf)));
		ASSERT_EQ((ssize_t)(IP_UDP_LEN + sizes[i]), len);
		EXPECT_TRUE(packet_is_valid(self->buf, len, IPPROTO_UDP))
			TH_LOG("size %u", sizes[i]);
		EXPECT_EQ(0, memcmp(sent, udp_payload(self->buf), sizes[i]));
	}
}

TEST_F(tun, short_read_of_a_packet_in_pieces)
{
	static char sent[40000];
	int big = 1 << 20;

	setsockopt(self->udp, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 65535));
	fill_pattern(sent, sizeof(sent), 3);
	SEND(sent, sizeof(sent));
	SEND("next", 4);
	ASSERT_EQ(20001, read(self->u.fd, self->buf, 20001));
	EXPECT_EQ(0, memcmp(sent, udp_payload(self->buf), 20001 - IP_UDP_LEN));
	ASSERT_EQ((ssize_t)IP_UDP_LEN + 4, read(self->u.fd, self->buf, sizeof(self->buf)));
}

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* Nothing that the reader cannot understand: no half made checksum or segment. */
TEST_F(tun, segments_are_cut_before_they_are_read)
{
	static char sent[10 * 1000];
	int size = 1000, i;

	ASSERT_EQ(0, setsockopt(self->udp, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)));
	fill_pattern(sent, sizeof(sent), 9);
	SEND(sent, sizeof(sent));
	for (i = 0; i < 10; i++) {
		ssize_t len = ERR(read(self->u.fd, self->buf, sizeof(self->buf)));

		ASSERT_EQ((ssize_t)IP_UDP_LEN + size, len);
		EXPECT_TRUE(packet_is_valid(self->buf, len, IPPROTO_UDP));
		EXPECT_EQ(0, memcmp(sent + i * size, udp_payload(self->buf), size));
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

/* ---- write -------------------------------------------------------------- */

TEST_F(tun, A20_write_reaches_ipv4_input)
{
	char packet[64], got[64];
	size_t len = build_udp(packet, PEER, LOCAL, 7, PORT, "to you", 6);
	struct sockaddr_in from = { };
	socklen_t fromlen = sizeof(from);

	ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
	ASSERT_EQ(6, recvfrom(self->udp, got, sizeof(got), 0, (void *)&from, &fromlen));
	EXPECT_EQ(0, memcmp("to you", got, 6));
	EXPECT_EQ(htonl(PEER), from.sin_addr.s_addr);
	EXPECT_EQ(htons(7), from.sin_port);
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(len, STAT_DELTA(rx_bytes));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	EXPECT_EQ(0, STAT_DELTA(rx_dropped));
	/* Nothing of it comes back. */
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
	EXPECT_EQ(0, STAT_DELTA(tx_packets));
}

TEST_F(tun, ping_is_answered)
{
	const struct icmphdr *icmp = (void *)(self->buf + sizeof(struct iphdr));
	const struct iphdr *ip = (void *)self->buf;
	char packet[128], data[56];
	int i;

	for (i = 0; i < 10; i++) {
		size_t len;

		fill_pattern(data, sizeof(data), i);
		len = build_echo(packet, PEER, LOCAL, ICMP_ECHO, 0x1234, i, data, sizeof(data));
		ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
		ASSERT_TRUE(wait_readable(self->u.fd));
		ASSERT_EQ((ssize_t)len, read(self->u.fd, self->buf, sizeof(self->buf)));
		EXPECT_TRUE(packet_is_valid(self->buf, len, IPPROTO_ICMP));
		EXPECT_EQ(htonl(LOCAL), ip->saddr);
		EXPECT_EQ(htonl(PEER), ip->daddr);
		EXPECT_EQ(ICMP_ECHOREPLY, icmp->type);
		EXPECT_EQ(htons(0x1234), icmp->un.echo.id);
		EXPECT_EQ(htons(i), icmp->un.echo.sequence);
		EXPECT_EQ(0, memcmp(data, icmp + 1, sizeof(data)));
	}
	EXPECT_EQ(10, STAT_DELTA(rx_packets));
	EXPECT_EQ(10, STAT_DELTA(tx_packets));
	EXPECT_EQ(10 * 84, STAT_DELTA(rx_bytes));
	EXPECT_EQ(10 * 84, STAT_DELTA(tx_bytes));
}

TEST_F(tun, writev_gathers_one_packet)
{
	char packet[64], got[64];
	size_t len = build_udp(packet, PEER, LOCAL, 7, PORT, "gathered", 8);
	struct iovec iov[] = {
		{ .iov_base = packet, .iov_len = 1 },
		{ .iov_base = packet + 1, .iov_len = 18 },
		{ .iov_base = NULL, .iov_len = 0 },
		{ .iov_base = packet + 19, .iov_len = 10 },
		{ .iov_base = packet + 29, .iov_len = len - 29 },
	};

	ASSERT_EQ((ssize_t)len, writev(self->u.fd, iov, ARRAY_SIZE(iov)));
	ASSERT_EQ(8, recv(self->udp, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp("gathered", got, 8));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(len, STAT_DELTA(rx_bytes));
}

TEST_F(tun, A18_write_limits)
{
	static char packet[65536 + 16];
	struct iovec iov[2];
	int big = 1 << 20;
	size_t len;

	EXPECT_EQ(0, write(self->u.fd, packet, 0));
	iov[0] = (struct iovec){ .iov_base = packet, .iov_len = 0 };
	EXPECT_EQ(0, writev(self->u.fd, iov, 1));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));

	/* The largest packet there is, whatever the MTU, arrives whole. */
	setsockopt(self->udp, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	fill_pattern(packet + IP_UDP_LEN, 65507, 5);
	len = build_udp(packet, PEER, LOCAL, 7, PORT, packet + IP_UDP_LEN, 65507);
	ASSERT_EQ(65535, len);
	ASSERT_EQ(65535, write(self->u.fd, packet, len));
	ASSERT_EQ(65507, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(0, memcmp(packet + IP_UDP_LEN, self->buf, 65507));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(65535, STAT_DELTA(rx_bytes));

	EXPECT_EQ(-EIO, ERR(write(self->u.fd, packet, 65536)));
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, packet, 65536 + 16)));
	iov[0] = (struct iovec){ .iov_base = packet, .iov_len = 65535 };
	iov[1] = (struct iovec){ .iov_base = packet, .iov_len = 1 };
	EXPECT_EQ(-EIO, ERR(writev(self->u.fd, iov, 2)));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
}

TEST_F(tun, huge_write_is_EIO)
{
	size_t size = 256UL << 20;
	char *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, map, size)));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	munmap(map, size);
}

TEST_F(tun, write_larger_than_the_mtu_is_taken)
{
	static char packet[9000];
	size_t len = build_udp(packet, PEER, LOCAL, 7, PORT, packet, 8000);

	ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
	EXPECT_EQ(8000, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
}

TEST_F(tun, packets_of_every_size_are_written_whole)
{
	static const unsigned int sizes[] = {
		0, 1, 2, 3, 100, 227, 228, 1472, 1473, 2048, 3000, 4068, 4069, 8192, 16384,
		16385, 32768, 50000, 65506, 65507,
	};
	static char packet[65535], data[65507];
	int big = 1 << 20;
	unsigned int i;

	setsockopt(self->udp, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len;

		fill_pattern(data, sizes[i], i + 77);
		len = build_udp(packet, PEER, LOCAL, 7, PORT, data, sizes[i]);
		ASSERT_EQ((ssize_t)len, ERR(write(self->u.fd, packet, len)));
		ASSERT_EQ((ssize_t)sizes[i], ERR(recv(self->udp, self->buf,
						      sizeof(self->buf), 0)));
		EXPECT_EQ(0, memcmp(data, self->buf, sizes[i]))
			TH_LOG("size %u", sizes[i]);
	}
	EXPECT_EQ(ARRAY_SIZE(sizes), STAT_DELTA(rx_packets));
}

TEST_F(tun, write_while_down_is_dropped_and_counted)
{
	char packet[64];
	size_t len = build_udp(packet, PEER, LOCAL, 7, PORT, "down", 4);

	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, packet, len)));
	EXPECT_EQ(1, STAT_DELTA(rx_dropped));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_errors));
	/* The limit is the same as ever. */
	EXPECT_EQ(-EIO, ERR(write(self->u.fd, self->buf, 65536)));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(-EAGAIN, ERR(recv(self->udp, self->buf, sizeof(self->buf), MSG_DONTWAIT)));
	EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, packet, len)));
	EXPECT_EQ(4, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(1, STAT_DELTA(rx_packets));
	EXPECT_EQ(1, STAT_DELTA(rx_dropped));
}

TEST_F(tun, write_from_a_bad_buffer_is_EFAULT_and_counted)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *bad = map + page;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(bad, page, PROT_NONE));
	EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, bad, 100)));
	EXPECT_EQ(1, STAT_DELTA(rx_errors));
	build_udp(bad - 30, PEER, LOCAL, 7, PORT, "", 0);
	EXPECT_EQ(-EFAULT, ERR(write(self->u.fd, bad - 30, 100)));
	EXPECT_EQ(2, STAT_DELTA(rx_errors));
	EXPECT_EQ(2, ethtool_statistic(self->u.ifname, "rx_drop_fault"));
	EXPECT_EQ(0, STAT_DELTA(rx_packets));
	EXPECT_EQ(0, STAT_DELTA(rx_bytes));
	EXPECT_EQ(-EAGAIN, ERR(recv(self->udp, self->buf, sizeof(self->buf), MSG_DONTWAIT)));
	munmap(map, 2 * page);
}

TEST_F(tun, what_is_written_counts_as_ipv4)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(PORT + 1) };
	char packet[64] = { 0x60, 0, 0, 0, 0, 8, IPPROTO_UDP, 64 };
	char path[96];
	int fd;

	/* A correct IPv6 packet to ::1: IPv4 input throws it away. */
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", self->u.ifname);
	write_file(path, "0");
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

TEST_F(tun, garbage_is_taken_and_harms_nothing)
{
	char packet[128];
	unsigned int i;
	size_t len;

	for (i = 1; i <= 400; i++) {
		size_t n = i % 120 + 1;

		fill_pattern(packet, n, i);
		/* Half of it looks like IPv4 at first sight. */
		if (i % 2)
			packet[0] = 0x45;
		ASSERT_EQ((ssize_t)n, ERR(write(self->u.fd, packet, n)))
			TH_LOG("packet %u of %zu bytes", i, n);
	}
	EXPECT_EQ(400, STAT_DELTA(rx_packets));
	while (read(self->u.fd, self->buf, sizeof(self->buf)) > 0)
		;
	len = build_udp(packet, PEER, LOCAL, 7, PORT, "alive", 5);
	ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
	EXPECT_EQ(5, recv(self->udp, self->buf, sizeof(self->buf), 0));
}

/* Out of one node, through the stack's forwarding, into another. */
TEST_F(tun, forwards_between_two_units)
{
	const struct iphdr *ip = (void *)self->buf;
	char packet[128];
	struct unit far;
	size_t len;
	int i;

	ASSERT_EQ(0, write_file("/proc/sys/net/ipv4/ip_forward", "1"));
	ASSERT_EQ(0, unit_create(&far, "far"));
	ASSERT_EQ(0, unit_open(&far, O_NONBLOCK));
	ASSERT_EQ(0, addr_add(far.ifindex, 0x0a2b0001, 0x0a2b0002));
	ASSERT_EQ(0, link_up(far.ifindex));
	for (i = 0; i < 50; i++) {
		len = build_udp(packet, PEER, 0x0a2b0002, 5, 6, "across", 6);
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

TEST_F(tun, a_capture_sees_both_ways)
{
	struct timeval limit = { .tv_sec = TIMEOUT_MS / 1000 };
	char packet[64], seen[128];
	size_t len = build_udp(packet, PEER, LOCAL, 7, PORT, "in", 2);
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = self->u.ifindex,
	};
	socklen_t ll_len = sizeof(ll);
	int tap = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	ASSERT_LE(0, tap);
	ASSERT_EQ(0, bind(tap, (void *)&ll, sizeof(ll)));
	setsockopt(tap, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
	ASSERT_EQ((ssize_t)len, recvfrom(tap, seen, sizeof(seen), 0, (void *)&ll, &ll_len));
	EXPECT_EQ(htons(ETH_P_IP), ll.sll_protocol);
	EXPECT_EQ(PACKET_HOST, ll.sll_pkttype);
	EXPECT_EQ(ARPHRD_NONE, ll.sll_hatype);
	EXPECT_EQ(0, memcmp(packet, seen, len));

	SEND("out", 3);
	ll_len = sizeof(ll);
	ASSERT_EQ((ssize_t)IP_UDP_LEN + 3,
		  recvfrom(tap, seen, sizeof(seen), 0, (void *)&ll, &ll_len));
	EXPECT_EQ(PACKET_OUTGOING, ll.sll_pkttype);
	/* As it was sent: what changes bytes that both share changes them for both. */
	EXPECT_TRUE(packet_is_valid(seen, IP_UDP_LEN + 3, IPPROTO_UDP));
	EXPECT_EQ(0, memcmp("out", udp_payload(seen), 3));
	ASSERT_EQ((ssize_t)IP_UDP_LEN + 3, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(self->buf, seen, IP_UDP_LEN + 3));
	close(tap);
}

TEST_F(tun, A25_multicast_join_and_leave)
{
	struct ip_mreqn mreq = {
		.imr_multiaddr.s_addr = htonl(0xe9010203),
		.imr_ifindex = self->u.ifindex,
	};
	char packet[64];
	size_t len = build_udp(packet, PEER, 0xe9010203, 7, PORT + 2, "group", 5);
	int fd = udp_socket(INADDR_ANY, PORT + 2);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)));
	ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
	EXPECT_EQ(5, recv(fd, self->buf, sizeof(self->buf), 0));
	/* The kernel's report to the group crosses the node as any packet. */
	ASSERT_TRUE(wait_readable(self->u.fd));
	ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(IPPROTO_IGMP, ((struct iphdr *)self->buf)->protocol);
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mreq, sizeof(mreq)));
	close(fd);
}

/* ---- poll --------------------------------------------------------------- */

#define IN_EVENTS	(POLLIN | POLLRDNORM)
#define OUT_EVENTS	(POLLOUT | POLLWRNORM)
#define ALL_EVENTS	(IN_EVENTS | OUT_EVENTS | POLLPRI | POLLRDBAND | POLLWRBAND | POLLRDHUP)

TEST_F(tun, A22_poll_says_what_read_and_write_can_do)
{
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	SEND("1", 1);
	SEND("2", 1);
	EXPECT_EQ(IN_EVENTS | OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	EXPECT_EQ(POLLIN, poll_now(self->u.fd, POLLIN));
	ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(IN_EVENTS | OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
}

TEST_F(tun, A22_down_is_quiet_but_writable)
{
	SEND("1", 1);
	EXPECT_EQ(IN_EVENTS | OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
}

TEST_F(unit, A22_poll_of_a_unit_never_up)
{
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(OUT_EVENTS, poll_now(self->u.fd, ALL_EVENTS));
}

TEST_F(tun, A22_arrival_wakes_every_kind_of_wait)
{
	static const enum sleep_call ways[] = {
		SLEEP_POLL, SLEEP_SELECT, SLEEP_EPOLL, SLEEP_EPOLL_ET,
	};
	struct sleeper s;
	unsigned int i, round;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < ARRAY_SIZE(ways); i++) {
			ASSERT_EQ(0, sleeper_start(&s, ways[i], self->u.fd));
			ASSERT_TRUE(sleeper_wait_asleep(&s));
			SEND("wake", 4);
			ASSERT_TRUE(sleeper_join(&s))
				TH_LOG("way %u slept on", i);
			EXPECT_EQ(1, s.ret);
			EXPECT_EQ(ways[i] == SLEEP_SELECT ? 1 : POLLIN, s.events);
			ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		}
	}
}

TEST_F(tun, A22_what_is_refused_wakes_nobody)
{
	char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "four", 4);
	struct sleeper s;

	ASSERT_EQ(0, sleeper_start(&s, SLEEP_POLL, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, packet, len);
	EXPECT_EQ(1, STAT_DELTA(tx_dropped));
	EXPECT_FALSE(WAIT_FOR(!sleeper_asleep(&s), QUIET_MS));
	SEND("wake", 4);
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(1, s.ret);
}

TEST_F(tun, select_for_write_is_always_ready)
{
	struct timeval none = { };
	fd_set writable;

	FD_ZERO(&writable);
	FD_SET(self->u.fd, &writable);
	EXPECT_EQ(1, select(self->u.fd + 1, NULL, &writable, NULL, &none));
	EXPECT_TRUE(FD_ISSET(self->u.fd, &writable));
}

/* Edge triggered: nothing new, nothing said; each arrival in an empty queue is. */
TEST_F(tun, epoll_edges)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET }, got;
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int i;

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->u.fd, &ev));
	EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
	for (i = 0; i < 10; i++) {
		SEND("edge", 4);
		ASSERT_EQ(1, epoll_wait(ep, &got, 1, TIMEOUT_MS));
		EXPECT_EQ(EPOLLIN, got.events);
		EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
		ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
	}
	close(ep);
}

TEST_F(tun, nested_and_dropped_epoll_sets)
{
	struct epoll_event ev = { .events = EPOLLIN }, got;
	int i;

	/* The set goes first, then the node, in turn. */
	for (i = 0; i < 20; i++) {
		int inner = epoll_create1(EPOLL_CLOEXEC), outer = epoll_create1(EPOLL_CLOEXEC);

		ASSERT_EQ(0, epoll_ctl(inner, EPOLL_CTL_ADD, self->u.fd, &ev));
		ASSERT_EQ(0, epoll_ctl(outer, EPOLL_CTL_ADD, inner, &ev));
		EXPECT_EQ(0, epoll_wait(outer, &got, 1, 0));
		SEND("in", 2);
		EXPECT_EQ(1, epoll_wait(outer, &got, 1, TIMEOUT_MS));
		ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		if (i % 2) {
			unit_close(&self->u);
			ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
			ASSERT_EQ(0, link_up(self->u.ifindex));
			SEND("closed", 6);
			EXPECT_EQ(0, epoll_wait(outer, &got, 1, 0));
			ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		}
		close(inner);
		close(outer);
	}
}

/* ---- signals ------------------------------------------------------------ */

TEST_F(tun, A12_one_signal_for_each_packet)
{
	siginfo_t info;
	int i, on = 1, off = 0;

	/* Signals of the real-time kind are queued and can be counted. */
	block_signal(SIGRTMIN);
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETSIG, SIGRTMIN));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
	SEND("not yet", 7);
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
	ASSERT_EQ(0, ioctl(self->u.fd, FIOASYNC, &on));
	EXPECT_NE(0, fcntl(self->u.fd, F_GETFL) & O_ASYNC);
	for (i = 0; i < 10; i++)
		SEND("signal", 6);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(SIGRTMIN, wait_signal(SIGRTMIN, &info, TIMEOUT_MS))
			TH_LOG("signal %d", i);
		EXPECT_EQ(self->u.fd, info.si_fd);
		EXPECT_EQ(POLL_IN, info.si_code);
	}
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
	/* A packet that is refused is none. */
	packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, "6", 1);
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
	ASSERT_EQ(0, ioctl(self->u.fd, FIOASYNC, &off));
	SEND("no more", 7);
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
}

TEST_F(tun, A12_plain_SIGIO)
{
	siginfo_t info;

	block_signal(SIGIO);
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	/* Nobody owns the descriptor: nobody is told. */
	SEND("1", 1);
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGIO, &info, QUIET_MS)));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
	SEND("2", 1);
	ASSERT_EQ(SIGIO, wait_signal(SIGIO, &info, TIMEOUT_MS));
}

TEST_F(tun, A12_dropped_packets_give_no_signal)
{
	siginfo_t info;
	char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "four", 4);
	int i;

	block_signal(SIGRTMIN);
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 2));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETSIG, SIGRTMIN));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	for (i = 0; i < 5; i++)
		packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_EQ(SIGRTMIN, wait_signal(SIGRTMIN, &info, TIMEOUT_MS));
	EXPECT_EQ(SIGRTMIN, wait_signal(SIGRTMIN, &info, TIMEOUT_MS));
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
}

TEST_F(tun, A24_close_ends_the_ownership)
{
	siginfo_t info;

	block_signal(SIGIO);
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(0, fcntl(self->u.fd, F_GETOWN));
	SEND("nobody's", 8);
	EXPECT_TRUE(wait_readable(self->u.fd));
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGIO, &info, QUIET_MS)));
}

/* Nor does it pass to a file that gets the place in memory which the closed one had. */
TEST_F(tun, A24_the_next_file_gets_no_signal)
{
	int files[64];
	siginfo_t info;
	unsigned int i;

	block_signal(SIGIO);
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	unit_close(&self->u);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		files[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, files[i]);
		ASSERT_EQ(0, fcntl(files[i], F_SETOWN, getpid()));
	}
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	SEND("nobody's", 8);
	EXPECT_TRUE(wait_readable(self->u.fd));
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGIO, &info, QUIET_MS)));
	for (i = 0; i < ARRAY_SIZE(files); i++)
		close(files[i]);
}

/* ---- ioctl, seek, fdinfo ------------------------------------------------ */

TEST_F(tun, A10_FIONREAD_is_the_first_packet)
{
	static const unsigned int numbers[] = { FIONREAD, BSD_FIONREAD };
	unsigned int i;
	int n;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		n = -1;
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, numbers[i], &n)))
			TH_LOG("number %#x", numbers[i]);
		EXPECT_EQ(0, n);
		SEND("four", 4);
		SEND("eleven more", 11);
		ASSERT_EQ(0, ioctl(self->u.fd, numbers[i], &n));
		EXPECT_EQ((int)IP_UDP_LEN + 4, n);
		ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		ASSERT_EQ(0, ioctl(self->u.fd, numbers[i], &n));
		EXPECT_EQ((int)IP_UDP_LEN + 11, n);
		EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, numbers[i], NULL)));
		ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		ASSERT_EQ(0, ioctl(self->u.fd, numbers[i], &n));
		EXPECT_EQ(0, n);
	}
}

TEST_F(tun, TUNGIFNAME_is_the_current_name)
{
	static const struct {
		unsigned int number, size;
	} forms[] = {
		{ BSD_GIFNAME, 32 }, { LINUX_GIFNAME, 32 }, { LINUX64_GIFNAME, 40 },
	};
	const char *name = self->u.ifname;
	unsigned int i, round, at;
	char ifr[64];

	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(forms); i++) {
			memset(ifr, 0x55, sizeof(ifr));
			ASSERT_EQ(0, ERR(ioctl(self->u.fd, forms[i].number, ifr)))
				TH_LOG("number %#x", forms[i].number);
			EXPECT_STREQ(name, ifr);
			for (at = strlen(name); at < IFNAMSIZ; at++)
				EXPECT_EQ(0, ifr[at]);
			for (at = forms[i].size; at < sizeof(ifr); at++)
				EXPECT_EQ(0x55, ifr[at]);
			EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, forms[i].number, NULL)));
		}
		name = "fifteen_letters";
		ASSERT_EQ(0, link_rename(self->u.ifindex, name));
	}
}

TEST_F(tun, A13_unknown_ioctl_is_ENOTTY)
{
	static const unsigned int numbers[] = {
		0, 0x5401 /* TCGETS */, 0x400454ca /* TUNSETIFF */, 0x800454d2 /* TUNGETIFF */,
		0x89f0 /* SIOCDEVPRIVATE */, _IO('t', 200), _IOW('t', 201, int),
		_IOR('t', 202, struct ifreq), _IOWR('x', 93, char[32]), 0xffffffff,
	};
	char arg[256] = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->u.fd, numbers[i], arg)))
			TH_LOG("number %#x", numbers[i]);
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->u.fd, numbers[i], NULL)))
			TH_LOG("number %#x", numbers[i]);
	}
}

TEST_F(tun, seek_is_ESPIPE)
{
	EXPECT_EQ(-ESPIPE, ERR(lseek(self->u.fd, 0, SEEK_SET)));
	EXPECT_EQ(-ESPIPE, ERR(lseek(self->u.fd, 0, SEEK_CUR)));
	EXPECT_EQ(-ESPIPE, ERR(lseek(self->u.fd, 10, SEEK_END)));
}

TEST_F(tun, fdinfo_names_unit_and_interface)
{
	char value[64], want[64];

	snprintf(want, sizeof(want), TUN_KIND "%d", self->u.number);
	ASSERT_TRUE(fdinfo_value(self->u.fd, "unit", value, sizeof(value)));
	EXPECT_STREQ(want, value);
	ASSERT_TRUE(fdinfo_value(self->u.fd, "ifname", value, sizeof(value)));
	EXPECT_STREQ(self->u.ifname, value);
	ASSERT_TRUE(fdinfo_value(self->u.fd, "ifindex", value, sizeof(value)));
	EXPECT_EQ(self->u.ifindex, atoi(value));
	ASSERT_EQ(0, link_rename(self->u.ifindex, "renamed"));
	ASSERT_TRUE(fdinfo_value(self->u.fd, "ifname", value, sizeof(value)));
	EXPECT_STREQ("renamed", value);
	ASSERT_TRUE(fdinfo_value(self->u.fd, "unit", value, sizeof(value)));
	EXPECT_STREQ(want, value);
}

/* ---- statistics --------------------------------------------------------- */

TEST_F(tun, statistics_count_what_crossed)
{
	char packet[1500];
	size_t len, in = 0, out = 0;
	struct rtnl_link_stats64 s;
	int i;

	for (i = 0; i < 100; i++) {
		len = build_udp(packet, PEER, LOCAL, 7, PORT, packet, i * 10);
		ASSERT_EQ((ssize_t)len, write(self->u.fd, packet, len));
		ASSERT_EQ(i * 10, recv(self->udp, self->buf, sizeof(self->buf), 0));
		in += len;
		SEND(packet, i * 5);
		out += IP_UDP_LEN + i * 5;
		/* A short read changes nothing in what was transmitted. */
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

TEST_F(tun, statistics_survive_close_and_open)
{
	SEND("1", 1);
	ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(1, link_stats(self->u.ifindex).tx_packets);
}

TEST_HARNESS_MAIN
