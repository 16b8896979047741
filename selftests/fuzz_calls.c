// SPDX-License-Identifier: GPL-2.0
/*
 * Programs of system calls for the driver, made up by libFuzzer's engine: nodes,
 * the sockets above the interfaces, rtnetlink. KCOV says what of the driver a
 * program has reached; one that reached something new is kept, and mutated.
 *
 * An input is a program: a list of struct call. Any bytes are one, and every
 * program starts with nothing, so that an input alone is all it takes to run
 * it again. What runs is on record in a file, for when the kernel does not
 * survive it; after each the kernel's log is looked at.
 *
 * BSDTUN_RECORD=FILE	the record
 * BSDTUN_SPLATS=FILE	what the log may not say, a pattern a line
 * BSDTUN_NOISE=FILE	and which of it means nothing
 */

#include <err.h>
#include <regex.h>

#include <linux/if_bsdtun.h>
#include <linux/pkt_sched.h>

#include <net/if_tap.h>
#include <net/if_tun.h>

#include "kselftest.h"

#include "lib/bsdtun.h"

/* ---- programs ------------------------------------------------------------ */

enum op {
	OP_READY,		/* a unit that is open, has an address and is up */
	OP_ADD,
	OP_CHANGE,		/* attributes of the kind */
	OP_DELETE,
	OP_LINK,		/* what any interface has */
	OP_SHOW,
	OP_ADDRESS,
	OP_QDISC,
	OP_ETHTOOL,
	OP_ATTRIBUTE,		/* in sysfs */
	OP_SYSCTL,
	OP_OPEN,
	OP_CLONE,
	OP_CLOSE,
	OP_DUP,
	OP_IOCTL,
	OP_READ,
	OP_WRITE,
	OP_POLL,
	OP_FCNTL,
	OP_FDINFO,
	OP_SEND,
	OPS,
};

static const char *const op_names[OPS] = {
	"ready", "add", "change", "delete", "link", "show", "address", "qdisc", "ethtool",
	"attribute", "sysctl", "open", "clone", "close", "dup", "ioctl", "read", "write",
	"poll", "fcntl", "fdinfo", "send",
};

/* How often each comes, among the calls that are made up. */
static const __u8 op_weights[OPS] = {
	[OP_READY] = 4, [OP_ADD] = 3, [OP_CHANGE] = 2, [OP_DELETE] = 2, [OP_LINK] = 5,
	[OP_SHOW] = 1, [OP_ADDRESS] = 2, [OP_QDISC] = 1, [OP_ETHTOOL] = 1,
	[OP_ATTRIBUTE] = 2, [OP_SYSCTL] = 1, [OP_OPEN] = 4, [OP_CLONE] = 2, [OP_CLOSE] = 3,
	[OP_DUP] = 1, [OP_IOCTL] = 8, [OP_READ] = 5, [OP_WRITE] = 6, [OP_POLL] = 2,
	[OP_FCNTL] = 2, [OP_FDINFO] = 1, [OP_SEND] = 6,
};

struct call {
	__u8 op;
	__u8 obj;		/* which unit, descriptor, kind */
	__u8 how;
	__u8 fault;		/* the allocation that fails, see fault_of() */
	__u16 a;
	__u16 b;
	__u32 c;
};

#define CALLS_MAX 48
#define UNITS 3
#define FDS 4

static const char *const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };

static const __u16 lengths[] = {
	0, 1, 3, 4, 5, 13, 14, 15, 16, 20, 27, 28, 32, 34, 60, 72, 100, 576, 1500, 1514,
	4095, 4096, 9000, 65515, 65534, 65535,
};

static const __u32 values[] = {
	0, 1, 2, 3, 4, 0x10, 0x12, 0x40, 71, 72, 100, 500, 1500, 0x1002, 0x1010, 0x8002, 0x8010,
	0x9010, 32767, 32768, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
};

#define PICK(of, by) ((of)[(by) % ARRAY_SIZE(of)])

/* Which allocation of a call fails, or 0: a part of the calls. */
static unsigned int fault_of(const struct call *call)
{
	return call->fault < 0xc0 ? 0 : call->fault % 16 + 1;
}

/* ---- making programs up -------------------------------------------------- */

static unsigned int seed_now;

static unsigned int dice(unsigned int sides)
{
	seed_now = seed_now * 1664525 + 1013904223;
	return (seed_now >> 8) % sides;
}

