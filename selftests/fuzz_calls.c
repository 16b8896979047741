// SPDX-License-Identifier: GPL-2.0
/* Calls of the fuzzer on descriptors and sockets, and the packets for them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <net/if_tap.h>
#include <net/if_tun.h>

#include "fuzz.h"
#include "lib/batch.h"
#include "lib/offload.h"

#include <linux/if_bsdtun.h>
#include <openbsd/net/if_tun_hdr.h>

static const __u16 lengths[] = {
	0, 1, 3, 4, 5, 13, 14, 15, 16, 20, 27, 28, 32, 34, 60, 72, 100, 576, 1500, 1514,
	4095, 4096, 9000, 65515, 65534, 65535,
};

int open_flags(const struct call *call)
{
	static const int access[] = { O_RDWR, O_RDWR, O_RDONLY, O_WRONLY };

	return PICK(access, call->how) | O_CLOEXEC | (call->how & 4 ? 0 : O_NONBLOCK) |
		(call->how & 8 ? O_ASYNC : 0);
}

/* A pointer to @len bytes, valid or not as @how says. */
static void *pointer(unsigned int how, size_t len)
{
	switch (how % 16) {
	case 0:
		return NULL;
	case 1:			/* the last byte is beyond the mapping */
		return buffer + buffer_size - len + (len ? 1 : 0);
	case 2:			/* all bytes are */
		return buffer + buffer_size;
	case 3:
		return (void *)-1L;
	case 4:			/* ends with the mapping */
		return buffer + buffer_size - len;
	default:
		return buffer;
	}
}

static long call_ioctl(const struct call *call)
{
	static const unsigned int numbers[] = {
		TUNGDEBUG, TUNSDEBUG, TUNSIFINFO, TUNGIFINFO, _IOW('t', 91, char[12]),
		_IOR('t', 92, char[12]), TUNSLMODE, TUNSLMODE, _IOW('t', 87, int),
		LINUX64_GIFNAME, LINUX_GIFNAME, _IOR('t', 98, char[144]), TUNSIFMODE,
		TUNSIFMODE, _IOW('t', 88, int), TUNSIFPID, TUNSIFHEAD, TUNSIFHEAD, TUNSIFHEAD,
		_IOW('t', 66, int), TUNGIFHEAD, _IOR('t', 65, int), TUNSTRANSIENT,
		TUNGTRANSIENT, _IOR('e', 0, char[144]), SIOCGIFADDR, SIOCSIFADDR,
		_IOW('i', 12, char[32]), _IOWR('i', 33, char[32]), _IOWR('i', 13, char[40]),
		VMIO_SIOCSIFFLAGS, _IO('V', 0) | 4 << 16, _IOW('t', 118, int),
		_IOR('t', 119, int), _IOR('f', 123, int), _IOW('f', 124, int),
		_IOW('f', 125, int), _IOW('f', 126, int), _IOR('f', 127, int), FIONREAD,
		FIONBIO, FIOASYNC, FIOSETOWN, FIOGETOWN, TIOCSPGRP, TIOCGPGRP, FIODGNAME,
		_IOW('f', 120, char[8]), _IOR('t', 95, int),
		TAPSVNETHDR, TAPSVNETHDR, TAPGVNETHDR, BSDTUNGVNETHDR, TUNSCAP, TUNSCAP, TUNGCAP,
		TUNDCAP, BSDTUNSBATCH, BSDTUNSBATCH, BSDTUNGBATCH,
	};
	static const __u32 lengths[] = { 0, 10, 12 };
	__u32 value = call->c;
	unsigned int cmd = PICK(numbers, call->a);
	void *arg = pointer(call->how, cmd >> 16 & 0xff);

	if (call->how & 0x20)
		cmd = bsd_encoding(cmd);
	if (call->how >> 6 == 3)
		cmd = call->c ^ (call->a << 8);
	/* Mostly valid offload headers. */
	if (cmd == TAPSVNETHDR && call->b & 7)
		value = PICK(lengths, call->c);
	if (cmd == TUNSCAP && call->b & 7)
		value &= OFFLOAD_CAPS_ALL;
	memset(buffer, 0, 256);
	memcpy(buffer, &value, sizeof(value));
	memcpy(buffer + 4, &call->b, sizeof(call->b));
	buffer[6] = call->b;
	/* VMIO_SIOCSIFFLAGS takes its argument by value. */
	if ((cmd >> 8 & 0xff) == 'V')
		arg = (void *)(long)(int)call->c;
	return ERR(ioctl(fd_of(call), cmd, arg));
}

