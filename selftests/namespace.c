// SPDX-License-Identifier: GPL-2.0
/*
 * Units of every kind and network namespaces: containers that create units, namespaces that exit,
 * units that move while they are used. See also lifetime.c, move.c and permissions.c.
 */

#include "lib/fixture.h"

#include <net/if_tun.h>

#define ROUNDS	8

static const char *const kinds[] = { TUN_KIND, TAP_KIND, VMNET_KIND };

/* For a tun the start of an IPv4 packet, for the others a multicast frame. */
static const unsigned char frame[60] = { 0x45, [12] = 0x88, 0xb5 };

FIXTURE(namespace) {
	struct unit u;
	int first, second;	/* network namespaces; the test starts in the first */
	int nodes;		/* nodes of the kind before the test */
};

FIXTURE_VARIANT(namespace) {
	const char *kind;
};

TUN_VARIANT(namespace);
TAP_VARIANT(namespace);
VMNET_VARIANT(namespace);

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

/* In the parent. The units of the test are deleted with its namespaces, asynchronously. */
FIXTURE_TEARDOWN_PARENT(namespace)
{
	cloner_chmod(variant->kind, 0600);
	EXPECT_TRUE(WAIT_FOR(count_nodes(variant->kind) <= self->nodes, TIMEOUT_MS));
}

#define CLONE(unit)	ASSERT_EQ(0, cloner_open(unit, variant->kind, O_NONBLOCK))

/* ---- containers --------------------------------------------------------- */

/* What root of a container can do, which is @user outside. @theirs is a unit of the host. */
static void run_in_container(const char *kind, struct unit *foreign, uid_t user)
{
	struct unit own, second;

	if (user)
		CHILD_ASSERT(!become_nobody());
	CHILD_ASSERT(!userns_new());
	CHILD_ASSERT(!netns_new());
	CHILD_ASSERT(!cloner_open(&own, kind, O_NONBLOCK));
	CHILD_ASSERT(!cloner_open(&second, kind, O_NONBLOCK));
	CHILD_ASSERT(own.number != foreign->number && second.number != foreign->number);
	CHILD_ASSERT(own.number != second.number);
	CHILD_ASSERT(!link_up(own.ifindex));
	CHILD_ASSERT(link_is_up(own.ifindex));

	/* The foreign unit has a node, which cannot be opened, and no interface here. */
	CHILD_ASSERT(!if_nametoindex(foreign->ifname));
	CHILD_ASSERT(node_exists(foreign));
	CHILD_ASSERT(unit_open(foreign, 0) == -EPERM);

	/* The foreign unit is closed, but not available to the container. */
	unit_close(&own);
	CHILD_ASSERT(!cloner_open(&own, kind, O_NONBLOCK));
	CHILD_ASSERT(own.number != foreign->number);
	unit_close(&own);
	/* Units of a user namespace have no node of their own. */
	CHILD_ASSERT(unit_open(&own, 0) == -ENOENT);
	CHILD_ASSERT(!link_del(second.ifindex));
	CHILD_ASSERT(ERR(read(second.fd, &(char){ 0 }, 1)) == -EHOSTDOWN);
}

static void check_container(struct __test_metadata *_metadata, const char *kind,
			    struct unit *foreign, uid_t user)
{
	int status;
	pid_t pid;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, cloner_open(foreign, kind, O_NONBLOCK));
	unit_close(foreign);
	ASSERT_EQ(0, chmod(foreign->node, 0666));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		run_in_container(kind, foreign, user);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* The foreign unit is unchanged. */
	EXPECT_EQ(0, unit_open(foreign, 0));
}

TEST_F_TIMEOUT(namespace, container_root_has_its_own_units, 60)
{
	check_container(_metadata, variant->kind, &self->u, 0);
}

/* Any user can be root of a container, if the mode of the cloner permits it. */
TEST_F_TIMEOUT(namespace, container_of_a_user_has_its_own_units, 60)
{
	cloner_chmod(variant->kind, 0666);
	check_container(_metadata, variant->kind, &self->u, NOBODY_UID);
}

