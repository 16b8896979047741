// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link.h"
#include "netlink.h"
#include "netns.h"
#include "util.h"

/* The namespace that netns_start() made, or 0. */
static ino_t program_netns;

void netns_configure(void)
{
	link_up(1);
	/* These fail if the kernel has no IPv6. */
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	write_file("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	write_file("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
	write_file("/proc/sys/net/ipv4/ip_forward", "0");
}

int netns_new(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	netns_configure();
	return 0;
}

int netns_enable_ipv6(void)
{
	/* Changes the default, and the setting of each interface, too. */
	return write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0");
}

/* The current network namespace, or 0. */
static ino_t netns_inode(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) ? 0 : st.st_ino;
}

int sysfs_remount(void)
{
	if (program_netns && netns_inode() == program_netns)
		return 0;
	if (unshare(CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL))
		return -errno;
	/* The new mount hides debugfs, which is the same for all namespaces. */
	if (mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL) && errno != ENOENT &&
	    errno != ENODEV && errno != EPERM)
		return -errno;
	return 0;
}

/* Runs before main(), which belongs to the harness. */
__attribute__((constructor))
static void netns_start(void)
{
	if (geteuid() || netns_new() || sysfs_remount())
		return;
	/* The loopback interface, which cannot be deleted, leaves the group of all others. */
	link_set_u32(1, IFLA_GROUP, 1);
	program_netns = netns_inode();
}

bool netns_is_private(void)
{
	return program_netns;
}

int netns_reset(void)
{
	struct if_nameindex *all;
	struct nl_request req;
	int i, err = 0;

	if (!program_netns || netns_inode() != program_netns)
		return netns_new();
	/* At once, with the grace periods of one. */
	nl_link_del(&req, 0);
	nl_put_u32(&req, IFLA_GROUP, 0);
	nl_talk(&req, NULL);
	all = if_nameindex();
	if (!all)
		return -errno;
	for (i = 0; !err && all[i].if_index; i++)
		if (all[i].if_index != 1)
			err = link_del(all[i].if_index);
	if_freenameindex(all);
	netns_configure();
	return err == -ENODEV ? 0 : err;
}

int netns_open(void)
{
	return ERR(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

int netns_enter_initial(void)
{
	int fd = ERR(open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC));
	int err;

	if (fd < 0)
		return fd;
	err = ERR(setns(fd, CLONE_NEWNET));
	close(fd);
	return err;
}
