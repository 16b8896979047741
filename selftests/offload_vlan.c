// SPDX-License-Identifier: GPL-2.0
/*
 * Offload headers of tagged frames: the tag is in the frame and moves the offsets of the header, or
 * with OpenBSD's capability IFCAP_VLAN_HWTAGGING it is in the header.
 */
#include "lib/fixture.h"
#include "lib/offload.h"

#include <net/if_tun.h>
#include <openbsd/net/if_tun_hdr.h>

#define MSS		1000
#define SEGMENTS	5
#define PAYLOAD		(SEGMENTS * MSS - 1)

#define ID		7	/* of the VLAN */
#define TAG_LEN		4

FIXTURE(offload_vlan) {
	struct unit u, upper;		/* the VLAN's interface has no node */
	int raw;
	size_t header;
	char sent[70000], got[70000];
};

FIXTURE_VARIANT(offload_vlan) {
	struct offload o;
	unsigned int caps;
	int family;
	int type;			/* of the tag */
};

#define OUT	OFFLOAD_CAPS_ALL
#define IN	(OFFLOAD_CAPS_ALL & ~IFCAP_VLAN_HWTAGGING)

FIXTURE_VARIANT_ADD(offload_vlan, tap_virtio_ipv4) {
	.o = { .kind = TAP_KIND, .virtio = 12 }, .family = AF_INET, .type = ETH_P_8021Q,
};

FIXTURE_VARIANT_ADD(offload_vlan, vmnet_virtio_ipv6) {
	.o = { .kind = VMNET_KIND, .virtio = 10 }, .family = AF_INET6, .type = ETH_P_8021Q,
};

FIXTURE_VARIANT_ADD(offload_vlan, tap_virtio_8021ad) {
	.o = { .kind = TAP_KIND, .virtio = 12 }, .family = AF_INET, .type = ETH_P_8021AD,
};

FIXTURE_VARIANT_ADD(offload_vlan, tag_in_tun_hdr_ipv4) {
	.o = { .kind = TAP_KIND }, .caps = OUT, .family = AF_INET, .type = ETH_P_8021Q,
};

FIXTURE_VARIANT_ADD(offload_vlan, tag_in_tun_hdr_ipv6) {
	.o = { .kind = TAP_KIND }, .caps = OUT, .family = AF_INET6, .type = ETH_P_8021Q,
};

FIXTURE_VARIANT_ADD(offload_vlan, tag_behind_tun_hdr_ipv4) {
	.o = { .kind = TAP_KIND }, .caps = IN, .family = AF_INET, .type = ETH_P_8021Q,
};

FIXTURE_VARIANT_ADD(offload_vlan, tag_behind_tun_hdr_ipv6) {
	.o = { .kind = TAP_KIND }, .caps = IN, .family = AF_INET6, .type = ETH_P_8021Q,
};

/* The header has a place for a tag of 802.1Q only. */
FIXTURE_VARIANT_ADD(offload_vlan, tun_hdr_8021ad) {
	.o = { .kind = TAP_KIND }, .caps = OUT, .family = AF_INET, .type = ETH_P_8021AD,
};

/* Switches the header on. The kernel updates the interface of the VLAN in a work item. */
static bool header_on(FIXTURE_DATA(offload_vlan) * self,
		      const FIXTURE_VARIANT(offload_vlan) * variant)
{
	return !offload_on(&self->u, &variant->o, variant->caps) &&
	       WAIT_FOR(ethtool_feature("upper", "tx-tcp-segmentation") == 1 &&
			ethtool_feature("upper", "tx-tcp6-segmentation") == 1, TIMEOUT_MS);
}

FIXTURE_SETUP(offload_vlan)
{
	self->u.fd = -1;
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->o.kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	if (run_command("ip link add link %s name upper type vlan protocol %s id %d",
			self->u.ifname, variant->type == ETH_P_8021Q ? "802.1Q" : "802.1ad", ID))
		SKIP(return, "no VLANs in this kernel");
	ASSERT_EQ(0, run_command("ip link set upper up"));
	self->upper = self->u;
	self->upper.ifindex = if_nametoindex("upper");
	self->raw = vnet_socket();
	ASSERT_LE(0, self->raw);
	self->header = offload_header_len(&variant->o);
	ASSERT_TRUE(header_on(self, variant));
}

FIXTURE_TEARDOWN(offload_vlan)
{
	close(self->raw);
	unit_destroy(&self->u);
}

#define READ()	ERR(read(self->u.fd, self->got, sizeof(self->got)))

