/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that sleep in a system call on a node. */
#ifndef BSDTUN_LIB_SLEEPER_H
#define BSDTUN_LIB_SLEEPER_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

enum sleep_call {
	SLEEP_READ,
	SLEEP_READV,
	SLEEP_POLL,
	SLEEP_SELECT,
	SLEEP_EPOLL,
	SLEEP_EPOLL_ET,
};

struct sleeper {
	pthread_t thread;
	enum sleep_call how;
	int fd;
	pid_t tid;
	long ret;		/* result of the system call, or -errno */
	unsigned int events;	/* reported by poll or epoll */
	char buf[2048];
};

int sleeper_start(struct sleeper *s, enum sleep_call how, int fd);
bool sleeper_asleep(struct sleeper *s);
bool sleeper_wait_asleep(struct sleeper *s);

/* Waits for the thread's end. False if the time limit passes first. */
bool sleeper_join(struct sleeper *s);

/* True if the thread sleeps in system call @nr now. */
bool thread_in_syscall(pid_t tid, long nr);

#endif /* BSDTUN_LIB_SLEEPER_H */
