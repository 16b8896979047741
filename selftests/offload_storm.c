// SPDX-License-Identifier: GPL-2.0
/*
 * Programs with and without an offload header take turns on a unit, while the stack sends packets
 * that are not finished, also from a queueing discipline. A program that has not asked for a header
 * reads finished packets only.
 */
#include "lib/fixture.h"
#include "lib/offload.h"

#include <net/if_tun.h>
#include <pthread.h>
#include <stdatomic.h>

#define MSS		1000
#define SEGMENTS	9
#define TURNS		60

FIXTURE(offload_storm) {
	struct unit u;
	int raw;
	atomic_bool stop;
	atomic_uint sent;
	char super[20000], small[2000], got[70000];
	size_t super_len, small_len;
};

FIXTURE_VARIANT(offload_storm) {
	struct offload o;
	const char *qdisc;
};

FIXTURE_VARIANT_ADD(offload_storm, tun) { .o = { .kind = TUN_KIND, .virtio = 10 } };

FIXTURE_VARIANT_ADD(offload_storm, tun_behind_pfifo) {
	.o = { .kind = TUN_KIND, .virtio = 12 }, .qdisc = "pfifo limit 50",
};

FIXTURE_VARIANT_ADD(offload_storm, tap_behind_fq_codel) {
	.o = { .kind = TAP_KIND }, .qdisc = "fq_codel limit 50",
};

FIXTURE_VARIANT_ADD(offload_storm, vmnet_behind_pfifo) {
	.o = { .kind = VMNET_KIND, .virtio = 10 }, .qdisc = "pfifo limit 50",
};

FIXTURE_SETUP(offload_storm)
{
	self->u.fd = -1;
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->o.kind, O_NONBLOCK));
	if (variant->qdisc)
		ASSERT_EQ(0, run_command("tc qdisc add dev %s root %s", self->u.ifname,
					 variant->qdisc));
	/* Some superpackets, so that the discipline holds others. */
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 4 * SEGMENTS));
	self->raw = vnet_socket();
	ASSERT_LE(0, self->raw);
	self->super_len = build_l4(self->super, AF_INET, IPPROTO_TCP, false, SEGMENTS * MSS, true);
	self->small_len = build_l4(self->small, AF_INET, IPPROTO_UDP, false, MSS, true);
}

FIXTURE_TEARDOWN(offload_storm)
{
	close(self->raw);
	unit_destroy(&self->u);
}

static void *sender(void *arg)
{
	FIXTURE_DATA(offload_storm) * self = arg;
	struct virtio_net_hdr super = l4_virtio(AF_INET, IPPROTO_TCP, MSS);
	struct virtio_net_hdr small = l4_virtio(AF_INET, IPPROTO_UDP, 0);

	while (!self->stop) {
		if (vnet_send(self->raw, &self->u, &super, self->super, self->super_len) > 0)
			self->sent++;
		if (vnet_send(self->raw, &self->u, &small, self->small, self->small_len) > 0)
			self->sent++;
		/* On one processor, readers must get their turn. */
		sched_yield();
	}
	return NULL;
}

/* Reads up to @count packets; false if one is not finished and @finished says that it must be. */
static bool read_some(FIXTURE_DATA(offload_storm) * self, size_t prefix, int count, bool finished)
{
	size_t longest = l4_headers_len(AF_INET, IPPROTO_TCP) + MSS;
	int i;

	for (i = 0; i < count; i++) {
		ssize_t len;

		if (!wait_readable(self->u.fd))
			return false;
		len = ERR(read(self->u.fd, self->got, sizeof(self->got)));
		/* Only one that was lost for want of memory. */
		if (len == -EAGAIN)
			continue;
		if (len < (ssize_t)prefix)
			return false;
		len -= prefix;
		if (finished && (len > longest || !l4_is_valid(self->got + prefix, len))) {
			ksft_print_msg("packet of %zd bytes, valid: %d\n", len,
				       l4_is_valid(self->got + prefix, len));
			return false;
		}
	}
	return true;
}

TEST_F_TIMEOUT(offload_storm, reader_without_a_header_gets_finished_packets, 300)
{
	const size_t link = link_header_len(&self->u);
	int turn, turns = scaled_rounds(TURNS);
	pthread_t thread;
	bool good = true;

	ASSERT_EQ(0, pthread_create(&thread, NULL, sender, self));
	for (turn = 0; good && turn < turns; turn++) {
		/* With a header, then without one: on the same descriptor, then after a close. */
		EXPECT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
		good &= read_some(self, offload_prefix_len(&variant->o), 10, false);
		if (turn % 2) {
			EXPECT_EQ(0, offload_off(&self->u, &variant->o));
		} else {
			unit_close(&self->u);
			if (unit_open(&self->u, O_NONBLOCK) || link_up(self->u.ifindex))
				break;
		}
		good &= read_some(self, link, 60, true);
	}
	self->stop = true;
	EXPECT_TRUE(thread_join(thread));
	EXPECT_TRUE(good);
	EXPECT_EQ(turns, turn);
	ksft_print_msg("%u packets sent\n", self->sent);
}

TEST_HARNESS_MAIN
