// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of tun(4): what each answers, to whom, and in which order it looks
 * at what is wrong. Built for 32-bit programs too.
 */

#include "bsdtun_test.h"

#include <net/if_tun.h>
#include <net/if_types.h>

/* A number in BSD's encoding, from the one that Linux's macros give. */
static unsigned int bsd(unsigned int cmd)
{
	unsigned int low = cmd & 0x1fffffff;

	switch (cmd >> 30) {
	case 0:
		return low | 0x20000000;
	case 1:
		return low | 0x80000000;
	case 2:
		return low | 0x40000000;
	default:
		return cmd;
	}
}

/* OpenBSD's struct tuninfo. */
struct openbsd_info {
	__u32 mtu;
	__u16 type;
	__u16 flags;
	__u32 baudrate;
};

#define OPENBSD_SIFINFO	_IOW('t', 91, struct openbsd_info)
#define OPENBSD_GIFINFO	_IOR('t', 92, struct openbsd_info)
#define NETBSD_GIFHEAD	_IOR('t', 65, int)
#define NETBSD_SIFHEAD	_IOW('t', 66, int)
#define NETBSD_SLMODE	_IOW('t', 87, int)
#define NETBSD_SIFMODE	_IOW('t', 88, int)
#define DRAGONFLY_GIFNAME _IOR('t', 98, char[32])
#define BSD_FIONBIO	0x8004667eu
#define BSD_FIOASYNC	0x8004667du
#define BSD_FIOSETOWN	0x8004667cu
#define BSD_FIOGETOWN	0x4004667bu
#define BSD_TIOCSPGRP	0x80047476u
#define BSD_TIOCGPGRP	0x40047477u

#define BSD_MULTICAST	0x8000

/* Every command that takes or gives something, as Linux encodes it. */
static const struct {
	unsigned int cmd;
	size_t size;
	bool set;
} commands[] = {
	{ TUNGDEBUG, 4, false }, { TUNSDEBUG, 4, true },
	{ TUNSIFINFO, 8, true }, { TUNGIFINFO, 8, false },
	{ OPENBSD_SIFINFO, 12, true }, { OPENBSD_GIFINFO, 12, false },
	{ TUNSLMODE, 4, true }, { NETBSD_SLMODE, 4, true },
	{ LINUX_GIFNAME, 16, false }, { DRAGONFLY_GIFNAME, 16, false },
	{ TUNSIFMODE, 4, true }, { NETBSD_SIFMODE, 4, true },
	{ TUNSIFHEAD, 4, true }, { NETBSD_SIFHEAD, 4, true },
	{ TUNGIFHEAD, 4, false }, { NETBSD_GIFHEAD, 4, false },
	{ TUNSTRANSIENT, 4, true }, { TUNGTRANSIENT, 4, false },
	{ _IOR('f', 127, int), 4, false }, { _IOW('f', 126, int), 4, true },
	{ _IOW('f', 125, int), 4, true }, { _IOW('f', 124, int), 4, true },
	{ _IOR('f', 123, int), 4, false }, { _IOW('t', 118, int), 4, true },
	{ _IOR('t', 119, int), 4, false },
};

static int get(int fd, unsigned int cmd)
{
	int value = -12345;
	int err = ERR(ioctl(fd, cmd, &value));

	return err ? err : value;
}

static int set(int fd, unsigned int cmd, int value)
{
	return ERR(ioctl(fd, cmd, &value));
}

FIXTURE(ioctls) {
	struct unit u;
	int fd;
};

FIXTURE_SETUP(ioctls)
{
	ASSERT_EQ(0, netns_new());
	ASSERT_EQ(0, sysfs_here());
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
}

FIXTURE_TEARDOWN(ioctls)
{
	int zero = 0;

	/* One for all units, and for the tests that follow. */
	ioctl(self->fd, TUNSDEBUG, &zero);
	unit_destroy(&self->u);
}

/* ---- speed, MTU and type ------------------------------------------------ */

TEST_F(ioctls, A2_fresh_unit_s_info)
{
	struct tuninfo info;

	memset(&info, 0x55, sizeof(info));
	ASSERT_EQ(0, ioctl(self->fd, TUNGIFINFO, &info));
	EXPECT_EQ(0, info.baudrate);
	EXPECT_EQ(TUNMTU, info.mtu);
	EXPECT_EQ(IFT_PPP, info.type);
	EXPECT_EQ(0, info.dummy);
}

