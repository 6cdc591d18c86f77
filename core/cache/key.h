/* key: the facts that name a result. */
#ifndef CACHE_KEY_H
#define CACHE_KEY_H

#include "base/err.h"
#include "effect/layer.h"
#include "fact/fact.h"

struct cache;
struct step;

/* Makes the core's facts and those that the parts' `key` names, sorted, with states; in `a`. -1: a part failed. */
int key_make(struct cache *c, const struct step *step, struct arena *a, struct facts *ret, struct err *err);
/* Names "this step of this task", whatever its command is. */
void key_step(const struct step *step, struct digest *ret);
/* The same for the ledger: what it runs counts, its place does not. [any] */
ledger_who key_who(struct cache *c, const struct step *step);
/* The step and those that come after it in its chain. */
void key_eyes(struct cache *c, const struct step *step, struct arena *a, struct eyes *ret);
#endif
