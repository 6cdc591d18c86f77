/* overlap: steps whose runs overlap in time. What two of them wrote may be of either, and may
 * not have been complete when the first of them ended: neither result is stored.
 *
 *     patterns   of two declared outputs that cover one name: vt cannot tell who wrote it
 *     paths      that both were seen to write, declared or not
 *
 * What a run wrote is known when it ends. So the later of two checks both, and takes the
 * result of the earlier one back. */
#ifndef CACHE_OVERLAP_H
#define CACHE_OVERLAP_H

#include <stdbool.h>
#include <stdint.h>

#include "vt-plugin.h"

struct arena;
struct cache;
struct cover;
struct digest;
struct fact;
struct facts;
struct seen;
struct step;
struct written;

/* A step while it may write. All under the cache's lock. */
struct overlap {
	struct cache *cache;           /* borrowed; NULL: it does not take part */
	const struct step *step;
	const struct step **met;       /* others that wrote at any moment since it joined, and perhaps the same names */
	uint32_t met_n;
	uint64_t began;                /* the cache's moment when it joined */
	struct written *written;       /* the cache's: what it was seen to write; NULL: not known, or nobody ran beside it */
	struct overlap *next, **link;   /* in the cache's list */
};

/* Called when the step starts to write; a second call does nothing. */
void overlap_join(struct cache *c, const struct step *step, struct overlap *b);
/* Does nothing for a step that never joined. */
void overlap_leave(struct overlap *b);
/* Returns the first of `outputs` that was made during the run and that the overlapping step
 * *ret_whose may have made as well; NULL: none. Call it after the outputs have been taken:
 * a step that joins later has not written into them. */
const struct fact *overlap_others(struct overlap *b, const struct facts *outputs, struct arena *a, const struct step **ret_whose);

/* The run is over and did what `seen` tells; `history_step`, `key`: the step in the history. Returns a sentence, in `a`, if
 * another one that ran at the same time wrote a path of it: the results of both are not kept. NULL: none did until now. */
const char *overlap_wrote(struct overlap *b, const struct seen *seen, const struct cover *cover, const struct digest *history_step,
			  const struct digest *key, struct arena *a);
/* The result was published. Returns a sentence if another one has come into its way meanwhile: then it was taken back. */
const char *overlap_stored(struct overlap *b, const vt_id *result, struct arena *a);
/* Frees what is known of runs that are over. */
void overlap_forget(struct cache *c);
#endif
