// SPDX-License-Identifier: GPL-2.0
/*
 * Every byte that the driver returns is one that it means to return. Buffers are filled with a
 * pattern before a call; afterwards padding is zero, and what the call does not return still has
 * the pattern.
 */
#include "lib/test.h"

#include <ctype.h>

#include <linux/if_bsdtun.h>
#include <net/if_tun.h>

#define PATTERN		0xa5
#define OTHER_PATTERN	0x5a

/* The longest name, and one whose padding would hold the rest of it. */
#define LONG_NAME	"abcdefghijklmno"
#define SHORT_NAME	"x"

/* What FreeBSD's and OpenBSD's struct tuninfo have in common is the number of the command. */
#define INFO_SIZE		8
#define OPENBSD_INFO_SIZE	12

FIXTURE(padding) {
	struct unit u;
	int raw;		/* a packet socket */
};

FIXTURE_VARIANT(padding) {
	const char *kind;
	bool tun;
	bool keep;		/* has IFLA_BSDTUN_KEEP */
};

FIXTURE_VARIANT_ADD(padding, tun) {
	.kind = TUN_KIND,
	.tun = true,
};

FIXTURE_VARIANT_ADD(padding, tap) {
	.kind = TAP_KIND,
	.keep = true,
};

FIXTURE_VARIANT_ADD(padding, vmnet) {
	.kind = VMNET_KIND,
};

FIXTURE_SETUP(padding)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, netns_reset());
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, LONG_NAME));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_rename(self->u.ifindex, SHORT_NAME));
	snprintf(self->u.ifname, IFNAMSIZ, SHORT_NAME);
}

FIXTURE_TEARDOWN(padding)
{
	unit_destroy(&self->u);
}

/* True if all @n bytes are @c. */
static bool all_are(const void *buf, size_t n, unsigned char c)
{
	const unsigned char *p = buf;

	while (n && *p == c) {
		p++;
		n--;
	}
	return !n;
}

/* True if @buf is a string, filled up with zeros to @size bytes. */
static bool is_padded_string(const char *buf, size_t size)
{
	size_t len = strnlen(buf, size);

	return len < size && all_are(buf + len, size - len, 0);
}

/* ---- ioctl --------------------------------------------------------------- */

/* A command that returns something. */
struct getter {
	const char *name;
	unsigned int cmd;	/* as _IOR() makes it */
	size_t size;		/* of what it returns */
	enum { BOTH, TUN, TAP } of;
	bool fixed;		/* the same number in every encoding */
};

#define IFREQ(group, nr, size)		_IOC(_IOC_READ, group, nr, size)
#define IFREQ_RW(group, nr, size)	_IOC(_IOC_READ | _IOC_WRITE, group, nr, size)

