/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixtures that several programs share. The kind of the unit is the variant, so that a test runs on
 * each kind that TUN_VARIANT(), TAP_VARIANT() and VMNET_VARIANT() name. The programs agree on the
 * names: "unit" and "node" have all kinds, a name with "ip" or "ether" has those of layer 3 or 2.
 */
#ifndef BSDTUN_LIB_FIXTURE_H
#define BSDTUN_LIB_FIXTURE_H

#include "address.h"
#include "test.h"
#include "traffic.h"

/* A unit that was never opened. */
#define UNIT_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct unit u;						\
	};								\
	FIXTURE_VARIANT(name) {						\
		const char *kind;					\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		ASSERT_EQ(0, netns_reset());				\
		ASSERT_EQ(0, sysfs_remount());				\
		ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL)); \
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
		unit_destroy(&self->u);					\
	}

/*
 * A unit whose node is open without blocking, and whose interface is up, has an address and knows
 * the MAC address of its peer; a UDP socket of LOCAL:PORT, a packet socket, and the statistics at
 * the start of the test.
 */
#define NODE_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct unit u;						\
		int udp;						\
		int raw;						\
		struct rtnl_link_stats64 before;			\
		char buf[MAX_PACKET + 64];				\
	};								\
	FIXTURE_VARIANT(name) {						\
		const char *kind;					\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		ASSERT_EQ(0, netns_reset());				\
		ASSERT_EQ(0, sysfs_remount());				\
		ASSERT_EQ(0, unit_create_up_kind(&self->u, variant->kind, O_NONBLOCK)); \
		self->udp = udp_socket(LOCAL, PORT);			\
		ASSERT_LE(0, self->udp);				\
		self->raw = packet_socket();				\
		ASSERT_LE(0, self->raw);				\
		self->before = link_stats(self->u.ifindex);		\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
		close(self->raw);					\
		close(self->udp);					\
		unit_destroy(&self->u);					\
	}

#define TUN_VARIANT(name)	FIXTURE_VARIANT_ADD(name, tun) { .kind = TUN_KIND }
#define TAP_VARIANT(name)	FIXTURE_VARIANT_ADD(name, tap) { .kind = TAP_KIND }
#define VMNET_VARIANT(name)	FIXTURE_VARIANT_ADD(name, vmnet) { .kind = VMNET_KIND }

/*
 * Variants of a fixture with a struct offload and an address family. The arguments that follow are
 * the initializers of the former.
 */
#define OFFLOAD_VARIANTS(fixture, name, ...)				\
	FIXTURE_VARIANT_ADD(fixture, name##_ipv4) {			\
		.o = { __VA_ARGS__ }, .family = AF_INET,		\
	};								\
	FIXTURE_VARIANT_ADD(fixture, name##_ipv6) {			\
		.o = { __VA_ARGS__ }, .family = AF_INET6,		\
	}

/*
 * Variants of a fixture with a struct offload and a pointer to the framing of a tun, which is a
 * variable of the test: one for each header.
 */
#define FRAMING_VARIANTS(fixture, name)					\
	FIXTURE_VARIANT_ADD(fixture, name##_virtio_10) {		\
		.framing = &(name), .o = { .kind = TUN_KIND, .virtio = 10 }, \
	};								\
	FIXTURE_VARIANT_ADD(fixture, name##_virtio_12) {		\
		.framing = &(name), .o = { .kind = TUN_KIND, .virtio = 12 }, \
	};								\
	FIXTURE_VARIANT_ADD(fixture, name##_tun_hdr) {			\
		.framing = &(name), .o = { .kind = TUN_KIND },		\
	}

/* Transmits the numbers from @first up to but not including @end with send_numbered(). */
static inline void send_numbered_range(struct __test_metadata *_metadata, const struct unit *u,
				       int raw, unsigned int first, unsigned int end)
{
	for (; first < end; first++)
		ASSERT_EQ(0, send_numbered(u, raw, first));
}

/* For tests of a NODE_FIXTURE(). */
#define SEND_UDP(data, len)	send_udp_to_peer(_metadata, self->udp, PORT, data, len)
#define SEND_RANGE(first, end)						\
	send_numbered_range(_metadata, &self->u, self->raw, first, end)

#endif /* BSDTUN_LIB_FIXTURE_H */
