// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of tun(4), tap(4) and vmnet: what each answers, to whom, and in
 * which order it looks at what is wrong. Built for 32-bit programs too.
 */

#include "lib/test.h"

#include <net/if_tap.h>
#include <net/if_tun.h>
#include <net/if_types.h>

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

#define NETBSD_GIFNAME	_IOR('e', 0, char[144])
#define BSD_SIFADDR	_IOW('i', 12, char[32])
#define BSD_GIFADDR	_IOWR('i', 33, char[32])
#define OLD_GIFADDR	_IOWR('i', 13, char[32])
#define NETBSD_GIFADDR	_IOWR('i', 33, char[144])

#define BSD_MULTICAST	0x8000

#define USER_OPEN	"/proc/sys/net/link/tap/user_open"
#define OTHER_MAC	"\x02\x42\x0a\x2a\x00\x09"

struct command {
	unsigned int cmd;
	size_t size;		/* of what is read or written */
	bool set;
};

/* Every command of tun's that takes or gives something, as Linux encodes it. */
static const struct command commands[] = {
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

/* And of tap's and vmnet's. */
static const struct command tap_commands[] = {
	{ TAPGDEBUG, 4, false }, { TAPSDEBUG, 4, true },
	{ TAPSIFINFO, 8, true }, { TAPGIFINFO, 8, false },
	{ OPENBSD_SIFINFO, 12, true }, { OPENBSD_GIFINFO, 12, false },
	{ LINUX_GIFNAME, 16, false }, { LINUX64_GIFNAME, 16, false },
	{ _IOR('t', 93, char[144]), 16, false }, { DRAGONFLY_GIFNAME, 16, false },
	{ NETBSD_GIFNAME, 16, false }, { _IOR('e', 0, char[32]), 16, false },
	{ _IOR('e', 0, char[40]), 16, false },
	{ TAPSTRANSIENT, 4, true }, { TAPGTRANSIENT, 4, false },
	{ SIOCGIFADDR, 6, false }, { SIOCSIFADDR, 6, true },
	{ BSD_GIFADDR, 6, false }, { OLD_GIFADDR, 6, false }, { NETBSD_GIFADDR, 6, false },
	{ _IOWR('i', 33, char[40]), 6, false }, { _IOWR('i', 13, char[40]), 6, false },
	{ BSD_SIFADDR, 6, true }, { _IOW('i', 12, char[40]), 6, true },
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
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
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
	EXPECT_EQ(3, get(other.fd, bsd_encoding(TUNGDEBUG)));
	EXPECT_TRUE(file_equals("/proc/sys/net/link/tun/debug", "3"));
	EXPECT_TRUE(file_equals("/proc/sys/debug/if_tun_debug", "3"));
	ASSERT_EQ(0, write_file("/proc/sys/debug/if_tun_debug", "-5"));
	EXPECT_EQ(-5, get(self->fd, TUNGDEBUG));
	ASSERT_EQ(0, set(other.fd, bsd_encoding(TUNSDEBUG), 0));
	EXPECT_TRUE(file_equals("/proc/sys/net/link/tun/debug", "0"));
	unit_destroy(&other);
}

/* Is it in the kernel's log, from where @log is on? */
static bool logged(int log, const char *text)
{
	static char line[8192];
	ssize_t n;

	/* A record a read; EPIPE says that some went before they were read. */
	while ((n = read(log, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		line[n] = '\0';
		if (strstr(line, text))
			return true;
	}
	return false;
}

/* Each ioctl that succeeds, as what it was understood to be; while debug is on. */
TEST_F(ioctls, A5_debug_says_what_was_asked)
{
	static const struct {
		unsigned int cmd;
		const char *text;
	} heads[] = {
		{ TUNSIFHEAD, "SetHead(Linux)" },
		{ TUNSIFHEAD, "SetHead(FreeBsd)" },
		{ NETBSD_SIFHEAD, "SetHead(NetBsd)" },
	};
	const char *name = strrchr(self->u.node, '/') + 1;
	char text[64];
	unsigned int i;
	int log;

	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, log);
	ASSERT_LE(0, lseek(log, 0, SEEK_END));
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		unsigned int cmd = i ? bsd_encoding(heads[i].cmd) : heads[i].cmd;

		snprintf(text, sizeof(text), "%s: %s\n", name, heads[i].text);
		ASSERT_EQ(0, set(self->fd, cmd, 1));
		EXPECT_FALSE(logged(log, text));
		ASSERT_EQ(0, set(self->fd, TUNSDEBUG, 1));
		ASSERT_EQ(0, set(self->fd, cmd, 1));
		ASSERT_EQ(0, set(self->fd, TUNSDEBUG, 0));
		EXPECT_TRUE(logged(log, text))
			TH_LOG("%s", text);
	}
	close(log);
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
			lmode = bsd_encoding(lmode);
			head = bsd_encoding(head);
			which = bsd_encoding(which);
		}
		EXPECT_EQ(0, get(self->fd, which));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "bare"));
		ASSERT_EQ(0, set(self->fd, lmode, 1));
		EXPECT_EQ(0, get(self->fd, which));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "lmode"));
		ASSERT_EQ(0, set(self->fd, head, 0));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "lmode"));
		ASSERT_EQ(0, set(self->fd, head, -7));
		/* 1, and not what was passed. */
		EXPECT_EQ(1, get(self->fd, which));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "ifhead"));
		ASSERT_EQ(0, set(self->fd, lmode, 0));
		EXPECT_EQ(1, get(self->fd, which));
		ASSERT_EQ(0, set(self->fd, head, 0));
		EXPECT_EQ(0, get(self->fd, which));
		EXPECT_TRUE(unit_attr_is(&self->u, "framing", "bare"));
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

	EXPECT_TRUE(unit_attr_is(&self->u, "dialect", "linux"));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, set(self->fd, cases[i].cmd, 1));
		EXPECT_TRUE(unit_attr_is(&self->u, "dialect", cases[i].dialect))
			TH_LOG("number %#x", cases[i].cmd);
	}
	EXPECT_EQ(0, unit_attr_set(&self->u, "dialect", "freebsd\n"));
	EXPECT_TRUE(unit_attr_is(&self->u, "dialect", "freebsd"));
	EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "dialect", "solaris"));
	EXPECT_TRUE(unit_attr_is(&self->u, "dialect", "freebsd"));
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

		ASSERT_EQ(0, set(self->fd, i & 2 ? bsd_encoding(cmd) : cmd, good[i].arg));
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

	unit_attr_path(path, sizeof(path), u, "owner");
	read_line(path, owner, size);
}

