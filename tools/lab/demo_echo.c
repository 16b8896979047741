// SPDX-License-Identifier: GPL-2.0
/*
 * A neighbour behind a tun: it opens the node, reads one IPv4 packet at a time
 * and answers every ICMP echo request with one write, as the host on the other
 * side of the interface would.
 *
 * demo_echo NODE [COUNT]: ends after COUNT answers, or when it is killed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The Internet checksum: over data that holds a valid one it gives 0. */
static uint16_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (; len > 1; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

/* Turn a request into its reply, in place; false if it is none. */
static bool answer(uint8_t *packet, size_t len, size_t *reply_len)
{
	struct iphdr ip;
	struct icmphdr icmp;
	size_t hlen, total;
	uint32_t us;

	if (len < sizeof(ip))
		return false;
	memcpy(&ip, packet, sizeof(ip));
	hlen = ip.ihl * 4;
	total = ntohs(ip.tot_len);
	if (ip.version != 4 || hlen < sizeof(ip) || total > len ||
	    total < hlen + sizeof(icmp) || checksum(packet, hlen))
		return false;
	if (ip.protocol != IPPROTO_ICMP ||
	    ip.frag_off & htons(IP_MF | IP_OFFMASK))
		return false;

	memcpy(&icmp, packet + hlen, sizeof(icmp));
	if (icmp.type != ICMP_ECHO || checksum(packet + hlen, total - hlen))
		return false;

	us = ip.daddr;
	ip.daddr = ip.saddr;
	ip.saddr = us;
	ip.ttl = IPDEFTTL;
	ip.check = 0;
	memcpy(packet, &ip, sizeof(ip));
	ip.check = checksum(packet, hlen);
	memcpy(packet, &ip, sizeof(ip));

	icmp.type = ICMP_ECHOREPLY;
	icmp.checksum = 0;
	memcpy(packet + hlen, &icmp, sizeof(icmp));
	icmp.checksum = checksum(packet + hlen, total - hlen);
	memcpy(packet + hlen, &icmp, sizeof(icmp));

	printf("demo_echo: echo request %u from %s, %zu bytes: answered\n",
	       ntohs(icmp.un.echo.sequence),
	       inet_ntoa((struct in_addr){ .s_addr = ip.daddr }), total);
	*reply_len = total;
	return true;
}

int main(int argc, char **argv)
{
	uint8_t packet[65535];
	long left;
	int fd;

	if (argc < 2) {
		fprintf(stderr, "usage: %s NODE [COUNT]\n", argv[0]);
		return 2;
	}
	left = argc > 2 ? strtol(argv[2], NULL, 10) : -1;
	setvbuf(stdout, NULL, _IOLBF, 0);

	fd = open(argv[1], O_RDWR);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	printf("demo_echo: opened %s\n", argv[1]);

	while (left) {
		ssize_t len = read(fd, packet, sizeof(packet));
		size_t reply_len;

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0) {
			perror("read");
			return 1;
		}
		if (!answer(packet, len, &reply_len))
			continue;
		if (write(fd, packet, reply_len) != (ssize_t)reply_len) {
			perror("write");
			return 1;
		}
		if (left > 0)
			left--;
	}
	close(fd);
	return 0;
}
