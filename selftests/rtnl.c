// SPDX-License-Identifier: GPL-2.0
/*
 * Units by rtnetlink with the attributes of their kind: made with them, shown
 * by them, changed; and what is wrong with a request is said in words.
 */

#include "lib/test.h"

#include <linux/if_bsdtun.h>

struct attr {
	int type;		/* -1: no more */
	size_t len;
	__u32 value;
};

/* The attributes of one request. */
#define U32(type, value)	{ type, 4, value }
#define U8(type, value)		{ type, 1, value }
#define ATTRS(...)		((const struct attr[]){ __VA_ARGS__, { -1, 0, 0 } })
#define NOTHING			((const struct attr[]){ { -1, 0, 0 } })

static void put_info(struct nl_request *req, const char *kind, const struct attr *attr)
{
	struct rtattr *info = nl_put(req, IFLA_LINKINFO, NULL, 0);
	struct rtattr *data;

	nl_put(req, IFLA_INFO_KIND, kind, strlen(kind));
	data = nl_put(req, IFLA_INFO_DATA, NULL, 0);
	for (; attr->type >= 0; attr++) {
		__u8 bytes[16] = { attr->value };

		if (attr->len == sizeof(attr->value))
			memcpy(bytes, &attr->value, sizeof(attr->value));
		nl_put(req, attr->type, bytes, attr->len);
	}
	nl_nest_end(req, data);
	nl_nest_end(req, info);
}

static int talk(struct nl_request *req, struct link *link, char *text, size_t size)
{
	int fd = nl_open(), err;

	if (fd < 0)
		return fd;
	err = nl_send(fd, req) ?: nl_recv_ack(fd, link, text, size);
	close(fd);
	return err;
}

FIXTURE(rtnl) {
	struct unit u;
	struct link link;
	int nodes;		/* units of the kind that were there before */
	char text[256];		/* what the kernel said, refusing */
};

FIXTURE_VARIANT(rtnl) {
	const char *kind;
	bool keeps;		/* has IFLA_BSDTUN_KEEP */
};

FIXTURE_VARIANT_ADD(rtnl, tun) {
	.kind = TUN_KIND,
};

FIXTURE_VARIANT_ADD(rtnl, tap) {
	.kind = TAP_KIND,
	.keeps = true,
};

FIXTURE_VARIANT_ADD(rtnl, vmnet) {
	.kind = VMNET_KIND,
};

FIXTURE_SETUP(rtnl)
{
	if (geteuid())
		SKIP(return, "needs root");
	unit_init(&self->u, variant->kind);
	self->nodes = count_nodes(variant->kind);
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	ASSERT_TRUE(WAIT_FOR(unit_numbers_settled(variant->kind), TIMEOUT_MS));
}

/* In the parent, which sees to it even if the test had to be ended. */
FIXTURE_TEARDOWN_PARENT(rtnl)
{
	EXPECT_EQ(0, netns_reset());
	EXPECT_TRUE(WAIT_FOR(count_nodes(variant->kind) <= self->nodes, TIMEOUT_MS));
}

/* ip link add [@name] type @kind with @attr; *@u is what came of it. */
static int create(struct unit *u, const char *kind, const char *name, const struct attr *attr,
		  char *text, size_t size)
{
	struct nl_request req;
	struct link link = { };
	int err;

	unit_init(u, kind);
	nl_init(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, sizeof(req.ifi));
	if (name)
		nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	put_info(&req, kind, attr);
	*text = '\0';
	err = talk(&req, &link, text, size);
	if (err)
		return err;
	u->ifindex = link.ifindex;
	memcpy(u->ifname, link.name, sizeof(u->ifname));
	return unit_identify(u);
}

#define CREATE(name, attr)						\
	create(&self->u, variant->kind, name, attr, self->text, sizeof(self->text))

/* ip link set with @attr, on a unit that is there. */
static int change(struct unit *u, const struct attr *attr, char *text, size_t size)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = u->ifindex;
	put_info(&req, u->kind, attr);
	*text = '\0';
	return talk(&req, NULL, text, size);
}

#define CHANGE(attr)	change(&self->u, attr, self->text, sizeof(self->text))

