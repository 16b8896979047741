// SPDX-License-Identifier: GPL-2.0
/*
 * The last close of a tap: it sets the interface down, drops what is queued and deletes every
 * address, unless the attribute "keep" is set. Statements B13 and B14.
 */

#include "lib/fixture.h"

NODE_FIXTURE(ether);
TAP_VARIANT(ether);

#define ADDRESSES(family)	count_addresses(self->u.ifindex, family)
#define ROUTES(family)		count_routes(self->u.ifindex, family)

/* The address that the fixture adds, and those of add_addresses(). */
#define IPV4_ADDRESSES		(1 + IPV4_ADDED)

TEST_F(ether, B13_close_sets_down_and_flushes)
{
	struct link link;
	int round, copy;

	for (round = 0; round < 5; round++) {
		self->before = link_stats(self->u.ifindex);
		SEND_RANGE(0, 5);
		copy = dup(self->u.fd);
		unit_close(&self->u);
		/* This is not the last close: nothing changes. */
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		EXPECT_EQ(ETH_HLEN + 4, fionread(copy));
		close(copy);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, link.flags & IFF_UP);
		EXPECT_EQ(0, link.carrier);
		EXPECT_EQ(5, STAT_DELTA(tx_dropped));
		EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
		/* The unit can be opened again at once. */
		ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
		ASSERT_EQ(0, send_numbered(&self->u, self->raw, round));
		EXPECT_EQ(round, read_numbered(&self->u));
	}
}

TEST_F(ether, B13_close_deletes_every_address_and_route)
{
	int round;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(0, add_addresses(&self->u));
		EXPECT_EQ(IPV4_ADDRESSES, ADDRESSES(AF_INET));
		EXPECT_LT(IPV6_ADDED, ADDRESSES(AF_INET6));
		EXPECT_LT(IPV4_ADDRESSES, ROUTES(AF_INET));
		EXPECT_LT(IPV6_ADDED, ROUTES(AF_INET6));
		/* A secondary address that is promoted to a primary one is deleted too. */
		if (round == 1)
			ASSERT_EQ(0, netdev_sysctl_set(&self->u, "ipv4/conf",
						       "promote_secondaries", "1"));
		unit_close(&self->u);
		EXPECT_EQ(0, ADDRESSES(AF_INET));
		EXPECT_EQ(0, ADDRESSES(AF_INET6));
		EXPECT_EQ(0, ROUTES(AF_INET));
		EXPECT_EQ(0, ROUTES(AF_INET6));
		/* The addresses can be added again, also to another interface in between. */
		ASSERT_EQ(0, addr_add(1, LOCAL, LOCAL));
		ASSERT_EQ(0, addr_change(RTM_DELADDR, 0, 1, LOCAL, LOCAL));
		ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
		EXPECT_EQ(1, ADDRESSES(AF_INET));
	}
}

/* An interface that is set down keeps its addresses; the last close deletes them. */
TEST_F(ether, B13_close_deletes_addresses_while_down)
{
	int round;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, add_addresses(&self->u));
		ASSERT_EQ(0, link_down(self->u.ifindex));
		EXPECT_EQ(IPV4_ADDRESSES, ADDRESSES(AF_INET));
		/* keep_addr_on_down keeps the permanent ones. */
		EXPECT_LT(0, ADDRESSES(AF_INET6));
		unit_close(&self->u);
		EXPECT_EQ(0, ADDRESSES(AF_INET));
		EXPECT_EQ(0, ADDRESSES(AF_INET6));
		EXPECT_EQ(0, ROUTES(AF_INET));
		EXPECT_EQ(0, ROUTES(AF_INET6));
		ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
	}
	/* Addresses that are added while it is closed stay until the next last close. */
	unit_close(&self->u);
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	EXPECT_EQ(1, ADDRESSES(AF_INET));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(1, ADDRESSES(AF_INET));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
}

/* Also hundreds of them, and with an MTU that is too small for IPv6. */
TEST_F_TIMEOUT(ether, B13_close_deletes_hundreds, 120)
{
	FILE *batch;
	int i;

	if (netns_enable_ipv6())
		SKIP(return, "no IPv6 in this kernel");
	batch = popen("ip -batch -", "w");
	ASSERT_TRUE(!!batch);
	for (i = 0; i < 250; i++) {
		/* Ten in each of 25 subnets: one primary address, the others secondary. */
		fprintf(batch, "addr add 10.60.%d.%d/24 dev %s\n", i % 25, 1 + i / 25,
			self->u.ifname);
		fprintf(batch, "addr add fd60::%x/64 dev %s nodad\n", i + 1, self->u.ifname);
	}
	ASSERT_EQ(0, pclose(batch));
	/* There is one more: of the fixture, and of link scope. */
	EXPECT_LE(250, ADDRESSES(AF_INET));
	EXPECT_LE(250, ADDRESSES(AF_INET6));
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
	EXPECT_EQ(0, ADDRESSES(AF_INET6));

	ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 100));
	EXPECT_EQ(1, ADDRESSES(AF_INET));
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
}

