/* The stores in order, nearest first, as one. A store that cannot take something is told
 * once and given nothing more in this run, but still asked; one whose answers fail three
 * times is not asked either. A broken store costs time, never a task. All [any] thread;
 * all block. */
#ifndef PLUG_STORES_H
#define PLUG_STORES_H

#include <stdbool.h>

#include "plug/setup.h"

/* Where the bytes go. The caller's struct begins with it. */
struct stores_into {
	vt_sink sink;                                      /* the store writes here */
	void (*again)(struct stores_into *);               /* before each answer: forget what came so far; NULL: it is empty anyway */
	/* After each whole answer: is it what it should be? No: it is dropped where it came from,
	 * told, and the next store is asked. NULL: anything is right. */
	bool (*good)(struct stores_into *);
	vt_source *(*bytes)(struct stores_into *);         /* all that came, from its start, to fill nearer stores; NULL: they stay as they are */
	bool refused;                                      /* the sink took no more: that is no store's fault, and no store is asked any more */
};

/* VT_OK: it came, whole and good. VT_NONE: nobody has it. VT_FAILED: nobody has it and
 * somebody failed (told), or the sink refused. VT_CANCELLED: *stop. `stop` may be NULL. */
vt_status stores_get(struct plug *p, uint32_t space, const vt_id *name, struct stores_into *into, const volatile int *stop);
/* Into every store that works; `again` gives the source from its start, once per store;
 * NULL from it: the bytes cannot be had. VT_OK: at least one took it. */
vt_status stores_put(struct plug *p, uint32_t space, const vt_id *name, vt_source *(*again)(void *ctx), void *ctx, const volatile int *stop);
void stores_drop(struct plug *p, uint32_t space, const vt_id *name);
void stores_used(struct plug *p, const vt_id *blobs, uint32_t n);
/* The run is over. Stores that were never needed are left asleep. */
void stores_settle(struct plug *p, int64_t deadline_ns);
bool stores_any(struct plug *p);                           /* is there one that works? Wakes them until one does */
#endif
