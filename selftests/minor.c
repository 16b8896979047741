// SPDX-License-Identifier: GPL-2.0
/*
 * The minor of a node that a container may have a copy of. The device cgroup of the container and
 * the copy name the device by major and minor, so a minor that becomes free is a node of whatever
 * driver gets it next. Only a process with CAP_NET_ADMIN in the initial user namespace frees one;
 * otherwise the node stays registered, opening it fails with ENXIO, and the next unit of the number
 * uses it again.
 */
#include "lib/container.h"
#include "lib/fixture.h"
#include "lib/misc.h"

#include <sys/sysmacros.h>

#include <net/if_tun.h>
#include <linux/if_bsdtun.h>

/* The container's copy of the node. */
#define COPY	"/dev/bsdtun-test-copy"

FIXTURE(minor) {
	struct container container;
	struct unit u;
	struct unit copy;	/* the same unit by the other node */
	int minor;
};

FIXTURE_VARIANT(minor) {
	const char *kind;
};

TUN_VARIANT(minor);
TAP_VARIANT(minor);
VMNET_VARIANT(minor);

/*
 * The lowest free minor is that of the unit once it is freed: the unit took the lowest one, and
 * nothing lower is freed before the check.
 */
FIXTURE_SETUP(minor)
{
	struct stat st;

	if (geteuid())
		SKIP(return, "needs root");
	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, stat(self->u.node, &st));
	self->minor = minor(st.st_rdev);
	self->copy = self->u;
	snprintf(self->copy.node, sizeof(self->copy.node), "%s", COPY);
	ASSERT_EQ(0, mknod(COPY, S_IFCHR | 0600, st.st_rdev));
	ASSERT_EQ(0, chmod(COPY, 0666));
}

/* In the parent, to clean up after a killed test, too. The container ends with the test. */
FIXTURE_TEARDOWN_PARENT(minor)
{
	unlink(COPY);
}

/* ---- helpers ------------------------------------------------------------- */

/* Starts a container with the unit in it. */
static void start_with_unit(struct __test_metadata *_metadata, struct container *c,
			    int (*enter)(void), struct unit *u)
{
	ASSERT_EQ(0, container_start(c, enter));
	ASSERT_EQ(0, link_set_netns(u->ifindex, c->netns));
}

/* In the container, whose indices of interfaces may be others. */
static int delete_unit(struct unit *u)
{
	return link_del(if_nametoindex(u->ifname));
}

static int open_unit(struct unit *u)
{
	return unit_open(u, O_NONBLOCK);
}

static int close_unit(struct unit *u)
{
	unit_close(u);
	return 0;
}

static int set_transient(struct unit *u)
{
	int on = 1;

	return ERR(ioctl(u->fd, TUNSTRANSIENT, &on));
}

static int set_transient_by_sysfs(struct unit *u)
{
	return unit_attr_set(u, "transient", "1");
}

static int set_transient_by_rtnetlink(struct unit *u)
{
	struct rtattr *info, *data;
	struct nl_request req;
	__u8 on = 1;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = if_nametoindex(u->ifname);
	info = nl_put(&req, IFLA_LINKINFO, NULL, 0);
	nl_put(&req, IFLA_INFO_KIND, u->kind, strlen(u->kind));
	data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
	nl_put(&req, IFLA_BSDTUN_TRANSIENT, &on, sizeof(on));
	nl_nest_end(&req, data);
	nl_nest_end(&req, info);
	return nl_talk(&req, NULL);
}

/* Creates the unit with the number of @u. Returns 0 or -errno. */
static int create_again(struct unit *u)
{
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "%s%d", u->kind, u->number);
	return unit_create_kind(u, u->kind, name);
}

static int create_any(struct unit *u)
{
	return unit_create_kind(u, u->kind, NULL);
}

