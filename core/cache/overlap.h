/* overlap: steps whose runs overlap in time. A path that two of them wrote may be of either, and may
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
	struct written *written;       /* its paths, owned by the cache; NULL: unknown, or no run overlapped */
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

/* Notes the paths that a finished run wrote, by `seen`; `history_step`, `key`: the step in the history. Returns a sentence, in `a`,
 * if an overlapping run wrote one of them: neither result is kept. NULL: none did until now. */
const char *overlap_wrote(struct overlap *b, const struct seen *seen, const struct cover *cover, const struct digest *history_step,
			  const struct digest *key, struct arena *a);
/* Notes that the result was published. Returns a sentence if an overlapping run wrote one of its paths: the result is withdrawn. */
const char *overlap_stored(struct overlap *b, const vt_id *result, struct arena *a);
/* Frees the paths of all finished runs. */
void overlap_forget(struct cache *c);
#endif
