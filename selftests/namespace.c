// SPDX-License-Identifier: GPL-2.0
/*
 * Units of every kind and network namespaces: containers that make their own,
 * namespaces that die, moves of a unit at work. lifetime.c and permissions.c do
 * it in more ways, with tun.
 */

#include "lib/test.h"

#include <net/if_tun.h>

#define ROUNDS	8

static const char *const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };

/* The beginning of an IPv4 packet to tun, a multicast frame to the others. */
static const unsigned char frame[60] = { 0x45, [12] = 0x88, 0xb5 };

FIXTURE(namespace) {
	struct unit u;
	int first, second;	/* namespaces; the test begins in the first */
	int nodes;		/* units of the kind that were there before */
};

FIXTURE_VARIANT(namespace) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(namespace, tun) {
	.kind = TUN_KIND,
};

FIXTURE_VARIANT_ADD(namespace, tap) {
	.kind = TAP_KIND,
};

FIXTURE_VARIANT_ADD(namespace, vmnet) {
	.kind = VMNET_KIND,
};

static void cloner_chmod(const char *kind, mode_t mode)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/%s", kind);
	chmod(path, mode);
}

FIXTURE_SETUP(namespace)
{
	if (geteuid())
		SKIP(return, "needs root");
	unit_init(&self->u, variant->kind);
	self->nodes = count_nodes(variant->kind);
	ASSERT_EQ(0, netns_new());
	self->second = netns_open();
	ASSERT_LE(0, self->second);
	ASSERT_EQ(0, netns_new());
	self->first = netns_open();
	ASSERT_LE(0, self->first);
}

/* In the parent: what the test leaves goes with its namespaces, some time. */
FIXTURE_TEARDOWN_PARENT(namespace)
{
	cloner_chmod(variant->kind, 0600);
	EXPECT_TRUE(WAIT_FOR(count_nodes(variant->kind) <= self->nodes, TIMEOUT_MS));
}

#define CLONE(unit)	ASSERT_EQ(0, cloner_open(unit, variant->kind, O_NONBLOCK))

/* ---- containers ---------------------------------------------------------- */

/* What a container's root can do, who is @user outside, while @theirs is another's unit. */
static void contained(const char *kind, struct unit *theirs, uid_t user)
{
	struct unit mine, second;

	if (user)
		CHILD_ASSERT(!become_nobody());
	CHILD_ASSERT(!userns_new());
	CHILD_ASSERT(!netns_new());
	CHILD_ASSERT(!cloner_open(&mine, kind, O_NONBLOCK));
	CHILD_ASSERT(!cloner_open(&second, kind, O_NONBLOCK));
	CHILD_ASSERT(mine.number != theirs->number && second.number != theirs->number);
	CHILD_ASSERT(mine.number != second.number);
	CHILD_ASSERT(!link_up(mine.ifindex));
	CHILD_ASSERT(link_is_up(mine.ifindex));

	/* Of the other's unit there is the node, which does not open. */
	CHILD_ASSERT(!if_nametoindex(theirs->ifname));
	CHILD_ASSERT(node_exists(theirs));
	CHILD_ASSERT(unit_open(theirs, 0) == -EPERM);

	/* It is closed, but not the container's. */
	unit_close(&mine);
	CHILD_ASSERT(!cloner_open(&mine, kind, O_NONBLOCK));
	CHILD_ASSERT(mine.number != theirs->number);
	unit_close(&mine);
	/* The node is that of the machine's root, whatever its interface. */
	CHILD_ASSERT(unit_open(&mine, 0) == (user ? -EACCES : 0));
	CHILD_ASSERT(!link_del(second.ifindex));
	CHILD_ASSERT(!node_exists(&second));
	CHILD_ASSERT(ERR(read(second.fd, &(char){ 0 }, 1)) == -EHOSTDOWN);
}

static void run_container(struct __test_metadata *_metadata, const char *kind,
			  struct unit *theirs, uid_t user)
{
	int status;
	pid_t pid;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, cloner_open(theirs, kind, O_NONBLOCK));
	unit_close(theirs);
	ASSERT_EQ(0, chmod(theirs->node, 0666));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		contained(kind, theirs, user);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* As it was. */
	EXPECT_EQ(0, unit_open(theirs, 0));
}

TEST_F_TIMEOUT(namespace, a_containers_root_has_units_of_its_own, 60)
{
	run_container(_metadata, variant->kind, &self->u, 0);
}

