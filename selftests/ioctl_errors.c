// SPDX-License-Identifier: GPL-2.0
/*
 * Errors of ioctls, for every command of each kind: EFAULT, ENOTTY for other commands (statement
 * A13), ENXIO without an interface. A command that fails changes nothing, one that succeeds writes
 * nothing beyond its argument. Also built as a 32-bit program.
 */

#include <linux/if_bsdtun.h>
#include <net/if_tap.h>
#include <net/if_tun.h>
#include <net/if_types.h>

#include "lib/test.h"

struct command {
	unsigned int cmd;
	size_t size;		/* of the argument */
	bool set;
};

/* All commands of tun that have an argument, in the encoding of Linux. */
static const struct command tun_commands[] = {
	{ TUNGDEBUG, 4, false }, { TUNSDEBUG, 4, true },
	{ TUNSIFINFO, 8, true }, { TUNGIFINFO, 8, false },
	{ OPENBSD_TUNSIFINFO, 12, true }, { OPENBSD_TUNGIFINFO, 12, false },
	{ TUNSLMODE, 4, true }, { NETBSD_TUNSLMODE, 4, true },
	{ LINUX_GIFNAME, 16, false }, { DRAGONFLY_GIFNAME, 16, false },
	{ TUNSIFMODE, 4, true }, { NETBSD_TUNSIFMODE, 4, true },
	{ TUNSIFHEAD, 4, true }, { NETBSD_TUNSIFHEAD, 4, true },
	{ TUNGIFHEAD, 4, false }, { NETBSD_TUNGIFHEAD, 4, false },
	{ TUNSTRANSIENT, 4, true }, { TUNGTRANSIENT, 4, false },
	{ TAPSVNETHDR, 4, true }, { BSDTUNGVNETHDR, 4, false },
	{ _IOR('f', 127, int), 4, false }, { _IOW('f', 126, int), 4, true },
	{ _IOW('f', 125, int), 4, true }, { _IOW('f', 124, int), 4, true },
	{ _IOR('f', 123, int), 4, false }, { _IOW('t', 118, int), 4, true },
	{ _IOR('t', 119, int), 4, false },
};

/* The same for tap and vmnet. */
static const struct command ether_commands[] = {
	{ TAPGDEBUG, 4, false }, { TAPSDEBUG, 4, true },
	{ TAPSIFINFO, 8, true }, { TAPGIFINFO, 8, false },
	{ OPENBSD_TUNSIFINFO, 12, true }, { OPENBSD_TUNGIFINFO, 12, false },
	{ LINUX_GIFNAME, 16, false }, { LINUX64_GIFNAME, 16, false },
	{ _IOR('t', 93, char[144]), 16, false }, { DRAGONFLY_GIFNAME, 16, false },
	{ NETBSD_TAPGIFNAME, 16, false }, { _IOR('e', 0, char[32]), 16, false },
	{ _IOR('e', 0, char[40]), 16, false },
	{ TAPSTRANSIENT, 4, true }, { TAPGTRANSIENT, 4, false },
	{ TAPSVNETHDR, 4, true }, { TAPGVNETHDR, 4, false },
	{ SIOCGIFADDR, 6, false }, { SIOCSIFADDR, 6, true },
	{ BSD_SIOCGIFADDR, 6, false }, { BSD_OSIOCGIFADDR, 6, false },
	{ NETBSD_SIOCGIFADDR, 6, false },
	{ _IOWR('i', 33, char[40]), 6, false }, { _IOWR('i', 13, char[40]), 6, false },
	{ BSD_SIOCSIFADDR, 6, true }, { _IOW('i', 12, char[40]), 6, true },
	{ _IOR('f', 127, int), 4, false }, { _IOW('f', 126, int), 4, true },
	{ _IOW('f', 125, int), 4, true }, { _IOW('f', 124, int), 4, true },
	{ _IOR('f', 123, int), 4, false }, { _IOW('t', 118, int), 4, true },
	{ _IOR('t', 119, int), 4, false },
};