static void make_up(struct call *call)
{
	unsigned int total = 0, turn, i;

	for (i = 0; i < OPS; i++)
		total += op_weights[i];
	turn = dice(total);
	for (i = 0; turn >= op_weights[i]; i++)
		turn -= op_weights[i];
	call->op = i;
	call->obj = dice(4);
	call->how = dice(256);
	call->fault = dice(6) ? 0 : 0xc0 + dice(64);
	call->a = dice(2) ? dice(32) : dice(65536);
	call->b = dice(2) ? dice(32) : dice(65536);
	call->c = dice(3) ? PICK(values, dice(256)) : dice(1 << 24) << dice(9);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct call calls[CALLS_MAX], *call, *other, swap;
	size_t n = size / sizeof(*calls), room = max_size / sizeof(*calls), at, more;

	if (room > CALLS_MAX)
		room = CALLS_MAX;
	if (n > room)
		n = room;
	if (!room)
		return size;
	memcpy(calls, data, n * sizeof(*calls));
	seed_now = seed;
	do {
		unsigned int what = dice(16);

		if (!n || (what < 5 && n < room)) {
			/* To run a few more costs little beside what they need. */
			more = 1 + dice(6);
			if (more > room - n)
				more = room - n;
			at = dice(n + 1);
			memmove(calls + at + more, calls + at, (n - at) * sizeof(*calls));
			n += more;
			while (more--)
				make_up(calls + at++);
			continue;
		}
		at = dice(n);
		call = calls + at;
		switch (what) {
		case 0 ... 6:
			if (n > 1) {
				n--;
				memmove(call, call + 1, (n - at) * sizeof(*calls));
			}
			break;
		case 7:
			calls[dice(n)] = *call;
			break;
		case 8:
			other = calls + dice(n);
			swap = *other;
			*other = *call;
			*call = swap;
			break;
		case 9:
			call->obj = dice(4);
			break;
		case 10:
		case 11:
			call->how = dice(256);
			break;
		case 12:
			call->fault = call->fault ? 0 : 0xc0 + dice(64);
			break;
		case 13:
			call->a = dice(2) ? dice(32) : dice(65536);
			call->b = dice(2) ? dice(32) : dice(65536);
			break;
		case 14:
			call->c = PICK(values, dice(256));
			break;
		default:
			((__u8 *)call)[dice(sizeof(*call))] = dice(256);
			break;
		}
	} while (dice(3));
	memcpy(data, calls, n * sizeof(*calls));
	return n * sizeof(*calls);
}

/* The beginning of the one, then the end of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_size, unsigned int seed)
{
	size_t size = sizeof(struct call), n1 = size1 / size, n2 = size2 / size, head, tail;

	seed_now = seed;
	head = dice(n1 + 1);
	tail = dice(n2 + 1);
	if ((head + tail) * size > max_size)
		return 0;
	memcpy(out, data1, head * size);
	memcpy(out + head * size, data2 + (n2 - tail) * size, tail * size);
	return (head + tail) * size;
}

/* ---- what was reached ---------------------------------------------------- */

#define KCOV_INIT_TRACE		_IOR('c', 1, unsigned long)
#define KCOV_ENABLE		_IO('c', 100)
#define KCOV_TRACE_PC		0
#define KCOV_WORDS		(256 * 1024)

/*
 * The engine's: a counter for each place of the driver, of which there is one in
 * four bytes at the most. Without KCOV all stay zero.
 */
#define PLACES			(128 * 1024)

__attribute__((section("__libfuzzer_extra_counters"), used))
static __u8 counters[PLACES];

static __u8 reached[PLACES];
static unsigned long *kcov;
static unsigned long programs_run, calls_made, faults_met;

static int kcov_start(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, KCOV_INIT_TRACE, KCOV_WORDS))
		return -errno;
	kcov = mmap(NULL, KCOV_WORDS * sizeof(*kcov), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (kcov == MAP_FAILED)
		return -errno;
	return ERR(ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC));
}

static void kcov_begin(void)
{
	if (kcov)
		__atomic_store_n(kcov, 0, __ATOMIC_RELAXED);
}

static void kcov_end(void)
{
	unsigned long i, n;

	if (!kcov)
		return;
	n = __atomic_load_n(kcov, __ATOMIC_RELAXED);
	for (i = 1; i <= n; i++) {
		size_t place = (kcov[i] >> 2) % PLACES;

		if (counters[place] != 0xff)
			counters[place]++;
		reached[place] = 1;
	}
}

static void report(void)
{
	size_t i, places = 0;

	for (i = 0; i < PLACES; i++)
		places += reached[i];
	printf("# %lu programs, %lu calls, %lu of them with a fault; ", programs_run, calls_made,
	       faults_met);
	printf("%zu places of the driver reached\n", places);
	fflush(stdout);
	/* The kernel has survived. */
	if (getenv("BSDTUN_RECORD"))
		unlink(getenv("BSDTUN_RECORD"));
}

/* ---- the kernel's log, and the record ------------------------------------ */

static struct patterns {
	regex_t *re;
	size_t n;
} splats, noise;

static int kmsg = -1;
static int record = -1;

static void patterns_read(struct patterns *p, const char *variable)
{
	const char *path = getenv(variable);
	FILE *file = path ? fopen(path, "r") : NULL;
	char line[256];

	if (!file) {
		if (path)
			err(1, "%s", path);
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		p->re = realloc(p->re, (p->n + 1) * sizeof(*p->re));
		if (!p->re || regcomp(p->re + p->n, line, REG_EXTENDED | REG_NOSUB))
			errx(1, "%s: %s?", path, line);
		p->n++;
	}
	fclose(file);
}

static bool fits(const struct patterns *p, const char *text)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (!regexec(p->re + i, text, 0, NULL, 0))
			return true;
	return false;
}

