// SPDX-License-Identifier: GPL-2.0
/* Unloading the module: refused while a descriptor is open, otherwise it deletes every unit. */
#include "lib/test.h"

FIXTURE(unload) {
	struct unit u;
};

FIXTURE_SETUP(unload)
{
	if (!module_loaded())
		SKIP(return, "the driver is built in");
	self->u.fd = -1;
	ASSERT_EQ(0, netns_new());
}

/* The next test needs the module. */
FIXTURE_TEARDOWN(unload)
{
	unit_destroy(&self->u);
	if (!module_loaded())
		module_load();
}

TEST_F(unload, refused_while_node_is_open)
{
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	EXPECT_TRUE(node_exists(&self->u));
	EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
}

TEST_F(unload, refused_while_cloner_descriptor_is_open)
{
	static const char *const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, cloner_open(&self->u, kinds[i], 0));
		EXPECT_EQ(-EWOULDBLOCK, module_unload());
		EXPECT_EQ(0, link_del(self->u.ifindex));
		self->u.ifindex = 0;
		EXPECT_EQ(-EWOULDBLOCK, module_unload());
		unit_close(&self->u);
	}
}

TEST_F(unload, refused_while_revoked_descriptor_is_open)
{
	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	EXPECT_EQ(-EHOSTDOWN, ERR(read(self->u.fd, &(char){ 0 }, 1)));
}

TEST_F(unload, refused_while_reader_sleeps)
{
	struct sleeper s;

	ASSERT_EQ(0, unit_create(&self->u, NULL));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	EXPECT_TRUE(sleeper_asleep(&s));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(-EHOSTDOWN, s.ret);
}

/* Units of every state, in any network namespace. */
TEST_F_TIMEOUT(unload, deletes_every_unit, 240)
{
	struct unit closed, up, elsewhere, cloned;
	int i, first, second;

	if (!getenv("BSDTUN_KO"))
		SKIP(return, "BSDTUN_KO does not name the module's file");
	first = netns_open();
	ASSERT_EQ(0, netns_new());
	second = netns_open();
	for (i = 0; i < scaled_rounds(8); i++) {
		ASSERT_EQ(0, setns(first, CLONE_NEWNET));
		ASSERT_EQ(0, unit_create(&closed, NULL));
		ASSERT_EQ(0, unit_create_up(&up, 0));
		unit_close(&up);
		ASSERT_EQ(0, link_up(up.ifindex));
		ASSERT_EQ(0, unit_create(&elsewhere, "elsewhere"));
		ASSERT_EQ(0, link_set_netns(elsewhere.ifindex, second));
		ASSERT_EQ(0, cloner_open(&cloned, i % 2 ? TAP_KIND : VMNET_KIND, 0));
		unit_close(&cloned);

		EXPECT_EQ(0, module_unload());
		EXPECT_FALSE(module_loaded());
		EXPECT_FALSE(node_exists(&closed));
		EXPECT_FALSE(node_exists(&up));
		EXPECT_FALSE(node_exists(&elsewhere));
		EXPECT_FALSE(node_exists(&cloned));
		EXPECT_NE(0, access("/dev/" TUN_KIND, F_OK));
		EXPECT_EQ(0, if_nametoindex(closed.ifname));
		EXPECT_EQ(0, if_nametoindex(up.ifname));
		EXPECT_NE(0, access("/dev/" TUN_KIND "0", F_OK));
		ASSERT_EQ(0, setns(second, CLONE_NEWNET));
		EXPECT_EQ(0, if_nametoindex("elsewhere"));
		ASSERT_EQ(0, module_load());
		EXPECT_EQ(0, access("/dev/" TUN_KIND "0", F_OK));
	}
	close(first);
	close(second);
}

TEST_HARNESS_MAIN
