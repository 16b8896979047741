// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of tun only: prefixes and dialect, the mode of the interface, the owner. Statements
 * A4 to A8 and A23. Also built as a 32-bit program.
 */

#include <net/if_tap.h>
#include <net/if_tun.h>
#include <net/if_types.h>

#include "lib/test.h"

FIXTURE(ioctl_tun) {
	struct unit u;
	int fd;
};

FIXTURE_SETUP(ioctl_tun)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
}

FIXTURE_TEARDOWN(ioctl_tun)
{
	ioctl_set(self->fd, TUNSDEBUG, 0);
	unit_destroy(&self->u);
}

TEST_F(ioctl_tun, type_has_8_bits)
{
	struct openbsd_info info = { .mtu = 1500, .type = 0x117 };

	EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, OPENBSD_TUNSIFINFO, &info)));
}

/* The type that a program stores is not checked; it needs no privilege and has no effect. */
TEST_F(ioctl_tun, A4_any_type_is_stored)
{
	struct tuninfo info;
	int type;

	ASSERT_EQ(0, ioctl(self->fd, TUNGIFINFO, &info));
	for (type = 0; type < 256; type++) {
		info.type = type;
		ASSERT_EQ(0, ERR(ioctl(self->fd, TUNSIFINFO, &info)));
		info.type = ~type;
		ASSERT_EQ(0, ioctl(self->fd, TUNGIFINFO, &info));
		EXPECT_EQ(type, info.type);
	}
}

/* While debug is on, each ioctl that succeeds is logged as the request that it was decoded to. */
TEST_F(ioctl_tun, A5_debug_logs_each_ioctl)
{
	static const struct {
		unsigned int cmd;
		const char *text;
	} heads[] = {
		{ TUNSIFHEAD, "SetHead(Linux)" },
		{ TUNSIFHEAD, "SetHead(FreeBsd)" },
		{ NETBSD_TUNSIFHEAD, "SetHead(NetBsd)" },
	};
	const char *name = strrchr(self->u.node, '/') + 1;
	char text[64];
	unsigned int i;
	int log;

	log = kmsg_open();
	ASSERT_LE(0, log);
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		unsigned int cmd = i ? bsd_encoding(heads[i].cmd) : heads[i].cmd;

		snprintf(text, sizeof(text), "%s: %s\n", name, heads[i].text);
		ASSERT_EQ(0, ioctl_set(self->fd, cmd, 1));
		EXPECT_FALSE(kmsg_has(log, text));
		ASSERT_EQ(0, ioctl_set(self->fd, TUNSDEBUG, 1));
		ASSERT_EQ(0, ioctl_set(self->fd, cmd, 1));
		ASSERT_EQ(0, ioctl_set(self->fd, TUNSDEBUG, 0));
		EXPECT_TRUE(kmsg_has(log, text))
			TH_LOG("%s", text);
	}
	close(log);
}

TEST_F(ioctl_tun, A6_each_prefix_disables_the_other)
{
	static const unsigned int slmode[] = { TUNSLMODE, NETBSD_TUNSLMODE };
	static const unsigned int sifhead[] = { TUNSIFHEAD, NETBSD_TUNSIFHEAD };
	static const unsigned int gifhead[] = { TUNGIFHEAD, NETBSD_TUNGIFHEAD };
	unsigned int i, encoding;

	for (i = 0; i < 4; i++) {
		unsigned int lmode = slmode[i & 1], head = sifhead[i & 1];
		unsigned int which = gifhead[i & 1];

		encoding = i & 2;
		if (encoding) {
			lmode = bsd_encoding(lmode);
			head = bsd_encoding(head);
			which = bsd_encoding(which);
		}
		EXPECT_EQ(0, ioctl_get(self->fd, which));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "bare"));
		ASSERT_EQ(0, ioctl_set(self->fd, lmode, 1));
		EXPECT_EQ(0, ioctl_get(self->fd, which));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "lmode"));
		ASSERT_EQ(0, ioctl_set(self->fd, head, 0));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "lmode"));
		ASSERT_EQ(0, ioctl_set(self->fd, head, -7));
		/* Any nonzero value is read back as 1. */
		EXPECT_EQ(1, ioctl_get(self->fd, which));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "ifhead"));
		ASSERT_EQ(0, ioctl_set(self->fd, lmode, 0));
		EXPECT_EQ(1, ioctl_get(self->fd, which));
		ASSERT_EQ(0, ioctl_set(self->fd, head, 0));
		EXPECT_EQ(0, ioctl_get(self->fd, which));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "bare"));
	}
}

