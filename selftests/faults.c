// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection: an allocation or a user copy fails in a system call. The call returns an
 * expected error or succeeds without it, and the unit still works. Every fault of each call is
 * injected, the first one, then the second, and so on. Needs a kernel with fault injection.
 */
#include "lib/fixture.h"

#include <linux/if_bsdtun.h>
#include <net/if_tap.h>
#include <net/if_tun.h>

/* More faults than any call has. */
#define FAULTS_MAX	400

/* A slow kernel injects some of the faults, in each run others. */
#define FAULTS_STEP	(32 / scaled_rounds(32))

/* The length of a packet that the stack holds in fragments. */
#define NONLINEAR_LEN		1200

/* A unit with all that the calls need, and another unit that they delete. */
struct state {
	struct unit u, other;
	struct ring ring;
	int fail, udp, out, raw, nl, ep, file;
	char buf[2048];
};

FIXTURE(faults) {
	struct state s;
};

FIXTURE_VARIANT(faults) {
	const char *kind;
};

TUN_VARIANT(faults);
TAP_VARIANT(faults);

FIXTURE_SETUP(faults)
{
	if (geteuid())
		SKIP(return, "needs root");
	self->s.fail = fault_open();
	if (self->s.fail == -ENOENT)
		SKIP(return, "the kernel has no fault injection");
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
	self->s.file = memfd_with_data(self->s.buf, NONLINEAR_LEN);
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

/* Builds a packet or frame that the interface transmits or the program writes. */
static size_t build_packet(struct state *self, char *buf, bool out)
{
	size_t head = link_header_len(&self->u), len;

	len = build_udp(buf + head, out ? LOCAL : PEER, out ? PEER : LOCAL, 9, PORT, "fault", 5);
	if (head)
		build_frame(buf, out ? (unsigned char *)PEER_MAC : self->u.mac,
			    out ? self->u.mac : (unsigned char *)PEER_MAC, ETH_P_IP, NULL, 0);
	return head + len;
}

/* Queues a packet for a read. */
static void queue_one(struct state *self)
{
	char buf[256];
	size_t len = build_packet(self, buf, true);

	packet_send(self->raw, self->u.ifindex, ETH_P_IP, buf, len);
}

static long call_open(struct state *self)
{
	long fd = ERR(open(self->u.node, O_RDWR | O_CLOEXEC | O_NONBLOCK));

	if (fd >= 0)
		self->u.fd = fd;
	return fd < 0 ? fd : 0;
}

static void before_open(struct state *self)
{
	unit_close(&self->u);
}

/* Sets the interface up, with the addresses that a close may have deleted. */
static void restore_addresses(struct state *self)
{
	addr_add(self->u.ifindex, LOCAL, PEER);
	link_up(self->u.ifindex);
	if (link_header_len(&self->u))
		neigh_set(self->u.ifindex, PEER, PEER_MAC);
}

/* The first open of a tap sets it up. */
static void before_open_up(struct state *self)
{
	unit_close(&self->u);
	addr_add(self->u.ifindex, LOCAL, PEER);
	sysctl_set(TAP_KIND, "up_on_open", "1");
}

static void after_open_up(struct __test_metadata *_metadata, struct state *self, bool injected)
{
	EXPECT_TRUE(injected || link_is_up(self->u.ifindex));
	EXPECT_EQ(0, sysctl_set(TAP_KIND, "up_on_open", "0"));
}

static void before_close(struct state *self)
{
	restore_addresses(self);
	queue_one(self);
}

static long call_close(struct state *self)
{
	long ret = ERR(close(self->u.fd));

	self->u.fd = -1;
	return ret;
}

/* A close completes in spite of a fault. */
static void after_close(struct __test_metadata *_metadata, struct state *self,
			bool __always_unused injected)
{
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	/* Only a tap loses its addresses. */
	EXPECT_EQ(link_header_len(&self->u) ? 0 : -EEXIST, addr_add(self->u.ifindex, LOCAL, PEER));
}

static long call_read(struct state *self)
{
	return ERR(read(self->u.fd, self->buf, sizeof(self->buf)));
}

static long call_readv(struct state *self)
{
	struct iovec iov[12];
	unsigned int i;

	/* More than UIO_FASTIOV, so the kernel allocates an array. */
	for (i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ self->buf + i * 64, 64 };
	return ERR(readv(self->u.fd, iov, ARRAY_SIZE(iov)));
}

static long call_write(struct state *self)
{
	return ERR(write(self->u.fd, self->buf, build_packet(self, self->buf, false)));
}

static long call_writev(struct state *self)
{
	size_t len = build_packet(self, self->buf, false);
	struct iovec iov[12] = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ self->buf + i * 2, 2 };
	iov[i - 1].iov_len = len - 2 * (i - 1);
	return ERR(writev(self->u.fd, iov, ARRAY_SIZE(iov)));
}

