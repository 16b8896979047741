// SPDX-License-Identifier: GPL-2.0
/*
 * bench: the same work on Linux's tun and on bsdtun.
 *
 *	bench [-c CPUS] [-r ROUNDS] [PATTERN...]
 *
 * Rounds alternate between the two drivers, so that other load affects both. A
 * round is measured by the clock, which on a machine with QEMU's -icount counts
 * instructions.
 *
 * Prints a line of JSON for each row. Rows that need more than CPUS are left
 * out, and with PATTERNs those whose name contains none of them.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <liburing.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/pkt_sched.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* From the BSDs, in Linux's encoding; <linux/if_tun.h> lacks them. */
#define TUNSIFHEAD	_IOW('t', 96, int)
#define TAPSVNETHDR	_IOW('t', 91, int)

#define PORT		4242
#define QUEUE		500	/* txqueuelen */
#define WINDOW		256	/* packets in flight to a reader on another CPU */
#define DEPTH		16	/* requests in one submission to io_uring */
#define UNITS		1000
#define ROUNDS_MAX	101
#define LEN_MAX		65536
#define HEADERS		(sizeof(struct iphdr) + sizeof(struct udphdr))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

/* What precedes a packet, with both drivers. */
enum framing {
	BARE,		/* nothing */
	HEADED,		/* four bytes with its protocol */
	FRAMES,		/* an Ethernet header */
	FRAMINGS
};

enum driver { TUN, BSDTUN, DRIVERS };

struct unit {
	enum driver driver;
	enum framing framing;
	bool offload;
	char name[IFNAMSIZ];
	int index;
	int fd;
	int udp;
	int epoll;
	struct io_uring ring;
	in_addr_t local, remote;
	unsigned char mac[ETH_ALEN];
	int ns;
};

static int cpus = 2;
static unsigned int rounds = 41;
static int packets;		/* in a round */
static unsigned char in[LEN_MAX + 64], out[LEN_MAX + 64];

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void must(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

/* Interfaces. */

static int nl = -1;	/* rtnetlink, of the current network namespace */

struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct tcmsg tc;
	};
	char attributes[128];
};

static void netlink_open(void)
{
	if (nl >= 0)
		close(nl);
	nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	must(nl >= 0, "AF_NETLINK");
}

static void add(struct request *r, int type, const void *data, size_t len)
{
	struct rtattr *attr = (void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(attr->rta_len);
}

static void netlink(struct request *r, int type, int flags)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char more[1024];
	} answer;

	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	must(send(nl, r, r->head.nlmsg_len, 0) > 0 && recv(nl, &answer, sizeof(answer), 0) > 0,
	     "rtnetlink");
	errno = -answer.err.error;
	must(answer.head.nlmsg_type == NLMSG_ERROR && !errno, "rtnetlink");
}

static void link_add(const char *name, const char *kind)
{
	struct request r = { .head.nlmsg_len = NLMSG_LENGTH(sizeof(r.link)) };
	struct {
		struct rtattr attr;
		char kind[8];
	} info = { { RTA_LENGTH(strlen(kind)), IFLA_INFO_KIND }, "" };

	memcpy(info.kind, kind, strlen(kind));
	add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	add(&r, IFLA_LINKINFO, &info, sizeof(info));
	netlink(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
}

static void link_delete_group(int group)
{
	struct request r = { .head.nlmsg_len = NLMSG_LENGTH(sizeof(r.link)) };

	add(&r, IFLA_GROUP, &group, sizeof(group));
	netlink(&r, RTM_DELLINK, 0);
}

static void link_set_group(int index, int group)
{
	struct request r = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(r.link)),
		.link.ifi_index = index,
	};

	add(&r, IFLA_GROUP, &group, sizeof(group));
	netlink(&r, RTM_NEWLINK, 0);
}

static void link_delete(int index)
{
	struct request r = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(r.link)),
		.link.ifi_index = index,
	};

	netlink(&r, RTM_DELLINK, 0);
}

static void set_qdisc(int index, const char *kind)
{
	struct request r = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(r.tc)),
		.tc = { .tcm_ifindex = index, .tcm_parent = TC_H_ROOT },
	};

	add(&r, TCA_KIND, kind, strlen(kind) + 1);
	netlink(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
}

static void interface(struct unit *u, int request, struct ifreq *ifr)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(ifr->ifr_name, u->name, IFNAMSIZ);
	must(s >= 0 && !ioctl(s, request, ifr), "interface");
	close(s);
}