/* Anybody can be root of a container; the mode of the cloner lets them in. */
TEST_F_TIMEOUT(namespace, a_users_container_has_units_of_its_own, 60)
{
	cloner_chmod(variant->kind, 0666);
	run_container(_metadata, variant->kind, &self->u, NOBODY_UID);
}

static int clone_from_userns(struct unit *u)
{
	return userns_new() ? -ENOTRECOVERABLE : unit_open(u, 0);
}

/* Root of nothing but a user namespace is nobody in this network namespace. */
TEST_F(namespace, a_user_namespace_alone_is_EPERM)
{
	struct unit c;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	unit_init(&c, variant->kind);
	snprintf(c.node, sizeof(c.node), "/dev/%s", variant->kind);
	EXPECT_EQ(-EPERM, run_in_child(clone_from_userns, &c));
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
}

/* ---- namespaces that die ------------------------------------------------- */

TEST_F_TIMEOUT(namespace, units_go_with_their_namespace, 120)
{
	struct unit open, closed, again;
	struct sleeper s;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, netns_new());
		/* For the sleeper: a read that waits. */
		ASSERT_EQ(0, cloner_open(&open, variant->kind, 0));
		ASSERT_EQ(0, link_up(open.ifindex));
		CLONE(&closed);
		unit_close(&closed);
		/* Nothing holds the namespace any more but the interfaces' own. */
		ASSERT_EQ(0, setns(self->first, CLONE_NEWNET));
		ASSERT_EQ(0, sleeper_start(&s, i % 2 ? SLEEP_READ : SLEEP_POLL, open.fd));
		ASSERT_TRUE(sleeper_join(&s));
		if (i % 2) {
			EXPECT_EQ(-EHOSTDOWN, s.ret);
		} else {
			EXPECT_EQ(1, s.ret);
			EXPECT_EQ(POLLHUP | POLLERR, s.events);
		}
		EXPECT_TRUE(WAIT_FOR(!node_exists(&open) && !node_exists(&closed), TIMEOUT_MS));
		expect_revoked(_metadata, &open);

		/* The numbers are free, beside the descriptor. */
		ASSERT_TRUE(WAIT_FOR(unit_numbers_settled(variant->kind), TIMEOUT_MS));
		CLONE(&again);
		EXPECT_EQ(open.number, again.number);
		unit_destroy(&again);
		expect_revoked(_metadata, &open);
		unit_close(&open);
	}
}

/* ---- moves --------------------------------------------------------------- */

TEST_F(namespace, a_moved_unit_is_given_where_it_is)
{
	struct unit other, again;

	CLONE(&self->u);
	ASSERT_EQ(0, link_set_netns(self->u.ifindex, self->second));
	unit_close(&self->u);
	CLONE(&other);
	EXPECT_NE(self->u.number, other.number);
	ASSERT_EQ(0, setns(self->second, CLONE_NEWNET));
	CLONE(&again);
	EXPECT_EQ(self->u.number, again.number);
	EXPECT_STREQ(self->u.ifname, again.ifname);
}

/* A move sets the interface down, and that is the end of what is queued. */
TEST_F(namespace, what_is_queued_does_not_move)
{
	int raw = packet_socket(), i;

	ASSERT_LE(0, raw);
	CLONE(&self->u);
	ASSERT_EQ(0, link_up(self->u.ifindex));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ((ssize_t)sizeof(frame),
			  packet_send(raw, self->u.ifindex, ETH_P_IP, frame, sizeof(frame)));
	}
	EXPECT_EQ((int)sizeof(frame), fionread(self->u.fd));
	ASSERT_EQ(0, link_set_netns(self->u.ifindex, self->second));
	EXPECT_EQ(0, fionread(self->u.fd));
	EXPECT_EQ(POLLOUT, poll_now(self->u.fd, POLLIN | POLLOUT));
	EXPECT_EQ(-EAGAIN, ERR(read(self->u.fd, &(char){ 0 }, 1)));
	close(raw);
}

struct worker {
	pthread_t thread;
	int fd;
	bool stop;
	unsigned int done;
	long odd;		/* what the program may not see of a move */
};

static void *writer_main(void *arg)
{
	struct worker *w = arg;
	long ret;

	while (!__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST)) {
		ret = ERR(write(w->fd, frame, sizeof(frame)));
		if (ret != (long)sizeof(frame))
			w->odd = ret;
		__atomic_add_fetch(&w->done, 1, __ATOMIC_SEQ_CST);
		short_sleep();
	}
	return NULL;
}

