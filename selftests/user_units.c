// SPDX-License-Identifier: GPL-2.0
/*
 * How much of the machine the units of a user namespace may use: a bounded number of units, no
 * misc device, no node in /dev and no uevent outside of the container. They are opened by the
 * cloner.
 */
#include "lib/container.h"
#include "lib/fixture.h"
#include "lib/misc.h"

#include <linux/if_bsdtun.h>

#define LIMIT_FILE	"/proc/sys/net/link/bsdtun/user_units"
#define DEFAULT_LIMIT	64
#define LIMIT		3

/* Attempts of a container to create a unit, of which all but the first are refused. */
#define ATTEMPTS	2000

/* A driver without the limit is stopped here, before the machine runs out of memory. */
#define TOO_MANY	500

static const char *const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };

static int limit_set(int limit)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", limit);
	return sysctl_write(LIMIT_FILE, text);
}

FIXTURE(user_units) {
	struct container container;
	struct unit u;
};

FIXTURE_VARIANT(user_units) {
	const char *kind;
};

TUN_VARIANT(user_units);
TAP_VARIANT(user_units);
VMNET_VARIANT(user_units);

static void set_cloner_mode(mode_t mode)
{
	char path[32];
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), "/dev/%s", kinds[i]);
		chmod(path, mode);
	}
}

FIXTURE_SETUP(user_units)
{
	if (geteuid())
		SKIP(return, "needs root");
	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, netns_reset());
	unit_init(&self->u, variant->kind);
	set_cloner_mode(0666);
	ASSERT_EQ(0, container_start(&self->container, enter_user_container));
}

/* In the parent, to clean up after a test that was killed, too. */
FIXTURE_TEARDOWN_PARENT(user_units)
{
	set_cloner_mode(0600);
	limit_set(DEFAULT_LIMIT);
}

/* ---- in a container ------------------------------------------------------ */

static int create(struct unit *u)
{
	return unit_create_kind(u, u->kind, NULL);
}

/* With a name that does not follow from its number. */
static int create_named(struct unit *u)
{
	return unit_create_kind(u, u->kind, "vpn0");
}

static int destroy(struct unit *u)
{
	return link_del(if_nametoindex(u->ifname));
}

static int open_cloner(struct unit *u)
{
	return cloner_open(u, u->kind, O_NONBLOCK);
}

static int close_unit(struct unit *u)
{
	unit_close(u);
	return 0;
}

/* -EUNATCH if the request was refused without a message. */
static int create_explained(struct unit *u)
{
	char text[128] = "";
	struct nl_request req;
	int fd = nl_open();
	int err;

	if (fd < 0)
		return fd;
	nl_link_add(&req, NULL, u->kind);
	err = nl_send(fd, &req) ?: nl_recv_ack(fd, NULL, text, sizeof(text));
	close(fd);
	return err && !*text ? -EUNATCH : err;
}

/* A container inside of the container: a user namespace whose owner is root of the outer one. */
static int create_nested(struct unit *u)
{
	return userns_new() ?: netns_new() ?: create(u);
}

static int create_in_another_netns(struct unit *u)
{
	return netns_new() ?: create(u);
}

#define CONTAINER(func)		container_run(&self->container, func, &self->u)

/* ---- the limit ----------------------------------------------------------- */

TEST_F(user_units, limit_is_64_by_default)
{
	EXPECT_TRUE(sysctl_equals(LIMIT_FILE, "64"));
}

TEST_F(user_units, limit_counts_units_of_every_kind)
{
	int i;

	EXPECT_EQ(0, limit_set(LIMIT));
	for (i = 0; i < LIMIT; i++) {
		self->u.kind = kinds[i % ARRAY_SIZE(kinds)];
		ASSERT_EQ(0, CONTAINER(create));
	}
	self->u.kind = variant->kind;
	EXPECT_EQ(-ENOSPC, CONTAINER(create_explained));
	/* The cloner gives one of them, and then no other. */
	EXPECT_EQ(0, CONTAINER(open_cloner));
	EXPECT_EQ(-ENOSPC, CONTAINER(create_in_another_netns));
}

