// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing is lost, and nothing is made up: every packet carries its flow and its number. What
 * went in comes out, in the order of its flow and byte for byte, or a counter tells why not;
 * both ways, while the queue overflows, the interface goes down and up, the node is closed and
 * opened, and the unit is destroyed.
 */
#include "lib/test.h"

#include <limits.h>
#include <net/if_tun.h>

#define FLOWS		2
#define PACKETS		3000
/* How often a flow is disturbed, at least. */
#define TURNS		4
/* Of local experiments: nobody in the stack takes it. */
#define EXPERIMENT	0x88b5
/* Nor this address, which is nobody's. */
#define NOWHERE		0x0a090909u
#define LONGEST		1024
/* What one who sends does before he rests, and what is taken before the other end is seen to. */
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

FIXTURE_VARIANT_ADD(account, tun) { .kind = TUN_KIND };
FIXTURE_VARIANT_ADD(account, tap) { .kind = TAP_KIND };
FIXTURE_VARIANT_ADD(account, vmnet) { .kind = VMNET_KIND };

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

static int protocol(const struct unit *u)
{
	return ethernet(u) ? EXPERIMENT : ETH_P_IP;
}

static size_t header(const struct unit *u)
{
	return ethernet(u) ? ETH_HLEN : sizeof(struct iphdr);
}

/* What the packet of this number of this flow is, all of it. */
static size_t build_marked(char *buf, const struct unit *u, struct mark mark)
{
	size_t extra = mark.number * 7 % 700, head = header(u);

	if (ethernet(u))
		build_frame(buf, u->mac, PEER_MAC, EXPERIMENT, NULL, 0);
	else
		build_ip(buf, PEER, NOWHERE, IPPROTO_UDP, sizeof(mark) + extra);
	memcpy(buf + head, &mark, sizeof(mark));
	fill_pattern(buf + head + sizeof(mark), extra, mark.number * FLOWS + mark.flow);
	return head + sizeof(mark) + extra;
}

/* The numbers that came of each flow. */
struct arrived {
	long last[FLOWS];
	unsigned int got;
	const char *wrong;
};

static void arrived_init(struct arrived *a)
{
	int i;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < FLOWS; i++)
		a->last[i] = -1;
}

static void arrive(struct arrived *a, const struct unit *u, const char *buf, size_t len)
{
	size_t head = header(u);
	char expected[LONGEST];
	struct mark mark;

	a->got++;
	if (len < head + sizeof(mark)) {
		a->wrong = "too short";
		return;
	}
	memcpy(&mark, buf + head, sizeof(mark));
	if (mark.flow >= FLOWS)
		a->wrong = "not one of ours";
	else if (a->last[mark.flow] >= (long)mark.number)
		a->wrong = "twice, or overtaken";
	else if (build_marked(expected, u, mark) != len || memcmp(expected, buf, len))
		a->wrong = "other bytes than were sent";
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
	/* Taken, and refused because the interface is down; the core counts some of the latter. */
	unsigned int taken, down;
	long odd;
};

/* How often the flows have still to be disturbed. */
static int turns_to_come;

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

		/* Emulated, the sender would be done before anyone else had his turn. */
		if (i % BURST == BURST - 1)
			short_sleep();
		if (s->into_node)
			ret = ERR(write(s->u->fd, buf, len));
		else
			ret = packet_send(raw, s->u->ifindex, protocol(s->u), buf, len);
		if (ret == (long)len || (!s->into_node && ret == -ENOBUFS))
			s->taken++;
		/* No memory: the core, of an interface that goes down under the packet. */
		else if (ret == -ENETDOWN || (!s->into_node && ret == -ENOMEM))
			s->down++;
		/* Revoked, or without its interface. */
		else if (ret != (s->into_node ? -EHOSTDOWN : -ENXIO))
			s->odd = ret;
		/* On a busy machine all are sent before the first turn. */
		if (__atomic_load_n(&turns_to_come, __ATOMIC_RELAXED) > 0 && now_ms() < end)
			s->packets = i + scaled_rounds(PACKETS) / 2;
	}
	close(raw);
	return NULL;
}