/* Has the kernel complained since the last time? */
static bool complained(void)
{
	static char text[8192];
	bool any = false;
	ssize_t n;

	/* A record a read; EPIPE says that some were overwritten. */
	while ((n = read(kmsg, text, sizeof(text) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		char *line;

		if (n < 0)
			continue;
		text[n] = '\0';
		line = strchr(text, ';');
		if (!line)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (!fits(&splats, line + 1) || fits(&noise, line + 1))
			continue;
		if (!any)
			printf("# the kernel says: %s\n", line + 1);
		any = true;
	}
	return any;
}

static size_t describe(char *text, size_t size, const struct call *calls, size_t n)
{
	const __u8 *bytes = (const void *)calls;
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		const struct call *call = calls + i;
		int fault = fault_of(call);

		len += snprintf(text + len, size - len,
				"%2zu %-9s %u how %#04x a %u b %u c %#x", i + 1,
				op_names[call->op % OPS], call->obj, call->how, call->a,
				call->b, call->c);
		if (fault)
			len += snprintf(text + len, size - len, ", allocation %d fails", fault);
		text[len++] = '\n';
	}
	/* For basenc --base16. */
	for (i = 0; i < n * sizeof(*calls); i++)
		len += snprintf(text + len, size - len, "%02X", bytes[i]);
	text[len++] = '\n';
	return len;
}

/* All of it at once: outside of the machine a write takes long. */
static void record_write(const char *text, size_t size)
{
	if (record >= 0 && pwrite(record, text, size, 0) != (ssize_t)size)
		err(1, "BSDTUN_RECORD");
}

/* ---- the world of a program ---------------------------------------------- */

struct fuzz_unit {
	int ifindex;		/* 0: none */
	int number;
	int kind;
	char ifname[IFNAMSIZ];
};

struct fuzz_fd {
	int fd;			/* -1: none */
	struct fuzz_unit *unit;
};

static struct fuzz_unit units[UNITS];
static struct fuzz_fd fds[FDS];

/* Of the programs' namespace, and of another one that units are moved to. */
static int netlink[2], other_netns;
static int udp, packets, faults = -1;
static char *area;		/* room for packets, and where it ends nothing */
static size_t area_size;
static timer_t alarm_clock;

static const char *const sysctls[] = {
	"/proc/sys/net/link/tun/debug",
	"/proc/sys/net/link/tun/devfs_cloning",
	"/proc/sys/net/link/tun/up_on_addr",
	"/proc/sys/net/link/tap/up_on_open",
	"/proc/sys/net/link/tap/user_open",
	"/proc/sys/net/link/tap/devfs_cloning",
	"/proc/sys/debug/if_tun_debug",
};

static char sysctls_before[ARRAY_SIZE(sysctls)][16];
static bool sysctls_touched, moved;

/*
 * What a call is about: of what there is, or of where there is room, the first from where
 * its number points to. So that most calls are about something.
 */
static struct fuzz_unit *unit_from(unsigned int obj, bool there)
{
	int i;

	for (i = 0; i < UNITS; i++)
		if (!!units[(obj + i) % UNITS].ifindex == there)
			return units + (obj + i) % UNITS;
	return units + obj % UNITS;
}

static struct fuzz_fd *fd_from(unsigned int obj, bool there)
{
	int i;

	for (i = 0; i < FDS; i++) {
		struct fuzz_fd *fd = fds + (obj + i) % FDS;
		bool open = fd->fd >= 0;

		if (open == there)
			return fd;
	}
	return fds + obj % FDS;
}

static struct fuzz_unit *unit_of(const struct call *call)
{
	return unit_from(call->obj, true);
}

static int fd_of(const struct call *call)
{
	return fd_from(call->obj, true)->fd;
}

static __u32 local_of(const struct fuzz_unit *u)
{
	return LOCAL + (u - units) * 0x100;
}

static __u32 peer_of(const struct fuzz_unit *u)
{
	return local_of(u) + 1;
}

static int ask(int where, struct nl_request *req, struct link *link)
{
	static char rest[4096];
	int err = nl_send(netlink[where], req);

	if (!err)
		err = nl_recv_ack(netlink[where], link, NULL, 0);
	/* An answer that got lost may yet come. */
	if (err == -ENOBUFS || err == -EAGAIN)
		while (recv(netlink[where], rest, sizeof(rest), MSG_DONTWAIT) > 0)
			;
	return err;
}

/* With the interface, what is known of the unit. */
static void adopt(struct fuzz_unit *u, int kind, const struct link *link)
{
	const struct rtattr *rta = (const void *)link->data;
	int len = link->data_len;

	u->kind = kind;
	u->ifindex = link->ifindex;
	memcpy(u->ifname, link->name, sizeof(u->ifname));
	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len))
		if (rta->rta_type == IFLA_BSDTUN_UNIT)
			memcpy(&u->number, RTA_DATA(rta), sizeof(u->number));
}

static void put_attribute(struct nl_request *req, int type, __u32 value, size_t len)
{
	if (req->n.nlmsg_len + RTA_LENGTH(len) < sizeof(*req))
		nl_put(req, type, &value, len);
}

/* IFLA_LINKINFO with attributes of the kind: right ones, or one of any number and length. */
static void put_kind(struct nl_request *req, const struct call *call, int kind)
{
	struct rtattr *info = nl_put(req, IFLA_LINKINFO, NULL, 0), *data;

	nl_put(req, IFLA_INFO_KIND, kinds[kind], strlen(kinds[kind]));
	data = nl_put(req, IFLA_INFO_DATA, NULL, 0);
	if (call->how & 1)
		put_attribute(req, IFLA_BSDTUN_UNIT, call->c, 4);
	if (call->how & 2)
		put_attribute(req, IFLA_BSDTUN_KEEP, call->b & 1, 1);
	if (call->how & 4)
		put_attribute(req, IFLA_BSDTUN_TRANSIENT, call->b >> 1 & 1, 1);
	if (call->how & 8)
		put_attribute(req, call->b % 8, call->c, call->b / 8 % 5);
	nl_nest_end(req, data);
	nl_nest_end(req, info);
}

