// SPDX-License-Identifier: GPL-2.0
/*
 * A unit that a cloner gives again is as new, whatever the program before has left; what an
 * administrator has set stays, and so does everything for a program that opens the numbered node.
 */

#define _GNU_SOURCE
#include <sched.h>

#include "lib/test.h"
#include "lib/address.h"
#include "lib/offload.h"
#include "lib/traffic.h"

#include <net/if_tap.h>
#include <net/if_tun.h>

#define MODE_FLAGS	(IFF_POINTOPOINT | IFF_BROADCAST | IFF_MULTICAST | IFF_NOARP | IFF_DEBUG)

FIXTURE(fresh) {
	struct unit u, again;
	struct link new;	/* the interface of a new unit */
	struct tuninfo info;	/* its TUNGIFINFO */
	int raw;
};

FIXTURE_VARIANT(fresh) {
	const char *kind;
	bool ethernet;
};

FIXTURE_VARIANT_ADD(fresh, tun) { .kind = TUN_KIND };
FIXTURE_VARIANT_ADD(fresh, tap) { .kind = TAP_KIND, .ethernet = true };
FIXTURE_VARIANT_ADD(fresh, vmnet) { .kind = VMNET_KIND, .ethernet = true };

FIXTURE_SETUP(fresh)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, netns_new());
	unit_init(&self->u, variant->kind);
	unit_init(&self->again, variant->kind);
	ASSERT_EQ(0, cloner_open(&self->u, variant->kind, O_NONBLOCK));
	ASSERT_EQ(0, link_get(self->u.ifindex, &self->new));
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNGIFINFO, &self->info)));
	self->raw = packet_socket();
	ASSERT_LE(0, self->raw);
}

FIXTURE_TEARDOWN_PARENT(fresh)
{
	char cloner[32];

	snprintf(cloner, sizeof(cloner), "/dev/%s", variant->kind);
	chmod(cloner, 0600);
	sysctl_set(TAP_KIND, "user_open", "0");
}

/* What a program can change by the descriptor, and by addresses. */
static void leave_changes(struct __test_metadata *_metadata, FIXTURE_DATA(fresh) * self,
			  const FIXTURE_VARIANT(fresh) * variant)
{
	struct tuninfo info = self->info;
	struct offload header = { .kind = variant->kind, .virtio = 12 };

	info.mtu = 1300;
	info.baudrate = 4711;
	if (!variant->ethernet) {
		info.type = 0x33;
		ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSIFMODE, IFF_BROADCAST));
		ASSERT_EQ(0, ioctl_set(self->u.fd, bsd_encoding(TUNSIFHEAD), 1));
	} else {
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, VMIO_SIOCSIFFLAGS, IFF_NOARP | IFF_DEBUG)));
	}
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNSIFINFO, &info)));
	ASSERT_EQ(0, offload_on(&self->u, &header, 0));
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 7));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, add_addresses(&self->u));
	EXPECT_LT(IPV4_ADDED, count_addresses(self->u.ifindex, AF_INET));
	EXPECT_LT(IPV6_ADDED, count_addresses(self->u.ifindex, AF_INET6));
	ASSERT_EQ(0, send_numbered(&self->u, self->raw, 1));
}

static void expect_new(struct __test_metadata *_metadata, FIXTURE_DATA(fresh) * self,
		       const FIXTURE_VARIANT(fresh) * variant)
{
	const struct unit *u = &self->again;
	struct tuninfo info;
	struct link link;
	char buf[2000], value[64];

	EXPECT_EQ(self->u.number, u->number);
	ASSERT_EQ(0, link_get(u->ifindex, &link));
	EXPECT_EQ(self->new.flags & (MODE_FLAGS | IFF_UP), link.flags & (MODE_FLAGS | IFF_UP));
	EXPECT_EQ(self->new.mtu, link.mtu);
	EXPECT_EQ(self->new.txqlen, link.txqlen);
	ASSERT_EQ(0, ERR(ioctl(u->fd, TUNGIFINFO, &info)));
	EXPECT_EQ(0, memcmp(&self->info, &info, sizeof(info)));
	EXPECT_EQ(0, ioctl_get(u->fd, TUNGTRANSIENT));
	EXPECT_TRUE(fdinfo_value(u->fd, "offload", value, sizeof(value)));
	EXPECT_STREQ("none", value);
	EXPECT_EQ(0, fionread(u->fd));
	EXPECT_EQ(-EAGAIN, ERR(read(u->fd, buf, sizeof(buf))));
	if (!variant->ethernet) {
		EXPECT_EQ(0, ioctl_get(u->fd, TUNGIFHEAD));
		EXPECT_TRUE(fdinfo_value(u->fd, "framing", value, sizeof(value)));
		EXPECT_STREQ("bare", value);
		EXPECT_TRUE(fdinfo_value(u->fd, "dialect", value, sizeof(value)));
		EXPECT_STREQ("linux", value);
	}
	if (!strcmp(u->kind, TAP_KIND)) {
		EXPECT_TRUE(fdinfo_value(u->fd, "keep", value, sizeof(value)));
		EXPECT_STREQ("0", value);
	}
	EXPECT_EQ(0, count_addresses(u->ifindex, AF_INET));
	EXPECT_EQ(0, count_routes(u->ifindex, AF_INET));
	EXPECT_EQ(0, count_addresses(u->ifindex, AF_INET6));
}

TEST_F(fresh, unit_given_again_is_as_new)
{
	int round;

	for (round = 0; round < 3; round++) {
		leave_changes(_metadata, self, variant);
		unit_close(&self->u);
		ASSERT_EQ(0, cloner_open(&self->again, variant->kind, O_NONBLOCK));
		expect_new(_metadata, self, variant);
		self->u.fd = self->again.fd;
	}
}

