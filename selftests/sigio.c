// SPDX-License-Identifier: GPL-2.0
/*
 * Signals for packets that arrive on the node: O_ASYNC, FIOASYNC, F_SETOWN and F_SETSIG.
 * Statements A12 and A24.
 */

#include "lib/fixture.h"

NODE_FIXTURE(node);
TUN_VARIANT(node);
TAP_VARIANT(node);
VMNET_VARIANT(node);

NODE_FIXTURE(ip);
TUN_VARIANT(ip);

/* This process gets @sig for each packet. Real-time signals are queued and can be counted. */
static void own_signal(struct __test_metadata *_metadata, int fd, int sig)
{
	block_signal(sig);
	ASSERT_EQ(0, fcntl(fd, F_SETSIG, sig));
	ASSERT_EQ(0, fcntl(fd, F_SETOWN, getpid()));
}

TEST_F(node, A12_one_signal_for_each_packet)
{
	siginfo_t info;
	int i, on = 1, off = 0;

	own_signal(_metadata, self->u.fd, SIGRTMIN);
	SEND_UDP("not yet", 7);
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
	ASSERT_EQ(0, ioctl(self->u.fd, FIOASYNC, &on));
	EXPECT_NE(0, fcntl(self->u.fd, F_GETFL) & O_ASYNC);
	for (i = 0; i < 10; i++)
		SEND_UDP("signal", 6);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(SIGRTMIN, wait_signal(SIGRTMIN, &info, TIMEOUT_MS))
			TH_LOG("signal %d", i);
		EXPECT_EQ(self->u.fd, info.si_fd);
		EXPECT_EQ(POLL_IN, info.si_code);
	}
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
	ASSERT_EQ(0, ioctl(self->u.fd, FIOASYNC, &off));
	SEND_UDP("no more", 7);
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
}

TEST_F(node, A12_SIGIO_goes_to_the_owner)
{
	siginfo_t info;

	block_signal(SIGIO);
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	/* Without an owner there is no signal. */
	SEND_UDP("1", 1);
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGIO, &info, QUIET_MS)));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
	SEND_UDP("2", 1);
	ASSERT_EQ(SIGIO, wait_signal(SIGIO, &info, TIMEOUT_MS));
}

TEST_F(node, A12_full_queue_gives_no_signal)
{
	siginfo_t info;
	int i;

	own_signal(_metadata, self->u.fd, SIGRTMIN);
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 2));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(i < 2 ? 0 : -ENOBUFS, send_numbered(&self->u, self->raw, i));
	EXPECT_EQ(SIGRTMIN, wait_signal(SIGRTMIN, &info, TIMEOUT_MS));
	EXPECT_EQ(SIGRTMIN, wait_signal(SIGRTMIN, &info, TIMEOUT_MS));
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
}

TEST_F(ip, A12_refused_protocol_gives_no_signal)
{
	siginfo_t info;

	own_signal(_metadata, self->u.fd, SIGRTMIN);
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	packet_send(self->raw, self->u.ifindex, ETH_P_IPV6, "6", 1);
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGRTMIN, &info, QUIET_MS)));
	SEND_UDP("4", 1);
	EXPECT_EQ(SIGRTMIN, wait_signal(SIGRTMIN, &info, TIMEOUT_MS));
}

TEST_F(node, A24_close_ends_the_ownership)
{
	siginfo_t info;

	block_signal(SIGIO);
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(0, fcntl(self->u.fd, F_GETOWN));
	SEND_RANGE(0, 1);
	EXPECT_TRUE(wait_readable(self->u.fd));
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGIO, &info, QUIET_MS)));
}

/* The kernel may give the memory of the closed struct file to another file. */
TEST_F(node, A24_later_files_get_no_signal)
{
	int files[64];
	siginfo_t info;
	unsigned int i;

	block_signal(SIGIO);
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	unit_close(&self->u);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		files[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, files[i]);
		ASSERT_EQ(0, fcntl(files[i], F_SETOWN, getpid()));
	}
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	SEND_RANGE(0, 1);
	EXPECT_TRUE(wait_readable(self->u.fd));
	EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGIO, &info, QUIET_MS)));
	for (i = 0; i < ARRAY_SIZE(files); i++)
		close(files[i]);
}

TEST_HARNESS_MAIN
