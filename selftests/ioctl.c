// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls that tun, tap and vmnet have in common: information, debug, GIFNAME, TRANSIENT, owner,
 * and those of every descriptor (FIONBIO, FIOASYNC, FIOSETOWN). Statements A2, A4, A5, A9, A11,
 * A12, A24, B8, B9 and B10. Also built as a 32-bit program.
 */

#include <net/if_tap.h>
#include <net/if_tun.h>
#include <net/if_types.h>

#include "lib/test.h"

FIXTURE(ioctl) {
	struct unit u;
	int fd;
};

FIXTURE_VARIANT(ioctl) {
	const char *kind;
	struct tuninfo fresh;
	unsigned int type;	/* another type that the kind accepts, or the same */
	unsigned int flags;	/* of the interface, in OpenBSD's information */
};

FIXTURE_VARIANT_ADD(ioctl, tun) {
	.kind = TUN_KIND,
	.fresh = { .mtu = TUNMTU, .type = IFT_PPP },
	.type = IFT_TUNNEL,
	.flags = IFF_POINTOPOINT,
};

FIXTURE_VARIANT_ADD(ioctl, tap) {
	.kind = TAP_KIND,
	.fresh = { .baudrate = 10000000, .mtu = 1500, .type = IFT_ETHER },
	.type = IFT_ETHER,
	.flags = IFF_BROADCAST,
};

FIXTURE_VARIANT_ADD(ioctl, vmnet) {
	.kind = VMNET_KIND,
	.fresh = { .baudrate = 10000000, .mtu = 1500, .type = IFT_ETHER },
	.type = IFT_ETHER,
	.flags = IFF_BROADCAST,
};

FIXTURE_SETUP(ioctl)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	self->fd = self->u.fd;
}

FIXTURE_TEARDOWN(ioctl)
{
	/* Shared by all units, so also by the next test. */
	ioctl_set(self->fd, TUNSDEBUG, 0);
	unit_destroy(&self->u);
}

static bool info_is(int fd, const struct tuninfo *want)
{
	struct tuninfo now;

	memset(&now, 0x55, sizeof(now));
	return !ioctl(fd, TUNGIFINFO, &now) && !memcmp(&now, want, sizeof(now));
}

TEST_F(ioctl, A2_B8_info_of_a_new_unit)
{
	EXPECT_TRUE(info_is(self->fd, &variant->fresh));
}

TEST_F(ioctl, A4_B8_info_round_trip)
{
	static const unsigned int setters[] = { TUNSIFINFO, 0x8008745b, 0x4008745b };
	static const unsigned int getters[] = { TUNGIFINFO, 0x4008745c, 0x8008745c };
	struct tuninfo want;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(setters); i++) {
		struct tuninfo in = {
			.baudrate = 9600 + i, .mtu = 1400 + i, .type = variant->type, .dummy = 7,
		};
		struct tuninfo out = { };
		struct link link;

		ASSERT_EQ(0, ERR(ioctl(self->fd, setters[i], &in)));
		ASSERT_EQ(0, ERR(ioctl(self->fd, getters[i], &out)));
		EXPECT_EQ(in.baudrate, out.baudrate);
		EXPECT_EQ(in.mtu, out.mtu);
		EXPECT_EQ(in.type, out.type);
		EXPECT_EQ(0, out.dummy);
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(in.mtu, link.mtu);
	}
	/* The program sees a change by rtnetlink. */
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 9000));
	want = (struct tuninfo){ .baudrate = 9602, .mtu = 9000, .type = variant->type };
	EXPECT_TRUE(info_is(self->fd, &want));
	/* The values survive the close. */
	unit_close(&self->u);
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_TRUE(info_is(self->fd, &want));
}

