// SPDX-License-Identifier: GPL-2.0
/*
 * A unit of each kind: its interface, its number, the names of interface and node, and what open
 * and close change in the interface. Statements A2, A3, A23 and B1.
 */

#include "lib/fixture.h"

UNIT_FIXTURE(unit);
TUN_VARIANT(unit);
TAP_VARIANT(unit);
VMNET_VARIANT(unit);

/* The kinds that have a unit from the load of the module on. */
UNIT_FIXTURE(loaded);
TUN_VARIANT(loaded);
TAP_VARIANT(loaded);

static bool is_tun(const struct unit *u)
{
	return !strcmp(u->kind, TUN_KIND);
}

static bool is_vmnet(const struct unit *u)
{
	return !strcmp(u->kind, VMNET_KIND);
}

/* ---- the interface ------------------------------------------------------ */

TEST_F(unit, A2_new_interface)
{
	unsigned int flags = IFF_MULTICAST;
	struct link link;

	flags |= is_tun(&self->u) ? IFF_POINTOPOINT | IFF_NOARP : IFF_BROADCAST;
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_STREQ(variant->kind, link.kind);
	EXPECT_EQ(is_tun(&self->u) ? ARPHRD_NONE : ARPHRD_ETHER, link.type);
	EXPECT_EQ(flags, link.flags & (IFF_UP | IFF_BROADCAST | IFF_LOOPBACK | IFF_POINTOPOINT |
				       IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI | IFF_MULTICAST));
	EXPECT_EQ(1500, link.mtu);
	EXPECT_EQ(500, link.txqlen);
	EXPECT_EQ(0, link.carrier);
	EXPECT_EQ(0, link.promiscuity);
	if (!is_tun(&self->u))
		EXPECT_EQ(0, memcmp("\xff\xff\xff\xff\xff\xff", link.broadcast, ETH_ALEN));
	EXPECT_EQ(0, link.stats.rx_packets);
	EXPECT_EQ(0, link.stats.tx_packets);
	EXPECT_EQ(0, link.stats.tx_dropped);
}

TEST_F(unit, mtu_from_72_to_65535)
{
	static const unsigned int good[] = { 72, 1280, 9000, 65521, 65535 };
	static const unsigned int bad[] = { 0, 68, 71, 65536, 1 << 20 };
	struct link link;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, link_set_mtu(self->u.ifindex, good[i]));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(good[i], link.mtu);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, link_set_mtu(self->u.ifindex, bad[i]))
			TH_LOG("MTU %u", bad[i]);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(65535, link.mtu);
	}
}

TEST_F(unit, ethtool_reports_driver_and_node)
{
	struct ethtool_drvinfo info;
	char name[IFNAMSIZ];

	ASSERT_EQ(0, ethtool_drvinfo(self->u.ifname, &info));
	EXPECT_STREQ("bsdtun", info.driver);
	snprintf(name, sizeof(name), "%s%d", variant->kind, self->u.number);
	EXPECT_STREQ(name, info.bus_info);
}

/* ---- numbers and names -------------------------------------------------- */

