// SPDX-License-Identifier: GPL-2.0
/*
 * Cloners, the nodes without a number: opening one gives a closed unit that a cloner created
 * before, or a new one. Statements B2 to B5: which unit, who may open, and how many units are left.
 */

#include "lib/test.h"

#include <net/if_tun.h>

FIXTURE(cloner) {
	struct unit u;
	int home;		/* the network namespace of the test */
	int nodes;		/* nodes of the kind before the test */
};

#define OPENERS		200

FIXTURE_VARIANT(cloner) {
	const char *kind;
	bool users;		/* net.link.tap.user_open applies */
	int openers;		/* concurrent ones; the full number for one kind only */
};

FIXTURE_VARIANT_ADD(cloner, tun) {
	.kind = TUN_KIND,
	.openers = 40,
};

FIXTURE_VARIANT_ADD(cloner, tap) {
	.kind = TAP_KIND,
	.users = true,
	.openers = OPENERS,
};

FIXTURE_VARIANT_ADD(cloner, vmnet) {
	.kind = VMNET_KIND,
	.users = true,
	.openers = 40,
};

/* The cloner as a struct unit, for unit_open() and run_in_child(). */
static struct unit cloner_node(const char *kind)
{
	struct unit u;

	unit_init(&u, kind);
	snprintf(u.node, sizeof(u.node), "/dev/%s", kind);
	return u;
}

FIXTURE_SETUP(cloner)
{
	if (geteuid())
		SKIP(return, "needs root");
	unit_init(&self->u, variant->kind);
	self->nodes = count_nodes(variant->kind);
	self->home = netns_open();
	ASSERT_LE(0, self->home);
	ASSERT_EQ(0, netns_new());
	ASSERT_TRUE(WAIT_FOR(unit_numbers_settled(variant->kind), TIMEOUT_MS));
}

/*
 * In the parent, so that it runs even if the test times out. The units are deleted with the test's
 * network namespace, which exits asynchronously.
 */
FIXTURE_TEARDOWN_PARENT(cloner)
{
	chmod(cloner_node(variant->kind).node, 0600);
	sysctl_set(TUN_KIND, "devfs_cloning", "1");
	sysctl_set(TAP_KIND, "devfs_cloning", "1");
	sysctl_set(TAP_KIND, "user_open", "0");
	sysctl_set(TAP_KIND, "up_on_open", "0");
	EXPECT_TRUE(WAIT_FOR(count_nodes(variant->kind) <= self->nodes, TIMEOUT_MS));
}

#define CLONE(unit)	ASSERT_EQ(0, cloner_open(unit, variant->kind, O_NONBLOCK))

/* ---- the unit ----------------------------------------------------------- */

TEST_F(cloner, B2_gives_the_lowest_unused_unit)
{
	int want = lowest_free_number(variant->kind, 0);
	int next = lowest_free_number(variant->kind, want + 1);
	char name[IFNAMSIZ], value[64];
	struct unit second;
	struct link link;
	struct stat st;

	ASSERT_EQ(0, ERR(stat(cloner_node(variant->kind).node, &st)));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);

	CLONE(&self->u);
	EXPECT_EQ(want, self->u.number);
	snprintf(name, sizeof(name), "%s%d", variant->kind, want);
	EXPECT_STREQ(name, self->u.ifname);

	/* Node and interface exist when open() returns. */
	ASSERT_EQ(0, ERR(stat(self->u.node, &st)));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_STREQ(variant->kind, link.kind);
	EXPECT_EQ(1, link.carrier);
	EXPECT_EQ(0, link.flags & IFF_UP);

	EXPECT_TRUE(fdinfo_value(self->u.fd, "unit", value, sizeof(value)));
	EXPECT_STREQ(name, value);
	EXPECT_TRUE(fdinfo_value(self->u.fd, "ifname", value, sizeof(value)));
	EXPECT_STREQ(name, value);

	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	CLONE(&second);
	EXPECT_EQ(next, second.number);
	EXPECT_EQ(self->nodes + 2, count_nodes(variant->kind));
	unit_close(&second);
}