struct adder {
	pthread_t thread;
	int ifindex;
	bool stop;
};

static void *adder_main(void *arg)
{
	struct adder *a = arg;
	__u32 n;

	for (n = 0; !__atomic_load_n(&a->stop, __ATOMIC_SEQ_CST); n = (n + 1) % 64)
		addr_add(a->ifindex, LOCAL + (n << 8), PEER + (n << 8));
	return NULL;
}

/* A concurrent thread adds its addresses either before the close or after it. */
TEST_F_TIMEOUT(ether, B13_close_races_with_new_addresses, 120)
{
	struct adder a = { .ifindex = self->u.ifindex };
	int i;

	ASSERT_EQ(0, pthread_create(&a.thread, NULL, adder_main, &a));
	for (i = 0; i < 40; i++) {
		unit_close(&self->u);
		EXPECT_FALSE(link_is_up(self->u.ifindex));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		/* One suffices: the thread fails with EEXIST while all its addresses exist. */
		ASSERT_TRUE(WAIT_FOR(ADDRESSES(AF_INET) > 0, TIMEOUT_MS));
	}
	__atomic_store_n(&a.stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(a.thread, NULL));
	EXPECT_LT(0, ADDRESSES(AF_INET));
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
}

TEST_F(ether, B13_addresses_of_other_interfaces_stay)
{
	struct unit other;
	int upper = 0;

	ASSERT_EQ(0, unit_create_kind(&other, TAP_KIND, NULL));
	ASSERT_EQ(0, unit_open(&other, 0));
	ASSERT_EQ(0, run_command("ip addr add 10.44.0.9/24 dev %s", other.ifname));
	ASSERT_EQ(0, link_up(other.ifindex));
	ASSERT_EQ(0, addr_add(1, LOCAL + 9, LOCAL + 9));
	ASSERT_EQ(0, run_command("ip addr add 10.44.0.1/24 dev %s", self->u.ifname));
	/* Also those of an upper interface. */
	if (!run_command("ip link add link %s name upper type vlan id 7", self->u.ifname)) {
		upper = if_nametoindex("upper");
		ASSERT_EQ(0, addr_add(upper, LOCAL + 256, PEER + 256));
		ASSERT_EQ(0, link_up(upper));
	}
	unit_close(&self->u);
	EXPECT_EQ(0, ADDRESSES(AF_INET));
	if (upper)
		EXPECT_EQ(1, count_addresses(upper, AF_INET));
	EXPECT_EQ(1, count_addresses(other.ifindex, AF_INET));
	EXPECT_LT(0, count_routes(other.ifindex, AF_INET));
	EXPECT_EQ(2, count_addresses(1, AF_INET));
	EXPECT_TRUE(link_is_up(other.ifindex));
	unit_destroy(&other);
}

/* Settings of the interface that outlive its addresses. */
static const struct {
	const char *dir, *name, *value;
} sysctls[] = {
	{ "ipv4/conf", "rp_filter", "2" },
	{ "ipv4/conf", "forwarding", "1" },
	{ "ipv4/conf", "arp_ignore", "2" },
	{ "ipv4/conf", "accept_local", "1" },
	{ "ipv4/conf", "force_igmp_version", "2" },
	{ "ipv4/neigh", "gc_stale_time", "77" },
	{ "ipv6/conf", "hop_limit", "77" },
	{ "ipv6/conf", "accept_ra", "0" },
	{ "ipv6/conf", "dad_transmits", "3" },
	{ "ipv6/conf", "use_tempaddr", "2" },
	{ "ipv6/conf", "keep_addr_on_down", "1" },
	{ "ipv6/neigh", "gc_stale_time", "78" },
};