TEST_F(unit, interface_and_node_have_the_number)
{
	char name[IFNAMSIZ];
	struct stat st;

	snprintf(name, sizeof(name), "%s%d", variant->kind, self->u.number);
	EXPECT_STREQ(name, self->u.ifname);
	ASSERT_EQ(0, stat(self->u.node, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
}

TEST_F(loaded, unit_0_exists_from_the_load)
{
	char name[IFNAMSIZ], node[32];
	struct stat st;

	snprintf(name, sizeof(name), "%s0", variant->kind);
	snprintf(node, sizeof(node), "/dev/%s", name);
	ASSERT_EQ(0, stat(node, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_LT(0, self->u.number);
	EXPECT_EQ(-EEXIST, link_add(variant->kind, name, NULL));
}

TEST_F(unit, B1_other_name_gets_the_lowest_free_number)
{
	struct unit foo, again;
	int number;

	ASSERT_EQ(0, unit_create_kind(&foo, variant->kind, "foo"));
	EXPECT_STREQ("foo", foo.ifname);
	EXPECT_NE(self->u.number, foo.number);
	EXPECT_TRUE(node_exists(&foo));
	ASSERT_EQ(0, link_rename(foo.ifindex, "bar"));
	EXPECT_TRUE(node_exists(&foo));
	number = foo.number;
	unit_destroy(&foo);
	EXPECT_FALSE(node_exists(&foo));
	ASSERT_EQ(0, unit_create_kind(&again, variant->kind, NULL));
	EXPECT_EQ(number, again.number);
	unit_destroy(&again);

	/* The lowest free number may be below others. */
	ASSERT_EQ(0, unit_create_kind(&foo, variant->kind, "foo"));
	number = self->u.number;
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	ASSERT_EQ(0, unit_create_kind(&again, variant->kind, NULL));
	EXPECT_EQ(number, again.number);
	unit_destroy(&again);
	unit_destroy(&foo);
}

TEST_F(unit, existing_unit_is_EEXIST)
{
	struct link link;

	EXPECT_EQ(-EEXIST, link_add(variant->kind, self->u.ifname, &link));
	/* The number of the unit counts, not the present name of its interface. */
	ASSERT_EQ(0, link_rename(self->u.ifindex, "elsewhere"));
	EXPECT_EQ(-EEXIST, link_add(variant->kind, self->u.ifname, &link));
	/* Numbers are global: another network namespace does not help. */
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(-EEXIST, link_add(variant->kind, self->u.ifname, &link));
	EXPECT_TRUE(node_exists(&self->u));
}

TEST_F(unit, numbers_end_at_32767)
{
	static const char * const bad[] = { "32768", "65536", "99999", "999999999" };
	char name[2 * IFNAMSIZ], text[256];
	struct nl_request req;
	struct unit last;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int fd = nl_open();

		ASSERT_LE(0, fd);
		snprintf(name, sizeof(name), "%s%s", variant->kind, bad[i]);
		/* Too long for an interface name with the name of vmnet. */
		if (strlen(name) >= IFNAMSIZ)
			name[IFNAMSIZ - 1] = '\0';
		text[0] = '\0';
		nl_link_add(&req, name, variant->kind);
		ASSERT_EQ(0, nl_send(fd, &req));
		EXPECT_EQ(-EINVAL, nl_recv_ack(fd, NULL, text, sizeof(text)))
			TH_LOG("for %s", name);
		EXPECT_NE('\0', text[0])
			TH_LOG("no message for %s", name);
		EXPECT_EQ(0, if_nametoindex(name));
		close(fd);
	}
	snprintf(name, sizeof(name), "%s32767", variant->kind);
	ASSERT_EQ(0, unit_create_kind(&last, variant->kind, name));
	EXPECT_EQ(32767, last.number);
	EXPECT_TRUE(node_exists(&last));
	unit_destroy(&last);
	EXPECT_FALSE(node_exists(&last));
}

TEST(B1_each_kind_has_its_own_numbers)
{
	static const char * const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };
	struct unit u[ARRAY_SIZE(kinds)];
	char name[IFNAMSIZ];
	unsigned int i;

	ASSERT_EQ(0, netns_new());
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(name, sizeof(name), "%s31007", kinds[i]);
		ASSERT_EQ(0, unit_create_kind(&u[i], kinds[i], name));
		EXPECT_EQ(31007, u[i].number);
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		EXPECT_EQ(0, unit_open(&u[i], 0));
	/* Destroying a unit does not affect those of the other kinds. */
	unit_destroy(&u[1]);
	EXPECT_FALSE(node_exists(&u[1]));
	EXPECT_TRUE(node_exists(&u[0]));
	EXPECT_TRUE(node_exists(&u[2]));
	EXPECT_EQ(0, fionread(u[0].fd));
	EXPECT_EQ(0, fionread(u[2].fd));
	/* The number in a name of another kind has no meaning. */
	ASSERT_EQ(0, unit_create_kind(&u[1], TAP_KIND, TUN_KIND "31008"));
	EXPECT_NE(31008, u[1].number);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		unit_destroy(&u[i]);
}

TEST_F(unit, B1_unit_exists_until_destroyed)
{
	struct link link;
	int i;

	EXPECT_EQ(-EEXIST, link_add(variant->kind, self->u.ifname, &link));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, unit_open(&self->u, 0));
		unit_close(&self->u);
		EXPECT_TRUE(node_exists(&self->u));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_STREQ(self->u.ifname, link.name);
	}
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	EXPECT_FALSE(node_exists(&self->u));
	EXPECT_EQ(-ENOENT, unit_open(&self->u, 0));
	EXPECT_EQ(0, if_nametoindex(self->u.ifname));
}