TEST_F(ioctls, A8_SIFPID_changes_the_owner)
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
	/* Not reaped yet: it still has its number. */
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", theirs));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	/* A process that is gone has none. */
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
	ASSERT_EQ(0, ioctl(self->fd, bsd_encoding(TUNSIFPID)));
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", mine));
}

TEST_F(ioctls, A24_no_owner_after_close)
{
	unit_close(&self->u);
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_FALSE(unit_attr_is(&self->u, "owner", "0"));
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
	struct timespec limit = { .tv_sec = TIMEOUT_MS / 1000 };
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
	EXPECT_EQ(1, get(self->fd, bsd_encoding(TUNGTRANSIENT)));
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "1"));
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

	ASSERT_EQ(0, set(self->fd, bsd_encoding(TUNSTRANSIENT), 1));
	ASSERT_EQ(0, set(self->fd, TUNSTRANSIENT, 0));
	unit_close(&self->u);
	EXPECT_EQ(0, link_get(self->u.ifindex, &link));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	EXPECT_EQ(1, get(self->fd, TUNGTRANSIENT));
	EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "transient", "perhaps"));
	EXPECT_EQ(1, get(self->fd, TUNGTRANSIENT));
	EXPECT_EQ(0, unit_attr_set(&self->u, "transient", "0"));
	EXPECT_EQ(0, get(self->fd, TUNGTRANSIENT));
}

/* A leak shows when it is repeated. */
TEST_F_TIMEOUT(ioctls, TRANSIENT_many_times, 120)
{
	int i;

	for (i = 0; i < 20; i++) {
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
	unsigned char remote[ETH_ALEN];
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
	ioctl(fd, SIOCGIFADDR, state->remote);
	state->fl = fcntl(fd, F_GETFL);
	link_get(ifindex, &link);
	state->flags = link.flags;
}

static void check_bad_pointers(struct __test_metadata *_metadata, struct unit *u,
			       const struct command *c, size_t count)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *map, *places[5];
	struct state before, after;
	unsigned int at;

	/* A page that can be read and written, one that can be read, one that is not there. */
	map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ));
	ASSERT_EQ(0, munmap(map + 2 * page, page));

	state_of(u->fd, u->ifindex, &before);
	for (; count--; c++) {
		places[0] = NULL;
		places[1] = (char *)(long)-page;
		places[2] = map + 2 * page;
		/* The last byte is beyond what can be read, or written. */
		places[3] = map + 2 * page - c->size + 1;
		places[4] = map + page - c->size + 1;
		for (at = 0; at < (c->set ? 4 : 5); at++) {
			EXPECT_EQ(-EFAULT, ERR(ioctl(u->fd, c->cmd, places[at])))
				TH_LOG("number %#x, place %u", c->cmd, at);
			EXPECT_EQ(-EFAULT, ERR(ioctl(u->fd, bsd_encoding(c->cmd), places[at])))
				TH_LOG("number %#x, place %u", bsd_encoding(c->cmd), at);
		}
	}
	state_of(u->fd, u->ifindex, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	munmap(map, 2 * page);
}

