/* far: all far stores of a run. Looks for results that the near stores lack, in batches; verifies them, checks their proofs and
 * keeps them near, where they are hits like any other. Sends new results of the near stores in the background.
 *
 *     far_stream      STEPs of many steps, and the newest results that stand in them
 *     far_ask_hints   bodies of one rank of hints
 *     far_ask_named   RESULTs under names made from the present states, and their bodies
 *     far_fetch       blobs of a result that fits, into a batch of the near stores
 *
 * Each asks one store, named by its number in the order of the configuration. */
#ifndef FAR_FAR_H
#define FAR_FAR_H

#include "far/format.h"
#include "far/store.h"

struct far;

enum { FAR_STORES = 8, FAR_CANDIDATES = 16 };

/* Borrowed until far_close. */
struct far_setup {
	struct plug *plug;
	struct blobs *blobs;
	const struct far_keys *keys;
	const volatile int *stop;              /* *stop != 0: the run is ending */
	void (*progress)(void *ctx, const char *text);         /* tells that the end of a run waits; NULL: untold */
	void *ctx;
};

/* A result that a far store has for a step. */
struct far_candidate {
	vt_id result, body;            /* the name of its RESULT; the body's blob */
	struct bytes bytes;            /* of the body; owned by far */
	struct blob_bytes bundle;      /* the small bundle that it came in; owned by far; no bytes: it must be fetched */
	uint32_t store;                /* the store that has it */
};

/* What the far stores have for one step. Belongs to far; one thread at a time uses it. */
struct far_known {
	struct digest key;             /* digest of the step's key facts */
	vt_id name;                    /* name of its STEP */
	bool asked[FAR_STORES];        /* the store was asked for the STEP */
	const struct far_step *step[FAR_STORES];       /* its STEP; &far_no_step: the store has none */
	void *step_bytes[FAR_STORES];  /* owned; step points into them, if it is owned */
	uint32_t hints_asked[FAR_STORES];      /* how many hints were followed */
	uint32_t sets_asked[FAR_STORES];       /* how many name sets were tried */
	struct far_candidate *at[FAR_CANDIDATES];      /* owned */
	uint32_t n;
	uint32_t chunk;                /* chunk of a far_stream that asks for its STEP; 0: none does */
	/* the caller's own, under its lock */
	bool kept;                     /* a result that fits was fetched, and is near */
	bool none;                     /* no store has a result */
	uint32_t compared;             /* how many candidates were compared with the present, while no step before it had to run */
};

extern const struct far_step far_no_step;              /* without hints and name sets */

/* NULL: no far store works. */
struct far *far_open(const struct far_setup *setup);
/* Sends the results that are left, within each store's budget, and ends. */
void far_close(struct far *f);

uint32_t far_stores(const struct far *f);
struct far_store *far_store_at(const struct far *f, uint32_t i);
struct far_known *far_known_of(struct far *f, const struct digest *key);       /* [any] made at the first call */

/* Asks one store for about n STEPs, in the order in which they are added. Calls `nothing` for each step that the store does not
 * know. [work] */
struct far_stream *far_stream_new(struct far *f, uint32_t store, uint32_t n, void (*nothing)(void *ctx, struct far_known *k), void *ctx);
void far_stream_add(struct far_stream *s, struct far_known *k);                /* adding a step again does nothing */
void far_stream_flush(struct far_stream *s);                                   /* asks for all that were added */
bool far_stream_finds(struct far_stream *s);                                   /* waits for a first STEP; false: the store has none */
void far_stream_await(struct far_stream *s, const struct far_known *k);        /* waits for the answer of this step */
void far_stream_free(struct far_stream *s);                                    /* waits for all answers */
/* [work] All return how many candidates are new. */
uint32_t far_ask_hints(struct far *f, uint32_t store, struct far_known *const *steps, uint32_t n);
uint32_t far_ask_named(struct far *f, uint32_t store, struct far_known *const *steps, const vt_id *names, uint32_t n);
/* A name set of a STEP. */
struct far_wanted_set {
	const struct far_known *step;
	uint32_t number;               /* its place in the STEP; 0: the newest */
	struct facts *set;             /* answer, in the arena of the call; NULL: it cannot be had */
};
void far_name_sets(struct far *f, uint32_t store, struct far_wanted_set *wanted, uint32_t n, struct arena *a);

/* Forgets the answers for the step: the next look asks the stores again. */
void far_forget(struct far *f, struct far_known *k);

/* A result that fits: its blobs are fetched, and the near stores keep it. */
struct far_wanted {
	struct far_known *step;
	const struct far_candidate *candidate;
	const struct result *result;   /* decoded from the bytes of the candidate */
	bool kept;                     /* answer: the near stores have it */
};
/* Keeps a result whose bundle came with it; false: the result must be fetched. */
bool far_take(struct far *f, uint32_t store, struct far_wanted *wanted);
void far_fetch(struct far *f, uint32_t store, struct far_wanted *wanted, uint32_t n);
/* The label of the store that this result came from in this run; NULL: it was here before. [any] */
const char *far_origin(struct far *f, const vt_id *body);
void far_count_hit(struct far *f, const vt_id *body);

/* Sends a result that is kept near, in the background. [any] */
void far_offer(struct far *f, const vt_id *body);
/* Waits until the store has the result, the sender gives it up, or *stop != 0. false: the store does not have it. [work] */
bool far_await_sent(struct far *f, uint32_t store, const vt_id *body, const volatile int *stop);
/* Waits until each offered result was sent or given up, without a budget. Returns how many results a store did not take;
 * *ret_n: how many were offered. */
uint32_t far_flush(struct far *f, uint32_t *ret_n);
#endif
