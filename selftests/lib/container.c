// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "container.h"
#include "netns.h"
#include "process.h"
#include "unit.h"
#include "util.h"

/* What travels over the socket. The addresses of functions are the same in both processes. */
struct message {
	int (*func)(struct unit *u);
	int result;
	struct unit u;
};

/* The capabilities that container managers give by default. */
#define CAP(name)	(1ULL << CAP_##name)
#define PLAIN_CAPS	(CAP(AUDIT_WRITE) | CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) |	\
			 CAP(FSETID) | CAP(KILL) | CAP(MKNOD) | CAP(NET_BIND_SERVICE) |		\
			 CAP(NET_RAW) | CAP(SETFCAP) | CAP(SETGID) | CAP(SETPCAP) |		\
			 CAP(SETUID) | CAP(SYS_CHROOT))

/* A network namespace, and a /sys that belongs to it. */
static int enter_namespaces(void)
{
	return netns_new() ?: sysfs_remount();
}

int enter_user_container(void)
{
	return become_nobody() ?: enter_root_container();
}

int enter_root_container(void)
{
	return userns_new() ?: enter_namespaces();
}

int enter_plain_container(void)
{
	return enter_namespaces() ?: set_caps(PLAIN_CAPS);
}

int drop_all_caps(void)
{
	return set_caps(0);
}

static bool send_message(int sock, const struct message *m)
{
	return send(sock, m, sizeof(*m), MSG_NOSIGNAL) == sizeof(*m);
}

static bool receive_message(int sock, struct message *m)
{
	return recv(sock, m, sizeof(*m), MSG_WAITALL) == sizeof(*m);
}

static void child_main(int sock, int (*enter)(void))
{
	struct message m = { .result = enter() };

	while (send_message(sock, &m) && receive_message(sock, &m))
		m.result = m.func(&m.u);
	_exit(0);
}

int container_start(struct container *c, int (*enter)(void))
{
	struct message m;
	char path[64];
	int sock[2];
	pid_t pid;

	c->netns = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	pid = fork();
	if (!pid) {
		close(sock[0]);
		child_main(sock[1], enter);
	}
	/* *@c may be in memory that the child shares. */
	c->pid = pid;
	c->sock = sock[0];
	close(sock[1]);
	if (pid < 0)
		return -errno;
	if (!receive_message(c->sock, &m))
		return -EPROTO;
	if (m.result)
		return m.result;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", c->pid);
	c->netns = ERR(open(path, O_RDONLY | O_CLOEXEC));
	return c->netns < 0 ? c->netns : 0;
}

int container_run(struct container *c, int (*func)(struct unit *u), struct unit *u)
{
	struct message m = { .func = func, .u = *u };

	if (!send_message(c->sock, &m) || !receive_message(c->sock, &m))
		return -ECONNRESET;
	*u = m.u;
	return m.result;
}

void container_stop(struct container *c)
{
	if (c->pid <= 0)
		return;
	/* Other children may have inherited this end of the socket: closing it would not do. */
	shutdown(c->sock, SHUT_RDWR);
	close(c->sock);
	if (c->netns >= 0)
		close(c->netns);
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
}
