// SPDX-License-Identifier: GPL-2.0
/*
 * The features of an interface follow its offload header: "ethtool -k" shows them, "ethtool -K"
 * changes them within what the header permits, and interfaces on top see each change.
 */
#include "lib/fixture.h"
#include "lib/offload.h"

#include <net/if_tap.h>
#include <openbsd/net/if_tun_hdr.h>

UNIT_FIXTURE(unit);
TUN_VARIANT(unit);
TAP_VARIANT(unit);
VMNET_VARIANT(unit);

UNIT_FIXTURE(ether);
TAP_VARIANT(ether);
VMNET_VARIANT(ether);

enum {
	HW_CSUM	= 1 << 0,
	IPV4	= 1 << 1,
	IPV6	= 1 << 2,
	TSO	= 1 << 3,
	TSO6	= 1 << 4,
	ECN	= 1 << 5,
	USO	= 1 << 6,
	VLAN	= 1 << 7,
	ALL	= (1 << 8) - 1,
};

static const char *const names[] = {
	"tx-checksum-ip-generic", "tx-checksum-ipv4", "tx-checksum-ipv6", "tx-tcp-segmentation",
	"tx-tcp6-segmentation", "tx-tcp-ecn-segmentation", "tx-udp-segmentation",
	"tx-vlan-hw-insert",
};

/* What a virtio header permits, and what it enables. */
#define VIRTIO_ALL	(HW_CSUM | TSO | TSO6 | ECN | USO)
#define VIRTIO		(HW_CSUM | TSO | TSO6)

static unsigned int features(const char *ifname)
{
	unsigned int i, all = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		all |= (ethtool_feature(ifname, names[i]) == 1) << i;
	return all;
}

/* ethtool -K for each of these. */
static int set_features(const char *ifname, unsigned int which, bool on)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (which >> i & 1)
			err = err ?: ethtool_set_feature(ifname, names[i], on);
	return err;
}

#define OPEN()		ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK))
#define FEATURES()	features(self->u.ifname)

TEST_F(unit, none_without_a_header)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_LE(0, ethtool_feature(self->u.ifname, names[i]));
	EXPECT_EQ(0, FEATURES());
	EXPECT_EQ(0, set_features(self->u.ifname, ALL, true));
	EXPECT_EQ(0, FEATURES());
	OPEN();
	EXPECT_EQ(0, FEATURES());
	ASSERT_EQ(0, link_up(self->u.ifindex));
	EXPECT_EQ(0, set_features(self->u.ifname, ALL, true));
	EXPECT_EQ(0, FEATURES());
	/* A read gathers fragments, whatever the header. */
	EXPECT_EQ(1, ethtool_feature(self->u.ifname, "tx-scatter-gather"));
}

TEST_F(unit, virtio_header_enables_checksums_and_TSO)
{
	int i;

	/* What was asked for before does not count. */
	ASSERT_EQ(0, set_features(self->u.ifname, ECN | USO, true));
	for (i = 0; i < 3; i++) {
		OPEN();
		EXPECT_EQ(0, FEATURES());
		ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, i ? 12 : 10));
		EXPECT_EQ(VIRTIO, FEATURES());
		EXPECT_EQ(0, set_features(self->u.ifname, ALL & ~VIRTIO_ALL, true));
		EXPECT_EQ(VIRTIO, FEATURES());
		EXPECT_EQ(0, set_features(self->u.ifname, ECN | USO, true));
		EXPECT_EQ(VIRTIO_ALL, FEATURES());
		EXPECT_EQ(0, set_features(self->u.ifname, TSO6, false));
		/* Only the length changes. */
		ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, i ? 10 : 12));
		EXPECT_EQ(VIRTIO_ALL & ~TSO6, FEATURES());
		/* The next one starts anew. */
		ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 0));
		EXPECT_EQ(0, FEATURES());
		ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 12));
		EXPECT_EQ(VIRTIO, FEATURES());
		EXPECT_EQ(0, set_features(self->u.ifname, USO, true));
		/* The last close ends all. */
		unit_close(&self->u);
		EXPECT_EQ(0, FEATURES());
	}
}

