// SPDX-License-Identifier: GPL-2.0
/* Readers in their own threads. */

#include "bench.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

#define WINDOW	256	/* packets in flight to a reader on another CPU */

static struct unit *shared;
static atomic_int received;
static sem_t was_read;
static bool report_each;

void pin(int cpu)
{
	cpu_set_t set;

	if (cpus < 2)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

/* 0: no real-time class. */
static void set_priority(int priority)
{
	struct sched_param param = { .sched_priority = priority };

	must(!sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &param),
	     "sched_setscheduler");
}

static void *reader(void *cpu)
{
	unsigned char buf[2048];
	ssize_t n;

	pin(cpu ? 1 : 0);
	if (report_each)
		set_priority(2);
	while (true) {
		n = read(shared->fd, buf, sizeof(buf));
		must(n > 0, "read");
		if (n == (ssize_t)framed(shared, LAST))
			return NULL;
		atomic_fetch_add(&received, 1);
		if (report_each)
			sem_post(&was_read);
	}
}

static double readers(struct unit *u, size_t len, int count, bool each)
{
	pthread_t threads[2];
	double t;
	int i;

	shared = u;
	sem_init(&was_read, 0, 0);
	report_each = each;
	atomic_store(&received, 0);
	set_blocking(u, true);
	pin(0);
	/* The reader preempts the sender, so that the order does not depend on the scheduler. */
	if (each)
		set_priority(1);
	for (i = 0; i < count; i++)
		/* Two readers run on one CPU each. */
		must(!pthread_create(&threads[i], NULL, reader, i ? NULL : u), "a thread");
	t = now();
	for (i = 0; i < packets; i++) {
		while (!each && i - atomic_load(&received) >= WINDOW)
			sched_yield();
		send_one(u, len);
		if (each)
			while (sem_wait(&was_read))
				;
	}
	while (atomic_load(&received) < packets)
		sched_yield();
	t = now() - t;
	for (i = 0; i < count; i++)
		send_one(u, LAST);
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	set_priority(0);
	set_blocking(u, false);
	return t;
}

double work_woken(struct unit *u, size_t len)
{
	return readers(u, len, 1, true);
}

double work_one_reader(struct unit *u, size_t len)
{
	return readers(u, len, 1, false);
}

double work_two_readers(struct unit *u, size_t len)
{
	return readers(u, len, 2, false);
}
