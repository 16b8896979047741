// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that a generic XDP program on another interface sends to a tap or vmnet. They bypass the
 * checks of the stack: the interface gets superpackets, encapsulated ones too, and incomplete
 * checksums, whatever its features are. The program never reads a frame that its header does not
 * describe.
 */
#include "lib/fixture.h"
#include "lib/offload.h"

#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>

#define MSS		1000
#define SEGMENTS	5
#define PAYLOAD		(SEGMENTS * MSS - 1)
#define HEADERS		l4_headers_len(AF_INET, IPPROTO_TCP)

/* The receiver of encapsulated packets. */
#define FAR_MAC		"\x02\x42\x0a\x2b\x00\x02"

FIXTURE(offload_xdp) {
	struct unit u;			/* whose program reads */
	struct unit from;		/* where frames are received */
	size_t header;
	struct rtnl_link_stats64 before;
	char sent[70000], got[70000];
};

FIXTURE_VARIANT(offload_xdp) {
	struct offload o;
	bool header;			/* the reader has a header */
};

FIXTURE_VARIANT_ADD(offload_xdp, tap) { .o = { .kind = TAP_KIND } };
FIXTURE_VARIANT_ADD(offload_xdp, vmnet) { .o = { .kind = VMNET_KIND } };

FIXTURE_VARIANT_ADD(offload_xdp, tap_virtio_10) {
	.o = { .kind = TAP_KIND, .virtio = 10 }, .header = true,
};

FIXTURE_VARIANT_ADD(offload_xdp, tap_tun_hdr) {
	.o = { .kind = TAP_KIND }, .header = true,
};

FIXTURE_VARIANT_ADD(offload_xdp, vmnet_virtio_12) {
	.o = { .kind = VMNET_KIND, .virtio = 12 }, .header = true,
};

/* The header of what the tests write. */
static const struct offload writer = { .kind = TAP_KIND, .virtio = 12 };

FIXTURE_SETUP(offload_xdp)
{
	self->u.fd = -1;
	self->from.fd = -1;
	ASSERT_EQ(0, netns_reset());
	if (access("/proc/sys/kernel/unprivileged_bpf_disabled", F_OK))
		SKIP(return, "no BPF in this kernel");
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->o.kind, O_NONBLOCK));
	/* XDP redirects nothing that is longer. */
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 9000));
	if (variant->header) {
		ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
		self->header = offload_header_len(&variant->o);
	}
	ASSERT_EQ(0, unit_create_kind(&self->from, TAP_KIND, "from"));
	ASSERT_EQ(0, unit_open(&self->from, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->from.ifindex));
	ASSERT_EQ(0, offload_on(&self->from, &writer, 0));
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(offload_xdp)
{
	unit_destroy(&self->from);
	unit_destroy(&self->u);
	if (if_nametoindex("near"))
		link_del(if_nametoindex("near"));
}

/*
 * Attaches a generic XDP program that cuts @head bytes off the beginning of each frame, and @tail
 * off its end, and sends it to interface @to. Returns 0 or -errno.
 */
static int xdp_redirect(int ifindex, int to, int head, int tail)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = head },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_xdp_adjust_head },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = -tail },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_xdp_adjust_tail },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = to },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	/* Without the calls that cut. */
	const unsigned int first = head || tail ? 0 : 6;
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (unsigned long)(code + first),
		.insn_cnt = ARRAY_SIZE(code) - first,
		.license = (unsigned long)"GPL",
	};
	int prog = ERR(syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr))), err;
	struct nl_request req;
	struct rtattr *nest;

	if (prog < 0)
		return prog;
	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = ifindex;
	nest = nl_put(&req, IFLA_XDP | NLA_F_NESTED, NULL, 0);
	nl_put_u32(&req, IFLA_XDP_FD, prog);
	nl_put_u32(&req, IFLA_XDP_FLAGS, XDP_FLAGS_SKB_MODE);
	nl_nest_end(&req, nest);
	err = nl_talk(&req, NULL);
	close(prog);
	return err;
}