TEST_F(unit, capabilities_enable_what_they_name)
{
	const unsigned int vlan = link_header_len(&self->u) ? VLAN : 0;
	const struct {
		unsigned int caps, features;
	} steps[] = {
		{ 0, 0 },
		{ IFCAP_CSUM_TCPv4, IPV4 },
		{ IFCAP_CSUM_UDPv4, IPV4 },
		{ IFCAP_CSUM_TCPv6, IPV6 },
		{ IFCAP_CSUM_UDPv6, IPV6 },
		{ IFCAP_CSUM_TCPv4 | IFCAP_CSUM_UDPv6, IPV4 | IPV6 },
		/* IPv4's own checksum is never left to a driver. These mean nothing on reads. */
		{ IFCAP_CSUM_IPv4, 0 },
		{ IFCAP_VLAN_MTU | IFCAP_VLAN_HWOFFLOAD | IFCAP_LRO, 0 },
		{ IFCAP_VLAN_HWTAGGING, vlan },
		/* Linux has no segmentation without checksums. */
		{ IFCAP_TSOv4 | IFCAP_TSOv6, 0 },
		{ IFCAP_TSOv4 | IFCAP_CSUM_TCPv4, TSO | IPV4 },
		{ IFCAP_TSOv6 | IFCAP_CSUM_TCPv6, TSO6 | IPV6 },
		{ IFCAP_TSOv4 | IFCAP_CSUM_TCPv6, IPV6 },
		{ OFFLOAD_CAPS_ALL, IPV4 | IPV6 | TSO | TSO6 | vlan },
		{ IFCAP_CSUM_TCPv4, IPV4 },
	};
	unsigned int i;

	OPEN();
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, steps[i].caps));
		EXPECT_EQ(steps[i].features, FEATURES())
			TH_LOG("capabilities %#x", steps[i].caps);
		/* No other can be enabled. */
		EXPECT_EQ(0, set_features(self->u.ifname, ALL & ~steps[i].features, true));
		EXPECT_EQ(steps[i].features, FEATURES())
			TH_LOG("capabilities %#x", steps[i].caps);
	}
	ASSERT_EQ(0, ERR(ioctl(self->u.fd, TUNDCAP)));
	EXPECT_EQ(0, FEATURES());
	ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, OFFLOAD_CAPS_ALL));
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 10));
	EXPECT_EQ(VIRTIO, FEATURES());
	ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, IFCAP_CSUM_TCPv6));
	EXPECT_EQ(IPV6, FEATURES());
	unit_close(&self->u);
	EXPECT_EQ(0, FEATURES());
}

/* The kernel updates a VLAN interface in a work item. */
TEST_F(ether, interfaces_on_top_see_each_change)
{
	if (run_command("ip link add link %s name upper type vlan id 7", self->u.ifname))
		SKIP(return, "no VLANs in this kernel");
	OPEN();
	EXPECT_TRUE(WAIT_FOR(!(VIRTIO & features("upper")), TIMEOUT_MS));
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 12));
	EXPECT_TRUE(WAIT_FOR((VIRTIO & features("upper")) == VIRTIO, TIMEOUT_MS));
	ASSERT_EQ(0, ioctl_set(self->u.fd, TUNSCAP, 0));
	EXPECT_TRUE(WAIT_FOR(!(VIRTIO & features("upper")), TIMEOUT_MS));
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 10));
	EXPECT_TRUE(WAIT_FOR((VIRTIO & features("upper")) == VIRTIO, TIMEOUT_MS));
	unit_close(&self->u);
	EXPECT_TRUE(WAIT_FOR(!(VIRTIO & features("upper")), TIMEOUT_MS));
}

/* The interface may be gone before the features end. */
TEST_F(unit, removal_with_a_header)
{
	OPEN();
	ASSERT_EQ(0, ioctl_set(self->u.fd, TAPSVNETHDR, 12));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	unit_close(&self->u);
}

TEST_HARNESS_MAIN