static int unit_add(struct fuzz_unit *u, const struct call *call, int kind)
{
	struct nl_request req;
	struct link link = { };
	char name[IFNAMSIZ] = "";
	int err;

	if (u->ifindex)
		return -EEXIST;
	nl_init(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, sizeof(req.ifi));
	switch (call->how >> 4 & 7) {
	case 0:
		snprintf(name, sizeof(name), "%s%d", kinds[kind], call->a % 40);
		break;
	case 1:
		snprintf(name, sizeof(name), "%s%%d", kinds[kind]);
		break;
	case 2:
		snprintf(name, sizeof(name), "other%%d");
		break;
	case 3:
		snprintf(name, sizeof(name), "bsdtap%u", call->a);
		break;
	}
	if (*name)
		nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	put_kind(&req, call, kind);
	err = ask(0, &req, &link);
	if (!err && link.ifindex)
		adopt(u, kind, &link);
	return err;
}

static int open_flags(const struct call *call)
{
	static const int access[] = { O_RDWR, O_RDWR, O_RDONLY, O_WRONLY };

	return PICK(access, call->how) | O_CLOEXEC | (call->how & 4 ? 0 : O_NONBLOCK) |
		(call->how & 8 ? O_ASYNC : 0);
}

static int unit_open_node(const struct call *call, struct fuzz_unit *u, struct fuzz_fd *fd)
{
	char node[32];
	int got;

	if (fd->fd >= 0)
		return -EBUSY;
	snprintf(node, sizeof(node), "/dev/%s%d", kinds[u->kind], u->number);
	got = ERR(open(node, open_flags(call)));
	if (got >= 0)
		*fd = (struct fuzz_fd){ got, u };
	return got;
}

/* A link that is there for the asking. */
static int link_find(const char *name, struct link *link)
{
	struct nl_request req;

	nl_init(&req, RTM_GETLINK, 0, sizeof(req.ifi));
	nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	return ask(0, &req, link);
}

/* ---- calls --------------------------------------------------------------- */

static long address_change(const struct fuzz_unit *u, bool add, bool ipv6)
{
	struct nl_request req;

	nl_init(&req, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0,
		sizeof(req.ifa));
	req.ifa.ifa_index = u->ifindex;
	if (ipv6) {
		__u8 address[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = u - units + 1 };

		req.ifa.ifa_family = AF_INET6;
		req.ifa.ifa_prefixlen = 64;
		nl_put(&req, IFA_LOCAL, address, sizeof(address));
	} else {
		__u32 local = htonl(local_of(u)), peer = htonl(peer_of(u));

		req.ifa.ifa_family = AF_INET;
		req.ifa.ifa_prefixlen = 32;
		nl_put(&req, IFA_LOCAL, &local, sizeof(local));
		nl_put(&req, IFA_ADDRESS, &peer, sizeof(peer));
	}
	return ask(0, &req, NULL);
}

static long link_flags(const struct fuzz_unit *u, unsigned int flags, unsigned int change)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = u->ifindex;
	req.ifi.ifi_flags = flags;
	req.ifi.ifi_change = change;
	return ask(0, &req, NULL);
}

static long call_ready(const struct call *call)
{
	struct fuzz_unit *u = unit_from(call->obj, false);
	struct call plain = { .how = call->how & 4 };
	struct nl_request req;
	__u32 peer;
	long err;

	plain.how |= 7 << 4;
	err = unit_add(u, &plain, call->how % ARRAY_SIZE(kinds));
	if (err)
		return err;
	unit_open_node(&plain, u, fd_from(call->a, false));
	err = address_change(u, true, false);
	if (!err)
		err = link_flags(u, IFF_UP, IFF_UP);
	if (err || !u->kind)
		return err;
	peer = htonl(peer_of(u));
	nl_init(&req, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(req.nd));
	req.nd.ndm_family = AF_INET;
	req.nd.ndm_ifindex = u->ifindex;
	req.nd.ndm_state = NUD_PERMANENT;
	nl_put(&req, NDA_DST, &peer, sizeof(peer));
	nl_put(&req, NDA_LLADDR, PEER_MAC, ETH_ALEN);
	return ask(0, &req, NULL);
}

static long call_change(const struct call *call)
{
	const struct fuzz_unit *u = unit_of(call);
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = u->ifindex;
	put_kind(&req, call, call->how & 16 ? call->a % ARRAY_SIZE(kinds) : u->kind);
	return ask(0, &req, NULL);
}

static long call_delete(const struct call *call)
{
	struct fuzz_unit *u = unit_of(call);
	struct nl_request req;
	long err;

	nl_link_del(&req, u->ifindex);
	err = ask(0, &req, NULL);
	if (!err)
		u->ifindex = 0;
	return err;
}