/* A user namespace without its own network namespace gives no privilege. */
TEST_F(namespace, user_namespace_alone_is_EPERM)
{
	struct unit c;

	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	unit_init(&c, variant->kind);
	snprintf(c.node, sizeof(c.node), "/dev/%s", variant->kind);
	EXPECT_EQ(-EPERM, run_in_child(open_from_userns, &c));
	EXPECT_GE(self->nodes, count_nodes(variant->kind));
}

/* ---- namespaces that exit ----------------------------------------------- */

TEST_F_TIMEOUT(namespace, units_are_deleted_with_their_namespace, 120)
{
	struct unit open, closed, again;
	struct sleeper s;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, netns_new());
		/* Blocking, for the sleeper. */
		ASSERT_EQ(0, cloner_open(&open, variant->kind, 0));
		ASSERT_EQ(0, link_up(open.ifindex));
		CLONE(&closed);
		unit_close(&closed);
		/* Drops the last reference to the namespace. */
		ASSERT_EQ(0, setns(self->first, CLONE_NEWNET));
		ASSERT_EQ(0, sleeper_start(&s, i % 2 ? SLEEP_READ : SLEEP_POLL, open.fd));
		ASSERT_TRUE(sleeper_join(&s));
		if (i % 2) {
			EXPECT_EQ(-EHOSTDOWN, s.ret);
		} else {
			EXPECT_EQ(1, s.ret);
			EXPECT_EQ(POLLHUP | POLLERR, s.events);
		}
		/* The nodes stay: a container may have copies of them. */
		EXPECT_TRUE(WAIT_FOR(node_retired(&open) && node_retired(&closed), TIMEOUT_MS));
		expect_revoked(_metadata, &open);

		/* The numbers are free although a descriptor is open. */
		ASSERT_TRUE(WAIT_FOR(lowest_free_number(variant->kind, 0) == open.number,
				     TIMEOUT_MS));
		CLONE(&again);
		EXPECT_EQ(open.number, again.number);
		unit_destroy(&again);
		expect_revoked(_metadata, &open);
		unit_close(&open);
	}
}

/* ---- moves -------------------------------------------------------------- */

TEST_F(namespace, cloner_gives_a_moved_unit_in_its_new_namespace)
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

/* A move sets the interface down, which discards the queue. */
TEST_F(namespace, move_discards_the_queue)
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
	long error;		/* an unexpected result */
};

static void *writer_main(void *arg)
{
	struct worker *w = arg;
	long ret;

	while (!__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST)) {
		ret = ERR(write(w->fd, frame, sizeof(frame)));
		if (ret != (long)sizeof(frame))
			w->error = ret;
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
			w->error = ret < 0 ? ret : pfd.revents;
		if (!pfd.revents)
			continue;
		/* The interface may be set down between poll() and read(). */
		ret = ERR(read(w->fd, buf, sizeof(buf)));
		if (ret == -EAGAIN)
			continue;
		if (ret != (long)sizeof(frame))
			w->error = ret;
		__atomic_add_fetch(&w->done, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static unsigned int done(struct worker *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_SEQ_CST);
}

TEST_F_TIMEOUT(namespace, moved_while_reader_and_writer_run, 240)
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
	EXPECT_EQ(0, reader.error);
	EXPECT_EQ(0, writer.error);
}

/* ---- random operations in several threads ------------------------------- */

#define STRESS_MS	10000
#define STRESS_MAX_MS	60000	/* on a slow machine, until enough is done */
#define THREADS		4
#define FDS		6
#define NAMESPACES	3

struct stress {
	int ns[NAMESPACES];
	bool stop;
	unsigned int opened, deleted, moved, unshared;
	long error;		/* an unexpected result */
	const char *what;	/* and the call that returned it */
};

struct stress_thread {
	pthread_t thread;
	struct stress *stress;
	unsigned int seed;
};