static long write_long(struct state *self, size_t len)
{
	static char large[60000];

	memcpy(large, self->buf, build_packet(self, self->buf, false));
	return ERR(write(self->u.fd, large, len));
}

static long call_write_large(struct state *self)
{
	return write_long(self, 60000);
}

/* Enables the prefix of a tun until after_mode(). */
static void before_ifhead(struct state *self)
{
	int on = 1;

	ioctl(self->u.fd, TUNSIFHEAD, &on);
	queue_one(self);
}

static void before_lmode(struct state *self)
{
	int on = 1;

	ioctl(self->u.fd, TUNSLMODE, &on);
	queue_one(self);
}

static void after_mode(struct __test_metadata *_metadata, struct state *self,
		       bool __always_unused injected)
{
	int off = 0;

	while (read(self->u.fd, self->buf, sizeof(self->buf)) > 0)
		;
	EXPECT_EQ(0, ioctl(self->u.fd, TUNSIFHEAD, &off));
	EXPECT_EQ(0, ioctl(self->u.fd, TUNSLMODE, &off));
}

static long call_write_head(struct state *self)
{
	__u32 family = htonl(AF_INET);

	memcpy(self->buf, &family, sizeof(family));
	return ERR(write(self->u.fd, self->buf,
			 sizeof(family) + build_packet(self, self->buf + sizeof(family), false)));
}

/* The stack transmits a nonlinear skb. */
static long send_nonlinear(struct state *self)
{
	return send_file(self->out, self->file, 0, NONLINEAR_LEN);
}

static void before_nonlinear(struct state *self)
{
	restore_addresses(self);
	send_nonlinear(self);
}

static long call_poll(struct state *self)
{
	struct pollfd pfd = { .fd = self->u.fd, .events = POLLIN };

	return ERR(poll(&pfd, 1, 0));
}

static void before_epoll(struct state *self)
{
	epoll_ctl(self->ep, EPOLL_CTL_DEL, self->u.fd, NULL);
}

static long call_epoll(struct state *self)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return ERR(epoll_ctl(self->ep, EPOLL_CTL_ADD, self->u.fd, &ev));
}

static void before_async(struct state *self)
{
	int off = 0;

	ioctl(self->u.fd, FIOASYNC, &off);
}

static long call_async(struct state *self)
{
	int on = 1;

	return ERR(ioctl(self->u.fd, FIOASYNC, &on));
}

static long call_owner(struct state *self)
{
	int pid = getpid();

	return ERR(ioctl(self->u.fd, FIOSETOWN, &pid));
}

static long call_set_info(struct state *self)
{
	struct tuninfo info = { .mtu = 1400, .type = link_header_len(&self->u) ? 6 : 0x17 };

	return ERR(ioctl(self->u.fd, TUNSIFINFO, &info));
}

/* So that the call changes it again. */
static void before_set_info(struct state *self)
{
	link_set_mtu(self->u.ifindex, 1500);
}

static long call_get_info(struct state *self)
{
	struct tuninfo info;

	return ERR(ioctl(self->u.fd, TUNGIFINFO, &info));
}

static long call_name(struct state *self)
{
	return ERR(ioctl(self->u.fd, LINUX64_GIFNAME, self->buf));
}

