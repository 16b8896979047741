// SPDX-License-Identifier: GPL-2.0
/* Units of both drivers, and the packets that they carry. */

#include "bench.h"
#include "../../selftests/lib/ethtool.h"
#include <linux/if_tun.h>
#include <stddef.h>
#include <sys/epoll.h>

/* Let the stack offload checksums and segmentation to the program, as both drivers offer it. */
static void offload(struct unit *u)
{
	unsigned int features = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	int len = sizeof(struct virtio_net_hdr);

	if (u->driver == TUN) {
		if (u->offload == UDP_TOO)
			features |= TUN_F_USO4 | TUN_F_USO6;
		must(!ioctl(u->fd, TUNSETVNETHDRSZ, &len) &&
		     !ioctl(u->fd, TUNSETOFFLOAD, features), "TUNSETOFFLOAD");
		return;
	}
	must(!ioctl(u->fd, TAPSVNETHDR, &len), "TAPSVNETHDR");
	if (u->offload == UDP_TOO)
		must(!ethtool_set_feature(u->name, "tx-udp-segmentation", true),
		     "tx-udp-segmentation");
}

/* Create a unit and open it; no address yet. */
void unit_open(struct unit *u, int number)
{
	static const char *const kinds[FRAMINGS] = { "bsdtun", "bsdtun", "bsdtap" };
	struct ifreq ifr = { .ifr_mtu = 0 };
	char path[32];
	int on = 1;

	if (u->driver == TUN) {
		struct ifreq set = { .ifr_flags = u->framing == FRAMES ? IFF_TAP : IFF_TUN };

		if (u->framing != HEADED)
			set.ifr_flags |= IFF_NO_PI;
		if (u->offload)
			set.ifr_flags |= IFF_VNET_HDR;
		if (u->backpressure)
			set.ifr_flags |= IFF_BACKPRESSURE;
		snprintf(u->name, IFNAMSIZ, "bench%d", number);
		memcpy(set.ifr_name, u->name, IFNAMSIZ);
		u->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
		must(u->fd >= 0 && !ioctl(u->fd, TUNSETIFF, &set), "/dev/net/tun");
	} else {
		snprintf(u->name, IFNAMSIZ, "%s%d", kinds[u->framing], number);
		link_add(u->name, kinds[u->framing]);
		snprintf(path, sizeof(path), "/dev/%s", u->name);
		u->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		must(u->fd >= 0, path);
		must(u->framing != HEADED || !ioctl(u->fd, TUNSIFHEAD, &on), "TUNSIFHEAD");
	}
	if (u->offload)
		offload(u);
	interface(u, SIOCGIFINDEX, &ifr);
	u->index = ifr.ifr_ifindex;
	if (u->framing == FRAMES) {
		interface(u, SIOCGIFHWADDR, &ifr);
		memcpy(u->mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	}
	set_qdisc(u->index, "noqueue");
	ifr.ifr_qlen = QUEUE;
	interface(u, SIOCSIFTXQLEN, &ifr);
}

void unit_close(struct unit *u)
{
	close(u->fd);
	if (u->driver == BSDTUN)
		link_delete(u->index);
}

/* The interface is 10.NET.0.1, the program 10.NET.0.2. */
static void unit_address(struct unit *u, int net)
{
	u->local = htonl(10 << 24 | net << 16 | 1);
	u->remote = htonl(10 << 24 | net << 16 | 2);
	set_address(u, SIOCSIFADDR, u->local);
	if (u->framing == FRAMES)
		set_address(u, SIOCSIFNETMASK, htonl(0xffffff00));
	else
		set_address(u, SIOCSIFDSTADDR, u->remote);
	set_up(u);
}

void udp_connect(int fd, in_addr_t local, in_addr_t remote)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int size = 64 << 20;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	sin.sin_addr.s_addr = local;
	must(!bind(fd, (void *)&sin, sizeof(sin)), "bind");
	sin.sin_addr.s_addr = remote;
	must(!remote || !connect(fd, (void *)&sin, sizeof(sin)), "connect");
}

int udp_socket(in_addr_t local, in_addr_t remote)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	udp_connect(fd, local, remote);
	return fd;
}

void unit_ready(struct unit *u, int net)
{
	unit_open(u, net);
	unit_address(u, net);
	u->udp = udp_socket(u->local, u->remote);
	u->epoll = epoll_create1(EPOLL_CLOEXEC);
	must(u->epoll >= 0, "epoll");
	errno = -io_uring_queue_init(DEPTH, &u->ring, 0);
	must(!errno, "io_uring");
}

void set_mtu(struct unit *u, int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };

	interface(u, SIOCSIFMTU, &ifr);
}

void set_blocking(struct unit *u, bool on)
{
	must(!fcntl(u->fd, F_SETFL, on ? 0 : O_NONBLOCK), "F_SETFL");
}

/* Packets. Lengths are those of the IP packet. */

/* The sum of the words of an even number of bytes, not folded. */
static uint32_t words_sum(const void *bytes, size_t len)
{
	uint32_t sum = 0;
	uint16_t word;
	size_t i;

	for (i = 0; i < len; i += sizeof(word)) {
		memcpy(&word, (const char *)bytes + i, sizeof(word));
		sum += word;
	}
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16);
}

/* The offload header of a superpacket, and the part of its checksum that the kernel expects. */
static void build_offload(const struct unit *u, unsigned char *buf, struct iphdr *ip,
			  struct udphdr *udp)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4,
		.hdr_len = HEADERS,
		.gso_size = u->segment,
		.csum_start = sizeof(*ip),
		.csum_offset = offsetof(struct udphdr, check),
	};

	udp->check = fold(words_sum(&ip->saddr, 8) + htons(IPPROTO_UDP) + udp->len);
	memcpy(buf, &hdr, sizeof(hdr));
}

/* A datagram from the program, without a UDP checksum unless it is a superpacket. */
size_t build(const struct unit *u, unsigned char *buf, size_t len, in_addr_t to)
{
	size_t prefix = framed(u, 0);
	struct iphdr *ip = (void *)(buf + prefix);
	struct udphdr *udp = (void *)(ip + 1);

	memset(buf, 0, prefix + len);
	if (u->framing == FRAMES) {
		struct ethhdr *eth = (void *)buf;

		memcpy(eth->h_dest, u->mac, ETH_ALEN);
		eth->h_source[0] = 2;
		eth->h_proto = htons(ETH_P_IP);
	} else if (u->framing == HEADED && u->driver == TUN) {
		buf[2] = ETH_P_IP >> 8;
	} else if (u->framing == HEADED) {
		buf[3] = AF_INET;
	}
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(len);
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = u->remote;
	ip->daddr = to;
	ip->check = ~fold(words_sum(ip, sizeof(*ip)));
	udp->source = htons(PORT);
	udp->dest = htons(PORT);
	udp->len = htons(len - sizeof(*ip));
	if (u->segment)
		build_offload(u, buf, ip, udp);
	return prefix + len;
}

void send_all(const struct unit *u, size_t len)
{
	int i;

	for (i = 0; i < packets; i++)
		send_one(u, len);
}

void read_all(const struct unit *u, size_t len)
{
	int i;

	for (i = 0; i < packets; i++)
		read_one(u, len);
}

void receive_all(int udp)
{
	int i;

	for (i = 0; i < packets; i++)
		must(recv(udp, in, sizeof(in), MSG_DONTWAIT) > 0, "recv");
}
