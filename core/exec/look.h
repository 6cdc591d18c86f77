/* look: what the cache says about some steps that come one after the other. [work] */
#ifndef EXEC_LOOK_H
#define EXEC_LOOK_H

#include <stdbool.h>

#include "cache/cache.h"
#include "report/event.h"

struct run;
struct step;

/* What the cache says about one step. */
struct answer {
	const struct step *step;
	bool known;                    /* the step was looked up: the rest is filled; an echo and a cd are known without */
	bool in_place;                 /* a hit with nothing to put back, or whose outputs were put back */
	bool noted, same;              /* the watcher was told of the hit, and answered so */
	bool entered;                  /* a cd: its folder exists after the steps before it */
	struct found found;            /* not of an echo or a cd */
	struct cache_plan_for_step before;     /* of a step that must run */
	struct span look;              /* when it was looked up; only if the run is timed */
	const char *restore_why;       /* a hit that cannot stand: the step must run */
};

struct look {
	struct cache *cache;
	struct cache_chain *chain;     /* what the hits leave; NULL: not looked up */
	int64_t (*clock)(const struct run *run);       /* run_clock */
	const struct run *run;
	struct answer *at;             /* one for each step, in order; borrowed */
	uint32_t n;
	bool all;                      /* every step was looked up, and each is a hit by what it reads */
};

/* Looks the steps up, as far as they hit, and decides which hits stand. `last`: nothing of the run comes after
 * them. `must_run`: why the first of them is no hit, whatever it reads; or NULL. How many steps are
 * answered by standing hits is what look_hits tells then. */
void look_up(struct look *l, bool last, const char *must_run);
/* Looks up the same way, and decides nothing. */
void look_only(struct look *l);
/* Decides what look_only left open. */
void look_decide(struct look *l, bool last);
/* Steps from the first on that are hits, or done by vt itself. */
uint32_t look_hits(const struct look *l);
/* Puts back what the hits leave; where that fails fewer stand. */
void look_restore(struct look *l);
/* Forgets the answers. */
void look_forget(struct look *l);

/* Done by vt itself: an echo or a cd. */
bool is_builtin(const struct step *step);
bool is_hit(const struct answer *a);
#endif
