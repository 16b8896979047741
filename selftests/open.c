// SPDX-License-Identifier: GPL-2.0
/*
 * The node of each kind: who may open it, what an open file shares, what a descriptor answers
 * apart from its packets, and what is logged. Statements A1, A10, A13, B4 and B5.
 */

#include <linux/capability.h>
#include <netinet/if_ether.h>

#include "lib/fixture.h"

#define USER_OPEN	"/proc/sys/net/link/tap/user_open"
#define UP_ON_OPEN	"/proc/sys/net/link/tap/up_on_open"

UNIT_FIXTURE(unit);
TUN_VARIANT(unit);
TAP_VARIANT(unit);
VMNET_VARIANT(unit);

NODE_FIXTURE(node);
TUN_VARIANT(node);
TAP_VARIANT(node);
VMNET_VARIANT(node);

/* ---- one open at a time ------------------------------------------------- */

TEST_F(unit, A1_B4_second_open_is_EBUSY)
{
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, unit_open(&self->u, 0));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDONLY | O_NONBLOCK)));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_WRONLY)));
		unit_close(&self->u);
	}
}

TEST_F(unit, dup_shares_the_open)
{
	int copy, i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		copy = dup(self->u.fd);
		ASSERT_LE(0, copy);
		unit_close(&self->u);
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
		EXPECT_EQ(1, link_carrier(self->u.ifindex));
		EXPECT_EQ(-EAGAIN, ERR(read(copy, &(char){ 0 }, 1)));
		close(copy);
		/* A vmnet keeps its carrier. */
		EXPECT_EQ(!strcmp(variant->kind, VMNET_KIND), link_carrier(self->u.ifindex));
	}
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(unit, fork_shares_the_open)
{
	int status, sync[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, pipe2(sync, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(sync[1]);
		/* Holds the descriptor until the parent closes the pipe. */
		_exit(read(sync[0], &c, 1) == 0 ? 0 : 1);
	}
	close(sync[0]);
	unit_close(&self->u);
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	EXPECT_EQ(1, link_carrier(self->u.ifindex));
	close(sync[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* The last reference was the child's, not that of the process that opened the node. */
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

static int send_fd(int sock, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	struct iovec iov = { .iov_base = "f", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int recv_fd(int sock)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	char c;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

TEST_F(unit, descriptor_in_a_message_keeps_the_node_open)
{
	int pair[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, send_fd(pair[0], self->u.fd));
	unit_close(&self->u);
	/* Only the message holds a reference now. */
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	fd = recv_fd(pair[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EAGAIN, ERR(read(fd, &(char){ 0 }, 1)));
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	/* A message that is never received releases its reference with the socket. */
	ASSERT_EQ(0, send_fd(pair[0], fd));
	close(fd);
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
	close(pair[0]);
	close(pair[1]);
	EXPECT_TRUE(WAIT_FOR(!unit_open(&self->u, 0), TIMEOUT_MS));
}

struct racer {
	pthread_t thread;
	const char *node;
	int *holders;
	int opened, max_holders, other_errno;
};

static void *race_open(void *arg)
{
	struct racer *r = arg;
	int i;

	for (i = 0; i < scaled_rounds(300); i++) {
		int fd = open(r->node, O_RDWR | O_CLOEXEC);
		int now;

		if (fd < 0) {
			if (errno != EBUSY)
				r->other_errno = errno;
			sched_yield();
			continue;
		}
		now = __atomic_add_fetch(r->holders, 1, __ATOMIC_SEQ_CST);
		if (now > r->max_holders)
			r->max_holders = now;
		r->opened++;
		__atomic_sub_fetch(r->holders, 1, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return NULL;
}

TEST_F(unit, concurrent_opens_have_one_winner)
{
	struct racer racer[4] = { };
	int i, holders = 0, opened = 0;

	for (i = 0; i < 4; i++) {
		racer[i].node = self->u.node;
		racer[i].holders = &holders;
		ASSERT_EQ(0, pthread_create(&racer[i].thread, NULL, race_open, &racer[i]));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(racer[i].thread, NULL));
		EXPECT_GE(1, racer[i].max_holders);
		EXPECT_EQ(0, racer[i].other_errno);
		opened += racer[i].opened;
	}
	EXPECT_LT(0, opened);
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(unit, read_only_and_write_only_opens)
{
	char c;

	ASSERT_EQ(0, link_up(self->u.ifindex));
	self->u.fd = open(self->u.node, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, self->u.fd);
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, &c, 1)));
	EXPECT_EQ(-EBADF, ERR(write(self->u.fd, "E", 1)));
	unit_close(&self->u);
	self->u.fd = open(self->u.node, O_WRONLY | O_NONBLOCK);
	ASSERT_LE(0, self->u.fd);
	EXPECT_EQ(1, write(self->u.fd, "E", 1));
	EXPECT_EQ(-EBADF, ERR(read(self->u.fd, &c, 1)));
}

/* ---- the kernel log ----------------------------------------------------- */

FIXTURE(debug) {
	struct unit u;
	int log;
	char prefix[64];	/* of every line about the unit */
};

FIXTURE_VARIANT(debug) {
	const char *kind;
};

TUN_VARIANT(debug);
TAP_VARIANT(debug);
VMNET_VARIANT(debug);

FIXTURE_SETUP(debug)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	snprintf(self->prefix, sizeof(self->prefix), "bsdtun: %s: ",
		 self->u.node + strlen("/dev/"));
	self->log = kmsg_open();
	ASSERT_LE(0, self->log);
}

FIXTURE_TEARDOWN(debug)
{
	sysctl_set(variant->kind, "debug", "0");
	close(self->log);
	unit_destroy(&self->u);
}

/* The last close, by another process than the opener. */
static void close_in_child(struct __test_metadata *_metadata, struct unit *u)
{
	int pair[2];
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		CHILD_ASSERT(wait_for_peer(pair[1]));
		unit_close(u);
		_exit(0);
	}
	unit_close(u);
	signal_peer(pair[0]);
	ASSERT_TRUE(child_succeeded(child));
	close(pair[0]);
	close(pair[1]);
}

TEST_F(debug, open_and_last_close_are_logged)
{
	char opened[128], closed[128];
	int copy;

	snprintf(opened, sizeof(opened), "%sopened\n", self->prefix);
	snprintf(closed, sizeof(closed), "%sclosed, 0 packets unread\n", self->prefix);
	ASSERT_EQ(0, sysctl_set(variant->kind, "debug", "1"));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_TRUE(kmsg_has(self->log, opened));
	copy = dup(self->u.fd);
	unit_close(&self->u);
	EXPECT_FALSE(kmsg_has(self->log, closed));
	close(copy);
	EXPECT_TRUE(kmsg_has(self->log, closed));
}

/* FreeBSD logs that the last close is by another process than the opener. */
TEST_F(debug, last_close_by_another_process_is_logged_like_any)
{
	char closed[128];

	snprintf(closed, sizeof(closed), "%sclosed, 0 packets unread\n", self->prefix);
	ASSERT_EQ(0, sysctl_set(variant->kind, "debug", "1"));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	close_in_child(_metadata, &self->u);
	EXPECT_TRUE(kmsg_has(self->log, closed));
	EXPECT_FALSE(kmsg_has(self->log, self->prefix));
}

TEST_F(debug, nothing_is_logged_without_debug)
{
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(0, fionread(self->u.fd));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	close_in_child(_metadata, &self->u);
	EXPECT_FALSE(kmsg_has(self->log, self->prefix));
}

/* ---- net.link.tap.user_open and net.link.tap.up_on_open ----------------- */

FIXTURE(ether_sysctl) {
	struct unit u;
	struct unit tun;
};

FIXTURE_VARIANT(ether_sysctl) {
	const char *kind;
};

TAP_VARIANT(ether_sysctl);
VMNET_VARIANT(ether_sysctl);

FIXTURE_SETUP(ether_sysctl)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_create(&self->tun, NULL));
}

FIXTURE_TEARDOWN(ether_sysctl)
{
	sysctl_write(USER_OPEN, "0");
	sysctl_write(UP_ON_OPEN, "0");
	unit_destroy(&self->tun);
	unit_destroy(&self->u);
}

static int open_without_capabilities(struct unit *u)
{
	return set_caps(0) ? -ENOTRECOVERABLE : unit_open(u, 0);
}

TEST_F(ether_sysctl, B4_open_needs_the_capability)
{
	EXPECT_EQ(-EACCES, run_in_child(open_as_nobody, &self->u));
	EXPECT_EQ(-EPERM, run_in_child(open_without_capabilities, &self->u));
	/* Permission on the node is not sufficient. */
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &self->u));
	/* A refused open leaves the unit closed. */
	EXPECT_EQ(0, link_carrier(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

TEST_F(ether_sysctl, B4_user_open_lets_users_open)
{
	ASSERT_EQ(0, sysctl_write(USER_OPEN, "1"));
	EXPECT_EQ(-EACCES, run_in_child(open_as_nobody, &self->u));
	EXPECT_EQ(0, run_in_child(open_without_capabilities, &self->u));
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(0, run_in_child(open_as_nobody, &self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(-EBUSY, run_in_child(open_as_nobody, &self->u));
	unit_close(&self->u);

	/* It does not apply to tun. */
	ASSERT_EQ(0, chmod(self->tun.node, 0666));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &self->tun));

	ASSERT_EQ(0, sysctl_write(USER_OPEN, "0"));
	EXPECT_EQ(-EPERM, run_in_child(open_as_nobody, &self->u));
}

/* An ARP request from the peer for the interface. Returns its length. */
static size_t build_arp_request(void *buf)
{
	struct ether_arp *arp = (void *)((char *)buf + ETH_HLEN);
	__u32 from = htonl(PEER), to = htonl(LOCAL);

	memset(arp, 0, sizeof(*arp));
	arp->arp_hrd = htons(ARPHRD_ETHER);
	arp->arp_pro = htons(ETH_P_IP);
	arp->arp_hln = ETH_ALEN;
	arp->arp_pln = 4;
	arp->arp_op = htons(ARPOP_REQUEST);
	memcpy(arp->arp_sha, PEER_MAC, ETH_ALEN);
	memcpy(arp->arp_spa, &from, 4);
	memcpy(arp->arp_tpa, &to, 4);
	return build_frame(buf, "\xff\xff\xff\xff\xff\xff", PEER_MAC, ETH_P_ARP, NULL,
			   sizeof(*arp));
}

static bool is_arp_reply(const struct unit *u, const void *buf)
{
	const struct ether_arp *arp = (const void *)((const char *)buf + ETH_HLEN);
	const struct ethhdr *eth = buf;
	__u32 from = htonl(LOCAL), to = htonl(PEER);

	return !memcmp(eth->h_dest, PEER_MAC, ETH_ALEN) &&
	       !memcmp(eth->h_source, u->mac, ETH_ALEN) && arp->arp_op == htons(ARPOP_REPLY) &&
	       !memcmp(arp->arp_sha, u->mac, ETH_ALEN) && !memcmp(arp->arp_spa, &from, 4) &&
	       !memcmp(arp->arp_tpa, &to, 4);
}

static int arp_as_nobody(struct unit *u)
{
	struct rtnl_link_stats64 before = link_stats(u->ifindex);
	char frame[128], reply[128];
	size_t len = build_arp_request(frame);
	int err = become_nobody() ?: unit_open(u, 0);

	if (err)
		return err;
	if (write(u->fd, frame, len) != (ssize_t)len)
		return -errno;
	if (!wait_readable(u->fd))
		return -ETIMEDOUT;
	if (read(u->fd, reply, sizeof(reply)) != (ssize_t)len)
		return -EPROTO;
	if (!is_arp_reply(u, reply))
		return -EBADMSG;
	return link_stat_delta(u->ifindex, &before,
			       offsetof(struct rtnl_link_stats64, rx_packets)) == 1 ? 0 : -ENOMSG;
}

/* The administrator sets the interface up; a user writes an ARP request and reads the reply. */
TEST_F(ether_sysctl, B4_user_exchanges_packets)
{
	ASSERT_EQ(0, sysctl_write(USER_OPEN, "1"));
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(0, run_in_child(arp_as_nobody, &self->u));
}

TEST_F(ether_sysctl, B5_up_on_open)
{
	int i;

	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
	unit_close(&self->u);
	ASSERT_EQ(0, sysctl_write(UP_ON_OPEN, "1"));
	for (i = 0; i < 3; i++) {
		EXPECT_FALSE(link_is_up(self->u.ifindex));
		ASSERT_EQ(0, unit_open(&self->u, 0));
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		unit_close(&self->u);
		if (!strcmp(variant->kind, VMNET_KIND))
			ASSERT_EQ(0, link_down(self->u.ifindex));
	}
	/* It does not apply to tun. */
	ASSERT_EQ(0, unit_open(&self->tun, 0));
	EXPECT_FALSE(link_is_up(self->tun.ifindex));
	ASSERT_EQ(0, sysctl_write(UP_ON_OPEN, "0"));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

/* The driver sets the interface up, so the process needs no privilege for it. */
TEST_F(ether_sysctl, B5_up_on_open_by_a_user)
{
	ASSERT_EQ(0, sysctl_write(UP_ON_OPEN, "1"));
	ASSERT_EQ(0, sysctl_write(USER_OPEN, "1"));
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(0, run_in_child(arp_as_nobody, &self->u));
}

/* ---- ioctl, seek, fdinfo, revocation ------------------------------------ */

TEST_F(node, A10_FIONREAD_is_the_length_of_the_first_packet)
{
	static const unsigned int numbers[] = { FIONREAD, BSD_FIONREAD };
	unsigned int i;
	int n;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		n = -1;
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, numbers[i], &n)))
			TH_LOG("number %#x", numbers[i]);
		EXPECT_EQ(0, n);
		SEND_UDP("four", 4);
		SEND_UDP("eleven more", 11);
		ASSERT_EQ(0, ioctl(self->u.fd, numbers[i], &n));
		EXPECT_EQ(unit_udp_len(&self->u, 4), n);
		ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		ASSERT_EQ(0, ioctl(self->u.fd, numbers[i], &n));
		EXPECT_EQ(unit_udp_len(&self->u, 11), n);
		EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, numbers[i], NULL)));
		ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		ASSERT_EQ(0, ioctl(self->u.fd, numbers[i], &n));
		EXPECT_EQ(0, n);
	}
}

