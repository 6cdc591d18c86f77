/* log: entries and small blobs, one checksummed record per append.
 *
 * Reading never waits: a process reads the log once, and remembers where each record is. Appending
 * holds a short lock between processes. The next append cuts off a torn tail; readers skip damaged
 * records. Compacting writes a new file and renames it; processes that have the old file open go
 * on reading that.
 *
 * Many threads may share one struct log; results are copies. */
#ifndef STORE_LOCAL_LOG_H
#define STORE_LOCAL_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vt-plugin.h"

enum { LOG_NAME = 1 + sizeof(vt_id) };         /* space, id */
enum log_kind { LOG_DATA = 1, LOG_FILE, LOG_DROP, LOG_TOUCH };

struct slot;                                   /* place of an entry or a blob */

struct log {
	pthread_mutex_t appending;     /* held while the lock between processes is waited for and held; guards lock_fd */
	int lock_fd;                   /* the lock's file; -1 */
	pthread_rwlock_t lock;         /* guards the members below; shared for reading, exclusive for the rest; taken last */
	int dir;                       /* the store's folder; -1: not made yet */
	int fd;                        /* the log; -1 */
	uint64_t id;                   /* of this log; an index with another id is ignored */
	uint64_t end;                  /* the log was read up to here */
	uint64_t dead;                 /* bytes of replaced and dropped records */
	uint64_t file_bytes;           /* of all large blobs */
	_Atomic uint32_t bad;          /* damaged records that were skipped */
	char *window;                  /* [0, window_size) of the log, when it is small */
	size_t window_size, window_room;       /* bytes; room: as allocated */
	struct slot *slots;            /* open addressing; a power of two */
	uint32_t room, used, live;     /* slots; used: also dropped ones */
	uint32_t today;
	uint32_t touches;              /* slots with `touched` */
	uint64_t indexed;              /* the index file covers the log up to here */
	bool changed;                  /* flag: this process appended something */
};

void log_init(struct log *l);
/* Opens the store. 0; 1: there is no store yet; -1 with errno. */
int log_open(struct log *l, const char *dir);
void log_close(struct log *l);

/* Returns a malloc'ed copy. 0; 1: not there; 2: it is a file of *ret_size bytes; 3: damaged, and forgotten now; -1 with errno. */
int log_get(struct log *l, uint32_t space, const vt_id *id, void **ret, uint64_t *ret_size);
bool log_has(struct log *l, uint32_t space, const vt_id *id);
/* The names in a space that were put or used on that day or later; *ret is malloc'ed, or NULL. Returns their number. */
size_t log_list(struct log *l, uint32_t space, uint32_t since_day, vt_id **ret);
/* Marks it as used today, to be recorded by log_settle. */
void log_use(struct log *l, uint32_t space, const vt_id *id);
/* Makes the folder if need be. -1 with errno. */
int log_make_folder(struct log *l, const char *dir);
/* Appends a record; makes the folder if need be. For LOG_FILE `data` is unused and `size` that of the file. -1 with errno. */
int log_put(struct log *l, const char *dir, enum log_kind kind, uint32_t space, const vt_id *id, const void *data, uint64_t size);

/* Bytes of a blob or an entry. */
struct log_piece {
	const vt_id *name;
	const void *data;
	uint32_t size;
};

enum { LOG_PIECES = 256 };
/* Appends up to LOG_PIECES records of a space at once: all, or with -1 and errno none. */
int log_put_many(struct log *l, const char *dir, uint32_t space, const struct log_piece *pieces, uint32_t n);

/* Records uses, compacts and collects where that pays, writes the index. Called with no lock
 * held. -1 with errno. */
struct log_settle {
	uint64_t bound;                /* bytes in log and files; above it the oldest are removed first, however recently used */
	/* These two remove only results used neither today nor yesterday, and a tenth more than asked: */
	uint64_t room;                 /* bytes to have available on the disk */
	uint64_t must;                 /* bytes to free, whatever the disk has */
	bool (*stop)(void *ctx);       /* asked between steps: end early? */
	void (*remove)(void *ctx, const uint8_t name[LOG_NAME]);      /* removes the file of a large blob */
	void *ctx;
	bool swept;                    /* out: the log was rewritten */
	uint64_t freed;                /* out: bytes freed in log and files; also after a failure */
};
int log_settle(struct log *l, struct log_settle *how);
uint64_t log_bytes(struct log *l);             /* bytes in log and files */
void log_figures(struct log *l, uint64_t *ret_entries, uint64_t *ret_blobs, uint32_t *ret_oldest_day);
#endif