TEST_F(ioctls, bad_pointers_are_EFAULT_without_effect)
{
	check_bad_pointers(_metadata, &self->u, commands, ARRAY_SIZE(commands));
}

static void check_sizes(struct __test_metadata *_metadata, int fd, const struct command *c,
			size_t count)
{
	unsigned int at, encoding;
	unsigned char buf[256];

	for (; count--; c++) {
		for (encoding = 0; encoding < 2 && !c->set; encoding++) {
			unsigned int cmd = encoding ? bsd_encoding(c->cmd) : c->cmd;

			memset(buf, 0xa5, sizeof(buf));
			ASSERT_EQ(0, ERR(ioctl(fd, cmd, buf)))
				TH_LOG("number %#x", cmd);
			for (at = c->size; at < sizeof(buf); at++)
				ASSERT_EQ(0xa5, buf[at])
					TH_LOG("number %#x, byte %u", cmd, at);
		}
	}
}

TEST_F(ioctls, nothing_is_written_beyond_the_size)
{
	check_sizes(_metadata, self->fd, commands, ARRAY_SIZE(commands));
}

static void check_refused(struct __test_metadata *_metadata, struct unit *u,
			  const unsigned int *numbers, size_t count)
{
	struct state before, after;
	char arg[256] = { };

	state_of(u->fd, u->ifindex, &before);
	for (; count--; numbers++) {
		EXPECT_EQ(-ENOTTY, ERR(ioctl(u->fd, *numbers, arg)))
			TH_LOG("number %#x", *numbers);
		EXPECT_EQ(-ENOTTY, ERR(ioctl(u->fd, *numbers, NULL)))
			TH_LOG("number %#x", *numbers);
	}
	state_of(u->fd, u->ifindex, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
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
		0x8915, 0x8916, 0x8020690c, 0xc0206921, 0xc020690d, 0xc0906921, 0x4028690c,
		0x45600, 0x40906500, 0x80286500,
	};

	check_refused(_metadata, &self->u, numbers, ARRAY_SIZE(numbers));
}

static void check_gone(struct __test_metadata *_metadata, struct unit *u, const struct command *c,
		       size_t count)
{
	char arg[256] = { };

	ASSERT_EQ(0, link_del(u->ifindex));
	u->ifindex = 0;
	for (; count--; c++) {
		EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, c->cmd, arg)))
			TH_LOG("number %#x", c->cmd);
		EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, bsd_encoding(c->cmd), arg)))
			TH_LOG("number %#x", bsd_encoding(c->cmd));
	}
	EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, TUNSIFPID)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, VMIO_SIOCSIFFLAGS, 0)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, 0xffffffff, arg)));
}

TEST_F(ioctls, without_an_interface_all_are_ENXIO)
{
	check_gone(_metadata, &self->u, commands, ARRAY_SIZE(commands));
}

/* ---- tap and vmnet ------------------------------------------------------ */

FIXTURE(ether) {
	struct unit u;
	int fd;
};

FIXTURE_VARIANT(ether) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(ether, tap) {
	.kind = TAP_KIND,
};

FIXTURE_VARIANT_ADD(ether, vmnet) {
	.kind = VMNET_KIND,
};

FIXTURE_SETUP(ether)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
}

FIXTURE_TEARDOWN(ether)
{
	int zero = 0;

	ioctl(self->fd, TAPSDEBUG, &zero);
	write_file(USER_OPEN, "0");
	unit_destroy(&self->u);
}

static const struct tapinfo fresh = {
	.baudrate = 10000000, .mtu = 1500, .type = IFT_ETHER,
};

static bool info_is(int fd, const struct tapinfo *want)
{
	struct tapinfo now;

	memset(&now, 0x55, sizeof(now));
	return !ioctl(fd, TAPGIFINFO, &now) && !memcmp(&now, want, sizeof(now));
}

