// SPDX-License-Identifier: GPL-2.0
/*
 * Stress test: threads that use nodes in every way, others that create, change, move and delete the
 * interfaces, network namespaces that exit, and a module that is unloaded and loaded. The errors
 * that each operation may return are listed; any other error fails the test.
 *
 * BSDTUN_STORM_SEED repeats the choices of each thread, but not their timing. BSDTUN_STORM_MS is
 * the duration.
 */
#include "lib/test.h"

#include <limits.h>
#include <net/if_tap.h>
#include <net/if_tun.h>

#define STORM_MS	8000

/* Additional time on a busy machine, until each operation has succeeded once. */
#define EXTRA_MS	240000
/* The unit numbers of each kind that the threads compete for. */
#define FIRST		700
#define NUMBERS		4
#define KINDS		3
/*
 * Descriptors that all threads share. Their numbers are higher than those that open() returns, so
 * other descriptors never get them, although they are closed and replaced while in use.
 */
#define SLOTS		10
#define SLOT(i)		(500 + (i))
#define USERS		5
#define MODIFIERS	2
#define SIGNAL_MS		40

static const char *const kinds[KINDS] = { TUN_KIND, TAP_KIND, VMNET_KIND };

/* ---- operations and their possible errors ------------------------------- */

enum op {
	OPEN, OPEN_CLONER, CLOSE, READ, READV, WRITE, WRITEV, POLL, EPOLL, IOCTL, FIONREAD_, OWNER,
	FDINFO, DUP, FORK, PASS, URING, URING_CANCEL,
	ADD, DEL, UP, DOWN, RENAME, MOVE, MTU, TXQLEN, ADDRESS, ATTRIBUTE, SYSCTL, SEND, NETNS,
	RMMOD, INSMOD, OPS
};

static const struct {
	const char *name;
	int errors[12];
} ops[OPS] = {
	[OPEN] = { "open", { ENOENT, ENXIO, ENODEV, EBUSY } },
	[OPEN_CLONER] = { "open of a cloner", { ENOENT, ENXIO, ENODEV } },
	[CLOSE] = { "close", { EBADF } },
	[READ] = { "read", { EBADF, EAGAIN, EINTR, EHOSTDOWN } },
	[READV] = { "readv", { EBADF, EAGAIN, EINTR, EHOSTDOWN } },
	[WRITE] = { "write", { EBADF, EHOSTDOWN, EAFNOSUPPORT, ENOBUFS } },
	[WRITEV] = { "writev", { EBADF, EHOSTDOWN, EAFNOSUPPORT, ENOBUFS } },
	[POLL] = { "poll", { EINTR } },
	[EPOLL] = { "epoll", { EBADF, EEXIST, EINTR } },
	/* Of another kind, or depending on the state of the interface. */
	[IOCTL] = { "ioctl", { EBADF, ENXIO, ENOTTY, EINVAL, EBUSY, EPROTOTYPE } },
	[FIONREAD_] = { "FIONREAD", { EBADF, ENXIO } },
	[OWNER] = { "F_SETOWN and FIOASYNC", { EBADF, ENXIO } },
	[FDINFO] = { "fdinfo", { ENOENT } },
	[DUP] = { "dup", { EBADF } },
	[FORK] = { "fork", { } },
	[PASS] = { "SCM_RIGHTS", { EBADF } },
	[URING] = { "io_uring",
		    { EBADF, EAGAIN, EINTR, EHOSTDOWN, ECANCELED, EAFNOSUPPORT, ENOBUFS } },
	[URING_CANCEL] = { "io_uring cancel", { ENOENT, EALREADY } },
	/* The last two while the module is unloaded. */
	[ADD] = { "link add", { EEXIST, ENOENT, EOPNOTSUPP } },
	[DEL] = { "link del", { ENODEV } },
	[UP] = { "link up", { ENODEV } },
	[DOWN] = { "link down", { ENODEV } },
	[RENAME] = { "link rename", { ENODEV, EEXIST } },
	[MOVE] = { "link netns", { ENODEV, EEXIST } },
	[MTU] = { "link mtu", { ENODEV, EINVAL } },
	[TXQLEN] = { "link txqueuelen", { ENODEV } },
	[ADDRESS] = { "link address", { ENODEV, EOPNOTSUPP } },
	[ATTRIBUTE] = { "sysfs attribute", { ENOENT, ENODEV } },
	[SYSCTL] = { "sysctl", { ENOENT } },
	/* ENOMEM from the core if the interface goes down during the call. */
	[SEND] = { "send", { ENXIO, ENODEV, ENETDOWN, ENOBUFS, ENOMEM, EMSGSIZE } },
	[NETNS] = { "namespace", { } },
	[RMMOD] = { "rmmod", { EAGAIN, EBUSY, ENOENT } },
	[INSMOD] = { "insmod", { EEXIST, EBUSY } },
};

