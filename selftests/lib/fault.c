// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "util.h"

int fault_open(void)
{
	int fd = ERR(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));

	if (fd < 0)
		return fd;
	if (write_file(DEBUGFS "failslab/ignore-gfp-wait", "N") ||
	    write_file(DEBUGFS "failslab/verbose", "0") ||
	    write_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N") ||
	    write_file(DEBUGFS "fail_page_alloc/min-order", "0") ||
	    write_file(DEBUGFS "fail_page_alloc/verbose", "0")) {
		close(fd);
		return -ENOTRECOVERABLE;
	}
	/* Optional: without it only user copies cannot fail. */
	write_file(DEBUGFS "fail_usercopy/verbose", "0");
	return fd;
}

int fault_set_nth(int fd, int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	return ERR(pwrite(fd, text, strlen(text), 0)) < 0 ? -errno : 0;
}

bool fault_was_injected(int fd)
{
	char left[16] = "";
	/* fail-nth is 0 after the fault. The read itself may get the fault and fail. */
	bool reached = pread(fd, left, sizeof(left) - 1, 0) > 0 && !atoi(left);

	/* The write may get the fault as well, but only once. */
	if (fault_set_nth(fd, 0))
		fault_set_nth(fd, 0);
	return reached;
}
