// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring on the node: a request completes at once or waits in the wait queue of the node, and
 * never needs a kernel thread.
 */

#include "lib/fixture.h"

#define OFFSET	((__u64)-1)

/* The descriptor blocks. */
FIXTURE(uring) {
	struct unit u;
	struct ring ring;
	struct io_uring_cqe cqe;
	int udp;
	char buf[2048];
};

FIXTURE_SETUP(uring)
{
	if (ring_unavailable())
		SKIP(return, "io_uring is not available");
	ASSERT_EQ(0, ring_open(&self->ring));
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up(&self->u, 0));
	self->udp = udp_socket(LOCAL, PORT);
	ASSERT_LE(0, self->udp);
}

FIXTURE_TEARDOWN(uring)
{
	ring_close(&self->ring);
	close(self->udp);
	unit_destroy(&self->u);
}

NODE_FIXTURE(ether);
TAP_VARIANT(ether);
VMNET_VARIANT(ether);

static struct io_uring_sqe *prepare_read(struct ring *r, int fd, void *buf, unsigned int len,
					 __u64 tag)
{
	struct io_uring_sqe *sqe = ring_prepare(r, IORING_OP_READ, fd, buf, len, tag);

	sqe->off = OFFSET;
	return sqe;
}

TEST_F(uring, read_of_a_queued_packet_completes_inline)
{
	SEND_UDP("there", 5);
	prepare_read(&self->ring, self->u.fd, self->buf, sizeof(self->buf), 1);
	ASSERT_EQ(0, ring_submit(&self->ring));
	ASSERT_TRUE(ring_peek(&self->ring, &self->cqe));
	EXPECT_EQ((int)IP_UDP_LEN + 5, self->cqe.res);
	EXPECT_TRUE(packet_is_valid(self->buf, self->cqe.res, IPPROTO_UDP));
	EXPECT_EQ(0, memcmp("there", udp_payload(self->buf), 5));
	EXPECT_EQ(0, ring_workers());
}

TEST_F(uring, read_waits_for_a_packet_without_a_thread)
{
	int i;

	for (i = 0; i < 10; i++) {
		prepare_read(&self->ring, self->u.fd, self->buf, sizeof(self->buf), i);
		ASSERT_EQ(0, ring_submit(&self->ring));
		EXPECT_TRUE(ring_stays_empty(&self->ring));
		EXPECT_EQ(0, ring_workers());
		SEND_UDP(&i, sizeof(i));
		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
		EXPECT_EQ(i, self->cqe.user_data);
		ASSERT_EQ((int)(IP_UDP_LEN + sizeof(i)), self->cqe.res);
		EXPECT_EQ(0, memcmp(&i, udp_payload(self->buf), sizeof(i)));
	}
	EXPECT_EQ(0, ring_workers());
}

TEST_F(uring, read_with_RWF_NOWAIT_is_EAGAIN)
{
	struct io_uring_sqe *sqe;

	sqe = prepare_read(&self->ring, self->u.fd, self->buf, sizeof(self->buf), 1);
	sqe->rw_flags = RWF_NOWAIT;
	ASSERT_EQ(0, ring_submit(&self->ring));
	ASSERT_TRUE(ring_peek(&self->ring, &self->cqe));
	EXPECT_EQ(-EAGAIN, self->cqe.res);
}

/* io_uring polls any file that supports it, also with O_NONBLOCK. */
TEST_F(uring, read_waits_despite_O_NONBLOCK)
{
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK));
	prepare_read(&self->ring, self->u.fd, self->buf, sizeof(self->buf), 1);
	ASSERT_EQ(0, ring_submit(&self->ring));
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	SEND_UDP("at last", 7);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ((int)IP_UDP_LEN + 7, self->cqe.res);
}

#define READS	16

TEST_F(uring, each_of_many_reads_gets_one_packet)
{
	static char bufs[READS][256];
	bool tag[READS] = { }, seen[READS] = { };
	int i;

	for (i = 0; i < READS; i++)
		prepare_read(&self->ring, self->u.fd, bufs[i], sizeof(bufs[i]), i);
	ASSERT_EQ(0, ring_submit(&self->ring));
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	for (i = 0; i < READS; i++)
		SEND_UDP(&i, sizeof(i));
	for (i = 0; i < READS; i++) {
		int n;

		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe))
			TH_LOG("completion %d", i);
		ASSERT_EQ((int)(IP_UDP_LEN + sizeof(n)), self->cqe.res);
		ASSERT_GT(READS, self->cqe.user_data);
		EXPECT_FALSE(tag[self->cqe.user_data]);
		tag[self->cqe.user_data] = true;
		memcpy(&n, udp_payload(bufs[self->cqe.user_data]), sizeof(n));
		ASSERT_TRUE(n >= 0 && n < READS);
		EXPECT_FALSE(seen[n]);
		seen[n] = true;
	}
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	EXPECT_EQ(0, fionread(self->u.fd));
}

