// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once: threads that use nodes in every way there is, against others that make,
 * change, move and destroy the interfaces, namespaces that die, and the module that comes and
 * goes. What may go wrong then is known, for each thing that is done; all else is a failure.
 *
 * BSDTUN_STORM_SEED repeats what each thread chooses, though not how they meet;
 * BSDTUN_STORM_MS is how long it lasts.
 */
#include "lib/test.h"

#include <limits.h>
#include <net/if_tap.h>
#include <net/if_tun.h>

#define STORM_MS	8000

/* What a machine that others leave little of may take for the first of everything. */
#define START_MS	240000
/* The numbers that are fought for, of each kind. */
#define FIRST		700
#define NUMBERS		4
#define KINDS		3
/*
 * Descriptors that all threads use. Each has its own number, out of reach of open(): what is
 * behind it changes and vanishes while it is in use, but is never anything else.
 */
#define SLOTS		10
#define SLOT(i)		(500 + (i))
#define USERS		5
#define CHANGERS	2
#define NAP_MS		40

static const char *const kinds[KINDS] = { TUN_KIND, TAP_KIND, VMNET_KIND };

/* ---- what is done, and what may come of it ------------------------------ */

enum op {
	OPEN, OPEN_CLONER, CLOSE, READ, READV, WRITE, WRITEV, POLL, EPOLL, IOCTL, FIONREAD_, OWNER,
	FDINFO, DUP, FORK, PASS, URING, URING_CANCEL,
	ADD, DEL, UP, DOWN, RENAME, MOVE, MTU, TXQLEN, ADDRESS, ATTRIBUTE, KNOB, SEND, NETNS, RMMOD,
	INSMOD, OPS
};

static const struct {
	const char *name;
	int may[12];
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
	/* The wrong kind's, and what depends on the interface's state. */
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
	/* The last two while the module goes, and while it is away. */
	[ADD] = { "link add", { EEXIST, ENOENT, EOPNOTSUPP } },
	[DEL] = { "link del", { ENODEV } },
	[UP] = { "link up", { ENODEV } },
	[DOWN] = { "link down", { ENODEV } },
	[RENAME] = { "link rename", { ENODEV, EEXIST } },
	[MOVE] = { "link netns", { ENODEV, EEXIST } },
	[MTU] = { "link mtu", { ENODEV, EINVAL } },
	[TXQLEN] = { "link txqueuelen", { ENODEV } },
	[ADDRESS] = { "link address", { ENODEV, EOPNOTSUPP } },
	[ATTRIBUTE] = { "attribute", { ENOENT, ENODEV } },
	[KNOB] = { "sysctl", { ENOENT } },
	/* Without memory: the core, of an interface that goes down under the packet. */
	[SEND] = { "send", { ENXIO, ENODEV, ENETDOWN, ENOBUFS, ENOMEM, EMSGSIZE } },
	[NETNS] = { "namespace", { } },
	[RMMOD] = { "rmmod", { EAGAIN, EBUSY, ENOENT } },
	[INSMOD] = { "insmod", { EEXIST, EBUSY } },
};

#define ERRNOS		200

static struct storm {
	bool stop;
	unsigned int seed;
	int home, away;		/* namespaces */
	/* Held by those who get descriptors, against the one who wants none to be there. */
	pthread_rwlock_t getting;
	int ifindex[KINDS][NUMBERS];	/* of the last that was made; maybe gone */
	unsigned int done[OPS];
	unsigned int failed[OPS][ERRNOS];
	enum op odd_op;
	long odd;		/* an error that nobody may see */
} storm;

static bool going_on(void)
{
	return !__atomic_load_n(&storm.stop, __ATOMIC_SEQ_CST);
}