#define ERRNOS		200

static struct storm {
	bool stop;
	unsigned int seed;
	int netns, other_netns;		/* network namespaces */
	/* Read-locked to create a descriptor, write-locked to have none open. */
	pthread_rwlock_t fd_lock;
	/* Of the last interface with each number, which may be deleted. */
	int ifindex[KINDS][NUMBERS];
	unsigned int done[OPS];
	unsigned int failed[OPS][ERRNOS];
	enum op unexpected_op;
	long unexpected;		/* an error that is not listed */
} storm;

static bool running(void)
{
	return !__atomic_load_n(&storm.stop, __ATOMIC_SEQ_CST);
}

/* Counts the result of @op, and checks it. */
static long check(enum op op, long ret)
{
	unsigned int i;

	if (ret >= 0) {
		__atomic_add_fetch(&storm.done[op], 1, __ATOMIC_RELAXED);
		return ret;
	}
	if (-ret < ERRNOS)
		__atomic_add_fetch(&storm.failed[op][-ret], 1, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(ops[op].errors); i++)
		if (ops[op].errors[i] == -ret)
			return ret;
	storm.unexpected_op = op;
	__atomic_store_n(&storm.unexpected, ret, __ATOMIC_SEQ_CST);
	return ret;
}

static unsigned int done(enum op op)
{
	return __atomic_load_n(&storm.done[op], __ATOMIC_RELAXED);
}

struct thread {
	pthread_t thread;
	unsigned int seed;
	int ep, pair[2], raw;
	struct ring ring;
	struct buf_group group;
	bool has_ring, other_netns;
};

static unsigned int rnd(struct thread *t, unsigned int n)
{
	return rand_r(&t->seed) / 7 % n;
}

static int random_slot(struct thread *t)
{
	return SLOT(rnd(t, SLOTS));
}

/* ---- users of the nodes ------------------------------------------------- */

static bool slot_is_empty(int fd)
{
	return fcntl(fd, F_GETFD) < 0;
}

/* Moves the descriptor to a slot, which closes the previous one. */
static void put_in_slot(struct thread *t, int fd)
{
	dup3(fd, random_slot(t), O_CLOEXEC);
	close(fd);
}

static void open_one(struct thread *t)
{
	enum op op = rnd(t, 6) ? OPEN : OPEN_CLONER;
	int flags = O_RDWR | O_CLOEXEC | (rnd(t, 3) ? O_NONBLOCK : 0), fd;
	char path[32];

	if (op == OPEN)
		snprintf(path, sizeof(path), "/dev/%s%u", kinds[rnd(t, KINDS)],
			 FIRST + rnd(t, NUMBERS));
	else
		snprintf(path, sizeof(path), "/dev/%s", kinds[rnd(t, KINDS)]);
	if (pthread_rwlock_tryrdlock(&storm.fd_lock)) {
		short_sleep();
		return;
	}
	fd = check(op, ERR(open(path, flags)));
	if (fd >= 0)
		put_in_slot(t, fd);
	pthread_rwlock_unlock(&storm.fd_lock);
}

/* A packet, a frame, or an invalid packet. */
static size_t random_packet(struct thread *t, char *buf)
{
	char payload[64];
	size_t len;

	fill_pattern(payload, sizeof(payload), rnd(t, 100));
	len = build_udp(buf, PEER, LOCAL, 9, PORT, payload, rnd(t, sizeof(payload)));
	switch (rnd(t, 4)) {
	case 0:
		memmove(buf + 4, buf, len);
		memcpy(buf, rnd(t, 2) ? "\0\0\0\2" : "\0\0\0\x1c", 4);
		return len + 4;
	case 1:
		return build_frame(buf, "\xff\xff\xff\xff\xff\xff", PEER_MAC, ETH_P_IP,
				   payload, 30);
	case 2:
		return rnd(t, len);
	default:
		return len;
	}
}