/* Wrong sizes and directions, and commands of other kinds and systems. */
static const unsigned int tun_refused[] = {
	/* a wrong size */
	_IOW('t', 96, short), _IOW('t', 96, long long), _IOW('t', 91, char[9]),
	_IOR('t', 93, char[16]), _IOR('t', 93, char[33]), _IO('t', 96),
	/* a direction that neither encoding has */
	_IOWR('t', 96, int), _IOWR('t', 91, struct tuninfo), 0x60047460, 0xa0047460,
	/* of tap, and of other systems */
	_IOR('e', 0, char[32]), 0x20045600, 0x20005600, 0x5600, _IOR('t', 95, int),
	/* of Ethernet units only */
	0x8915, 0x8916, 0x8020690c, 0xc0206921, 0xc020690d, 0xc0906921, 0x4028690c,
	0x45600, 0x40906500, 0x80286500,
};

static const unsigned int ether_refused[] = {
	/* of tun only, in both encodings */
	TUNSLMODE, 0x8004745d, TUNSIFPID, 0x2000745f, BSDTUNGVNETHDR,
	TUNSIFHEAD, 0x80047460, TUNGIFHEAD, 0x40047461,
	NETBSD_TUNGIFHEAD, 0x40047441, NETBSD_TUNSIFHEAD, 0x80047442,
	NETBSD_TUNSLMODE, 0x80047457, NETBSD_TUNSIFMODE, 0x80047458,
	/* other ioctls of VMware, in all four encodings */
	0x20005601, 0x20005602, 0x20005603, 0x20005604, 0x20005605, 0x20005606, 0x20005607,
	0x5601, 0x5602, 0x5603, 0x5604, 0x5605, 0x5606, 0x5607, 0x20045601, 0x45601,
	_IOW('V', 0, int), _IOR('V', 0, int), _IOWR('V', 0, int), 0x20085600, 0x20025600,
	/* a wrong size, or a direction that neither encoding has */
	_IOR('t', 93, char[16]), _IOR('t', 93, char[33]), _IOW('t', 91, char[9]),
	_IOWR('t', 91, char[8]), _IOR('e', 0, char[16]), _IOR('e', 0, char[33]),
	_IO('e', 0), _IOR('e', 1, char[32]), _IOW('t', 98, short),
	/* ioctls of sockets and of other devices */
	0x8913, 0x8914, 0x8927, 0x8924, 0xc0206911, 0x80206910, 0xc331693b,
	0x5401, 0x400454ca, 0x800454d2, 0x89f0, 0, 0xffffffff,
};

FIXTURE(ioctl_errors) {
	struct unit u;
};

FIXTURE_VARIANT(ioctl_errors) {
	const char *kind;
	const struct command *commands;
	size_t n_commands;
	const unsigned int *refused;
	size_t n_refused;
};

FIXTURE_VARIANT_ADD(ioctl_errors, tun) {
	.kind = TUN_KIND,
	.commands = tun_commands,
	.n_commands = ARRAY_SIZE(tun_commands),
	.refused = tun_refused,
	.n_refused = ARRAY_SIZE(tun_refused),
};

FIXTURE_VARIANT_ADD(ioctl_errors, tap) {
	.kind = TAP_KIND,
	.commands = ether_commands,
	.n_commands = ARRAY_SIZE(ether_commands),
	.refused = ether_refused,
	.n_refused = ARRAY_SIZE(ether_refused),
};

FIXTURE_VARIANT_ADD(ioctl_errors, vmnet) {
	.kind = VMNET_KIND,
	.commands = ether_commands,
	.n_commands = ARRAY_SIZE(ether_commands),
	.refused = ether_refused,
	.n_refused = ARRAY_SIZE(ether_refused),
};

FIXTURE_SETUP(ioctl_errors)
{
	ASSERT_EQ(0, netns_reset());
	ASSERT_EQ(0, unit_create_kind(&self->u, variant->kind, NULL));
	ASSERT_EQ(0, unit_open(&self->u, O_NONBLOCK));
}

FIXTURE_TEARDOWN(ioctl_errors)
{
	unit_destroy(&self->u);
}

/* What a command that fails must not change. */
struct state {
	struct tuninfo info;
	int head, transient, debug, owner;
	unsigned int flags, fl;
	unsigned char remote[ETH_ALEN];
};

