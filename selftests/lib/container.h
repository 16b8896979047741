/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes with less than the rights of the machine's root. A container is a child of the test
 * that changes its namespaces, user and capabilities once and then runs functions for the test.
 */
#ifndef BSDTUN_LIB_CONTAINER_H
#define BSDTUN_LIB_CONTAINER_H

#include <sys/types.h>

struct unit;

struct container {
	pid_t pid;
	int sock;	/* to the child */
	int netns;	/* the child's network namespace */
};

/* For container_start(): root of new user, mount and network namespaces, nobody outside. */
int enter_user_container(void);

/* The same, but the user outside is the machine's root. */
int enter_root_container(void);

/*
 * uid 0 of new mount and network namespaces, without a user namespace, with the capabilities that
 * container managers leave by default: CAP_NET_ADMIN and CAP_SYS_ADMIN are not among them.
 */
int enter_plain_container(void);

/* uid 0 without any capability, in the namespaces of the caller. */
int drop_all_caps(void);

/*
 * Starts a child that calls @enter. It has a copy of each descriptor that is open now. Returns 0,
 * what @enter returned, or -errno.
 */
int container_start(struct container *c, int (*enter)(void));

/* Runs @func in the child with a copy of *@u, which is copied back. Returns its result. */
int container_run(struct container *c, int (*func)(struct unit *u), struct unit *u);

/* Ends the child; its namespaces go when nothing else uses them. */
void container_stop(struct container *c);

#endif /* BSDTUN_LIB_CONTAINER_H */
