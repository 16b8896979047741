// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of tap and vmnet only: the type, the "remote" MAC address and VMIO_SIOCSIFFLAGS.
 * Statements B8, B10, B11 and B15. Also built as a 32-bit program.
 */

#include <net/if_tap.h>
#include <net/if_tun.h>
#include <net/if_types.h>

#include "lib/fixture.h"

#define USER_OPEN	"/proc/sys/net/link/tap/user_open"
#define OTHER_MAC	"\x02\x42\x0a\x2a\x00\x09"

FIXTURE(ioctl_ether) {
	struct unit u;
	int fd;
};

FIXTURE_VARIANT(ioctl_ether) {
	const char *kind;
};

TAP_VARIANT(ioctl_ether);
VMNET_VARIANT(ioctl_ether);

FIXTURE_SETUP(ioctl_ether)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
}

FIXTURE_TEARDOWN(ioctl_ether)
{
	sysctl_write(USER_OPEN, "0");
	unit_destroy(&self->u);
}

static const struct tapinfo fresh = {
	.baudrate = 10000000, .mtu = 1500, .type = IFT_ETHER,
};

static bool info_is(int fd, const struct tapinfo *want)
{
	struct tapinfo now;

	memset(&now, 0x55, sizeof(now));
	return !ioctl(fd, TAPGIFINFO, &now) && !memcmp(&now, want, sizeof(now));
}

TEST_F(ioctl_ether, B8_another_type_is_EPROTOTYPE)
{
	struct openbsd_info openbsd = { .mtu = 1200, .baudrate = 1 };
	struct tapinfo info = { .baudrate = 1, .mtu = 1200 };
	int type;

	for (type = 0; type < 256; type++) {
		if (type == IFT_ETHER)
			continue;
		info.type = type;
		openbsd.type = type;
		EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, TAPSIFINFO, &info)))
			TH_LOG("type %d", type);
		EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, bsd_encoding(TAPSIFINFO), &info)));
		EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, OPENBSD_TUNSIFINFO, &openbsd)));
	}
	/* OpenBSD's type has 16 bits. */
	openbsd.type = 0x100 | IFT_ETHER;
	EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, OPENBSD_TUNSIFINFO, &openbsd)));
	/* The type is checked before the MTU. */
	info.mtu = 1;
	info.type = IFT_PPP;
	EXPECT_EQ(-EPROTOTYPE, ERR(ioctl(self->fd, TAPSIFINFO, &info)));
	EXPECT_TRUE(info_is(self->fd, &fresh));
}

/* What net.link.tap.user_open allows a user without capabilities. */
static int use_as_user(struct unit *u)
{
	struct tapinfo info = fresh;
	int err = open_as_nobody(u);

	if (err)
		return err;
	info.baudrate = 115200;
	if (ioctl(u->fd, TAPSIFINFO, &info))
		return -1;	/* an unchanged MTU needs no privilege */
	info.mtu = 1400;
	info.baudrate = 300;
	if (ERR(ioctl(u->fd, TAPSIFINFO, &info)) != -EPERM)
		return -2;
	info.mtu = 1;		/* the privilege is checked first */
	if (ERR(ioctl(u->fd, TAPSIFINFO, &info)) != -EPERM)
		return -3;
	if (ioctl(u->fd, SIOCSIFADDR, OTHER_MAC))
		return -4;
	if (ioctl(u->fd, VMIO_SIOCSIFFLAGS, 0))
		return -5;	/* VMware runs as a user */
	return 0;
}