TEST_F(ioctls, A4_info_round_trips)
{
	static const unsigned int setters[] = { TUNSIFINFO, 0x8008745b };
	static const unsigned int getters[] = { TUNGIFINFO, 0x4008745c };
	struct tuninfo now = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(setters); i++) {
		struct tuninfo in = {
			.baudrate = 9600 + i, .mtu = 1400 + i, .type = IFT_TUNNEL, .dummy = 7,
		};
		struct tuninfo out = { };
		struct link link;

		ASSERT_EQ(0, ERR(ioctl(self->fd, setters[i], &in)));
		ASSERT_EQ(0, ERR(ioctl(self->fd, getters[i], &out)));
		EXPECT_EQ(in.baudrate, out.baudrate);
		EXPECT_EQ(in.mtu, out.mtu);
		EXPECT_EQ(in.type, out.type);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(in.mtu, link.mtu);
	}
	/* What `ip link` sets the program sees. */
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 9000));
	ASSERT_EQ(0, ioctl(self->fd, TUNGIFINFO, &now));
	EXPECT_EQ(9000, now.mtu);
	EXPECT_EQ(IFT_TUNNEL, now.type);
}

TEST_F(ioctls, A4_mtu_from_72_to_65535)
{
	struct tuninfo info = { .baudrate = 1, .type = IFT_OTHER };
	struct tuninfo now;

	info.mtu = 71;
	EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, TUNSIFINFO, &info)));
	info.mtu = 0;
	EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, TUNSIFINFO, &info)));
	/* Refused means that nothing of it was taken. */
	ASSERT_EQ(0, ioctl(self->fd, TUNGIFINFO, &now));
	EXPECT_EQ(0, now.baudrate);
	EXPECT_EQ(IFT_PPP, now.type);
	EXPECT_EQ(TUNMTU, now.mtu);
	info.mtu = 72;
	EXPECT_EQ(0, ERR(ioctl(self->fd, TUNSIFINFO, &info)));
	info.mtu = 65535;
	EXPECT_EQ(0, ERR(ioctl(self->fd, TUNSIFINFO, &info)));
	ASSERT_EQ(0, ioctl(self->fd, TUNGIFINFO, &now));
	EXPECT_EQ(65535, now.mtu);
	EXPECT_EQ(1, now.baudrate);
}

TEST_F(ioctls, openbsd_info_has_12_bytes)
{
	static const unsigned int setters[] = { OPENBSD_SIFINFO, 0x800c745b };
	static const unsigned int getters[] = { OPENBSD_GIFINFO, 0x400c745c };
	struct openbsd_info in = { .mtu = 1234, .type = IFT_TUNNEL, .baudrate = 4711 };
	struct {
		struct openbsd_info info;
		__u32 behind;
	} out;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(setters); i++) {
		in.mtu++;
		ASSERT_EQ(0, ERR(ioctl(self->fd, setters[i], &in)));
		memset(&out, 0x55, sizeof(out));
		ASSERT_EQ(0, ERR(ioctl(self->fd, getters[i], &out)));
		EXPECT_EQ(in.mtu, out.info.mtu);
		EXPECT_EQ(IFT_TUNNEL, out.info.type);
		EXPECT_EQ(4711, out.info.baudrate);
		/* POINTOPOINT and BSD's MULTICAST; down. */
		EXPECT_EQ(0x10 | BSD_MULTICAST, out.info.flags);
		EXPECT_EQ(0x55555555, out.behind);
	}
	in.mtu = 65536;
	EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, OPENBSD_SIFINFO, &in)));
	in.mtu = 71;
	EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, OPENBSD_SIFINFO, &in)));
	in.mtu = 1500;
	in.type = 0x117;
	EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, OPENBSD_SIFINFO, &in)));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, ioctl(self->fd, OPENBSD_GIFINFO, &out));
	EXPECT_EQ(0x1 | 0x10 | 0x40 | BSD_MULTICAST, out.info.flags);
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { };

	return ERR(syscall(SYS_capset, &hdr, data));
}

