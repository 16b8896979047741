// SPDX-License-Identifier: GPL-2.0
/*
 * rtnetlink attributes of the kinds: creation, display and change of units. Refused requests have a
 * text in the extended acknowledgment.
 */

#include <net/if_tun.h>

#include "lib/test.h"

#include <linux/if_bsdtun.h>

struct attr {
	int type;		/* -1: end of list */
	size_t len;		/* ignored for a word */
	__u32 value;
	const char *word;
};

/* The attributes of one request. */
#define RAW(t, l, v)		{ .type = t, .len = l, .value = v }
#define U32(t, v)		RAW(t, 4, v)
#define U8(t, v)		RAW(t, 1, v)
#define WORD(t, text)		{ .type = t, .word = text }
#define ATTRS(...)		((const struct attr[]){ __VA_ARGS__, { .type = -1 } })
#define NO_ATTRS			((const struct attr[]){ { .type = -1 } })

#define FRAMING(text)		WORD(IFLA_BSDTUN_FRAMING, text)
#define DIALECT(text)		WORD(IFLA_BSDTUN_DIALECT, text)

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
		if (attr->word)
			nl_put(req, attr->type, attr->word, strlen(attr->word) + 1);
		else
			nl_put(req, attr->type, bytes, attr->len);
	}
	nl_nest_end(req, data);
	nl_nest_end(req, info);
}

static int send_request(struct nl_request *req, struct link *link, char *text, size_t size)
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
	int nodes;		/* nodes of the kind before the test */
	char text[256];		/* of the extended acknowledgment */
};

FIXTURE_VARIANT(rtnl) {
	const char *kind;
	bool has_keep;		/* has IFLA_BSDTUN_KEEP */
};

FIXTURE_VARIANT_ADD(rtnl, tun) {
	.kind = TUN_KIND,
};

FIXTURE_VARIANT_ADD(rtnl, tap) {
	.kind = TAP_KIND,
	.has_keep = true,
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

/* In the parent, so that it runs even if the test times out. */
FIXTURE_TEARDOWN_PARENT(rtnl)
{
	EXPECT_EQ(0, netns_reset());
	EXPECT_TRUE(WAIT_FOR(count_nodes(variant->kind) <= self->nodes, TIMEOUT_MS));
}

/* ip link add [@name] type @kind with @attr. */
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
	err = send_request(&req, &link, text, size);
	if (err)
		return err;
	u->ifindex = link.ifindex;
	memcpy(u->ifname, link.name, sizeof(u->ifname));
	return unit_identify(u);
}

#define CREATE(name, attr)						\
	create(&self->u, variant->kind, name, attr, self->text, sizeof(self->text))

/* ip link set type @kind with @attr. */
static int change(struct unit *u, const struct attr *attr, char *text, size_t size)
{
	struct nl_request req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(req.ifi));
	req.ifi.ifi_index = u->ifindex;
	put_info(&req, u->kind, attr);
	*text = '\0';
	return send_request(&req, NULL, text, size);
}

#define CHANGE(attr)	change(&self->u, attr, self->text, sizeof(self->text))

/* Fails with this error, and with a text. */
#define EXPECT_REFUSED(err, call)					\
({									\
	EXPECT_EQ(err, call)						\
		TH_LOG("kernel: '%s'", self->text);			\
	EXPECT_NE(0, strlen(self->text))				\
		TH_LOG("no text");				\
})

/* The value of an attribute in IFLA_INFO_DATA. -ENOENT if absent, -EPROTO if of another length. */
static long link_attr(const struct link *link, int type, size_t size)
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

static long unit_link_attr(int ifindex, int type, size_t size)
{
	struct link link = { };
	int err = link_get(ifindex, &link);

	return err ? err : link_attr(&link, type, size);
}

#define SHOWN_UNIT()		unit_link_attr(self->u.ifindex, IFLA_BSDTUN_UNIT, 4)
#define SHOWN_KEEP()		unit_link_attr(self->u.ifindex, IFLA_BSDTUN_KEEP, 1)
#define SHOWN_TRANSIENT()	unit_link_attr(self->u.ifindex, IFLA_BSDTUN_TRANSIENT, 1)

