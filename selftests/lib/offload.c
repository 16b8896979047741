// SPDX-License-Identifier: GPL-2.0
/* Offload headers, and packets whose checksum or segmentation is left to the receiver. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <net/if_tap.h>
#include <net/if_tun.h>
#include <openbsd/net/if_tun_hdr.h>

#include "bsd_ioctl.h"
#include "netns.h"
#include "offload.h"
#include "packet.h"
#include "util.h"

static bool is_ethernet(const struct offload *o)
{
	return strcmp(o->kind, TUN_KIND);
}

size_t offload_header_len(const struct offload *o)
{
	return o->virtio ? o->virtio : sizeof(struct tun_hdr);
}

size_t offload_prefix_len(const struct offload *o)
{
	return offload_header_len(o) + (is_ethernet(o) ? ETH_HLEN : o->head ? 4 : 0);
}

int offload_on(const struct unit *u, const struct offload *o, unsigned int caps)
{
	if (o->virtio)
		return ioctl_set(u->fd, TAPSVNETHDR, o->virtio);
	return ioctl_set(u->fd, TUNSCAP, caps);
}

int offload_off(const struct unit *u, const struct offload *o)
{
	if (o->virtio)
		return ioctl_set(u->fd, TAPSVNETHDR, 0);
	return ERR(ioctl(u->fd, TUNDCAP));
}

size_t offload_put(const struct unit *u, const struct offload *o, void *buf, int family,
		   const struct virtio_net_hdr *hdr)
{
	size_t len = offload_header_len(o);

	memset(buf, 0, len);
	if (o->virtio) {
		struct virtio_net_hdr copy = *hdr;

		if (is_ethernet(o)) {
			copy.csum_start += copy.flags ? ETH_HLEN : 0;
			copy.hdr_len += copy.gso_type ? ETH_HLEN : 0;
		}
		memcpy(buf, &copy, sizeof(copy));
	} else {
		struct tun_hdr tun = { };

		if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
			tun.th_flags |= hdr->csum_offset == 16 ? TUN_H_TCP_CSUM : TUN_H_UDP_CSUM;
		if (hdr->gso_type) {
			tun.th_flags |= TUN_H_TCP_MSS;
			tun.th_mss = hdr->gso_size;
		}
		memcpy(buf, &tun, sizeof(tun));
	}
	if (is_ethernet(o)) {
		__be16 type = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
		char *eth = (char *)buf + len;

		memcpy(eth, u->mac, ETH_ALEN);
		memcpy(eth + ETH_ALEN, PEER_MAC, ETH_ALEN);
		memcpy(eth + 2 * ETH_ALEN, &type, sizeof(type));
	} else if (o->head) {
		__be32 word = htonl(family);

		memcpy((char *)buf + len, &word, sizeof(word));
	}
	return offload_prefix_len(o);
}

struct virtio_net_hdr offload_get(const struct offload *o, const void *buf)
{
	const unsigned char *ip = (const unsigned char *)buf + offload_prefix_len(o);
	size_t transport = *ip >> 4 == 4 ? (*ip & 0xf) * 4 : sizeof(struct ip6_hdr);
	struct virtio_net_hdr hdr = { };
	struct tun_hdr tun;

	if (o->virtio) {
		memcpy(&hdr, buf, sizeof(hdr));
		if (is_ethernet(o)) {
			hdr.csum_start -= hdr.flags ? ETH_HLEN : 0;
			hdr.hdr_len -= hdr.gso_type ? ETH_HLEN : 0;
		}
		return hdr;
	}
	memcpy(&tun, buf, sizeof(tun));
	if (tun.th_flags & (TUN_H_TCP_CSUM | TUN_H_UDP_CSUM)) {
		hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr.csum_start = transport;
		hdr.csum_offset = tun.th_flags & TUN_H_TCP_CSUM ? 16 : 6;
	}
	if (tun.th_flags & TUN_H_TCP_MSS) {
		hdr.gso_type = *ip >> 4 == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
		hdr.gso_size = tun.th_mss;
		hdr.hdr_len = transport + sizeof(struct tcphdr);
	}
	return hdr;
}

static size_t ip_len(int family)
{
	return family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
}

size_t l4_headers_len(int family, int protocol)
{
	return ip_len(family) + (protocol == IPPROTO_TCP ? sizeof(struct tcphdr) :
							   sizeof(struct udphdr));
}

/* The sum of the pseudo-header. */
static __u32 pseudo_sum(const void *ip, size_t l4_len, int protocol)
{
	__be32 words[2] = { htonl(l4_len), htonl(protocol) };
	__u32 sum = csum_add(0, words, sizeof(words));

	if (*(const unsigned char *)ip >> 4 == 4)
		return csum_add(sum, (const char *)ip + 12, 8);
	return csum_add(sum, (const char *)ip + 8, 32);
}