/* Opens the node and closes it. Returns 0 or -errno. */
static int try_open(struct unit *u)
{
	int fd = ERR(open(u->node, O_RDWR | O_CLOEXEC | O_NONBLOCK));

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* The driver has finished with the last unit of the number: EINVAL for the name, not EEXIST. */
static bool number_is_free(const struct unit *u)
{
	struct rtattr *info, *data;
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(req.ifi));
	nl_put(&req, IFLA_IFNAME, "a/b", 4);
	info = nl_put(&req, IFLA_LINKINFO, NULL, 0);
	nl_put(&req, IFLA_INFO_KIND, u->kind, strlen(u->kind));
	data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
	nl_put_u32(&req, IFLA_BSDTUN_UNIT, u->number);
	nl_nest_end(&req, data);
	nl_nest_end(&req, info);
	return nl_talk(&req, NULL) == -EINVAL;
}

/* The minor that a misc driver gets which is loaded now, or -1 without such a driver. */
static int minor_of_driver(const char *module, const char *device)
{
	int minor;

	if (misc_minor(device) >= 0 || run_command("modprobe -q %s", module))
		return -1;
	minor = misc_minor(device);
	run_command("modprobe -q -r %s", module);
	return minor;
}

/* The minor that any other misc device gets: here that of a unit of another kind. */
static int next_minor(struct __test_metadata *_metadata, const char *kind)
{
	struct unit other;
	struct stat st;

	ASSERT_EQ(0, unit_create_kind(&other, strcmp(kind, TAP_KIND) ? TAP_KIND : TUN_KIND,
				      "other"));
	ASSERT_EQ(0, stat(other.node, &st));
	unit_destroy(&other);
	return minor(st.st_rdev);
}

/* The unit is gone, its minor is still taken, and no node of it opens. */
static void expect_retired(struct __test_metadata *_metadata, struct unit *u, struct unit *copy,
			   int number)
{
	char name[64] = "-", node[IFNAMSIZ];

	ASSERT_TRUE(WAIT_FOR(number_is_free(u), TIMEOUT_MS));
	snprintf(node, sizeof(node), "%s%d", u->kind, u->number);
	EXPECT_TRUE(misc_name(number, name, sizeof(name)))
		TH_LOG("minor %d is free: the next driver gets it", number);
	EXPECT_STREQ(node, name);
	EXPECT_NE(number, next_minor(_metadata, u->kind));
	EXPECT_EQ(-ENXIO, try_open(u));
	EXPECT_EQ(-ENXIO, try_open(copy));
}

/* The next unit of the number has the same minor, and the copy of the node opens it. */
static void expect_used_again(struct __test_metadata *_metadata, struct unit *u, struct unit *copy,
			      int number)
{
	struct stat st;

	ASSERT_EQ(0, create_again(u));
	ASSERT_EQ(0, stat(u->node, &st));
	EXPECT_EQ(number, minor(st.st_rdev));
	EXPECT_EQ(0, try_open(copy));
	ASSERT_EQ(0, unit_open(u, O_NONBLOCK));
	EXPECT_EQ(-EBUSY, try_open(copy));
	unit_close(u);
}

/* Root deletes the unit: node and minor are gone. */
static void expect_deleted_by_root(struct __test_metadata *_metadata, struct unit *u,
				   struct unit *copy, int number)
{
	char name[64];

	unit_destroy(u);
	EXPECT_FALSE(node_exists(u));
	EXPECT_FALSE(misc_name(number, name, sizeof(name)));
	EXPECT_EQ(-ENODEV, try_open(copy));
}

#define EXPECT_RETIRED()						\
	expect_retired(_metadata, &self->u, &self->copy, self->minor)
#define EXPECT_USED_AGAIN()						\
	expect_used_again(_metadata, &self->u, &self->copy, self->minor)
#define EXPECT_DELETED_BY_ROOT()					\
	expect_deleted_by_root(_metadata, &self->u, &self->copy, self->minor)

/* ---- the number ---------------------------------------------------------- */