/* A free number that the driver would not choose itself. */
static __u32 unusual_free_number(const char *kind)
{
	return lowest_free_number(kind, lowest_free_number(kind, 0) + 3);
}

static void unit_name(char *name, const char *kind, __u16 number)
{
	snprintf(name, IFNAMSIZ, "%s%u", kind, number);
}

/* ---- creation ----------------------------------------------------------- */

TEST_F(rtnl, unit_gets_the_requested_number)
{
	__u32 number = unusual_free_number(variant->kind);
	char name[IFNAMSIZ], template[IFNAMSIZ];
	const char *names[3] = { NULL, name, template };
	unsigned int i;

	unit_name(name, variant->kind, number);
	snprintf(template, sizeof(template), "%s%%d", variant->kind);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, CREATE(names[i], ATTRS(U32(IFLA_BSDTUN_UNIT, number))))
			TH_LOG("kernel: '%s'", self->text);
		EXPECT_EQ(number, self->u.number);
		EXPECT_STREQ(name, self->u.ifname);
		EXPECT_TRUE(node_exists(&self->u));
		EXPECT_EQ(number, SHOWN_UNIT());
		unit_destroy(&self->u);
	}

	/* With any name, even one that belongs to another kind. */
	ASSERT_EQ(0, CREATE("vpn0", ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	EXPECT_EQ(number, self->u.number);
	EXPECT_STREQ("vpn0", self->u.ifname);
	EXPECT_TRUE(node_exists(&self->u));
	EXPECT_EQ(number, SHOWN_UNIT());
	unit_destroy(&self->u);
	unit_name(name, strcmp(variant->kind, TUN_KIND) ? TUN_KIND : TAP_KIND, number + 1);
	ASSERT_EQ(0, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	EXPECT_EQ(number, self->u.number);
	EXPECT_STREQ(name, self->u.ifname);
}

TEST_F(rtnl, without_attributes_the_driver_chooses)
{
	int number = lowest_free_number(variant->kind, 0);

	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	EXPECT_EQ(number, self->u.number);
	EXPECT_EQ(number, SHOWN_UNIT());
	EXPECT_EQ(0, SHOWN_TRANSIENT());
	EXPECT_EQ(variant->has_keep ? 0 : -ENOENT, SHOWN_KEEP());
}

TEST_F(rtnl, numbers_end_at_32767)
{
	static const __u32 numbers[] = { 32768, 65535, 65536, 65536 + 77, 0x80000000, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-ERANGE, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, numbers[i]))));
		EXPECT_STREQ("Unit numbers range from 0 to 32767", self->text);
	}
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
	ASSERT_EQ(0, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, 32767))));
	EXPECT_EQ(32767, SHOWN_UNIT());
	EXPECT_TRUE(node_exists(&self->u));
}

TEST_F(rtnl, number_in_use_is_EEXIST)
{
	struct unit first;
	int netns = netns_open();

	ASSERT_LE(0, netns);
	ASSERT_EQ(0, CREATE("first", NO_ATTRS));
	first = self->u;
	EXPECT_REFUSED(-EEXIST, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, first.number))));
	EXPECT_REFUSED(-EEXIST, CREATE("second", ATTRS(U32(IFLA_BSDTUN_UNIT, first.number))));
	EXPECT_EQ(0, if_nametoindex("second"));
	/* Also in another namespace: numbers are global. */
	ASSERT_EQ(0, netns_new());
	EXPECT_REFUSED(-EEXIST, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, first.number))));
	EXPECT_TRUE(node_exists(&first));
	EXPECT_EQ(self->nodes + 1, count_nodes(variant->kind));
	EXPECT_EQ(0, unit_open(&first, 0));
	close(netns);
}

