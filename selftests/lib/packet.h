/* SPDX-License-Identifier: GPL-2.0 */
/* IPv4 packets and Ethernet frames with correct checksums. */
#ifndef BSDTUN_LIB_PACKET_H
#define BSDTUN_LIB_PACKET_H

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define LOCAL		0x0a2a0001u	/* 10.42.0.1, the interface */
#define PEER		0x0a2a0002u	/* 10.42.0.2, the program that has the node open */
extern const struct in6_addr local6;	/* fd42::1 */
extern const struct in6_addr peer6;	/* fd42::2 */

#define PORT		4242		/* of UDP and TCP */

/* The MAC address of the program that has the node of an Ethernet unit open. */
#define PEER_MAC	"\x02\x42\x0a\x2a\x00\x02"

#define IP_UDP_LEN	(sizeof(struct iphdr) + sizeof(struct udphdr))

/* Internet checksums: csum_add() adds to a partial sum, csum() also folds and complements it. */
__u32 csum_add(__u32 sum, const void *data, size_t len);
__u16 csum(__u32 sum, const void *data, size_t len);

/* Each builds a packet in @buf and returns its length. Addresses and ports are in host order. */
size_t build_ip(void *buf, __u32 src, __u32 dst, int protocol, size_t payload);
size_t build_udp(void *buf, __u32 src, __u32 dst, __u16 sport, __u16 dport, const void *payload,
		 size_t len);
size_t build_echo(void *buf, __u32 src, __u32 dst, int type, __u16 id, __u16 seq,
		  const void *payload, size_t len);

/* A minimal IPv6 packet from the peer, with @payload zeros. */
size_t build_ip6(void *buf, size_t payload);

/* An Ethernet frame. @payload may be NULL, or its final place in @buf. */
size_t build_frame(void *buf, const void *dst, const void *src, __u16 protocol, const void *payload,
		   size_t len);

/* True if @buf is exactly one IPv4 packet of this protocol, with correct checksums. */
bool packet_is_valid(const void *buf, size_t len, int protocol);

/* The number in big endian at @p, such as the address family before a packet. */
__u32 be32_at(const void *p);

const void *udp_payload(const void *packet);

/* Fills @buf with pseudorandom bytes. */
void fill_pattern(void *buf, size_t len, unsigned int seed);

#endif /* BSDTUN_LIB_PACKET_H */