TEST_F(ioctl_tun, A23_framing_survives_close)
{
	ASSERT_EQ(0, ioctl_set(self->fd, TUNSIFHEAD, 1));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
	EXPECT_EQ(1, ioctl_get(self->fd, TUNGIFHEAD));
}

TEST_F(ioctl_tun, framing_attribute_is_the_same_switch)
{
	static const char *const bad[] = { "head", "IFHEAD", "ifhead lmode", "1", "bare\n\n" };
	unsigned int i;

	ASSERT_EQ(0, unit_attr_set(&self->u, "framing", "ifhead\n"));
	EXPECT_EQ(1, ioctl_get(self->fd, TUNGIFHEAD));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "framing", bad[i]))
			TH_LOG("'%s'", bad[i]);
	}
	EXPECT_TRUE(unit_attr_is(&self->u, "framing", "ifhead"));
	ASSERT_EQ(0, unit_attr_set(&self->u, "framing", "lmode"));
	EXPECT_EQ(0, ioctl_get(self->fd, TUNGIFHEAD));
	ASSERT_EQ(0, ioctl_set(self->fd, TUNSLMODE, 0));
	EXPECT_TRUE(unit_attr_is(&self->u, "framing", "bare"));
	ASSERT_EQ(0, ioctl_set(self->fd, TUNSLMODE, 1));
	ASSERT_EQ(0, unit_attr_set(&self->u, "framing", "bare"));
	ASSERT_EQ(0, ioctl_set(self->fd, TUNSIFHEAD, 0));
	EXPECT_TRUE(unit_attr_is(&self->u, "framing", "bare"));
}

TEST_F(ioctl_tun, dialect_follows_the_encoding)
{
	static const struct {
		unsigned int cmd;
		const char *dialect;
	} cases[] = {
		{ TUNSIFHEAD, "linux" }, { 0x80047460, "freebsd" },
		{ NETBSD_TUNSIFHEAD, "linux" }, { 0x80047442, "netbsd" },
	};
	unsigned int i;

	EXPECT_TRUE(unit_attr_is(&self->u, "dialect", "linux"));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, ioctl_set(self->fd, cases[i].cmd, 1));
		EXPECT_TRUE(unit_attr_is(&self->u, "dialect", cases[i].dialect))
			TH_LOG("number %#x", cases[i].cmd);
	}
	EXPECT_EQ(0, unit_attr_set(&self->u, "dialect", "freebsd\n"));
	EXPECT_TRUE(unit_attr_is(&self->u, "dialect", "freebsd"));
	EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "dialect", "solaris"));
	EXPECT_TRUE(unit_attr_is(&self->u, "dialect", "freebsd"));
}

