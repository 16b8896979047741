// SPDX-License-Identifier: GPL-2.0
/* Rows about TCP: flows through a tunnel. */

#include "bench.h"
#include <pthread.h>
#include <time.h>

#define BYTES		1048576	/* in a round, of each flow */
#define FLOWS_MAX	8
#define WAYS_MAX	4
#define WARM_UP		4	/* rounds that open TCP's windows */

struct flow {
	int sender, receiver;
	size_t bytes;		/* in a round */
	unsigned char sink[LEN_MAX];
};

struct way {
	struct tunnel tunnel;
	struct flow flows[FLOWS_MAX];
};

static void flow_connect(struct flow *flow, struct tunnel *tunnel)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int listener = tunnel_socket(&tunnel->ends[1], SOCK_STREAM), on = 1;

	sin.sin_addr.s_addr = tunnel->ends[1].local;
	must(!setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
	must(!bind(listener, (void *)&sin, sizeof(sin)) && !listen(listener, 1), "listen");
	flow->sender = tunnel_socket(&tunnel->ends[0], SOCK_STREAM);
	must(!connect(flow->sender, (void *)&sin, sizeof(sin)), "connect");
	flow->receiver = accept(listener, NULL, NULL);
	must(flow->receiver >= 0, "accept");
	close(listener);
}

static void *flow_send(void *arg)
{
	struct flow *flow = arg;
	size_t left = flow->bytes;
	ssize_t n;

	while (left) {
		n = send(flow->sender, out, left < LEN_MAX ? left : LEN_MAX, 0);
		must(n > 0, "send");
		left -= n;
	}
	return NULL;
}

static void *flow_receive(void *arg)
{
	struct flow *flow = arg;
	size_t left = flow->bytes;
	ssize_t n;

	while (left) {
		n = recv(flow->receiver, flow->sink, sizeof(flow->sink), 0);
		must(n > 0, "recv");
		left -= n;
	}
	return NULL;
}

static double way_round(struct way *way, int flows)
{
	pthread_t senders[FLOWS_MAX], receivers[FLOWS_MAX];
	double t = now();
	int i;

	for (i = 0; i < flows; i++)
		must(!pthread_create(&senders[i], NULL, flow_send, &way->flows[i]), "a thread");
	for (i = 1; i < flows; i++)
		must(!pthread_create(&receivers[i], NULL, flow_receive, &way->flows[i]),
		     "a thread");
	flow_receive(&way->flows[0]);
	for (i = 1; i < flows; i++)
		pthread_join(receivers[i], NULL);
	t = now() - t;
	for (i = 0; i < flows; i++)
		pthread_join(senders[i], NULL);
	return t;
}

static double cpu_time(pid_t pid)
{
	struct timespec ts;
	clockid_t id;

	errno = clock_getcpuclockid(pid, &id);
	must(!errno && !clock_gettime(id, &ts), "the CPU time of a process");
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

void tcp_measure(const struct unit *likes, int count, const struct tcp *tcp,
		 struct result *results, struct result *forwarder)
{
	static double t[WAYS_MAX][ROUNDS_MAX], cpu[WAYS_MAX][ROUNDS_MAX];
	static struct way ways[WAYS_MAX];
	unsigned int r;
	int i, k;

	for (k = 0; k < count; k++) {
		tunnel_open(&ways[k].tunnel, &likes[k], tcp->qdisc);
		tunnel_forward(&ways[k].tunnel);
		for (i = 0; i < tcp->flows; i++) {
			flow_connect(&ways[k].flows[i], &ways[k].tunnel);
			ways[k].flows[i].bytes = tcp->bytes / tcp->flows;
		}
	}
	for (r = 0; r < tcp->rounds + WARM_UP; r++) {
		for (i = 0; i < count; i++) {
			double took, before;

			k = (r + i) % count;
			before = cpu_time(ways[k].tunnel.forwarders[0]);
			took = way_round(&ways[k], tcp->flows) / (tcp->bytes >> 10);
			if (r < WARM_UP)
				continue;
			t[k][r - WARM_UP] = took;
			cpu[k][r - WARM_UP] = cpu_time(ways[k].tunnel.forwarders[0]) - before;
			cpu[k][r - WARM_UP] /= tcp->bytes >> 10;
		}
	}
	for (k = 0; k < count; k++) {
		results[k] = summary(t[k], tcp->rounds);
		if (forwarder)
			forwarder[k] = summary(cpu[k], tcp->rounds);
		for (i = 0; i < tcp->flows; i++) {
			close(ways[k].flows[i].sender);
			close(ways[k].flows[i].receiver);
		}
		tunnel_close(&ways[k].tunnel);
	}
}

static void tcp_row(const char *name, enum offload offload, int flows, const char *qdisc)
{
	struct unit likes[DRIVERS] = {
		{ .driver = TUN, .offload = offload },
		{ .driver = BSDTUN, .offload = offload },
	};
	struct tcp tcp = { .flows = flows, .qdisc = qdisc, .rounds = rounds };
	struct result results[DRIVERS];

	if (!wanted(name))
		return;
	tcp.bytes = flows * BYTES;
	tcp_measure(likes, DRIVERS, &tcp, results, NULL);
	report(name, 0, "KiB", results);
}

void tcp_rows(void)
{
	tcp_row("TCP bulk, noqueue", NOTHING, 1, "noqueue");
	tcp_row("TCP bulk, fq_codel", NOTHING, 1, "fq_codel");
	tcp_row("TCP bulk, offload header, noqueue", TCP, 1, "noqueue");
	tcp_row("TCP bulk, offload header, fq_codel", TCP, 1, "fq_codel");
	tcp_row("TCP bulk, 4 flows, noqueue", NOTHING, 4, "noqueue");
	tcp_row("TCP bulk, 4 flows, offload header, noqueue", TCP, 4, "noqueue");
}