static void *reader_main(void *arg)
{
	struct worker *w = arg;
	unsigned char buf[256];

	while (!__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST)) {
		struct pollfd pfd = { .fd = w->fd, .events = POLLIN };
		long ret = ERR(poll(&pfd, 1, 20));

		if (ret < 0 || (pfd.revents & ~POLLIN))
			w->odd = ret < 0 ? ret : pfd.revents;
		if (!pfd.revents)
			continue;
		/* The interface may be set down after poll's promise. */
		ret = ERR(read(w->fd, buf, sizeof(buf)));
		if (ret == -EAGAIN)
			continue;
		if (ret != (long)sizeof(frame))
			w->odd = ret;
		__atomic_add_fetch(&w->done, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static unsigned int done(struct worker *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_SEQ_CST);
}

TEST_F_TIMEOUT(namespace, moved_while_a_reader_and_a_writer_are_at_it, 240)
{
	struct worker reader = { }, writer = { };
	char ifr[40], name[IFNAMSIZ];
	unsigned int was;
	int i, raw;

	CLONE(&self->u);
	reader.fd = self->u.fd;
	writer.fd = self->u.fd;
	ASSERT_EQ(0, pthread_create(&reader.thread, NULL, reader_main, &reader));
	ASSERT_EQ(0, pthread_create(&writer.thread, NULL, writer_main, &writer));
	for (i = 0; i < ROUNDS; i++) {
		int target = i % 2 ? self->first : self->second;
		struct link link;

		ASSERT_EQ(0, link_up(self->u.ifindex));
		ASSERT_EQ(0, link_set_netns(self->u.ifindex, target));
		EXPECT_EQ(0, if_nametoindex(self->u.ifname));
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, LINUX64_GIFNAME, ifr)));
		EXPECT_STREQ(self->u.ifname, ifr);
		ASSERT_EQ(0, setns(target, CLONE_NEWNET));
		self->u.ifindex = if_nametoindex(self->u.ifname);
		ASSERT_NE(0, self->u.ifindex);
		snprintf(name, sizeof(name), "moved%d", i);
		ASSERT_EQ(0, link_rename(self->u.ifindex, name));
		snprintf(self->u.ifname, sizeof(self->u.ifname), "%s", name);
		ASSERT_EQ(0, ERR(ioctl(self->u.fd, LINUX64_GIFNAME, ifr)));
		EXPECT_STREQ(name, ifr);
		EXPECT_TRUE(node_exists(&self->u));
		EXPECT_EQ(-EBUSY, ERR(open(self->u.node, O_RDWR)));
		ASSERT_EQ(0, link_get(self->u.ifindex, &link));
		EXPECT_STREQ(variant->kind, link.kind);
		EXPECT_EQ(0, link.flags & IFF_UP);
		EXPECT_EQ(1, link.carrier);

		ASSERT_EQ(0, link_up(self->u.ifindex));
		was = done(&writer);
		EXPECT_TRUE(WAIT_FOR(done(&writer) > was, TIMEOUT_MS));
		was = done(&reader);
		raw = packet_socket();
		ASSERT_LE(0, raw);
		ASSERT_EQ((ssize_t)sizeof(frame),
			  packet_send(raw, self->u.ifindex, ETH_P_IP, frame, sizeof(frame)));
		close(raw);
		EXPECT_TRUE(WAIT_FOR(done(&reader) > was, TIMEOUT_MS));
	}
	__atomic_store_n(&reader.stop, true, __ATOMIC_SEQ_CST);
	__atomic_store_n(&writer.stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(reader.thread, NULL));
	ASSERT_EQ(0, pthread_join(writer.thread, NULL));
	EXPECT_EQ(0, reader.odd);
	EXPECT_EQ(0, writer.odd);
}

/* ---- all at once --------------------------------------------------------- */

#define STORM_MS	10000
#define STORM_MAX_MS	60000	/* until enough has happened, on a slow machine */
#define STORMERS	4
#define SLOTS		6
#define PLACES		3

struct storm {
	int ns[PLACES];
	bool stop;
	unsigned int opened, deleted, moved, died;
	long odd;		/* an error that nobody may see */
	const char *what;
};

struct stormer {
	pthread_t thread;
	struct storm *storm;
	unsigned int seed;
};

static bool storm_was_one(const struct storm *s)
{
	return __atomic_load_n(&s->opened, __ATOMIC_SEQ_CST) >= 100 &&
	       __atomic_load_n(&s->deleted, __ATOMIC_SEQ_CST) >= 20 &&
	       __atomic_load_n(&s->moved, __ATOMIC_SEQ_CST) >= 10 &&
	       __atomic_load_n(&s->died, __ATOMIC_SEQ_CST) >= 5;
}