TEST_F(ioctl, A4_B8_mtu_range)
{
	struct tuninfo info = { .baudrate = 1, .type = variant->fresh.type };
	struct openbsd_info openbsd = { .baudrate = 1, .type = variant->fresh.type };
	static const unsigned int too_small[] = { 0, 71 }, too_big[] = { 65536, 65536 + 1500 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(too_small); i++) {
		info.mtu = too_small[i];
		openbsd.mtu = too_small[i];
		EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, TUNSIFINFO, &info)));
		EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, OPENBSD_TUNSIFINFO, &openbsd)));
	}
	for (i = 0; i < ARRAY_SIZE(too_big); i++) {
		openbsd.mtu = too_big[i];
		EXPECT_EQ(-EINVAL, ERR(ioctl(self->fd, OPENBSD_TUNSIFINFO, &openbsd)));
	}
	/* On an error nothing is stored. */
	EXPECT_TRUE(info_is(self->fd, &variant->fresh));
	info.mtu = 72;
	EXPECT_EQ(0, ERR(ioctl(self->fd, TUNSIFINFO, &info)));
	EXPECT_TRUE(info_is(self->fd, &info));
	info.mtu = 65535;
	info.baudrate = -1;
	EXPECT_EQ(0, ERR(ioctl(self->fd, TUNSIFINFO, &info)));
	EXPECT_TRUE(info_is(self->fd, &info));
}

TEST_F(ioctl, B8_openbsd_info_has_12_bytes)
{
	static const unsigned int setters[] = { OPENBSD_TUNSIFINFO, 0x800c745b };
	static const unsigned int getters[] = { OPENBSD_TUNGIFINFO, 0x400c745c };
	struct openbsd_info in = { .mtu = 1234, .type = variant->type, .baudrate = 4711 };
	struct {
		struct openbsd_info info;
		__u32 behind;
	} out;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(setters); i++) {
		in.mtu++;
		ASSERT_EQ(0, ERR(ioctl(self->fd, setters[i], &in)));
		memset(&out, 0x55, sizeof(out));
		ASSERT_EQ(0, ERR(ioctl(self->fd, getters[i], &out)));
		EXPECT_EQ(in.mtu, out.info.mtu);
		EXPECT_EQ(variant->type, out.info.type);
		EXPECT_EQ(4711, out.info.baudrate);
		EXPECT_EQ(variant->flags | BSD_IFF_MULTICAST, out.info.flags);
		EXPECT_EQ(0x55555555, out.behind);
	}
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, ioctl(self->fd, OPENBSD_TUNGIFINFO, &out));
	EXPECT_EQ(IFF_UP | IFF_RUNNING | variant->flags | BSD_IFF_MULTICAST, out.info.flags);
}

/* Drops its privileges in a thread, because the fixture needs them to clean up. */
struct unprivileged {
	int fd;
	unsigned int type;
	int failed;
};

static void *unprivileged_main(void *arg)
{
	struct unprivileged *me = arg;
	struct tuninfo info;
	int fd = me->fd;

	me->failed = 1;
	if (set_caps(0))
		return NULL;
	me->failed = 2;
	if (ioctl(fd, TUNGIFINFO, &info))
		return NULL;
	me->failed = 0;
	info.baudrate = 115200;
	info.type = me->type;
	if (ioctl(fd, TUNSIFINFO, &info))
		me->failed = 3;	/* an unchanged MTU needs no privilege */
	info.mtu -= 100;
	if (ERR(ioctl(fd, TUNSIFINFO, &info)) != -EPERM)
		me->failed = 4;
	info.mtu = 1;		/* the privilege is checked first */
	if (ERR(ioctl(fd, TUNSIFINFO, &info)) != -EPERM)
		me->failed = 5;
	return NULL;
}

TEST_F(ioctl, changing_the_mtu_needs_CAP_NET_ADMIN)
{
	struct unprivileged it = { .fd = self->fd, .type = variant->type };
	struct tuninfo want = variant->fresh;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, unprivileged_main, &it));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, it.failed);
	want.baudrate = 115200;
	want.type = variant->type;
	EXPECT_TRUE(info_is(self->fd, &want));
}

