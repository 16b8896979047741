// SPDX-License-Identifier: GPL-2.0
/*
 * What those can do who may not do everything: who holds a descriptor and no
 * privilege, who is root of a container, who was, who has a node of their own.
 * permissions.c tells who may open, namespace.c what a container is good for.
 */
#include "lib/test.h"

#include <net/if_tun.h>

FIXTURE(hostile) {
	struct unit u;
	int here;		/* the namespace of the unit */
};

FIXTURE_VARIANT(hostile) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(hostile, tun) {
	.kind = TUN_KIND,
};

FIXTURE_VARIANT_ADD(hostile, tap) {
	.kind = TAP_KIND,
};

FIXTURE_VARIANT_ADD(hostile, vmnet) {
	.kind = VMNET_KIND,
};

FIXTURE_SETUP(hostile)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, netns_reset());
	self->here = netns_open();
	ASSERT_LE(0, self->here);
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
}

#define OWN_NODE	"/dev/bsdtun-hostile"

/* In the parent: whatever the test has come to, the next finds things as they were. */
FIXTURE_TEARDOWN_PARENT(hostile)
{
	char cloner[32];

	snprintf(cloner, sizeof(cloner), "/dev/%s", variant->kind);
	chmod(cloner, 0600);
	unlink(OWN_NODE);
	sysctl_set(TUN_KIND, "debug", "0");
}

/* What a unit of any kind takes: the beginning of an IPv4 packet, a frame to a group. */
static void build(unsigned char *buf, size_t len)
{
	memset(buf, 0, len);
	buf[0] = 0x45;
	buf[12] = 0x88;
	buf[13] = 0xb5;
}

/* ---- turns --------------------------------------------------------------- */

static void their_turn(int sock)
{
	if (write(sock, "t", 1) != 1)
		_exit(2);
}

static bool my_turn(int sock)
{
	char c;

	return read(sock, &c, 1) == 1;
}

/* Did the child find all as it should? */
static bool went_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

/* ---- a descriptor and nothing else --------------------------------------- */

static void pass_fd(struct __test_metadata *_metadata, int sock, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { };
	struct iovec iov = { .iov_base = "f", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
	ASSERT_EQ(1, sendmsg(sock, &msg, 0));
}

static int receive_fd(int sock)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { };
	char c;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(sock, &msg, 0) == 1 && control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(int));
	return fd;
}

/* What a holder of the descriptor gets from the unit, whoever it is. */
static void uses(struct unit *u)
{
	unsigned char buf[60];
	struct tuninfo info;
	char ifr[40];

	CHILD_ASSERT(!ioctl(u->fd, LINUX64_GIFNAME, ifr));
	CHILD_ASSERT(!strcmp(u->ifname, ifr));
	CHILD_ASSERT(ERR(read(u->fd, buf, sizeof(buf))) == -EAGAIN);
	build(buf, sizeof(buf));
	CHILD_ASSERT(write(u->fd, buf, sizeof(buf)) == sizeof(buf));

	/* Speed and type are the unit's own; the MTU is the network's. */
	CHILD_ASSERT(!ioctl(u->fd, TUNGIFINFO, &info));
	CHILD_ASSERT(!ioctl(u->fd, TUNSIFINFO, &info));
	info.mtu--;
	CHILD_ASSERT(ERR(ioctl(u->fd, TUNSIFINFO, &info)) == -EPERM);
}

static void holder(struct unit *u, int sock)
{
	CHILD_ASSERT(!become_nobody());
	u->fd = receive_fd(sock);
	CHILD_ASSERT(u->fd >= 0);
	uses(u);
	CHILD_ASSERT(link_up(u->ifindex) == -EPERM);
	CHILD_ASSERT(link_rename(u->ifindex, "mine") == -EPERM);
	CHILD_ASSERT(link_del(u->ifindex) == -EPERM);
	CHILD_ASSERT(unit_attr_set(u, "transient", "1") == -EACCES);
	unit_close(u);
	CHILD_ASSERT(unit_open(u, 0) == -EACCES);
}

