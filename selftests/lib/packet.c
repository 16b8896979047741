// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include <linux/if_ether.h>

#include "packet.h"

const struct in6_addr local6 = { .s6_addr = { 0xfd, 0x42, [15] = 1 } };
const struct in6_addr peer6 = { .s6_addr = { 0xfd, 0x42, [15] = 2 } };

__u32 csum_add(__u32 sum, const void *data, size_t len)
{
	const __u8 *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

__u16 csum(__u32 sum, const void *data, size_t len)
{
	return htons(~csum_add(sum, data, len) & 0xffff);
}

static __u32 csum_pseudo(const struct iphdr *ip, size_t len)
{
	__u32 sum = csum_add(0, &ip->saddr, 8);

	sum += ip->protocol + len;
	return (sum & 0xffff) + (sum >> 16);
}

size_t build_ip(void *buf, __u32 src, __u32 dst, int protocol, size_t payload)
{
	struct iphdr *ip = buf;

	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->tot_len = htons(sizeof(*ip) + payload);
	ip->saddr = htonl(src);
	ip->daddr = htonl(dst);
	ip->check = csum(0, ip, sizeof(*ip));
	return sizeof(*ip) + payload;
}

size_t build_udp(void *buf, __u32 src, __u32 dst, __u16 sport, __u16 dport, const void *payload,
		 size_t len)
{
	struct iphdr *ip = buf;
	struct udphdr *udp = (void *)(ip + 1);
	size_t total = build_ip(buf, src, dst, IPPROTO_UDP, sizeof(*udp) + len);

	memset(udp, 0, sizeof(*udp));
	udp->source = htons(sport);
	udp->dest = htons(dport);
	udp->len = htons(sizeof(*udp) + len);
	if (len)
		memcpy(udp + 1, payload, len);
	udp->check = csum(csum_pseudo(ip, sizeof(*udp) + len), udp, sizeof(*udp) + len);
	if (!udp->check)
		udp->check = 0xffff;
	return total;
}

size_t build_echo(void *buf, __u32 src, __u32 dst, int type, __u16 id, __u16 seq,
		  const void *payload, size_t len)
{
	struct icmphdr *icmp = (void *)((struct iphdr *)buf + 1);
	size_t total = build_ip(buf, src, dst, IPPROTO_ICMP, sizeof(*icmp) + len);

	memset(icmp, 0, sizeof(*icmp));
	icmp->type = type;
	icmp->un.echo.id = htons(id);
	icmp->un.echo.sequence = htons(seq);
	if (len)
		memcpy(icmp + 1, payload, len);
	icmp->checksum = csum(0, icmp, sizeof(*icmp) + len);
	return total;
}

bool packet_is_valid(const void *buf, size_t len, int protocol)
{
	const struct iphdr *ip = buf;
	size_t head, body;
	const void *l4;

	if (len < sizeof(*ip) || ip->version != 4 || ip->ihl < 5)
		return false;
	head = ip->ihl * 4;
	if (ntohs(ip->tot_len) != len || head > len || ip->protocol != protocol)
		return false;
	if (csum(0, ip, head))
		return false;
	l4 = (const char *)buf + head;
	body = len - head;
	switch (protocol) {
	case IPPROTO_UDP:
		return body >= sizeof(struct udphdr) && ((const struct udphdr *)l4)->check &&
		       !csum(csum_pseudo(ip, body), l4, body);
	case IPPROTO_ICMP:
		return body >= sizeof(struct icmphdr) && !csum(0, l4, body);
	}
	return true;
}

size_t build_ip6(void *buf, size_t payload)
{
	struct ip6_hdr *ip6 = buf;

	memset(buf, 0, sizeof(*ip6) + payload);
	ip6->ip6_vfc = 0x60;
	ip6->ip6_plen = htons(payload);
	ip6->ip6_nxt = 59;	/* no next header */
	ip6->ip6_hlim = 64;
	ip6->ip6_src = peer6;
	ip6->ip6_dst = local6;
	return sizeof(*ip6) + payload;
}

size_t build_frame(void *buf, const void *dst, const void *src, __u16 protocol, const void *payload,
		   size_t len)
{
	struct ethhdr *eth = buf;

	memcpy(eth->h_dest, dst, ETH_ALEN);
	memcpy(eth->h_source, src, ETH_ALEN);
	eth->h_proto = htons(protocol);
	if (payload && len)
		memmove(eth + 1, payload, len);
	return sizeof(*eth) + len;
}

__u32 be32_at(const void *p)
{
	__u32 v;

	memcpy(&v, p, 4);
	return ntohl(v);
}

const void *udp_payload(const void *packet)
{
	return (const char *)packet + IP_UDP_LEN;
}

void fill_pattern(void *buf, size_t len, unsigned int seed)
{
	__u8 *p = buf;

	while (len--) {
		seed = seed * 1103515245 + 12345;
		*p++ = seed >> 16;
	}
}
