// SPDX-License-Identifier: GPL-2.0
/*
 * Nonlinear packets: an skb with page fragments from sendfile(), and one with a fragment list. A
 * read returns all bytes, with any prefix and any segments of the buffer.
 */
#include "lib/test.h"

#include <net/if_tun.h>

FIXTURE(nonlinear) {
	struct unit u;
	int udp, file;
	char sent[65000], whole[70000], got[70000];
};

FIXTURE_VARIANT(nonlinear) {
	const char *kind;
	unsigned int mode;	/* the ioctl that enables the prefix, or 0 */
	size_t prefix;
};

FIXTURE_VARIANT_ADD(nonlinear, tun) { .kind = TUN_KIND };
FIXTURE_VARIANT_ADD(nonlinear, family) { .kind = TUN_KIND, .mode = TUNSIFHEAD, .prefix = 4 };
FIXTURE_VARIANT_ADD(nonlinear, next_hop) {
	.kind = TUN_KIND, .mode = TUNSLMODE, .prefix = 16,
};

FIXTURE_VARIANT_ADD(nonlinear, tap) { .kind = TAP_KIND, .prefix = ETH_HLEN };
FIXTURE_VARIANT_ADD(nonlinear, vmnet) { .kind = VMNET_KIND, .prefix = ETH_HLEN };

FIXTURE_SETUP(nonlinear)
{
	int on = 1;

	self->u.fd = -1;
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->kind, O_NONBLOCK));
	if (variant->mode)
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, variant->mode, &on)));
	self->udp = udp_connect_to_peer();
	ASSERT_LE(0, self->udp);
	fill_pattern(self->sent, sizeof(self->sent), 3);
	self->file = memfd_with_data(self->sent, sizeof(self->sent));
	ASSERT_LE(0, self->file);
}

FIXTURE_TEARDOWN(nonlinear)
{
	close(self->file);
	close(self->udp);
	unit_destroy(&self->u);
}

/* Sends one packet with fragments in pages of the file. */
static ssize_t send_pages(FIXTURE_DATA(nonlinear) * self, size_t len)
{
	return send_file(self->udp, self->file, 0, len);
}

/*
 * Sends one packet with a fragment list: a corked socket collects fragments for the small MTU,
 * which the large MTU keeps together. Every second part is sent with sendfile().
 */
static ssize_t send_list(FIXTURE_DATA(nonlinear) * self, size_t len)
{
	int on = 1, off = 0;
	size_t done = 0;
	long ret = 0;

	if (link_set_mtu(self->u.ifindex, 700) ||
	    setsockopt(self->udp, IPPROTO_UDP, UDP_CORK, &on, sizeof(on)))
		return -EINVAL;
	while (ret >= 0 && done < len) {
		size_t part = len - done < 999 ? len - done : 999;

		if (done / 999 % 2)
			ret = send_file(self->udp, self->file, done, part);
		else
			ret = ERR(send(self->udp, self->sent + done, part, 0));
		done += ret;
	}
	if (link_set_mtu(self->u.ifindex, 65535) ||
	    setsockopt(self->udp, IPPROTO_UDP, UDP_CORK, &off, sizeof(off)))
		return -EINVAL;
	return ret < 0 ? ret : (long)done;
}

static bool prefix_is_valid(const struct unit *u, unsigned int mode, const char *buf)
{
	/* The start of a sockaddr_in of a BSD. */
	static const unsigned char peer[16] = { 16, 2, 0, 0, 10, 42, 0, 2 };
	static const unsigned char family[4] = { 0, 0, 0, 2 };

	switch (mode) {
	case TUNSIFHEAD:
		return !memcmp(buf, family, sizeof(family));
	case TUNSLMODE:
		return !memcmp(buf, peer, sizeof(peer));
	}
	return !strcmp(u->kind, TUN_KIND) ||
	       (!memcmp(buf, PEER_MAC, ETH_ALEN) && !memcmp(buf + ETH_ALEN, u->mac, ETH_ALEN));
}

/* Segments of odd sizes, small and large. */
static int odd_segments(struct iovec *iov, int max, char *buf, size_t len)
{
	static const size_t sizes[] = { 1, 3, 13, 7, 1021, 61, 4093, 331, 17 };
	int n;

	for (n = 0; len && n < max; n++) {
		size_t size = sizes[n % ARRAY_SIZE(sizes)];

		if (size > len || n == max - 1)
			size = len;
		iov[n] = (struct iovec){ buf, size };
		buf += size;
		len -= size;
	}
	return n;
}