TEST_F(hostile, a_descriptor_passed_on_is_good_for_the_unit_and_no_more)
{
	int sock[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		holder(&self->u, sock[1]);
		_exit(0);
	}
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	pass_fd(_metadata, sock[0], self->u.fd);
	EXPECT_TRUE(went_well(pid));
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "0"));
}

/* ---- ways around the open ------------------------------------------------ */

static int reopen(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return ERR(open(path, O_RDWR | O_CLOEXEC));
}

static void by_a_path(struct unit *u)
{
	int n, path;

	CHILD_ASSERT(!become_nobody());
	/* Of a node that is open, and of the open one's descriptor. */
	CHILD_ASSERT(reopen(u->fd) == -EPERM);
	path = ERR(open(u->node, O_PATH | O_CLOEXEC));
	CHILD_ASSERT(path >= 0);
	CHILD_ASSERT(ERR(read(path, &n, sizeof(n))) == -EBADF);
	CHILD_ASSERT(ERR(ioctl(path, FIONREAD, &n)) == -EBADF);
	CHILD_ASSERT(reopen(path) == -EPERM);
}

TEST_F(hostile, a_path_is_no_way_around_the_open)
{
	pid_t pid;

	ASSERT_EQ(0, chmod(self->u.node, 0666));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		by_a_path(&self->u);
		_exit(0);
	}
	EXPECT_TRUE(went_well(pid));
	EXPECT_EQ(-EBUSY, reopen(self->u.fd));
}

static int open_from_userns(struct unit *u)
{
	return userns_new() ? -ENOTRECOVERABLE : unit_open(u, 0);
}

/*
 * A node that somebody made for a unit, as for a container, and left there: the
 * number of the device is given again, to the next unit or to another driver.
 */
TEST_F(hostile, a_node_of_ones_own_is_no_way_around_the_open)
{
	struct stat first, again;
	struct unit own;

	unit_init(&own, variant->kind);
	snprintf(own.node, sizeof(own.node), OWN_NODE);
	ASSERT_EQ(0, stat(self->u.node, &first));
	ASSERT_EQ(0, mknod(own.node, S_IFCHR | 0666, first.st_rdev));
	ASSERT_EQ(0, chmod(own.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &own));
	ASSERT_EQ(0, unit_open(&own, 0));
	EXPECT_EQ(-EBUSY, unit_open(&self->u, 0));
	unit_close(&own);

	unit_destroy(&self->u);
	EXPECT_EQ(-ENODEV, unit_open(&own, 0));
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, stat(self->u.node, &again));
	ASSERT_EQ(first.st_rdev, again.st_rdev);
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &own));
	if (!userns_unavailable())
		EXPECT_EQ(-EPERM, run_in_child(open_from_userns, &own));
}

/* ---- settings ------------------------------------------------------------ */

static void says_more(int fd)
{
	int level;

	CHILD_ASSERT(!ioctl(fd, TUNGDEBUG, &level));
	/* As it is: that is what programs ask for as they start. */
	CHILD_ASSERT(!ioctl(fd, TUNSDEBUG, &level));
	level++;
	CHILD_ASSERT(ERR(ioctl(fd, TUNSDEBUG, &level)) == -EPERM);
}

static void containers_root_says_more(const char *kind)
{
	struct unit u;

	CHILD_ASSERT(!userns_new());
	CHILD_ASSERT(!netns_new());
	CHILD_ASSERT(!cloner_open(&u, kind, O_NONBLOCK));
	says_more(u.fd);
}

/* TUNSDEBUG is a setting of the machine too, which fills the log of the machine. */
TEST_F(hostile, debugging_is_switched_on_by_the_machine_s_administrators)
{
	pid_t pid;

	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		CHILD_ASSERT(!drop_cap(CAP_NET_ADMIN));
		says_more(self->u.fd);
		_exit(0);
	}
	EXPECT_TRUE(went_well(pid));
	if (!userns_unavailable()) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			containers_root_says_more(variant->kind);
			_exit(0);
		}
		EXPECT_TRUE(went_well(pid));
	}
	EXPECT_TRUE(file_equals("/proc/sys/net/link/tun/debug", "0"));
}