/* One debug level for all units of all kinds, and for the sysctls. */
TEST_F(ioctl, A5_debug_level_is_shared)
{
	static const char *const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct unit other;

		ASSERT_EQ(0, unit_create_kind(&other, kinds[i], NULL));
		ASSERT_EQ(0, unit_open(&other, 0));
		EXPECT_EQ(0, ioctl_get(self->fd, TUNGDEBUG));
		ASSERT_EQ(0, ioctl_set(self->fd, TUNSDEBUG, 3));
		EXPECT_EQ(3, ioctl_get(self->fd, TUNGDEBUG));
		EXPECT_EQ(3, ioctl_get(self->fd, bsd_encoding(TUNGDEBUG)));
		EXPECT_EQ(3, ioctl_get(other.fd, TUNGDEBUG));
		EXPECT_EQ(3, ioctl_get(other.fd, bsd_encoding(TUNGDEBUG)));
		EXPECT_TRUE(sysctl_equals("/proc/sys/net/link/tun/debug", "3"));
		EXPECT_TRUE(sysctl_equals("/proc/sys/net/link/tap/debug", "3"));
		EXPECT_TRUE(file_equals("/proc/sys/debug/if_tun_debug", "3"));
		ASSERT_EQ(0, write_file("/proc/sys/debug/if_tun_debug", "-5"));
		EXPECT_EQ(-5, ioctl_get(self->fd, TUNGDEBUG));
		ASSERT_EQ(0, sysctl_write("/proc/sys/net/link/tap/debug", "-6"));
		EXPECT_EQ(-6, ioctl_get(other.fd, TUNGDEBUG));
		ASSERT_EQ(0, ioctl_set(other.fd, bsd_encoding(TUNSDEBUG), 0));
		EXPECT_TRUE(sysctl_equals("/proc/sys/net/link/tun/debug", "0"));
		EXPECT_EQ(0, ioctl_get(self->fd, TUNGDEBUG));
		unit_destroy(&other);
	}
}

TEST_F(ioctl, B9_GIFNAME_returns_the_current_name)
{
	static const unsigned int numbers[] = {
		TUNGIFNAME,
		0x4020745d, 0x8020745d, 0x4028745d, 0x8028745d, 0x4090745d, 0x8090745d,
		0x40207462, 0x80207462,
		/* NetBSD's, of tap and vmnet only */
		0x40206500, 0x80206500, 0x40286500, 0x80286500, 0x40906500, 0x80906500,
	};
	unsigned int n = ARRAY_SIZE(numbers) - (strcmp(variant->kind, TUN_KIND) ? 0 : 6);
	const char *name = self->u.ifname;
	unsigned int i, round, at;
	char ifr[160];

	for (round = 0; round < 2; round++) {
		for (i = 0; i < n; i++) {
			memset(ifr, 0x55, sizeof(ifr));
			ASSERT_EQ(0, ERR(ioctl(self->fd, numbers[i], ifr)))
				TH_LOG("number %#x", numbers[i]);
			EXPECT_STREQ(name, ifr);
			for (at = strlen(name); at < IFNAMSIZ; at++)
				EXPECT_EQ(0, ifr[at]);
			for (; at < sizeof(ifr); at++)
				EXPECT_EQ(0x55, ifr[at])
					TH_LOG("number %#x, byte %u", numbers[i], at);
		}
		name = "fifteen_letters";
		ASSERT_EQ(0, link_rename(self->u.ifindex, name));
	}
}

TEST_F(ioctl, A9_B10_FIONBIO)
{
	static const unsigned int numbers[] = { FIONBIO, BSD_FIONBIO };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		ASSERT_EQ(0, ioctl_set(self->fd, numbers[i], 0));
		EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & O_NONBLOCK);
		ASSERT_EQ(0, ioctl_set(self->fd, numbers[i], 1));
		EXPECT_NE(0, fcntl(self->fd, F_GETFL) & O_NONBLOCK);
		EXPECT_EQ(-EAGAIN, ERR(read(self->fd, &(char){ 0 }, 1)));
	}
}

