/* What filling in states (state.c) shares with finding what globs match
 * (state_glob.c). Nobody else includes it. */
#ifndef FACT_STATE_INSIDE_H
#define FACT_STATE_INSIDE_H

#include "fact/state.h"

/* A regular file whose id is wanted. */
struct wanted {
	struct bytes *state;           /* where the state goes */
	struct bytes before;           /* what stands before the 'c': a link, or nothing */
	struct bytes path;             /* root-relative, or absolute; lent, and ends with NUL once it is asked for */
	bool follow;                   /* the last component is a link */
	bool executable;               /* by its owner, and that counts */
	struct stamp stamp;            /* when it was looked at */
};

struct filling {
	const struct state_world *w;
	struct arena *arena;           /* the states' */
	int64_t now;                   /* ns, the file system's; set before the first file is read */
	struct wanted young[STAT_AT_ONCE];     /* the stat index was not asked for them yet */
	uint32_t young_n;
	struct wanted *wanted;         /* it does not know them; n of them, in the arena */
	uint32_t n;
	char *parent;                  /* the last parent asked about */
	bool parent_gone;              /* and it was not there */
};

/* The state of a regular file that was looked at: set by filling_digest at the latest.
 * `before`: what stands before the 'c'. `path` is lent until then. */
void filling_want(struct filling *f, struct bytes *state, struct bytes before, struct bytes path, bool follow,
		  const struct stamp *stamp, bool executable);
/* Asks the stat index, and the fingerprint for all that it does not know. -1: that failed. */
int filling_digest(struct filling *f, struct err *err);
#endif
