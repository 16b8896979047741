// SPDX-License-Identifier: GPL-2.0
/*
 * Rows about several readers of one unit, and senders on several CPUs: time per packet, and how
 * often a lock was contended.
 */

#include "bench.h"
#include <linux/perf_event.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define THREADS_MAX	4
#define WINDOW		256	/* packets in flight */
#define BURST		32	/* packets that a reader reports at once */
#define PACKETS		4000	/* in a round */
#define CONTENTION	"/sys/kernel/tracing/events/lock/contention_begin/id"

static const struct {
	int readers, senders;
} rows[] = { { 1, 1 }, { 2, 1 }, { 4, 1 }, { 1, 2 }, { 1, 4 }, { 4, 4 } };

/* Of the round. */
static struct unit *unit;
static size_t length;
static atomic_int sent;
static sem_t room;	/* in the window: nobody spins, since instructions are counted too */

/* Counters of the kernel's event for contended locks of all types, one for each CPU. */
static int counters[THREADS_MAX];

static void counters_open(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	FILE *f = fopen(CONTENTION, "r");
	int cpu;

	must(f && fscanf(f, "%llu", &attr.config) == 1, CONTENTION);
	fclose(f);
	for (cpu = 0; cpu < THREADS_MAX; cpu++) {
		counters[cpu] = syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
					PERF_FLAG_FD_CLOEXEC);
		must(counters[cpu] >= 0, "perf_event_open");
	}
}

static double contended(void)
{
	uint64_t value;
	double sum = 0;
	int cpu;

	for (cpu = 0; cpu < THREADS_MAX; cpu++) {
		must(read(counters[cpu], &value, sizeof(value)) == sizeof(value), "a counter");
		sum += value;
	}
	return sum;
}

static void *reader(void *cpu)
{
	unsigned char buf[2048];
	int count = 0, i;
	ssize_t n;

	pin((intptr_t)cpu);
	while (true) {
		n = read(unit->fd, buf, sizeof(buf));
		must(n > 0, "read");
		if (n == (ssize_t)framed(unit, LAST))
			return NULL;
		if (++count % BURST)
			continue;
		for (i = 0; i < BURST; i++)
			sem_post(&room);
	}
}

static void *sender(void *cpu)
{
	static const unsigned char payload[2048];
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	pin((intptr_t)cpu);
	to.sin_addr.s_addr = unit->remote;
	must(udp >= 0 && !connect(udp, (void *)&to, sizeof(to)), "a UDP socket");
	while (atomic_fetch_add(&sent, 1) < PACKETS) {
		while (sem_wait(&room))
			;
		must(send(udp, payload, length - HEADERS, 0) > 0, "send");
	}
	close(udp);
	return NULL;
}

static double cpus_round(struct unit *u, size_t len, int readers, int senders)
{
	pthread_t reading[THREADS_MAX], sending[THREADS_MAX];
	intptr_t i;
	double t;

	unit = u;
	length = len;
	atomic_store(&sent, 0);
	sem_init(&room, 0, WINDOW);
	/* Senders begin with the last CPU, so that one thread of each kind has a CPU of its own. */
	for (i = 0; i < readers; i++)
		must(!pthread_create(&reading[i], NULL, reader, (void *)i), "a thread");
	t = now();
	for (i = 0; i < senders; i++)
		must(!pthread_create(&sending[i], NULL, sender, (void *)(THREADS_MAX - 1 - i)),
		     "a thread");
	for (i = 0; i < senders; i++)
		pthread_join(sending[i], NULL);
	for (i = 0; i < readers; i++)
		send_one(u, LAST);
	for (i = 0; i < readers; i++)
		pthread_join(reading[i], NULL);
	return (now() - t) / PACKETS;
}

static void row_name(char name[64], unsigned int row)
{
	snprintf(name, 64, "CPUs: readers: %d, senders: %d", rows[row].readers, rows[row].senders);
}

static void cpus_row(struct unit units[DRIVERS], unsigned int row)
{
	static double t[DRIVERS][ROUNDS_MAX], locks[DRIVERS][ROUNDS_MAX];
	struct result results[DRIVERS];
	unsigned int r, i, k;
	char name[64], longer[96];

	row_name(name, row);
	if (!wanted(name))
		return;
	for (r = 0; r < rounds + 2; r++) {
		for (i = 0; i < DRIVERS; i++) {
			double took, before;

			k = (r + i) % DRIVERS;
			before = contended();
			took = cpus_round(&units[k], 64, rows[row].readers, rows[row].senders);
			if (r < 2)
				continue;
			t[k][r - 2] = took;
			locks[k][r - 2] = (contended() - before) * 1000 / PACKETS;
		}
	}
	for (k = 0; k < DRIVERS; k++)
		results[k] = summary(t[k], rounds);
	report(name, 64, "packet", results);
	for (k = 0; k < DRIVERS; k++)
		results[k] = summary(locks[k], rounds);
	/* Emulated CPUs that run in turn never contend. */
	if (results[TUN].high + results[BSDTUN].high == 0)
		return;
	snprintf(longer, sizeof(longer), "%s, contended", name);
	report(longer, 64, "locks per 1,000 packets", results);
}

void cpus_rows(void)
{
	struct unit units[DRIVERS];
	unsigned int i, k;
	bool any = false;
	char name[64];

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		row_name(name, i);
		any |= wanted(name);
	}
	if (!any || !asked() || cpus < THREADS_MAX)
		return;
	counters_open();
	for (k = 0; k < DRIVERS; k++) {
		units[k] = (struct unit){ .driver = k };
		unit_ready(&units[k], 110 + k);
		set_blocking(&units[k], true);
	}
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		cpus_row(units, i);
	for (k = 0; k < DRIVERS; k++)
		unit_close(&units[k]);
}