TEST_F(ioctl_ether, B8_user_may_not_change_the_mtu)
{
	struct tapinfo want = fresh;
	struct link link;

	unit_close(&self->u);
	ASSERT_EQ(0, sysctl_write(USER_OPEN, "1"));
	ASSERT_EQ(0, chmod(self->u.node, 0666));
	EXPECT_EQ(0, run_in_child(use_as_user, &self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	want.baudrate = 115200;
	EXPECT_TRUE(info_is(self->fd, &want));
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_EQ(0, memcmp(self->u.mac, link.address, ETH_ALEN));
}

TEST_F(ioctl_ether, B10_FIONREAD_is_the_length_of_the_first_frame)
{
	static const unsigned int numbers[] = { FIONREAD, BSD_FIONREAD };
	int raw = packet_socket();
	unsigned int i, len;
	char frame[200] = "\xff\xff\xff\xff\xff\xff";

	ASSERT_LE(0, raw);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(0, ioctl_get(self->fd, numbers[i]));
		for (len = 100; len <= 200; len += 100)
			ASSERT_EQ((ssize_t)len, packet_send(raw, self->u.ifindex, ETH_P_LOOPBACK,
							    frame, len));
		for (len = 100; len <= 200; len += 100) {
			EXPECT_EQ(len, ioctl_get(self->fd, numbers[i]));
			ASSERT_EQ(10, read(self->fd, frame, 10));
		}
		EXPECT_EQ(0, ioctl_get(self->fd, numbers[i]));
	}
	close(raw);
}

/* True if the remote MAC address is @mac, and only six bytes are written. */
static bool remote_is(int fd, unsigned int cmd, const void *mac)
{
	unsigned char arg[160], want[160];

	memset(arg, 0x55, sizeof(arg));
	memset(want, 0x55, sizeof(want));
	memcpy(want, mac, ETH_ALEN);
	return !ioctl(fd, cmd, arg) && !memcmp(arg, want, sizeof(arg));
}

TEST_F(ioctl_ether, B11_remote_MAC)
{
	static const unsigned int getters[] = {
		SIOCGIFADDR, 0x8915, 0xc0206921, 0xc020690d, 0xc0906921, 0xc0286921, 0xc028690d,
	};
	static const unsigned int setters[] = {
		SIOCSIFADDR, 0x8916, 0x8020690c, 0x4020690c, 0x8028690c, 0x4028690c,
	};
	unsigned char mac[ETH_ALEN];
	struct link link;
	unsigned int i, k;

	/* Each open sets it to the interface's address. */
	for (k = 0; k < ARRAY_SIZE(getters); k++)
		EXPECT_TRUE(remote_is(self->fd, getters[k], self->u.mac))
			TH_LOG("number %#x", getters[k]);
	for (i = 0; i < ARRAY_SIZE(setters); i++) {
		memcpy(mac, OTHER_MAC, ETH_ALEN);
		mac[5] = i;
		ASSERT_EQ(0, ERR(ioctl(self->fd, setters[i], mac)))
			TH_LOG("number %#x", setters[i]);
		for (k = 0; k < ARRAY_SIZE(getters); k++)
			EXPECT_TRUE(remote_is(self->fd, getters[k], mac))
				TH_LOG("number %#x after %#x", getters[k], setters[i]);
	}
	/* Any value is accepted, and the interface's address does not change. */
	ASSERT_EQ(0, ioctl(self->fd, SIOCSIFADDR, "\xff\xff\xff\xff\xff\xff"));
	EXPECT_TRUE(remote_is(self->fd, SIOCGIFADDR, "\xff\xff\xff\xff\xff\xff"));
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_EQ(0, memcmp(self->u.mac, link.address, ETH_ALEN));

	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_TRUE(remote_is(self->fd, SIOCGIFADDR, self->u.mac));
	/* A change of the interface's address takes effect at the next open. */
	ASSERT_EQ(0, link_set_address(self->u.ifindex, OTHER_MAC));
	EXPECT_TRUE(remote_is(self->fd, SIOCGIFADDR, self->u.mac));
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_TRUE(remote_is(self->fd, SIOCGIFADDR, OTHER_MAC));
}

TEST_F(ioctl_ether, B11_remote_MAC_accesses_six_bytes_only)
{
	const long page = sysconf(_SC_PAGESIZE);
	static const unsigned int getters[] = { SIOCGIFADDR, 0xc0206921, 0xc0906921 };
	static const unsigned int setters[] = { SIOCSIFADDR, 0x8020690c, 0x4028690c };
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
	char *last = map + page - ETH_ALEN;
	unsigned int i;

	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, munmap(map + page, page));
	for (i = 0; i < ARRAY_SIZE(getters); i++) {
		memcpy(last, OTHER_MAC, ETH_ALEN);
		last[5] = i;
		EXPECT_EQ(0, ERR(ioctl(self->fd, setters[i], last)));
		memset(last, 0, ETH_ALEN);
		EXPECT_EQ(0, ERR(ioctl(self->fd, getters[i], last)));
		EXPECT_EQ(0, memcmp(last, OTHER_MAC, ETH_ALEN - 1));
		EXPECT_EQ(i, last[5]);
	}
	munmap(map, page);
}