/* GIFNAME in each encoding. */
TEST_F(cloner, B2_GIFNAME_returns_the_name)
{
	static const unsigned int numbers[] = { BSD_GIFNAME, LINUX_GIFNAME, LINUX64_GIFNAME };
	char ifr[40];
	unsigned int i;

	CLONE(&self->u);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		memset(ifr, 'x', sizeof(ifr));
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, numbers[i], ifr)));
		EXPECT_STREQ(self->u.ifname, ifr);
	}
	ASSERT_EQ(0, link_rename(self->u.ifindex, "other"));
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, LINUX64_GIFNAME, ifr)));
	EXPECT_STREQ("other", ifr);
}

/* An IPv4 packet, or a broadcast frame. */
static size_t build_any(const char *kind, unsigned char *buf)
{
	if (!strcmp(kind, TUN_KIND))
		return build_udp(buf, LOCAL, PEER, 1, 2, "any", 3);
	fill_pattern(buf, 60, 1);
	return build_frame(buf, "\xff\xff\xff\xff\xff\xff", PEER_MAC, 0x88b5, NULL, 46);
}

TEST_F(cloner, descriptor_refers_to_the_unit)
{
	unsigned char packet[128], got[128];
	size_t len = build_any(variant->kind, packet);
	struct rtnl_link_stats64 before;
	int raw = packet_socket();

	ASSERT_LE(0, raw);
	CLONE(&self->u);
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, got, sizeof(got))));
	EXPECT_EQ(POLLOUT, poll_now(self->u.fd, POLLIN | POLLOUT));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ((ssize_t)len, packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len));
	ASSERT_TRUE(wait_readable(self->u.fd));
	EXPECT_EQ((int)len, fionread(self->u.fd));
	EXPECT_EQ((ssize_t)len, ERR(read(self->u.fd, got, sizeof(got))));
	EXPECT_EQ(0, memcmp(packet, got, len));

	before = link_stats(self->u.ifindex);
	EXPECT_EQ((ssize_t)len, ERR(write(self->u.fd, packet, len)));
	EXPECT_EQ(1, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, rx_packets)));
	EXPECT_EQ(-ENOTTY, ERR(ioctl(self->u.fd, _IO('t', 200), got)));
	close(raw);
}

/* The descriptor still belongs to the file that was opened: programs ask GIFNAME, not fstat(). */
TEST_F(cloner, fstat_returns_the_device_number_of_the_cloner)
{
	struct stat cloner, unit, st;
	char path[64], target[64];

	CLONE(&self->u);
	ASSERT_EQ(0, stat(cloner_node(variant->kind).node, &cloner));
	ASSERT_EQ(0, stat(self->u.node, &unit));
	ASSERT_EQ(0, fstat(self->u.fd, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(cloner.st_rdev, st.st_rdev);
	EXPECT_EQ(cloner.st_ino, st.st_ino);
	EXPECT_NE(unit.st_rdev, st.st_rdev);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->u.fd);
	memset(target, 0, sizeof(target));
	ASSERT_LT(0, readlink(path, target, sizeof(target) - 1));
	EXPECT_STREQ(cloner_node(variant->kind).node, target);

	/* The numbered node has a number of its own. */
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, fstat(self->u.fd, &st));
	EXPECT_EQ(unit.st_rdev, st.st_rdev);
}

