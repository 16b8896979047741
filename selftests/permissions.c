// SPDX-License-Identifier: GPL-2.0
/*
 * Opening a node needs CAP_NET_ADMIN over the user namespace that owns the unit's network
 * namespace, in addition to the permissions of the file. Statement A1.
 */
#include "lib/test.h"

FIXTURE(perm) {
	struct unit u;
};

FIXTURE_SETUP(perm)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create(&self->u, NULL));
}

FIXTURE_TEARDOWN(perm)
{
	unit_destroy(&self->u);
}

static int open_with_net_admin_only(struct unit *u)
{
	return set_caps(1ULL << CAP_NET_ADMIN) ? -ENOTRECOVERABLE : unit_open(u, 0);
}

TEST_F(perm, A1_mode_0600_denies_other_users)
{
	EXPECT_EQ(-EACCES, run_in_child(open_as_nobody, &self->u));
	EXPECT_EQ(0, run_in_child(open_with_net_admin_only, &self->u));
}

TEST_F(perm, A1_mode_0666_is_not_sufficient)
{
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &self->u));
	/* The failed open left the unit closed. */
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(perm, A1_root_without_the_capability_is_EPERM)
{
	EXPECT_EQ(-EPERM, run_in_child(open_without_net_admin, &self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	/* EPERM takes precedence over EBUSY, so the state of the unit is not disclosed. */
	EXPECT_EQ(-EPERM, run_in_child(open_without_net_admin, &self->u));
}

static int use_as_nobody(struct unit *u)
{
	char packet[64], reply[64];
	size_t len = build_echo(packet, PEER, LOCAL, ICMP_ECHO, 1, 1, "x", 1);
	int err = become_nobody();

	if (err)
		return err;
	if (write(u->fd, packet, len) != (ssize_t)len)
		return -errno;
	if (!wait_readable(u->fd))
		return -ETIMEDOUT;
	return read(u->fd, reply, sizeof(reply)) == (ssize_t)len ? 0 : -EPROTO;
}

/* Only open() is checked: a daemon may drop its privileges afterwards. */
TEST_F(perm, descriptor_works_without_privileges)
{
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(0, run_in_child(use_as_nobody, &self->u));
}

/* The last close sets the interface down, even if the process has no privileges. */
static int close_as_nobody(struct unit *u)
{
	int err = become_nobody();

	unit_close(u);
	return err;
}

TEST_F(perm, last_close_needs_no_privilege)
{
	int sync[2], status;
	pid_t pid;
	char c;

	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, pipe(sync));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(sync[1]);
		/* Wait until the parent has closed its descriptor. */
		if (read(sync[0], &c, 1))
			_exit(1);
		_exit(-close_as_nobody(&self->u));
	}
	close(sync[0]);
	unit_close(&self->u);
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	close(sync[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

static int add_as_nobody(struct unit *u)
{
	struct link link;

	(void)u;
	return become_nobody() ?: link_add(TUN_KIND, NULL, &link);
}

TEST_F(perm, creation_needs_CAP_NET_ADMIN)
{
	EXPECT_EQ(-EPERM, run_in_child(add_as_nobody, &self->u));
}

/* ---- user namespaces ---------------------------------------------------- */

/* The process has CAP_NET_ADMIN, but not over the unit's network namespace. */
TEST_F(perm, capability_of_another_user_namespace_is_EPERM)
{
	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_from_userns, &self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

/*
 * Root of a container may open a unit that it creates in the container's network namespace, if the
 * mode of the node permits it. After the unit is moved out of the container it may not.
 */
TEST_F(perm, owner_of_the_namespace_may_open)
{
	struct {
		int err, ifindex;
		char node[32], ifname[IFNAMSIZ];
	} unit = { };
	int to[2], from[2], netns, container_netns, status, err;
	char path[64], c;
	struct unit u;
	pid_t pid;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	netns = netns_open();
	ASSERT_LE(0, netns);
	ASSERT_EQ(0, pipe2(to, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(from, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(to[1]);
		unit.err = userns_new();
		if (!unit.err)
			unit.err = netns_new();
		if (!unit.err)
			unit.err = unit_create(&u, NULL);
		unit.ifindex = u.ifindex;
		memcpy(unit.node, u.node, sizeof(unit.node));
		memcpy(unit.ifname, u.ifname, sizeof(unit.ifname));
		if (write(from[1], &unit, sizeof(unit)) != sizeof(unit) || unit.err)
			_exit(1);
		/* The first byte: the mode is 0666. The second: the unit has moved. */
		if (read(to[0], &c, 1) != 1)
			_exit(2);
		err = unit_open(&u, 0);
		unit_close(&u);
		if (write(from[1], &err, sizeof(err)) != sizeof(err))
			_exit(3);
		if (read(to[0], &c, 1) != 1)
			_exit(4);
		err = unit_open(&u, 0);
		unit_close(&u);
		if (write(from[1], &err, sizeof(err)) != sizeof(err))
			_exit(5);
		_exit(0);
	}
	close(from[1]);
	ASSERT_EQ((ssize_t)sizeof(unit), read(from[0], &unit, sizeof(unit)));
	ASSERT_EQ(0, unit.err);
	ASSERT_EQ(0, chmod(unit.node, 0666));
	ASSERT_EQ(1, write(to[1], "1", 1));
	ASSERT_EQ((ssize_t)sizeof(err), read(from[0], &err, sizeof(err)));
	EXPECT_EQ(0, err);

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	container_netns = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, container_netns);
	ASSERT_EQ(0, setns(container_netns, CLONE_NEWNET));
	ASSERT_EQ(0, link_rename(unit.ifindex, "mine"));
	ASSERT_EQ(0, link_set_netns(unit.ifindex, netns));
	ASSERT_EQ(0, setns(netns, CLONE_NEWNET));
	ASSERT_EQ(1, write(to[1], "2", 1));
	ASSERT_EQ((ssize_t)sizeof(err), read(from[0], &err, sizeof(err)));
	EXPECT_EQ(-EPERM, err);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, link_del(if_nametoindex("mine")));
	EXPECT_NE(0, access(unit.node, F_OK));
	close(netns);
	close(container_netns);
}

TEST_HARNESS_MAIN
