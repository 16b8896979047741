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

/* Words of 32 features. */
#define FEATURE_WORDS	4

/* The position of a feature, or -1. */
static int feature_bit(const char *ifname, const char *name)
{
	struct {
		struct ethtool_sset_info head;
		__u32 len;
	} info = {
		.head = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES },
	};
	struct {
		struct ethtool_gstrings head;
		char names[32 * FEATURE_WORDS][ETH_GSTRING_LEN];
	} strings = { .head = { .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES } };
	__u32 i;

	if (ethtool(ifname, &info) || info.len > 32 * FEATURE_WORDS || ethtool(ifname, &strings))
		return -1;
	for (i = 0; i < strings.head.len; i++)
		if (!strncmp(strings.names[i], name, ETH_GSTRING_LEN))
			return i;
	return -1;
}

int ethtool_feature(const char *ifname, const char *name)
{
	struct {
		struct ethtool_gfeatures head;
		struct ethtool_get_features_block blocks[FEATURE_WORDS];
	} get = { .head = { .cmd = ETHTOOL_GFEATURES, .size = FEATURE_WORDS } };
	int bit = feature_bit(ifname, name);

	if (bit < 0 || ethtool(ifname, &get))
		return -1;
	return get.blocks[bit / 32].active >> bit % 32 & 1;
}

int ethtool_set_feature(const char *ifname, const char *name, bool on)
{
	struct {
		struct ethtool_sfeatures head;
		struct ethtool_set_features_block blocks[FEATURE_WORDS];
	} set = { .head = { .cmd = ETHTOOL_SFEATURES } };
	int bit = feature_bit(ifname, name);

	if (bit < 0)
		return -ENOENT;
	/* As many words as the kernel has. */
	for (set.head.size = 1; set.head.size <= FEATURE_WORDS; set.head.size++) {
		int err;

		set.blocks[bit / 32].valid = 1u << bit % 32;
		set.blocks[bit / 32].requested = (unsigned int)on << bit % 32;
		err = ethtool(ifname, &set);
		if (err != -EINVAL)
			return err;
	}
	return -EINVAL;
}