TEST_F(rtnl, name_and_number_must_agree)
{
	__u32 number = unusual_free_number(variant->kind);
	char name[IFNAMSIZ];

	unit_name(name, variant->kind, number + 1);
	EXPECT_REFUSED(-EINVAL, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	unit_name(name, variant->kind, 0);
	EXPECT_REFUSED(-EINVAL, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
	/* Neither number is still reserved. */
	unit_name(name, variant->kind, number + 1);
	ASSERT_EQ(0, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number + 1))));
	unit_name(name, variant->kind, number);
	ASSERT_EQ(0, CREATE(name, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
}

/* The core refuses the request after the driver has reserved the number. */
TEST_F(rtnl, name_in_use_leaves_the_number_free)
{
	__u32 number = unusual_free_number(variant->kind);
	char name[IFNAMSIZ];
	struct unit other;

	ASSERT_EQ(0, unit_create_kind(&other, variant->kind, "other"));
	EXPECT_EQ(-EEXIST, CREATE("other", ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	unit_name(name, variant->kind, number);
	ASSERT_EQ(0, link_rename(other.ifindex, name));
	EXPECT_EQ(-EEXIST, CREATE(NULL, ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	ASSERT_EQ(0, CREATE("mine", ATTRS(U32(IFLA_BSDTUN_UNIT, number))));
	EXPECT_EQ(number, self->u.number);
}

TEST_F(rtnl, created_in_another_namespace)
{
	__u32 number = unusual_free_number(variant->kind);
	char name[IFNAMSIZ];
	struct nl_request req;
	int first, second;

	second = netns_open();
	ASSERT_LE(0, second);
	ASSERT_EQ(0, netns_new());
	first = netns_open();
	ASSERT_LE(0, first);
	unit_name(name, variant->kind, number);
	nl_init(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(req.ifi));
	nl_put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	nl_put_u32(&req, IFLA_NET_NS_FD, second);
	put_info(&req, variant->kind, ATTRS(U32(IFLA_BSDTUN_UNIT, number)));
	ASSERT_EQ(0, nl_talk(&req, NULL));
	EXPECT_EQ(0, if_nametoindex(name));
	ASSERT_EQ(0, setns(second, CLONE_NEWNET));
	self->u.ifindex = if_nametoindex(name);
	ASSERT_NE(0, self->u.ifindex);
	EXPECT_EQ(number, SHOWN_UNIT());
	EXPECT_EQ(self->nodes + 1, count_nodes(variant->kind));
	close(first);
	close(second);
}

/* ---- effect of the attributes ------------------------------------------- */

TEST_F(rtnl, KEEP_is_for_tap_only)
{
	int keep;

	for (keep = 0; keep < 2; keep++) {
		if (!variant->has_keep) {
			EXPECT_REFUSED(-EINVAL, CREATE(NULL, ATTRS(U8(IFLA_BSDTUN_KEEP, keep))));
			continue;
		}
		ASSERT_EQ(0, CREATE(NULL, ATTRS(U8(IFLA_BSDTUN_KEEP, keep))));
		EXPECT_EQ(keep, SHOWN_KEEP());
		EXPECT_TRUE(unit_attr_is(&self->u, "keep", keep ? "1" : "0"));
		ASSERT_EQ(0, unit_open(&self->u, 0));
		ASSERT_EQ(0, link_up(self->u.ifindex));
		unit_close(&self->u);
		EXPECT_EQ(keep, link_is_up(self->u.ifindex));
		unit_destroy(&self->u);
	}
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
}

TEST_F(rtnl, TRANSIENT_deletes_at_the_last_close)
{
	ASSERT_EQ(0, CREATE(NULL, ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1))));
	EXPECT_EQ(1, SHOWN_TRANSIENT());
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "1"));
	/* It exists until its last close. */
	EXPECT_TRUE(node_exists(&self->u));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	unit_close(&self->u);
	EXPECT_FALSE(node_exists(&self->u));
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &self->link));

	ASSERT_EQ(0, CREATE(NULL, ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 0))));
	EXPECT_EQ(0, SHOWN_TRANSIENT());
	ASSERT_EQ(0, unit_open(&self->u, 0));
	unit_close(&self->u);
	EXPECT_TRUE(node_exists(&self->u));
}

