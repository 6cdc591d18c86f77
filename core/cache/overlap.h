/* overlap: steps whose runs overlap in time and whose output patterns overlap in names.
 * vt cannot tell which of the two wrote a file that both patterns cover, nor whether the
 * file is complete when the first of them ends; so such a result is not stored. */
#ifndef CACHE_OVERLAP_H
#define CACHE_OVERLAP_H

#include <stdint.h>

struct arena;
struct cache;
struct fact;
struct facts;
struct step;

/* A step while it may write. All under the cache's lock. */
struct overlap {
	struct cache *cache;           /* borrowed; NULL: it does not take part */
	const struct step *step;
	const struct step **met;       /* others that wrote at any moment since it joined, and perhaps the same names */
	uint32_t met_n;
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
#endif
