// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what: each case is a row of the table in Documentation/security.rst, each variant a
 * column. A row runs in a process with the rights of the column, on a unit of each kind that the
 * row is about. The unit is where that process is: in its container, or in the test's namespace.
 */
#include "lib/container.h"
#include "lib/test.h"

#include <linux/if_bsdtun.h>
#include <net/if_tap.h>
#include <net/if_tun.h>

enum actor {
	ROOT,			/* of the machine */
	CONTAINER,		/* root of user and network namespaces of its own */
	PLAIN_CONTAINER,	/* uid 0 of a network namespace, without CAP_NET_ADMIN */
	UID_0,			/* of the machine, without any capability */
	HOLDER,			/* nobody, with a descriptor of the unit */
	NOBODY,
	WHO_COUNT
};

/* Which kinds a row is about, and what it needs. */
#define TUN		0x01
#define TAP		0x02
#define VMNET		0x04
#define ETHERNET	(TAP | VMNET)
#define ALL		(TUN | ETHERNET)
#define OPEN		0x10	/* the process has a descriptor of the unit, or inherits one */
#define MODE_0666	0x20	/* of the node and of the cloner */
#define USER_OPEN	0x40	/* net.link.tap.user_open is 1 */
#define INITIAL_NETNS	0x80	/* in the initial network namespace, unless in a container */

/* The cell is empty: the process has no descriptor, or it would end the test. */
#define NONE		(-1)

FIXTURE(privileges) {
	struct container container;
};

FIXTURE_VARIANT(privileges) {
	enum actor who;
};

FIXTURE_VARIANT_ADD(privileges, root) {
	.who = ROOT,
};

FIXTURE_VARIANT_ADD(privileges, container) {
	.who = CONTAINER,
};

FIXTURE_VARIANT_ADD(privileges, plain_container) {
	.who = PLAIN_CONTAINER,
};

FIXTURE_VARIANT_ADD(privileges, uid_0) {
	.who = UID_0,
};

FIXTURE_VARIANT_ADD(privileges, holder) {
	.who = HOLDER,
};

FIXTURE_VARIANT_ADD(privileges, nobody) {
	.who = NOBODY,
};

static const struct {
	int flag;
	const char *kind;
} kinds[] = {
	{ TUN, TUN_KIND },
	{ TAP, TAP_KIND },
	{ VMNET, VMNET_KIND },
};

/* Network namespaces of root, which the process inherits: the test's and another. */
static int netns_of_test = -1, netns_elsewhere = -1;

static void set_cloner_modes(mode_t mode)
{
	char path[32];
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), "/dev/%s", kinds[i].kind);
		chmod(path, mode);
	}
}

FIXTURE_SETUP(privileges)
{
	if (geteuid())
		SKIP(return, "needs root");
	if (variant->who == CONTAINER && userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, netns_reset());
	netns_of_test = netns_open();
	ASSERT_LE(0, netns_of_test);
}

/* In the parent, to clean up after a test that was killed, too. */
FIXTURE_TEARDOWN_PARENT(privileges)
{
	set_cloner_modes(0600);
	sysctl_set(TAP_KIND, "user_open", "0");
	sysctl_set(TUN_KIND, "debug", "0");
}

/* ---- a row --------------------------------------------------------------- */

static int flags_of_row;

/* To the initial namespace while it is allowed. */
static int enter_first(void)
{
	return flags_of_row & INITIAL_NETNS ? netns_enter_initial() : 0;
}

static int enter_as_uid_0(void)
{
	return enter_first() ?: drop_all_caps();
}

static int enter_as_nobody(void)
{
	return enter_first() ?: become_nobody();
}

static int (*const enter[WHO_COUNT])(void) = {
	[ROOT] = enter_first,
	[CONTAINER] = enter_user_container,
	[PLAIN_CONTAINER] = enter_plain_container,
	[UID_0] = enter_as_uid_0,
	[HOLDER] = enter_as_nobody,
	[NOBODY] = enter_as_nobody,
};

