/* far: all far stores of a run. What a step misses near is looked for here, in batches; what comes is verified, proven
 * and kept near, and then it is a hit like any other. What was kept near is sent, behind the run.
 *
 *     far_stream      STEPs of many steps, and the newest results that stand in them
 *     far_ask_hints   bodies of one rank of hints
 *     far_ask_named   RESULTs under names that the present makes, and their bodies
 *     far_fetch       blobs of a result that fits, into a batch of the near stores
 *
 * Each asks one store, named by its number in the order of the configuration. */
#ifndef FAR_FAR_H
#define FAR_FAR_H

#include "far/format.h"
#include "far/store.h"

struct far;

enum { FAR_STORES = 8, FAR_CANDIDATES = 16 };

/* Everything is borrowed. */
struct far_setup {
	struct plug *plug;
	struct blobs *blobs;
	const struct far_keys *keys;
	const volatile int *stop;              /* *stop != 0: the run is ending */
	void (*progress)(void *ctx, const char *text);         /* a line while the end of a run waits; NULL: none */
	void *ctx;
};

/* A result that a far store has for a step. */
struct far_candidate {
	vt_id result, body;            /* the name of its RESULT; the body's blob */
	struct bytes bytes;            /* of the body; owned by far */
	struct blob_bytes bundle;      /* it came in this bundle; owned by far; no bytes: it is to be got */
	uint32_t store;                /* who gave it */
};

/* What is known of one step. Belongs to far; one thread at a time uses it. */
struct far_known {
	struct digest key;             /* of the step's key facts */
	vt_id name;                    /* of its STEP */
	bool asked[FAR_STORES];        /* STEP was asked for there */
	struct far_step step[FAR_STORES];      /* what it says; empty: there is none */
	void *step_bytes[FAR_STORES];  /* owned; step points into them */
	uint32_t hints_asked[FAR_STORES];      /* so many hints were followed */
	uint32_t sets_asked[FAR_STORES];       /* so many name sets were tried */
	struct far_candidate at[FAR_CANDIDATES];
	uint32_t n;
	uint32_t chunk;                /* its STEP is under way, in this chunk of a far_stream; 0: it is not */
	/* the caller's own, under its lock */
	bool kept;                     /* what fits is near since it was looked for */
	bool none;                     /* there is nothing of it anywhere */
	uint32_t compared;             /* so many candidates were compared with the present, while nothing before the step had to run */
};

/* NULL: no far store works. */
struct far *far_open(const struct far_setup *setup);
/* Sends what is still to be sent, within each store's budget, and ends. */
void far_close(struct far *f);

uint32_t far_stores(const struct far *f);
struct far_store *far_store_at(const struct far *f, uint32_t i);
struct far_known *far_known_of(struct far *f, const struct digest *key);       /* [any] made at the first call */

/* STEPs of one store, asked for in the order in which they are added, about n of them. `nothing` is told of each step that the
 * store does not know. [work] */
struct far_stream *far_stream_new(struct far *f, uint32_t store, uint32_t n, void (*nothing)(void *ctx, struct far_known *k), void *ctx);
void far_stream_add(struct far_stream *s, struct far_known *k);                /* once; later calls do nothing */
void far_stream_flush(struct far_stream *s);                                   /* all that were added are under way now */
bool far_stream_finds(struct far_stream *s);                                   /* waits until one is there; false: none is */
void far_stream_await(struct far_stream *s, const struct far_known *k);        /* ... until that of this step has been answered */
void far_stream_free(struct far_stream *s);                                    /* ... until all have been */
/* [work] All return how many candidates are new. */
uint32_t far_ask_hints(struct far *f, uint32_t store, struct far_known *const *steps, uint32_t n);
uint32_t far_ask_named(struct far *f, uint32_t store, struct far_known *const *steps, const vt_id *names, uint32_t n);
/* A name set of a STEP. */
struct far_wanted_set {
	const struct far_known *step;
	uint32_t number;               /* in the STEP; 0 is the newest */
	struct facts *set;             /* answer, in the arena of the call; NULL: it cannot be had */
};
void far_name_sets(struct far *f, uint32_t store, struct far_wanted_set *wanted, uint32_t n, struct arena *a);

/* Forgets what was found for the step: the next look asks anew. */
void far_forget(struct far *f, struct far_known *k);

/* A result that fits: its blobs are fetched and the result is kept near, as one's own. */
struct far_wanted {
	struct far_known *step;
	const struct far_candidate *candidate;
	const struct result *result;   /* decoded from its bytes */
	bool kept;                     /* answer: it is near now */
};
/* Keeps one whose bundle is at hand; false: it is to be fetched. */
bool far_take(struct far *f, uint32_t store, struct far_wanted *wanted);
void far_fetch(struct far *f, uint32_t store, struct far_wanted *wanted, uint32_t n);
/* Who gave this result in this run; NULL: it is one's own. [any] */
const char *far_origin(struct far *f, const vt_id *body);
void far_count_hit(struct far *f, const vt_id *body);

/* Sends a result that is kept near, in the background. [any] */
void far_offer(struct far *f, const vt_id *body);
/* Waits until the result is in that store, or is given up; `*stop` != 0: at once. false: it is not there. [work] */
bool far_await_sent(struct far *f, uint32_t store, const vt_id *body, const volatile int *stop);
/* Waits until all that was offered was sent or given up, without a budget. Returns how many results a store did not take;
 * *ret_n: of so many. */
uint32_t far_flush(struct far *f, uint32_t *ret_n);
#endif
