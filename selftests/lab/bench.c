// SPDX-License-Identifier: GPL-2.0
/*
 * bench: the same work on Linux's tun and on bsdtun, in turns, by the clock.
 *
 * Both units are layer 3, without a prefix, without a queueing discipline, with
 * the same queue length. A round does one piece of work on one of them; the
 * rounds alternate, so that what else the machine does falls on both.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT	4242
#define BURST	400	/* packets in a round; fits the queue */
#define ROUNDS	41

struct peer {
	const char *name;
	int fd;
	char ifname[IFNAMSIZ];
	in_addr_t local, remote;
	int udp;
};

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void run(const char *format, const char *a, const char *b, const char *c)
{
	char command[256];

	snprintf(command, sizeof(command), format, a, b, c);
	if (system(command)) {
		fprintf(stderr, "bench: failed: %s\n", command);
		exit(1);
	}
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void set_up(struct peer *p, const char *local, const char *remote)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int size = 8 << 20;

	run("ip link set %s txqueuelen 500 up", p->ifname, "", "");
	run("ip address add %s peer %s dev %s", local, remote, p->ifname);
	run("tc qdisc replace dev %s root noqueue", p->ifname, "", "");
	p->local = inet_addr(local);
	p->remote = inet_addr(remote);
	p->udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (p->udp < 0)
		die("socket");
	setsockopt(p->udp, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(p->udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	sin.sin_addr.s_addr = p->local;
	if (bind(p->udp, (void *)&sin, sizeof(sin)))
		die("bind");
	sin.sin_addr.s_addr = p->remote;
	if (connect(p->udp, (void *)&sin, sizeof(sin)))
		die("connect");
}

static void open_tun(struct peer *p)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	p->fd = open("/dev/net/tun", O_RDWR);
	if (p->fd < 0 || ioctl(p->fd, TUNSETIFF, &ifr))
		die("/dev/net/tun");
	memcpy(p->ifname, ifr.ifr_name, IFNAMSIZ);
	set_up(p, "10.81.0.1", "10.81.0.2");
}

static void open_bsdtun(struct peer *p)
{
	p->fd = open("/dev/bsdtun0", O_RDWR);
	if (p->fd < 0)
		die("/dev/bsdtun0");
	snprintf(p->ifname, sizeof(p->ifname), "bsdtun0");
	set_up(p, "10.82.0.1", "10.82.0.2");
}

/* A datagram from the far end; without a checksum, as UDP allows. */
static size_t build(const struct peer *p, unsigned char *buf, size_t len)
{
	struct iphdr *ip = (void *)buf;
	struct udphdr *udp = (void *)(ip + 1);
	uint32_t sum = 0;
	unsigned int i;

	memset(buf, 0, len);
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(len);
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = p->remote;
	ip->daddr = p->local;
	for (i = 0; i < sizeof(*ip) / 2; i++)
		sum += ((uint16_t *)buf)[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(sum + (sum >> 16));
	udp->source = htons(PORT);
	udp->dest = htons(PORT);
	udp->len = htons(len - sizeof(*ip));
	return len;
}

static void send_burst(const struct peer *p, size_t len)
{
	static char payload[65536];
	int i;

	for (i = 0; i < BURST; i++)
		if (send(p->udp, payload, len - 28, 0) < 0)
			die("send");
}

static void drain_socket(const struct peer *p)
{
	static char buf[65536];

	while (recv(p->udp, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

/* Nanoseconds for a burst. */
typedef double (*work_fn)(const struct peer *p, size_t len);

static double work_send(const struct peer *p, size_t len)
{
	static unsigned char buf[65536];
	double t = now();
	int i;

	send_burst(p, len);
	t = now() - t;
	for (i = 0; i < BURST; i++)
		if (read(p->fd, buf, sizeof(buf)) != (ssize_t)len)
			die("read");
	return t;
}

static double work_read(const struct peer *p, size_t len)
{
	static unsigned char buf[65536];
	double t;
	int i;

	send_burst(p, len);
	t = now();
	for (i = 0; i < BURST; i++)
		if (read(p->fd, buf, sizeof(buf)) != (ssize_t)len)
			die("read");
	return now() - t;
}

static double work_write(const struct peer *p, size_t len)
{
	static unsigned char buf[65536];
	double t;
	int i;

	build(p, buf, len);
	t = now();
	for (i = 0; i < BURST; i++)
		if (write(p->fd, buf, len) != (ssize_t)len)
			die("write");
	t = now() - t;
	drain_socket(p);
	return t;
}

/* Out, and back in, one at a time. */
static double work_echo(const struct peer *p, size_t len)
{
	static unsigned char buf[65536], reply[65536];
	double t;
	int i;

	build(p, reply, len);
	t = now();
	for (i = 0; i < BURST; i++) {
		if (send(p->udp, buf, len - 28, 0) < 0 ||
		    read(p->fd, buf, sizeof(buf)) != (ssize_t)len ||
		    write(p->fd, reply, len) != (ssize_t)len ||
		    recv(p->udp, buf, sizeof(buf), 0) < 0)
			die("echo");
	}
	return now() - t;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	static const struct {
		const char *name;
		work_fn run;
	} works[] = {
		{ "send to a queue", work_send },
		{ "read a full queue", work_read },
		{ "write to a socket", work_write },
		{ "send, read, write back", work_echo },
	};
	static const size_t lengths[] = { 64, 1400 };
	struct peer peers[2] = { { .name = "tun" }, { .name = "bsdtun" } };
	unsigned int w, l, r, k;

	open_tun(&peers[0]);
	open_bsdtun(&peers[1]);
	printf("%-24s %6s %16s %16s %7s %8s\n", "nanoseconds a packet", "bytes",
	       "tun min/median", "bsdtun min/median", "ratio", "spread");
	for (w = 0; w < sizeof(works) / sizeof(*works); w++) {
		for (l = 0; l < sizeof(lengths) / sizeof(*lengths); l++) {
			double t[2][ROUNDS];

			/* The first two rounds warm up. */
			for (r = 0; r < ROUNDS + 2; r++) {
				for (k = 0; k < 2; k++) {
					unsigned int who = (r + k) & 1;
					double ns = works[w].run(&peers[who], lengths[l]) / BURST;

					if (r >= 2)
						t[who][r - 2] = ns;
				}
			}
			for (k = 0; k < 2; k++)
				qsort(t[k], ROUNDS, sizeof(double), compare);
			printf("%-24s %6zu %8.0f/%-8.0f %8.0f/%-8.0f %6.2f %7.0f%%\n",
			       works[w].name, lengths[l],
			       t[0][0], t[0][ROUNDS / 2], t[1][0], t[1][ROUNDS / 2],
			       t[1][ROUNDS / 2] / t[0][ROUNDS / 2],
			       100 * (t[1][ROUNDS * 3 / 4] - t[1][ROUNDS / 4]) / t[1][ROUNDS / 2]);
			fflush(stdout);
		}
	}
	printf("ratio: median of bsdtun by median of tun; below 1 bsdtun is faster.\n");
	printf("spread: between the quartiles of bsdtun's rounds, of their median.\n");
	return 0;
}