static void odd(struct storm *s, const char *what, long err)
{
	s->what = what;
	__atomic_store_n(&s->odd, err, __ATOMIC_SEQ_CST);
}

/* Was the answer one of those that fit? The list ends with 1. */
static bool fits(long ret, const int *list)
{
	for (; *list != 1; list++)
		if (ret == *list)
			return true;
	return false;
}

#define ANSWERS(ret, what, ...)						\
({									\
	long __got = (ret);						\
									\
	if (!fits(__got, (const int[]){ __VA_ARGS__, 1 }))		\
		odd(s, what, __got);					\
	__got;								\
})

/* Something is done to one of the interfaces that are here. */
static void storm_link(struct storm *s, unsigned int *seed)
{
	struct if_nameindex *all = if_nameindex();
	int n = 0, ifindex;

	while (all && all[n].if_index)
		n++;
	ifindex = n > 1 ? all[1 + rand_r(seed) % (n - 1)].if_index : 0;
	if_freenameindex(all);
	if (ifindex <= 1)
		return;
	switch (rand_r(seed) % 8) {
	case 0:
	case 1:
	case 2:
		if (!ANSWERS(link_del(ifindex), "del", 0, -ENODEV))
			__atomic_add_fetch(&s->deleted, 1, __ATOMIC_SEQ_CST);
		break;
	case 3:
		ANSWERS(link_down(ifindex), "down", 0, -ENODEV);
		break;
	case 4:
	case 5:
		ANSWERS(link_up(ifindex), "up", 0, -ENODEV);
		break;
	default:
		if (!ANSWERS(link_set_netns(ifindex, s->ns[rand_r(seed) % PLACES]), "move",
			     0, -ENODEV, -EEXIST))
			__atomic_add_fetch(&s->moved, 1, __ATOMIC_SEQ_CST);
	}
}

static void storm_slot(struct storm *s, unsigned int *seed, int fd)
{
	unsigned char got[256];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char ifr[40];
	int yes = 1;
	long ret;

	switch (rand_r(seed) % 6) {
	case 0:
		ret = ERR(read(fd, got, sizeof(got)));
		if (ret < 0)
			ANSWERS(ret, "read", -EAGAIN, -EHOSTDOWN);
		break;
	case 1:
		ANSWERS(ERR(write(fd, frame, sizeof(frame))), "write", sizeof(frame), -EHOSTDOWN);
		break;
	case 2:
		ANSWERS(ERR(ioctl(fd, LINUX64_GIFNAME, ifr)), "GIFNAME", 0, -ENXIO);
		break;
	case 3:
		ANSWERS(ERR(ioctl(fd, TUNSTRANSIENT, &yes)), "TRANSIENT", 0, -ENXIO);
		break;
	default:
		if (ERR(poll(&pfd, 1, rand_r(seed) % 3)) < 0)
			odd(s, "poll", -errno);
	}
}

static void storm_open(struct storm *s, unsigned int *seed, int *fd)
{
	char node[32];

	if (*fd >= 0)
		ANSWERS(ERR(close(*fd)), "close", 0);
	*fd = -1;
	if (rand_r(seed) % 4) {
		snprintf(node, sizeof(node), "/dev/%s", kinds[rand_r(seed) % 3]);
		*fd = ERR(open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC));
		/* The unit may be deleted before it is open. */
		if (*fd < 0)
			ANSWERS(*fd, "open of a cloner", -ENXIO, -ENODEV);
	} else {
		snprintf(node, sizeof(node), "/dev/%s%d", kinds[rand_r(seed) % 3],
			 1 + rand_r(seed) % 10);
		*fd = ERR(open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC));
		if (*fd < 0)
			ANSWERS(*fd, "open of a node", -ENOENT, -ENXIO, -ENODEV, -EBUSY);
	}
	if (*fd >= 0)
		__atomic_add_fetch(&s->opened, 1, __ATOMIC_SEQ_CST);
}