static long call_node_name(struct state *self)
{
	char buf[IFNAMSIZ];

	return fdevname_r(self->u.fd, buf, sizeof(buf)) ? 0 : -errno;
}

static long call_fionread(struct state *self)
{
	int n;

	return ERR(ioctl(self->u.fd, FIONREAD, &n));
}

static long call_debug(struct state *self)
{
	int level = 0;

	return ERR(ioctl(self->u.fd, TUNSDEBUG, &level));
}

static long uring(struct state *self, int op, size_t len)
{
	struct io_uring_cqe cqe;

	ring_prepare(&self->ring, op, self->u.fd, self->buf, len, 1);
	/* An error means that nothing was submitted; the rest is not the driver's. */
	while (self->ring.to_submit) {
		int err = ring_submit(&self->ring);

		if (err && err != -EINTR) {
			/* Submit again without faults. */
			fault_was_injected(self->fail);
			ring_submit(&self->ring);
			ring_wait(&self->ring, &cqe);
			return err;
		}
	}
	return ring_wait(&self->ring, &cqe) ? cqe.res : -ETIMEDOUT;
}

static long call_uring_read(struct state *self)
{
	return uring(self, IORING_OP_READ, sizeof(self->buf));
}

static long call_uring_write(struct state *self)
{
	return uring(self, IORING_OP_WRITE, build_packet(self, self->buf, false));
}

static long call_send(struct state *self)
{
	char buf[256];
	size_t len = build_packet(self, buf, true);

	return packet_send(self->raw, self->u.ifindex, ETH_P_IP, buf, len);
}

static long call_fdinfo(struct state *self)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", self->u.fd);
	return read_file(path, self->buf, sizeof(self->buf));
}

/* Without memory there may be no acknowledgment; the effect is checked later. */
static long send_request(struct state *self, struct nl_request *req)
{
	long ret = nl_send(self->nl, req);

	while (recv(self->nl, self->buf, sizeof(self->buf), MSG_DONTWAIT) >= 0)
		;
	return ret;
}

static long change_link(struct state *self, int attr, const void *data, size_t len,
			unsigned int flags)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = self->u.ifindex;
	req.ifi.ifi_flags = flags;
	req.ifi.ifi_change = data ? 0 : IFF_UP;
	if (data)
		nl_put(&req, attr, data, len);
	return send_request(self, &req);
}

static long call_down(struct state *self)
{
	return change_link(self, 0, NULL, 0, 0);
}

static long call_up(struct state *self)
{
	return change_link(self, 0, NULL, 0, IFF_UP);
}

static void before_up(struct state *self)
{
	link_down(self->u.ifindex);
}

static long call_txqlen(struct state *self)
{
	__u32 len = 100;

	return change_link(self, IFLA_TXQLEN, &len, sizeof(len), 0);
}

static void before_rename(struct state *self)
{
	link_rename(self->u.ifindex, self->u.ifname);
}

static long call_rename(struct state *self)
{
	return change_link(self, IFLA_IFNAME, "renamed", 8, 0);
}

/* An address sets an open unit up. */
static void before_address(struct state *self)
{
	unit_close(&self->u);
	addr_change(RTM_DELADDR, 0, self->u.ifindex, LOCAL, PEER);
	unit_open(&self->u, O_NONBLOCK);
}

static long call_address(struct state *self)
{
	struct nl_request req;

	nl_addr(&req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, self->u.ifindex, LOCAL, PEER);
	return send_request(self, &req);
}

static void after_address(struct __test_metadata *_metadata, struct state *self, bool injected)
{
	EXPECT_TRUE(injected || link_is_up(self->u.ifindex));
}

static long call_changelink(struct state *self)
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
	return send_request(self, &req);
}

/* Either all attributes change or none. */
static void after_changelink(struct __test_metadata *_metadata, struct state *self, bool injected)
{
	bool changed = unit_attr_is(&self->u, "transient", "1");

	EXPECT_TRUE(injected || changed);
	EXPECT_EQ(0, unit_attr_set(&self->u, "transient", "0"));
	if (link_header_len(&self->u)) {
		EXPECT_EQ(changed, unit_attr_is(&self->u, "keep", "1"));
		EXPECT_EQ(0, unit_attr_set(&self->u, "keep", "0"));
	}
}

