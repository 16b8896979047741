/* SPDX-License-Identifier: GPL-2.0 */
/* Time, and waits with a limit. */
#ifndef BSDTUN_LIB_WAIT_H
#define BSDTUN_LIB_WAIT_H

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>

/*
 * The limit of every wait for something that must happen: generous, for slow emulated VMs on hosts
 * that are busy with other work.
 */
#define TIMEOUT_MS	120000

/* How long a test watches for something that must not happen. */
#define QUIET_MS	150

/* CLOCK_MONOTONIC in milliseconds. */
long long now_ms(void);

/* Sleeps for 2 ms, the polling interval of WAIT_FOR(). */
void short_sleep(void);

/*
 * The number of repetitions of a test that finds more the longer it runs: @n, or a quarter of it
 * on a slow machine (KSFT_MACHINE_SLOW=yes, as for other kselftests).
 */
int scaled_rounds(int n);

/* Waits until @cond is true. False if it is not within @ms milliseconds. */
#define WAIT_FOR(cond, ms)						\
({									\
	long long __end = now_ms() + (ms);				\
	bool __met;							\
									\
	while (!(__met = !!(cond)) && now_ms() < __end)			\
		short_sleep();						\
	__met;								\
})

/* Joins a thread. False if it does not end within the time limit. */
bool thread_join(pthread_t thread);

/* The events that poll() reports without waiting, or -1. */
short poll_now(int fd, short events);

/* Waits until poll() reports POLLIN. */
bool wait_readable(int fd);

#endif /* BSDTUN_LIB_WAIT_H */