/* Creates a unit of each kind that the row is about. */
static void create_units(struct __test_metadata *_metadata, struct unit *u)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		unit_init(&u[i], kinds[i].kind);
		if (!(flags_of_row & kinds[i].flag))
			continue;
		ASSERT_EQ(0, unit_create_kind(&u[i], kinds[i].kind, NULL));
		ASSERT_EQ(0, chmod(u[i].node, flags_of_row & MODE_0666 ? 0666 : 0600));
		if (flags_of_row & OPEN)
			ASSERT_EQ(0, unit_open(&u[i], O_NONBLOCK));
	}
}

/* Runs @func on the units as @who. The results are the errors of the row. */
static void run_row(struct __test_metadata *_metadata, struct container *c, enum actor who,
		    int flags, int (*func)(struct unit *u), const int *errors)
{
	struct unit u[ARRAY_SIZE(kinds)];
	int i;

	if (errors[who] == NONE)
		return;
	flags_of_row = flags;
	set_cloner_modes(flags & MODE_0666 ? 0666 : 0600);
	if (flags & USER_OPEN)
		ASSERT_EQ(0, sysctl_set(TAP_KIND, "user_open", "1"));
	create_units(_metadata, u);
	ASSERT_EQ(0, container_start(c, enter[who]));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!(flags & kinds[i].flag))
			continue;
		if (who == CONTAINER || who == PLAIN_CONTAINER)
			ASSERT_EQ(0, link_set_netns(u[i].ifindex, c->netns));
		EXPECT_EQ(-errors[who], container_run(c, func, &u[i]))
			TH_LOG("%s", kinds[i].kind);
	}
	container_stop(c);
}

/* For root, a container, a plain container, uid 0, the holder of a descriptor, and nobody. */
#define ERRORS(...)	((const int[WHO_COUNT]) { __VA_ARGS__ })

/* The body of a case. */
#define RUN(flags, func, errors)					\
	run_row(_metadata, &self->container, variant->who, flags, func, errors)

static const int everybody[WHO_COUNT];
static const int with_descriptor[WHO_COUNT] = { 0, 0, 0, 0, 0, NONE };
static const int administrators[WHO_COUNT] = { 0, 0, EPERM, EPERM, EPERM, EPERM };
static const int root_only[WHO_COUNT] = { 0, EPERM, EPERM, EPERM, EPERM, EPERM };
/* By the mode of a file, before anything else. */
static const int administrators_file[WHO_COUNT] = { 0, 0, EPERM, EPERM, EACCES, EACCES };
static const int read_only_file[WHO_COUNT] = {
	EACCES, EACCES, EACCES, EACCES, EACCES, EACCES,
};

/* ---- opening a node ------------------------------------------------------ */