TEST_F(user_units, limit_counts_units_of_the_cloner)
{
	struct unit u;
	int i;

	EXPECT_EQ(0, limit_set(LIMIT));
	for (i = 0; i < LIMIT; i++)
		ASSERT_EQ(0, CONTAINER(open_cloner));
	u = self->u;
	EXPECT_EQ(-ENOSPC, CONTAINER(open_cloner));
	EXPECT_EQ(-ENOSPC, CONTAINER(create_explained));
	/* A closed one is given again. */
	ASSERT_EQ(0, container_run(&self->container, close_unit, &u));
	EXPECT_EQ(0, CONTAINER(open_cloner));
	EXPECT_STREQ(u.ifname, self->u.ifname);
}

TEST_F(user_units, deleting_a_unit_makes_room_for_one)
{
	int i;

	EXPECT_EQ(0, limit_set(1));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, CONTAINER(create));
		ASSERT_EQ(0, CONTAINER(destroy));
	}
	ASSERT_EQ(0, CONTAINER(create));
	EXPECT_EQ(-ENOSPC, CONTAINER(create));
}

/* What is refused is not counted. */
TEST_F(user_units, failed_requests_are_not_counted)
{
	int i;

	EXPECT_EQ(0, limit_set(2));
	ASSERT_EQ(0, CONTAINER(create_named));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(-EEXIST, CONTAINER(create_named));
	EXPECT_EQ(0, CONTAINER(create));
	EXPECT_EQ(-ENOSPC, CONTAINER(create));
}

TEST_F(user_units, zero_allows_none)
{
	EXPECT_EQ(0, limit_set(0));
	EXPECT_EQ(-ENOSPC, CONTAINER(create_explained));
	EXPECT_EQ(-ENOSPC, CONTAINER(open_cloner));
	EXPECT_NE(0, limit_set(-1));
	/* Root's own units are not limited. */
	ASSERT_EQ(0, create(&self->u));
	unit_destroy(&self->u);
}

TEST_F(user_units, limit_applies_to_each_user_namespace)
{
	struct container other;

	EXPECT_EQ(0, limit_set(1));
	ASSERT_EQ(0, CONTAINER(create));
	EXPECT_EQ(-ENOSPC, CONTAINER(create));
	ASSERT_EQ(0, container_start(&other, enter_user_container));
	EXPECT_EQ(0, container_run(&other, create, &self->u));
	EXPECT_EQ(-ENOSPC, container_run(&other, create, &self->u));
	container_stop(&other);
	EXPECT_EQ(0, CONTAINER(create_nested));
}

TEST_F(user_units, limit_does_not_apply_without_a_user_namespace)
{
	struct unit u[LIMIT];
	int i;

	EXPECT_EQ(0, limit_set(1));
	ASSERT_EQ(0, netns_new());
	for (i = 0; i < LIMIT; i++)
		ASSERT_EQ(0, unit_create_kind(&u[i], variant->kind, NULL));
	for (i = 0; i < LIMIT; i++)
		unit_destroy(&u[i]);
}

/* A unit belongs to the owner of the namespace where it was created, wherever it is moved. */
TEST_F(user_units, moved_units_stay_charged)
{
	int here = netns_open();

	EXPECT_EQ(0, limit_set(1));
	ASSERT_EQ(0, CONTAINER(create));
	ASSERT_EQ(0, setns(self->container.netns, CLONE_NEWNET));
	ASSERT_EQ(0, link_set_netns(if_nametoindex(self->u.ifname), here));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	EXPECT_EQ(-ENOSPC, CONTAINER(create_explained));
	unit_init(&self->u, variant->kind);
	units_delete_all();
	EXPECT_EQ(0, CONTAINER(create));
	close(here);
}

TEST_F(user_units, units_moved_into_a_container_are_not_charged)
{
	struct unit u;

	EXPECT_EQ(0, limit_set(1));
	ASSERT_EQ(0, unit_create_kind(&u, variant->kind, NULL));
	ASSERT_EQ(0, link_set_netns(u.ifindex, self->container.netns));
	EXPECT_EQ(0, CONTAINER(create));
	EXPECT_EQ(-ENOSPC, CONTAINER(create));
}

