/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets of a unit of any kind: bare IPv4 of a tun without a header, Ethernet frames of tap and
 * vmnet. The stack is at 10.42.0.1, the peer, which is the program that has the node open, at
 * 10.42.0.2.
 */
#ifndef BSDTUN_LIB_TRAFFIC_H
#define BSDTUN_LIB_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>

#include "unit.h"

/* A MAC address of neither the interface nor the peer. */
#define OTHER_MAC	"\x02\x42\x0a\x2a\x00\x09"

#define LOCAL_ETHERTYPE	0x88b5		/* for local experiments */
#define MAX_PACKET	65535		/* the longest packet or frame that write() accepts */

/* The length on the node of a UDP packet with @n bytes of data. */
size_t unit_udp_len(const struct unit *u, size_t n);

/* Builds a UDP packet from the peer to PORT of the interface. Returns its length. */
size_t unit_build_udp(const struct unit *u, void *buf, const void *data, size_t n);

/* True if @buf is one UDP packet from the interface to the peer with correct checksums. */
bool unit_udp_is_valid(const struct unit *u, const void *buf, size_t len);

/* The parts of a packet of the node. */
const void *unit_ip(const struct unit *u, const void *buf);
const void *unit_udp_data(const struct unit *u, const void *buf);

/*
 * Transmits packet number @n on the interface, bypassing socket buffers. Returns 0 or the error of
 * the driver.
 */
long send_numbered(const struct unit *u, int raw, unsigned int n);

/* The length on the node of such a packet. */
size_t numbered_len(const struct unit *u);

/* The number of a packet of send_numbered(), or -EPROTO. */
long number_of(const struct unit *u, const void *packet, size_t len);

/* Reads a packet of send_numbered() from the node. Returns its number or -errno. */
long read_numbered(const struct unit *u);

/*
 * Reads until no packet has arrived for a while. Returns how many packets had the numbers from
 * @first on, in order.
 */
int drain_numbered(const struct unit *u, unsigned int first);

#endif /* BSDTUN_LIB_TRAFFIC_H */
