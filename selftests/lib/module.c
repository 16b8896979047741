// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "util.h"

long module_unload(void)
{
	return ERR(syscall(SYS_delete_module, "bsdtun", O_NONBLOCK));
}

long module_load(void)
{
	const char *ko = getenv("BSDTUN_KO");
	int fd = ko ? open(ko, O_RDONLY | O_CLOEXEC) : -1;
	long err;

	if (fd < 0)
		return -ENOENT;
	err = ERR(syscall(SYS_finit_module, fd, "", 0));
	close(fd);
	return err;
}

bool module_loaded(void)
{
	return !access("/sys/module/bsdtun/refcnt", F_OK);
}