/* Counts what came of @op, and looks whether it may be. */
static long came(enum op op, long ret)
{
	unsigned int i;

	if (ret >= 0) {
		__atomic_add_fetch(&storm.done[op], 1, __ATOMIC_RELAXED);
		return ret;
	}
	if (-ret < ERRNOS)
		__atomic_add_fetch(&storm.failed[op][-ret], 1, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(ops[op].may); i++)
		if (ops[op].may[i] == -ret)
			return ret;
	storm.odd_op = op;
	__atomic_store_n(&storm.odd, ret, __ATOMIC_SEQ_CST);
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
	bool has_ring, away;
};

static unsigned int any(struct thread *t, unsigned int n)
{
	return rand_r(&t->seed) / 7 % n;
}

static int any_slot(struct thread *t)
{
	return SLOT(any(t, SLOTS));
}

/* ---- users of the nodes ------------------------------------------------- */

static bool slot_is_empty(int fd)
{
	return fcntl(fd, F_GETFD) < 0;
}

/* Into a slot, whose descriptor so far is closed by that. */
static void put_into_slot(struct thread *t, int fd)
{
	dup3(fd, any_slot(t), O_CLOEXEC);
	close(fd);
}

static void open_one(struct thread *t)
{
	enum op op = any(t, 6) ? OPEN : OPEN_CLONER;
	int flags = O_RDWR | O_CLOEXEC | (any(t, 3) ? O_NONBLOCK : 0), fd;
	char path[32];

	if (op == OPEN)
		snprintf(path, sizeof(path), "/dev/%s%u", kinds[any(t, KINDS)],
			 FIRST + any(t, NUMBERS));
	else
		snprintf(path, sizeof(path), "/dev/%s", kinds[any(t, KINDS)]);
	if (pthread_rwlock_tryrdlock(&storm.getting)) {
		short_sleep();
		return;
	}
	fd = came(op, ERR(open(path, flags)));
	if (fd >= 0)
		put_into_slot(t, fd);
	pthread_rwlock_unlock(&storm.getting);
}

/* A packet or a frame, or what is neither. */
static size_t any_packet(struct thread *t, char *buf)
{
	char payload[64];
	size_t len;

	fill_pattern(payload, sizeof(payload), any(t, 100));
	len = build_udp(buf, PEER, LOCAL, 9, PORT, payload, any(t, sizeof(payload)));
	switch (any(t, 4)) {
	case 0:
		memmove(buf + 4, buf, len);
		memcpy(buf, any(t, 2) ? "\0\0\0\2" : "\0\0\0\x1c", 4);
		return len + 4;
	case 1:
		return build_frame(buf, "\xff\xff\xff\xff\xff\xff", PEER_MAC, ETH_P_IP,
				   payload, 30);
	case 2:
		return any(t, len);
	default:
		return len;
	}
}

static void write_one(struct thread *t)
{
	char buf[512];
	size_t len = any_packet(t, buf), cut = len / 3;
	struct iovec iov[] = { { buf, cut }, { buf + cut, len - cut } };
	int fd = any_slot(t);

	if (any(t, 3))
		came(WRITE, ERR(write(fd, buf, len)));
	else
		came(WRITEV, ERR(writev(fd, iov, 2)));
}

static void read_one(struct thread *t)
{
	char buf[512];
	struct iovec iov[] = { { buf, any(t, 30) }, { buf + 32, 400 } };
	int fd = any_slot(t);

	if (any(t, 3))
		came(READ, ERR(read(fd, buf, any(t, sizeof(buf)))));
	else
		came(READV, ERR(readv(fd, iov, 2)));
}

static void poll_one(struct thread *t)
{
	struct pollfd pfd[3];
	int i;

	for (i = 0; i < 3; i++)
		pfd[i] = (struct pollfd){ .fd = any_slot(t), .events = POLLIN | POLLOUT };
	came(POLL, ERR(poll(pfd, 3, any(t, 3))));
}