TEST_F(ether, B8_info_round_trips)
{
	static const unsigned int setters[] = { TAPSIFINFO, 0x8008745b, 0x4008745b };
	static const unsigned int getters[] = { TAPGIFINFO, 0x4008745c, 0x8008745c };
	struct tapinfo want;
	unsigned int i;

	EXPECT_TRUE(info_is(self->fd, &fresh));
	for (i = 0; i < ARRAY_SIZE(setters); i++) {
		struct tapinfo in = {
			.baudrate = 9600 + i, .mtu = 1400 + i, .type = IFT_ETHER, .dummy = 7,
		};
		struct tapinfo out = { };
		struct link link;

		ASSERT_EQ(0, ERR(ioctl(self->fd, setters[i], &in)));
		ASSERT_EQ(0, ERR(ioctl(self->fd, getters[i], &out)));
		EXPECT_EQ(in.baudrate, out.baudrate);
		EXPECT_EQ(in.mtu, out.mtu);
		EXPECT_EQ(IFT_ETHER, out.type);
		EXPECT_EQ(0, out.dummy);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(in.mtu, link.mtu);
	}
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 9000));
	want = (struct tapinfo){ .baudrate = 9602, .mtu = 9000, .type = IFT_ETHER };
	EXPECT_TRUE(info_is(self->fd, &want));
	/* They stay for the next to open it. */
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_TRUE(info_is(self->fd, &want));
}

TEST_F(ether, B8_another_type_is_EPROTOTYPE_and_stores_nothing)
{
	struct openbsd_info openbsd = { .mtu = 1200, .baudrate = 1 };
	struct tapinfo info = { .baudrate = 1, .mtu = 1200 };
	int type;

	for (type = 0; type < 256; type++) {
		if (type == IFT_ETHER)
			continue;
		info.type = type;
		openbsd.type = type;
		EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, TAPSIFINFO, &info)))
			TH_LOG("type %d", type);
		EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, bsd_encoding(TAPSIFINFO), &info)));
		EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, OPENBSD_SIFINFO, &openbsd)));
	}
	/* Only its low byte is Ethernet's. */
	openbsd.type = 0x100 | IFT_ETHER;
	EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, OPENBSD_SIFINFO, &openbsd)));
	/* It comes before what else is wrong. */
	info.mtu = 1;
	info.type = IFT_PPP;
	EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, TAPSIFINFO, &info)));
	EXPECT_TRUE(info_is(self->fd, &fresh));
}

TEST_F(ether, B8_mtu_from_72_to_65535)
{
	struct tapinfo info = { .baudrate = 1, .type = IFT_ETHER };
	struct openbsd_info openbsd = { .baudrate = 1, .type = IFT_ETHER };
	unsigned int i;

	for (i = 0; i < 72; i += 71) {
		info.mtu = i;
		openbsd.mtu = i;
		EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, TAPSIFINFO, &info)));
		EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, OPENBSD_SIFINFO, &openbsd)));
	}
	openbsd.mtu = 65536;
	EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, OPENBSD_SIFINFO, &openbsd)));
	openbsd.mtu = 65536 + 1500;
	EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, OPENBSD_SIFINFO, &openbsd)));
	EXPECT_TRUE(info_is(self->fd, &fresh));
	info.mtu = 72;
	EXPECT_EQ(0, ERR(ioctl(self->fd, TAPSIFINFO, &info)));
	EXPECT_TRUE(info_is(self->fd, &info));
	info.mtu = 65535;
	info.baudrate = -1;
	EXPECT_EQ(0, ERR(ioctl(self->fd, TAPSIFINFO, &info)));
	EXPECT_TRUE(info_is(self->fd, &info));
}

TEST_F(ether, B8_openbsd_info_has_12_bytes)
{
	static const unsigned int setters[] = { OPENBSD_SIFINFO, 0x800c745b };
	static const unsigned int getters[] = { OPENBSD_GIFINFO, 0x400c745c };
	struct openbsd_info in = { .mtu = 1234, .type = IFT_ETHER, .baudrate = 4711 };
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
		EXPECT_EQ(IFT_ETHER, out.info.type);
		EXPECT_EQ(4711, out.info.baudrate);
		/* BROADCAST and BSD's MULTICAST; down. */
		EXPECT_EQ(0x2 | BSD_MULTICAST, out.info.flags);
		EXPECT_EQ(0x55555555, out.behind);
	}
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, ioctl(self->fd, OPENBSD_GIFINFO, &out));
	EXPECT_EQ(0x1 | 0x2 | 0x40 | BSD_MULTICAST, out.info.flags);
}

