// SPDX-License-Identifier: GPL-2.0
/*
 * Packet accounting. Every packet carries the number of its flow and its number in the flow. It is
 * delivered unchanged and in order, or a counter says why not: in both directions, while the queue
 * overflows, the interface goes down and up, the node is closed and opened, and the unit is
 * deleted.
 */
#include "lib/fixture.h"

#include <limits.h>
#include <net/if_tun.h>

#define FLOWS		2
#define PACKETS		3000
/* The least number of disturbances of a flow. */
#define DISTURBANCES		4
/* The EtherType for local experiments: the stack has no handler for it. */
#define EXPERIMENT	0x88b5
/* An address that no host has. */
#define UNUSED_ADDR		0x0a090909u
#define LONGEST		1024
/* Packets that a sender sends before it sleeps, and that are received at a time. */
#define BURST		64
#define BATCH		50

struct mark {
	__u32 flow, number;
};

FIXTURE(account) {
	struct unit u;
	struct rtnl_link_stats64 before;
};

FIXTURE_VARIANT(account) {
	const char *kind;
};

TUN_VARIANT(account);
TAP_VARIANT(account);
VMNET_VARIANT(account);

FIXTURE_SETUP(account)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	self->before = link_stats(self->u.ifindex);
}

FIXTURE_TEARDOWN(account)
{
	unit_destroy(&self->u);
}

static bool ethernet(const struct unit *u)
{
	return strcmp(u->kind, TUN_KIND);
}

static int test_protocol(const struct unit *u)
{
	return ethernet(u) ? EXPERIMENT : ETH_P_IP;
}

static size_t header_len(const struct unit *u)
{
	return ethernet(u) ? ETH_HLEN : sizeof(struct iphdr);
}

/* Builds the packet with this flow and number. */
static size_t build_marked(char *buf, const struct unit *u, struct mark mark)
{
	size_t extra = mark.number * 7 % 700, head = header_len(u);

	if (ethernet(u))
		build_frame(buf, u->mac, PEER_MAC, EXPERIMENT, NULL, 0);
	else
		build_ip(buf, PEER, UNUSED_ADDR, IPPROTO_UDP, sizeof(mark) + extra);
	memcpy(buf + head, &mark, sizeof(mark));
	fill_pattern(buf + head + sizeof(mark), extra, mark.number * FLOWS + mark.flow);
	return head + sizeof(mark) + extra;
}

/* The packets received, and the last number of each flow. */
struct received {
	long last[FLOWS];
	unsigned int got;
	const char *error;
};

static void received_init(struct received *a)
{
	int i;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < FLOWS; i++)
		a->last[i] = -1;
}

static void record_packet(struct received *a, const struct unit *u, const char *buf, size_t len)
{
	size_t head = header_len(u);
	char expected[LONGEST];
	struct mark mark;

	a->got++;
	if (len < head + sizeof(mark)) {
		a->error = "is too short";
		return;
	}
	memcpy(&mark, buf + head, sizeof(mark));
	if (mark.flow >= FLOWS)
		a->error = "has an unknown flow";
	else if (a->last[mark.flow] >= (long)mark.number)
		a->error = "is duplicate or out of order";
	else if (build_marked(expected, u, mark) != len || memcmp(expected, buf, len))
		a->error = "was changed";
	else
		a->last[mark.flow] = mark.number;
}

/* ---- the two ends of a flow --------------------------------------------- */

struct source {
	pthread_t thread;
	const struct unit *u;
	__u32 flow;
	bool into_node;
	unsigned int packets;
	/* Accepted, and refused because the interface is down; the core counts some of these. */
	unsigned int taken, down;
	long unexpected;
};

/* Disturbances that are still to come. */
static int disturbances_left;