#define READ()		ERR(read(self->u.fd, self->got, sizeof(self->got)))
#define REDIRECT(head, tail)						\
	ASSERT_EQ(0, xdp_redirect(self->from.ifindex, self->u.ifindex, head, tail))

/* Where an IP packet begins in what is read. */
#define IP_AT		(self->header + ETH_HLEN)

/*
 * Writes a TCP or UDP packet with an incomplete checksum, to be segmented if @gso_size is not 0,
 * which the XDP program gets, and keeps its bytes from the IP header on. @label is put before that.
 */
static void write_frame(struct __test_metadata *_metadata, FIXTURE_DATA(offload_xdp) * self,
			int family, int protocol, size_t payload, size_t gso_size,
			const void *label)
{
	const size_t prefix = offload_prefix_len(&writer), shift = label ? 4 : 0;
	struct virtio_net_hdr hdr = l4_virtio(family, protocol, gso_size);
	const __be16 mpls = htons(ETH_P_MPLS_UC);
	size_t len;

	hdr.csum_start += shift;
	hdr.hdr_len += gso_size ? shift : 0;
	offload_put(&self->from, &writer, self->sent, family, &hdr);
	if (label) {
		memcpy(self->sent + prefix - sizeof(mpls), &mpls, sizeof(mpls));
		memcpy(self->sent + prefix, label, shift);
	}
	len = prefix + shift + build_l4(self->sent + prefix + shift, family, protocol, true,
					payload, true);
	ASSERT_EQ((ssize_t)len, ERR(write(self->from.fd, self->sent, len)));
	memmove(self->sent, self->sent + prefix + shift, len - prefix - shift);
}

/* Reads the packet of write_frame(), whole and described by this header. */
static void expect_described(struct __test_metadata *_metadata, FIXTURE_DATA(offload_xdp) * self,
			     const FIXTURE_VARIANT(offload_xdp) * variant, int family,
			     int protocol, size_t payload, size_t gso_size)
{
	const size_t len = l4_headers_len(family, protocol) + payload;
	struct virtio_net_hdr want = l4_virtio(family, protocol, gso_size), hdr;

	ASSERT_EQ((ssize_t)(IP_AT + len), READ());
	hdr = offload_get(&variant->o, self->got);
	EXPECT_EQ(0, memcmp(&want, &hdr, sizeof(hdr)));
	EXPECT_EQ(0, memcmp(self->sent, self->got + IP_AT, len));
}

/* Reads the payload of write_frame() in finished packets of at most @mss bytes of it. */
static void expect_finished(struct __test_metadata *_metadata, FIXTURE_DATA(offload_xdp) * self,
			    int family, int protocol, size_t payload, size_t mss)
{
	static const char zero[OFFLOAD_HEADER_MAX];
	const size_t headers = l4_headers_len(family, protocol);
	size_t at;

	for (at = 0; at < payload; at += mss) {
		const size_t n = payload - at < mss ? payload - at : mss;

		ASSERT_EQ((ssize_t)(IP_AT + headers + n), READ());
		EXPECT_EQ(0, memcmp(zero, self->got, self->header));
		EXPECT_TRUE(l4_is_valid(self->got + IP_AT, headers + n));
		EXPECT_EQ(0, memcmp(self->sent + headers + at, self->got + IP_AT + headers, n));
	}
}

static const int families[] = { AF_INET, AF_INET6 };

TEST_F(offload_xdp, tcp_superpackets)
{
	unsigned int i;

	REDIRECT(0, 0);
	for (i = 0; i < 2 * ARRAY_SIZE(families); i++) {
		const int family = families[i / 2];

		write_frame(_metadata, self, family, IPPROTO_TCP, PAYLOAD, MSS, NULL);
		if (variant->header)
			expect_described(_metadata, self, variant, family, IPPROTO_TCP, PAYLOAD,
					 MSS);
		else
			expect_finished(_metadata, self, family, IPPROTO_TCP, PAYLOAD, MSS);
		EXPECT_EQ(-EAGAIN, READ());
		EXPECT_EQ((i + 1) * SEGMENTS, STAT_DELTA(tx_packets));
	}
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

TEST_F(offload_xdp, incomplete_checksums)
{
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	unsigned int i, j;

	REDIRECT(0, 0);
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		for (j = 0; j < ARRAY_SIZE(protocols); j++) {
			write_frame(_metadata, self, families[i], protocols[j], 1200, 0, NULL);
			if (variant->header)
				expect_described(_metadata, self, variant, families[i],
						 protocols[j], 1200, 0);
			else
				expect_finished(_metadata, self, families[i], protocols[j], 1200,
						1200);
		}
	}
	EXPECT_EQ(-EAGAIN, READ());
}

