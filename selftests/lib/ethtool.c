// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "ethtool.h"

int ethtool(const char *ifname, void *cmd)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { };
	int err;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	ifr.ifr_data = cmd;
	err = ioctl(fd, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
	close(fd);
	return err;
}

int ethtool_drvinfo(const char *ifname, struct ethtool_drvinfo *info)
{
	memset(info, 0, sizeof(*info));
	info->cmd = ETHTOOL_GDRVINFO;
	return ethtool(ifname, info);
}

long long ethtool_statistic(const char *ifname, const char *name)
{
	struct {
		struct ethtool_gstrings head;
		char names[ETHTOOL_MAX][ETH_GSTRING_LEN];
	} strings = { .head = { .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS } };
	struct {
		struct ethtool_stats head;
		__u64 values[ETHTOOL_MAX];
	} stats = { .head = { .cmd = ETHTOOL_GSTATS } };
	struct ethtool_drvinfo info;
	__u32 i;

	if (ethtool_drvinfo(ifname, &info) || info.n_stats > ETHTOOL_MAX)
		return -1;
	if (ethtool(ifname, &strings) || ethtool(ifname, &stats))
		return -1;
	for (i = 0; i < strings.head.len && i < stats.head.n_stats; i++)
		if (!strncmp(strings.names[i], name, ETH_GSTRING_LEN))
			return stats.values[i];
	return -1;
}