static void sources_start(struct __test_metadata *_metadata, struct source *s,
			  const struct unit *u, bool into_node, int turns)
{
	int i;

	turns_to_come = turns;
	for (i = 0; i < FLOWS; i++) {
		s[i] = (struct source){
			.u = u, .flow = i, .into_node = into_node,
			.packets = scaled_rounds(PACKETS),
		};
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, source_main, &s[i]));
	}
}

/* True when all sources are done; what the interface took of them is in *@taken. */
static bool sources_done(struct __test_metadata *_metadata, struct source *s, unsigned int *taken)
{
	int i;

	*taken = 0;
	for (i = 0; i < FLOWS; i++) {
		if (s[i].thread && pthread_tryjoin_np(s[i].thread, NULL))
			return false;
		s[i].thread = 0;
		*taken += s[i].taken;
		EXPECT_EQ(0, s[i].odd);
	}
	return true;
}

/* Reads @most packets; 0 if there are more, else why there is none. */
static long read_some(struct arrived *a, const struct unit *u, unsigned int most)
{
	char buf[LONGEST];

	while (most--) {
		long ret = ERR(read(u->fd, buf, sizeof(buf)));

		if (ret <= 0)
			return ret;
		arrive(a, u, buf, ret);
	}
	return 0;
}

/*
 * What the stack is given, wherever it comes in: bound to no interface, so that it
 * misses nothing when one goes down and up.
 */
static int stack_socket(const struct unit *u)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(protocol(u)));
	int big = 64 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	return fd;
}

static void receive_some(struct arrived *a, const struct unit *u, int fd, unsigned int most)
{
	char buf[LONGEST];
	long ret;

	while (most-- && (ret = ERR(recv(fd, buf, sizeof(buf), 0))) > 0)
		arrive(a, u, buf, ret);
}

/* The numbers of an interface that is gone, as the kernel told them when it went. */
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

static long long lost(const struct unit *u, const char *const *names)
{
	long long sum = 0;

	for (; *names; names++)
		sum += ethtool_statistic(u->ifname, *names);
	return sum;
}

static const char *const out_losses[] = {
	"tx_drop_protocol", "tx_drop_no_memory", "tx_drop_not_ready", "tx_drop_queue_full",
	"tx_drop_unread", "tx_drop_fault", NULL,
};

/* Of those that had been queued. */
static const char *const queue_losses[] = { "tx_drop_unread", "tx_drop_fault", NULL };

static const char *const in_losses[] = {
	"rx_drop_not_ready", "rx_drop_too_short", "rx_drop_protocol", "rx_drop_no_memory",
	"rx_drop_fault", "rx_drop_other_host", NULL,
};

static void say(const char *what, unsigned int taken, unsigned int got, long long dropped)
{
	ksft_print_msg("accounting: %s: %u taken, %u delivered, %lld dropped and counted\n", what,
		       taken, got, dropped);
}

/* ---- tests -------------------------------------------------------------- */

/* How many packets were refused because the interface was down. */
static unsigned int refused(const struct source *s)
{
	unsigned int sum = 0;
	int i;

	for (i = 0; i < FLOWS; i++)
		sum += s[i].down;
	return sum;
}

static unsigned int sent(const struct source *s)
{
	unsigned int sum = 0;
	int i;

	for (i = 0; i < FLOWS; i++)
		sum += s[i].packets;
	return sum;
}

/* True each time that a flow is to be disturbed. */
static bool its_turn(const struct arrived *a, unsigned int *next)
{
	if (a->got < *next)
		return false;
	*next = a->got + BATCH;
	__atomic_sub_fetch(&turns_to_come, 1, __ATOMIC_RELAXED);
	return true;
}

static void check_arrived(struct __test_metadata *_metadata, const struct arrived *a)
{
	EXPECT_EQ(NULL, a->wrong)
		TH_LOG("%s", a->wrong);
}