__u16 pseudo_check(const void *ip, size_t l4_len, int protocol)
{
	return ~csum(pseudo_sum(ip, l4_len, protocol), NULL, 0);
}

size_t build_l4(void *buf, int family, int protocol, bool from_peer, size_t payload, bool partial)
{
	size_t headers = l4_headers_len(family, protocol), l4 = headers - ip_len(family);
	char *transport = (char *)buf + ip_len(family);
	__u16 *check, sum;

	memset(buf, 0, headers);
	if (family == AF_INET) {
		build_ip(buf, from_peer ? PEER : LOCAL, from_peer ? LOCAL : PEER, protocol,
			 l4 + payload);
	} else {
		struct ip6_hdr *ip6 = buf;

		ip6->ip6_flow = htonl(6 << 28);
		ip6->ip6_plen = htons(l4 + payload);
		ip6->ip6_nxt = protocol;
		ip6->ip6_hlim = 64;
		ip6->ip6_src = from_peer ? peer6 : local6;
		ip6->ip6_dst = from_peer ? local6 : peer6;
	}
	if (protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = (void *)transport;

		tcp->source = htons(PORT);
		tcp->dest = htons(PORT);
		tcp->seq = htonl(1000);
		tcp->doff = sizeof(*tcp) / 4;
		tcp->ack = 1;
		tcp->window = htons(1000);
		check = &tcp->check;
	} else {
		struct udphdr *udp = (void *)transport;

		udp->source = htons(PORT);
		udp->dest = htons(PORT);
		udp->len = htons(l4 + payload);
		check = &udp->check;
	}
	fill_pattern(transport + l4, payload, 9);
	if (partial)
		sum = pseudo_check(buf, l4 + payload, protocol);
	else
		sum = csum(pseudo_sum(buf, l4 + payload, protocol), transport, l4 + payload);
	memcpy(check, &sum, sizeof(sum));
	return headers + payload;
}

struct virtio_net_hdr l4_virtio(int family, int protocol, size_t gso_size)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = ip_len(family),
		.csum_offset = protocol == IPPROTO_TCP ? 16 : 6,
	};

	if (!gso_size)
		return hdr;
	if (protocol == IPPROTO_UDP)
		hdr.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	else if (family == AF_INET)
		hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	else
		hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	hdr.gso_size = gso_size;
	hdr.hdr_len = l4_headers_len(family, protocol);
	return hdr;
}

bool l4_is_valid(const void *ip, size_t len)
{
	const struct iphdr *ip4 = ip;
	const struct ip6_hdr *ip6 = ip;
	size_t l3;
	int protocol;

	if (len < sizeof(*ip4))
		return false;
	if (ip4->version == 4) {
		l3 = ip4->ihl * 4;
		protocol = ip4->protocol;
		if (ntohs(ip4->tot_len) != len || csum(0, ip4, l3))
			return false;
	} else {
		l3 = sizeof(*ip6);
		protocol = ip6->ip6_nxt;
		if (len < l3 || ntohs(ip6->ip6_plen) + l3 != len)
			return false;
	}
	return !csum(pseudo_sum(ip, len - l3, protocol), (const char *)ip + l3, len - l3);
}