static void *source_main(void *arg)
{
	struct source *s = arg;
	long long end = now_ms() + 2 * TIMEOUT_MS;
	int raw = packet_socket();
	char buf[LONGEST];
	__u32 i;

	for (i = 0; i < s->packets; i++) {
		size_t len = build_marked(buf, s->u, (struct mark){ s->flow, i });
		long ret;

		/* An emulated machine may not run another thread before the sender ends. */
		if (i % BURST == BURST - 1)
			short_sleep();
		if (s->into_node)
			ret = ERR(write(s->u->fd, buf, len));
		else
			ret = packet_send(raw, s->u->ifindex, test_protocol(s->u), buf, len);
		if (ret == (long)len || (!s->into_node && ret == -ENOBUFS))
			s->taken++;
		/* The core returns ENOMEM if the interface goes down during the call. */
		else if (ret == -ENETDOWN || (!s->into_node && ret == -ENOMEM))
			s->down++;
		/* The descriptor is revoked, or the interface is gone. */
		else if (ret != (s->into_node ? -EHOSTDOWN : -ENXIO))
			s->unexpected = ret;
		/* Otherwise a busy machine may send all before the first disturbance. */
		if (__atomic_load_n(&disturbances_left, __ATOMIC_RELAXED) > 0 && now_ms() < end)
			s->packets = i + scaled_rounds(PACKETS) / 2;
	}
	close(raw);
	return NULL;
}

static void sources_start(struct __test_metadata *_metadata, struct source *s,
			  const struct unit *u, bool into_node, int disturbances)
{
	int i;

	disturbances_left = disturbances;
	for (i = 0; i < FLOWS; i++) {
		s[i] = (struct source){
			.u = u, .flow = i, .into_node = into_node,
			.packets = scaled_rounds(PACKETS),
		};
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, source_main, &s[i]));
	}
}

/* True when all sources are done. *@taken is the number of accepted packets. */
static bool sources_done(struct __test_metadata *_metadata, struct source *s, unsigned int *taken)
{
	int i;

	*taken = 0;
	for (i = 0; i < FLOWS; i++) {
		if (s[i].thread && pthread_tryjoin_np(s[i].thread, NULL))
			return false;
		s[i].thread = 0;
		*taken += s[i].taken;
		EXPECT_EQ(0, s[i].unexpected);
	}
	return true;
}

/* Reads @most packets. Returns 0, or the error of a read before that. */
static long read_some(struct received *a, const struct unit *u, unsigned int most)
{
	char buf[LONGEST];

	while (most--) {
		long ret = ERR(read(u->fd, buf, sizeof(buf)));

		if (ret <= 0)
			return ret;
		record_packet(a, u, buf, ret);
	}
	return 0;
}

/* Receives what the stack receives. Not bound to an interface, so it survives down and up. */
static int stack_socket(const struct unit *u)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			htons(test_protocol(u)));
	int big = 64 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	return fd;
}

static void receive_some(struct received *a, const struct unit *u, int fd, unsigned int most)
{
	char buf[LONGEST];
	long ret;

	while (most-- && (ret = ERR(recv(fd, buf, sizeof(buf), 0))) > 0)
		record_packet(a, u, buf, ret);
}

/* The statistics in the RTM_DELLINK notification of the interface. */
static bool last_stats(int fd, int ifindex, struct rtnl_link_stats64 *stats)
{
	union {
		struct nlmsghdr head;
		char space[16384];
	} message;

	for (;;) {
		struct link link;

		if (recv(fd, &message, sizeof(message), 0) < (ssize_t)sizeof(message.head))
			return false;
		if (message.head.nlmsg_type != RTM_DELLINK)
			continue;
		nl_parse_link(&message.head, &link);
		*stats = link.stats;
		if (link.ifindex == ifindex)
			return true;
	}
}

static long long sum_counters(const struct unit *u, const char *const *names)
{
	long long sum = 0;

	for (; *names; names++)
		sum += ethtool_statistic(u->ifname, *names);
	return sum;
}