TEST_F(uring, readv_scatters)
{
	char head[20], rest[100];
	struct iovec iov[2] = {
		{ .iov_base = head, .iov_len = sizeof(head) },
		{ .iov_base = rest, .iov_len = sizeof(rest) },
	};
	struct io_uring_sqe *sqe;

	sqe = ring_prepare(&self->ring, IORING_OP_READV, self->u.fd, iov, 2, 1);
	sqe->off = OFFSET;
	ASSERT_EQ(0, ring_submit(&self->ring));
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	SEND_UDP("scattered", 9);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ((int)IP_UDP_LEN + 9, self->cqe.res);
	EXPECT_EQ(0x45, head[0]);
	EXPECT_EQ(0, memcmp("scattered", rest + 8, 9));
}

TEST_F(uring, short_read_drops_the_rest)
{
	prepare_read(&self->ring, self->u.fd, self->buf, 24, 1);
	ASSERT_EQ(0, ring_submit(&self->ring));
	SEND_UDP("first", 5);
	SEND_UDP("second", 6);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ(24, self->cqe.res);
	prepare_read(&self->ring, self->u.fd, self->buf, sizeof(self->buf), 2);
	ASSERT_EQ(0, ring_submit(&self->ring));
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ((int)IP_UDP_LEN + 6, self->cqe.res);
}

