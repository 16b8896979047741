// SPDX-License-Identifier: GPL-2.0
/* Units that are renamed or moved to another network namespace while they are open. */
#include "lib/test.h"

#define ROUNDS	10

FIXTURE(move) {
	struct unit u;
	int home, first, second;	/* namespaces */
	char buf[4096];
};

FIXTURE_SETUP(move)
{
	self->u.fd = -1;
	self->home = netns_open();
	ASSERT_LE(0, self->home);
	ASSERT_EQ(0, netns_new());
	self->second = netns_open();
	ASSERT_LE(0, self->second);
	ASSERT_EQ(0, netns_new());
	self->first = netns_open();
	ASSERT_LE(0, self->first);
}

FIXTURE_TEARDOWN(move)
{
	unit_destroy(&self->u);
	close(self->first);
	close(self->second);
	close(self->home);
}

TEST_F_TIMEOUT(move, rename_while_open, 60)
{
	char ifr[40], name[IFNAMSIZ];
	int i;

	ASSERT_EQ(0, unit_create_up(&self->u, 0));
	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		ASSERT_EQ(0, link_rename(self->u.ifindex, name));
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, LINUX64_GIFNAME, ifr)));
		EXPECT_STREQ(name, ifr);
		EXPECT_TRUE(node_exists(&self->u));
		EXPECT_TRUE(unit_pings(self->u.fd, i));
	}
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
}

/* By which a udev rule finds the node of an interface. */
TEST_F(move, attribute_unit_stays_after_a_rename)
{
	static const char *const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };
	char number[8];
	unsigned int i;

	ASSERT_EQ(0, sysfs_remount());
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, unit_create_kind(&self->u, kinds[i], NULL));
		snprintf(number, sizeof(number), "%d", self->u.number);
		EXPECT_TRUE(unit_attr_is(&self->u, "unit", number));
		ASSERT_EQ(0, link_rename(self->u.ifindex, "name0"));
		snprintf(self->u.ifname, sizeof(self->u.ifname), "name0");
		EXPECT_TRUE(unit_attr_is(&self->u, "unit", number));
		unit_destroy(&self->u);
	}
}

TEST_F_TIMEOUT(move, move_while_open, 120)
{
	struct sleeper s;
	struct link link;
	char ifr[40], name[IFNAMSIZ];
	int i, udp;

	ASSERT_EQ(0, unit_create_up(&self->u, 0));
	for (i = 0; i < ROUNDS; i++) {
		int target = i % 2 ? self->first : self->second;

		ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s));
		ASSERT_EQ(0, link_set_netns(self->u.ifindex, target));
		ASSERT_EQ(0, setns(target, CLONE_NEWNET));
		self->u.ifindex = if_nametoindex(self->u.ifname);
		ASSERT_NE(0, self->u.ifindex);
		EXPECT_TRUE(node_exists(&self->u));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, link.flags & IFF_UP);
		EXPECT_EQ(1, link.carrier);
		EXPECT_STREQ(TUN_KIND, link.kind);

		snprintf(name, sizeof(name), "moved%d", i);
		ASSERT_EQ(0, link_rename(self->u.ifindex, name));
		memcpy(self->u.ifname, name, sizeof(name));
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, LINUX64_GIFNAME, ifr)));
		EXPECT_STREQ(name, ifr);

		/* The reader still sleeps, and gets the first packet. */
		EXPECT_TRUE(sleeper_asleep(&s));
		ASSERT_EQ(0, addr_add(self->u.ifindex, LOCAL, PEER));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		udp = udp_socket(LOCAL, PORT);
		ASSERT_LE(0, udp);
		ASSERT_EQ(4, udp_send(udp, PEER, PORT, "here", 4));
		close(udp);
		ASSERT_TRUE(sleeper_join(&s));
		EXPECT_EQ((long)IP_UDP_LEN + 4, s.ret);
		EXPECT_TRUE(unit_pings(self->u.fd, i));
	}
}

TEST_F_TIMEOUT(move, deleted_with_its_new_namespace, 120)
{
	struct sleeper s;
	int i, target;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, setns(self->first, CLONE_NEWNET));
		ASSERT_EQ(0, unit_create_up(&self->u, 0));
		ASSERT_EQ(0, netns_new());
		target = netns_open();
		ASSERT_LE(0, target);
		ASSERT_EQ(0, setns(self->first, CLONE_NEWNET));
		ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
		ASSERT_TRUE(sleeper_wait_asleep(&s));
		ASSERT_EQ(0, link_set_netns(self->u.ifindex, target));
		self->u.ifindex = 0;
		close(target);
		ASSERT_TRUE(sleeper_join(&s));
		EXPECT_EQ(-EHOSTDOWN, s.ret);
		EXPECT_TRUE(WAIT_FOR(node_retired(&self->u), TIMEOUT_MS));
		expect_revoked(_metadata, &self->u);
		unit_close(&self->u);
	}
}

TEST_HARNESS_MAIN