static const char *const tx_drops[] = {
	"tx_drop_protocol", "tx_drop_no_memory", "tx_drop_not_ready", "tx_drop_queue_full",
	"tx_drop_unread", "tx_drop_fault", "tx_drop_segmentation", "tx_drop_checksum", NULL,
};

/* Drops of packets that had been queued. */
static const char *const queue_drops[] = { "tx_drop_unread", "tx_drop_fault", NULL };

static const char *const rx_drops[] = {
	"rx_drop_not_ready", "rx_drop_too_short", "rx_drop_protocol", "rx_drop_no_memory",
	"rx_drop_fault", "rx_drop_other_host", "rx_drop_bad_header", NULL,
};

static void log_result(const char *what, unsigned int taken, unsigned int got, long long dropped)
{
	/* tools/soak parses this line. */
	ksft_print_msg("accounting: %s: %u accepted, %u delivered, %lld dropped and counted\n",
		       what, taken, got, dropped);
}

/* ---- tests -------------------------------------------------------------- */

/* The number of packets refused because the interface was down. */
static unsigned int refused_packets(const struct source *s)
{
	unsigned int sum = 0;
	int i;

	for (i = 0; i < FLOWS; i++)
		sum += s[i].down;
	return sum;
}

static unsigned int sent_packets(const struct source *s)
{
	unsigned int sum = 0;
	int i;

	for (i = 0; i < FLOWS; i++)
		sum += s[i].packets;
	return sum;
}

/* True when it is time for a disturbance. */
static bool disturb_now(const struct received *a, unsigned int *next)
{
	if (a->got < *next)
		return false;
	*next = a->got + BATCH;
	__atomic_sub_fetch(&disturbances_left, 1, __ATOMIC_RELAXED);
	return true;
}

static void check_received(struct __test_metadata *_metadata, const struct received *a)
{
	EXPECT_EQ(NULL, a->error)
		TH_LOG("%s", a->error);
}

TEST_F_TIMEOUT(account, transmitted_or_counted, 240)
{
	struct source s[FLOWS];
	struct received a;
	unsigned int taken, next = 0;
	long long dropped;
	bool all;

	received_init(&a);
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 16));
	sources_start(_metadata, s, &self->u, false, DISTURBANCES);
	do {
		all = sources_done(_metadata, s, &taken);
		read_some(&a, &self->u, BATCH);
		if (!disturb_now(&a, &next))
			continue;
		if (disturbances_left % 2) {
			EXPECT_EQ(0, link_down(self->u.ifindex));
		} else {
			/* Sets a tun or tap down. */
			unit_close(&self->u);
			ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		}
		EXPECT_EQ(0, link_up(self->u.ifindex));
	} while (!all);
	EXPECT_EQ(-EAGAIN, read_some(&a, &self->u, UINT_MAX));
	check_received(_metadata, &a);
	dropped = STAT_DELTA(tx_dropped);
	log_result("out", taken, a.got, dropped);
	EXPECT_GE(0, disturbances_left);
	EXPECT_LT(0, dropped);
	/* Each queued packet was read, or is counted. */
	EXPECT_EQ(STAT_DELTA(tx_packets), a.got + sum_counters(&self->u, queue_drops));
	/* So is any other, by the driver or by the core: without carrier, or down. */
	EXPECT_LE(taken, a.got + dropped);
	EXPECT_GE(taken + refused_packets(s), a.got + dropped);
	EXPECT_LE(sum_counters(&self->u, tx_drops), dropped);
}