TEST_F(ioctl_ether, B11_remote_MAC_does_not_affect_the_filter)
{
	struct rtnl_link_stats64 before;
	char frame[60];

	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, ioctl(self->fd, SIOCSIFADDR, OTHER_MAC));
	before = link_stats(self->u.ifindex);
	memset(frame, 0, sizeof(frame));
	build_frame(frame, OTHER_MAC, PEER_MAC, ETH_P_LOOPBACK, NULL, 0);
	EXPECT_EQ(60, write(self->fd, frame, sizeof(frame)));
	EXPECT_EQ(0, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, rx_packets)));
	build_frame(frame, self->u.mac, PEER_MAC, ETH_P_LOOPBACK, NULL, 0);
	EXPECT_EQ(60, write(self->fd, frame, sizeof(frame)));
	EXPECT_EQ(1, link_stat_delta(self->u.ifindex, &before,
				     offsetof(struct rtnl_link_stats64, rx_packets)));
}

TEST_F(ioctl_ether, B15_VMIO_sets_up_and_takes_two_flags)
{
	static const unsigned int numbers[] = {
		VMIO_SIOCSIFFLAGS, 0x20045600, 0x20005600, 0x00005600, 0x00045600,
	};
	static const struct {
		unsigned long arg;
		unsigned int flags;
	} cases[] = {
		{ 0, 0 }, { IFF_DEBUG | IFF_NOARP, IFF_DEBUG | IFF_NOARP },
		{ IFF_NOARP, IFF_NOARP }, { IFF_UP | IFF_DEBUG, IFF_DEBUG }, { IFF_UP, 0 },
		/* Flags of the kernel are ignored, in the encodings of Linux and BSD. */
		{ 0xffffffff, IFF_DEBUG | IFF_NOARP }, { 0x1000, 0 },
		{ IFF_LOOPBACK | IFF_POINTOPOINT | 0x7000, 0 },
	};
	unsigned int promisc, i, k, kept;
	struct link link;

	for (promisc = 0; promisc < 2; promisc++) {
		kept = IFF_BROADCAST | IFF_MULTICAST;
		if (promisc) {
			kept |= IFF_PROMISC | IFF_ALLMULTI;
			ASSERT_EQ(0, link_set_flags(self->u.ifindex, kept, kept));
		}
		for (i = 0; i < ARRAY_SIZE(numbers); i++) {
			for (k = 0; k < ARRAY_SIZE(cases); k++) {
				if (k % 2)
					ASSERT_EQ(0, link_down(self->u.ifindex));
				ASSERT_EQ(0, ERR(ioctl(self->fd, numbers[i], cases[k].arg)))
					TH_LOG("number %#x", numbers[i]);
				ASSERT_EQ(0, link_get(self->u.ifindex, &link));
				EXPECT_EQ(kept | cases[k].flags | IFF_UP,
					  link.flags & 0xffff & ~IFF_RUNNING)
					TH_LOG("number %#x, flags %#lx", numbers[i], cases[k].arg);
			}
		}
	}
}

TEST_F(ioctl_ether, B15_VMIO_clears_keep)
{
	if (!strcmp(variant->kind, TAP_KIND)) {
		ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
		ASSERT_EQ(0, ioctl(self->fd, VMIO_SIOCSIFFLAGS, 0x1000));
		EXPECT_TRUE(unit_attr_is(&self->u, "keep", "0"));
		unit_close(&self->u);
		EXPECT_FALSE(link_is_up(self->u.ifindex));
	} else {
		/* A vmnet always keeps its flags. */
		ASSERT_EQ(0, ioctl(self->fd, VMIO_SIOCSIFFLAGS, 0));
		unit_close(&self->u);
		EXPECT_TRUE(link_is_up(self->u.ifindex));
	}
}

TEST_HARNESS_MAIN
