// SPDX-License-Identifier: GPL-2.0
/*
 * A tunnel: TCP between two network namespaces, through two units and a program that forwards
 * packets between their nodes.
 */

#include <net/if_tun.h>
#include <sched.h>

#include "lib/test.h"
#include "lib/offload.h"

/* Two units with TUNSIFHEAD, each in a network namespace of its own. */
FIXTURE(tunnel) {
	struct unit a, b;
	int netns[2];
	int client[2];		/* in the namespace of a: IPv4, IPv6 */
	int server[2];		/* in the namespace of b, listening */
	pthread_t forwarder;
};

FIXTURE_VARIANT(tunnel) {
	int mtu;
	bool header;		/* with an offload header, which is forwarded as it is */
	struct offload o;
};

FIXTURE_VARIANT_ADD(tunnel, mtu_1500) {
	.mtu = 1500,
};

FIXTURE_VARIANT_ADD(tunnel, mtu_1280) {
	.mtu = 1280,
};

FIXTURE_VARIANT_ADD(tunnel, mtu_65535) {
	.mtu = 65535,
};

FIXTURE_VARIANT_ADD(tunnel, virtio_net_hdr) {
	.mtu = 1500, .header = true, .o = { .kind = TUN_KIND, .virtio = 10, .head = true },
};

FIXTURE_VARIANT_ADD(tunnel, tun_hdr) {
	.mtu = 1500, .header = true, .o = { .kind = TUN_KIND, .head = true },
};

/* The longest read of the forwarder. */
static ssize_t longest;

static void *forward_packets(void *arg)
{
	static unsigned char buf[70000];
	struct unit *units = arg;
	struct pollfd pfd[2] = {
		{ .fd = units[0].fd, .events = POLLIN }, { .fd = units[1].fd, .events = POLLIN },
	};

	for (;;) {
		int i;

		if (poll(pfd, 2, TIMEOUT_MS) <= 0)
			return NULL;
		for (i = 0; i < 2; i++) {
			ssize_t n;

			if (pfd[i].revents & POLLHUP)
				return NULL;
			while ((n = read(pfd[i].fd, buf, sizeof(buf))) > 0) {
				if (write(pfd[!i].fd, buf, n) != n)
					return NULL;
				if (n > longest)
					longest = n;
			}
		}
	}
}

static void setup_end(struct __test_metadata *_metadata, struct unit *u, int mtu,
		      __u32 local, __u32 peer, const struct in6_addr *addr)
{
	int on = 1;

	ASSERT_EQ(0, netns_new());
	ASSERT_EQ(0, netns_enable_ipv6());
	ASSERT_EQ(0, unit_create(u, NULL));
	ASSERT_EQ(0, unit_open(u, O_NONBLOCK));
	ASSERT_EQ(0, ERR(ioctl(u->fd, TUNSIFHEAD, &on)));
	ASSERT_EQ(0, link_set_mtu(u->ifindex, mtu));
	ASSERT_EQ(0, addr_add(u->ifindex, local, peer));
	ASSERT_EQ(0, addr6_add(u->ifindex, addr));
	ASSERT_TRUE(link_is_up(u->ifindex));
}

FIXTURE_SETUP(tunnel)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
	};
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(PORT),
	};
	int on = 1;

	setup_end(_metadata, &self->a, variant->mtu, LOCAL, PEER, &local6);
	self->netns[0] = netns_open();
	self->client[0] = socket(AF_INET, SOCK_STREAM, 0);
	self->client[1] = socket(AF_INET6, SOCK_STREAM, 0);
	ASSERT_LE(0, self->client[1]);

	setup_end(_metadata, &self->b, variant->mtu, PEER, LOCAL, &peer6);
	self->netns[1] = netns_open();
	self->server[0] = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(self->server[0], (void *)&sin, sizeof(sin)));
	ASSERT_EQ(0, listen(self->server[0], 1));
	self->server[1] = socket(AF_INET6, SOCK_STREAM, 0);
	ASSERT_EQ(0, setsockopt(self->server[1], IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
	ASSERT_EQ(0, bind(self->server[1], (void *)&sin6, sizeof(sin6)));
	ASSERT_EQ(0, listen(self->server[1], 1));
	if (variant->header) {
		ASSERT_EQ(0, offload_on(&self->a, &variant->o, OFFLOAD_CAPS_ALL));
		ASSERT_EQ(0, offload_on(&self->b, &variant->o, OFFLOAD_CAPS_ALL));
	}
}

FIXTURE_TEARDOWN(tunnel)
{
	int i;

	unit_destroy(&self->b);
	setns(self->netns[0], CLONE_NEWNET);
	unit_destroy(&self->a);
	for (i = 0; i < 2; i++) {
		close(self->netns[i]);
		close(self->client[i]);
		close(self->server[i]);
	}
}

#define BULK	(512 << 10)

/* Sends a pattern that differs from any shifted copy of itself. */
static void *send_main(void *arg)
{
	static unsigned char buf[BULK];
	int fd = *(int *)arg;
	size_t at = 0;

	fill_pattern(buf, sizeof(buf), 42);
	while (at < sizeof(buf)) {
		ssize_t n = write(fd, buf + at, sizeof(buf) - at);

		if (n <= 0)
			break;
		at += n;
	}
	shutdown(fd, SHUT_WR);
	return NULL;
}

static void transfer(struct __test_metadata *_metadata, int client, int server,
		     const void *addr, socklen_t len)
{
	static unsigned char got[BULK + 1], want[BULK];
	struct timeval limit = { .tv_sec = TIMEOUT_MS / 1000 };
	pthread_t thread;
	size_t at = 0;
	ssize_t n;
	int fd;

	ASSERT_EQ(0, setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)));
	ASSERT_TRUE(WAIT_FOR(!connect(client, addr, len), TIMEOUT_MS));
	fd = accept(server, NULL, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_main, &client));
	while ((n = read(fd, got + at, sizeof(got) - at)) > 0)
		at += n;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, n);
	EXPECT_EQ(BULK, at);
	fill_pattern(want, sizeof(want), 42);
	EXPECT_EQ(0, memcmp(got, want, BULK));
	close(fd);
}

TEST_F_TIMEOUT(tunnel, tcp_over_ipv4_and_ipv6, 120)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(PEER),
	};
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = peer6,
	};
	struct unit units[2] = { self->a, self->b };

	ASSERT_EQ(0, pthread_create(&self->forwarder, NULL, forward_packets, units));
	transfer(_metadata, self->client[0], self->server[0], &sin, sizeof(sin));
	transfer(_metadata, self->client[1], self->server[1], &sin6, sizeof(sin6));
	ASSERT_EQ(0, link_del(self->b.ifindex));
	self->b.ifindex = 0;
	ASSERT_EQ(0, pthread_join(self->forwarder, NULL));
	/* With a header, TCP was not cut into packets of the MTU; without one, always. */
	EXPECT_EQ(variant->header, longest > 4 + variant->mtu);
}

TEST_HARNESS_MAIN
