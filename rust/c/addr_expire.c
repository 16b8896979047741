// SPDX-License-Identifier: GPL-2.0
/*
 * Delete all addresses of an interface. No function that does it is exported.
 * But the stack deletes addresses whose lifetime has ended, with their routes
 * and with notifications, and the fields that it checks may be written under
 * RTNL.
 */

#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/net_namespace.h>

#include "driver.h"

/* RCU. */
bool bsdtun_has_addresses(struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
#if IS_ENABLED(CONFIG_IPV6)
	const struct inet6_dev *idev = __in6_dev_get(dev);

	if (idev && !list_empty(&idev->addr_list))
		return true;
#endif
	return in_dev && rcu_access_pointer(in_dev->ifa_list);
}

/* End the lifetime of all IPv4 addresses. RTNL. */
void bsdtun_inet_addr_expire(struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rtnl(dev);
	struct in_ifaddr *ifa;

	if (!in_dev)
		return;
	in_dev_for_each_ifa_rtnl(ifa, in_dev) {
		WRITE_ONCE(ifa->ifa_valid_lft, 0);
		WRITE_ONCE(ifa->ifa_preferred_lft, 0);
		WRITE_ONCE(ifa->ifa_flags, ifa->ifa_flags & ~IFA_F_PERMANENT);
	}
}

/* End the lifetime of all IPv6 addresses. RTNL. */
void bsdtun_inet6_addr_expire(struct net_device *dev)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct inet6_dev *idev = __in6_dev_get(dev);
	struct inet6_ifaddr *ifp;

	if (!idev)
		return;
	read_lock_bh(&idev->lock);
	list_for_each_entry(ifp, &idev->addr_list, if_list) {
		spin_lock(&ifp->lock);
		ifp->valid_lft = 0;
		ifp->prefered_lft = 0;
		ifp->flags &= ~IFA_F_PERMANENT;
		spin_unlock(&ifp->lock);
	}
	read_unlock_bh(&idev->lock);
#endif
}

/*
 * Run the work items that delete addresses whose lifetime has ended, and wait
 * for them. They take RTNL. Process context.
 *
 * The work item of IPv6 belongs to a workqueue that is not exported, and must
 * not be queued on another: it could run twice at once, and the end of the
 * namespace would not wait for it. It is always pending if a user has added an
 * address; flushing then runs it at once, where it belongs. Other addresses
 * went when the interface was set down.
 */
void bsdtun_addr_remove_expired(struct net *net)
{
	mod_delayed_work(system_power_efficient_wq, &net->ipv4.addr_chk_work, 0);
#if IS_ENABLED(CONFIG_IPV6)
	/* With ipv6.disable=1 it is not initialized. */
	if (ipv6_mod_enabled())
		flush_delayed_work(&net->ipv6.addr_chk_work);
#endif
	flush_delayed_work(&net->ipv4.addr_chk_work);
}
