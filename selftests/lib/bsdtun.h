/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that the tests share, except what needs the harness. Each subject has a header with
 * declarations and a C file with the code.
 *
 * The tests run in a network namespace of their own, so addresses, routes and interface names do
 * not collide with those of the machine. Unit numbers and nodes are global.
 */
#ifndef BSDTUN_LIB_BSDTUN_H
#define BSDTUN_LIB_BSDTUN_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/sockios.h>

#include "bsd_ioctl.h"
#include "ethtool.h"
#include "fault.h"
#include "kmsg.h"
#include "link.h"
#include "module.h"
#include "netlink.h"
#include "netns.h"
#include "packet.h"
#include "process.h"
#include "signal.h"
#include "sleeper.h"
#include "socket.h"
#include "sysctl.h"
#include "unit.h"
#include "uring.h"
#include "util.h"
#include "wait.h"

#endif /* BSDTUN_LIB_BSDTUN_H */