static void before_delete(struct state *self)
{
	if (!self->other.ifindex)
		unit_create_kind(&self->other, self->u.kind, NULL);
	if (self->other.fd < 0)
		unit_open(&self->other, O_NONBLOCK);
}

static long call_delete(struct state *self)
{
	struct nl_request req;

	nl_link_del(&req, self->other.ifindex);
	return send_request(self, &req);
}

static void before_transient(struct state *self)
{
	before_delete(self);
	unit_attr_set(&self->other, "transient", "1");
}

static long call_close_transient(struct state *self)
{
	long ret = ERR(close(self->other.fd));

	self->other.fd = -1;
	return ret;
}

/* Either the unit is deleted and its number free, or it still works. */
static void after_delete(struct __test_metadata *_metadata, struct state *self, bool injected)
{
	struct unit *other = &self->other, again;
	bool exists = if_nametoindex(other->ifname);

	EXPECT_EQ(exists, node_exists(other));
	if (other->fd >= 0) {
		EXPECT_EQ(exists ? -EAGAIN : -EHOSTDOWN,
			  ERR(read(other->fd, self->buf, sizeof(self->buf))));
	} else {
		EXPECT_FALSE(exists);
	}
	if (exists) {
		EXPECT_TRUE(injected);
		return;
	}
	unit_close(other);
	ASSERT_EQ(0, unit_create_kind(&again, other->kind, NULL));
	EXPECT_EQ(other->number, again.number);
	*other = again;
}

static long call_attribute(struct state *self)
{
	return unit_attr_set(&self->u, link_header_len(&self->u) ? "keep" : "transient", "0");
}

/* The one that is visible in every network namespace: entering another one may fail as well. */
static long call_sysctl(struct state __always_unused *self)
{
	return write_file("/proc/sys/debug/if_tun_debug", "0");
}

