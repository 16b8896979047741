// SPDX-License-Identifier: GPL-2.0
/* A way between two network namespaces: two units and a program that forwards between them. */

#include "bench.h"
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static int here = -1;

static void end_open(struct unit *u, int number, const char *qdisc, in_addr_t local,
		     in_addr_t remote)
{
	must(!unshare(CLONE_NEWNET), "unshare");
	netlink_open();
	put("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	unit_open(u, number);
	set_qdisc(u->index, qdisc);
	set_address(u, SIOCSIFADDR, local);
	set_address(u, SIOCSIFDSTADDR, remote);
	set_up(u);
	u->local = local;
	u->remote = remote;
	u->ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	must(u->ns >= 0 && !setns(here, CLONE_NEWNET), "a network namespace");
	netlink_open();
}

void tunnel_open(struct tunnel *t, const struct unit *like, const char *qdisc)
{
	in_addr_t address[2] = { htonl(10 << 24 | 50 << 16 | 1), htonl(10 << 24 | 50 << 16 | 2) };
	/* The end of a network namespace removes its units later: use no number again. */
	static int number = 200;
	int e;

	if (here < 0)
		here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	must(here >= 0, "a network namespace");
	for (e = 0; e < 2; e++) {
		t->forwarders[e] = 0;
		t->ends[e] = *like;
		end_open(&t->ends[e], number++, qdisc, address[e], address[!e]);
	}
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

void tunnel_forward(struct tunnel *t)
{
	int e;

	for (e = 0; e < 2; e++)
		set_blocking(&t->ends[e], true);
	for (e = 0; e < 2; e++)
		t->forwarders[e] = forward(t->ends[e].fd, t->ends[!e].fd);
}

int tunnel_socket(const struct unit *end, int type)
{
	int fd;

	must(!setns(end->ns, CLONE_NEWNET), "setns");
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	must(fd >= 0, "socket");
	must(!setns(here, CLONE_NEWNET), "setns");
	return fd;
}

void tunnel_close(struct tunnel *t)
{
	int e;

	for (e = 0; e < 2; e++) {
		if (t->forwarders[e]) {
			kill(t->forwarders[e], SIGKILL);
			waitpid(t->forwarders[e], NULL, 0);
		}
		close(t->ends[e].fd);
		close(t->ends[e].ns);
	}
}