static void epoll_one(struct thread *t)
{
	struct epoll_event ev = { .events = EPOLLIN | (any(t, 2) ? EPOLLET : 0) }, out[4];
	long ret;

	/* What it watches stays when the slot's descriptor goes; a new set, now and then. */
	if (!any(t, 20)) {
		close(t->ep);
		t->ep = epoll_create1(EPOLL_CLOEXEC);
	}
	if (came(EPOLL, ERR(epoll_ctl(t->ep, EPOLL_CTL_ADD, any_slot(t), &ev))) < 0)
		return;
	ret = ERR(epoll_wait(t->ep, out, ARRAY_SIZE(out), any(t, 3)));
	came(EPOLL, ret);
}

static void ioctl_one(struct thread *t)
{
	struct tuninfo info = { .mtu = 600 + any(t, 1500), .type = any(t, 2) ? 0x17 : 6 };
	int on = any(t, 2), mode = any(t, 2) ? IFF_POINTOPOINT : IFF_BROADCAST, fd = any_slot(t);
	char ifr[64] = "";
	struct {
		unsigned long cmd;
		void *arg;
	} all[] = {
		{ TUNSIFHEAD, &on }, { TUNSLMODE, &on }, { TUNSTRANSIENT, &on },
		{ TUNSIFMODE, &mode }, { TUNSIFINFO, &info }, { TUNGIFINFO, &info },
		{ TUNSIFPID, NULL }, { LINUX64_GIFNAME, ifr }, { TAPGIFNAME, ifr },
	};
	int i = any(t, ARRAY_SIZE(all));

	came(IOCTL, ERR(ioctl(fd, all[i].cmd, all[i].arg)));
}

static void fionread_one(struct thread *t)
{
	int n;

	came(FIONREAD_, ERR(ioctl(any_slot(t), FIONREAD, &n)));
}

static void close_one(struct thread *t)
{
	came(CLOSE, ERR(close(any_slot(t))));
}

static void owner_one(struct thread *t)
{
	int on = any(t, 2), fd = any_slot(t);

	/* Its signals are ignored. */
	if (came(OWNER, ERR(fcntl(fd, F_SETOWN, getpid()))) >= 0)
		came(OWNER, ERR(ioctl(fd, FIOASYNC, &on)));
}

static void fdinfo_one(struct thread *t)
{
	char path[48], text[1024];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", any_slot(t));
	came(FDINFO, read_file(path, text, sizeof(text)));
}

static void dup_one(struct thread *t)
{
	int fd;

	if (pthread_rwlock_tryrdlock(&storm.getting))
		return;
	fd = came(DUP, ERR(fcntl(any_slot(t), F_DUPFD_CLOEXEC, 0)));
	if (fd >= 0)
		put_into_slot(t, fd);
	pthread_rwlock_unlock(&storm.getting);
}

/* A child that uses what it inherits, and whose end may be the last close. */
static void fork_one(struct thread *t)
{
	char buf[64] = "";
	int fd = any_slot(t), status, n;
	pid_t pid;

	if (pthread_rwlock_tryrdlock(&storm.getting))
		return;
	pid = came(FORK, ERR(fork()));
	if (!pid) {
		fcntl(fd, F_SETFL, O_NONBLOCK);
		if (read(fd, buf, sizeof(buf)) < 0 || write(fd, buf, 0) < 0)
			ioctl(fd, FIONREAD, &n);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	pthread_rwlock_unlock(&storm.getting);
}

/* Through a socket, and sometimes not out of it again. */
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
	int fd = any_slot(t);

	if (pthread_rwlock_tryrdlock(&storm.getting))
		return;
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, t->pair))
		goto out;
	if (came(PASS, ERR(sendmsg(t->pair[0], &msg, 0))) > 0 && any(t, 2)) {
		iov.iov_base = &byte;
		if (recvmsg(t->pair[1], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) > 0 &&
		    msg.msg_controllen) {
			memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
			put_into_slot(t, fd);
		}
	}
	close(t->pair[0]);
	close(t->pair[1]);
out:
	pthread_rwlock_unlock(&storm.getting);
}