static const struct call {
	const char *name;
	void (*before)(struct state *self);
	long (*call)(struct state *self);
	/* The errors that are allowed. */
	int errors[4];
	/* Checks the result, with or without the fault. */
	void (*after)(struct __test_metadata *_metadata, struct state *self, bool injected);
	/* The only kind that has the call, or NULL. */
	const char *kind;
	/* It is slow. */
	bool slow;
} calls[] = {
	{ "open", before_open, call_open, .errors = { ENOMEM, EFAULT } },
	{ "open that sets the interface up", before_open_up, call_open,
	  .errors = { ENOMEM, EFAULT }, .after = after_open_up, .kind = TAP_KIND },
	{ "last close", before_close, call_close, .after = after_close },
	{ "read", queue_one, call_read, .errors = { EFAULT } },
	{ "readv", queue_one, call_readv, .errors = { EFAULT, ENOMEM } },
	/* A tap does not return ENOBUFS. */
	{ "write", NULL, call_write, .errors = { EFAULT, ENOBUFS } },
	{ "writev", NULL, call_writev, .errors = { EFAULT, ENOBUFS, ENOMEM } },
	{ "write of 60000 bytes", NULL, call_write_large, .errors = { EFAULT, ENOBUFS } },
	{ "read with TUNSIFHEAD", before_ifhead, call_read, .errors = { EFAULT },
	  .after = after_mode, .kind = TUN_KIND },
	{ "readv with TUNSIFHEAD", before_ifhead, call_readv, .errors = { EFAULT, ENOMEM },
	  .after = after_mode, .kind = TUN_KIND },
	{ "read with TUNSLMODE", before_lmode, call_read, .errors = { EFAULT },
	  .after = after_mode, .kind = TUN_KIND },
	{ "write with TUNSIFHEAD", before_ifhead, call_write_head, .errors = { EFAULT, ENOBUFS },
	  .after = after_mode, .kind = TUN_KIND },
	{ "write with TUNSLMODE", before_lmode, call_write, .errors = { EFAULT, ENOBUFS },
	  .after = after_mode, .kind = TUN_KIND },
	{ "sendfile", restore_addresses, send_nonlinear,
	  .errors = { EFAULT, ENOMEM, ENOBUFS, EAGAIN } },
	{ "read of a nonlinear packet", before_nonlinear, call_read, .errors = { EFAULT } },
	{ "readv of a nonlinear packet", before_nonlinear, call_readv,
	  .errors = { EFAULT, ENOMEM } },
	{ "poll", NULL, call_poll, .errors = { EFAULT, ENOMEM } },
	{ "epoll", before_epoll, call_epoll, .errors = { EFAULT, ENOMEM } },
	{ "FIOASYNC", before_async, call_async, .errors = { EFAULT, ENOMEM } },
	{ "FIOSETOWN", NULL, call_owner, .errors = { EFAULT, ENOMEM } },
	{ "TUNSIFINFO", before_set_info, call_set_info, .errors = { EFAULT, ENOMEM, ENOBUFS } },
	{ "TUNGIFINFO", NULL, call_get_info, .errors = { EFAULT } },
	{ "GIFNAME", NULL, call_name, .errors = { EFAULT } },
	{ "FIODGNAME", NULL, call_node_name, .errors = { EFAULT } },
	{ "FIONREAD", NULL, call_fionread, .errors = { EFAULT } },
	{ "TUNSDEBUG", NULL, call_debug, .errors = { EFAULT } },
	{ "io_uring read", queue_one, call_uring_read, .errors = { EFAULT, ENOMEM, EAGAIN } },
	{ "io_uring write", NULL, call_uring_write, .errors = { EFAULT, ENOMEM, EAGAIN, ENOBUFS } },
	{ "send", NULL, call_send, .errors = { EFAULT, ENOMEM, ENOBUFS, EAGAIN } },
	{ "fdinfo", NULL, call_fdinfo, .errors = { ENOMEM, EFAULT } },
	{ "link down", NULL, call_down, .errors = { ENOMEM, ENOBUFS, EFAULT } },
	{ "link up", before_up, call_up, .errors = { ENOMEM, ENOBUFS, EFAULT } },
	{ "link txqueuelen", NULL, call_txqlen, .errors = { ENOMEM, ENOBUFS, EFAULT } },
	{ "link rename", before_rename, call_rename, .errors = { ENOMEM, ENOBUFS, EFAULT } },
	{ "address", before_address, call_address, .errors = { ENOMEM, ENOBUFS, EFAULT },
	  .after = after_address },
	{ "changelink", before_rename, call_changelink, .errors = { ENOMEM, ENOBUFS, EFAULT },
	  .after = after_changelink },
	{ "link del", before_delete, call_delete, .errors = { ENOMEM, ENOBUFS, EFAULT },
	  .after = after_delete, .slow = true },
	{ "last close of a transient unit", before_transient, call_close_transient,
	  .after = after_delete, .slow = true },
	{ "sysfs attribute", before_rename, call_attribute, .errors = { ENOMEM, EFAULT } },
	{ "sysctl", NULL, call_sysctl, .errors = { ENOMEM, EFAULT } },
};

/* ---- tests -------------------------------------------------------------- */

static bool is_allowed(const struct call *call, long ret)
{
	unsigned int i;

	if (ret >= 0)
		return true;
	for (i = 0; i < ARRAY_SIZE(call->errors); i++)
		if (call->errors[i] == -ret)
			return true;
	return false;
}

/* The unit carries a packet in each direction. Discards the queue first. */
static void check_traffic(struct __test_metadata *_metadata, struct state *self)
{
	size_t len;

	if (self->u.fd < 0)
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	while (read(self->u.fd, self->buf, sizeof(self->buf)) > 0)
		;
	queue_one(self);
	len = build_packet(self, self->buf, true);
	EXPECT_EQ((ssize_t)len, read(self->u.fd, self->buf, sizeof(self->buf)));
	len = build_packet(self, self->buf, false);
	EXPECT_EQ((ssize_t)len, write(self->u.fd, self->buf, len));
}

