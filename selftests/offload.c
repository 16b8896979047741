// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of the offload headers: TAPSVNETHDR and its getters, TUNSCAP, TUNGCAP and TUNDCAP;
 * values, numbers of both encodings, errors, and the end of a header. Also built as a 32-bit
 * program.
 */
#include "lib/fixture.h"
#include "lib/offload.h"

#include <net/if_tap.h>
#include <net/if_tun.h>
#include <linux/if_bsdtun.h>
#include <openbsd/net/if_tun_hdr.h>

UNIT_FIXTURE(unit);
TUN_VARIANT(unit);
TAP_VARIANT(unit);
VMNET_VARIANT(unit);

UNIT_FIXTURE(ether);
TAP_VARIANT(ether);
VMNET_VARIANT(ether);

UNIT_FIXTURE(tap);
TAP_VARIANT(tap);

UNIT_FIXTURE(tun);
TUN_VARIANT(tun);

#define OPEN()	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK))

/* The length of the virtio header, or -errno. */
static int vnet_len(const struct unit *u)
{
	return ioctl_get(u->fd, link_header_len(u) ? TAPGVNETHDR : BSDTUNGVNETHDR);
}

/* Sets one of the headers. */
static int set_header(const struct unit *u, int which)
{
	switch (which) {
	case 0:
		return ioctl_set(u->fd, TUNSCAP, IFCAP_CSUM_TCPv4);
	default:
		return ioctl_set(u->fd, TAPSVNETHDR, which);
	}
}

static const int headers[] = { 0, 10, 12 };

static void expect_no_header(struct __test_metadata *_metadata, const struct unit *u)
{
	char value[64];

	EXPECT_EQ(0, vnet_len(u));
	EXPECT_EQ(-ENODEV, ioctl_get(u->fd, TUNGCAP));
	EXPECT_TRUE(fdinfo_value(u->fd, "offload", value, sizeof(value)));
	EXPECT_STREQ("none", value);
}

TEST_F(unit, virtio_header_has_0_10_or_12_bytes)
{
	static const int valid[] = { 0, 10, 12, 0, 12, 10, 10, 0 };
	static const int invalid[] = {
		1, 2, 8, 9, 11, 13, 20, 24, 255, 256 + 10, 65536 + 12, -1, -10, INT_MAX, INT_MIN,
	};
	const unsigned int setters[] = { TAPSVNETHDR, bsd_encoding(TAPSVNETHDR) };
	const unsigned int getter = link_header_len(&self->u) ? TAPGVNETHDR : BSDTUNGVNETHDR;
	unsigned int i, j;

	OPEN();
	expect_no_header(_metadata, &self->u);
	for (i = 0; i < 2 * ARRAY_SIZE(valid); i++) {
		const int want = valid[i / 2];

		/* Also up. */
		if (i == ARRAY_SIZE(valid))
			ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_EQ(0, ioctl_set(self->u.fd, setters[i % 2], want));
		EXPECT_EQ(want, ioctl_get(self->u.fd, getter));
		EXPECT_EQ(want, ioctl_get(self->u.fd, bsd_encoding(getter)));
		for (j = 0; j < ARRAY_SIZE(invalid); j++)
			EXPECT_EQ(-EINVAL, ioctl_set(self->u.fd, setters[j % 2], invalid[j]));
		EXPECT_EQ(want, ioctl_get(self->u.fd, getter));
	}
}

/* In one encoding the number of TUNSIFMODE, in the other that of TAPGVNETHDR. */
TEST_F(unit, number_94_by_kind)
{
	static const unsigned int numbers[] = { 0x4004745e, 0x8004745e };
	unsigned int i;
	int value;

	OPEN();
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 12));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		value = IFF_BROADCAST;
		EXPECT_EQ(0, ERR(ioctl(self->u.fd, numbers[i], &value)));
		EXPECT_EQ(link_header_len(&self->u) ? 12 : IFF_BROADCAST, value);
		/* No mode of a tun. */
		value = 10;
		EXPECT_EQ(link_header_len(&self->u) ? 0 : -EINVAL,
			  ERR(ioctl(self->u.fd, numbers[i], &value)));
		EXPECT_EQ(link_header_len(&self->u) ? 12 : 10, value);
	}
	EXPECT_EQ(12, vnet_len(&self->u));
}