static void get_state(const struct unit *u, struct state *state)
{
	struct link link = { };

	memset(state, 0, sizeof(*state));
	ioctl(u->fd, TUNGIFINFO, &state->info);
	state->head = ioctl_get(u->fd, TUNGIFHEAD);
	state->transient = ioctl_get(u->fd, TUNGTRANSIENT);
	state->debug = ioctl_get(u->fd, TUNGDEBUG);
	state->owner = fcntl(u->fd, F_GETOWN);
	ioctl(u->fd, SIOCGIFADDR, state->remote);
	state->fl = fcntl(u->fd, F_GETFL);
	link_get(u->ifindex, &link);
	state->flags = link.flags;
}

TEST_F(ioctl_errors, bad_pointers_are_EFAULT_without_effect)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *map, *places[5];
	struct state before, after;
	unsigned int i, at;

	/* A writable page, a read-only page, and no page. */
	map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ));
	ASSERT_EQ(0, munmap(map + 2 * page, page));

	get_state(&self->u, &before);
	for (i = 0; i < variant->n_commands; i++) {
		const struct command *c = &variant->commands[i];

		places[0] = NULL;
		places[1] = (char *)(long)-page;
		places[2] = map + 2 * page;
		/* The last byte cannot be read, or written. */
		places[3] = map + 2 * page - c->size + 1;
		places[4] = map + page - c->size + 1;
		for (at = 0; at < (c->set ? 4 : 5); at++) {
			EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, c->cmd, places[at])))
				TH_LOG("number %#x, place %u", c->cmd, at);
			EXPECT_EQ(-EFAULT, ERR(ioctl(self->u.fd, bsd_encoding(c->cmd), places[at])))
				TH_LOG("number %#x, place %u", bsd_encoding(c->cmd), at);
		}
	}
	get_state(&self->u, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	munmap(map, 2 * page);
}

TEST_F(ioctl_errors, writes_only_the_argument)
{
	unsigned int i, at, encoding;
	unsigned char buf[256];

	for (i = 0; i < variant->n_commands; i++) {
		const struct command *c = &variant->commands[i];

		for (encoding = 0; encoding < 2 && !c->set; encoding++) {
			unsigned int cmd = encoding ? bsd_encoding(c->cmd) : c->cmd;

			memset(buf, 0xa5, sizeof(buf));
			ASSERT_EQ(0, ERR(ioctl(self->u.fd, cmd, buf)))
				TH_LOG("number %#x", cmd);
			for (at = c->size; at < sizeof(buf); at++)
				ASSERT_EQ(0xa5, buf[at])
					TH_LOG("number %#x, byte %u", cmd, at);
		}
	}
}

TEST_F(ioctl_errors, A13_other_commands_are_ENOTTY)
{
	struct state before, after;
	char arg[256] = { };
	unsigned int i;

	get_state(&self->u, &before);
	for (i = 0; i < variant->n_refused; i++) {
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->u.fd, variant->refused[i], arg)))
			TH_LOG("number %#x", variant->refused[i]);
		EXPECT_EQ(-ENOTTY, ERR(ioctl(self->u.fd, variant->refused[i], NULL)))
			TH_LOG("number %#x", variant->refused[i]);
	}
	get_state(&self->u, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(ioctl_errors, without_interface_every_command_is_ENXIO)
{
	char arg[256] = { };
	unsigned int i;

	ASSERT_EQ(0, link_del(self->u.ifindex));
	self->u.ifindex = 0;
	for (i = 0; i < variant->n_commands; i++) {
		unsigned int cmd = variant->commands[i].cmd;

		EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, cmd, arg)))
			TH_LOG("number %#x", cmd);
		EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, bsd_encoding(cmd), arg)))
			TH_LOG("number %#x", bsd_encoding(cmd));
	}
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, TUNSIFPID)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, VMIO_SIOCSIFFLAGS, 0)));
	EXPECT_EQ(-ENXIO, ERR(ioctl(self->u.fd, 0xffffffff, arg)));
}

TEST_HARNESS_MAIN