/* Refused with this error, and with words. */
#define EXPECT_REFUSED(err, call)					\
({									\
	EXPECT_EQ(err, call)						\
		TH_LOG("kernel: '%s'", self->text);			\
	EXPECT_NE(0, strlen(self->text))				\
		TH_LOG("without a word");				\
})

/* The value that a link shows of an attribute, -ENOENT without one, -EPROTO for another length. */
static long shown(const struct link *link, int type, size_t size)
{
	const struct rtattr *rta = (const void *)link->data;
	int len = link->data_len;
	__u32 value;

	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len)) {
		if (rta->rta_type != type)
			continue;
		if (RTA_PAYLOAD(rta) != size)
			return -EPROTO;
		if (size == 1)
			return *(const __u8 *)RTA_DATA(rta);
		memcpy(&value, RTA_DATA(rta), sizeof(value));
		return value;
	}
	return -ENOENT;
}

static long shows(int ifindex, int type, size_t size)
{
	struct link link = { };
	int err = link_get(ifindex, &link);

	return err ? err : shown(&link, type, size);
}

#define SHOWS_UNIT()		shows(self->u.ifindex, IFLA_BSDTUN_UNIT, 4)
#define SHOWS_KEEP()		shows(self->u.ifindex, IFLA_BSDTUN_KEEP, 1)
#define SHOWS_TRANSIENT()	shows(self->u.ifindex, IFLA_BSDTUN_TRANSIENT, 1)
#define SHOWS_OWNER()		shows(self->u.ifindex, IFLA_BSDTUN_OWNER, 4)

/* A number that is free, and not the one that the driver would choose. */
static __u32 some_number(const char *kind)
{
	return lowest_free_number(kind, lowest_free_number(kind, 0) + 3);
}

static void name_of(char *name, const char *kind, __u16 number)
{
	snprintf(name, IFNAMSIZ, "%s%u", kind, number);
}

/* ---- made ---------------------------------------------------------------- */

TEST_F(rtnl, a_unit_gets_the_number_given)
{
	__u32 number = some_number(variant->kind);
	char name[IFNAMSIZ], template[IFNAMSIZ];
	const char *names[3] = { NULL, name, template };
	unsigned int i;

	name_of(name, variant->kind, number);
	snprintf(template, sizeof(template), "%s%%d", variant->kind);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, CREATE(names[i], ATTRS(U32(IFLA_BSDTUN_UNIT, number))))
			TH_LOG("kernel: '%s'", self->text);
		EXPECT_EQ(number, self->u.number);
		EXPECT_STREQ(name, self->u.ifname);
		EXPECT_TRUE(node_exists(&self->u));
		EXPECT_EQ(number, SHOWS_UNIT());
		unit_destroy(&self->u);
	}

	/* With a name of one's own, even one of another kind. */
	ASSERT_EQ(0, CREATE("vpn0", ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	EXPECT_EQ(number, self->u.number);
	EXPECT_STREQ("vpn0", self->u.ifname);
	EXPECT_TRUE(node_exists(&self->u));
	EXPECT_EQ(number, SHOWS_UNIT());
	unit_destroy(&self->u);
	name_of(name, strcmp(variant->kind, TUN_KIND) ? TUN_KIND : TAP_KIND, number + 1);
	ASSERT_EQ(0, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	EXPECT_EQ(number, self->u.number);
	EXPECT_STREQ(name, self->u.ifname);
}

TEST_F(rtnl, without_attributes_the_driver_chooses)
{
	int number = lowest_free_number(variant->kind, 0);

	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	EXPECT_EQ(number, self->u.number);
	EXPECT_EQ(number, SHOWS_UNIT());
	EXPECT_EQ(0, SHOWS_TRANSIENT());
	EXPECT_EQ(variant->keeps ? 0 : -ENOENT, SHOWS_KEEP());
	EXPECT_EQ(0, SHOWS_OWNER());
}

TEST_F(rtnl, numbers_end_at_32767)
{
	static const __u32 numbers[] = { 32768, 65535, 65536, 65536 + 77, 0x80000000, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		EXPECT_REFUSED(-ERANGE, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, numbers[i]))));
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
	ASSERT_EQ(0, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, 32767))));
	EXPECT_EQ(32767, SHOWS_UNIT());
	EXPECT_TRUE(node_exists(&self->u));
}