/* The administrator's wish for the last close that never came. */
TEST_F(fresh, transient_that_was_set_while_closed_is_not_given)
{
	unit_close(&self->u);
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	ASSERT_EQ(0, cloner_open(&self->again, variant->kind, O_NONBLOCK));
	expect_new(_metadata, self, variant);
	unit_close(&self->again);
	EXPECT_TRUE(node_exists(&self->u));
	ASSERT_EQ(0, cloner_open(&self->again, variant->kind, O_NONBLOCK));
	expect_new(_metadata, self, variant);
}

/* A tap that keeps stays up with its addresses, but not for another program. */
TEST_F(fresh, what_keep_keeps_is_not_given)
{
	if (strcmp(variant->kind, TAP_KIND))
		SKIP(return, "tap only");
	leave_changes(_metadata, self, variant);
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	unit_close(&self->u);
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	EXPECT_LT(0, count_addresses(self->u.ifindex, AF_INET));
	ASSERT_EQ(0, cloner_open(&self->again, variant->kind, O_NONBLOCK));
	expect_new(_metadata, self, variant);
}

/* Frames that a closed vmnet has queued are for the program that comes back. */
TEST_F(fresh, frames_queued_while_closed_are_not_given)
{
	if (strcmp(variant->kind, VMNET_KIND))
		SKIP(return, "vmnet only");
	leave_changes(_metadata, self, variant);
	unit_close(&self->u);
	ASSERT_EQ(0, send_numbered(&self->u, self->raw, 2));
	ASSERT_EQ(0, cloner_open(&self->again, variant->kind, O_NONBLOCK));
	expect_new(_metadata, self, variant);
}

TEST_F(fresh, numbered_node_finds_what_was_left)
{
	struct tuninfo info;

	leave_changes(_metadata, self, variant);
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNGIFINFO, &info)));
	EXPECT_EQ(1300, info.mtu);
	EXPECT_EQ(4711, info.baudrate);
	if (!variant->ethernet)
		EXPECT_EQ(1, ioctl_get(self->u.fd, TUNGIFHEAD));
	unit_close(&self->u);
	ASSERT_EQ(0, cloner_open(&self->again, variant->kind, O_NONBLOCK));
	expect_new(_metadata, self, variant);
}

TEST_F(fresh, what_the_administrator_set_stays)
{
	static const unsigned char mac[ETH_ALEN] = { 2, 0, 0, 7, 7, 7 };
	struct link link;

	leave_changes(_metadata, self, variant);
	unit_close(&self->u);
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, link_rename(self->u.ifindex, "mine"));
	if (variant->ethernet)
		ASSERT_EQ(0, link_set_address(self->u.ifindex, mac));
	ASSERT_EQ(0, run_command("tc qdisc add dev mine root pfifo limit 77"));
	ASSERT_EQ(0, run_command("sysctl -qw net.ipv4.conf.mine.proxy_arp=1"));
	ASSERT_EQ(0, cloner_open(&self->again, variant->kind, O_NONBLOCK));
	expect_new(_metadata, self, variant);
	EXPECT_STREQ("mine", self->again.ifname);
	ASSERT_EQ(0, link_get(self->again.ifindex, &link));
	if (variant->ethernet)
		EXPECT_EQ(0, memcmp(mac, link.address, ETH_ALEN));
	EXPECT_EQ(0, run_command("tc qdisc show dev mine | grep -q 'pfifo.*limit 77p'"));
	EXPECT_EQ(0, run_command("[ $(sysctl -n net.ipv4.conf.mine.proxy_arp) = 1 ]"));
}

TEST_F(fresh, moved_to_another_namespace)
{
	int here = netns_open(), there;

	leave_changes(_metadata, self, variant);
	unit_close(&self->u);
	ASSERT_EQ(0, netns_new());
	there = netns_open();
	ASSERT_LE(0, here);
	ASSERT_LE(0, there);
	ASSERT_EQ(0, ERR(setns(here, CLONE_NEWNET)));
	ASSERT_EQ(0, link_set_netns(self->u.ifindex, there));
	ASSERT_EQ(0, ERR(setns(there, CLONE_NEWNET)));
	ASSERT_EQ(0, cloner_open(&self->again, variant->kind, O_NONBLOCK));
	expect_new(_metadata, self, variant);
	close(here);
	close(there);
}

static int take_as_nobody(struct unit *u)
{
	char value[64];
	int err = become_nobody();

	if (!err)
		err = cloner_open(u, u->kind, O_NONBLOCK);
	if (!err && (link_is_up(u->ifindex) || ioctl_get(u->fd, TUNGTRANSIENT) ||
		     count_addresses(u->ifindex, AF_INET) || fionread(u->fd) ||
		     !fdinfo_value(u->fd, "offload", value, sizeof(value)) ||
		     strcmp(value, "none")))
		err = -EPROTO;
	unit_close(u);
	return err;
}

/* Without privilege, a user gets what an administrator would get. */
TEST_F(fresh, user_gets_it_as_new)
{
	char cloner[32];

	if (!variant->ethernet)
		SKIP(return, "user_open is for taps");
	leave_changes(_metadata, self, variant);
	unit_close(&self->u);
	snprintf(cloner, sizeof(cloner), "/dev/%s", variant->kind);
	ASSERT_EQ(0, chmod(cloner, 0666));
	ASSERT_EQ(0, sysctl_set(TAP_KIND, "user_open", "1"));
	EXPECT_EQ(0, run_in_child(take_as_nobody, &self->again));
	ASSERT_EQ(0, cloner_open(&self->again, variant->kind, O_NONBLOCK));
	expect_new(_metadata, self, variant);
}

TEST_HARNESS_MAIN
