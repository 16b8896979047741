// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A cable between two tuns, which may be in different network namespaces. With an offload header
 * on both, TCP crosses it in packets of up to 64 KiB, which are neither cut nor checksummed on the
 * way. Shows the header of each packet that is longer than all before.
 *
 *	cc -o forward $(pkg-config --cflags bsdtun) forward.c
 *	./forward /dev/bsdtun1 /dev/bsdtun2
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <net/if_tap.h>
#include <net/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a read returns and a write takes: header, address family, IP packet. */
struct packet {
	struct virtio_net_hdr hdr;
	uint8_t family[4];
	uint8_t ip[TUNMRU];
};

struct end {
	const char *node;
	int fd;
	ssize_t longest;	/* the longest superpacket that was read */
};

static void fail(const char *node, const char *why)
{
	fprintf(stderr, "%s: %s\n", node, why);
	exit(1);
}

static void open_end(struct end *end)
{
	int on = 1, len = sizeof(struct virtio_net_hdr);

	end->fd = open(end->node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (end->fd < 0)
		fail(end->node, strerror(errno));
	/* The family tells IPv6 from IPv4. */
	if (ioctl(end->fd, TUNSIFHEAD, &on) < 0)
		fail(end->node, errno == ENOTTY ? "not a tun, or one in the dialect openbsd" :
						  strerror(errno));
	if (ioctl(end->fd, TAPSVNETHDR, &len) < 0)
		fail(end->node, strerror(errno));
}

static void show(const char *node, ssize_t n, const struct virtio_net_hdr *hdr)
{
	printf("%s: %zd bytes, flags %u, gso_type %u, hdr_len %u, gso_size %u, ", node, n,
	       hdr->flags, hdr->gso_type, hdr->hdr_len, hdr->gso_size);
	printf("csum_start %u, csum_offset %u\n", hdr->csum_start, hdr->csum_offset);
	fflush(stdout);
}

/* Moves all packets that wait. Each is written as it was read, its header included. */
static void forward(struct end *from, const struct end *to)
{
	static struct packet p;
	ssize_t n;

	while ((n = read(from->fd, &p, sizeof(p))) > 0) {
		if (p.hdr.gso_type != VIRTIO_NET_HDR_GSO_NONE && n > from->longest) {
			from->longest = n;
			show(from->node, n, &p.hdr);
		}
		/* Without memory for it, the packet is lost. */
		if (write(to->fd, &p, n) < 0 && errno != ENOBUFS)
			fail(to->node, strerror(errno));
	}
	if (n < 0 && errno != EAGAIN)
		fail(from->node, strerror(errno));
}

int main(int argc, char **argv)
{
	struct end ends[2] = { { 0 } };
	struct pollfd pfd[2];
	int i;

	if (argc != 3) {
		fprintf(stderr, "usage: %s NODE NODE\n", argv[0]);
		return 2;
	}
	for (i = 0; i < 2; i++) {
		ends[i].node = argv[i + 1];
		open_end(&ends[i]);
		pfd[i] = (struct pollfd) { .fd = ends[i].fd, .events = POLLIN };
	}
	printf("%s and %s are connected\n", ends[0].node, ends[1].node);
	fflush(stdout);
	for (;;) {
		if (poll(pfd, 2, -1) < 0 && errno != EINTR)
			fail("poll", strerror(errno));
		for (i = 0; i < 2; i++)
			forward(&ends[i], &ends[!i]);
	}
}