/* In a thread of its own credentials, since the fixture must clean up. */
struct unprivileged {
	int fd;
	int failed;
};

static void *unprivileged_main(void *arg)
{
	struct unprivileged *me = arg;
	struct tuninfo info;
	int fd = me->fd;

	me->failed = 1;
	if (drop_capabilities())
		return NULL;
	me->failed = 2;
	if (ioctl(fd, TUNGIFINFO, &info))
		return NULL;
	me->failed = 0;
	info.baudrate = 115200;
	info.type = IFT_SLIP;
	if (ioctl(fd, TUNSIFINFO, &info))
		me->failed = 3;	/* the MTU is left as it is: no privilege needed */
	info.mtu -= 100;
	if (ERR(ioctl(fd, TUNSIFINFO, &info)) != -EPERM)
		me->failed = 4;
	info.mtu = 1;		/* the privilege is asked for first */
	if (ERR(ioctl(fd, TUNSIFINFO, &info)) != -EPERM)
		me->failed = 5;
	return NULL;
}

TEST_F(ioctls, mtu_is_changed_by_the_capable_only)
{
	struct unprivileged it = { .fd = self->fd };
	struct tuninfo info;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, unprivileged_main, &it));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, it.failed);
	ASSERT_EQ(0, ioctl(self->fd, TUNGIFINFO, &info));
	EXPECT_EQ(115200, info.baudrate);
	EXPECT_EQ(IFT_SLIP, info.type);
	EXPECT_EQ(TUNMTU, info.mtu);
}

/* ---- debug -------------------------------------------------------------- */

TEST_F(ioctls, A5_debug_is_one_for_all)
{
	struct unit other;

	ASSERT_EQ(0, unit_create(&other, NULL));
	ASSERT_EQ(0, unit_open(&other, 0));
	EXPECT_EQ(0, get(self->fd, TUNGDEBUG));
	ASSERT_EQ(0, set(self->fd, TUNSDEBUG, 3));
	EXPECT_EQ(3, get(self->fd, TUNGDEBUG));
	EXPECT_EQ(3, get(other.fd, TUNGDEBUG));
	EXPECT_EQ(3, get(other.fd, bsd(TUNGDEBUG)));
	EXPECT_TRUE(file_is("/proc/sys/net/link/tun/debug", "3"));
	EXPECT_TRUE(file_is("/proc/sys/debug/if_tun_debug", "3"));
	ASSERT_EQ(0, write_file("/proc/sys/debug/if_tun_debug", "-5"));
	EXPECT_EQ(-5, get(self->fd, TUNGDEBUG));
	ASSERT_EQ(0, set(other.fd, bsd(TUNSDEBUG), 0));
	EXPECT_TRUE(file_is("/proc/sys/net/link/tun/debug", "0"));
	unit_destroy(&other);
}

/* ---- framing ------------------------------------------------------------ */

TEST_F(ioctls, A6_each_prefix_switches_the_other_off)
{
	static const unsigned int slmode[] = { TUNSLMODE, NETBSD_SLMODE };
	static const unsigned int sifhead[] = { TUNSIFHEAD, NETBSD_SIFHEAD };
	static const unsigned int gifhead[] = { TUNGIFHEAD, NETBSD_GIFHEAD };
	unsigned int i, encoding;

	for (i = 0; i < 4; i++) {
		unsigned int lmode = slmode[i & 1], head = sifhead[i & 1];
		unsigned int which = gifhead[i & 1];

		encoding = i & 2;
		if (encoding) {
			lmode = bsd(lmode);
			head = bsd(head);
			which = bsd(which);
		}
		EXPECT_EQ(0, get(self->fd, which));
		EXPECT_TRUE(attribute_is(&self->u, "framing", "bare"));
		ASSERT_EQ(0, set(self->fd, lmode, 1));
		EXPECT_EQ(0, get(self->fd, which));
		EXPECT_TRUE(attribute_is(&self->u, "framing", "lmode"));
		ASSERT_EQ(0, set(self->fd, head, 0));
		EXPECT_TRUE(attribute_is(&self->u, "framing", "lmode"));
		ASSERT_EQ(0, set(self->fd, head, -7));
		/* 1, and not what was passed. */
		EXPECT_EQ(1, get(self->fd, which));
		EXPECT_TRUE(attribute_is(&self->u, "framing", "ifhead"));
		ASSERT_EQ(0, set(self->fd, lmode, 0));
		EXPECT_EQ(1, get(self->fd, which));
		ASSERT_EQ(0, set(self->fd, head, 0));
		EXPECT_EQ(0, get(self->fd, which));
		EXPECT_TRUE(attribute_is(&self->u, "framing", "bare"));
	}
}