static void set_address(struct unit *u, int request, in_addr_t address)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_in *sin = (void *)&ifr.ifr_addr;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = address;
	interface(u, request, &ifr);
}

static void set_up(struct unit *u)
{
	struct ifreq ifr = { 0 };

	interface(u, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP | IFF_NOARP;
	interface(u, SIOCSIFFLAGS, &ifr);
}

/* Create a unit and open it; no address yet. */
static void unit_open(struct unit *u, int number)
{
	static const char *const kinds[FRAMINGS] = { "bsdtun", "bsdtun", "bsdtap" };
	struct ifreq ifr = { .ifr_mtu = 0 };
	char path[32];
	int on = 1;

	if (u->driver == TUN) {
		struct ifreq set = { .ifr_flags = u->framing == FRAMES ? IFF_TAP : IFF_TUN };

		if (u->framing != HEADED)
			set.ifr_flags |= IFF_NO_PI;
		if (u->offload)
			set.ifr_flags |= IFF_VNET_HDR;
		snprintf(u->name, IFNAMSIZ, "bench%d", number);
		memcpy(set.ifr_name, u->name, IFNAMSIZ);
		u->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
		must(u->fd >= 0 && !ioctl(u->fd, TUNSETIFF, &set), "/dev/net/tun");
	} else {
		snprintf(u->name, IFNAMSIZ, "%s%d", kinds[u->framing], number);
		link_add(u->name, kinds[u->framing]);
		snprintf(path, sizeof(path), "/dev/%s", u->name);
		u->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		must(u->fd >= 0, path);
		must(u->framing != HEADED || !ioctl(u->fd, TUNSIFHEAD, &on), "TUNSIFHEAD");
	}
	interface(u, SIOCGIFINDEX, &ifr);
	u->index = ifr.ifr_ifindex;
	if (u->framing == FRAMES) {
		interface(u, SIOCGIFHWADDR, &ifr);
		memcpy(u->mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	}
	set_qdisc(u->index, "noqueue");
	ifr.ifr_qlen = QUEUE;
	interface(u, SIOCSIFTXQLEN, &ifr);
}

static void unit_close(struct unit *u)
{
	close(u->fd);
	if (u->driver == BSDTUN)
		link_delete(u->index);
}

/* The interface is 10.NET.0.1, the program 10.NET.0.2. */
static void unit_address(struct unit *u, int net)
{
	u->local = htonl(10 << 24 | net << 16 | 1);
	u->remote = htonl(10 << 24 | net << 16 | 2);
	set_address(u, SIOCSIFADDR, u->local);
	if (u->framing == FRAMES)
		set_address(u, SIOCSIFNETMASK, htonl(0xffffff00));
	else
		set_address(u, SIOCSIFDSTADDR, u->remote);
	set_up(u);
}

static int udp_socket(in_addr_t local, in_addr_t remote)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int size = 64 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	sin.sin_addr.s_addr = local;
	must(!bind(fd, (void *)&sin, sizeof(sin)), "bind");
	sin.sin_addr.s_addr = remote;
	must(!remote || !connect(fd, (void *)&sin, sizeof(sin)), "connect");
	return fd;
}

static void unit_ready(struct unit *u, int net)
{
	unit_open(u, net);
	unit_address(u, net);
	u->udp = udp_socket(u->local, u->remote);
	u->epoll = epoll_create1(EPOLL_CLOEXEC);
	must(u->epoll >= 0, "epoll");
	errno = -io_uring_queue_init(DEPTH, &u->ring, 0);
	must(!errno, "io_uring");
}

static void set_mtu(struct unit *u, int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };

	interface(u, SIOCSIFMTU, &ifr);
}

static void set_blocking(struct unit *u, bool on)
{
	must(!fcntl(u->fd, F_SETFL, on ? 0 : O_NONBLOCK), "F_SETFL");
}

/* Packets. Lengths are those of the IP packet. */

static size_t framed(const struct unit *u, size_t len)
{
	return len + (u->framing == BARE ? 0 : u->framing == HEADED ? 4 : ETH_HLEN);
}

