/* SPDX-License-Identifier: GPL-2.0 */
/* The fuzzer of system calls, see fuzz_main.c. */
#ifndef BSDTUN_FUZZ_H
#define BSDTUN_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "kselftest.h"

#include "lib/bsdtun.h"

/* ---- programs: fuzz_program.c ---- */

enum op {
	OP_READY,		/* creates a unit, opens it, sets it up */
	OP_ADD,
	OP_CHANGE,		/* attributes of the kind, by rtnetlink */
	OP_DELETE,
	OP_LINK,		/* attributes of any interface */
	OP_SHOW,
	OP_ADDRESS,
	OP_QDISC,
	OP_ETHTOOL,
	OP_ATTRIBUTE,		/* in sysfs */
	OP_SYSCTL,
	OP_OPEN,
	OP_CLONE,
	OP_CLOSE,
	OP_DUP,
	OP_IOCTL,
	OP_READ,
	OP_WRITE,
	OP_POLL,
	OP_FCNTL,
	OP_FDINFO,
	OP_SEND,
	OPS,
};

struct call {
	__u8 op;
	__u8 obj;		/* selects a unit or descriptor */
	__u8 how;
	__u8 fault;		/* see fault_of() */
	__u16 a;
	__u16 b;
	__u32 c;
};

#define CALLS_MAX 48
#define UNITS 3
#define FDS 4

#define PICK(of, by) ((of)[(by) % ARRAY_SIZE(of)])

/* The number of the allocation that fails in this call, or 0. */
unsigned int fault_of(const struct call *call);

/* Writes the program as text, one call per line, then as hexadecimal digits. Returns the length. */
size_t describe_program(char *text, size_t size, const struct call *calls, size_t n);

/* ---- state of the running program: fuzz_main.c ---- */

#define FUZZ_KINDS 3

extern const char *const fuzz_kinds[FUZZ_KINDS];

struct fuzz_unit {
	int ifindex;		/* 0: none */
	int number;
	int kind;
	char ifname[IFNAMSIZ];
};

struct fuzz_fd {
	int fd;			/* -1: none */
	struct fuzz_unit *unit;
};

extern struct fuzz_unit units[UNITS];
extern struct fuzz_fd fds[FDS];

/* Netlink sockets of the first and the second network namespace; units are moved to the second. */
extern int netlink_fd[2], second_netns;
extern int udp_fd, packet_fd;

/* Memory for arguments and packets, with an unmapped page behind it. */
extern char *buffer;
extern size_t buffer_size;
extern timer_t timer;
extern bool sysctls_changed, units_moved;

/*
 * The first unit or descriptor, counting from @obj, that exists or does not. With it most calls
 * have an object.
 */
struct fuzz_unit *unit_from(unsigned int obj, bool exists);
struct fuzz_fd *fd_from(unsigned int obj, bool exists);
struct fuzz_unit *unit_of(const struct call *call);
int fd_of(const struct call *call);

/* The addresses of a unit's interface and of its program. */
__u32 local_of(const struct fuzz_unit *u);
__u32 peer_of(const struct fuzz_unit *u);

/* ---- calls on interfaces: fuzz_link.c ---- */

#define SYSCTLS 8

extern const char *const sysctls[SYSCTLS];

int request(int ns, struct nl_request *req, struct link *link);
int unit_add(struct fuzz_unit *u, const struct call *call, int kind);
int unit_open_node(const struct call *call, struct fuzz_unit *u, struct fuzz_fd *fd);
long address_change(const struct fuzz_unit *u, bool add, bool ipv6);
long call_ready(const struct call *call);
long call_change(const struct call *call);
long call_delete(const struct call *call);
long call_link(const struct call *call);
long call_show(const struct call *call);
long call_qdisc(const struct call *call);
long call_ethtool(const struct call *call);
long call_attribute(const struct call *call);
long call_sysctl(const struct call *call);
long call_clone(const struct call *call);

/* Deletes every unit of a namespace. */
void delete_units(int ns);

/* ---- calls on descriptors and sockets: fuzz_calls.c ---- */

int open_flags(const struct call *call);

/* Runs any call. */
long run_call(const struct call *call);

/* ---- coverage, kernel log and record: fuzz_report.c ---- */

extern unsigned long programs_run, calls_made, faults_injected;

void kcov_start(void);
void kcov_begin(void);
void kcov_end(void);
void open_log(void);

/* True if the kernel logged a warning since the last call. */
bool log_has_warning(void);
void open_record(void);

/* The record is replaced by one write, which is slow in a VM. */
void write_record(const char *text, size_t size);

void print_summary(void);

#endif /* BSDTUN_FUZZ_H */
