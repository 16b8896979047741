/* SPDX-License-Identifier: GPL-2.0 */
/* UDP and packet sockets. */
#ifndef BSDTUN_LIB_SOCKET_H
#define BSDTUN_LIB_SOCKET_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/types.h>

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY	60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY	0x4000000
#endif

/* A UDP socket bound to @addr (0: any) and @port. */
int udp_socket(__u32 addr, __u16 port);

/* Never blocks. Returns the length or -errno. */
ssize_t udp_send(int fd, __u32 dst, __u16 port, const void *data, size_t len);

/* A UDP socket connected to the program that has the node open. */
int udp_connect_to_peer(void);

/* Sends @len bytes of a file with sendfile(): as one packet on a UDP socket. */
ssize_t send_file(int fd, int file, off_t from, size_t len);

/* Lets a socket send with MSG_ZEROCOPY. */
int enable_zerocopy(int fd);

/* A socket that transmits on an interface without changing the packet; it receives nothing. */
int packet_socket(void);
ssize_t packet_send(int fd, int ifindex, int protocol, const void *buf, size_t len);

/* A socket that receives the packets of one protocol, ETH_P_ALL for both directions. */
int packet_listener(int ifindex, int protocol);

#endif /* BSDTUN_LIB_SOCKET_H */