TEST_F(ioctl_tun, A7_mode_while_down)
{
	static const struct {
		int arg;
		unsigned int flags;
	} good[] = {
		{ 0x2, IFF_BROADCAST }, { 0x10, IFF_POINTOPOINT },
		{ 0x8002, IFF_BROADCAST | IFF_MULTICAST },
		{ 0x1010, IFF_POINTOPOINT | IFF_MULTICAST },
		{ 0x1002, IFF_BROADCAST | IFF_MULTICAST },
		{ 0x9010, IFF_POINTOPOINT | IFF_MULTICAST },
	};
	static const int bad[] = { 0, 0x12, 0x8012, 0x1, 0x11, 0x8000, 0x1000, -1 };
	static const unsigned int numbers[] = { TUNSIFMODE, NETBSD_TUNSIFMODE };
	const unsigned int mask = IFF_BROADCAST | IFF_POINTOPOINT | IFF_MULTICAST | IFF_NOARP;
	struct link link;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		unsigned int cmd = numbers[i & 1];

		ASSERT_EQ(0, ioctl_set(self->fd, i & 2 ? bsd_encoding(cmd) : cmd, good[i].arg));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(good[i].flags | IFF_NOARP, link.flags & mask)
			TH_LOG("mode %#x", good[i].arg);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, ioctl_set(self->fd, TUNSIFMODE, bad[i]))
			TH_LOG("mode %#x", bad[i]);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(IFF_POINTOPOINT | IFF_MULTICAST | IFF_NOARP, link.flags & mask);
	}
}

TEST_F(ioctl_tun, A7_mode_while_up_is_EBUSY)
{
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(-EBUSY, ioctl_set(self->fd, TUNSIFMODE, IFF_BROADCAST));
	/* Checked before the value, but after the pointer. */
	EXPECT_EQ(-EBUSY, ioctl_set(self->fd, TUNSIFMODE, 0x7777));
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->fd, TUNSIFMODE, NULL)));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(0, ioctl_set(self->fd, TUNSIFMODE, IFF_BROADCAST));
}

TEST_F(ioctl_tun, mode_survives_close_and_up)
{
	struct link link;

	ASSERT_EQ(0, ioctl_set(self->fd, TUNSIFMODE, IFF_BROADCAST));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_NE(0, link.flags & IFF_BROADCAST);
	EXPECT_EQ(0, link.flags & (IFF_POINTOPOINT | IFF_MULTICAST));
}

TEST_F(ioctl_tun, A8_SIFPID_changes_the_owner)
{
	char mine[16], theirs[16], owner[32];
	pid_t child;
	int status;

	snprintf(mine, sizeof(mine), "%d", getpid());
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", mine));
	EXPECT_TRUE(fdinfo_value(self->fd, "owner", owner, sizeof(owner)));
	EXPECT_STREQ(mine, owner);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(ioctl(self->fd, TUNSIFPID) ? 1 : 0);
	snprintf(theirs, sizeof(theirs), "%d", child);
	ASSERT_EQ(0, waitid(P_PID, child, &(siginfo_t){ }, WEXITED | WNOWAIT));
	/* The zombie keeps its PID. */
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", theirs));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	/* After the child was reaped there is no owner. */
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
	ASSERT_EQ(0, ioctl(self->fd, bsd_encoding(TUNSIFPID)));
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", mine));
}

static void read_owner(struct unit *u, char *owner, size_t size)
{
	char path[128];

	unit_attr_path(path, sizeof(path), u, "owner");
	read_line(path, owner, size);
}

TEST_F(ioctl_tun, owner_in_another_PID_namespace)
{
	char owner[32] = "";
	int status, pipefd[2];
	pid_t child;

	ASSERT_EQ(0, pipe(pipefd));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pid_t init;

		/* The children's PID namespace does not contain the opener. */
		if (unshare(CLONE_NEWPID))
			_exit(1);
		init = fork();
		if (!init) {
			read_owner(&self->u, owner, sizeof(owner));
			_exit(write(pipefd[1], owner, sizeof(owner)) != sizeof(owner));
		}
		waitpid(init, &status, 0);
		_exit(status ? 1 : 0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(sizeof(owner), read(pipefd[0], owner, sizeof(owner)));
	EXPECT_STREQ("0", owner);
	close(pipefd[0]);
	close(pipefd[1]);
}

TEST_HARNESS_MAIN