static const struct getter getters[] = {
	{ "GDEBUG", _IOR('t', 89, int), 4, BOTH, false },
	{ "GIFINFO of 8 bytes", _IOC(_IOC_READ, 't', 92, INFO_SIZE), INFO_SIZE, BOTH, false },
	{ "GIFINFO of 12 bytes", _IOC(_IOC_READ, 't', 92, OPENBSD_INFO_SIZE), OPENBSD_INFO_SIZE,
	  BOTH, false },
	{ "GIFNAME of 32 bytes", IFREQ('t', 93, 32), IFNAMSIZ, BOTH, false },
	{ "GIFNAME of 40 bytes", IFREQ('t', 93, 40), IFNAMSIZ, BOTH, false },
	{ "GIFNAME of 144 bytes", IFREQ('t', 93, 144), IFNAMSIZ, BOTH, false },
	{ "DragonFly's GIFNAME of 32 bytes", IFREQ('t', 98, 32), IFNAMSIZ, BOTH, false },
	{ "DragonFly's GIFNAME of 40 bytes", IFREQ('t', 98, 40), IFNAMSIZ, BOTH, false },
	{ "DragonFly's GIFNAME of 144 bytes", IFREQ('t', 98, 144), IFNAMSIZ, BOTH, false },
	{ "NetBSD's GIFNAME of 32 bytes", IFREQ('e', 0, 32), IFNAMSIZ, TAP, false },
	{ "NetBSD's GIFNAME of 40 bytes", IFREQ('e', 0, 40), IFNAMSIZ, TAP, false },
	{ "NetBSD's GIFNAME of 144 bytes", IFREQ('e', 0, 144), IFNAMSIZ, TAP, false },
	{ "GIFHEAD", _IOR('t', 97, int), 4, TUN, false },
	{ "NetBSD's GIFHEAD", _IOR('t', 65, int), 4, TUN, false },
	{ "GTRANSIENT", _IOR('t', 99, int), 4, BOTH, false },
	{ "SIOCGIFADDR", SIOCGIFADDR, ETH_ALEN, TAP, true },
	{ "SIOCGIFADDR of 32 bytes", IFREQ_RW('i', 33, 32), ETH_ALEN, TAP, true },
	{ "SIOCGIFADDR of 40 bytes", IFREQ_RW('i', 33, 40), ETH_ALEN, TAP, true },
	{ "SIOCGIFADDR of 144 bytes", IFREQ_RW('i', 33, 144), ETH_ALEN, TAP, true },
	{ "OSIOCGIFADDR of 32 bytes", IFREQ_RW('i', 13, 32), ETH_ALEN, TAP, true },
	{ "FIONREAD", FIONREAD, 4, BOTH, true },
	{ "BSD's FIONREAD", _IOR('f', 127, int), 4, BOTH, false },
	{ "FIOGETOWN", FIOGETOWN, 4, BOTH, true },
	{ "BSD's FIOGETOWN", _IOR('f', 123, int), 4, BOTH, false },
	{ "SIOCGPGRP", SIOCGPGRP, 4, BOTH, true },
	{ "TIOCGPGRP", TIOCGPGRP, 4, BOTH, true },
	{ "BSD's TIOCGPGRP", _IOR('t', 119, int), 4, BOTH, false },
};

/* Calls it with two patterns: exactly @g->size bytes come from the driver, the same both times. */
static bool returns_its_size_only(int fd, const struct getter *g, unsigned int cmd)
{
	unsigned char first[256], second[256];

	memset(first, PATTERN, sizeof(first));
	memset(second, OTHER_PATTERN, sizeof(second));
	return !ioctl(fd, cmd, first) && !ioctl(fd, cmd, second) &&
	       !memcmp(first, second, g->size) &&
	       all_are(first + g->size, sizeof(first) - g->size, PATTERN) &&
	       all_are(second + g->size, sizeof(second) - g->size, OTHER_PATTERN);
}

TEST_F(padding, ioctl_returns_its_size_only)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(getters); i++) {
		const struct getter *g = &getters[i];

		if (g->of == (variant->tun ? TAP : TUN))
			continue;
		EXPECT_TRUE(returns_its_size_only(self->u.fd, g, g->cmd))
			TH_LOG("%s", g->name);
		if (!g->fixed)
			EXPECT_TRUE(returns_its_size_only(self->u.fd, g, bsd_encoding(g->cmd)))
				TH_LOG("%s in the encoding of the BSDs", g->name);
	}
}

/* The number of commands that return something else than @name and zeros. */
static int wrong_names(int fd, bool tun, const char *name)
{
	char expected[IFNAMSIZ] = "", ifr[256];
	int i, wrong = 0;

	snprintf(expected, sizeof(expected), "%s", name);
	for (i = 0; i < ARRAY_SIZE(getters); i++) {
		const struct getter *g = &getters[i];

		if (g->size != IFNAMSIZ || g->of == (tun ? TAP : TUN))
			continue;
		memset(ifr, PATTERN, sizeof(ifr));
		wrong += ioctl(fd, g->cmd, ifr) || memcmp(expected, ifr, sizeof(expected));
	}
	return wrong;
}

