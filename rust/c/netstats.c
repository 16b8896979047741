// SPDX-License-Identifier: GPL-2.0
/* Count received packets; dev_sw_netstats_rx_add() counts one, also if it is to be segmented. */

#include <linux/netdevice.h>

#include "driver.h"

/* Softirqs are off. */
void bsdtun_dev_sw_netstats_rx_add(struct net_device *dev, unsigned int packets,
				   unsigned int len)
{
	struct pcpu_sw_netstats *stats = this_cpu_ptr(dev->tstats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->rx_bytes, len);
	u64_stats_add(&stats->rx_packets, packets);
	u64_stats_update_end(&stats->syncp);
}