TEST_F(ioctls, A23_framing_survives_close)
{
	ASSERT_EQ(0, set(self->fd, TUNSIFHEAD, 1));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
	EXPECT_EQ(1, get(self->fd, TUNGIFHEAD));
}

TEST_F(ioctls, dialect_is_the_encoding_s)
{
	static const struct {
		unsigned int cmd;
		const char *dialect;
	} cases[] = {
		{ TUNSIFHEAD, "linux" }, { 0x80047460, "freebsd" },
		{ NETBSD_SIFHEAD, "linux" }, { 0x80047442, "netbsd" },
	};
	unsigned int i;

	EXPECT_TRUE(attribute_is(&self->u, "dialect", "linux"));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, set(self->fd, cases[i].cmd, 1));
		EXPECT_TRUE(attribute_is(&self->u, "dialect", cases[i].dialect))
			TH_LOG("number %#x", cases[i].cmd);
	}
	EXPECT_EQ(0, attribute_set(&self->u, "dialect", "freebsd\n"));
	EXPECT_TRUE(attribute_is(&self->u, "dialect", "freebsd"));
	EXPECT_EQ(-EINVAL, attribute_set(&self->u, "dialect", "solaris"));
	EXPECT_TRUE(attribute_is(&self->u, "dialect", "freebsd"));
}

/* ---- the interface's mode ----------------------------------------------- */

TEST_F(ioctls, A7_mode_while_down)
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
	static const unsigned int numbers[] = { TUNSIFMODE, NETBSD_SIFMODE };
	const unsigned int mask = IFF_BROADCAST | IFF_POINTOPOINT | IFF_MULTICAST;
	struct link link;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		unsigned int cmd = numbers[i & 1];

		ASSERT_EQ(0, set(self->fd, i & 2 ? bsd(cmd) : cmd, good[i].arg));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(good[i].flags, link.flags & mask)
			TH_LOG("mode %#x", good[i].arg);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, set(self->fd, TUNSIFMODE, bad[i]))
			TH_LOG("mode %#x", bad[i]);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(IFF_POINTOPOINT | IFF_MULTICAST, link.flags & mask);
	}
}

TEST_F(ioctls, A7_mode_while_up_is_EBUSY)
{
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(-EBUSY, set(self->fd, TUNSIFMODE, IFF_BROADCAST));
	/* Before anything else is looked at. */
	EXPECT_EQ(-EBUSY, set(self->fd, TUNSIFMODE, 0x7777));
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->fd, TUNSIFMODE, NULL)));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(0, set(self->fd, TUNSIFMODE, IFF_BROADCAST));
}

TEST_F(ioctls, mode_survives_close_and_up)
{
	struct link link;

	ASSERT_EQ(0, set(self->fd, TUNSIFMODE, IFF_BROADCAST));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_NE(0, link.flags & IFF_BROADCAST);
	EXPECT_EQ(0, link.flags & (IFF_POINTOPOINT | IFF_MULTICAST));
}

/* ---- the owner ---------------------------------------------------------- */

static void shown_owner(struct unit *u, char *owner, size_t size)
{
	char path[128];

	attribute_path(path, sizeof(path), u, "owner");
	first_line(path, owner, size);
}