/*
 * What "ethtool -K" has switched off does not matter, and neither does what it would have to switch
 * on: the header describes the packet.
 */
TEST_F(offload_xdp, features_that_are_off)
{
	static const char *const features[] = {
		"tx-tcp-segmentation", "tx-tcp6-segmentation", "tx-udp-segmentation",
		"tx-checksum-ip-generic", "tx-checksum-ipv4", "tx-checksum-ipv6",
	};
	unsigned int i;

	REDIRECT(0, 0);
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		ASSERT_EQ(0, ethtool_set_feature(self->u.ifname, features[i], false));
		ASSERT_EQ(0, ethtool_feature(self->u.ifname, features[i]));
	}
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		write_frame(_metadata, self, families[i], IPPROTO_TCP, PAYLOAD, MSS, NULL);
		if (variant->header)
			expect_described(_metadata, self, variant, families[i], IPPROTO_TCP,
					 PAYLOAD, MSS);
		else
			expect_finished(_metadata, self, families[i], IPPROTO_TCP, PAYLOAD, MSS);
		/* The header of OpenBSD has no flag for it. */
		write_frame(_metadata, self, families[i], IPPROTO_UDP, PAYLOAD, MSS, NULL);
		if (variant->o.virtio)
			expect_described(_metadata, self, variant, families[i], IPPROTO_UDP,
					 PAYLOAD, MSS);
		else
			expect_finished(_metadata, self, families[i], IPPROTO_UDP, PAYLOAD, MSS);
	}
	EXPECT_EQ(-EAGAIN, READ());
}

/* ---- encapsulated superpackets ------------------------------------------ */

/* The headers of a VXLAN packet in a frame: Ethernet, IPv4, UDP, VXLAN, Ethernet. */
#define OUTER_UDP	(ETH_HLEN + sizeof(struct iphdr))
#define INNER_IP	(OUTER_UDP + sizeof(struct udphdr) + 8 + ETH_HLEN)

/*
 * Reads an encapsulated TCP superpacket, whose inner IP packet is at self->sent, as frames with one
 * segment each. The program's header may leave the outer checksum to it, but nothing else.
 */
static void expect_vxlan(struct __test_metadata *_metadata, FIXTURE_DATA(offload_xdp) * self,
			 const FIXTURE_VARIANT(offload_xdp) * variant, bool outer_csum)
{
	size_t at;

	for (at = 0; at < PAYLOAD; at += MSS) {
		const size_t n = PAYLOAD - at < MSS ? PAYLOAD - at : MSS;
		char *ip = self->got + IP_AT, *inner = self->got + self->header + INNER_IP;
		const size_t len = INNER_IP + HEADERS + n;
		const struct udphdr *udp = (void *)(ip + sizeof(struct iphdr));

		ASSERT_TRUE(wait_readable(self->u.fd));
		ASSERT_EQ((ssize_t)(self->header + len), READ());
		if (variant->header) {
			const struct virtio_net_hdr want = l4_virtio(AF_INET, IPPROTO_UDP, 0);
			struct virtio_net_hdr hdr = offload_get(&variant->o, self->got);

			if (hdr.flags)
				EXPECT_EQ(0, memcmp(&want, &hdr, sizeof(hdr)));
			EXPECT_EQ(0, hdr.gso_type);
			complete_checksum(ip, len - ETH_HLEN, &hdr);
		}
		EXPECT_EQ(len - OUTER_UDP, ntohs(udp->len));
		EXPECT_EQ(outer_csum, !!udp->check);
		if (outer_csum)
			EXPECT_TRUE(l4_is_valid(ip, len - ETH_HLEN));
		EXPECT_EQ(len - ETH_HLEN, ntohs(((struct iphdr *)ip)->tot_len));
		EXPECT_EQ(0, csum(0, ip, sizeof(struct iphdr)));
		EXPECT_TRUE(l4_is_valid(inner, HEADERS + n));
		EXPECT_EQ(0, memcmp(self->sent + HEADERS + at, inner + HEADERS, n));
	}
	EXPECT_EQ(-EAGAIN, READ());
}

