// SPDX-License-Identifier: GPL-2.0
/*
 * Rows about senders that are faster than the program, behind queueing disciplines. tun stops the
 * stack only if the program asks for it (IFF_BACKPRESSURE), bsdtun always.
 */

#include "bench.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>

#define TCP_BYTES	(4 << 20)	/* in a round, of all flows */
#define FLOOD		4000		/* datagrams in a round */
#define FLOOD_LEN	64
#define STALLED_MS	100

/* The kinds that are compared. */
enum { PLAIN, BACKPRESSURE, OURS, WAYS };

static const struct unit likes[WAYS] = {
	[PLAIN] = { .driver = TUN },
	[BACKPRESSURE] = { .driver = TUN, .backpressure = true },
	[OURS] = { .driver = BSDTUN },
};

static const char *const qdiscs[] = { "noqueue", "pfifo", "fq_codel", "fq" };

/* One row for each of the two kinds of tun. */
static void report_ways(const char *name, size_t len, const char *what,
			const struct result results[WAYS])
{
	struct result pair[DRIVERS] = { [TUN] = results[PLAIN], [BSDTUN] = results[OURS] };
	char longer[128];

	report(name, len, what, pair);
	snprintf(longer, sizeof(longer), "%s, IFF_BACKPRESSURE", name);
	pair[TUN] = results[BACKPRESSURE];
	report(longer, len, what, pair);
}

static unsigned int few_rounds(void)
{
	return rounds / 4 + 1;
}

static void tcp_senders(int flows, const char *qdisc)
{
	struct tcp tcp = {
		.flows = flows,
		.qdisc = qdisc,
		.bytes = TCP_BYTES,
		.rounds = few_rounds(),
	};
	struct result results[WAYS], forwarder[WAYS];
	char name[64], longer[96];

	snprintf(name, sizeof(name), "senders: TCP flows: %d, %s", flows, qdisc);
	if (!wanted(name))
		return;
	tcp_measure(likes, WAYS, &tcp, results, forwarder);
	report_ways(name, 0, "KiB", results);
	snprintf(longer, sizeof(longer), "%s, forwarder", name);
	report_ways(longer, 0, "KiB", forwarder);
}

/* A multicast flood: what a round counts. */
struct flood {
	double time;		/* per datagram, until the last one is read */
	double delivered;	/* percent */
};

static atomic_int delivered;
static atomic_bool ended;
static unsigned char this_round;	/* in each datagram of a round */

static void *flood_read(void *arg)
{
	struct unit *u = arg;
	unsigned char buf[2048];
	ssize_t n;

	while (true) {
		n = read(u->fd, buf, sizeof(buf));
		must(n > 0, "read");
		if (buf[HEADERS] != this_round)
			continue;
		if (n == (ssize_t)framed(u, LAST))
			break;
		atomic_fetch_add(&delivered, 1);
	}
	atomic_store(&ended, true);
	return NULL;
}

static int flood_socket(const struct unit *u)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct ip_mreqn mreq = { .imr_ifindex = u->index };
	int fd = tunnel_socket(u, SOCK_DGRAM);

	to.sin_addr.s_addr = htonl(239 << 24 | 1);
	must(!setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq)) &&
	     !connect(fd, (void *)&to, sizeof(to)), "a multicast socket");
	return fd;
}

static struct flood flood_round(struct unit *u)
{
	struct timespec pause = { .tv_nsec = 100000 };
	pthread_t reader;
	double t;
	int i;

	out[0] = ++this_round;
	atomic_store(&delivered, 0);
	atomic_store(&ended, false);
	must(!pthread_create(&reader, NULL, flood_read, u), "a thread");
	t = now();
	for (i = 0; i < FLOOD; i++)
		must(send(u->udp, out, FLOOD_LEN - HEADERS, 0) > 0 || errno == ENOBUFS, "send");
	/* The queue or the discipline may drop the last one too. */
	while (!atomic_load(&ended)) {
		send(u->udp, out, LAST - HEADERS, MSG_DONTWAIT);
		nanosleep(&pause, NULL);
	}
	t = now() - t;
	pthread_join(reader, NULL);
	return (struct flood){ t / FLOOD, 100. * atomic_load(&delivered) / FLOOD };
}

/* Percent of the datagrams that a sender can send while the program does not read. */
static double stalled_round(struct unit *u)
{
	struct timeval timeout = { .tv_usec = STALLED_MS * 1000 };
	struct timeval none = { 0 };
	int i;

	setsockopt(u->udp, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	for (i = 0; i < FLOOD; i++)
		if (send(u->udp, out, FLOOD_LEN - HEADERS, 0) < 0 && errno != ENOBUFS)
			break;
	setsockopt(u->udp, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
	set_blocking(u, false);
	while (read(u->fd, in, sizeof(in)) > 0)
		;
	set_blocking(u, true);
	return 100. * i / FLOOD;
}

static void flood_rows(const char *qdisc)
{
	static double t[WAYS][ROUNDS_MAX], read[WAYS][ROUNDS_MAX], sent[WAYS][ROUNDS_MAX];
	struct result results[WAYS];
	struct tunnel tunnels[WAYS];
	unsigned int r, i, k;
	char name[64], longer[96];

	snprintf(name, sizeof(name), "senders: flood, %s", qdisc);
	if (!wanted(name))
		return;
	for (k = 0; k < WAYS; k++) {
		tunnel_open(&tunnels[k], &likes[k], qdisc);
		tunnels[k].ends[0].udp = flood_socket(&tunnels[k].ends[0]);
		set_blocking(&tunnels[k].ends[0], true);
	}
	for (r = 0; r < few_rounds() + 1; r++) {
		for (i = 0; i < WAYS; i++) {
			struct flood flood;
			double stalled;

			k = (r + i) % WAYS;
			flood = flood_round(&tunnels[k].ends[0]);
			stalled = stalled_round(&tunnels[k].ends[0]);
			if (!r)
				continue;
			t[k][r - 1] = flood.time;
			read[k][r - 1] = flood.delivered;
			sent[k][r - 1] = stalled;
		}
	}
	for (k = 0; k < WAYS; k++) {
		close(tunnels[k].ends[0].udp);
		tunnel_close(&tunnels[k]);
		results[k] = summary(t[k], few_rounds());
	}
	report_ways(name, FLOOD_LEN, "packet", results);
	for (k = 0; k < WAYS; k++)
		results[k] = summary(read[k], few_rounds());
	snprintf(longer, sizeof(longer), "%s, delivered", name);
	report_ways(longer, FLOOD_LEN, "percent", results);
	for (k = 0; k < WAYS; k++)
		results[k] = summary(sent[k], few_rounds());
	snprintf(longer, sizeof(longer), "%s, sent without a reader", name);
	report_ways(longer, FLOOD_LEN, "percent", results);
}

void senders_rows(void)
{
	static const int flows[] = { 1, 4, 8 };
	unsigned int q, f;

	if (!asked())
		return;
	for (f = 0; f < ARRAY_SIZE(flows); f++)
		for (q = 0; q < ARRAY_SIZE(qdiscs); q++)
			tcp_senders(flows[f], qdiscs[q]);
	for (q = 0; q < ARRAY_SIZE(qdiscs); q++)
		flood_rows(qdiscs[q]);
}