TEST_F(rtnl, a_number_belongs_to_one_unit)
{
	struct unit first;
	int here = netns_open();

	ASSERT_LE(0, here);
	ASSERT_EQ(0, CREATE("first", NOTHING));
	first = self->u;
	EXPECT_REFUSED(-EEXIST, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, first.number))));
	EXPECT_REFUSED(-EEXIST, CREATE("second", ATTRS(U32(IFLA_BSDTUN_UNIT, first.number))));
	EXPECT_EQ(0, if_nametoindex("second"));
	/* In another namespace too: numbers are the machine's. */
	ASSERT_EQ(0, netns_new());
	EXPECT_REFUSED(-EEXIST, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, first.number))));
	EXPECT_TRUE(node_exists(&first));
	EXPECT_EQ(self->nodes + 1, count_nodes(variant->kind));
	EXPECT_EQ(0, unit_open(&first, 0));
	close(here);
}

TEST_F(rtnl, name_and_number_must_agree)
{
	__u32 number = some_number(variant->kind);
	char name[IFNAMSIZ];

	name_of(name, variant->kind, number + 1);
	EXPECT_REFUSED(-EINVAL, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	name_of(name, variant->kind, 0);
	EXPECT_REFUSED(-EINVAL, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
	/* Neither of the numbers was kept. */
	name_of(name, variant->kind, number + 1);
	ASSERT_EQ(0, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number + 1))));
	name_of(name, variant->kind, number);
	ASSERT_EQ(0, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
}

/* What the core refuses after the driver took the number. */
TEST_F(rtnl, a_name_that_is_taken_leaves_the_number_free)
{
	__u32 number = some_number(variant->kind);
	char name[IFNAMSIZ];
	struct unit other;

	ASSERT_EQ(0, unit_create_kind(&other, variant->kind, "other"));
	EXPECT_EQ(-EEXIST, CREATE("other", ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	name_of(name, variant->kind, number);
	ASSERT_EQ(0, link_rename(other.ifindex, name));
	EXPECT_EQ(-EEXIST, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	ASSERT_EQ(0, CREATE("mine", ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	EXPECT_EQ(number, self->u.number);
}

TEST_F(rtnl, made_in_another_namespace)
{
	__u32 number = some_number(variant->kind);
	char name[IFNAMSIZ];
	struct nl_request req;
	int first, second;

	second = netns_open();
	ASSERT_LE(0, second);
	ASSERT_EQ(0, netns_new());
	first = netns_open();
	ASSERT_LE(0, first);
	name_of(name, variant->kind, number);
	nl_init(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(req.ifi));
	nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	nl_put_u32(&req, IFLA_NET_NS_FD, second);
	put_info(&req, variant->kind, ATTRS(U32(IFLA_BSDTUN_UNIT, number)));
	ASSERT_EQ(0, nl_talk(&req, NULL));
	EXPECT_EQ(0, if_nametoindex(name));
	ASSERT_EQ(0, setns(second, CLONE_NEWNET));
	self->u.ifindex = if_nametoindex(name);
	ASSERT_NE(0, self->u.ifindex);
	EXPECT_EQ(number, SHOWS_UNIT());
	EXPECT_EQ(self->nodes + 1, count_nodes(variant->kind));
	close(first);
	close(second);
}

/* ---- what the attributes do ---------------------------------------------- */

TEST_F(rtnl, KEEP_is_the_tap_s)
{
	int keep;

	for (keep = 0; keep < 2; keep++) {
		if (!variant->keeps) {
			EXPECT_REFUSED(-EINVAL, CREATE(NULL, ATTRS(U8(IFLA_BSDTUN_KEEP, keep))));
			continue;
		}
		ASSERT_EQ(0, CREATE(NULL, ATTRS(U8(IFLA_BSDTUN_KEEP, keep))));
		EXPECT_EQ(keep, SHOWS_KEEP());
		EXPECT_TRUE(unit_attr_is(&self->u, "keep", keep ? "1" : "0"));
		ASSERT_EQ(0, unit_open(&self->u, 0));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		unit_close(&self->u);
		EXPECT_EQ(keep, link_is_up(self->u.ifindex));
		unit_destroy(&self->u);
	}
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
}

TEST_F(rtnl, TRANSIENT_goes_at_the_last_close)
{
	ASSERT_EQ(0, CREATE(NULL, ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1))));
	EXPECT_EQ(1, SHOWS_TRANSIENT());
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "1"));
	/* It waits for its first opener. */
	EXPECT_TRUE(node_exists(&self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	unit_close(&self->u);
	EXPECT_FALSE(node_exists(&self->u));
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &self->link));

	ASSERT_EQ(0, CREATE(NULL, ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 0))));
	EXPECT_EQ(0, SHOWS_TRANSIENT());
	ASSERT_EQ(0, unit_open(&self->u, 0));
	unit_close(&self->u);
	EXPECT_TRUE(node_exists(&self->u));
}

