// SPDX-License-Identifier: GPL-2.0
/* Rows about many units. */

#include "bench.h"
#include <linux/if_packet.h>
#include <linux/if_tun.h>

#define GROUP	77

/* Divisors of UNITS: what one driver creates in its turn, and what is removed at once. */
#define BATCH	250
#define REMOVED	50

static struct unit many[DRIVERS][UNITS];

/* Create a unit that persists after the close. */
static void many_create(struct unit *u)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd;

	if (u->driver == BSDTUN) {
		link_add(u->name, "bsdtun");
		return;
	}
	memcpy(ifr.ifr_name, u->name, IFNAMSIZ);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	must(fd >= 0 && !ioctl(fd, TUNSETIFF, &ifr) && !ioctl(fd, TUNSETPERSIST, 1),
	     "TUNSETPERSIST");
	close(fd);
}

static void many_open(struct unit *u)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	char path[32];

	memcpy(ifr.ifr_name, u->name, IFNAMSIZ);
	snprintf(path, sizeof(path), "/dev/%s", u->driver == TUN ? "net/tun" : u->name);
	u->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	must(u->fd >= 0 && (u->driver == BSDTUN || !ioctl(u->fd, TUNSETIFF, &ifr)), path);
}

static double free_memory(void)
{
	unsigned long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	must(f, "/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %lu kB", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

/* A round is UNITS packets, distributed over the first many_used units. */
static int many_used;
static int many_packet, many_udp;

static double many_write(struct unit *u, size_t len)
{
	double t;
	int i;

	u->remote = htonl(10 << 24 | 199 << 16 | 2);
	len = build(u, out, len, htonl(10 << 24 | 200 << 16 | 1));
	t = now();
	for (i = 0; i < UNITS; i++)
		must(write(many[u->driver][i % many_used].fd, out, len) == (ssize_t)len, "write");
	t = now() - t;
	receive_all(many_udp);
	return t;
}

static double many_read(struct unit *u, size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	double t;
	int i;

	build(u, out, len, htonl(10 << 24 | 200 << 16 | 1));
	t = now();
	for (i = 0; i < UNITS; i++) {
		struct unit *v = &many[u->driver][i % many_used];

		to.sll_ifindex = v->index;
		must(sendto(many_packet, out, len, 0, (void *)&to, sizeof(to)) == (ssize_t)len,
		     "sendto");
		read_one(v, len);
	}
	return now() - t;
}

static void many_open_close(struct unit *u)
{
	many_open(u);
	close(u->fd);
}

/*
 * The drivers take turns with so many units each, so that existing units cost both the same.
 * Returns the driver, and in from its first unit.
 */
static int many_turn(int turn, int units, int *from)
{
	*from = turn / DRIVERS * units;
	return (turn + turn / DRIVERS) % DRIVERS;
}

/* Measure an operation on each unit: time, and memory in KiB per unit. */
static void many_each(void (*operation)(struct unit *u), struct result result[DRIVERS],
		      double mem[DRIVERS])
{
	static double t[DRIVERS][UNITS];
	int turn, k, i, from;

	mem[TUN] = 0;
	mem[BSDTUN] = 0;
	for (turn = 0; turn < DRIVERS * UNITS / BATCH; turn++) {
		k = many_turn(turn, BATCH, &from);
		mem[k] += free_memory() / UNITS;
		for (i = from; i < from + BATCH; i++) {
			double start = now();

			operation(&many[k][i]);
			t[k][i] = now() - start;
		}
		mem[k] -= free_memory() / UNITS;
	}
	for (k = 0; k < DRIVERS; k++)
		result[k] = summary(t[k], UNITS);
}

/* Remove REMOVED units at once: the time per unit. */
static void many_remove(struct result result[DRIVERS])
{
	static double t[DRIVERS][UNITS / REMOVED];
	int turn, k, i, from;

	for (turn = 0; turn < DRIVERS * UNITS / REMOVED; turn++) {
		double start;

		k = many_turn(turn, REMOVED, &from);
		for (i = from; i < from + REMOVED; i++) {
			close(many[k][i].fd);
			link_set_group(many[k][i].index, GROUP);
		}
		start = now();
		link_delete_group(GROUP);
		t[k][from / REMOVED] = (now() - start) / REMOVED;
	}
	for (k = 0; k < DRIVERS; k++)
		result[k] = summary(t[k], UNITS / REMOVED);
}

void many_rows(void)
{
	struct result result[DRIVERS];
	struct unit units[DRIVERS] = { { .driver = TUN }, { .driver = BSDTUN } };
	struct unit lo = { .name = "lo" };
	double mem[DRIVERS];
	struct ifreq ifr;
	int i, k;

	if (!wanted("1,000 units"))
		return;
	for (k = 0; k < DRIVERS; k++) {
		for (i = 0; i < UNITS; i++) {
			many[k][i].driver = k;
			snprintf(many[k][i].name, IFNAMSIZ, "%s%d", k == TUN ? "bench" : "bsdtun",
				 UNITS + i);
		}
	}
	many_each(many_create, result, mem);
	report("create, 1,000 units", 0, "unit", result);
	/* With one CPU nothing else allocates memory at the same time. */
	for (k = 0; k < DRIVERS; k++)
		result[k] = (struct result){ mem[k], mem[k], mem[k], mem[k] };
	if (cpus < 2)
		report("memory, 1,000 units", 0, "KiB per unit", result);
	many_each(many_open_close, result, mem);
	report("open and close, 1,000 units", 0, "unit", result);

	set_address(&lo, SIOCSIFADDR, htonl(10 << 24 | 200 << 16 | 1));
	set_address(&lo, SIOCSIFNETMASK, 0xffffffff);
	set_up(&lo);
	many_udp = udp_socket(htonl(10 << 24 | 200 << 16 | 1), 0);
	many_packet = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(many_packet >= 0, "AF_PACKET");
	for (k = 0; k < DRIVERS; k++) {
		for (i = 0; i < UNITS; i++) {
			struct unit *u = &many[k][i];

			many_open(u);
			interface(u, SIOCGIFINDEX, &ifr);
			u->index = ifr.ifr_ifindex;
			set_qdisc(u->index, "noqueue");
			set_up(u);
		}
	}
	for (many_used = 1; many_used <= UNITS; many_used *= UNITS) {
		char name[48];

		snprintf(name, sizeof(name), "write, 1,000 units, %d in use", many_used);
		measure(name, units, many_write, 64, UNITS);
		snprintf(name, sizeof(name), "out, read, 1,000 units, %d in use", many_used);
		measure(name, units, many_read, 64, UNITS);
	}
	many_remove(result);
	report("remove, 50 of 1,000 units", 0, "unit", result);
}
