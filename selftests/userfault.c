// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that block in a page fault, which userfaultfd resolves later, while the unit is
 * deleted or the module is to be unloaded.
 */
#include <linux/userfaultfd.h>
#include <net/if_tun.h>

#include "lib/test.h"

struct blocked {
	struct unit u;
	int dev, uffd;
	char *page;
	/* Threads that block changes in /dev, delete the unit, and create it again. */
	pthread_t blocker, deleter, creator;
	pid_t deleter_id;
	long listed, deleted;
	bool stop, stopped;
	int refused, error;
	/* The system call that blocks, and its result. */
	long (*call)(struct blocked *s);
	long ret;
};

FIXTURE(userfault) {
	struct blocked s;
};

FIXTURE_SETUP(userfault)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	long size = sysconf(_SC_PAGESIZE);

	if (geteuid())
		SKIP(return, "needs root");
	if (access("/dev/userfaultfd", F_OK))
		SKIP(return, "the kernel has no userfaultfd");
	self->s.uffd = ERR(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
	ASSERT_LE(0, self->s.uffd);
	ASSERT_EQ(0, ERR(ioctl(self->s.uffd, UFFDIO_API, &api)));
	self->s.page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->s.page);
	area.range.start = (uintptr_t)self->s.page;
	area.range.len = size;
	ASSERT_EQ(0, ERR(ioctl(self->s.uffd, UFFDIO_REGISTER, &area)));
	self->s.dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->s.dev);
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create(&self->s.u, TUN_KIND "31337"));
}

FIXTURE_TEARDOWN(userfault)
{
	int ifindex;

	if (self->s.uffd <= 0)
		return;
	ifindex = if_nametoindex(TUN_KIND "31337");
	if (ifindex)
		link_del(ifindex);
	close(self->s.dev);
	close(self->s.uffd);
	munmap(self->s.page, sysconf(_SC_PAGESIZE));
}

/* Waits until a thread blocks on the page. */
static bool fault_pending(const struct blocked *s)
{
	struct pollfd fault = { .fd = s->uffd, .events = POLLIN };

	return poll(&fault, 1, TIMEOUT_MS) == 1 && fault.revents == POLLIN;
}

/* Provides the page, which begins with @bytes. */
static int resolve_fault(const struct blocked *s, const void *bytes, size_t len)
{
	static char page[65536];
	struct uffdio_copy copy = {
		.dst = (uintptr_t)s->page,
		.src = (uintptr_t)page,
		.len = sysconf(_SC_PAGESIZE),
	};

	memcpy(page, bytes, len);
	return ERR(ioctl(s->uffd, UFFDIO_COPY, &copy));
}

/* Lists /dev into the page: no node can be created or removed until the fault is resolved. */
static void *block_dev(void *arg)
{
	struct blocked *s = arg;

	s->listed = ERR(syscall(SYS_getdents64, s->dev, s->page, sysconf(_SC_PAGESIZE)));
	return NULL;
}

static void *delete_unit(void *arg)
{
	struct blocked *s = arg;

	__atomic_store_n(&s->deleter_id, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	s->deleted = link_del(s->u.ifindex);
	return NULL;
}

static void *create_unit_again(void *arg)
{
	struct blocked *s = arg;

	while (!__atomic_load_n(&s->stop, __ATOMIC_SEQ_CST)) {
		struct link link;
		int err = link_add(TUN_KIND, s->u.ifname, &link);

		if (err == -EEXIST)
			__atomic_add_fetch(&s->refused, 1, __ATOMIC_SEQ_CST);
		else
			s->error = err ?: 1;
	}
	__atomic_store_n(&s->stopped, true, __ATOMIC_SEQ_CST);
	return NULL;
}

TEST_F_TIMEOUT(userfault, number_is_reserved_until_node_is_removed, 60)
{
	struct blocked *s = &self->s;
	pid_t id;

	ASSERT_EQ(0, pthread_create(&s->blocker, NULL, block_dev, s));
	ASSERT_TRUE(fault_pending(s));
	ASSERT_EQ(0, pthread_create(&s->deleter, NULL, delete_unit, s));
	/* The interface is gone, and the thread waits to remove the node. */
	EXPECT_TRUE(WAIT_FOR(!if_nametoindex(s->u.ifname), TIMEOUT_MS));
	id = __atomic_load_n(&s->deleter_id, __ATOMIC_SEQ_CST);
	EXPECT_TRUE(WAIT_FOR(thread_in_syscall(id, SYS_sendto), TIMEOUT_MS));

	/* If the number were free, the new unit would have an interface already. */
	ASSERT_EQ(0, pthread_create(&s->creator, NULL, create_unit_again, s));
	EXPECT_TRUE(WAIT_FOR(__atomic_load_n(&s->refused, __ATOMIC_SEQ_CST) > 20 ||
			     if_nametoindex(s->u.ifname), TIMEOUT_MS));
	EXPECT_EQ(0, if_nametoindex(s->u.ifname));
	EXPECT_TRUE(node_exists(&s->u));
	__atomic_store_n(&s->stop, true, __ATOMIC_SEQ_CST);
	/* The thread stops before the number becomes free. */
	EXPECT_TRUE(WAIT_FOR(__atomic_load_n(&s->stopped, __ATOMIC_SEQ_CST), TIMEOUT_MS));

	ASSERT_EQ(0, resolve_fault(s, "", 0));
	ASSERT_EQ(0, pthread_join(s->blocker, NULL));
	ASSERT_EQ(0, pthread_join(s->deleter, NULL));
	ASSERT_EQ(0, pthread_join(s->creator, NULL));
	EXPECT_LT(0, s->listed);
	EXPECT_EQ(0, s->deleted);
	EXPECT_EQ(0, s->error);
	EXPECT_FALSE(node_exists(&s->u));
	ASSERT_EQ(0, unit_create(&s->u, TUN_KIND "31337"));
}

static void *run_call(void *arg)
{
	struct blocked *s = arg;

	s->ret = s->call(s);
	return NULL;
}

/* Deletes the unit, which does not wait for @call, while @call waits for its memory: @bytes. */
static void delete_during(struct __test_metadata *_metadata, struct blocked *s,
			  long (*call)(struct blocked *s), const void *bytes, size_t len)
{
	pthread_t thread;

	s->call = call;
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_call, s));
	ASSERT_TRUE(fault_pending(s));
	ASSERT_EQ(0, link_del(s->u.ifindex));
	EXPECT_FALSE(node_exists(&s->u));
	ASSERT_EQ(0, resolve_fault(s, bytes, len));
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

