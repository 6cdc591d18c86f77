/* store: one far store behind its own threads.
 *
 *     far_get, far_put, far_has, far_drop: [any] block until each item is answered, or given up:
 *
 *     caller ── a call for each batch ──► queue ──► threads of the store ──► plugin
 *        ▲                                              │
 *        └───────────── answers, or none ◄──────────────┘
 *
 * An item may cost a run 2 s (`timeout`), and one that is larger moves 64 KiB/s at least. A call that is about to take longer is
 * asked to stop 500 ms before that, and 250 ms before that nobody waits for it any more: it owns all that it uses. One that has not
 * ended when the run ends keeps its thread until the process ends. Three failures in a row, or one such call, rest the store: 30 s,
 * doubling, then one call tries. Calls that wait then are answered as cancelled; those under way say nothing new of the store. */
#ifndef FAR_STORE_H
#define FAR_STORE_H

#include <stdbool.h>

#include "plug/setup.h"
#include "record/blob.h"
#include "vt-plugin.h"

struct far_call;
struct far_store;

/* What a store did in this run. */
struct far_figures {
	uint64_t requests;             /* calls of the plugin */
	uint64_t got, got_bytes;       /* objects, bytes */
	uint64_t put, put_bytes;
	uint64_t hits;                 /* results that were hits */
};

struct far_get {
	uint32_t space;
	vt_id name;
	uint64_t most;                 /* bytes; more is refused */
	bool in_memory;                /* never in a file */
	/* answer */
	bool damaged;                  /* a blob's bytes were not what its name says */
	vt_status status;              /* VT_OK, VT_NONE, or why not: VT_CANCELLED also for what was not asked */
	struct blob_bytes bytes;        /* VT_OK: verified where the space is one of blobs; the caller's */
};

struct far_put {
	uint32_t space;
	vt_id name;
	struct blob_bytes bytes;        /* the call takes them over */
	vt_status status;              /* answer */
};

/* blobs: for private files. */
struct far_store *far_store_new(struct component *c, struct plug *plug, struct blobs *blobs, const volatile int *stop);
/* Ends the threads. Where one is stuck in the plugin, what belongs to the store is kept until the process ends. */
void far_store_free(struct far_store *s);

const char *far_store_label(const struct far_store *s);        /* what the user calls it */
const vt_wants *far_store_wants(const struct far_store *s);
bool far_store_reads(const struct far_store *s);               /* by its mode, and it does not rest */
bool far_store_writes(const struct far_store *s);
bool far_store_takes(const struct far_store *s);               /* by its mode and its wants, whether it rests or not */
bool far_store_is_well(const struct far_store *s);             /* it neither rests nor is down, and the run goes on */
bool far_store_rests(const struct far_store *s);               /* ... or is down */
void far_store_tell(struct far_store *s, const char *text);    /* a warning about it; each text is told once */
bool far_store_unsealed(const struct far_store *s);
uint64_t far_store_below(const struct far_store *s);           /* the largest object it is offered */
int64_t far_store_budget_ms(const struct far_store *s);        /* at the end of a run */
uint64_t far_store_budget_bytes(const struct far_store *s);    /* UINT64_MAX: not bounded */
struct far_figures *far_store_figures(struct far_store *s);    /* counted by whoever knows; under far's lock but for the first three */
struct component *far_store_component(const struct far_store *s);

/* `stop`: from now on nothing more is asked; calls under way are asked to end. */
void far_store_get(struct far_store *s, struct far_get *items, uint32_t n);
/* The same of one call, of at most far_store_batch items of one space: begun, and waited for later. The items are the store's
 * in between. */
struct far_call *far_store_get_begin(struct far_store *s, struct far_get *items, uint32_t n);
void far_store_get_end(struct far_store *s, struct far_call *call, struct far_get *items, uint32_t n);
/* Items of one call, where n are wanted in all. */
uint32_t far_store_batch(const struct far_store *s, uint32_t n);
void far_store_put(struct far_store *s, struct far_put *items, uint32_t n);
/* ret: 1 for each that is there. VT_OK; VT_UNSUPPORTED: the store cannot tell; ret is all 0 then. */
vt_status far_store_has(struct far_store *s, uint32_t space, const vt_id *names, uint32_t n, uint8_t *ret);
/* Can the store lease names, to runners that share a run? */
bool far_store_leases(const struct far_store *s);
/* Takes the lease for the owner, or prolongs it. VT_NONE: *ret_owner has it. It ends by itself after ttl_ms. */
vt_status far_store_lease(struct far_store *s, const vt_id *name, const vt_id *owner, uint32_t ttl_ms, vt_id *ret_owner);
void far_store_release(struct far_store *s, const vt_id *name, const vt_id *owner);
void far_store_drop(struct far_store *s, uint32_t space, const vt_id *name, uint32_t why);
/* No call begins after this moment (os_now_ns), and those under way are to end. */
void far_store_end(struct far_store *s, int64_t when_ns);
#endif
