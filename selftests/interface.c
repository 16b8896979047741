// SPDX-License-Identifier: GPL-2.0
/*
 * The interface: an address sets it up (statement A3), and of a tun: a qdisc stops and resumes, and
 * drops have a reason.
 */

#include "lib/address.h"
#include "lib/test.h"

#include <sys/mount.h>
#include <net/if_tun.h>

#define UP_ON_ADDR	"/proc/sys/net/link/tun/up_on_addr"

FIXTURE(interface) {
	struct unit u;
	int raw;
	unsigned char buf[2048];
};

FIXTURE_SETUP(interface)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
}

FIXTURE_TEARDOWN(interface)
{
	sysctl_write(UP_ON_ADDR, "1");
	close(self->raw);
	unit_destroy(&self->u);
}

/* ---- addresses ---------------------------------------------------------- */

TEST_F(interface, A3_ipv4_address_sets_up)
{
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	/* Before the system call returns. */
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	/* Also after it was set down. */
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL + 0x100, PEER + 0x100));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
}

TEST_F(interface, A3_ipv6_address_sets_up)
{
	ASSERT_EQ(0, netns_enable_ipv6());
	ASSERT_EQ(0, run_command("ip addr add fd42::1/64 dev %s", self->u.ifname));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
}

TEST_F(interface, A3_not_while_closed)
{
	unit_close(&self->u);
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

TEST_F(interface, A3_not_with_up_on_addr_0)
{
	ASSERT_EQ(0, sysctl_write(UP_ON_ADDR, "0"));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

/* SIOCSIFADDR, SIOCSIFDSTADDR and the like, as programs of the BSDs set addresses. */
static int addr_ioctl(const struct unit *u, unsigned long cmd, __u32 addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(addr) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { };
	int err;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", u->ifname);
	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	err = ERR(ioctl(fd, cmd, &ifr));
	close(fd);
	return err;
}

TEST_F(interface, A3_SIOCSIFADDR_sets_up)
{
	const struct iphdr *ip = (void *)self->buf;
	int udp;

	/* An interface without an address has no peer. */
	EXPECT_EQ(-EADDRNOTAVAIL, addr_ioctl(&self->u, SIOCSIFDSTADDR, PEER));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, addr_ioctl(&self->u, SIOCSIFADDR, LOCAL));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	EXPECT_EQ(1, count_addresses(self->u.ifindex, AF_INET));
	/* Without a peer nothing is routed to the interface. */
	udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, udp);
	EXPECT_EQ(-ENETUNREACH, udp_send(udp, PEER, PORT, "peer", 4));
	ASSERT_EQ(0, addr_ioctl(&self->u, SIOCSIFDSTADDR, PEER));
	EXPECT_EQ(4, udp_send(udp, PEER, PORT, "peer", 4));
	ASSERT_EQ(IP_UDP_LEN + 4, read(self->u.fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(htonl(LOCAL), ip->saddr);
	EXPECT_EQ(htonl(PEER), ip->daddr);
	/* Another address replaces the first, and sets up again. */
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, addr_ioctl(&self->u, SIOCSIFADDR, LOCAL + 0x100));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	EXPECT_EQ(1, count_addresses(self->u.ifindex, AF_INET));
	close(udp);
}

TEST_F(interface, A3_SIOCSIFDSTADDR_sets_up)
{
	int udp;

	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, addr_ioctl(&self->u, SIOCSIFDSTADDR, PEER + 1));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	EXPECT_EQ(1, count_addresses(self->u.ifindex, AF_INET));
	/* The route leads to the new peer. */
	udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, udp);
	EXPECT_EQ(-ENETUNREACH, udp_send(udp, PEER, PORT, "old", 3));
	EXPECT_EQ(3, udp_send(udp, PEER + 1, PORT, "new", 3));
	EXPECT_EQ(IP_UDP_LEN + 3, read(self->u.fd, self->buf, sizeof(self->buf)));
	close(udp);
}

TEST_F(interface, A3_another_peer_sets_up)
{
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	/* rtnetlink adds a second address with the other peer. */
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER + 1));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	EXPECT_EQ(2, count_addresses(self->u.ifindex, AF_INET));
}

/* What a daemon that starts again does. The stack tells no driver of an address that is there. */
TEST_F(interface, same_address_again_does_not_set_up)
{
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(-EEXIST, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	EXPECT_EQ(0, addr_ioctl(&self->u, SIOCSIFADDR, LOCAL));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	EXPECT_EQ(0, addr_ioctl(&self->u, SIOCSIFDSTADDR, PEER));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	EXPECT_EQ(1, count_addresses(self->u.ifindex, AF_INET));
}

/* The same for taps and vmnets, with a sysctl of their own. */
FIXTURE(ether_interface) {
	struct unit u;
};

FIXTURE_VARIANT(ether_interface) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(ether_interface, tap) { .kind = TAP_KIND };
FIXTURE_VARIANT_ADD(ether_interface, vmnet) { .kind = VMNET_KIND };

FIXTURE_SETUP(ether_interface)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
}