TEST_F(unit, each_capability)
{
	unsigned int caps = 0, bit;

	OPEN();
	ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, 0));
	EXPECT_EQ(0, ioctl_get(self->u.fd, TUNGCAP));
	for (bit = 0; bit < 32; bit++) {
		const unsigned int cap = 1u << bit;

		if (cap & OFFLOAD_CAPS_ALL) {
			EXPECT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, cap));
			caps = cap;
		} else {
			EXPECT_EQ(-EINVAL, ioctl_set(self->u.fd, TUNSCAP, cap));
			EXPECT_EQ(-EINVAL, ioctl_set(self->u.fd, TUNSCAP, cap | OFFLOAD_CAPS_ALL));
		}
		/* They replace what was set before; an error changes nothing. */
		EXPECT_EQ(caps, ioctl_get(self->u.fd, TUNGCAP));
	}
	EXPECT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, OFFLOAD_CAPS_ALL));
	EXPECT_EQ(OFFLOAD_CAPS_ALL, ioctl_get(self->u.fd, TUNGCAP));
	EXPECT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, 0));
	EXPECT_EQ(0, ioctl_get(self->u.fd, TUNGCAP));
}

TEST_F(unit, TUNGCAP_without_header_is_ENODEV)
{
	unsigned int i;
	int value = 5;

	OPEN();
	for (i = 0; i < 2; i++) {
		const unsigned int off = i ? bsd_encoding(TUNDCAP) : TUNDCAP;

		EXPECT_EQ(-ENODEV, ERR(ioctl(self->u.fd, TUNGCAP, &value)));
		EXPECT_EQ(-ENODEV, ERR(ioctl(self->u.fd, TUNGCAP, NULL)));
		EXPECT_EQ(5, value);
		ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, IFCAP_TSOv4 | IFCAP_CSUM_TCPv4));
		EXPECT_EQ(IFCAP_TSOv4 | IFCAP_CSUM_TCPv4, ioctl_get(self->u.fd, TUNGCAP));
		EXPECT_EQ(0, ERR(ioctl(self->u.fd, off)));
		EXPECT_EQ(-ENODEV, ERR(ioctl(self->u.fd, TUNGCAP, &value)));
		EXPECT_EQ(0, ERR(ioctl(self->u.fd, off)));
		expect_no_header(_metadata, &self->u);
		/* The capabilities are gone too. */
		ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, 0));
		EXPECT_EQ(0, ioctl_get(self->u.fd, TUNGCAP));
		EXPECT_EQ(0, ERR(ioctl(self->u.fd, TUNDCAP)));
	}
}

/* In BSD's encoding, TUNSCAP and TUNGCAP are each other's numbers. */
TEST_F(unit, capabilities_have_one_encoding)
{
	int value = 0x71f7;

	OPEN();
	if (bsd_encoding(TUNSCAP) == TUNSCAP)
		SKIP(return, "the encodings are the same");
	EXPECT_EQ(TUNGCAP, bsd_encoding(TUNSCAP));
	/* A program with BSD's numbers finds out. */
	EXPECT_EQ(-ENODEV, ERR(ioctl(self->u.fd, 0x800474c4, &value)));
	expect_no_header(_metadata, &self->u);
	ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, IFCAP_CSUM_UDPv6));
	EXPECT_EQ(0, ERR(ioctl(self->u.fd, 0x800474c4, &value)));
	EXPECT_EQ(IFCAP_CSUM_UDPv6, value);
}

TEST_F(unit, later_of_the_two_headers_counts)
{
	char value[64];

	OPEN();
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 12));
	EXPECT_EQ(-ENODEV, ioctl_get(self->u.fd, TUNGCAP));
	EXPECT_TRUE(fdinfo_value(self->u.fd, "offload", value, sizeof(value)));
	EXPECT_STREQ("virtio_net_hdr", value);
	ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, 0x1002));
	EXPECT_EQ(0, vnet_len(&self->u));
	EXPECT_EQ(0x1002, ioctl_get(self->u.fd, TUNGCAP));
	EXPECT_TRUE(fdinfo_value(self->u.fd, "offload", value, sizeof(value)));
	EXPECT_STREQ("tun_hdr 0x1002", value);
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 10));
	EXPECT_EQ(10, vnet_len(&self->u));
	EXPECT_EQ(-ENODEV, ioctl_get(self->u.fd, TUNGCAP));
	/* Each is switched off by its own command. */
	EXPECT_EQ(0, ERR(ioctl(self->u.fd, TUNDCAP)));
	EXPECT_EQ(10, vnet_len(&self->u));
	EXPECT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 0));
	expect_no_header(_metadata, &self->u);
}

TEST_F(unit, bad_pointers_are_EFAULT_without_effect)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, munmap(map + page, page));
	OPEN();
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, TUNSCAP, NULL)));
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, TAPSVNETHDR, map + page - 3)));
	expect_no_header(_metadata, &self->u);
	ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, 0x2080));
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, TUNSCAP, map + page - 3)));
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, TUNGCAP, map)));
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, TAPSVNETHDR, NULL)));
	EXPECT_EQ(0x2080, ioctl_get(self->u.fd, TUNGCAP));
	munmap(map, page);
}