static void *storm_main(void *arg)
{
	struct stormer *me = arg;
	struct storm *s = me->storm;
	unsigned int *seed = &me->seed;
	int fd[SLOTS], i;

	for (i = 0; i < SLOTS; i++)
		fd[i] = -1;
	while (!__atomic_load_n(&s->stop, __ATOMIC_SEQ_CST)) {
		struct nl_request req;

		i = rand_r(seed) % SLOTS;
		switch (rand_r(seed) % 64) {
		case 0:
			/* The one before dies some time, and its units with it. */
			ANSWERS(netns_new(), "new namespace", 0);
			__atomic_add_fetch(&s->died, 1, __ATOMIC_SEQ_CST);
			break;
		case 1 ... 4:
			ANSWERS(ERR(setns(s->ns[rand_r(seed) % PLACES], CLONE_NEWNET)),
				"setns", 0);
			break;
		case 5 ... 8:
			nl_link_add(&req, NULL, kinds[rand_r(seed) % 3]);
			ANSWERS(nl_talk(&req, NULL), "add", 0);
			break;
		case 9 ... 20:
			storm_link(s, seed);
			break;
		case 21 ... 40:
			storm_open(s, seed, &fd[i]);
			break;
		default:
			if (fd[i] >= 0)
				storm_slot(s, seed, fd[i]);
		}
	}
	for (i = 0; i < SLOTS; i++)
		if (fd[i] >= 0)
			ANSWERS(ERR(close(fd[i])), "close", 0);
	return NULL;
}

FIXTURE(storm) {
	int nodes[ARRAY_SIZE(kinds)];
};

FIXTURE_SETUP(storm)
{
	unsigned int i;

	if (geteuid())
		SKIP(return, "needs root");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		self->nodes[i] = count_nodes(kinds[i]);
}

/* Whatever happened, the next test finds the module. */
FIXTURE_TEARDOWN_PARENT(storm)
{
	if (access("/sys/module/bsdtun", F_OK))
		module_load();
}

static bool storm_is_over(const int *nodes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (count_nodes(kinds[i]) > nodes[i])
			return false;
	return true;
}

TEST_F_TIMEOUT(storm, everything_goes_on_afterwards, 360)
{
	const char *seed = getenv("BSDTUN_SEED");
	struct stormer t[STORMERS];
	struct storm s = { };
	struct timespec ts;
	unsigned int first, i;
	long long start;

	first = seed ? strtoul(seed, NULL, 0) : (unsigned int)(time(NULL) ^ getpid());
	TH_LOG("BSDTUN_SEED=%u", first);
	for (i = 0; i < PLACES; i++) {
		ASSERT_EQ(0, netns_new());
		s.ns[i] = netns_open();
		ASSERT_LE(0, s.ns[i]);
	}
	for (i = 0; i < STORMERS; i++) {
		t[i] = (struct stormer){ .storm = &s, .seed = first + i };
		ASSERT_EQ(0, pthread_create(&t[i].thread, NULL, storm_main, &t[i]));
	}
	start = now_ms();
	while ((now_ms() < start + STORM_MS ||
		(now_ms() < start + STORM_MAX_MS && !storm_was_one(&s))) &&
	       !__atomic_load_n(&s.odd, __ATOMIC_SEQ_CST))
		short_sleep();
	__atomic_store_n(&s.stop, true, __ATOMIC_SEQ_CST);
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += 3 * TIMEOUT_MS / 1000;
	for (i = 0; i < STORMERS; i++) {
		ASSERT_EQ(0, pthread_timedjoin_np(t[i].thread, NULL, &ts))
			TH_LOG("thread %u hangs", i);
	}
	TH_LOG("%u opens, %u units deleted, %u moved, %u namespaces",
	       s.opened, s.deleted, s.moved, s.died);
	EXPECT_EQ(0, s.odd)
		TH_LOG("from %s", s.what);
	EXPECT_LT(0, s.opened);
	EXPECT_LT(0, s.deleted);
	EXPECT_LT(0, s.moved);
	EXPECT_LT(0, s.died);

	for (i = 0; i < PLACES; i++) {
		ASSERT_EQ(0, setns(s.ns[i], CLONE_NEWNET));
		units_delete_all();
		close(s.ns[i]);
	}
	/* The rest is in namespaces that are still dying. */
	EXPECT_TRUE(WAIT_FOR(storm_is_over(self->nodes), 3 * TIMEOUT_MS));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		int want = lowest_free_number(kinds[i], 0);
		struct unit u;

		ASSERT_TRUE(WAIT_FOR(unit_numbers_settled(kinds[i]), TIMEOUT_MS));
		ASSERT_EQ(0, cloner_open(&u, kinds[i], O_NONBLOCK));
		EXPECT_EQ(want, u.number);
		unit_destroy(&u);
	}
	if (module_loaded() && getenv("BSDTUN_KO")) {
		EXPECT_EQ(0, module_unload());
		EXPECT_EQ(0, module_load());
	}
}

TEST_HARNESS_MAIN