TEST_F(padding, interface_name_is_padded_with_zeros)
{
	static const char *const names[] = { SHORT_NAME, "ab", LONG_NAME, "abc", "eth0.7", "y" };
	char ifr[40];
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], self->u.ifname))
			ASSERT_EQ(0, link_rename(self->u.ifindex, names[i]));
		snprintf(self->u.ifname, IFNAMSIZ, "%s", names[i]);
		ASSERT_EQ(0, ioctl(self->u.fd, LINUX64_GIFNAME, ifr));
		EXPECT_EQ(0, wrong_names(self->u.fd, variant->tun, names[i]))
			TH_LOG("'%s' comes with '%.7s'", names[i], ifr + 8);
	}
}

TEST_F(padding, info_has_no_other_bytes)
{
	struct tuninfo info;
	struct {
		__u32 mtu;
		__u16 type;
		__u16 flags;
		__u32 baudrate;
	} openbsd;

	memset(&info, PATTERN, sizeof(info));
	ASSERT_EQ(0, ioctl(self->u.fd, TUNGIFINFO, &info));
	EXPECT_EQ(1500, info.mtu);
	EXPECT_EQ(0, info.dummy);
	/* Nor what a program stored there. */
	info.dummy = PATTERN;
	ASSERT_EQ(0, ioctl(self->u.fd, TUNSIFINFO, &info));
	ASSERT_EQ(0, ioctl(self->u.fd, TUNGIFINFO, &info));
	EXPECT_EQ(0, info.dummy);

	memset(&openbsd, PATTERN, sizeof(openbsd));
	ASSERT_EQ(0, ioctl(self->u.fd, _IOC(_IOC_READ, 't', 92, sizeof(openbsd)), &openbsd));
	EXPECT_EQ(1500, openbsd.mtu);
	EXPECT_EQ(info.type, openbsd.type);
	EXPECT_EQ(info.baudrate, openbsd.baudrate);
}

/* A command that takes something leaves it as it is. */
TEST_F(padding, setters_return_nothing)
{
	static const unsigned int cmds[] = {
		_IOW('t', 90, int), _IOW('t', 91, struct tuninfo), _IOW('t', 91, int),
		_IOW('t', 93, int), _IOW('t', 94, int), _IO('t', 95), _IOW('t', 96, int),
		_IOW('t', 98, int), _IOW('t', 196, int), _IO('t', 196), _IO('V', 0),
		FIONBIO, FIOASYNC, FIOSETOWN, TIOCSPGRP, SIOCSIFADDR,
	};
	unsigned char buf[256];
	int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		/* Of a tap, 94 is a getter in both encodings. */
		if (cmds[i] == _IOW('t', 94, int) && !variant->tun)
			continue;
		memset(buf, PATTERN, sizeof(buf));
		/* Most refuse such a value. */
		(void)ioctl(self->u.fd, cmds[i], buf);
		EXPECT_TRUE(all_are(buf, sizeof(buf), PATTERN))
			TH_LOG("0x%x", cmds[i]);
		memset(buf, 0, sizeof(buf));
		(void)ioctl(self->u.fd, cmds[i], buf);
		EXPECT_TRUE(all_are(buf, sizeof(buf), 0))
			TH_LOG("0x%x", cmds[i]);
	}
}

/* Nor does a command that is not known, of any direction and size. */
TEST_F(padding, unknown_commands_return_nothing)
{
	static const unsigned int dirs[] = { _IOC_NONE, _IOC_READ, _IOC_WRITE,
					     _IOC_READ | _IOC_WRITE };
	unsigned char buf[256];
	int dir, nr;

	memset(buf, PATTERN, sizeof(buf));
	for (dir = 0; dir < ARRAY_SIZE(dirs); dir++)
		for (nr = 128; nr < 256; nr++)
			(void)ioctl(self->u.fd, _IOC(dirs[dir], 't', nr, 144), buf);
	EXPECT_TRUE(all_are(buf, sizeof(buf), PATTERN));
}

/* ---- read ---------------------------------------------------------------- */

/* Queues a packet of @len bytes, or a frame that begins with it. */
static void queue_packet(struct __test_metadata *_metadata, int raw, const struct unit *u,
			 size_t len)
{
	unsigned char packet[256] = { 0x45, [12] = 0x08, [16] = 10, 42, 0, 2 };

	ASSERT_EQ((ssize_t)len, packet_send(raw, u->ifindex, ETH_P_IP, packet, len));
}