TEST_F(unit, without_interface_every_command_is_ENXIO)
{
	int value = 0;

	OPEN();
	ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, OFFLOAD_CAPS_ALL));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, TUNSCAP, &value)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, TUNGCAP, &value)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, TUNDCAP)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, bsd_encoding(TUNDCAP))));
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, TAPSVNETHDR, &value)));
}

/* In a thread, because the fixture needs the privileges to clean up. */
struct unprivileged {
	const struct unit *u;
	int failed;
};

static void *unprivileged_main(void *arg)
{
	struct unprivileged *me = arg;

	me->failed = 1;
	if (set_caps(0))
		return NULL;
	me->failed = ioctl_set(me->u->fd, TAPSVNETHDR, 12) ||
		     ioctl_set(me->u->fd, TUNSCAP, OFFLOAD_CAPS_ALL) ||
		     ioctl(me->u->fd, TUNDCAP);
	return NULL;
}

TEST_F(unit, needs_no_privilege_but_the_descriptor)
{
	struct unprivileged it = { .u = &self->u };
	pthread_t thread;

	OPEN();
	ASSERT_EQ(0, pthread_create(&thread, NULL, unprivileged_main, &it));
	ASSERT_TRUE(thread_join(thread));
	EXPECT_EQ(0, it.failed);
}

/* ---- the end of a header ------------------------------------------------ */

TEST_F(unit, header_ends_at_the_last_close)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		OPEN();
		expect_no_header(_metadata, &self->u);
		ASSERT_EQ(0, set_header(&self->u, headers[i]));
		unit_close(&self->u);
	}
	OPEN();
	expect_no_header(_metadata, &self->u);
}

TEST_F(unit, header_stays_until_the_last_descriptor_is_closed)
{
	unsigned int i;
	int sock[2], fd;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		OPEN();
		ASSERT_EQ(0, set_header(&self->u, headers[i]));
		fd = dup(self->u.fd);
		ASSERT_LE(0, fd);
		unit_close(&self->u);
		self->u.fd = fd;
		EXPECT_EQ(headers[i], vnet_len(&self->u));
		EXPECT_EQ(headers[i] ? -ENODEV : IFCAP_CSUM_TCPv4, ioctl_get(fd, TUNGCAP));

		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			close(sock[0]);
			CHILD_ASSERT(wait_for_peer(sock[1]));
			CHILD_ASSERT(vnet_len(&self->u) == headers[i]);
			CHILD_ASSERT(ioctl_get(fd, TUNGCAP) ==
				     (headers[i] ? -ENODEV : IFCAP_CSUM_TCPv4));
			_exit(0);
		}
		close(sock[1]);
		unit_close(&self->u);
		EXPECT_EQ(-EBUSY, unit_open(&self->u, O_NONBLOCK));
		signal_peer(sock[0]);
		EXPECT_TRUE(child_succeeded(pid));
		close(sock[0]);
		OPEN();
		expect_no_header(_metadata, &self->u);
		unit_close(&self->u);
	}
}

TEST_F(tap, header_ends_with_keep_too)
{
	unsigned int i;

	ASSERT_EQ(0, unit_attr_set(&self->u, "keep", "1"));
	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		OPEN();
		expect_no_header(_metadata, &self->u);
		ASSERT_EQ(0, link_up(self->u.ifindex));
		ASSERT_EQ(0, set_header(&self->u, headers[i]));
		unit_close(&self->u);
		EXPECT_TRUE(link_is_up(self->u.ifindex));
	}
}

TEST_F(ether, header_stays_while_the_interface_is_set_down)
{
	OPEN();
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 12));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, link_down(self->u.ifindex));
	EXPECT_EQ(12, vnet_len(&self->u));
}

/* ---- on a tun, with the framings ---------------------------------------- */

TEST_F(tun, framing_and_header_do_not_change_each_other)
{
	int i;

	OPEN();
	for (i = 0; i < 2; i++) {
		const unsigned int framing = i ? TUNSLMODE : TUNSIFHEAD;

		ASSERT_EQ(0, ioctl_set(self->u.fd, framing, 1));
		ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 10));
		EXPECT_EQ(!i, ioctl_get(self->u.fd, TUNGIFHEAD));
		ASSERT_EQ(0, ioctl_set(self->u.fd, framing, 0));
		EXPECT_EQ(10, vnet_len(&self->u));
		ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 0));
	}
}

TEST_HARNESS_MAIN