/* An io-wq thread of the kernel may open the cloner for the program. */
TEST_F(cloner, opened_by_io_uring)
{
	int want = lowest_free_number(variant->kind, 0);
	struct unit c = cloner_node(variant->kind);
	struct io_uring_cqe cqe = { };
	struct io_uring_sqe *sqe;
	char ifr[40] = "", name[IFNAMSIZ];
	struct ring ring;

	if (ring_unavailable())
		SKIP(return, "io_uring is not available");
	ASSERT_EQ(0, ring_open(&ring));
	sqe = ring_prepare(&ring, IORING_OP_OPENAT, AT_FDCWD, c.node, 0, 1);
	sqe->open_flags = O_RDWR | O_CLOEXEC | O_NONBLOCK;
	ASSERT_EQ(0, ring_submit(&ring));
	ASSERT_TRUE(ring_wait(&ring, &cqe));
	ASSERT_LE(0, cqe.res);
	c.fd = cqe.res;
	snprintf(name, sizeof(name), "%s%d", variant->kind, want);
	ASSERT_EQ(0, ERR(ioctl(c.fd, LINUX64_GIFNAME, ifr)));
	EXPECT_STREQ(name, ifr);
	EXPECT_NE(0, if_nametoindex(name));
	/* That thread also creates the node. */
	EXPECT_TRUE(WAIT_FOR(count_nodes(variant->kind) == self->nodes + 1, TIMEOUT_MS));
	unit_close(&c);
	CLONE(&self->u);
	EXPECT_EQ(want, self->u.number);
	ring_close(&ring);
}

/* ---- selection of the unit ---------------------------------------------- */

TEST_F(cloner, closed_units_are_reused_lowest_first)
{
	struct unit u[3], again;
	int i;

	for (i = 0; i < 3; i++)
		CLONE(&u[i]);
	/* All others are busy. */
	for (i = 2; i >= 0; i--) {
		unit_close(&u[i]);
		CLONE(&again);
		EXPECT_EQ(u[i].number, again.number);
		EXPECT_EQ(u[i].ifindex, again.ifindex);
		u[i].fd = again.fd;
	}
	for (i = 2; i >= 0; i--)
		unit_close(&u[i]);
	for (i = 0; i < 3; i++) {
		CLONE(&again);
		EXPECT_EQ(u[i].number, again.number);
		EXPECT_EQ(u[i].ifindex, again.ifindex);
	}
	EXPECT_EQ(self->nodes + 3, count_nodes(variant->kind));
}

/* The same unit with its name; the numbered node opens it as well. */
TEST_F(cloner, unit_survives_the_close)
{
	struct unit again;

	CLONE(&self->u);
	ASSERT_EQ(0, link_rename(self->u.ifindex, "other"));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, 0));
	CLONE(&again);
	EXPECT_NE(self->u.number, again.number);
	unit_close(&again);
	unit_close(&self->u);
	CLONE(&again);
	EXPECT_EQ(self->u.number, again.number);
	EXPECT_STREQ("other", again.ifname);
}

TEST_F(cloner, busy_until_the_last_close)
{
	struct unit other, again;
	int dupped;

	CLONE(&self->u);
	dupped = fcntl(self->u.fd, F_DUPFD_CLOEXEC, 0);
	ASSERT_LE(0, dupped);
	unit_close(&self->u);
	CLONE(&other);
	EXPECT_NE(self->u.number, other.number);
	close(dupped);
	CLONE(&again);
	EXPECT_EQ(self->u.number, again.number);
}

/* Cloners leave the units of administrators alone. */
TEST_F(cloner, unit_of_ip_link_is_not_given)
{
	struct unit made, later;
	char name[IFNAMSIZ];

	ASSERT_EQ(0, unit_create_kind(&made, variant->kind, NULL));
	CLONE(&self->u);
	EXPECT_LT(made.number, self->u.number);
	EXPECT_EQ(0, unit_open(&made, 0));
	unit_close(&made);
	unit_close(&self->u);
	CLONE(&self->u);
	EXPECT_LT(made.number, self->u.number);

	/* Nor a unit that has the number of a deleted unit of the cloner. */
	unit_destroy(&self->u);
	snprintf(name, sizeof(name), "%s%d", variant->kind, self->u.number);
	ASSERT_EQ(0, unit_create_kind(&later, variant->kind, name));
	ASSERT_EQ(self->u.number, later.number);
	CLONE(&self->u);
	EXPECT_LT(later.number, self->u.number);
}

TEST_F(cloner, unit_created_at_load_is_not_given)
{
	int want = lowest_free_number(variant->kind, 0);

	ASSERT_EQ(0, setns(self->home, CLONE_NEWNET));
	CLONE(&self->u);
	EXPECT_EQ(want, self->u.number);
	unit_close(&self->u);
	CLONE(&self->u);
	EXPECT_EQ(want, self->u.number);
	unit_destroy(&self->u);
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
}

