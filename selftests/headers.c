// SPDX-License-Identifier: GPL-2.0
/*
 * The headers as the source of a BSD program uses them: fdevname() and the ioctl behind it,
 * FIODGNAME, and the names of <net/if_tap.h>. Also built as a 32-bit program.
 */

#include <limits.h>
#include <net/if_tap.h>
#include <net/if_types.h>

#include "lib/test.h"

FIXTURE(headers) {
	struct unit u;
	char name[IFNAMSIZ];	/* of the node */
};

FIXTURE_VARIANT(headers) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(headers, tun) { .kind = TUN_KIND };
FIXTURE_VARIANT_ADD(headers, tap) { .kind = TAP_KIND };
FIXTURE_VARIANT_ADD(headers, vmnet) { .kind = VMNET_KIND };

FIXTURE_SETUP(headers)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	snprintf(self->name, sizeof(self->name), "%s%d", variant->kind, self->u.number);
}

FIXTURE_TEARDOWN(headers)
{
	unit_destroy(&self->u);
}

TEST_F(headers, fdevname_of_a_numbered_node)
{
	char buf[IFNAMSIZ];

	EXPECT_STREQ(self->name, fdevname(self->u.fd));
	EXPECT_TRUE(fdevname_r(self->u.fd, buf, sizeof(buf)) == buf);
	EXPECT_STREQ(self->name, buf);
}

/* The descriptor refers to the unit, not to the cloner that was opened. */
TEST_F(headers, B2_fdevname_of_a_cloner_is_the_unit)
{
	char want[IFNAMSIZ];
	struct unit second;

	ASSERT_EQ(0, cloner_open(&second, variant->kind, O_NONBLOCK));
	snprintf(want, sizeof(want), "%s%d", variant->kind, second.number);
	EXPECT_NE(self->u.number, second.number);
	EXPECT_STREQ(want, fdevname(second.fd));
	unit_destroy(&second);
}

TEST_F(headers, fdevname_does_not_follow_a_rename)
{
	struct ifreq ifr;

	ASSERT_EQ(0, link_rename(self->u.ifindex, "other"));
	EXPECT_STREQ(self->name, fdevname(self->u.fd));
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TAPGIFNAME, &ifr)));
	EXPECT_STREQ("other", ifr.ifr_name);
}

TEST_F(headers, fdevname_of_another_descriptor_fails)
{
	int null, file, sock;

	null = open("/dev/null", O_RDWR);
	file = open("/proc/self/exe", O_RDONLY);
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_TRUE(null >= 0 && file >= 0 && sock >= 0);
	EXPECT_TRUE(!fdevname(null) && errno == ENOTTY);
	EXPECT_TRUE(!fdevname(file) && errno == ENOTTY);
	EXPECT_TRUE(!fdevname(sock) && errno == ENOTTY);
	EXPECT_TRUE(!fdevname(-1) && errno == EBADF);
	close(null);
	close(file);
	close(sock);
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	EXPECT_TRUE(!fdevname(self->u.fd) && errno == ENXIO);
}