TEST_F(ioctls, A8_SIFPID_changes_the_owner)
{
	char mine[16], theirs[16], owner[32];
	pid_t child;
	int status;

	snprintf(mine, sizeof(mine), "%d", getpid());
	EXPECT_TRUE(attribute_is(&self->u, "owner", mine));
	EXPECT_TRUE(fdinfo_line(self->fd, "owner", owner, sizeof(owner)));
	EXPECT_STREQ(mine, owner);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(ioctl(self->fd, TUNSIFPID) ? 1 : 0);
	snprintf(theirs, sizeof(theirs), "%d", child);
	ASSERT_EQ(0, waitid(P_PID, child, &(siginfo_t){ }, WEXITED | WNOWAIT));
	/* Not reaped yet: it still has its number. */
	EXPECT_TRUE(attribute_is(&self->u, "owner", theirs));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	/* A process that is gone has none. */
	EXPECT_TRUE(attribute_is(&self->u, "owner", "0"));
	ASSERT_EQ(0, ioctl(self->fd, bsd(TUNSIFPID)));
	EXPECT_TRUE(attribute_is(&self->u, "owner", mine));
}

TEST_F(ioctls, A24_no_owner_after_close)
{
	unit_close(&self->u);
	EXPECT_TRUE(attribute_is(&self->u, "owner", "0"));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_FALSE(attribute_is(&self->u, "owner", "0"));
}

TEST_F(ioctls, owner_is_numbered_as_its_reader_sees_it)
{
	char owner[32] = "";
	int status, pipefd[2];
	pid_t child;

	ASSERT_EQ(0, pipe(pipefd));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pid_t init;

		/* Its children are in a namespace in which the opener is not. */
		if (unshare(CLONE_NEWPID))
			_exit(1);
		init = fork();
		if (!init) {
			shown_owner(&self->u, owner, sizeof(owner));
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

/* ---- the generic ones --------------------------------------------------- */

TEST_F(ioctls, A9_BSD_s_FIONBIO)
{
	ASSERT_EQ(0, set(self->fd, BSD_FIONBIO, 0));
	EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & O_NONBLOCK);
	ASSERT_EQ(0, set(self->fd, BSD_FIONBIO, 1));
	EXPECT_NE(0, fcntl(self->fd, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(-EAGAIN, ERR(read(self->fd, &(char){ 0 }, 1)));
}

TEST_F(ioctls, A11_owner_of_the_signals)
{
	static const unsigned int setown[] = { 0x8901, BSD_FIOSETOWN, 0x8902 };
	static const unsigned int getown[] = { 0x8903, BSD_FIOGETOWN, 0x8904 };
	static const unsigned int spgrp[] = { TIOCSPGRP, BSD_TIOCSPGRP };
	static const unsigned int gpgrp[] = { TIOCGPGRP, BSD_TIOCGPGRP };
	int pid = getpid(), group = getpgrp();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(setown); i++) {
		EXPECT_EQ(0, get(self->fd, getown[i]));
		ASSERT_EQ(0, set(self->fd, setown[i], pid));
		EXPECT_EQ(pid, get(self->fd, getown[i]));
		EXPECT_EQ(pid, fcntl(self->fd, F_GETOWN));
		EXPECT_EQ(-pid, get(self->fd, TIOCGPGRP));
		ASSERT_EQ(0, set(self->fd, setown[i], -group));
		EXPECT_EQ(-group, get(self->fd, getown[i]));
		ASSERT_EQ(0, set(self->fd, setown[i], 0));
	}
	for (i = 0; i < ARRAY_SIZE(spgrp); i++) {
		ASSERT_EQ(0, set(self->fd, spgrp[i], group));
		EXPECT_EQ(group, get(self->fd, gpgrp[i]));
		EXPECT_EQ(-group, get(self->fd, BSD_FIOGETOWN));
	}
	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN, pid));
	EXPECT_EQ(pid, get(self->fd, BSD_FIOGETOWN));
	EXPECT_EQ(-ESRCH, set(self->fd, BSD_FIOSETOWN, 0x3fffffff));
	EXPECT_EQ(-EINVAL, set(self->fd, BSD_FIOSETOWN, INT_MIN));
	EXPECT_EQ(-EINVAL, set(self->fd, BSD_TIOCSPGRP, INT_MIN));
	EXPECT_EQ(pid, get(self->fd, BSD_FIOGETOWN));
}

