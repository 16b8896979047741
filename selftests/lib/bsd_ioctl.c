// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "bsd_ioctl.h"
#include "util.h"

unsigned int bsd_encoding(unsigned int cmd)
{
	/* BSDs have 13 bits for the size, Linux 14. */
	unsigned int low = cmd & 0x1fffffff;

	/* SIOC* numbers of Linux are constants, without direction and size. */
	if (cmd >> 8 == 0x89)
		return cmd;
	switch (cmd >> 30) {
	case 0:
		return low | 0x20000000;
	case 1:
		return low | 0x80000000;
	case 2:
		return low | 0x40000000;
	default:
		return cmd;
	}
}

int ioctl_get(int fd, unsigned int cmd)
{
	int value = -12345;
	int err = ERR(ioctl(fd, cmd, &value));

	return err ? err : value;
}

int ioctl_set(int fd, unsigned int cmd, int value)
{
	return ERR(ioctl(fd, cmd, &value));
}
