// SPDX-License-Identifier: GPL-2.0
/*
 * Plugin of ip(8): parses and prints the attributes of bsdtun's link kinds. ip
 * loads LIBDIR/ip/link_KIND.so; one source makes those of all three kinds.
 */
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_bsdtun.h>

#include "link_util.h"

/* The size of the buffer for the request in ip. */
#define ROOM 1024

static bool has_keep(const struct link_util *lu)
{
	return !strcmp(lu->id, "bsdtap");
}

static bool has_framing(const struct link_util *lu)
{
	return !strcmp(lu->id, "bsdtun");
}

static bool is_option(const struct link_util *lu, const char *arg)
{
	if (!strcmp(arg, "keep"))
		return has_keep(lu);
	if (!strcmp(arg, "framing") || !strcmp(arg, "dialect"))
		return has_framing(lu);
	return !strcmp(arg, "unit") || !strcmp(arg, "transient");
}

static void print_help(struct link_util *lu, int argc, char **argv, FILE *f)
{
	(void)argc;
	(void)argv;
	fprintf(f, "Usage: ... %s [ unit NUMBER ]%s [ transient { on | off } ]\n", lu->id,
		has_keep(lu) ? " [ keep { on | off } ]" : "");
	if (has_framing(lu))
		fprintf(f, "		[ dialect { linux | freebsd | netbsd | openbsd } ]\n"
			"		[ framing { bare | ifhead | lmode } ]\n");
}

static void refuse(const char *what, const char *arg)
{
	fprintf(stderr, "Error: argument \"%s\" is wrong: %s\n", arg, what);
	exit(1);
}

static bool on_off(const char *option, const char *arg)
{
	char what[64];

	if (!strcmp(arg, "on"))
		return true;
	if (!strcmp(arg, "off"))
		return false;
	snprintf(what, sizeof(what), "\"%s\" is \"on\" or \"off\"", option);
	refuse(what, arg);
	return false;
}

static int parse_opt(struct link_util *lu, int argc, char **argv, struct nlmsghdr *n)
{
	uint32_t unit;

	while (argc > 0) {
		if (!strcmp(*argv, "help")) {
			print_help(lu, argc, argv, stdout);
			return -1;
		}
		if (!is_option(lu, *argv)) {
			fprintf(stderr, "%s: unknown option \"%s\"?\n", lu->id, *argv);
			print_help(lu, argc, argv, stderr);
			return -1;
		}
		if (argc < 2) {
			fprintf(stderr, "Command line is not complete. Try option \"help\"\n");
			exit(1);
		}
		if (!strcmp(*argv, "unit")) {
			if (get_u32(&unit, argv[1], 0))
				refuse("\"unit\" is a number", argv[1]);
			addattr32(n, ROOM, IFLA_BSDTUN_UNIT, unit);
		} else if (!strcmp(*argv, "keep")) {
			addattr8(n, ROOM, IFLA_BSDTUN_KEEP, on_off(*argv, argv[1]));
		} else if (!strcmp(*argv, "framing")) {
			addattr_l(n, ROOM, IFLA_BSDTUN_FRAMING, argv[1], strlen(argv[1]) + 1);
		} else if (!strcmp(*argv, "dialect")) {
			addattr_l(n, ROOM, IFLA_BSDTUN_DIALECT, argv[1], strlen(argv[1]) + 1);
		} else {
			addattr8(n, ROOM, IFLA_BSDTUN_TRANSIENT, on_off(*argv, argv[1]));
		}
		argc -= 2;
		argv += 2;
	}
	return 0;
}

static void print_flag(struct rtattr *attr, const char *key, const char *fmt)
{
	if (attr && RTA_PAYLOAD(attr) >= sizeof(uint8_t))
		print_color_on_off(PRINT_ANY, COLOR_NONE, key, fmt, *(uint8_t *)RTA_DATA(attr));
}

static void print_number(struct rtattr *attr, const char *key, const char *fmt)
{
	if (attr && RTA_PAYLOAD(attr) >= sizeof(uint32_t))
		print_color_uint(PRINT_ANY, COLOR_NONE, key, fmt, *(uint32_t *)RTA_DATA(attr));
}

static void print_word(struct rtattr *attr, const char *key, const char *fmt)
{
	if (attr && memchr(RTA_DATA(attr), '\0', RTA_PAYLOAD(attr)))
		print_color_string(PRINT_ANY, COLOR_NONE, key, fmt, RTA_DATA(attr));
}

static void print_opt(struct link_util *lu, FILE *f, struct rtattr *tb[])
{
	(void)lu;
	(void)f;
	if (!tb)
		return;
	print_number(tb[IFLA_BSDTUN_UNIT], "unit", "unit %u ");
	print_flag(tb[IFLA_BSDTUN_KEEP], "keep", "keep %s ");
	print_flag(tb[IFLA_BSDTUN_TRANSIENT], "transient", "transient %s ");
	print_word(tb[IFLA_BSDTUN_DIALECT], "dialect", "dialect %s ");
	print_word(tb[IFLA_BSDTUN_FRAMING], "framing", "framing %s ");
}

#define LINK_UTIL(kind) \
	struct link_util kind##_link_util = { \
		.id = #kind, \
		.maxattr = IFLA_BSDTUN_MAX, \
		.parse_opt = parse_opt, \
		.print_opt = print_opt, \
		.print_help = print_help, \
	}

LINK_UTIL(bsdtun);
LINK_UTIL(bsdtap);
LINK_UTIL(bsdvmnet);