/* Close-on-exec belongs to the descriptor, so the kernel serves Linux's numbers itself. */
TEST_F(ioctl, FIOCLEX_by_linux_numbers_only)
{
	static const unsigned int bsd[] = { BSD_FIOCLEX, BSD_FIONCLEX };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, ERR(ioctl(self->fd, i ? FIOCLEX : FIONCLEX)));
		EXPECT_EQ(i ? FD_CLOEXEC : 0, fcntl(self->fd, F_GETFD));
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->fd, bsd[0])));
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->fd, bsd[1])));
		EXPECT_EQ(i ? FD_CLOEXEC : 0, fcntl(self->fd, F_GETFD));
	}
}

TEST_F(ioctl, A11_B10_owner_of_SIGIO)
{
	static const unsigned int setown[] = { 0x8901, BSD_FIOSETOWN, 0x8902 };
	static const unsigned int getown[] = { 0x8903, BSD_FIOGETOWN, 0x8904 };
	static const unsigned int spgrp[] = { TIOCSPGRP, BSD_TIOCSPGRP };
	static const unsigned int gpgrp[] = { TIOCGPGRP, BSD_TIOCGPGRP };
	int pid = getpid(), group = getpgrp();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(setown); i++) {
		EXPECT_EQ(0, ioctl_get(self->fd, getown[i]));
		ASSERT_EQ(0, ioctl_set(self->fd, setown[i], pid));
		EXPECT_EQ(pid, ioctl_get(self->fd, getown[i]));
		EXPECT_EQ(pid, fcntl(self->fd, F_GETOWN));
		EXPECT_EQ(-pid, ioctl_get(self->fd, TIOCGPGRP));
		ASSERT_EQ(0, ioctl_set(self->fd, setown[i], -group));
		EXPECT_EQ(-group, ioctl_get(self->fd, getown[i]));
		ASSERT_EQ(0, ioctl_set(self->fd, setown[i], 0));
		EXPECT_EQ(0, ioctl_get(self->fd, getown[i]));
	}
	for (i = 0; i < ARRAY_SIZE(spgrp); i++) {
		ASSERT_EQ(0, ioctl_set(self->fd, spgrp[i], group));
		EXPECT_EQ(group, ioctl_get(self->fd, gpgrp[i]));
		EXPECT_EQ(-group, ioctl_get(self->fd, BSD_FIOGETOWN));
	}
	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN, pid));
	EXPECT_EQ(pid, ioctl_get(self->fd, BSD_FIOGETOWN));
	EXPECT_EQ(-ESRCH, ioctl_set(self->fd, BSD_FIOSETOWN, 0x3fffffff));
	EXPECT_EQ(-EINVAL, ioctl_set(self->fd, BSD_FIOSETOWN, INT_MIN));
	EXPECT_EQ(-EINVAL, ioctl_set(self->fd, BSD_TIOCSPGRP, INT_MIN));
	EXPECT_EQ(pid, ioctl_get(self->fd, BSD_FIOGETOWN));
}

TEST_F(ioctl, A12_B10_FIOASYNC)
{
	static const unsigned int numbers[] = { FIOASYNC, BSD_FIOASYNC };
	char packet[64] = "\xff\xff\xff\xff\xff\xff";
	int raw = packet_socket();
	siginfo_t info;
	unsigned int i;
	size_t len;

	/* A frame of Ethernet needs nothing but its destination. */
	len = strcmp(variant->kind, TUN_KIND) ? sizeof(packet) :
	      build_udp(packet, LOCAL, PEER, 1, 2, "sig", 3);
	ASSERT_LE(0, raw);
	block_signal(SIGIO);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		/* Without an owner there is no signal. */
		ASSERT_EQ(0, ioctl_set(self->fd, numbers[i], 1));
		EXPECT_NE(0, fcntl(self->fd, F_GETFL) & O_ASYNC);
		packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len);
		EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGIO, &info, QUIET_MS)));
		/* The owner is the process, then its process group. */
		ASSERT_EQ(0, ioctl_set(self->fd, BSD_FIOSETOWN, getpid()));
		packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len);
		EXPECT_EQ(SIGIO, wait_signal(SIGIO, &info, TIMEOUT_MS));
		ASSERT_EQ(0, setpgid(0, 0));
		ASSERT_EQ(0, ioctl_set(self->fd, BSD_TIOCSPGRP, getpgrp()));
		packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len);
		EXPECT_EQ(SIGIO, wait_signal(SIGIO, &info, TIMEOUT_MS));
		ASSERT_EQ(0, ioctl_set(self->fd, numbers[i], 0));
		EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & O_ASYNC);
		packet_send(raw, self->u.ifindex, ETH_P_IP, packet, len);
		EXPECT_EQ(-EAGAIN, ERR(wait_signal(SIGIO, &info, QUIET_MS)));
		ASSERT_EQ(0, ioctl_set(self->fd, BSD_FIOSETOWN, 0));
	}
	close(raw);
}

