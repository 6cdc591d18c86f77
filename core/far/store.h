/* store: one far store behind its own threads.
 *
 *     far_get, far_put, far_has, far_drop: [any] block until each item is answered, or given up:
 *
 *     caller ── a call for each batch ──► queue ──► threads of the store ──► plugin
 *        ▲                                              │
 *        └───────────── answers, or none ◄──────────────┘
 *
 * An item may cost a run 2 s (`timeout`); a large one must move 64 KiB/s at least. A call is asked to stop 500 ms before its time
 * is over, and abandoned 250 ms before: from then on it owns all that it uses. A call that has not ended with the run keeps its
 * thread until the process ends. Three failures in a row, or one abandoned call, rest the store: for 30 s, doubling each time, then
 * one call tries. Queued calls are answered as cancelled then; the outcome of those under way does not count. */
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
	uint64_t most;                 /* bytes at most; more is refused */
	bool in_memory;                /* its bytes must not go into a file */
	/* answer */
	bool damaged;                  /* the bytes of a blob do not match its name */
	vt_status status;              /* VT_OK, VT_NONE, or the failure; VT_CANCELLED also for an item that was not asked for */
	struct blob_bytes bytes;        /* VT_OK: verified in a space of blobs; the caller's */
};

struct far_put {
	uint32_t space;
	vt_id name;
	struct blob_bytes bytes;        /* the call takes them over */
	vt_status status;              /* answer */
};

/* blobs: makes private files. */
struct far_store *far_store_new(struct component *c, struct plug *plug, struct blobs *blobs, const volatile int *stop);
/* Ends the threads. If one is stuck in the plugin, the memory of the store is kept until the process ends. */
void far_store_free(struct far_store *s);

const char *far_store_label(const struct far_store *s);        /* the user's name for it */
const vt_wants *far_store_wants(const struct far_store *s);
bool far_store_reads(const struct far_store *s);               /* its mode has reading, and it does not rest */
bool far_store_writes(const struct far_store *s);
bool far_store_takes(const struct far_store *s);               /* its mode and its wants have writing, also while it rests */
bool far_store_is_well(const struct far_store *s);             /* it neither rests nor is down, and the run goes on */
bool far_store_rests(const struct far_store *s);               /* ... or is down */
void far_store_tell(struct far_store *s, const char *text);    /* warns about it; each text once */
bool far_store_unsealed(const struct far_store *s);
uint64_t far_store_below(const struct far_store *s);           /* bytes of the largest object that is offered to it */
int64_t far_store_budget_ms(const struct far_store *s);        /* time to send at the end of a run */
uint64_t far_store_budget_bytes(const struct far_store *s);    /* bytes to send then; UINT64_MAX: not bounded */
struct far_figures *far_store_figures(struct far_store *s);    /* all but the first three counts need far's lock */
struct component *far_store_component(const struct far_store *s);

/* Gets items, and waits for them. Once *stop != 0 no call begins, and those under way are asked to end. */
void far_store_get(struct far_store *s, struct far_get *items, uint32_t n);
/* The same by one call, for far_store_batch items of one space at most: begins it, and waits for it later. The store owns the
 * items in between. */
struct far_call *far_store_get_begin(struct far_store *s, struct far_get *items, uint32_t n);
void far_store_get_end(struct far_store *s, struct far_call *call, struct far_get *items, uint32_t n);
/* How many items one call should have, if n are wanted in all. */
uint32_t far_store_batch(const struct far_store *s, uint32_t n);
void far_store_put(struct far_store *s, struct far_put *items, uint32_t n);
/* ret: 1 for each name that the store has. VT_OK; VT_UNSUPPORTED: the store cannot tell, and ret is all 0. */
vt_status far_store_has(struct far_store *s, uint32_t space, const vt_id *names, uint32_t n, uint8_t *ret);
/* Can the store lease names to the runners of a run? */
bool far_store_leases(const struct far_store *s);
/* Takes the lease for the owner, or prolongs it. VT_NONE: *ret_owner has it. A lease ends by itself after ttl_ms. */
vt_status far_store_lease(struct far_store *s, const vt_id *name, const vt_id *owner, uint32_t ttl_ms, vt_id *ret_owner);
void far_store_release(struct far_store *s, const vt_id *name, const vt_id *owner);
void far_store_drop(struct far_store *s, uint32_t space, const vt_id *name, uint32_t why);
/* Sets the moment (os_now_ns) after which no call begins, and at which calls under way must end. */
void far_store_end(struct far_store *s, int64_t when_ns);
#endif