/*
 * The unit's are those of whoever administers its network, and was when they
 * were opened is not enough: the unit may have moved, or the program changed.
 */
TEST_F(hostile, settings_of_a_unit_need_the_capability)
{
	char path[128];
	pid_t pid;

	unit_attr_path(path, sizeof(path), &self->u, "transient");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		CHILD_ASSERT(fd >= 0);
		CHILD_ASSERT(!drop_cap(CAP_NET_ADMIN));
		CHILD_ASSERT(ERR(write(fd, "1", 1)) == -EPERM);
		CHILD_ASSERT(write_file(path, "1") == -EPERM);
		_exit(0);
	}
	EXPECT_TRUE(went_well(pid));
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "0"));
	EXPECT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "1"));
}

/* ---- rtnetlink ----------------------------------------------------------- */

static void administers(const char *kind, struct unit *theirs, int their_netns)
{
	struct nl_request req;
	struct unit mine;

	CHILD_ASSERT(!become_nobody());
	CHILD_ASSERT(!userns_new());
	/* Root, but not of this network. */
	CHILD_ASSERT(unit_create_kind(&mine, kind, NULL) == -EPERM);
	CHILD_ASSERT(link_set_mtu(theirs->ifindex, 1400) == -EPERM);
	CHILD_ASSERT(link_up(theirs->ifindex) == -EPERM);
	CHILD_ASSERT(link_set_netns(theirs->ifindex, their_netns) == -EPERM);
	CHILD_ASSERT(link_del(theirs->ifindex) == -EPERM);

	/* Root of a network of its own, which puts nothing into another. */
	CHILD_ASSERT(!netns_new());
	CHILD_ASSERT(!unit_create_kind(&mine, kind, NULL));
	CHILD_ASSERT(link_set_netns(mine.ifindex, their_netns) == -EPERM);
	nl_link_add(&req, NULL, kind);
	nl_put_u32(&req, IFLA_NET_NS_FD, their_netns);
	CHILD_ASSERT(nl_talk(&req, NULL) == -EPERM);
	CHILD_ASSERT(!link_del(mine.ifindex));
}

TEST_F(hostile, root_of_a_container_administers_the_container)
{
	int nodes = count_nodes(variant->kind);
	pid_t pid;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		administers(variant->kind, &self->u, self->here);
		_exit(0);
	}
	EXPECT_TRUE(went_well(pid));
	EXPECT_EQ(nodes, count_nodes(variant->kind));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

/* ---- what was given away and taken back ---------------------------------- */

/*
 * What a container had open goes on with it, wherever the unit has been moved:
 * whoever moves a unit takes the program with it. But the program is no
 * administrator there.
 */
static void moved_away(const char *kind, int sock)
{
	struct unit u;

	CHILD_ASSERT(!become_nobody());
	CHILD_ASSERT(!userns_new());
	CHILD_ASSERT(!netns_new());
	CHILD_ASSERT(!cloner_open(&u, kind, O_NONBLOCK));
	CHILD_ASSERT(!link_set_mtu(u.ifindex, 1400));
	CHILD_ASSERT(write(sock, &u, sizeof(u)) == sizeof(u));
	CHILD_ASSERT(my_turn(sock));
	uses(&u);
	CHILD_ASSERT(link_del(u.ifindex) == -ENODEV);
	CHILD_ASSERT(link_set_mtu(u.ifindex, 1500) == -ENODEV);
	unit_close(&u);
	CHILD_ASSERT(unit_open(&u, 0) == -EPERM);
}

