// SPDX-License-Identifier: GPL-2.0
/*
 * What unprivileged processes cannot do: with a descriptor that was passed to them, as root of a
 * container, after they lost a capability, with a device node of their own. See also permissions.c
 * and namespace.c.
 */
#include "lib/fixture.h"

#include <net/if_tun.h>

FIXTURE(hostile) {
	struct unit u;
	int netns;		/* the network namespace of the unit */
};

FIXTURE_VARIANT(hostile) {
	const char *kind;
};

TUN_VARIANT(hostile);
TAP_VARIANT(hostile);
VMNET_VARIANT(hostile);

FIXTURE_SETUP(hostile)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, netns_reset());
	self->netns = netns_open();
	ASSERT_LE(0, self->netns);
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
}

#define OWN_NODE	"/dev/bsdtun-hostile"

/* Restores the state in the parent process, which still has its privileges. */
FIXTURE_TEARDOWN_PARENT(hostile)
{
	char cloner[32];

	snprintf(cloner, sizeof(cloner), "/dev/%s", variant->kind);
	chmod(cloner, 0600);
	unlink(OWN_NODE);
	sysctl_set(TUN_KIND, "debug", "0");
}

/* Accepted by every kind: the start of an IPv4 header, and of a multicast frame. */
static void build_packet(unsigned char *buf, size_t len)
{
	memset(buf, 0, len);
	buf[0] = 0x45;
	buf[12] = 0x88;
	buf[13] = 0xb5;
}

/* ---- a descriptor without privileges ------------------------------------ */

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

/* What any process can do with the descriptor. */
static void use_descriptor(struct unit *u)
{
	unsigned char buf[60];
	struct tuninfo info;
	char ifr[40];

	CHILD_ASSERT(!ioctl(u->fd, LINUX64_GIFNAME, ifr));
	CHILD_ASSERT(!strcmp(u->ifname, ifr));
	CHILD_ASSERT(ERR(read(u->fd, buf, sizeof(buf))) == -EAGAIN);
	build_packet(buf, sizeof(buf));
	CHILD_ASSERT(write(u->fd, buf, sizeof(buf)) == sizeof(buf));

	/* Only the MTU needs a privilege. */
	CHILD_ASSERT(!ioctl(u->fd, TUNGIFINFO, &info));
	CHILD_ASSERT(!ioctl(u->fd, TUNSIFINFO, &info));
	info.mtu--;
	CHILD_ASSERT(ERR(ioctl(u->fd, TUNSIFINFO, &info)) == -EPERM);
}

static void use_passed_descriptor(struct unit *u, int sock)
{
	CHILD_ASSERT(!become_nobody());
	u->fd = receive_fd(sock);
	CHILD_ASSERT(u->fd >= 0);
	use_descriptor(u);
	CHILD_ASSERT(link_up(u->ifindex) == -EPERM);
	CHILD_ASSERT(link_rename(u->ifindex, "mine") == -EPERM);
	CHILD_ASSERT(link_del(u->ifindex) == -EPERM);
	CHILD_ASSERT(unit_attr_set(u, "transient", "1") == -EACCES);
	unit_close(u);
	CHILD_ASSERT(unit_open(u, 0) == -EACCES);
}

TEST_F(hostile, passed_descriptor_gives_no_other_access)
{
	int sock[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		use_passed_descriptor(&self->u, sock[1]);
		_exit(0);
	}
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	pass_fd(_metadata, sock[0], self->u.fd);
	EXPECT_TRUE(child_succeeded(pid));
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "0"));
}

/* ---- ways around the open ----------------------------------------------- */

static int reopen(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return ERR(open(path, O_RDWR | O_CLOEXEC));
}

