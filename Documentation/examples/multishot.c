// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Counts the packets of a unit, which one io_uring request reads into a ring of buffers. Ends when
 * the unit is deleted.
 *
 *	cc -o multishot $(pkg-config --cflags bsdtun) multishot.c -luring
 *	./multishot /dev/bsdtun0 &
 *	ip addr add 192.0.2.1 peer 192.0.2.2 dev bsdtun0
 *	ping -c 3 192.0.2.2
 *	ip link del bsdtun0
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <net/if.h>
#include <net/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFERS	64		/* a power of two */
#define GROUP	1		/* names the ring of buffers in requests */

/* What does not fit in a buffer is lost, so each has room for the longest packet and its prefix. */
static char buffers[BUFFERS][16 + TUNMRU];

static void fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(error));
	exit(1);
}

int main(int argc, char **argv)
{
	unsigned long packets = 0, bytes = 0;
	struct io_uring_buf_ring *group;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int armed = 0, i, fd, err;

	if (argc != 2) {
		fprintf(stderr, "usage: %s NODE\n", argv[0]);
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail(argv[1], errno);
	err = io_uring_queue_init(8, &ring, 0);
	if (err)
		fail("io_uring", -err);
	group = io_uring_setup_buf_ring(&ring, BUFFERS, GROUP, 0, &err);
	if (!group)
		fail("buffers", -err);
	for (i = 0; i < BUFFERS; i++)
		io_uring_buf_ring_add(group, buffers[i], sizeof(buffers[i]), i,
				      io_uring_buf_ring_mask(BUFFERS), i);
	io_uring_buf_ring_advance(group, BUFFERS);
	printf("%s: counting\n", argv[1]);

	for (;;) {
		int res, flags;

		fflush(stdout);
		if (!armed) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

			/* Length 0: as long as the buffer. Offset -1: the file has no position. */
			io_uring_prep_read_multishot(sqe, fd, 0, -1, GROUP);
			err = io_uring_submit(&ring);
			if (err < 0)
				fail("io_uring", -err);
			armed = 1;
		}
		err = io_uring_wait_cqe(&ring, &cqe);
		if (err == -EINTR)
			continue;
		if (err)
			fail("io_uring", -err);
		res = cqe->res;
		flags = cqe->flags;
		io_uring_cqe_seen(&ring, cqe);

		/* Without the flag this is the last completion of the request. */
		armed = flags & IORING_CQE_F_MORE;
		if (flags & IORING_CQE_F_BUFFER) {
			i = flags >> IORING_CQE_BUFFER_SHIFT;
			packets++;
			bytes += res;	/* in buffers[i] */

			/* The program is done with the buffer. */
			io_uring_buf_ring_add(group, buffers[i], sizeof(buffers[i]), i,
					      io_uring_buf_ring_mask(BUFFERS), 0);
			io_uring_buf_ring_advance(group, 1);
		} else if (res == -EHOSTDOWN) {
			break;		/* The unit was deleted. */
		} else if (res != -ENOBUFS) {
			fail("read", -res);
		}
		/* After ENOBUFS, all buffers were in use: the packet waits in the unit. */
	}
	printf("%s: %lu packets, %lu bytes\n", argv[1], packets, bytes);
	return 0;
}
