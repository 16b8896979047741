/* SPDX-License-Identifier: GPL-2.0 */
/* Units: a device node and its interface. */
#ifndef BSDTUN_LIB_UNIT_H
#define BSDTUN_LIB_UNIT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/if_ether.h>

#define TUN_KIND	"bsdtun"
#define TAP_KIND	"bsdtap"
#define VMNET_KIND	"bsdvmnet"

struct unit {
	const char *kind;
	int fd;
	int ifindex;
	int number;
	char ifname[IFNAMSIZ];
	char node[32];
	unsigned char mac[ETH_ALEN];	/* of an Ethernet unit, at creation */
};

void unit_init(struct unit *u, const char *kind);

/* Finds the number and node of the unit of this interface. */
int unit_identify(struct unit *u);

/*
 * Creates a unit by rtnetlink. Its interface is called @ifname; NULL leaves name and number to the
 * driver. Node numbers are global, so tests usually take what the driver offers. Returns 0 or
 * -errno.
 */
int unit_create_kind(struct unit *u, const char *kind, const char *ifname);
int unit_create(struct unit *u, const char *ifname);

int unit_open(struct unit *u, int flags);
void unit_close(struct unit *u);
void unit_destroy(struct unit *u);

/* Opens the node, configures 10.42.0.1 with the peer 10.42.0.2, and sets the interface up. */
int unit_open_up(struct unit *u, int flags);

/* unit_create_kind() and unit_open_up(). */
int unit_create_up_kind(struct unit *u, const char *kind, int flags);
int unit_create_up(struct unit *u, int flags);

bool node_exists(const struct unit *u);

/*
 * Whether the node is there without a unit, as the end of a network namespace leaves it. Opens and
 * closes the unit if there is one.
 */
bool node_retired(const struct unit *u);

/* The length of the link layer header of this kind. */
size_t link_header_len(const struct unit *u);

/* FIONREAD, or -errno. */
int fionread(int fd);

/* True if the interface answers a ping that is written to the node of a tun. */
bool unit_pings(int fd, __u16 seq);

/* The unit's attributes in sysfs. */
void unit_attr_path(char *path, size_t size, const struct unit *u, const char *name);
bool unit_attr_is(const struct unit *u, const char *name, const char *value);
int unit_attr_set(const struct unit *u, const char *name, const char *value);

/* Words that an attribute of 0 or 1 refuses. Other boolean files of Linux take most of them. */
#define NOT_BOOL	{ "y", "n", "yellow", "on", "off", "2", "01", "1 ", "-1", "1\n\n", "\n" }

/* The value of @key in the descriptor's fdinfo. False if there is no such key. */
bool fdinfo_value(int fd, const char *key, char *value, size_t size);

/* Opens the cloner of @kind; *@u describes the unit that it gave. Returns 0 or -errno. */
int cloner_open(struct unit *u, const char *kind, int flags);

/*
 * The number of nodes of units of @kind, whatever the namespace of the interface. Removes retired
 * nodes.
 */
int count_nodes(const char *kind);

/* The lowest number, @from or higher, without a node. Removes retired nodes. */
int lowest_free_number(const char *kind, int from);

/*
 * True if the driver gives the lowest number without a node to a new unit. When a namespace is
 * deleted, the numbers of its units become free shortly after their nodes are gone.
 */
bool unit_numbers_settled(const char *kind);

/* Deletes all units of the current network namespace, of every kind. */
void units_delete_all(void);

#endif /* BSDTUN_LIB_UNIT_H */