TEST_F(node, GIFNAME_is_the_current_name)
{
	static const struct {
		unsigned int number, size;
	} forms[] = {
		{ BSD_GIFNAME, 32 }, { LINUX_GIFNAME, 32 }, { LINUX64_GIFNAME, 40 },
	};
	const char *name = self->u.ifname;
	unsigned int i, round, at;
	char ifr[64];

	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(forms); i++) {
			memset(ifr, 0x55, sizeof(ifr));
			ASSERT_EQ(0, ERR(ioctl(self->u.fd, forms[i].number, ifr)))
				TH_LOG("number %#x", forms[i].number);
			EXPECT_STREQ(name, ifr);
			for (at = strlen(name); at < IFNAMSIZ; at++)
				EXPECT_EQ(0, ifr[at]);
			for (at = forms[i].size; at < sizeof(ifr); at++)
				EXPECT_EQ(0x55, ifr[at]);
			EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, forms[i].number, NULL)));
		}
		name = "fifteen_letters";
		ASSERT_EQ(0, link_rename(self->u.ifindex, name));
	}
}

TEST_F(node, A13_unknown_ioctl_is_ENOTTY)
{
	static const unsigned int numbers[] = {
		0, 0x5401 /* TCGETS */, 0x400454ca /* TUNSETIFF */, 0x800454d2 /* TUNGETIFF */,
		0x89f0 /* SIOCDEVPRIVATE */, _IO('t', 200), _IOW('t', 203, int),
		_IOR('t', 202, struct ifreq), _IOWR('x', 93, char[32]), 0xffffffff,
	};
	char arg[256] = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->u.fd, numbers[i], arg)))
			TH_LOG("number %#x", numbers[i]);
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->u.fd, numbers[i], NULL)))
			TH_LOG("number %#x", numbers[i]);
	}
}

