// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever fails of what a system call needs, an allocation, a page, a copy from or to the
 * program: the call says so as it should, or does without it, and the unit is good for the next.
 * Not by chance: the first thing fails, then the second, and so on until there is none left.
 *
 * It wants a kernel with fault injection.
 */
#include "bsdtun_test.h"
#include "bsdtun_uring.h"

#include <net/if_tap.h>
#include <net/if_tun.h>

/* Far more than there is to fail in any of the calls. */
#define POINTS_MAX	400

/* A unit, and what is used to use it. */
struct subject {
	struct unit u;
	struct ring ring;
	int fail, udp, raw, nl, ep;
	char buf[2048];
};

FIXTURE(faults) {
	struct subject s;
};

FIXTURE_VARIANT(faults) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(faults, tun) { .kind = KIND };
FIXTURE_VARIANT_ADD(faults, tap) { .kind = TAP_KIND };

FIXTURE_SETUP(faults)
{
	if (geteuid())
		SKIP(return, "needs root");
	self->s.fail = fail_open();
	if (self->s.fail == -ENOENT)
		SKIP(return, "no fault injection in this kernel");
	ASSERT_LE(0, self->s.fail);
	ASSERT_EQ(0, netns_as_new());
	ASSERT_EQ(0, unit_ready_kind(&self->s.u, variant->kind, O_NONBLOCK));
	self->s.udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, self->s.udp);
	self->s.raw = packet_socket();
	ASSERT_LE(0, self->s.raw);
	self->s.nl = nl_open();
	ASSERT_LE(0, self->s.nl);
	self->s.ep = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->s.ep);
	ASSERT_EQ(0, ring_open(&self->s.ring));
	signal(SIGIO, SIG_IGN);
}

FIXTURE_TEARDOWN(faults)
{
	if (self->s.fail < 0)
		return;
	ring_close(&self->s.ring);
	close(self->s.ep);
	close(self->s.nl);
	close(self->s.raw);
	close(self->s.udp);
	close(self->s.fail);
	unit_destroy(&self->s.u);
}

/* ---- the calls ---------------------------------------------------------- */

/* A packet or frame for the interface, or from the program. */
static size_t packet(struct subject *self, char *buf, bool out)
{
	size_t head = strcmp(self->u.kind, KIND) ? ETH_HLEN : 0, len;

	len = build_udp(buf + head, out ? LOCAL : PEER, out ? PEER : LOCAL, 9, PORT, "fault", 5);
	if (head)
		build_frame(buf, out ? (unsigned char *)PEER_MAC : self->u.mac,
			    out ? self->u.mac : (unsigned char *)PEER_MAC, ETH_P_IP, NULL, 0);
	return head + len;
}

/* So that a read finds one. */
static void queue_one(struct subject *self)
{
	char buf[256];
	size_t len = packet(self, buf, true);

	packet_send(self->raw, self->u.ifindex, ETH_P_IP, buf, len);
}

static long call_open(struct subject *self)
{
	long fd = ERR(open(self->u.node, O_RDWR | O_CLOEXEC | O_NONBLOCK));

	if (fd >= 0)
		self->u.fd = fd;
	return fd < 0 ? fd : 0;
}

static void before_open(struct subject *self)
{
	unit_close(&self->u);
}

static long call_read(struct subject *self)
{
	return ERR(read(self->u.fd, self->buf, sizeof(self->buf)));
}

static long call_readv(struct subject *self)
{
	struct iovec iov[12];
	unsigned int i;

	/* More than fit on the kernel's stack. */
	for (i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ self->buf + i * 64, 64 };
	return ERR(readv(self->u.fd, iov, ARRAY_SIZE(iov)));
}

static long call_write(struct subject *self)
{
	return ERR(write(self->u.fd, self->buf, packet(self, self->buf, false)));
}

static long call_writev(struct subject *self)
{
	size_t len = packet(self, self->buf, false);
	struct iovec iov[12] = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ self->buf + i * 2, 2 };
	iov[i - 1].iov_len = len - 2 * (i - 1);
	return ERR(writev(self->u.fd, iov, ARRAY_SIZE(iov)));
}