TEST_F(cloner, new_unit_gets_the_lowest_free_number)
{
	struct unit u[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, unit_create_kind(&u[i], variant->kind, NULL));
	unit_destroy(&u[1]);
	CLONE(&self->u);
	EXPECT_EQ(u[1].number, self->u.number);
	unit_destroy(&self->u);
	unit_destroy(&u[0]);
	CLONE(&self->u);
	EXPECT_EQ(u[0].number, self->u.number);
}

/* A number is skipped if the interface name that belongs to it is in use in this namespace. */
TEST_F(cloner, number_with_name_in_use_is_skipped)
{
	struct unit other_unit, other;
	char name[IFNAMSIZ];
	int first, second, netns = netns_open();

	ASSERT_LE(0, netns);
	ASSERT_EQ(0, unit_create_kind(&other_unit, variant->kind, NULL));
	first = lowest_free_number(variant->kind, 0);
	second = lowest_free_number(variant->kind, first + 1);
	snprintf(name, sizeof(name), "%s%d", variant->kind, first);
	ASSERT_EQ(0, link_rename(other_unit.ifindex, name));
	CLONE(&self->u);
	EXPECT_EQ(second, self->u.number);
	snprintf(name, sizeof(name), "%s%d", variant->kind, second);
	EXPECT_STREQ(name, self->u.ifname);

	/* In another namespace the name is free. */
	ASSERT_EQ(0, netns_new());
	CLONE(&other);
	EXPECT_EQ(first, other.number);
	close(netns);
}

/* The RTM_NEWLINK notification has the final name. */
TEST_F(cloner, notification_has_the_final_name)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	int notifications = 0;
	char buf[16384];
	ssize_t n;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (void *)&nl, sizeof(nl)));
	CLONE(&self->u);
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		struct nlmsghdr *h = (void *)buf;

		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			struct link link;

			if (h->nlmsg_type != RTM_NEWLINK)
				continue;
			nl_parse_link(h, &link);
			if (link.ifindex != self->u.ifindex)
				continue;
			EXPECT_STREQ(self->u.ifname, link.name);
			notifications++;
		}
	}
	EXPECT_LT(0, notifications);
	close(fd);
}

TEST_F(cloner, unit_belongs_to_the_opener_s_netns)
{
	struct unit other, again;
	int first;

	first = netns_open();
	ASSERT_LE(0, first);
	CLONE(&self->u);
	ASSERT_EQ(0, netns_new());
	CLONE(&other);
	EXPECT_NE(self->u.number, other.number);
	EXPECT_EQ(0, if_nametoindex(self->u.ifname));
	unit_close(&self->u);
	unit_close(&other);
	/* The unit with the lower number is closed, but in the other namespace. */
	CLONE(&again);
	EXPECT_EQ(other.number, again.number);
	unit_close(&again);
	ASSERT_EQ(0, setns(first, CLONE_NEWNET));
	EXPECT_EQ(0, if_nametoindex(other.ifname));
	CLONE(&again);
	EXPECT_EQ(self->u.number, again.number);
	close(first);
}

/* ---- deletion ----------------------------------------------------------- */

TEST_F(cloner, deleted_while_open)
{
	struct unit again;

	CLONE(&self->u);
	ASSERT_EQ(0, link_del(self->u.ifindex));
	EXPECT_FALSE(node_exists(&self->u));
	expect_revoked(_metadata, &self->u);
	/* The number is free while the descriptor is open, which does not refer to the new unit. */
	CLONE(&again);
	EXPECT_EQ(self->u.number, again.number);
	expect_revoked(_metadata, &self->u);
	unit_close(&self->u);
	EXPECT_EQ(-EBUSY, ERR(open(again.node, O_RDWR)));
	EXPECT_EQ(-EAGAIN, ERR(read(again.fd, &(char){ 0 }, 1)));
}