TEST_F(minor, minor_number_is_not_the_unit_number)
{
	struct stat st, high_st;
	char name[IFNAMSIZ];
	struct unit high;

	ASSERT_EQ(0, stat(self->u.node, &st));
	EXPECT_EQ(10, major(st.st_rdev));
	EXPECT_EQ(self->minor, misc_minor(self->u.node + strlen("/dev/")));

	snprintf(name, sizeof(name), "%s30123", variant->kind);
	ASSERT_EQ(0, unit_create_kind(&high, variant->kind, name));
	EXPECT_EQ(30123, high.number);
	ASSERT_EQ(0, stat(high.node, &high_st));
	EXPECT_EQ(10, major(high_st.st_rdev));
	EXPECT_NE(30123, minor(high_st.st_rdev));
	EXPECT_EQ(minor(high_st.st_rdev), misc_minor(name));
	unit_destroy(&high);
}

/* ---- deleted in a container ---------------------------------------------- */

TEST_F(minor, deleted_by_root_of_a_container)
{
	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	EXPECT_EQ(0, container_run(&self->container, try_open, &self->copy));
	ASSERT_EQ(0, container_run(&self->container, delete_unit, &self->u));
	EXPECT_RETIRED();
	EXPECT_EQ(-ENXIO, container_run(&self->container, try_open, &self->copy));
	EXPECT_USED_AGAIN();
	/* Of another namespace now. */
	EXPECT_EQ(-EPERM, container_run(&self->container, try_open, &self->copy));
	EXPECT_DELETED_BY_ROOT();
}

/* The same where the container's root is uid 0 outside, too. */
TEST_F(minor, deleted_by_root_of_a_container_of_root)
{
	start_with_unit(_metadata, &self->container, enter_root_container, &self->u);
	ASSERT_EQ(0, container_run(&self->container, delete_unit, &self->u));
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
	EXPECT_DELETED_BY_ROOT();
}

/* A descriptor of the deleted unit has nothing to do with the next unit of the node. */
TEST_F(minor, deleted_while_open)
{
	struct unit next = self->u;

	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, container_run(&self->container, delete_unit, &next));
	expect_revoked(_metadata, &self->u);
	EXPECT_RETIRED();
	ASSERT_EQ(0, create_again(&next));
	ASSERT_EQ(0, unit_open(&next, O_NONBLOCK));
	expect_revoked(_metadata, &self->u);
	unit_close(&self->u);
	EXPECT_EQ(-EBUSY, try_open(&self->copy));
	unit_destroy(&next);
	EXPECT_FALSE(node_exists(&next));
}

/* However often: it is one minor. */
TEST_F(minor, deleted_again_and_again)
{
	struct stat st;
	int i;

	ASSERT_EQ(0, container_start(&self->container, enter_user_container));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, stat(self->u.node, &st));
		ASSERT_EQ(self->minor, minor(st.st_rdev));
		ASSERT_EQ(0, link_set_netns(self->u.ifindex, self->container.netns));
		ASSERT_EQ(0, container_run(&self->container, delete_unit, &self->u));
		ASSERT_TRUE(WAIT_FOR(number_is_free(&self->u), TIMEOUT_MS));
		ASSERT_NE(self->minor, next_minor(_metadata, variant->kind));
		ASSERT_EQ(0, create_again(&self->u));
	}
	EXPECT_DELETED_BY_ROOT();
}

/*
 * Root deletes it inside of the container. The driver cannot know that the request does not come
 * from the container, by a socket that a privileged program was made to write to.
 */
TEST_F(minor, deleted_in_the_container_by_root)
{
	int here = netns_open();

	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	ASSERT_EQ(0, setns(self->container.netns, CLONE_NEWNET));
	ASSERT_EQ(0, delete_unit(&self->u));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
	EXPECT_DELETED_BY_ROOT();
	close(here);
}

