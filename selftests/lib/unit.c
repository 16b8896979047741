// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bsd_ioctl.h"
#include "ethtool.h"
#include "link.h"
#include "packet.h"
#include "unit.h"
#include "util.h"
#include "wait.h"

void unit_init(struct unit *u, const char *kind)
{
	memset(u, 0, sizeof(*u));
	u->kind = kind;
	u->fd = -1;
	u->number = -1;
}

int unit_identify(struct unit *u)
{
	struct ethtool_drvinfo info;
	size_t len = strlen(u->kind);
	int err = ethtool_drvinfo(u->ifname, &info);

	if (err)
		return err;
	if (strncmp(info.bus_info, u->kind, len) ||
	    sscanf(info.bus_info + len, "%d", &u->number) != 1)
		return -EPROTO;
	snprintf(u->node, sizeof(u->node), "/dev/%s%d", u->kind, u->number);
	return 0;
}

int unit_create_kind(struct unit *u, const char *kind, const char *ifname)
{
	struct link link = { };
	int err;

	unit_init(u, kind);
	err = link_add(kind, ifname, &link);
	if (err)
		return err;
	if (!link.ifindex)
		return -EPROTO;
	u->ifindex = link.ifindex;
	memcpy(u->ifname, link.name, sizeof(u->ifname));
	memcpy(u->mac, link.address, sizeof(u->mac));
	err = unit_identify(u);
	if (err) {
		link_del(u->ifindex);
		u->ifindex = 0;
	}
	return err;
}

int unit_create(struct unit *u, const char *ifname)
{
	return unit_create_kind(u, TUN_KIND, ifname);
}

int unit_open(struct unit *u, int flags)
{
	u->fd = ERR(open(u->node, O_RDWR | O_CLOEXEC | flags));
	return u->fd < 0 ? u->fd : 0;
}

void unit_close(struct unit *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

void unit_destroy(struct unit *u)
{
	unit_close(u);
	if (u->ifindex)
		link_del(u->ifindex);
	u->ifindex = 0;
}

int unit_open_up(struct unit *u, int flags)
{
	int err = unit_open(u, flags);

	if (!err)
		err = addr_add(u->ifindex, LOCAL, PEER);
	if (!err)
		err = link_up(u->ifindex);
	/* Avoids ARP requests on an Ethernet unit. */
	if (!err && strcmp(u->kind, TUN_KIND))
		err = neigh_set(u->ifindex, PEER, PEER_MAC);
	return err;
}

int unit_create_up_kind(struct unit *u, const char *kind, int flags)
{
	return unit_create_kind(u, kind, NULL) ?: unit_open_up(u, flags);
}

int unit_create_up(struct unit *u, int flags)
{
	return unit_create_up_kind(u, TUN_KIND, flags);
}

bool node_exists(const struct unit *u)
{
	struct stat st;

	return !stat(u->node, &st);
}

bool node_retired(const struct unit *u)
{
	return ERR(open(u->node, O_RDWR | O_CLOEXEC | O_NONBLOCK)) == -ENXIO;
}

size_t link_header_len(const struct unit *u)
{
	return strcmp(u->kind, TUN_KIND) ? ETH_HLEN : 0;
}

int fionread(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) ? -errno : n;
}

bool unit_pings(int fd, __u16 seq)
{
	char packet[128], reply[256];
	size_t len = build_echo(packet, PEER, LOCAL, ICMP_ECHO, 9, seq, "ping", 4);
	long n;

	if (write(fd, packet, len) != (ssize_t)len || !wait_readable(fd))
		return false;
	n = read(fd, reply, sizeof(reply));
	return n == (long)len && packet_is_valid(reply, n, IPPROTO_ICMP) &&
	       reply[20] == ICMP_ECHOREPLY && reply[27] == (char)seq;
}

void unit_attr_path(char *path, size_t size, const struct unit *u, const char *name)
{
	snprintf(path, size, "/sys/class/net/%s/%s/%s", u->ifname, u->kind, name);
}

bool unit_attr_is(const struct unit *u, const char *name, const char *value)
{
	char path[128];

	unit_attr_path(path, sizeof(path), u, name);
	return file_equals(path, value);
}

int unit_attr_set(const struct unit *u, const char *name, const char *value)
{
	char path[128];

	unit_attr_path(path, sizeof(path), u, name);
	return write_file(path, value);
}

bool fdinfo_value(int fd, const char *key, char *value, size_t size)
{
	char path[64], text[2048], *line;
	size_t len = strlen(key);

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	if (read_file(path, text, sizeof(text)) < 0)
		return false;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strncmp(line, key, len) && line[len] == ':' && line[len + 1] == '\t') {
			snprintf(value, size, "%s", line + len + 2);
			return true;
		}
	}
	return false;
}

int cloner_open(struct unit *u, const char *kind, int flags)
{
	char path[32], ifr[40] = "";
	int err;

	unit_init(u, kind);
	snprintf(path, sizeof(path), "/dev/%s", kind);
	err = ERR(open(path, O_RDWR | O_CLOEXEC | flags));
	if (err < 0)
		return err;
	u->fd = err;
	err = ERR(ioctl(u->fd, LINUX64_GIFNAME, ifr));
	if (!err) {
		snprintf(u->ifname, sizeof(u->ifname), "%s", ifr);
		u->ifindex = if_nametoindex(u->ifname);
		err = u->ifindex ? unit_identify(u) : -ENODEV;
	}
	if (err)
		unit_close(u);
	return err;
}

int count_nodes(const char *kind)
{
	size_t len = strlen(kind);
	struct dirent *entry;
	DIR *dev = opendir("/dev");
	struct unit u;
	int n = 0;

	if (!dev)
		return -errno;
	while ((entry = readdir(dev))) {
		const char *number = entry->d_name + len;

		if (strncmp(entry->d_name, kind, len) || !*number ||
		    strspn(number, "0123456789") != strlen(number))
			continue;
		/* A unit can be created with the number of a retired node, and takes it along. */
		if (unit_create_kind(&u, kind, entry->d_name))
			n++;
		else
			unit_destroy(&u);
	}
	closedir(dev);
	return n;
}

int lowest_free_number(const char *kind, int from)
{
	char node[32];

	/* Without the retired nodes. */
	count_nodes(kind);
	do {
		snprintf(node, sizeof(node), "/dev/%s%d", kind, from++);
	} while (!access(node, F_OK));
	return from - 1;
}

bool unit_numbers_settled(const char *kind)
{
	int want = lowest_free_number(kind, 0);
	struct unit u;
	bool settled;

	if (unit_create_kind(&u, kind, NULL))
		return false;
	settled = u.number == want;
	unit_destroy(&u);
	return settled;
}

void units_delete_all(void)
{
	struct if_nameindex *all = if_nameindex(), *i;
	struct link link;

	for (i = all; i && i->if_index; i++)
		if (!link_get(i->if_index, &link) && !strncmp(link.kind, "bsd", 3))
			link_del(i->if_index);
	if_freenameindex(all);
}