/* A read or a write, and what takes it back. */
static void uring_one(struct thread *t)
{
	struct io_uring_cqe cqe;
	char buf[512];
	size_t len = any_packet(t, buf);
	bool in = any(t, 2);
	int i;

	if (!t->has_ring)
		return;
	ring_prepare(&t->ring, in ? IORING_OP_READ : IORING_OP_WRITE, any_slot(t), buf,
		     in ? sizeof(buf) : len, 1);
	/* Interrupted by the ticker it has taken nothing. */
	while (ring_submit(&t->ring) || t->ring.to_submit)
		;
	ring_prepare(&t->ring, IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 2);
	while (ring_submit(&t->ring) || t->ring.to_submit)
		;
	for (i = 0; i < 2; i++) {
		if (!ring_wait(&t->ring, &cqe)) {
			came(URING, -ETIMEDOUT);
			return;
		}
		came(cqe.user_data == 1 ? URING : URING_CANCEL, cqe.res);
	}
}

/* Things to do, and how often each is done among them. */
struct thing {
	void (*do_it)(struct thread *t);
	unsigned int weight;
};

static void do_any(struct thread *t, const struct thing *things, int n)
{
	unsigned int sum = 0, i;

	for (i = 0; i < n; i++)
		sum += things[i].weight;
	sum = any(t, sum);
	for (i = 0; sum >= things[i].weight; i++)
		sum -= things[i].weight;
	things[i].do_it(t);
}

static void *user(void *arg)
{
	static const struct thing things[] = {
		{ open_one, 100 }, { close_one, 20 }, { read_one, 60 }, { write_one, 60 },
		{ poll_one, 20 }, { epoll_one, 20 }, { ioctl_one, 40 }, { fionread_one, 10 },
		{ owner_one, 10 }, { fdinfo_one, 10 }, { dup_one, 10 }, { pass_one, 10 },
		{ uring_one, 20 },
		/* It costs a hundred times what the others do. */
		{ fork_one, 1 },
	};
	struct thread *t = arg;

	t->ep = epoll_create1(EPOLL_CLOEXEC);
	t->has_ring = !ring_unavailable() && !ring_open(&t->ring);
	while (going_on()) {
		/* What follows mostly finds something. */
		if (slot_is_empty(any_slot(t)) && any(t, 8))
			open_one(t);
		else
			do_any(t, things, ARRAY_SIZE(things));
	}
	if (t->has_ring)
		ring_close(&t->ring);
	close(t->ep);
	return NULL;
}

/* ---- those who change the interfaces ------------------------------------ */

static int any_ifindex(struct thread *t)
{
	int *ifindex = &storm.ifindex[any(t, KINDS)][any(t, NUMBERS)];

	/* There is none of the highest number. */
	return __atomic_load_n(ifindex, __ATOMIC_RELAXED) ?: INT_MAX;
}

static void add_one(struct thread *t)
{
	unsigned int kind = any(t, KINDS), number = any(t, NUMBERS);
	char name[IFNAMSIZ];
	struct link link = { };

	snprintf(name, sizeof(name), "%s%u", kinds[kind], FIRST + number);
	if (came(ADD, link_add(kinds[kind], name, &link)))
		return;
	__atomic_store_n(&storm.ifindex[kind][number], link.ifindex, __ATOMIC_RELAXED);
	came(UP, link_up(link.ifindex));
}

static void attribute_one(struct thread *t)
{
	unsigned int kind = any(t, KINDS);
	struct unit u = { .kind = kinds[kind] };

	snprintf(u.ifname, sizeof(u.ifname), "%s%u", kinds[kind], FIRST + any(t, NUMBERS));
	came(ATTRIBUTE, unit_attr_set(&u, kind ? "keep" : "transient", any(t, 2) ? "1" : "0"));
}

static void rename_one(struct thread *t)
{
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "storm%u", any(t, 4));
	came(RENAME, link_rename(any_ifindex(t), name));
}

static void del_one(struct thread *t)
{
	came(DEL, link_del(any_ifindex(t)));
}