/* A user whom the sysctl lets in, and nothing else: what may it do? */
static int use_as_user(struct unit *u)
{
	struct tapinfo info = fresh;
	int err = open_as_nobody(u);

	if (err)
		return err;
	info.baudrate = 115200;
	if (ioctl(u->fd, TAPSIFINFO, &info))
		return -1;	/* the MTU is left as it is: no privilege needed */
	info.mtu = 1400;
	info.baudrate = 300;
	if (ERR(ioctl(u->fd, TAPSIFINFO, &info)) != -EPERM)
		return -2;
	info.mtu = 1;		/* the privilege is asked for first */
	if (ERR(ioctl(u->fd, TAPSIFINFO, &info)) != -EPERM)
		return -3;
	if (ioctl(u->fd, SIOCSIFADDR, OTHER_MAC))
		return -4;
	if (ioctl(u->fd, VMIO_SIOCSIFFLAGS, 0))
		return -5;	/* which is what vmnet's users need it for */
	return 0;
}

TEST_F(ether, B8_mtu_is_changed_by_the_capable_only)
{
	struct tapinfo want = fresh;
	struct link link;

	unit_close(&self->u);
	ASSERT_EQ(0, write_file(USER_OPEN, "1"));
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(0, run_in_child(use_as_user, &self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	want.baudrate = 115200;
	EXPECT_TRUE(info_is(self->fd, &want));
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_EQ(0, memcmp(self->u.mac, link.address, ETH_ALEN));
}

TEST_F(ether, debug_is_one_with_tun_s)
{
	struct unit tun;

	ASSERT_EQ(0, unit_create(&tun, NULL));
	ASSERT_EQ(0, unit_open(&tun, 0));
	EXPECT_EQ(0, get(self->fd, TAPGDEBUG));
	ASSERT_EQ(0, set(self->fd, TAPSDEBUG, 3));
	EXPECT_EQ(3, get(self->fd, bsd_encoding(TAPGDEBUG)));
	EXPECT_EQ(3, get(tun.fd, TUNGDEBUG));
	EXPECT_TRUE(file_equals("/proc/sys/net/link/tap/debug", "3"));
	EXPECT_TRUE(file_equals("/proc/sys/net/link/tun/debug", "3"));
	EXPECT_TRUE(file_equals("/proc/sys/debug/if_tun_debug", "3"));
	ASSERT_EQ(0, write_file("/proc/sys/net/link/tap/debug", "-5"));
	EXPECT_EQ(-5, get(tun.fd, TUNGDEBUG));
	ASSERT_EQ(0, set(tun.fd, TUNSDEBUG, 0));
	EXPECT_EQ(0, get(self->fd, TAPGDEBUG));
	unit_destroy(&tun);
}

TEST_F(ether, B9_GIFNAME_is_the_current_name)
{
	static const unsigned int numbers[] = {
		TAPGIFNAME,
		0x4020745d, 0x8020745d, 0x4028745d, 0x8028745d, 0x4090745d, 0x8090745d,
		0x40207462, 0x80207462,
		0x40206500, 0x80206500, 0x40286500, 0x80286500, 0x40906500, 0x80906500,
	};
	const char *name = self->u.ifname;
	unsigned int i, round, at;
	char ifr[160];

	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(numbers); i++) {
			memset(ifr, 0x55, sizeof(ifr));
			ASSERT_EQ(0, ERR(ioctl(self->fd, numbers[i], ifr)))
				TH_LOG("number %#x", numbers[i]);
			EXPECT_STREQ(name, ifr);
			for (at = strlen(name); at < IFNAMSIZ; at++)
				EXPECT_EQ(0, ifr[at]);
			for (; at < sizeof(ifr); at++)
				EXPECT_EQ(0x55, ifr[at])
					TH_LOG("number %#x, byte %u", numbers[i], at);
		}
		name = "fifteen_letters";
		ASSERT_EQ(0, link_rename(self->u.ifindex, name));
	}
}

TEST_F(ether, B10_FIONREAD_is_the_first_frame)
{
	static const unsigned int numbers[] = { FIONREAD, BSD_FIONREAD };
	int raw = packet_socket();
	unsigned int i, len;
	char frame[200] = "\xff\xff\xff\xff\xff\xff";

	ASSERT_LE(0, raw);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(0, get(self->fd, numbers[i]));
		for (len = 100; len <= 200; len += 100)
			ASSERT_EQ((ssize_t)len, packet_send(raw, self->u.ifindex, ETH_P_LOOPBACK,
							    frame, len));
		for (len = 100; len <= 200; len += 100) {
			EXPECT_EQ(len, get(self->fd, numbers[i]));
			ASSERT_EQ(10, read(self->fd, frame, 10));
		}
		EXPECT_EQ(0, get(self->fd, numbers[i]));
	}
	close(raw);
}