TEST_F(ioctls, A12_BSD_s_FIOASYNC)
{
	struct timespec quiet = { .tv_nsec = QUIET_MS * 1000000L };
	struct timespec limit = { .tv_sec = LIMIT_MS / 1000 };
	char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, 2, "sig", 3);
	int raw = packet_socket();
	sigset_t sigs;

	ASSERT_LE(0, raw);
	sigemptyset(&sigs);
	sigaddset(&sigs, SIGIO);
	sigprocmask(SIG_BLOCK, &sigs, NULL);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, set(self->fd, BSD_FIOASYNC, 1));
	EXPECT_NE(0, fcntl(self->fd, F_GETFL) & O_ASYNC);
	/* Nobody owns it. */
	packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_EQ(-EAGAIN, ERR(sigtimedwait(&sigs, NULL, &quiet)));
	/* Once as a process, once as its group. */
	ASSERT_EQ(0, set(self->fd, BSD_FIOSETOWN, getpid()));
	packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_EQ(SIGIO, sigtimedwait(&sigs, NULL, &limit));
	ASSERT_EQ(0, setpgid(0, 0));
	ASSERT_EQ(0, set(self->fd, BSD_TIOCSPGRP, getpgrp()));
	packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_EQ(SIGIO, sigtimedwait(&sigs, NULL, &limit));
	ASSERT_EQ(0, set(self->fd, BSD_FIOASYNC, 0));
	EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & O_ASYNC);
	packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len);
	EXPECT_EQ(-EAGAIN, ERR(sigtimedwait(&sigs, NULL, &quiet)));
	close(raw);
}

TEST_F(ioctls, GIFNAME_of_dragonfly)
{
	static const unsigned int numbers[] = { 0x40207462, 0x80207462 };
	char ifr[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		memset(ifr, 0x55, sizeof(ifr));
		ASSERT_EQ(0, ERR(ioctl(self->fd, numbers[i], ifr)));
		EXPECT_STREQ(self->u.ifname, ifr);
	}
}

/* ---- the unit that goes at its last close -------------------------------- */

TEST_F(ioctls, TRANSIENT_goes_at_the_last_close)
{
	struct link link;
	int other;

	EXPECT_EQ(0, get(self->fd, TUNGTRANSIENT));
	ASSERT_EQ(0, set(self->fd, TUNSTRANSIENT, 5));
	EXPECT_EQ(1, get(self->fd, TUNGTRANSIENT));
	EXPECT_EQ(1, get(self->fd, bsd(TUNGTRANSIENT)));
	EXPECT_TRUE(attribute_is(&self->u, "transient", "1"));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	other = dup(self->fd);
	ASSERT_LE(0, other);
	unit_close(&self->u);
	EXPECT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_TRUE(node_exists(&self->u));
	close(other);
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &link));
	EXPECT_FALSE(node_exists(&self->u));
	self->u.ifindex = 0;
}

TEST_F(ioctls, TRANSIENT_can_be_taken_back)
{
	struct link link;

	ASSERT_EQ(0, set(self->fd, bsd(TUNSTRANSIENT), 1));
	ASSERT_EQ(0, set(self->fd, TUNSTRANSIENT, 0));
	unit_close(&self->u);
	EXPECT_EQ(0, link_get(self->u.ifindex, &link));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_EQ(0, attribute_set(&self->u, "transient", "1"));
	EXPECT_EQ(1, get(self->fd, TUNGTRANSIENT));
	EXPECT_EQ(-EINVAL, attribute_set(&self->u, "transient", "perhaps"));
	EXPECT_EQ(1, get(self->fd, TUNGTRANSIENT));
	EXPECT_EQ(0, attribute_set(&self->u, "transient", "0"));
	EXPECT_EQ(0, get(self->fd, TUNGTRANSIENT));
}

/* A leak shows when it is repeated. */
TEST_F_TIMEOUT(ioctls, TRANSIENT_many_times, 120)
{
	int i;

	for (i = 0; i < 30; i++) {
		struct unit u;

		ASSERT_EQ(0, unit_create(&u, NULL));
		ASSERT_EQ(0, unit_open(&u, 0));
		ASSERT_EQ(0, set(u.fd, TUNSTRANSIENT, 1));
		ASSERT_EQ(0, link_up(u.ifindex));
		unit_close(&u);
		ASSERT_FALSE(node_exists(&u));
	}
}

/* ---- what is wrong ------------------------------------------------------ */

