// SPDX-License-Identifier: GPL-2.0
/*
 * rtnetlink requests that a container's root can send, and messages that a container receives:
 * what they cost the machine and what they disclose.
 */
#include "lib/fixture.h"

#include <linux/if_bsdtun.h>

/* From <linux/if.h>, which cannot be included together with <net/if.h>. */
#define IF_OPER_UP	6

/* More than one, to see what each costs. */
#define ATTEMPTS	10

FIXTURE(rtnl_safety) {
	struct unit u;
	int nodes;		/* of the kind, before the test */
	char text[256];		/* the message of an extended acknowledgment */
};

FIXTURE_VARIANT(rtnl_safety) {
	const char *kind;
};

TUN_VARIANT(rtnl_safety);
TAP_VARIANT(rtnl_safety);
VMNET_VARIANT(rtnl_safety);

FIXTURE_SETUP(rtnl_safety)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, netns_reset());
	unit_init(&self->u, variant->kind);
	self->nodes = count_nodes(variant->kind);
}

FIXTURE_TEARDOWN(rtnl_safety)
{
	unit_destroy(&self->u);
}

static int talk(struct nl_request *req, char *text, size_t size)
{
	int fd = nl_open();
	int err;

	if (fd < 0)
		return fd;
	*text = '\0';
	err = nl_send(fd, req) ?: nl_recv_ack(fd, NULL, text, size);
	close(fd);
	return err;
}

/* ---- more than one transmit queue ---------------------------------------- */

/* ip link add numtxqueues @queues type @kind */
static int add_with_queues(const char *kind, __u32 queues, char *text, size_t size)
{
	struct nl_request req;

	nl_link_add(&req, "queues", kind);
	nl_put_u32(&req, IFLA_NUM_TX_QUEUES, queues);
	return talk(&req, text, size);
}

/*
 * txqueuelen bounds what one queue of a unit holds, so there is one. With more, each queueing
 * discipline below mq would add its own.
 */
TEST_F(rtnl_safety, more_than_one_tx_queue_is_refused)
{
	static const __u32 queues[] = { 2, 4, 4096 };
	int number = lowest_free_number(variant->kind, 0), i;

	for (i = 0; i < ARRAY_SIZE(queues); i++) {
		EXPECT_EQ(-EINVAL, add_with_queues(variant->kind, queues[i], self->text,
						   sizeof(self->text)))
			TH_LOG("%u queues", queues[i]);
		EXPECT_NE(0, strlen(self->text));
		EXPECT_EQ(0, if_nametoindex("queues"));
		units_delete_all();
	}
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
	ASSERT_EQ(0, add_with_queues(variant->kind, 1, self->text, sizeof(self->text)));
	self->u.ifindex = if_nametoindex("queues");
	snprintf(self->u.ifname, IFNAMSIZ, "queues");
	ASSERT_EQ(0, unit_identify(&self->u));
	/* The numbers of the refused ones are free. */
	EXPECT_EQ(number, self->u.number);
}

/* ---- grace periods under RTNL -------------------------------------------- */

#define TRACEFS		"/sys/kernel/tracing"
#define INSTANCE	TRACEFS "/instances/bsdtun-test"

/* Counts waits for RCU readers of this thread, with the function tracer. False without one. */
static bool trace_start(void)
{
	char text[256];

	/* The program's own /sys hides it. */
	if (access(TRACEFS "/instances", F_OK) &&
	    mount("tracefs", TRACEFS, "tracefs", 0, NULL))
		return false;
	if (read_file(TRACEFS "/available_tracers", text, sizeof(text)) < 0 ||
	    !strstr(text, "function "))
		return false;
	rmdir(INSTANCE);
	if (mkdir(INSTANCE, 0700))
		return false;
	snprintf(text, sizeof(text), "%d", getpid());
	return !write_file(INSTANCE "/set_ftrace_filter", "synchronize_rcu") &&
	       !write_file(INSTANCE "/set_ftrace_filter", "synchronize_rcu_expedited") &&
	       !write_file(INSTANCE "/set_ftrace_pid", text) &&
	       !write_file(INSTANCE "/current_tracer", "function");
}

/* The number of waits since the last call: lines that do not begin with a #. */
static int trace_count(void)
{
	FILE *f = fopen(INSTANCE "/trace", "re");
	char line[512];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += *line != '#';
	if (f)
		fclose(f);
	/* Opened with O_TRUNC, it is empty again. */
	close(open(INSTANCE "/trace", O_WRONLY | O_TRUNC | O_CLOEXEC));
	return n;
}

static void trace_stop(void)
{
	write_file(INSTANCE "/current_tracer", "nop");
	rmdir(INSTANCE);
}

/*
 * A failed request must not hold the lock of the whole network configuration for a grace period if
 * nobody can have seen the device. Names like these are refused before the core looks at it.
 */