TEST_F(ether, B10_FIONBIO_and_the_owner_of_the_signals)
{
	static const unsigned int setown[] = { 0x8901, BSD_FIOSETOWN, 0x8902 };
	static const unsigned int getown[] = { 0x8903, BSD_FIOGETOWN, 0x8904 };
	static const unsigned int spgrp[] = { TIOCSPGRP, BSD_TIOCSPGRP };
	static const unsigned int gpgrp[] = { TIOCGPGRP, BSD_TIOCGPGRP };
	static const unsigned int nbio[] = { FIONBIO, BSD_FIONBIO };
	int pid = getpid(), group = getpgrp();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nbio); i++) {
		ASSERT_EQ(0, set(self->fd, nbio[i], 0));
		EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & O_NONBLOCK);
		ASSERT_EQ(0, set(self->fd, nbio[i], 1));
		EXPECT_EQ(-EAGAIN, ERR(read(self->fd, &(char){ 0 }, 1)));
	}
	for (i = 0; i < ARRAY_SIZE(setown); i++) {
		ASSERT_EQ(0, set(self->fd, setown[i], pid));
		EXPECT_EQ(pid, get(self->fd, getown[i]));
		EXPECT_EQ(-pid, get(self->fd, TIOCGPGRP));
		ASSERT_EQ(0, set(self->fd, setown[i], 0));
		EXPECT_EQ(0, get(self->fd, getown[i]));
	}
	for (i = 0; i < ARRAY_SIZE(spgrp); i++) {
		ASSERT_EQ(0, set(self->fd, spgrp[i], group));
		EXPECT_EQ(group, get(self->fd, gpgrp[i]));
		EXPECT_EQ(-group, get(self->fd, BSD_FIOGETOWN));
	}
}

TEST_F(ether, B10_FIOASYNC)
{
	static const unsigned int numbers[] = { FIOASYNC, BSD_FIOASYNC };
	char frame[60] = "\xff\xff\xff\xff\xff\xff";
	int raw = packet_socket();
	siginfo_t info;
	unsigned int i;

	ASSERT_LE(0, raw);
	block_signal(SIGIO);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, set(self->fd, BSD_FIOSETOWN, getpid()));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		ASSERT_EQ(0, set(self->fd, numbers[i], 1));
		EXPECT_NE(0, fcntl(self->fd, F_GETFL) & O_ASYNC);
		packet_send(raw, self->u.ifindex, ETH_P_LOOPBACK, frame, sizeof(frame));
		EXPECT_EQ(SIGIO, wait_signal(SIGIO, &info, TIMEOUT_MS));
		ASSERT_EQ(0, set(self->fd, numbers[i], 0));
		EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & O_ASYNC);
		packet_send(raw, self->u.ifindex, ETH_P_LOOPBACK, frame, sizeof(frame));
		EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGIO, &info, QUIET_MS)));
	}
	close(raw);
}

/* ---- the "remote" MAC ---------------------------------------------------- */

/* Asks for the remote MAC: six bytes, as they are, at the pointer. */
static bool remote_is(int fd, unsigned int cmd, const void *mac)
{
	unsigned char arg[160], want[160];

	memset(arg, 0x55, sizeof(arg));
	memset(want, 0x55, sizeof(want));
	memcpy(want, mac, ETH_ALEN);
	return !ioctl(fd, cmd, arg) && !memcmp(arg, want, sizeof(arg));
}

TEST_F(ether, B11_remote_MAC)
{
	static const unsigned int getters[] = {
		SIOCGIFADDR, 0x8915, 0xc0206921, 0xc020690d, 0xc0906921, 0xc0286921, 0xc028690d,
	};
	static const unsigned int setters[] = {
		SIOCSIFADDR, 0x8916, 0x8020690c, 0x4020690c, 0x8028690c, 0x4028690c,
	};
	unsigned char mac[ETH_ALEN];
	struct link link;
	unsigned int i, k;

	/* At first, and at each open, the interface's own. */
	for (k = 0; k < ARRAY_SIZE(getters); k++)
		EXPECT_TRUE(remote_is(self->fd, getters[k], self->u.mac))
			TH_LOG("number %#x", getters[k]);
	for (i = 0; i < ARRAY_SIZE(setters); i++) {
		memcpy(mac, OTHER_MAC, ETH_ALEN);
		mac[5] = i;
		ASSERT_EQ(0, ERR(ioctl(self->fd, setters[i], mac)))
			TH_LOG("number %#x", setters[i]);
		for (k = 0; k < ARRAY_SIZE(getters); k++)
			EXPECT_TRUE(remote_is(self->fd, getters[k], mac))
				TH_LOG("number %#x after %#x", getters[k], setters[i]);
	}
	/* It is the program's own affair what it is. */
	ASSERT_EQ(0, ioctl(self->fd, SIOCSIFADDR, "\xff\xff\xff\xff\xff\xff"));
	EXPECT_TRUE(remote_is(self->fd, SIOCGIFADDR, "\xff\xff\xff\xff\xff\xff"));
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_EQ(0, memcmp(self->u.mac, link.address, ETH_ALEN));

	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_TRUE(remote_is(self->fd, SIOCGIFADDR, self->u.mac));
	/* A change of the interface's is seen at the next open. */
	ASSERT_EQ(0, link_set_address(self->u.ifindex, OTHER_MAC));
	EXPECT_TRUE(remote_is(self->fd, SIOCGIFADDR, self->u.mac));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_TRUE(remote_is(self->fd, SIOCGIFADDR, OTHER_MAC));
}

