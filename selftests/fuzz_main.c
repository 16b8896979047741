// SPDX-License-Identifier: GPL-2.0
/*
 * A fuzzer of the driver's system calls, with libFuzzer's engine: device nodes, the sockets above
 * the interfaces, and rtnetlink. KCOV reports the code of the driver that a program reached; the
 * engine keeps and mutates programs that reached something new.
 *
 * An input is a program, a list of struct call. Any bytes are a valid program, and every program
 * starts without units, so an input is enough to reproduce a run. The program that runs is recorded
 * in a file, in case that the kernel crashes. After each program the kernel log is checked.
 *
 * BSDTUN_RECORD=FILE		the record
 * BSDTUN_OOPS_PATTERNS=FILE	regular expressions, one per line, that match bugs in the kernel log
 * BSDTUN_IGNORED_WARNINGS=FILE	exceptions from these
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

const char *const fuzz_kinds[FUZZ_KINDS] = { TUN_KIND, TAP_KIND, VMNET_KIND };
struct fuzz_unit units[UNITS];
struct fuzz_fd fds[FDS];
int netlink_fd[2], second_netns, udp_fd, packet_fd;
char *buffer;
size_t buffer_size;
timer_t timer;
bool sysctls_changed, units_moved;

static char sysctls_saved[SYSCTLS][16];
static int fault_fd = -1;

struct fuzz_unit *unit_from(unsigned int obj, bool exists)
{
	int i;

	for (i = 0; i < UNITS; i++)
		if (!!units[(obj + i) % UNITS].ifindex == exists)
			return units + (obj + i) % UNITS;
	return units + obj % UNITS;
}

struct fuzz_fd *fd_from(unsigned int obj, bool exists)
{
	int i;

	for (i = 0; i < FDS; i++) {
		struct fuzz_fd *fd = fds + (obj + i) % FDS;
		bool open = fd->fd >= 0;

		if (open == exists)
			return fd;
	}
	return fds + obj % FDS;
}

struct fuzz_unit *unit_of(const struct call *call)
{
	return unit_from(call->obj, true);
}

int fd_of(const struct call *call)
{
	return fd_from(call->obj, true)->fd;
}

__u32 local_of(const struct fuzz_unit *u)
{
	return LOCAL + (u - units) * 0x100;
}

__u32 peer_of(const struct fuzz_unit *u)
{
	return local_of(u) + 1;
}

static void reset_state(void)
{
	size_t i;

	for (i = 0; i < FDS; i++) {
		if (fds[i].fd >= 0)
			close(fds[i].fd);
		fds[i] = (struct fuzz_fd){ -1, NULL };
	}
	delete_units(0);
	if (units_moved)
		delete_units(1);
	units_moved = false;
	memset(units, 0, sizeof(units));
	for (i = 0; sysctls_changed && i < SYSCTLS; i++)
		sysctl_write(sysctls[i], sysctls_saved[i]);
	sysctls_changed = false;
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Limits faults to calls from the driver. */
static void setup_faults(void)
{
	static const char *const names[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	unsigned long start = -1UL, end = 0, address;
	char line[512], type, path[128], text[32];
	FILE *symbols;
	size_t i;

	fault_fd = fault_open();
	if (fault_fd == -ENOTRECOVERABLE)
		errx(1, "cannot configure fault injection in /sys/kernel/debug");
	if (fault_fd < 0)
		return;
	symbols = fopen("/proc/kallsyms", "r");
	if (!symbols)
		err(1, "/proc/kallsyms");
	while (fgets(line, sizeof(line), symbols)) {
		if (!strstr(line, "[bsdtun]") || sscanf(line, "%lx %c", &address, &type) != 2 ||
		    (type != 't' && type != 'T'))
			continue;
		if (address < start)
			start = address;
		if (address > end)
			end = address;
	}
	fclose(symbols);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s/require-start", names[i]);
		snprintf(text, sizeof(text), "%#lx", start);
		write_file(path, text);
		snprintf(path, sizeof(path), DEBUGFS "%s/require-end", names[i]);
		snprintf(text, sizeof(text), "%#lx", end);
		write_file(path, text);
		snprintf(path, sizeof(path), DEBUGFS "%s/stacktrace-depth", names[i]);
		write_file(path, "32");
	}
}