TEST_F(ether, B13_other_settings_survive)
{
	const unsigned int flags = IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP | IFF_BROADCAST |
				   IFF_MULTICAST;
	struct link before, after;
	char path[128];
	unsigned int i;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	ASSERT_EQ(0, link_rename(self->u.ifindex, "renamed"));
	snprintf(self->u.ifname, sizeof(self->u.ifname), "renamed");
	ASSERT_EQ(0, add_addresses(&self->u));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 1400));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 77));
	ASSERT_EQ(0, link_set_address(self->u.ifindex, OTHER_MAC));
	ASSERT_EQ(0, link_set_flags(self->u.ifindex, flags, flags));
	for (i = 0; i < ARRAY_SIZE(sysctls); i++) {
		ASSERT_EQ(0, netdev_sysctl_set(&self->u, sysctls[i].dir, sysctls[i].name,
					       sysctls[i].value))
			TH_LOG("%s", sysctls[i].name);
	}
	ASSERT_EQ(0, link_get(self->u.ifindex, &before));
	unit_close(&self->u);
	ASSERT_EQ(0, link_get(self->u.ifindex, &after));
	EXPECT_STREQ("renamed", after.name);
	EXPECT_EQ(1400, after.mtu);
	EXPECT_EQ(77, after.txqlen);
	EXPECT_EQ(0, memcmp(OTHER_MAC, after.address, ETH_ALEN));
	EXPECT_EQ(flags, after.flags & flags);
	EXPECT_EQ(before.promiscuity, after.promiscuity);
	for (i = 0; i < ARRAY_SIZE(sysctls); i++) {
		netdev_sysctl_path(path, sizeof(path), &self->u, sysctls[i].dir, sysctls[i].name);
		EXPECT_TRUE(file_equals(path, sysctls[i].value))
			TH_LOG("%s", path);
	}
	/* Both families work again afterwards. */
	ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, addr6_add(self->u.ifindex, &local6));
	EXPECT_LT(0, ADDRESSES(AF_INET6));
	EXPECT_LT(0, ROUTES(AF_INET6));
}

/* Each deleted address is announced, and nothing else changes in the meantime. */
TEST_F(ether, B13_close_sends_notifications)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	static union {
		struct nlmsghdr n;
		char room[32768];
	} buf;
	int fd, big = 4 << 20, gone[2] = { }, had[2];
	bool down = false;
	ssize_t len;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	ASSERT_EQ(0, add_addresses(&self->u));
	had[0] = ADDRESSES(AF_INET);
	had[1] = ADDRESSES(AF_INET6);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ASSERT_LE(0, fd);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	ASSERT_EQ(0, bind(fd, (void *)&nl, sizeof(nl)));
	unit_close(&self->u);
	while ((len = recv(fd, &buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		struct nlmsghdr *n = &buf.n;

		for (; NLMSG_OK(n, len); n = NLMSG_NEXT(n, len)) {
			struct ifaddrmsg *ifa = NLMSG_DATA(n);
			struct link link;

			if (n->nlmsg_type == RTM_DELADDR && ifa->ifa_index == self->u.ifindex)
				gone[ifa->ifa_family == AF_INET6]++;
			if (n->nlmsg_type == RTM_NEWADDR && ifa->ifa_index == self->u.ifindex)
				TH_LOG("an address was added again");
			EXPECT_NE(RTM_DELLINK, n->nlmsg_type);
			if (n->nlmsg_type != RTM_NEWLINK)
				continue;
			nl_parse_link(n, &link);
			if (link.ifindex != self->u.ifindex)
				continue;
			EXPECT_EQ(1500, link.mtu);
			EXPECT_STREQ(self->u.ifname, link.name);
			down = !(link.flags & IFF_UP);
		}
	}
	EXPECT_EQ(-EAGAIN, -errno);
	EXPECT_TRUE(down);
	EXPECT_LE(had[0], gone[0]);
	EXPECT_LE(had[1], gone[1]);
	close(fd);
}

/* The last process that has it open may be unprivileged, or be killed. */
TEST_F(ether, B13_close_by_an_unprivileged_or_killed_process)
{
	int sync[2], status, round;
	pid_t pid;
	char c;

	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, pipe(sync));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			close(sync[1]);
			if (become_nobody() || read(sync[0], &c, 1))
				_exit(1);
			/* The parent has closed its copy of the descriptor. */
			if (round)
				kill(getpid(), SIGKILL);
			_exit(0);
		}
		close(sync[0]);
		unit_close(&self->u);
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		EXPECT_EQ(1, ADDRESSES(AF_INET));
		close(sync[1]);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(round ? SIGKILL : 0, status);
		EXPECT_FALSE(link_is_up(self->u.ifindex));
		EXPECT_EQ(0, ADDRESSES(AF_INET));
		ASSERT_EQ(0, unit_open_up(&self->u, O_NONBLOCK));
	}
}