static void set_timer(long ms)
{
	struct itimerspec spec = {
		.it_value.tv_nsec = ms * 1000000,
		.it_interval.tv_nsec = ms * 1000000,
	};

	timer_settime(timer, 0, &spec, NULL);
}

static size_t packet_length(const struct call *call)
{
	size_t len = PICK(lengths, call->a);

	/* Also a few bytes more than the longest. */
	return call->b & 32 ? len + call->b % 8 : len;
}

/* Splits the packet into up to three segments, one of them invalid if @how says so. */
static int split_iovec(struct iovec *iov, const struct call *call, char *packet, size_t len)
{
	size_t first = len > 1 ? call->c % len : len;

	if (!(call->how & 1)) {
		iov[0] = (struct iovec){ packet, len };
		return 1;
	}
	iov[0] = (struct iovec){ packet, first };
	iov[1] = (struct iovec){ NULL, 0 };
	iov[2] = (struct iovec){ packet + first, len - first };
	if (call->how >> 4 == 1)
		iov[2].iov_base = pointer(2, len);
	return 3;
}

static long call_read(const struct call *call)
{
	size_t len = packet_length(call);
	struct iovec iov[3];
	int fd = fd_of(call), n, pipefd[2];
	long got;

	n = split_iovec(iov, call, call->how >> 4 ? buffer : pointer(call->b, len), len);
	/* The signal of the timer interrupts a read that blocks. */
	set_timer(5);
	switch (call->how >> 1 & 7) {
	case 0:
		got = ERR(preadv2(fd, iov, n, -1, RWF_NOWAIT));
		break;
	case 1:
		if (pipe2(pipefd, O_CLOEXEC | O_NONBLOCK)) {
			got = -errno;
			break;
		}
		got = ERR(splice(fd, NULL, pipefd[1], NULL, len, SPLICE_F_NONBLOCK));
		close(pipefd[0]);
		close(pipefd[1]);
		break;
	case 2:
		got = ERR(pread(fd, buffer, len, call->c));
		break;
	default:
		got = ERR(readv(fd, iov, n));
		break;
	}
	set_timer(0);
	return got;
}

/* Builds a valid or slightly invalid packet to or from the host. Returns its length. */
static size_t build_packet(const struct call *call, const struct fuzz_unit *u, bool to_host,
			   __u8 *buf)
{
	__u32 src = to_host ? peer_of(u) : local_of(u), dst = to_host ? local_of(u) : peer_of(u);
	static __u8 body[65536];
	size_t len = packet_length(call), head = 0;

	fill_pattern(buf, 128, call->c);
	if (len > sizeof(body) - 100)
		len = sizeof(body) - 100;
	switch (call->how >> 5) {
	case 0:
		head = build_udp(buf, src, dst, PORT, PORT, body, len);
		break;
	case 1:			/* the stack replies */
		head = build_echo(buf, src, dst, ICMP_ECHO, call->b, 1, body, len);
		break;
	case 2:			/* an IPv6 header */
		memset(buf, 0, 40);
		buf[0] = 0x60;
		buf[6] = 59;
		buf[7] = 64;
		head = len < 40 ? 40 : len;
		break;
	case 3:			/* truncated */
		head = build_udp(buf, src, dst, PORT, PORT, body, len) / 2;
		break;
	case 4:			/* a bit of the header is flipped */
		head = build_udp(buf, src, dst, PORT, PORT, body, len);
		buf[call->b % 20] ^= 1 << call->c % 8;
		break;
	case 5:			/* routed to the neighbor of setup_neighbor() */
	case 6:
		head = build_l4(buf, call->how & 1 ? AF_INET : AF_INET6,
				call->b & 1 ? IPPROTO_TCP : IPPROTO_UDP, to_host,
				len < 60000 ? len : 60000, call->b & 2);
		break;
	default:
		head = len;
		break;
	}
	return head;
}

