// SPDX-License-Identifier: GPL-2.0
/* Rows about single packets. */

#include "bench.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/uio.h>

double work_send(struct unit *u, size_t len)
{
	double t = now();

	send_all(u, len);
	t = now() - t;
	read_all(u, len);
	return t;
}

double work_read(struct unit *u, size_t len)
{
	double t;

	send_all(u, len);
	t = now();
	read_all(u, len);
	return now() - t;
}

static double work_readv(struct unit *u, size_t len)
{
	size_t whole = framed(u, len), half = whole / 2;
	struct iovec iov[2] = { { in, half }, { in + half, sizeof(in) - half } };
	double t;
	int i;

	send_all(u, len);
	t = now();
	for (i = 0; i < packets; i++)
		must(readv(u->fd, iov, 2) == (ssize_t)whole, "readv");
	return now() - t;
}

static double work_poll(struct unit *u, size_t len)
{
	struct pollfd pfd = { .fd = u->fd, .events = POLLIN };
	double t;
	int i;

	send_all(u, len);
	t = now();
	for (i = 0; i < packets; i++) {
		must(poll(&pfd, 1, 0) == 1, "poll");
		read_one(u, len);
	}
	return now() - t;
}

static double work_epoll(struct unit *u, size_t len)
{
	struct epoll_event event = { .events = EPOLLIN };
	double t;
	int i;

	must(!epoll_ctl(u->epoll, EPOLL_CTL_ADD, u->fd, &event), "epoll_ctl");
	/* One at a time, so that each packet wakes the epoll instance. */
	t = now();
	for (i = 0; i < packets; i++) {
		send_one(u, len);
		must(epoll_wait(u->epoll, &event, 1, 0) == 1, "epoll_wait");
		read_one(u, len);
	}
	t = now() - t;
	must(!epoll_ctl(u->epoll, EPOLL_CTL_DEL, u->fd, NULL), "epoll_ctl");
	return t;
}

static void uring_all(struct unit *u, size_t len, bool reads)
{
	struct io_uring_cqe *cqe;
	int i, k;

	for (i = 0; i < packets; i += DEPTH) {
		for (k = 0; k < DEPTH; k++) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

			if (reads)
				io_uring_prep_read(sqe, u->fd, in, sizeof(in), 0);
			else
				io_uring_prep_write(sqe, u->fd, out, len, 0);
		}
		must(io_uring_submit_and_wait(&u->ring, DEPTH) == DEPTH, "io_uring");
		for (k = 0; k < DEPTH; k++) {
			must(!io_uring_peek_cqe(&u->ring, &cqe), "io_uring");
			errno = cqe->res < 0 ? -cqe->res : 0;
			must(cqe->res == (int)len, "a request to io_uring");
			io_uring_cqe_seen(&u->ring, cqe);
		}
	}
}

static double work_uring_read(struct unit *u, size_t len)
{
	double t;

	send_all(u, len);
	t = now();
	uring_all(u, framed(u, len), true);
	return now() - t;
}

static double work_uring_write(struct unit *u, size_t len)
{
	double t;

	len = build(u, out, len, u->local);
	t = now();
	uring_all(u, len, false);
	t = now() - t;
	receive_all(u->udp);
	return t;
}

double work_write(struct unit *u, size_t len)
{
	double t;
	int i;

	len = build(u, out, len, u->local);
	t = now();
	for (i = 0; i < packets; i++)
		must(write(u->fd, out, len) == (ssize_t)len, "write");
	t = now() - t;
	receive_all(u->udp);
	return t;
}

static double work_writev(struct unit *u, size_t len)
{
	struct iovec iov[2];
	double t;
	int i;

	len = build(u, out, len, u->local);
	iov[0] = (struct iovec){ out, len / 2 };
	iov[1] = (struct iovec){ out + len / 2, len - len / 2 };
	t = now();
	for (i = 0; i < packets; i++)
		must(writev(u->fd, iov, 2) == (ssize_t)len, "writev");
	t = now() - t;
	receive_all(u->udp);
	return t;
}

/* Write a packet, echo it with a UDP socket, read it. */
static double work_echo(struct unit *u, size_t len)
{
	size_t whole = build(u, out, len, u->local);
	ssize_t n;
	double t = now();
	int i;

	for (i = 0; i < packets; i++) {
		must(write(u->fd, out, whole) == (ssize_t)whole, "write");
		n = recv(u->udp, in, sizeof(in), 0);
		must(n > 0 && send(u->udp, in, n, 0) == n, "echo");
		read_one(u, len);
	}
	return now() - t;
}

static const struct {
	const char *name;
	work_fn work;
	enum framing framing;
	bool large;		/* 60 KiB too */
	int cpus;
} rows[] = {
	{ "send to the queue", work_send, BARE, true, 1 },
	{ "read a full queue", work_read, BARE, true, 1 },
	{ "write to a UDP sink", work_write, BARE, true, 1 },
	{ "write, echo, read", work_echo, BARE, true, 1 },
	{ "poll and read", work_poll, BARE, false, 1 },
	{ "send, epoll and read", work_epoll, BARE, false, 1 },
	{ "io_uring read", work_uring_read, BARE, false, 1 },
	{ "io_uring write", work_uring_write, BARE, false, 1 },
	{ "readv", work_readv, BARE, false, 1 },
	{ "writev", work_writev, BARE, false, 1 },
	{ "reader woken per packet", work_woken, BARE, false, 1 },
	{ "one reader, one sender", work_one_reader, BARE, false, 2 },
	{ "two readers, one sender", work_two_readers, BARE, false, 2 },
	{ "headed: send to the queue", work_send, HEADED, false, 1 },
	{ "headed: read a full queue", work_read, HEADED, false, 1 },
	{ "headed: write to a UDP sink", work_write, HEADED, false, 1 },
	{ "tap: send to the queue", work_send, FRAMES, false, 1 },
	{ "tap: read a full queue", work_read, FRAMES, false, 1 },
	{ "tap: write to a UDP sink", work_write, FRAMES, false, 1 },
	{ "tap: write, echo, read", work_echo, FRAMES, false, 1 },
};

void packet_rows(void)
{
	struct unit units[FRAMINGS][DRIVERS];
	unsigned int f, k, i;

	for (f = 0; f < FRAMINGS; f++) {
		for (k = 0; k < DRIVERS; k++) {
			units[f][k] = (struct unit){ .driver = k, .framing = f };
			unit_ready(&units[f][k], 10 * (f + 1) + k);
		}
	}
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct unit *pair = units[rows[i].framing];

		if (!wanted(rows[i].name) || rows[i].cpus > cpus)
			continue;
		measure(rows[i].name, pair, rows[i].work, 64, 400);
		measure(rows[i].name, pair, rows[i].work, 1400, 400);
		if (!rows[i].large)
			continue;
		for (k = 0; k < DRIVERS; k++)
			set_mtu(&pair[k], 65535);
		measure(rows[i].name, pair, rows[i].work, 60 << 10, 16);
		for (k = 0; k < DRIVERS; k++)
			set_mtu(&pair[k], 1500);
	}
	for (f = 0; f < FRAMINGS; f++)
		for (k = 0; k < DRIVERS; k++)
			unit_close(&units[f][k]);
}