TEST_F(cloner, deleted_while_closed)
{
	CLONE(&self->u);
	unit_close(&self->u);
	ASSERT_EQ(0, link_del(self->u.ifindex));
	EXPECT_FALSE(node_exists(&self->u));
	CLONE(&self->u);
	EXPECT_TRUE(node_exists(&self->u));
}

TEST_F(cloner, TRANSIENT_unit_is_deleted_by_close)
{
	int i, on = 1, number = -1;
	struct link link;

	for (i = 0; i < 10; i++) {
		CLONE(&self->u);
		if (i)
			EXPECT_EQ(number, self->u.number);
		number = self->u.number;
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNSTRANSIENT, &on)));
		unit_close(&self->u);
		EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &link));
		EXPECT_FALSE(node_exists(&self->u));
	}
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
}

/* By exit or by a signal: the unit is deleted when waitpid() returns. */
TEST_F(cloner, TRANSIENT_unit_is_deleted_at_exit)
{
	int i, on = 1, status, ready[2];
	char c;

	for (i = 0; i < 4; i++) {
		pid_t pid;

		ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (cloner_open(&self->u, variant->kind, 0) ||
			    ioctl(self->u.fd, TUNSTRANSIENT, &on) || link_up(self->u.ifindex))
				_exit(1);
			if (write(ready[1], "r", 1) != 1)
				_exit(2);
			/* One child is killed in read(), the other exits. */
			if (i % 2 && read(self->u.fd, &c, 1))
				_exit(3);
			_exit(0);
		}
		close(ready[1]);
		ASSERT_EQ(1, read(ready[0], &c, 1));
		close(ready[0]);
		if (i % 2)
			ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(i % 2 ? SIGKILL : 0, status);
		EXPECT_EQ(self->nodes, count_nodes(variant->kind));
		EXPECT_FALSE(node_exists(&self->u));
		EXPECT_EQ(0, if_nametoindex(self->u.ifname));
	}
}

/* ---- many --------------------------------------------------------------- */

#define OPENS		1000
#define OPENS_AT_LEAST	100

TEST_F_TIMEOUT(cloner, many_opens_leave_one_unit, 240)
{
	long long end = now_ms() + 8000;
	int i, number, ifindex;

	CLONE(&self->u);
	number = self->u.number;
	ifindex = self->u.ifindex;
	unit_close(&self->u);
	/* Fewer on a slow machine. */
	for (i = 1; i < scaled_rounds(OPENS) && (i < OPENS_AT_LEAST || now_ms() < end); i++) {
		CLONE(&self->u);
		ASSERT_EQ(number, self->u.number);
		ASSERT_EQ(ifindex, self->u.ifindex);
		unit_close(&self->u);
	}
	TH_LOG("%d opens", i);
	EXPECT_EQ(self->nodes + 1, count_nodes(variant->kind));
}

struct opener {
	pthread_t thread;
	pthread_barrier_t *barrier;
	const char *kind;
	struct unit u;
	int err;
};

static void *opener_main(void *arg)
{
	struct opener *o = arg;

	pthread_barrier_wait(o->barrier);
	o->err = cloner_open(&o->u, o->kind, O_NONBLOCK);
	return NULL;
}

/* Deletes the units by one request. */
static int delete_group(struct opener *o, int n)
{
	const __u32 group = 0xb5d;
	struct nl_request req;
	int i, err = 0;

	for (i = 0; i < n && !err; i++)
		err = link_set_u32(o[i].u.ifindex, IFLA_GROUP, group);
	if (err)
		return err;
	nl_init(&req, RTM_DELLINK, 0, sizeof(req.ifi));
	nl_put_u32(&req, IFLA_GROUP, group);
	return nl_talk(&req, NULL);
}

