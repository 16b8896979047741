// SPDX-License-Identifier: GPL-2.0
/*
 * wire NODE NODE: a cable between two Ethernet units. Copies frames between the nodes in both
 * directions until it is killed or a unit is destroyed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static int copy_frames(int from, int to)
{
	static char frame[65535 + 64];
	ssize_t len;

	while ((len = read(from, frame, sizeof(frame))) > 0) {
		/* The other end drops a frame that is too long for it. */
		if (write(to, frame, len) < 0 && errno != EIO) {
			perror("write");
			return 1;
		}
	}
	if (len < 0 && errno != EAGAIN) {
		perror("read");
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct pollfd pfd[2];
	int i;

	if (argc != 3) {
		fprintf(stderr, "usage: wire NODE NODE\n");
		return 2;
	}
	for (i = 0; i < 2; i++) {
		pfd[i].fd = open(argv[i + 1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
		pfd[i].events = POLLIN;
		if (pfd[i].fd < 0) {
			perror(argv[i + 1]);
			return 1;
		}
	}
	while (poll(pfd, 2, -1) > 0) {
		for (i = 0; i < 2; i++)
			if (pfd[i].revents && copy_frames(pfd[i].fd, pfd[!i].fd))
				return 1;
	}
	perror("poll");
	return 1;
}
