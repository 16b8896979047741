/* SPDX-License-Identifier: GPL-2.0 */
/* Network namespaces, and the /sys that belongs to one. */
#ifndef BSDTUN_LIB_NETNS_H
#define BSDTUN_LIB_NETNS_H

#include <stdbool.h>

/*
 * Each test program starts in a network namespace of its own with a matching /sys, which the tests
 * share: creating and deleting a namespace takes longer than most tests. False if that failed.
 */
bool netns_is_private(void);

/* Back to an empty namespace: deletes every interface of the program's own, or makes a new one. */
int netns_reset(void);

/*
 * Sets lo up and turns off what sends packets by itself or drops those of the tests: IPv6, the
 * reverse path filter and forwarding.
 */
void netns_configure(void);

/* Enters a new, configured network namespace. */
int netns_new(void);

int netns_enable_ipv6(void);

/* A descriptor of the current network namespace, or -errno. */
int netns_open(void);

/* Enters the initial network namespace. */
int netns_enter_initial(void);

/* Mounts a /sys that shows the current network namespace, unless /sys already does. */
int sysfs_remount(void);

#endif /* BSDTUN_LIB_NETNS_H */
