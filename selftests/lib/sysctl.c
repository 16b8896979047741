// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "sysctl.h"
#include "unit.h"
#include "util.h"

/* Enters the initial network namespace. Returns a descriptor of the caller's, or -errno. */
static int enter(void)
{
	int here = netns_open();
	int err;

	if (here < 0)
		return here;
	err = netns_enter_initial();
	if (!err)
		return here;
	close(here);
	return err;
}

/* Goes back. A test that is left in the initial namespace would change the host. */
static void leave(int here)
{
	if (setns(here, CLONE_NEWNET))
		abort();
	close(here);
}

int sysctl_write(const char *path, const char *text)
{
	int here = enter();
	int err;

	if (here < 0)
		return here;
	err = write_file(path, text);
	leave(here);
	return err;
}

void sysctl_read(const char *path, char *line, size_t size)
{
	int here = enter();

	*line = '\0';
	if (here < 0)
		return;
	read_line(path, line, size);
	leave(here);
}

bool sysctl_equals(const char *path, const char *value)
{
	char line[128];

	sysctl_read(path, line, sizeof(line));
	return !strcmp(line, value);
}

int sysctl_set(const char *kind, const char *name, const char *value)
{
	char path[64];

	/* vmnet uses the settings of tap. */
	snprintf(path, sizeof(path), "/proc/sys/net/link/%s/%s",
		 strcmp(kind, TUN_KIND) ? "tap" : "tun", name);
	return sysctl_write(path, value);
}