static long call_link(const struct call *call)
{
	static const unsigned int flags[] = {
		IFF_UP, IFF_UP, IFF_PROMISC, IFF_ALLMULTI, IFF_MULTICAST, IFF_NOARP,
		IFF_BROADCAST, IFF_DYNAMIC,
	};
	struct fuzz_unit *u = unit_of(call);
	__u8 mac[ETH_ALEN] = "\x02\x42";
	struct nl_request req;
	char name[IFNAMSIZ];
	long err;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = u->ifindex;
	switch (call->how % 10) {
	case 0:
	case 1:
	case 2:
		return link_flags(u, call->a & 1 ? ~0u : 0, PICK(flags, call->b));
	case 3:
		put_attribute(&req, IFLA_MTU, call->c, 4);
		break;
	case 4:
		put_attribute(&req, IFLA_TXQLEN, call->b % 8, 4);
		break;
	case 5:
		snprintf(name, sizeof(name), call->a & 1 ? "name%d" : "bsdtun%d", call->b % 8);
		nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
		err = ask(0, &req, NULL);
		if (!err)
			memcpy(u->ifname, name, sizeof(name));
		return err;
	case 6:
		memcpy(mac + 2, &call->c, sizeof(call->c));
		nl_put(&req, IFLA_ADDRESS, mac, sizeof(mac));
		break;
	case 7:
		moved = true;
		put_attribute(&req, IFLA_NET_NS_FD, other_netns, 4);
		break;
	case 8:
		put_attribute(&req, IFLA_CARRIER, call->a & 1, 1);
		break;
	default:
		/* A number of attributes say a namespace. */
		moved = true;
		put_attribute(&req, call->b % 64, call->c, call->a % 5);
		break;
	}
	return ask(0, &req, NULL);
}