static int fdevname_in_a_sandbox(struct unit *u)
{
	char want[IFNAMSIZ];
	const char *name;

	CHILD_ASSERT(!unshare(CLONE_NEWNS));
	CHILD_ASSERT(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHILD_ASSERT(!mount("none", "/proc", "tmpfs", 0, NULL));
	CHILD_ASSERT(!mount("none", "/sys", "tmpfs", 0, NULL));
	CHILD_ASSERT(!mount("none", "/dev", "tmpfs", 0, NULL));
	CHILD_ASSERT(!become_nobody());
	snprintf(want, sizeof(want), "%s%d", u->kind, u->number);
	name = fdevname(u->fd);
	return name && !strcmp(name, want) ? 0 : -1;
}

/* As an unprivileged user without /dev, and without /proc, whose fdinfo has the name too. */
TEST_F(headers, fdevname_needs_the_descriptor_only)
{
	EXPECT_EQ(0, run_in_child(fdevname_in_a_sandbox, &self->u));
}

/* FIODGNAME as 64-bit and as 32-bit programs call it, in each encoding. */
static int node_name(int fd, int bits, bool bsd, void *buf, int len)
{
	const struct {
		__s32 len;
		__u32 pad;
		__u64 buf;
	} arg64 = { .len = len, .buf = (unsigned long)buf };
	const struct {
		__s32 len;
		__u32 buf;
	} arg32 = { .len = len, .buf = (unsigned long)buf };
	unsigned int cmd = _IOC(_IOC_WRITE, 'f', 120, bits / 4);

	if (bsd)
		cmd = bsd_encoding(cmd);
	return ERR(ioctl(fd, cmd, bits == 64 ? (void *)&arg64 : (void *)&arg32));
}

TEST_F(headers, FIODGNAME_has_two_layouts_in_both_encodings)
{
	/* Where the pointers of both point to. */
	void * const low = (void *)0x10000000;
	const int len = strlen(self->name) + 1, fd = self->u.fd;
	char want[64], untouched[64];
	int bits, bsd;

	ASSERT_TRUE(mmap(low, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == low);
	memset(untouched, 'x', sizeof(untouched));
	memcpy(want, untouched, sizeof(want));
	memcpy(want, self->name, len);
	for (bits = 32; bits <= 64; bits += 32) {
		for (bsd = 0; bsd <= 1; bsd++) {
			memcpy(low, untouched, sizeof(untouched));
			EXPECT_EQ(-EINVAL, node_name(fd, bits, bsd, low, len - 1));
			EXPECT_EQ(-EINVAL, node_name(fd, bits, bsd, low, 0));
			EXPECT_EQ(-EINVAL, node_name(fd, bits, bsd, low, -1));
			EXPECT_EQ(0, memcmp(low, untouched, sizeof(untouched)));
			EXPECT_EQ(0, node_name(fd, bits, bsd, low, len));
			EXPECT_EQ(0, memcmp(low, want, sizeof(want)));
			memcpy(low, untouched, sizeof(untouched));
			EXPECT_EQ(0, node_name(fd, bits, bsd, low, INT_MAX));
			EXPECT_EQ(0, memcmp(low, want, sizeof(want)));
		}
	}
	munmap(low, 4096);
}

TEST_F(headers, FIODGNAME_bad_pointers_are_EFAULT)
{
	struct fiodgname_arg arg = { .len = IFNAMSIZ };

	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, FIODGNAME, NULL)));
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, FIODGNAME, (void *)-1L)));
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, FIODGNAME, &arg)));
	arg.buf = (void *)-1L;
	EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, FIODGNAME, &arg)));
}

/* As QEMU, bhyve and others write it: one struct, get, change, set. */
TEST_F(headers, B8_tapinfo_is_tuninfo)
{
	struct tapinfo tap;
	struct tuninfo *tun = &tap;

	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TAPGIFINFO, &tap)));
	EXPECT_EQ(TUNMTU, tun->mtu);
	EXPECT_EQ(!strcmp(variant->kind, TUN_KIND) ? IFT_PPP : IFT_ETHER, tun->type);
	tap.mtu = 1400;
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNSIFINFO, tun)));
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TAPGIFINFO, tun)));
	EXPECT_EQ(1400, tap.mtu);
}

TEST_F(headers, VMIO_others_are_ENOTTY)
{
	static const unsigned int others[] = {
		VMIO_SIOCSKEEP, VMIO_SIOCSIFBR, VMIO_SIOCSLADRF, VMIO_SIOCSETMACADDR,
		VMIO_SIOCPORT, VMIO_SIOCBRIDGE, VMIO_SIOCNETIF,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_EQ(0x5601 + i, others[i]);
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->u.fd, others[i], 0)));
	}
}

TEST_HARNESS_MAIN