static bool enough_done(const struct stress *s)
{
	return __atomic_load_n(&s->opened, __ATOMIC_SEQ_CST) >= 100 &&
	       __atomic_load_n(&s->deleted, __ATOMIC_SEQ_CST) >= 20 &&
	       __atomic_load_n(&s->moved, __ATOMIC_SEQ_CST) >= 10 &&
	       __atomic_load_n(&s->unshared, __ATOMIC_SEQ_CST) >= 5;
}

static void fail(struct stress *s, const char *what, long err)
{
	s->what = what;
	__atomic_store_n(&s->error, err, __ATOMIC_SEQ_CST);
}

/* True if @ret is in @list, which ends with 1. */
static bool is_listed(long ret, const int *list)
{
	for (; *list != 1; list++)
		if (ret == *list)
			return true;
	return false;
}

#define EXPECT_RESULT(ret, what, ...)						\
({									\
	long __got = (ret);						\
									\
	if (!is_listed(__got, (const int[]){ __VA_ARGS__, 1 }))		\
		fail(s, what, __got);					\
	__got;								\
})

/* A random operation on a random interface of the current namespace. */
static void stress_link(struct stress *s, unsigned int *seed)
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
		if (!EXPECT_RESULT(link_del(ifindex), "del", 0, -ENODEV))
			__atomic_add_fetch(&s->deleted, 1, __ATOMIC_SEQ_CST);
		break;
	case 3:
		EXPECT_RESULT(link_down(ifindex), "down", 0, -ENODEV);
		break;
	case 4:
	case 5:
		EXPECT_RESULT(link_up(ifindex), "up", 0, -ENODEV);
		break;
	default:
		if (!EXPECT_RESULT(link_set_netns(ifindex, s->ns[rand_r(seed) % NAMESPACES]),
				   "move", 0, -ENODEV, -EEXIST))
			__atomic_add_fetch(&s->moved, 1, __ATOMIC_SEQ_CST);
	}
}

static void stress_fd(struct stress *s, unsigned int *seed, int fd)
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
			EXPECT_RESULT(ret, "read", -EAGAIN, -EHOSTDOWN);
		break;
	case 1:
		EXPECT_RESULT(ERR(write(fd, frame, sizeof(frame))), "write", sizeof(frame),
			      -EHOSTDOWN);
		break;
	case 2:
		EXPECT_RESULT(ERR(ioctl(fd, LINUX64_GIFNAME, ifr)), "GIFNAME", 0, -ENXIO);
		break;
	case 3:
		EXPECT_RESULT(ERR(ioctl(fd, TUNSTRANSIENT, &yes)), "TRANSIENT", 0, -ENXIO);
		break;
	default:
		if (ERR(poll(&pfd, 1, rand_r(seed) % 3)) < 0)
			fail(s, "poll", -errno);
	}
}

static void stress_open(struct stress *s, unsigned int *seed, int *fd)
{
	char node[32];

	if (*fd >= 0)
		EXPECT_RESULT(ERR(close(*fd)), "close", 0);
	*fd = -1;
	if (rand_r(seed) % 4) {
		snprintf(node, sizeof(node), "/dev/%s", kinds[rand_r(seed) % 3]);
		*fd = ERR(open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC));
		/* The unit may be deleted before it is opened. */
		if (*fd < 0)
			EXPECT_RESULT(*fd, "open of a cloner", -ENXIO, -ENODEV);
	} else {
		snprintf(node, sizeof(node), "/dev/%s%d", kinds[rand_r(seed) % 3],
			 1 + rand_r(seed) % 10);
		*fd = ERR(open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC));
		if (*fd < 0)
			EXPECT_RESULT(*fd, "open of a node", -ENOENT, -ENXIO, -ENODEV, -EBUSY);
	}
	if (*fd >= 0)
		__atomic_add_fetch(&s->opened, 1, __ATOMIC_SEQ_CST);
}