TEST_F(rtnl, several_at_once)
{
	__u32 number = some_number(variant->kind);
	const struct attr attrs[] = {
		U8(IFLA_BSDTUN_KEEP, 1),
		U8(IFLA_BSDTUN_TRANSIENT, 1),
		U32(IFLA_BSDTUN_UNIT, number),
		{ -1, 0, 0 },
	};

	ASSERT_EQ(0, CREATE("vpn0", attrs + !variant->keeps));
	EXPECT_EQ(number, self->u.number);
	EXPECT_EQ(number, SHOWS_UNIT());
	EXPECT_EQ(1, SHOWS_TRANSIENT());
	EXPECT_EQ(variant->keeps ? 1 : -ENOENT, SHOWS_KEEP());
}

/* ---- what is wrong ------------------------------------------------------- */

static const struct attr garbage[] = {
	/* too short, too long */
	{ IFLA_BSDTUN_UNIT, 0, 0 },
	{ IFLA_BSDTUN_UNIT, 1, 1 },
	{ IFLA_BSDTUN_UNIT, 2, 1 },
	{ IFLA_BSDTUN_UNIT, 8, 1 },
	{ IFLA_BSDTUN_KEEP, 0, 0 },
	{ IFLA_BSDTUN_KEEP, 2, 1 },
	{ IFLA_BSDTUN_KEEP, 4, 1 },
	{ IFLA_BSDTUN_TRANSIENT, 0, 0 },
	{ IFLA_BSDTUN_TRANSIENT, 2, 1 },
	{ IFLA_BSDTUN_TRANSIENT, 4, 1 },
	/* neither yes nor no */
	U8(IFLA_BSDTUN_KEEP, 2),
	U8(IFLA_BSDTUN_KEEP, 255),
	U8(IFLA_BSDTUN_TRANSIENT, 2),
	U8(IFLA_BSDTUN_TRANSIENT, 255),
	/* only shown */
	{ IFLA_BSDTUN_OWNER, 4, 1 },
	{ IFLA_BSDTUN_OWNER, 4, 0 },
	{ IFLA_BSDTUN_OWNER, 1, 0 },
	/* of a later driver */
	{ IFLA_BSDTUN_OWNER + 1, 4, 1 },
	{ IFLA_BSDTUN_OWNER + 1, 0, 0 },
	{ IFLA_BSDTUN_OWNER + 4, 4, 1 },
};

/* What is too short, or out of range, is so to the core; what it does not know is invalid. */
static int garbage_error(const struct attr *attr, bool keeps)
{
	size_t size = attr->type == IFLA_BSDTUN_UNIT ? sizeof(__u32) : sizeof(__u8);
	bool taken = attr->type == IFLA_BSDTUN_UNIT || attr->type == IFLA_BSDTUN_TRANSIENT ||
		     (attr->type == IFLA_BSDTUN_KEEP && keeps);

	return taken && attr->len <= size ? -ERANGE : -EINVAL;
}