static size_t build_fuzz_frame(const struct call *call, const struct fuzz_unit *u, bool to_host,
			       __u8 *buf)
{
	static const char *const macs[] = {
		"\xff\xff\xff\xff\xff\xff", "\x01\x00\x5e\x00\x00\x01", "\x02\x42\x0a\x2a\x00\x09",
		PEER_MAC, "\x00\x00\x00\x00\x00\x00",
	};
	static const __u16 types[] = { ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, ETH_P_8021Q, 100, 0x88b5 };
	char path[64], text[32];
	__u8 dst[ETH_ALEN];
	size_t len;

	memcpy(dst, PICK(macs, call->b / 8), ETH_ALEN);
	if (to_host && call->b & 1) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/address", u->ifname);
		if (read_file(path, text, sizeof(text)) > 0)
			sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", dst, dst + 1, dst + 2,
			       dst + 3, dst + 4, dst + 5);
	}
	len = build_packet(call, u, to_host, buf + ETH_HLEN);
	return build_frame(buf, dst, PEER_MAC, PICK(types, call->b & 2 ? call->c / 8 : 0), NULL,
			   len);
}

/* Stores the offload header that is on: mostly one that fits a packet. Returns its length. */
static size_t put_header(const struct call *call, const struct fuzz_unit *u, __u8 *buf)
{
	static const __u8 types[] = { 0, 1, 4, 5, 0x81, 3, 1, 4 };
	static const __u16 sizes[] = { 100, 500, 1000, 1400, 1, 0xffff, 0, 100 };
	static const __u16 flags[] = { 0, 0x200, 0x400, 0x220, 0x100, 0x420, 0x10, 0xffff };
	int len = ioctl_get(fd_of(call), u->kind ? TAPGVNETHDR : BSDTUNGVNETHDR);

	memset(buf, 0, OFFLOAD_HEADER_MAX);
	if (len > 0) {
		struct virtio_net_hdr hdr = {
			.flags = call->c & 3,
			.gso_type = PICK(types, call->c >> 2),
			.gso_size = PICK(sizes, call->c >> 5),
			.csum_start = (u->kind ? ETH_HLEN : 0) + (call->c & 0x100 ? 20 : 40),
			.csum_offset = call->c & 0x200 ? 16 : 6,
			.hdr_len = call->c >> 16,
		};

		if (!(call->c & 0xc00))
			hdr.csum_start = call->c >> 16;
		memcpy(buf, &hdr, sizeof(hdr));
		return len;
	}
	if (ioctl_get(fd_of(call), TUNGCAP) >= 0) {
		struct tun_hdr hdr = {
			.th_flags = PICK(flags, call->c),
			.th_mss = PICK(sizes, call->c >> 5),
			.th_vtag = call->c >> 16,
		};

		memcpy(buf, &hdr, sizeof(hdr));
		return sizeof(hdr);
	}
	return 0;
}

/* Makes records of the packet in the buffer, mostly valid ones. Returns their length. */
static size_t put_records(const struct call *call, size_t len)
{
	static const unsigned int counts[] = { 1, 2, 3, 5, 70, 9, 1, 2 };
	static char records[1 << 17];
	unsigned int i, count = PICK(counts, call->a);
	size_t all = 0, at;

	for (i = 0; i < count && all + RECORD_LEN + len + 8 <= sizeof(records); i++)
		all = batch_put(records, all, buffer, len);
	if (!(call->how & 0x30) && all >= sizeof(call->c)) {
		at = call->b * 4 % (all - sizeof(call->c) + 1);
		memcpy(records + at, &call->c, sizeof(call->c));
	}
	memcpy(buffer, records, all);
	/* Without the last padding, or with a part of a header. */
	return call->how & 0x40 && all > call->b % 12 ? all - call->b % 12 : all;
}