/* A unit of a container has no node, so the one of the number stays as it is. */
TEST_F(minor, number_used_again_in_the_container)
{
	struct unit u;

	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	ASSERT_EQ(0, container_run(&self->container, delete_unit, &self->u));
	ASSERT_TRUE(WAIT_FOR(number_is_free(&self->u), TIMEOUT_MS));
	u = self->u;
	ASSERT_EQ(0, container_run(&self->container, create_again, &u));
	EXPECT_EQ(-ENXIO, try_open(&self->u));
	EXPECT_EQ(-ENXIO, try_open(&self->copy));
	EXPECT_NE(self->minor, next_minor(_metadata, variant->kind));
	ASSERT_EQ(0, container_run(&self->container, delete_unit, &u));
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
}

/* Drivers that Debian ships and that register a misc device when loaded: one for each kind. */
TEST_F_TIMEOUT(minor, other_driver_gets_another_minor, 120)
{
	static const char *const drivers[][3] = {
		{ TUN_KIND, "cachefiles", "cachefiles" },
		{ TAP_KIND, "ntsync", "ntsync" },
		{ VMNET_KIND, "vhost_scsi", "vhost-scsi" },
	};
	int i = 0, number;

	while (strcmp(drivers[i][0], variant->kind))
		i++;
	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	ASSERT_EQ(0, container_run(&self->container, delete_unit, &self->u));
	ASSERT_TRUE(WAIT_FOR(number_is_free(&self->u), TIMEOUT_MS));
	number = minor_of_driver(drivers[i][1], drivers[i][2]);
	if (number < 0)
		SKIP(return, "no driver of a misc device to load");
	EXPECT_NE(self->minor, number)
		TH_LOG("%s got the minor of the copied node", drivers[i][1]);
}

/* ---- transient ----------------------------------------------------------- */

/* The last close by a process of the container, after it or @set made the unit transient. */
static void close_in_container(struct __test_metadata *_metadata, struct container *c,
			       struct unit *u, struct unit *copy, int (*set)(struct unit *u))
{
	start_with_unit(_metadata, c, enter_user_container, u);
	ASSERT_EQ(0, container_run(c, open_unit, copy));
	ASSERT_EQ(0, container_run(c, set, copy));
	ASSERT_EQ(0, container_run(c, close_unit, copy));
}

#define CLOSE_IN_CONTAINER(set)						\
	close_in_container(_metadata, &self->container, &self->u, &self->copy, set)

TEST_F(minor, transient_by_ioctl_in_a_container)
{
	CLOSE_IN_CONTAINER(set_transient);
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
	EXPECT_DELETED_BY_ROOT();
}

TEST_F(minor, transient_by_sysfs_in_a_container)
{
	CLOSE_IN_CONTAINER(set_transient_by_sysfs);
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
}

TEST_F(minor, transient_by_rtnetlink_in_a_container)
{
	CLOSE_IN_CONTAINER(set_transient_by_rtnetlink);
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
}

/* Root was the last to close it, but did not make it transient. */
TEST_F(minor, transient_in_a_container_closed_by_root)
{
	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	ASSERT_EQ(0, container_run(&self->container, set_transient_by_sysfs, &self->u));
	ASSERT_EQ(0, try_open(&self->copy));
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
}

/* The other way around: made transient by root, closed in the container. */
TEST_F(minor, transient_by_root_closed_in_a_container)
{
	ASSERT_EQ(0, set_transient_by_rtnetlink(&self->u));
	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	ASSERT_EQ(0, container_run(&self->container, try_open, &self->copy));
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
}

/* A process without privileges that was given a descriptor. */
static void close_as_nobody(struct __test_metadata *_metadata, struct container *c,
			    struct unit *u, int (*set)(struct unit *u))
{
	struct unit passed;

	ASSERT_EQ(0, unit_open(u, O_NONBLOCK));
	ASSERT_EQ(0, container_start(c, become_nobody));
	passed = *u;
	unit_close(u);
	if (set)
		ASSERT_EQ(0, container_run(c, set, &passed));
	ASSERT_EQ(0, container_run(c, close_unit, &passed));
}

TEST_F(minor, transient_by_a_passed_descriptor)
{
	close_as_nobody(_metadata, &self->container, &self->u, set_transient);
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
	EXPECT_DELETED_BY_ROOT();
}

