/* beside: steps that write their outputs at the same time. Whose a file is that both
 * may write, and whether it is whole when one of them is done, nobody can tell. */
#ifndef CACHE_BESIDE_H
#define CACHE_BESIDE_H

#include <stdint.h>

struct arena;
struct cache;
struct fact;
struct facts;
struct step;

/* A step while it may write. All under the cache's lock. */
struct beside {
	struct cache *cache;           /* borrowed; NULL: it does not take part */
	const struct step *step;
	const struct step **met;       /* others that wrote at any moment since it joined, and perhaps the same names */
	uint32_t met_n;
	struct beside *next, **link;   /* in the cache's list */
};

/* From now on it may write. Once is enough. */
void beside_join(struct cache *c, const struct step *step, struct beside *b);
/* Also for one that never joined. */
void beside_leave(struct beside *b);
/* The first of these outputs that came during the run and that *ret_whose, which wrote
 * meanwhile, may have made as well; NULL: none. To be asked once the outputs have been
 * taken: who joins later has not written into them. */
const struct fact *beside_others(struct beside *b, const struct facts *outputs, struct arena *a, const struct step **ret_whose);
#endif