/* Scripts need no sleep: task work runs before the caller returns to user space. */
TEST_F(unit, node_changes_before_sendmsg_returns)
{
	struct nl_request req;
	struct link link;
	struct unit u = { .kind = variant->kind, .fd = -1 };
	int fd = nl_open();
	int i;

	ASSERT_LE(0, fd);
	snprintf(u.ifname, sizeof(u.ifname), "%s32001", variant->kind);
	snprintf(u.node, sizeof(u.node), "/dev/%s", u.ifname);
	for (i = 0; i < 20; i++) {
		bool exists, deleted;

		nl_link_add(&req, u.ifname, variant->kind);
		ASSERT_EQ(0, nl_send(fd, &req));
		exists = node_exists(&u);
		ASSERT_EQ(0, nl_recv_ack(fd, &link, NULL, 0));
		EXPECT_TRUE(exists);
		ASSERT_EQ(0, unit_open(&u, 0));
		unit_close(&u);

		nl_link_del(&req, link.ifindex);
		ASSERT_EQ(0, nl_send(fd, &req));
		deleted = !node_exists(&u);
		ASSERT_EQ(0, nl_recv_ack(fd, NULL, NULL, 0));
		EXPECT_TRUE(deleted);
	}
	close(fd);
}

TEST_F(unit, node_keeps_its_name_when_the_interface_is_renamed)
{
	struct ethtool_drvinfo info;
	char name[IFNAMSIZ];

	ASSERT_EQ(0, link_rename(self->u.ifindex, "vpn"));
	EXPECT_TRUE(node_exists(&self->u));
	ASSERT_EQ(0, ethtool_drvinfo("vpn", &info));
	snprintf(name, sizeof(name), "%s%d", variant->kind, self->u.number);
	EXPECT_STREQ(name, info.bus_info);
	ASSERT_EQ(0, unit_open(&self->u, 0));
}

/* EHOSTDOWN, which the manual pages promise, is for an interface that is gone. */
TEST_F(unit, B16_read_of_an_interface_that_is_not_ready_waits)
{
	struct sleeper s;
	char buf[64];

	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, buf, sizeof(buf))));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, buf, sizeof(buf))));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, buf, sizeof(buf))));

	ASSERT_EQ(0, fcntl(self->u.fd, F_SETFL, 0));
	ASSERT_EQ(0, sleeper_start(&s, SLEEP_READ, self->u.fd));
	ASSERT_TRUE(sleeper_wait_asleep(&s));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	ASSERT_TRUE(sleeper_join(&s));
	EXPECT_EQ(-EHOSTDOWN, s.ret);
}

/* The argument that differs from the BSDs', where ifr_data points at the name. */
TEST_F(unit, SIOCSIFNAME_takes_the_name_itself)
{
	struct ifreq ifr = { };
	int fd;

	memcpy(ifr.ifr_name, self->u.ifname, IFNAMSIZ);
	memcpy(ifr.ifr_newname, "fifteen_letters", IFNAMSIZ);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ERR(ioctl(fd, SIOCSIFNAME, &ifr)));
	close(fd);
	EXPECT_EQ(self->u.ifindex, (int)if_nametoindex("fifteen_letters"));
	EXPECT_EQ(0, if_nametoindex(self->u.ifname));
	EXPECT_TRUE(node_exists(&self->u));
}