TEST_F_TIMEOUT(account, qdisc_loses_nothing, 240)
{
	/* fq_codel drops packets that wait longer than its target. */
	static const char *const qdiscs[] = {
		"pfifo limit 100000", "fq_codel limit 100000 target 100s interval 100s",
	};
	unsigned int i, taken;

	for (i = 0; i < ARRAY_SIZE(qdiscs); i++) {
		struct source s[FLOWS];
		struct received a;

		received_init(&a);
		ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, i ? 500 : 4));
		ASSERT_EQ(0, run_command("tc qdisc replace dev %s root %s", self->u.ifname,
					 qdiscs[i]));
		sources_start(_metadata, s, &self->u, false, 0);
		while (!sources_done(_metadata, s, &taken))
			read_some(&a, &self->u, BATCH);
		WAIT_FOR(read_some(&a, &self->u, UINT_MAX) != -EAGAIN || a.got == taken,
			 TIMEOUT_MS);
		check_received(_metadata, &a);
		log_result(qdiscs[i], taken, a.got, sum_counters(&self->u, tx_drops));
		EXPECT_EQ(sent_packets(s), taken);
		EXPECT_EQ(taken, a.got);
	}
	EXPECT_EQ(0, sum_counters(&self->u, tx_drops));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

TEST_F_TIMEOUT(account, received_or_counted, 240)
{
	struct source s[FLOWS];
	struct received a;
	int stack = stack_socket(&self->u);
	struct tpacket_stats seen = { };
	socklen_t size = sizeof(seen);
	unsigned int taken, next = 0;
	long long dropped;

	ASSERT_LE(0, stack);
	received_init(&a);
	sources_start(_metadata, s, &self->u, true, DISTURBANCES);
	while (!sources_done(_metadata, s, &taken)) {
		receive_some(&a, &self->u, stack, BATCH);
		if (!disturb_now(&a, &next))
			continue;
		EXPECT_EQ(0, link_down(self->u.ifindex));
		EXPECT_EQ(0, link_up(self->u.ifindex));
	}
	receive_some(&a, &self->u, stack, UINT_MAX);
	check_received(_metadata, &a);
	ASSERT_EQ(0, getsockopt(stack, SOL_PACKET, PACKET_STATISTICS, &seen, &size));
	dropped = sum_counters(&self->u, rx_drops);
	log_result("in", taken, a.got, dropped);
	EXPECT_EQ(0, seen.tp_drops);
	EXPECT_EQ(sent_packets(s), taken);
	EXPECT_EQ(taken, a.got + dropped);
	EXPECT_EQ(a.got, STAT_DELTA(rx_packets));
	EXPECT_EQ(dropped, STAT_DELTA(rx_dropped));
	EXPECT_GE(0, disturbances_left);
	close(stack);
}

TEST_F_TIMEOUT(account, both_directions_until_revoked, 240)
{
	struct source out[FLOWS], in[FLOWS];
	struct received out_of_node, received;
	struct sockaddr_nl links = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int stack = stack_socket(&self->u), nl = nl_open();
	struct rtnl_link_stats64 last;
	unsigned int taken_out, taken_in;
	bool revoked = false, all;

	ASSERT_LE(0, stack);
	received_init(&out_of_node);
	received_init(&received);
	/* The queue never overflows. */
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 2 * FLOWS * PACKETS));
	sources_start(_metadata, out, &self->u, false, 1);
	sources_start(_metadata, in, &self->u, true, 1);
	do {
		all = sources_done(_metadata, out, &taken_out);
		all = sources_done(_metadata, in, &taken_in) && all;
		receive_some(&received, &self->u, stack, BATCH);
		read_some(&out_of_node, &self->u, BATCH / 2);
		if (revoked || received.got < FLOWS * scaled_rounds(PACKETS) / 4)
			continue;
		ASSERT_EQ(0, bind(nl, (void *)&links, sizeof(links)));
		EXPECT_EQ(0, link_del(self->u.ifindex));
		revoked = true;
		disturbances_left = 0;
		EXPECT_EQ(-EHOSTDOWN, read_some(&out_of_node, &self->u, UINT_MAX));
	} while (!all);
	receive_some(&received, &self->u, stack, UINT_MAX);
	ASSERT_TRUE(revoked);
	check_received(_metadata, &out_of_node);
	check_received(_metadata, &received);
	ASSERT_TRUE(last_stats(nl, self->u.ifindex, &last));
	log_result("out until revoked", taken_out, out_of_node.got, last.tx_dropped);
	log_result("in until revoked", taken_in, received.got, last.rx_dropped);
	EXPECT_LT(0, out_of_node.got);
	/*
	 * A sender that looked up the interface before the deletion may send one more packet after
	 * the notification, which the core counts.
	 */
	EXPECT_LE(taken_out, out_of_node.got + last.tx_dropped + FLOWS);
	EXPECT_GE(taken_out + refused_packets(out), out_of_node.got + last.tx_dropped);
	EXPECT_EQ(received.got, last.rx_packets);
	/* More may be written after the notification and before the node is revoked. */
	EXPECT_GE(taken_in, received.got + last.rx_dropped);
	self->u.ifindex = 0;
	close(nl);
	close(stack);
}