static long call_write_large(struct subject *self)
{
	static char large[60000];

	memcpy(large, self->buf, packet(self, self->buf, false));
	return ERR(write(self->u.fd, large, sizeof(large)));
}

static long call_poll(struct subject *self)
{
	struct pollfd pfd = { .fd = self->u.fd, .events = POLLIN };

	return ERR(poll(&pfd, 1, 0));
}

static void before_epoll(struct subject *self)
{
	epoll_ctl(self->ep, EPOLL_CTL_DEL, self->u.fd, NULL);
}

static long call_epoll(struct subject *self)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return ERR(epoll_ctl(self->ep, EPOLL_CTL_ADD, self->u.fd, &ev));
}

static void before_async(struct subject *self)
{
	int off = 0;

	ioctl(self->u.fd, FIOASYNC, &off);
}

static long call_async(struct subject *self)
{
	int on = 1;

	return ERR(ioctl(self->u.fd, FIOASYNC, &on));
}

static long call_owner(struct subject *self)
{
	int pid = getpid();

	return ERR(ioctl(self->u.fd, FIOSETOWN, &pid));
}

static long call_set_info(struct subject *self)
{
	struct tuninfo info = { .mtu = 1400, .type = strcmp(self->u.kind, KIND) ? 6 : 0x17 };

	return ERR(ioctl(self->u.fd, TUNSIFINFO, &info));
}

/* So that the next changes it again. */
static void before_set_info(struct subject *self)
{
	link_set_mtu(self->u.ifindex, 1500);
}

static long call_get_info(struct subject *self)
{
	struct tuninfo info;

	return ERR(ioctl(self->u.fd, TUNGIFINFO, &info));
}

static long call_name(struct subject *self)
{
	return ERR(ioctl(self->u.fd, LINUX64_GIFNAME, self->buf));
}

static long call_fionread(struct subject *self)
{
	int n;

	return ERR(ioctl(self->u.fd, FIONREAD, &n));
}

static long call_debug(struct subject *self)
{
	int level = 0;

	return ERR(ioctl(self->u.fd, TUNSDEBUG, &level));
}

static long call_uring(struct subject *self)
{
	struct io_uring_cqe cqe;

	ring_prepare(&self->ring, IORING_OP_READ, self->u.fd, self->buf, sizeof(self->buf), 1);
	/* Nothing was taken when it fails; the rest is not of the driver's call. */
	while (self->ring.to_submit) {
		int err = ring_submit(&self->ring);

		if (err && err != -EINTR) {
			/* Nothing fails any more. */
			fail_reached(self->fail);
			ring_submit(&self->ring);
			ring_wait(&self->ring, &cqe);
			return err;
		}
	}
	return ring_wait(&self->ring, &cqe) ? cqe.res : -ETIMEDOUT;
}

static long call_send(struct subject *self)
{
	char buf[256];
	size_t len = packet(self, buf, true);

	return packet_send(self->raw, self->u.ifindex, ETH_P_IP, buf, len);
}

static long call_fdinfo(struct subject *self)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", self->u.fd);
	return read_file(path, self->buf, sizeof(self->buf));
}

/* What has no answer, when there is no memory for one, is looked at later. */
static long change(struct subject *self, int attr, const void *data, size_t len, unsigned int flags)
{
	struct nl_request req;
	long ret;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = self->u.ifindex;
	req.ifi.ifi_flags = flags;
	req.ifi.ifi_change = data ? 0 : IFF_UP;
	if (data)
		nl_put(&req, attr, data, len);
	ret = nl_send(self->nl, &req);
	while (recv(self->nl, self->buf, sizeof(self->buf), MSG_DONTWAIT) >= 0)
		;
	return ret;
}

static long call_down(struct subject *self)
{
	return change(self, 0, NULL, 0, 0);
}

static long call_up(struct subject *self)
{
	return change(self, 0, NULL, 0, IFF_UP);
}

static void before_up(struct subject *self)
{
	link_down(self->u.ifindex);
}

static long call_txqlen(struct subject *self)
{
	__u32 len = 100;

	return change(self, IFLA_TXQLEN, &len, sizeof(len), 0);
}

