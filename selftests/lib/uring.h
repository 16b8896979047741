/* SPDX-License-Identifier: GPL-2.0 */
/* io_uring by system calls: one request, one completion, no liburing. */
#ifndef BSDTUN_LIB_URING_H
#define BSDTUN_LIB_URING_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/io_uring.h>

struct ring {
	int fd;
	unsigned int to_submit;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	void *rings;
	size_t rings_size, sqes_size;
};

/* True if the kernel has no io_uring, or disabled it for root too. */
bool ring_unavailable(void);

int ring_open(struct ring *r);
void ring_close(struct ring *r);

/* Queues a request; ring_submit() submits it. The completion has @tag as its user_data. */
struct io_uring_sqe *ring_prepare(struct ring *r, int op, int fd, const void *addr,
				  unsigned int len, __u64 tag);
int ring_submit(struct ring *r);

/* Takes a completion if there is one. */
bool ring_peek(struct ring *r, struct io_uring_cqe *cqe);

/* Waits for a completion. False if the time limit passes first. */
bool ring_wait(struct ring *r, struct io_uring_cqe *cqe);

/* Runs the kernel's pending task work for QUIET_MS. False if a request completes. */
bool ring_stays_empty(struct ring *r);

/* The number of io-wq workers, which the kernel creates for requests that would block. */
int ring_workers(void);

#endif /* BSDTUN_LIB_URING_H */