/* ---- a counter for each cause ------------------------------------------- */

/* Drops without memory are tested in faults.c. */
static const char *const counters[] = {
	"tx_drop_protocol", "tx_drop_no_memory", "tx_drop_not_ready", "tx_drop_queue_full",
	"tx_drop_unread", "tx_drop_fault", "rx_drop_not_ready", "rx_drop_too_short",
	"rx_drop_protocol", "rx_drop_no_memory", "rx_drop_fault", "rx_drop_other_host",
};

/* What the functions below need to cause a drop. */
struct dropper {
	struct unit *u;
	int raw;
	/* A page without access. */
	void *no_access;
	char buf[LONGEST];
};

static long send_one(struct dropper *l, int test_protocol)
{
	size_t len = build_marked(l->buf, l->u, (struct mark){ 0, 0 });
	long ret = packet_send(l->raw, l->u->ifindex, test_protocol, l->buf, len);

	return ret == (long)len ? 0 : ret;
}

static long write_one(struct dropper *l)
{
	size_t len = build_marked(l->buf, l->u, (struct mark){ 0, 0 });
	long ret = ERR(write(l->u->fd, l->buf, len));

	return ret == (long)len ? 0 : ret;
}

static int open_again(struct dropper *l)
{
	return unit_open(l->u, O_NONBLOCK) ?: link_up(l->u->ifindex);
}

static bool drop_ipv6(struct dropper *l)
{
	return send_one(l, ETH_P_IPV6) == -ENOBUFS;
}

/*
 * After the close a tap with "keep" stays up, until the core notices that it has no carrier and
 * drops packets itself.
 */
static bool drop_not_open(struct dropper *l)
{
	bool counted = WAIT_FOR((unit_close(l->u), send_one(l, test_protocol(l->u)),
				 ethtool_statistic(l->u->ifname, "tx_drop_not_ready") ||
				 open_again(l)), TIMEOUT_MS);

	return counted && !open_again(l);
}

static bool drop_queue_full(struct dropper *l)
{
	return !link_set_txqlen(l->u->ifindex, 1) && !send_one(l, test_protocol(l->u)) &&
	       send_one(l, test_protocol(l->u)) == -ENOBUFS &&
	       read(l->u->fd, l->buf, sizeof(l->buf)) > 0 && !link_set_txqlen(l->u->ifindex, 500);
}

static bool drop_on_down(struct dropper *l)
{
	return !send_one(l, test_protocol(l->u)) && !link_down(l->u->ifindex) &&
	       !link_up(l->u->ifindex);
}

static bool drop_on_close(struct dropper *l)
{
	if (send_one(l, test_protocol(l->u)))
		return false;
	unit_close(l->u);
	return !open_again(l);
}

static bool drop_read_fault(struct dropper *l)
{
	return !send_one(l, test_protocol(l->u)) &&
	       ERR(read(l->u->fd, l->no_access, LONGEST)) == -EFAULT;
}

static bool drop_write_while_down(struct dropper *l)
{
	return !link_down(l->u->ifindex) && !write_one(l) && !link_up(l->u->ifindex);
}

static bool drop_runt(struct dropper *l)
{
	return write(l->u->fd, "short", 5) == 5;
}