static long call_show(const struct call *call)
{
	struct nl_request req;
	struct link link;

	nl_init(&req, RTM_GETLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = unit_of(call)->ifindex;
	return ask(call->how & 1, &req, &link);
}

static long call_qdisc(const struct call *call)
{
	static const char *const names[] = { "pfifo", "pfifo_fast", "noqueue" };
	const char *name = PICK(names, call->how / 2);
	struct nl_request req;
	struct tcmsg *tc = (void *)&req.ifi;

	nl_init(&req, call->how & 1 ? RTM_DELQDISC : RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE,
		sizeof(*tc));
	memset(tc, 0, sizeof(*tc));
	tc->tcm_ifindex = unit_of(call)->ifindex;
	tc->tcm_parent = TC_H_ROOT;
	nl_put(&req, TCA_KIND, name, strlen(name) + 1);
	return ask(0, &req, NULL);
}

static long call_ethtool(const struct call *call)
{
	static const __u32 commands[] = {
		ETHTOOL_GDRVINFO, ETHTOOL_GLINK, ETHTOOL_GSTRINGS, ETHTOOL_GSTATS,
		ETHTOOL_GSSET_INFO, ETHTOOL_GLINKSETTINGS, ETHTOOL_GFEATURES, ETHTOOL_GTSO,
	};
	struct {
		__u32 cmd, arg, len;
		char room[4096];
	} buf = {
		.cmd = call->how & 8 ? call->c % 100 : PICK(commands, call->how),
		.arg = call->a % 4,
		.len = ETHTOOL_MAX,
	};

	return ethtool(unit_of(call)->ifname, &buf);
}

static long call_attribute(const struct call *call)
{
	static const char *const names[] = { "dialect", "framing", "keep", "owner", "transient" };
	static const char *const texts[] = {
		"linux\n", "freebsd", "netbsd\n", "1\n", "0", "y", "", "\n", "nonsense", "-1",
	};
	const struct fuzz_unit *u = unit_of(call);
	char path[128], text[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s/%s", u->ifname, kinds[u->kind],
		 PICK(names, call->a));
	if (call->how & 1)
		return write_file(path, PICK(texts, call->b));
	return read_file(path, text, sizeof(text));
}

static long call_sysctl(const struct call *call)
{
	char text[16];

	sysctls_touched = true;
	snprintf(text, sizeof(text), "%d", call->a & 15 ? call->b & 1 : (int)call->c);
	return write_file(PICK(sysctls, call->how), text);
}

static long call_clone(const struct call *call)
{
	int kind = call->how / 16 % ARRAY_SIZE(kinds);
	struct fuzz_unit *u = unit_from(call->a, false);
	struct fuzz_fd *fd = fd_from(call->obj, false);
	char path[32], name[40] = "";
	struct link link = { };
	int got;

	if (fd->fd >= 0)
		return -EBUSY;
	snprintf(path, sizeof(path), "/dev/%s", kinds[kind]);
	got = ERR(open(path, open_flags(call)));
	if (got < 0)
		return got;
	*fd = (struct fuzz_fd){ got, u };
	if (!u->ifindex && !ioctl(got, LINUX64_GIFNAME, name) && !link_find(name, &link))
		adopt(u, kind, &link);
	return got;
}

/* Memory of so many bytes, and of what kind @how says. */
static void *pointer(unsigned int how, size_t len)
{
	switch (how % 16) {
	case 0:
		return NULL;
	case 1:			/* the last byte is not there */
		return area + area_size - len + (len ? 1 : 0);
	case 2:			/* nor is any */
		return area + area_size;
	case 3:
		return (void *)-1L;
	case 4:			/* to the last byte */
		return area + area_size - len;
	default:
		return area;
	}
}

static long call_ioctl(const struct call *call)
{
	static const unsigned int numbers[] = {
		TUNGDEBUG, TUNSDEBUG, TUNSIFINFO, TUNGIFINFO, _IOW('t', 91, char[12]),
		_IOR('t', 92, char[12]), TUNSLMODE, TUNSLMODE, _IOW('t', 87, int),
		LINUX64_GIFNAME, LINUX_GIFNAME, _IOR('t', 98, char[144]), TUNSIFMODE,
		TUNSIFMODE, _IOW('t', 88, int), TUNSIFPID, TUNSIFHEAD, TUNSIFHEAD, TUNSIFHEAD,
		_IOW('t', 66, int), TUNGIFHEAD, _IOR('t', 65, int), TUNSTRANSIENT,
		TUNGTRANSIENT, _IOR('e', 0, char[144]), SIOCGIFADDR, SIOCSIFADDR,
		_IOW('i', 12, char[32]), _IOWR('i', 33, char[32]), _IOWR('i', 13, char[40]),
		VMIO_SIOCSIFFLAGS, _IO('V', 0) | 4 << 16, _IOW('t', 118, int),
		_IOR('t', 119, int), _IOR('f', 123, int), _IOW('f', 124, int),
		_IOW('f', 125, int), _IOW('f', 126, int), _IOR('f', 127, int), FIONREAD,
		FIONBIO, FIOASYNC, FIOSETOWN, FIOGETOWN, TIOCSPGRP, TIOCGPGRP,
	};
	unsigned int cmd = PICK(numbers, call->a);
	void *arg = pointer(call->how, cmd >> 16 & 0xff);

	if (call->how & 0x20)
		cmd = bsd_encoding(cmd);
	if (call->how >> 6 == 3)
		cmd = call->c ^ (call->a << 8);
	memset(area, 0, 256);
	memcpy(area, &call->c, sizeof(call->c));
	memcpy(area + 4, &call->b, sizeof(call->b));
	area[6] = call->b;
	/* The argument itself, where it is no pointer. */
	if ((cmd >> 8 & 0xff) == 'V')
		arg = (void *)(long)(int)call->c;
	return ERR(ioctl(fd_of(call), cmd, arg));
}

static void clock_set(long ms)
{
	struct itimerspec spec = {
		.it_value.tv_nsec = ms * 1000000,
		.it_interval.tv_nsec = ms * 1000000,
	};

	timer_settime(alarm_clock, 0, &spec, NULL);
}

static size_t length(const struct call *call)
{
	size_t len = PICK(lengths, call->a);

	/* A little more than the longest, too. */
	return call->b & 32 ? len + call->b % 8 : len;
}

/* The packet's pieces; which of them is nowhere @how says. */
static int pieces(struct iovec *iov, const struct call *call, char *packet, size_t len)
{
	size_t first = len > 1 ? call->c % len : len;

	if (!(call->how & 1)) {
		iov[0] = (struct iovec){ packet, len };
		return 1;
	}
	iov[0] = (struct iovec){ packet, first };
	iov[1] = (struct iovec){ NULL, 0 };
	iov[2] = (struct iovec){ packet + first, len - first };
	if (call->how >> 4 == 1)
		iov[2].iov_base = pointer(2, len);
	return 3;
}

static long call_read(const struct call *call)
{
	size_t len = length(call);
	struct iovec iov[3];
	int fd = fd_of(call), n, pipefd[2];
	long got;

	n = pieces(iov, call, call->how >> 4 ? area : pointer(call->b, len), len);
	/* A signal ends a wait. */
	clock_set(5);
	switch (call->how >> 1 & 7) {
	case 0:
		got = ERR(preadv2(fd, iov, n, -1, RWF_NOWAIT));
		break;
	case 1:
		if (pipe2(pipefd, O_CLOEXEC | O_NONBLOCK)) {
			got = -errno;
			break;
		}
		got = ERR(splice(fd, NULL, pipefd[1], NULL, len, SPLICE_F_NONBLOCK));
		close(pipefd[0]);
		close(pipefd[1]);
		break;
	case 2:
		got = ERR(pread(fd, area, len, call->c));
		break;
	default:
		got = ERR(readv(fd, iov, n));
		break;
	}
	clock_set(0);
	return got;
}

/* A packet that is right or nearly so, for or from the unit; its length. */
static size_t packet(const struct call *call, const struct fuzz_unit *u, bool to_us, __u8 *buf)
{
	__u32 src = to_us ? peer_of(u) : local_of(u), dst = to_us ? local_of(u) : peer_of(u);
	static __u8 body[65536];
	size_t len = length(call), head = 0;

	fill_pattern(buf, 128, call->c);
	if (len > sizeof(body) - 100)
		len = sizeof(body) - 100;
	switch (call->how >> 5) {
	case 0:
		head = build_udp(buf, src, dst, PORT, PORT, body, len);
		break;
	case 1:			/* answered by the stack */
		head = build_echo(buf, src, dst, ICMP_ECHO, call->b, 1, body, len);
		break;
	case 2:			/* IPv6, as far as its version tells */
		memset(buf, 0, 40);
		buf[0] = 0x60;
		buf[6] = 59;
		buf[7] = 64;
		head = len < 40 ? 40 : len;
		break;
	case 3:			/* cut off */
		head = build_udp(buf, src, dst, PORT, PORT, body, len) / 2;
		break;
	case 4:			/* the header says something else */
		head = build_udp(buf, src, dst, PORT, PORT, body, len);
		buf[call->b % 20] ^= 1 << call->c % 8;
		break;
	default:
		head = len;
		break;
	}
	return head;
}

static size_t frame(const struct call *call, const struct fuzz_unit *u, bool to_us, __u8 *buf)
{
	static const char *const macs[] = {
		"\xff\xff\xff\xff\xff\xff", "\x01\x00\x5e\x00\x00\x01", "\x02\x42\x0a\x2a\x00\x09",
		PEER_MAC, "\x00\x00\x00\x00\x00\x00",
	};
	static const __u16 types[] = { ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, ETH_P_8021Q, 100, 0x88b5 };
	char path[64], text[32];
	__u8 dst[ETH_ALEN];
	size_t len;

	memcpy(dst, PICK(macs, call->b / 8), ETH_ALEN);
	if (to_us && call->b & 1) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/address", u->ifname);
		if (read_file(path, text, sizeof(text)) > 0)
			sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", dst, dst + 1, dst + 2,
			       dst + 3, dst + 4, dst + 5);
	}
	len = packet(call, u, to_us, buf + ETH_HLEN);
	return build_frame(buf, dst, PEER_MAC, PICK(types, call->b & 2 ? call->c / 8 : 0), NULL,
			   len);
}

