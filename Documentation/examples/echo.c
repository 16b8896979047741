// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A host behind a tun: gets a unit from the cloner, sets it up and answers pings.
 *
 *	cc -o echo $(pkg-config --cflags bsdtun) echo.c
 *	./echo 192.0.2.1 192.0.2.2 &
 *	ping 192.0.2.2
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_tun.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A packet with the prefix that TUNSIFHEAD adds. */
struct packet {
	uint32_t family;
	uint8_t ip[TUNMRU];
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void set_address(const char *ifname, unsigned long request, const char *address)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };

	if (s < 0)
		fail("socket");
	if (!inet_aton(address, &sin.sin_addr)) {
		fprintf(stderr, "%s: not an IPv4 address\n", address);
		exit(1);
	}
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	if (ioctl(s, request, &ifr) < 0)
		fail(address);
	close(s);
}

/* Turns an echo request into its reply. Returns false for other packets. */
static bool answer(uint8_t *ip, size_t len)
{
	size_t hlen = len < 20 ? 0 : (ip[0] & 0xf) * 4;
	uint8_t *icmp = ip + hlen;
	uint8_t address[4];
	uint32_t sum;

	if (hlen < 20 || len < hlen + 8 || ip[9] != IPPROTO_ICMP || icmp[0] != ICMP_ECHO)
		return false;
	/* Ignore fragments. */
	if (ip[6] & 0x3f || ip[7])
		return false;

	/* Swapping source and destination leaves the header's checksum valid. */
	memcpy(address, ip + 12, 4);
	memcpy(ip + 12, ip + 16, 4);
	memcpy(ip + 16, address, 4);

	/* Correct the checksum for the change of the type from 8 to 0. */
	icmp[0] = ICMP_ECHOREPLY;
	sum = (icmp[2] << 8 | icmp[3]) + (ICMP_ECHO << 8);
	sum = (sum & 0xffff) + (sum >> 16);
	icmp[2] = sum >> 8;
	icmp[3] = sum;
	return true;
}

int main(int argc, char **argv)
{
	static struct packet p;
	struct ifreq ifr;
	int on = 1;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: %s OUR-ADDRESS ITS-ADDRESS\n", argv[0]);
		return 2;
	}

	/* A unit of our own; our close removes it. */
	fd = open("/dev/bsdtun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail("/dev/bsdtun");
	if (ioctl(fd, TUNSTRANSIENT, &on) < 0 || ioctl(fd, TUNSIFHEAD, &on) < 0 ||
	    ioctl(fd, TUNGIFNAME, &ifr) < 0)
		fail("ioctl");

	/* The first address sets the interface up. */
	set_address(ifr.ifr_name, SIOCSIFADDR, argv[1]);
	set_address(ifr.ifr_name, SIOCSIFDSTADDR, argv[2]);
	printf("%s: %s answers\n", ifr.ifr_name, argv[2]);
	fflush(stdout);

	for (;;) {
		ssize_t n = read(fd, &p, sizeof(p));

		if (n < 0 && errno != EINTR)
			fail("read");
		if (n < (ssize_t)sizeof(p.family) || ntohl(p.family) != AF_INET)
			continue;
		if (answer(p.ip, n - sizeof(p.family)) && write(fd, &p, n) < 0)
			fail("write");
	}
}