static int open_node(struct unit *u)
{
	int fd = ERR(open(u->node, O_RDWR | O_CLOEXEC));

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* By the link of the descriptor in /proc. */
static int reopen(struct unit *u)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", u->fd);
	fd = ERR(open(path, O_RDWR | O_CLOEXEC));
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int open_cloner(struct unit *u)
{
	return cloner_open(u, u->kind, O_NONBLOCK);
}

TEST_F(privileges, open_mode_0600)
{
	RUN(ALL, open_node, ERRORS(0, EACCES, EPERM, EPERM, EACCES, EACCES));
}

TEST_F(privileges, open_mode_0666)
{
	RUN(ALL | MODE_0666, open_node, ERRORS(0, 0, EPERM, EPERM, EPERM, EPERM));
}

TEST_F(privileges, open_user_open_tun)
{
	RUN(TUN | MODE_0666 | USER_OPEN, open_node, ERRORS(0, 0, EPERM, EPERM, EPERM, EPERM));
}

TEST_F(privileges, open_user_open)
{
	RUN(ETHERNET | MODE_0666 | USER_OPEN, open_node, ERRORS(0, 0, 0, 0, 0, 0));
}

TEST_F(privileges, open_user_open_mode_0600)
{
	RUN(ETHERNET | USER_OPEN, open_node, ERRORS(0, EACCES, 0, 0, EACCES, EACCES));
}

TEST_F(privileges, open_while_open)
{
	RUN(ALL | OPEN | MODE_0666, open_node, ERRORS(EBUSY, EBUSY, EPERM, EPERM, EPERM, EPERM));
}

TEST_F(privileges, open_by_descriptor)
{
	RUN(ALL | OPEN | MODE_0666, reopen, ERRORS(EBUSY, EBUSY, EPERM, EPERM, EPERM, NONE));
}

TEST_F(privileges, cloner_mode_0600)
{
	RUN(ALL, open_cloner, ERRORS(0, EACCES, EPERM, EPERM, EACCES, EACCES));
}

TEST_F(privileges, cloner_mode_0666)
{
	RUN(ALL | MODE_0666, open_cloner, ERRORS(0, 0, EPERM, EPERM, EPERM, EPERM));
}

TEST_F(privileges, cloner_user_open)
{
	RUN(ETHERNET | MODE_0666 | USER_OPEN, open_cloner, ERRORS(0, 0, 0, 0, 0, 0));
}

/* ---- a descriptor -------------------------------------------------------- */

static int read_packet(struct unit *u)
{
	char buf[64];
	long err = ERR(read(u->fd, buf, sizeof(buf)));

	/* There is none. */
	return err == -EAGAIN ? 0 : err;
}

static int write_packet(struct unit *u)
{
	unsigned char buf[60] = { 0x45, [12] = 0x88, 0xb5 };
	long err = ERR(write(u->fd, buf, sizeof(buf)));

	return err == sizeof(buf) ? 0 : err;
}

static int poll_descriptor(struct unit *u)
{
	return poll_now(u->fd, POLLOUT) == POLLOUT ? 0 : -EPROTO;
}

static int read_fdinfo(struct unit *u)
{
	char value[64];

	return fdinfo_value(u->fd, "unit", value, sizeof(value)) ? 0 : -EPROTO;
}

static int read_fdinfo_of_test(struct unit *u)
{
	char path[64], text[1024];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", getppid(), u->fd);
	err = read_file(path, text, sizeof(text));
	return err < 0 ? err : 0;
}

TEST_F(privileges, read)
{
	RUN(ALL | OPEN, read_packet, with_descriptor);
}

TEST_F(privileges, write)
{
	RUN(ALL | OPEN, write_packet, with_descriptor);
}

TEST_F(privileges, poll)
{
	RUN(ALL | OPEN, poll_descriptor, with_descriptor);
}

TEST_F(privileges, fdinfo)
{
	RUN(ALL | OPEN, read_fdinfo, with_descriptor);
}

TEST_F(privileges, fdinfo_of_others)
{
	RUN(ALL | OPEN, read_fdinfo_of_test, ERRORS(0, EACCES, EACCES, EACCES, EACCES, EACCES));
}

/* An ioctl() that takes or returns an int, or more. */
static unsigned int ioctl_cmd;
static int ioctl_value;

static int call_ioctl(struct unit *u)
{
	int arg[64] = { ioctl_value };

	return ERR(ioctl(u->fd, ioctl_cmd, arg));
}

#define RUN_IOCTL(flags, cmd, value, errors)				\
({									\
	ioctl_cmd = cmd;						\
	ioctl_value = value;						\
	RUN((flags) | OPEN, call_ioctl, errors);			\
})

TEST_F(privileges, ioctl_TUNGDEBUG)
{
	RUN_IOCTL(ALL, TUNGDEBUG, 0, with_descriptor);
}

TEST_F(privileges, ioctl_TUNSDEBUG_as_it_is)
{
	RUN_IOCTL(ALL, TUNSDEBUG, 0, with_descriptor);
}

TEST_F(privileges, ioctl_TUNSDEBUG)
{
	RUN_IOCTL(ALL, TUNSDEBUG, 1, ERRORS(0, EPERM, EPERM, EPERM, EPERM, NONE));
}

TEST_F(privileges, ioctl_TUNGIFINFO)
{
	RUN_IOCTL(ALL, TUNGIFINFO, 0, with_descriptor);
}

TEST_F(privileges, ioctl_TUNSLMODE)
{
	RUN_IOCTL(TUN, TUNSLMODE, 1, with_descriptor);
}

TEST_F(privileges, ioctl_TUNGIFNAME)
{
	RUN_IOCTL(ALL, LINUX64_GIFNAME, 0, with_descriptor);
}

TEST_F(privileges, ioctl_TUNSIFMODE)
{
	RUN_IOCTL(TUN, TUNSIFMODE, IFF_BROADCAST, with_descriptor);
}

TEST_F(privileges, ioctl_TUNSIFPID)
{
	RUN_IOCTL(TUN, TUNSIFPID, 0, with_descriptor);
}

TEST_F(privileges, ioctl_TUNSIFHEAD)
{
	RUN_IOCTL(TUN, TUNSIFHEAD, 1, with_descriptor);
}

TEST_F(privileges, ioctl_TUNGIFHEAD)
{
	RUN_IOCTL(TUN, TUNGIFHEAD, 0, with_descriptor);
}

TEST_F(privileges, ioctl_TUNSTRANSIENT)
{
	RUN_IOCTL(ALL, TUNSTRANSIENT, 1, with_descriptor);
}

TEST_F(privileges, ioctl_TUNGTRANSIENT)
{
	RUN_IOCTL(ALL, TUNGTRANSIENT, 0, with_descriptor);
}

TEST_F(privileges, ioctl_SIOCGIFADDR)
{
	RUN_IOCTL(ETHERNET, SIOCGIFADDR, 0, with_descriptor);
}

TEST_F(privileges, ioctl_SIOCSIFADDR)
{
	RUN_IOCTL(ETHERNET, SIOCSIFADDR, 0, with_descriptor);
}

static int get_node_name(struct unit *u)
{
	char buf[IFNAMSIZ];

	return fdevname_r(u->fd, buf, sizeof(buf)) ? 0 : -errno;
}

TEST_F(privileges, ioctl_FIONREAD)
{
	RUN_IOCTL(ALL, FIONREAD, 0, with_descriptor);
}

TEST_F(privileges, ioctl_FIODGNAME)
{
	RUN(ALL | OPEN, get_node_name, with_descriptor);
}

TEST_F(privileges, ioctl_FIONBIO)
{
	RUN_IOCTL(ALL, FIONBIO, 1, with_descriptor);
}

TEST_F(privileges, ioctl_FIOASYNC)
{
	RUN_IOCTL(ALL, FIOASYNC, 1, with_descriptor);
}

/* To another process: to whom signals go is decided when they are sent. */
TEST_F(privileges, ioctl_FIOSETOWN)
{
	RUN_IOCTL(ALL, FIOSETOWN, getpid(), with_descriptor);
}

TEST_F(privileges, ioctl_FIOGETOWN)
{
	RUN_IOCTL(ALL, FIOGETOWN, 0, with_descriptor);
}

TEST_F(privileges, ioctl_TIOCSPGRP)
{
	RUN_IOCTL(ALL, TIOCSPGRP, getpgrp(), with_descriptor);
}

TEST_F(privileges, ioctl_TIOCGPGRP)
{
	RUN_IOCTL(ALL, TIOCGPGRP, 0, with_descriptor);
}

/* The flags are the argument itself. */
static int bring_up(struct unit *u)
{
	return ERR(ioctl(u->fd, VMIO_SIOCSIFFLAGS, IFF_UP));
}

static int set_info(struct unit *u, int mtu_change)
{
	struct tuninfo info;

	if (ioctl(u->fd, TUNGIFINFO, &info))
		return -errno;
	info.baudrate++;
	info.mtu += mtu_change;
	return ERR(ioctl(u->fd, TUNSIFINFO, &info));
}

static int set_info_same_mtu(struct unit *u)
{
	return set_info(u, 0);
}

static int set_info_other_mtu(struct unit *u)
{
	return set_info(u, -1);
}

TEST_F(privileges, ioctl_VMIO_SIOCSIFFLAGS)
{
	RUN(ETHERNET | OPEN, bring_up, with_descriptor);
}

TEST_F(privileges, ioctl_TUNSIFINFO_same_mtu)
{
	RUN(ALL | OPEN, set_info_same_mtu, with_descriptor);
}

TEST_F(privileges, ioctl_TUNSIFINFO_other_mtu)
{
	RUN(ALL | OPEN, set_info_other_mtu, ERRORS(0, 0, EPERM, EPERM, EPERM, NONE));
}

/* ---- sysfs --------------------------------------------------------------- */

static int read_attributes(struct unit *u)
{
	char path[320], text[128];
	struct dirent *entry;
	int err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", u->ifname, u->kind);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (err >= 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		unit_attr_path(path, sizeof(path), u, entry->d_name);
		err = read_file(path, text, sizeof(text));
	}
	closedir(dir);
	return err < 0 ? err : 0;
}

