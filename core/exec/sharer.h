/* sharer: who parts the work of a run with other machines. Each node of the plan, and of plans within it, is a task to it.
 * Everything is called on the loop. */
#ifndef EXEC_SHARER_H
#define EXEC_SHARER_H

#include <stdbool.h>

#include "cache/cache.h"
#include "exec/schedule.h"

struct run;

struct exec_sharer {
	void (*begins)(void *ctx, struct run *r);
	/* A step of the place's node is no hit, and the place has its slots: may it run here, now? `found`: its answer; NULL: it is not
	 * cached. false: the place is laid aside until one of the calls below names it. */
	bool (*may_run)(void *ctx, struct place *p, const struct found *found);
	/* A step of it hit: its result came from afar in this run, or was near. */
	void (*hit)(void *ctx, const struct place *p, bool far);
	/* A step of it has run and succeeded. `kept`: NULL: it is not cached. Borrowed for the call. */
	void (*ran)(void *ctx, struct place *p, const struct kept *kept, const struct found *found);
	void (*failed)(void *ctx, struct place *p, int code);
	/* Places may be complete that were not. */
	void (*moved)(void *ctx);
	void (*ends)(void *ctx);       /* nothing is called after it */
	uint32_t rotation;             /* where its order of equal tasks begins */
	void *ctx;
};

/* The functions that a sharer calls, for a place that was laid aside. */
void share_again(struct run *r, struct place *p);                  /* its turn comes again: it is looked up, and may_run is asked */
void share_wait(struct run *r, struct place *p);                   /* the place waits for others, and gives its slots back */
void share_elsewhere(struct run *r, struct place *p);              /* others have done it, and nothing here needs what it left */
void share_failed(struct run *r, struct place *p, int code);       /* the place failed elsewhere; NULL: one that ends the run did */
bool share_retake(struct place *p);                                /* takes its slots again; false: they are not free */
#endif