TEST_F_TIMEOUT(cloner, parallel_openers_get_different_units, 240)
{
	static struct opener o[OPENERS];
	static bool seen[32768];
	int i, n = scaled_rounds(variant->openers), lowest = 32768;
	pthread_barrier_t barrier;

	ASSERT_EQ(0, pthread_barrier_init(&barrier, NULL, n));
	for (i = 0; i < n; i++) {
		o[i].barrier = &barrier;
		o[i].kind = variant->kind;
		ASSERT_EQ(0, pthread_create(&o[i].thread, NULL, opener_main, &o[i]));
	}
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_join(o[i].thread, NULL));
	for (i = 0; i < n; i++) {
		char name[IFNAMSIZ];

		ASSERT_EQ(0, o[i].err)
			TH_LOG("opener %d", i);
		ASSERT_FALSE(seen[o[i].u.number])
			TH_LOG("unit %d was given to two openers", o[i].u.number);
		seen[o[i].u.number] = true;
		if (o[i].u.number < lowest)
			lowest = o[i].u.number;
		snprintf(name, sizeof(name), "%s%d", variant->kind, o[i].u.number);
		EXPECT_STREQ(name, o[i].u.ifname);
	}
	EXPECT_EQ(self->nodes + n, count_nodes(variant->kind));
	for (i = 0; i < n; i++)
		unit_close(&o[i].u);
	CLONE(&self->u);
	EXPECT_EQ(lowest, self->u.number);
	unit_close(&self->u);
	EXPECT_EQ(self->nodes + n, count_nodes(variant->kind));
	EXPECT_EQ(0, delete_group(o, n));
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
}

struct reopener {
	pthread_t thread;
	const char *kind;
	bool *stop;
	unsigned int opened;
	int err;
};

static void *reopener_main(void *arg)
{
	struct reopener *t = arg;
	struct unit u;

	do {
		t->err = cloner_open(&u, t->kind, O_NONBLOCK);
		if (t->err)
			break;
		t->opened++;
		unit_close(&u);
	} while (!__atomic_load_n(t->stop, __ATOMIC_SEQ_CST));
	return NULL;
}

#define REOPENERS	4

/* There are no more units than were ever open at once. */
TEST_F_TIMEOUT(cloner, units_do_not_exceed_concurrent_openers, 120)
{
	struct reopener t[REOPENERS];
	bool stop = false;
	int i;

	for (i = 0; i < REOPENERS; i++) {
		t[i] = (struct reopener){ .kind = variant->kind, .stop = &stop };
		ASSERT_EQ(0, pthread_create(&t[i].thread, NULL, reopener_main, &t[i]));
	}
	WAIT_FOR(false, 2000);
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < REOPENERS; i++) {
		ASSERT_EQ(0, pthread_join(t[i].thread, NULL));
		EXPECT_EQ(0, t[i].err);
		EXPECT_LT(0, t[i].opened);
	}
	EXPECT_GE(self->nodes + REOPENERS, count_nodes(variant->kind));
}

/* ---- permissions and settings ------------------------------------------- */

TEST_F(cloner, B3_cloning_can_be_disabled)
{
	struct unit c = cloner_node(variant->kind), made;
	const char *other = strcmp(variant->kind, TUN_KIND) ? TUN_KIND : TAP_KIND;

	CLONE(&self->u);
	ASSERT_EQ(0, sysctl_set(variant->kind, "devfs_cloning", "0"));
	EXPECT_EQ(-ENOENT, unit_open(&c, 0));
	/* An open descriptor still works; a closed unit is not given either. */
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, &(char){ 0 }, 1)));
	unit_close(&self->u);
	EXPECT_EQ(-ENOENT, unit_open(&c, 0));
	EXPECT_EQ(self->nodes + 1, count_nodes(variant->kind));
	/* Numbered nodes and rtnetlink are not affected. */
	EXPECT_EQ(0, unit_open(&self->u, 0));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_create_kind(&made, variant->kind, NULL));
	EXPECT_EQ(0, unit_open(&made, 0));
	unit_destroy(&made);

	ASSERT_EQ(0, sysctl_set(variant->kind, "devfs_cloning", "1"));
	CLONE(&made);
	EXPECT_EQ(self->u.number, made.number);
	unit_close(&made);

	/* The setting of the other driver has no effect. */
	ASSERT_EQ(0, sysctl_set(other, "devfs_cloning", "0"));
	CLONE(&made);
	unit_close(&made);
}