TEST_F_TIMEOUT(rtnl_safety, refused_names_wait_for_no_grace_period, 60)
{
	static const char *const names[] = { "a/b", ".", "..", "a:b", "a b" };
	int i, n, waits;

	if (!trace_start())
		SKIP(return, "no function tracer");
	/* The tracer works: deleting an interface waits. */
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	unit_destroy(&self->u);
	EXPECT_LT(0, trace_count());

	for (n = 0; n < ARRAY_SIZE(names); n++) {
		for (i = 0; i < ATTEMPTS; i++)
			EXPECT_EQ(-EINVAL, link_add(variant->kind, names[n], NULL));
		waits = trace_count();
		EXPECT_EQ(0, waits)
			TH_LOG("%d attempts to create '%s': %d grace periods", ATTEMPTS, names[n],
			       waits);
	}
	trace_stop();
}

/* ---- the owner ----------------------------------------------------------- */

/* The value of IFLA_BSDTUN_OWNER, or -1 if the link does not have it. */
static long owner_in(const struct link *link)
{
	const struct rtattr *rta = (const void *)link->data;
	int len = link->data_len;
	__u32 value;

	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len)) {
		if ((rta->rta_type & NLA_TYPE_MASK) != IFLA_BSDTUN_OWNER)
			continue;
		memcpy(&value, RTA_DATA(rta), sizeof(value));
		return value;
	}
	return -1;
}

/*
 * Receives the next notification of the interface. False if there is none within the limit of the
 * socket.
 */
static bool next_notification(int fd, int ifindex, struct link *link)
{
	static union {
		struct nlmsghdr n;
		char room[32768];
	} buf;

	while (recv(fd, &buf, sizeof(buf), 0) > 0) {
		if (buf.n.nlmsg_type != RTM_NEWLINK)
			continue;
		nl_parse_link(&buf.n, link);
		if (link->ifindex == ifindex)
			return true;
	}
	return false;
}

static int listen_to_links(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = nl_open();

	return fd < 0 || !bind(fd, (void *)&nl, sizeof(nl)) ? fd : -errno;
}

TEST_F(rtnl_safety, owner_is_not_in_answers)
{
	struct link link;

	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, link_get(self->u.ifindex, &link));
	EXPECT_LT(0, link.data_len);
	EXPECT_EQ(-1, owner_in(&link));
}

/*
 * A kworker sends the notification of a carrier: all numbers would be those of the initial PID
 * namespace, whatever container receives them.
 */
TEST_F(rtnl_safety, owner_is_not_in_notifications_of_a_kworker)
{
	int fd = listen_to_links();
	struct link link;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	do {
		ASSERT_TRUE(next_notification(fd, self->u.ifindex, &link));
		EXPECT_EQ(-1, owner_in(&link))
			TH_LOG("owner %ld, process %d", owner_in(&link), getpid());
	} while (link.operstate != IF_OPER_UP);
	close(fd);
}

static int change_mtu_elsewhere(struct unit *u)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		return -errno;
	pid = fork();
	if (!pid)
		_exit(link_set_mtu(u->ifindex, 1400) ? 1 : 0);
	return waitpid(pid, &status, 0) == pid && !status ? 0 : -EPROTO;
}

TEST_F(rtnl_safety, owner_is_not_in_notifications_of_another_pid_namespace)
{
	int fd = listen_to_links();
	struct link link;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, run_in_child(change_mtu_elsewhere, &self->u));
	do {
		ASSERT_TRUE(next_notification(fd, self->u.ifindex, &link));
		EXPECT_EQ(-1, owner_in(&link));
	} while (link.mtu != 1400);
	close(fd);
}

/* The number of the attribute stays reserved. */
TEST_F(rtnl_safety, owner_in_a_request_is_refused)
{
	struct rtattr *info, *data;
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(req.ifi));
	info = nl_put(&req, IFLA_LINKINFO, NULL, 0);
	nl_put(&req, IFLA_INFO_KIND, variant->kind, strlen(variant->kind));
	data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
	nl_put_u32(&req, IFLA_BSDTUN_OWNER, getpid());
	nl_nest_end(&req, data);
	nl_nest_end(&req, info);
	EXPECT_EQ(-EINVAL, talk(&req, self->text, sizeof(self->text)));
	EXPECT_NE(0, strlen(self->text));
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
}

/* It is in sysfs and in fdinfo, numbered for the reader. */
TEST_F(rtnl_safety, owner_is_in_sysfs_and_fdinfo)
{
	char pid[16], value[64];

	snprintf(pid, sizeof(pid), "%d", getpid());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_TRUE(unit_attr_is(&self->u, "owner", pid));
	ASSERT_TRUE(fdinfo_value(self->u.fd, "owner", value, sizeof(value)));
	EXPECT_STREQ(pid, value);
}

TEST_HARNESS_MAIN
