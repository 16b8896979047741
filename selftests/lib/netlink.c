// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "link.h"
#include "netlink.h"
#include "wait.h"

void nl_init(struct nl_request *req, int type, int flags, size_t body)
{
	memset(req, 0, sizeof(*req));
	req->n.nlmsg_len = NLMSG_LENGTH(body);
	req->n.nlmsg_type = type;
	req->n.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
}

struct rtattr *nl_put(struct nl_request *req, int type, const void *data, size_t len)
{
	struct rtattr *rta = (void *)((char *)req + NLMSG_ALIGN(req->n.nlmsg_len));

	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(rta), data, len);
	req->n.nlmsg_len = NLMSG_ALIGN(req->n.nlmsg_len) + RTA_ALIGN(rta->rta_len);
	return rta;
}

void nl_nest_end(struct nl_request *req, struct rtattr *nest)
{
	nest->rta_len = (char *)req + req->n.nlmsg_len - (char *)nest;
}

void nl_put_u32(struct nl_request *req, int type, __u32 val)
{
	nl_put(req, type, &val, sizeof(val));
}

int nl_open(void)
{
	struct timeval limit = { .tv_sec = TIMEOUT_MS / 1000 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return fd;
}

int nl_send(int fd, struct nl_request *req)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, req, req->n.nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

int nl_recv_ack(int fd, struct link *link, char *text, size_t size)
{
	static __thread union {
		struct nlmsghdr n;
		char room[32768];
	} buf;

	for (;;) {
		struct nlmsghdr *n = &buf.n;
		ssize_t len = recv(fd, &buf, sizeof(buf), 0);

		if (len < 0)
			return -errno;
		for (; NLMSG_OK(n, len); n = NLMSG_NEXT(n, len)) {
			struct nlmsgerr *e = NLMSG_DATA(n);
			struct rtattr *rta;
			int left;

			if (n->nlmsg_type == RTM_NEWLINK && link)
				nl_parse_link(n, link);
			if (n->nlmsg_type != NLMSG_ERROR)
				continue;
			if (!text || !(n->nlmsg_flags & NLM_F_ACK_TLVS))
				return e->error;
			rta = (void *)(e + 1);
			left = n->nlmsg_len - NLMSG_LENGTH(sizeof(*e));
			for (; RTA_OK(rta, left); rta = RTA_NEXT(rta, left))
				if (rta->rta_type == NLMSGERR_ATTR_MSG)
					snprintf(text, size, "%s", (char *)RTA_DATA(rta));
			return e->error;
		}
	}
}

int nl_talk(struct nl_request *req, struct link *link)
{
	int fd = nl_open();
	int err;

	if (fd < 0)
		return fd;
	err = nl_send(fd, req);
	if (!err)
		err = nl_recv_ack(fd, link, NULL, 0);
	close(fd);
	return err;
}
