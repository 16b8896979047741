/* SPDX-License-Identifier: GPL-2.0 */
/* For tests that use the harness. */
#ifndef BSDTUN_LIB_TEST_H
#define BSDTUN_LIB_TEST_H

#include "kselftest_harness.h"

#include "bsdtun.h"
#include "expect.h"

#endif /* BSDTUN_LIB_TEST_H */