TEST_F(hostile, a_unit_taken_from_a_container)
{
	char path[64], cloner[32];
	struct unit taken;
	int sock[2], there;
	pid_t pid;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	snprintf(cloner, sizeof(cloner), "/dev/%s", variant->kind);
	ASSERT_EQ(0, chmod(cloner, 0666));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(sock[0]);
		moved_away(variant->kind, sock[1]);
		_exit(0);
	}
	close(sock[1]);
	ASSERT_EQ((ssize_t)sizeof(taken), read(sock[0], &taken, sizeof(taken)));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	there = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, there);
	ASSERT_EQ(0, chmod(taken.node, 0666));
	ASSERT_EQ(0, setns(there, CLONE_NEWNET));
	ASSERT_EQ(0, link_set_netns(taken.ifindex, self->here));
	ASSERT_EQ(0, setns(self->here, CLONE_NEWNET));
	their_turn(sock[0]);
	EXPECT_TRUE(went_well(pid));
	EXPECT_EQ(0, link_del(if_nametoindex(taken.ifname)));
	close(there);
	close(sock[0]);
}

/* ---- signals ------------------------------------------------------------- */

static void signals(struct unit *u, int sock)
{
	int yes = 1, who = getppid();
	siginfo_t info;

	CHILD_ASSERT(!become_nobody());
	block_signal(SIGIO);
	CHILD_ASSERT(!ioctl(u->fd, FIOASYNC, &yes));
	/* Anybody may be named; who it comes from decides when it is sent. */
	CHILD_ASSERT(!ioctl(u->fd, FIOSETOWN, &who));
	their_turn(sock);
	CHILD_ASSERT(my_turn(sock));
	who = getpid();
	CHILD_ASSERT(!ioctl(u->fd, FIOSETOWN, &who));
	their_turn(sock);
	CHILD_ASSERT(wait_signal(SIGIO, &info, TIMEOUT_MS) == SIGIO);
}

TEST_F(hostile, signals_go_to_whom_one_may_send_them)
{
	unsigned char buf[60];
	int sock[2], raw;
	siginfo_t info;
	pid_t pid;

	build(buf, sizeof(buf));
	raw = packet_socket();
	ASSERT_LE(0, raw);
	block_signal(SIGIO);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(sock[0]);
		signals(&self->u, sock[1]);
		_exit(0);
	}
	close(sock[1]);
	ASSERT_TRUE(my_turn(sock[0]));
	ASSERT_EQ((ssize_t)sizeof(buf),
		  packet_send(raw, self->u.ifindex, ETH_P_IP, buf, sizeof(buf)));
	EXPECT_EQ(-1, wait_signal(SIGIO, &info, QUIET_MS));
	their_turn(sock[0]);
	ASSERT_TRUE(my_turn(sock[0]));
	ASSERT_EQ((ssize_t)sizeof(buf),
		  packet_send(raw, self->u.ifindex, ETH_P_IP, buf, sizeof(buf)));
	EXPECT_TRUE(went_well(pid));
	close(raw);
	close(sock[0]);
}

/* ---- requests of odd shape ----------------------------------------------- */

#define PIECES	1024		/* of one readv or writev, at the most */

TEST_F(hostile, a_packet_in_as_many_pieces_as_can_be)
{
	static unsigned char packet[PIECES], got[PIECES], room[1 << 20];
	struct iovec iov[PIECES + 1];
	struct rtnl_link_stats64 before;
	int i, raw = packet_socket();

	ASSERT_LE(0, raw);
	fill_pattern(packet, sizeof(packet), 1);
	build(packet, 14);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	before = link_stats(self->u.ifindex);
	for (i = 0; i <= PIECES; i++)
		iov[i] = (struct iovec){ .iov_base = packet + i % PIECES, .iov_len = 1 };
	EXPECT_EQ(PIECES, ERR(writev(self->u.fd, iov, PIECES)));
	EXPECT_EQ(-EINVAL, ERR(writev(self->u.fd, iov, PIECES + 1)));
	EXPECT_EQ(1, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, rx_packets)));

	ASSERT_EQ(PIECES, packet_send(raw, self->u.ifindex, ETH_P_IP, packet, PIECES));
	for (i = 0; i < PIECES; i++)
		iov[i].iov_base = got + i;
	EXPECT_EQ(PIECES, ERR(readv(self->u.fd, iov, PIECES)));
	EXPECT_EQ(0, memcmp(packet, got, PIECES));

	/* A gigabyte, of which not a byte is looked at. */
	for (i = 0; i < PIECES; i++)
		iov[i] = (struct iovec){ .iov_base = room, .iov_len = sizeof(room) };
	EXPECT_EQ(-EIO, ERR(writev(self->u.fd, iov, PIECES)));
	EXPECT_EQ(1, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, rx_packets)));
	close(raw);
}

