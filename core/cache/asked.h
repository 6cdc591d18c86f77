/* asked: what the cache knows, for commands that ask and change nothing. All of it blocks. */
#ifndef CACHE_ASKED_H
#define CACHE_ASKED_H

#include "cache/cache.h"
#include "record/last_run.h"

/* The record of this step's last run here. false: it never ran here, or a hit stood for each run. */
bool cache_last_run(struct cache *c, const struct step *step, struct arena *a, struct last_run *ret);
/* Calls `fn` for each step that ran here, in no order; the run lives in `a`. */
void cache_each_run(struct cache *c, struct arena *a, bool (*fn)(void *ctx, const struct digest *step, const struct last_run *run), void *ctx);

/* The step that left a path as the ledger last knew it. */
struct leaver {
	const struct step *step;       /* one of those given; or NULL */
	const char *label, *command;   /* else what its last run was, or NULL: only that it was a step of vt */
};
/* false: no step of vt left it. */
bool cache_leaver(struct cache *c, struct bytes path, const struct step *const *steps, uint32_t n, struct arena *a, struct leaver *ret);

/* A result that is kept under a step's present key. */
struct kept_result {
	int64_t ms;                    /* how long its run took */
	uint64_t printed;              /* bytes of terminal output */
	uint32_t inputs, variables;    /* files, programs and folders; variables, declared or asked for */
	uint32_t outputs, left;        /* files that are kept; all else that the run left */
	struct texts files;            /* the names of the outputs */
	vt_id id;
};
/* The last used first; in `a`. Returns how many; UINT32_MAX: the key cannot be made, err tells. */
uint32_t cache_results_of(struct cache *c, const struct step *step, struct arena *a, struct kept_result **ret, struct err *err);

struct cache_verified {
	uint64_t entries, results, blobs, bytes;       /* blobs that were read and are good; their bytes */
	uint64_t damaged;              /* blobs and entries whose bytes are wrong */
	uint64_t missing;              /* blobs that a result needs and no store has */
};
/* Reads all that the nearest store that can list its names holds, and checks it against its names. Drops nothing but
 * what is damaged. -1: no store lists its names, err tells. */
int cache_verify(struct cache *c, struct cache_verified *ret, struct err *err);
#endif