/* A datagram from the program, without a UDP checksum. */
static size_t build(const struct unit *u, unsigned char *buf, size_t len, in_addr_t to)
{
	size_t prefix = framed(u, 0);
	struct iphdr *ip = (void *)(buf + prefix);
	struct udphdr *udp = (void *)(ip + 1);
	uint32_t sum = 0;
	unsigned int i;

	memset(buf, 0, prefix + len);
	if (u->framing == FRAMES) {
		struct ethhdr *eth = (void *)buf;

		memcpy(eth->h_dest, u->mac, ETH_ALEN);
		eth->h_source[0] = 2;
		eth->h_proto = htons(ETH_P_IP);
	} else if (u->framing == HEADED && u->driver == TUN) {
		buf[2] = ETH_P_IP >> 8;
	} else if (u->framing == HEADED) {
		buf[3] = AF_INET;
	}
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(len);
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = u->remote;
	ip->daddr = to;
	for (i = 0; i < sizeof(*ip) / 2; i++) {
		uint16_t word;

		memcpy(&word, (char *)ip + 2 * i, 2);
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(sum + (sum >> 16));
	udp->source = htons(PORT);
	udp->dest = htons(PORT);
	udp->len = htons(len - sizeof(*ip));
	return prefix + len;
}

static void send_one(const struct unit *u, size_t len)
{
	must(send(u->udp, out, len - HEADERS, 0) > 0, "send");
}

static void send_all(const struct unit *u, size_t len)
{
	int i;

	for (i = 0; i < packets; i++)
		send_one(u, len);
}

static void read_one(const struct unit *u, size_t len)
{
	ssize_t n = read(u->fd, in, sizeof(in));

	must(n == (ssize_t)framed(u, len), "read");
}

static void read_all(const struct unit *u, size_t len)
{
	int i;

	for (i = 0; i < packets; i++)
		read_one(u, len);
}

static void receive_all(int udp)
{
	int i;

	for (i = 0; i < packets; i++)
		must(recv(udp, in, sizeof(in), MSG_DONTWAIT) > 0, "recv");
}

/* The work of a round: each function returns the time that it took. */

typedef double (*work_fn)(struct unit *u, size_t len);

static double work_send(struct unit *u, size_t len)
{
	double t = now();

	send_all(u, len);
	t = now() - t;
	read_all(u, len);
	return t;
}

static double work_read(struct unit *u, size_t len)
{
	double t;

	send_all(u, len);
	t = now();
	read_all(u, len);
	return now() - t;
}

static double work_readv(struct unit *u, size_t len)
{
	size_t whole = framed(u, len), half = whole / 2;
	struct iovec iov[2] = { { in, half }, { in + half, sizeof(in) - half } };
	double t;
	int i;

	send_all(u, len);
	t = now();
	for (i = 0; i < packets; i++)
		must(readv(u->fd, iov, 2) == (ssize_t)whole, "readv");
	return now() - t;
}

static double work_poll(struct unit *u, size_t len)
{
	struct pollfd pfd = { .fd = u->fd, .events = POLLIN };
	double t;
	int i;

	send_all(u, len);
	t = now();
	for (i = 0; i < packets; i++) {
		must(poll(&pfd, 1, 0) == 1, "poll");
		read_one(u, len);
	}
	return now() - t;
}

static double work_epoll(struct unit *u, size_t len)
{
	struct epoll_event event = { .events = EPOLLIN };
	double t;
	int i;

	must(!epoll_ctl(u->epoll, EPOLL_CTL_ADD, u->fd, &event), "epoll_ctl");
	/* One at a time, so that each packet wakes the epoll instance. */
	t = now();
	for (i = 0; i < packets; i++) {
		send_one(u, len);
		must(epoll_wait(u->epoll, &event, 1, 0) == 1, "epoll_wait");
		read_one(u, len);
	}
	t = now() - t;
	must(!epoll_ctl(u->epoll, EPOLL_CTL_DEL, u->fd, NULL), "epoll_ctl");
	return t;
}

static void uring_all(struct unit *u, size_t len, bool reads)
{
	struct io_uring_cqe *cqe;
	int i, k;

	for (i = 0; i < packets; i += DEPTH) {
		for (k = 0; k < DEPTH; k++) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

			if (reads)
				io_uring_prep_read(sqe, u->fd, in, sizeof(in), 0);
			else
				io_uring_prep_write(sqe, u->fd, out, len, 0);
		}
		must(io_uring_submit_and_wait(&u->ring, DEPTH) == DEPTH, "io_uring");
		for (k = 0; k < DEPTH; k++) {
			must(!io_uring_peek_cqe(&u->ring, &cqe), "io_uring");
			errno = cqe->res < 0 ? -cqe->res : 0;
			must(cqe->res == (int)len, "a request to io_uring");
			io_uring_cqe_seen(&u->ring, cqe);
		}
	}
}

