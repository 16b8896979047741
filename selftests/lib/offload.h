/* SPDX-License-Identifier: GPL-2.0 */
/* Offload headers, and packets whose checksum or segmentation is left to the receiver. */
#ifndef BSDTUN_LIB_OFFLOAD_H
#define BSDTUN_LIB_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <linux/types.h>
#include <linux/virtio_net.h>

#include "unit.h"

#define OFFLOAD_CAPS_ALL	0x71f7
#define OFFLOAD_HEADER_MAX	12

/* A unit's offload header and framing. */
struct offload {
	const char *kind;
	int virtio;		/* length of virtio's header; 0: struct tun_hdr */
	bool head;		/* with TUNSIFHEAD */
};

size_t offload_header_len(const struct offload *o);

/* The length of all that precedes an IP packet, an Ethernet header included. */
size_t offload_prefix_len(const struct offload *o);

/* Switches the header on, OpenBSD's with these capabilities, or off. Returns 0 or -errno. */
int offload_on(const struct unit *u, const struct offload *o, unsigned int caps);
int offload_off(const struct unit *u, const struct offload *o);

/*
 * Stores the prefix of a packet that a program writes, as the virtio header says, whose offsets
 * count from the IP header. Returns its length.
 */
size_t offload_put(const struct unit *u, const struct offload *o, void *buf, int family,
		   const struct virtio_net_hdr *hdr);

/* The virtio header that describes a packet read, with offsets from the IP header. */
struct virtio_net_hdr offload_get(const struct offload *o, const void *buf);

/*
 * Builds a TCP or UDP packet over IPv4 or IPv6, from the peer to the interface or back, with a
 * pattern as payload. Its checksum is that of the pseudo-header only if @partial is true.
 */
size_t build_l4(void *buf, int family, int protocol, bool from_peer, size_t payload, bool partial);

/* The checksum field of such a packet behind this IP header. */
__u16 pseudo_check(const void *ip, size_t l4_len, int protocol);

/* Length of the headers of such a packet. */
size_t l4_headers_len(int family, int protocol);

/* The virtio header of such a packet: to be segmented if @gso_size is not 0. */
struct virtio_net_hdr l4_virtio(int family, int protocol, size_t gso_size);

/* True if @ip is exactly one such packet with correct checksums. */
bool l4_is_valid(const void *ip, size_t len);

/* Completes the checksum that the virtio header leaves to the program. */
void complete_checksum(void *ip, size_t len, const struct virtio_net_hdr *hdr);

/*
 * Cuts the segment whose payload begins at @at out of a superpacket, as the virtio header says, and
 * finishes it. Returns its length.
 */
size_t cut_segment(void *segment, const void *ip, size_t len, const struct virtio_net_hdr *hdr,
		   size_t at);

/* A packet socket that transmits packets behind a virtio header. */
int vnet_socket(void);

/*
 * Transmits a packet of this protocol on the interface, as the header says, whose offsets count
 * from the packet. Never blocks.
 */
ssize_t vnet_send_protocol(int fd, const struct unit *u, const struct virtio_net_hdr *hdr,
			   int protocol, const void *packet, size_t len);

/* The same for an IP packet. */
ssize_t vnet_send(int fd, const struct unit *u, const struct virtio_net_hdr *hdr, const void *ip,
		  size_t len);

#endif /* BSDTUN_LIB_OFFLOAD_H */
