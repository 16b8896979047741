/* SPDX-License-Identifier: GPL-2.0 */
/* io_uring by system calls, without liburing. */
#ifndef BSDTUN_LIB_URING_H
#define BSDTUN_LIB_URING_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/io_uring.h>

struct ring {
	int fd;
	unsigned int setup;	/* IORING_SETUP_... */
	unsigned int to_submit;
	unsigned int *sq_head, *sq_tail, *sq_mask, *sq_flags, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	void *rings;
	size_t rings_size, sqes_size;
};

/* True if the kernel has no io_uring, or disabled it for root too. */
bool ring_unavailable(void);

/* With flags of io_uring_setup(), IORING_SETUP_... */
int ring_open_with(struct ring *r, unsigned int setup);
int ring_open(struct ring *r);
void ring_close(struct ring *r);

/* Queues a request; ring_submit() submits it. The completion has @tag as its user_data. */
struct io_uring_sqe *ring_prepare(struct ring *r, int op, int fd, const void *addr,
				  unsigned int len, __u64 tag);

/* Returns when the kernel has issued the requests, also if a thread of its own submits them. */
int ring_submit(struct ring *r);

/* Takes a completion if there is one. */
bool ring_peek(struct ring *r, struct io_uring_cqe *cqe);

/* Waits for a completion. False if the time limit passes first. */
bool ring_wait(struct ring *r, struct io_uring_cqe *cqe);

/* Runs the kernel's pending task work for QUIET_MS. False if a request completes. */
bool ring_stays_empty(struct ring *r);

/* True if there were completions for which the completion queue had no room. */
bool ring_overflowed(struct ring *r);

/* The number of io-wq workers, which the kernel creates for requests that would block. */
int ring_workers(void);

#define BUFFERS_MAX	256

/* A group of buffers that requests with IOSQE_BUFFER_SELECT take theirs from. */
struct buf_group {
	int id;
	struct io_uring_buf_ring *ring;
	char *memory;
	unsigned int count;
	size_t size;			/* of each buffer */
	size_t used[BUFFERS_MAX];	/* of each buffer of an incremental group */
};

/*
 * Makes a group of @count buffers, a power of two, none of which the kernel may use yet. With
 * @min_left the group is incremental: several completions share a buffer until less than @min_left
 * bytes of it are left.
 */
int buf_group_open(struct buf_group *g, struct ring *r, int id, unsigned int count, size_t size,
		   unsigned int min_left);

/* After the ring is closed. */
void buf_group_close(struct buf_group *g);

/* Lets the kernel use @n buffers, from @first on. */
void buf_group_provide(struct buf_group *g, unsigned int first, unsigned int n);

/* The number of the buffer of a completion, or -1. */
int cqe_buffer(const struct io_uring_cqe *cqe);

/* The data of a completion, or NULL. To be called once per completion, in their order. */
const char *buf_group_data(struct buf_group *g, const struct io_uring_cqe *cqe);

#endif /* BSDTUN_LIB_URING_H */