static void open_by_path(struct unit *u)
{
	int n, path;

	CHILD_ASSERT(!become_nobody());
	/* Through the descriptor, and through O_PATH. */
	CHILD_ASSERT(reopen(u->fd) == -EPERM);
	path = ERR(open(u->node, O_PATH | O_CLOEXEC));
	CHILD_ASSERT(path >= 0);
	CHILD_ASSERT(ERR(read(path, &n, sizeof(n))) == -EBADF);
	CHILD_ASSERT(ERR(ioctl(path, FIONREAD, &n)) == -EBADF);
	CHILD_ASSERT(reopen(path) == -EPERM);
}

TEST_F(hostile, reopening_by_path_is_refused)
{
	pid_t pid;

	ASSERT_EQ(0, chmod(self->u.node, 0666));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		open_by_path(&self->u);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeded(pid));
	EXPECT_EQ(-EBUSY, reopen(self->u.fd));
}

/*
 * A device node that was created with mknod(), as for a container, and outlives its unit: the
 * kernel reuses the minor for the next unit or another driver.
 */
TEST_F(hostile, own_device_node_is_refused)
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

/* ---- settings ----------------------------------------------------------- */

static void change_debug(int fd)
{
	int level;

	CHILD_ASSERT(!ioctl(fd, TUNGDEBUG, &level));
	/* Many programs set the current level when they start. */
	CHILD_ASSERT(!ioctl(fd, TUNSDEBUG, &level));
	level++;
	CHILD_ASSERT(ERR(ioctl(fd, TUNSDEBUG, &level)) == -EPERM);
}

static void change_debug_in_container(const char *kind)
{
	struct unit u;

	CHILD_ASSERT(!userns_new());
	CHILD_ASSERT(!netns_new());
	CHILD_ASSERT(!cloner_open(&u, kind, O_NONBLOCK));
	change_debug(u.fd);
}

/* TUNSDEBUG affects the whole system, and fills its log. */
TEST_F(hostile, debug_needs_CAP_NET_ADMIN_of_the_system)
{
	pid_t pid;

	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		CHILD_ASSERT(!drop_cap(CAP_NET_ADMIN));
		change_debug(self->u.fd);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeded(pid));
	if (!userns_unavailable()) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			change_debug_in_container(variant->kind);
			_exit(0);
		}
		EXPECT_TRUE(child_succeeded(pid));
	}
	EXPECT_TRUE(sysctl_equals("/proc/sys/net/link/tun/debug", "0"));
}

/*
 * CAP_NET_ADMIN is checked at write(), not only at open(): the unit may have moved since, or the
 * process may have dropped the capability.
 */
TEST_F(hostile, unit_settings_need_CAP_NET_ADMIN)
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
	EXPECT_TRUE(child_succeeded(pid));
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "0"));
	EXPECT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "1"));
}

/* ---- rtnetlink ---------------------------------------------------------- */

static void administer_other_netns(const char *kind, struct unit *theirs, int their_netns)
{
	struct nl_request req;
	struct unit mine;

	CHILD_ASSERT(!become_nobody());
	CHILD_ASSERT(!userns_new());
	/* Root of a user namespace that does not own the network namespace. */
	CHILD_ASSERT(unit_create_kind(&mine, kind, NULL) == -EPERM);
	CHILD_ASSERT(link_set_mtu(theirs->ifindex, 1400) == -EPERM);
	CHILD_ASSERT(link_up(theirs->ifindex) == -EPERM);
	CHILD_ASSERT(link_set_netns(theirs->ifindex, their_netns) == -EPERM);
	CHILD_ASSERT(link_del(theirs->ifindex) == -EPERM);

	/* Root of its own network namespace may not move a unit into another. */
	CHILD_ASSERT(!netns_new());
	CHILD_ASSERT(!unit_create_kind(&mine, kind, NULL));
	CHILD_ASSERT(link_set_netns(mine.ifindex, their_netns) == -EPERM);
	nl_link_add(&req, NULL, kind);
	nl_put_u32(&req, IFLA_NET_NS_FD, their_netns);
	CHILD_ASSERT(nl_talk(&req, NULL) == -EPERM);
	CHILD_ASSERT(!link_del(mine.ifindex));
}

