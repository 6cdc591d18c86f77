/* in_place: outputs that are there already. */
#ifndef CACHE_IN_PLACE_H
#define CACHE_IN_PLACE_H

#include <stdbool.h>

#include "fact/fact.h"

struct cache;

/* Is every output in its place and as it was kept? One look at each. */
bool outputs_in_place(const struct cache *c, const struct facts *outputs);
/* Is this output unchanged, at any time of change? `now`: its content now. */
bool output_is_as_recorded(const struct cache *c, const struct fact *then, const struct fact *now);
/* Does the link at `path` have the target of this state? */
bool output_link_is_same(const struct cache *c, const char *path, struct bytes state);
#endif