static long call_write(const struct call *call)
{
	static const __u32 families[] = { AF_INET, AF_INET, 10, 24, 28, 30, 0, 0x02000000, 255 };
	const struct fuzz_unit *u = fd_from(call->obj, true)->unit ?: units;
	__u8 *buf = (void *)area;
	struct iovec iov[3];
	size_t len;
	int n;

	if (u->kind) {
		len = frame(call, u, true, buf);
	} else if (call->how & 2) {
		__u32 family = htonl(PICK(families, call->b));

		memcpy(buf, &family, sizeof(family));
		len = packet(call, u, true, buf + sizeof(family)) + sizeof(family);
	} else {
		len = packet(call, u, true, buf);
	}
	/* Shorter than any header. */
	if ((call->how & 0x0c) == 0x0c)
		len = call->b % 20;
	n = pieces(iov, call, call->fault == 1 ? pointer(call->b, len) : area, len);
	if (call->fault == 2)
		return ERR(pwritev2(fd_of(call), iov, n, -1, RWF_NOWAIT));
	return ERR(writev(fd_of(call), iov, n));
}

static long call_poll(const struct call *call)
{
	struct pollfd pfd = { .fd = fd_of(call), .events = call->a | POLLIN };

	return ERR(poll(&pfd, 1, call->how & 1));
}

static long call_fcntl(const struct call *call)
{
	int fd = fd_of(call), flags;

	switch (call->how % 4) {
	case 0:
		return ERR(fcntl(fd, F_SETOWN, call->a & 1 ? getpid() : 0));
	case 1:
		flags = call->a & 1 ? O_ASYNC : 0;
		break;
	default:
		flags = call->a & 1 ? O_NONBLOCK : 0;
		break;
	}
	return ERR(fcntl(fd, F_SETFL, flags));
}

static long call_fdinfo(const struct call *call)
{
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd_of(call));
	return read_file(path, text, sizeof(text));
}

/* Something for the reader of the node. */
static long call_send(const struct call *call)
{
	static const int protocols[] = { ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, 0 };
	const struct fuzz_unit *u = unit_of(call);
	size_t len = length(call);

	if (call->how & 3)
		return udp_send(udp, peer_of(u), PORT, area, len);
	if (u->kind)
		len = frame(call, u, false, (void *)area);
	else
		len = packet(call, u, false, (void *)area);
	return packet_send(packets, u->ifindex, PICK(protocols, call->how >> 2), area, len);
}

static long make_call(const struct call *call)
{
	struct fuzz_fd *fd = fd_from(call->obj, true), *free;
	int got;

	switch (call->op % OPS) {
	case OP_READY:
		return call_ready(call);
	case OP_ADD:
		return unit_add(unit_from(call->obj, false), call,
				call->b / 16 % ARRAY_SIZE(kinds));
	case OP_CHANGE:
		return call_change(call);
	case OP_DELETE:
		return call_delete(call);
	case OP_LINK:
		return call_link(call);
	case OP_SHOW:
		return call_show(call);
	case OP_ADDRESS:
		return address_change(unit_of(call), call->how & 3, call->how & 4);
	case OP_QDISC:
		return call_qdisc(call);
	case OP_ETHTOOL:
		return call_ethtool(call);
	case OP_ATTRIBUTE:
		return call_attribute(call);
	case OP_SYSCTL:
		return call_sysctl(call);
	case OP_OPEN:
		return unit_open_node(call, unit_from(call->a, true), fd_from(call->obj, false));
	case OP_CLONE:
		return call_clone(call);
	case OP_CLOSE:
		if (fd->fd < 0)
			return -EBADF;
		got = ERR(close(fd->fd));
		fd->fd = -1;
		return got;
	case OP_DUP:
		free = fd_from(call->a, false);
		if (free->fd >= 0)
			return -EBUSY;
		got = ERR(dup(fd->fd));
		if (got >= 0)
			*free = (struct fuzz_fd){ got, fd->unit };
		return got;
	case OP_IOCTL:
		return call_ioctl(call);
	case OP_READ:
		return call_read(call);
	case OP_WRITE:
		return call_write(call);
	case OP_POLL:
		return call_poll(call);
	case OP_FCNTL:
		return call_fcntl(call);
	case OP_FDINFO:
		return call_fdinfo(call);
	default:
		return call_send(call);
	}
}

/* ---- running programs ---------------------------------------------------- */

