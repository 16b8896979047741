// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "bsd_ioctl.h"
#include "traffic.h"
#include "util.h"

int batch_set(const struct unit *u, int on)
{
	return ioctl_set(u->fd, BSDTUNSBATCH, on);
}

size_t batch_put(void *buf, size_t len, const void *packet, size_t packet_len)
{
	struct bsdtun_record record = { .len = packet_len, .hdr_len = sizeof(record) };
	char *at = (char *)buf + len;
	size_t stride = BSDTUN_RECORD_ALIGN(record.hdr_len + record.len);

	memset(at, 0, stride);
	memcpy(at, &record, sizeof(record));
	memcpy(at + sizeof(record), packet, packet_len);
	return len + stride;
}

const struct bsdtun_record *batch_next(struct batch *b)
{
	const struct bsdtun_record *record = (const void *)(b->buf + b->at);
	size_t left = b->len - b->at, end, i;

	if (left < RECORD_LEN || record->hdr_len != RECORD_LEN || record->len > left - RECORD_LEN)
		return NULL;
	end = BSDTUN_RECORD_ALIGN(RECORD_LEN + record->len);
	if (end > left)
		end = left;
	for (i = RECORD_LEN + record->len; i < end; i++)
		if (b->buf[b->at + i])
			return NULL;
	b->at += end;
	return record;
}

const void *batch_data(const struct bsdtun_record *record)
{
	return (const char *)record + record->hdr_len;
}

long batch_numbers(const struct unit *u, const void *buf, size_t len, unsigned int first)
{
	struct batch b = { .buf = buf, .len = len };
	long n = 0;

	while (b.at < b.len) {
		const struct bsdtun_record *record = batch_next(&b);

		if (!record || record->flags ||
		    number_of(u, batch_data(record), record->len) != (long)first + n)
			return -EBADMSG;
		n++;
	}
	return n;
}

long batch_read_numbered(const struct unit *u, void *buf, size_t size, unsigned int first)
{
	ssize_t len = ERR(read(u->fd, buf, size));

	return len < 0 ? len : batch_numbers(u, buf, len, first);
}
