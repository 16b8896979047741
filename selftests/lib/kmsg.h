/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel log. */
#ifndef BSDTUN_LIB_KMSG_H
#define BSDTUN_LIB_KMSG_H

#include <stdbool.h>

/* Opens the log behind its last record. Returns a descriptor or -errno. */
int kmsg_open(void);

/* Reads up to the first record that has @text. False if none has; then all have been read. */
bool kmsg_has(int log, const char *text);

#endif /* BSDTUN_LIB_KMSG_H */
