// SPDX-License-Identifier: GPL-2.0
/* sink PORT: copies one TCP connection, of IPv4 or IPv6, to standard output. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	int on = 1, fd = socket(AF_INET6, SOCK_STREAM, 0), peer;
	static char buf[65536];
	ssize_t len;

	if (argc != 2) {
		fprintf(stderr, "usage: sink PORT\n");
		return 2;
	}
	any.sin6_port = htons(atoi(argv[1]));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (void *)&any, sizeof(any)) || listen(fd, 1)) {
		perror("bind");
		return 1;
	}
	peer = accept(fd, NULL, NULL);
	while ((len = read(peer, buf, sizeof(buf))) > 0)
		if (write(STDOUT_FILENO, buf, len) != len)
			return 1;
	return len < 0;
}
