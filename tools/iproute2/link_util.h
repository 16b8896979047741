/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ip(8) and its plugins agree on. iproute2 installs no header for it; the
 * layout is that of all versions since 4.13 (2017).
 */
#ifndef LINK_UTIL_H
#define LINK_UTIL_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse_opt)(struct link_util *lu, int argc, char **argv, struct nlmsghdr *n);
	void (*print_opt)(struct link_util *lu, FILE *f, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *f, struct rtattr *xstats);
	void (*print_help)(struct link_util *lu, int argc, char **argv, FILE *f);
	int (*parse_ifla_xstats)(struct link_util *lu, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *n, void *arg);
};

enum { PRINT_ANY = 4, COLOR_NONE = 6 };

int addattr8(struct nlmsghdr *n, int maxlen, int type, uint8_t data);
int addattr32(struct nlmsghdr *n, int maxlen, int type, uint32_t data);
int addattr_l(struct nlmsghdr *n, int maxlen, int type, const void *data, int alen);
int get_u32(uint32_t *val, const char *arg, int base);
int print_color_uint(int type, int color, const char *key, const char *fmt, unsigned int value);
int print_color_string(int type, int color, const char *key, const char *fmt, const char *value);
int print_color_on_off(int type, int color, const char *key, const char *fmt, bool value);

#endif /* LINK_UTIL_H */
