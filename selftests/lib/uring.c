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

bool ring_unavailable(void)
{
	char text[16];

	return read_file("/proc/sys/kernel/io_uring_disabled", text, sizeof(text)) <= 0 ||
	       text[0] == '2';
}

int ring_open(struct ring *r)
{
	struct io_uring_params p = { };
	size_t sq_size, cq_size;
	char *base;

	memset(r, 0, sizeof(*r));
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
	r->sq_tail = (void *)(base + p.sq_off.tail);
	r->sq_mask = (void *)(base + p.sq_off.ring_mask);
	r->sq_array = (void *)(base + p.sq_off.array);
	r->cq_head = (void *)(base + p.cq_off.head);
	r->cq_tail = (void *)(base + p.cq_off.tail);
	r->cq_mask = (void *)(base + p.cq_off.ring_mask);
	r->cqes = (void *)(base + p.cq_off.cqes);
	return 0;
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
	int n = ERR(syscall(SYS_io_uring_enter, r->fd, r->to_submit, 0, IORING_ENTER_GETEVENTS,
			    NULL, 0));

	if (n > 0)
		r->to_submit -= n;
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