TEST_F(rtnl, several_attributes)
{
	__u32 number = unusual_free_number(variant->kind);
	const struct attr attrs[] = {
		U8(IFLA_BSDTUN_KEEP, 1),
		U8(IFLA_BSDTUN_TRANSIENT, 1),
		U32(IFLA_BSDTUN_UNIT, number),
		{ .type = -1 },
	};

	ASSERT_EQ(0, CREATE("vpn0", attrs + !variant->has_keep));
	EXPECT_EQ(number, self->u.number);
	EXPECT_EQ(number, SHOWN_UNIT());
	EXPECT_EQ(1, SHOWN_TRANSIENT());
	EXPECT_EQ(variant->has_keep ? 1 : -ENOENT, SHOWN_KEEP());
}

/* ---- invalid requests --------------------------------------------------- */

static const struct attr invalid[] = {
	/* wrong length */
	RAW(IFLA_BSDTUN_UNIT, 0, 0),
	RAW(IFLA_BSDTUN_UNIT, 1, 1),
	RAW(IFLA_BSDTUN_UNIT, 2, 1),
	RAW(IFLA_BSDTUN_UNIT, 8, 1),
	RAW(IFLA_BSDTUN_KEEP, 0, 0),
	RAW(IFLA_BSDTUN_KEEP, 2, 1),
	RAW(IFLA_BSDTUN_KEEP, 4, 1),
	RAW(IFLA_BSDTUN_TRANSIENT, 0, 0),
	RAW(IFLA_BSDTUN_TRANSIENT, 2, 1),
	RAW(IFLA_BSDTUN_TRANSIENT, 4, 1),
	/* not a Boolean */
	U8(IFLA_BSDTUN_KEEP, 2),
	U8(IFLA_BSDTUN_KEEP, 255),
	U8(IFLA_BSDTUN_TRANSIENT, 2),
	U8(IFLA_BSDTUN_TRANSIENT, 255),
	/* not a word */
	RAW(IFLA_BSDTUN_FRAMING, 0, 0),
	RAW(IFLA_BSDTUN_FRAMING, 1, 'x'),
	RAW(IFLA_BSDTUN_DIALECT, 0, 0),
	RAW(IFLA_BSDTUN_DIALECT, 4, 0x78787878),
	/* an unknown word */
	RAW(IFLA_BSDTUN_FRAMING, 1, 0),
	RAW(IFLA_BSDTUN_DIALECT, 16, 'x'),
	FRAMING("IFHEAD"),
	DIALECT("solaris"),
	/* read-only */
	RAW(IFLA_BSDTUN_OWNER, 4, 1),
	RAW(IFLA_BSDTUN_OWNER, 4, 0),
	RAW(IFLA_BSDTUN_OWNER, 1, 0),
	/* unknown */
	RAW(IFLA_BSDTUN_MAX + 1, 4, 1),
	RAW(IFLA_BSDTUN_MAX + 1, 0, 0),
	RAW(IFLA_BSDTUN_MAX + 4, 4, 1),
};

/* The core returns ERANGE for a short attribute or a value out of range, EINVAL for others. */
static int invalid_attr_error(const struct attr *attr, bool has_keep)
{
	size_t size = attr->type == IFLA_BSDTUN_UNIT ? sizeof(__u32) : sizeof(__u8);
	bool accepted = attr->type == IFLA_BSDTUN_UNIT || attr->type == IFLA_BSDTUN_TRANSIENT ||
		     (attr->type == IFLA_BSDTUN_KEEP && has_keep);

	return accepted && attr->len <= size ? -ERANGE : -EINVAL;
}

