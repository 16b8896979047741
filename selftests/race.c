// SPDX-License-Identifier: GPL-2.0
/*
 * Races: threads that open, use, create and delete the same unit or any units, network namespaces
 * that exit, and rmmod.
 */
#include "lib/test.h"

/* Long enough for a rare race to occur. */
#define RACE_MS	2000

/* A race that created fewer units than this did not take place. */
#define ENOUGH	2

#define THREADS 5

struct race {
	const char *node, *ifname;
	int ns;
	bool stop;
	unsigned int opened, made;
	long error;		/* an unexpected result */
	const char *what;	/* and the call that returned it */
};

static bool racing(struct race *r)
{
	return !__atomic_load_n(&r->stop, __ATOMIC_SEQ_CST);
}

static void fail(struct race *r, const char *what, long err)
{
	r->what = what;
	__atomic_store_n(&r->error, err, __ATOMIC_SEQ_CST);
}

/* Returns a descriptor, or -1 if the unit does not exist, is being deleted or is busy. */
static int race_open(struct race *r)
{
	int fd = ERR(open(r->node, O_RDWR | O_NONBLOCK | O_CLOEXEC));

	if (fd >= 0) {
		__atomic_add_fetch(&r->opened, 1, __ATOMIC_SEQ_CST);
		return fd;
	}
	if (fd != -ENOENT && fd != -ENXIO && fd != -ENODEV && fd != -EBUSY)
		fail(r, "open", fd);
	sched_yield();
	return -1;
}

static void *race_users(void *arg)
{
	struct race *r = arg;
	char buf[256], got[64];
	size_t len = build_echo(buf, PEER, LOCAL, ICMP_ECHO, 1, 1, "x", 1);
	unsigned int seed = syscall(SYS_gettid);

	while (racing(r)) {
		int fd = race_open(r);
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		int n, times;
		long ret;

		if (fd < 0)
			continue;
		for (times = rand_r(&seed) % 8; times >= 0; times--) {
			switch (rand_r(&seed) % 4) {
			case 0:
				ret = ERR(read(fd, got, sizeof(got)));
				if (ret < 0 && ret != -EAGAIN && ret != -EHOSTDOWN)
					fail(r, "read", ret);
				break;
			case 1:
				ret = ERR(write(fd, buf, len));
				if (ret != (long)len && ret != -EHOSTDOWN)
					fail(r, "write", ret);
				break;
			case 2:
				ret = ERR(ioctl(fd, FIONREAD, &n));
				if (ret && ret != -ENXIO)
					fail(r, "ioctl", ret);
				break;
			case 3:
				ret = ERR(poll(&pfd, 1, rand_r(&seed) % 3));
				if (ret < 0)
					fail(r, "poll", ret);
				break;
			}
		}
		ret = ERR(close(fd));
		if (ret)
			fail(r, "close", ret);
	}
	return NULL;
}

static void *race_creators(void *arg)
{
	struct race *r = arg;

	if (setns(r->ns, CLONE_NEWNET)) {
		fail(r, "setns", -errno);
		return NULL;
	}
	while (racing(r)) {
		struct link link = { };
		int err = link_add(TUN_KIND, r->ifname, &link);

		if (err == -EEXIST)
			continue;
		if (err) {
			fail(r, "add", err);
			continue;
		}
		__atomic_add_fetch(&r->made, 1, __ATOMIC_SEQ_CST);
		/* Without an address it drops or queues the packets of the other threads. */
		err = link_up(link.ifindex);
		if (err && err != -ENODEV)
			fail(r, "up", err);
		err = link_del(link.ifindex);
		if (err && err != -ENODEV)
			fail(r, "del", err);
	}
	return NULL;
}

FIXTURE(race) {
	int ns;
	struct race r;
};

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, netns_new());
	self->ns = netns_open();
	ASSERT_LE(0, self->ns);
	self->r = (struct race){
		.node = "/dev/" TUN_KIND "31337", .ifname = TUN_KIND "31337", .ns = self->ns,
	};
}

FIXTURE_TEARDOWN(race)
{
	int ifindex = if_nametoindex(self->r.ifname);

	if (ifindex)
		link_del(ifindex);
	close(self->ns);
}

/* False if the threads hardly ran, as on a busy machine. */
static bool raced(const struct race *r)
{
	return __atomic_load_n(&r->made, __ATOMIC_SEQ_CST) > ENOUGH;
}

/* Runs one thread for each of @mains, for RACE_MS or until units were created. */
static void run_race(struct __test_metadata *_metadata, struct race *r,
		     void *(*const mains[])(void *), int threads)
{
	pthread_t thread[THREADS];
	long long end;
	int i;

	for (i = 0; i < threads; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, mains[i], r));
	end = now_ms() + RACE_MS;
	while (!__atomic_load_n(&r->error, __ATOMIC_SEQ_CST) &&
	       (now_ms() < end || (!raced(r) && now_ms() < end + TIMEOUT_MS)))
		short_sleep();
	__atomic_store_n(&r->stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < threads; i++) {
		ASSERT_TRUE(thread_join(thread[i]))
			TH_LOG("thread %d hangs", i);
	}
	EXPECT_EQ(0, r->error)
		TH_LOG("from %s", r->what);
}