TEST_F(node, seek_is_ESPIPE)
{
	EXPECT_EQ(-ESPIPE, ERR(lseek(self->u.fd, 0, SEEK_SET)));
	EXPECT_EQ(-ESPIPE, ERR(lseek(self->u.fd, 0, SEEK_CUR)));
	EXPECT_EQ(-ESPIPE, ERR(lseek(self->u.fd, 10, SEEK_END)));
}

/* The packets of a node have no position, and its memory cannot be mapped. */
TEST_F(node, positions_and_mappings_are_refused)
{
	char packet[128];
	size_t len = unit_build_udp(&self->u, packet, "four", 4);
	struct iovec in = { .iov_base = packet, .iov_len = len };
	struct iovec out = { .iov_base = self->buf, .iov_len = sizeof(self->buf) };
	const long page = sysconf(_SC_PAGESIZE);
	static const int share[] = { MAP_SHARED, MAP_PRIVATE };
	static const off_t offsets[] = { 0, 100 };
	unsigned int i;
	void *map;

	SEND_UDP("four", 4);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_EQ(-ESPIPE, ERR(pread(self->u.fd, self->buf, 2048, offsets[i])));
		EXPECT_EQ(-ESPIPE, ERR(preadv(self->u.fd, &out, 1, offsets[i])));
		EXPECT_EQ(-ESPIPE, ERR(pwrite(self->u.fd, packet, len, offsets[i])));
		EXPECT_EQ(-ESPIPE, ERR(pwritev(self->u.fd, &in, 1, offsets[i])));
	}
	for (i = 0; i < ARRAY_SIZE(share); i++) {
		map = mmap(NULL, page, PROT_READ | PROT_WRITE, share[i], self->u.fd, 0);
		EXPECT_TRUE(map == MAP_FAILED);
		EXPECT_EQ(ENODEV, errno);
	}
	/* Nothing was written, and the packet is still there. */
	EXPECT_EQ(0, STAT_DELTA(rx_packets) + STAT_DELTA(rx_dropped) + STAT_DELTA(rx_errors));
	EXPECT_EQ((ssize_t)unit_udp_len(&self->u, 4),
		  ERR(read(self->u.fd, self->buf, sizeof(self->buf))));
}