/* Created by root, but for the container. */
TEST_F(user_units, units_that_root_creates_in_a_container_are_charged)
{
	struct nl_request req;

	EXPECT_EQ(0, limit_set(1));
	nl_link_add(&req, "vpn0", variant->kind);
	nl_put_u32(&req, IFLA_NET_NS_FD, self->container.netns);
	ASSERT_EQ(0, nl_talk(&req, NULL));
	EXPECT_EQ(-ENOSPC, CONTAINER(create_explained));
	snprintf(self->u.ifname, IFNAMSIZ, "vpn0");
	ASSERT_EQ(0, CONTAINER(destroy));
	EXPECT_EQ(0, CONTAINER(create));
}

/* ---- nodes --------------------------------------------------------------- */

/* A retired node of the same number may be there. */
static bool has_node(struct unit *u)
{
	return node_exists(u) && !node_retired(u);
}

/* The units of a container are not among the machine's misc devices. */
TEST_F(user_units, units_of_a_container_have_no_node)
{
	int nodes = count_nodes(variant->kind), devices = misc_count("");

	/* Units of an earlier test may still be going. */
	ASSERT_EQ(0, CONTAINER(create));
	EXPECT_GE(devices, misc_count(""));
	EXPECT_GE(nodes, count_nodes(variant->kind));
	EXPECT_FALSE(has_node(&self->u));
	ASSERT_EQ(0, CONTAINER(open_cloner));
	EXPECT_GE(devices, misc_count(""));
	EXPECT_GE(nodes, count_nodes(variant->kind));
	EXPECT_FALSE(has_node(&self->u));
}

/* Nor are they when they are moved out; those that come in keep theirs. */
TEST_F(user_units, nodes_do_not_follow_a_unit)
{
	int here = netns_open();
	struct unit u;

	ASSERT_EQ(0, CONTAINER(create_named));
	ASSERT_EQ(0, setns(self->container.netns, CLONE_NEWNET));
	ASSERT_EQ(0, link_set_netns(if_nametoindex("vpn0"), here));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	EXPECT_FALSE(has_node(&self->u));

	ASSERT_EQ(0, unit_create_kind(&u, variant->kind, NULL));
	ASSERT_EQ(0, link_set_netns(u.ifindex, self->container.netns));
	EXPECT_TRUE(node_exists(&u));
	ASSERT_EQ(0, unit_open(&u, O_NONBLOCK));
	unit_close(&u);
	close(here);
}

/* Without a user namespace there are nodes as ever. */
TEST_F(user_units, units_of_a_plain_network_namespace_have_a_node)
{
	ASSERT_EQ(0, netns_new());
	ASSERT_EQ(0, create(&self->u));
	EXPECT_TRUE(node_exists(&self->u));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	unit_destroy(&self->u);
	EXPECT_FALSE(has_node(&self->u));
}

/* The cloner is the way to a unit that "ip link add" made in a container. */
TEST_F(user_units, cloner_gives_units_that_the_container_created)
{
	struct unit first, second;

	ASSERT_EQ(0, CONTAINER(create_named));
	first = self->u;
	ASSERT_EQ(0, CONTAINER(open_cloner));
	second = self->u;
	EXPECT_STREQ("vpn0", second.ifname);
	EXPECT_EQ(first.number, second.number);
	/* It is open; the next open gives a new one. */
	ASSERT_EQ(0, CONTAINER(open_cloner));
	EXPECT_STRNE("vpn0", self->u.ifname);
	ASSERT_EQ(0, container_run(&self->container, close_unit, &second));
	ASSERT_EQ(0, CONTAINER(open_cloner));
	EXPECT_STREQ("vpn0", self->u.ifname);
}

/* In the initial user namespace it gives none of those: they have a node. */
TEST_F(user_units, cloner_gives_only_its_own_units_elsewhere)
{
	struct unit u;

	ASSERT_EQ(0, create_named(&self->u));
	ASSERT_EQ(0, cloner_open(&u, variant->kind, O_NONBLOCK));
	EXPECT_STRNE("vpn0", u.ifname);
	unit_destroy(&u);
	unit_destroy(&self->u);
}

/* ---- uevents ------------------------------------------------------------- */

