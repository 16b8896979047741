// SPDX-License-Identifier: GPL-2.0
/* TCP between two network namespaces, through two units and a program that forwards. */

#include "bench.h"
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

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

void tcp_rows(void)
{
	here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	must(here >= 0, "a network namespace");
	tcp_row("TCP bulk, noqueue", false, "noqueue");
	tcp_row("TCP bulk, fq_codel", false, "fq_codel");
	tcp_row("TCP bulk, offload header, noqueue", true, "noqueue");
	tcp_row("TCP bulk, offload header, fq_codel", true, "fq_codel");
}