static void write_one(struct thread *t)
{
	char buf[512];
	size_t len = random_packet(t, buf), cut = len / 3;
	struct iovec iov[] = { { buf, cut }, { buf + cut, len - cut } };
	int fd = random_slot(t);

	if (rnd(t, 3))
		check(WRITE, ERR(write(fd, buf, len)));
	else
		check(WRITEV, ERR(writev(fd, iov, 2)));
}

static void read_one(struct thread *t)
{
	char buf[512];
	struct iovec iov[] = { { buf, rnd(t, 30) }, { buf + 32, 400 } };
	int fd = random_slot(t);

	if (rnd(t, 3))
		check(READ, ERR(read(fd, buf, rnd(t, sizeof(buf)))));
	else
		check(READV, ERR(readv(fd, iov, 2)));
}

static void poll_one(struct thread *t)
{
	struct pollfd pfd[3];
	int i;

	for (i = 0; i < 3; i++)
		pfd[i] = (struct pollfd){ .fd = random_slot(t), .events = POLLIN | POLLOUT };
	check(POLL, ERR(poll(pfd, 3, rnd(t, 3))));
}

static void epoll_one(struct thread *t)
{
	struct epoll_event ev = { .events = EPOLLIN | (rnd(t, 2) ? EPOLLET : 0) }, out[4];
	long ret;

	/* Entries may outlive the descriptor of the slot. Now and then begin a new set. */
	if (!rnd(t, 20)) {
		close(t->ep);
		t->ep = epoll_create1(EPOLL_CLOEXEC);
	}
	if (check(EPOLL, ERR(epoll_ctl(t->ep, EPOLL_CTL_ADD, random_slot(t), &ev))) < 0)
		return;
	ret = ERR(epoll_wait(t->ep, out, ARRAY_SIZE(out), rnd(t, 3)));
	check(EPOLL, ret);
}

static void ioctl_one(struct thread *t)
{
	struct tuninfo info = { .mtu = 600 + rnd(t, 1500), .type = rnd(t, 2) ? 0x17 : 6 };
	int on = rnd(t, 2), mode = rnd(t, 2) ? IFF_POINTOPOINT : IFF_BROADCAST, fd = random_slot(t);
	char ifr[64] = "";
	struct {
		unsigned long cmd;
		void *arg;
	} all[] = {
		{ TUNSIFHEAD, &on }, { TUNSLMODE, &on }, { TUNSTRANSIENT, &on },
		{ TUNSIFMODE, &mode }, { TUNSIFINFO, &info }, { TUNGIFINFO, &info },
		{ TUNSIFPID, NULL }, { LINUX64_GIFNAME, ifr }, { TAPGIFNAME, ifr },
	};
	int i = rnd(t, ARRAY_SIZE(all));

	check(IOCTL, ERR(ioctl(fd, all[i].cmd, all[i].arg)));
}

static void fionread_one(struct thread *t)
{
	int n;

	check(FIONREAD_, ERR(ioctl(random_slot(t), FIONREAD, &n)));
}

static void close_one(struct thread *t)
{
	check(CLOSE, ERR(close(random_slot(t))));
}

static void owner_one(struct thread *t)
{
	int on = rnd(t, 2), fd = random_slot(t);

	/* SIGIO is ignored. */
	if (check(OWNER, ERR(fcntl(fd, F_SETOWN, getpid()))) >= 0)
		check(OWNER, ERR(ioctl(fd, FIOASYNC, &on)));
}

static void fdinfo_one(struct thread *t)
{
	char path[48], text[1024];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", random_slot(t));
	check(FDINFO, read_file(path, text, sizeof(text)));
}

static void dup_one(struct thread *t)
{
	int fd;

	if (pthread_rwlock_tryrdlock(&storm.fd_lock))
		return;
	fd = check(DUP, ERR(fcntl(random_slot(t), F_DUPFD_CLOEXEC, 0)));
	if (fd >= 0)
		put_in_slot(t, fd);
	pthread_rwlock_unlock(&storm.fd_lock);
}