TEST_F(cloner, B3_numbered_node_creates_no_unit)
{
	struct unit u;
	int on, err;

	unit_init(&u, variant->kind);
	snprintf(u.node, sizeof(u.node), "/dev/%s%d", variant->kind,
		 lowest_free_number(variant->kind, 0));
	for (on = 1; on >= 0; on--) {
		ASSERT_EQ(0, sysctl_set(variant->kind, "devfs_cloning", on ? "1" : "0"));
		err = unit_open(&u, 0);
		EXPECT_TRUE(err == -ENOENT || err == -ENXIO)
			TH_LOG("open: %d", err);
	}
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
}

TEST_F(cloner, B4_needs_CAP_NET_ADMIN)
{
	struct unit c = cloner_node(variant->kind);

	EXPECT_EQ(-EPERM, run_in_child(open_without_net_admin, &c));
	EXPECT_EQ(-EACCES, run_in_child(open_as_nobody, &c));
	ASSERT_EQ(0, chmod(c.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &c));
	/* The failed open created no unit. */
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));

	/* The same if there is a closed unit. */
	CLONE(&self->u);
	unit_close(&self->u);
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &c));
	EXPECT_EQ(-EPERM, run_in_child(open_without_net_admin, &c));
	EXPECT_EQ(self->nodes + 1, count_nodes(variant->kind));
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(cloner, B4_user_open_relies_on_the_node_mode)
{
	const int result = variant->users ? 0 : -EPERM;
	struct unit c = cloner_node(variant->kind);

	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, sysctl_set(TAP_KIND, "user_open", "1"));
	EXPECT_EQ(-EACCES, run_in_child(open_as_nobody, &c));
	EXPECT_EQ(-EACCES, run_in_child(open_as_nobody, &self->u));
	EXPECT_EQ(result, run_in_child(open_without_net_admin, &c));
	EXPECT_EQ(result, run_in_child(open_without_net_admin, &self->u));
	ASSERT_EQ(0, chmod(c.node, 0666));
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(result, run_in_child(open_as_nobody, &c));
	EXPECT_EQ(result, run_in_child(open_as_nobody, &self->u));
	ASSERT_EQ(0, sysctl_set(TAP_KIND, "user_open", "0"));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &c));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &self->u));
}

static int open_cloner_as_nobody(struct unit *u, bool up)
{
	int err = become_nobody();

	if (!err)
		err = cloner_open(u, u->kind, O_NONBLOCK);
	if (!err && link_is_up(u->ifindex) != up)
		err = -EPROTO;
	unit_close(u);
	return err;
}

static int open_up_as_nobody(struct unit *u)
{
	return open_cloner_as_nobody(u, true);
}

static int open_down_as_nobody(struct unit *u)
{
	return open_cloner_as_nobody(u, false);
}

/* Sets the interface up for a program that has no privilege to do it. */
TEST_F(cloner, B5_up_on_open_for_a_user)
{
	const int result = variant->users ? 0 : -EPERM;
	struct unit c = cloner_node(variant->kind);

	ASSERT_EQ(0, chmod(c.node, 0666));
	ASSERT_EQ(0, sysctl_set(TAP_KIND, "user_open", "1"));
	EXPECT_EQ(result, run_in_child(open_down_as_nobody, &c));
	ASSERT_EQ(0, sysctl_set(TAP_KIND, "up_on_open", "1"));
	/* A closed unit, and a new one. */
	EXPECT_EQ(result, run_in_child(open_up_as_nobody, &c));
	EXPECT_EQ(self->nodes + (result ? 0 : 1), count_nodes(variant->kind));
	CLONE(&self->u);
	EXPECT_EQ(result, run_in_child(open_up_as_nobody, &c));
	EXPECT_EQ(self->nodes + (result ? 1 : 2), count_nodes(variant->kind));
}

TEST_F(cloner, B5_up_on_open)
{
	ASSERT_EQ(0, sysctl_set(TAP_KIND, "up_on_open", "1"));
	CLONE(&self->u);
	/* tun has no such setting. */
	EXPECT_EQ(variant->users, link_is_up(self->u.ifindex));
}

TEST_HARNESS_MAIN