TEST_F(uring, fixed_buffer)
{
	struct iovec iov = { .iov_base = self->buf, .iov_len = sizeof(self->buf) };
	struct io_uring_sqe *sqe;
	size_t len;

	ASSERT_EQ(0, ERR(syscall(SYS_io_uring_register, self->ring.fd, IORING_REGISTER_BUFFERS,
				 &iov, 1)));
	sqe = ring_prepare(&self->ring, IORING_OP_READ_FIXED, self->u.fd, self->buf,
			   sizeof(self->buf), 1);
	sqe->off = OFFSET;
	ASSERT_EQ(0, ring_submit(&self->ring));
	SEND_UDP("fixed", 5);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	ASSERT_EQ((int)IP_UDP_LEN + 5, self->cqe.res);
	EXPECT_EQ(0, memcmp("fixed", udp_payload(self->buf), 5));

	len = build_udp(self->buf, PEER, LOCAL, 7, PORT, "back", 4);
	sqe = ring_prepare(&self->ring, IORING_OP_WRITE_FIXED, self->u.fd, self->buf, len, 2);
	sqe->off = OFFSET;
	ASSERT_EQ(0, ring_submit(&self->ring));
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ((int)len, self->cqe.res);
	EXPECT_EQ(4, recv(self->udp, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(0, memcmp("back", self->buf, 4));
}

/*
 * A read into a registered buffer, and linked to it a write of what it reads. The packet is of UDP
 * with @n bytes of data, for which the length of both is right.
 */
static size_t submit_read_and_write(struct __test_metadata *_metadata, FIXTURE_DATA(uring) * self,
				    size_t n, int link)
{
	struct iovec iov = { .iov_base = self->buf, .iov_len = sizeof(self->buf) };
	struct io_uring_sqe *sqe;
	size_t len = IP_UDP_LEN + n;

	EXPECT_EQ(0, ERR(syscall(SYS_io_uring_register, self->ring.fd, IORING_REGISTER_BUFFERS,
				 &iov, 1)));
	sqe = ring_prepare(&self->ring, IORING_OP_READ_FIXED, self->u.fd, self->buf, len, 1);
	sqe->off = OFFSET;
	sqe->flags = link;
	sqe = ring_prepare(&self->ring, IORING_OP_WRITE_FIXED, self->u.fd, self->buf, len, 2);
	sqe->off = OFFSET;
	EXPECT_EQ(0, ring_submit(&self->ring));
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	return len;
}

TEST_F(uring, linked_write_waits_for_the_read)
{
	int listener = packet_listener(self->u.ifindex, ETH_P_IP);
	char got[256];
	size_t len;

	ASSERT_LE(0, listener);
	len = submit_read_and_write(_metadata, self, 6, IOSQE_IO_LINK);
	SEND_UDP("linked", 6);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ(1, self->cqe.user_data);
	EXPECT_EQ((int)len, self->cqe.res);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ(2, self->cqe.user_data);
	EXPECT_EQ((int)len, self->cqe.res);
	ASSERT_EQ((ssize_t)len, recv(listener, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(self->buf, got, len));
	EXPECT_EQ(0, memcmp("linked", udp_payload(got), 6));
	EXPECT_EQ(0, ring_workers());
	close(listener);
}

/* As for every file: a packet shorter than the buffer ends the chain, unless the link is hard. */
TEST_F(uring, short_packet_cancels_the_linked_write)
{
	submit_read_and_write(_metadata, self, 6, IOSQE_IO_LINK);
	SEND_UDP("short", 5);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ((int)IP_UDP_LEN + 5, self->cqe.res);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ(-ECANCELED, self->cqe.res);
	EXPECT_EQ(0, link_stats(self->u.ifindex).rx_packets);
}

TEST_F(uring, short_packet_keeps_the_hard_link)
{
	size_t len = submit_read_and_write(_metadata, self, 6, IOSQE_IO_HARDLINK);

	SEND_UDP("short", 5);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ((int)IP_UDP_LEN + 5, self->cqe.res);
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ((int)len, self->cqe.res);
	EXPECT_EQ(1, link_stats(self->u.ifindex).rx_packets);
}

TEST_F(uring, write_completes_inline)
{
	size_t len = build_udp(self->buf, PEER, LOCAL, 7, PORT, "written", 7);
	struct io_uring_sqe *sqe;
	char got[64];

	sqe = ring_prepare(&self->ring, IORING_OP_WRITE, self->u.fd, self->buf, len, 1);
	sqe->off = OFFSET;
	ASSERT_EQ(0, ring_submit(&self->ring));
	ASSERT_TRUE(ring_peek(&self->ring, &self->cqe));
	EXPECT_EQ((int)len, self->cqe.res);
	ASSERT_EQ(7, recv(self->udp, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp("written", got, 7));
	EXPECT_EQ(1, link_stats(self->u.ifindex).rx_packets);
	EXPECT_EQ(0, ring_workers());
}

TEST_F(uring, writev_gathers)
{
	size_t len = build_udp(self->buf, PEER, LOCAL, 7, PORT, "gathered", 8);
	struct iovec iov[2] = {
		{ .iov_base = self->buf, .iov_len = 13 },
		{ .iov_base = self->buf + 13, .iov_len = len - 13 },
	};
	struct io_uring_sqe *sqe;
	char got[64];

	sqe = ring_prepare(&self->ring, IORING_OP_WRITEV, self->u.fd, iov, 2, 1);
	sqe->off = OFFSET;
	ASSERT_EQ(0, ring_submit(&self->ring));
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ((int)len, self->cqe.res);
	ASSERT_EQ(8, recv(self->udp, got, sizeof(got), 0));
	EXPECT_EQ(1, link_stats(self->u.ifindex).rx_packets);
}

TEST_F(uring, write_errors_are_in_the_completion)
{
	static char big[65536];
	struct io_uring_sqe *sqe;

	sqe = ring_prepare(&self->ring, IORING_OP_WRITE, self->u.fd, big, sizeof(big), 1);
	sqe->off = OFFSET;
	ASSERT_EQ(0, ring_submit(&self->ring));
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ(-EIO, self->cqe.res);
	sqe = ring_prepare(&self->ring, IORING_OP_WRITE, self->u.fd, NULL, 100, 2);
	sqe->off = OFFSET;
	ASSERT_EQ(0, ring_submit(&self->ring));
	ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
	EXPECT_EQ(-EFAULT, self->cqe.res);
}

TEST_F(uring, ping_is_answered)
{
	char echo[128], reply[128];
	size_t len = build_echo(echo, PEER, LOCAL, ICMP_ECHO, 1, 2, "data", 4);
	struct io_uring_sqe *sqe;
	int i;

	prepare_read(&self->ring, self->u.fd, reply, sizeof(reply), 1);
	sqe = ring_prepare(&self->ring, IORING_OP_WRITE, self->u.fd, echo, len, 2);
	sqe->off = OFFSET;
	ASSERT_EQ(0, ring_submit(&self->ring));
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
		EXPECT_EQ((int)len, self->cqe.res);
	}
	EXPECT_TRUE(packet_is_valid(reply, len, IPPROTO_ICMP));
	EXPECT_EQ(ICMP_ECHOREPLY, reply[20]);
}

TEST_F(uring, multishot_poll_reports_each_packet)
{
	struct io_uring_sqe *sqe;
	int i;

	sqe = ring_prepare(&self->ring, IORING_OP_POLL_ADD, self->u.fd, NULL,
			   IORING_POLL_ADD_MULTI, 1);
	sqe->poll32_events = POLLIN;
	ASSERT_EQ(0, ring_submit(&self->ring));
	EXPECT_TRUE(ring_stays_empty(&self->ring));
	for (i = 0; i < 10; i++) {
		SEND_UDP("poll", 4);
		ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
		EXPECT_EQ(POLLIN, self->cqe.res);
		EXPECT_NE(0, self->cqe.flags & IORING_CQE_F_MORE);
		ASSERT_LT(0, read(self->u.fd, self->buf, sizeof(self->buf)));
		EXPECT_TRUE(ring_stays_empty(&self->ring));
	}
}

TEST_F(uring, pending_read_can_be_cancelled)
{
	int i, round;

	for (round = 0; round < 20; round++) {
		bool cancelled = false, acknowledged = false;

		prepare_read(&self->ring, self->u.fd, self->buf, sizeof(self->buf), 1);
		ASSERT_EQ(0, ring_submit(&self->ring));
		EXPECT_FALSE(ring_peek(&self->ring, &self->cqe));
		ring_prepare(&self->ring, IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 2);
		ASSERT_EQ(0, ring_submit(&self->ring));
		for (i = 0; i < 2; i++) {
			ASSERT_TRUE(ring_wait(&self->ring, &self->cqe));
			if (self->cqe.user_data == 1)
				cancelled = self->cqe.res == -ECANCELED;
			else
				acknowledged = !self->cqe.res;
		}
		EXPECT_TRUE(cancelled);
		EXPECT_TRUE(acknowledged);
	}
	/* The cancelled requests take no packet. */
	SEND_UDP("later", 5);
	ASSERT_EQ((ssize_t)IP_UDP_LEN + 5, read(self->u.fd, self->buf, sizeof(self->buf)));
}

/* The pending request holds a reference to the open file until the ring is closed. */
TEST_F(uring, closing_the_ring_cancels_the_read)
{
	int i;

	for (i = 0; i < 20; i++) {
		prepare_read(&self->ring, self->u.fd, self->buf, sizeof(self->buf), i);
		ASSERT_EQ(0, ring_submit(&self->ring));
		unit_close(&self->u);
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
		ring_close(&self->ring);
		ASSERT_TRUE(WAIT_FOR(!unit_open(&self->u, 0), TIMEOUT_MS))
			TH_LOG("round %d", i);
		ASSERT_EQ(0, link_up(self->u.ifindex));
		ASSERT_EQ(0, ring_open(&self->ring));
	}
	SEND_UDP("works", 5);
	ASSERT_EQ((ssize_t)IP_UDP_LEN + 5, read(self->u.fd, self->buf, sizeof(self->buf)));
}

TEST_F(uring, process_exit_cancels_the_read)
{
	int i, status;

	unit_close(&self->u);
	for (i = 0; i < 10; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			struct ring ring;

			if (ring_open(&ring) || unit_open(&self->u, 0))
				_exit(1);
			prepare_read(&ring, self->u.fd, self->buf, sizeof(self->buf), 1);
			_exit(ring_submit(&ring) ? 2 : 0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
		ASSERT_TRUE(WAIT_FOR(!unit_open(&self->u, 0), TIMEOUT_MS));
		unit_close(&self->u);
	}
}

TEST_F(ether, reads_and_writes_frames)
{
	char frame[128], got[64];
	size_t len = unit_build_udp(&self->u, frame, "ring", 4);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	struct ring ring;

	if (ring_unavailable())
		SKIP(return, "io_uring is not available");
	ASSERT_EQ(0, ring_open(&ring));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	prepare_read(&ring, self->u.fd, self->buf, sizeof(self->buf), 1);
	ASSERT_EQ(0, ring_submit(&ring));
	EXPECT_TRUE(ring_stays_empty(&ring));
	SEND_UDP("wait", 4);
	ASSERT_TRUE(ring_wait(&ring, &cqe));
	EXPECT_EQ(unit_udp_len(&self->u, 4), cqe.res);
	EXPECT_TRUE(unit_udp_is_valid(&self->u, self->buf, cqe.res));
	sqe = ring_prepare(&ring, IORING_OP_WRITE, self->u.fd, frame, len, 2);
	sqe->off = OFFSET;
	ASSERT_EQ(0, ring_submit(&ring));
	ASSERT_TRUE(ring_peek(&ring, &cqe));
	EXPECT_EQ((int)len, cqe.res);
	EXPECT_EQ(4, recv(self->udp, got, sizeof(got), 0));
	EXPECT_EQ(0, ring_workers());
	ring_close(&ring);
}

TEST_HARNESS_MAIN