/* A child that uses an inherited descriptor; its exit may be the last close. */
static void fork_one(struct thread *t)
{
	char buf[64] = "";
	int fd = random_slot(t), status, n;
	pid_t pid;

	if (pthread_rwlock_tryrdlock(&storm.fd_lock))
		return;
	pid = check(FORK, ERR(fork()));
	if (!pid) {
		fcntl(fd, F_SETFL, O_NONBLOCK);
		if (read(fd, buf, sizeof(buf)) < 0 || write(fd, buf, 0) < 0)
			ioctl(fd, FIONREAD, &n);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	pthread_rwlock_unlock(&storm.fd_lock);
}

/* Sends a descriptor through a socket, and receives it half of the time. */
static void pass_one(struct thread *t)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = {
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)),
	} };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	char byte;
	int fd = random_slot(t);

	if (pthread_rwlock_tryrdlock(&storm.fd_lock))
		return;
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, t->pair))
		goto out;
	if (check(PASS, ERR(sendmsg(t->pair[0], &msg, 0))) > 0 && rnd(t, 2)) {
		iov.iov_base = &byte;
		if (recvmsg(t->pair[1], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) > 0 &&
		    msg.msg_controllen) {
			memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
			put_in_slot(t, fd);
		}
	}
	close(t->pair[0]);
	close(t->pair[1]);
out:
	pthread_rwlock_unlock(&storm.fd_lock);
}

/* A read, a multishot read or a write, and its cancellation. */
static void uring_one(struct thread *t)
{
	static const int ops[] = { IORING_OP_READ, IORING_OP_READ_MULTISHOT, IORING_OP_WRITE };
	struct io_uring_cqe cqe;
	struct io_uring_sqe *sqe;
	char buf[512];
	size_t len = random_packet(t, buf);
	int op = ops[rnd(t, ARRAY_SIZE(ops))], pending = 2;

	if (!t->has_ring)
		return;
	if (op == IORING_OP_READ_MULTISHOT) {
		sqe = ring_prepare(&t->ring, op, random_slot(t), NULL, 0, 1);
		sqe->flags = IOSQE_BUFFER_SELECT;
		sqe->buf_group = t->group.id;
	} else {
		ring_prepare(&t->ring, op, random_slot(t), buf,
			     op == IORING_OP_READ ? sizeof(buf) : len, 1);
	}
	/* Interrupted by SIGUSR1 it submitted nothing. */
	while (ring_submit(&t->ring) || t->ring.to_submit)
		;
	ring_prepare(&t->ring, IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 2);
	while (ring_submit(&t->ring) || t->ring.to_submit)
		;
	while (pending) {
		if (!ring_wait(&t->ring, &cqe)) {
			check(URING, -ETIMEDOUT);
			return;
		}
		check(cqe.user_data == 1 ? URING : URING_CANCEL, cqe.res);
		if (cqe_buffer(&cqe) >= 0)
			buf_group_provide(&t->group, cqe_buffer(&cqe), 1);
		pending -= !(cqe.flags & IORING_CQE_F_MORE);
	}
}

/* An action and its relative frequency. */
struct action {
	void (*run)(struct thread *t);
	unsigned int weight;
};

static void run_random(struct thread *t, const struct action *actions, int n)
{
	unsigned int sum = 0, i;

	for (i = 0; i < n; i++)
		sum += actions[i].weight;
	sum = rnd(t, sum);
	for (i = 0; sum >= actions[i].weight; i++)
		sum -= actions[i].weight;
	actions[i].run(t);
}

static void *node_user(void *arg)
{
	static const struct action actions[] = {
		{ open_one, 100 }, { close_one, 20 }, { read_one, 60 }, { write_one, 60 },
		{ poll_one, 20 }, { epoll_one, 20 }, { ioctl_one, 40 }, { fionread_one, 10 },
		{ owner_one, 10 }, { fdinfo_one, 10 }, { dup_one, 10 }, { pass_one, 10 },
		{ uring_one, 20 },
		/* A hundred times slower than the others. */
		{ fork_one, 1 },
	};
	struct thread *t = arg;

	t->ep = epoll_create1(EPOLL_CLOEXEC);
	t->has_ring = !ring_unavailable() && !ring_open(&t->ring) &&
		      !buf_group_open(&t->group, &t->ring, 1, 4, 512, 0);
	if (t->has_ring)
		buf_group_provide(&t->group, 0, 4);
	while (running()) {
		/* Keeps most slots in use. */
		if (slot_is_empty(random_slot(t)) && rnd(t, 8))
			open_one(t);
		else
			run_random(t, actions, ARRAY_SIZE(actions));
	}
	if (t->has_ring) {
		ring_close(&t->ring);
		buf_group_close(&t->group);
	}
	close(t->ep);
	return NULL;
}