/* Transmits a packet that is not finished through the VLAN. Returns the length of the IP packet. */
static size_t send_unfinished(struct __test_metadata *_metadata, FIXTURE_DATA(offload_vlan) * self,
			      const FIXTURE_VARIANT(offload_vlan) * variant, int protocol,
			      size_t payload, size_t gso_size)
{
	struct virtio_net_hdr hdr = l4_virtio(variant->family, protocol, gso_size);
	size_t len = build_l4(self->sent, variant->family, protocol, false, payload, true);

	EXPECT_LT(0, vnet_send(self->raw, &self->upper, &hdr, self->sent, len));
	return len;
}

/* Takes the tag out of what was read behind a header of @header bytes. False if there is none. */
static bool take_tag(FIXTURE_DATA(offload_vlan) * self, int type, size_t header)
{
	const __be16 tag[] = { htons(type), htons(ID) };
	char *at = self->got + header + 2 * ETH_ALEN;

	if (memcmp(at, tag, sizeof(tag)))
		return false;
	memmove(at, at + TAG_LEN, sizeof(self->got) - header - 2 * ETH_ALEN - TAG_LEN);
	return true;
}

/* Reads the packet that was sent, whole, and described by the header, with the tag in its place. */
static void expect_described(struct __test_metadata *_metadata, FIXTURE_DATA(offload_vlan) * self,
			     const FIXTURE_VARIANT(offload_vlan) * variant, unsigned int caps,
			     int protocol, size_t gso_size, size_t len)
{
	const bool in_header = variant->type == ETH_P_8021Q && (caps & IFCAP_VLAN_HWTAGGING);
	struct virtio_net_hdr want = l4_virtio(variant->family, protocol, gso_size), hdr;
	struct tun_hdr tun;

	ASSERT_EQ((ssize_t)(self->header + ETH_HLEN + (in_header ? 0 : TAG_LEN) + len), READ());
	if (!variant->o.virtio) {
		memcpy(&tun, self->got, sizeof(tun));
		EXPECT_EQ(in_header, !!(tun.th_flags & TUN_H_VTAG));
		EXPECT_EQ(in_header ? ID : 0, tun.th_vtag);
	}
	EXPECT_EQ(!in_header, take_tag(self, variant->type, self->header));
	hdr = offload_get(&variant->o, self->got);
	if (variant->o.virtio) {
		hdr.csum_start -= TAG_LEN;
		hdr.hdr_len -= gso_size ? TAG_LEN : 0;
	}
	EXPECT_EQ(0, memcmp(&want, &hdr, sizeof(hdr)));
	EXPECT_EQ(0, memcmp(self->sent, self->got + self->header + ETH_HLEN, len));
}

TEST_F(offload_vlan, incomplete_checksum_of_a_tagged_frame)
{
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		size_t len = send_unfinished(_metadata, self, variant, protocols[i], 1200, 0);

		expect_described(_metadata, self, variant, variant->caps, protocols[i], 0, len);
	}
	EXPECT_EQ(-EAGAIN, READ());
}

TEST_F(offload_vlan, superpacket_in_a_tagged_frame)
{
	size_t len = send_unfinished(_metadata, self, variant, IPPROTO_TCP, PAYLOAD, MSS);

	expect_described(_metadata, self, variant, variant->caps, IPPROTO_TCP, MSS, len);
	EXPECT_EQ(-EAGAIN, READ());
}

/* The tag of a finished frame. */
TEST_F(offload_vlan, tag_alone)
{
	const bool in_header = variant->type == ETH_P_8021Q && variant->caps == OUT;
	struct virtio_net_hdr hdr = { };
	size_t len = build_l4(self->sent, variant->family, IPPROTO_UDP, false, 100, false);
	struct tun_hdr tun = { .th_flags = TUN_H_VTAG, .th_vtag = ID };

	ASSERT_LT(0, vnet_send(self->raw, &self->upper, &hdr, self->sent, len));
	ASSERT_EQ((ssize_t)(self->header + ETH_HLEN + (in_header ? 0 : TAG_LEN) + len), READ());
	if (!in_header)
		tun = (struct tun_hdr) { };
	EXPECT_EQ(0, memcmp(&tun, self->got, sizeof(tun)));
	EXPECT_EQ(!in_header, take_tag(self, variant->type, self->header));
	EXPECT_TRUE(l4_is_valid(self->got + self->header + ETH_HLEN, len));
}