/* A tap of Linux's own driver, which accepts such packets. Returns a descriptor or -errno. */
static int linux_tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), len = 24, on = 1;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETVNETHDRSZ, &len) ||
	    ioctl(fd, TUNSETVNETLE, &on) || link_up(if_nametoindex(name))) {
		close(fd);
		return -EPROTO;
	}
	return fd;
}

/* Of a virtual machine, say, whose driver leaves the segmentation to the host. */
TEST_F(offload_xdp, vxlan_superpackets_of_a_virtio_device)
{
	const size_t len = INNER_IP + HEADERS + PAYLOAD;
	const struct {
		struct virtio_net_hdr hdr;
		__le16 unused[5], outer_udp, inner_ip;
	} hdr = {
		.hdr = {
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
			.hdr_len = INNER_IP + HEADERS,
			.gso_size = MSS,
			.csum_start = INNER_IP + sizeof(struct iphdr),
			.csum_offset = 16,
		},
		.outer_udp = OUTER_UDP,
		.inner_ip = INNER_IP,
	};
	char packet[sizeof(hdr) + INNER_IP + 70 + PAYLOAD];
	char *frame = packet + sizeof(hdr);
	struct udphdr *udp = (void *)(frame + OUTER_UDP);
	int fd, csum;

	run_command("modprobe -q tun");
	fd = linux_tap("outside");
	if (fd < 0)
		SKIP(return, "no tun, or one without this, in this kernel");
	ASSERT_EQ(0, xdp_redirect(if_nametoindex("outside"), self->u.ifindex, 0, 0));
	for (csum = 0; csum < 2; csum++) {
		memset(packet, 0, sizeof(packet));
		memcpy(packet, &hdr, sizeof(hdr));
		packet[0] |= csum ? 8 : 0;	/* ..._F_UDP_TUNNEL_CSUM */
		packet[1] |= 0x20;		/* ..._GSO_UDP_TUNNEL_IPV4 */
		build_frame(frame, FAR_MAC, PEER_MAC, ETH_P_IP, NULL, 0);
		build_ip(frame + ETH_HLEN, PEER, LOCAL, IPPROTO_UDP, len - OUTER_UDP);
		udp->source = htons(4789);
		udp->dest = htons(4789);
		udp->len = htons(len - OUTER_UDP);
		if (csum)
			udp->check = pseudo_check(frame + ETH_HLEN, len - OUTER_UDP, IPPROTO_UDP);
		frame[OUTER_UDP + sizeof(*udp)] = 8;
		build_frame(frame + INNER_IP - ETH_HLEN, FAR_MAC, PEER_MAC, ETH_P_IP, NULL, 0);
		build_l4(frame + INNER_IP, AF_INET, IPPROTO_TCP, true, PAYLOAD, true);
		memcpy(self->sent, frame + INNER_IP, HEADERS + PAYLOAD);
		ASSERT_EQ((ssize_t)(sizeof(hdr) + len),
			  ERR(write(fd, packet, sizeof(hdr) + len)));
		expect_vxlan(_metadata, self, variant, csum);
		EXPECT_EQ((csum + 1) * SEGMENTS, STAT_DELTA(tx_packets));
	}
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	close(fd);
}

