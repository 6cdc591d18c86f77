/* remember: writes down what a run did (record/last_run.h), kept or not. */
#ifndef CACHE_REMEMBER_H
#define CACHE_REMEMBER_H

#include "cache/cache.h"

/* `effects`: FACT_LEFT, of what it left, as far as it is known; `kept`: what was decided. In `a` for the call. */
void remember_run(struct cache *c, const struct step *step, const struct found *found, const struct ran *ran,
		  const struct facts *effects, const struct kept *kept, struct arena *a);
#endif
