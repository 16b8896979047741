// SPDX-License-Identifier: GPL-2.0
/*
 * Who may open a node: CAP_NET_ADMIN over the user namespace that owns the
 * network namespace of the unit, whatever the mode of the node says.
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
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { };

	data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective = CAP_TO_MASK(CAP_NET_ADMIN);
	data[CAP_TO_INDEX(CAP_NET_ADMIN)].permitted = CAP_TO_MASK(CAP_NET_ADMIN);
	if (syscall(SYS_capset, &head, data))
		return -ENOTRECOVERABLE;
	return unit_open(u, 0);
}

TEST_F(perm, A1_mode_keeps_others_out)
{
	EXPECT_EQ(-EACCES, run_in_child(open_as_nobody, &self->u));
	EXPECT_EQ(0, run_in_child(open_with_net_admin_only, &self->u));
}

TEST_F(perm, A1_mode_alone_lets_nobody_in)
{
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &self->u));
	/* A refused open leaves the unit closed. */
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(perm, A1_root_without_the_capability_is_EPERM)
{
	EXPECT_EQ(-EPERM, run_in_child(open_without_net_admin, &self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	/* Which comes first shows nothing of the unit's state. */
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

/* The open is what is checked: a daemon may drop its privileges after it. */
TEST_F(perm, descriptor_works_without_privileges)
{
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(0, run_in_child(use_as_nobody, &self->u));
}

/*
 * The last close sets the interface down, and the closer of a descriptor that
 * was passed on may be nobody at all.
 */
static int close_as_nobody(struct unit *u)
{
	int err = become_nobody();

	unit_close(u);
	return err;
}

TEST_F(perm, nobody_may_be_the_last_to_close)
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
		/* The parent's copy of the descriptor goes first. */
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

TEST_F(perm, creation_needs_the_capability)
{
	EXPECT_EQ(-EPERM, run_in_child(add_as_nobody, &self->u));
}

/* ---- user namespaces ---------------------------------------------------- */

static int open_from_userns(struct unit *u)
{
	return userns_new() ? -ENOTRECOVERABLE : unit_open(u, 0);
}

/* It has CAP_NET_ADMIN, but not over the namespace that the unit is in. */
TEST_F(perm, capability_of_another_user_namespace_is_EPERM)
{
	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_from_userns, &self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

/*
 * A container's root makes a unit in a namespace of the container's and opens
 * it; of the machine's root it needs only the mode of the node. When the unit
 * is moved out of the container it is root's again.
 */
TEST_F(perm, owner_of_the_namespace_may_open)
{
	struct {
		int err, ifindex;
		char node[32], ifname[IFNAMSIZ];
	} made = { };
	int to[2], from[2], here, there, status, err;
	char path[64], c;
	struct unit u;
	pid_t pid;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	here = netns_open();
	ASSERT_LE(0, here);
	ASSERT_EQ(0, pipe2(to, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(from, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(to[1]);
		made.err = userns_new();
		if (!made.err)
			made.err = netns_new();
		if (!made.err)
			made.err = unit_create(&u, NULL);
		made.ifindex = u.ifindex;
		memcpy(made.node, u.node, sizeof(made.node));
		memcpy(made.ifname, u.ifname, sizeof(made.ifname));
		if (write(from[1], &made, sizeof(made)) != sizeof(made) || made.err)
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
	ASSERT_EQ((ssize_t)sizeof(made), read(from[0], &made, sizeof(made)));
	ASSERT_EQ(0, made.err);
	ASSERT_EQ(0, chmod(made.node, 0666));
	ASSERT_EQ(1, write(to[1], "1", 1));
	ASSERT_EQ((ssize_t)sizeof(err), read(from[0], &err, sizeof(err)));
	EXPECT_EQ(0, err);

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	there = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, there);
	ASSERT_EQ(0, setns(there, CLONE_NEWNET));
	ASSERT_EQ(0, link_rename(made.ifindex, "mine"));
	ASSERT_EQ(0, link_set_netns(made.ifindex, here));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	ASSERT_EQ(1, write(to[1], "2", 1));
	ASSERT_EQ((ssize_t)sizeof(err), read(from[0], &err, sizeof(err)));
	EXPECT_EQ(-EPERM, err);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, link_del(if_nametoindex("mine")));
	EXPECT_NE(0, access(made.node, F_OK));
	close(here);
	close(there);
}

TEST_HARNESS_MAIN