TEST_F(node, fdinfo_names_unit_and_interface)
{
	bool tun = !strcmp(variant->kind, TUN_KIND), tap = !strcmp(variant->kind, TAP_KIND);
	const char *ifname = self->u.ifname;
	char value[64], want[64];
	int round;

	for (round = 0; round < 2; round++) {
		snprintf(want, sizeof(want), "%s%d", variant->kind, self->u.number);
		ASSERT_TRUE(fdinfo_value(self->u.fd, "unit", value, sizeof(value)));
		EXPECT_STREQ(want, value);
		ASSERT_TRUE(fdinfo_value(self->u.fd, "ifname", value, sizeof(value)));
		EXPECT_STREQ(ifname, value);
		ASSERT_TRUE(fdinfo_value(self->u.fd, "ifindex", value, sizeof(value)));
		EXPECT_EQ(self->u.ifindex, atoi(value));
		snprintf(want, sizeof(want), "%d", getpid());
		ASSERT_TRUE(fdinfo_value(self->u.fd, "owner", value, sizeof(value)));
		EXPECT_STREQ(want, value);
		ASSERT_TRUE(fdinfo_value(self->u.fd, "transient", value, sizeof(value)));
		EXPECT_STREQ("0", value);
		/* Settings of another kind are not shown. */
		EXPECT_EQ(tun, fdinfo_value(self->u.fd, "framing", value, sizeof(value)));
		EXPECT_EQ(tun, fdinfo_value(self->u.fd, "dialect", value, sizeof(value)));
		EXPECT_EQ(tap, fdinfo_value(self->u.fd, "keep", value, sizeof(value)));
		ifname = "renamed";
		ASSERT_EQ(0, link_rename(self->u.ifindex, ifname));
	}
}

TEST_F(node, descriptor_is_revoked_with_the_interface)
{
	struct sleeper s;

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(-EHOSTDOWN, s.ret);
	expect_revoked(_metadata, &self->u);
	/* Not even a write that an existing unit drops silently. */
	EXPECT_EQ(-EHOSTDOWN, ERR(write(self->u.fd, self->buf, 100)));
	EXPECT_EQ(-EHOSTDOWN, ERR(write(self->u.fd, self->buf, 5)));
	EXPECT_FALSE(node_exists(&self->u));
}

TEST_HARNESS_MAIN
