/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks that several tests share. The harness defines global variables, so only one C file of a
 * program can include it: these functions cannot have a C file of their own.
 */
#ifndef BSDTUN_LIB_EXPECT_H
#define BSDTUN_LIB_EXPECT_H

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "bsd_ioctl.h"
#include "packet.h"
#include "socket.h"
#include "unit.h"
#include "util.h"
#include "wait.h"

/* Sends a UDP packet to the program that has the node open. */
static inline void send_udp_to_peer(struct __test_metadata *_metadata, int fd, __u16 port,
				    const void *data, size_t len)
{
	ASSERT_EQ((ssize_t)len, udp_send(fd, PEER, port, data, len));
}

/* Expects the result of every system call on a descriptor whose unit was destroyed. */
static inline void expect_revoked(struct __test_metadata *_metadata, struct unit *u)
{
	char buf[64] = "E", value[64];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct epoll_event ev = { .events = EPOLLIN };
	struct timeval none = { };
	int n, ep;
	fd_set set;

	EXPECT_EQ(-EHOSTDOWN, ERR(read(u->fd, buf, sizeof(buf))));
	EXPECT_EQ(-EHOSTDOWN, ERR(readv(u->fd, &iov, 1)));
	EXPECT_EQ(-EHOSTDOWN, ERR(write(u->fd, buf, sizeof(buf))));
	EXPECT_EQ(-EHOSTDOWN, ERR(writev(u->fd, &iov, 1)));
	EXPECT_EQ(-EHOSTDOWN, ERR(preadv2(u->fd, &iov, 1, -1, RWF_NOWAIT)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, FIONREAD, &n)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, LINUX64_GIFNAME, value)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(u->fd, _IO('t', 200), value)));
	EXPECT_EQ(POLLHUP | POLLERR, poll_now(u->fd, POLLIN | POLLOUT));
	EXPECT_EQ(POLLHUP | POLLERR, poll_now(u->fd, 0));
	EXPECT_EQ(-ESPIPE, ERR(lseek(u->fd, 0, SEEK_CUR)));

	FD_ZERO(&set);
	FD_SET(u->fd, &set);
	EXPECT_EQ(1, select(u->fd + 1, &set, NULL, NULL, &none));

	ep = epoll_create1(EPOLL_CLOEXEC);
	EXPECT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, u->fd, &ev));
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, 0));
	EXPECT_EQ(EPOLLHUP | EPOLLERR, ev.events);
	close(ep);

	EXPECT_TRUE(fdinfo_value(u->fd, "unit", value, sizeof(value)));
	EXPECT_STREQ(u->node + strlen("/dev/"), value);
	EXPECT_TRUE(fdinfo_value(u->fd, "ifname", value, sizeof(value)));
	EXPECT_STREQ("-", value);
	EXPECT_TRUE(fdinfo_value(u->fd, "ifindex", value, sizeof(value)));
	EXPECT_STREQ("0", value);
}

#endif /* BSDTUN_LIB_EXPECT_H */
