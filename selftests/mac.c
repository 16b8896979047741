// SPDX-License-Identifier: GPL-2.0
/*
 * The MAC address of tap and vmnet, and which frames that are written the interface accepts.
 */

#include "lib/fixture.h"

#define BROADCAST_MAC	"\xff\xff\xff\xff\xff\xff"

UNIT_FIXTURE(unit);
TAP_VARIANT(unit);
VMNET_VARIANT(unit);

NODE_FIXTURE(ether);
TAP_VARIANT(ether);
VMNET_VARIANT(ether);

/* ---- the address -------------------------------------------------------- */

TEST_F(unit, MAC_is_random_and_local)
{
	char path[64];
	struct unit other;

	/* Neither multicast nor assigned by a vendor. */
	EXPECT_EQ(2, self->u.mac[0] & 3);
	snprintf(path, sizeof(path), "/sys/class/net/%s/addr_assign_type", self->u.ifname);
	EXPECT_TRUE(file_equals(path, "1"));
	ASSERT_EQ(0, unit_create_kind(&other, variant->kind, NULL));
	EXPECT_NE(0, memcmp(self->u.mac, other.mac, ETH_ALEN));
	unit_destroy(&other);
}

TEST_F(unit, MAC_can_be_changed_down_and_up)
{
	static const char * const macs[] = { "\x02\x11\x22\x33\x44\x55", OTHER_MAC };
	struct link link;
	char path[64];
	unsigned int up;

	snprintf(path, sizeof(path), "/sys/class/net/%s/addr_assign_type", self->u.ifname);
	for (up = 0; up < 2; up++) {
		if (up)
			ASSERT_EQ(0, link_up(self->u.ifindex));
		EXPECT_EQ(0, link_set_address(self->u.ifindex, macs[up]));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, memcmp(macs[up], link.address, ETH_ALEN));
		EXPECT_TRUE(file_equals(path, "3"));
		/* Multicast addresses and zero are invalid. */
		EXPECT_EQ(-EADDRNOTAVAIL, link_set_address(self->u.ifindex,
							   "\x03\x11\x22\x33\x44\x55"));
		EXPECT_EQ(-EADDRNOTAVAIL, link_set_address(self->u.ifindex, "\0\0\0\0\0\0"));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_EQ(0, memcmp(macs[up], link.address, ETH_ALEN));
	}
}

/* ---- which frames are accepted ------------------------------------------ */

/* Writes a frame to @dst. True if the interface received it and the listener @fd saw it. */
static bool accepts(struct __test_metadata *_metadata, struct unit *u, int fd, const void *dst)
{
	struct rtnl_link_stats64 before = link_stats(u->ifindex), after;
	char frame[60], got[128];
	bool seen;

	memset(frame, 0x5a, sizeof(frame));
	build_frame(frame, dst, PEER_MAC, LOCAL_ETHERTYPE, NULL, 0);
	EXPECT_EQ((ssize_t)sizeof(frame), ERR(write(u->fd, frame, sizeof(frame))));
	seen = recv(fd, got, sizeof(got), MSG_DONTWAIT) == sizeof(frame) &&
	       !memcmp(frame, got, sizeof(frame));
	after = link_stats(u->ifindex);
	/* A frame that is not accepted is in no counter. */
	EXPECT_EQ(seen, after.rx_packets - before.rx_packets);
	EXPECT_EQ(seen * sizeof(frame), after.rx_bytes - before.rx_bytes);
	EXPECT_EQ(before.rx_dropped, after.rx_dropped);
	EXPECT_EQ(before.rx_errors, after.rx_errors);
	return seen;
}

#define ACCEPTS(dst)	accepts(_metadata, &self->u, fd, dst)

TEST_F(ether, unicast_to_others_is_dropped_silently)
{
	int fd = packet_listener(self->u.ifindex, LOCAL_ETHERTYPE), i;
	unsigned char near[ETH_ALEN];

	ASSERT_LE(0, fd);
	EXPECT_TRUE(ACCEPTS(self->u.mac));
	EXPECT_FALSE(ACCEPTS(OTHER_MAC));
	EXPECT_FALSE(ACCEPTS("\0\0\0\0\0\0"));
	/* Every byte is compared. */
	for (i = 0; i < ETH_ALEN; i++) {
		memcpy(near, self->u.mac, ETH_ALEN);
		near[i] ^= 4;
		EXPECT_FALSE(ACCEPTS(near))
			TH_LOG("byte %d", i);
	}
	/* Broadcast and multicast are accepted, whether a socket has joined the group or not. */
	EXPECT_TRUE(ACCEPTS(BROADCAST_MAC));
	EXPECT_TRUE(ACCEPTS("\x01\x00\x5e\x7f\xff\xfe"));
	EXPECT_TRUE(ACCEPTS("\x33\x33\xff\x12\x34\x56"));
	EXPECT_TRUE(ACCEPTS("\x01\x80\xc2\x00\x00\x0e"));
	close(fd);
}

