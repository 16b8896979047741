/* SPDX-License-Identifier: GPL-2.0 */
/* Signals that are waited for. */
#ifndef BSDTUN_LIB_SIGNAL_H
#define BSDTUN_LIB_SIGNAL_H

#include <signal.h>

void block_signal(int sig);

/* Takes a blocked signal from the queue. -1 if none arrives within @ms milliseconds. */
int wait_signal(int sig, siginfo_t *info, int ms);

#endif /* BSDTUN_LIB_SIGNAL_H */
