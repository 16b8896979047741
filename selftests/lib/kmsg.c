// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"

int kmsg_open(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int err;

	if (log < 0)
		return -errno;
	if (lseek(log, 0, SEEK_END) < 0) {
		err = -errno;
		close(log);
		return err;
	}
	return log;
}

bool kmsg_has(int log, const char *text)
{
	static char line[8192];
	ssize_t n;

	/* read() returns one record; EPIPE if records were overwritten before. */
	while ((n = read(log, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		line[n] = '\0';
		if (strstr(line, text))
			return true;
	}
	return false;
}