static double work_uring_read(struct unit *u, size_t len)
{
	double t;

	send_all(u, len);
	t = now();
	uring_all(u, framed(u, len), true);
	return now() - t;
}

static double work_uring_write(struct unit *u, size_t len)
{
	double t;

	len = build(u, out, len, u->local);
	t = now();
	uring_all(u, len, false);
	t = now() - t;
	receive_all(u->udp);
	return t;
}

static double work_write(struct unit *u, size_t len)
{
	double t;
	int i;

	len = build(u, out, len, u->local);
	t = now();
	for (i = 0; i < packets; i++)
		must(write(u->fd, out, len) == (ssize_t)len, "write");
	t = now() - t;
	receive_all(u->udp);
	return t;
}

static double work_writev(struct unit *u, size_t len)
{
	struct iovec iov[2];
	double t;
	int i;

	len = build(u, out, len, u->local);
	iov[0] = (struct iovec){ out, len / 2 };
	iov[1] = (struct iovec){ out + len / 2, len - len / 2 };
	t = now();
	for (i = 0; i < packets; i++)
		must(writev(u->fd, iov, 2) == (ssize_t)len, "writev");
	t = now() - t;
	receive_all(u->udp);
	return t;
}

/* Write a packet, echo it with a UDP socket, read it. */
static double work_echo(struct unit *u, size_t len)
{
	size_t whole = build(u, out, len, u->local);
	ssize_t n;
	double t = now();
	int i;

	for (i = 0; i < packets; i++) {
		must(write(u->fd, out, whole) == (ssize_t)whole, "write");
		n = recv(u->udp, in, sizeof(in), 0);
		must(n > 0 && send(u->udp, in, n, 0) == n, "echo");
		read_one(u, len);
	}
	return now() - t;
}

/* Readers in their own threads. A datagram of one byte ends one of them. */

#define LAST	(HEADERS + 1)

static struct unit *shared;
static atomic_int received;
static sem_t was_read;
static bool report_each;

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpus < 2)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

/* 0: no real-time class. */
static void set_priority(int priority)
{
	struct sched_param param = { .sched_priority = priority };

	must(!sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &param),
	     "sched_setscheduler");
}

static void *reader(void *cpu)
{
	unsigned char buf[2048];
	ssize_t n;

	pin(cpu ? 1 : 0);
	if (report_each)
		set_priority(2);
	while (true) {
		n = read(shared->fd, buf, sizeof(buf));
		must(n > 0, "read");
		if (n == (ssize_t)framed(shared, LAST))
			return NULL;
		atomic_fetch_add(&received, 1);
		if (report_each)
			sem_post(&was_read);
	}
}

static double readers(struct unit *u, size_t len, int count, bool each)
{
	pthread_t threads[2];
	double t;
	int i;

	shared = u;
	report_each = each;
	atomic_store(&received, 0);
	set_blocking(u, true);
	pin(0);
	/* The reader preempts the sender, so that the order does not depend on the scheduler. */
	if (each)
		set_priority(1);
	for (i = 0; i < count; i++)
		/* Two readers run on one CPU each. */
		must(!pthread_create(&threads[i], NULL, reader, i ? NULL : u), "a thread");
	t = now();
	for (i = 0; i < packets; i++) {
		while (!each && i - atomic_load(&received) >= WINDOW)
			sched_yield();
		send_one(u, len);
		if (each)
			while (sem_wait(&was_read))
				;
	}
	while (atomic_load(&received) < packets)
		sched_yield();
	t = now() - t;
	for (i = 0; i < count; i++)
		send_one(u, LAST);
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	set_priority(0);
	set_blocking(u, false);
	return t;
}

static double work_woken(struct unit *u, size_t len)
{
	return readers(u, len, 1, true);
}

static double work_one_reader(struct unit *u, size_t len)
{
	return readers(u, len, 1, false);
}

static double work_two_readers(struct unit *u, size_t len)
{
	return readers(u, len, 2, false);
}

/* Results. */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Minimum and quartiles of one driver's rounds, per packet or unit. */
struct result {
	double min, low, median, high;
};

static struct result summary(double *t, unsigned int n)
{
	qsort(t, n, sizeof(*t), compare);
	return (struct result){ t[0], t[n / 4], t[n / 2], t[n * 3 / 4] };
}