/* ---- what open and close change ----------------------------------------- */

static __u32 ethtool_link(const struct unit *u)
{
	struct ethtool_value val = { .cmd = ETHTOOL_GLINK, .data = 7 };

	return ethtool(u->ifname, &val) ? 7 : val.data;
}

TEST_F(unit, carrier_follows_the_open)
{
	bool stays = is_vmnet(&self->u);
	int i, up;

	for (up = 0; up < 2; up++) {
		if (up)
			ASSERT_EQ(0, link_up(self->u.ifindex));
		for (i = 0; i < 3; i++) {
			/* A vmnet keeps its carrier once it was opened. */
			EXPECT_EQ(stays && (up || i), link_carrier(self->u.ifindex));
			EXPECT_EQ(stays && up, ethtool_link(&self->u));
			ASSERT_EQ(0, unit_open(&self->u, 0));
			EXPECT_EQ(1, link_carrier(self->u.ifindex));
			if (up && i) {
				/* The last close set tun and tap down. */
				EXPECT_EQ(stays, link_is_up(self->u.ifindex));
				ASSERT_EQ(0, link_up(self->u.ifindex));
			}
			EXPECT_EQ(up, ethtool_link(&self->u));
			unit_close(&self->u);
			EXPECT_EQ(stays, link_carrier(self->u.ifindex));
		}
	}
}

/* SIOCGIFFLAGS, which BSD programs use: with UP, without UP, or gone while the unit is closed. */
static unsigned int up_and_running(const struct unit *u)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { };
	int err;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", u->ifname);
	err = ERR(ioctl(fd, SIOCGIFFLAGS, &ifr));
	close(fd);
	return err ? -1 : ifr.ifr_flags & (IFF_UP | IFF_RUNNING);
}

TEST_F(unit, A3_A23_RUNNING_while_open_and_up)
{
	const unsigned int both = IFF_UP | IFF_RUNNING;
	bool stays = is_vmnet(&self->u);
	int round;

	EXPECT_EQ(0, up_and_running(&self->u));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	/* The stack computes the flag from the carrier a moment later. */
	EXPECT_TRUE(WAIT_FOR(up_and_running(&self->u) == IFF_UP, TIMEOUT_MS));
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(0, unit_open(&self->u, 0));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_TRUE(WAIT_FOR(up_and_running(&self->u) == both, TIMEOUT_MS));
		ASSERT_EQ(0, link_down(self->u.ifindex));
		EXPECT_EQ(0, up_and_running(&self->u));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_TRUE(WAIT_FOR(up_and_running(&self->u) == both, TIMEOUT_MS));
		unit_close(&self->u);
		/* A vmnet stays up with its carrier. */
		EXPECT_EQ(stays ? both : 0, up_and_running(&self->u));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_TRUE(WAIT_FOR(up_and_running(&self->u) == (stays ? both : IFF_UP),
				     TIMEOUT_MS));
	}
}

TEST_F(unit, open_changes_only_the_carrier)
{
	struct link before, after;

	ASSERT_EQ(0, link_get(self->u.ifindex, &before));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, link_get(self->u.ifindex, &after));
	EXPECT_EQ(before.flags & 0xffff, after.flags & 0xffff);
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

/* The node is opened after the interface went up: packets flow as soon as open() returns. */
TEST_F(unit, open_after_up)
{
	int raw = packet_socket(), i;

	ASSERT_LE(0, raw);
	/* The stack notices the carrier a moment later, so one round may pass by chance. */
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, link_up(self->u.ifindex));
		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		EXPECT_EQ(0, send_numbered(&self->u, raw, i));
		EXPECT_EQ(i, read_numbered(&self->u));
		EXPECT_TRUE(link_is_up(self->u.ifindex));
		unit_close(&self->u);
	}
	close(raw);
}

TEST_HARNESS_MAIN