/* ---- threads that change the interfaces --------------------------------- */

static int random_ifindex(struct thread *t)
{
	int *ifindex = &storm.ifindex[rnd(t, KINDS)][rnd(t, NUMBERS)];

	/* No interface has the index INT_MAX. */
	return __atomic_load_n(ifindex, __ATOMIC_RELAXED) ?: INT_MAX;
}

static void add_one(struct thread *t)
{
	unsigned int kind = rnd(t, KINDS), number = rnd(t, NUMBERS);
	char name[IFNAMSIZ];
	struct link link = { };

	snprintf(name, sizeof(name), "%s%u", kinds[kind], FIRST + number);
	if (check(ADD, link_add(kinds[kind], name, &link)))
		return;
	__atomic_store_n(&storm.ifindex[kind][number], link.ifindex, __ATOMIC_RELAXED);
	check(UP, link_up(link.ifindex));
}

static void attribute_one(struct thread *t)
{
	unsigned int kind = rnd(t, KINDS);
	struct unit u = { .kind = kinds[kind] };

	snprintf(u.ifname, sizeof(u.ifname), "%s%u", kinds[kind], FIRST + rnd(t, NUMBERS));
	check(ATTRIBUTE, unit_attr_set(&u, kind ? "keep" : "transient", rnd(t, 2) ? "1" : "0"));
}

static void rename_one(struct thread *t)
{
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "storm%u", rnd(t, 4));
	check(RENAME, link_rename(random_ifindex(t), name));
}

static void del_one(struct thread *t)
{
	check(DEL, link_del(random_ifindex(t)));
}

static void up_one(struct thread *t)
{
	check(UP, link_up(random_ifindex(t)));
}

static void down_one(struct thread *t)
{
	check(DOWN, link_down(random_ifindex(t)));
}

/* Moves an interface to the namespace that the thread is not in. */
static void move_one(struct thread *t)
{
	int target = t->other_netns ? storm.netns : storm.other_netns;

	check(MOVE, link_set_netns(random_ifindex(t), target));
}

static void mtu_one(struct thread *t)
{
	check(MTU, link_set_mtu(random_ifindex(t), 72 + rnd(t, 3000)));
}

static void txqlen_one(struct thread *t)
{
	check(TXQLEN, link_set_txqlen(random_ifindex(t), rnd(t, 40)));
}

static void address_one(struct thread *t)
{
	unsigned char mac[ETH_ALEN] = { 2, 0x42, 0, 0, 0, rnd(t, 256) };

	check(ADDRESS, link_set_address(random_ifindex(t), mac));
}

static void sysctl_one(struct thread *t)
{
	check(SYSCTL, sysctl_set(TAP_KIND, rnd(t, 2) ? "up_on_open" : "user_open",
				 rnd(t, 2) ? "1" : "0"));
}

static void switch_netns(struct thread *t)
{
	t->other_netns = !t->other_netns;
	if (setns(t->other_netns ? storm.other_netns : storm.netns, CLONE_NEWNET))
		check(NETNS, -errno);
}

static void *modifier(void *arg)
{
	static const struct action actions[] = {
		{ add_one, 8 }, { del_one, 2 }, { up_one, 2 }, { down_one, 1 }, { rename_one, 1 },
		{ move_one, 2 }, { mtu_one, 2 }, { txqlen_one, 1 }, { address_one, 2 },
		{ attribute_one, 2 }, { sysctl_one, 1 }, { switch_netns, 1 },
	};
	struct thread *t = arg;

	while (running())
		run_random(t, actions, ARRAY_SIZE(actions));
	return NULL;
}

static void *sender(void *arg)
{
	struct thread *t = arg;
	char buf[1400];

	t->raw = packet_socket();
	fill_pattern(buf, sizeof(buf), 1);
	while (running()) {
		int i, ifindex = random_ifindex(t);

		for (i = rnd(t, 8); i >= 0; i--) {
			size_t len = build_udp(buf, LOCAL, PEER, 9, PORT, buf + 64, rnd(t, 1200));

			/* The interface is not there or not up. */
			if (check(SEND, packet_send(t->raw, ifindex, ETH_P_IP, buf, len)) < 0) {
				short_sleep();
				break;
			}
		}
	}
	close(t->raw);
	return NULL;
}

