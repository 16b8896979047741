// SPDX-License-Identifier: GPL-2.0
/*
 * OpenBSD's headers as the source of an OpenBSD program uses them: compiled with
 * include/openbsd in the search path, instead of FreeBSD's.
 */

#include <net/if_tun.h>
#include <net/if_types.h>

#include "lib/test.h"

FIXTURE(headers_openbsd) {
	struct unit u;
};

FIXTURE_VARIANT(headers_openbsd) {
	const char *kind;
	unsigned int type;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(headers_openbsd, tun) {
	.kind = TUN_KIND,
	.type = IFT_PPP,
	.flags = IFF_POINTOPOINT,
};

FIXTURE_VARIANT_ADD(headers_openbsd, tap) {
	.kind = TAP_KIND,
	.type = IFT_ETHER,
	.flags = IFF_BROADCAST,
};

FIXTURE_SETUP(headers_openbsd)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
}

FIXTURE_TEARDOWN(headers_openbsd)
{
	unit_destroy(&self->u);
}

/* As OpenVPN's and vmd's code does: get, change one field, set. */
TEST_F(headers_openbsd, info_round_trip)
{
	struct tuninfo info;

	memset(&info, 0x55, sizeof(info));
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNGIFINFO, &info)));
	EXPECT_EQ(TUNMTU, info.mtu);
	EXPECT_EQ(variant->type, info.type);
	/* IFF_MULTICAST of OpenBSD. */
	EXPECT_EQ(variant->flags | 0x8000, info.flags);

	info.mtu = 1400;
	info.baudrate = 9600;
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNSIFINFO, &info)));
	memset(&info, 0x55, sizeof(info));
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNGIFINFO, &info)));
	EXPECT_EQ(1400, info.mtu);
	EXPECT_EQ(9600, info.baudrate);
	EXPECT_EQ(variant->type, info.type);
}

TEST_HARNESS_MAIN