/* The interface may be in another network namespace than the process that closes. */
TEST_F(ether, B13_close_from_another_namespace)
{
	int here = netns_open(), there;

	ASSERT_LE(0, here);
	ASSERT_EQ(0, netns_new());
	there = netns_open();
	ASSERT_LE(0, there);
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	ASSERT_EQ(0, link_set_netns(self->u.ifindex, there));
	ASSERT_EQ(0, setns(there, CLONE_NEWNET));
	self->u.ifindex = if_nametoindex(self->u.ifname);
	ASSERT_NE(0, self->u.ifindex);
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	unit_close(&self->u);
	ASSERT_EQ(0, setns(there, CLONE_NEWNET));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	EXPECT_EQ(0, ADDRESSES(AF_INET));
	close(here);
	close(there);
}

TEST_F(ether, B13_keep_preserves_all_but_the_queue)
{
	static const char *const not_bool[] = NOT_BOOL;
	int ipv4, ipv6, routes4, routes6;
	struct link link;
	unsigned int i;

	if (access("/proc/sys/net/ipv6", F_OK))
		SKIP(return, "no IPv6 in this kernel");
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "0"));
	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "1"));
	for (i = 0; i < ARRAY_SIZE(not_bool); i++)
		EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "keep", not_bool[i]))
			TH_LOG("word %u", i);
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "1"));
	ASSERT_EQ(0, add_addresses(&self->u));
	ipv4 = ADDRESSES(AF_INET);
	ipv6 = ADDRESSES(AF_INET6);
	routes4 = ROUTES(AF_INET);
	routes6 = ROUTES(AF_INET6);
	EXPECT_EQ(IPV4_ADDRESSES, ipv4);
	SEND_RANGE(0, 5);
	unit_close(&self->u);
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_NE(0, link.flags & IFF_UP);
	EXPECT_EQ(0, link.carrier);
	EXPECT_EQ(ipv4, ADDRESSES(AF_INET));
	EXPECT_LE(ipv6, ADDRESSES(AF_INET6));
	EXPECT_EQ(routes4, ROUTES(AF_INET));
	EXPECT_LE(routes6, ROUTES(AF_INET6));
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(1, link_carrier(self->u.ifindex));
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "1"));

	/* Without "keep" the close deletes them. */
	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "0"));
	unit_close(&self->u);
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	EXPECT_EQ(0, ADDRESSES(AF_INET));
	EXPECT_EQ(0, ADDRESSES(AF_INET6));
}

TEST_F(ether, B13_keep_drops_packets_while_closed)
{
	int i;

	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	for (i = 0; i < 10; i++) {
		self->before = link_stats(self->u.ifindex);
		SEND_RANGE(0, 5);
		unit_close(&self->u);
		/* Immediately: once the stack notices the carrier, it drops them itself. */
		send_numbered(&self->u, self->raw, 8);
		send_numbered(&self->u, self->raw, 9);
		EXPECT_EQ(7, STAT_DELTA(tx_dropped));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(0, fionread(self->u.fd));
		EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
		/* Packets pass again; the interface is still up. */
		EXPECT_EQ(0, send_numbered(&self->u, self->raw, 10 + i));
		EXPECT_EQ(10 + i, read_numbered(&self->u));
	}
}

/* The full queue has stopped the transmit queue; the next open wakes it. */
TEST_F(ether, B13_keep_behind_a_qdisc)
{
	int i;

	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	ASSERT_EQ(0, run_command("tc qdisc add dev %s root pfifo limit 100", self->u.ifname));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 5));
	for (i = 0; i < 3; i++) {
		SEND_RANGE(0, 20);
		unit_close(&self->u);
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		SEND_RANGE(100, 110);
		EXPECT_EQ(10, drain_numbered(&self->u, 100));
	}
}

TEST_F(ether, B14_nothing_is_queued_while_closed)
{
	int i;

	unit_close(&self->u);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	self->before = link_stats(self->u.ifindex);
	for (i = 0; i < 10; i++)
		send_numbered(&self->u, self->raw, i);
	EXPECT_EQ(10, STAT_DELTA(tx_dropped));
	EXPECT_EQ(0, STAT_DELTA(tx_packets));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_EQ(-EAGAIN, read_numbered(&self->u));
}

TEST_F(ether, transient_unit_is_destroyed_by_the_last_close)
{
	struct link link;

	ASSERT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	/* A unit that is destroyed ignores "keep". */
	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	unit_close(&self->u);
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &link));
	EXPECT_FALSE(node_exists(&self->u));
	self->u.ifindex = 0;
}

TEST_HARNESS_MAIN
