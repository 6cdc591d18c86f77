/* known: states that were looked at a moment ago, so that the disk is not asked again. */
#ifndef FACT_KNOWN_H
#define FACT_KNOWN_H

#include "fact/state.h"

struct known {
	struct facts facts;            /* sorted, with states; n 0: nothing is known */
	bool *old;                     /* of each: as state_fill_since sets it */
};

/* As state_fill_since; what is known already is taken from there. `old` NULL: as state_fill. */
int known_fill(const struct known *k, const struct state_world *w, const struct env *env, struct facts *f, int64_t since_ns, bool *old,
	       struct arena *a, struct err *err);
#endif
