/* SPDX-License-Identifier: GPL-2.0 */
/* The misc devices of the machine, as /proc/misc lists them. */
#ifndef BSDTUN_LIB_MISC_H
#define BSDTUN_LIB_MISC_H

#include <stdbool.h>
#include <stddef.h>

/* The minor of the misc device called @name, or -1. */
int misc_minor(const char *name);

/* Copies the name of the misc device with this minor. False if there is none. */
bool misc_name(int minor, char *name, size_t size);

/* The number of misc devices whose names begin with @prefix; "" counts all. */
int misc_count(const char *prefix);

#endif /* BSDTUN_LIB_MISC_H */
