// SPDX-License-Identifier: GPL-2.0
/* What a program did: the coverage of the driver, warnings in the kernel log, and the record. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "lib/util.h"

#define KCOV_INIT_TRACE		_IOR('c', 1, unsigned long)
#define KCOV_ENABLE		_IO('c', 100)
#define KCOV_TRACE_PC		0
#define KCOV_WORDS		(256 * 1024)

/*
 * The engine reads a counter for each instrumented PC of the driver, at most one in four bytes. All
 * are zero without KCOV.
 */
#define PCS			(128 * 1024)

__attribute__((section("__libfuzzer_extra_counters"), used))
static __u8 counters[PCS];

static __u8 covered[PCS];
static unsigned long *kcov;
unsigned long programs_run, calls_made, faults_injected;

void kcov_start(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!ioctl(fd, KCOV_INIT_TRACE, KCOV_WORDS)) {
		kcov = mmap(NULL, KCOV_WORDS * sizeof(*kcov), PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, 0);
		if (kcov != MAP_FAILED && !ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
			return;
	}
	kcov = NULL;
}

void kcov_begin(void)
{
	if (kcov)
		__atomic_store_n(kcov, 0, __ATOMIC_RELAXED);
}

void kcov_end(void)
{
	unsigned long i, n;

	if (!kcov)
		return;
	n = __atomic_load_n(kcov, __ATOMIC_RELAXED);
	for (i = 1; i <= n; i++) {
		size_t pc = (kcov[i] >> 2) % PCS;

		if (counters[pc] != 0xff)
			counters[pc]++;
		covered[pc] = 1;
	}
}

void print_summary(void)
{
	size_t i, pcs = 0;

	for (i = 0; i < PCS; i++)
		pcs += covered[i];
	printf("# %lu programs, %lu calls, %lu of them with a fault; ", programs_run, calls_made,
	       faults_injected);
	printf("%zu instrumented PCs of the driver reached\n", pcs);
	fflush(stdout);
	/* The record is for a program that crashes the kernel. */
	if (getenv("BSDTUN_RECORD"))
		unlink(getenv("BSDTUN_RECORD"));
}

static struct patterns {
	regex_t *re;
	size_t n;
} oops_patterns, ignored_warnings;

static int kmsg = -1;
static int record_fd = -1;

static void read_patterns(struct patterns *p, const char *variable)
{
	const char *path = getenv(variable);
	FILE *file = path ? fopen(path, "r") : NULL;
	char line[256];

	if (!file) {
		if (path)
			err(1, "%s", path);
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		p->re = realloc(p->re, (p->n + 1) * sizeof(*p->re));
		if (!p->re || regcomp(p->re + p->n, line, REG_EXTENDED | REG_NOSUB))
			errx(1, "%s: %s?", path, line);
		p->n++;
	}
	fclose(file);
}

static bool matches(const struct patterns *p, const char *text)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (!regexec(p->re + i, text, 0, NULL, 0))
			return true;
	return false;
}

void open_log(void)
{
	read_patterns(&oops_patterns, "BSDTUN_OOPS_PATTERNS");
	read_patterns(&ignored_warnings, "BSDTUN_IGNORED_WARNINGS");
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		err(1, "/dev/kmsg");
}

bool log_has_warning(void)
{
	static char text[8192];
	bool any = false;
	ssize_t n;

	/* read() returns one record; EPIPE if records were overwritten before. */
	while ((n = read(kmsg, text, sizeof(text) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		char *line;

		if (n < 0)
			continue;
		text[n] = '\0';
		line = strchr(text, ';');
		if (!line)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (!matches(&oops_patterns, line + 1) || matches(&ignored_warnings, line + 1))
			continue;
		if (!any)
			printf("# kernel log: %s\n", line + 1);
		any = true;
	}
	return any;
}

void open_record(void)
{
	const char *path = getenv("BSDTUN_RECORD");

	if (!path)
		return;
	record_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (record_fd < 0)
		err(1, "%s", path);
}

void write_record(const char *text, size_t size)
{
	if (record_fd >= 0 && pwrite(record_fd, text, size, 0) != (ssize_t)size)
		err(1, "BSDTUN_RECORD");
}