TEST_F_TIMEOUT(rtnl, garbage_makes_no_unit, 60)
{
	int lowest = lowest_free_number(variant->kind, 0);
	unsigned int i, round;

	/* A leak shows when it is repeated. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(garbage); i++) {
			int err = CREATE(NULL, ATTRS(garbage[i]));

			EXPECT_EQ(garbage_error(&garbage[i], variant->keeps), err)
				TH_LOG("attribute %d of %zu bytes", garbage[i].type,
				       garbage[i].len);
			EXPECT_NE(0, strlen(self->text))
				TH_LOG("attribute %d of %zu bytes: without a word",
				       garbage[i].type, garbage[i].len);
		}
	}
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	EXPECT_EQ(lowest, self->u.number);
}

/* The good half of a request is not done either. */
TEST_F(rtnl, garbage_changes_nothing)
{
	unsigned int i;

	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	for (i = 0; i < ARRAY_SIZE(garbage); i++) {
		int err = CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1), garbage[i]));

		EXPECT_EQ(garbage_error(&garbage[i], variant->keeps), err)
			TH_LOG("attribute %d of %zu bytes", garbage[i].type, garbage[i].len);
		EXPECT_NE(0, strlen(self->text))
			TH_LOG("attribute %d of %zu bytes: without a word", garbage[i].type,
			       garbage[i].len);
		EXPECT_EQ(0, SHOWS_TRANSIENT());
		EXPECT_EQ(variant->keeps ? 0 : -ENOENT, SHOWS_KEEP());
	}
}

/* ---- shown --------------------------------------------------------------- */

/* How many units of the kind a dump of all links shows; -1 if one lacks what it should have. */
static int dump(const char *kind, bool keeps)
{
	static union {
		struct nlmsghdr n;
		char room[32768];
	} buf;
	struct nl_request req;
	int fd = nl_open(), n = 0;

	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(req.ifi));
	if (fd < 0 || nl_send(fd, &req))
		return -1;
	for (;;) {
		ssize_t len = recv(fd, &buf, sizeof(buf), 0);
		struct nlmsghdr *h = &buf.n;

		if (len <= 0)
			break;
		for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			struct link link;

			if (h->nlmsg_type != RTM_NEWLINK) {
				close(fd);
				return h->nlmsg_type == NLMSG_DONE ? n : -1;
			}
			nl_parse_link(h, &link);
			if (strcmp(link.kind, kind))
				continue;
			if (shown(&link, IFLA_BSDTUN_UNIT, 4) < 0 ||
			    shown(&link, IFLA_BSDTUN_TRANSIENT, 1) < 0 ||
			    shown(&link, IFLA_BSDTUN_OWNER, 4) < 0 ||
			    (shown(&link, IFLA_BSDTUN_KEEP, 1) >= 0) != keeps)
				n = -1000;
			n++;
		}
	}
	close(fd);
	return -1;
}

TEST_F(rtnl, dumps_carry_the_attributes)
{
	EXPECT_EQ(0, dump(variant->kind, variant->keeps));
	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	ASSERT_EQ(0, CREATE("vpn0", NOTHING));
	EXPECT_EQ(2, dump(variant->kind, variant->keeps));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(2, dump(variant->kind, variant->keeps));
	/* A renamed one has its number still. */
	ASSERT_EQ(0, link_rename(self->u.ifindex, "vpn1"));
	EXPECT_EQ(self->u.number, SHOWS_UNIT());
}

TEST_F(rtnl, OWNER_is_who_has_it_open)
{
	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	EXPECT_EQ(0, SHOWS_OWNER());
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(getpid(), SHOWS_OWNER());
	unit_close(&self->u);
	EXPECT_EQ(0, SHOWS_OWNER());
}

static int no_owner_seen(struct unit *u)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		return -errno;
	pid = fork();
	if (!pid)
		_exit(shows(u->ifindex, IFLA_BSDTUN_OWNER, 4) ? 1 : 0);
	return waitpid(pid, &status, 0) == pid && !status ? 0 : -EPROTO;
}

/* A process outside of the reader's pid namespace has no number there. */
TEST_F(rtnl, OWNER_is_numbered_as_its_reader_sees_it)
{
	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(0, run_in_child(no_owner_seen, &self->u));
	EXPECT_EQ(getpid(), SHOWS_OWNER());
}

static int nobody_sees(struct unit *u)
{
	int err = become_nobody();

	if (!err && shows(u->ifindex, IFLA_BSDTUN_UNIT, 4) != u->number)
		err = -EPROTO;
	return err;
}

TEST_F(rtnl, anybody_may_look)
{
	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	EXPECT_EQ(0, run_in_child(nobody_sees, &self->u));
}

/* ---- changed ------------------------------------------------------------- */

