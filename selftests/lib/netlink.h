/* SPDX-License-Identifier: GPL-2.0 */
/* rtnetlink messages and their transport. */
#ifndef BSDTUN_LIB_NETLINK_H
#define BSDTUN_LIB_NETLINK_H

#include <stddef.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/neighbour.h>

struct link;

struct nl_request {
	struct nlmsghdr n;
	union {
		struct ifinfomsg ifi;
		struct ifaddrmsg ifa;
		struct ndmsg nd;
	};
	char attrs[256];
};

/* Starts a request with a body of this size; NLM_F_REQUEST and NLM_F_ACK are always set. */
void nl_init(struct nl_request *req, int type, int flags, size_t body);

struct rtattr *nl_put(struct nl_request *req, int type, const void *data, size_t len);
void nl_put_u32(struct nl_request *req, int type, __u32 val);

/* Ends @nest, an empty attribute of nl_put(): it contains all that was put after it. */
void nl_nest_end(struct nl_request *req, struct rtattr *nest);

/* Opens a NETLINK_ROUTE socket with extended acknowledgments. Returns it or -errno. */
int nl_open(void);

int nl_send(int fd, struct nl_request *req);

/*
 * Receives until the acknowledgment of a request and returns its error, 0 or -errno. An
 * RTM_NEWLINK before it is parsed into *@link, the text of an extended acknowledgment is copied
 * to @text; both may be NULL.
 */
int nl_recv_ack(int fd, struct link *link, char *text, size_t size);

/* nl_open(), nl_send(), nl_recv_ack() and close(). */
int nl_talk(struct nl_request *req, struct link *link);

#endif /* BSDTUN_LIB_NETLINK_H */