TEST_F(ioctl, A24_owner_is_the_opener_until_the_last_close)
{
	char mine[16];

	snprintf(mine, sizeof(mine), "%d", getpid());
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", mine));
	unit_close(&self->u);
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", "0"));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", mine));
}

TEST_F(ioctl, TRANSIENT_deletes_the_unit_at_the_last_close)
{
	struct link link;
	int other;

	EXPECT_EQ(0, ioctl_get(self->fd, TUNGTRANSIENT));
	ASSERT_EQ(0, ioctl_set(self->fd, bsd_encoding(TUNSTRANSIENT), 5));
	EXPECT_EQ(1, ioctl_get(self->fd, TUNGTRANSIENT));
	ASSERT_EQ(0, ioctl_set(self->fd, TUNSTRANSIENT, 0));
	EXPECT_EQ(0, ioctl_get(self->fd, TUNGTRANSIENT));
	ASSERT_EQ(0, ioctl_set(self->fd, TUNSTRANSIENT, -1));
	EXPECT_EQ(1, ioctl_get(self->fd, TUNGTRANSIENT));
	EXPECT_EQ(1, ioctl_get(self->fd, bsd_encoding(TUNGTRANSIENT)));
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "1"));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	other = dup(self->fd);
	ASSERT_LE(0, other);
	unit_close(&self->u);
	EXPECT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_TRUE(node_exists(&self->u));
	close(other);
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &link));
	EXPECT_FALSE(node_exists(&self->u));
	self->u.ifindex = 0;
}

TEST_F(ioctl, TRANSIENT_can_be_cleared)
{
	static const char *const not_bool[] = NOT_BOOL;
	struct link link;
	unsigned int i;

	ASSERT_EQ(0, ioctl_set(self->fd, bsd_encoding(TUNSTRANSIENT), 1));
	ASSERT_EQ(0, ioctl_set(self->fd, TUNSTRANSIENT, 0));
	unit_close(&self->u);
	EXPECT_EQ(0, link_get(self->u.ifindex, &link));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	self->fd = self->u.fd;
	EXPECT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	EXPECT_EQ(1, ioctl_get(self->fd, TUNGTRANSIENT));
	for (i = 0; i < ARRAY_SIZE(not_bool); i++) {
		EXPECT_EQ(-EINVAL, unit_attr_set(&self->u, "transient", not_bool[i]))
			TH_LOG("word %u", i);
		EXPECT_EQ(1, ioctl_get(self->fd, TUNGTRANSIENT));
	}
	/* As echo writes it. */
	EXPECT_EQ(0, unit_attr_set(&self->u, "transient", "0\n"));
	EXPECT_EQ(0, ioctl_get(self->fd, TUNGTRANSIENT));
}

/* Repeated, so that kmemleak finds a leak. */
TEST_F_TIMEOUT(ioctl, TRANSIENT_many_times, 120)
{
	int i;

	for (i = 0; i < 20; i++) {
		struct unit u;

		ASSERT_EQ(0, unit_create_kind(&u, variant->kind, NULL));
		ASSERT_EQ(0, unit_open(&u, 0));
		ASSERT_EQ(0, ioctl_set(u.fd, TUNSTRANSIENT, 1));
		ASSERT_EQ(0, link_up(u.ifindex));
		unit_close(&u);
		ASSERT_FALSE(node_exists(&u));
	}
}

TEST_HARNESS_MAIN
