/* SPDX-License-Identifier: GPL-2.0 */
/* System calls, files and commands. */
#ifndef BSDTUN_LIB_UTIL_H
#define BSDTUN_LIB_UTIL_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "kselftest.h"

/* The result of a system call, or -errno. */
#define ERR(call)							\
({									\
	long __ret = (call);						\
									\
	__ret < 0 ? -(long)errno : __ret;				\
})

/* Writes @text to a file. Returns 0 or -errno. */
int write_file(const char *path, const char *text);

/* Reads a file into @buf, NUL-terminated. Returns the length or -errno. */
int read_file(const char *path, char *buf, size_t size);

/* Reads the first line of a file, without its newline; "" if that fails. */
void read_line(const char *path, char *line, size_t size);

/* True if the first line of the file is @value. */
bool file_equals(const char *path, const char *value);

/* Runs a shell command. Returns its exit status, or -1 if a signal killed it. */
__printf(1, 2)
int run_command(const char *format, ...);

/* A memory file with these contents, for sendfile(). Returns a descriptor or -errno. */
int memfd_with_data(const void *data, size_t len);

#endif /* BSDTUN_LIB_UTIL_H */
