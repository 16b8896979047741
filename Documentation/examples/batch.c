// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A host behind a tun that returns each UDP datagram to its sender, with one system call for many
 * packets. Counts them until SIGINT or SIGTERM.
 *
 *	cc -o batch $(pkg-config --cflags bsdtun) batch.c
 *	ip link add bsdtun7 type bsdtun
 *	./batch /dev/bsdtun7 &
 *	ip address add 192.0.2.1 peer 192.0.2.2 dev bsdtun7
 *	echo hello | nc -u -w 1 192.0.2.2 7
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_bsdtun.h>

static atomic_bool ended;

static void end(int sig)
{
	(void)sig;
	ended = true;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	while (len--) {
		uint8_t byte = *a;

		*a++ = *b;
		*b++ = byte;
	}
}

/* Turns a UDP datagram around: its checksums stay valid. Returns false for other packets. */
static bool turn(uint8_t *ip, size_t len)
{
	size_t hlen = len < 20 ? 0 : (ip[0] & 0xf) * 4;

	if (hlen < 20 || len < hlen + 8 || ip[9] != IPPROTO_UDP)
		return false;
	/* Ignore fragments. */
	if (ip[6] & 0x3f || ip[7])
		return false;
	swap(ip + 12, ip + 16, 4);
	swap(ip + hlen, ip + hlen + 2, 2);
	return true;
}

int main(int argc, char **argv)
{
	static alignas(BSDTUN_RECORD_ALIGNMENT) uint8_t buf[256 << 10];
	struct sigaction action = { .sa_handler = end };
	unsigned long packets = 0, batches = 0;
	int on = 1;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: %s NODE\n", argv[0]);
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail(argv[1]);
	if (ioctl(fd, BSDTUNSBATCH, &on) < 0)
		fail("BSDTUNSBATCH");
	/* Without SA_RESTART, so that read() returns. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	printf("%s: returning datagrams\n", argv[1]);
	fflush(stdout);

	while (!ended) {
		ssize_t n = read(fd, buf, sizeof(buf));
		uint8_t *in = buf, *out = buf;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("read");
		/* Keep the records of datagrams, and close the gaps between them. */
		while (in < buf + n) {
			struct bsdtun_record *record = (void *)in;
			size_t stride = BSDTUN_RECORD_ALIGN(record->hdr_len + record->len);

			if (turn(in + record->hdr_len, record->len)) {
				memmove(out, in, record->hdr_len + record->len);
				out += stride;
				packets++;
			}
			in += stride;
		}
		batches++;
		if (out > buf && write(fd, buf, out - buf) != out - buf)
			fail("write");
	}
	printf("%lu datagrams in %lu batches\n", packets, batches);
	return 0;
}