TEST_F(rtnl, TRANSIENT_can_be_changed)
{
	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1))))
		TH_LOG("kernel: '%s'", self->text);
	EXPECT_EQ(1, SHOWS_TRANSIENT());
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "1"));
	ASSERT_EQ(0, CHANGE(NOTHING));
	EXPECT_EQ(1, SHOWS_TRANSIENT());
	ASSERT_EQ(0, CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 0))));
	EXPECT_EQ(0, SHOWS_TRANSIENT());
	/* sysfs and rtnetlink show the same. */
	ASSERT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	EXPECT_EQ(1, SHOWS_TRANSIENT());
	unit_close(&self->u);
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &self->link));
	EXPECT_FALSE(node_exists(&self->u));
}

TEST_F(rtnl, KEEP_can_be_changed)
{
	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	if (!variant->keeps) {
		EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(U8(IFLA_BSDTUN_KEEP, 1))));
		EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1),
						     U8(IFLA_BSDTUN_KEEP, 0))));
		EXPECT_EQ(0, SHOWS_TRANSIENT());
		return;
	}
	ASSERT_EQ(0, CHANGE(ATTRS(U8(IFLA_BSDTUN_KEEP, 1))))
		TH_LOG("kernel: '%s'", self->text);
	EXPECT_EQ(1, SHOWS_KEEP());
	EXPECT_EQ(0, SHOWS_TRANSIENT());
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "1"));
	unit_close(&self->u);
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, CHANGE(ATTRS(U8(IFLA_BSDTUN_KEEP, 0))));
	EXPECT_EQ(0, SHOWS_KEEP());
	unit_close(&self->u);
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

TEST_F(rtnl, a_change_is_told)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool told = false;
	char buf[16384];
	ssize_t n;

	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	/* The core tells of interfaces that are up. */
	ASSERT_EQ(0, link_up(self->u.ifindex));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (void *)&nl, sizeof(nl)));
	ASSERT_EQ(0, CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1))));
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		struct nlmsghdr *h = (void *)buf;

		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type != RTM_NEWLINK)
				continue;
			nl_parse_link(h, &self->link);
			told |= self->link.ifindex == self->u.ifindex &&
				shown(&self->link, IFLA_BSDTUN_TRANSIENT, 1) == 1;
		}
	}
	EXPECT_TRUE(told);
	close(fd);
}

TEST_F(rtnl, UNIT_cannot_be_changed)
{
	__u32 number = some_number(variant->kind);
	int err;

	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	err = CHANGE(ATTRS(U32(IFLA_BSDTUN_UNIT, number)));
	EXPECT_TRUE(err == -EOPNOTSUPP || err == -EINVAL)
		TH_LOG("%d", err);
	EXPECT_NE(0, strlen(self->text));
	/* Nor is what came with it. */
	err = CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1), U32(IFLA_BSDTUN_UNIT, number)));
	EXPECT_TRUE(err == -EOPNOTSUPP || err == -EINVAL);
	EXPECT_EQ(self->u.number, SHOWS_UNIT());
	EXPECT_EQ(0, SHOWS_TRANSIENT());
	EXPECT_TRUE(node_exists(&self->u));
	EXPECT_EQ(self->nodes + 1, count_nodes(variant->kind));
}

/* A request that names another kind than the unit's. */
TEST_F(rtnl, a_change_is_for_its_kind)
{
	struct unit wrong;

	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	wrong = self->u;
	wrong.kind = strcmp(variant->kind, TUN_KIND) ? TUN_KIND : TAP_KIND;
	EXPECT_EQ(-EOPNOTSUPP, change(&wrong, ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1)),
				      self->text, sizeof(self->text)));
	EXPECT_EQ(0, SHOWS_TRANSIENT());
}

static int change_as_nobody(struct unit *u)
{
	char text[256];

	return become_nobody() ?: change(u, ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1)),
					 text, sizeof(text));
}

TEST_F(rtnl, nobody_may_change_it)
{
	ASSERT_EQ(0, CREATE(NULL, NOTHING));
	EXPECT_EQ(-EPERM, run_in_child(change_as_nobody, &self->u));
	EXPECT_EQ(0, SHOWS_TRANSIENT());
}

TEST_HARNESS_MAIN
