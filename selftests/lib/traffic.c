// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_ether.h>

#include "packet.h"
#include "socket.h"
#include "traffic.h"
#include "util.h"
#include "wait.h"

size_t unit_udp_len(const struct unit *u, size_t n)
{
	return link_header_len(u) + IP_UDP_LEN + n;
}

const void *unit_ip(const struct unit *u, const void *buf)
{
	return (const char *)buf + link_header_len(u);
}

const void *unit_udp_data(const struct unit *u, const void *buf)
{
	return udp_payload(unit_ip(u, buf));
}

size_t unit_build_udp(const struct unit *u, void *buf, const void *data, size_t n)
{
	size_t head = link_header_len(u);
	size_t len = build_udp((char *)buf + head, PEER, LOCAL, 7, PORT, data, n);

	return head ? build_frame(buf, u->mac, PEER_MAC, ETH_P_IP, NULL, len) : len;
}

static bool frame_header_is_valid(const struct unit *u, const void *buf)
{
	const struct ethhdr *eth = buf;

	return !memcmp(eth->h_dest, PEER_MAC, ETH_ALEN) &&
	       !memcmp(eth->h_source, u->mac, ETH_ALEN) && eth->h_proto == htons(ETH_P_IP);
}

bool unit_udp_is_valid(const struct unit *u, const void *buf, size_t len)
{
	size_t head = link_header_len(u);

	return len > head && (!head || frame_header_is_valid(u, buf)) &&
	       packet_is_valid(unit_ip(u, buf), len - head, IPPROTO_UDP);
}

long send_numbered(const struct unit *u, int raw, unsigned int n)
{
	char packet[64];
	int protocol;
	size_t len;
	long ret;

	if (link_header_len(u)) {
		protocol = LOCAL_ETHERTYPE;
		len = build_frame(packet, PEER_MAC, OTHER_MAC, protocol, &n, sizeof(n));
	} else {
		protocol = ETH_P_IP;
		len = build_udp(packet, LOCAL, PEER, 1, 2, &n, sizeof(n));
	}
	ret = packet_send(raw, u->ifindex, protocol, packet, len);
	return ret == (long)len ? 0 : ret;
}

size_t numbered_len(const struct unit *u)
{
	return link_header_len(u) ? ETH_HLEN + sizeof(unsigned int) :
				    IP_UDP_LEN + sizeof(unsigned int);
}

long number_of(const struct unit *u, const void *packet, size_t len)
{
	unsigned int n;

	if (len != numbered_len(u) ||
	    (!link_header_len(u) && !packet_is_valid(packet, len, IPPROTO_UDP)))
		return -EPROTO;
	/* The number is the end of the packet. */
	memcpy(&n, (const char *)packet + len - sizeof(n), sizeof(n));
	return n;
}

long read_numbered(const struct unit *u)
{
	char packet[128];
	long len = ERR(read(u->fd, packet, sizeof(packet)));

	return len < 0 ? len : number_of(u, packet, len);
}

int drain_numbered(const struct unit *u, unsigned int first)
{
	int n = 0;

	while (WAIT_FOR(poll_now(u->fd, POLLIN) & POLLIN, 10 * QUIET_MS))
		n += read_numbered(u) == (long)first + n;
	return n;
}