static long call_write(const struct call *call)
{
	static const __u32 families[] = { AF_INET, AF_INET, 10, 24, 28, 30, 0, 0x02000000, 255 };
	const struct fuzz_unit *u = fd_from(call->obj, true)->unit ?: units;
	__u8 *buf = (void *)buffer;
	struct iovec iov[3];
	size_t header, len;
	int n;

	header = put_header(call, u, buf);
	buf += header;
	if (u->kind) {
		len = build_fuzz_frame(call, u, true, buf);
	} else if (call->how & 2) {
		__u32 family = htonl(PICK(families, call->b));

		memcpy(buf, &family, sizeof(family));
		len = build_packet(call, u, true, buf + sizeof(family)) + sizeof(family);
	} else {
		len = build_packet(call, u, true, buf);
	}
	len += header;
	/* Shorter than a header. */
	if ((call->how & 0x0c) == 0x0c)
		len = call->b % 20;
	if (ioctl_get(fd_of(call), BSDTUNGBATCH) > 0)
		len = put_records(call, len);
	n = split_iovec(iov, call, call->fault == 1 ? pointer(call->b, len) : buffer, len);
	if (call->fault == 2)
		return ERR(pwritev2(fd_of(call), iov, n, -1, RWF_NOWAIT));
	return ERR(writev(fd_of(call), iov, n));
}

static long call_poll(const struct call *call)
{
	struct pollfd pfd = { .fd = fd_of(call), .events = call->a | POLLIN };

	return ERR(poll(&pfd, 1, call->how & 1));
}

static long call_fcntl(const struct call *call)
{
	int fd = fd_of(call), flags;

	switch (call->how % 4) {
	case 0:
		return ERR(fcntl(fd, F_SETOWN, call->a & 1 ? getpid() : 0));
	case 1:
		flags = call->a & 1 ? O_ASYNC : 0;
		break;
	default:
		flags = call->a & 1 ? O_NONBLOCK : 0;
		break;
	}
	return ERR(fcntl(fd, F_SETFL, flags));
}

static long call_fdinfo(const struct call *call)
{
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd_of(call));
	return read_file(path, text, sizeof(text));
}

/* Sends a packet to the reader of the node. */
static long call_send(const struct call *call)
{
	static const int protocols[] = { ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, 0 };
	const struct fuzz_unit *u = unit_of(call);
	size_t len = packet_length(call);

	if (call->how & 3)
		return udp_send(udp_fd, peer_of(u), PORT, buffer, len);
	if (u->kind)
		len = build_fuzz_frame(call, u, false, (void *)buffer);
	else
		len = build_packet(call, u, false, (void *)buffer);
	return packet_send(packet_fd, u->ifindex, PICK(protocols, call->how >> 2), buffer, len);
}

long run_call(const struct call *call)
{
	struct fuzz_fd *fd = fd_from(call->obj, true), *free;
	int got;

	switch (call->op % OPS) {
	case OP_READY:
		return call_ready(call);
	case OP_ADD:
		return unit_add(unit_from(call->obj, false), call,
				call->b / 16 % FUZZ_KINDS);
	case OP_CHANGE:
		return call_change(call);
	case OP_DELETE:
		return call_delete(call);
	case OP_LINK:
		return call_link(call);
	case OP_SHOW:
		return call_show(call);
	case OP_ADDRESS:
		return address_change(unit_of(call), call->how & 3, call->how & 4);
	case OP_QDISC:
		return call_qdisc(call);
	case OP_ETHTOOL:
		return call_ethtool(call);
	case OP_ATTRIBUTE:
		return call_attribute(call);
	case OP_SYSCTL:
		return call_sysctl(call);
	case OP_OPEN:
		return unit_open_node(call, unit_from(call->a, true), fd_from(call->obj, false));
	case OP_CLONE:
		return call_clone(call);
	case OP_CLOSE:
		if (fd->fd < 0)
			return -EBADF;
		got = ERR(close(fd->fd));
		fd->fd = -1;
		return got;
	case OP_DUP:
		free = fd_from(call->a, false);
		if (free->fd >= 0)
			return -EBUSY;
		got = ERR(dup(fd->fd));
		if (got >= 0)
			*free = (struct fuzz_fd){ got, fd->unit };
		return got;
	case OP_IOCTL:
		return call_ioctl(call);
	case OP_READ:
		return call_read(call);
	case OP_WRITE:
		return call_write(call);
	case OP_POLL:
		return call_poll(call);
	case OP_FCNTL:
		return call_fcntl(call);
	case OP_FDINFO:
		return call_fdinfo(call);
	default:
		return call_send(call);
	}
}