/* A pair of veth, the far end of which sends all to the unit. Returns 0 or -errno. */
static int cable_to(const struct unit *u)
{
	if (run_command("ip link add near type veth peer name far") ||
	    run_command("ip link set near up mtu 9000") ||
	    run_command("ip link set far up mtu 9000"))
		return -ENODEV;
	if (!WAIT_FOR(link_carrier(if_nametoindex("near")) == 1, TIMEOUT_MS) ||
	    run_command("ip address add 10.43.0.1/24 dev near") ||
	    run_command("ip neigh replace 10.43.0.2 lladdr 02:42:0a:2b:00:02 dev near"))
		return -EPROTO;
	return xdp_redirect(if_nametoindex("far"), u->ifindex, 0, 0);
}

/* The stack encapsulates for a veth, which takes such superpackets whole. */
TEST_F(offload_xdp, vxlan_superpackets_of_the_stack)
{
	struct virtio_net_hdr hdr = l4_virtio(AF_INET, IPPROTO_TCP, MSS);
	struct unit vxlan = { .kind = TAP_KIND };
	int csum, err = cable_to(&self->u), raw;

	if (err == -ENODEV)
		SKIP(return, "no veth in this kernel");
	ASSERT_EQ(0, err);
	raw = vnet_socket();
	ASSERT_LE(0, raw);
	for (csum = 0; csum < 2; csum++) {
		if (run_command("ip link add vx type vxlan id 5 remote 10.43.0.2 dstport 4789 %s",
				csum ? "udpcsum" : "noudpcsum"))
			SKIP(return, "no VXLAN in this kernel");
		ASSERT_EQ(0, run_command("ip link set vx up"));
		vxlan.ifindex = if_nametoindex("vx");
		build_l4(self->sent, AF_INET, IPPROTO_TCP, false, PAYLOAD, true);
		ASSERT_LT(0, vnet_send(raw, &vxlan, &hdr, self->sent, HEADERS + PAYLOAD));
		expect_vxlan(_metadata, self, variant, csum);
		ASSERT_EQ(0, run_command("ip link del vx"));
	}
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	close(raw);
}

/* ---- MPLS --------------------------------------------------------------- */

/* A label stack entry: label 100, bottom of the stack, TTL 64. */
static const unsigned char label[4] = { 0x00, 0x06, 0x41, 0x40 };

/* Nobody has said where the inner packet begins, so that they cannot be cut. */
TEST_F(offload_xdp, mpls_superpackets_of_a_virtio_device_are_dropped)
{
	REDIRECT(0, 0);
	write_frame(_metadata, self, AF_INET, IPPROTO_TCP, PAYLOAD, MSS, label);
	EXPECT_EQ(-EAGAIN, READ());
	EXPECT_EQ(0, STAT_DELTA(tx_packets));
	EXPECT_LT(0, STAT_DELTA(tx_dropped));
	EXPECT_EQ(STAT_DELTA(tx_dropped),
		  ethtool_statistic(self->u.ifname, "tx_drop_segmentation"));
	EXPECT_EQ(0, ethtool_statistic(self->u.ifname, "queue_len"));
}

TEST_F(offload_xdp, mpls_with_an_incomplete_checksum)
{
	const size_t headers = l4_headers_len(AF_INET, IPPROTO_UDP), at = IP_AT + sizeof(label);
	struct virtio_net_hdr hdr = { };

	REDIRECT(0, 0);
	write_frame(_metadata, self, AF_INET, IPPROTO_UDP, 1200, 0, label);
	ASSERT_EQ((ssize_t)(at + headers + 1200), READ());
	EXPECT_EQ(0, memcmp(label, self->got + IP_AT, sizeof(label)));
	if (variant->o.virtio) {
		memcpy(&hdr, self->got, sizeof(hdr));
		EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, hdr.flags);
		EXPECT_EQ(ETH_HLEN + sizeof(label) + sizeof(struct iphdr), hdr.csum_start);
		hdr.csum_start -= ETH_HLEN + sizeof(label);
		complete_checksum(self->got + at, headers + 1200, &hdr);
	}
	EXPECT_TRUE(l4_is_valid(self->got + at, headers + 1200));
}

