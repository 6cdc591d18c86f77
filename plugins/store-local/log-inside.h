/* What the files of the log share: records, the table of their places (table.c),
 * reading and appending (log.c), settling (settle.c), collecting (collect.c). Private to them. */
#ifndef STORE_LOCAL_LOG_INSIDE_H
#define STORE_LOCAL_LOG_INSIDE_H

#include <sys/types.h>

#include "log.h"

/* The file: a head, then records at multiples of eight. */
struct head {
	char magic[8];
	uint64_t id;
};

struct record {
	uint32_t magic;
	uint8_t kind, space;
	uint16_t reserved;
	uint32_t day;
	uint32_t size;                 /* of the data behind it */
	uint8_t id[32];
	uint64_t check;                /* XXH3 of all but itself, and of the data */
};

_Static_assert(sizeof(struct record) == 56, "no holes");

enum {
	RECORD_MAGIC = 0x31727476,
	LOG_WINDOW = 256 << 10,        /* a log up to this size is read in one go; a larger one has an index */
	LOG_DATA_MAX = 16 << 20,       /* bytes of one record, at most; more is damage */
	LOG_CHUNK = 1 << 20,
};

uint64_t record_padded(uint64_t size);
uint64_t record_room(uint32_t size);           /* with its data, in the file */
uint64_t record_check(const struct record *r, const void *data);
bool record_is_one(const struct record *r);    /* checks the head alone */

/* Where an entry or a blob is. The index file is an array of these. */
struct slot {
	uint8_t name[LOG_NAME];
	uint8_t kind;                  /* LOG_DATA, LOG_FILE; 0: free */
	uint8_t gone;                  /* flag: dropped; keeps its place in the table */
	uint8_t touched;               /* flag: used today, to be recorded at the end */
	uint32_t day;                  /* of its last use, days since 1970 */
	uint64_t at;                   /* of its record */
	uint64_t size;                 /* of the bytes: in the log, or in its file */
};

_Static_assert(sizeof(struct slot) == 56, "no holes");

/* Called with the log's own lock held. */
void table_name(uint8_t ret[LOG_NAME], uint32_t space, const void *id);
struct slot *table_slot(const struct log *l, const uint8_t *name);     /* or the free one it would get; there must be room */
struct slot *table_find(const struct log *l, const uint8_t *name);     /* NULL: not in the table */
int table_grow(struct log *l, uint32_t want);                          /* -1: out of memory; the table is unchanged */
void table_forget(struct log *l, struct slot *s);
/* Enters a complete, verified record that starts at `at`. -1: out of memory. */
int table_take(struct log *l, const struct record *r, const uint8_t *data, uint64_t at);

ssize_t log_read_full(int fd, void *data, size_t size, uint64_t at);   /* returns fewer bytes at the end of the file */
int log_write_full(int fd, const void *data, size_t size, uint64_t at);
/* Reads the log from its beginning. 0; 1: the file is absent, or is no log; -1 with errno. */
int log_load(struct log *l);
/* Reads a record's data into malloc'ed memory. 0; 3: damaged; -1: out of memory. */
int log_read_record(struct log *l, const struct slot *s, void **ret);
/* The lock between processes; taken with `appending` held, and before the log's own lock: readers go on meanwhile. */
int log_lock(struct log *l);
void log_unlock(struct log *l);

/* Called with both locks held: */
int log_create(struct log *l, uint64_t *ret_id);       /* makes an empty log under a temporary name; returns its fd */
int log_refresh(struct log *l);                        /* reopens a replaced log, reads to its end, cuts off a torn tail */
int log_append(struct log *l, struct record *r, const void *data);
/* Appends n records with one write: all, or none. */
int log_append_many(struct log *l, struct record *r, const void *const *data, uint32_t n);

/* Collecting rewrites the log without dead and long unused records, and removes the files of
 * removed blobs. */
bool collect_is_due(const struct log *l, const struct log_settle *how);
int collect(struct log *l, struct log_settle *how);    /* with both locks, its own shared while it copies; -1: the log is as it was, or cannot be read */

/* Fills the table from the index file, if that belongs to this log. `size`: bytes of the log. */
void index_load(struct log *l, uint64_t size);
#endif