TEST_F(ether, B11_remote_MAC_is_six_bytes_and_no_more)
{
	const long page = sysconf(_SC_PAGESIZE);
	static const unsigned int getters[] = { SIOCGIFADDR, 0xc0206921, 0xc0906921 };
	static const unsigned int setters[] = { SIOCSIFADDR, 0x8020690c, 0x4028690c };
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
	char *last = map + page - ETH_ALEN;
	unsigned int i;

	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, munmap(map + page, page));
	for (i = 0; i < ARRAY_SIZE(getters); i++) {
		memcpy(last, OTHER_MAC, ETH_ALEN);
		last[5] = i;
		EXPECT_EQ(0, ERR(ioctl(self->fd, setters[i], last)));
		memset(last, 0, ETH_ALEN);
		EXPECT_EQ(0, ERR(ioctl(self->fd, getters[i], last)));
		EXPECT_EQ(0, memcmp(last, OTHER_MAC, ETH_ALEN - 1));
		EXPECT_EQ(i, last[5]);
	}
	munmap(map, page);
}

TEST_F(ether, B11_remote_MAC_is_not_looked_at)
{
	struct rtnl_link_stats64 before;
	char frame[60];

	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, ioctl(self->fd, SIOCSIFADDR, OTHER_MAC));
	before = link_stats(self->u.ifindex);
	memset(frame, 0, sizeof(frame));
	build_frame(frame, OTHER_MAC, PEER_MAC, ETH_P_LOOPBACK, NULL, 0);
	EXPECT_EQ(60, write(self->fd, frame, sizeof(frame)));
	EXPECT_EQ(0, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, rx_packets)));
	build_frame(frame, self->u.mac, PEER_MAC, ETH_P_LOOPBACK, NULL, 0);
	EXPECT_EQ(60, write(self->fd, frame, sizeof(frame)));
	EXPECT_EQ(1, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, rx_packets)));
}

/* ---- VMware's ------------------------------------------------------------ */

TEST_F(ether, B15_VMIO_sets_up_and_takes_two_flags)
{
	static const unsigned int numbers[] = {
		VMIO_SIOCSIFFLAGS, 0x20045600, 0x20005600, 0x00005600, 0x00045600,
	};
	static const struct {
		unsigned long arg;
		unsigned int flags;
	} cases[] = {
		{ 0, 0 }, { IFF_DEBUG | IFF_NOARP, IFF_DEBUG | IFF_NOARP },
		{ IFF_NOARP, IFF_NOARP }, { IFF_UP | IFF_DEBUG, IFF_DEBUG }, { IFF_UP, 0 },
		/* What is the kernel's is not taken, nor what BSD keeps for itself. */
		{ 0xffffffff, IFF_DEBUG | IFF_NOARP }, { 0x1000, 0 },
		{ IFF_LOOPBACK | IFF_POINTOPOINT | 0x7000, 0 },
	};
	unsigned int promisc, i, k, kept;
	struct link link;

	for (promisc = 0; promisc < 2; promisc++) {
		kept = IFF_BROADCAST | IFF_MULTICAST;
		if (promisc) {
			kept |= IFF_PROMISC | IFF_ALLMULTI;
			ASSERT_EQ(0, link_set_flags(self->u.ifindex, kept, kept));
		}
		for (i = 0; i < ARRAY_SIZE(numbers); i++) {
			for (k = 0; k < ARRAY_SIZE(cases); k++) {
				if (k % 2)
					ASSERT_EQ(0, link_down(self->u.ifindex));
				ASSERT_EQ(0, ERR(ioctl(self->fd, numbers[i], cases[k].arg)))
					TH_LOG("number %#x", numbers[i]);
				ASSERT_EQ(0, link_get(self->u.ifindex, &link));
				EXPECT_EQ(kept | cases[k].flags | IFF_UP,
					  link.flags & 0xffff & ~IFF_RUNNING)
					TH_LOG("number %#x, flags %#lx", numbers[i], cases[k].arg);
			}
		}
	}
}

