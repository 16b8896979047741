// SPDX-License-Identifier: GPL-2.0
/* Rounds and results. */

#include "bench.h"
#include <fnmatch.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct result summary(double *t, unsigned int n)
{
	qsort(t, n, sizeof(*t), compare);
	return (struct result){ t[0], t[n / 4], t[n / 2], t[n * 3 / 4] };
}

void report(const char *name, size_t len, const char *what, const struct result r[DRIVERS])
{
	static const char *const names[DRIVERS] = { "tun", "bsdtun" };
	int k;

	printf("{\"work\": \"%s\", \"bytes\": %zu, \"of\": \"%s\"", name, len, what);
	for (k = 0; k < DRIVERS; k++)
		printf(", \"%s\": {\"min\": %.1f, \"low\": %.1f, \"median\": %.1f, \"high\": %.1f}",
		       names[k], r[k].min, r[k].low, r[k].median, r[k].high);
	printf("}\n");
	fflush(stdout);
}

char **words;

bool wanted(const char *name)
{
	char pattern[64];
	int i;

	for (i = 0; words[i]; i++) {
		snprintf(pattern, sizeof(pattern), "*%s*", words[i]);
		if (!fnmatch(pattern, name, 0))
			return true;
	}
	return !words[0];
}

bool asked(void)
{
	return words[0];
}

/* Alternate the drivers; the first two rounds warm up. */
void measure(const char *name, struct unit units[DRIVERS], work_fn work, size_t len, int n)
{
	double t[DRIVERS][ROUNDS_MAX];
	struct result result[DRIVERS];
	unsigned int r, k;

	packets = n;
	for (r = 0; r < rounds + 2; r++) {
		for (k = 0; k < DRIVERS; k++) {
			unsigned int driver = (r + k) % DRIVERS;
			double took = work(&units[driver], len) / n;

			if (r >= 2)
				t[driver][r - 2] = took;
		}
	}
	for (k = 0; k < DRIVERS; k++)
		result[k] = summary(t[k], rounds);
	report(name, len, "packet", result);
}