static void up_one(struct thread *t)
{
	came(UP, link_up(any_ifindex(t)));
}

static void down_one(struct thread *t)
{
	came(DOWN, link_down(any_ifindex(t)));
}

/* To where the thread is not. */
static void move_one(struct thread *t)
{
	came(MOVE, link_set_netns(any_ifindex(t), t->away ? storm.home : storm.away));
}

static void mtu_one(struct thread *t)
{
	came(MTU, link_set_mtu(any_ifindex(t), 72 + any(t, 3000)));
}

static void txqlen_one(struct thread *t)
{
	came(TXQLEN, link_set_txqlen(any_ifindex(t), any(t, 40)));
}

static void address_one(struct thread *t)
{
	unsigned char mac[ETH_ALEN] = { 2, 0x42, 0, 0, 0, any(t, 256) };

	came(ADDRESS, link_set_address(any_ifindex(t), mac));
}

static void knob_one(struct thread *t)
{
	came(KNOB, sysctl_set(TAP_KIND, any(t, 2) ? "up_on_open" : "user_open",
			      any(t, 2) ? "1" : "0"));
}

static void go_away(struct thread *t)
{
	t->away = !t->away;
	if (setns(t->away ? storm.away : storm.home, CLONE_NEWNET))
		came(NETNS, -errno);
}

static void *changer(void *arg)
{
	static const struct thing things[] = {
		{ add_one, 8 }, { del_one, 2 }, { up_one, 2 }, { down_one, 1 }, { rename_one, 1 },
		{ move_one, 2 }, { mtu_one, 2 }, { txqlen_one, 1 }, { address_one, 2 },
		{ attribute_one, 2 }, { knob_one, 1 }, { go_away, 1 },
	};
	struct thread *t = arg;

	while (going_on())
		do_any(t, things, ARRAY_SIZE(things));
	return NULL;
}

static void *sender(void *arg)
{
	struct thread *t = arg;
	char buf[1400];

	t->raw = packet_socket();
	fill_pattern(buf, sizeof(buf), 1);
	while (going_on()) {
		int i, ifindex = any_ifindex(t);

		for (i = any(t, 8); i >= 0; i--) {
			size_t len = build_udp(buf, LOCAL, PEER, 9, PORT, buf + 64, any(t, 1200));

			/* It is not there, or not up: the others have their turn. */
			if (came(SEND, packet_send(t->raw, ifindex, ETH_P_IP, buf, len)) < 0) {
				short_sleep();
				break;
			}
		}
	}
	close(t->raw);
	return NULL;
}

/* Namespaces that die with a unit in use. */
static void *dying_namespaces(void *arg)
{
	struct thread *t = arg;

	while (going_on()) {
		unsigned int kind = any(t, KINDS);
		char name[IFNAMSIZ], node[32];
		struct link link = { };
		int fd;

		/* The one before dies some time after this. */
		if (came(NETNS, netns_new()))
			continue;
		snprintf(name, sizeof(name), "%s%u", kinds[kind], FIRST + any(t, NUMBERS));
		snprintf(node, sizeof(node), "/dev/%s", name);
		if (came(ADD, link_add(kinds[kind], name, &link)))
			continue;
		came(UP, link_up(link.ifindex));
		if (pthread_rwlock_tryrdlock(&storm.getting))
			continue;
		fd = came(OPEN, ERR(open(node, O_RDWR | O_CLOEXEC)));
		if (fd >= 0)
			put_into_slot(t, fd);
		pthread_rwlock_unlock(&storm.getting);
	}
	return NULL;
}

static void close_slots(void)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		close(SLOT(i));
}