TEST_F_TIMEOUT(account, out_of_the_node_or_counted, 240)
{
	struct source s[FLOWS];
	struct arrived a;
	unsigned int taken, next = 0;
	long long dropped;
	bool all;

	arrived_init(&a);
	ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, 16));
	sources_start(_metadata, s, &self->u, false, TURNS);
	do {
		all = sources_done(_metadata, s, &taken);
		read_some(&a, &self->u, BATCH);
		if (!its_turn(&a, &next))
			continue;
		if (turns_to_come % 2) {
			EXPECT_EQ(0, link_down(self->u.ifindex));
		} else {
			/* Which sets a tun or a tap down. */
			unit_close(&self->u);
			ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
		}
		EXPECT_EQ(0, link_up(self->u.ifindex));
	} while (!all);
	EXPECT_EQ(-EAGAIN, read_some(&a, &self->u, UINT_MAX));
	check_arrived(_metadata, &a);
	dropped = STAT_DELTA(tx_dropped);
	say("out", taken, a.got, dropped);
	EXPECT_GE(0, turns_to_come);
	EXPECT_LT(0, dropped);
	/* What got into the queue has come out, or is counted. */
	EXPECT_EQ(STAT_DELTA(tx_packets), a.got + lost(&self->u, queue_losses));
	/* So has all else, if not by the driver then by the core: without a carrier, or down. */
	EXPECT_LE(taken, a.got + dropped);
	EXPECT_GE(taken + refused(s), a.got + dropped);
	EXPECT_LE(lost(&self->u, out_losses), dropped);
}

TEST_F_TIMEOUT(account, out_behind_a_qdisc_all_of_it, 240)
{
	/* The second would drop what waits for longer than its target. */
	static const char *const qdiscs[] = {
		"pfifo limit 100000", "fq_codel limit 100000 target 100s interval 100s",
	};
	unsigned int i, taken;

	for (i = 0; i < ARRAY_SIZE(qdiscs); i++) {
		struct source s[FLOWS];
		struct arrived a;

		arrived_init(&a);
		ASSERT_EQ(0, link_set_txqlen(self->u.ifindex, i ? 500 : 4));
		ASSERT_EQ(0, run_command("tc qdisc replace dev %s root %s", self->u.ifname,
					 qdiscs[i]));
		sources_start(_metadata, s, &self->u, false, 0);
		while (!sources_done(_metadata, s, &taken))
			read_some(&a, &self->u, BATCH);
		WAIT_FOR(read_some(&a, &self->u, UINT_MAX) != -EAGAIN || a.got == taken,
			 TIMEOUT_MS);
		check_arrived(_metadata, &a);
		say(qdiscs[i], taken, a.got, lost(&self->u, out_losses));
		EXPECT_EQ(sent(s), taken);
		EXPECT_EQ(taken, a.got);
	}
	EXPECT_EQ(0, lost(&self->u, out_losses));
	EXPECT_EQ(0, STAT_DELTA(tx_dropped));
}

TEST_F_TIMEOUT(account, into_the_stack_or_counted, 240)
{
	struct source s[FLOWS];
	struct arrived a;
	int stack = stack_socket(&self->u);
	struct tpacket_stats seen = { };
	socklen_t size = sizeof(seen);
	unsigned int taken, next = 0;
	long long dropped;

	ASSERT_LE(0, stack);
	arrived_init(&a);
	sources_start(_metadata, s, &self->u, true, TURNS);
	while (!sources_done(_metadata, s, &taken)) {
		receive_some(&a, &self->u, stack, BATCH);
		if (!its_turn(&a, &next))
			continue;
		EXPECT_EQ(0, link_down(self->u.ifindex));
		EXPECT_EQ(0, link_up(self->u.ifindex));
	}
	receive_some(&a, &self->u, stack, UINT_MAX);
	check_arrived(_metadata, &a);
	ASSERT_EQ(0, getsockopt(stack, SOL_PACKET, PACKET_STATISTICS, &seen, &size));
	dropped = lost(&self->u, in_losses);
	say("in", taken, a.got, dropped);
	EXPECT_EQ(0, seen.tp_drops);
	EXPECT_EQ(sent(s), taken);
	EXPECT_EQ(taken, a.got + dropped);
	EXPECT_EQ(a.got, STAT_DELTA(rx_packets));
	EXPECT_EQ(dropped, STAT_DELTA(rx_dropped));
	EXPECT_GE(0, turns_to_come);
	close(stack);
}

