// SPDX-License-Identifier: GPL-2.0
/*
 * The link settings of tap and vmnet, and how bonds and bridges rate them, next to Linux's tap.
 */

#include <net/if_tap.h>

#include <linux/if_tun.h>

#include "lib/fixture.h"

#define IFT_ETHER	6

UNIT_FIXTURE(unit);
TUN_VARIANT(unit);

NODE_FIXTURE(ether);
TAP_VARIANT(ether);
VMNET_VARIANT(ether);

/* Opens Linux's own tap. Returns a descriptor, or -errno if the kernel has none. */
static int linux_tap(const char *ifname)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int link_settings(const char *ifname, struct ethtool_link_settings *settings)
{
	struct {
		struct ethtool_link_settings head;
		__u32 masks[3 * SCHAR_MAX];
	} cmd = { .head.cmd = ETHTOOL_GLINKSETTINGS };
	int err = ethtool(ifname, &cmd);

	/* The first call returns the length of the masks. */
	if (!err && cmd.head.link_mode_masks_nwords < 0) {
		cmd.head.cmd = ETHTOOL_GLINKSETTINGS;
		cmd.head.link_mode_masks_nwords = -cmd.head.link_mode_masks_nwords;
		err = ethtool(ifname, &cmd);
	}
	*settings = cmd.head;
	return err;
}

static int set_speed(int fd, int baudrate)
{
	struct tapinfo info = { .baudrate = baudrate, .mtu = 1500, .type = IFT_ETHER };

	return ERR(ioctl(fd, TAPSIFINFO, &info));
}

/* ---- ethtool ------------------------------------------------------------ */

TEST_F(unit, tun_has_no_link_settings)
{
	struct ethtool_link_settings settings;

	EXPECT_EQ(-EOPNOTSUPP, link_settings(self->u.ifname, &settings));
}

TEST_F(ether, link_settings_are_those_of_linux_tap)
{
	struct ethtool_link_settings settings, theirs;
	int tap = linux_tap("linuxtap");

	ASSERT_EQ(0, link_settings(self->u.ifname, &settings));
	EXPECT_EQ(10000, settings.speed);
	EXPECT_EQ(DUPLEX_FULL, settings.duplex);
	EXPECT_EQ(PORT_OTHER, settings.port);
	EXPECT_EQ(AUTONEG_DISABLE, settings.autoneg);
	if (tap < 0)
		return;
	ASSERT_EQ(0, link_settings("linuxtap", &theirs));
	EXPECT_EQ(theirs.speed, settings.speed);
	EXPECT_EQ(theirs.duplex, settings.duplex);
	EXPECT_EQ(theirs.autoneg, settings.autoneg);
	close(tap);
}

TEST_F(ether, link_speed_is_that_of_TAPSIFINFO)
{
	static const struct {
		int baudrate;
		__u32 speed;
	} rows[] = {
		{ 100000000, 100 }, { 1000000000, 1000 }, { INT_MAX, 2147 }, { 1000000, 1 },
		/* Below 1 Mb/s, and what a program that changes the MTU alone stores. */
		{ 999999, 10000 }, { 1000000, 1 }, { 10000000, 10000 }, { 1000000, 1 },
		{ 0, 10000 }, { 1000000, 1 }, { -1, 10000 },
	};
	struct ethtool_link_settings settings;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_EQ(0, set_speed(self->u.fd, rows[i].baudrate));
		ASSERT_EQ(0, link_settings(self->u.ifname, &settings));
		EXPECT_EQ(rows[i].speed, settings.speed)
			TH_LOG("baudrate %d", rows[i].baudrate);
		EXPECT_EQ(DUPLEX_FULL, settings.duplex);
	}
	/* It stays for the next open. */
	ASSERT_EQ(0, set_speed(self->u.fd, 100000000));
	unit_close(&self->u);
	ASSERT_EQ(0, link_settings(self->u.ifname, &settings));
	EXPECT_EQ(100, settings.speed);
}

/* ---- a bridge ----------------------------------------------------------- */

static bool path_cost_is(const char *ifname, const char *cost)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s/brport/path_cost", ifname);
	return file_equals(path, cost);
}

TEST_F(ether, bridge_path_cost_is_that_of_linux_tap)
{
	int tap = linux_tap("linuxtap");

	if (run_command("ip link add br0 type bridge 2>/dev/null && ip link set br0 up"))
		SKIP(return, "no bridge");
	ASSERT_EQ(0, run_command("ip link set %s master br0", self->u.ifname));
	EXPECT_TRUE(path_cost_is(self->u.ifname, "2"));
	if (tap >= 0) {
		ASSERT_EQ(0, run_command("ip link set linuxtap up master br0"));
		EXPECT_TRUE(path_cost_is("linuxtap", "2"));
		close(tap);
	}
	/* A bridge hears of another speed at once. */
	ASSERT_EQ(0, set_speed(self->u.fd, 100000000));
	EXPECT_TRUE(path_cost_is(self->u.ifname, "19"));
	ASSERT_EQ(0, set_speed(self->u.fd, 10000000));
	EXPECT_TRUE(path_cost_is(self->u.ifname, "2"));
}

/* ---- a bond ------------------------------------------------------------- */

#define LACPDU_LEN	124
#define LACP_KEY_AT	26	/* the actor's key, behind headers, priority and system */

/* Waits for a LACPDU at a node. Returns the actor's key, or -1. */
static int lacp_key(int fd)
{
	unsigned char frame[2048];
	ssize_t n;

	while (wait_readable(fd)) {
		n = read(fd, frame, sizeof(frame));
		if (n >= LACPDU_LEN && !memcmp(frame + 12, "\x88\x09\x01\x01", 4))
			return frame[LACP_KEY_AT] << 8 | frame[LACP_KEY_AT + 1];
	}
	return -1;
}

/* Reads LACPDUs until one has this key. */
static bool lacp_key_becomes(int fd, int key)
{
	long long end = now_ms() + TIMEOUT_MS;
	int got;

	do {
		got = lacp_key(fd);
	} while (got != key && got >= 0 && now_ms() < end);
	return got == key;
}

TEST_F_TIMEOUT(ether, bond_sends_LACP_as_on_linux_tap, 120)
{
	int tap = linux_tap("linuxtap"), key;

	if (run_command("ip link add bond7 type bond mode 802.3ad miimon 50 2>/dev/null"))
		SKIP(return, "no bonding");
	ASSERT_EQ(0, run_command("ip link set bond7 type bond lacp_rate fast"));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	ASSERT_EQ(0, run_command("ip link set %s master bond7", self->u.ifname));
	if (tap >= 0)
		ASSERT_EQ(0, run_command("ip link set linuxtap master bond7"));
	ASSERT_EQ(0, run_command("ip link set bond7 up"));
	key = lacp_key(self->u.fd);
	/* 10 Gb/s and full duplex. */
	EXPECT_EQ(15, key);
	EXPECT_EQ(key, lacp_key(self->u.fd));
	if (tap >= 0) {
		EXPECT_EQ(key, lacp_key(tap));
		close(tap);
	}
	/* 100 Mb/s. */
	ASSERT_EQ(0, set_speed(self->u.fd, 100000000));
	EXPECT_TRUE(lacp_key_becomes(self->u.fd, 7));
	ASSERT_EQ(0, run_command("ip link del bond7"));
}

TEST_HARNESS_MAIN