static void report(const char *name, size_t len, const char *what, const struct result r[DRIVERS])
{
	static const char *const names[DRIVERS] = { "tun", "bsdtun" };
	int k;

	printf("{\"work\": \"%s\", \"bytes\": %zu, \"of\": \"%s\"", name, len, what);
	for (k = 0; k < DRIVERS; k++)
		printf(", \"%s\": {\"min\": %.1f, \"low\": %.1f, \"median\": %.1f, \"high\": %.1f}",
		       names[k], r[k].min, r[k].low, r[k].median, r[k].high);
	printf("}\n");
	fflush(stdout);
}

static char **words;

static bool wanted(const char *name)
{
	char pattern[64];
	int i;

	for (i = 0; words[i]; i++) {
		snprintf(pattern, sizeof(pattern), "*%s*", words[i]);
		if (!fnmatch(pattern, name, 0))
			return true;
	}
	return !words[0];
}

/* Alternate the drivers; the first two rounds warm up. */
static void measure(const char *name, struct unit units[DRIVERS], work_fn work, size_t len, int n)
{
	double t[DRIVERS][ROUNDS_MAX];
	struct result result[DRIVERS];
	unsigned int r, k;

	packets = n;
	for (r = 0; r < rounds + 2; r++) {
		for (k = 0; k < DRIVERS; k++) {
			unsigned int driver = (r + k) % DRIVERS;
			double took = work(&units[driver], len) / n;

			if (r >= 2)
				t[driver][r - 2] = took;
		}
	}
	for (k = 0; k < DRIVERS; k++)
		result[k] = summary(t[k], rounds);
	report(name, len, "packet", result);
}

static const struct {
	const char *name;
	work_fn work;
	enum framing framing;
	bool large;		/* 60 KiB too */
	int cpus;
} rows[] = {
	{ "send to the queue", work_send, BARE, true, 1 },
	{ "read a full queue", work_read, BARE, true, 1 },
	{ "write to a UDP sink", work_write, BARE, true, 1 },
	{ "write, echo, read", work_echo, BARE, true, 1 },
	{ "poll and read", work_poll, BARE, false, 1 },
	{ "send, epoll and read", work_epoll, BARE, false, 1 },
	{ "io_uring read", work_uring_read, BARE, false, 1 },
	{ "io_uring write", work_uring_write, BARE, false, 1 },
	{ "readv", work_readv, BARE, false, 1 },
	{ "writev", work_writev, BARE, false, 1 },
	{ "reader woken per packet", work_woken, BARE, false, 1 },
	{ "one reader, one sender", work_one_reader, BARE, false, 2 },
	{ "two readers, one sender", work_two_readers, BARE, false, 2 },
	{ "headed: send to the queue", work_send, HEADED, false, 1 },
	{ "headed: read a full queue", work_read, HEADED, false, 1 },
	{ "headed: write to a UDP sink", work_write, HEADED, false, 1 },
	{ "tap: send to the queue", work_send, FRAMES, false, 1 },
	{ "tap: read a full queue", work_read, FRAMES, false, 1 },
	{ "tap: write to a UDP sink", work_write, FRAMES, false, 1 },
	{ "tap: write, echo, read", work_echo, FRAMES, false, 1 },
};

static void packet_rows(void)
{
	struct unit units[FRAMINGS][DRIVERS];
	unsigned int f, k, i;

	for (f = 0; f < FRAMINGS; f++) {
		for (k = 0; k < DRIVERS; k++) {
			units[f][k] = (struct unit){ .driver = k, .framing = f };
			unit_ready(&units[f][k], 10 * (f + 1) + k);
		}
	}
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct unit *pair = units[rows[i].framing];

		if (!wanted(rows[i].name) || rows[i].cpus > cpus)
			continue;
		measure(rows[i].name, pair, rows[i].work, 64, 400);
		measure(rows[i].name, pair, rows[i].work, 1400, 400);
		if (!rows[i].large)
			continue;
		for (k = 0; k < DRIVERS; k++)
			set_mtu(&pair[k], 65535);
		measure(rows[i].name, pair, rows[i].work, 60 << 10, 16);
		for (k = 0; k < DRIVERS; k++)
			set_mtu(&pair[k], 1500);
	}
	for (f = 0; f < FRAMINGS; f++)
		for (k = 0; k < DRIVERS; k++)
			unit_close(&units[f][k]);
}

/* Many units. */

#define GROUP	77

/* Divisors of UNITS: what one driver creates in its turn, and what is removed at once. */
#define BATCH	250
#define REMOVED	50

