/* Shared by taking (blob.c), publishing (publish.c) and fetching (fetch.c). No other file includes it. */
#ifndef RECORD_BLOB_INSIDE_H
#define RECORD_BLOB_INSIDE_H

#include <pthread.h>

#include "base/map.h"
#include "record/blob.h"

enum { BLOB_ENTRY_MAX = 4096 };                /* bytes of an entry */

/* Bytes that were taken and are not published yet. */
struct pending {
	uint8_t name[1 + sizeof(vt_id)];       /* space, id: the map's key */
	uint32_t refs;                         /* batches and readers that hold it; 0: it is empty and may be filled again */
	void *data;                            /* owned; NULL when it is in a file */
	size_t size;                           /* bytes */
	int fd;                                /* of the unnamed private file, or -1 */
};

struct batch {
	struct blobs *blobs;
	struct pending **at;                   /* in the order of taking */
	uint32_t n;
	struct digest key;                     /* once published */
	vt_id result;                          /* once published */
	bool arrived;                          /* the batch came from a far store: `kept` is not called */
	struct batch *next;                    /* in the queue */
};

struct blobs {
	struct plug *plug;                     /* borrowed, never changes; as dir */
	struct directory *dir;                 /* for private files */
	void (*warn)(void *ctx, const char *text);     /* [any] or NULL */
	void *ctx;                             /* warn's */
	pthread_mutex_t lock;                  /* guards the members below; never held during a call of a store */
	pthread_cond_t more, less;             /* signalled when the queue gets longer; when pending gets smaller */
	struct map pending;                    /* name -> struct pending */
	struct batch *first, **last;           /* the queue */
	uint32_t queued, urgent;               /* batches in it; those that came from no far store */
	size_t waiting;                        /* bytes of data in pending */
	bool ending, running;                  /* no batch comes any more; the publisher was started */
	bool threadless;                       /* the publisher cannot be started: the thread that adds a batch publishes */
	bool busy;                             /* the publisher has batches in hand, or gathers some */
	bool gathering;                        /* the publisher waits a moment for more batches */
	uint32_t flushing;                     /* callers of blobs_flush */
	bool publishing;                       /* threadless: a thread empties the queue */
	pthread_t publisher;                   /* once running */
	void (*kept)(void *ctx, const vt_id *result);  /* NULL: not told */
	void *kept_ctx;
	vt_id *used;                           /* blobs that hits relied on and the stores were not told of */
	uint32_t used_n, used_room;
};

/* Adds bytes and holds them; takes over data or fd. A blob that is pending already keeps its
 * bytes; an entry is replaced. The caller has the lock. */
struct pending *pending_add(struct blobs *b, uint32_t space, const void *id, void *data, size_t size, int fd);
/* Finds and holds it; the caller has the lock. NULL: not pending. */
struct pending *pending_find(struct blobs *b, uint32_t space, const void *id);
/* Lets go of it; the caller has the lock. */
void pending_release(struct blobs *b, struct pending *p);

/* A source that reads pending bytes. */
struct offering {
	vt_source source;                      /* first */
	const struct pending *from;            /* held by the reader */
};

vt_status pending_offer(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret);
struct offering offering_of(const struct pending *p);

/* Opens a private file without a name, for a blob that is too large for memory. -1 */
int blob_spool(struct directory *d);
/* publish.c. Tells the stores which blobs hits rely on, before a put may make a store drop blobs. */
void publish_used(struct blobs *b);
/* publish.c. Puts `result` in front of the key's entry and gives the batch to the publisher. Takes over t. */
void publish_result(struct blobs *b, struct batch *t, const struct digest *key, const vt_id *result, const struct result_tags *tags);

/* fetch.c. Asks the stores alone. 0; 1: none has an entry. */
int blob_entry_from_stores(struct blobs *b, const struct digest *key, struct entry *ret);
#endif
