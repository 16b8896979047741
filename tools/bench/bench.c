// SPDX-License-Identifier: GPL-2.0
/*
 * bench: the same work on Linux's tun and on bsdtun.
 *
 *	bench [-c CPUS] [-r ROUNDS] [PATTERN...]
 *
 * Rounds alternate between the two drivers, so that other load affects both. A
 * round is measured by the clock, which on a machine with QEMU's -icount counts
 * instructions.
 *
 * Prints a line of JSON for each row. Rows that need more than CPUS are left
 * out, and with PATTERNs those whose name contains none of them. Rows whose
 * names begin with "senders:" or "CPUs:" take long, and need a PATTERN.
 */

#include "bench.h"
#include <linux/random.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

int cpus = 2;
unsigned int rounds = 41;
int packets;
unsigned char in[LEN_MAX + 64], out[LEN_MAX + 64];

void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

/*
 * Until the kernel's generator is initialized, which on a real machine happens early, each random
 * number is hashed anew.
 */
static void give_entropy(void)
{
	/* struct rand_pool_info: bits, length, bytes. */
	__u32 pool[2 + 64] = { 8 * 256, 256 };
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && !ioctl(fd, RNDADDENTROPY, pool), "RNDADDENTROPY");
	close(fd);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 3 * UNITS, 3 * UNITS };
	int c;

	while ((c = getopt(argc, argv, "c:r:")) != -1) {
		if (c == 'c')
			cpus = atoi(optarg);
		else if (c == 'r')
			rounds = atoi(optarg);
		else
			return 2;
	}
	if (!rounds || rounds > ROUNDS_MAX)
		return 2;
	words = argv + optind;
	signal(SIGPIPE, SIG_IGN);
	put("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	give_entropy();
	netlink_open();
	must(!setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	packet_rows();
	batch_rows();
	offload_rows();
	tcp_rows();
	senders_rows();
	cpus_rows();
	many_rows();
	return 0;
}
