/* SPDX-License-Identifier: GPL-2.0 */
/* Fault injection in the current thread, by fail-nth. */
#ifndef BSDTUN_LIB_FAULT_H
#define BSDTUN_LIB_FAULT_H

#include <stdbool.h>

#define DEBUGFS	"/sys/kernel/debug/"

/* Configures fault injection. Returns a descriptor for the functions below, or -errno. */
int fault_open(void);

/* Makes the @nth call that can fail return an error: an allocation or a user copy; 0: none. */
int fault_set_nth(int fd, int nth);

/* True if the fault was injected. Disables fault injection. */
bool fault_was_injected(int fd);

#endif /* BSDTUN_LIB_FAULT_H */
