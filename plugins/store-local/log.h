/* log: entries and small blobs, one checksummed record per append.
 *
 * Reading never waits: a process reads the log when it opens it and remembers
 * where everything is. Appending holds a short lock between processes. A torn tail
 * is cut off by the next that appends, a damaged record is skipped. Compacting
 * writes a new file and renames it; who has the old one open goes on reading it.
 *
 * One struct log belongs to many threads; what it returns is copied. */
#ifndef STORE_LOCAL_LOG_H
#define STORE_LOCAL_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vt-plugin.h"

enum { LOG_NAME = 1 + sizeof(vt_id) };         /* space, id */
enum log_kind { LOG_DATA = 1, LOG_FILE, LOG_DROP, LOG_TOUCH };

struct slot;                                   /* where something is */

struct log {
	pthread_rwlock_t lock;         /* all below; many look and read at once, the rest one at a time */
	int dir;                       /* the store's folder, or -1: not there yet */
	int fd, lock_fd;               /* the log, the lock's file; -1 */
	uint64_t id;                   /* of this very log: an index of another is no use */
	uint64_t end;                  /* everything before it was read */
	uint64_t dead;                 /* bytes of records that are worth nothing */
	uint64_t file_bytes;           /* of all large blobs */
	_Atomic uint32_t bad;          /* damaged records that were skipped */
	char *window;                  /* [0, window_size) of the log, when it is small */
	size_t window_size, window_room;       /* room: what was asked for */
	struct slot *slots;            /* open addressing; a power of two */
	uint32_t room, used, live;     /* used: with those that are gone */
	uint32_t today;
	uint32_t touches;              /* slots with `touched` */
	uint64_t indexed;              /* the index file covers this much */
	bool changed;                  /* something was appended by us */
};

void log_init(struct log *l);
/* Opens what is there. 0; 1: there is nothing yet; -1 with errno. */
int log_open(struct log *l, const char *dir);
void log_close(struct log *l);

/* Copies: malloc'ed. 0; 1: not there; 2: it is a file of *ret_size bytes; 3: damaged (forgotten now); -1: errno. */
int log_get(struct log *l, uint32_t space, const vt_id *id, void **ret, uint64_t *ret_size);
bool log_has(struct log *l, uint32_t space, const vt_id *id);
/* Remembers that it was used, when that was not noted today. */
void log_use(struct log *l, uint32_t space, const vt_id *id);
/* Makes the folder when needed. -1 with errno. */
int log_make_folder(struct log *l, const char *dir);
/* The folder too. For LOG_FILE the data is nothing and size that of the file. -1 with errno. */
int log_put(struct log *l, const char *dir, enum log_kind kind, uint32_t space, const vt_id *id, const void *data, uint64_t size);

/* With no lock held: notes uses, compacts and collects when it is worth it, writes the
 * index. -1 with errno. */
struct log_settle {
	uint64_t bound;                /* bytes of all; beyond it also goes what was used today */
	/* For these only what was used neither today nor yesterday goes, and as much more as a tenth of all: */
	uint64_t room;                 /* bytes that should be available on the disk */
	uint64_t must;                 /* bytes that should go, whatever the disk says */
	bool (*stop)(void *ctx);       /* may end it early */
	void (*remove)(void *ctx, const uint8_t name[LOG_NAME]);      /* a large blob goes */
	void *ctx;
	bool swept;                    /* out: the log was rewritten */
	uint64_t freed;                /* out: bytes that went, in the log and of files; also after a failure */
};
int log_settle(struct log *l, struct log_settle *how);
uint64_t log_bytes(struct log *l);             /* of all: the log and the files */
void log_figures(struct log *l, uint64_t *ret_entries, uint64_t *ret_blobs, uint32_t *ret_oldest_day);
#endif
