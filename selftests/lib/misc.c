// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "misc.h"

/* Reads the next line of /proc/misc. */
static bool next_device(FILE *f, int *minor, char *name)
{
	return fscanf(f, "%d %63s", minor, name) == 2;
}

int misc_minor(const char *name)
{
	FILE *f = fopen("/proc/misc", "re");
	int minor, found = -1;
	char line[64];

	while (f && found < 0 && next_device(f, &minor, line))
		if (!strcmp(line, name))
			found = minor;
	if (f)
		fclose(f);
	return found;
}

bool misc_name(int wanted, char *name, size_t size)
{
	FILE *f = fopen("/proc/misc", "re");
	bool found = false;
	char line[64];
	int minor;

	while (f && !found && next_device(f, &minor, line)) {
		found = minor == wanted;
		if (found)
			snprintf(name, size, "%s", line);
	}
	if (f)
		fclose(f);
	return found;
}

int misc_count(const char *prefix)
{
	FILE *f = fopen("/proc/misc", "re");
	char line[64];
	int minor, n = 0;

	while (f && next_device(f, &minor, line))
		n += !strncmp(line, prefix, strlen(prefix));
	if (f)
		fclose(f);
	return n;
}