/*
 * Packets for other hosts are routed to an interface without segmentation offload, behind a filter
 * and a capture, where superpackets end. Kernels without these have fewer neighbors.
 */
static void setup_neighbor(void)
{
	static const char *const commands[] = {
		"ip link add near group 1 type veth peer name far group 1",
		"ip link set near up arp off",
		"ip link set far up",
		"ip addr add 10.99.0.1/24 dev near",
		"ip addr add fd99::1/64 dev near nodad",
		"ip route add default dev near",
		"ip -6 route add default dev near",
		"ethtool -K near tso off gso off tx off",
		"nft add table inet fuzz",
		"nft 'add chain inet fuzz forward { type filter hook forward priority 0; }'",
		"nft add rule inet fuzz forward ct state new counter",
		"tc qdisc add dev near clsact",
		"tc filter add dev near egress matchall action mirred egress mirror dev lo",
	};
	unsigned int i;

	write_file("/proc/sys/net/ipv4/ip_forward", "1");
	write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (run_command("%s 2>/dev/null", commands[i]))
			fprintf(stderr, "# no neighbor: %s\n", commands[i]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
	long page = sysconf(_SC_PAGESIZE);
	int netns;
	size_t i;

	(void)argc;
	(void)argv;
	if (!netns_is_private())
		errx(1, "needs root, and a network namespace of its own");
	open_log();
	open_record();
	netns = netns_open();
	netlink_fd[0] = nl_open();
	udp_fd = udp_socket(0, 0);
	packet_fd = packet_socket();
	if (netns_new() || link_set_u32(1, IFLA_GROUP, 1))
		err(1, "cannot create a network namespace");
	second_netns = netns_open();
	netlink_fd[1] = nl_open();
	if (netns < 0 || netlink_fd[0] < 0 || netlink_fd[1] < 0 || udp_fd < 0 || packet_fd < 0 ||
	    setns(netns, CLONE_NEWNET))
		err(1, "cannot open sockets");
	netns_configure();
	netns_enable_ipv6();
	setup_neighbor();

	buffer_size = 160 * 1024;
	buffer = mmap(NULL, buffer_size + page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED || mprotect(buffer + buffer_size, page, PROT_NONE))
		err(1, "cannot map the buffer");
	for (i = 0; i < FDS; i++)
		fds[i].fd = -1;
	for (i = 0; i < SYSCTLS; i++)
		sysctl_read(sysctls[i], sysctls_saved[i], sizeof(sysctls_saved[i]));

	signal(SIGIO, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGRTMIN, &action, NULL);
	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		err(1, "timer_create");
	setup_faults();
	atexit(print_summary);
	kcov_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[CALLS_MAX * 160];
	struct call calls[CALLS_MAX];
	size_t n = size / sizeof(*calls), i, len;

	if (n > CALLS_MAX)
		n = CALLS_MAX;
	memcpy(calls, data, n * sizeof(*calls));
	len = describe_program(text, sizeof(text), calls, n);
	memset(text + len, '\n', sizeof(text) - len);
	write_record(text, sizeof(text));

	kcov_begin();
	for (i = 0; i < n; i++) {
		unsigned int nth = fault_fd < 0 ? 0 : fault_of(calls + i);

		if (nth && fault_set_nth(fault_fd, nth))
			errx(1, "cannot write fail-nth");
		run_call(calls + i);
		if (nth)
			faults_injected += fault_was_injected(fault_fd);
		calls_made++;
	}
	kcov_end();
	programs_run++;
	reset_state();

	if (log_has_warning()) {
		printf("# after this program:\n%.*s", (int)len, text);
		print_summary();
		abort();
	}
	return 0;
}
