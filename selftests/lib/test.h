/* SPDX-License-Identifier: GPL-2.0 */
/* For tests that use the harness. */
#ifndef BSDTUN_LIB_TEST_H
#define BSDTUN_LIB_TEST_H

#include "kselftest_harness.h"

#include "bsdtun.h"
#include "expect.h"

/* The least limit of a case, in seconds. It is longer than any wait, see TIMEOUT_MS. */
#define CASE_TIMEOUT	240

/* Runs after the constructors of the harness, which list the cases. */
static void __attribute__((constructor)) raise_case_timeouts(void)
{
	struct __fixture_metadata *f;
	struct __test_metadata *t;

	for (f = __fixture_list; f; f = f->next)
		for (t = f->tests; t; t = t->next)
			if (t->timeout < CASE_TIMEOUT)
				t->timeout = CASE_TIMEOUT;
}

#endif /* BSDTUN_LIB_TEST_H */
