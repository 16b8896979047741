// SPDX-License-Identifier: GPL-2.0
/*
 * Rows about several packets per system call: batch mode, beside single calls with tun; and
 * multishot reads of io_uring, with both.
 */

#include "bench.h"
#include <linux/if_bsdtun.h>

#define IN_ROUND	384	/* packets, a multiple of each batch */
#define BATCH_MAX	128
#define BUFFERS		512	/* of a multishot read */
#define GROUP		1

static int batch;		/* packets in a system call */
static unsigned char records[BATCH_MAX * 2048];

static size_t stride(const struct unit *u, size_t len)
{
	return BSDTUN_RECORD_ALIGN(sizeof(struct bsdtun_record) + framed(u, len));
}

static void set_batch(const struct unit *u, int on)
{
	must(!ioctl(u->fd, BSDTUNSBATCH, &on), "BSDTUNSBATCH");
}

/* Reads packets, and looks at the header of each record. */
static void read_batches(const struct unit *u, size_t len, int count)
{
	while (count > 0) {
		ssize_t n = read(u->fd, records, batch * stride(u, len));
		size_t at = 0;

		must(n > 0, "read");
		while (at < (size_t)n) {
			const struct bsdtun_record *record = (void *)(records + at);

			must(record->len == framed(u, len), "a record");
			at += BSDTUN_RECORD_ALIGN(record->hdr_len + record->len);
			count--;
		}
	}
}

/* The same packet in each record. */
static size_t build_batch(const struct unit *u, size_t len)
{
	size_t each = stride(u, len);
	int i;

	for (i = 0; i < batch; i++) {
		struct bsdtun_record *record = (void *)(records + i * each);

		*record = (struct bsdtun_record){
			.len = build(u, (void *)(record + 1), len, u->local),
			.hdr_len = sizeof(*record),
		};
	}
	return batch * each;
}

static double batch_read(struct unit *u, size_t len)
{
	double t;

	if (u->driver == TUN)
		return work_read(u, len);
	send_all(u, len);
	set_batch(u, 1);
	t = now();
	read_batches(u, len, packets);
	t = now() - t;
	set_batch(u, 0);
	return t;
}

static double batch_write(struct unit *u, size_t len)
{
	size_t all;
	double t;
	int i;

	if (u->driver == TUN)
		return work_write(u, len);
	all = build_batch(u, len);
	set_batch(u, 1);
	t = now();
	for (i = 0; i < packets; i += batch)
		must(write(u->fd, records, all) == (ssize_t)all, "write");
	t = now() - t;
	set_batch(u, 0);
	receive_all(u->udp);
	return t;
}

/* Write packets, echo each with a UDP socket, read them. The socket's part is the same. */
static double batch_echo(struct unit *u, size_t len)
{
	size_t all = 0;
	double t;
	int i, k;

	if (u->driver == TUN)
		all = build(u, out, len, u->local);
	else
		set_batch(u, 1);
	t = now();
	for (i = 0; i < packets; i += batch) {
		if (u->driver == TUN) {
			for (k = 0; k < batch; k++)
				must(write(u->fd, out, all) == (ssize_t)all, "write");
		} else {
			/* The reads below overwrite the buffer. */
			all = build_batch(u, len);
			must(write(u->fd, records, all) == (ssize_t)all, "write");
		}
		for (k = 0; k < batch; k++) {
			ssize_t n = recv(u->udp, in, sizeof(in), 0);

			must(n > 0 && send(u->udp, in, n, 0) == n, "echo");
		}
		if (u->driver == TUN) {
			for (k = 0; k < batch; k++)
				read_one(u, len);
		} else {
			read_batches(u, len, batch);
		}
	}
	t = now() - t;
	if (u->driver == BSDTUN)
		set_batch(u, 0);
	return t;
}

/* One request for all packets of a round, which were queued before. */
static double multishot_read(struct unit *u, size_t len)
{
	/* Room for all completions: a full queue ends the request. */
	struct io_uring_params params = { .flags = IORING_SETUP_CQSIZE, .cq_entries = BUFFERS };
	static unsigned char buffers[BUFFERS][2048];
	struct io_uring_buf_ring *br;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int error, i;
	double t;

	must(!io_uring_queue_init_params(DEPTH, &ring, &params), "io_uring");
	br = io_uring_setup_buf_ring(&ring, BUFFERS, GROUP, 0, &error);
	must(br, "a ring of buffers");
	for (i = 0; i < BUFFERS; i++)
		io_uring_buf_ring_add(br, buffers[i], sizeof(buffers[i]), i,
				      io_uring_buf_ring_mask(BUFFERS), i);
	io_uring_buf_ring_advance(br, BUFFERS);
	send_all(u, len);
	t = now();
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read_multishot(sqe, u->fd, 0, -1, GROUP);
	must(io_uring_submit(&ring) == 1, "io_uring");
	for (i = 0; i < packets; i++) {
		must(!io_uring_wait_cqe(&ring, &cqe), "io_uring");
		must(cqe->res == (int)framed(u, len) && cqe->flags & IORING_CQE_F_MORE,
		     "a multishot read");
		io_uring_cqe_seen(&ring, cqe);
	}
	t = now() - t;
	must(!io_uring_free_buf_ring(&ring, br, BUFFERS, GROUP), "a ring of buffers");
	/* Cancels the request. */
	io_uring_queue_exit(&ring);
	return t;
}

static void batch_row(struct unit units[DRIVERS], const char *name, work_fn work, int n)
{
	char whole[64];

	batch = n;
	snprintf(whole, sizeof(whole), "%s, %d", name, n);
	if (!wanted(whole))
		return;
	measure(whole, units, work, 64, IN_ROUND);
	measure(whole, units, work, 1400, IN_ROUND);
}

void batch_rows(void)
{
	static const int sizes[] = { 1, 8, 32, 128 };
	struct unit units[2][DRIVERS];
	unsigned int f, i, k;

	for (f = 0; f < 2; f++) {
		for (k = 0; k < DRIVERS; k++) {
			units[f][k] = (struct unit){ .driver = k, .framing = f ? FRAMES : BARE };
			unit_ready(&units[f][k], 120 + 10 * f + k);
		}
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		batch_row(units[0], "batch read", batch_read, sizes[i]);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		batch_row(units[0], "batch write", batch_write, sizes[i]);
	batch_row(units[0], "batch echo", batch_echo, 32);
	batch_row(units[1], "tap: batch read", batch_read, 32);
	batch_row(units[1], "tap: batch write", batch_write, 32);
	if (wanted("multishot read")) {
		measure("multishot read", units[0], multishot_read, 64, IN_ROUND);
		measure("multishot read", units[0], multishot_read, 1400, IN_ROUND);
	}
	for (f = 0; f < 2; f++)
		for (k = 0; k < DRIVERS; k++)
			unit_close(&units[f][k]);
}