TEST_F(padding, read_returns_the_packet_only)
{
	unsigned char buf[256];

	ASSERT_EQ(0, link_up(self->u.ifindex));
	queue_packet(_metadata, self->raw, &self->u, 60);
	memset(buf, PATTERN, sizeof(buf));
	ASSERT_EQ(60, read(self->u.fd, buf, sizeof(buf)));
	EXPECT_TRUE(all_are(buf + 60, sizeof(buf) - 60, PATTERN));

	queue_packet(_metadata, self->raw, &self->u, 60);
	memset(buf, PATTERN, sizeof(buf));
	ASSERT_EQ(20, read(self->u.fd, buf, 20));
	EXPECT_TRUE(all_are(buf + 20, sizeof(buf) - 20, PATTERN));

	/* Without a packet. */
	memset(buf, PATTERN, sizeof(buf));
	ASSERT_EQ(-EAGAIN, ERR(read(self->u.fd, buf, sizeof(buf))));
	EXPECT_TRUE(all_are(buf, sizeof(buf), PATTERN));
}

TEST_F(padding, prefixes_are_padded_with_zeros)
{
	static const unsigned char family[4] = { 0, 0, 0, AF_INET };
	unsigned char buf[256];
	int on = 1, off = 0;

	if (!variant->tun)
		SKIP(return, "a frame has no prefix");
	ASSERT_EQ(0, link_up(self->u.ifindex));
	/* A BSD sockaddr_in: length and family of a byte each, port, address, sin_zero. */
	ASSERT_EQ(0, ioctl(self->u.fd, TUNSLMODE, &on));
	queue_packet(_metadata, self->raw, &self->u, 60);
	memset(buf, PATTERN, sizeof(buf));
	ASSERT_EQ(76, read(self->u.fd, buf, sizeof(buf)));
	EXPECT_EQ(16, buf[0]);
	EXPECT_EQ(AF_INET, buf[1]);
	EXPECT_TRUE(all_are(buf + 2, 2, 0));
	EXPECT_TRUE(all_are(buf + 8, 8, 0));
	EXPECT_TRUE(all_are(buf + 76, sizeof(buf) - 76, PATTERN));

	ASSERT_EQ(0, ioctl(self->u.fd, TUNSLMODE, &off));
	ASSERT_EQ(0, ioctl(self->u.fd, TUNSIFHEAD, &on));
	queue_packet(_metadata, self->raw, &self->u, 60);
	memset(buf, PATTERN, sizeof(buf));
	ASSERT_EQ(64, read(self->u.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(family, buf, sizeof(family)));
	EXPECT_TRUE(all_are(buf + 64, sizeof(buf) - 64, PATTERN));
}

/* ---- rtnetlink ----------------------------------------------------------- */

/* What is wrong with the attributes in [@data, @data + @len), or NULL. */
static const char *check_attrs(const void *data, int len, bool nested_in_data)
{
	const struct rtattr *rta = data;
	const char *problem;

	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len)) {
		size_t payload = RTA_PAYLOAD(rta);
		const char *end = (const char *)rta + rta->rta_len;
		int type = rta->rta_type & NLA_TYPE_MASK;

		if (!all_are(end, RTA_ALIGN(rta->rta_len) - rta->rta_len, 0))
			return "padding is not zero";
		if (!nested_in_data)
			continue;
		switch (type) {
		case IFLA_BSDTUN_UNIT:
			problem = payload == sizeof(__u32) ? NULL : "length of IFLA_BSDTUN_UNIT";
			break;
		case IFLA_BSDTUN_KEEP:
		case IFLA_BSDTUN_TRANSIENT:
			problem = payload == sizeof(__u8) ? NULL : "length of a flag";
			break;
		case IFLA_BSDTUN_FRAMING:
		case IFLA_BSDTUN_DIALECT:
			problem = strnlen(RTA_DATA(rta), payload) + 1 == payload ?
				NULL : "length of a word";
			break;
		default:
			problem = NULL;
		}
		if (problem)
			return problem;
	}
	return len ? "bytes behind the last attribute" : NULL;
}