/* What a set command that was refused must not have changed. */
struct state {
	struct tuninfo info;
	int head, transient, debug, owner;
	unsigned int flags, fl;
};

static void state_of(int fd, int ifindex, struct state *state)
{
	struct link link = { };

	memset(state, 0, sizeof(*state));
	ioctl(fd, TUNGIFINFO, &state->info);
	state->head = get(fd, TUNGIFHEAD);
	state->transient = get(fd, TUNGTRANSIENT);
	state->debug = get(fd, TUNGDEBUG);
	state->owner = fcntl(fd, F_GETOWN);
	state->fl = fcntl(fd, F_GETFL);
	link_get(ifindex, &link);
	state->flags = link.flags;
}

TEST_F(ioctls, bad_pointers_are_EFAULT_without_effect)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *map, *places[5];
	struct state before, after;
	unsigned int i, at;

	/* A page that can be read and written, one that can be read, one that is not there. */
	map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ));
	ASSERT_EQ(0, munmap(map + 2 * page, page));

	state_of(self->fd, self->u.ifindex, &before);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		places[0] = NULL;
		places[1] = (char *)(long)-page;
		places[2] = map + 2 * page;
		/* The last byte is beyond what can be read, or written. */
		places[3] = map + 2 * page - commands[i].size + 1;
		places[4] = map + page - commands[i].size + 1;
		for (at = 0; at < (commands[i].set ? 4 : 5); at++) {
			EXPECT_EQ(-EFAULT, ERR(ioctl(self->fd, commands[i].cmd, places[at])))
				TH_LOG("number %#x, place %u", commands[i].cmd, at);
			EXPECT_EQ(-EFAULT, ERR(ioctl(self->fd, bsd(commands[i].cmd), places[at])))
				TH_LOG("number %#x, place %u", bsd(commands[i].cmd), at);
		}
	}
	state_of(self->fd, self->u.ifindex, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	munmap(map, 2 * page);
}

TEST_F(ioctls, nothing_is_written_beyond_the_size)
{
	unsigned char buf[256];
	unsigned int i, at;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].set)
			continue;
		memset(buf, 0xa5, sizeof(buf));
		ASSERT_EQ(0, ERR(ioctl(self->fd, commands[i].cmd, buf)))
			TH_LOG("number %#x", commands[i].cmd);
		for (at = commands[i].size; at < sizeof(buf); at++)
			ASSERT_EQ(0xa5, buf[at])
				TH_LOG("number %#x, byte %u", commands[i].cmd, at);
	}
}

TEST_F(ioctls, A13_near_misses_are_ENOTTY)
{
	static const unsigned int numbers[] = {
		/* a wrong size */
		_IOW('t', 96, short), _IOW('t', 96, long long), _IOW('t', 91, char[9]),
		_IOR('t', 93, char[16]), _IOR('t', 93, char[33]), _IO('t', 96),
		/* a direction that neither encoding has */
		_IOWR('t', 96, int), _IOWR('t', 91, struct tuninfo), 0x60047460, 0xa0047460,
		/* of tap's and other systems' */
		_IOW('t', 91, int), _IOR('e', 0, char[32]), 0x20045600, 0x20005600, 0x5600,
		0x800474c4, 0x400474c4, 0x200074c4, _IOR('t', 95, int),
		/* on the descriptor of an Ethernet unit only */
		0x8915, 0x8916, 0x8020690c, 0xc0206921,
	};
	struct state before, after;
	char arg[256] = { };
	unsigned int i;

	state_of(self->fd, self->u.ifindex, &before);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->fd, numbers[i], arg)))
			TH_LOG("number %#x", numbers[i]);
	state_of(self->fd, self->u.ifindex, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(ioctls, without_an_interface_all_are_ENXIO)
{
	char arg[256] = { };
	unsigned int i;

	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_EQ(-ENXIO, ERR(ioctl(self->fd, commands[i].cmd, arg)))
			TH_LOG("number %#x", commands[i].cmd);
		EXPECT_EQ(-ENXIO, ERR(ioctl(self->fd, bsd(commands[i].cmd), arg)))
			TH_LOG("number %#x", bsd(commands[i].cmd));
	}
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->fd, TUNSIFPID)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->fd, 0xffffffff, arg)));
}

TEST_HARNESS_MAIN
