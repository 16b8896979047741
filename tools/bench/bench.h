/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of bench share. */

#ifndef BENCH_H
#define BENCH_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* From the BSDs, in Linux's encoding; <linux/if_tun.h> lacks them. */
#define TUNSIFHEAD	_IOW('t', 96, int)
#define TAPSVNETHDR	_IOW('t', 91, int)

/* Since Linux 7.3. */
#ifndef IFF_BACKPRESSURE
#define IFF_BACKPRESSURE	0x0080
#endif

#define PORT		4242
#define QUEUE		500	/* txqueuelen */
#define DEPTH		16	/* requests in one submission to io_uring */
#define UNITS		1000
#define ROUNDS_MAX	101
#define LEN_MAX		65536
#define HEADERS		(sizeof(struct iphdr) + sizeof(struct udphdr))
#define LAST		(HEADERS + 1)	/* a datagram of one byte ends a reader */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

/* What precedes a packet, with both drivers. */
enum framing {
	BARE,		/* nothing */
	HEADED,		/* four bytes with its protocol */
	FRAMES,		/* an Ethernet header */
	FRAMINGS
};

/* What a program takes off the stack, with an offload header before each packet. */
enum offload {
	NOTHING,	/* no header */
	TCP,		/* checksums, and segmentation of TCP */
	UDP_TOO,	/* and of UDP */
};

enum driver { TUN, BSDTUN, DRIVERS };

struct unit {
	enum driver driver;
	enum framing framing;
	enum offload offload;
	bool backpressure;	/* tun: a full queue stops the stack if there is a discipline */
	int segment;		/* of a superpacket that build() builds */
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

/* bench.c */
extern int cpus;
extern unsigned int rounds;
extern int packets;		/* in a round */
extern unsigned char in[LEN_MAX + 64], out[LEN_MAX + 64];

void die(const char *what);
double now(void);
void put(const char *path, const char *text);

static inline void must(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

/* netlink.c */
void netlink_open(void);	/* of the current network namespace */
void link_add(const char *name, const char *kind);
void link_delete_group(int group);
void link_set_group(int index, int group);
void link_delete(int index);
void set_qdisc(int index, const char *kind);
void interface(struct unit *u, int request, struct ifreq *ifr);
void set_address(struct unit *u, int request, in_addr_t address);
void set_up(struct unit *u);

/* units.c */
void unit_open(struct unit *u, int number);
void unit_close(struct unit *u);
int udp_socket(in_addr_t local, in_addr_t remote);
void udp_connect(int fd, in_addr_t local, in_addr_t remote);
void unit_ready(struct unit *u, int net);
void set_mtu(struct unit *u, int mtu);
void set_blocking(struct unit *u, bool on);
size_t build(const struct unit *u, unsigned char *buf, size_t len, in_addr_t to);
void send_all(const struct unit *u, size_t len);
void read_all(const struct unit *u, size_t len);
void receive_all(int udp);

/* One packet each, inline because each row measures them. Lengths are those of the IP packet. */

static inline size_t framed(const struct unit *u, size_t len)
{
	len += u->offload ? sizeof(struct virtio_net_hdr) : 0;
	return len + (u->framing == BARE ? 0 : u->framing == HEADED ? 4 : ETH_HLEN);
}

static inline void send_one(const struct unit *u, size_t len)
{
	must(send(u->udp, out, len - HEADERS, 0) > 0, "send");
}

static inline void read_one(const struct unit *u, size_t len)
{
	ssize_t n = read(u->fd, in, sizeof(in));

	must(n == (ssize_t)framed(u, len), "read");
}

/* report.c */

/* Minimum and quartiles of one driver's rounds, per packet or unit. */
struct result {
	double min, low, median, high;
};

/* The work of a round: returns the time that it took. */
typedef double (*work_fn)(struct unit *u, size_t len);

extern char **words;

struct result summary(double *t, unsigned int n);
void report(const char *name, size_t len, const char *what, const struct result r[DRIVERS]);
bool wanted(const char *name);
bool asked(void);	/* for rows that take long: whether there are patterns at all */
void measure(const char *name, struct unit units[DRIVERS], work_fn work, size_t len, int n);

/* tunnel.c */
struct tunnel {
	struct unit ends[2];
	pid_t forwarders[2];
};

/* Both ends are like this unit. A program forwards only after tunnel_forward(). */
void tunnel_open(struct tunnel *t, const struct unit *like, const char *qdisc);
void tunnel_forward(struct tunnel *t);
int tunnel_socket(const struct unit *end, int type);	/* in its network namespace */
void tunnel_close(struct tunnel *t);

/* readers.c */
void pin(int cpu);
double work_woken(struct unit *u, size_t len);
double work_one_reader(struct unit *u, size_t len);
double work_two_readers(struct unit *u, size_t len);

/* rows_*.c */
double work_send(struct unit *u, size_t len);
double work_read(struct unit *u, size_t len);
double work_write(struct unit *u, size_t len);
void packet_rows(void);
void batch_rows(void);
void offload_rows(void);

struct tcp {
	int flows;
	const char *qdisc;
	size_t bytes;		/* in a round, of all flows */
	unsigned int rounds;
};

/*
 * Time per KiB through tunnels of each kind, in turn; and the CPU time of the program that forwards
 * what the flows send, with what the stack does in its calls, unless NULL.
 */
void tcp_measure(const struct unit *likes, int count, const struct tcp *tcp,
		 struct result *results, struct result *forwarder);
void tcp_rows(void);
void senders_rows(void);
void cpus_rows(void);
void many_rows(void);

#endif
