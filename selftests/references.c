// SPDX-License-Identifier: GPL-2.0
/*
 * A packet that waits for a reader may wait for ever, so it holds nothing but its own bytes: no
 * IPsec state, no socket, no pages of its sender.
 */
#include "lib/fixture.h"

#include <linux/errqueue.h>

#define SPI		0x1000
#define ESP_MODULE	"/sys/module/esp4/refcnt"

/* The network behind the unit, in host order and as text. */
#define FAR		0x0a2b0002u
#define FAR_LOCAL	0x0a2b0001u
#define FAR_TEXT	"10.43.0.2"

FIXTURE(references) {
	struct unit u;
	struct unit in;		/* a tun: packets from the network, IPsec among them */
};

FIXTURE_VARIANT(references) {
	const char *kind;
};

TUN_VARIANT(references);
TAP_VARIANT(references);
VMNET_VARIANT(references);

FIXTURE_SETUP(references)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_up_kind(&self->in, TUN_KIND, O_NONBLOCK));
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, addr_add(self->u.ifindex, FAR_LOCAL, FAR));
	if (strcmp(variant->kind, TUN_KIND))
		ASSERT_EQ(0, neigh_set(self->u.ifindex, FAR, PEER_MAC));
	ASSERT_EQ(0, write_file("/proc/sys/net/ipv4/ip_forward", "1"));
}

FIXTURE_TEARDOWN(references)
{
	unit_destroy(&self->u);
	unit_destroy(&self->in);
	run_command("ip xfrm state flush; ip xfrm policy flush");
}

/* ---- IPsec --------------------------------------------------------------- */

/* How often the module of ESP is used: by each state until it is freed. -1 if it is no module. */
static int esp_users(void)
{
	char line[32];

	read_line(ESP_MODULE, line, sizeof(line));
	return *line ? atoi(line) : -1;
}

/* Without encryption and authentication: any program can write the packets. */
static int add_state(void)
{
	static const char state[] = "ip xfrm state add src 10.42.0.2 dst 10.42.0.1 proto esp";
	static const char policy[] = "ip xfrm policy add src 0.0.0.0/0 dst 0.0.0.0/0 dir fwd";
	static const char tunnel[] = "src 10.42.0.2 dst 10.42.0.1 proto esp mode tunnel";

	return run_command("%s spi %d mode tunnel enc 'ecb(cipher_null)' '' 2>/dev/null", state,
			   SPI) ?: run_command("%s tmpl %s", policy, tunnel);
}

static int delete_state(void)
{
	return run_command("ip xfrm policy flush && ip xfrm state flush");
}

/* A packet to @dst in the tunnel. Returns the length. */
static size_t build_esp(void *buf, __u32 dst, __u32 seq)
{
	__u32 *esp = (void *)((struct iphdr *)buf + 1);
	char *inner = (char *)(esp + 2);
	size_t len = build_udp(inner, PEER, dst, PORT, PORT, "tunnel", 6);

	esp[0] = htonl(SPI);
	esp[1] = htonl(seq);
	/* The trailer ends at a multiple of four: padding, its length, the next header. */
	while ((len + 2) % 4)
		inner[len++] = 0;
	inner[len] = len - IP_UDP_LEN - 6;
	inner[len + 1] = IPPROTO_IPIP;
	len += 2;
	build_ip(buf, PEER, LOCAL, IPPROTO_ESP, 8 + len);
	return sizeof(struct iphdr) + 8 + len;
}

/*
 * A packet that came in through a tunnel refers to the state of the tunnel as long as it is
 * routed. It is in the queue of the unit when the administrator deletes the state.
 */
TEST_F_TIMEOUT(references, queued_packet_does_not_hold_an_ipsec_state, 60)
{
	char packet[256], got[256];
	size_t len;
	int users;

	run_command("modprobe -q esp4");
	users = esp_users();
	if (users < 0)
		SKIP(return, "ESP is not a module");
	if (add_state())
		SKIP(return, "no IPsec");
	ASSERT_LT(users, esp_users());
	len = build_esp(packet, FAR, 1);
	ASSERT_EQ((ssize_t)len, write(self->in.fd, packet, len));
	ASSERT_TRUE(wait_readable(self->u.fd));

	ASSERT_EQ(0, delete_state());
	EXPECT_TRUE(WAIT_FOR(esp_users() == users, TIMEOUT_MS))
		TH_LOG("the state is not freed while the packet waits");
	/* The packet is as it was. */
	len = link_header_len(&self->u);
	ASSERT_LT((ssize_t)len, read(self->u.fd, got, sizeof(got)));
	EXPECT_EQ(0, memcmp("tunnel", udp_payload(got + len), 6));
	EXPECT_TRUE(WAIT_FOR(esp_users() == users, TIMEOUT_MS));
}

TEST_HARNESS_MAIN