TEST_F_TIMEOUT(rtnl, invalid_attributes_create_no_unit, 60)
{
	int lowest = lowest_free_number(variant->kind, 0);
	unsigned int i, round;

	/* Repeated, so that kmemleak finds a leak. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(invalid); i++) {
			int err = CREATE(NULL, ATTRS(invalid[i]));

			EXPECT_EQ(invalid_attr_error(&invalid[i], variant->has_keep), err)
				TH_LOG("attribute %d of %zu bytes", invalid[i].type,
				       invalid[i].len);
			EXPECT_NE(0, strlen(self->text))
				TH_LOG("attribute %d of %zu bytes: no text",
				       invalid[i].type, invalid[i].len);
		}
	}
	EXPECT_EQ(self->nodes, count_nodes(variant->kind));
	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	EXPECT_EQ(lowest, self->u.number);
}

/* A valid attribute in the same request has no effect either. */
TEST_F(rtnl, invalid_attributes_change_nothing)
{
	unsigned int i;

	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	for (i = 0; i < ARRAY_SIZE(invalid); i++) {
		int err = CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1), invalid[i]));

		EXPECT_EQ(invalid_attr_error(&invalid[i], variant->has_keep), err)
			TH_LOG("attribute %d of %zu bytes", invalid[i].type, invalid[i].len);
		EXPECT_NE(0, strlen(self->text))
			TH_LOG("attribute %d of %zu bytes: no text", invalid[i].type,
			       invalid[i].len);
		EXPECT_EQ(0, SHOWN_TRANSIENT());
		EXPECT_EQ(variant->has_keep ? 0 : -ENOENT, SHOWN_KEEP());
	}
}

/* ---- display ------------------------------------------------------------ */

/* The number of units of the kind in a dump of all links. Negative if one lacks an attribute. */
static int count_in_dump(const char *kind, bool has_keep)
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
			if (link_attr(&link, IFLA_BSDTUN_UNIT, 4) < 0 ||
			    link_attr(&link, IFLA_BSDTUN_TRANSIENT, 1) < 0 ||
			    link_attr(&link, IFLA_BSDTUN_OWNER, 4) != -ENOENT ||
			    (link_attr(&link, IFLA_BSDTUN_KEEP, 1) >= 0) != has_keep)
				n = -1000;
			n++;
		}
	}
	close(fd);
	return -1;
}

TEST_F(rtnl, dump_has_the_attributes)
{
	EXPECT_EQ(0, count_in_dump(variant->kind, variant->has_keep));
	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	ASSERT_EQ(0, CREATE("vpn0", NO_ATTRS));
	EXPECT_EQ(2, count_in_dump(variant->kind, variant->has_keep));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	EXPECT_EQ(2, count_in_dump(variant->kind, variant->has_keep));
	/* The number does not depend on the name. */
	ASSERT_EQ(0, link_rename(self->u.ifindex, "vpn1"));
	EXPECT_EQ(self->u.number, SHOWN_UNIT());
}

static int see_as_nobody(struct unit *u)
{
	int err = become_nobody();

	if (!err && unit_link_attr(u->ifindex, IFLA_BSDTUN_UNIT, 4) != u->number)
		err = -EPROTO;
	return err;
}

TEST_F(rtnl, display_needs_no_privilege)
{
	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	EXPECT_EQ(0, run_in_child(see_as_nobody, &self->u));
}

/* ---- changes ------------------------------------------------------------ */

TEST_F(rtnl, TRANSIENT_can_be_changed)
{
	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1))))
		TH_LOG("kernel: '%s'", self->text);
	EXPECT_EQ(1, SHOWN_TRANSIENT());
	EXPECT_TRUE(unit_attr_is(&self->u, "transient", "1"));
	ASSERT_EQ(0, CHANGE(NO_ATTRS));
	EXPECT_EQ(1, SHOWN_TRANSIENT());
	ASSERT_EQ(0, CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 0))));
	EXPECT_EQ(0, SHOWN_TRANSIENT());
	/* Set by sysfs. */
	ASSERT_EQ(0, unit_attr_set(&self->u, "transient", "1"));
	EXPECT_EQ(1, SHOWN_TRANSIENT());
	unit_close(&self->u);
	EXPECT_EQ(-ENODEV, link_get(self->u.ifindex, &self->link));
	EXPECT_FALSE(node_exists(&self->u));
}