/* Every unit in a namespace; those of another driver's are the kernel's own. */
static void units_delete(int where)
{
	static union {
		struct nlmsghdr n;
		char room[65536];
	} buf;
	int doomed[64], n = 0, i;
	struct nl_request req;
	bool done = false;

	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(req.ifi));
	req.n.nlmsg_flags &= ~NLM_F_ACK;
	if (nl_send(netlink[where], &req))
		err(1, "netlink");
	while (!done) {
		ssize_t len = recv(netlink[where], &buf, sizeof(buf), 0);
		struct nlmsghdr *nlh = &buf.n;

		if (len < 0)
			err(1, "netlink");
		for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
			struct link link;

			done |= nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR;
			if (nlh->nlmsg_type != RTM_NEWLINK)
				continue;
			nl_parse_link(nlh, &link);
			if (!strncmp(link.kind, "bsd", 3) && n < (int)ARRAY_SIZE(doomed))
				doomed[n++] = link.ifindex;
		}
	}
	for (i = 0; i < n; i++) {
		nl_link_del(&req, doomed[i]);
		ask(where, &req, NULL);
	}
}

static void leave_nothing(void)
{
	size_t i;

	for (i = 0; i < FDS; i++) {
		if (fds[i].fd >= 0)
			close(fds[i].fd);
		fds[i] = (struct fuzz_fd){ -1, NULL };
	}
	units_delete(0);
	if (moved)
		units_delete(1);
	moved = false;
	memset(units, 0, sizeof(units));
	for (i = 0; sysctls_touched && i < ARRAY_SIZE(sysctls); i++)
		write_file(sysctls[i], sysctls_before[i]);
	sysctls_touched = false;
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* The faults are the driver's: only what it allocates fails, or what is allocated for it. */
static void faults_setup(void)
{
	static const char *const names[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	unsigned long start = -1UL, end = 0, address;
	char line[512], type, path[128], text[32];
	FILE *symbols;
	size_t i;

	faults = fault_open();
	if (faults == -ENOTRECOVERABLE)
		errx(1, "/sys/kernel/debug: fault injection");
	if (faults < 0)
		return;
	symbols = fopen("/proc/kallsyms", "r");
	if (!symbols)
		err(1, "/proc/kallsyms");
	while (fgets(line, sizeof(line), symbols)) {
		if (!strstr(line, "[bsdtun]") || sscanf(line, "%lx %c", &address, &type) != 2 ||
		    (type != 't' && type != 'T'))
			continue;
		if (address < start)
			start = address;
		if (address > end)
			end = address;
	}
	fclose(symbols);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s/require-start", names[i]);
		snprintf(text, sizeof(text), "%#lx", start);
		write_file(path, text);
		snprintf(path, sizeof(path), DEBUGFS "%s/require-end", names[i]);
		snprintf(text, sizeof(text), "%#lx", end);
		write_file(path, text);
		snprintf(path, sizeof(path), DEBUGFS "%s/stacktrace-depth", names[i]);
		write_file(path, "32");
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
	const char *path = getenv("BSDTUN_RECORD");
	long page = sysconf(_SC_PAGESIZE);
	int netns;
	size_t i;

	(void)argc;
	(void)argv;
	if (!netns_is_private())
		errx(1, "needs root, and a network namespace of its own");
	patterns_read(&splats, "BSDTUN_SPLATS");
	patterns_read(&noise, "BSDTUN_NOISE");
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		err(1, "/dev/kmsg");
	if (path) {
		record = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
		if (record < 0)
			err(1, "%s", path);
	}

	netns = netns_open();
	netlink[0] = nl_open();
	udp = udp_socket(0, 0);
	packets = packet_socket();
	if (netns_new())
		err(1, "another network namespace");
	other_netns = netns_open();
	netlink[1] = nl_open();
	if (netns < 0 || netlink[0] < 0 || netlink[1] < 0 || udp < 0 || packets < 0 ||
	    setns(netns, CLONE_NEWNET))
		err(1, "sockets");
	netns_configure();
	netns_enable_ipv6();

	area_size = 160 * 1024;
	area = mmap(NULL, area_size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	if (area == MAP_FAILED || mprotect(area + area_size, page, PROT_NONE))
		err(1, "memory");
	for (i = 0; i < FDS; i++)
		fds[i].fd = -1;
	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		read_line(sysctls[i], sysctls_before[i], sizeof(sysctls_before[i]));

	signal(SIGIO, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGRTMIN, &action, NULL);
	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &alarm_clock))
		err(1, "timer_create");
	faults_setup();
	atexit(report);
	if (kcov_start())
		kcov = NULL;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[CALLS_MAX * 160];
	struct call calls[CALLS_MAX];
	size_t n = size / sizeof(*calls), i, len;

	if (n > CALLS_MAX)
		n = CALLS_MAX;
	memcpy(calls, data, n * sizeof(*calls));
	len = describe(text, sizeof(text), calls, n);
	memset(text + len, '\n', sizeof(text) - len);
	record_write(text, sizeof(text));

	kcov_begin();
	for (i = 0; i < n; i++) {
		unsigned int nth = faults < 0 ? 0 : fault_of(calls + i);

		if (nth && fault_set_nth(faults, nth))
			errx(1, "fail-nth");
		make_call(calls + i);
		if (nth)
			faults_met += fault_was_injected(faults);
		calls_made++;
	}
	kcov_end();
	programs_run++;
	leave_nothing();

	if (complained()) {
		printf("# when this had run:\n%.*s", (int)len, text);
		report();
		abort();
	}
	return 0;
}
