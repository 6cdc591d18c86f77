/* stores: all near stores as one, asked in order; far ones (VT_WANTS_FAR) are for core/far. Beside the local
 * store the others come alive when it has no answer, or when something is put. A store that fails to take something
 * causes one warning and gets nothing more in this run, but is still read. A store that fails to
 * answer three times is not read any more either. A broken store costs time, never a task.
 * All functions are [any] and block. */
#ifndef PLUG_STORES_H
#define PLUG_STORES_H

#include <stdbool.h>

#include "plug/setup.h"

/* Receives an answer. The caller's own struct begins with it.
 *
 *     for each store:  sink.restart -> the store writes to sink -> check -> true: done, reopen fills the
 *                                                                           stores before it
 *                                                                  false: drop it there, ask the next */
struct stores_into {
	vt_sink sink;                                      /* restart is called without a call between two stores */
	bool (*check)(struct stores_into *);               /* is the whole answer what it should be? NULL: always */
	vt_source *(*reopen)(struct stores_into *);        /* the answer from its start; NULL: nearer stores are not filled */
	bool alive_only;                                   /* starts no store for this: a dry run */
	bool refused;                                      /* set by the sink: it takes no more, and no store is at fault */
};

/* VT_OK: an answer came and passed its check. VT_NONE: no store has the name. VT_FAILED: no store
 * gave it and one failed (`warn` was told), or the sink refused. VT_CANCELLED: *stop was set.
 * stop: NULL: plug_stopping says it. */
vt_status stores_get(struct plug *p, uint32_t space, const vt_id *name, struct stores_into *into, const volatile int *stop);
/* Puts n objects of one space into every store that works. Each gets its status: VT_OK: at least one store took it. VT_NONE: all that
 * were asked declined. */
void stores_put_many(struct plug *p, uint32_t space, vt_put_item *items, uint32_t n, const volatile int *stop);
void stores_drop(struct plug *p, uint32_t space, const vt_id *name, uint32_t why);        /* VT_DROP_* */
void stores_used(struct plug *p, const vt_id *blobs, uint32_t n);
/* The names that the nearest store which can tell them holds in a space, malloc'ed. VT_UNSUPPORTED: none can. */
vt_status stores_list(struct plug *p, uint32_t space, int64_t since_s, vt_id **ret, size_t *ret_n);

/* The answer of a store that is asked for an object that no store has. */
struct store_probe {
	char label[128];           /* what the user calls it */
	bool far, named, optional; /* named: the configuration has it */
	bool answered;
	int64_t ns;                /* how long the answer took */
	char why[513];             /* why there was none */
};
/* Starts and asks each of the chosen stores, for 5 s at most. Returns how many there are, `room` at most. */
uint32_t stores_probe(struct plug *p, struct store_probe *ret, uint32_t room);

/* Tells the stores that the run is over. Stores that were never started stay so. */
void stores_settle(struct plug *p, int64_t deadline_ns);
bool stores_any(struct plug *p);                           /* does one work? Starts them until one does */
/* The far stores that work; starts all stores. Returns their number, at most `room`. */
uint32_t stores_far(struct plug *p, struct component **ret, uint32_t room);
#endif
