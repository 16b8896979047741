// SPDX-License-Identifier: GPL-2.0
/*
 * A reader never gets a packet that its header does not describe: not those that a queueing
 * discipline has held since the header was another, not those that waited while a vmnet was closed,
 * and not what generic XDP transmits, which bypasses the checks of the stack.
 */
#include "lib/test.h"
#include "lib/offload.h"

#include <linux/bpf.h>
#include <linux/if_link.h>

#define MSS		1000
#define SEGMENTS	5
#define PAYLOAD		(SEGMENTS * MSS - 1)

FIXTURE(offload_pending) {
	struct unit u;
	int raw;
	size_t link;
	struct rtnl_link_stats64 before;
	char sent[70000], got[70000];
};

FIXTURE_VARIANT(offload_pending) {
	struct offload o;
};

FIXTURE_VARIANT_ADD(offload_pending, tun_virtio) { .o = { .kind = TUN_KIND, .virtio = 10 } };
FIXTURE_VARIANT_ADD(offload_pending, tun_tun_hdr) { .o = { .kind = TUN_KIND } };
FIXTURE_VARIANT_ADD(offload_pending, tap_virtio) { .o = { .kind = TAP_KIND, .virtio = 12 } };
FIXTURE_VARIANT_ADD(offload_pending, tap_tun_hdr) { .o = { .kind = TAP_KIND } };
FIXTURE_VARIANT_ADD(offload_pending, vmnet_virtio) { .o = { .kind = VMNET_KIND, .virtio = 12 } };

FIXTURE_SETUP(offload_pending)
{
	self->u.fd = -1;
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->o.kind, O_NONBLOCK));
	self->link = link_header_len(&self->u);
	self->raw = vnet_socket();
	ASSERT_LE(0, self->raw);
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(offload_pending)
{
	close(self->raw);
	unit_destroy(&self->u);
}

#define HEADERS	l4_headers_len(AF_INET, IPPROTO_TCP)

/* Transmits a superpacket. */
static ssize_t send_super(FIXTURE_DATA(offload_pending) * self)
{
	struct virtio_net_hdr hdr = l4_virtio(AF_INET, IPPROTO_TCP, MSS);
	size_t len = build_l4(self->sent, AF_INET, IPPROTO_TCP, false, PAYLOAD, true);

	return vnet_send(self->raw, &self->u, &hdr, self->sent, len);
}

/* Reads the segments of one superpacket, without a header. */
static void expect_segments(struct __test_metadata *_metadata,
			    FIXTURE_DATA(offload_pending) * self, int fd)
{
	size_t at;

	for (at = 0; at < PAYLOAD; at += MSS) {
		const size_t n = PAYLOAD - at < MSS ? PAYLOAD - at : MSS;

		ASSERT_TRUE(wait_readable(fd));
		ASSERT_EQ((ssize_t)(self->link + HEADERS + n),
			  ERR(read(fd, self->got, sizeof(self->got))));
		EXPECT_TRUE(l4_is_valid(self->got + self->link, HEADERS + n));
		EXPECT_EQ(0, memcmp(self->got + self->link + HEADERS,
				    self->sent + HEADERS + at, n));
	}
}

TEST_F(offload_pending, packets_held_by_a_qdisc)
{
	const size_t whole = offload_prefix_len(&variant->o) + HEADERS + PAYLOAD;
	const int n = 12;
	int i;

	if (run_command("tc qdisc add dev %s root pfifo limit 1000", self->u.ifname))
		SKIP(return, "no pfifo in this kernel");
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 2 * SEGMENTS));
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	for (i = 0; i < n; i++)
		ASSERT_LT(0, send_super(self));
	/* The driver has stopped the queue. */
	EXPECT_LT(0, ethtool_statistic(self->u.ifname, "queue_stops"));
	ASSERT_EQ((ssize_t)whole, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	ASSERT_EQ(0, offload_off(&self->u, &variant->o));
	for (i = 1; i < n; i++)
		expect_segments(_metadata, self, self->u.fd);
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	EXPECT_EQ(n * SEGMENTS, STAT_DELTA(tx_packets));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

/* The next program has no header, whatever the last one had. */
TEST_F(offload_pending, packets_of_the_next_open)
{
	bool vmnet = !strcmp(variant->o.kind, VMNET_KIND);

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	ASSERT_LT(0, send_super(self));
	unit_close(&self->u);
	/* A vmnet queues while it is closed. */
	if (vmnet)
		ASSERT_LT(0, send_super(self));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	if (!vmnet) {
		EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		ASSERT_LT(0, send_super(self));
	}
	expect_segments(_metadata, self, self->u.fd);
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
}

/* Queued without a header, read with one: the header says that nothing is left to do. */
TEST_F(offload_pending, header_goes_on_while_packets_wait)
{
	static const char zero[OFFLOAD_HEADER_MAX];
	const size_t header = offload_header_len(&variant->o);
	int i;

	ASSERT_LT(0, send_super(self));
	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	for (i = 0; i < SEGMENTS; i++) {
		const ssize_t len = header + self->link + HEADERS + MSS - (i == SEGMENTS - 1);

		ASSERT_EQ(len, ERR(read(self->u.fd, self->got, sizeof(self->got))));
		EXPECT_EQ(0, memcmp(zero, self->got, header));
		EXPECT_TRUE(l4_is_valid(self->got + header + self->link,
					len - header - self->link));
	}
}

/* Attaches a generic XDP program that sends every packet to interface @to. */
static int xdp_redirect(int ifindex, int to)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = to },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (unsigned long)code,
		.insn_cnt = ARRAY_SIZE(code),
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

TEST_F(offload_pending, packets_of_generic_XDP)
{
	struct virtio_net_hdr hdr = l4_virtio(AF_INET, IPPROTO_TCP, MSS);
	size_t prefix = offload_prefix_len(&variant->o), len;
	struct unit from;
	int err, i;

	if (!self->link)
		SKIP(return, "no frames");
	if (access("/proc/sys/kernel/unprivileged_bpf_disabled", F_OK))
		SKIP(return, "no BPF in this kernel");
	ASSERT_EQ(0, unit_create_kind(&from, variant->o.kind, "from"));
	ASSERT_EQ(0, unit_open(&from, O_NONBLOCK));
	ASSERT_EQ(0, link_up(from.ifindex));
	ASSERT_EQ(0, offload_on(&from, &variant->o, 0));
	err = xdp_redirect(from.ifindex, self->u.ifindex);
	ASSERT_EQ(0, err);
	/* XDP redirects nothing that is longer. */
	ASSERT_EQ(0, link_set_mtu(self->u.ifindex, 9000));
	for (i = 0; i < 3; i++) {
		len = offload_put(&from, &variant->o, self->sent, AF_INET, &hdr);
		len += build_l4(self->sent + prefix, AF_INET, IPPROTO_TCP, true, PAYLOAD, true);
		ASSERT_EQ((ssize_t)len, ERR(write(from.fd, self->sent, len)));
		memmove(self->sent, self->sent + prefix, len - prefix);
		expect_segments(_metadata, self, self->u.fd);
	}
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, self->got, sizeof(self->got))));
	unit_destroy(&from);
}

TEST_HARNESS_MAIN