static const char *attr_name, *attr_value;

static int write_attribute(struct unit *u)
{
	return unit_attr_set(u, attr_name, attr_value);
}

#define RUN_ATTRIBUTE(flags, name, value, errors)			\
({									\
	attr_name = name;						\
	attr_value = value;						\
	RUN(flags, write_attribute, errors);				\
})

TEST_F(privileges, attributes_read)
{
	RUN(ALL, read_attributes, everybody);
}

TEST_F(privileges, attribute_dialect)
{
	RUN_ATTRIBUTE(TUN, "dialect", "linux", administrators_file);
}

TEST_F(privileges, attribute_framing)
{
	RUN_ATTRIBUTE(TUN, "framing", "bare", administrators_file);
}

TEST_F(privileges, attribute_keep)
{
	RUN_ATTRIBUTE(TAP, "keep", "1", administrators_file);
}

TEST_F(privileges, attribute_transient)
{
	RUN_ATTRIBUTE(ALL, "transient", "1", administrators_file);
}

TEST_F(privileges, attribute_owner)
{
	RUN_ATTRIBUTE(ALL, "owner", "0", read_only_file);
}

TEST_F(privileges, attribute_unit)
{
	RUN_ATTRIBUTE(ALL, "unit", "0", read_only_file);
}

/* ---- sysctls ------------------------------------------------------------- */

