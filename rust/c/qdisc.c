// SPDX-License-Identifier: GPL-2.0
/* Whether a device has a queueing discipline. */

#include <linux/netdevice.h>
#include <net/sch_generic.h>

#include "driver.h"

/*
 * Whether packets that the driver cannot take yet wait in a queueing
 * discipline. noqueue has no enqueue(): its packets go to the driver directly.
 * Softirqs off.
 */
bool bsdtun_netif_has_qdisc(const struct net_device *dev)
{
	const struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);

	return rcu_dereference_bh(txq->qdisc)->enqueue;
}
