// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/if_packet.h>

#include "packet.h"
#include "socket.h"
#include "util.h"
#include "wait.h"

int udp_socket(__u32 addr, __u16 port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(addr),
	};
	struct timeval limit = { .tv_sec = TIMEOUT_MS / 1000 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(fd, (void *)&sin, sizeof(sin)) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

ssize_t udp_send(int fd, __u32 dst, __u16 port, const void *data, size_t len)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(dst),
	};

	return ERR(sendto(fd, data, len, MSG_DONTWAIT, (void *)&sin, sizeof(sin)));
}

int udp_connect_to_peer(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(PEER),
	};
	int fd = udp_socket(LOCAL, 0);

	if (fd >= 0 && connect(fd, (void *)&sin, sizeof(sin))) {
		close(fd);
		return -errno;
	}
	return fd;
}

ssize_t send_file(int fd, int file, off_t from, size_t len)
{
	return ERR(sendfile(fd, file, &from, len));
}

int enable_zerocopy(int fd)
{
	int on = 1, big = 1 << 20;

	return setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big)) ||
	       setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) ? -errno : 0;
}

int packet_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

ssize_t packet_send(int fd, int ifindex, int protocol, const void *buf, size_t len)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = ifindex,
	};

	return ERR(sendto(fd, buf, len, 0, (void *)&sll, sizeof(sll)));
}

int packet_listener(int ifindex, int protocol)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = ifindex,
	};
	struct timeval limit = { .tv_sec = TIMEOUT_MS / 1000 };
	int fd = packet_socket(), big = 4 << 20, err;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	if (bind(fd, (void *)&sll, sizeof(sll)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}
