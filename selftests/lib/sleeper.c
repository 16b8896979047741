// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sleeper.h"
#include "util.h"
#include "wait.h"

static long sleeper_syscall(enum sleep_call how)
{
	switch (how) {
	case SLEEP_READ:
		return SYS_read;
	case SLEEP_READV:
		return SYS_readv;
	case SLEEP_POLL:
		return SYS_ppoll;
	case SLEEP_SELECT:
		return SYS_pselect6;
	default:
		return SYS_epoll_pwait;
	}
}

static void *sleeper_main(void *arg)
{
	struct sleeper *s = arg;
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	struct epoll_event ev = {
		.events = s->how == SLEEP_EPOLL_ET ? EPOLLIN | EPOLLET : EPOLLIN,
	};
	struct iovec iov[2] = {
		{ .iov_base = s->buf, .iov_len = 20 },
		{ .iov_base = s->buf + 20, .iov_len = sizeof(s->buf) - 20 },
	};
	fd_set readable;
	int ep;

	__atomic_store_n(&s->tid, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	switch (s->how) {
	case SLEEP_READ:
		s->ret = ERR(read(s->fd, s->buf, sizeof(s->buf)));
		break;
	case SLEEP_READV:
		s->ret = ERR(readv(s->fd, iov, 2));
		break;
	case SLEEP_POLL:
		s->ret = ERR(ppoll(&pfd, 1, NULL, NULL));
		s->events = pfd.revents;
		break;
	case SLEEP_SELECT:
		FD_ZERO(&readable);
		FD_SET(s->fd, &readable);
		s->ret = ERR(pselect(s->fd + 1, &readable, NULL, NULL, NULL, NULL));
		s->events = FD_ISSET(s->fd, &readable);
		break;
	case SLEEP_EPOLL_ET:
	case SLEEP_EPOLL:
		ep = epoll_create1(EPOLL_CLOEXEC);
		s->ret = ERR(epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &ev));
		if (!s->ret) {
			ev.events = 0;
			s->ret = ERR(epoll_pwait(ep, &ev, 1, -1, NULL));
			s->events = ev.events;
		}
		close(ep);
		break;
	}
	return NULL;
}

int sleeper_start(struct sleeper *s, enum sleep_call how, int fd)
{
	memset(s, 0, sizeof(*s));
	s->how = how;
	s->fd = fd;
	return -pthread_create(&s->thread, NULL, sleeper_main, s);
}

bool thread_in_syscall(pid_t tid, long nr)
{
	char path[64], text[256], *end;
	long in;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return false;
	/* "running", "-1 SP PC" outside of a system call, or the number of the call. */
	in = strtol(text, &end, 10);
	return end != text && in == nr;
}

bool sleeper_asleep(struct sleeper *s)
{
	pid_t tid = __atomic_load_n(&s->tid, __ATOMIC_SEQ_CST);

	return tid && thread_in_syscall(tid, sleeper_syscall(s->how));
}

bool sleeper_wait_asleep(struct sleeper *s)
{
	return WAIT_FOR(sleeper_asleep(s), TIMEOUT_MS);
}

bool sleeper_join(struct sleeper *s)
{
	return thread_join(s->thread);
}