static const char *check_link_info(const struct rtattr *info, const char *kind)
{
	const struct rtattr *rta = RTA_DATA(info);
	int len = RTA_PAYLOAD(info);
	const char *problem = check_attrs(RTA_DATA(info), len, false);

	for (; !problem && RTA_OK(rta, len); rta = RTA_NEXT(rta, len)) {
		int type = rta->rta_type & NLA_TYPE_MASK;

		if (type == IFLA_INFO_KIND &&
		    (RTA_PAYLOAD(rta) != strlen(kind) + 1 || strcmp(RTA_DATA(rta), kind)))
			problem = "IFLA_INFO_KIND";
		if (type == IFLA_INFO_DATA)
			problem = check_attrs(RTA_DATA(rta), RTA_PAYLOAD(rta), true);
	}
	return problem;
}

/* What is wrong with an RTM_NEWLINK, or NULL. */
static const char *check_link(const struct nlmsghdr *n, const struct unit *u)
{
	const struct rtattr *rta = IFLA_RTA(NLMSG_DATA(n));
	int len = IFLA_PAYLOAD(n);
	const char *problem = check_attrs(rta, len, false);

	for (; !problem && RTA_OK(rta, len); rta = RTA_NEXT(rta, len)) {
		int type = rta->rta_type & NLA_TYPE_MASK;

		if (type == IFLA_IFNAME && (RTA_PAYLOAD(rta) != strlen(u->ifname) + 1 ||
					    strcmp(RTA_DATA(rta), u->ifname)))
			problem = "IFLA_IFNAME";
		if (type == IFLA_LINKINFO)
			problem = check_link_info(rta, u->kind);
	}
	return problem;
}

/* The answer to a request, in a buffer with the pattern. */
static const char *check_answer(struct nl_request *req, const struct unit *u)
{
	static union {
		struct nlmsghdr n;
		char room[32768];
	} buf;
	const char *problem = "no answer";
	int fd = nl_open();
	ssize_t len;

	memset(&buf, PATTERN, sizeof(buf));
	if (fd < 0 || nl_send(fd, req))
		return "not sent";
	len = recv(fd, &buf, sizeof(buf), 0);
	if (len > 0 && buf.n.nlmsg_type == RTM_NEWLINK) {
		problem = check_link(&buf.n, u);
		if (!problem && !all_are(buf.room + len, sizeof(buf) - len, PATTERN))
			problem = "more than its length";
	}
	close(fd);
	return problem;
}

TEST_F(padding, rtnetlink_attributes_are_padded_with_zeros)
{
	struct nl_request req;
	const char *problem;

	nl_init(&req, RTM_GETLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = self->u.ifindex;
	problem = check_answer(&req, &self->u);
	EXPECT_EQ(NULL, problem)
		TH_LOG("RTM_GETLINK: %s", problem);
	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(req.ifi));
	/* Of others there is only the loopback device. */
	problem = check_answer(&req, &self->u);
	if (problem && strcmp(problem, "IFLA_IFNAME"))
		TH_LOG("dump: %s", problem);
	EXPECT_TRUE(!problem || !strcmp(problem, "IFLA_IFNAME"));
}

/* A notification, as all listeners get it. */
TEST_F(padding, notifications_are_padded_with_zeros)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	const char *problem;
	int messages = 0;
	static union {
		struct nlmsghdr n;
		char room[32768];
	} buf;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (void *)&nl, sizeof(nl)));
	ASSERT_EQ(0, link_rename(self->u.ifindex, LONG_NAME));
	ASSERT_EQ(0, link_rename(self->u.ifindex, SHORT_NAME));
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 1400));
	while (recv(fd, &buf, sizeof(buf), 0) > 0) {
		struct unit named = self->u;
		struct link link;

		if (buf.n.nlmsg_type != RTM_NEWLINK)
			continue;
		nl_parse_link(&buf.n, &link);
		memcpy(named.ifname, link.name, sizeof(named.ifname));
		problem = check_link(&buf.n, &named);
		EXPECT_EQ(NULL, problem)
			TH_LOG("%s", problem);
		messages++;
	}
	EXPECT_LE(3, messages);
	close(fd);
}