/* The kernel's uevents in the initial network namespace. Returns a socket or -errno. */
static int uevent_open(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int here = netns_open(), size = 64 << 20;
	int fd = netns_enter_initial();

	if (!fd)
		fd = ERR(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				NETLINK_KOBJECT_UEVENT));
	if (here < 0 || setns(here, CLONE_NEWNET))
		return -errno;
	close(here);
	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return bind(fd, (void *)&nl, sizeof(nl)) ? -errno : fd;
}

/*
 * The number of uevents about bsdtun that came so far. They are sent before the system call that
 * causes them returns.
 */
static int uevent_count(int fd)
{
	char text[4096];
	int n = 0;
	ssize_t len;

	while ((len = ERR(recv(fd, text, sizeof(text) - 1, 0))) > 0 || len == -ENOBUFS) {
		/* Events were lost: more than fit. */
		if (len < 0)
			return INT_MAX;
		text[len] = '\0';
		n += !!strstr(text, "/bsd");
	}
	return n;
}

TEST_F(user_units, units_of_a_container_cause_no_uevent_outside)
{
	int fd = uevent_open(), i;

	ASSERT_LE(0, fd);
	/* The socket works. */
	ASSERT_EQ(0, create(&self->u));
	unit_destroy(&self->u);
	ASSERT_LT(0, uevent_count(fd));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, CONTAINER(create));
		ASSERT_EQ(0, CONTAINER(destroy));
		ASSERT_EQ(0, CONTAINER(open_cloner));
		ASSERT_EQ(0, CONTAINER(close_unit));
	}
	EXPECT_EQ(0, uevent_count(fd));
	close(fd);
}

/* ---- 2,000 attempts ------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	return *(const long *)a < *(const long *)b ? -1 : *(const long *)a > *(const long *)b;
}

/* The median time of an open() in nanoseconds, or -1. Printed only. */
static long open_time(const char *path)
{
	struct timespec begin, end;
	long times[201];
	int i, fd;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		clock_gettime(CLOCK_MONOTONIC, &begin);
		fd = open(path, O_RDWR | O_CLOEXEC);
		clock_gettime(CLOCK_MONOTONIC, &end);
		if (fd < 0)
			return -1;
		close(fd);
		times[i] = (end.tv_sec - begin.tv_sec) * 1000000000L + end.tv_nsec - begin.tv_nsec;
	}
	qsort(times, ARRAY_SIZE(times), sizeof(*times), compare);
	return times[ARRAY_SIZE(times) / 2];
}

/* In the container: as many units as it gets. The number of units goes to @u->number. */
static int create_many(struct unit *u)
{
	const char *kind = u->kind;
	struct nl_request req;
	int fd = nl_open();
	int i, err, made = 0;

	if (fd < 0)
		return fd;
	for (i = scaled_rounds(ATTEMPTS); i && made < TOO_MANY; i--) {
		nl_link_add(&req, NULL, kind);
		err = nl_send(fd, &req) ?: nl_recv_ack(fd, NULL, NULL, 0);
		if (err && err != -ENOSPC)
			return err;
		made += !err;
	}
	close(fd);
	u->number = made;
	return 0;
}

TEST_F_TIMEOUT(user_units, many_attempts_do_not_grow_the_list_of_misc_devices, 300)
{
	static const char *const others[] = { "/dev/fuse", "/dev/net/tun" };
	long before[ARRAY_SIZE(others)];
	int fd = uevent_open();
	int devices, i;

	ASSERT_LE(0, fd);
	run_command("modprobe -q -a fuse tun");
	for (i = 0; i < ARRAY_SIZE(others); i++)
		before[i] = open_time(others[i]);
	uevent_count(fd);
	devices = misc_count("");
	ASSERT_EQ(0, CONTAINER(create_many));
	EXPECT_EQ(DEFAULT_LIMIT, self->u.number);
	EXPECT_EQ(devices, misc_count(""));
	i = uevent_count(fd);
	EXPECT_EQ(0, i);
	ksft_print_msg("%d units, %d misc devices before and %d after, %d uevents\n",
		       self->u.number, devices, misc_count(""), i);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		ksft_print_msg("open(\"%s\"): %ld ns before, %ld ns after\n", others[i],
			       before[i], open_time(others[i]));
	close(fd);
}

TEST_HARNESS_MAIN
