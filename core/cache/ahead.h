/* ahead: what far stores have for the steps of a run, all at once.
 *
 * A step that misses near starts a pass over the plan: its steps are looked up in their order, each over what the hits
 * before it would leave, with the results of the far stores beside the near ones. What fits is fetched and kept near;
 * then the step that missed looks again. What must run first leaves its dependents for a later pass. */
#ifndef CACHE_AHEAD_H
#define CACHE_AHEAD_H

#include <stdbool.h>

#include "fact/fact.h"
#include "vt-plugin.h"

struct ahead;
struct cache;
struct cache_chain;
struct far_candidate;
struct far_known;
struct far_keys;
struct found;
struct found_inside;
struct plan;
struct plan_node;
struct step;

enum { AHEAD_SETS = 8 };

/* How a step is looked up during a pass; see lookup.c. */
struct ahead_look {
	struct far_known *known;       /* its candidates are compared after the near results; NULL: filled in, if the step can be looked up */
	const struct far_keys *keys;
	struct arena *arena;           /* of the pass */
	struct arena *round;           /* of its present round: what is found lives there */
	struct found_inside *seen;     /* key and declared inputs, once they were looked at in this pass; in arena */
	bool nothing_near;             /* it was looked for near in this pass: there is none under the key */
	const struct facts *sets[AHEAD_SETS];  /* name sets whose RESULT names are wanted, where nothing fits */
	uint32_t sets_n;
	/* answers */
	const struct far_candidate *fit;       /* the hit is this one, of afar; NULL: it is near, or none */
	vt_id names[AHEAD_SETS];
	uint32_t names_n;
};

struct ahead *ahead_new(struct cache *c);
void ahead_free(struct ahead *a);
/* [work] The step with this key has no near result that fits. true: one may be near now. */
bool ahead_missed(struct ahead *a, const struct digest *key);
/* [work] What is known of the step with this key, as it is now; in `arena`. */
struct far_known *ahead_known(struct ahead *a, const struct digest *key, struct arena *arena);
/* [work] Another machine has run the node's steps: what far stores have for them now comes near, where it fits. */
void ahead_again(struct ahead *a, const struct plan_node *node);
/* [work] One pass over the plan, whatever is near: for `vt cache pull`. Returns how many results came; *ret_steps: of so many. */
uint32_t ahead_pull(struct ahead *a, uint32_t *ret_steps, uint32_t *ret_near);

/* lookup.c */
void lookup_ahead(struct cache *c, const struct step *step, struct cache_chain *chain, struct ahead_look *look, struct found *ret);
/* Looks at the key and the declared inputs of a step before the pass comes to it; in `a`. Another thread than that of the pass may. */
void lookup_early(struct cache *c, const struct step *step, struct arena *a, struct ahead_look *look);
int lookup_key(struct cache *c, const struct step *step, struct digest *ret);          /* -1: it cannot be made */
#endif