TEST_F(ether, B15_VMIO_clears_what_keeps_it)
{
	if (!strcmp(variant->kind, TAP_KIND)) {
		ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
		ASSERT_EQ(0, ioctl(self->fd, VMIO_SIOCSIFFLAGS, 0x1000));
		EXPECT_TRUE(unit_attr_is(&self->u, "keep", "0"));
		unit_close(&self->u);
		EXPECT_FALSE(link_is_up(self->u.ifindex));
	} else {
		/* A vmnet is kept by what it is. */
		ASSERT_EQ(0, ioctl(self->fd, VMIO_SIOCSIFFLAGS, 0));
		unit_close(&self->u);
		EXPECT_TRUE(link_is_up(self->u.ifindex));
	}
}

/* ---- the rest ------------------------------------------------------------ */

TEST_F(ether, TRANSIENT_goes_at_the_last_close)
{
	struct link link;

	EXPECT_EQ(0, get(self->fd, TAPGTRANSIENT));
	ASSERT_EQ(0, set(self->fd, bsd_encoding(TAPSTRANSIENT), 5));
	EXPECT_EQ(1, get(self->fd, bsd_encoding(TAPGTRANSIENT)));
	ASSERT_EQ(0, set(self->fd, TAPSTRANSIENT, 0));
	EXPECT_EQ(0, get(self->fd, TAPGTRANSIENT));
	ASSERT_EQ(0, set(self->fd, TAPSTRANSIENT, -1));
	EXPECT_EQ(1, get(self->fd, TAPGTRANSIENT));
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "1"));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	unit_close(&self->u);
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &link));
	EXPECT_FALSE(node_exists(&self->u));
	self->u.ifindex = 0;
}

TEST_F(ether, owner_is_the_opener_until_the_last_close)
{
	char mine[16];

	snprintf(mine, sizeof(mine), "%d", getpid());
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", mine));
	unit_close(&self->u);
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
}

TEST_F(ether, bad_pointers_are_EFAULT_without_effect)
{
	check_bad_pointers(_metadata, &self->u, tap_commands, ARRAY_SIZE(tap_commands));
}

TEST_F(ether, nothing_is_written_beyond_the_size)
{
	check_sizes(_metadata, self->fd, tap_commands, ARRAY_SIZE(tap_commands));
}

TEST_F(ether, what_is_tun_s_or_nobody_s_is_ENOTTY)
{
	static const unsigned int numbers[] = {
		/* of tun alone, in both encodings */
		TUNSLMODE, 0x8004745d, TUNSIFMODE, 0x8004745e, TUNSIFPID, 0x2000745f,
		TUNSIFHEAD, 0x80047460, TUNGIFHEAD, 0x40047461,
		NETBSD_GIFHEAD, 0x40047441, NETBSD_SIFHEAD, 0x80047442,
		NETBSD_SLMODE, 0x80047457, NETBSD_SIFMODE, 0x80047458,
		/* virtio headers; the one that reads is tun's SIFMODE, see above */
		_IOW('t', 91, int), 0x8004745b,
		/* OpenBSD's offloads */
		0x800474c4, 0x400474c4, 0x200074c4, 0x000074c4,
		/* VMware's, in all four forms */
		0x20005601, 0x20005602, 0x20005603, 0x20005604, 0x20005605, 0x20005606, 0x20005607,
		0x5601, 0x5602, 0x5603, 0x5604, 0x5605, 0x5606, 0x5607, 0x20045601, 0x45601,
		_IOW('V', 0, int), _IOR('V', 0, int), _IOWR('V', 0, int), 0x20085600, 0x20025600,
		/* a wrong size, or a direction that neither encoding has */
		_IOR('t', 93, char[16]), _IOR('t', 93, char[33]), _IOW('t', 91, char[9]),
		_IOWR('t', 91, char[8]), _IOR('e', 0, char[16]), _IOR('e', 0, char[33]),
		_IO('e', 0), _IOR('e', 1, char[32]), _IOW('t', 98, short),
		/* other things that one asks of a socket */
		0x8913, 0x8914, 0x8927, 0x8924, 0xc0206911, 0x80206910, 0xc331693b,
		0x5401, 0x400454ca, 0x800454d2, 0x89f0, 0, 0xffffffff,
	};

	check_refused(_metadata, &self->u, numbers, ARRAY_SIZE(numbers));
}

TEST_F(ether, without_an_interface_all_are_ENXIO)
{
	check_gone(_metadata, &self->u, tap_commands, ARRAY_SIZE(tap_commands));
}

TEST_HARNESS_MAIN