static void before_rename(struct subject *self)
{
	link_rename(self->u.ifindex, self->u.ifname);
}

static long call_rename(struct subject *self)
{
	return change(self, IFLA_IFNAME, "renamed", 8, 0);
}

static long call_attribute(struct subject *self)
{
	return attribute_set(&self->u, strcmp(self->u.kind, KIND) ? "keep" : "transient", "0");
}

static long call_knob(struct subject __always_unused *self)
{
	return knob_set(TAP_KIND, "up_on_open", "0");
}

static const struct call {
	const char *name;
	void (*before)(struct subject *self);
	long (*call)(struct subject *self);
	/* What may come of it, but for success; nothing, when nothing in it can fail. */
	int may[5];
} calls[] = {
	{ "open", before_open, call_open, { ENOMEM, EFAULT } },
	{ "read", queue_one, call_read, { EFAULT } },
	{ "readv", queue_one, call_readv, { EFAULT, ENOMEM } },
	/* A tap says nothing. */
	{ "write", NULL, call_write, { EFAULT, ENOBUFS } },
	{ "writev", NULL, call_writev, { EFAULT, ENOBUFS, ENOMEM } },
	{ "write of 60000 bytes", NULL, call_write_large, { EFAULT, ENOBUFS } },
	{ "poll", NULL, call_poll, { EFAULT, ENOMEM } },
	{ "epoll", before_epoll, call_epoll, { EFAULT, ENOMEM } },
	{ "FIOASYNC", before_async, call_async, { EFAULT, ENOMEM } },
	{ "FIOSETOWN", NULL, call_owner, { EFAULT, ENOMEM } },
	{ "TUNSIFINFO", before_set_info, call_set_info, { EFAULT, ENOMEM, ENOBUFS } },
	{ "TUNGIFINFO", NULL, call_get_info, { EFAULT } },
	{ "GIFNAME", NULL, call_name, { EFAULT } },
	{ "FIONREAD", NULL, call_fionread, { EFAULT } },
	{ "TUNSDEBUG", NULL, call_debug, { EFAULT } },
	{ "io_uring", queue_one, call_uring, { EFAULT, ENOMEM, EAGAIN } },
	{ "send", NULL, call_send, { EFAULT, ENOMEM, ENOBUFS, EAGAIN } },
	{ "fdinfo", NULL, call_fdinfo, { ENOMEM, EFAULT } },
	{ "link down", NULL, call_down, { ENOMEM, ENOBUFS, EFAULT } },
	{ "link up", before_up, call_up, { ENOMEM, ENOBUFS, EFAULT } },
	{ "link txqueuelen", NULL, call_txqlen, { ENOMEM, ENOBUFS, EFAULT } },
	{ "link rename", before_rename, call_rename, { ENOMEM, ENOBUFS, EFAULT } },
	{ "attribute", before_rename, call_attribute, { ENOMEM, EFAULT } },
	{ "sysctl", NULL, call_knob, { ENOMEM, EFAULT } },
};

/* ---- tests -------------------------------------------------------------- */

static bool may_be(const struct call *call, long ret)
{
	unsigned int i;

	if (ret >= 0)
		return true;
	for (i = 0; i < ARRAY_SIZE(call->may); i++)
		if (call->may[i] == -ret)
			return true;
	return false;
}

/* As good as new: a packet each way. What is left in the queue goes first. */
static void check_carries(struct __test_metadata *_metadata, struct subject *self)
{
	size_t len;

	if (self->u.fd < 0)
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	while (read(self->u.fd, self->buf, sizeof(self->buf)) > 0)
		;
	queue_one(self);
	len = packet(self, self->buf, true);
	EXPECT_EQ((ssize_t)len, read(self->u.fd, self->buf, sizeof(self->buf)));
	len = packet(self, self->buf, false);
	EXPECT_EQ((ssize_t)len, write(self->u.fd, self->buf, len));
}