#define USER_OPEN_FILE	"/proc/sys/net/link/tap/user_open"
#define DEBUG_FILE	"/proc/sys/debug/if_tun_debug"

static int read_sysctl(struct unit *u)
{
	char text[32];
	int err = read_file(USER_OPEN_FILE, text, sizeof(text));

	(void)u;
	return err < 0 ? err : 0;
}

static int write_sysctl(struct unit *u)
{
	(void)u;
	return write_file(USER_OPEN_FILE, "0");
}

static int read_debug_sysctl(struct unit *u)
{
	char text[32];
	int err = read_file(DEBUG_FILE, text, sizeof(text));

	(void)u;
	return err < 0 ? err : 0;
}

static int write_debug_sysctl(struct unit *u)
{
	(void)u;
	return write_file(DEBUG_FILE, "0");
}

/* sysctl.c has each of them, by more processes. */
TEST_F(privileges, sysctl_read)
{
	RUN(TUN | INITIAL_NETNS, read_sysctl, ERRORS(0, ENOENT, ENOENT, 0, 0, 0));
}

TEST_F(privileges, sysctl_write)
{
	RUN(TUN | INITIAL_NETNS, write_sysctl, ERRORS(0, ENOENT, ENOENT, EPERM, EACCES, EACCES));
}

TEST_F(privileges, sysctl_debug_read)
{
	RUN(TUN | INITIAL_NETNS, read_debug_sysctl, ERRORS(0, 0, 0, 0, 0, 0));
}

TEST_F(privileges, sysctl_debug_write)
{
	RUN(TUN | INITIAL_NETNS, write_debug_sysctl,
	    ERRORS(0, EACCES, EPERM, EPERM, EACCES, EACCES));
}

/* ---- rtnetlink ----------------------------------------------------------- */

static int index_of(const struct unit *u)
{
	return if_nametoindex(u->ifname);
}

static int getlink(struct unit *u)
{
	struct link link;

	return link_get(index_of(u), &link);
}

static int newlink(struct unit *u)
{
	return link_add(u->kind, NULL, NULL);
}

