/* SPDX-License-Identifier: GPL-2.0 */
/* ethtool requests. */
#ifndef BSDTUN_LIB_ETHTOOL_H
#define BSDTUN_LIB_ETHTOOL_H

#include <stdbool.h>

#include <linux/ethtool.h>

/* The number of counters that ethtool_statistic() can read. */
#define ETHTOOL_MAX 64

int ethtool(const char *ifname, void *cmd);
int ethtool_drvinfo(const char *ifname, struct ethtool_drvinfo *info);

/* The counter of this name in "ethtool -S", or -1. */
long long ethtool_statistic(const char *ifname, const char *name);

/* Whether "ethtool -k" shows this feature, by its name there, as on; -1 if there is none. */
int ethtool_feature(const char *ifname, const char *name);

/* ethtool -K. Returns 0, also if the driver does not permit the change, or -errno. */
int ethtool_set_feature(const char *ifname, const char *name, bool on);

#endif /* BSDTUN_LIB_ETHTOOL_H */