FIXTURE_TEARDOWN(ether_interface)
{
	sysctl_set(TAP_KIND, "up_on_addr", "1");
	unit_destroy(&self->u);
}

TEST_F(ether_interface, address_sets_up)
{
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, addr_ioctl(&self->u, SIOCSIFADDR, LOCAL + 0x100));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, netns_enable_ipv6());
	ASSERT_EQ(0, run_command("ip addr add fd42::1/64 dev %s", self->u.ifname));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
}

TEST_F(ether_interface, address_does_not_set_up_while_closed)
{
	unit_close(&self->u);
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

TEST_F(ether_interface, address_does_not_set_up_with_up_on_addr_0)
{
	ASSERT_EQ(0, sysctl_set(TAP_KIND, "up_on_addr", "0"));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	/* The setting of tun has no effect. */
	ASSERT_EQ(0, sysctl_set(TAP_KIND, "up_on_addr", "1"));
	ASSERT_EQ(0, sysctl_set(TUN_KIND, "up_on_addr", "0"));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL + 0x100, PEER + 0x100));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, sysctl_set(TUN_KIND, "up_on_addr", "1"));
}

/* Repeated, to find leaks of memory and of module references. */
TEST_F_TIMEOUT(interface, A3_many_times, 120)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL + (i << 8), PEER + (i << 8)));
		ASSERT_TRUE(link_is_up(self->u.ifindex));
		unit_close(&self->u);
		ASSERT_FALSE(link_is_up(self->u.ifindex));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	}
}

/* ---- mode --------------------------------------------------------------- */

/* TUNSIFMODE sends RTM_NEWLINK. */
TEST_F(interface, change_of_mode_is_notified)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE);
	int mode = IFF_BROADCAST;
	bool notified = false;
	char buf[8192];
	ssize_t n;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (void *)&nl, sizeof(nl)));
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNSIFMODE, &mode)));
	while (!notified && wait_readable(fd) && (n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		struct nlmsghdr *h = (void *)buf;
		struct ifinfomsg *ifi = NLMSG_DATA(h);

		notified = h->nlmsg_type == RTM_NEWLINK && ifi->ifi_index == self->u.ifindex &&
		       (ifi->ifi_flags & IFF_BROADCAST) && !(ifi->ifi_flags & IFF_POINTOPOINT);
	}
	EXPECT_TRUE(notified);
	close(fd);
}

/* ---- a queueing discipline ---------------------------------------------- */

static int large_udp_socket(struct __test_metadata *_metadata)
{
	int fd = udp_socket(LOCAL, PORT), size = 16 << 20;

	ASSERT_LE(0, fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

/*
 * Reads numbered packets until there is none for a while. Returns their number, -1 if out of order.
 */
static int read_all(int fd, unsigned char *buf, size_t size, __u32 first)
{
	int n = 0;

	for (;;) {
		__u32 number;

		if (!WAIT_FOR(poll_now(fd, POLLIN) & POLLIN, QUIET_MS))
			return n;
		if (read(fd, buf, size) != IP_UDP_LEN + 4)
			return -1;
		memcpy(&number, udp_payload(buf), 4);
		if (number != first + n)
			return -1;
		n++;
	}
}

TEST_F_TIMEOUT(interface, nothing_is_lost_with_a_qdisc, 120)
{
	static const __u32 lengths[] = { 1, 2, 10, 100 };
	struct rtnl_link_stats64 before;
	unsigned int i, round, packets = scaled_rounds(1500);
	int udp;
	__u32 n;

	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 100000", self->u.ifname));
	udp = large_udp_socket(_metadata);
	before = link_stats(self->u.ifindex);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, lengths[i]));
		for (round = 0; round < 2; round++) {
			/* Many more than the queue can hold. */
			for (n = 0; n < packets; n++)
				ASSERT_EQ(4, udp_send(udp, PEER, PORT, &n, 4));
			EXPECT_EQ(packets, read_all(self->u.fd, self->buf, sizeof(self->buf), 0))
				TH_LOG("txqueuelen %u, round %u", lengths[i], round);
		}
	}
	EXPECT_EQ(0, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, tx_dropped)));
	close(udp);
}

TEST_F(interface, down_flushes_queue_and_qdisc)
{
	int udp, n = 0;
	__u32 i;

	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 20));
	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 1000", self->u.ifname));
	udp = large_udp_socket(_metadata);
	for (i = 0; i < 200; i++)
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, &i, 4));
	/* Down, both the interface and the qdisc discard their packets. */
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(0, poll_now(self->u.fd, POLLIN));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	/* The queue is not stopped any more. */
	for (i = 0; i < 100; i++)
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, &i, 4));
	n = read_all(self->u.fd, self->buf, sizeof(self->buf), 0);
	EXPECT_EQ(100, n);
	close(udp);
}