TEST_F(rtnl, KEEP_can_be_changed)
{
	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, link_up(self->u.ifindex));
	if (!variant->has_keep) {
		EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(U8(IFLA_BSDTUN_KEEP, 1))));
		EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1),
						     U8(IFLA_BSDTUN_KEEP, 0))));
		EXPECT_EQ(0, SHOWN_TRANSIENT());
		return;
	}
	ASSERT_EQ(0, CHANGE(ATTRS(U8(IFLA_BSDTUN_KEEP, 1))))
		TH_LOG("kernel: '%s'", self->text);
	EXPECT_EQ(1, SHOWN_KEEP());
	EXPECT_EQ(0, SHOWN_TRANSIENT());
	EXPECT_TRUE(unit_attr_is(&self->u, "keep", "1"));
	unit_close(&self->u);
	EXPECT_TRUE(link_is_up(self->u.ifindex));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, CHANGE(ATTRS(U8(IFLA_BSDTUN_KEEP, 0))));
	EXPECT_EQ(0, SHOWN_KEEP());
	unit_close(&self->u);
	EXPECT_FALSE(link_is_up(self->u.ifindex));
}

/* Whether an interface has these words; NULL: has none. */
static bool words_are(int ifindex, const char *framing, const char *dialect)
{
	const char *const want[] = { framing, dialect };
	struct link link = { };
	unsigned int i;

	if (link_get(ifindex, &link))
		return false;
	for (i = 0; i < 2; i++) {
		const struct rtattr *rta = (const void *)link.data;
		int len = link.data_len;
		const char *word = NULL;

		for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len))
			if (rta->rta_type == IFLA_BSDTUN_FRAMING + i &&
			    !((const char *)RTA_DATA(rta))[RTA_PAYLOAD(rta) - 1])
				word = RTA_DATA(rta);
		if (!word != !want[i] || (word && strcmp(word, want[i])))
			return false;
	}
	return true;
}

#define EXPECT_WORDS(framing, dialect)					\
	EXPECT_TRUE(words_are(self->u.ifindex, framing, dialect))

TEST_F(rtnl, FRAMING_and_DIALECT_are_of_tun_only)
{
	bool tun = !strcmp(variant->kind, TUN_KIND);

	if (tun) {
		ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
		EXPECT_WORDS("bare", "linux");
		return;
	}
	EXPECT_REFUSED(-EINVAL, CREATE(NULL, ATTRS(FRAMING("bare"))));
	EXPECT_REFUSED(-EINVAL, CREATE(NULL, ATTRS(DIALECT("linux"))));
	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	EXPECT_WORDS(NULL, NULL);
	EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(FRAMING("bare"))));
	EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1), DIALECT("linux"))));
	EXPECT_EQ(0, SHOWN_TRANSIENT());
}

FIXTURE(rtnl_tun) {
	struct unit u;
	char text[256];
};

FIXTURE_SETUP(rtnl_tun)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, sysfs_remount());
	unit_init(&self->u, TUN_KIND);
}

FIXTURE_TEARDOWN_PARENT(rtnl_tun)
{
	EXPECT_EQ(0, netns_reset());
}

#define CREATE_TUN(attr)						\
	create(&self->u, TUN_KIND, NULL, attr, self->text, sizeof(self->text))

TEST_F(rtnl_tun, FRAMING_and_DIALECT_at_creation)
{
	static const char *const framings[] = { "bare", "ifhead", "lmode" };
	static const char *const dialects[] = { "linux", "freebsd", "netbsd", "openbsd" };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(framings); i++) {
		for (j = 0; j < ARRAY_SIZE(dialects); j++) {
			bool fits = j < 3 || i == 1;
			int err = CREATE_TUN(ATTRS(DIALECT(dialects[j]), FRAMING(framings[i])));

			EXPECT_EQ(fits ? 0 : -EINVAL, err)
				TH_LOG("%s %s: '%s'", dialects[j], framings[i], self->text);
			if (!fits) {
				EXPECT_NE(0, strlen(self->text));
				continue;
			}
			EXPECT_WORDS(framings[i], dialects[j]);
			EXPECT_TRUE(unit_attr_is(&self->u, "framing", framings[i]));
			EXPECT_TRUE(unit_attr_is(&self->u, "dialect", dialects[j]));
			ASSERT_EQ(0, link_del(self->u.ifindex));
		}
	}
}