/* Creates namespaces that exit with a unit in use. */
static void *netns_churner(void *arg)
{
	struct thread *t = arg;

	while (running()) {
		unsigned int kind = rnd(t, KINDS);
		char name[IFNAMSIZ], node[32];
		struct link link = { };
		int fd;

		/* The previous namespace exits asynchronously. */
		if (check(NETNS, netns_new()))
			continue;
		snprintf(name, sizeof(name), "%s%u", kinds[kind], FIRST + rnd(t, NUMBERS));
		snprintf(node, sizeof(node), "/dev/%s", name);
		if (check(ADD, link_add(kinds[kind], name, &link)))
			continue;
		check(UP, link_up(link.ifindex));
		if (pthread_rwlock_tryrdlock(&storm.fd_lock))
			continue;
		fd = check(OPEN, ERR(open(node, O_RDWR | O_CLOEXEC)));
		if (fd >= 0)
			put_in_slot(t, fd);
		pthread_rwlock_unlock(&storm.fd_lock);
	}
	return NULL;
}

static void close_slots(void)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		close(SLOT(i));
}

/* Unloads the module when no descriptor is open, and loads it again. */
static void *reloader(void *arg)
{
	struct thread *t = arg;
	int i;

	if (!module_loaded() || !getenv("BSDTUN_KO"))
		return NULL;
	while (running()) {
		/* Fails nearly always, because the module is in use. */
		long err = check(RMMOD, module_unload());
		bool exclusive = err && rnd(t, 2);

		if (exclusive) {
			pthread_rwlock_wrlock(&storm.fd_lock);
			close_slots();
			for (i = 0; err && i < 50; i++) {
				short_sleep();
				err = check(RMMOD, module_unload());
			}
		}
		/* Other threads may run while it is unloaded. */
		if (rnd(t, 2))
			short_sleep();
		if (!err)
			check(INSMOD, module_load());
		if (exclusive)
			pthread_rwlock_unlock(&storm.fd_lock);
		for (i = rnd(t, 1000); i > 0 && running(); i--)
			short_sleep();
	}
	return NULL;
}

/* ---- the test ----------------------------------------------------------- */

static void ignore_signal(int __always_unused sig)
{
}

static void print_table(void)
{
	int op, err;

	for (op = 0; op < OPS; op++) {
		char line[512];
		size_t at = snprintf(line, sizeof(line), "%s: %u", ops[op].name, done(op));

		for (err = 0; err < ERRNOS; err++)
			if (storm.failed[op][err] && at < sizeof(line))
				at += snprintf(line + at, sizeof(line) - at, ", %s %u",
					       strerrorname_np(err), storm.failed[op][err]);
		ksft_print_msg("storm: %s\n", line);
	}
}

FIXTURE(storm) {
	int nodes[KINDS];
};

FIXTURE_SETUP(storm)
{
	struct sigaction sa = { .sa_handler = ignore_signal };
	pthread_rwlockattr_t attr;
	int i;

	/* Without SA_RESTART, to interrupt system calls. */
	sigaction(SIGUSR1, &sa, NULL);
	signal(SIGIO, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, netns_new());
	storm.other_netns = netns_open();
	ASSERT_LE(0, storm.other_netns);
	ASSERT_EQ(0, netns_new());
	storm.netns = netns_open();
	ASSERT_LE(0, storm.netns);
	ASSERT_EQ(0, sysfs_remount());
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	ASSERT_EQ(0, pthread_rwlock_init(&storm.fd_lock, &attr));
	/* Start with a newly loaded module. */
	if (module_loaded() && getenv("BSDTUN_KO")) {
		ASSERT_TRUE(WAIT_FOR(!module_unload(), TIMEOUT_MS));
		ASSERT_EQ(0, module_load());
	}
	for (i = 0; i < KINDS; i++)
		self->nodes[i] = count_nodes(kinds[i]);
}

FIXTURE_TEARDOWN(storm)
{
	close(storm.other_netns);
	close(storm.netns);
}

static void start_thread(struct __test_metadata *_metadata, struct thread *t, void *(*main)(void *),
			 int *n)
{
	t[*n].seed = storm.seed + *n;
	ASSERT_EQ(0, pthread_create(&t[*n].thread, NULL, main, &t[*n]));
	++*n;
}

/* An operation that has not succeeded yet, or NULL. */
static const char *missing_op(void)
{
	static const int wanted[] = {
		OPEN, READ, WRITE, ADD, DEL, MOVE, SEND, NETNS, URING_CANCEL,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!done(wanted[i]))
			return ops[wanted[i]].name;
	return NULL;
}