TEST_F_TIMEOUT(faults, each_call_fails_and_the_unit_works, 400)
{
	unsigned int i, nth, all = 0;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call *call = &calls[i];
		const unsigned int step = call->slow ? FAULTS_STEP : 1;
		unsigned int failed = 0, tried = 0;
		bool injected = true;
		long ret = -EINVAL;

		if (call->kind && strcmp(call->kind, variant->kind))
			continue;
		for (nth = 1 + getpid() % step; injected && nth < FAULTS_MAX; nth += step) {
			if (call->before)
				call->before(&self->s);
			ASSERT_EQ(0, fault_set_nth(self->s.fail, nth));
			ret = call->call(&self->s);
			injected = fault_was_injected(self->s.fail);
			EXPECT_TRUE(is_allowed(call, ret))
				TH_LOG("%s, fault %u: %s", call->name, nth, strerror(-ret));
			tried += injected;
			failed += ret < 0 && injected;
			if (call->after)
				call->after(_metadata, &self->s, injected);
			check_traffic(_metadata, &self->s);
		}
		EXPECT_FALSE(injected);
		ksft_print_msg("%s: %u faults, %u of them made it fail\n", call->name,
			       tried, failed);
		EXPECT_LE(0, ret)
			TH_LOG("%s fails without a fault: %s", call->name, strerror(-ret));
		EXPECT_LT(0, tried)
			TH_LOG("%s: no fault was injected", call->name);
		all += tried;
	}
	ksft_print_msg("%u faults in all\n", all);
}

/*
 * A write that fails increments the counter of its cause; the stack receives the others. The length
 * is one for which the driver allocates in one way only: others have a second chance.
 */
TEST_F_TIMEOUT(faults, a_write_is_received_or_counted, 120)
{
	static const char *const counters[] = { "rx_drop_no_memory", "rx_drop_fault" };
	const struct unit *u = &self->s.u;
	long long sum[ARRAY_SIZE(counters)] = { };
	bool injected = true;
	unsigned int i, nth;

	for (nth = 1; injected && nth < FAULTS_MAX; nth++) {
		struct rtnl_link_stats64 before = link_stats(u->ifindex);
		long long delta[ARRAY_SIZE(counters)];
		long ret;

		for (i = 0; i < ARRAY_SIZE(counters); i++)
			delta[i] = -ethtool_statistic(u->ifname, counters[i]);
		ASSERT_EQ(0, fault_set_nth(self->s.fail, nth));
		ret = write_long(&self->s, 12000);
		injected = fault_was_injected(self->s.fail);
		for (i = 0; i < ARRAY_SIZE(counters); i++) {
			delta[i] += ethtool_statistic(u->ifname, counters[i]);
			sum[i] += delta[i];
		}
		/* A tap does not return ENOBUFS. */
		EXPECT_EQ(!link_header_len(u) && delta[0], ret == -ENOBUFS);
		EXPECT_EQ(delta[1], ret == -EFAULT);
		EXPECT_EQ(1, delta[0] + delta[1] +
			     link_stat_delta(u->ifindex, &before,
					     offsetof(struct rtnl_link_stats64, rx_packets)));
	}
	EXPECT_FALSE(injected);
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		EXPECT_LT(0, sum[i])
			TH_LOG("%s", counters[i]);
	}
}

/*
 * A packet in its sender's memory (MSG_ZEROCOPY) is copied before it is queued. Without memory for
 * the copy it is dropped and counted.
 */
