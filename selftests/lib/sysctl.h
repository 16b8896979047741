/* SPDX-License-Identifier: GPL-2.0 */
/* The driver's sysctls, which only the initial network namespace has. */
#ifndef BSDTUN_LIB_SYSCTL_H
#define BSDTUN_LIB_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>

/* Writes a file of /proc/sys. Returns 0 or -errno. */
int sysctl_write(const char *path, const char *text);

/* Reads a file of /proc/sys without its newline; "" if that fails. */
void sysctl_read(const char *path, char *line, size_t size);

/* True if the file holds @value. */
bool sysctl_equals(const char *path, const char *value);

/* Sets net.link.tun.@name, or net.link.tap.@name for tap and vmnet. */
int sysctl_set(const char *kind, const char *name, const char *value);

#endif /* BSDTUN_LIB_SYSCTL_H */