static bool all_nodes_gone(const int *nodes)
{
	int i;

	for (i = 0; i < KINDS; i++)
		if (count_nodes(kinds[i]) != nodes[i])
			return false;
	return true;
}

TEST_F_TIMEOUT(storm, only_expected_errors_and_no_leftovers, 600)
{
	struct thread t[USERS + MODIFIERS + 4] = { };
	const char *seed = getenv("BSDTUN_STORM_SEED"), *ms = getenv("BSDTUN_STORM_MS");
	long long end, limit;
	struct timespec ts;
	struct unit u;
	char buf[256];
	int n = 0, i;
	size_t len;

	storm.seed = seed ? strtoul(seed, NULL, 0) : time(NULL) ^ getpid();
	ksft_print_msg("storm: BSDTUN_STORM_SEED=%u\n", storm.seed);
	for (i = 0; i < USERS; i++)
		start_thread(_metadata, t, node_user, &n);
	for (i = 0; i < MODIFIERS; i++)
		start_thread(_metadata, t, modifier, &n);
	start_thread(_metadata, t, sender, &n);
	start_thread(_metadata, t, netns_churner, &n);
	start_thread(_metadata, t, reloader, &n);

	end = now_ms() + (ms ? atoi(ms) : STORM_MS);
	limit = end + EXTRA_MS;
	while (!__atomic_load_n(&storm.unexpected, __ATOMIC_SEQ_CST) && now_ms() < limit &&
	       (now_ms() < end || missing_op())) {
		usleep(SIGNAL_MS * 1000);
		for (i = 0; i < USERS; i++)
			pthread_kill(t[i].thread, SIGUSR1);
	}
	__atomic_store_n(&storm.stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < n; i++) {
		int err;

		limit = now_ms() + TIMEOUT_MS;
		do {
			if (i < USERS)
				pthread_kill(t[i].thread, SIGUSR1);
			clock_gettime(CLOCK_REALTIME, &ts);
			ts.tv_sec++;
			err = pthread_timedjoin_np(t[i].thread, NULL, &ts);
		} while (err == ETIMEDOUT && now_ms() < limit);
		ASSERT_EQ(0, err)
			TH_LOG("thread %d hangs", i);
	}
	print_table();
	EXPECT_EQ(0, storm.unexpected)
		TH_LOG("%s: %s, with BSDTUN_STORM_SEED=%u", ops[storm.unexpected_op].name,
		       strerror(-storm.unexpected), storm.seed);
	EXPECT_FALSE(!!missing_op())
		TH_LOG("no successful %s, with BSDTUN_STORM_SEED=%u", missing_op(), storm.seed);

	/* Delete what is left. */
	close_slots();
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, setns(i ? storm.netns : storm.other_netns, CLONE_NEWNET));
		units_delete_all();
	}
	if (!module_loaded() && getenv("BSDTUN_KO"))
		ASSERT_EQ(0, module_load());
	EXPECT_EQ(0, sysctl_set(TAP_KIND, "up_on_open", "0"));
	EXPECT_EQ(0, sysctl_set(TAP_KIND, "user_open", "0"));
	EXPECT_TRUE(WAIT_FOR(all_nodes_gone(self->nodes), TIMEOUT_MS));

	/* The driver still works. */
	ASSERT_EQ(0, unit_create_up(&u, O_NONBLOCK));
	i = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, i);
	len = build_udp(buf, PEER, LOCAL, 9, PORT, "in", 2);
	EXPECT_EQ((ssize_t)len, write(u.fd, buf, len));
	EXPECT_TRUE(wait_readable(i));
	EXPECT_EQ(2, recv(i, buf, sizeof(buf), 0));
	EXPECT_EQ(3, udp_send(i, PEER, 9, "out", 3));
	EXPECT_TRUE(wait_readable(u.fd));
	EXPECT_EQ((ssize_t)IP_UDP_LEN + 3, read(u.fd, buf, sizeof(buf)));
	close(i);
	unit_destroy(&u);
	if (module_loaded() && getenv("BSDTUN_KO")) {
		EXPECT_TRUE(WAIT_FOR(!module_unload(), TIMEOUT_MS));
		EXPECT_EQ(0, module_load());
	}
}

TEST_HARNESS_MAIN
