/* What taking and publishing (blob.c) share with fetching (fetch.c). Nobody else
 * includes it. */
#ifndef RECORD_BLOB_INSIDE_H
#define RECORD_BLOB_INSIDE_H

#include <pthread.h>

#include "base/map.h"
#include "record/blob.h"

enum { BLOB_ENTRY_MAX = 4096 };                /* bytes of an entry */

struct batch;

/* Taken and not yet published everywhere. */
struct pending {
	uint8_t name[1 + sizeof(vt_id)];       /* space, id: the map's key */
	uint32_t refs;                         /* batches and jobs that want it; 0: empty, may be filled again */
	void *data;                            /* owned; NULL when it is in a file */
	size_t size;                           /* bytes */
	int fd;                                /* of the unnamed private file, or -1 */
};

struct blobs {
	struct plug *plug;                     /* borrowed, as the next; neither changes */
	struct directory *dir;                 /* of the cache: for private files */
	pthread_mutex_t lock;                  /* all below; held for no call of a store */
	pthread_cond_t more, less;             /* the queue got longer; it got shorter */
	struct map pending;                    /* name -> struct pending */
	struct batch *first, **last;           /* the queue */
	size_t waiting;                        /* bytes of data in pending */
	bool ending, running;                  /* nothing more will come; the publisher was started */
	pthread_t publisher;                   /* once running */
	vt_id *used;                           /* relied upon without being read: told to the stores at the end */
	uint32_t used_n, used_room;
};

/* With the lock; its refs is raised. NULL: not pending. */
struct pending *pending_find(struct blobs *b, uint32_t space, const void *id);
/* With the lock. */
void pending_release(struct blobs *b, struct pending *p);

/* A source of what is pending. */
struct offering {
	vt_source source;                      /* first */
	const struct pending *from;            /* held by whoever reads */
	size_t at;                             /* bytes that were read */
};

vt_status pending_offer(vt_source *source, vt_call *call, void *buffer, size_t size, size_t *ret);

/* What the stores say, whatever is pending. 0; 1: none. */
int blob_entry_from_stores(struct blobs *b, const struct digest *key, struct entry *ret);
#endif