TEST_F(ether, promiscuous_mode_accepts_all)
{
	int fd = packet_listener(self->u.ifindex, LOCAL_ETHERTYPE);
	struct sockaddr_ll ll = { };
	socklen_t size = sizeof(ll);
	char frame[128];
	size_t len;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, link_set_flags(self->u.ifindex, IFF_PROMISC, IFF_PROMISC));
	EXPECT_TRUE(ACCEPTS(OTHER_MAC));
	EXPECT_TRUE(ACCEPTS("\0\0\0\0\0\0"));
	/* A capture sees a frame for another host, and IP ignores it. */
	len = build_frame(frame, OTHER_MAC, PEER_MAC, LOCAL_ETHERTYPE, "x", 1);
	ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
	ASSERT_EQ((ssize_t)len, recvfrom(fd, self->buf, sizeof(self->buf), 0, (void *)&ll, &size));
	EXPECT_EQ(PACKET_OTHERHOST, ll.sll_pkttype);
	len = unit_build_udp(&self->u, frame, "theirs", 6);
	memcpy(frame, OTHER_MAC, ETH_ALEN);
	ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
	len = unit_build_udp(&self->u, frame, "mine", 4);
	ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
	EXPECT_EQ(4, recv(self->udp, self->buf, sizeof(self->buf), 0));
	ASSERT_EQ(0, link_set_flags(self->u.ifindex, 0, IFF_PROMISC));
	EXPECT_FALSE(ACCEPTS(OTHER_MAC));
	close(fd);
}

static int membership(int fd, int ifindex, int option, int type, const void *mac)
{
	struct packet_mreq mreq = {
		.mr_ifindex = ifindex, .mr_type = type, .mr_alen = mac ? ETH_ALEN : 0,
	};

	if (mac)
		memcpy(mreq.mr_address, mac, ETH_ALEN);
	return ERR(setsockopt(fd, SOL_PACKET, option, &mreq, sizeof(mreq)));
}

/* Upper interfaces, for example macvlan, add addresses instead of enabling promiscuous mode. */
TEST_F(ether, additional_unicast_addresses_are_accepted)
{
	unsigned char mac[ETH_ALEN] = { 2, 0x42, 0, 0, 0, 0 };
	int fd = packet_listener(self->u.ifindex, LOCAL_ETHERTYPE), i;
	struct link link;

	ASSERT_LE(0, fd);
	for (i = 0; i < 20; i++) {
		mac[5] = i;
		ASSERT_EQ(0, membership(fd, self->u.ifindex, PACKET_ADD_MEMBERSHIP,
					PACKET_MR_UNICAST, mac));
	}
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_EQ(0, link.promiscuity);
	for (i = 0; i < 25; i++) {
		mac[5] = i;
		EXPECT_EQ(i < 20, ACCEPTS(mac))
			TH_LOG("address %d", i);
	}
	EXPECT_TRUE(ACCEPTS(self->u.mac));
	mac[5] = 7;
	ASSERT_EQ(0, membership(fd, self->u.ifindex, PACKET_DROP_MEMBERSHIP, PACKET_MR_UNICAST,
				mac));
	EXPECT_FALSE(ACCEPTS(mac));
	mac[5] = 8;
	EXPECT_TRUE(ACCEPTS(mac));
	/* While a capture is in promiscuous mode, all frames are accepted. */
	ASSERT_EQ(0, membership(fd, self->u.ifindex, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC,
				NULL));
	EXPECT_TRUE(ACCEPTS(OTHER_MAC));
	ASSERT_EQ(0, membership(fd, self->u.ifindex, PACKET_DROP_MEMBERSHIP, PACKET_MR_PROMISC,
				NULL));
	EXPECT_FALSE(ACCEPTS(OTHER_MAC));
	close(fd);
}

TEST_F(ether, changed_MAC_is_used_both_ways)
{
	unsigned char old[ETH_ALEN];
	char frame[128];
	size_t len;
	int fd, i;

	memcpy(old, self->u.mac, ETH_ALEN);
	for (i = 0; i < 2; i++) {
		if (i)
			ASSERT_EQ(0, link_down(self->u.ifindex));
		memcpy(self->u.mac, i ? "\x06\x42\1\2\3\4" : OTHER_MAC, ETH_ALEN);
		ASSERT_EQ(0, link_set_address(self->u.ifindex, self->u.mac));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		fd = packet_listener(self->u.ifindex, LOCAL_ETHERTYPE);
		ASSERT_LE(0, fd);
		EXPECT_TRUE(ACCEPTS(self->u.mac));
		EXPECT_FALSE(ACCEPTS(old));
		/* Transmitted frames have it as their source. */
		ASSERT_EQ(0, neigh_set(self->u.ifindex, PEER, PEER_MAC));
		SEND_UDP("from", 4);
		len = unit_udp_len(&self->u, 4);
		ASSERT_EQ((ssize_t)len, read(self->u.fd, self->buf, sizeof(self->buf)));
		EXPECT_TRUE(unit_udp_is_valid(&self->u, self->buf, len));
		len = unit_build_udp(&self->u, frame, "to", 2);
		ASSERT_EQ((ssize_t)len, write(self->u.fd, frame, len));
		EXPECT_EQ(2, recv(self->udp, self->buf, sizeof(self->buf), 0));
		close(fd);
	}
}

TEST_HARNESS_MAIN
