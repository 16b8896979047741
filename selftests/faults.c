// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever fails of what a system call needs, an allocation, a page, a copy from or to the
 * program: the call says so as it should, or does without it, and the unit is good for the next.
 * Not by chance: the first thing fails, then the second, and so on until there is none left.
 *
 * It wants a kernel with fault injection.
 */
#include "lib/test.h"

#include <linux/if_bsdtun.h>
#include <net/if_tap.h>
#include <net/if_tun.h>

/* Far more than there is to fail in any of the calls. */
#define POINTS_MAX	400

/* A slow kernel has some of the faults each time, other ones the next time. */
#define FAULTS_STEP	(32 / scaled_rounds(32))

/* What is sent in pieces. */
#define PIECES		1200

/* A unit, and what is used to use it; another, to be deleted. */
struct subject {
	struct unit u, other;
	struct ring ring;
	int fail, udp, out, raw, nl, ep, file;
	char buf[2048];
};

FIXTURE(faults) {
	struct subject s;
};

FIXTURE_VARIANT(faults) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(faults, tun) { .kind = TUN_KIND };
FIXTURE_VARIANT_ADD(faults, tap) { .kind = TAP_KIND };

FIXTURE_SETUP(faults)
{
	if (geteuid())
		SKIP(return, "needs root");
	self->s.fail = fault_open();
	if (self->s.fail == -ENOENT)
		SKIP(return, "no fault injection in this kernel");
	ASSERT_LE(0, self->s.fail);
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->s.u, variant->kind, O_NONBLOCK));
	self->s.udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, self->s.udp);
	self->s.out = udp_connect_to_peer();
	ASSERT_LE(0, self->s.out);
	self->s.raw = packet_socket();
	ASSERT_LE(0, self->s.raw);
	self->s.nl = nl_open();
	ASSERT_LE(0, self->s.nl);
	self->s.ep = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->s.ep);
	ASSERT_EQ(0, ring_open(&self->s.ring));
	self->s.file = memfd_with_data(self->s.buf, PIECES);
	ASSERT_LE(0, self->s.file);
	unit_init(&self->s.other, variant->kind);
	signal(SIGIO, SIG_IGN);
}

FIXTURE_TEARDOWN(faults)
{
	if (self->s.fail < 0)
		return;
	ring_close(&self->s.ring);
	close(self->s.file);
	close(self->s.ep);
	close(self->s.nl);
	close(self->s.raw);
	close(self->s.out);
	close(self->s.udp);
	close(self->s.fail);
	sysctl_set(TAP_KIND, "up_on_open", "0");
	unit_destroy(&self->s.other);
	unit_destroy(&self->s.u);
}

/* ---- the calls ---------------------------------------------------------- */

