/* watcher: who looks on while runs are repeated: what each step depends on, and which steps need no look. On the loop. */
#ifndef EXEC_WATCHER_H
#define EXEC_WATCHER_H

#include <stdbool.h>

#include "cache/cache.h"

struct seen;
struct step;

/* What is known of a step when it has ended. Borrowed for the call. */
struct step_trail {
	struct trail result;           /* of a hit, or of a run that was kept; lists of no facts else */
	const struct seen *seen;       /* of a run that was not kept: what it did; NULL: it was kept, or was not watched */
	bool cached;                   /* the cache was asked for it */
	bool ran;                      /* false: it hit */
	bool kept;                     /* it hit, or its result was kept: `result` is all that it depends on */
	bool good;                     /* it succeeded */
	bool changed;                  /* what it depends on changed while it ran */
};

struct exec_watcher {
	/* Has nothing changed for this step since it ended well, in an earlier run? Then it is passed over, unless
	 * something before it ran. */
	bool (*is_current)(void *ctx, const struct step *step);
	/* It hit, or has run. Returns whether its result is the one that was seen last: such a hit is not told. */
	bool (*note)(void *ctx, const struct step *step, const struct step_trail *trail);
	void *ctx;
};
#endif