TEST_F_TIMEOUT(faults, zerocopy_packet_is_queued_or_counted, 120)
{
	static char data[20000], buf[sizeof(data) + 64];
	const struct unit *u = &self->s.u;
	const size_t len = link_header_len(u) + IP_UDP_LEN + sizeof(data);
	bool injected = true;
	long long dropped = 0;
	unsigned int nth;

	ASSERT_EQ(0, link_set_mtu(u->ifindex, 65535));
	ASSERT_EQ(0, enable_zerocopy(self->s.out));
	restore_addresses(&self->s);
	for (nth = 1; injected && nth < FAULTS_MAX; nth++) {
		long long delta = -ethtool_statistic(u->ifname, "tx_drop_no_memory");
		ssize_t sent, got;

		ASSERT_EQ(0, fault_set_nth(self->s.fail, nth));
		sent = ERR(send(self->s.out, data, sizeof(data), MSG_ZEROCOPY | MSG_DONTWAIT));
		injected = fault_was_injected(self->s.fail);
		delta += ethtool_statistic(u->ifname, "tx_drop_no_memory");
		dropped += delta;
		got = ERR(read(u->fd, buf, sizeof(buf)));
		EXPECT_TRUE(got == (ssize_t)len || got == -EAGAIN);
		EXPECT_EQ(sent > 0, delta + (got > 0))
			TH_LOG("fault %u: %zd sent, %lld dropped, %zd read", nth, sent, delta, got);
		while (recv(self->s.out, NULL, 0, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
			;
	}
	EXPECT_FALSE(injected);
	EXPECT_LT(0, dropped);
}

/* ---- creation of a unit ------------------------------------------------- */

FIXTURE(create) {
	int nodes;
};

FIXTURE_VARIANT(create) {
	bool by_cloner;
};

FIXTURE_VARIANT_ADD(create, rtnetlink) {
	.by_cloner = false,
};

FIXTURE_VARIANT_ADD(create, cloner) {
	.by_cloner = true,
};

FIXTURE_SETUP(create)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, netns_reset());
	self->nodes = count_nodes(TAP_KIND);
}

FIXTURE_TEARDOWN(create)
{
	units_delete_all();
}

/* More faults than the creation of a unit has. */
#define CREATE_FAULTS_MAX	2000

/* After a fault in the driver or the core, the unit is complete, or does not exist at all. */
TEST_F_TIMEOUT(create, unit_is_complete_or_absent, 240)
{
	int fail = fault_open(), want = lowest_free_number(TAP_KIND, 0), nl, fd, nth, none = 0;
	const int step = FAULTS_STEP;
	struct nl_request req;
	char name[32], answer[64];
	bool injected = true;
	struct unit u;

	if (fail == -ENOENT)
		SKIP(return, "the kernel has no fault injection");
	ASSERT_LE(0, fail);
	nl = nl_open();
	ASSERT_LE(0, nl);
	snprintf(name, sizeof(name), TAP_KIND "%d", want);
	for (nth = 1 + getpid() % step; injected && nth < CREATE_FAULTS_MAX; nth += step) {
		nl_link_add(&req, NULL, TAP_KIND);
		ASSERT_EQ(0, fault_set_nth(fail, nth));
		if (variant->by_cloner) {
			fd = ERR(open("/dev/" TAP_KIND, O_RDWR | O_CLOEXEC));
			injected = fault_was_injected(fail);
			if (fd >= 0)
				close(fd);
		} else {
			fd = nl_send(nl, &req);
			injected = fault_was_injected(fail);
			/* There may be no acknowledgment, for lack of memory. */
			while (recv(nl, answer, sizeof(answer), MSG_DONTWAIT) >= 0)
				;
		}
		if (!if_nametoindex(name)) {
			none++;
			ASSERT_EQ(self->nodes, count_nodes(TAP_KIND))
				TH_LOG("fault %d: a node without an interface", nth);
			continue;
		}
		ASSERT_EQ(self->nodes + 1, count_nodes(TAP_KIND))
			TH_LOG("fault %d: an interface without a node", nth);
		ASSERT_EQ(0, link_del(if_nametoindex(name)));
	}
	EXPECT_FALSE(injected);
	EXPECT_LT(0, none);
	ksft_print_msg("creation: %d faults, one in %d injected; %d prevented it\n",
		       nth - step, step, none);
	ASSERT_EQ(0, unit_create_kind(&u, TAP_KIND, NULL));
	EXPECT_EQ(want, u.number);
	close(nl);
	close(fail);
}

TEST_HARNESS_MAIN