TEST_F(interface, stopped_queue_is_started_by_open)
{
	__u32 i;
	int udp;

	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 1000", self->u.ifname));
	udp = large_udp_socket(_metadata);
	for (i = 0; i < 50; i++)
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, &i, 4));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	for (i = 0; i < 50; i++)
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, &i, 4));
	EXPECT_EQ(50, read_all(self->u.fd, self->buf, sizeof(self->buf), 0));
	close(udp);
}

struct blocking_sender {
	pthread_t thread;
	int udp;
	pid_t tid;
	bool stop;
};

static void *send_until_stopped(void *arg)
{
	struct blocking_sender *s = arg;

	__atomic_store_n(&s->tid, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&s->stop, __ATOMIC_SEQ_CST))
		send(s->udp, "wait", 4, 0);
	return NULL;
}

static pid_t sender_tid(struct blocking_sender *s)
{
	return __atomic_load_n(&s->tid, __ATOMIC_SEQ_CST);
}

/* The discipline holds what fits into the buffer of the sender's socket. */
TEST_F(interface, sender_behind_a_qdisc_waits_for_the_program)
{
	enum { READ, DOWN, CLOSE, ENDS } end;
	int size = 1;

	for (end = READ; end < ENDS; end++) {
		struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
		struct blocking_sender s = { .udp = -1 };

		to.sin_addr.s_addr = htonl(PEER + (end << 8));
		ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL + (end << 8), PEER + (end << 8)));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
		ASSERT_EQ(0, run_command("tc qdisc replace dev %s root pfifo limit 1000",
					 self->u.ifname));
		s.udp = udp_socket(LOCAL + (end << 8), PORT);
		ASSERT_LE(0, s.udp);
		ASSERT_EQ(0, connect(s.udp, (void *)&to, sizeof(to)));
		ASSERT_EQ(0, setsockopt(s.udp, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
		ASSERT_EQ(0, pthread_create(&s.thread, NULL, send_until_stopped, &s));
		ASSERT_TRUE(WAIT_FOR(thread_in_syscall(sender_tid(&s), __NR_sendto), TIMEOUT_MS))
			TH_LOG("end %d", end);
		__atomic_store_n(&s.stop, true, __ATOMIC_SEQ_CST);
		switch (end) {
		case READ:
			while (read(self->u.fd, self->buf, sizeof(self->buf)) > 0)
				;
			break;
		case DOWN:
			ASSERT_EQ(0, link_down(self->u.ifindex));
			break;
		default:
			unit_close(&self->u);
		}
		EXPECT_TRUE(thread_join(s.thread))
			TH_LOG("end %d", end);
		close(s.udp);
	}
}

TEST_F(interface, without_a_qdisc_the_newest_is_dropped)
{
	struct rtnl_link_stats64 before;
	__u32 i;
	int udp;

	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	udp = large_udp_socket(_metadata);
	before = link_stats(self->u.ifindex);
	for (i = 0; i < 8; i++)
		udp_send(udp, PEER, PORT, &i, 4);
	EXPECT_EQ(3, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, tx_dropped)));
	EXPECT_EQ(5, read_all(self->u.fd, self->buf, sizeof(self->buf), 0));
	close(udp);
}

/* ---- drop reasons ------------------------------------------------------- */

#define TRACING "/sys/kernel/tracing/"

static bool trace_has(const char *reason)
{
	static char text[1 << 20];
	ssize_t n = read_file(TRACING "trace", text, sizeof(text));

	return n > 0 && strstr(text, reason);
}

TEST_F(interface, drops_have_reasons)
{
	unsigned char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "drop", 4);
	void *no_access;

	if (access(TRACING "trace", R_OK) &&
	    mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL))
		SKIP(return, "no tracefs");
	ASSERT_EQ(0, write_file(TRACING "events/skb/kfree_skb/enable", "1"));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 1));
	ASSERT_EQ(0, write_file(TRACING "trace", ""));
	packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_FALSE(trace_has("FULL_RING"));
	packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_TRUE(trace_has("reason: FULL_RING"));
	packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, packet, len);
	EXPECT_TRUE(trace_has("reason: UNHANDLED_PROTO"));
	no_access = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(no_access != MAP_FAILED);
	ASSERT_EQ(-EFAULT, ERR(read(self->u.fd, no_access, 100)));
	EXPECT_TRUE(trace_has("reason: SKB_UCOPY_FAULT"));
	packet_send(self->raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_FALSE(trace_has("QUEUE_PURGE"));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_TRUE(trace_has("reason: QUEUE_PURGE"));
	write_file(TRACING "events/skb/kfree_skb/enable", "0");
}

TEST_HARNESS_MAIN