TEST_F(hostile, container_root_is_confined_to_its_netns)
{
	int nodes = count_nodes(variant->kind);
	pid_t pid;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		administer_other_netns(variant->kind, &self->u, self->netns);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeded(pid));
	EXPECT_GE(nodes, count_nodes(variant->kind));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

/* ---- a unit that is moved out of a container ---------------------------- */

/*
 * An open descriptor still works after the unit is moved out of the container, but the program has
 * no privileges over the new network namespace.
 */
static void use_moved_unit(const char *kind, int sock)
{
	struct unit u, other;

	CHILD_ASSERT(!become_nobody());
	CHILD_ASSERT(!userns_new());
	CHILD_ASSERT(!netns_new());
	CHILD_ASSERT(!cloner_open(&u, kind, O_NONBLOCK));
	CHILD_ASSERT(!link_set_mtu(u.ifindex, 1400));
	CHILD_ASSERT(write(sock, &u, sizeof(u)) == sizeof(u));
	CHILD_ASSERT(wait_for_peer(sock));
	use_descriptor(&u);
	CHILD_ASSERT(link_del(u.ifindex) == -ENODEV);
	CHILD_ASSERT(link_set_mtu(u.ifindex, 1500) == -ENODEV);
	unit_close(&u);
	/* It has no node, and the cloner gives units of the caller's network namespace only. */
	CHILD_ASSERT(unit_open(&u, 0) == -ENOENT);
	CHILD_ASSERT(!cloner_open(&other, kind, O_NONBLOCK));
	CHILD_ASSERT(other.number != u.number);
}

TEST_F(hostile, unit_moved_out_of_a_container)
{
	char path[64], cloner[32];
	struct unit taken;
	int sock[2], container_netns;
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
		use_moved_unit(variant->kind, sock[1]);
		_exit(0);
	}
	close(sock[1]);
	ASSERT_EQ((ssize_t)sizeof(taken), read(sock[0], &taken, sizeof(taken)));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	container_netns = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, container_netns);
	ASSERT_EQ(0, setns(container_netns, CLONE_NEWNET));
	ASSERT_EQ(0, link_set_netns(taken.ifindex, self->netns));
	ASSERT_EQ(0, setns(self->netns, CLONE_NEWNET));
	signal_peer(sock[0]);
	EXPECT_TRUE(child_succeeded(pid));
	EXPECT_EQ(0, link_del(if_nametoindex(taken.ifname)));
	close(container_netns);
	close(sock[0]);
}

/* ---- signals ------------------------------------------------------------ */

static void request_signals(struct unit *u, int sock)
{
	int yes = 1, owner = getppid();
	siginfo_t info;

	CHILD_ASSERT(!become_nobody());
	block_signal(SIGIO);
	CHILD_ASSERT(!ioctl(u->fd, FIOASYNC, &yes));
	/* Any owner may be set; permission is checked when the signal is sent. */
	CHILD_ASSERT(!ioctl(u->fd, FIOSETOWN, &owner));
	signal_peer(sock);
	CHILD_ASSERT(wait_for_peer(sock));
	owner = getpid();
	CHILD_ASSERT(!ioctl(u->fd, FIOSETOWN, &owner));
	signal_peer(sock);
	CHILD_ASSERT(wait_signal(SIGIO, &info, TIMEOUT_MS) == SIGIO);
}

