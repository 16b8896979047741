// SPDX-License-Identifier: GPL-2.0
/*
 * Offload headers while allocations and copies fail, one after the other: a call fails with an
 * error that is documented or has its effect, each packet is received, read or counted, and the
 * unit works afterwards. Needs fault injection.
 */
#include "lib/fixture.h"
#include "lib/fault.h"
#include "lib/offload.h"

#include <net/if_tun.h>

#define FAULTS_MAX	300
#define MSS		1000
#define SEGMENTS	30

FIXTURE(offload_faults) {
	struct unit u;
	int raw, fail;
	char sent[70000], got[70000];
};

FIXTURE_VARIANT(offload_faults) {
	struct offload o;
};

FIXTURE_VARIANT_ADD(offload_faults, tun_virtio) { .o = { .kind = TUN_KIND, .virtio = 10 } };
FIXTURE_VARIANT_ADD(offload_faults, tap_tun_hdr) { .o = { .kind = TAP_KIND } };

FIXTURE_SETUP(offload_faults)
{
	self->u.fd = -1;
	self->fail = fault_open();
	if (self->fail == -ENOENT)
		SKIP(return, "the kernel has no fault injection");
	ASSERT_LE(0, self->fail);
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->o.kind, O_NONBLOCK));
	self->raw = vnet_socket();
	ASSERT_LE(0, self->raw);
}

FIXTURE_TEARDOWN(offload_faults)
{
	if (self->fail < 0)
		return;
	close(self->fail);
	close(self->raw);
	unit_destroy(&self->u);
}

static long long counter(FIXTURE_DATA(offload_faults) * self, const char *name)
{
	return ethtool_statistic(self->u.ifname, name);
}

TEST_F_TIMEOUT(offload_faults, header_is_switched_or_not, 120)
{
	bool injected = true;
	char value[64];
	int nth, ret;

	for (nth = 1; injected && nth < FAULTS_MAX; nth++) {
		ASSERT_EQ(0, fault_set_nth(self->fail, nth));
		ret = offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL);
		injected = fault_was_injected(self->fail);
		EXPECT_TRUE(!ret || ret == -EFAULT)
			TH_LOG("fault %d: %s", nth, strerror(-ret));
		EXPECT_TRUE(fdinfo_value(self->u.fd, "offload", value, sizeof(value)));
		EXPECT_EQ(!ret, !!strcmp(value, "none"));
		ASSERT_EQ(0, fault_set_nth(self->fail, nth));
		ret = offload_off(&self->u, &variant->o);
		injected |= fault_was_injected(self->fail);
		EXPECT_TRUE(!ret || ret == -EFAULT);
		EXPECT_EQ(0, offload_off(&self->u, &variant->o));
	}
	EXPECT_FALSE(injected);
	EXPECT_LT(2, nth);
}

/* A superpacket that waits is read in segments, or counted as one that could not be segmented. */
TEST_F_TIMEOUT(offload_faults, superpacket_is_segmented_or_counted, 200)
{
	struct virtio_net_hdr hdr = l4_virtio(AF_INET, IPPROTO_TCP, MSS);
	size_t len = build_l4(self->sent, AF_INET, IPPROTO_TCP, false, SEGMENTS * MSS, true);
	const size_t link = link_header_len(&self->u);
	long long lost_all = 0;
	bool injected = true;
	int nth;

	for (nth = 1; injected && nth < FAULTS_MAX; nth++) {
		long long lost = -counter(self, "tx_drop_segmentation"), copy_failed;
		int read_all = 0;
		ssize_t ret;

		copy_failed = -counter(self, "tx_drop_fault");
		ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
		ASSERT_LT(0, vnet_send(self->raw, &self->u, &hdr, self->sent, len));
		ASSERT_EQ(0, offload_off(&self->u, &variant->o));
		ASSERT_EQ(0, fault_set_nth(self->fail, nth));
		ret = ERR(read(self->u.fd, self->got, sizeof(self->got)));
		injected = fault_was_injected(self->fail);
		EXPECT_TRUE(ret > 0 || ret == -EAGAIN || ret == -EFAULT)
			TH_LOG("fault %d: %s", nth, strerror(-ret));
		for (; ret != -EAGAIN; ret = ERR(read(self->u.fd, self->got, sizeof(self->got)))) {
			if (ret < 0)
				continue;
			EXPECT_TRUE(l4_is_valid(self->got + link, ret - link));
			read_all++;
		}
		lost += counter(self, "tx_drop_segmentation");
		copy_failed += counter(self, "tx_drop_fault");
		EXPECT_EQ(SEGMENTS, read_all + lost + copy_failed);
		EXPECT_TRUE(lost == 0 || lost == SEGMENTS);
		lost_all += lost;
	}
	EXPECT_FALSE(injected);
	EXPECT_LT(0, lost_all);
	EXPECT_EQ(0, counter(self, "queue_len"));
}

/* A superpacket that is written is received whole, or counted. */
TEST_F_TIMEOUT(offload_faults, written_superpacket_is_received_or_counted, 200)
{
	struct virtio_net_hdr hdr = l4_virtio(AF_INET, IPPROTO_TCP, MSS);
	bool injected = true;
	int nth;

	ASSERT_EQ(0, offload_on(&self->u, &variant->o, OFFLOAD_CAPS_ALL));
	for (nth = 1; injected && nth < FAULTS_MAX; nth++) {
		size_t len = offload_put(&self->u, &variant->o, self->sent, AF_INET, &hdr);
		struct rtnl_link_stats64 before = link_stats(self->u.ifindex);
		long long lost = -counter(self, "rx_drop_no_memory");
		__u64 received;
		ssize_t ret;

		lost -= counter(self, "rx_drop_fault") + counter(self, "rx_drop_bad_header");
		len += build_l4(self->sent + len, AF_INET, IPPROTO_TCP, true, SEGMENTS * MSS, true);
		ASSERT_EQ(0, fault_set_nth(self->fail, nth));
		ret = ERR(write(self->u.fd, self->sent, len));
		injected = fault_was_injected(self->fail);
		/* EINVAL if there was no memory to look at the headers. */
		EXPECT_TRUE(ret == (ssize_t)len || ret == -EFAULT || ret == -ENOBUFS ||
			    ret == -EINVAL)
			TH_LOG("fault %d: %s", nth, strerror(-ret));
		lost += counter(self, "rx_drop_no_memory") + counter(self, "rx_drop_fault") +
			counter(self, "rx_drop_bad_header");
		received = link_stat_delta(self->u.ifindex, &before,
					   offsetof(struct rtnl_link_stats64, rx_packets));
		EXPECT_EQ(1, received / SEGMENTS + lost);
		EXPECT_EQ(0, received % SEGMENTS);
	}
	EXPECT_FALSE(injected);
	EXPECT_LT(2, nth);
}

TEST_HARNESS_MAIN
