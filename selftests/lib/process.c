// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include "process.h"
#include "unit.h"
#include "util.h"

int run_in_child(int (*func)(struct unit *u), struct unit *u)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(-func(u));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1000;
	return -WEXITSTATUS(status);
}

int become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY_UID, NOBODY_UID, NOBODY_UID) ||
	    setresuid(NOBODY_UID, NOBODY_UID, NOBODY_UID))
		return -ENOTRECOVERABLE;
	return 0;
}

int open_as_nobody(struct unit *u)
{
	return become_nobody() ?: unit_open(u, 0);
}

int drop_cap(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	data[CAP_TO_INDEX(cap)].effective &= ~CAP_TO_MASK(cap);
	data[CAP_TO_INDEX(cap)].permitted &= ~CAP_TO_MASK(cap);
	data[CAP_TO_INDEX(cap)].inheritable &= ~CAP_TO_MASK(cap);
	return ERR(syscall(SYS_capset, &head, data));
}

int set_caps(__u64 mask)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = mask >> 32 * i, .permitted = mask >> 32 * i,
		};
	return ERR(syscall(SYS_capset, &head, data));
}

int open_without_net_admin(struct unit *u)
{
	return drop_cap(CAP_NET_ADMIN) ? -ENOTRECOVERABLE : unit_open(u, 0);
}

int userns_new(void)
{
	char uids[32], gids[32];
	int err;

	snprintf(uids, sizeof(uids), "0 %u 1", geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", getegid());
	/* After a change of user IDs the files below belong to root, unless dumpable. */
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER))
		return -errno;
	err = write_file("/proc/self/setgroups", "deny");
	if (!err)
		err = write_file("/proc/self/uid_map", uids);
	if (!err)
		err = write_file("/proc/self/gid_map", gids);
	return err;
}

bool userns_unavailable(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(unshare(CLONE_NEWUSER) ? 1 : 0);
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

int open_from_userns(struct unit *u)
{
	return userns_new() ? -ENOTRECOVERABLE : unit_open(u, 0);
}

void signal_peer(int sock)
{
	if (write(sock, "t", 1) != 1)
		_exit(2);
}

bool wait_for_peer(int sock)
{
	char c;

	return read(sock, &c, 1) == 1;
}

bool child_succeeded(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}