TEST_F_TIMEOUT(account, both_ways_until_revoked, 240)
{
	struct source out[FLOWS], in[FLOWS];
	struct arrived out_of_node, received;
	struct sockaddr_nl links = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int stack = stack_socket(&self->u), nl = nl_open();
	struct rtnl_link_stats64 last;
	unsigned int taken_out, taken_in;
	bool revoked = false, all;

	ASSERT_LE(0, stack);
	arrived_init(&out_of_node);
	arrived_init(&received);
	/* Nothing is dropped before. */
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
		turns_to_come = 0;
		EXPECT_EQ(-EHOSTDOWN, read_some(&out_of_node, &self->u, UINT_MAX));
	} while (!all);
	receive_some(&received, &self->u, stack, UINT_MAX);
	ASSERT_TRUE(revoked);
	check_arrived(_metadata, &out_of_node);
	check_arrived(_metadata, &received);
	ASSERT_TRUE(last_stats(nl, self->u.ifindex, &last));
	say("out until revoked", taken_out, out_of_node.got, last.tx_dropped);
	say("in until revoked", taken_in, received.got, last.rx_dropped);
	EXPECT_LT(0, out_of_node.got);
	/*
	 * Whoever had found the interface before it went may send after these numbers were told:
	 * one packet of each flow, which the core counts.
	 */
	EXPECT_LE(taken_out, out_of_node.got + last.tx_dropped + FLOWS);
	EXPECT_GE(taken_out + refused(out), out_of_node.got + last.tx_dropped);
	EXPECT_EQ(received.got, last.rx_packets);
	/* Written after these numbers were told, and before the node was revoked. */
	EXPECT_GE(taken_in, received.got + last.rx_dropped);
	self->u.ifindex = 0;
	close(nl);
	close(stack);
}

/* ---- a counter for each cause ------------------------------------------- */

/* What is lost without memory faults.c tells. */
static const char *const counters[] = {
	"tx_drop_protocol", "tx_drop_no_memory", "tx_drop_not_ready", "tx_drop_queue_full",
	"tx_drop_unread", "tx_drop_fault", "rx_drop_not_ready", "rx_drop_too_short",
	"rx_drop_protocol", "rx_drop_no_memory", "rx_drop_fault", "rx_drop_other_host",
};

/* What a packet is lost with. */
struct loser {
	struct unit *u;
	int raw;
	/* Memory that nobody may read or write. */
	void *nowhere;
	char buf[LONGEST];
};

static long send_one(struct loser *l, int protocol)
{
	size_t len = build_marked(l->buf, l->u, (struct mark){ 0, 0 });
	long ret = packet_send(l->raw, l->u->ifindex, protocol, l->buf, len);

	return ret == (long)len ? 0 : ret;
}

static long write_one(struct loser *l)
{
	size_t len = build_marked(l->buf, l->u, (struct mark){ 0, 0 });
	long ret = ERR(write(l->u->fd, l->buf, len));

	return ret == (long)len ? 0 : ret;
}

static int open_again(struct loser *l)
{
	return unit_open(l->u, O_NONBLOCK) ?: link_up(l->u->ifindex);
}

static bool of_ipv6(struct loser *l)
{
	return send_one(l, ETH_P_IPV6) == -ENOBUFS;
}

/*
 * Between the close, after which a tap that keeps its settings stays up, and the moment that the
 * core sees that there is no carrier and drops it itself.
 */
static bool not_open(struct loser *l)
{
	bool counted = WAIT_FOR((unit_close(l->u), send_one(l, protocol(l->u)),
				 ethtool_statistic(l->u->ifname, "tx_drop_not_ready") ||
				 open_again(l)), TIMEOUT_MS);

	return counted && !open_again(l);
}

static bool queue_full(struct loser *l)
{
	return !link_set_txqlen(l->u->ifindex, 1) && !send_one(l, protocol(l->u)) &&
	       send_one(l, protocol(l->u)) == -ENOBUFS &&
	       read(l->u->fd, l->buf, sizeof(l->buf)) > 0 && !link_set_txqlen(l->u->ifindex, 500);
}

static bool unread_when_down(struct loser *l)
{
	return !send_one(l, protocol(l->u)) && !link_down(l->u->ifindex) &&
	       !link_up(l->u->ifindex);
}

static bool unread_when_closed(struct loser *l)
{
	if (send_one(l, protocol(l->u)))
		return false;
	unit_close(l->u);
	return !open_again(l);
}

