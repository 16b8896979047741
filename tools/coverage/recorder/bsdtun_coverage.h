/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BSDTUN_COVERAGE_H
#define BSDTUN_COVERAGE_H

void bsdtun_coverage_reached(void);

#endif /* BSDTUN_COVERAGE_H */