static void check_reads(struct __test_metadata *_metadata, FIXTURE_DATA(nonlinear) * self,
			const FIXTURE_VARIANT(nonlinear) * variant,
			ssize_t (*send)(FIXTURE_DATA(nonlinear) * self, size_t len))
{
	static const size_t sizes[] = { 1, 700, 1400, 4096, 5001, 20011, 60000 };
	const size_t before = variant->prefix + IP_UDP_LEN;
	unsigned int i, j;

	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 65535));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const size_t len = sizes[i], all = before + len;
		/* Truncated in the prefix, after it, after the headers, and by one byte. */
		const size_t cuts[] = {
			1, variant->prefix + 1, before, before + len / 3, all - 1,
		};
		struct iovec iov[200];
		int n;

		ASSERT_EQ((ssize_t)len, send(self, len));
		EXPECT_EQ((int)all, fionread(self->u.fd));
		ASSERT_EQ((ssize_t)all, ERR(read(self->u.fd, self->whole, sizeof(self->whole))));
		EXPECT_TRUE(prefix_is_valid(&self->u, variant->mode, self->whole));
		EXPECT_TRUE(packet_is_valid(self->whole + variant->prefix, IP_UDP_LEN + len,
					    IPPROTO_UDP));
		EXPECT_EQ(0, memcmp(self->sent, self->whole + before, len));

		ASSERT_EQ((ssize_t)len, send(self, len));
		n = odd_segments(iov, ARRAY_SIZE(iov), self->got, sizeof(self->got));
		ASSERT_EQ((ssize_t)all, ERR(readv(self->u.fd, iov, n)));
		EXPECT_TRUE(prefix_is_valid(&self->u, variant->mode, self->got));
		EXPECT_TRUE(packet_is_valid(self->got + variant->prefix, IP_UDP_LEN + len,
					    IPPROTO_UDP));
		EXPECT_EQ(0, memcmp(self->sent, self->got + before, len));

		for (j = 0; j < ARRAY_SIZE(cuts); j++) {
			const size_t cut = cuts[j];

			memset(self->got, 0x55, sizeof(self->got));
			ASSERT_EQ((ssize_t)len, send(self, len));
			n = odd_segments(iov, ARRAY_SIZE(iov), self->got, cut);
			ASSERT_EQ((ssize_t)cut, ERR(readv(self->u.fd, iov, n)));
			EXPECT_EQ(0x55, self->got[cut]);
			if (cut > before)
				EXPECT_EQ(0, memcmp(self->sent, self->got + before, cut - before));
			/* Only the rest of this packet is lost. */
			EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, 1)));
		}
	}
}

TEST_F_TIMEOUT(nonlinear, page_fragments, 60)
{
	check_reads(_metadata, self, variant, send_pages);
}

TEST_F_TIMEOUT(nonlinear, fragment_list, 60)
{
	check_reads(_metadata, self, variant, send_list);
}

/* The driver uses the pages of a written packet again, but not while anybody has it. */
TEST_F_TIMEOUT(nonlinear, written_packets_do_not_share_pages, 60)
{
	const size_t len = 60000;
	int packets = 40, size = 16 << 20, udp, round, i;

	udp = udp_socket(LOCAL, PORT + 1);
	ASSERT_LE(0, udp);
	ASSERT_EQ(0, setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)));
	for (round = 0; round < 3; round++) {
		for (i = 0; i < packets; i++) {
			char *ip = self->whole + variant->prefix;
			ssize_t all;

			fill_pattern(self->sent, len, 100 * round + i);
			all = build_udp(ip, PEER, LOCAL, PORT, PORT + 1, self->sent, len);
			if (variant->mode == TUNSIFHEAD)
				memcpy(self->whole, "\0\0\0\2", 4);
			else if (variant->mode)
				ip = memmove(self->whole, ip, all);
			else if (variant->prefix)
				all = build_frame(self->whole, self->u.mac, PEER_MAC, ETH_P_IP, ip,
						  all) - variant->prefix;
			if (variant->mode != TUNSLMODE)
				all += variant->prefix;
			ASSERT_EQ(all, ERR(write(self->u.fd, self->whole, all)));
		}
		for (i = 0; i < packets; i++) {
			fill_pattern(self->sent, len, 100 * round + i);
			ASSERT_EQ((ssize_t)len, ERR(recv(udp, self->got, sizeof(self->got),
							 MSG_DONTWAIT)));
			ASSERT_EQ(0, memcmp(self->sent, self->got, len))
				TH_LOG("packet %d of round %d", i, round);
		}
	}
	close(udp);
}

TEST_HARNESS_MAIN