static bool read_to_nowhere(struct loser *l)
{
	return !send_one(l, protocol(l->u)) &&
	       ERR(read(l->u->fd, l->nowhere, LONGEST)) == -EFAULT;
}

static bool written_while_down(struct loser *l)
{
	return !link_down(l->u->ifindex) && !write_one(l) && !link_up(l->u->ifindex);
}

static bool runt(struct loser *l)
{
	return write(l->u->fd, "short", 5) == 5;
}

/* A tun takes and gives packets behind their family until it is told otherwise. */
static bool with_family(struct loser *l, __u32 family, long expected)
{
	int on = 1, off = 0;

	family = htonl(family);
	return !ioctl(l->u->fd, TUNSIFHEAD, &on) &&
	       ERR(write(l->u->fd, &family, sizeof(family))) == expected &&
	       !ioctl(l->u->fd, TUNSIFHEAD, &off);
}

static bool family_alone(struct loser *l)
{
	return with_family(l, AF_INET, 4);
}

static bool unknown_family(struct loser *l)
{
	return with_family(l, 99, -EAFNOSUPPORT);
}

static bool written_from_nowhere(struct loser *l)
{
	return ERR(write(l->u->fd, l->nowhere, LONGEST)) == -EFAULT;
}

static bool for_another(struct loser *l)
{
	size_t len = build_frame(l->buf, "\x02\x00\x00\x00\x00\x77", PEER_MAC, EXPERIMENT,
				 "not ours", 8);

	return ERR(write(l->u->fd, l->buf, len)) == (long)len;
}

static const struct {
	const char *counter;
	/* One packet is lost; false when it went otherwise. */
	bool (*lose)(struct loser *l);
	/* Those that it can happen to, or all. */
	const char *kinds;
} causes[] = {
	{ "tx_drop_protocol", of_ipv6, TUN_KIND },
	{ "tx_drop_not_ready", not_open, TAP_KIND },
	{ "tx_drop_queue_full", queue_full, NULL },
	{ "tx_drop_unread", unread_when_down, NULL },
	{ "tx_drop_unread", unread_when_closed, TUN_KIND " " TAP_KIND },
	{ "tx_drop_fault", read_to_nowhere, NULL },
	{ "rx_drop_not_ready", written_while_down, NULL },
	{ "rx_drop_too_short", runt, TAP_KIND " " VMNET_KIND },
	{ "rx_drop_too_short", family_alone, TUN_KIND },
	{ "rx_drop_protocol", unknown_family, TUN_KIND },
	{ "rx_drop_fault", written_from_nowhere, NULL },
	{ "rx_drop_other_host", for_another, TAP_KIND " " VMNET_KIND },
};

/* One packet, one count, and no other counter grows. */
TEST_F_TIMEOUT(account, each_cause_has_its_counter, 60)
{
	long page = sysconf(_SC_PAGESIZE);
	struct loser l = {
		.u = &self->u,
		.raw = packet_socket(),
		.nowhere = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	};
	long long before[ARRAY_SIZE(counters)];
	unsigned int i, j;

	ASSERT_LE(0, l.raw);
	ASSERT_NE(MAP_FAILED, l.nowhere);
	for (i = 0; i < ARRAY_SIZE(causes); i++) {
		if (causes[i].kinds && !strstr(causes[i].kinds, variant->kind))
			continue;
		if (!strcmp(variant->kind, TAP_KIND))
			ASSERT_EQ(0, unit_attr_set(&self->u, "keep",
						   causes[i].lose == not_open ? "1" : "0"));
		for (j = 0; j < ARRAY_SIZE(counters); j++)
			before[j] = ethtool_statistic(self->u.ifname, counters[j]);
		EXPECT_TRUE(causes[i].lose(&l))
			TH_LOG("%s", causes[i].counter);
		for (j = 0; j < ARRAY_SIZE(counters); j++) {
			EXPECT_EQ(!strcmp(counters[j], causes[i].counter),
				  ethtool_statistic(self->u.ifname, counters[j]) - before[j])
				TH_LOG("%s, because of %s", counters[j], causes[i].counter);
		}
		EXPECT_EQ(0, fionread(self->u.fd));
	}
	munmap(l.nowhere, page);
	close(l.raw);
}

TEST_HARNESS_MAIN