/* A packet or frame for the interface, or from the program. */
static size_t packet(struct subject *self, char *buf, bool out)
{
	size_t head = link_header_len(&self->u), len;

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

/* Up, with the addresses that it may have lost at a close. */
static void give_addresses(struct subject *self)
{
	addr_add(self->u.ifindex, LOCAL, PEER);
	link_up(self->u.ifindex);
	if (link_header_len(&self->u))
		neigh_set(self->u.ifindex, PEER, PEER_MAC);
}

/* The first open of a tap sets it up. */
static void before_open_up(struct subject *self)
{
	unit_close(&self->u);
	addr_add(self->u.ifindex, LOCAL, PEER);
	sysctl_set(TAP_KIND, "up_on_open", "1");
}

static void after_open_up(struct __test_metadata *_metadata, struct subject *self, bool reached)
{
	EXPECT_TRUE(reached || link_is_up(self->u.ifindex));
	EXPECT_EQ(0, sysctl_set(TAP_KIND, "up_on_open", "0"));
}

static void before_close(struct subject *self)
{
	give_addresses(self);
	queue_one(self);
}

static long call_close(struct subject *self)
{
	long ret = ERR(close(self->u.fd));

	self->u.fd = -1;
	return ret;
}

/* Whatever fails, nothing of it is left undone. */
static void after_close(struct __test_metadata *_metadata, struct subject *self,
			bool __always_unused reached)
{
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	/* A tap has lost its addresses. */
	EXPECT_EQ(link_header_len(&self->u) ? 0 : -EEXIST, addr_add(self->u.ifindex, LOCAL, PEER));
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

/* What stands before a packet of a tun, until after_mode(). */
static void before_head(struct subject *self)
{
	int on = 1;

	ioctl(self->u.fd, TUNSIFHEAD, &on);
	queue_one(self);
}

static void before_link_mode(struct subject *self)
{
	int on = 1;

	ioctl(self->u.fd, TUNSLMODE, &on);
	queue_one(self);
}

static void after_mode(struct __test_metadata *_metadata, struct subject *self,
		       bool __always_unused reached)
{
	int off = 0;

	while (read(self->u.fd, self->buf, sizeof(self->buf)) > 0)
		;
	EXPECT_EQ(0, ioctl(self->u.fd, TUNSIFHEAD, &off));
	EXPECT_EQ(0, ioctl(self->u.fd, TUNSLMODE, &off));
}

static long call_write_head(struct subject *self)
{
	__u32 family = htonl(AF_INET);

	memcpy(self->buf, &family, sizeof(family));
	return ERR(write(self->u.fd, self->buf,
			 sizeof(family) + packet(self, self->buf + sizeof(family), false)));
}

/* One that the stack holds in pieces. */
static long send_pieces(struct subject *self)
{
	return send_file(self->out, self->file, 0, PIECES);
}

static void before_pieces(struct subject *self)
{
	give_addresses(self);
	send_pieces(self);
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
	struct tuninfo info = { .mtu = 1400, .type = link_header_len(&self->u) ? 6 : 0x17 };

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

static long uring(struct subject *self, int op, size_t len)
{
	struct io_uring_cqe cqe;

	ring_prepare(&self->ring, op, self->u.fd, self->buf, len, 1);
	/* Nothing was taken when it fails; the rest is not of the driver's call. */
	while (self->ring.to_submit) {
		int err = ring_submit(&self->ring);

		if (err && err != -EINTR) {
			/* Nothing fails any more. */
			fault_was_injected(self->fail);
			ring_submit(&self->ring);
			ring_wait(&self->ring, &cqe);
			return err;
		}
	}
	return ring_wait(&self->ring, &cqe) ? cqe.res : -ETIMEDOUT;
}

static long call_uring_read(struct subject *self)
{
	return uring(self, IORING_OP_READ, sizeof(self->buf));
}

static long call_uring_write(struct subject *self)
{
	return uring(self, IORING_OP_WRITE, packet(self, self->buf, false));
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
static long talk(struct subject *self, struct nl_request *req)
{
	long ret = nl_send(self->nl, req);

	while (recv(self->nl, self->buf, sizeof(self->buf), MSG_DONTWAIT) >= 0)
		;
	return ret;
}

static long change(struct subject *self, int attr, const void *data, size_t len, unsigned int flags)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = self->u.ifindex;
	req.ifi.ifi_flags = flags;
	req.ifi.ifi_change = data ? 0 : IFF_UP;
	if (data)
		nl_put(&req, attr, data, len);
	return talk(self, &req);
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

/* Of an open tun that is down: it sets it up. */
static void before_address(struct subject *self)
{
	unit_close(&self->u);
	addr_change(RTM_DELADDR, 0, self->u.ifindex, LOCAL, PEER);
	unit_open(&self->u, O_NONBLOCK);
}

static long call_address(struct subject *self)
{
	struct nl_request req;

	nl_addr(&req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, self->u.ifindex, LOCAL, PEER);
	return talk(self, &req);
}

static void after_address(struct __test_metadata *_metadata, struct subject *self, bool reached)
{
	EXPECT_TRUE(reached || link_is_up(self->u.ifindex) == !link_header_len(&self->u));
}

static long call_changelink(struct subject *self)
{
	struct rtattr *info, *data;
	struct nl_request req;
	__u8 on = 1;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = self->u.ifindex;
	info = nl_put(&req, IFLA_LINKINFO, NULL, 0);
	nl_put(&req, IFLA_INFO_KIND, self->u.kind, strlen(self->u.kind));
	data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
	nl_put(&req, IFLA_BSDTUN_TRANSIENT, &on, sizeof(on));
	if (link_header_len(&self->u))
		nl_put(&req, IFLA_BSDTUN_KEEP, &on, sizeof(on));
	nl_nest_end(&req, data);
	nl_nest_end(&req, info);
	return talk(self, &req);
}

/* All of it, or nothing. */
static void after_changelink(struct __test_metadata *_metadata, struct subject *self, bool reached)
{
	bool changed = unit_attr_is(&self->u, "transient", "1");

	EXPECT_TRUE(reached || changed);
	EXPECT_EQ(0, unit_attr_set(&self->u, "transient", "0"));
	if (link_header_len(&self->u)) {
		EXPECT_EQ(changed, unit_attr_is(&self->u, "keep", "1"));
		EXPECT_EQ(0, unit_attr_set(&self->u, "keep", "0"));
	}
}

static void before_delete(struct subject *self)
{
	if (!self->other.ifindex)
		unit_create_kind(&self->other, self->u.kind, NULL);
	if (self->other.fd < 0)
		unit_open(&self->other, O_NONBLOCK);
}

static long call_delete(struct subject *self)
{
	struct nl_request req;

	nl_link_del(&req, self->other.ifindex);
	return talk(self, &req);
}

static void before_transient(struct subject *self)
{
	before_delete(self);
	unit_attr_set(&self->other, "transient", "1");
}

static long call_close_transient(struct subject *self)
{
	long ret = ERR(close(self->other.fd));

	self->other.fd = -1;
	return ret;
}

/* Gone, and its number free; or there, and as it was. */
static void after_delete(struct __test_metadata *_metadata, struct subject *self, bool reached)
{
	struct unit *other = &self->other, again;
	bool there = if_nametoindex(other->ifname);

	EXPECT_EQ(there, node_exists(other));
	if (other->fd >= 0) {
		EXPECT_EQ(there ? -EAGAIN : -EHOSTDOWN,
			  ERR(read(other->fd, self->buf, sizeof(self->buf))));
	} else {
		EXPECT_FALSE(there);
	}
	if (there) {
		EXPECT_TRUE(reached);
		return;
	}
	unit_close(other);
	ASSERT_EQ(0, unit_create_kind(&again, other->kind, NULL));
	EXPECT_EQ(other->number, again.number);
	*other = again;
}

static long call_attribute(struct subject *self)
{
	return unit_attr_set(&self->u, link_header_len(&self->u) ? "keep" : "transient", "0");
}

static long call_knob(struct subject __always_unused *self)
{
	return sysctl_set(TAP_KIND, "up_on_open", "0");
}

static const struct call {
	const char *name;
	void (*before)(struct subject *self);
	long (*call)(struct subject *self);
	/* What may come of it, but for success. */
	int may[4];
	/* What must be true then, whether the fault was reached or not. */
	void (*after)(struct __test_metadata *_metadata, struct subject *self, bool reached);
	/* If of one only. */
	const char *kind;
	/* It takes long. */
	bool long_one;
} calls[] = {
	{ "open", before_open, call_open, .may = { ENOMEM, EFAULT } },
	{ "open that sets it up", before_open_up, call_open, .may = { ENOMEM, EFAULT },
	  .after = after_open_up, .kind = TAP_KIND },
	{ "last close", before_close, call_close, .after = after_close },
	{ "read", queue_one, call_read, .may = { EFAULT } },
	{ "readv", queue_one, call_readv, .may = { EFAULT, ENOMEM } },
	/* A tap says nothing. */
	{ "write", NULL, call_write, .may = { EFAULT, ENOBUFS } },
	{ "writev", NULL, call_writev, .may = { EFAULT, ENOBUFS, ENOMEM } },
	{ "write of 60000 bytes", NULL, call_write_large, .may = { EFAULT, ENOBUFS } },
	{ "read with TUNSIFHEAD", before_head, call_read, .may = { EFAULT },
	  .after = after_mode, .kind = TUN_KIND },
	{ "readv with TUNSIFHEAD", before_head, call_readv, .may = { EFAULT, ENOMEM },
	  .after = after_mode, .kind = TUN_KIND },
	{ "read with TUNSLMODE", before_link_mode, call_read, .may = { EFAULT },
	  .after = after_mode, .kind = TUN_KIND },
	{ "write with TUNSIFHEAD", before_head, call_write_head, .may = { EFAULT, ENOBUFS },
	  .after = after_mode, .kind = TUN_KIND },
	{ "write with TUNSLMODE", before_link_mode, call_write, .may = { EFAULT, ENOBUFS },
	  .after = after_mode, .kind = TUN_KIND },
	{ "sendfile", give_addresses, send_pieces, .may = { EFAULT, ENOMEM, ENOBUFS, EAGAIN } },
	{ "read of pieces", before_pieces, call_read, .may = { EFAULT } },
	{ "readv of pieces", before_pieces, call_readv, .may = { EFAULT, ENOMEM } },
	{ "poll", NULL, call_poll, .may = { EFAULT, ENOMEM } },
	{ "epoll", before_epoll, call_epoll, .may = { EFAULT, ENOMEM } },
	{ "FIOASYNC", before_async, call_async, .may = { EFAULT, ENOMEM } },
	{ "FIOSETOWN", NULL, call_owner, .may = { EFAULT, ENOMEM } },
	{ "TUNSIFINFO", before_set_info, call_set_info, .may = { EFAULT, ENOMEM, ENOBUFS } },
	{ "TUNGIFINFO", NULL, call_get_info, .may = { EFAULT } },
	{ "GIFNAME", NULL, call_name, .may = { EFAULT } },
	{ "FIONREAD", NULL, call_fionread, .may = { EFAULT } },
	{ "TUNSDEBUG", NULL, call_debug, .may = { EFAULT } },
	{ "io_uring read", queue_one, call_uring_read, .may = { EFAULT, ENOMEM, EAGAIN } },
	{ "io_uring write", NULL, call_uring_write, .may = { EFAULT, ENOMEM, EAGAIN, ENOBUFS } },
	{ "send", NULL, call_send, .may = { EFAULT, ENOMEM, ENOBUFS, EAGAIN } },
	{ "fdinfo", NULL, call_fdinfo, .may = { ENOMEM, EFAULT } },
	{ "link down", NULL, call_down, .may = { ENOMEM, ENOBUFS, EFAULT } },
	{ "link up", before_up, call_up, .may = { ENOMEM, ENOBUFS, EFAULT } },
	{ "link txqueuelen", NULL, call_txqlen, .may = { ENOMEM, ENOBUFS, EFAULT } },
	{ "link rename", before_rename, call_rename, .may = { ENOMEM, ENOBUFS, EFAULT } },
	{ "address", before_address, call_address, .may = { ENOMEM, ENOBUFS, EFAULT },
	  .after = after_address },
	{ "changelink", before_rename, call_changelink, .may = { ENOMEM, ENOBUFS, EFAULT },
	  .after = after_changelink },
	{ "link del", before_delete, call_delete, .may = { ENOMEM, ENOBUFS, EFAULT },
	  .after = after_delete, .long_one = true },
	{ "last close of a transient unit", before_transient, call_close_transient,
	  .after = after_delete, .long_one = true },
	{ "attribute", before_rename, call_attribute, .may = { ENOMEM, EFAULT } },
	{ "sysctl", NULL, call_knob, .may = { ENOMEM, EFAULT } },
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
		const unsigned int step = call->long_one ? FAULTS_STEP : 1;
		unsigned int failed = 0, tried = 0;
		bool reached = true;
		long ret = -EINVAL;

		if (call->kind && strcmp(call->kind, variant->kind))
			continue;
		for (nth = 1 + getpid() % step; reached && nth < POINTS_MAX; nth += step) {
			if (call->before)
				call->before(&self->s);
			ASSERT_EQ(0, fault_set_nth(self->s.fail, nth));
			ret = call->call(&self->s);
			reached = fault_was_injected(self->s.fail);
			EXPECT_TRUE(may_be(call, ret))
				TH_LOG("%s, fault %u: %s", call->name, nth, strerror(-ret));
			tried += reached;
			failed += ret < 0 && reached;
			if (call->after)
				call->after(_metadata, &self->s, reached);
			check_carries(_metadata, &self->s);
		}
		EXPECT_FALSE(reached);
		ksft_print_msg("faults: %s: %u points, %u of them made it fail\n", call->name,
			       tried, failed);
		EXPECT_LE(0, ret)
			TH_LOG("%s fails without a fault: %s", call->name, strerror(-ret));
		EXPECT_LT(0, tried)
			TH_LOG("%s: nothing in it can fail", call->name);
		all += tried;
	}
	ksft_print_msg("faults: %u points in all\n", all);
}

/*
 * A write that fails is counted by what failed; one that does not is with the stack.
 */
TEST_F_TIMEOUT(faults, a_write_is_received_or_counted, 120)
{
	static const char *const counters[] = { "rx_drop_no_memory", "rx_drop_fault" };
	const struct unit *u = &self->s.u;
	long long sum[ARRAY_SIZE(counters)] = { };
	bool reached = true;
	unsigned int i, nth;

	for (nth = 1; reached && nth < POINTS_MAX; nth++) {
		struct rtnl_link_stats64 before = link_stats(u->ifindex);
		long long grew[ARRAY_SIZE(counters)];
		long ret;

		for (i = 0; i < ARRAY_SIZE(counters); i++)
			grew[i] = -ethtool_statistic(u->ifname, counters[i]);
		ASSERT_EQ(0, fault_set_nth(self->s.fail, nth));
		ret = call_write_large(&self->s);
		reached = fault_was_injected(self->s.fail);
		for (i = 0; i < ARRAY_SIZE(counters); i++) {
			grew[i] += ethtool_statistic(u->ifname, counters[i]);
			sum[i] += grew[i];
		}
		/* A tap says nothing of memory. */
		EXPECT_EQ(!link_header_len(u) && grew[0], ret == -ENOBUFS);
		EXPECT_EQ(grew[1], ret == -EFAULT);
		EXPECT_EQ(1, grew[0] + grew[1] +
			     link_stat_delta(u->ifindex, &before,
					     offsetof(struct rtnl_link_stats64, rx_packets)));
	}
	EXPECT_FALSE(reached);
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		EXPECT_LT(0, sum[i])
			TH_LOG("%s", counters[i]);
	}
}

/*
 * What is in its sender's memory is copied before it waits for a reader. Without memory for that
 * it is counted, and nothing of it comes.
 */
TEST_F_TIMEOUT(faults, what_a_sender_lends_is_queued_or_counted, 120)
{
	static char data[20000], buf[sizeof(data) + 64];
	const struct unit *u = &self->s.u;
	const size_t len = link_header_len(u) + IP_UDP_LEN + sizeof(data);
	bool reached = true;
	long long lost = 0;
	unsigned int nth;

	ASSERT_EQ(0, link_set_mtu(u->ifindex, 65535));
	ASSERT_EQ(0, enable_zerocopy(self->s.out));
	give_addresses(&self->s);
	for (nth = 1; reached && nth < POINTS_MAX; nth++) {
		long long grew = -ethtool_statistic(u->ifname, "tx_drop_no_memory");
		ssize_t sent, got;

		ASSERT_EQ(0, fault_set_nth(self->s.fail, nth));
		sent = ERR(send(self->s.out, data, sizeof(data), MSG_ZEROCOPY | MSG_DONTWAIT));
		reached = fault_was_injected(self->s.fail);
		grew += ethtool_statistic(u->ifname, "tx_drop_no_memory");
		lost += grew;
		got = ERR(read(u->fd, buf, sizeof(buf)));
		EXPECT_TRUE(got == (ssize_t)len || got == -EAGAIN);
		EXPECT_EQ(sent > 0, grew + (got > 0))
			TH_LOG("fault %u: %zd sent, %lld lost, %zd read", nth, sent, grew, got);
		while (recv(self->s.out, NULL, 0, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
			;
	}
	EXPECT_FALSE(reached);
	EXPECT_LT(0, lost);
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
	ASSERT_EQ(0, netns_reset());
	self->nodes = count_nodes(TAP_KIND);
}

FIXTURE_TEARDOWN(shortage)
{
	units_delete_all();
}

/* Far more than there is to fail when a unit is made. */
#define FAULTS_MAX	2000

/*
 * Whatever fails of all that a unit is made of, be it the driver's or the
 * core's: there is a whole unit afterwards, or none and its number is free.
 */
TEST_F_TIMEOUT(shortage, makes_a_whole_unit_or_none, 240)
{
	int fail = fault_open(), want = lowest_free_number(TAP_KIND, 0), nl, fd, nth, none = 0;
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
		ASSERT_EQ(0, fault_set_nth(fail, nth));
		if (variant->by_cloner) {
			fd = ERR(open("/dev/" TAP_KIND, O_RDWR | O_CLOEXEC));
			reached = fault_was_injected(fail);
			if (fd >= 0)
				close(fd);
		} else {
			fd = nl_send(nl, &req);
			reached = fault_was_injected(fail);
			/* Or the answer was what there was no memory for. */
			while (recv(nl, answer, sizeof(answer), MSG_DONTWAIT) >= 0)
				;
		}
		if (!if_nametoindex(name)) {
			none++;
			ASSERT_EQ(self->nodes, count_nodes(TAP_KIND))
				TH_LOG("a node without an interface, fault %d", nth);
			continue;
		}
		ASSERT_EQ(self->nodes + 1, count_nodes(TAP_KIND))
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