/* ---- sysfs, fdinfo, ethtool ---------------------------------------------- */

/* Printable lines, and nothing behind the last one. */
static bool is_text(const char *text, ssize_t len)
{
	ssize_t i;

	for (i = 0; i < len; i++)
		if (!isprint(text[i]) && text[i] != '\n' && text[i] != '\t')
			return false;
	return len > 0 && text[len - 1] == '\n';
}

/* Reads a file into a pattern. The length, or -1 if there is more wrong with it. */
static ssize_t read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	memset(buf, PATTERN, size);
	len = read(fd, buf, size);
	if (len >= 0 && !all_are(buf + len, size - len, PATTERN))
		len = -1;
	close(fd);
	return len;
}

TEST_F(padding, sysfs_files_are_text)
{
	char dir[64], path[512], text[8192], tail[8192];
	struct dirent *entry;
	ssize_t len;
	int n = 0;
	DIR *d;

	ASSERT_EQ(0, sysfs_remount());
	snprintf(dir, sizeof(dir), "/sys/class/net/%s/%s", self->u.ifname, variant->kind);
	d = opendir(dir);
	ASSERT_NE(NULL, d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		len = read_text(path, text, sizeof(text));
		EXPECT_TRUE(is_text(text, len))
			TH_LOG("%s", path);
		/* One line. */
		EXPECT_EQ(text + len - 1, memchr(text, '\n', sizeof(text)));
		/* The same from any position on. */
		if (len > 1) {
			int fd = open(path, O_RDONLY | O_CLOEXEC);

			EXPECT_EQ(len - 1, pread(fd, tail, sizeof(tail), 1));
			EXPECT_EQ(0, memcmp(text + 1, tail, len - 1));
			EXPECT_EQ(0, pread(fd, tail, sizeof(tail), len));
			close(fd);
		}
		n++;
	}
	closedir(d);
	EXPECT_LE(2, n);
}

TEST_F(padding, fdinfo_is_text)
{
	char path[64], text[4096], value[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", self->u.fd);
	len = read_text(path, text, sizeof(text));
	EXPECT_TRUE(is_text(text, len));
	ASSERT_TRUE(fdinfo_value(self->u.fd, "ifname", value, sizeof(value)));
	EXPECT_STREQ(SHORT_NAME, value);
}

TEST_F(padding, ethtool_strings_are_padded_with_zeros)
{
	struct {
		struct ethtool_gstrings head;
		char names[64][ETH_GSTRING_LEN];
	} strings = { .head = { .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS } };
	struct ethtool_drvinfo info;
	int i;

	memset(&info, PATTERN, sizeof(info));
	info.cmd = ETHTOOL_GDRVINFO;
	ASSERT_EQ(0, ethtool(self->u.ifname, &info));
	EXPECT_TRUE(is_padded_string(info.driver, sizeof(info.driver)));
	EXPECT_TRUE(is_padded_string(info.version, sizeof(info.version)));
	EXPECT_TRUE(is_padded_string(info.fw_version, sizeof(info.fw_version)));
	EXPECT_TRUE(is_padded_string(info.bus_info, sizeof(info.bus_info)));
	EXPECT_TRUE(is_padded_string(info.erom_version, sizeof(info.erom_version)));
	EXPECT_TRUE(all_are(info.reserved2, sizeof(info.reserved2), 0));

	memset(strings.names, PATTERN, sizeof(strings.names));
	ASSERT_LE(info.n_stats, ARRAY_SIZE(strings.names));
	ASSERT_EQ(0, ethtool(self->u.ifname, &strings));
	ASSERT_EQ(info.n_stats, strings.head.len);
	for (i = 0; i < info.n_stats; i++)
		EXPECT_TRUE(is_padded_string(strings.names[i], ETH_GSTRING_LEN));
	EXPECT_TRUE(all_are(strings.names[i], sizeof(strings.names) - i * ETH_GSTRING_LEN,
			    PATTERN));
}

TEST_HARNESS_MAIN
