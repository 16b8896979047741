/* SPDX-License-Identifier: GPL-2.0 */
/* ethtool requests. */
#ifndef BSDTUN_LIB_ETHTOOL_H
#define BSDTUN_LIB_ETHTOOL_H

#include <linux/ethtool.h>

/* The number of counters that ethtool_statistic() can read. */
#define ETHTOOL_MAX 64

int ethtool(const char *ifname, void *cmd);
int ethtool_drvinfo(const char *ifname, struct ethtool_drvinfo *info);

/* The counter of this name in "ethtool -S", or -1. */
long long ethtool_statistic(const char *ifname, const char *name);

#endif /* BSDTUN_LIB_ETHTOOL_H */
