/* SPDX-License-Identifier: GPL-2.0 */
/* The addresses and routes of an interface, and its sysctls. */
#ifndef BSDTUN_LIB_ADDRESS_H
#define BSDTUN_LIB_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct in6_addr;
struct unit;

/* The number of addresses, or of routes, of a family that the interface has, or -errno. */
int count_addresses(int ifindex, int family);
int count_routes(int ifindex, int family);

/*
 * True if packets for the address are for this machine. A work item adds the route a moment after
 * the address; bind() succeeds before.
 */
bool route6_is_local(const struct in6_addr *addr);

/* What add_addresses() adds. IPv6 gets more: the kernel adds its own. */
#define IPV4_ADDED	6
#define IPV6_ADDED	6

/*
 * Adds addresses of every sort and routes that use them. IPv4: secondary, labeled, of link scope,
 * with a lifetime, without a route. IPv6: permanent and tentative, with a peer, temporary.
 */
int add_addresses(const struct unit *u);

/* The file /proc/sys/net/@dir/<interface>/@name. */
void netdev_sysctl_path(char *path, size_t size, const struct unit *u, const char *dir,
			const char *name);
int netdev_sysctl_set(const struct unit *u, const char *dir, const char *name, const char *value);

#endif /* BSDTUN_LIB_ADDRESS_H */