/* Writes only the address family, which precedes packets if TUNSIFHEAD is set. */
static bool with_family(struct dropper *l, __u32 family, long expected)
{
	int on = 1, off = 0;

	family = htonl(family);
	return !ioctl(l->u->fd, TUNSIFHEAD, &on) &&
	       ERR(write(l->u->fd, &family, sizeof(family))) == expected &&
	       !ioctl(l->u->fd, TUNSIFHEAD, &off);
}

static bool drop_family_only(struct dropper *l)
{
	return with_family(l, AF_INET, 4);
}

static bool drop_unknown_family(struct dropper *l)
{
	return with_family(l, 99, -EAFNOSUPPORT);
}

static bool drop_write_fault(struct dropper *l)
{
	return ERR(write(l->u->fd, l->no_access, LONGEST)) == -EFAULT;
}

static bool drop_other_host(struct dropper *l)
{
	size_t len = build_frame(l->buf, "\x02\x00\x00\x00\x00\x77", PEER_MAC, EXPERIMENT,
				 "not ours", 8);

	return ERR(write(l->u->fd, l->buf, len)) == (long)len;
}

static const struct {
	const char *counter;
	/* Causes one drop. False if that fails. */
	bool (*drop)(struct dropper *l);
	/* The kinds to which it applies, or NULL for all. */
	const char *kinds;
} causes[] = {
	{ "tx_drop_protocol", drop_ipv6, TUN_KIND },
	{ "tx_drop_not_ready", drop_not_open, TAP_KIND },
	{ "tx_drop_queue_full", drop_queue_full, NULL },
	{ "tx_drop_unread", drop_on_down, NULL },
	{ "tx_drop_unread", drop_on_close, TUN_KIND " " TAP_KIND },
	{ "tx_drop_fault", drop_read_fault, NULL },
	{ "rx_drop_not_ready", drop_write_while_down, NULL },
	{ "rx_drop_too_short", drop_runt, TAP_KIND " " VMNET_KIND },
	{ "rx_drop_too_short", drop_family_only, TUN_KIND },
	{ "rx_drop_protocol", drop_unknown_family, TUN_KIND },
	{ "rx_drop_fault", drop_write_fault, NULL },
	{ "rx_drop_other_host", drop_other_host, TAP_KIND " " VMNET_KIND },
};

/* Each drop increments one counter, and no other. */
TEST_F_TIMEOUT(account, each_drop_has_its_counter, 60)
{
	long page = sysconf(_SC_PAGESIZE);
	struct dropper l = {
		.u = &self->u,
		.raw = packet_socket(),
		.no_access = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	};
	long long before[ARRAY_SIZE(counters)];
	unsigned int i, j;

	ASSERT_LE(0, l.raw);
	ASSERT_NE(MAP_FAILED, l.no_access);
	for (i = 0; i < ARRAY_SIZE(causes); i++) {
		if (causes[i].kinds && !strstr(causes[i].kinds, variant->kind))
			continue;
		if (!strcmp(variant->kind, TAP_KIND))
			ASSERT_EQ(0, unit_attr_set(&self->u, "keep",
						   causes[i].drop == drop_not_open ? "1" : "0"));
		for (j = 0; j < ARRAY_SIZE(counters); j++)
			before[j] = ethtool_statistic(self->u.ifname, counters[j]);
		EXPECT_TRUE(causes[i].drop(&l))
			TH_LOG("%s", causes[i].counter);
		for (j = 0; j < ARRAY_SIZE(counters); j++) {
			EXPECT_EQ(!strcmp(counters[j], causes[i].counter),
				  ethtool_statistic(self->u.ifname, counters[j]) - before[j])
				TH_LOG("%s after %s", counters[j], causes[i].counter);
		}
		EXPECT_EQ(0, fionread(self->u.fd));
	}
	munmap(l.no_access, page);
	close(l.raw);
}

TEST_HARNESS_MAIN