static int newlink_elsewhere(struct unit *u)
{
	struct nl_request req;

	nl_link_add(&req, NULL, u->kind);
	nl_put_u32(&req, IFLA_NET_NS_FD, netns_elsewhere);
	return nl_talk(&req, NULL);
}

static int changelink(struct unit *u)
{
	struct rtattr *info, *data;
	struct nl_request req;
	__u8 on = 1;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = index_of(u);
	info = nl_put(&req, IFLA_LINKINFO, NULL, 0);
	nl_put(&req, IFLA_INFO_KIND, u->kind, strlen(u->kind));
	data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
	nl_put(&req, IFLA_BSDTUN_TRANSIENT, &on, sizeof(on));
	nl_nest_end(&req, data);
	nl_nest_end(&req, info);
	return nl_talk(&req, NULL);
}

static int dellink(struct unit *u)
{
	return link_del(index_of(u));
}

static int setlink_up(struct unit *u)
{
	return link_up(index_of(u));
}

static int setlink_mtu(struct unit *u)
{
	return link_set_mtu(index_of(u), 1400);
}

static int setlink_txqueuelen(struct unit *u)
{
	return link_set_txqlen(index_of(u), 10);
}

static int setlink_name(struct unit *u)
{
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "my-%s", u->kind);
	return link_rename(index_of(u), name);
}

static int setlink_address(struct unit *u)
{
	return link_set_address(index_of(u), PEER_MAC);
}

static int setlink_netns(struct unit *u)
{
	return link_set_netns(index_of(u), netns_elsewhere);
}

static int newaddr(struct unit *u)
{
	return addr_add(index_of(u), LOCAL, PEER);
}

static int ethtool_read(struct unit *u)
{
	return ethtool_statistic(u->ifname, "queue_limit") == 500 ? 0 : -EPROTO;
}

TEST_F(privileges, rtnl_getlink)
{
	RUN(ALL, getlink, everybody);
}

TEST_F(privileges, rtnl_newlink)
{
	RUN(ALL, newlink, administrators);
}

TEST_F(privileges, rtnl_changelink)
{
	RUN(ALL, changelink, administrators);
}

TEST_F(privileges, rtnl_dellink)
{
	RUN(ALL, dellink, administrators);
}

TEST_F(privileges, rtnl_setlink_up)
{
	RUN(ALL, setlink_up, administrators);
}

TEST_F(privileges, rtnl_setlink_mtu)
{
	RUN(ALL, setlink_mtu, administrators);
}

TEST_F(privileges, rtnl_setlink_txqueuelen)
{
	RUN(ALL, setlink_txqueuelen, administrators);
}

TEST_F(privileges, rtnl_setlink_name)
{
	RUN(ALL, setlink_name, administrators);
}

TEST_F(privileges, rtnl_setlink_address)
{
	RUN(ETHERNET, setlink_address, administrators);
}

TEST_F(privileges, rtnl_newaddr)
{
	RUN(ALL, newaddr, administrators);
}

TEST_F(privileges, ethtool)
{
	RUN(ALL, ethtool_read, everybody);
}

/* Into a namespace of the machine's root. */
static void open_elsewhere(struct __test_metadata *_metadata)
{
	ASSERT_EQ(0, netns_new());
	netns_elsewhere = netns_open();
	ASSERT_LE(0, netns_elsewhere);
	ASSERT_EQ(0, setns(netns_of_test, CLONE_NEWNET));
}

TEST_F(privileges, rtnl_newlink_elsewhere)
{
	open_elsewhere(_metadata);
	RUN(ALL, newlink_elsewhere, root_only);
}

TEST_F(privileges, rtnl_setlink_netns)
{
	open_elsewhere(_metadata);
	RUN(ALL, setlink_netns, root_only);
}

/* ---- the module ---------------------------------------------------------- */

static int unload_module(struct unit *u)
{
	(void)u;
	return module_unload();
}

TEST_F(privileges, module_unload)
{
	RUN(TUN, unload_module, ERRORS(NONE, EPERM, EPERM, EPERM, EPERM, EPERM));
}

TEST_HARNESS_MAIN
