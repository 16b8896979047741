// SPDX-License-Identifier: GPL-2.0
/* Rows about superpackets of UDP. Those of TCP are in rows_tcp.c. */

#include "bench.h"

#define SEGMENT		1400
#define SEGMENTS	46
#define BYTES		(SEGMENTS * SEGMENT)
#define IN_QUEUE	8	/* superpackets: the limit of the queue counts segments */
#define IN_ROUND	32	/* superpackets through a tunnel */

static void segment(int udp)
{
	int size = SEGMENT, on = 1;

	must(!setsockopt(udp, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)), "UDP_SEGMENT");
	must(!setsockopt(udp, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)), "UDP_GRO");
}

static void superpacket_rows(void)
{
	struct unit units[DRIVERS];
	int k;

	for (k = 0; k < DRIVERS; k++) {
		units[k] = (struct unit){ .driver = k, .offload = UDP_TOO, .segment = SEGMENT };
		unit_ready(&units[k], 100 + k);
		segment(units[k].udp);
	}
	if (wanted("superpacket: send"))
		measure("superpacket: send", units, work_send, HEADERS + BYTES, IN_QUEUE);
	if (wanted("superpacket: read"))
		measure("superpacket: read", units, work_read, HEADERS + BYTES, IN_QUEUE);
	if (wanted("superpacket: write"))
		measure("superpacket: write", units, work_write, HEADERS + BYTES, IN_QUEUE);
	for (k = 0; k < DRIVERS; k++)
		unit_close(&units[k]);
}

/* One superpacket at a time from a socket through both units to a socket, all by this thread. */
static double udp_round(struct tunnel *tunnel)
{
	struct unit *ends = tunnel->ends;
	double t = now();
	ssize_t n, left;
	int i;

	for (i = 0; i < IN_ROUND; i++) {
		must(send(ends[0].udp, out, BYTES, 0) == BYTES, "send");
		while ((n = read(ends[0].fd, in, sizeof(in))) > 0)
			must(write(ends[1].fd, in, n) == n, "write");
		must(errno == EAGAIN, "read");
		for (left = BYTES; left > 0; left -= n) {
			n = recv(ends[1].udp, in, sizeof(in), MSG_DONTWAIT);
			must(n > 0, "recv");
		}
	}
	return (now() - t) / (IN_ROUND * BYTES / 1024.);
}

static void tunnel_udp(struct tunnel *tunnel)
{
	struct unit *ends = tunnel->ends;
	int e;

	for (e = 0; e < 2; e++) {
		ends[e].udp = tunnel_socket(&ends[e], SOCK_DGRAM);
		udp_connect(ends[e].udp, ends[e].local, ends[e].remote);
		segment(ends[e].udp);
	}
}

static void udp_row(const char *name, enum offload offload)
{
	struct result results[DRIVERS];
	struct tunnel tunnels[DRIVERS];
	double t[DRIVERS][ROUNDS_MAX];
	unsigned int r, i, k;

	if (!wanted(name))
		return;
	for (k = 0; k < DRIVERS; k++) {
		struct unit like = { .driver = k, .offload = offload };

		tunnel_open(&tunnels[k], &like, "noqueue");
		tunnel_udp(&tunnels[k]);
	}
	for (r = 0; r < rounds + 2; r++) {
		for (i = 0; i < DRIVERS; i++) {
			double took;

			k = (r + i) % DRIVERS;
			took = udp_round(&tunnels[k]);
			if (r >= 2)
				t[k][r - 2] = took;
		}
	}
	for (k = 0; k < DRIVERS; k++) {
		results[k] = summary(t[k], rounds);
		close(tunnels[k].ends[0].udp);
		close(tunnels[k].ends[1].udp);
		tunnel_close(&tunnels[k]);
	}
	report(name, 0, "KiB", results);
}

void offload_rows(void)
{
	superpacket_rows();
	udp_row("UDP bulk", NOTHING);
	udp_row("UDP bulk, offload header", UDP_TOO);
}