#define DELETE_DURING(call, bytes, len)				\
	delete_during(_metadata, s, call, bytes, len)

static long create_unit(struct blocked *s)
{
	struct link link;

	return link_add(TUN_KIND, s->u.ifname, &link);
}

/* The interface exists, and the thread waits to create the node. */
TEST_F_TIMEOUT(userfault, rmmod_is_refused_while_node_is_created, 60)
{
	struct blocked *s = &self->s;

	if (!module_loaded())
		SKIP(return, "the driver is built in");
	ASSERT_EQ(0, link_del(s->u.ifindex));
	ASSERT_EQ(0, pthread_create(&s->blocker, NULL, block_dev, s));
	ASSERT_TRUE(fault_pending(s));
	s->call = create_unit;
	s->ret = 1;
	ASSERT_EQ(0, pthread_create(&s->creator, NULL, run_call, s));
	EXPECT_TRUE(WAIT_FOR(if_nametoindex(s->u.ifname), TIMEOUT_MS));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	/* /dev cannot be searched now, but the call has not returned. */
	EXPECT_EQ(1, __atomic_load_n(&s->ret, __ATOMIC_SEQ_CST));
	ASSERT_EQ(0, resolve_fault(s, "", 0));
	ASSERT_EQ(0, pthread_join(s->blocker, NULL));
	ASSERT_EQ(0, pthread_join(s->creator, NULL));
	EXPECT_EQ(0, s->ret);
	EXPECT_TRUE(node_exists(&s->u));
}

static long write_page(struct blocked *s)
{
	return ERR(write(s->u.fd, s->page, IP_UDP_LEN + 4));
}

static long read_page(struct blocked *s)
{
	return ERR(read(s->u.fd, s->page, sysconf(_SC_PAGESIZE)));
}

static long set_info_page(struct blocked *s)
{
	return ERR(ioctl(s->u.fd, TUNSIFINFO, s->page));
}

static long get_info_page(struct blocked *s)
{
	return ERR(ioctl(s->u.fd, TUNGIFINFO, s->page));
}

TEST_F_TIMEOUT(userfault, deletion_during_write, 60)
{
	struct blocked *s = &self->s;
	char packet[64];
	size_t len = build_udp(packet, PEER, LOCAL, 1, PORT, "late", 4);

	ASSERT_EQ(0, unit_open_up(&s->u, O_NONBLOCK));
	DELETE_DURING(write_page, packet, len);
	EXPECT_EQ(-EHOSTDOWN, s->ret);
	unit_close(&s->u);
}

/* The reader has claimed the packet already. */
TEST_F_TIMEOUT(userfault, deletion_during_read, 60)
{
	struct blocked *s = &self->s;
	char packet[64];
	size_t len = build_udp(packet, LOCAL, PEER, 1, PORT, "late", 4);
	int raw = packet_socket();

	ASSERT_LE(0, raw);
	ASSERT_EQ(0, unit_open_up(&s->u, O_NONBLOCK));
	ASSERT_EQ((ssize_t)len, packet_send(raw, s->u.ifindex, ETH_P_IP, packet, len));
	DELETE_DURING(read_page, "", 0);
	EXPECT_EQ((long)len, s->ret);
	EXPECT_EQ(0, memcmp(packet, s->page, len));
	EXPECT_EQ(-EHOSTDOWN, ERR(read(s->u.fd, packet, sizeof(packet))));
	unit_close(&s->u);
	close(raw);
}

TEST_F_TIMEOUT(userfault, deletion_before_ioctl_reads_its_argument, 60)
{
	struct blocked *s = &self->s;
	struct tuninfo info = { .mtu = 1400, .type = 0x17 };

	ASSERT_EQ(0, unit_open_up(&s->u, O_NONBLOCK));
	DELETE_DURING(set_info_page, &info, sizeof(info));
	EXPECT_EQ(-ENXIO, s->ret);
	unit_close(&s->u);
}

TEST_F_TIMEOUT(userfault, deletion_before_ioctl_writes_its_result, 60)
{
	struct blocked *s = &self->s;
	struct tuninfo info;

	ASSERT_EQ(0, unit_open_up(&s->u, O_NONBLOCK));
	DELETE_DURING(get_info_page, "", 0);
	EXPECT_EQ(0, s->ret);
	memcpy(&info, s->page, sizeof(info));
	EXPECT_EQ(1500, info.mtu);
	unit_close(&s->u);
}

TEST_HARNESS_MAIN