TEST_F(minor, transient_by_root_closed_with_a_passed_descriptor)
{
	ASSERT_EQ(0, set_transient_by_rtnetlink(&self->u));
	close_as_nobody(_metadata, &self->container, &self->u, NULL);
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
}

/* uid 0 is not the capability. */
TEST_F(minor, transient_by_root_closed_by_uid_0)
{
	struct unit passed;

	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, set_transient(&self->u));
	ASSERT_EQ(0, container_start(&self->container, drop_all_caps));
	passed = self->u;
	unit_close(&self->u);
	ASSERT_EQ(0, container_run(&self->container, close_unit, &passed));
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
}

/* Transient by root and closed by root: the minor is free. */
TEST_F(minor, transient_by_root)
{
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, set_transient(&self->u));
	unit_close(&self->u);
	ASSERT_TRUE(WAIT_FOR(number_is_free(&self->u), TIMEOUT_MS));
	self->u.ifindex = 0;
	EXPECT_DELETED_BY_ROOT();
}

/* Root makes it transient and closes it, but the interface is in the container. */
TEST_F(minor, transient_in_a_container_then_by_root)
{
	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	ASSERT_EQ(0, container_run(&self->container, set_transient_by_sysfs, &self->u));
	ASSERT_EQ(0, unit_open(&self->copy, O_NONBLOCK));
	ASSERT_EQ(0, set_transient(&self->copy));
	unit_close(&self->copy);
	ASSERT_TRUE(WAIT_FOR(number_is_free(&self->u), TIMEOUT_MS));
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
	EXPECT_DELETED_BY_ROOT();
}

/* ---- namespaces that end ------------------------------------------------- */

/* Ends the container and waits until the unit is gone with its namespace. */
static void end_namespace(struct __test_metadata *_metadata, struct container *c, struct unit *u)
{
	struct pollfd pfd;

	ASSERT_EQ(0, unit_open(u, O_NONBLOCK));
	container_stop(c);
	pfd = (struct pollfd){ .fd = u->fd };
	ASSERT_EQ(1, poll(&pfd, 1, TIMEOUT_MS));
	EXPECT_EQ(POLLHUP | POLLERR, pfd.revents);
	unit_close(u);
}

TEST_F(minor, namespace_of_a_container_ends)
{
	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	end_namespace(_metadata, &self->container, &self->u);
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
	EXPECT_DELETED_BY_ROOT();
}

/* Why a namespace ends is not known, so it is the same without a user namespace. */
TEST_F(minor, namespace_of_a_plain_container_ends)
{
	start_with_unit(_metadata, &self->container, enter_plain_container, &self->u);
	end_namespace(_metadata, &self->container, &self->u);
	EXPECT_RETIRED();
	EXPECT_USED_AGAIN();
	EXPECT_DELETED_BY_ROOT();
}

/* ---- in the end ---------------------------------------------------------- */

/* Unloading the module is root's, and leaves no node, no minor and no number behind. */
TEST_F(minor, unloading_leaves_nothing)
{
	struct unit other;

	if (!module_loaded() || !getenv("BSDTUN_KO"))
		SKIP(return, "no module to load");
	start_with_unit(_metadata, &self->container, enter_user_container, &self->u);
	ASSERT_EQ(0, container_run(&self->container, delete_unit, &self->u));
	ASSERT_TRUE(WAIT_FOR(number_is_free(&self->u), TIMEOUT_MS));
	EXPECT_TRUE(node_exists(&self->u));
	/* One more that is in the container when the module goes. */
	unit_init(&other, variant->kind);
	ASSERT_EQ(0, container_run(&self->container, create_any, &other));
	/* Namespaces of earlier tests may still hold it. */
	ASSERT_TRUE(WAIT_FOR(!module_unload(), TIMEOUT_MS));
	EXPECT_EQ(0, misc_count("bsd"));
	EXPECT_EQ(0, count_nodes(variant->kind));
	EXPECT_EQ(-ENODEV, try_open(&self->copy));
	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, create_any(&self->u));
}

TEST_HARNESS_MAIN