void complete_checksum(void *ip, size_t len, const struct virtio_net_hdr *hdr)
{
	char *start = (char *)ip + hdr->csum_start;
	__u16 sum;

	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return;
	sum = csum(0, start, len - hdr->csum_start);
	memcpy(start + hdr->csum_offset, &sum, sizeof(sum));
}

size_t cut_segment(void *segment, const void *ip, size_t len, const struct virtio_net_hdr *hdr,
		   size_t at)
{
	size_t payload = len - hdr->hdr_len - at, l4;
	char *transport = (char *)segment + hdr->csum_start;
	const bool last = payload <= hdr->gso_size;
	__u16 check;
	int protocol;

	payload = last ? payload : hdr->gso_size;
	l4 = hdr->hdr_len - hdr->csum_start + payload;
	memcpy(segment, ip, hdr->hdr_len);
	memcpy((char *)segment + hdr->hdr_len, (const char *)ip + hdr->hdr_len + at, payload);
	if (*(const unsigned char *)ip >> 4 == 4) {
		struct iphdr *ip4 = segment;

		protocol = ip4->protocol;
		ip4->tot_len = htons(hdr->hdr_len + payload);
		ip4->id = htons(ntohs(ip4->id) + at / hdr->gso_size);
		ip4->check = 0;
		ip4->check = csum(0, ip4, ip4->ihl * 4);
	} else {
		struct ip6_hdr *ip6 = segment;

		protocol = ip6->ip6_nxt;
		ip6->ip6_plen = htons(l4);
	}
	if (protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = (void *)transport;

		tcp->seq = htonl(ntohl(tcp->seq) + at);
		/* CWR */
		tcp->res2 &= at ? 1 : 3;
		tcp->fin &= last;
		tcp->psh &= last;
	} else {
		((struct udphdr *)transport)->len = htons(l4);
	}
	check = pseudo_check(segment, l4, protocol);
	memcpy(transport + hdr->csum_offset, &check, sizeof(check));
	complete_checksum(segment, hdr->hdr_len + payload, hdr);
	return hdr->hdr_len + payload;
}

int vnet_socket(void)
{
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0 && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on))) {
		close(fd);
		return -errno;
	}
	return fd;
}

ssize_t vnet_send_protocol(int fd, const struct unit *u, const struct virtio_net_hdr *hdr,
			   int protocol, const void *packet, size_t len)
{
	bool ethernet = strcmp(u->kind, TUN_KIND);
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = u->ifindex,
		.sll_protocol = htons(protocol),
	};
	struct virtio_net_hdr copy = *hdr;
	struct ethhdr eth = { .h_proto = to.sll_protocol };
	struct iovec iov[] = {
		{ &copy, sizeof(copy) }, { &eth, ethernet ? sizeof(eth) : 0 },
		{ (void *)packet, len },
	};
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = iov, .msg_iovlen = 3,
	};

	memcpy(eth.h_dest, PEER_MAC, ETH_ALEN);
	memcpy(eth.h_source, u->mac, ETH_ALEN);
	if (ethernet) {
		copy.csum_start += ETH_HLEN;
		copy.hdr_len += copy.gso_type ? ETH_HLEN : 0;
	}
	return ERR(sendmsg(fd, &msg, MSG_DONTWAIT));
}

ssize_t vnet_send(int fd, const struct unit *u, const struct virtio_net_hdr *hdr, const void *ip,
		  size_t len)
{
	const bool v4 = *(const unsigned char *)ip >> 4 == 4;

	return vnet_send_protocol(fd, u, hdr, v4 ? ETH_P_IP : ETH_P_IPV6, ip, len);
}