/* The order of the attributes does not matter, and all of a request has effect or nothing. */
TEST_F(rtnl_tun, FRAMING_and_DIALECT_can_be_changed)
{
	ASSERT_EQ(0, CREATE_TUN(NO_ATTRS));
	ASSERT_EQ(0, unit_open(&self->u, 0));
	ASSERT_EQ(0, CHANGE(ATTRS(FRAMING("lmode"))));
	EXPECT_WORDS("lmode", "linux");
	ASSERT_EQ(0, CHANGE(ATTRS(DIALECT("openbsd"))));
	EXPECT_WORDS("ifhead", "openbsd");
	EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(FRAMING("lmode"))));
	EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(FRAMING("bare"), DIALECT("openbsd"))));
	EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(DIALECT("linux"), FRAMING("none"),
					     U8(IFLA_BSDTUN_TRANSIENT, 1))));
	EXPECT_REFUSED(-EINVAL, CHANGE(ATTRS(DIALECT("plan9"), FRAMING("bare"))));
	EXPECT_WORDS("ifhead", "openbsd");
	EXPECT_EQ(0, unit_link_attr(self->u.ifindex, IFLA_BSDTUN_TRANSIENT, 1));
	ASSERT_EQ(0, CHANGE(ATTRS(FRAMING("bare"), DIALECT("netbsd"))));
	EXPECT_WORDS("bare", "netbsd");
	ASSERT_EQ(0, CHANGE(NO_ATTRS));
	EXPECT_WORDS("bare", "netbsd");
	/* By an ioctl. */
	ASSERT_EQ(0, ioctl_set(self->u.fd, bsd_encoding(TUNSIFHEAD), 1));
	EXPECT_WORDS("ifhead", "freebsd");
	unit_close(&self->u);
	EXPECT_WORDS("ifhead", "freebsd");
}

TEST_F(rtnl, change_is_notified)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool notified = false;
	char buf[16384];
	ssize_t n;

	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	/* The core sends notifications only for interfaces that are up. */
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
			notified |= self->link.ifindex == self->u.ifindex &&
				link_attr(&self->link, IFLA_BSDTUN_TRANSIENT, 1) == 1;
		}
	}
	EXPECT_TRUE(notified);
	close(fd);
}

TEST_F(rtnl, UNIT_cannot_be_changed)
{
	__u32 number = unusual_free_number(variant->kind);
	int err;

	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	err = CHANGE(ATTRS(U32(IFLA_BSDTUN_UNIT, number)));
	EXPECT_TRUE(err == -EOPNOTSUPP || err == -EINVAL)
		TH_LOG("%d", err);
	EXPECT_NE(0, strlen(self->text));
	/* The other attribute has no effect either. */
	err = CHANGE(ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1), U32(IFLA_BSDTUN_UNIT, number)));
	EXPECT_TRUE(err == -EOPNOTSUPP || err == -EINVAL);
	EXPECT_EQ(self->u.number, SHOWN_UNIT());
	EXPECT_EQ(0, SHOWN_TRANSIENT());
	EXPECT_TRUE(node_exists(&self->u));
	EXPECT_EQ(self->nodes + 1, count_nodes(variant->kind));
}

/* The request names another kind than that of the unit. */
TEST_F(rtnl, change_of_another_kind_is_EOPNOTSUPP)
{
	struct unit wrong;

	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	wrong = self->u;
	wrong.kind = strcmp(variant->kind, TUN_KIND) ? TUN_KIND : TAP_KIND;
	EXPECT_EQ(-EOPNOTSUPP, change(&wrong, ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1)),
				      self->text, sizeof(self->text)));
	EXPECT_EQ(0, SHOWN_TRANSIENT());
}

static int change_as_nobody(struct unit *u)
{
	char text[256];

	return become_nobody() ?: change(u, ATTRS(U8(IFLA_BSDTUN_TRANSIENT, 1)),
					 text, sizeof(text));
}

TEST_F(rtnl, change_needs_CAP_NET_ADMIN)
{
	ASSERT_EQ(0, CREATE(NULL, NO_ATTRS));
	EXPECT_EQ(-EPERM, run_in_child(change_as_nobody, &self->u));
	EXPECT_EQ(0, SHOWN_TRANSIENT());
}

TEST_HARNESS_MAIN
