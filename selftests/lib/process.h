/* SPDX-License-Identifier: GPL-2.0 */
/* Child processes, users, capabilities and user namespaces. */
#ifndef BSDTUN_LIB_PROCESS_H
#define BSDTUN_LIB_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <linux/types.h>

struct unit;

#define NOBODY_UID	65534

/* Runs @func in a child. Returns its result, 0 or -errno, or -1000 if the child was killed. */
int run_in_child(int (*func)(struct unit *u), struct unit *u);

/* An assertion for child processes: exits with status 1 if @cond is false. */
#define CHILD_ASSERT(cond)						\
({									\
	if (!(cond)) {							\
		fprintf(stderr, "# line %d: %s\n", __LINE__, #cond);	\
		_exit(1);						\
	}								\
})

int become_nobody(void);
int drop_cap(int cap);

/* Keeps only the capabilities in this mask. */
int set_caps(__u64 mask);

/* For run_in_child(): unit_open() with fewer privileges. */
int open_as_nobody(struct unit *u);
int open_without_net_admin(struct unit *u);
int open_from_userns(struct unit *u);

/* Enters a new user namespace as its root; outside, the user stays the same. */
int userns_new(void);
bool userns_unavailable(void);

/* Parent and child wait for each other at the two ends of a socket pair. */
void signal_peer(int sock);
bool wait_for_peer(int sock);

/* Waits for a child; true if it exited with status 0. */
bool child_succeeded(pid_t pid);

#endif /* BSDTUN_LIB_PROCESS_H */