TEST_F(offload_xdp, mpls_superpackets_of_the_stack)
{
	const size_t headers = l4_headers_len(AF_INET, IPPROTO_UDP), ip_at = IP_AT + sizeof(label);
	int err = cable_to(&self->u), udp, size = MSS;
	unsigned char entry[4];
	size_t at;

	if (err == -ENODEV)
		SKIP(return, "no veth in this kernel");
	ASSERT_EQ(0, err);
	run_command("modprobe -q -a mpls_iptunnel mpls_gso");
	if (run_command("ip route add 10.44.0.0/24 encap mpls 100 via inet 10.43.0.2 dev near"))
		SKIP(return, "no MPLS in this kernel");
	udp = udp_socket(0x0a2b0001, PORT);
	ASSERT_LE(0, udp);
	ASSERT_EQ(0, setsockopt(udp, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)));
	fill_pattern(self->sent, PAYLOAD, 5);
	ASSERT_EQ(PAYLOAD, udp_send(udp, 0x0a2c0001, PORT, self->sent, PAYLOAD));
	for (at = 0; at < PAYLOAD; at += MSS) {
		const size_t n = PAYLOAD - at < MSS ? PAYLOAD - at : MSS;

		ASSERT_TRUE(wait_readable(self->u.fd));
		ASSERT_EQ((ssize_t)(ip_at + headers + n), READ());
		memcpy(entry, self->got + IP_AT, sizeof(entry));
		EXPECT_EQ(0, memcmp(label, entry, 3));
		EXPECT_TRUE(l4_is_valid(self->got + ip_at, headers + n));
		EXPECT_EQ(0, memcmp(self->sent + at, self->got + ip_at + headers, n));
	}
	EXPECT_EQ(-EAGAIN, READ());
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
	close(udp);
}

/* ---- frames that the XDP program has cut -------------------------------- */

TEST_F(offload_xdp, checksum_that_was_cut_off)
{
	static const struct {
		int head, tail;
	} cuts[] = {
		{ 0, 1200 + 1 }, { 0, 1200 + 8 }, { 0, 1200 + 9 }, { 0, 1200 + 20 }, { 35, 0 },
		{ 41, 0 }, { 100, 0 },
	};
	unsigned int i, dropped = 0;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		REDIRECT(cuts[i].head, cuts[i].tail);
		write_frame(_metadata, self, AF_INET, IPPROTO_UDP, 1200, 0, NULL);
		if (READ() == -EAGAIN)
			dropped++;
	}
	EXPECT_EQ(ARRAY_SIZE(cuts), dropped);
	EXPECT_EQ(dropped, ethtool_statistic(self->u.ifname, "tx_drop_checksum"));
	REDIRECT(0, 0);
	write_frame(_metadata, self, AF_INET, IPPROTO_UDP, 1200, 0, NULL);
	EXPECT_LT(0, READ());
}

/* Some can be cut further, others cannot. */
TEST_F(offload_xdp, superpackets_that_were_cut_are_finished_or_described)
{
	static const int heads[] = { 0, 1, 14, 33, 34, 35, 54, 1000 };
	const size_t all = ETH_HLEN + HEADERS + PAYLOAD;
	struct virtio_net_hdr hdr;
	unsigned int i;
	ssize_t got;
	int tail;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		for (tail = 0; tail + heads[i] + ETH_HLEN < all; tail += 977) {
			REDIRECT(heads[i], tail);
			write_frame(_metadata, self, AF_INET, IPPROTO_TCP, PAYLOAD, MSS, NULL);
			while ((got = READ()) >= 0) {
				hdr = (struct virtio_net_hdr) { };
				if (variant->header)
					hdr = offload_get(&variant->o, self->got);
				if (!hdr.gso_type)
					EXPECT_GE(IP_AT + HEADERS + MSS, got)
						TH_LOG("%d, %d", heads[i], tail);
			}
			EXPECT_EQ(-EAGAIN, got);
		}
	}
	EXPECT_EQ(0, ethtool_statistic(self->u.ifname, "queue_len"));
}

TEST_HARNESS_MAIN