static void *stress_main(void *arg)
{
	struct stress_thread *me = arg;
	struct stress *s = me->stress;
	unsigned int *seed = &me->seed;
	int fd[FDS], i;

	for (i = 0; i < FDS; i++)
		fd[i] = -1;
	while (!__atomic_load_n(&s->stop, __ATOMIC_SEQ_CST)) {
		struct nl_request req;

		i = rand_r(seed) % FDS;
		switch (rand_r(seed) % 64) {
		case 0:
			/* The previous namespace exits asynchronously. */
			EXPECT_RESULT(netns_new(), "new namespace", 0);
			__atomic_add_fetch(&s->unshared, 1, __ATOMIC_SEQ_CST);
			break;
		case 1 ... 4:
			EXPECT_RESULT(ERR(setns(s->ns[rand_r(seed) % NAMESPACES], CLONE_NEWNET)),
				      "setns", 0);
			break;
		case 5 ... 8:
			nl_link_add(&req, NULL, kinds[rand_r(seed) % 3]);
			EXPECT_RESULT(nl_talk(&req, NULL), "add", 0);
			break;
		case 9 ... 20:
			stress_link(s, seed);
			break;
		case 21 ... 40:
			stress_open(s, seed, &fd[i]);
			break;
		default:
			if (fd[i] >= 0)
				stress_fd(s, seed, fd[i]);
		}
	}
	for (i = 0; i < FDS; i++)
		if (fd[i] >= 0)
			EXPECT_RESULT(ERR(close(fd[i])), "close", 0);
	return NULL;
}

FIXTURE(stress) {
	int nodes[ARRAY_SIZE(kinds)];
};

FIXTURE_SETUP(stress)
{
	unsigned int i;

	if (geteuid())
		SKIP(return, "needs root");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		self->nodes[i] = count_nodes(kinds[i]);
}

/* The next test needs the module. */
FIXTURE_TEARDOWN_PARENT(stress)
{
	if (access("/sys/module/bsdtun", F_OK))
		module_load();
}

static bool nodes_are_gone(const int *nodes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (count_nodes(kinds[i]) > nodes[i])
			return false;
	return true;
}

TEST_F_TIMEOUT(stress, driver_works_afterwards, 360)
{
	const char *seed = getenv("BSDTUN_SEED");
	struct stress_thread t[THREADS];
	struct stress s = { };
	unsigned int seed_value, i;
	long long start;

	seed_value = seed ? strtoul(seed, NULL, 0) : (unsigned int)(time(NULL) ^ getpid());
	TH_LOG("BSDTUN_SEED=%u", seed_value);
	for (i = 0; i < NAMESPACES; i++) {
		ASSERT_EQ(0, netns_new());
		s.ns[i] = netns_open();
		ASSERT_LE(0, s.ns[i]);
	}
	for (i = 0; i < THREADS; i++) {
		t[i] = (struct stress_thread){ .stress = &s, .seed = seed_value + i };
		ASSERT_EQ(0, pthread_create(&t[i].thread, NULL, stress_main, &t[i]));
	}
	start = now_ms();
	while ((now_ms() < start + STRESS_MS ||
		(now_ms() < start + STRESS_MAX_MS && !enough_done(&s))) &&
	       !__atomic_load_n(&s.error, __ATOMIC_SEQ_CST))
		short_sleep();
	__atomic_store_n(&s.stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < THREADS; i++) {
		ASSERT_TRUE(thread_join(t[i].thread))
			TH_LOG("thread %u hangs", i);
	}
	TH_LOG("%u opens, %u units deleted, %u moved, %u namespaces",
	       s.opened, s.deleted, s.moved, s.unshared);
	EXPECT_EQ(0, s.error)
		TH_LOG("from %s", s.what);
	EXPECT_LT(0, s.opened);
	EXPECT_LT(0, s.deleted);
	EXPECT_LT(0, s.moved);
	EXPECT_LT(0, s.unshared);

	for (i = 0; i < NAMESPACES; i++) {
		ASSERT_EQ(0, setns(s.ns[i], CLONE_NEWNET));
		units_delete_all();
		close(s.ns[i]);
	}
	/* Other units are in namespaces that are still exiting. */
	EXPECT_TRUE(WAIT_FOR(nodes_are_gone(self->nodes), 3 * TIMEOUT_MS));
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