TEST_F_TIMEOUT(faults, each_says_so_and_the_unit_goes_on, 400)
{
	unsigned int i, nth, all = 0;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call *call = &calls[i];
		unsigned int failed = 0;
		bool reached = true;
		long ret;

		for (nth = 1; reached && nth < POINTS_MAX; nth++) {
			if (call->before)
				call->before(&self->s);
			ASSERT_EQ(0, fail_nth(self->s.fail, nth));
			ret = call->call(&self->s);
			reached = fail_reached(self->s.fail);
			EXPECT_TRUE(may_be(call, ret))
				TH_LOG("%s, fault %u: %s", call->name, nth, strerror(-ret));
			failed += ret < 0 && reached;
			check_carries(_metadata, &self->s);
		}
		EXPECT_FALSE(reached);
		/* The last one was not reached. */
		ksft_print_msg("faults: %s: %u points, %u of them made it fail\n", call->name,
			       nth - 2, failed);
		EXPECT_LE(0, ret)
			TH_LOG("%s fails without a fault: %s", call->name, strerror(-ret));
		EXPECT_EQ(!call->may[0], nth == 2)
			TH_LOG("%s: %u points", call->name, nth - 2);
		all += nth - 2;
	}
	ksft_print_msg("faults: %u points in all\n", all);
}

/* ---- a unit is made ----------------------------------------------------- */

FIXTURE(shortage) {
	int nodes;
};

FIXTURE_VARIANT(shortage) {
	bool by_cloner;
};

FIXTURE_VARIANT_ADD(shortage, rtnetlink) {
	.by_cloner = false,
};

FIXTURE_VARIANT_ADD(shortage, cloner) {
	.by_cloner = true,
};

FIXTURE_SETUP(shortage)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, netns_as_new());
	self->nodes = nodes_of(TAP_KIND);
}

FIXTURE_TEARDOWN(shortage)
{
	units_clear();
}

/* Far more than there is to fail when a unit is made. */
#define FAULTS_MAX	2000

/* A slow kernel has some of the faults each time, other ones the next time. */
#define FAULTS_STEP	(32 / rounds(32))

/*
 * Whatever fails of all that a unit is made of, be it the driver's or the
 * core's: there is a whole unit afterwards, or none and its number is free.
 */
TEST_F_TIMEOUT(shortage, makes_a_whole_unit_or_none, 240)
{
	int fail = fail_open(), want = free_number(TAP_KIND, 0), nl, fd, nth, none = 0;
	const int step = FAULTS_STEP;
	struct nl_request req;
	char name[32], answer[64];
	bool reached = true;
	struct unit u;

	if (fail == -ENOENT)
		SKIP(return, "no fault injection in this kernel");
	ASSERT_LE(0, fail);
	nl = nl_open();
	ASSERT_LE(0, nl);
	snprintf(name, sizeof(name), TAP_KIND "%d", want);
	for (nth = 1 + getpid() % step; reached && nth < FAULTS_MAX; nth += step) {
		nl_link_add(&req, NULL, TAP_KIND);
		ASSERT_EQ(0, fail_nth(fail, nth));
		if (variant->by_cloner) {
			fd = ERR(open("/dev/" TAP_KIND, O_RDWR | O_CLOEXEC));
			reached = fail_reached(fail);
			if (fd >= 0)
				close(fd);
		} else {
			fd = nl_send(nl, &req);
			reached = fail_reached(fail);
			/* Or the answer was what there was no memory for. */
			while (recv(nl, answer, sizeof(answer), MSG_DONTWAIT) >= 0)
				;
		}
		if (!if_nametoindex(name)) {
			none++;
			ASSERT_EQ(self->nodes, nodes_of(TAP_KIND))
				TH_LOG("a node without an interface, fault %d", nth);
			continue;
		}
		ASSERT_EQ(self->nodes + 1, nodes_of(TAP_KIND))
			TH_LOG("an interface without a node, fault %d", nth);
		ASSERT_EQ(0, link_del(if_nametoindex(name)));
	}
	EXPECT_FALSE(reached);
	EXPECT_LT(0, none);
	ksft_print_msg("faults: a unit: %d points, one in %d was tried; without %d there is none\n",
		       nth - step, step, none);
	ASSERT_EQ(0, unit_create_kind(&u, TAP_KIND, NULL));
	EXPECT_EQ(want, u.number);
	close(nl);
	close(fail);
}

TEST_HARNESS_MAIN
