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

/* In a container: opens a node once it may, and again after the unit has left. */
static void open_while_it_is_here(struct unit *u, int sock)
{
	CHILD_ASSERT(!userns_new());
	CHILD_ASSERT(!netns_new());
	signal_peer(sock);
	CHILD_ASSERT(wait_for_peer(sock));
	CHILD_ASSERT(!unit_open(u, 0));
	unit_close(u);
	signal_peer(sock);
	CHILD_ASSERT(wait_for_peer(sock));
	CHILD_ASSERT(unit_open(u, 0) == -EPERM);
}

/*
 * Root of a container may open a unit whose interface is in the container's network namespace, if
 * the mode of the node permits it. After the unit is moved out of the container it may not.
 */
TEST_F(perm, owner_of_the_namespace_may_open)
{
	int sock[2], netns, container_netns;
	char path[64];
	pid_t pid;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	netns = netns_open();
	ASSERT_LE(0, netns);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(sock[0]);
		open_while_it_is_here(&self->u, sock[1]);
		_exit(0);
	}
	close(sock[1]);
	ASSERT_TRUE(wait_for_peer(sock[0]));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	container_netns = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, container_netns);
	ASSERT_EQ(0, link_set_netns(self->u.ifindex, container_netns));
	signal_peer(sock[0]);
	ASSERT_TRUE(wait_for_peer(sock[0]));
	ASSERT_EQ(0, setns(container_netns, CLONE_NEWNET));
	ASSERT_EQ(0, link_rename(if_nametoindex(self->u.ifname), "mine"));
	ASSERT_EQ(0, link_set_netns(if_nametoindex("mine"), netns));
	ASSERT_EQ(0, setns(netns, CLONE_NEWNET));
	signal_peer(sock[0]);
	EXPECT_TRUE(child_succeeded(pid));
	EXPECT_EQ(0, link_del(if_nametoindex("mine")));
	self->u.ifindex = 0;
	/* The host's administrator removed the unit, so the node is gone. */
	EXPECT_NE(0, access(self->u.node, F_OK));
	close(sock[0]);
	close(container_netns);
	close(netns);
}

TEST_HARNESS_MAIN