/* ---- what is the machine's ----------------------------------------------- */

FIXTURE(machine) {
};

FIXTURE_SETUP(machine)
{
	if (geteuid())
		SKIP(return, "needs root");
}

FIXTURE_TEARDOWN(machine)
{
}

static void writes_settings(void)
{
	static const char *const knobs[] = {
		"/proc/sys/net/link/tun/debug",
		"/proc/sys/net/link/tun/devfs_cloning",
		"/proc/sys/net/link/tun/up_on_addr",
		"/proc/sys/net/link/tap/debug",
		"/proc/sys/net/link/tap/devfs_cloning",
		"/proc/sys/net/link/tap/up_on_open",
		"/proc/sys/net/link/tap/user_open",
		"/proc/sys/debug/if_tun_debug",
	};
	char value[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		read_line(knobs[i], value, sizeof(value));
		CHILD_ASSERT(*value);
		CHILD_ASSERT(write_file(knobs[i], value) == -EACCES);
	}
}

/* In whatever namespace one is root. */
TEST_F(machine, settings_of_the_driver_are_root_s)
{
	bool containers = !userns_unavailable();
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		CHILD_ASSERT(!become_nobody());
		writes_settings();
		if (containers) {
			CHILD_ASSERT(!userns_new());
			writes_settings();
			CHILD_ASSERT(!netns_new());
			writes_settings();
		}
		_exit(0);
	}
	EXPECT_TRUE(went_well(pid));
}

/* ---- the module ---------------------------------------------------------- */

FIXTURE(loaded) {
};

FIXTURE_SETUP(loaded)
{
	if (geteuid())
		SKIP(return, "needs root");
	if (!module_loaded() || !getenv("BSDTUN_KO"))
		SKIP(return, "no module to load");
	if (userns_unavailable())
		SKIP(return, "no user namespaces");
}

FIXTURE_TEARDOWN_PARENT(loaded)
{
	if (access("/sys/module/bsdtun", F_OK))
		module_load();
}

/* A user may have it loaded, as any kind of link that the kernel has; it gives the user nothing. */
TEST_F(loaded, by_a_user_the_nodes_are_root_s)
{
	static const char *const nodes[] = {
		"/dev/bsdtun", "/dev/bsdtap", "/dev/bsdvmnet", "/dev/bsdtun0", "/dev/bsdtap0",
	};
	struct link link;
	struct stat st;
	unsigned int i;
	pid_t pid;

	/* What the other tests' namespaces held goes when they do. */
	ASSERT_TRUE(WAIT_FOR(!module_unload(), TIMEOUT_MS));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		CHILD_ASSERT(!become_nobody());
		CHILD_ASSERT(!userns_new());
		CHILD_ASSERT(!netns_new());
		CHILD_ASSERT(!link_add(TUN_KIND, NULL, &link));
		_exit(0);
	}
	EXPECT_TRUE(went_well(pid));
	ASSERT_TRUE(module_loaded());
	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		ASSERT_EQ(0, stat(nodes[i], &st));
		EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
		EXPECT_EQ(0, st.st_uid);
		EXPECT_EQ(0, st.st_gid);
	}
	EXPECT_TRUE(file_equals("/proc/sys/net/link/tap/user_open", "0"));
}

TEST_HARNESS_MAIN