static struct unit many[DRIVERS][UNITS];

/* Create a unit that persists after the close. */
static void many_create(struct unit *u)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd;

	if (u->driver == BSDTUN) {
		link_add(u->name, "bsdtun");
		return;
	}
	memcpy(ifr.ifr_name, u->name, IFNAMSIZ);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	must(fd >= 0 && !ioctl(fd, TUNSETIFF, &ifr) && !ioctl(fd, TUNSETPERSIST, 1),
	     "TUNSETPERSIST");
	close(fd);
}

static void many_open(struct unit *u)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	char path[32];

	memcpy(ifr.ifr_name, u->name, IFNAMSIZ);
	snprintf(path, sizeof(path), "/dev/%s", u->driver == TUN ? "net/tun" : u->name);
	u->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	must(u->fd >= 0 && (u->driver == BSDTUN || !ioctl(u->fd, TUNSETIFF, &ifr)), path);
}

static double free_memory(void)
{
	unsigned long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	must(f, "/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %lu kB", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

/* A round is UNITS packets, distributed over the first many_used units. */
static int many_used;
static int many_packet, many_udp;

static double many_write(struct unit *u, size_t len)
{
	double t;
	int i;

	u->remote = htonl(10 << 24 | 199 << 16 | 2);
	len = build(u, out, len, htonl(10 << 24 | 200 << 16 | 1));
	t = now();
	for (i = 0; i < UNITS; i++)
		must(write(many[u->driver][i % many_used].fd, out, len) == (ssize_t)len, "write");
	t = now() - t;
	receive_all(many_udp);
	return t;
}

static double many_read(struct unit *u, size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	double t;
	int i;

	build(u, out, len, htonl(10 << 24 | 200 << 16 | 1));
	t = now();
	for (i = 0; i < UNITS; i++) {
		struct unit *v = &many[u->driver][i % many_used];

		to.sll_ifindex = v->index;
		must(sendto(many_packet, out, len, 0, (void *)&to, sizeof(to)) == (ssize_t)len,
		     "sendto");
		read_one(v, len);
	}
	return now() - t;
}

static void many_open_close(struct unit *u)
{
	many_open(u);
	close(u->fd);
}

/*
 * The drivers take turns with so many units each, so that existing units cost both the same.
 * Returns the driver, and in from its first unit.
 */
static int many_turn(int turn, int units, int *from)
{
	*from = turn / DRIVERS * units;
	return (turn + turn / DRIVERS) % DRIVERS;
}

/* Measure an operation on each unit: time, and memory in KiB per unit. */
static void many_each(void (*operation)(struct unit *u), struct result result[DRIVERS],
		      double mem[DRIVERS])
{
	static double t[DRIVERS][UNITS];
	int turn, k, i, from;

	mem[TUN] = 0;
	mem[BSDTUN] = 0;
	for (turn = 0; turn < DRIVERS * UNITS / BATCH; turn++) {
		k = many_turn(turn, BATCH, &from);
		mem[k] += free_memory() / UNITS;
		for (i = from; i < from + BATCH; i++) {
			double start = now();

			operation(&many[k][i]);
			t[k][i] = now() - start;
		}
		mem[k] -= free_memory() / UNITS;
	}
	for (k = 0; k < DRIVERS; k++)
		result[k] = summary(t[k], UNITS);
}

/* Remove REMOVED units at once: the time per unit. */
static void many_remove(struct result result[DRIVERS])
{
	static double t[DRIVERS][UNITS / REMOVED];
	int turn, k, i, from;

	for (turn = 0; turn < DRIVERS * UNITS / REMOVED; turn++) {
		double start;

		k = many_turn(turn, REMOVED, &from);
		for (i = from; i < from + REMOVED; i++) {
			close(many[k][i].fd);
			link_set_group(many[k][i].index, GROUP);
		}
		start = now();
		link_delete_group(GROUP);
		t[k][from / REMOVED] = (now() - start) / REMOVED;
	}
	for (k = 0; k < DRIVERS; k++)
		result[k] = summary(t[k], UNITS / REMOVED);
}

static void many_rows(void)
{
	struct result result[DRIVERS];
	struct unit units[DRIVERS] = { { .driver = TUN }, { .driver = BSDTUN } };
	struct unit lo = { .name = "lo" };
	double mem[DRIVERS];
	struct ifreq ifr;
	int i, k;

	if (!wanted("1,000 units"))
		return;
	for (k = 0; k < DRIVERS; k++) {
		for (i = 0; i < UNITS; i++) {
			many[k][i].driver = k;
			snprintf(many[k][i].name, IFNAMSIZ, "%s%d", k == TUN ? "bench" : "bsdtun",
				 UNITS + i);
		}
	}
	many_each(many_create, result, mem);
	report("create, 1,000 units", 0, "unit", result);
	/* With one CPU nothing else allocates memory at the same time. */
	for (k = 0; k < DRIVERS; k++)
		result[k] = (struct result){ mem[k], mem[k], mem[k], mem[k] };
	if (cpus < 2)
		report("memory, 1,000 units", 0, "KiB per unit", result);
	many_each(many_open_close, result, mem);
	report("open and close, 1,000 units", 0, "unit", result);

	set_address(&lo, SIOCSIFADDR, htonl(10 << 24 | 200 << 16 | 1));
	set_address(&lo, SIOCSIFNETMASK, 0xffffffff);
	set_up(&lo);
	many_udp = udp_socket(htonl(10 << 24 | 200 << 16 | 1), 0);
	many_packet = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(many_packet >= 0, "AF_PACKET");
	for (k = 0; k < DRIVERS; k++) {
		for (i = 0; i < UNITS; i++) {
			struct unit *u = &many[k][i];

			many_open(u);
			interface(u, SIOCGIFINDEX, &ifr);
			u->index = ifr.ifr_ifindex;
			set_qdisc(u->index, "noqueue");
			set_up(u);
		}
	}
	for (many_used = 1; many_used <= UNITS; many_used *= UNITS) {
		char name[48];

		snprintf(name, sizeof(name), "write, 1,000 units, %d in use", many_used);
		measure(name, units, many_write, 64, UNITS);
		snprintf(name, sizeof(name), "out, read, 1,000 units, %d in use", many_used);
		measure(name, units, many_read, 64, UNITS);
	}
	many_remove(result);
	report("remove, 50 of 1,000 units", 0, "unit", result);
}

/* TCP between two network namespaces, through two units and a program that forwards. */

#define TCP_BYTES	1048576	/* in a round */

static int here = -1;

/* A driver's path for TCP. */
struct tcp {
	struct unit ends[2];
	pid_t forwarders[2];
	int sender, receiver;
};

/* Let the stack offload checksums and segmentation to the program, as both drivers offer it. */
static void offload(struct unit *u)
{
	int len = sizeof(struct virtio_net_hdr);

	if (u->driver == TUN)
		must(!ioctl(u->fd, TUNSETVNETHDRSZ, &len) &&
		     !ioctl(u->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6),
		     "TUNSETOFFLOAD");
	else
		must(!ioctl(u->fd, TAPSVNETHDR, &len), "TAPSVNETHDR");
}

static void tcp_end(struct unit *u, int number, const char *qdisc, in_addr_t local,
		    in_addr_t remote)
{
	must(!unshare(CLONE_NEWNET), "unshare");
	netlink_open();
	put("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	unit_open(u, number);
	if (u->offload)
		offload(u);
	set_qdisc(u->index, qdisc);
	set_address(u, SIOCSIFADDR, local);
	set_address(u, SIOCSIFDSTADDR, remote);
	set_up(u);
	set_blocking(u, true);
	u->ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	must(u->ns >= 0 && !setns(here, CLONE_NEWNET), "a network namespace");
	netlink_open();
}

static pid_t forward(int from, int to)
{
	pid_t pid = fork();
	ssize_t n;

	must(pid >= 0, "fork");
	if (pid)
		return pid;
	/* TCP handles a full queue. */
	while ((n = read(from, in, sizeof(in))) > 0)
		if (write(to, in, n) != n)
			break;
	_exit(1);
}

static int tcp_socket(const struct unit *u)
{
	int fd;

	must(!setns(u->ns, CLONE_NEWNET), "setns");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd >= 0, "socket");
	must(!setns(here, CLONE_NEWNET), "setns");
	return fd;
}

static void tcp_connect(struct tcp *tcp, in_addr_t to)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int listener = tcp_socket(&tcp->ends[1]);

	sin.sin_addr.s_addr = to;
	must(!bind(listener, (void *)&sin, sizeof(sin)) && !listen(listener, 1), "listen");
	tcp->sender = tcp_socket(&tcp->ends[0]);
	must(!connect(tcp->sender, (void *)&sin, sizeof(sin)), "connect");
	tcp->receiver = accept(listener, NULL, NULL);
	must(tcp->receiver >= 0, "accept");
	close(listener);
}

static void *tcp_send(void *arg)
{
	struct tcp *tcp = arg;
	size_t left = TCP_BYTES;
	ssize_t n;

	while (left) {
		n = send(tcp->sender, out, left < LEN_MAX ? left : LEN_MAX, 0);
		must(n > 0, "send");
		left -= n;
	}
	return NULL;
}

/* Nanoseconds per KiB. */
static double tcp_round(struct tcp *tcp)
{
	pthread_t sender;
	size_t left = TCP_BYTES;
	ssize_t n;
	double t = now();

	must(!pthread_create(&sender, NULL, tcp_send, tcp), "a thread");
	while (left) {
		n = recv(tcp->receiver, in, sizeof(in), 0);
		must(n > 0, "recv");
		left -= n;
	}
	t = now() - t;
	pthread_join(sender, NULL);
	return t / (TCP_BYTES >> 10);
}

static void tcp_open(struct tcp *tcp, enum driver driver, bool offload, const char *qdisc)
{
	in_addr_t address[2] = { htonl(10 << 24 | 50 << 16 | 1), htonl(10 << 24 | 50 << 16 | 2) };
	/* The end of a network namespace removes its units later: use no number again. */
	static int number = 200;
	int e;

	for (e = 0; e < 2; e++) {
		tcp->ends[e] = (struct unit){ .driver = driver, .offload = offload };
		tcp_end(&tcp->ends[e], number++, qdisc, address[e], address[!e]);
	}
	for (e = 0; e < 2; e++)
		tcp->forwarders[e] = forward(tcp->ends[e].fd, tcp->ends[!e].fd);
	tcp_connect(tcp, address[1]);
}

static void tcp_close(struct tcp *tcp)
{
	int e;

	close(tcp->sender);
	close(tcp->receiver);
	for (e = 0; e < 2; e++) {
		kill(tcp->forwarders[e], SIGKILL);
		waitpid(tcp->forwarders[e], NULL, 0);
		close(tcp->ends[e].fd);
		close(tcp->ends[e].ns);
	}
}

static void tcp_row(const char *name, bool offload, const char *qdisc)
{
	struct result result[DRIVERS];
	double t[DRIVERS][ROUNDS_MAX];
	struct tcp tcp[DRIVERS];
	unsigned int r, k;

	if (!wanted(name))
		return;
	for (k = 0; k < DRIVERS; k++)
		tcp_open(&tcp[k], k, offload, qdisc);
	/* The first rounds open TCP's windows. */
	for (r = 0; r < rounds + 4; r++) {
		for (k = 0; k < DRIVERS; k++) {
			unsigned int driver = (r + k) % DRIVERS;
			double took = tcp_round(&tcp[driver]);

			if (r >= 4)
				t[driver][r - 4] = took;
		}
	}
	for (k = 0; k < DRIVERS; k++) {
		result[k] = summary(t[k], rounds);
		tcp_close(&tcp[k]);
	}
	report(name, 0, "KiB", result);
}

static void tcp_rows(void)
{
	here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	must(here >= 0, "a network namespace");
	tcp_row("TCP bulk, noqueue", false, "noqueue");
	tcp_row("TCP bulk, fq_codel", false, "fq_codel");
	tcp_row("TCP bulk, offload header, noqueue", true, "noqueue");
	tcp_row("TCP bulk, offload header, fq_codel", true, "fq_codel");
}

/*
 * Until the kernel's generator is initialized, which on a real machine happens early, each random
 * number is hashed anew.
 */
static void give_entropy(void)
{
	/* struct rand_pool_info: bits, length, bytes. */
	__u32 pool[2 + 64] = { 8 * 256, 256 };
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && !ioctl(fd, RNDADDENTROPY, pool), "RNDADDENTROPY");
	close(fd);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 3 * UNITS, 3 * UNITS };
	int c;

	while ((c = getopt(argc, argv, "c:r:")) != -1) {
		if (c == 'c')
			cpus = atoi(optarg);
		else if (c == 'r')
			rounds = atoi(optarg);
		else
			return 2;
	}
	if (!rounds || rounds > ROUNDS_MAX)
		return 2;
	words = argv + optind;
	signal(SIGPIPE, SIG_IGN);
	put("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	give_entropy();
	netlink_open();
	sem_init(&was_read, 0, 0);
	must(!setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	packet_rows();
	tcp_rows();
	many_rows();
	return 0;
}