TEST_F(hostile, SIGIO_checks_permission)
{
	unsigned char buf[60];
	int sock[2], raw;
	siginfo_t info;
	pid_t pid;

	build_packet(buf, sizeof(buf));
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
		request_signals(&self->u, sock[1]);
		_exit(0);
	}
	close(sock[1]);
	ASSERT_TRUE(wait_for_peer(sock[0]));
	ASSERT_EQ((ssize_t)sizeof(buf),
		  packet_send(raw, self->u.ifindex, ETH_P_IP, buf, sizeof(buf)));
	EXPECT_EQ(-1, wait_signal(SIGIO, &info, QUIET_MS));
	signal_peer(sock[0]);
	ASSERT_TRUE(wait_for_peer(sock[0]));
	ASSERT_EQ((ssize_t)sizeof(buf),
		  packet_send(raw, self->u.ifindex, ETH_P_IP, buf, sizeof(buf)));
	EXPECT_TRUE(child_succeeded(pid));
	close(raw);
	close(sock[0]);
}

/* ---- unusual requests --------------------------------------------------- */

#define SEGMENTS	1024		/* UIO_MAXIOV */

TEST_F(hostile, most_segments_of_one_packet)
{
	static unsigned char packet[SEGMENTS], got[SEGMENTS], room[1 << 20];
	struct iovec iov[SEGMENTS + 1];
	struct rtnl_link_stats64 before;
	int i, raw = packet_socket();

	ASSERT_LE(0, raw);
	fill_pattern(packet, sizeof(packet), 1);
	build_packet(packet, 14);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	before = link_stats(self->u.ifindex);
	for (i = 0; i <= SEGMENTS; i++)
		iov[i] = (struct iovec){ .iov_base = packet + i % SEGMENTS, .iov_len = 1 };
	EXPECT_EQ(SEGMENTS, ERR(writev(self->u.fd, iov, SEGMENTS)));
	EXPECT_EQ(-EINVAL, ERR(writev(self->u.fd, iov, SEGMENTS + 1)));
	EXPECT_EQ(1, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, rx_packets)));

	ASSERT_EQ(SEGMENTS, packet_send(raw, self->u.ifindex, ETH_P_IP, packet, SEGMENTS));
	for (i = 0; i < SEGMENTS; i++)
		iov[i].iov_base = got + i;
	EXPECT_EQ(SEGMENTS, ERR(readv(self->u.fd, iov, SEGMENTS)));
	EXPECT_EQ(0, memcmp(packet, got, SEGMENTS));

	/* A gigabyte, of which no byte is read. */
	for (i = 0; i < SEGMENTS; i++)
		iov[i] = (struct iovec){ .iov_base = room, .iov_len = sizeof(room) };
	EXPECT_EQ(-EIO, ERR(writev(self->u.fd, iov, SEGMENTS)));
	EXPECT_EQ(1, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, rx_packets)));
	close(raw);
}

/* ---- the module --------------------------------------------------------- */

FIXTURE(module) {
};

FIXTURE_SETUP(module)
{
	if (geteuid())
		SKIP(return, "needs root");
	if (!module_loaded() || !getenv("BSDTUN_KO"))
		SKIP(return, "the driver is built in, or BSDTUN_KO is not set");
	if (userns_unavailable())
		SKIP(return, "no user namespaces");
}

FIXTURE_TEARDOWN_PARENT(module)
{
	if (access("/sys/module/bsdtun", F_OK))
		module_load();
}

/* A user can cause the module to be loaded, like that of any link kind, but gets no access. */
TEST_F(module, nodes_belong_to_root_if_a_user_loads_it)
{
	static const char *const nodes[] = {
		"/dev/bsdtun", "/dev/bsdtap", "/dev/bsdvmnet", "/dev/bsdtun0", "/dev/bsdtap0",
	};
	struct link link;
	struct stat st;
	unsigned int i;
	pid_t pid;

	/* The namespaces of previous tests may still have units. */
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
	EXPECT_TRUE(child_succeeded(pid));
	ASSERT_TRUE(module_loaded());
	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		ASSERT_EQ(0, stat(nodes[i], &st));
		EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
		EXPECT_EQ(0, st.st_uid);
		EXPECT_EQ(0, st.st_gid);
	}
	EXPECT_TRUE(sysctl_equals("/proc/sys/net/link/tap/user_open", "0"));
}

TEST_HARNESS_MAIN