/* The number can be used again, and the unit works. */
static void check_unit(struct __test_metadata *_metadata)
{
	struct unit u;

	ASSERT_EQ(0, unit_create(&u, TUN_KIND "31337"));
	EXPECT_EQ(31337, u.number);
	ASSERT_EQ(0, unit_open(&u, O_NONBLOCK));
	ASSERT_EQ(0, addr_add(u.ifindex, LOCAL, PEER));
	ASSERT_EQ(0, link_up(u.ifindex));
	EXPECT_TRUE(unit_pings(u.fd, 1));
	unit_destroy(&u);
	EXPECT_FALSE(node_exists(&u));
}

TEST_F_TIMEOUT(race, open_against_add_and_del, 120)
{
	static void *(*const mains[])(void *) = {
		race_creators, race_users, race_users, race_users,
	};

	run_race(_metadata, &self->r, mains, ARRAY_SIZE(mains));
	EXPECT_TRUE(raced(&self->r));
	EXPECT_LT(0, self->r.opened);
	check_unit(_metadata);
}

TEST_F_TIMEOUT(race, add_one_unit_concurrently, 120)
{
	static void *(*const mains[])(void *) = {
		race_creators, race_creators, race_creators, race_users,
	};

	run_race(_metadata, &self->r, mains, ARRAY_SIZE(mains));
	EXPECT_TRUE(raced(&self->r));
	check_unit(_metadata);
}

static void *race_namespaces(void *arg)
{
	struct race *r = arg;

	while (racing(r)) {
		struct link link;
		int err = netns_new();

		/* The previous namespace exits asynchronously and deletes its unit. */
		if (!err)
			err = link_add(TUN_KIND, r->ifname, &link);
		if (!err)
			__atomic_add_fetch(&r->made, 1, __ATOMIC_SEQ_CST);
		else if (err != -EEXIST)
			fail(r, "namespace", err);
	}
	return NULL;
}

TEST_F_TIMEOUT(race, open_against_netns_exit, 120)
{
	static void *(*const mains[])(void *) = {
		race_namespaces, race_users, race_users,
	};
	struct unit u;

	run_race(_metadata, &self->r, mains, ARRAY_SIZE(mains));
	EXPECT_TRUE(raced(&self->r));
	/* The last namespace exits asynchronously; its number is free after the node is gone. */
	ASSERT_TRUE(WAIT_FOR(!unit_create(&u, TUN_KIND "31337"), TIMEOUT_MS));
	unit_destroy(&u);
	check_unit(_metadata);
}

/* Creates units without a requested number: each thread gets its own. */
static void *race_any(void *arg)
{
	struct race *r = arg;
	struct unit u;

	if (setns(r->ns, CLONE_NEWNET)) {
		fail(r, "setns", -errno);
		return NULL;
	}
	while (racing(r)) {
		long err = unit_create(&u, NULL);

		if (err) {
			fail(r, "create", err);
			continue;
		}
		__atomic_add_fetch(&r->made, 1, __ATOMIC_SEQ_CST);
		err = unit_open(&u, O_NONBLOCK);
		if (err)
			fail(r, "open of an own unit", err);
		unit_destroy(&u);
		if (u.number < 1 || u.number > THREADS + 5)
			fail(r, "number", -u.number);
	}
	return NULL;
}

TEST_F_TIMEOUT(race, add_any_units_concurrently, 120)
{
	static void *(*const mains[])(void *) = { race_any, race_any, race_any };

	run_race(_metadata, &self->r, mains, ARRAY_SIZE(mains));
	EXPECT_TRUE(raced(&self->r));
}

FIXTURE(rmmod) {
};

FIXTURE_SETUP(rmmod)
{
	if (!module_loaded())
		SKIP(return, "the driver is built in");
	if (!getenv("BSDTUN_KO"))
		SKIP(return, "BSDTUN_KO does not name the module's file");
}

/* The next test needs the module. */
FIXTURE_TEARDOWN(rmmod)
{
	if (!module_loaded())
		module_load();
}

static void *race_unit_0(void *arg)
{
	struct race *r = arg;
	char got[64];

	while (racing(r)) {
		int fd = race_open(r);
		long ret;

		if (fd < 0)
			continue;
		ret = ERR(read(fd, got, sizeof(got)));
		if (ret != -EAGAIN && ret != -EHOSTDOWN)
			fail(r, "read", ret);
		ret = ERR(close(fd));
		if (ret)
			fail(r, "close", ret);
		short_sleep();
	}
	return NULL;
}

TEST_F_TIMEOUT(rmmod, rmmod_against_open, 240)
{
	struct race r = { .node = "/dev/" TUN_KIND "0" };
	pthread_t thread[2];
	int i, removed = 0;
	long long end;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, race_unit_0, &r));
	/* At least three times, and as often as the time allows. */
	end = now_ms() + 4 * RACE_MS;
	while (removed < 3 || (removed < scaled_rounds(20) && now_ms() < end)) {
		long err = module_unload();

		if (err == -EWOULDBLOCK)
			continue;
		EXPECT_EQ(0, err);
		removed++;
		err = module_load();
		EXPECT_EQ(0, err);
		if (err)
			break;
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
	EXPECT_EQ(0, r.error)
		TH_LOG("from %s", r.what);
	EXPECT_LT(0, r.opened);
}

TEST_HARNESS_MAIN
