// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/time_types.h>

#include "uring.h"
#include "util.h"
#include "wait.h"

#define RING_ENTRIES	64
#define SQ_IDLE_MS	10	/* until a kernel thread that submits goes to sleep */

bool ring_unavailable(void)
{
	char text[16];

	return read_file("/proc/sys/kernel/io_uring_disabled", text, sizeof(text)) <= 0 ||
	       text[0] == '2';
}

int ring_open_with(struct ring *r, unsigned int setup)
{
	struct io_uring_params p = { .flags = setup, .sq_thread_idle = SQ_IDLE_MS };
	size_t sq_size, cq_size;
	char *base;

	memset(r, 0, sizeof(*r));
	r->setup = setup;
	r->fd = ERR(syscall(SYS_io_uring_setup, RING_ENTRIES, &p));
	if (r->fd < 0)
		return r->fd;
	if (!(p.features & IORING_FEAT_SINGLE_MMAP)) {
		close(r->fd);
		return -EOPNOTSUPP;
	}
	sq_size = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	cq_size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	r->rings_size = sq_size > cq_size ? sq_size : cq_size;
	r->sqes_size = p.sq_entries * sizeof(struct io_uring_sqe);
	r->rings = mmap(NULL, r->rings_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->sqes_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		       r->fd, IORING_OFF_SQES);
	if (r->rings == MAP_FAILED || r->sqes == MAP_FAILED) {
		close(r->fd);
		return -ENOMEM;
	}
	base = r->rings;
	r->sq_head = (void *)(base + p.sq_off.head);
	r->sq_tail = (void *)(base + p.sq_off.tail);
	r->sq_mask = (void *)(base + p.sq_off.ring_mask);
	r->sq_flags = (void *)(base + p.sq_off.flags);
	r->sq_array = (void *)(base + p.sq_off.array);
	r->cq_head = (void *)(base + p.cq_off.head);
	r->cq_tail = (void *)(base + p.cq_off.tail);
	r->cq_mask = (void *)(base + p.cq_off.ring_mask);
	r->cqes = (void *)(base + p.cq_off.cqes);
	return 0;
}

int ring_open(struct ring *r)
{
	return ring_open_with(r, 0);
}

void ring_close(struct ring *r)
{
	if (r->fd <= 0)
		return;
	munmap(r->rings, r->rings_size);
	munmap(r->sqes, r->sqes_size);
	close(r->fd);
	r->fd = -1;
}

struct io_uring_sqe *ring_prepare(struct ring *r, int op, int fd, const void *addr,
				  unsigned int len, __u64 tag)
{
	unsigned int tail = *r->sq_tail, at = tail & *r->sq_mask;
	struct io_uring_sqe *sqe = &r->sqes[at];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)addr;
	sqe->len = len;
	sqe->user_data = tag;
	r->sq_array[at] = at;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	r->to_submit++;
	return sqe;
}

int ring_submit(struct ring *r)
{
	bool thread = r->setup & IORING_SETUP_SQPOLL;
	int flags = IORING_ENTER_GETEVENTS | (thread ? IORING_ENTER_SQ_WAKEUP : 0), n;

	n = ERR(syscall(SYS_io_uring_enter, r->fd, r->to_submit, 0, flags, NULL, 0));
	if (n > 0)
		r->to_submit -= n;
	/* The thread stores the head after it has issued the requests before it. */
	if (thread && !WAIT_FOR(__atomic_load_n(r->sq_head, __ATOMIC_ACQUIRE) == *r->sq_tail,
				TIMEOUT_MS))
		return -ETIMEDOUT;
	return n < 0 ? n : 0;
}

bool ring_peek(struct ring *r, struct io_uring_cqe *cqe)
{
	unsigned int head = *r->cq_head;

	if (head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	*cqe = r->cqes[head & *r->cq_mask];
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

bool ring_wait(struct ring *r, struct io_uring_cqe *cqe)
{
	long long end = now_ms() + TIMEOUT_MS;

	while (!ring_peek(r, cqe)) {
		struct __kernel_timespec ts = { .tv_nsec = 100 * 1000 * 1000 };
		struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&ts };

		if (now_ms() > end)
			return false;
		syscall(SYS_io_uring_enter, r->fd, 0, 1,
			IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg));
	}
	return true;
}

bool ring_stays_empty(struct ring *r)
{
	struct io_uring_cqe cqe;
	long long end = now_ms() + QUIET_MS;

	while (now_ms() < end) {
		syscall(SYS_io_uring_enter, r->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
		if (ring_peek(r, &cqe))
			return false;
		short_sleep();
	}
	return true;
}

bool ring_overflowed(struct ring *r)
{
	syscall(SYS_io_uring_enter, r->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	return __atomic_load_n(r->sq_flags, __ATOMIC_ACQUIRE) & IORING_SQ_CQ_OVERFLOW;
}

int ring_workers(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *d;
	int n = 0;

	while (dir && (d = readdir(dir))) {
		char path[320], comm[32];

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", d->d_name);
		if (read_file(path, comm, sizeof(comm)) > 0 && !strncmp(comm, "iou-wrk", 7))
			n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

int buf_group_open(struct buf_group *g, struct ring *r, int id, unsigned int count, size_t size,
		   unsigned int min_left)
{
	struct io_uring_buf_reg reg = { .bgid = id, .ring_entries = count };

	memset(g, 0, sizeof(*g));
	if (count > BUFFERS_MAX)
		return -EINVAL;
	g->id = id;
	g->count = count;
	g->size = size;
	g->ring = mmap(NULL, count * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	g->memory = mmap(NULL, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (g->ring == MAP_FAILED || g->memory == MAP_FAILED)
		return -ENOMEM;
	reg.ring_addr = (uintptr_t)g->ring;
	if (min_left) {
		reg.flags = IOU_PBUF_RING_INC;
		reg.min_left = min_left;
	}
	return ERR(syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_PBUF_RING, &reg, 1));
}

void buf_group_close(struct buf_group *g)
{
	if (!g->ring)
		return;
	munmap(g->ring, g->count * sizeof(struct io_uring_buf));
	munmap(g->memory, g->count * g->size);
	g->ring = NULL;
}

void buf_group_provide(struct buf_group *g, unsigned int first, unsigned int n)
{
	__u16 tail = g->ring->tail;
	unsigned int id;

	for (id = first; id < first + n; id++) {
		struct io_uring_buf *buf = &g->ring->bufs[tail++ & (g->count - 1)];

		g->used[id] = 0;
		buf->addr = (uintptr_t)(g->memory + id * g->size);
		buf->len = g->size;
		buf->bid = id;
	}
	__atomic_store_n(&g->ring->tail, tail, __ATOMIC_RELEASE);
}

int cqe_buffer(const struct io_uring_cqe *cqe)
{
	return cqe->flags & IORING_CQE_F_BUFFER ? cqe->flags >> IORING_CQE_BUFFER_SHIFT : -1;
}

const char *buf_group_data(struct buf_group *g, const struct io_uring_cqe *cqe)
{
	int id = cqe_buffer(cqe);
	const char *data;

	if (id < 0 || id >= (int)g->count || cqe->res < 0)
		return NULL;
	data = g->memory + id * g->size + g->used[id];
	g->used[id] += cqe->res;
	return g->used[id] <= g->size ? data : NULL;
}
