// SPDX-License-Identifier: GPL-2.0
/* Programs of the fuzzer: random ones, mutations and recombinations, and their text. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

static const char *const op_names[OPS] = {
	"ready", "add", "change", "delete", "link", "show", "address", "qdisc", "ethtool",
	"attribute", "sysctl", "open", "clone", "close", "dup", "ioctl", "read", "write",
	"poll", "fcntl", "fdinfo", "send",
};

/* The relative frequency of each operation among random calls. */
static const __u8 op_weights[OPS] = {
	[OP_READY] = 4, [OP_ADD] = 3, [OP_CHANGE] = 2, [OP_DELETE] = 2, [OP_LINK] = 5,
	[OP_SHOW] = 1, [OP_ADDRESS] = 2, [OP_QDISC] = 1, [OP_ETHTOOL] = 1,
	[OP_ATTRIBUTE] = 2, [OP_SYSCTL] = 1, [OP_OPEN] = 4, [OP_CLONE] = 2, [OP_CLOSE] = 3,
	[OP_DUP] = 1, [OP_IOCTL] = 8, [OP_READ] = 5, [OP_WRITE] = 6, [OP_POLL] = 2,
	[OP_FCNTL] = 2, [OP_FDINFO] = 1, [OP_SEND] = 6,
};

static const __u32 values[] = {
	0, 1, 2, 3, 4, 0x10, 0x12, 0x40, 71, 72, 100, 500, 1500, 0x1002, 0x1010, 0x8002, 0x8010,
	0x9010, 32767, 32768, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
};

unsigned int fault_of(const struct call *call)
{
	return call->fault < 0xc0 ? 0 : call->fault % 16 + 1;
}

static unsigned int random_state;

static unsigned int random_below(unsigned int sides)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % sides;
}

static void random_call(struct call *call)
{
	unsigned int total = 0, turn, i;

	for (i = 0; i < OPS; i++)
		total += op_weights[i];
	turn = random_below(total);
	for (i = 0; turn >= op_weights[i]; i++)
		turn -= op_weights[i];
	call->op = i;
	call->obj = random_below(4);
	call->how = random_below(256);
	call->fault = random_below(6) ? 0 : 0xc0 + random_below(64);
	call->a = random_below(2) ? random_below(32) : random_below(65536);
	call->b = random_below(2) ? random_below(32) : random_below(65536);
	if (random_below(3))
		call->c = PICK(values, random_below(256));
	else
		call->c = random_below(1 << 24) << random_below(9);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct call calls[CALLS_MAX], *call, *other, swap;
	size_t n = size / sizeof(*calls), max = max_size / sizeof(*calls), at, more;

	if (max > CALLS_MAX)
		max = CALLS_MAX;
	if (n > max)
		n = max;
	if (!max)
		return size;
	memcpy(calls, data, n * sizeof(*calls));
	random_state = seed;
	do {
		unsigned int what = random_below(16);

		if (!n || (what < 5 && n < max)) {
			/* Several at once: a call often needs others before it. */
			more = 1 + random_below(6);
			if (more > max - n)
				more = max - n;
			at = random_below(n + 1);
			memmove(calls + at + more, calls + at, (n - at) * sizeof(*calls));
			n += more;
			while (more--)
				random_call(calls + at++);
			continue;
		}
		at = random_below(n);
		call = calls + at;
		switch (what) {
		case 0 ... 6:
			if (n > 1) {
				n--;
				memmove(call, call + 1, (n - at) * sizeof(*calls));
			}
			break;
		case 7:
			calls[random_below(n)] = *call;
			break;
		case 8:
			other = calls + random_below(n);
			swap = *other;
			*other = *call;
			*call = swap;
			break;
		case 9:
			call->obj = random_below(4);
			break;
		case 10:
		case 11:
			call->how = random_below(256);
			break;
		case 12:
			call->fault = call->fault ? 0 : 0xc0 + random_below(64);
			break;
		case 13:
			call->a = random_below(2) ? random_below(32) : random_below(65536);
			call->b = random_below(2) ? random_below(32) : random_below(65536);
			break;
		case 14:
			call->c = PICK(values, random_below(256));
			break;
		default:
			((__u8 *)call)[random_below(sizeof(*call))] = random_below(256);
			break;
		}
	} while (random_below(3));
	memcpy(data, calls, n * sizeof(*calls));
	return n * sizeof(*calls);
}

/* The first calls of one program, then the last of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_size, unsigned int seed)
{
	size_t size = sizeof(struct call), n1 = size1 / size, n2 = size2 / size, head, tail;

	random_state = seed;
	head = random_below(n1 + 1);
	tail = random_below(n2 + 1);
	if ((head + tail) * size > max_size)
		return 0;
	memcpy(out, data1, head * size);
	memcpy(out + head * size, data2 + (n2 - tail) * size, tail * size);
	return (head + tail) * size;
}

size_t describe_program(char *text, size_t size, const struct call *calls, size_t n)
{
	const __u8 *bytes = (const void *)calls;
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		const struct call *call = calls + i;
		int fault = fault_of(call);

		len += snprintf(text + len, size - len,
				"%2zu %-9s %u how %#04x a %u b %u c %#x", i + 1,
				op_names[call->op % OPS], call->obj, call->how, call->a,
				call->b, call->c);
		if (fault)
			len += snprintf(text + len, size - len, ", allocation %d fails", fault);
		text[len++] = '\n';
	}
	/* The bytes of the program, as basenc --base16 -d reads them. */
	for (i = 0; i < n * sizeof(*calls); i++)
		len += snprintf(text + len, size - len, "%02X", bytes[i]);
	text[len++] = '\n';
	return len;
}