/* Without a header, the tag is in each frame. */
TEST_F(offload_vlan, queued_tagged_frames_when_the_header_goes)
{
	const size_t headers = l4_headers_len(variant->family, IPPROTO_TCP);
	struct virtio_net_hdr hdr = { };
	size_t at, len;

	send_unfinished(_metadata, self, variant, IPPROTO_TCP, PAYLOAD, MSS);
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	for (at = 0; at < PAYLOAD; at += MSS) {
		const size_t n = PAYLOAD - at < MSS ? PAYLOAD - at : MSS;

		ASSERT_EQ((ssize_t)(ETH_HLEN + TAG_LEN + headers + n), READ());
		EXPECT_TRUE(take_tag(self, variant->type, 0));
		EXPECT_TRUE(l4_is_valid(self->got + ETH_HLEN, headers + n));
		EXPECT_EQ(0, memcmp(self->sent + headers + at, self->got + ETH_HLEN + headers, n));
	}
	ASSERT_TRUE(header_on(self, variant));
	len = send_unfinished(_metadata, self, variant, IPPROTO_UDP, 1200, 0);
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	ASSERT_EQ((ssize_t)(ETH_HLEN + TAG_LEN + len), READ());
	EXPECT_TRUE(take_tag(self, variant->type, 0));
	EXPECT_TRUE(l4_is_valid(self->got + ETH_HLEN, len));

	ASSERT_TRUE(header_on(self, variant));
	len = build_l4(self->sent, variant->family, IPPROTO_UDP, false, 100, false);
	ASSERT_LT(0, vnet_send(self->raw, &self->upper, &hdr, self->sent, len));
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	ASSERT_EQ((ssize_t)(ETH_HLEN + TAG_LEN + len), READ());
	EXPECT_TRUE(take_tag(self, variant->type, 0));
	EXPECT_TRUE(l4_is_valid(self->got + ETH_HLEN, len));
	EXPECT_EQ(-EAGAIN, READ());
}

/* The capability for tags ends or begins while a frame waits. */
TEST_F(offload_vlan, place_of_the_tag_changes)
{
	const unsigned int other = variant->caps == OUT ? IN : OUT;
	size_t len;

	if (variant->o.virtio)
		SKIP(return, "of OpenBSD's header only");
	len = send_unfinished(_metadata, self, variant, IPPROTO_TCP, PAYLOAD, MSS);
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, other));
	/* A tag that is in the frame stays there. */
	expect_described(_metadata, self, variant, IN, IPPROTO_TCP, MSS, len);
	EXPECT_EQ(-EAGAIN, READ());
}

/* Written with the tag in the frame, received by the interface of the VLAN as one packet. */
TEST_F(offload_vlan, written_tagged_frames)
{
	static const struct {
		int protocol;
		size_t payload, gso_size;
	} packets[] = {
		{ IPPROTO_TCP, PAYLOAD, MSS }, { IPPROTO_TCP, 1200, 0 }, { IPPROTO_UDP, 1200, 0 },
	};
	const __be16 tag[] = { htons(variant->type), htons(ID) };
	const size_t prefix = self->header + ETH_HLEN;
	char *at = self->sent + self->header + 2 * ETH_ALEN;
	unsigned int i;
	int capture;

	capture = packet_listener(self->upper.ifindex,
				  variant->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	ASSERT_LE(0, capture);
	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		struct virtio_net_hdr hdr = l4_virtio(variant->family, packets[i].protocol,
						      packets[i].gso_size);
		size_t len;

		hdr.csum_start += TAG_LEN;
		hdr.hdr_len += packets[i].gso_size ? TAG_LEN : 0;
		offload_put(&self->u, &variant->o, self->sent, variant->family, &hdr);
		len = build_l4(self->sent + prefix, variant->family, packets[i].protocol, true,
			       packets[i].payload, true);
		memmove(at + TAG_LEN, at, 2 + len);
		memcpy(at, tag, sizeof(tag));
		ASSERT_EQ((ssize_t)(prefix + TAG_LEN + len),
			  ERR(write(self->u.fd, self->sent, prefix + TAG_LEN + len)));
		/* As received, without the tag. */
		ASSERT_EQ((ssize_t)(ETH_HLEN + len),
			  ERR(recv(capture, self->got, sizeof(self->got), 0)));
		EXPECT_EQ(0, memcmp(self->sent + prefix + TAG_LEN, self->got + ETH_HLEN, len));
		EXPECT_EQ(-EAGAIN, ERR(recv(capture, self->got, sizeof(self->got), MSG_DONTWAIT)));
	}
	close(capture);
}

TEST_HARNESS_MAIN
