/* SPDX-License-Identifier: GPL-2.0 */
/* Batch mode: sequences of records. */
#ifndef BSDTUN_LIB_BATCH_H
#define BSDTUN_LIB_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <linux/if_bsdtun.h>

#include "unit.h"

#define RECORD_LEN	sizeof(struct bsdtun_record)

/* Switches batch mode on or off. Returns 0 or -errno. */
int batch_set(const struct unit *u, int on);

/* Appends a record at @buf + @len, padded to the next one. Returns the new length. */
size_t batch_put(void *buf, size_t len, const void *packet, size_t packet_len);

/* The records that a read returned. */
struct batch {
	const char *buf;
	size_t len;
	size_t at;	/* of the next record */
};

/*
 * The next record, or NULL at the end. Records must be complete and padded with zeros; the last one
 * may lack its padding.
 */
const struct bsdtun_record *batch_next(struct batch *b);

/* What follows the header of a record. */
const void *batch_data(const struct bsdtun_record *record);

/*
 * The number of records of send_numbered() that @buf holds, whose numbers are those from @first on;
 * -EBADMSG if it holds anything else.
 */
long batch_numbers(const struct unit *u, const void *buf, size_t len, unsigned int first);

/* Reads such records. Returns their number, or -errno. */
long batch_read_numbered(const struct unit *u, void *buf, size_t size, unsigned int first);

#endif /* BSDTUN_LIB_BATCH_H */