/* The module goes, as soon as nothing is open, and comes back. */
static void *reloader(void *arg)
{
	struct thread *t = arg;
	int i;

	if (!module_loaded() || !getenv("BSDTUN_KO"))
		return NULL;
	while (going_on()) {
		/* While it is in use, which it nearly always is. */
		long err = came(RMMOD, module_unload());
		bool alone = err && any(t, 2);

		if (alone) {
			pthread_rwlock_wrlock(&storm.getting);
			close_slots();
			for (i = 0; err && i < 50; i++) {
				short_sleep();
				err = came(RMMOD, module_unload());
			}
		}
		/* Something may happen while it is away. */
		if (any(t, 2))
			short_sleep();
		if (!err)
			came(INSMOD, module_load());
		if (alone)
			pthread_rwlock_unlock(&storm.getting);
		for (i = any(t, 1000); i > 0 && going_on(); i--)
			short_sleep();
	}
	return NULL;
}

/* ---- the whole ---------------------------------------------------------- */

static void nothing(int __always_unused sig)
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
	struct sigaction sa = { .sa_handler = nothing };
	pthread_rwlockattr_t attr;
	int i;

	/* Without SA_RESTART: what sleeps is interrupted. */
	sigaction(SIGUSR1, &sa, NULL);
	signal(SIGIO, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, netns_new());
	storm.away = netns_open();
	ASSERT_LE(0, storm.away);
	ASSERT_EQ(0, netns_new());
	storm.home = netns_open();
	ASSERT_LE(0, storm.home);
	ASSERT_EQ(0, sysfs_remount());
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	ASSERT_EQ(0, pthread_rwlock_init(&storm.getting, &attr));
	/* As it is when it has just been loaded. */
	if (module_loaded() && getenv("BSDTUN_KO")) {
		ASSERT_TRUE(WAIT_FOR(!module_unload(), TIMEOUT_MS));
		ASSERT_EQ(0, module_load());
	}
	for (i = 0; i < KINDS; i++)
		self->nodes[i] = count_nodes(kinds[i]);
}

FIXTURE_TEARDOWN(storm)
{
	close(storm.away);
	close(storm.home);
}

static void start(struct __test_metadata *_metadata, struct thread *t, void *(*main)(void *),
		  int *n)
{
	t[*n].seed = storm.seed + *n;
	ASSERT_EQ(0, pthread_create(&t[*n].thread, NULL, main, &t[*n]));
	++*n;
}

/* A storm that hardly began says nothing. What has not happened yet, or NULL. */
static const char *missing(void)
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

TEST_F_TIMEOUT(storm, nothing_breaks_and_nothing_is_left, 600)
{
	struct thread t[USERS + CHANGERS + 4] = { };
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
		start(_metadata, t, user, &n);
	for (i = 0; i < CHANGERS; i++)
		start(_metadata, t, changer, &n);
	start(_metadata, t, sender, &n);
	start(_metadata, t, dying_namespaces, &n);
	start(_metadata, t, reloader, &n);

	end = now_ms() + (ms ? atoi(ms) : STORM_MS);
	limit = end + START_MS;
	while (!__atomic_load_n(&storm.odd, __ATOMIC_SEQ_CST) && now_ms() < limit &&
	       (now_ms() < end || missing())) {
		usleep(NAP_MS * 1000);
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
	EXPECT_EQ(0, storm.odd)
		TH_LOG("%s: %s, with BSDTUN_STORM_SEED=%u", ops[storm.odd_op].name,
		       strerror(-storm.odd), storm.seed);
	EXPECT_FALSE(!!missing())
		TH_LOG("no %s, with BSDTUN_STORM_SEED=%u", missing(), storm.seed);

	/* All that is left is what can be taken away. */
	close_slots();
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, setns(i ? storm.home : storm.away, CLONE_NEWNET));
		units_delete_all();
	}
	if (!module_loaded() && getenv("BSDTUN_KO"))
		ASSERT_EQ(0, module_load());
	EXPECT_EQ(0, sysctl_set(TAP_KIND, "up_on_open", "0"));
	EXPECT_EQ(0, sysctl_set(TAP_KIND, "user_open", "0"));
	EXPECT_TRUE(WAIT_FOR(all_nodes_gone(self->nodes), TIMEOUT_MS));

	/* And it works. */
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
